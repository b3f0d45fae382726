//! A privacy policy at work on records, records about persons, and sealed values.

use std::path::Path;
use std::sync::Arc;

use sealog_core::json::{Object, Value};
use sealog_core::tlog::vkey::VerifierKey;
use sealog_ledger::verify::{Report, Request, verify_ledger};
use sealog_ledger::{
    Commit, ConfigSet, Creation, Draft, Ledger, Options, Payload, RevealAccess, Whose,
};
use sealog_privacy::policy::Policy;

use crate::ground::{Ground, decision};

pub(crate) const MAIL: &str = "john.doe@example.com";

pub(crate) fn policy(members: &str) -> Arc<Policy> {
    let text = format!(r#"{{"format":"sealog/privacy-policy/v1"{members}}}"#);
    Arc::new(Policy::parse(text.as_bytes(), Vec::new()).unwrap())
}

pub(crate) fn with_policy(ground: &Ground, members: &str) -> Ledger {
    let options = Options {
        privacy: Some(policy(members)),
        ..ground.options()
    };
    Ledger::create(&ground.path(), &Creation::default(), options).unwrap()
}

pub(crate) fn verify(ground: &Ground, ledger: &Ledger) -> Report {
    let request = Request {
        keys: vec![VerifierKey::parse(&ledger.vkey()).unwrap()],
        ..Request::default()
    };
    verify_ledger(&ground.path(), &request, &mut |_| ())
}

/// A message of a person, under the policy's care.
pub(crate) fn message(person: &str, text: &str) -> Draft {
    let mut body = Object::new();
    body.insert("text", text);
    let mut draft = Draft::new("org.example.message", body);
    draft.subject = Some(person.into());
    draft
}

pub(crate) fn access() -> RevealAccess {
    RevealAccess {
        actor_id: "auditor-1".into(),
        auth_method: None,
        purpose: Some("complaint".into()),
    }
}

pub(crate) fn record(ledger: &Ledger, index: u64) -> Value {
    let entry = ledger.entry(index).unwrap().value();
    entry.member("record").unwrap().clone()
}

pub(crate) fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v str> {
    let mut value = value;
    for step in path {
        value = match value.as_array() {
            Some(list) => list.get(step.parse::<usize>().unwrap())?,
            None => value.member(step)?,
        };
    }
    value.as_str()
}

/// Whether any file below a directory holds these bytes.
pub(crate) fn holds(directory: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(directory).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, bytes);
        }
        let content = std::fs::read(&path).unwrap();
        content.windows(bytes.len()).any(|window| window == bytes)
    })
}

#[test]
fn a_record_about_a_person_says_a_pseudonym_and_commits_under_the_persons_key() {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    let about = |person: &str| {
        let mut draft = decision("d");
        draft.subject = Some(person.into());
        draft.commits = vec![Commit {
            member: "input_digest".into(),
            encoding: br#"{"age":41}"#.as_slice().into(),
        }];
        record(&ledger, producer.append(draft).unwrap().index())
    };
    let (first, second, other) = (about("customer 4711"), about("customer 4711"), about("x"));
    let reference = |record: &Value| at(record, &["body", "subject_ref"]).unwrap().to_owned();
    let key = |record: &Value| {
        at(record, &["personal_commitments", "0", "key_id"])
            .unwrap()
            .to_owned()
    };
    assert_eq!(reference(&first), reference(&second));
    assert_eq!(key(&first), key(&second));
    assert_ne!(reference(&first), reference(&other));
    assert_ne!(key(&first), key(&other));
    let commitment = |record: &Value| at(record, &["body", "input_digest"]).unwrap().to_owned();
    assert!(commitment(&first).contains(&key(&first)));
    assert_ne!(commitment(&first), commitment(&second), "another salt");
    assert_eq!(
        at(&first, &["personal_commitments", "0", "field"]),
        Some("/input_digest")
    );
    let known = ledger.known_subject_ref(None, "customer 4711").unwrap();
    assert_eq!(known, Some(reference(&first)));
    assert_eq!(
        ledger
            .known_subject_ref(Some("acme"), "customer 4711")
            .unwrap(),
        None
    );
    ledger.close().unwrap();
    assert_eq!(verify(&ground, &ledger).exit(), 0);
    let directory = ground.path().parent().unwrap().to_path_buf();
    assert!(!holds(&directory, b"customer 4711"));
    // Another handle finds the same person and the same key.
    let again = ground.open();
    assert_eq!(
        again.known_subject_ref(None, "customer 4711").unwrap(),
        known
    );
}

