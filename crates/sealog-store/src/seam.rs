//! The seam between the ledger and the place where its bytes live.

use std::fmt;
use std::time::Duration;

use sealog_core::Hash;

use crate::{CommitError, Error, Place};

/// A log's bytes, as one process sees them.
///
/// Reading needs no lock and may run beside a writer: what is read up to the end of the last existing group never
/// changes afterwards (disposal of a rolled segment apart). Everything that changes the log needs a [`Turn`].
pub trait Store: Send + Sync + fmt::Debug {
    /// Takes the exclusive turn, across threads and processes, waiting at most `wait`.
    ///
    /// Refused with [`Error::Busy`] when the wait is over, [`Error::Poisoned`] when the log is closed for writing,
    /// [`Error::Forked`] in a fork of the process that opened the store, [`Error::OpenedForReading`].
    fn turn(&self, wait: Duration) -> Result<Box<dyn Turn + '_>, Error>;

    /// Keeps the log as it is until the guard is dropped, for whoever opened it for reading, waiting at most `wait`:
    /// every byte is durable, and no writer is about to take one back. What is read under it may leave the process.
    ///
    /// Refused as [`Store::turn`] is; a poisoned log shows bytes that may not be on the disk.
    fn hold_still(&self, wait: Duration) -> Result<Box<dyn Still + '_>, Error>;

    /// Keeps every other import out, of this process and of others, until the guard is dropped. It does not wait, and
    /// does not keep anybody from appending. If the importing process ends, the lock is free again.
    ///
    /// Refused with [`Error::Busy`] while another import goes on; [`Error::Forked`], [`Error::OpenedForReading`].
    fn hold_import(&self) -> Result<Box<dyn Still + '_>, Error>;

    /// The segments that exist now, ascending.
    fn segments(&self) -> Result<Segments, Error>;

    /// Reads into `buf` from `offset` of `segment`; returns how many bytes were read, 0 only at the end of the file
    /// (or for an empty `buf`). A segment that does not exist is [`Error::NoSuchPlace`].
    fn read(&self, segment: u64, offset: u64, buf: &mut [u8]) -> Result<usize, Error>;

    /// Makes a file on the shelf `on`: whole or not at all, and durable on return (except on [`Shelf::Derived`]).
    ///
    /// A file of the same name and content is left; one with other content is [`Error::Exists`], except on
    /// [`Shelf::Derived`], where it is replaced. Needs no turn.
    fn put(&self, on: Shelf, name: &str, bytes: &[u8]) -> Result<(), Error>;

    /// The whole content of a file on a shelf, or `None` if there is no such file.
    fn fetch(&self, on: Shelf, name: &str) -> Result<Option<Vec<u8>>, Error>;

    /// What is known of a file on a shelf without reading it, or `None` if there is no such file.
    fn look(&self, on: Shelf, name: &str) -> Result<Option<ShelfFile>, Error>;

    /// The names of the files on a shelf, sorted; unfinished ones are left out.
    fn list(&self, on: Shelf) -> Result<Vec<String>, Error>;

    /// Removes a file from `shelf`, durably (except on [`Shelf::Derived`]); absent is fine.
    fn remove(&self, on: Shelf, name: &str) -> Result<(), Error>;

    /// Why the log is closed for writing, if it is. Needs no turn.
    fn poisoned(&self) -> Result<Option<Poison>, Error>;

    /// Opens a poisoned log for writing again. Only for whoever has verified it since: after a failed flush that
    /// means after a reboot or remount, because until then reads are answered from a cache that may lie.
    fn clear_poison(&self, wait: Duration) -> Result<(), Error>;

    /// How often a rolled segment was rewritten, as far as the lock file tells; only whether two answers differ has a
    /// meaning. What was read between two that differ may be of the old file and of the new. Needs no turn.
    fn rewrites(&self) -> Result<u64, Error>;

    /// Whether entries were ever disposed of here, and whether that is done. Needs no turn.
    fn disposals(&self) -> Result<DisposalMark, Error>;

