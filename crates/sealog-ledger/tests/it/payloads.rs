//! Files of evidence that no entry names, and entries whose file is not there.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use sealog_core::hash::Hash;
use sealog_core::tlog::vkey::VerifierKey;
use sealog_ledger::verify::{ORPHAN_AGE_MIN, Report, Request, verify_ledger};
use sealog_ledger::{Draft, Ledger, Payload};

use crate::ground::{Ground, decision};

fn with_payload(id: &str, fill: u8) -> Draft {
    let mut draft = decision(id);
    draft.payloads = vec![Payload {
        name: "letter".into(),
        media_type: "text/plain".into(),
        bytes: vec![fill; 40_000],
        key_id: None,
    }];
    draft
}

fn file_of(ground: &Ground, fill: u8) -> PathBuf {
    let name = Hash::of(&[&vec![fill; 40_000]]).to_hex();
    ground.path().join("payloads").join(&name[..2]).join(name)
}

fn age(path: &PathBuf, age: Duration) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - age).unwrap();
}

fn verify(ground: &Ground, ledger: &Ledger) -> Report {
    let request = Request {
        keys: vec![VerifierKey::parse(&ledger.vkey()).unwrap()],
        ..Request::default()
    };
    verify_ledger(&ground.path(), &request, &mut |_| ())
}

fn orphans(report: &Report) -> u64 {
    report.counts().get("payload_orphan").copied().unwrap_or(0)
}

#[test]
fn an_old_payload_file_that_no_entry_names_is_noted_and_refutes_nothing() {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    producer.append(with_payload("d0", 1)).unwrap();
    // Its file is written, and its record is never appended.
    producer.prepare(with_payload("d1", 2)).unwrap();
    let (named, orphan) = (file_of(&ground, 1), file_of(&ground, 2));
    let older = ORPHAN_AGE_MIN + Duration::from_mins(1);
    age(&named, older);
    let report = verify(&ground, &ledger);
    assert_eq!((report.exit(), orphans(&report)), (0, 0), "still young");
    age(&orphan, Duration::from_mins(59));
    assert_eq!(orphans(&verify(&ground, &ledger)), 0, "still young");
    age(&orphan, older);
    let report = verify(&ground, &ledger);
    assert_eq!((report.exit(), report.reason()), (0, "holds"));
    assert_eq!(orphans(&report), 1);
    let code = sealog_core::finding::Code::PayloadOrphan;
    let mut found = report.findings().iter();
    let finding = found.find(|finding| finding.code == code).unwrap();
    let name = orphan.file_name().unwrap().to_str();
    assert_eq!(finding.found.as_deref(), name);
    // Once an entry names it, it is none.
    producer.append(with_payload("d2", 2)).unwrap();
    assert_eq!(orphans(&verify(&ground, &ledger)), 0);
}

#[test]
fn of_a_log_that_does_not_hold_nobody_knows_what_its_entries_name() {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    producer.append(with_payload("d0", 1)).unwrap();
    age(&file_of(&ground, 1), 2 * ORPHAN_AGE_MIN);
    let segment = ground.path().join("log/0000000000.jsonl");
    let text = fs::read_to_string(&segment).unwrap();
    // The entry is there and cannot be read any more.
    fs::write(&segment, text.replace("\"letter\"", "\"letter")).unwrap();
    let report = verify(&ground, &ledger);
    assert_ne!(report.exit(), 0);
    assert_eq!(orphans(&report), 0, "{:?}", report.counts());
}

#[test]
fn a_record_whose_payload_file_is_gone_is_refused_not_appended() {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    let actor = sealog_ledger::keys::ephemeral("agent.example/a1", &sealog_ledger::SystemRandom);
    let actor = actor.unwrap();
    let vkey = actor.verifier_key().to_string();
    ledger.trust_actor_key("a1", &vkey, None).unwrap();
    let record = producer.prepare(with_payload("d0", 1)).unwrap();
    let message = sealog_core::entry::record_signature_message(ledger.origin(), &record);
    let signature = sealog_ledger::RecordSignature {
        key_id: "a1".into(),
        value: actor.sign(&message).unwrap(),
    };
    // Between the file and the record that names it, `sealog doctor --repair` takes it for one that nobody names.
    fs::remove_file(file_of(&ground, 1)).unwrap();
    let refused = producer
        .append_signed(record.clone(), signature.clone())
        .unwrap_err();
    assert_eq!(refused.code(), "payload_missing");
    assert_eq!(verify(&ground, &ledger).exit(), 0);
    producer.prepare(with_payload("d0", 1)).unwrap();
    producer.append_signed(record, signature).unwrap();
    assert_eq!(verify(&ground, &ledger).exit(), 0);
}
