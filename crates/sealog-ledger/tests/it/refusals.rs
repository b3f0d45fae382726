//! Append refuses whatever verification would refute, so that one bad producer cannot make an honest ledger fail.

use std::sync::Arc;

use sealog_core::json::Value;
use sealog_core::time::Timestamp;
use sealog_ledger::{Access, Clock, Creation, Draft, Ledger, Options};
use sealog_store::disk::sim::Random;

use crate::ground::{Ground, decision};
use crate::stand::Stand;

const LEDGERS: u64 = 6;
const RECORDS: u64 = 14;

/// A random record: right in about half of the cases, else wrong in one way.
fn any_draft(stand: &Stand, random: &mut Random) -> Draft {
    let score = [0.0, 0.25, 0.5, 0.75][random.index(4)];
    let (right, wrong) = if score < 0.5 {
        ("L002", "L001")
    } else {
        ("L001", "L002")
    };
    let mut draft = stand.decided(score, right);
    match random.below(20) {
        0 => draft = stand.decided(score, wrong),
        1 => {
            let never = format!("sha256:{}", "ab".repeat(32));
            draft.body.insert("config_digest", never);
        }
        2 => {
            draft.body.insert("unheard_of", "x");
        }
        3 => {
            draft.body.remove("decision_id");
        }
        4 => draft.kind = "epoch.sealed".into(),
        5 => draft.retention_class = Some("no identifier".into()),
        6 => {
            draft.body.insert("score", Value::Null);
        }
        7 => draft.producer_seq = Some(0),
        8 => draft.record_id = Some("018f0000-0000-4000-8000-000000000001".into()),
        9 => draft.kind = "nonsense".into(),
        10 => {
            draft.body.insert("model_id", "m2");
        }
        11 => {
            draft.body.insert("action", "perhaps");
        }
        12 => draft = decision("plain"),
        _ => {}
    }
    draft
}

#[test]
fn append_refuses_whatever_verification_would_refute_and_nothing_else_is_taken() {
    let (mut taken, mut refused) = (0, 0);
    for seed in 0..LEDGERS {
        let mut random = Random::new(seed);
        let stand = Stand::new();
        // So that number 0 of the run is taken.
        stand.producer.append(decision("first")).unwrap();
        for _ in 0..RECORDS {
            let draft = any_draft(&stand, &mut random);
            let record = stand.producer.prepare(draft.clone()).unwrap();
            match stand.producer.append(draft) {
                Ok(_) => taken += 1,
                Err(error) => {
                    refused += 1;
                    let report = stand.forced(&record);
                    assert_ne!(report.exit(), 0, "refused for {}, but holds", error.code());
                }
            }
        }
        let report = stand.verify(&stand.ground.path());
        assert_eq!(report.exit(), 0, "{:?}", report.findings());
    }
    assert!(
        taken > 20 && refused > 20,
        "{taken} taken, {refused} refused"
    );
}

/// A clock that says of itself what the format has no place for.
#[derive(Debug)]
struct OddClock(&'static str, Option<u64>);

impl Clock for OddClock {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH
    }

    fn source(&self) -> &'static str {
        self.0
    }

    fn uncertainty_ms(&self) -> Option<u64> {
        self.1
    }
}

/// What the log writes of whoever submits, and of its clock, comes from options: checked before a line is written.
#[test]
fn options_that_no_entry_could_hold_are_refused_before_anything_is_written() {
    let ground = Ground::new();
    let long = "p".repeat(201);
    let producer = |id: &str| Options {
        producer_id: id.into(),
        ..ground.options()
    };
    let clock = |source, uncertainty| Options {
        clock: Arc::new(OddClock(source, uncertainty)),
        ..ground.options()
    };
    let wrong = || {
        vec![
            producer("a b"),
            producer(""),
            producer(&long),
            producer("caf\u{e9}"),
            Options {
                producer_assurance: "somebody said so".into(),
                ..ground.options()
            },
            clock("", None),
            clock("system", Some(u64::MAX)),
        ]
    };
    for options in wrong() {
        let made = Ledger::create(&ground.path(), &Creation::default(), options);
        assert_eq!(made.unwrap_err().code(), "argument");
        assert!(!ground.path().exists(), "something was made");
    }
    drop(ground.create());
    let segment = ground.path().join("log/0000000000.jsonl");
    let before = std::fs::read(&segment).unwrap();
    for options in wrong() {
        let opened = Ledger::open(&ground.path(), options);
        assert_eq!(opened.unwrap_err().code(), "argument");
    }
    assert_eq!(std::fs::read(&segment).unwrap(), before);

    // Readers write nothing of it, and the longest name is one.
    let access = Access::Read;
    drop(
        Ledger::open(
            &ground.path(),
            Options {
                access,
                ..producer("a b")
            },
        )
        .unwrap(),
    );
    let ledger = Ledger::open(&ground.path(), producer(&long[1..])).unwrap();
    ledger.producer().unwrap().append(decision("d1")).unwrap();
}
