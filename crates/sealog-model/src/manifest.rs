//! A manifest: the closed set of a model's files, their sizes and digests (`docs/formats/manifest.md`).
//!
//! The manifest depends on the content of the model alone, so that its digest names the model. Who made it, when, and
//! what was left out stand in the [`Statement`] around it, which is what is signed. **What is absent**: signatures,
//! which are the business of [`sign`](crate::sign).

mod change;
mod closed_set;
mod previous;
mod statement;
mod text;

pub(crate) use text::{canonical, members};

use std::path::Path;

use sealog_core::Hash;
use sealog_hash::Sha256Stream;

pub use change::{Change, ChangeKind, changes_json, differences};
pub use closed_set::{ClosedSet, Content, Shard};
pub use previous::Previous;
pub use statement::{Authorship, Statement};

use crate::Error;
use crate::digest::{
    Algorithm, DigestCache, DigestOptions, Digests, Taken, digest, digest_or_take,
};
use crate::limits::DOCUMENT_BYTES_MAX;
use crate::walk::{FileSet, ModelPath, WalkOptions};

/// A file of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestFile {
    path: ModelPath,
    size: u64,
    digests: Digests,
}

impl ManifestFile {
    /// Its path in the model.
    pub const fn path(&self) -> &ModelPath {
        &self.path
    }

    /// Its size in bytes.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Its digests.
    pub const fn digests(&self) -> &Digests {
        &self.digests
    }
}

/// The files of a model, sorted by path. Not empty; every file has a digest by each of the algorithms, of which
/// SHA-256 is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    algorithms: Vec<Algorithm>,
    files: Vec<ManifestFile>,
}

impl Manifest {
    /// Reads every file of a set and makes its manifest. SHA-256 is always among its digests.
    pub fn of_files(set: &FileSet, options: &DigestOptions<'_>) -> Result<Self, Error> {
        let algorithms = with_sha256(options.algorithms);
        let options = DigestOptions {
            algorithms: &algorithms,
            ..*options
        };
        let digests = digest(set, &options)?;
        Ok(Self::of_digests(set, digests, algorithms))
    }

    /// The same, but files that a cache knows are not read. `began` is the time in nanoseconds since 1970, by the
    /// system's clock, from before the set was walked. The cache learns the rest; saving it is left to the caller.
    pub fn of_files_cached(
        set: &FileSet,
        options: &DigestOptions<'_>,
        cache: &mut DigestCache,
        began: i128,
    ) -> Result<(Self, Taken), Error> {
        let algorithms = with_sha256(options.algorithms);
        let options = DigestOptions {
            algorithms: &algorithms,
            ..*options
        };
        let (digests, which, taken) = digest_or_take(set, cache, &options)?;
        cache.learn(set, &digests, &which, began);
        Ok((Self::of_digests(set, digests, algorithms), taken))
    }

    /// The same, but files that have not changed since a previous statement are not read: see [`Previous`].
    pub fn of_files_reusing(
        set: &FileSet,
        options: &DigestOptions<'_>,
        previous: &Previous,
    ) -> Result<(Self, Taken), Error> {
        let algorithms = with_sha256(options.algorithms);
        let options = DigestOptions {
            algorithms: &algorithms,
            ..*options
        };
        let (digests, _, taken) = digest_or_take(set, previous, &options)?;
        Ok((Self::of_digests(set, digests, algorithms), taken))
    }

    /// Of each file the digests by these algorithms and no others.
    fn of_digests(set: &FileSet, digests: Vec<Digests>, algorithms: Vec<Algorithm>) -> Self {
        let files = set.files().iter().zip(digests);
        let files = files.map(|(file, digests)| ManifestFile {
            path: file.path().clone(),
            size: file.size(),
            digests: digests.only(&algorithms),
        });
        let files = files.collect();
        Self { algorithms, files }
    }

    /// Walks a directory or takes a file, reads all of it and makes its manifest.
    pub fn of(
        path: &Path,
        walk: &WalkOptions,
        options: &DigestOptions<'_>,
    ) -> Result<(Self, FileSet), Error> {
        let set = FileSet::walk(path, walk)?;
        Ok((Self::of_files(&set, options)?, set))
    }

    /// The algorithms, by name.
    pub fn algorithms(&self) -> &[Algorithm] {
        &self.algorithms
    }

    /// The files, sorted by path.
    pub fn files(&self) -> &[ManifestFile] {
        &self.files
    }

    /// What every record calls `model_digest`: SHA-256 of the canonical text with SHA-256 as the only algorithm, so
    /// that it does not depend on which others were asked for.
    pub fn model_digest(&self) -> Hash {
        let mut hasher = Sha256Stream::new();
        self.each_part(&[Algorithm::Sha256], &mut |part| hasher.update(part));
        Hash::new(hasher.finish())
    }

    /// The same with SHA-256 alone.
    pub(crate) fn only_sha256(self) -> Self {
        let wanted = [Algorithm::Sha256];
        let files = self.files.into_iter().map(|file| ManifestFile {
            digests: file.digests.only(&wanted),
            ..file
        });
        Self {
            algorithms: wanted.to_vec(),
            files: files.collect(),
        }
    }

    /// Every difference to a newer manifest. Files are compared by all digests that both have.
    pub fn diff(&self, newer: &Self) -> Vec<Change> {
        change::between(self, newer)
    }
}

/// Fails on a document about a model that is longer than its readers take.
pub fn within_limit(document: &[u8]) -> Result<(), Error> {
    if document.len() > DOCUMENT_BYTES_MAX {
        return Err(Error::Limit {
            what: "bytes of the document",
            limit: u64::try_from(DOCUMENT_BYTES_MAX).unwrap_or(u64::MAX),
        });
    }
    Ok(())
}

/// Each once, by name, and SHA-256 among them.
fn with_sha256(algorithms: &[Algorithm]) -> Vec<Algorithm> {
    let mut algorithms = algorithms.to_vec();
    algorithms.push(Algorithm::Sha256);
    algorithms.sort_unstable();
    algorithms.dedup();
    algorithms
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
