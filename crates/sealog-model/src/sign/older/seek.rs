//! Which files claim to be documents of older tools: a guess by how they begin, which their reading then holds to.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use memchr::memmem;

use super::is_file;
use crate::Error;
use crate::sign::triple::is_triple_claimed;

/// What the hash file of a directory is called.
const HASH_FILE: &str = "model_hash.txt";
/// Bytes of a file that tell what it claims to be.
const HEAD_BYTES: u64 = 64 * 1024;
/// Names in a directory in which a document is looked for.
pub const OLDER_NAMES_MAX: usize = 10_000;

/// Which sort of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OlderForm {
    /// A manifest of `HashTraceAI`.
    HashTrace,
    /// A hash file of mlsecops-integrity, with the metadata beside it.
    Triple,
}

impl OlderForm {
    /// What a file claims to be; none: neither, or no regular file.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read.
    pub fn of_file(path: &Path) -> Result<Option<Self>, Error> {
        if !is_file(path) {
            return Ok(None);
        }
        let file = File::open(path).map_err(Error::io("read", path))?;
        let mut head = Vec::new();
        let read = file.take(HEAD_BYTES).read_to_end(&mut head);
        read.map_err(Error::io("read", path))?;
        Ok(Self::of_head(&head))
    }

    /// All manifests have both of these members near their begin, also torn ones. Logs of older tools have a member
    /// that no manifest has, and other formats of manifests say what they are.
    fn of_head(head: &[u8]) -> Option<Self> {
        let has = |name: &str| memmem::find(head, name.as_bytes()).is_some();
        let others = ["receipt_id", "event_type", "mediaType", "format"];
        let is_other = || others.iter().any(|name| has(&format!("\"{name}\":")));
        if is_triple_claimed(head) {
            return Some(Self::Triple);
        }
        let is_object = head.trim_ascii_start().starts_with(b"{");
        let is_manifest = is_object && has("\"created_by\"") && has("\"files\"") && !is_other();
        is_manifest.then_some(Self::HashTrace)
    }

    /// The documents in a directory, by name. What lies deeper is not looked at.
    ///
    /// # Errors
    /// [`Error::Io`], and [`Error::Limit`] beyond [`OLDER_NAMES_MAX`] names.
    pub fn in_directory(directory: &Path) -> Result<Vec<(PathBuf, Self)>, Error> {
        let io = || Error::io("read", directory);
        let mut found = Vec::new();
        let mut names = Vec::new();
        for entry in fs::read_dir(directory).map_err(io())? {
            names.push(entry.map_err(io())?.file_name());
            if names.len() > OLDER_NAMES_MAX {
                return Err(Error::Limit {
                    what: "names in the directory",
                    limit: u64::try_from(OLDER_NAMES_MAX).unwrap_or(u64::MAX),
                });
            }
        }
        names.sort();
        for name in names {
            let path = directory.join(&name);
            let is_json = path.extension().is_some_and(|end| end == "json");
            if name == HASH_FILE && is_file(&path) {
                found.push((path, Self::Triple));
            } else if is_json && Self::of_file(&path)? == Some(Self::HashTrace) {
                found.push((path, Self::HashTrace));
            }
        }
        Ok(found)
    }
}
