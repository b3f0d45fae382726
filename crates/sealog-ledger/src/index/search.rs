//! Searching and counting.

use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params_from_iter};
use sealog_core::json::Tape;
use sealog_core::time::Timestamp;
use sealog_store::{Place, Store};

use super::fault::Fault;
use super::insert::hashed;
use super::mark::read_exact;
use super::plan::Plan;
use super::query::{Order, Page, Query};
use super::row::{self, Leaf, Row};
use super::shared::Shared;
use crate::Error;
use crate::ids::Known;
use crate::read::Entry;

impl Shared {
    /// One page of the entries asked for.
    pub(super) fn search(&self, query: &Query) -> Result<Page, Error> {
        query.check()?;
        let (indexed_to, mut found) = self.ask(|connection, held| {
            let found = find(query, connection, held, query.limit.saturating_add(1))?;
            Ok((held, found))
        })?;
        let more = found.len() > query.limit;
        found.truncate(query.limit);
        let next = found.last().map(|known| known.index).filter(|_| more);
        let mut hits = Vec::with_capacity(found.len());
        let mut tape = Tape::new();
        for known in &found {
            match self.hit(query, known, &mut tape) {
                Ok(Some(entry)) => hits.push(entry),
                Ok(None) => {}
                Err(fault) => {
                    if fault.is_unfit() {
                        self.tell_unfit(&fault.to_string());
                    }
                    return Err(fault.into());
                }
            }
        }
        Ok(Page {
            hits,
            next,
            indexed_to,
            size: self.head().size,
        })
    }

    /// Reads an entry that the index found. `None` if it only hashes to what was asked for; what the index should
    /// not have found at all shows that somebody edited it.
    fn hit(&self, query: &Query, known: &Known, tape: &mut Tape) -> Result<Option<Entry>, Fault> {
        let line = read_line(&*self.store, known)?.ok_or_else(|| wrong(known.index))?;
        let Some(Leaf::Entry(row)) = row::read(&line, tape) else {
            return Err(wrong(known.index));
        };
        if row.index != known.index || !agrees(query, &row) {
            return Err(wrong(known.index));
        }
        for (column, asked, found) in [
            ("trace", &query.trace, row.trace),
            ("session", &query.session, row.session),
        ] {
            let Some(asked) = asked else { continue };
            if found != Some(asked) {
                let collides =
                    found.is_some_and(|found| hashed(column, found) == hashed(column, asked));
                return if collides {
                    Ok(None)
                } else {
                    Err(wrong(known.index))
                };
            }
        }
        let index = row.index;
        Ok(Some(Entry::new(index, line)))
    }

    /// How many entries match.
    pub(super) fn count(&self, query: &Query) -> Result<u64, Error> {
        query.check()?;
        Ok(self.ask(|connection, held| {
            let Some(plan) = Plan::of(query, connection, held)? else {
                return Ok(0);
            };
            let sql = format!("SELECT count(*) FROM entry WHERE {}", plan.condition);
            let mut statement = connection.prepare_cached(&sql)?;
            let mut ranges = plan.ranges(connection, query.order);
            let mut count = 0;
            while let Some(range) = ranges.next_range()? {
                let parameters = params_from_iter(plan.parameters(&range));
                let matching: u64 = statement.query_row(parameters, |row| row.get(0))?;
                count += matching;
            }
            Ok(count)
        })?)
    }

    /// Where an entry's line stands, read and compared: `None` if the index cannot tell.
    pub(super) fn line(&self, index: u64) -> Option<Vec<u8>> {
        let known = self.ask(|connection, _| {
            let sql = "SELECT idx,segment,offset,length FROM entry WHERE idx=?1";
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement.query_row([index], known).optional()?)
        });
        let known = known.ok().flatten()?;
        let line = read_line(&*self.store, &known).ok().flatten();
        let line = line.filter(|line| {
            let mut tape = Tape::new();
            match row::read(line, &mut tape) {
                Some(Leaf::Entry(row)) => row.index == index,
                Some(Leaf::Disposed(at, _)) => at == index,
                None => false,
            }
        });
        if line.is_none() {
            self.tell_unfit(&wrong(index).to_string());
        }
        line
    }

    /// The entries below `below` under a record id, each with its line. `None` if the index cannot tell.
    pub(crate) fn known_ids(
        &self,
        record_id: &[u8; 16],
        below: u64,
    ) -> Option<Vec<(Known, Vec<u8>)>> {
        let found = self.ask(|connection, held| {
            if held < below {
                return Ok(None);
            }
            let sql = "SELECT idx,segment,offset,length FROM entry WHERE record_id=?1 AND idx<?2";
            let mut statement = connection.prepare_cached(sql)?;
            let found = statement.query_map(rusqlite::params![record_id, below], known)?;
            Ok(Some(found.collect::<Result<Vec<Known>, _>>()?))
        });
        let mut lines = Vec::new();
        for known in found.ok().flatten()? {
            let line = read_line(&*self.store, &known).ok().flatten();
            let line = line.filter(|line| {
                let mut tape = Tape::new();
                matches!(row::read(line, &mut tape), Some(Leaf::Entry(row))
                    if row.index == known.index && row.record_id == *record_id)
            });
            let Some(line) = line else {
                self.tell_unfit(&wrong(known.index).to_string());
                return None;
            };
            lines.push((known, line));
        }
        Some(lines)
    }
}

