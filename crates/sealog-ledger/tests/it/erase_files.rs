//! Payload files of persons who were erased: which go, which stay, and what a verifier says of those that are not
//! there.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use sealog_core::finding::Weight;
use sealog_core::json::Value;
use sealog_core::time::Timestamp;
use sealog_ledger::verify::Report;
use sealog_ledger::{
    Access, Clock, Creation, Draft, Erasure, ErasureSubject, Ledger, Options, Payload, SystemClock,
};

use crate::erase::{approval, keep, order, person};
use crate::ground::{Ground, decision};
use crate::privacy::{at, message, record, verify};

const FILE_BYTES: usize = 40_000;

/// A message with a payload that is too long to stand in its entry.
fn with_file(name: &str, filling: u8) -> Draft {
    let mut draft = message(name, "see the file");
    draft.payloads.push(Payload {
        name: "scan".into(),
        media_type: "image/png".into(),
        bytes: vec![filling; FILE_BYTES],
        key_id: None,
    });
    draft
}

/// The file of an entry's first payload.
fn file_of(ground: &Ground, ledger: &Ledger, index: u64) -> PathBuf {
    let record = record(ledger, index);
    let digest = at(&record, &["payloads", "0", "digest"]).unwrap();
    let name = digest.strip_prefix("sha256:").unwrap();
    ground.path().join("payloads").join(&name[..2]).join(name)
}

/// A ledger with one record, which has a file.
fn with_johns_file() -> (Ground, Ledger, PathBuf) {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    let index = producer.append(with_file("john", 1)).unwrap().index();
    let file = file_of(&ground, &ledger, index);
    (ground, ledger, file)
}

/// What refutes a report.
fn codes(report: &Report) -> Vec<&'static str> {
    let findings = report.findings().iter();
    let refutes = findings.filter(|finding| finding.weight() == Weight::Refutes);
    refutes.map(|finding| finding.code.id()).collect()
}

fn methods(ledger: &Ledger, done: &sealog_ledger::Erased) -> Vec<String> {
    let records = done.records.iter();
    let records = records.map(|appended| record(ledger, appended.index()));
    records
        .map(|record| at(&record, &["body", "method"]).unwrap().to_owned())
        .collect()
}

#[test]
fn files_of_the_erased_go_and_nobody_misses_them() {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    let add = |name: &str, filling| {
        let index = producer.append(with_file(name, filling)).unwrap().index();
        file_of(&ground, &ledger, index)
    };
    let (john, again, jane) = (add("john", 1), add("john", 2), add("jane", 3));
    let done = ledger.erase(&person("john")).unwrap();
    assert_eq!(done.payloads, 2);
    assert_eq!(
        methods(&ledger, &done),
        ["key_destroyed", "payload_deleted", "token_deleted"]
    );
    assert!(!john.exists() && !again.exists() && jane.exists());
    let report = verify(&ground, &ledger);
    assert_eq!(report.exit(), 0, "{:?}", report.findings());

    // Another's is missed as before, and so is one of whoever came back under the same name.
    let later = add("john", 4);
    for missing in [&jane, &later] {
        let bytes = fs::read(missing).unwrap();
        fs::remove_file(missing).unwrap();
        let report = verify(&ground, &ledger);
        assert_eq!(
            (report.exit(), codes(&report)),
            (1, vec!["payload_missing"])
        );
        fs::write(missing, bytes).unwrap();
    }
    assert_eq!(verify(&ground, &ledger).exit(), 0);
}

#[test]
fn an_erasure_explains_no_file_that_is_missing_after_it_or_has_other_bytes() {
    let (ground, ledger, file) = with_johns_file();
    let whole = fs::read(&file).unwrap();
    // Nothing says yet that anybody was erased.
    fs::remove_file(&file).unwrap();
    assert_eq!(codes(&verify(&ground, &ledger)), ["payload_missing"]);
    fs::write(&file, &whole).unwrap();
    ledger.erase(&person("john")).unwrap();
    // A copy that came back is what the entry says, or it is not.
    fs::write(&file, &whole).unwrap();
    assert_eq!(verify(&ground, &ledger).exit(), 0);
    fs::write(&file, [whole, vec![0]].concat()).unwrap();
    assert_eq!(codes(&verify(&ground, &ledger)), ["payload_mismatch"]);
}

