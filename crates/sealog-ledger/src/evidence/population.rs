//! What there is of each kind on each day: the table by which an auditor reconciles a package with other counts.

use std::collections::{BTreeMap, BTreeSet};

use sealog_core::json::{Object, Ref, Value};

use super::scope::count;

/// What of an entry is counted.
#[derive(Debug)]
pub(crate) struct Counted {
    kind: String,
    recorded: String,
    run: String,
}

impl Counted {
    pub(crate) fn of(entry: Ref<'_, '_>) -> Self {
        let text = |part: &str, name: &str| {
            let text = entry.member(part).and_then(|part| part.member(name));
            text.and_then(Ref::text).unwrap_or_default().into_owned()
        };
        Self {
            kind: text("record", "kind"),
            recorded: text("log", "recorded_at"),
            run: text("record", "producer_run"),
        }
    }
}

/// Counts over the entries that a query asks for.
#[derive(Debug, Default)]
pub(crate) struct Population {
    entries: u64,
    /// Day, kind and count of the last entries.
    row: ((String, String), u64),
    kinds: BTreeMap<(String, String), u64>,
    runs: BTreeSet<String>,
    gaps: Vec<u64>,
    first: Option<String>,
    last: Option<String>,
}

impl Population {
    /// Counts an entry of the log, in their order.
    pub(crate) fn add(&mut self, index: u64, entry: &Counted) {
        if entry.kind == "gap.declared" {
            self.gaps.push(index);
        }
        self.entries += 1;
        let day = entry.recorded.get(..10).unwrap_or_default();
        self.count(day, &entry.kind);
        if !self.runs.contains(&entry.run) {
            self.runs.insert(entry.run.clone());
        }
        if self.first.is_none() {
            self.first = Some(entry.recorded.clone());
        }
        let last = self.last.get_or_insert_default();
        last.clone_from(&entry.recorded);
    }

    /// Neighbours mostly are of one day and kind, so their count is taken to the table when it ends.
    fn count(&mut self, day: &str, kind: &str) {
        let ((last_day, last_kind), number) = &mut self.row;
        if last_day == day && last_kind == kind {
            *number += 1;
            return;
        }
        self.settle();
        self.row = ((day.into(), kind.into()), 1);
    }

    /// Takes the count that goes on to the table.
    fn settle(&mut self) {
        let (key, number) = std::mem::take(&mut self.row);
        if number > 0 {
            *self.kinds.entry(key).or_default() += number;
        }
    }

    /// Entries so far.
    pub(crate) const fn entries(&self) -> u64 {
        self.entries
    }

    pub(crate) fn to_json(&self, disposed: u64) -> Value {
        let mut kinds = self.kinds.clone();
        let (key, number) = &self.row;
        if *number > 0 {
            *kinds.entry(key.clone()).or_default() += number;
        }
        let counts = kinds.iter().map(|((day, kind), number)| {
            let mut json = Object::new();
            json.insert("count", count(*number));
            json.insert("day", day.as_str());
            json.insert("kind", kind.as_str());
            Value::Object(json)
        });
        let time = |time: &Option<String>| time.clone().map_or(Value::Null, Value::from);
        let runs = u64::try_from(self.runs.len()).unwrap_or(u64::MAX);
        let mut json = Object::new();
        json.insert("counts", Value::Array(counts.collect()));
        json.insert("disposed", count(disposed));
        json.insert("entries", count(self.entries));
        json.insert("first_recorded_at", time(&self.first));
        json.insert(
            "gaps",
            Value::Array(self.gaps.iter().map(|gap| count(*gap)).collect()),
        );
        json.insert("last_recorded_at", time(&self.last));
        json.insert("runs", count(runs));
        Value::Object(json)
    }
}
