//! A position in the log.

use std::fmt;

/// A byte position in the log: the number of a segment and an offset in it, just after the newline of a line, or at
/// the very start of a segment. Never inside filler. Ordered as the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    segment: u64,
    offset: u64,
}

impl Place {
    /// The start of an empty log.
    pub const START: Self = Self {
        segment: 0,
        offset: 0,
    };

    /// Offset `offset`, in bytes, in segment `segment`.
    pub const fn new(segment: u64, offset: u64) -> Self {
        Self { segment, offset }
    }

    /// The place after a line of `length` bytes that begins here, and its newline.
    #[must_use]
    pub fn after(self, length: usize) -> Self {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        Self {
            offset: self.offset.saturating_add(length).saturating_add(1),
            ..self
        }
    }

    /// The number of the segment.
    pub const fn segment(self) -> u64 {
        self.segment
    }

    /// The offset in the segment, in bytes.
    pub const fn offset(self) -> u64 {
        self.offset
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "segment {} offset {}", self.segment, self.offset)
    }
}
