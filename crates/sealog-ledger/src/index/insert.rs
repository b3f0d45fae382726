//! Adding rows: one batch, one transaction.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, params};
use sealog_core::hash::Hash;

use super::database::{BLOCK_ENTRIES, ERA_BLOCKS};
use super::fault::Fault;
use super::row::Row;

/// A field whose values are kept once each, under a small number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Field {
    Producer,
    Run,
    Kind,
    Stream,
    Tenant,
    System,
    Model,
    Label,
    Action,
    Config,
    /// Names of checks; not asked for.
    Check,
}

impl Field {
    /// As the file has it.
    pub(super) const fn number(self) -> i64 {
        match self {
            Self::Producer => 0,
            Self::Run => 1,
            Self::Kind => 2,
            Self::Stream => 3,
            Self::Tenant => 4,
            Self::System => 5,
            Self::Model => 6,
            Self::Label => 7,
            Self::Action => 8,
            Self::Config => 9,
            Self::Check => 10,
        }
    }

    const COUNT: usize = 11;
}

/// What traces and sessions are kept as: 63 bits of their hash, negative, so that it is never a value's number.
pub(super) fn hashed(what: &str, text: &str) -> i64 {
    let hash = Hash::of(&[what.as_bytes(), b"\0", text.as_bytes()]);
    let bytes = hash.as_bytes().first_chunk::<8>().copied();
    i64::from_be_bytes(bytes.unwrap_or_default()) | i64::MIN
}

/// Values kept in memory with their numbers; more are looked up in the file.
const REMEMBERED_MAX: usize = 65_536;

/// A value's number, and the block in which it was last seen by this transaction.
#[derive(Debug, Clone, Copy)]
struct Numbered {
    id: i64,
    block: Option<u64>,
}

/// Numbers of values. What it remembers is true only as long as nobody else writes: see [`Values::forget`].
#[derive(Debug, Default)]
pub(super) struct Values {
    known: [HashMap<Box<str>, Numbered>; Field::COUNT],
    /// The value of each field that came last: entries are much alike.
    last: [Option<(Box<str>, Numbered)>; Field::COUNT],
    count: usize,
    next: i64,
}

impl Values {
    /// Forgets all: another process wrote, or a transaction was rolled back.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// The number of a value, which is written if it is new, and whether the block is new for it.
    fn number(
        &mut self,
        connection: &Connection,
        field: Field,
        text: &str,
        block: u64,
    ) -> Result<(i64, bool), Fault> {
        let at = usize::try_from(field.number()).unwrap_or_default();
        let (Some(last), Some(known)) = (self.last.get_mut(at), self.known.get_mut(at)) else {
            return Err(Fault::Unfit("a field without a number".into()));
        };
        if let Some((value, numbered)) = last
            && **value == *text
        {
            let fresh = numbered.block.replace(block) != Some(block);
            return Ok((numbered.id, fresh));
        }
        if let Some((value, numbered)) = last.take() {
            known.insert(value, numbered);
        }
        if let Some((value, mut numbered)) = known.remove_entry(text) {
            let fresh = numbered.block.replace(block) != Some(block);
            *last = Some((value, numbered));
            return Ok((numbered.id, fresh));
        }
        let id = match find_value(connection, field, text)? {
            Some(id) => id,
            None => Self::add(&mut self.next, connection, field, text)?,
        };
        let block = Some(block);
        *last = Some((text.into(), Numbered { id, block }));
        self.count += 1;
        if self.count > REMEMBERED_MAX {
            self.known = Default::default();
            self.count = 0;
        }
        Ok((id, true))
    }

    fn add(
        next: &mut i64,
        connection: &Connection,
        field: Field,
        text: &str,
    ) -> Result<i64, Fault> {
        if *next == 0 {
            let sql = "SELECT coalesce(max(id),0) FROM value";
            *next = connection.query_row(sql, [], |row| row.get(0))?;
        }
        *next = next.saturating_add(1).max(1);
        let sql = "INSERT INTO value VALUES(?1,?2,?3)";
        connection
            .prepare_cached(sql)?
            .execute(params![*next, field.number(), text])?;
        Ok(*next)
    }
}

/// The number of a value, if it stands in any entry.
pub(super) fn find_value(
    connection: &Connection,
    field: Field,
    text: &str,
) -> Result<Option<i64>, Fault> {
    let sql = "SELECT id FROM value WHERE field=?1 AND text=?2";
    let mut statement = connection.prepare_cached(sql)?;
    let id = statement
        .query_row(params![field.number(), text], |row| row.get(0))
        .optional()?;
    Ok(id)
}

/// Where a line stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub(super) segment: u64,
    pub(super) offset: u64,
    pub(super) length: usize,
}