#[test]
fn a_file_that_another_entry_names_stays() {
    let (ground, ledger, file) = with_johns_file();
    // Somebody records the sealed bytes as evidence of their own.
    let mut copy = decision("d");
    copy.payloads.push(Payload {
        name: "copy".into(),
        media_type: "application/octet-stream".into(),
        bytes: fs::read(&file).unwrap(),
        key_id: None,
    });
    ledger.producer().unwrap().append(copy).unwrap();
    let done = ledger.erase(&person("john")).unwrap();
    assert_eq!(done.payloads, 0);
    assert!(file.exists());
    assert_eq!(verify(&ground, &ledger).exit(), 0);
}

#[test]
fn a_file_whose_period_has_not_passed_stays_until_it_has() {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    keep(&ledger, "long");
    let mut kept = with_file("john", 1);
    kept.retention_class = Some("long".into());
    let kept = producer.append(kept).unwrap().index();
    let kept = file_of(&ground, &ledger, kept);
    let free = producer.append(with_file("john", 2)).unwrap().index();
    let free = file_of(&ground, &ledger, free);
    let scope = format!(
        "subject:{}",
        ledger.known_subject_ref(None, "john").unwrap().unwrap()
    );
    for (id, who) in [("a1", "ann"), ("a2", "bob")] {
        producer
            .append(approval(id, who, &scope, "approved"))
            .unwrap();
    }
    let order = Erasure {
        despite_retention: true,
        ..person("john")
    };
    let done = ledger.erase(&order).unwrap();
    assert_eq!(done.payloads, 1);
    assert!(kept.exists() && !free.exists());
    assert_eq!(verify(&ground, &ledger).exit(), 0);
}

#[test]
fn what_a_crash_left_of_the_files_goes_on_the_next_use() {
    let (ground, ledger, file) = with_johns_file();
    let bytes = fs::read(&file).unwrap();
    let done = ledger.erase(&person("john")).unwrap();
    let bodies = done.records.iter().map(|appended| {
        let record = record(&ledger, appended.index());
        record.member("body").unwrap().clone()
    });
    let drafts = Value::Array(bodies.collect()).to_canonical();
    let secrets = ledger.secrets().unwrap();
    ledger.close().unwrap();
    drop(ledger);
    // As if power had failed behind the record and before the file went.
    fs::write(&file, bytes).unwrap();
    let store = rusqlite::Connection::open(secrets.join("keys.sqlite")).unwrap();
    let drafts = String::from_utf8(drafts).unwrap();
    store
        .execute(
            "INSERT INTO pending(erasure_id,drafts) VALUES(?1,?2)",
            (&done.erasure_id, drafts),
        )
        .unwrap();
    store.execute("UPDATE meta SET mark=0", ()).unwrap();
    drop(store);
    let reading = Options {
        access: Access::Read,
        ..ground.options()
    };
    let reading = Ledger::open(&ground.path(), reading).unwrap();
    let pending = |ledger: &Ledger| ledger.key_store_facts().unwrap().unwrap().pending;
    assert_eq!(pending(&reading), 1);
    assert!(file.exists(), "whoever only reads changes nothing");
    let ledger = ground.open();
    let size = ledger.size();
    assert_eq!(ledger.known_subject_ref(None, "john").unwrap(), None);
    assert!(!file.exists());
    assert_eq!(ledger.size(), size, "the record stands already");
    assert_eq!(pending(&ledger), 0);
    ledger.close().unwrap();
    assert_eq!(verify(&ground, &ledger).exit(), 0);
}

