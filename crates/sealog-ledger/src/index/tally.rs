//! Counting for [`Stats`]: two walks over the rows, the first for the range of the scores.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params_from_iter};
use sealog_core::time::Timestamp;

use super::fault::Fault;
use super::insert::{Field, find_value, unpack_checks};
use super::plan::Plan;
use super::query::Query;
use super::shared::Shared;
use super::stats::{CheckStats, GapStats, ScoreStats, Stats};
use crate::Error;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Counts by the numbers of values; their texts are looked up once, at the end.
#[derive(Debug, Default)]
struct Tally {
    entries: u64,
    decisions: u64,
    kinds: HashMap<i64, u64>,
    systems: HashMap<i64, u64>,
    tenants: HashMap<i64, u64>,
    days: HashMap<i64, u64>,
    models: HashMap<i64, u64>,
    labels: HashMap<i64, u64>,
    actions: HashMap<i64, u64>,
    checks: HashMap<i64, CheckStats>,
    scores: ScoreStats,
    gaps: GapStats,
}

/// The kinds that are counted further.
#[derive(Debug, Clone, Copy)]
struct Kinds {
    decision: Option<i64>,
    gap: Option<i64>,
}

impl Shared {
    /// Counts the entries that match; limit, cursor and order of the query mean nothing here.
    pub(super) fn stats(&self, query: &Query) -> Result<Stats, Error> {
        query.check()?;
        let query = Query {
            cursor: None,
            ..query.clone()
        };
        let mut stats = self.ask(|connection, held| count(&query, connection, held))?;
        stats.size = self.head().size;
        Ok(stats)
    }
}

fn count(query: &Query, connection: &Connection, held: u64) -> Result<Stats, Fault> {
    let kinds = Kinds {
        decision: find_value(connection, Field::Kind, "decision")?,
        gap: find_value(connection, Field::Kind, "gap.declared")?,
    };
    let mut tally = Tally::default();
    if let Some(plan) = Plan::of(query, connection, held)? {
        tally.scores = ScoreStats::for_range(score_range(&plan, connection, query)?);
        let sql = format!(
            "SELECT kind,system,tenant,recorded,model,label,action,score,checks,gap FROM entry WHERE {}",
            plan.condition
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut ranges = plan.ranges(connection, query.order);
        while let Some(range) = ranges.next_range()? {
            let mut rows = statement.query(params_from_iter(plan.parameters(&range)))?;
            while let Some(row) = rows.next()? {
                tally.add(row, kinds)?;
            }
        }
    }
    tally.into_stats(connection, held)
}

fn score_range(
    plan: &Plan,
    connection: &Connection,
    query: &Query,
) -> Result<Option<(f64, f64)>, Fault> {
    let sql = format!(
        "SELECT min(score),max(score) FROM entry WHERE {}",
        plan.condition
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut ranges = plan.ranges(connection, query.order);
    let mut all: Option<(f64, f64)> = None;
    while let Some(range) = ranges.next_range()? {
        let parameters = params_from_iter(plan.parameters(&range));
        let (low, high): (Option<f64>, Option<f64>) =
            statement.query_row(parameters, |row| Ok((row.get(0)?, row.get(1)?)))?;
        if let (Some(low), Some(high)) = (low, high) {
            let (lowest, highest) = all.unwrap_or((low, high));
            all = Some((lowest.min(low), highest.max(high)));
        }
    }
    Ok(all)
}

impl Tally {
    fn add(&mut self, row: &SqlRow<'_>, kinds: Kinds) -> Result<(), Fault> {
        let kind: i64 = row.get(0)?;
        self.entries += 1;
        *self.kinds.entry(kind).or_default() += 1;
        one_more(&mut self.systems, row.get(1)?);
        one_more(&mut self.tenants, row.get(2)?);
        let recorded: i64 = row.get(3)?;
        *self.days.entry(recorded.div_euclid(DAY)).or_default() += 1;
        if Some(kind) == kinds.gap {
            self.gaps.declared += 1;
            match row.get::<_, Option<u64>>(9)? {
                Some(calls) => self.gaps.calls = self.gaps.calls.saturating_add(calls),
                None => self.gaps.uncounted += 1,
            }
        }
        if Some(kind) != kinds.decision {
            return Ok(());
        }
        self.decisions += 1;
        one_more(&mut self.models, row.get(4)?);
        one_more(&mut self.labels, row.get(5)?);
        one_more(&mut self.actions, row.get(6)?);
        if let Some(score) = row.get(7)? {
            self.scores.add(score);
        }
        let packed = row
            .get_ref(8)?
            .as_blob_or_null()
            .map_err(rusqlite::Error::from)?;
        for (name, fired) in unpack_checks(packed.unwrap_or_default()) {
            let check = self.checks.entry(name).or_default();
            check.ran += 1;
            check.fired += u64::from(fired);
        }
        Ok(())
    }

    fn into_stats(self, connection: &Connection, indexed_to: u64) -> Result<Stats, Fault> {
        let named = |counts: HashMap<i64, u64>| -> Result<BTreeMap<String, u64>, Fault> {
            let counts = counts.into_iter();
            counts
                .map(|(id, count)| Ok((text_of(connection, id)?, count)))
                .collect()
        };
        let checks = self.checks.into_iter();
        let days = self.days.into_iter();
        Ok(Stats {
            entries: self.entries,
            by_kind: named(self.kinds)?,
            by_system: named(self.systems)?,
            by_tenant: named(self.tenants)?,
            by_day: days.map(|(day, count)| (date(day), count)).collect(),
            decisions: self.decisions,
            by_model: named(self.models)?,
            by_label: named(self.labels)?,
            by_action: named(self.actions)?,
            checks: checks
                .map(|(id, check)| Ok((text_of(connection, id)?, check)))
                .collect::<Result<_, Fault>>()?,
            scores: self.scores,
            gaps: self.gaps,
            indexed_to,
            size: indexed_to,
        })
    }
}

fn one_more(counts: &mut HashMap<i64, u64>, value: Option<i64>) {
    if let Some(value) = value {
        *counts.entry(value).or_default() += 1;
    }
}

fn text_of(connection: &Connection, id: i64) -> Result<String, Fault> {
    let mut statement = connection.prepare_cached("SELECT text FROM value WHERE id=?1")?;
    let text = statement.query_row([id], |row| row.get(0)).optional()?;
    text.ok_or_else(|| Fault::Unfit(format!("it lacks value {id}")))
}

/// A day since 1970 as `2026-11-21`.
fn date(day: i64) -> String {
    let time = Timestamp::from_unix(day.saturating_mul(86_400), 0).unwrap_or(Timestamp::EPOCH);
    let mut text = time.format_micros();
    text.truncate("2026-11-21".len());
    text
}
