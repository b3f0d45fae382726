//! Measures how many entries a second the query index takes in: `cargo run --release --example index_speed [COUNT]`.
//!
//! The log is written first, so that nothing but following it is timed; then the index is built from nothing,
//! three times, and some questions are asked.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "an example for people"
)]

use std::time::Instant;

use sealog_core::json::{Number, Object, Value};
use sealog_ledger::{Creation, Draft, IndexMode, Ledger, Options, Query};

fn main() {
    let count: u64 = std::env::args()
        .nth(1)
        .map_or(300_000, |text| text.parse().unwrap());
    let ground = tempfile::tempdir().unwrap();
    let options = || Options {
        state_dir: Some(ground.path().join("state")),
        config_dir: Some(ground.path().join("config")),
        index: IndexMode::Manual,
        ..Options::default()
    };
    let path = ground.path().join("speed.sealog");
    let ledger = Ledger::create(&path, &Creation::default(), options()).unwrap();
    let producer = ledger.producer().unwrap();
    let mut written = 0;
    while written < count {
        let group = (written..count.min(written + 4_096)).map(decision);
        producer.append_many(group.collect()).unwrap();
        written = ledger.size() - 1;
    }
    let bytes: u64 = std::fs::read_dir(path.join("log"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    println!("{written} entries, {} bytes each", bytes / written);
    let index = path.join("derived").join("index.sqlite");
    drop((producer, ledger));
    for round in 1..=3 {
        if index.exists() {
            std::fs::remove_file(&index).unwrap();
        }
        let ledger = Ledger::open(&path, options()).unwrap();
        let (begun, cpu_before) = (Instant::now(), cpu_seconds());
        ledger.search(&Query::default()).unwrap();
        let rate = |seconds: f64| written as f64 / seconds;
        let wall = rate(begun.elapsed().as_secs_f64());
        let cpu = cpu_seconds()
            .zip(cpu_before)
            .map_or_else(String::new, |(after, before)| {
                format!(", {:.0} per second of CPU", rate(after - before))
            });
        println!("round {round}: {wall:.0} entries/s{cpu}");
        if round == 3 {
            ask(&ledger, written);
        }
        ledger.close().unwrap();
    }
    let size = std::fs::metadata(&index).unwrap().len();
    println!("index: {} bytes an entry", size / written);
}

/// CPU time of this thread, where the system tells it.
fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos: f64 = text.split(' ').next()?.parse().ok()?;
    Some(nanos / 1e9)
}

fn ask(ledger: &Ledger, written: u64) {
    let some = |text: String| Some(text);
    let questions = [
        ("newest page", Query::default()),
        (
            "one trace",
            Query {
                trace: some(format!("trace-{}", written / 8)),
                ..Query::default()
            },
        ),
        (
            "a rare action",
            Query {
                action: some("escalate".into()),
                ..Query::default()
            },
        ),
        (
            "two values",
            Query {
                model: some("model-1".into()),
                tenant: some("tenant-2".into()),
                ..Query::default()
            },
        ),
    ];
    for (what, query) in questions {
        let begun = Instant::now();
        let hits = ledger.search(&query).unwrap().hits().len();
        let searched = begun.elapsed();
        let begun = Instant::now();
        let count = ledger.count(&query).unwrap();
        let counted = begun.elapsed();
        println!("{what}: {hits} in {searched:?}; {count} counted in {counted:?}");
    }
}

/// A decision as a service writes it: about 1 KiB in the log, one trace for each four of them.
fn decision(number: u64) -> Draft {
    let mut body = Object::new();
    let action = if number.is_multiple_of(5_000) {
        "escalate"
    } else if number.is_multiple_of(9) {
        "reject"
    } else {
        "allow"
    };
    body.insert("action", action);
    let check = |name: &str, fired: bool| {
        let mut check = Object::new();
        check.insert("name", name);
        check.insert("fired", Value::Bool(fired));
        Value::Object(check)
    };
    let checks = vec![
        check("toxicity", number.is_multiple_of(50)),
        check("drift", number.is_multiple_of(7)),
    ];
    body.insert("checks", Value::Array(checks));
    body.insert("decision_id", format!("d{number}"));
    body.insert("model_id", format!("model-{}", number % 3));
    body.insert("model_reason", "hosted elsewhere");
    body.insert("model_state", "hosted");
    let score = Number::finite((number % 1_000) as f64 / 1_000.0).unwrap();
    body.insert("score", Value::Number(score));
    body.insert("session_id", format!("session-{}", number / 16));
    body.insert("trace_id", format!("trace-{}", number / 4));
    let mut draft = Draft::new("decision", body);
    draft.system_id = Some(format!("system-{}", number % 8));
    draft.tenant_id = Some(format!("tenant-{}", number % 4));
    draft
}
