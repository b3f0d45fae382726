//! The gate: a model is admitted whole, or none of its bytes is given out.
//!
//! Admission copies the files that the envelope covers, and no others, into a place of this process's own, and gives
//! out **the copy**, which was held against the envelope, the scanner and the policy: what is loaded is what was
//! checked, whatever happens to the original meanwhile. On request the original is held open in place of a copy;
//! [`Means`] says what each protects from. A [`VerifiedModel`] comes out of [`admit`] alone.
//!
//! **What is absent**: loading anything, and protection from whoever runs as the same user as this process or as the
//! machine's administrator, who can write to a copy on disk as they can to this process's memory.

mod copy;
mod descriptors;
mod home;
mod means;
mod policy;
mod record;
mod structure;

use std::fs::File;
use std::path::Path;

use sealog_core::{ErrorKind, Hash};

use means::Kept;

pub use means::Means;
pub use policy::{Expectations, Policy};
pub use record::{Outcome, verified_body};
pub use structure::{ExpectedShape, Structure};

use crate::Error;
use crate::digest::{Algorithm, DigestOptions};
use crate::formats::source::Source;
use crate::inspect;
use crate::manifest::{Change, ChangeKind, Manifest, ManifestFile};
use crate::scan::baseline::Baseline;
use crate::scan::{FileReport, Report, Verdict, digest, scan_hashed, settle};
use crate::sign::{VerifiedManifest, Vouched, hold_covered};
use crate::walk::{FileSet, IgnoreRules, ModelPath, WalkOptions};

/// A model that was admitted: vouched for, a closed set, clean by the scan, and as the policy expects.
///
/// It gives out the copy that was checked, which lives as long as this value.
#[derive(Debug)]
pub struct VerifiedModel {
    verified: VerifiedManifest,
    scan: Report,
    kept: Kept,
    means: Means,
    policy_digest: Hash,
}

impl VerifiedModel {
    /// The copy, or names of what is held: a directory, or the one file. Not valid any more once this value is dropped.
    pub fn path(&self) -> &Path {
        self.kept.path()
    }

    /// By what the bytes that are loaded are those that were checked.
    pub const fn means(&self) -> Means {
        self.means
    }

    /// Reads what is held once more, after it was loaded: whether the bytes were still those that were checked. A
    /// sealed copy is not read.
    ///
    /// # Errors
    /// [`Error::Differs`] with each file that was written to. What was loaded of it was not checked.
    pub fn recheck(&self) -> Result<(), Error> {
        if self.means != Means::Held {
            return Ok(());
        }
        let mut changes = Vec::new();
        for file in self.manifest().files() {
            let path = file.path().as_str();
            let source = source(&self.kept, path)?;
            let found = digest(&source).map_err(Error::io("read", path))?;
            if sha256(file) != Some(found) {
                changes.push(Change {
                    path: path.to_owned(),
                    kind: ChangeKind::Modified,
                });
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        Err(Error::Differs { changes })
    }

    /// Has the programs that this process starts from now on keep the copy from being swept if this process is killed.
    pub fn keep_with_children(&self) -> Result<(), Error> {
        self.kept.keep_with_children()
    }

    /// Opens a file of the copy for reading, by its path in the model.
    pub fn open(&self, path: &str) -> Result<File, Error> {
        if !self
            .manifest()
            .files()
            .iter()
            .any(|file| file.path().as_str() == path)
        {
            return Err(Error::NoFile {
                path: path.to_owned(),
            });
        }
        self.kept.open(path)
    }

    /// The files that were admitted.
    pub const fn manifest(&self) -> &Manifest {
        self.verified.manifest()
    }

    /// The digest that names the model.
    pub fn model_digest(&self) -> Hash {
        self.verified.model_digest()
    }

    /// Who vouches for it, and for what.
    pub const fn vouched(&self) -> &Vouched {
        self.verified.vouched()
    }

    /// What the scan said, with the findings that a baseline accepts.
    pub const fn scan(&self) -> &Report {
        &self.scan
    }

    /// SHA-256 of the policy's canonical text.
    pub const fn policy_digest(&self) -> Hash {
        self.policy_digest
    }

    /// Removes the copy and says whether that worked; dropping the value does the same in silence.
    pub fn close(self) -> Result<(), Error> {
        self.kept.remove()
    }
}

/// Why a model was refused, with what had been found out by then.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Refusal {
    /// The reason.
    #[source]
    pub error: Error,
    /// The digest of what was found, if it could be read at all.
    pub found: Option<Hash>,
    /// What the scan said, if it came to that.
    pub scan: Option<Report>,
}

impl Refusal {
    /// Which of the four kinds it is.
    pub const fn kind(&self) -> ErrorKind {
        self.error.kind()
    }

