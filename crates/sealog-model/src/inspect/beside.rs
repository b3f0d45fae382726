//! Files beside the one that is inspected: only plain relative names, and no links on the way.

use std::fs::{self, File};
use std::path::Path;

use super::reader::Reader;
use crate::formats::archive::leads_out;
use crate::formats::source::Source;

impl Reader<'_> {
    /// A file beside; none where nobody said in which directory this one lies.
    pub(super) fn beside(&self, name: &str) -> Result<Option<Source>, String> {
        if name.is_empty() || leads_out(name) {
            let shown = name.escape_debug();
            return Err(format!("`{shown}` leads out of the directory"));
        }
        let Some(directory) = self.beside else {
            return Ok(None);
        };
        open(directory, name).map(Some)
    }

    /// The length of a file beside.
    pub(super) fn outside_len(&self, name: &str) -> Result<Option<u64>, String> {
        Ok(self.beside(name)?.map(|source| source.len()))
    }
}

fn open(directory: &Path, name: &str) -> Result<Source, String> {
    let failed = |error: std::io::Error| format!("{name}: {error}");
    let mut path = directory.to_owned();
    let parts: Vec<&str> = name.split('/').collect();
    for (at, part) in parts.iter().enumerate() {
        path.push(part);
        let kind = fs::symlink_metadata(&path).map_err(failed)?.file_type();
        let last = at + 1 == parts.len();
        if kind.is_symlink() {
            return Err(format!("{name} leads through a link"));
        }
        if last != kind.is_file() {
            return Err(format!("{name} is no file"));
        }
    }
    File::open(&path).and_then(Source::file).map_err(failed)
}