    /// Takes the right to rewrite rolled segments, across threads and processes, waiting at most `wait`. It is held
    /// over a whole disposal, beside the turns of whoever appends meanwhile.
    ///
    /// Refused with [`Error::Disposing`] while another has it, and as [`Store::turn`] is.
    fn rewriting(&self, wait: Duration) -> Result<Box<dyn Rewriting + '_>, Error>;

    /// Names the running kernel instance, where the platform can tell: differs after a reboot.
    fn boot_id(&self) -> Option<String>;

    /// Cuts the filler if this store wrote last, so that a closed log ends in its last line. Waits at most `wait`
    /// for the turn; a failure loses nothing. Dropping the store tries the same without waiting.
    fn close(&self, wait: Duration) -> Result<(), Error>;
}

/// What is known of disposals in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisposalMark {
    /// None was ever begun here.
    Never,
    /// All that were begun are done.
    Done,
    /// One was begun and is not done: somebody works on it, or a crash broke it off.
    Unfinished,
}

/// The exclusive right to rewrite rolled segments, until dropped.
pub trait Rewriting: fmt::Debug {
    /// The notes of a disposal that is not done, or `None`.
    fn notes(&self) -> Result<Option<Vec<u8>>, Error>;

    /// Notes, durably, that a disposal begins; `notes` is not empty, says what whoever finishes it has to know, and
    /// may be found torn after a crash.
    fn begin(&mut self, notes: &[u8]) -> Result<(), Error>;

    /// Begins a file that is to take the place of `segment`. Files that were begun and left are removed.
    fn stage(&mut self, segment: u64) -> Result<Box<dyn Staged + '_>, Error>;

    /// Notes, durably, that the disposal is done.
    fn done(&mut self) -> Result<(), Error>;
}

/// A file that is to take the place of a rolled segment; removed if it is dropped before.
pub trait Staged: fmt::Debug {
    /// Adds bytes at its end.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error>;

    /// Flushes it and puts it in the segment's place, durably, in a turn for which it waits at most `wait`. Readers
    /// that have the old file open go on seeing it.
    ///
    /// The segment must not be the last that holds anything: [`Error::NoSuchPlace`]. After any error the segment is
    /// the old one or the new one, whole.
    fn replace(self: Box<Self>, wait: Duration) -> Result<(), Error>;
}

/// A log that stays as it is, until dropped.
pub trait Still: fmt::Debug {}

/// The exclusive right to change the log, until dropped.
pub trait Turn: fmt::Debug {
    /// Whether anybody else may have written since this store's own last commit ended at `last`. `true` also when
    /// that cannot be told; then the caller reads on from `last`.
    fn moved_since(&self, last: Place) -> bool;

    /// [`Store::rewrites`] as it is in this turn: nothing is rewritten while it lasts.
    fn rewrites(&self) -> u64;

    /// Makes every byte of the log that others wrote durable, with the names of the segments. Costs nothing when the
    /// last writer is known to have flushed. A failure poisons the log.
    fn flush(&mut self) -> Result<(), Error>;

    /// Writes `group` (whole lines) at `at`, the end of the last existing group, and makes it durable; returns the
    /// place after it.
    ///
    /// With `roll`, the group goes to a new segment that begins with this line (the copy of the last checkpoint line,
    /// with its newline), after the filler of the old one is cut. At [`Place::START`] the first segment is made.
    ///
    /// Anything but filler or the end of the file at `at` poisons the log ([`Error::ForeignBytes`]), and so does a
    /// failed flush ([`CommitError::OutcomeUnknown`]). A full disk is [`CommitError::NotWritten`] and poisons nothing.
    fn commit(
        &mut self,
        at: Place,
        group: &[u8],
        roll: Option<&[u8]>,
    ) -> Result<Place, CommitError>;

    /// Saves all bytes from `at` to the end of the log under `recovered/`, durably, then cuts them from the log,
    /// durably. Segments after `at`'s, and one of which nothing remains, are removed. The last segment first: a
    /// crash halfway leaves a shorter tail.
    fn cut(&mut self, at: Place) -> Result<CutTail, Error>;

    /// Closes the log for writing, for all processes, until [`Store::clear_poison`]. `size` is the tree size up to
    /// which the log was known good.
    fn poison(&mut self, size: Option<u64>, error: &str) -> Result<(), Error>;
}