#[test]
fn a_tenants_records_are_under_the_tenants_key_and_the_default_tenants_under_the_ledgers() {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    let committed = |tenant: Option<&str>| {
        let mut draft = decision("d");
        draft.tenant_id = tenant.map(Into::into);
        draft.commits = vec![Commit {
            member: "input_digest".into(),
            encoding: b"1".as_slice().into(),
        }];
        record(&ledger, producer.append(draft).unwrap().index())
    };
    let own = committed(None);
    assert!(own.member("personal_commitments").is_none());
    assert!(!ledger.secrets().unwrap().join("keys.sqlite").exists());
    let (acme, globex) = (committed(Some("acme")), committed(Some("globex")));
    let key = |record: &Value| {
        at(record, &["personal_commitments", "0", "key_id"])
            .unwrap()
            .to_owned()
    };
    assert_ne!(key(&acme), key(&globex));
    assert_eq!(key(&acme), key(&committed(Some("acme"))));
    assert!(at(&acme, &["body", "subject_ref"]).is_none());
}

#[test]
fn a_person_without_a_name_is_nobody() {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    let size = ledger.size();
    for name in ["", " ", "\t\n"] {
        // All records that lack a name would be about one person, and be erased with it.
        let refused = producer.append(message(name, "text")).unwrap_err();
        assert_eq!(refused.code(), "argument", "{refused}");
        assert!(ledger.subject_ref(None, name).is_err());
        let whose = Whose {
            tenant: None,
            subject: Some(name.into()),
        };
        assert!(ledger.seal(b"x", &whose).is_err());
    }
    assert_eq!(ledger.size(), size);
}

