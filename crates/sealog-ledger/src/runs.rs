//! Runs of producers and sealed epochs, as the log itself tells them: read from its entries, never from the index.

use std::collections::BTreeMap;

use sealog_core::entry::LOG_PRODUCER;
use sealog_core::json::Value;

use crate::error::Error;
use crate::ledger::Ledger;
use crate::read::Entry;

/// One run of a producer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunView {
    producer: String,
    run: String,
    received: u64,
    /// Ranges of numbers that arrived, first and last included, ascending and apart.
    arrived: Vec<(u64, u64)>,
    closed: Option<u64>,
    first_index: u64,
    last_index: u64,
}

impl RunView {
    fn new(producer: &str, run: &str, index: u64) -> Self {
        Self {
            producer: producer.into(),
            run: run.into(),
            received: 0,
            arrived: Vec::new(),
            closed: None,
            first_index: index,
            last_index: index,
        }
    }

    /// The producer.
    pub fn producer(&self) -> &str {
        &self.producer
    }

    /// The run.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// How many of its records the log holds.
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// The count of its closing record; none while it is open.
    pub const fn closed(&self) -> Option<u64> {
        self.closed
    }

    /// Index of its first record.
    pub const fn first_index(&self) -> u64 {
        self.first_index
    }

    /// Index of its last record.
    pub const fn last_index(&self) -> u64 {
        self.last_index
    }

    /// Ranges of numbers that did not arrive, first and last included: below the highest that did, and of a closed
    /// run below its count.
    pub fn holes(&self) -> Vec<(u64, u64)> {
        let mut holes = Vec::new();
        let mut next = 0;
        for &(first, last) in &self.arrived {
            if first > next {
                holes.push((next, first - 1));
            }
            next = last.saturating_add(1);
        }
        if let Some(count) = self.closed.filter(|count| *count > next) {
            holes.push((next, count - 1));
        }
        holes
    }

    /// How many numbers are in [`RunView::holes`].
    pub fn missing(&self) -> u64 {
        self.holes()
            .iter()
            .map(|(first, last)| last - first + 1)
            .sum()
    }

    fn take(&mut self, seq: u64, index: u64) {
        self.received += 1;
        self.last_index = index;
        let at = self.arrived.partition_point(|(first, _)| *first <= seq);
        let before = at
            .checked_sub(1)
            .and_then(|at| self.arrived.get(at))
            .copied();
        if before.is_some_and(|(_, last)| seq <= last) {
            return;
        }
        let after = self.arrived.get(at).copied();
        let joins_before = before.is_some_and(|(_, last)| last.checked_add(1) == Some(seq));
        let joins_after = after.is_some_and(|(first, _)| seq.checked_add(1) == Some(first));
        let first = before
            .filter(|_| joins_before)
            .map_or(seq, |(first, _)| first);
        let last = after.filter(|_| joins_after).map_or(seq, |(_, last)| last);
        let start = at - usize::from(joins_before);
        let end = at + usize::from(joins_after);
        self.arrived.splice(start..end, [(first, last)]);
    }
}

/// The runs of a log, and what could not be told of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunsView {
    runs: Vec<RunView>,
    disposed: u64,
}

impl RunsView {
    /// The runs, in the order of their first records.
    pub fn runs(&self) -> &[RunView] {
        &self.runs
    }

    /// Entries that were disposed of: their numbers are counted as missing here. Verification tells them apart.
    pub const fn disposed(&self) -> u64 {
        self.disposed
    }
}

/// An epoch that was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochView {
    /// Index of its entry, equal to the number of entries that its map covers.
    pub index: u64,
    /// Root of the state map, 64 lowercase hex digits.
    pub map_root: String,
    /// When it was sealed, by the log's clock.
    pub recorded_at: String,
}