    /// A refusal of which nothing else is known: the model was not read.
    pub const fn early(error: Error) -> Self {
        Self {
            error,
            found: None,
            scan: None,
        }
    }
}

/// Admits a model, or says why not.
///
/// `own` are files inside the model's directory that are about it (its envelope), named by the caller; they are not
/// copied. `digest` says how the copy is hashed.
///
/// # Errors
/// A [`Refusal`], always without a copy left behind, by the first that fails: what is signed is what was expected, the
/// size, the files, the digest, the scan, the structure.
pub fn admit(
    model: &Path,
    own: &[ModelPath],
    vouched: Vouched,
    policy: &Policy,
    digest: &DigestOptions<'_>,
) -> Result<VerifiedModel, Refusal> {
    let expected = &policy.expectations;
    vouched
        .expect(expected.name.as_deref(), expected.version.as_deref())
        .map_err(Refusal::early)?;
    let set = vouched
        .closed_set()
        .walk(model, own)
        .map_err(Refusal::early)?;
    expected.hold_size(set.bytes()).map_err(Refusal::early)?;
    hold_covered(&set, policy.uncovered).map_err(Refusal::early)?;
    let kept = Kept::make(policy.means, &set, &policy.copies_in()).map_err(Refusal::early)?;
    let checked = match policy.means {
        // From here on only the copy is read.
        Means::Sealed => vouched.check(kept.path(), &[], policy.uncovered, digest),
        // The names are held against the envelope here; each content when it is scanned, by its descriptor.
        Means::SealedMemory | Means::Held => vouched.check(model, own, policy.uncovered, digest),
    };
    let verified = checked.map_err(|error| Refusal {
        error,
        found: found(policy.means, &kept, &set, digest),
        scan: None,
    })?;
    let found = verified.model_digest();
    let refused = |error, scan| Refusal {
        error,
        found: Some(found),
        scan,
    };
    expected
        .hold_digest(found)
        .map_err(|error| refused(error, None))?;
    let scan = scan(&verified, &kept, policy).map_err(|error| refused(error, None))?;
    if let Err(error) = clean(&scan, &policy.baseline) {
        return Err(refused(error, Some(scan)));
    }
    if let Err(error) = hold_structure(&verified, &kept, &expected.structure) {
        return Err(refused(error, Some(scan)));
    }
    Ok(VerifiedModel {
        verified,
        scan,
        kept,
        means: policy.means,
        policy_digest: policy.digest(),
    })
}

/// The digest of what is there, where it is not what it should be.
fn found(means: Means, kept: &Kept, set: &FileSet, digest: &DigestOptions<'_>) -> Option<Hash> {
    let options = DigestOptions {
        algorithms: &[Algorithm::Sha256],
        ..*digest
    };
    let manifest = if means == Means::Sealed {
        let walk = WalkOptions {
            ignore: IgnoreRules::none(),
            ..WalkOptions::default()
        };
        Manifest::of(kept.path(), &walk, &options).ok()?.0
    } else {
        Manifest::of_files(set, &options).ok()?
    };
    Some(manifest.model_digest())
}

fn sha256(file: &ManifestFile) -> Option<String> {
    file.digests().hex(Algorithm::Sha256)
}

fn source(kept: &Kept, path: &str) -> Result<Source, Error> {
    Source::file(kept.open(path)?).map_err(Error::io("read", path))
}

/// Scans what is kept, which has to be the bytes that the envelope was held against: a copy was hashed itself, what is
/// kept by descriptors is hashed here.
fn scan(verified: &VerifiedManifest, kept: &Kept, policy: &Policy) -> Result<Report, Error> {
    let mut report = Report::default();
    for file in verified.manifest().files() {
        let path = file.path().as_str();
        let source = source(kept, path)?;
        let expected = sha256(file).unwrap_or_default();
        if policy.means != Means::Sealed {
            let found = digest(&source).map_err(Error::io("read", path))?;
            if found != expected {
                return Err(Error::Changed { path: path.into() });
            }
        }
        report.push(scan_hashed(path, &source, Ok(expected), &policy.limits));
    }
    settle(&mut report, &mut |path| source(kept, path).ok());
    Ok(report)
}

/// Inspects what is kept and holds it against what was expected of it.
fn hold_structure(
    verified: &VerifiedManifest,
    kept: &Kept,
    expected: &Structure,
) -> Result<(), Error> {
    if !expected.is_asked() {
        return Ok(());
    }
    let limits = inspect::Limits::default();
    let files = verified.manifest().files().iter();
    let inspected = files.map(|file| {
        let path = file.path().as_str();
        Ok(inspect::inspect_source(path, &source(kept, path)?, &limits))
    });
    expected.hold(&inspected.collect::<Result<_, Error>>()?)
}

/// Only clean opens the gate, after what a baseline accepts.
fn clean(scan: &Report, baseline: &Baseline) -> Result<(), Error> {
    let verdict = baseline.verdict(scan);
    if verdict == Verdict::Clean {
        return Ok(());
    }
    let of = |file: &&FileReport| file.verdict() != Verdict::Clean;
    let files = scan.files().iter().filter(of).count();
    Err(Error::NotClean { verdict, files })
}

#[cfg(test)]
impl VerifiedModel {
    /// Leaves the copy as a killed process does.
    fn abandon(self) {
        self.kept.abandon();
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
