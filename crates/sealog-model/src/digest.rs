//! Files become digests: several in one read, over several files at once, with fixed buffers for each thread.
//!
//! Each thread reads two files in step where it can: SHA-256 of two messages is quicker than of one after the other
//! (`sealog-hash`).
//!
//! A file has to be the one that the walk found, must not grow, shrink or change while it is read, and is opened
//! without following a link. [`digest`] reads every byte; what was read before can be taken from a [`DigestCache`],
//! which signing and the gate never do.

mod algorithm;
mod cache;
mod file;
mod known;
mod work;

use std::num::NonZeroUsize;
use std::ops::Range;
use std::thread;

pub use algorithm::{Algorithm, Digests, of_bytes};
pub use cache::DigestCache;
pub(crate) use file::{open as open_walked, open_no_link};
pub use known::{Known, RACY_NANOSECONDS, Taken};
pub(crate) use known::{digest_or_take, is_settled};
pub(crate) use work::run;

use crate::Error;
use crate::walk::{FileSet, WalkedFile};

/// Is told how many bytes were read, from any thread.
pub trait Progress: Sync {
    /// So many bytes there are; told before any is read.
    fn total(&self, _: u64) {}
    /// So many bytes more.
    fn add(&self, bytes: u64);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn add(&self, _: u64) {}
}

/// How files are hashed.
#[derive(Clone, Copy)]
pub struct DigestOptions<'a> {
    /// The digests, each made in the same read.
    pub algorithms: &'a [Algorithm],
    /// Threads; never more than [`THREADS_MAX`](crate::limits::THREADS_MAX). The result does not depend on it.
    pub threads: NonZeroUsize,
    /// Who is told how far it is.
    pub progress: &'a dyn Progress,
}

impl std::fmt::Debug for DigestOptions<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("DigestOptions")
            .field("algorithms", &self.algorithms)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

impl<'a> DigestOptions<'a> {
    /// These digests, on every core, in silence.
    pub fn new(algorithms: &'a [Algorithm]) -> Self {
        Self {
            algorithms,
            threads: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            progress: &Silent,
        }
    }
}

/// A part of a file to be hashed.
pub(crate) struct Job<'a> {
    pub(crate) file: &'a WalkedFile,
    /// Which bytes; none: all of them.
    pub(crate) range: Option<Range<u64>>,
}

impl Job<'_> {
    fn size(&self) -> u64 {
        let range = self.range.clone().unwrap_or(0..self.file.size());
        range.end.saturating_sub(range.start)
    }
}

/// The digests of every file of a set, in its order.
pub fn digest(set: &FileSet, options: &DigestOptions<'_>) -> Result<Vec<Digests>, Error> {
    options.progress.total(set.bytes());
    let jobs: Vec<Job<'_>> = set
        .files()
        .iter()
        .map(|file| Job { file, range: None })
        .collect();
    run(&jobs, options)
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
