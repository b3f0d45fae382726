//! How a query is answered: which parts of the log can hold what is asked for, and what a row must say.

use std::ops::Range;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension};
use sealog_core::time::Timestamp;

use super::database::{BLOCK_ENTRIES, ERA_BLOCKS};
use super::fault::Fault;
use super::insert::{Field, find_value, hashed};
use super::query::{Order, Query};
use super::row::{to_micros, uuid};

/// A query in the index's own terms.
#[derive(Debug)]
pub(super) struct Plan {
    /// Indices that can match.
    pub(super) range: Range<u64>,
    /// SQL after `WHERE`; the first two parameters are the range that is looked at.
    pub(super) condition: String,
    /// The parameters after the range.
    parameters: Vec<Value>,
    /// Values that stand in every entry asked for, as postings have them.
    terms: Vec<i64>,
    /// Whether the id leads to the entry.
    pub(super) by_id: bool,
}

impl Plan {
    /// Over the first `held` entries. `None` if none can match: a value is asked for that stands nowhere.
    pub(super) fn of(
        query: &Query,
        connection: &Connection,
        held: u64,
    ) -> Result<Option<Self>, Fault> {
        let mut plan = Self {
            range: time_range(query, connection, held)?,
            // What was disposed of has no kind.
            condition: "idx>=?1 AND idx<?2 AND kind NOT NULL".into(),
            parameters: Vec::new(),
            terms: Vec::new(),
            by_id: false,
        };
        let values = [
            (Field::Kind, "kind", &query.kind),
            (Field::Stream, "stream", &query.stream),
            (Field::Tenant, "tenant", &query.tenant),
            (Field::System, "system", &query.system),
            (Field::Model, "model", &query.model),
            (Field::Label, "label", &query.label),
            (Field::Action, "action", &query.action),
            (Field::Config, "config", &query.config),
            (Field::Producer, "producer", &query.producer),
            (Field::Run, "run", &query.run),
        ];
        for (field, column, text) in values {
            let Some(text) = text else { continue };
            let Some(id) = find_value(connection, field, text)? else {
                return Ok(None);
            };
            plan.require(column, id);
        }
        for (column, text) in [("trace", &query.trace), ("session", &query.session)] {
            if let Some(text) = text {
                plan.require(column, hashed(column, text));
            }
        }
        if let Some(id) = query
            .record_id
            .as_deref()
            .and_then(|id| uuid(id.as_bytes()))
        {
            plan.parameters.push(Value::Blob(id.to_vec()));
            plan.add_condition("record_id");
            plan.by_id = true;
        }
        match (query.cursor, query.order) {
            (Some(cursor), Order::NewestFirst) => {
                plan.range.end = plan.range.end.min(cursor);
            }
            (Some(cursor), Order::OldestFirst) => {
                plan.range.start = plan.range.start.max(cursor.saturating_add(1));
            }
            (None, _) => {}
        }
        Ok(Some(plan).filter(|plan| !plan.range.is_empty()))
    }

    /// Requires a column to have the last parameter.
    fn add_condition(&mut self, column: &str) {
        let number = self.parameters.len() + 2;
        self.condition
            .extend([" AND ", column, "=?", &number.to_string()]);
    }

    fn require(&mut self, column: &str, value: i64) {
        self.parameters.push(Value::Integer(value));
        self.add_condition(column);
        self.terms.push(value);
    }

    /// The parameters for looking at a range.
    pub(super) fn parameters(&self, range: &Range<u64>) -> Vec<Value> {
        let bound = |index: u64| Value::Integer(i64::try_from(index).unwrap_or(i64::MAX));
        let mut all = vec![bound(range.start), bound(range.end)];
        all.extend(self.parameters.iter().cloned());
        all
    }

    /// The ranges in which all values asked for stand in the same blocks, in the order asked for.
    pub(super) fn ranges<'a>(&'a self, connection: &'a Connection, order: Order) -> Ranges<'a> {
        let era = BLOCK_ENTRIES * ERA_BLOCKS;
        let last = self.range.end.saturating_sub(1);
        Ranges {
            plan: self,
            connection,
            order,
            eras: self.range.start / era..last / era + 1,
            found: Vec::new(),
            whole: (self.by_id || self.terms.is_empty()).then(|| self.range.clone()),
            indexed: !self.by_id && !self.terms.is_empty(),
        }
    }
}

/// Ranges of a plan, found era by era.
#[derive(Debug)]
pub(super) struct Ranges<'a> {
    plan: &'a Plan,
    connection: &'a Connection,
    order: Order,
    eras: Range<u64>,
    /// Ranges of the era under way, the next one last.
    found: Vec<Range<u64>>,
    /// The only range, where no posting helps.
    whole: Option<Range<u64>>,
    indexed: bool,
}

impl Ranges<'_> {
    pub(super) fn next_range(&mut self) -> Result<Option<Range<u64>>, Fault> {
        if !self.indexed {
            return Ok(self.whole.take());
        }
        loop {
            if let Some(range) = self.found.pop() {
                return Ok(Some(range));
            }
            let era = match self.order {
                Order::OldestFirst => self.eras.next(),
                Order::NewestFirst => self.eras.next_back(),
            };
            let Some(era) = era else { return Ok(None) };
            self.look_in(era)?;
        }
    }

    fn look_in(&mut self, era: u64) -> Result<(), Fault> {
        let mut sql = String::new();
        let mut parameters = vec![Value::Integer(i64::try_from(era).unwrap_or(i64::MAX))];
        for term in &self.plan.terms {
            parameters.push(Value::Integer(*term));
            if !sql.is_empty() {
                sql += " INTERSECT ";
            }
            let number = parameters.len();
            sql.extend([
                "SELECT block FROM posting WHERE era=?1 AND value=?",
                &number.to_string(),
            ]);
        }
        sql += " ORDER BY block";
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(parameters))?;
        while let Some(row) = rows.next()? {
            let block: u64 = row.get(0)?;
            let start = block
                .saturating_mul(BLOCK_ENTRIES)
                .max(self.plan.range.start);
            let end = block
                .saturating_add(1)
                .saturating_mul(BLOCK_ENTRIES)
                .min(self.plan.range.end);
            match self.found.last_mut() {
                Some(last) if last.end == start => last.end = end,
                _ if start < end => self.found.push(start..end),
                _ => {}
            }
        }
        if self.order == Order::OldestFirst {
            self.found.reverse();
        }
        Ok(())
    }
}

/// The indices of the entries recorded in the time asked for: the log's own times never go back.
fn time_range(query: &Query, connection: &Connection, size: u64) -> Result<Range<u64>, Fault> {
    let first_at = |time: Option<Timestamp>, without| match time {
        Some(time) => first_recorded_at(to_micros(time), connection, size),
        None => Ok(without),
    };
    Ok(first_at(query.from_time, 0)?..first_at(query.to_time, size)?)
}

fn first_recorded_at(time: i64, connection: &Connection, size: u64) -> Result<u64, Fault> {
    let mut statement = connection.prepare_cached("SELECT recorded FROM entry WHERE idx=?1")?;
    let (mut low, mut high) = (0, size);
    while low < high {
        let middle = low + (high - low) / 2;
        let recorded: Option<i64> = statement.query_row([middle], |row| row.get(0)).optional()?;
        let recorded = recorded.ok_or_else(|| Fault::Unfit(format!("it lacks entry {middle}")))?;
        if recorded < time {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}
