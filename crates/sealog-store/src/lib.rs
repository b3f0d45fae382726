//! Where the bytes of a log live: segments, locks, filler, hints, poison, head copies, payload and anchor files.
//!
//! Two seams. [`Store`] and [`Turn`] are what the ledger writes through: an exclusive turn, one commit, one flush.
//! [`disk::Disk`] is the small virtual file system under the file store, so that the very code that flushes runs
//! over the real disk, over memory and over a disk that fails
//! (for tests). The bytes are described in `docs/formats/store.md`.
//!
//! **What is absent**: any judgement of lines. This crate splits on newlines and does not know what an entry, a
//! checkpoint or a signature is; the ledger decides what exists, what is torn and what is damage.

pub mod disk;
pub mod layout;

mod error;
mod file;
mod head_copy;
mod lines;
#[cfg(test)]
mod page;
mod place;
mod seam;
mod tail;

pub use error::{CommitError, Error};
pub use file::{Access, FileOptions, FileStore};
pub use head_copy::{HeadCopy, HeadSlot};
pub use lines::{Line, Lines};
pub use place::Place;
pub use seam::{
    CutPiece, CutTail, DisposalMark, Poison, Rewriting, SegmentInfo, Segments, Shelf, ShelfFile,
    Staged, Still, Store, Turn,
};
pub use tail::{Tail, TailEnd};
