//! Following the log: from the mark to what the ledger knows to exist.

use rusqlite::{Connection, TransactionBehavior};
use sealog_core::hash::Hash;
use sealog_core::json::Tape;
use sealog_store::{Place, Store};

use super::database::{self, Database};
use super::fault::Fault;
use super::insert::{Inserter, Standing, Values};
use super::mark::Mark;
use super::row::{self, Leaf};
use crate::chunk::{self, Chunks};

/// Entries after which a transaction ends, at the next checkpoint line.
const BATCH_ENTRIES: u64 = 16_384;

/// The end of the log as the ledger knows it: its groups up to there exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) size: u64,
    pub(crate) place: Place,
    /// SHA-256 of the newest checkpoint line.
    pub(crate) line_hash: Option<Hash>,
}

impl Head {
    /// Of an empty log.
    pub(crate) const START: Self = Self {
        size: 0,
        place: Place::START,
        line_hash: None,
    };
}

/// What is followed, and where to.
pub(super) struct Course<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) origin: &'a str,
    pub(super) head: Head,
    /// Whether to stop now.
    pub(super) stop: &'a dyn Fn() -> bool,
}

/// One connection that writes, and what it remembers between transactions.
#[derive(Debug)]
pub(super) struct Follower {
    database: Database,
    values: Values,
    /// The mark that this follower left; another one there means that somebody else wrote.
    left: Option<Mark>,
}

impl Follower {
    pub(super) fn new(database: Database) -> Self {
        Self {
            database,
            values: Values::default(),
            left: None,
        }
    }

    pub(super) const fn database(&self) -> &Database {
        &self.database
    }

    pub(super) fn into_database(self) -> Database {
        self.database
    }

    /// Adds one batch, in one transaction; returns the mark after it. Nobody else can write meanwhile: the mark is
    /// read inside the transaction.
    pub(super) fn batch(&mut self, course: &Course<'_>) -> Result<Mark, Fault> {
        let transaction = self
            .database
            .connection_mut()?
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mark = Mark::read(&transaction, course.origin)?;
        mark.check(course.origin, course.store)?;
        if mark.size >= course.head.size {
            return Ok(mark);
        }
        if self.left.take().as_ref() != Some(&mark) {
            self.values.forget();
        }
        let added = add(&transaction, &mut self.values, course, &mark);
        let done = added.and_then(|mut mark| {
            mark.write(&transaction, course.origin, course.store)?;
            transaction.commit()?;
            Ok(mark)
        });
        match done {
            Ok(mark) => {
                self.left = Some(mark.clone());
                Ok(mark)
            }
            Err(fault) => {
                self.values.forget();
                Err(fault)
            }
        }
    }

    /// Removes all rows.
    pub(super) fn clear(&mut self) -> Result<(), Fault> {
        self.values.forget();
        self.left = None;
        let transaction = self
            .database
            .connection_mut()?
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        database::clear(&transaction)?;
        Ok(transaction.commit()?)
    }
}

/// Adds the entries of whole groups from the mark on; the new mark stands after the last of them.
fn add(
    connection: &Connection,
    values: &mut Values,
    course: &Course<'_>,
    from: &Mark,
) -> Result<Mark, Fault> {
    let mut batch = Batch {
        inserter: Inserter::new(connection, values)?,
        tape: Tape::new(),
        size: from.size,
    };
    let head = course.head;
    let mark = batch.read(course, from)?;
    batch.inserter.finish()?;
    let whole = mark.size >= from.size + BATCH_ENTRIES;
    let at_head = mark.size == head.size && mark.place == head.place && mark.hash == head.line_hash;
    if whole || at_head {
        Ok(mark)
    } else {
        Err(Fault::Changed(head.place))
    }
}

/// One batch under way.
struct Batch<'a> {
    inserter: Inserter<'a>,
    tape: Tape,
    /// Entries of the log so far.
    size: u64,
}

impl Batch<'_> {
    /// Reads lines up to the head, or to the first checkpoint line after enough entries.
    fn read(&mut self, course: &Course<'_>, from: &Mark) -> Result<Mark, Fault> {
        let place = from.place;
        let mut chunks = Chunks::new(course.store, place.segment(), place.offset())?;
        let mut mark = from.clone();
        while let Some(chunk) = chunks.next_chunk()? {
            if (course.stop)() {
                return Err(Fault::Stopped);
            }
            for line in chunk::lines(&chunk.bytes) {
                let offset = chunk.offset + u64::try_from(line.start).unwrap_or(u64::MAX);
                let place = Place::new(chunk.segment, offset);
                if place >= course.head.place {
                    return Ok(mark);
                }
                if !line.text.starts_with(b"{\"checkpoint\":") {
                    self.leaf(line.text, place)?;
                    continue;
                }
                mark = Mark::after(self.size, place.after(line.text.len()), line.text);
                if self.size >= from.size + BATCH_ENTRIES {
                    return Ok(mark);
                }
            }
        }
        Ok(mark)
    }

    fn leaf(&mut self, line: &[u8], place: Place) -> Result<(), Fault> {
        let at = Standing {
            segment: place.segment(),
            offset: place.offset(),
            length: line.len(),
        };
        let index = match row::read(line, &mut self.tape) {
            Some(Leaf::Entry(row)) => {
                self.inserter.add(&row, at)?;
                row.index
            }
            Some(Leaf::Disposed(index, recorded)) => {
                self.inserter.add_disposed(index, recorded, at)?;
                index
            }
            None => return Err(Fault::Changed(place)),
        };
        // The files must still say what the ledger read in them.
        if index != self.size {
            return Err(Fault::Changed(place));
        }
        self.size += 1;
        Ok(())
    }
}