#[test]
fn the_files_of_a_tenant_go_with_it_and_no_others() {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    let add = |tenant: &str, name: &str, filling| {
        let mut draft = with_file(name, filling);
        draft.tenant_id = Some(tenant.into());
        let index = producer.append(draft).unwrap().index();
        file_of(&ground, &ledger, index)
    };
    let gone = [add("acme", "john", 1), add("acme", "jane", 2)];
    let stays = add("globex", "john", 3);
    for (id, who) in [("a1", "ann"), ("a2", "bob")] {
        let draft = approval(id, who, "tenant:acme", "approved");
        producer.append(draft).unwrap();
    }
    let order = Erasure {
        tenant: Some("acme".into()),
        ..order(ErasureSubject::Tenant)
    };
    let done = ledger.erase(&order).unwrap();
    assert_eq!(done.payloads, 2);
    assert!(gone.iter().all(|file| !file.exists()));
    assert!(stays.exists());
    assert_eq!(verify(&ground, &ledger).exit(), 0);
    fs::remove_file(stays).unwrap();
    assert_eq!(codes(&verify(&ground, &ledger)), ["payload_missing"]);
}

/// A clock in whose next reading something happens.
struct Meanwhile {
    then: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl std::fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meanwhile")
    }
}

impl Clock for Meanwhile {
    fn now(&self) -> Timestamp {
        let then = self.then.lock().unwrap().take();
        if let Some(then) = then {
            then();
        }
        SystemClock.now()
    }
}

#[test]
fn of_two_erasures_at_once_one_says_that_there_is_nobody_any_more() {
    let ground = Ground::new();
    let clock = Arc::new(Meanwhile {
        then: Mutex::new(None),
    });
    let options = Options {
        clock: Arc::<Meanwhile>::clone(&clock),
        ..ground.options()
    };
    let ledger = Ledger::create(&ground.path(), &Creation::default(), options).unwrap();
    let producer = ledger.producer().unwrap();
    producer.append(message("john", "one")).unwrap();
    // The clock is read when the keys that are to go are known already.
    let other = ground.open();
    *clock.then.lock().unwrap() = Some(Box::new(move || {
        other.erase(&person("john")).unwrap();
        other.close().unwrap();
    }));
    let refused = ledger.erase(&person("john")).unwrap_err();
    assert_eq!(refused.code(), "unknown_subject");
    assert!(clock.then.lock().unwrap().is_none());
    ledger.refresh().unwrap();
    let kinds = (0..ledger.size()).map(|index| record(&ledger, index));
    let erasures = kinds.filter(|record| at(record, &["kind"]) == Some("erasure.executed"));
    assert_eq!(erasures.count(), 2, "of the other alone");
}

#[test]
fn a_record_that_was_made_before_its_person_was_erased_does_not_come_after_it() {
    let ground = Ground::new();
    let clock = Arc::new(Meanwhile {
        then: Mutex::new(None),
    });
    let options = Options {
        clock: Arc::<Meanwhile>::clone(&clock),
        ..ground.options()
    };
    let ledger = Ledger::create(&ground.path(), &Creation::default(), options).unwrap();
    let producer = ledger.producer().unwrap();
    producer.append(message("john", "one")).unwrap();
    let reference = ledger.known_subject_ref(None, "john").unwrap().unwrap();
    // The id is given, so the clock is read first when the record has its pseudonym and its key.
    let mut draft = message("john", "two");
    draft.record_id = Some(producer.new_record_id().unwrap());
    let other = ground.open();
    *clock.then.lock().unwrap() = Some(Box::new(move || {
        other.erase(&person("john")).unwrap();
        other.close().unwrap();
    }));
    let refused = producer.append(draft.clone()).unwrap_err();
    assert_eq!(refused.code(), "subject_erased");
    // Again it is a record about somebody new, and others were never in the way.
    let index = producer.append(draft).unwrap().index();
    let body = record(&ledger, index);
    assert_ne!(at(&body, &["body", "subject_ref"]), Some(&*reference));
    producer.append(message("jane", "three")).unwrap();
    ledger.close().unwrap();
    assert_eq!(verify(&ground, &ledger).exit(), 0);
}
