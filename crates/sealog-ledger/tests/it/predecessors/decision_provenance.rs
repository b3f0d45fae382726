//! Weaknesses B1 to B11, of a decision log in a database file.

use std::sync::Arc;

use sealog_core::json::Value;
use sealog_core::time::Timestamp;
use sealog_core::tlog::sign::Ed25519Signer;
use sealog_core::tlog::vkey::KeyType;
use sealog_ledger::{Clock, Creation, Ledger, Options};

use crate::forge::copy;
use crate::ground::{Ground, decision};
use crate::stand::{ORIGIN, Stand};

#[test]
fn b1_an_edited_label_model_or_time_is_refuted() {
    let stand = Stand::new();
    stand.producer.append(stand.decided(0.75, "L001")).unwrap();
    stand.attacked(
        &[(
            "\"label_id\":\"L001\",\"label_source",
            "\"label_id\":\"L002\",\"label_source",
        )],
        "label_not_derived",
    );
    stand.attacked(
        &[("\"model_reason\":\"a test\"", "\"model_reason\":\"a tale\"")],
        "root_mismatch",
    );
    stand.attacked(
        &[("\"occurred_at\":\"20", "\"occurred_at\":\"19")],
        "root_mismatch",
    );
}

#[test]
fn b2_an_edited_threshold_history_is_refuted() {
    let stand = Stand::new();
    stand.attacked(
        &[
            ("\"from\":0.5", "\"from\":0.4"),
            ("\"to\":0.5", "\"to\":0.4"),
        ],
        "config_digest",
    );
}

#[test]
fn b3_a_log_of_which_all_rows_are_gone_is_no_success() {
    let stand = Stand::new();
    let empty = stand.ground.path().with_file_name("empty.sealog");
    copy(&stand.ground.path(), &empty);
    assert_eq!(stand.verify(&empty).exit(), 0);
    std::fs::write(empty.join("log/0000000000.jsonl"), "").unwrap();
    let report = stand.verify(&empty);
    assert_eq!((report.exit(), report.reason()), (2, "empty_ledger"));
}

#[test]
fn b3_a_log_of_which_the_last_rows_are_gone_is_refuted_by_what_was_kept() {
    let stand = Stand::new();
    for n in 0..15 {
        stand.producer.append(decision(&format!("d{n}"))).unwrap();
    }
    let cut = stand.ground.path().with_file_name("cut.sealog");
    copy(&stand.ground.path(), &cut);
    for n in 15..20 {
        stand.producer.append(decision(&format!("d{n}"))).unwrap();
    }
    let kept = stand.producer.ledger().checkpoint().unwrap();
    let report = stand.verify_against(&cut, kept.as_bytes());
    assert_eq!((report.exit(), report.reason()), (1, "against_shrunk"));
    let twin = stand.verify_against(&stand.ground.path(), kept.as_bytes());
    assert_eq!((twin.exit(), twin.reason()), (0, "holds"));
}

#[test]
fn b5_a_label_that_the_score_does_not_give_is_refused() {
    let stand = Stand::new();
    stand.producer.append(stand.decided(0.7, "L001")).unwrap();
    stand.refuses(&stand.decided(0.7, "L002"), "label_not_derived");
}

#[test]
fn b6_a_configuration_of_another_model_is_refused() {
    let stand = Stand::new();
    let mut other = stand.decided(0.7, "L001");
    other.body.insert("model_id", "m2");
    stand.refuses(&other, "config_other_model");
}

#[test]
fn b6_a_score_that_is_no_number_does_not_become_a_label() {
    let stand = Stand::new();
    let mut draft = stand.decided(0.7, "L002");
    draft.body.insert("score", Value::Null);
    stand.refuses(&draft, "score_missing");
}

#[test]
fn b7_the_score_is_in_the_log_and_an_edit_of_it_is_refuted() {
    let stand = Stand::new();
    stand.producer.append(stand.decided(0.75, "L001")).unwrap();
    stand.attacked(&[("\"score\":0.75", "\"score\":0.76")], "root_mismatch");
}

#[test]
fn b8_a_log_that_was_rebuilt_under_another_key_is_refuted() {
    let stand = Stand::new();
    stand.producer.append(decision("denied")).unwrap();
    assert_eq!(stand.verify(&stand.ground.path()).exit(), 0);
    let rebuilt = Ground::new();
    let own = Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[66; 32]).unwrap();
    let options = Options {
        signer: Some(Arc::new(own)),
        ..rebuilt.options()
    };
    let creation = Creation {
        origin: Some(ORIGIN.into()),
        ..Creation::default()
    };
    let ledger = Ledger::create(&rebuilt.path(), &creation, options).unwrap();
    ledger
        .producer()
        .unwrap()
        .append(decision("granted"))
        .unwrap();
    let report = stand.verify(&rebuilt.path());
    assert_eq!((report.exit(), report.reason()), (1, "key_not_pinned"));
}

/// A clock that steps back by a second each time it is read.
#[derive(Debug)]
struct StepsBack(std::sync::atomic::AtomicI64);

impl Clock for StepsBack {
    fn now(&self) -> Timestamp {
        let seconds = self.0.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
        Timestamp::from_unix(seconds, 0).unwrap()
    }
}

#[test]
fn b11_a_clock_that_steps_back_moves_no_entry_back() {
    let stand = Stand::new();
    let ground = Ground::new();
    let options = Options {
        clock: Arc::new(StepsBack(1_780_000_000.into())),
        signer: stand.options().signer,
        ..ground.options()
    };
    let creation = Creation {
        origin: Some(ORIGIN.into()),
        ..Creation::default()
    };
    let ledger = Ledger::create(&ground.path(), &creation, options).unwrap();
    let producer = ledger.producer().unwrap();
    let times: Vec<String> = (0..4)
        .map(|n| producer.append(decision(&format!("d{n}"))).unwrap())
        .map(|appended| {
            let entry = Value::parse(appended.entry_bytes().unwrap()).unwrap();
            let time = entry
                .member("log")
                .and_then(|log| log.member("recorded_at"));
            time.and_then(Value::as_str).unwrap().to_owned()
        })
        .collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(stand.verify(&ground.path()).exit(), 0);
    // Whoever writes an earlier time into the log is told from a clock that went wrong.
    stand.producer.append(decision("d")).unwrap();
    stand.attacked(
        &[("\"recorded_at\":\"20", "\"recorded_at\":\"19")],
        "time_decreases",
    );
}
