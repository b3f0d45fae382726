//! Appending, and what comes back.

use std::sync::{Arc, OnceLock};

use sealog_core::config::{Bands, digest_text};
use sealog_core::json::Value;
use sealog_core::time::Timestamp;
use sealog_core::tlog::vkey::VerifierKey;
use sealog_ledger::{Clock, ConfigSet, Creation, Error, Ledger, Options, Producer, SystemClock};

use crate::ground::{Ground, decision, scored};

#[test]
fn a_receipt_verifies_with_the_key_alone_and_survives_reopening() {
    let ground = Ground::new();
    let ledger = ground.create();
    let vkey = VerifierKey::parse(&ledger.vkey()).unwrap();
    let producer = ledger.producer().unwrap();
    let appended = producer.append(decision("d1")).unwrap();
    assert_eq!(appended.index(), 1);
    let receipt = appended.receipt().unwrap();
    let verified = receipt.verify(std::slice::from_ref(&vkey)).unwrap();
    assert_eq!(verified.index(), 1);
    ledger.close().unwrap();
    drop((appended, producer, ledger));
    let ledger = ground.open();
    assert_eq!(
        ledger.size(),
        2,
        "entry 0 and the decision: too few for an epoch at closing"
    );
    let later = ledger.receipt(1).unwrap();
    assert_eq!(later.entry(), receipt.entry());
    later.verify(&[vkey]).unwrap();
}

/// Open files that were removed take writes all the same: a receipt would be given for what is gone at closing.
#[cfg(unix)]
#[test]
fn nothing_is_acknowledged_where_the_log_was_removed() {
    let whole = |ground: &Ground| std::fs::remove_dir_all(ground.path());
    let segment =
        |ground: &Ground| std::fs::remove_file(ground.path().join("log/0000000000.jsonl"));
    for remove in [whole, segment] {
        let ground = Ground::new();
        let ledger = ground.create();
        let producer = ledger.producer().unwrap();
        producer.append(decision("d1")).unwrap();
        remove(&ground).unwrap();
        let refused = producer.append(decision("d2")).unwrap_err();
        assert_eq!(refused.code(), "not_a_ledger", "{refused}");
        assert!(refused.outcome_unknown().is_none());
    }
}

#[test]
fn many_threads_share_groups_and_each_gets_its_proof() {
    let ground = Ground::new();
    let ledger = ground.create();
    let vkey = [VerifierKey::parse(&ledger.vkey()).unwrap()];
    let producer = ledger.producer().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let (producer, vkey) = (&producer, &vkey);
            scope.spawn(move || {
                for n in 0..20 {
                    let appended = producer
                        .append(decision(&format!("d{thread}-{n}")))
                        .unwrap();
                    appended.receipt().unwrap().verify(vkey).unwrap();
                }
            });
        }
    });
    assert_eq!(ledger.size(), 321);
    let indices: Vec<u64> = ledger
        .entries(0..u64::MAX)
        .unwrap()
        .map(|e| e.unwrap().index())
        .collect();
    assert_eq!(indices, (0..321).collect::<Vec<_>>());
}

#[test]
fn two_handles_take_turns_on_one_log() {
    let ground = Ground::new();
    let (first, second) = (ground.create(), ground.open());
    let (a, b) = (first.producer().unwrap(), second.producer().unwrap());
    for n in 0..10 {
        assert_eq!(
            a.append(decision(&format!("a{n}"))).unwrap().index(),
            1 + 2 * n
        );
        assert_eq!(
            b.append(decision(&format!("b{n}"))).unwrap().index(),
            2 + 2 * n
        );
    }
}

#[test]
fn a_label_is_derived_and_another_one_is_refused() {
    let ground = Ground::new();
    let ledger = ground.create();
    for (id, name) in [("L001", "approve"), ("L002", "deny")] {
        ledger
            .add_label(Some(id), name, "ann", "first labels")
            .unwrap();
    }
    let set = ConfigSet {
        config_id: "threshold".into(),
        system_id: Some("credit".into()),
        tenant_id: None,
        model_id: None,
        bands: Some(Bands::threshold(0.5, "L002", "L001")),
        changed_by: "ann".into(),
        reason: "first".into(),
        approval_id: None,
        effective_at: None,
    };
    ledger.set_config(set).unwrap();
    let config = ledger.active_config("threshold").unwrap().unwrap();
    assert_eq!(
        ledger.derive_label(&config.digest, 0.5).unwrap().as_deref(),
        Some("L001")
    );
    let digest = digest_text(&config.digest);
    let producer = ledger.producer().unwrap();
    producer.append(scored("d1", &digest, 0.5, "L001")).unwrap();
    let refused = producer
        .append(scored("d2", &digest, 0.5, "L002"))
        .unwrap_err();
    assert_eq!(refused.code(), "label_not_derived");
    assert!(matches!(refused, Error::Rules { .. }));
}

#[test]
fn a_retry_gets_the_first_receipt_and_another_record_is_refused() {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    let mut draft = decision("d1");
    draft.record_id = Some("018f0000-0000-7000-8000-000000000001".into());
    let first = producer.append(draft.clone()).unwrap();
    let again = producer.append(draft.clone()).unwrap();
    assert!(again.is_repeat() && again.index() == first.index());
    assert_eq!(
        again.receipt().unwrap().entry(),
        first.receipt().unwrap().entry()
    );
    draft.body.insert("outcome", "other");
    assert_eq!(producer.append(draft).unwrap_err().code(), "id_taken");
}

#[test]
fn an_origin_that_is_known_already_and_a_directory_that_is_not_empty_are_refused() {
    let ground = Ground::new();
    let ledger = ground.create();
    let creation = Creation {
        origin: Some(ledger.origin().into()),
        ..Creation::default()
    };
    let twin = ground.path().with_file_name("twin.sealog");
    let refused = Ledger::create(&twin, &creation, ground.options()).unwrap_err();
    assert_eq!(refused.code(), "origin_taken");
    let full = ground.path().with_file_name("full.sealog");
    std::fs::create_dir(&full).unwrap();
    drop(Ledger::create(&full, &Creation::default(), ground.options()).unwrap());
    let refused = Ledger::create(&full, &Creation::default(), ground.options()).unwrap_err();
    assert_eq!(refused.code(), "exists");
}

/// Takes a number of the producer whenever it is asked for the time: another call that runs at once.
#[derive(Debug, Default)]
struct BusyClock(OnceLock<Producer>);

impl Clock for BusyClock {
    fn now(&self) -> Timestamp {
        self.0.get().map(Producer::number);
        SystemClock.now()
    }
}

#[test]
fn the_numbers_of_one_call_follow_each_other_whatever_other_calls_do() {
    let clock = Arc::new(BusyClock::default());
    let options = Options {
        clock: Arc::<BusyClock>::clone(&clock),
        ..Options::default()
    };
    let ledger = Ledger::memory(&Creation::default(), options).unwrap();
    let producer = ledger.producer().unwrap();
    clock.0.set(producer.clone()).unwrap();
    let mut drafts = vec![decision("d1"), decision("d2"), decision("d3")];
    drafts[1].producer_seq = Some(900);
    let appended = producer.append_many(drafts).unwrap();
    let numbers: Vec<u64> = appended
        .iter()
        .map(|one| Value::parse(one.entry_bytes().unwrap()).unwrap())
        .map(|entry| {
            let record = entry.member("record").unwrap();
            record.member("producer_seq").unwrap().as_u64().unwrap()
        })
        .collect();
    assert_eq!(numbers, [0, 900, 1]);
}
