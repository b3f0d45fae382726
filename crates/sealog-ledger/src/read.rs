//! Reading entries, and receipts of entries that stand in the log already.

use std::ops::Range;

use sealog_core::entry::{Line, LineReader};
use sealog_core::hash::Hash;
use sealog_core::json::Value;
use sealog_core::receipt::Receipt;
use sealog_core::tlog::tree::{self, Frontier};

use crate::chunk::{self, Chunk, Chunks};
use crate::error::Error;
use crate::ledger::Ledger;

/// An entry as it stands in the log.
#[derive(Debug, Clone)]
pub struct Entry {
    index: u64,
    bytes: Vec<u8>,
}

impl Entry {
    pub(crate) const fn new(index: u64, bytes: Vec<u8>) -> Self {
        Self { index, bytes }
    }

    /// Its position in the log.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The exact bytes of its line, without newline.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its leaf hash.
    pub fn leaf(&self) -> Hash {
        tree::leaf_hash(&self.bytes)
    }

    /// The entry as a value.
    pub fn value(&self) -> Value {
        Value::parse(&self.bytes).unwrap_or(Value::Null)
    }
}

/// A leaf as it stands in the log's files: an entry, or what is left of one.
#[derive(Debug)]
pub(crate) enum Leaf {
    Entry(Vec<u8>),
    Disposed { leaf: Hash, by: u64 },
}

impl Leaf {
    pub(crate) fn hash(&self) -> Hash {
        match self {
            Self::Entry(bytes) => tree::leaf_hash(bytes),
            Self::Disposed { leaf, .. } => *leaf,
        }
    }
}

/// The leaves of a log in order, from an index on, up to a size.
#[derive(Debug)]
pub struct Entries<'a> {
    chunks: Chunks<'a>,
    chunk: Option<(Chunk, usize)>,
    next: u64,
    range: Range<u64>,
    reader: LineReader,
}

impl Entries<'_> {
    /// The next leaf of the range, disposed ones included.
    pub(crate) fn next_leaf(&mut self) -> Result<Option<(u64, Leaf)>, Error> {
        while self.next < self.range.end {
            let Some(text) = self.next_line()? else {
                return Ok(None);
            };
            let disposed = text.starts_with(b"{\"disposed\":");
            if !disposed && !text.starts_with(b"{\"log\":") {
                continue;
            }
            let index = self.next;
            self.next += 1;
            if index < self.range.start {
                continue;
            }
            if !disposed {
                return Ok(Some((index, Leaf::Entry(text))));
            }
            return match self.reader.read(&text) {
                Ok(Line::Disposed(facts)) => Ok(Some((
                    index,
                    Leaf::Disposed {
                        leaf: facts.leaf,
                        by: facts.by,
                    },
                ))),
                Ok(_) => Ok(None),
                Err(error) => Err(Error::Damaged {
                    findings: vec![error.finding().at(index)],
                }),
            };
        }
        Ok(None)
    }

    fn next_line(&mut self) -> Result<Option<Vec<u8>>, Error> {
        loop {
            if let Some((chunk, at)) = &mut self.chunk
                && let Some(line) = chunk::lines(chunk.bytes.get(*at..).unwrap_or_default()).next()
            {
                *at += line.text.len() + usize::from(line.complete);
                if line.complete {
                    return Ok(Some(line.text.to_vec()));
                }
            }
            match self.chunks.next_chunk()? {
                Some(chunk) => self.chunk = Some((chunk, 0)),
                None => return Ok(None),
            }
        }
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry, Error>;

    /// The next entry; those that were disposed of are passed over.
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.next_leaf() {
                Ok(Some((index, Leaf::Entry(bytes)))) => return Some(Ok(Entry { index, bytes })),
                Ok(Some((_, Leaf::Disposed { .. }))) => {}
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl Ledger {
    /// The entries of a range of indices, in order, as far as a signed checkpoint covers them.
    pub fn entries(&self, range: Range<u64>) -> Result<Entries<'_>, Error> {
        self.refresh()?;
        let range = range.start..range.end.min(self.size());
        Ok(Entries {
            chunks: Chunks::new(self.store(), 0, 0)?,
            chunk: None,
            next: 0,
            range,
            reader: LineReader::new(),
        })
    }

    /// The entry of an index.
    pub fn entry(&self, index: u64) -> Result<Entry, Error> {
        if let Some(bytes) = self.0.index.line(index)
            && bytes.starts_with(b"{\"log\":")
        {
            return Ok(Entry::new(index, bytes));
        }
        let mut entries = self.entries(index..index.saturating_add(1))?;
        match entries.next_leaf()? {
            Some((index, Leaf::Entry(bytes))) => Ok(Entry { index, bytes }),
            Some((index, Leaf::Disposed { by, .. })) => Err(Error::Disposed { index, by }),
            None => Err(Error::NoEntry {
                index,
                size: self.size(),
            }),
        }
    }

    /// The receipt of an entry at the newest checkpoint.
    pub fn receipt(&self, index: u64) -> Result<Receipt, Error> {
        self.refresh()?;
        let (size, note) = self.with_state(|state, _| {
            (
                state.size(),
                state.last_checkpoint().map(|last| last.note.clone()),
            )
        });
        if index >= size {
            return Err(Error::NoEntry { index, size });
        }
        // One pass over the leaves: each hash of the proof is the root of a range of them.
        let ranges = proof_ranges(index, size);
        let mut roots: Vec<Frontier> = ranges.iter().map(|_| Frontier::new()).collect();
        let mut entry = None;
        let mut entries = self.entries(0..size)?;
        while let Some((at, leaf)) = entries.next_leaf()? {
            let part = ranges.iter().position(|range| range.contains(&at));
            if let Some(frontier) = part.and_then(|part| roots.get_mut(part)) {
                frontier.push(leaf.hash());
            } else {
                entry = Some(leaf);
            }
        }
        let bytes = match entry {
            Some(Leaf::Entry(bytes)) => bytes,
            Some(Leaf::Disposed { by, .. }) => return Err(Error::Disposed { index, by }),
            None => return Err(Error::NoEntry { index, size }),
        };
        let proof = roots.iter().map(Frontier::root).collect();
        let receipt = Receipt::new(index, bytes, proof, note.unwrap_or_default());
        receipt
            .check_inclusion()
            .map_err(|finding| Error::Damaged {
                findings: vec![finding],
            })?;
        Ok(receipt)
    }
}

/// The ranges of leaves whose roots are the inclusion proof of `index` in a tree of `size`, from the leaf up.
fn proof_ranges(index: u64, size: u64) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let half = largest_power_below(end - start);
        let middle = start + half;
        if index < middle {
            ranges.push(middle..end);
            end = middle;
        } else {
            ranges.push(start..middle);
            start = middle;
        }
    }
    ranges.reverse();
    ranges
}

/// The largest power of two below `count`, which is more than one.
const fn largest_power_below(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_split_as_rfc_6962_does() {
        assert_eq!(proof_ranges(0, 1), []);
        assert_eq!(proof_ranges(2, 3), [0..2]);
        assert_eq!(proof_ranges(5, 7), [4..5, 6..7, 0..4]);
        assert_eq!(proof_ranges(6, 7), [4..6, 0..4]);
    }
}
