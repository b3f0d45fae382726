//! Retries of records that the writer no longer remembers: only from inside can it be made to forget a few.

use sealog_core::json::Object;

use super::*;
use crate::draft::Draft;
use crate::ledger::Side;
use crate::options::{Creation, Options};

const ID: &str = "018f0000-0000-7000-8000-000000000001";

fn options(directory: &Path, index: IndexMode) -> Options {
    Options {
        state_dir: Some(directory.join("state")),
        config_dir: Some(directory.join("config")),
        index,
        ..Options::default()
    }
}

fn decision(record_id: Option<&str>, outcome: &str) -> Draft {
    let mut body = Object::new();
    body.insert("decision_id", "d1");
    body.insert("model_reason", "a test");
    body.insert("model_state", "unverified");
    body.insert("outcome", outcome);
    let mut draft = Draft::new("decision", body);
    draft.record_id = record_id.map(Into::into);
    draft
}

/// A ledger whose entry 1 has the id, and whose writer remembers none.
fn forgetful(directory: &Path, index: IndexMode) -> Ledger {
    let path = directory.join("log.sealog");
    let ledger = Ledger::create(&path, &Creation::default(), options(directory, index)).unwrap();
    let producer = ledger.producer().unwrap();
    producer.append(decision(Some(ID), "first")).unwrap();
    producer.append(decision(None, "other")).unwrap();
    forget(&ledger);
    ledger
}

fn forget(ledger: &Ledger) {
    let Side::Append(writer) = &ledger.0.side else {
        panic!("opened for reading");
    };
    let mut writer = lock(writer);
    let size = writer.state.size();
    writer.ids.forget_below(size);
    drop(writer);
    ledger.refresh().unwrap();
}

#[test]
fn a_retry_older_than_the_memory_is_compared_with_the_entry_that_the_index_names() {
    for mode in [IndexMode::Manual, IndexMode::Follow] {
        let directory = tempfile::tempdir().unwrap();
        let ledger = forgetful(directory.path(), mode);
        ledger.wait_for_index(Duration::from_secs(
            u64::from(mode == IndexMode::Follow) * 60,
        ));
        let producer = ledger.producer().unwrap();
        let again = producer.append(decision(Some(ID), "first")).unwrap();
        assert!(again.is_repeat() && again.index() == 1);
        let taken = producer.append(decision(Some(ID), "second")).unwrap_err();
        assert_eq!(taken.code(), "id_taken");
        let fresh = "018f0000-0000-7000-8000-000000000002";
        let fresh = producer.append(decision(Some(fresh), "first")).unwrap();
        assert!(!fresh.is_repeat());
    }
}

#[test]
fn without_an_index_an_own_id_is_refused_and_a_new_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = forgetful(directory.path(), IndexMode::Off);
    let producer = ledger.producer().unwrap();
    let refused = producer.append(decision(Some(ID), "first")).unwrap_err();
    assert_eq!(refused.code(), "id_unknowable");
    producer.append(decision(None, "first")).unwrap();
}

#[test]
fn while_the_index_is_made_anew_own_ids_are_refused_and_never_written_twice() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = forgetful(directory.path(), IndexMode::Manual);
    let producer = ledger.producer().unwrap();
    let search = || ledger.search(&Query::default()).unwrap();
    search();
    let file = directory.path().join("log.sealog/derived").join(FILE);
    for sql in [
        "UPDATE entry SET offset=(SELECT offset FROM entry WHERE idx=2) WHERE idx=1",
        "UPDATE entry SET length=7 WHERE idx=1",
        "UPDATE entry SET segment=1 WHERE idx=1",
        "UPDATE mark SET size=9",
        "UPDATE mark SET hash=zeroblob(32)",
        "DROP TABLE entry",
    ] {
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection.execute_batch(sql).unwrap();
        let refused = producer.append(decision(Some(ID), "first")).unwrap_err();
        assert_eq!(refused.code(), "id_unknowable", "{sql}");
        // The next call finds the index made anew.
        let again = producer.append(decision(Some(ID), "first")).unwrap();
        assert!(again.is_repeat() && again.index() == 1, "{sql}");
    }
}

#[test]
fn the_hash_of_a_trace_is_negative_and_differs_from_a_sessions() {
    let (trace, session) = (insert::hashed("trace", "a"), insert::hashed("session", "a"));
    assert!(trace < 0 && session < 0 && trace != session);
}
