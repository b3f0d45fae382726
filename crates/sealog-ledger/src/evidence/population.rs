//! What there is of each kind on each day: the table by which an auditor reconciles a package with other counts.

use std::collections::{BTreeMap, BTreeSet};

use sealog_core::json::{Object, Ref, Value};

use super::scope::count;

/// Counts over the entries that a query asks for.
#[derive(Debug, Default)]
pub(crate) struct Population {
    entries: u64,
    kinds: BTreeMap<(String, String), u64>,
    runs: BTreeSet<String>,
    gaps: Vec<u64>,
    first: Option<String>,
    last: Option<String>,
}

impl Population {
    /// Counts an entry of the log, in their order.
    pub(crate) fn add(&mut self, index: u64, entry: Ref<'_, '_>) {
        let text = |part: &str, name: &str| {
            let text = entry.member(part).and_then(|part| part.member(name));
            text.and_then(Ref::text).unwrap_or_default().into_owned()
        };
        let (kind, recorded) = (text("record", "kind"), text("log", "recorded_at"));
        let day = recorded.get(..10).unwrap_or_default().to_owned();
        if kind == "gap.declared" {
            self.gaps.push(index);
        }
        self.entries += 1;
        *self.kinds.entry((day, kind)).or_default() += 1;
        self.runs.insert(text("record", "producer_run"));
        if self.first.is_none() {
            self.first = Some(recorded.clone());
        }
        self.last = Some(recorded);
    }

    /// Entries so far.
    pub(crate) const fn entries(&self) -> u64 {
        self.entries
    }

    pub(crate) fn to_json(&self, disposed: u64) -> Value {
        let counts = self.kinds.iter().map(|((day, kind), number)| {
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
