//! Text that comes in pieces.

use std::mem;

use super::Found;
use super::engine::{Session, Window, floor_of};
use super::overlap::Overlaps;
use super::scanner::Scanner;
use crate::Error;
use crate::limits::{LOOK_AHEAD_BYTES, LOOK_BEHIND_BYTES, WINDOW_BYTES};

/// A text that comes in pieces, cut anywhere, even within a character.
///
/// Pieces are kept until what they hold is decided: at most the look-behind, the look-ahead and one window of
/// [`crate::limits`], whatever the length of the text.
#[derive(Debug)]
pub struct Stream<'s> {
    session: Session<'s>,
    /// What is not given out yet, and the look-behind before it.
    buffer: Vec<u8>,
    /// Where the buffer begins in the text.
    offset: usize,
    /// From where on candidates are still to be looked for.
    from: usize,
    /// Up to where the text was given out.
    given: usize,
    overlaps: Overlaps,
    decided: Vec<Found>,
    window: usize,
}

impl<'s> Stream<'s> {
    /// A stream that nothing was pushed to yet.
    pub fn new(scanner: &'s Scanner) -> Self {
        Self::with_window(scanner, WINDOW_BYTES)
    }

    pub(super) fn with_window(scanner: &'s Scanner, window: usize) -> Self {
        Self {
            session: scanner.session(),
            buffer: Vec::new(),
            offset: 0,
            from: 0,
            given: 0,
            overlaps: Overlaps::default(),
            decided: Vec::new(),
            window,
        }
    }

    /// Takes the next piece; gives out the text that is decided, in stretches, each with what was found there.
    pub fn push(
        &mut self,
        piece: &[u8],
        out: &mut dyn FnMut(&[u8], Option<&Found>),
    ) -> Result<(), Error> {
        for piece in piece.chunks(self.window.max(1)) {
            self.buffer.extend_from_slice(piece);
            let end = self.offset + self.buffer.len();
            while end >= self.from + self.window + LOOK_AHEAD_BYTES {
                self.step(self.from + self.window, out)?;
            }
        }
        Ok(())
    }

    /// Gives out the rest.
    pub fn finish(mut self, out: &mut dyn FnMut(&[u8], Option<&Found>)) -> Result<(), Error> {
        let end = self.offset + self.buffer.len();
        self.candidates(end)?;
        let mut decided = mem::take(&mut self.decided);
        self.overlaps.finish(&mut decided);
        self.decided = decided;
        self.give(end, out);
        Ok(())
    }

    /// Bytes that are kept.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.buffer.len()
    }

    fn step(
        &mut self,
        until: usize,
        out: &mut dyn FnMut(&[u8], Option<&Found>),
    ) -> Result<(), Error> {
        self.candidates(until)?;
        self.from = until;
        let settled = self.overlaps.settle(until, &mut self.decided);
        self.give(settled.min(until.max(self.given)), out);
        let keep = self.from.saturating_sub(LOOK_BEHIND_BYTES).min(self.given);
        // One character more, so that the window can begin with a whole one.
        let drop = keep.saturating_sub(4).saturating_sub(self.offset);
        self.buffer.drain(..drop);
        self.offset += drop;
        Ok(())
    }

    fn candidates(&mut self, until: usize) -> Result<(), Error> {
        let start = self.from.saturating_sub(LOOK_BEHIND_BYTES).max(self.offset);
        let start = floor_of(&self.buffer, start - self.offset);
        let window = Window {
            bytes: self.buffer.get(start..).unwrap_or_default(),
            offset: self.offset + start,
            counts: self.from..until,
            field: b"",
        };
        for (found, rank) in self.session.candidates(&window)? {
            self.overlaps.push(found, rank, &mut self.decided);
        }
        Ok(())
    }

    /// Gives out the text up to `until`, and to the end of what was found there.
    fn give(&mut self, until: usize, out: &mut dyn FnMut(&[u8], Option<&Found>)) {
        let mut given = self.given;
        let decided = mem::take(&mut self.decided);
        let text = |from: usize, to: usize| {
            let range = from.saturating_sub(self.offset)..to.saturating_sub(self.offset);
            self.buffer.get(range).unwrap_or_default()
        };
        for found in &decided {
            if found.span.start > given {
                out(text(given, found.span.start), None);
            }
            out(text(found.span.start, found.span.end), Some(found));
            given = found.span.end;
        }
        if until > given {
            out(text(given, until), None);
            given = until;
        }
        self.given = given;
    }
}
