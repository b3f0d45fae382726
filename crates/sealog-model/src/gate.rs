//! The gate: a model is admitted whole, or none of its bytes is given out.
//!
//! Admission copies the files that the envelope covers, and no others, into a directory of this process's own, and
//! holds **the copy** against the envelope, the scanner and the policy: what is loaded is what was checked, whatever
//! happens to the original meanwhile. A [`VerifiedModel`] comes out of [`admit`] alone.
//!
//! **What is absent**: loading anything, and protection from whoever runs as the same user as this process or as the
//! machine's administrator, who can write to the copy as they can to this process's memory.

mod copy;
mod policy;
mod record;

use std::fs::File;
use std::path::Path;

use sealog_core::{ErrorKind, Hash};

pub use copy::SealedCopy;
pub use policy::{Expectations, Policy};
pub use record::{Outcome, verified_body};

use crate::Error;
use crate::digest::{Algorithm, DigestOptions};
use crate::formats::source::Source;
use crate::manifest::Manifest;
use crate::scan::baseline::Baseline;
use crate::scan::{FileReport, Limits, Report, Verdict, scan_source};
use crate::sign::{VerifiedManifest, Vouched, hold_covered};
use crate::walk::{IgnoreRules, ModelPath, WalkOptions};

/// A model that was admitted: vouched for, a closed set, clean by the scan, and as the policy expects.
///
/// It gives out the copy that was checked, which lives as long as this value.
#[derive(Debug)]
pub struct VerifiedModel {
    verified: VerifiedManifest,
    scan: Report,
    copy: SealedCopy,
    policy_digest: Hash,
}

impl VerifiedModel {
    /// The sealed copy: a directory, or the one file. Not valid any more once this value is dropped.
    pub fn path(&self) -> &Path {
        self.copy.path()
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
        self.copy.open(path)
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
        self.copy.remove()
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
/// size, the files, the digest, the scan.
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
    let copy = SealedCopy::make(&set, &policy.copies_in()).map_err(Refusal::early)?;
    // From here on only the copy is read.
    let verified = match vouched.check(copy.path(), &[], policy.uncovered, digest) {
        Ok(verified) => verified,
        Err(error) => {
            let found = found(copy.path(), digest);
            return Err(Refusal {
                error,
                found,
                scan: None,
            });
        }
    };
    let found = verified.model_digest();
    let refused = |error, scan| Refusal {
        error,
        found: Some(found),
        scan,
    };
    expected
        .hold_digest(found)
        .map_err(|error| refused(error, None))?;
    let scan = scan(&verified, &copy, &policy.limits).map_err(|error| refused(error, None))?;
    if let Err(error) = clean(&scan, &policy.baseline) {
        return Err(refused(error, Some(scan)));
    }
    Ok(VerifiedModel {
        verified,
        scan,
        copy,
        policy_digest: policy.digest(),
    })
}

/// The digest of what is there, where it is not what it should be.
fn found(path: &Path, digest: &DigestOptions<'_>) -> Option<Hash> {
    let options = DigestOptions {
        algorithms: &[Algorithm::Sha256],
        ..*digest
    };
    let walk = WalkOptions {
        ignore: IgnoreRules::none(),
        ..WalkOptions::default()
    };
    let (manifest, _) = Manifest::of(path, &walk, &options).ok()?;
    Some(manifest.model_digest())
}

/// Scans the files of the copy, which have to be the bytes that were hashed.
fn scan(verified: &VerifiedManifest, copy: &SealedCopy, limits: &Limits) -> Result<Report, Error> {
    let mut report = Report::default();
    for file in verified.manifest().files() {
        let path = file.path().as_str();
        let place = copy.place(path);
        let source = Source::file(copy.open(path)?).map_err(Error::io("scan", &place))?;
        let scanned = scan_source(path, &source, limits);
        if file.digests().hex(Algorithm::Sha256).as_deref() != Some(scanned.sha256()) {
            return Err(Error::Changed { path: place });
        }
        report.push(scanned);
    }
    Ok(report)
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

#[cfg(unix)]
#[cfg(test)]
mod tests;
