//! Finds identifiers in text.
//!
//! A text is searched through its views (folded, then with escapes undone, a few levels deep), from left to right and
//! in time linear in its length. What is found depends only on the bytes around it, within the bounds of
//! [`crate::limits`]; so a text that comes in pieces gives the same result as the whole.
//!
//! Of findings that overlap, the longest counts, then the most specific, then the first: decided among those that
//! begin within [`CLUSTER_BYTES_MAX`](crate::limits::CLUSTER_BYTES_MAX) bytes of each other.

mod automaton;
mod context;
mod engine;
mod finder;
mod kinds;
mod layer;
mod marks;
mod named;
mod overlap;
mod place;
mod reach;
mod scanner;
mod signs;
mod starts;
mod stream;
mod walk;
mod words;

pub(crate) use context::WordSet;
pub use engine::Session;
pub(crate) use kinds::{Check, Kind, folded};
pub use scanner::Scanner;
pub use stream::Stream;
pub(crate) use words::Words;

pub use words::Recogniser;

use std::ops::Range;
use std::sync::Arc;

/// One identifier that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it stands in the original.
    pub span: Range<usize>,
    /// Which of the scanner's types it is.
    pub kind: KindIndex,
    /// What it reads as, folded and decoded; it holds personal data.
    pub(crate) value: Arc<[u8]>,
}

/// The place of a type in a scanner's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KindIndex(pub(crate) usize);

#[cfg(test)]
mod tests;
