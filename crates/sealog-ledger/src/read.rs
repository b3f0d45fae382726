//! Reading entries, and receipts of entries that stand in the log already.

use std::ops::Range;

use sealog_core::entry::{Line, LineReader};
use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::json::Value;
use sealog_core::receipt::Receipt;
use sealog_core::tlog::tree;
use sealog_store::{Place, Store};

use crate::canopy::{self, Canopy, RUN};
use crate::chunk::{self, Chunk, Chunks};
use crate::error::Error;
use crate::ledger::Ledger;
use crate::queue::lock;

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
    Disposed { leaf: Hash, by: u64, class: String },
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
    /// Where the last line that was read begins, and where the next one does.
    last: (Place, Place),
}

impl<'a> Entries<'a> {
    /// From a place on, before the leaf of index `next`, up to the leaf before `end`.
    pub(crate) fn starting(
        store: &'a dyn Store,
        place: Place,
        next: u64,
        end: u64,
    ) -> Result<Self, Error> {
        Ok(Self {
            chunks: Chunks::new(store, place.segment(), place.offset())?,
            chunk: None,
            next,
            range: next..end,
            reader: LineReader::new(),
            last: (place, place),
        })
    }

    /// The same, reading in pieces of about so many bytes.
    pub(crate) fn in_pieces_of(mut self, bytes: u64) -> Self {
        self.chunks = self.chunks.in_pieces_of(bytes);
        self
    }

    /// The same, without the leaves before `start`.
    fn skipping_to(mut self, start: u64) -> Self {
        self.range.start = start;
        self
    }

    /// Where the last leaf's line begins.
    pub(crate) const fn place(&self) -> Place {
        self.last.0
    }

    /// Where the line after it begins.
    pub(crate) const fn end(&self) -> Place {
        self.last.1
    }

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
                        class: facts.retention_class,
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
                let offset = chunk.offset + u64::try_from(*at).unwrap_or(u64::MAX);
                let place = Place::new(chunk.segment, offset);
                *at += line.text.len() + usize::from(line.complete);
                if line.complete {
                    self.last = (place, place.after(line.text.len()));
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
        let end = range.end.min(self.size());
        Ok(Entries::starting(self.store(), Place::START, 0, end)?.skipping_to(range.start))
    }

    /// The entry of an index.
    pub fn entry(&self, index: u64) -> Result<Entry, Error> {
        self.refresh()?;
        if index < self.size()
            && let Some(bytes) = self.0.index.line(index)
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

    /// The receipt of an entry at the newest checkpoint. It is verified before it is handed out.
    pub fn receipt(&self, index: u64) -> Result<Receipt, Error> {
        let mut canopy = lock(&self.0.canopy);
        // Once more from the log alone, if what was derived from it led astray.
        match self.receipt_from(&mut canopy, index) {
            Err(Error::Damaged { .. } | Error::Rewritten) => {
                canopy.discard(self.store());
                self.receipt_from(&mut canopy, index)
            }
            done => done,
        }
    }

    fn receipt_from(&self, canopy: &mut Canopy, index: u64) -> Result<Receipt, Error> {
        let (size, note) = self.grow(canopy, &mut |_| ())?;
        if index >= size {
            return Err(Error::NoEntry { index, size });
        }
        let mut run = canopy.run(self.store(), index / RUN, size)?;
        let proof = canopy.prove(index, size, &run)?;
        let position = usize::try_from(index % RUN).unwrap_or(usize::MAX);
        if position >= run.leaves.len() {
            return Err(canopy::mismatch());
        }
        let bytes = match run.leaves.swap_remove(position) {
            Leaf::Entry(bytes) => bytes,
            Leaf::Disposed { by, .. } => return Err(Error::Disposed { index, by }),
        };
        let receipt = Receipt::new(index, bytes, proof, note);
        receipt
            .check_inclusion()
            .map_err(|finding| Error::Damaged {
                findings: vec![finding],
            })?;
        Ok(receipt)
    }

    /// Brings the canopy up to the newest checkpoint: its size and note.
    pub(crate) fn grow(
        &self,
        canopy: &mut Canopy,
        passed: &mut dyn FnMut(u64),
    ) -> Result<(u64, String), Error> {
        self.refresh_to_leave()?;
        let last = self.with_state(|state, _| state.last_checkpoint().cloned());
        let last = last.ok_or_else(|| Error::Damaged {
            findings: vec![Finding::new(Code::EmptyLedger)],
        })?;
        canopy.grow(self.store(), last.size, &last.root, passed)?;
        Ok((last.size, last.note))
    }
}
