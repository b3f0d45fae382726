//! Digests that are taken from elsewhere instead of reading a file, always counted.
//!
//! **What is absent**: any use where a gate decides. Who takes digests trusts whoever kept them; each caller that may
//! says so in its result, with [`Taken`].

use super::{DigestOptions, Digests, Job, run};
use crate::Error;
use crate::digest::Algorithm;
use crate::walk::{FileSet, Stamp, WalkedFile};

/// Nanoseconds within which a file system may give two changes the same time: FAT counts in two seconds, and a write
/// that follows within them could not be told from the state that was read.
pub const RACY_NANOSECONDS: i128 = 2_000_000_000;

/// Somebody who knows digests of files.
pub trait Known {
    /// The digests of a file by these algorithms; none if it has to be read.
    fn find(&self, file: &WalkedFile, wanted: &[Algorithm]) -> Option<Digests>;
}

/// What was not read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Files whose digests were taken from elsewhere.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The digests of every file of a set in its order, and which of them were taken and not made.
pub(crate) fn digest_or_take(
    set: &FileSet,
    known: &dyn Known,
    options: &DigestOptions<'_>,
) -> Result<(Vec<Digests>, Vec<bool>, Taken), Error> {
    options.progress.total(set.bytes());
    let found = set.files().iter().map(|file| {
        let found = known.find(file, options.algorithms)?;
        fits_name(file, &found).then_some(found)
    });
    let found: Vec<Option<Digests>> = found.collect();
    let unread = set.files().iter().zip(&found);
    let jobs: Vec<Job<'_>> = unread
        .filter(|(_, found)| found.is_none())
        .map(|(file, _)| Job { file, range: None })
        .collect();
    let mut made = run(&jobs, options)?.into_iter();
    let mut taken = Taken::default();
    let (mut all, mut which) = (Vec::new(), Vec::new());
    for (file, found) in set.files().iter().zip(found) {
        which.push(found.is_some());
        if found.is_some() {
            taken.files += 1;
            taken.bytes = taken.bytes.saturating_add(file.size());
            options.progress.add(file.size());
        }
        // There is one result for each job.
        all.push(found.or_else(|| made.next()).unwrap_or_default());
    }
    Ok((all, which, taken))
}

/// A blob of a hub cache is named by its digest: what is known has to hold that digest, and it has to be the same.
fn fits_name(file: &WalkedFile, found: &Digests) -> bool {
    file.blob
        .as_ref()
        .is_none_or(|blob| found.hex(blob.algorithm).as_deref() == Some(blob.hex.as_str()))
}

/// Whether a state is older than a moment by more than the file system's clock may hide; times that lie ahead of the
/// moment are not.
pub(crate) const fn is_settled(stamp: &Stamp, moment: i128) -> bool {
    let border = moment.saturating_sub(RACY_NANOSECONDS);
    stamp.modified < border && stamp.changed < border
}