/// The directories beside the log whose files are made whole and never changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Shelf {
    /// Payloads; the name is the SHA-256 of the content in 64 lowercase hex digits.
    Payloads,
    /// Cosigned notes and time tokens.
    Anchors,
    /// Torn tails.
    Recovered,
    /// Whatever can be rebuilt: replaced freely, not flushed, may be found torn or missing.
    Derived,
}

/// A file on a shelf, from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShelfFile {
    bytes: u64,
    age: Option<Duration>,
}

impl ShelfFile {
    /// A file of `bytes` bytes that was written `age` ago.
    pub const fn new(bytes: u64, age: Option<Duration>) -> Self {
        Self { bytes, age }
    }

    /// Its length.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How long ago it was written, by the file system's clock, if the disk can tell.
    pub const fn age(&self) -> Option<Duration> {
        self.age
    }
}

/// One segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentInfo {
    number: u64,
    bytes: u64,
}

impl SegmentInfo {
    /// Segment `number`, a file of `bytes` bytes.
    pub const fn new(number: u64, bytes: u64) -> Self {
        Self { number, bytes }
    }

    /// The number in the segment's name.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The length of the file, filler included.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// The segments of a log, ascending, with what is missing among them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Segments {
    found: Vec<SegmentInfo>,
    strangers: Vec<String>,
}

impl Segments {
    /// Takes the segments found and the names that do not belong.
    pub fn new(mut found: Vec<SegmentInfo>, mut strangers: Vec<String>) -> Self {
        found.sort_by_key(SegmentInfo::number);
        strangers.sort();
        Self { found, strangers }
    }

    /// Each segment, ascending.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &SegmentInfo> {
        self.found.iter()
    }

    /// The last segment: the only one that may grow or hold filler.
    pub fn last(&self) -> Option<&SegmentInfo> {
        self.found.last()
    }

    /// Whether there is no segment.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The numbers that are missing below the last segment, as ranges (first, last), ascending: each is a finding.
    pub fn missing(&self) -> Vec<(u64, u64)> {
        let mut gaps = Vec::new();
        let mut next = 0;
        for segment in &self.found {
            if segment.number > next {
                gaps.push((next, segment.number - 1));
            }
            next = segment.number + 1;
        }
        gaps
    }

    /// Names in the segment directory that are neither a segment nor a file of this store.
    pub fn strangers(&self) -> &[String] {
        &self.strangers
    }
}

/// What a recovery cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutTail {
    pieces: Vec<CutPiece>,
}

impl CutTail {
    /// Takes the pieces in log order.
    pub const fn new(pieces: Vec<CutPiece>) -> Self {
        Self { pieces }
    }

    /// One piece for each segment that lost bytes, in log order.
    pub fn pieces(&self) -> &[CutPiece] {
        &self.pieces
    }

    /// Bytes cut, in all.
    pub fn bytes(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.bytes).sum()
    }
}

/// The bytes cut from one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutPiece {
    at: Place,
    bytes: u64,
    digest: Hash,
    name: String,
}

impl CutPiece {
    /// Describes `bytes` bytes cut at `at`.
    pub const fn new(at: Place, bytes: u64, digest: Hash, name: String) -> Self {
        Self {
            at,
            bytes,
            digest,
            name,
        }
    }

    /// Where the bytes stood.
    pub const fn at(&self) -> Place {
        self.at
    }

    /// How many bytes.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Their SHA-256.
    pub const fn digest(&self) -> Hash {
        self.digest
    }

    /// The file's name on [`Shelf::Recovered`].
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Why a log is closed for writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poison {
    pub(crate) boot_id: Option<String>,
    pub(crate) size: Option<u64>,
    pub(crate) error: String,
}

impl Poison {
    /// The kernel instance in which it happened, if it could be told.
    pub fn boot_id(&self) -> Option<&str> {
        self.boot_id.as_deref()
    }

    /// The tree size up to which the log was known good, if whoever poisoned it knew.
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// What went wrong, in one line.
    pub fn error(&self) -> &str {
        &self.error
    }
}
