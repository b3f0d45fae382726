//! Documents about a model: manifests, bundles and signatures as files, and where they lie.
//!
//! **What is absent**: what stands in them ([`crate::manifest`], [`crate::sign`]).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::limits::DOCUMENT_BYTES_MAX;
use crate::manifest::within_limit;
use crate::walk::ModelPath;

/// What stands behind the whole name of a manifest in that of its signature.
const SIGNATURE_SUFFIX: &str = ".sig";

/// The one place where the signature of a manifest is written and looked for.
pub fn signature_path(manifest: &Path) -> PathBuf {
    let mut name = manifest.file_name().unwrap_or_default().to_os_string();
    name.push(SIGNATURE_SUFFIX);
    manifest.with_file_name(name)
}

/// Where a file lies in a model, if it does. The file need not be there; its directory has to be.
pub fn inside(model: &Path, file: &Path) -> Option<ModelPath> {
    let model = fs::canonicalize(model).ok()?;
    let parent = file.parent()?;
    let directory = if parent.as_os_str().is_empty() {
        Path::new(".")
    } else {
        parent
    };
    let relative = fs::canonicalize(directory).ok()?.join(file.file_name()?);
    ModelPath::parse(relative.strip_prefix(model).ok()?.to_str()?).ok()
}

/// Reads a document of at most [`DOCUMENT_BYTES_MAX`] bytes.
///
/// # Errors
/// [`Error::Io`], or [`Error::Limit`] where there is more.
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let limit = u64::try_from(DOCUMENT_BYTES_MAX).unwrap_or(u64::MAX);
    let mut text = Vec::new();
    let file = File::open(path).map_err(Error::io("read", path))?;
    let read = file.take(limit.saturating_add(1)).read_to_end(&mut text);
    read.map_err(Error::io("read", path))?;
    within_limit(&text)?;
    Ok(text)
}

/// Writes a document that was not there, durably: nothing signed is ever written over.
///
/// # Errors
/// [`Error::Exists`] where something is, else [`Error::Io`].
pub fn write_new(path: &Path, text: &[u8]) -> Result<(), Error> {
    let made = OpenOptions::new().write(true).create_new(true).open(path);
    let written = made.and_then(|mut file| {
        file.write_all(text)?;
        file.sync_all()
    });
    written.map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists { path: path.into() },
        _ => Error::io("write", path)(source),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_to_its_limit_and_not_beyond() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("document");
        let limit = u64::try_from(DOCUMENT_BYTES_MAX).unwrap();
        let file = File::create(&path).unwrap();
        file.set_len(limit).unwrap();
        assert_eq!(read(&path).unwrap().len(), DOCUMENT_BYTES_MAX);
        file.set_len(limit + 1).unwrap();
        let error = read(&path).unwrap_err();
        assert!(error.to_string().contains("67108864"), "{error}");
    }

    #[test]
    fn nothing_is_written_over() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("document");
        write_new(&path, b"first").unwrap();
        assert_eq!(
            write_new(&path, b"second").unwrap_err().code(),
            "model_exists"
        );
        assert_eq!(read(&path).unwrap(), b"first");
    }

    #[test]
    fn a_file_is_inside_by_where_it_lies_and_not_by_how_it_is_named() {
        let home = tempfile::tempdir().unwrap();
        let model = home.path().join("model");
        fs::create_dir_all(model.join("sub")).unwrap();
        let lies = |file: &Path| inside(&model, file).map(|path| path.as_str().to_owned());
        assert_eq!(lies(&model.join("sub/../m.json")), Some("m.json".into()));
        assert_eq!(lies(&model.join("sub/m.json")), Some("sub/m.json".into()));
        assert_eq!(lies(&home.path().join("m.json")), None);
        assert_eq!(lies(&model.join("absent/m.json")), None);
        assert_eq!(
            signature_path(&model.join("m.json")),
            model.join("m.json.sig")
        );
    }
}
