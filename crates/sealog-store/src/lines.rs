//! A segment's lines, one after the other, with memory for one chunk.

use std::fmt;

use sealog_core::limits::LINE_BYTES_MAX;

use crate::{Error, Place, Store};

/// Bytes read at once: several lines of the longest kind.
const CHUNK_BYTES: usize = 512 * 1024;
const _: () = assert!(CHUNK_BYTES > 2 * (LINE_BYTES_MAX + 1));

/// Reads lines from a place in a segment on. Splits on the byte 0x0A and nothing else.
///
/// The lines end before the first byte that begins no line: the end of the file, filler, a zero byte, or a line
/// without its newline. [`Lines::place`] is then where they end, and [`crate::Tail`] tells what follows.
pub struct Lines<'s> {
    store: &'s dyn Store,
    segment: u64,
    /// Reading stops at this offset, even in the middle of a line.
    until: u64,
    /// One chunk, made at the first read.
    buffer: Vec<u8>,
    /// How much of `buffer` was read.
    filled: usize,
    /// How much of that was given out.
    used: usize,
    /// The offset in the segment of the first byte of `buffer`.
    base: u64,
    /// Whether everything up to the end is in `buffer`.
    complete: bool,
}

/// One line, without its newline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    at: Place,
    bytes: &'a [u8],
}

impl<'a> Line<'a> {
    /// Where the line begins.
    pub const fn at(&self) -> Place {
        self.at
    }

    /// The line, without its newline; never empty, at most [`LINE_BYTES_MAX`] bytes.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

impl<'s> Lines<'s> {
    /// The lines from `from` on, to the end of its segment.
    pub fn new(store: &'s dyn Store, from: Place) -> Self {
        Self::until(store, from, u64::MAX)
    }

    /// The lines from `from` on, as far as they end at or before offset `until` of its segment.
    pub fn until(store: &'s dyn Store, from: Place, until: u64) -> Self {
        Self {
            store,
            segment: from.segment(),
            until,
            buffer: Vec::new(),
            filled: 0,
            used: 0,
            base: from.offset(),
            complete: from.offset() >= until,
        }
    }

    /// The place just after the line given out last.
    pub fn place(&self) -> Place {
        let used = u64::try_from(self.used).unwrap_or(u64::MAX);
        Place::new(self.segment, self.base.saturating_add(used))
    }

    /// The next line, or `None` where the lines end. [`Error::LineTooLong`] for one beyond [`LINE_BYTES_MAX`], whether
    /// or not a newline follows somewhere.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>, Error> {
        let length = loop {
            let rest = self.buffer.get(self.used..self.filled).unwrap_or_default();
            match memchr::memchr(b'\n', rest) {
                Some(length) => break length,
                None if rest.len() > LINE_BYTES_MAX => break rest.len(),
                None if self.complete || rest.first() == Some(&0) => return Ok(None),
                None => self.fill()?,
            }
        };
        let at = self.place();
        let start = self.used;
        let first = self.buffer.get(start).copied();
        if length == 0 || first == Some(0) {
            return Ok(None);
        }
        if length > LINE_BYTES_MAX {
            return Err(Error::LineTooLong {
                at,
                max: LINE_BYTES_MAX,
            });
        }
        self.used = start + length + 1;
        let bytes = self.buffer.get(start..start + length).unwrap_or_default();
        Ok(Some(Line { at, bytes }))
    }

    /// Moves what is left of a line to the front of the buffer and reads on behind it.
    fn fill(&mut self) -> Result<(), Error> {
        if self.buffer.is_empty() {
            self.buffer = vec![0; CHUNK_BYTES];
        }
        self.base = self.place().offset();
        let kept = self.filled - self.used;
        self.buffer.copy_within(self.used..self.filled, 0);
        (self.used, self.filled) = (0, kept);
        let from = self
            .base
            .saturating_add(u64::try_from(kept).unwrap_or(u64::MAX));
        let room = usize::try_from(self.until.saturating_sub(from)).unwrap_or(usize::MAX);
        let wanted = room.min(CHUNK_BYTES - kept);
        let target = self.buffer.get_mut(kept..kept + wanted).unwrap_or_default();
        let read = self.store.read(self.segment, from, target)?;
        self.filled += read;
        self.complete = read < wanted || read == room;
        Ok(())
    }
}

impl fmt::Debug for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines")
            .field("place", &self.place())
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}