#[test]
fn a_policy_works_on_texts_and_leaves_what_machines_chose() {
    let ground = Ground::new();
    let ledger = with_policy(&ground, "");
    let producer = ledger.producer().unwrap();
    let mut draft = decision("4111111111111111");
    draft
        .body
        .insert("model_reason", format!("asked {MAIL} first"));
    draft.commits = vec![Commit {
        member: "input_digest".into(),
        encoding: format!(r#"{{"mail":"{MAIL}","number":{{"$int":"0x1"}}}}"#)
            .as_bytes()
            .into(),
    }];
    draft.payloads = vec![
        Payload {
            name: "prompt".into(),
            media_type: "text/plain; charset=utf-8".into(),
            bytes: format!("from {MAIL}").into(),
            key_id: None,
        },
        Payload {
            name: "call".into(),
            media_type: "application/json".into(),
            bytes: format!(r#"{{"to":"{MAIL}"}}"#).into(),
            key_id: None,
        },
        Payload {
            name: "scan".into(),
            media_type: "application/octet-stream".into(),
            bytes: MAIL.into(),
            key_id: None,
        },
    ];
    let record = record(&ledger, producer.append(draft).unwrap().index());
    assert_eq!(
        at(&record, &["body", "decision_id"]),
        Some("4111111111111111")
    );
    assert_eq!(
        at(&record, &["body", "model_reason"]),
        Some("asked [EMAIL] first")
    );
    let inline = |n: &str| {
        use base64::Engine;
        let text = at(&record, &["payloads", n, "inline"]).unwrap();
        String::from_utf8(
            base64::engine::general_purpose::STANDARD
                .decode(text)
                .unwrap(),
        )
        .unwrap()
    };
    assert_eq!(inline("0"), "from [EMAIL]");
    assert_eq!(inline("1"), r#"{"to":"[EMAIL]"}"#);
    assert_eq!(inline("2"), MAIL, "of other types nothing is known");
    let privacy = record.member("privacy").unwrap();
    let digest = format!("sha256:{}", policy("").digest().to_hex());
    assert_eq!(at(privacy, &["policy_digest"]), Some(digest.as_str()));
    let counts = privacy.member("counts").unwrap().to_canonical();
    assert_eq!(counts, br#"{"EMAIL":4}"#);
    ledger.close().unwrap();
    assert_eq!(verify(&ground, &ledger).exit(), 0);
}

#[test]
fn what_the_log_itself_writes_goes_through_the_policy_too() {
    let ground = Ground::new();
    let ledger = with_policy(&ground, r#","types":{"EMAIL":"seal","IPV4":"token"}"#);
    let set = ConfigSet {
        config_id: "threshold".into(),
        system_id: None,
        tenant_id: None,
        model_id: Some("m1".into()),
        bands: None,
        changed_by: "ann".into(),
        reason: format!("{MAIL} complained from 192.0.2.7"),
        approval_id: None,
        effective_at: None,
    };
    let index = ledger.set_config(set).unwrap().index();
    let record = record(&ledger, index);
    assert_eq!(
        at(&record, &["body", "reason"]),
        Some("[EMAIL] complained from [IPV4]")
    );
    assert!(record.member("privacy").is_some());
    ledger.close().unwrap();
    assert_eq!(verify(&ground, &ledger).exit(), 0);
}

#[test]
fn rules_about_fields_touch_the_logs_own_records_only_where_people_wrote_text() {
    let ground = Ground::new();
    let rules = [
        "/scope",
        "/subject_ref",
        "/key_id",
        "/bands",
        "/size",
        "/map_root",
        "/reason",
    ];
    let rules: Vec<_> = rules
        .iter()
        .map(|path| format!(r#"{{"path":"{path}","mode":"redact"}}"#))
        .collect();
    let ledger = with_policy(&ground, &format!(r#","fields":[{}]"#, rules.join(",")));
    let set = ConfigSet {
        config_id: "threshold".into(),
        system_id: None,
        tenant_id: None,
        model_id: Some("m1".into()),
        bands: Some(sealog_core::config::Bands::threshold(0.5, "L001", "L002")),
        changed_by: "ann".into(),
        reason: "because".into(),
        approval_id: None,
        effective_at: None,
    };
    for id in ["L001", "L002"] {
        ledger.add_label(Some(id), id, "ann", "first").unwrap();
    }
    let index = ledger.set_config(set).unwrap().index();
    let own = record(&ledger, index);
    assert_eq!(at(&own, &["body", "reason"]), Some("[FIELD]"));
    assert!(
        own.member("body")
            .unwrap()
            .member("bands")
            .unwrap()
            .as_array()
            .is_some()
    );
    ledger.seal_epoch().unwrap();
    let mut draft = message("john", "text");
    draft.body.insert("subject_ref", "x");
    ledger.producer().unwrap().append(draft).unwrap();
    let order = sealog_ledger::Erasure {
        tenant: None,
        subject: sealog_ledger::ErasureSubject::Person("john".into()),
        request_id: None,
        executed_by: "o".into(),
        approvals: 0,
        despite_retention: false,
    };
    let done = ledger.erase(&order).unwrap();
    let said = record(&ledger, done.records[0].index());
    assert_eq!(at(&said, &["body", "scope"]), Some(done.scope.as_str()));
    ledger.close().unwrap();
    assert_eq!(verify(&ground, &ledger).exit(), 0);
}

#[test]
fn a_policy_that_drops_whole_bodies_stops_producers_and_not_the_log() {
    let ground = Ground::new();
    let ledger = with_policy(&ground, r#","fields":[{"path":"","mode":"drop"}]"#);
    let refused = ledger
        .producer()
        .unwrap()
        .append(decision("d"))
        .unwrap_err();
    assert_eq!(refused.code(), "argument", "{refused}");
    ledger.seal_epoch().unwrap();
    ledger.close().unwrap();
    assert_eq!(verify(&ground, &ledger).exit(), 0);
}

#[test]
fn a_sealed_text_is_shown_to_whoever_says_so_and_the_log_says_that_it_was() {
    let ground = Ground::new();
    let ledger = with_policy(&ground, r#","types":{"EMAIL":"seal"}"#);
    let producer = ledger.producer().unwrap();
    let text = format!("write to {MAIL} please");
    let appended = producer.append(message("john", &text)).unwrap();
    let index = appended.index();
    let stored = record(&ledger, index);
    assert_eq!(
        at(&stored, &["body", "text"]),
        Some("write to [EMAIL] please")
    );
    let names = ledger.sealed_payloads(index).unwrap();
    assert_eq!(names.len(), 1);
    assert_eq!(names[0].0, "/text");
    let shown = ledger.reveal(index, "/text", &access()).unwrap();
    assert_eq!(&**shown.bytes, text.as_bytes());
    assert_eq!(shown.media_type.as_deref(), Some("text/plain"));
    let logged = record(&ledger, shown.logged.index());
    assert_eq!(at(&logged, &["kind"]), Some("access.logged"));
    assert_eq!(
        at(&logged, &["body", "scope"]),
        Some(format!("entry:{index}:/text").as_str())
    );
    assert_eq!(at(&logged, &["body", "purpose"]), Some("complaint"));
    let refused = ledger.reveal(index, "/other", &access()).unwrap_err();
    assert_eq!(refused.code(), "argument");
    ledger.close().unwrap();
    assert_eq!(verify(&ground, &ledger).exit(), 0);
    assert!(!holds(&ground.path(), MAIL.as_bytes()));
}

#[test]
fn payloads_of_a_person_are_sealed_inline_and_as_files() {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    let mut draft = message("john", "with evidence");
    let large: Vec<u8> = format!("{MAIL} ").repeat(3_000).into();
    for (name, bytes) in [
        ("small", MAIL.as_bytes().to_vec()),
        ("large", large.clone()),
    ] {
        draft.payloads.push(Payload {
            name: name.into(),
            media_type: "text/plain".into(),
            bytes,
            key_id: None,
        });
    }
    let index = producer.append(draft).unwrap().index();
    let shown = |name: &str| {
        ledger
            .reveal(index, name, &access())
            .unwrap()
            .bytes
            .to_vec()
    };
    assert_eq!(shown("small"), MAIL.as_bytes());
    assert_eq!(shown("large"), large);
    ledger.close().unwrap();
    assert_eq!(verify(&ground, &ledger).exit(), 0);
    assert!(!holds(&ground.path(), MAIL.as_bytes()));
}

#[test]
fn a_retry_of_a_sealed_record_is_the_same_record() {
    let ground = Ground::new();
    let ledger = with_policy(
        &ground,
        r#","types":{"EMAIL":"seal","IPV4":"token"},"fields":[{"path":"/whole","mode":"commit"}]"#,
    );
    let producer = ledger.producer().unwrap();
    let mut draft = message("john", &format!("{MAIL} at 192.0.2.7"));
    draft.body.insert("whole", "w");
    draft.record_id = Some(producer.new_record_id().unwrap());
    let first = producer.append(draft.clone()).unwrap().index();
    assert_eq!(producer.append(draft.clone()).unwrap().index(), first);
    draft.body.insert("text", format!("{MAIL} at 192.0.2.8"));
    let refused = producer.append(draft).unwrap_err();
    assert_eq!(refused.code(), "id_taken");
}

#[test]
fn tokens_join_within_a_tenant_and_not_beyond() {
    let ground = Ground::new();
    let ledger = with_policy(&ground, r#","types":{"EMAIL":"token"}"#);
    let producer = ledger.producer().unwrap();
    let text = |tenant: &str, mail: &str| {
        let mut draft = message("someone", mail);
        draft.tenant_id = Some(tenant.into());
        let record = record(&ledger, producer.append(draft).unwrap().index());
        at(&record, &["body", "text"]).unwrap().to_owned()
    };
    let one = text("acme", MAIL);
    assert_eq!(one, text("acme", MAIL));
    assert_eq!(one.len(), "[EMAIL:]".len() + 32);
    // As it was folded: a zero-width space inside makes no other person of it.
    assert_eq!(one, text("acme", "john.doe@exam\u{200b}ple.com"));
    assert_ne!(one, text("acme", "jane.doe@example.com"));
    assert_ne!(one, text("globex", MAIL));
}

#[test]
fn two_sealed_payloads_of_one_name_are_refused() {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    let mut draft = message("john", "hello");
    for value in ["one", "two"] {
        draft.payloads.push(Payload {
            name: "note".into(),
            media_type: "text/plain".into(),
            bytes: value.into(),
            key_id: None,
        });
    }
    let size = ledger.size();
    let refused = producer.append(draft.clone()).unwrap_err();
    assert_eq!(refused.code(), "argument", "{refused}");
    assert_eq!(ledger.size(), size);
    draft.payloads[1].name = "note 2".into();
    producer.append(draft).unwrap();
}

#[test]
fn single_values_are_sealed_and_shown_again() {
    let ground = Ground::new();
    let ledger = ground.create();
    let whose = Whose {
        tenant: None,
        subject: Some("john".into()),
    };
    let sealed = ledger.seal(b"secret value", &whose).unwrap();
    let text = sealed.to_text();
    let read = sealog_privacy::seal::Sealed::from_text(&text).unwrap();
    let shown = ledger.unseal(&read, &access()).unwrap();
    assert_eq!(&**shown.bytes, b"secret value");
    let other = Ground::new();
    let elsewhere = other.create();
    let refused = elsewhere.unseal(&read, &access()).unwrap_err();
    assert_eq!(refused.code(), "data_key");
}

#[test]
fn a_policy_that_leaves_no_record_fails_the_append_and_nothing_is_stored() {
    let ground = Ground::new();
    let ledger = with_policy(
        &ground,
        r#","fields":[{"path":"/decision_id","mode":"redact"},{"path":"","mode":"keep"}]"#,
    );
    let producer = ledger.producer().unwrap();
    let size = ledger.size();
    // The whole body is kept by its own rule; without it the id is no identifier any more.
    assert!(producer.append(decision("d")).is_ok());
    let ground = Ground::new();
    let ledger = with_policy(
        &ground,
        r#","fields":[{"path":"/decision_id","mode":"redact"}]"#,
    );
    let producer = ledger.producer().unwrap();
    let refused = producer.append(decision("d")).unwrap_err();
    assert_eq!(
        refused.kind(),
        sealog_core::ErrorKind::Malformed,
        "{refused}"
    );
    assert_eq!(ledger.size(), size);
}
