//! Records that their actors sign apart from making them, whose persons are erased meanwhile.

use sealog_core::entry::record_signature_message;
use sealog_ledger::{Draft, Ledger, Producer, RecordSignature, SystemRandom, keys};

use crate::erase::person;
use crate::ground::{Ground, decision};
use crate::privacy::{at, message, record, verify};

/// Signs records with a key of an actor that the log knows.
fn signer(ledger: &Ledger) -> impl Fn(&[u8]) -> RecordSignature {
    let actor = keys::ephemeral("agent.example/a1", &SystemRandom).unwrap();
    let vkey = actor.verifier_key().to_string();
    ledger.trust_actor_key("a1", &vkey, None).unwrap();
    let origin = ledger.origin().to_owned();
    move |record| RecordSignature {
        key_id: "a1".into(),
        value: actor
            .sign(&record_signature_message(&origin, record))
            .unwrap(),
    }
}

fn numbered(producer: &Producer, mut draft: Draft) -> Draft {
    draft.record_id = Some(producer.new_record_id().unwrap());
    draft
}

#[test]
fn a_record_that_was_signed_before_its_person_was_erased_does_not_come_after_it() {
    let ground = Ground::new();
    let ledger = ground.create();
    let sign = signer(&ledger);
    let producer = ledger.producer().unwrap();
    let about = |name: &str| {
        let made = producer.prepare(message(name, "one")).unwrap();
        let signature = sign(&made);
        (made, signature)
    };
    let (johns, of_john) = about("john");
    let (janes, of_jane) = about("jane");
    let (early, of_early) = about("john");
    let first = producer
        .append_signed(early.clone(), of_early.clone())
        .unwrap();
    let reference = ledger.known_subject_ref(None, "john").unwrap().unwrap();
    ledger.erase(&person("john")).unwrap();
    let size = ledger.size();
    let refused = producer
        .append_signed(johns.clone(), of_john.clone())
        .unwrap_err();
    assert_eq!(refused.code(), "subject_erased");
    assert_eq!(ledger.size(), size, "nothing of it is in the log");
    // Another run knows as little about it, and another handle too.
    let others = [
        ledger.producer().unwrap(),
        ground.open().producer().unwrap(),
    ];
    for other in &others {
        let refused = other
            .append_signed(johns.clone(), of_john.clone())
            .unwrap_err();
        assert_eq!(refused.code(), "subject_erased");
    }
    // What was in the log before is a repeat, and others were never in the way.
    let again = producer.append_signed(early, of_early).unwrap();
    assert!(again.is_repeat());
    assert_eq!(again.index(), first.index());
    others[0].append_signed(janes, of_jane).unwrap();
    // Made again it is about somebody new.
    let made = producer.prepare(message("john", "two")).unwrap();
    let signature = sign(&made);
    let index = producer.append_signed(made, signature).unwrap().index();
    let body = record(&ledger, index);
    assert_ne!(at(&body, &["body", "subject_ref"]), Some(&*reference));
    ledger.close().unwrap();
    assert_eq!(verify(&ground, &ledger).exit(), 0);
}

#[test]
fn a_signed_record_about_nobody_is_appended_whoever_was_erased() {
    let ground = Ground::new();
    let ledger = ground.create();
    let sign = signer(&ledger);
    let producer = ledger.producer().unwrap();
    producer.append(message("john", "one")).unwrap();
    let reference = ledger.known_subject_ref(None, "john").unwrap().unwrap();
    let made = producer
        .prepare(numbered(&producer, decision("d0")))
        .unwrap();
    ledger.erase(&person("john")).unwrap();
    let signature = sign(&made);
    producer.append_signed(made, signature).unwrap();
    // What is made after the erasure may name whom it erased, as a report of it does.
    let mut body = sealog_core::json::Object::new();
    body.insert("text", format!("{reference} was told"));
    let made = producer
        .prepare(Draft::new("org.example.report", body))
        .unwrap();
    let signature = sign(&made);
    producer.append_signed(made, signature).unwrap();
    ledger.close().unwrap();
    assert_eq!(verify(&ground, &ledger).exit(), 0);
}