impl Shared {
    /// When the newest entry below an index was recorded that was disposed of, if one was. An error if the index does
    /// not hold so many.
    pub(crate) fn disposed_until(&self, below: u64) -> Result<Option<Timestamp>, Error> {
        let found = self.ask(|connection, held| {
            if held < below {
                return Err(Fault::Busy);
            }
            let sql = "SELECT recorded FROM entry INDEXED BY entry_record WHERE record_id IS NULL \
                       AND idx<?1 ORDER BY idx DESC LIMIT 1";
            let mut statement = connection.prepare_cached(sql)?;
            let newest = statement.query_row([below], |row| row.get::<_, i64>(0));
            Ok(newest.optional()?)
        })?;
        Ok(found.and_then(row::from_micros))
    }
}

fn find(
    query: &Query,
    connection: &Connection,
    held: u64,
    most: usize,
) -> Result<Vec<Known>, Fault> {
    let mut found = Vec::new();
    let Some(plan) = Plan::of(query, connection, held)? else {
        return Ok(found);
    };
    let by = if plan.by_id {
        "INDEXED BY entry_record"
    } else {
        ""
    };
    let direction = match query.order {
        Order::NewestFirst => "DESC",
        Order::OldestFirst => "ASC",
    };
    let sql = format!(
        "SELECT idx,segment,offset,length FROM entry {by} WHERE {} ORDER BY idx {direction} LIMIT {most}",
        plan.condition
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut ranges = plan.ranges(connection, query.order);
    while let Some(range) = ranges.next_range()? {
        let parameters = params_from_iter(plan.parameters(&range));
        let mut rows = statement.query_map(parameters, known)?;
        while found.len() < most
            && let Some(row) = rows.next()
        {
            found.push(row?);
        }
        if found.len() >= most {
            break;
        }
    }
    Ok(found)
}

fn known(row: &SqlRow<'_>) -> rusqlite::Result<Known> {
    Ok(Known {
        index: row.get(0)?,
        place: Place::new(row.get(1)?, row.get(2)?),
        length: row.get(3)?,
    })
}

fn wrong(index: u64) -> Fault {
    Fault::Unfit(format!("entry {index} is not what it says of it"))
}

/// Whether an entry has every value asked for; traces and sessions apart, of which the index has hashes.
pub(super) fn agrees(query: &Query, row: &Row<'_>) -> bool {
    let same = |asked: &Option<String>, found: Option<&str>| match asked {
        Some(asked) => found == Some(asked),
        None => true,
    };
    let from = query.from_time.map(row::to_micros);
    let to = query.to_time.map(row::to_micros);
    let id = query.record_id.as_deref();
    same(&query.kind, Some(row.kind))
        && same(&query.stream, Some(row.stream))
        && same(&query.tenant, Some(row.tenant))
        && same(&query.system, row.system)
        && same(&query.model, row.model)
        && same(&query.label, row.label)
        && same(&query.action, row.action)
        && same(&query.config, row.config)
        && same(&query.producer, Some(row.producer))
        && same(&query.run, Some(row.run))
        && id.is_none_or(|id| row::uuid(id.as_bytes()) == Some(row.record_id))
        && from.is_none_or(|from| row.recorded >= from)
        && to.is_none_or(|to| row.recorded < to)
}

/// Reads a line whose place is said to be known; `None` if no whole line stands there. Only line ends are raw line
/// feeds, so that nothing inside a record can pass for a line.
fn read_line(store: &dyn Store, known: &Known) -> Result<Option<Vec<u8>>, Fault> {
    let length = usize::try_from(known.length).unwrap_or(usize::MAX);
    if length > sealog_core::limits::LINE_BYTES_MAX {
        return Ok(None);
    }
    let before = known.place.offset().min(1);
    let from = Place::new(known.place.segment(), known.place.offset() - before);
    let skip = usize::try_from(before).unwrap_or_default();
    let Some(mut bytes) = read_exact(store, from, skip + length + 1)? else {
        return Ok(None);
    };
    if bytes.pop() != Some(b'\n') {
        return Ok(None);
    }
    let line = bytes.split_off(skip);
    let whole = bytes.iter().all(|byte| *byte == b'\n') && !line.contains(&b'\n');
    Ok(whole.then_some(line))
}