impl Ledger {
    /// The runs of all producers but the log itself. Reads the whole log.
    pub fn producers(&self) -> Result<RunsView, Error> {
        let mut found: BTreeMap<(String, String), RunView> = BTreeMap::new();
        let mut view = RunsView::default();
        let mut next = 0;
        for entry in self.entries(0..u64::MAX)? {
            let entry = entry?;
            view.disposed += entry.index() - next;
            next = entry.index() + 1;
            take_entry(&mut found, &entry);
        }
        view.runs = found.into_values().collect();
        view.runs.sort_by_key(RunView::first_index);
        Ok(view)
    }

    /// Whether no entry came since the last epoch.
    pub fn is_sealed(&self) -> bool {
        // The epoch's own entry is the first that it does not cover.
        self.with_state(|state, _| state.last_epoch().is_some() && state.entries_since_epoch() <= 1)
    }

    /// The epochs, oldest first. Reads the whole log.
    pub fn epochs(&self) -> Result<Vec<EpochView>, Error> {
        let mut epochs = Vec::new();
        for entry in self.entries(0..u64::MAX)? {
            let entry = entry?;
            let value = entry.value();
            if text(&value, "record", "kind") != Some("epoch.sealed") {
                continue;
            }
            let body = value
                .member("record")
                .and_then(|record| record.member("body"));
            let root = body
                .and_then(|body| body.member("map_root"))
                .and_then(Value::as_str);
            epochs.push(EpochView {
                index: entry.index(),
                map_root: root.unwrap_or_default().into(),
                recorded_at: text(&value, "log", "recorded_at")
                    .unwrap_or_default()
                    .into(),
            });
        }
        Ok(epochs)
    }
}

fn text<'a>(entry: &'a Value, section: &str, name: &str) -> Option<&'a str> {
    entry.member(section)?.member(name)?.as_str()
}

fn take_entry(found: &mut BTreeMap<(String, String), RunView>, entry: &Entry) {
    let value = entry.value();
    let producer = text(&value, "log", "producer_id").unwrap_or_default();
    let run = text(&value, "record", "producer_run").unwrap_or_default();
    // The log's own records have a run of their own, outside of the producers'.
    if producer == LOG_PRODUCER {
        return;
    }
    let record = value.member("record");
    let member = |name: &str| record.and_then(|record| record.member(name));
    let Some(seq) = member("producer_seq").and_then(Value::as_u64) else {
        return;
    };
    let key = (producer.to_owned(), run.to_owned());
    let view = found
        .entry(key)
        .or_insert_with(|| RunView::new(producer, run, entry.index()));
    view.take(seq, entry.index());
    let body = member("body");
    let state = body
        .and_then(|body| body.member("state"))
        .and_then(Value::as_str);
    // A state record may be about another run; this run ends with one that is about itself.
    let about_other = body.is_some_and(|body| body.member("producer_run").is_some());
    if text(&value, "record", "kind") == Some("log.state")
        && state == Some("stopped")
        && !about_other
    {
        view.closed = body
            .and_then(|body| body.member("count"))
            .and_then(Value::as_u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seqs: &[u64]) -> RunView {
        let mut run = RunView::new("p", "r", 0);
        for (index, seq) in (0..).zip(seqs) {
            run.take(*seq, index);
        }
        run
    }

    #[test]
    fn holes_are_what_did_not_arrive_in_whatever_order_the_rest_did() {
        for (seqs, holes) in [
            (&[][..], &[][..]),
            (&[0, 1, 2], &[]),
            (&[2, 0, 1], &[]),
            (&[1], &[(0, 0)]),
            (&[0, 5, 3], &[(1, 2), (4, 4)]),
            (&[5, 3, 4, 0], &[(1, 2)]),
            (&[0, 0, 1, 1], &[]),
        ] {
            assert_eq!(run(seqs).holes(), holes, "{seqs:?}");
        }
    }

    #[test]
    fn a_closed_run_misses_what_its_count_names() {
        let mut run = run(&[0, 2]);
        run.closed = Some(5);
        assert_eq!(run.holes(), [(1, 1), (3, 4)]);
        assert_eq!((run.missing(), run.received()), (3, 2));
    }
}
