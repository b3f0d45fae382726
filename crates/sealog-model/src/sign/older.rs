//! What older tools left about a model, examined whole for whoever takes it over: everything that is wrong, where
//! [`Envelope`](super::Envelope) gives the first thing that decides (`docs/formats/older-models.md`, `docs/import.md`).
//!
//! A document that cannot be read is a problem and no error: it is taken over too, as what it is. **What is absent**:
//! writing, and the words in which a ledger says it.

mod hashtrace;
mod seek;
mod triple;

use std::fs;
use std::path::{Path, PathBuf};

use sealog_core::Hash;
use sealog_core::json::JsonError;

use super::hashtrace::Era;
use super::{Claim, Pin, Voucher};
use crate::Error;
use crate::document::{inside, read, signature_path};
use crate::limits::SIGNATURE_FILE_BYTES_MAX;
use crate::manifest::{Change, ClosedSet};
use crate::sign::envelope::options;
use crate::walk::{ModelPath, Unfit, WalkOptions};

pub use seek::{OLDER_NAMES_MAX, OlderForm};

/// What is examined.
#[derive(Debug, Clone)]
pub struct OlderAsked {
    /// The manifest or hash file.
    pub document: PathBuf,
    /// Which of the two it is.
    pub form: OlderForm,
    /// The signature, where it is not looked for beside what it signs.
    pub signature: Option<PathBuf>,
    /// The model; none: the document's directory, if one of its files is there.
    pub model: Option<PathBuf>,
    /// What is left out of the model and how links are treated: no form states it.
    pub walk: WalkOptions,
}

/// A file that was read for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OlderFile {
    /// What it is: `manifest`, `model_hash`, `model_metadata` or `signature`.
    pub kind: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Something that is wrong with a document, its signature or its model, or that the format leaves open.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OlderProblem {
    /// A text is not JSON.
    NotJson(String),
    /// A member stands twice.
    Duplicate(String),
    /// A text has not the members or values of its format.
    Malformed(String),
    /// A path leads out of the model, or has another spelling than one.
    Path(String),
    /// None of the model's files was there.
    ModelAbsent,
    /// The model's files are not exactly those that are listed.
    Differs(Vec<Change>),
    /// The model is something else than its metadata say.
    NotAsStated(String),
    /// What the model is cannot be read.
    NotDetermined(String),
    /// So many files were left out of the comparison.
    Uncovered(u64),
    /// The model does not state its number of features.
    ShapeNotChecked,
    /// Nobody signed it.
    Unsigned,
    /// It is signed, and nothing was brought to hold the signature to.
    NotPinned,
    /// The signature does not hold.
    Signature(String),
    /// The signature is of a form that is not decided here.
    SignatureUndecided(String),
    /// The signature has the name that its tool wrote, and not the one that it looked for.
    SignatureElsewhere,
    /// What it says besides its files is not signed.
    NameNotSigned,
    /// It states neither sizes nor what was left out.
    SizeNotStated,
}

/// What came out.
#[derive(Debug, Clone)]
pub struct Examined {
    /// The form of the manifest; none of a hash file.
    pub era: Option<Era>,
    /// What was read: the document first.
    pub files: Vec<OlderFile>,
    /// All that was found.
    pub problems: Vec<OlderProblem>,
    /// What it says besides its files.
    pub claims: Vec<Claim>,
    /// Whose signature holds.
    pub voucher: Option<Voucher>,
    /// The digest of the model, if that was there and is what the document lists.
    pub model_digest: Option<Hash>,
}

impl Examined {
    const fn new(files: Vec<OlderFile>) -> Self {
        Self {
            era: None,
            files,
            problems: Vec::new(),
            claims: Vec::new(),
            voucher: None,
            model_digest: None,
        }
    }

    /// What it says of itself under this name.
    pub fn claim(&self, what: &str) -> Option<&str> {
        let found = self.claims.iter().find(|claim| claim.what == what);
        found.map(|claim| claim.value.as_str())
    }

    /// Holds the model against what is listed.
    fn hold(&mut self, set: &ClosedSet, root: &Path, own: &[PathBuf]) -> Result<(), Error> {
        let own = own.iter().filter_map(|path| inside(root, path));
        let own: Vec<ModelPath> = own.collect();
        match set.check(root, &own, &options()) {
            Ok((manifest, files)) => {
                self.model_digest = Some(manifest.model_digest());
                let ignored = files.ignored().iter();
                let left_out = ignored.fold(0, |sum: u64, found| sum.saturating_add(found.files));
                if left_out > 0 {
                    self.problems.push(OlderProblem::Uncovered(left_out));
                }
                Ok(())
            }
            Err(Error::Differs { changes }) => {
                self.problems.push(OlderProblem::Differs(changes));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

/// Examines a document, what lies beside it and the model. Nothing is loaded.
///
/// # Errors
/// What keeps anything from being decided: files that cannot be read, limits, and a `pin` that is not for this format.
pub fn examine_older(asked: &OlderAsked, pin: &Pin) -> Result<Examined, Error> {
    match asked.form {
        OlderForm::HashTrace => hashtrace::examine(asked, pin),
        OlderForm::Triple => triple::examine(asked, pin),
    }
}

impl OlderAsked {
    /// Where the model is, and whether anybody said so.
    fn root(&self) -> (PathBuf, bool) {
        if let Some(model) = &self.model {
            return (model.clone(), true);
        }
        let parent = self.document.parent();
        let parent = parent.filter(|path| !path.as_os_str().is_empty());
        (parent.unwrap_or(Path::new(".")).to_owned(), false)
    }

    /// The signature of a file, and whether it has the name that only its tool's writer gave it.
    fn signature_of(&self, signed: &Path) -> Result<Option<(PathBuf, Vec<u8>, bool)>, Error> {
        let beside = signature_path(signed);
        let elsewhere = signed.with_extension("sig");
        let (path, is_elsewhere) = match &self.signature {
            Some(path) => (path.clone(), false),
            None if is_file(&beside) => (beside, false),
            None if is_file(&elsewhere) => (elsewhere, true),
            None => return Ok(None),
        };
        let bytes = read_file(&path)?;
        if bytes.len() > SIGNATURE_FILE_BYTES_MAX {
            return Err(Error::Limit {
                what: "the bytes of the signature",
                limit: u64::try_from(SIGNATURE_FILE_BYTES_MAX).unwrap_or(u64::MAX),
            });
        }
        Ok(Some((path, bytes, is_elsewhere)))
    }
}

fn is_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| data.is_file())
}

/// Reads a regular file; of a FIFO or device nothing is read.
fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    let data = fs::metadata(path).map_err(Error::io("read", path))?;
    if !data.is_file() {
        return Err(Error::Unfit {
            path: path.to_owned(),
            reason: Unfit::Special,
        });
    }
    read(path)
}

/// What a reading of a text failed with, as something that is wrong with the text.
fn of_text(error: Error) -> Result<OlderProblem, Error> {
    match error {
        Error::Json {
            what,
            source: JsonError::DuplicateKey { key, .. },
        } => Ok(OlderProblem::Duplicate(format!("{what}: {key}"))),
        Error::Json { .. } => Ok(OlderProblem::NotJson(error.to_string())),
        Error::Malformed { .. } => Ok(OlderProblem::Malformed(error.to_string())),
        Error::Unfit { .. } => Ok(OlderProblem::Path(error.to_string())),
        error => Err(error),
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
