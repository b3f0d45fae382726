//! Following the log: from the mark to what the ledger knows to exist.

use std::ops::ControlFlow;

use rusqlite::{Connection, TransactionBehavior};
use sealog_core::hash::Hash;
use sealog_store::{Place, Store};

use super::ahead::{self, Piece, Reading, What};
use super::database::{self, Database};
use super::fault::Fault;
use super::insert::{Inserter, Standing, Values};
use super::mark::Mark;
use super::row::Leaf;

/// Entries after which a transaction ends, at the next checkpoint line.
const BATCH_ENTRIES: u64 = 16_384;

/// Entries to follow from which on a second thread reads them.
const BESIDE_ENTRIES_MIN: u64 = 1_024;

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
        size: from.size,
        mark: from.clone(),
    };
    let head = course.head;
    let reading = if head.size - from.size < BESIDE_ENTRIES_MIN {
        Reading::Here
    } else {
        Reading::Beside
    };
    let enough = from.size + BATCH_ENTRIES;
    let mut take = |piece: Piece<'_>| batch.take(piece, course, enough);
    ahead::read(course.store, from.place, reading, &mut take)?;
    batch.inserter.finish()?;
    let mark = batch.mark;
    let whole = mark.size >= enough;
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
    /// Entries of the log so far.
    size: u64,
    /// After the last group that was added.
    mark: Mark,
}

impl Batch<'_> {
    /// Takes lines up to the head, or to the first checkpoint line after enough entries, where it breaks.
    fn take(
        &mut self,
        piece: Piece<'_>,
        course: &Course<'_>,
        enough: u64,
    ) -> Result<ControlFlow<()>, Fault> {
        if (course.stop)() {
            return Err(Fault::Stopped);
        }
        for line in piece {
            if line.place >= course.head.place {
                return Ok(ControlFlow::Break(()));
            }
            match line.what {
                What::Leaf(leaf) => self.leaf(&leaf, line.place, line.text.len())?,
                What::Neither => return Err(Fault::Changed(line.place)),
                What::Checkpoint => {
                    let end = line.place.after(line.text.len());
                    self.mark = Mark::after(self.size, end, line.text);
                    if self.size >= enough {
                        return Ok(ControlFlow::Break(()));
                    }
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn leaf(&mut self, leaf: &Leaf<'_>, place: Place, length: usize) -> Result<(), Fault> {
        let at = Standing {
            segment: place.segment(),
            offset: place.offset(),
            length,
        };
        let index = match leaf {
            Leaf::Entry(row) => {
                self.inserter.add(row, at)?;
                row.index
            }
            Leaf::Disposed(index, recorded) => {
                self.inserter.add_disposed(*index, *recorded, at)?;
                *index
            }
        };
        // The files must still say what the ledger read in them.
        if index != self.size {
            return Err(Fault::Changed(place));
        }
        self.size += 1;
        Ok(())
    }
}
