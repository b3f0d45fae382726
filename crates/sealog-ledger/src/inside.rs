//! Nothing is made inside a ledger: a strange file in one makes it unreadable, and a key goes wherever its copies go.

use std::path::Path;
use std::sync::Arc;

use sealog_store::disk::OsDisk;
use sealog_store::{FileOptions, FileStore};

use crate::error::Error;

/// Whether a ledger may be made at an absolute path, with its secrets there or beside it.
///
/// # Errors
/// [`Error::Argument`], before anything is made.
pub(crate) fn check_place(path: &Path, secrets: Option<&Path>) -> Result<(), Error> {
    refuse_inside_ledger("the path", path.parent().unwrap_or(path))?;
    let Some(secrets) = secrets else {
        return Ok(());
    };
    let what = "the place of its secrets";
    let secrets = std::path::absolute(secrets).map_err(Error::io("find", secrets))?;
    if secrets.starts_with(path) {
        let why = "it lies in the ledger itself".into();
        return Err(Error::Argument { what, why });
    }
    refuse_inside_ledger(what, &secrets)
}

/// Refuses a path of which a directory above it, or it itself, is a ledger. Symbolic links are followed.
///
/// # Errors
/// [`Error::Argument`]. A directory that cannot be looked into is taken to be none.
pub(crate) fn refuse_inside_ledger(what: &'static str, path: &Path) -> Result<(), Error> {
    let there = path.ancestors().find_map(|above| above.canonicalize().ok());
    let Some(there) = there else {
        return Ok(());
    };
    let is_ledger =
        |above: &&Path| FileStore::open(Arc::new(OsDisk::new()), above, &FileOptions::reading());
    match there.ancestors().find(|above| is_ledger(above).is_ok()) {
        None => Ok(()),
        Some(ledger) => Err(Error::Argument {
            what,
            why: format!("it lies in the ledger {}", ledger.display()),
        }),
    }
}