/// Adds rows inside a transaction.
pub(super) struct Inserter<'a> {
    connection: &'a Connection,
    values: &'a mut Values,
    entry: rusqlite::CachedStatement<'a>,
    /// Pairs of value and block not yet written.
    postings: Vec<(i64, u64)>,
    /// Traces and sessions of the block that is being filled.
    hashes: HashSet<i64>,
    block: u64,
    checks: Vec<u8>,
}

impl<'a> Inserter<'a> {
    pub(super) fn new(connection: &'a Connection, values: &'a mut Values) -> Result<Self, Fault> {
        let sql = "INSERT INTO entry VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,\
                   ?17,?18,?19,?20,?21)";
        Ok(Self {
            connection,
            values,
            entry: connection.prepare_cached(sql)?,
            postings: Vec::new(),
            hashes: HashSet::new(),
            block: 0,
            checks: Vec::new(),
        })
    }

    pub(super) fn add(&mut self, row: &Row<'_>, at: Standing) -> Result<(), Fault> {
        let block = row.index / BLOCK_ENTRIES;
        if block != self.block {
            self.hashes.clear();
            self.block = block;
        }
        self.pack_checks(row)?;
        let producer = self.value(Field::Producer, row.producer)?;
        let run = self.value(Field::Run, row.run)?;
        let kind = self.value(Field::Kind, row.kind)?;
        let stream = self.value(Field::Stream, row.stream)?;
        let tenant = self.value(Field::Tenant, row.tenant)?;
        let system = self.optional(Field::System, row.system)?;
        let model = self.optional(Field::Model, row.model)?;
        let label = self.optional(Field::Label, row.label)?;
        let action = self.optional(Field::Action, row.action)?;
        let config = self.optional(Field::Config, row.config)?;
        let trace = self.hash("trace", row.trace);
        let session = self.hash("session", row.session);
        self.entry.execute(params![
            row.index,
            at.segment,
            at.offset,
            at.length,
            row.record_id,
            producer,
            run,
            kind,
            stream,
            tenant,
            system,
            row.recorded,
            model,
            label,
            action,
            config,
            row.score,
            trace,
            session,
            (!self.checks.is_empty()).then_some(&self.checks),
            row.gap,
        ])?;
        Ok(())
    }

    /// An entry that was disposed of has a place, so that it is not taken for absent, and nothing else.
    pub(super) fn add_disposed(
        &mut self,
        index: u64,
        recorded: i64,
        at: Standing,
    ) -> Result<(), Fault> {
        let sql = "INSERT INTO entry(idx,segment,offset,length,recorded) VALUES(?1,?2,?3,?4,?5)";
        self.connection
            .prepare_cached(sql)?
            .execute(params![index, at.segment, at.offset, at.length, recorded])?;
        Ok(())
    }

    fn optional(&mut self, field: Field, text: Option<&str>) -> Result<Option<i64>, Fault> {
        text.map(|text| self.value(field, text)).transpose()
    }

    fn value(&mut self, field: Field, text: &str) -> Result<i64, Fault> {
        let (id, fresh) = self
            .values
            .number(self.connection, field, text, self.block)?;
        if fresh {
            self.postings.push((id, self.block));
        }
        Ok(id)
    }

    fn hash(&mut self, what: &str, text: Option<&str>) -> Option<i64> {
        let hash = hashed(what, text?);
        if self.hashes.insert(hash) {
            self.postings.push((hash, self.block));
        }
        Some(hash)
    }

    /// Eight bytes for each check, little-endian: twice the number of its name, and 1 if it fired.
    fn pack_checks(&mut self, row: &Row<'_>) -> Result<(), Fault> {
        self.checks.clear();
        for (name, fired) in &row.checks {
            let (id, _) = self
                .values
                .number(self.connection, Field::Check, name, self.block)?;
            let packed = id.saturating_mul(2) | i64::from(*fired);
            self.checks.extend(packed.to_le_bytes());
        }
        Ok(())
    }

    /// Writes the postings, in the order of the table: pages are touched once.
    pub(super) fn finish(&mut self) -> Result<(), Fault> {
        self.postings
            .sort_unstable_by_key(|(value, block)| (block / ERA_BLOCKS, *value, *block));
        let sql = "INSERT OR IGNORE INTO posting VALUES(?1,?2,?3)";
        let mut posting = self.connection.prepare_cached(sql)?;
        for (value, block) in &self.postings {
            posting.execute(params![block / ERA_BLOCKS, value, block])?;
        }
        Ok(())
    }
}

/// What [`Inserter`] packed of an entry's checks: the numbers of their names, and whether they fired.
pub(super) fn unpack_checks(packed: &[u8]) -> impl Iterator<Item = (i64, bool)> {
    packed.chunks_exact(8).filter_map(|bytes| {
        let packed = i64::from_le_bytes(bytes.try_into().ok()?);
        Some((packed >> 1, packed & 1 == 1))
    })
}
