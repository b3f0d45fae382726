//! Some lines of an extract at a time: what a worker proves at once.

use std::io::{BufRead, Read};

use sealog_core::entry::EntryFacts;
use sealog_core::finding::Finding;
use sealog_core::hash::Hash;
use sealog_core::limits::EXPORT_LINE_BYTES_MAX;

use super::line::{ENTRY_AT, Prover};
use super::{Proven, at, malformed};
use crate::error::Error;

/// Bytes after which a batch ends with its line.
pub(super) const BATCH_BYTES: usize = 128 * 1024;

/// Lines of limited length, each with its newline.
pub(super) struct Lines<'a> {
    input: &'a mut dyn BufRead,
    number: u64,
    ended: bool,
}

/// Lines that follow each other.
pub(super) struct Batch {
    /// Number of the first line, from 1.
    number: u64,
    /// The lines without their newlines.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// What reading the next line gave.
    fault: Option<Error>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(input: &'a mut dyn BufRead) -> Self {
        Self {
            input,
            number: 0,
            ended: false,
        }
    }

    /// Whether the last line was read, or one that cannot be.
    pub(super) const fn ended(&self) -> bool {
        self.ended
    }

    /// The first line; `None` if there is none.
    pub(super) fn first(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let mut line = Vec::new();
        let is_there = self.append(&mut line)?;
        Ok(is_there.then_some(line))
    }

    /// The next lines; `None` after the last. An error stands behind the lines before it.
    pub(super) fn batch(&mut self) -> Option<Batch> {
        let mut batch = Batch {
            number: self.number + 1,
            bytes: Vec::new(),
            ends: Vec::new(),
            fault: None,
        };
        while !self.ended && batch.bytes.len() < BATCH_BYTES {
            match self.append(&mut batch.bytes) {
                Ok(true) => batch.ends.push(batch.bytes.len()),
                Ok(false) => self.ended = true,
                Err(error) => {
                    self.ended = true;
                    batch.fault = Some(error);
                }
            }
        }
        (!batch.ends.is_empty() || batch.fault.is_some()).then_some(batch)
    }

    /// Appends the next line without its newline; false after the last.
    fn append(&mut self, bytes: &mut Vec<u8>) -> Result<bool, Error> {
        self.number += 1;
        let begin = bytes.len();
        let most = u64::try_from(EXPORT_LINE_BYTES_MAX).unwrap_or(u64::MAX);
        (&mut *self.input)
            .take(most + 1)
            .read_until(b'\n', bytes)
            .map_err(Error::io("read", "the extract"))?;
        if bytes.len() == begin {
            return Ok(false);
        }
        if bytes.pop_if(|byte| *byte == b'\n').is_some() {
            return Ok(true);
        }
        let why = if bytes.len() - begin <= EXPORT_LINE_BYTES_MAX {
            "it was cut off inside this line"
        } else {
            "the line is too long"
        };
        Err(at(self.number)(malformed(why)))
    }
}

/// An entry whose proof holds, apart from its line.
pub(super) struct ProvenLine<Seen> {
    index: u64,
    length: usize,
    leaf: Hash,
    pub(super) facts: EntryFacts,
    pub(super) seen: Result<Seen, Finding>,
}

impl<Seen> ProvenLine<Seen> {
    /// With the line that it was read of.
    pub(super) fn proven<'a>(&self, line: &'a [u8]) -> Proven<'a> {
        let entry = line.get(ENTRY_AT..ENTRY_AT + self.length);
        Proven {
            index: self.index,
            entry: entry.unwrap_or_default(),
            leaf: self.leaf,
        }
    }
}

/// A batch whose lines were read, up to the first that does not hold.
pub(super) struct Proved<Seen> {
    batch: Batch,
    read: Vec<Result<ProvenLine<Seen>, Finding>>,
}

/// Proves the lines of a batch, and looks at each entry.
pub(super) fn proved<Seen>(
    batch: Batch,
    prover: &mut Prover,
    look: &mut impl FnMut(&Proven<'_>) -> Result<Seen, Finding>,
) -> Proved<Seen> {
    let mut read = Vec::with_capacity(batch.ends.len());
    for line in batch.lines() {
        let one = prover.read(line).map(|(proven, facts)| ProvenLine {
            index: proven.index,
            length: proven.entry.len(),
            leaf: proven.leaf,
            facts,
            seen: look(&proven),
        });
        let ends = one.as_ref().map_or(true, |one| one.seen.is_err());
        read.push(one);
        if ends {
            break;
        }
    }
    Proved { batch, read }
}

impl<Seen> Proved<Seen> {
    /// Gives each line with its number to `take`, then what reading gave after them.
    pub(super) fn each(
        self,
        mut take: impl FnMut(u64, &[u8], Result<ProvenLine<Seen>, Finding>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let lines = (self.batch.number..).zip(self.batch.lines());
        for ((number, line), read) in lines.zip(self.read) {
            take(number, line, read)?;
        }
        self.batch.fault.map_or(Ok(()), Err)
    }
}

impl Batch {
    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins
            .zip(&self.ends)
            .map(|(begin, end)| self.bytes.get(begin..*end).unwrap_or_default())
    }
}
