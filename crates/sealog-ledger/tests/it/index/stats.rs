//! Statistics against counts by a walk over the log.

use std::collections::BTreeMap;

use sealog_core::json::{Object, Value};
use sealog_ledger::{Draft, Query, Stats};

use super::{create, fill, member, some, walk};
use crate::ground::{Ground, decision};

/// How many entries have each value.
fn counted(entries: &[Value], path: &[&str]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for entry in entries {
        if let Some(text) = member(entry, path) {
            *counts.entry(text.to_owned()).or_default() += 1;
        }
    }
    counts
}

#[test]
fn stats_are_what_a_walk_over_the_log_counts() {
    let ground = Ground::new();
    let ledger = create(&ground);
    let producer = ledger.producer().unwrap();
    fill(&producer, 1_200);
    // A score that was no number, and gaps with and without a count.
    let mut failed = decision("failed");
    failed.body.insert("score", Value::Null);
    failed.body.insert("error", "not a number");
    failed.body.insert("action", "escalate");
    producer.append(failed).unwrap();
    producer.gap(10_000, 10_004, "queue_full").unwrap();
    let mut gap = Object::new();
    gap.insert("cause", "unknown");
    gap.insert("declared_by", "somebody");
    producer.append(Draft::new("gap.declared", gap)).unwrap();
    let log = walk(&ledger);
    let all = |_: &Value| true;
    let check = |query: &Query, matches: &dyn Fn(&Value) -> bool, gaps| {
        let stats = ledger.stats(query).unwrap();
        let matching: Vec<Value> = log.iter().filter(|e| matches(e)).cloned().collect();
        assert_entries(&stats, &matching);
        assert_decisions(&stats, &matching);
        let found = stats.gaps();
        assert_eq!((found.declared(), found.calls(), found.uncounted()), gaps);
        let json = stats.to_json();
        let entries = json.member("entries").and_then(Value::as_u64);
        assert_eq!(entries, Some(stats.entries()));
        assert_eq!(Value::parse(&json.to_canonical()).unwrap(), json);
    };
    check(&Query::default(), &all, (2, 5, 1));
    // Limit and cursor mean nothing here.
    let system = Query {
        system: some("system-1"),
        limit: 1,
        cursor: Some(3),
        ..Query::default()
    };
    let of_system = |entry: &Value| member(entry, &["record", "system_id"]) == Some("system-1");
    check(&system, &of_system, (0, 0, 0));
    let kind = Query {
        kind: some("gap.declared"),
        ..Query::default()
    };
    let gap = |entry: &Value| member(entry, &["record", "kind"]) == Some("gap.declared");
    check(&kind, &gap, (2, 5, 1));
    let nowhere = Query {
        model: some("nowhere"),
        ..Query::default()
    };
    check(&nowhere, &|_| false, (0, 0, 0));
}

fn assert_entries(stats: &Stats, entries: &[Value]) {
    assert_eq!(stats.entries(), entries.len() as u64);
    let by = |name| counted(entries, &["record", name]);
    assert_eq!(*stats.by_kind(), by("kind"));
    assert_eq!(*stats.by_system(), by("system_id"));
    assert_eq!(*stats.by_tenant(), by("tenant_id"));
    let mut days = BTreeMap::<String, u64>::new();
    for entry in entries {
        let day = &member(entry, &["log", "recorded_at"]).unwrap()[..10];
        *days.entry(day.to_owned()).or_default() += 1;
    }
    assert_eq!(*stats.by_day(), days);
}

fn assert_decisions(stats: &Stats, entries: &[Value]) {
    let decision = |entry: &&Value| member(entry, &["record", "kind"]) == Some("decision");
    let decisions: Vec<Value> = entries.iter().filter(decision).cloned().collect();
    assert_eq!(stats.decisions(), decisions.len() as u64);
    let by = |name| counted(&decisions, &["record", "body", name]);
    assert_eq!(*stats.by_model(), by("model_id"));
    assert_eq!(*stats.by_label(), by("label_id"));
    assert_eq!(*stats.by_action(), by("action"));
    let actions = by("action");
    let acted: u64 = actions.values().sum();
    let rate = |action: &str| {
        (acted > 0).then(|| actions.get(action).copied().unwrap_or(0) as f64 / acted as f64)
    };
    assert_eq!(stats.reject_rate(), rate("reject"));
    assert_eq!(stats.allow_rate(), rate("allow"));
    let body = |entry: &Value| entry.member("record")?.member("body").cloned();
    let bodies: Vec<Value> = decisions.iter().filter_map(body).collect();
    assert_scores(stats, &bodies);
    assert_checks(stats, &bodies);
}

fn assert_scores(stats: &Stats, bodies: &[Value]) {
    let score = |body: &Value| body.member("score").and_then(Value::as_f64);
    let scores: Vec<f64> = bodies.iter().filter_map(score).collect();
    assert_eq!(stats.scores().scored(), scores.len() as u64);
    let bins = stats.scores().bins();
    assert_eq!(bins.len(), if scores.is_empty() { 0 } else { 10 });
    for bin in bins {
        let last = bin.to() >= 1.0;
        let within = |s: &&f64| **s >= bin.from() && (**s < bin.to() || last && **s <= 1.0);
        assert_eq!(bin.count(), scores.iter().filter(within).count() as u64);
    }
}

fn assert_checks(stats: &Stats, bodies: &[Value]) {
    let mut expected = BTreeMap::<String, (u64, u64)>::new();
    for list in bodies.iter().filter_map(|body| body.member("checks")) {
        let Value::Array(list) = list else {
            panic!("checks are a list");
        };
        for check in list {
            let name = member(check, &["name"]).unwrap();
            let counts = expected.entry(name.to_owned()).or_default();
            counts.0 += 1;
            counts.1 += u64::from(check.member("fired").unwrap().as_bool().unwrap());
        }
    }
    let found = stats.checks().iter();
    let found: BTreeMap<String, (u64, u64)> = found
        .map(|(name, check)| (name.clone(), (check.ran(), check.fired())))
        .collect();
    assert_eq!(found, expected);
}
