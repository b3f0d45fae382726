//! Functions of the host that a privacy policy names, at work on every part of a record, and failing.

use std::sync::Arc;

use sealog_core::json::Value;
use sealog_ledger::{Commit, ConfigSet, Creation, Draft, Ledger, Options, Payload};
use sealog_privacy::policy::{FieldFunction, FunctionError, Plugins, Policy};

use crate::ground::{Ground, decision};
use crate::privacy::{at, holds, message, record, verify};

const SECRET: &str = "the patient is Ada Lovelace";

/// Says how long a text is; of another value that it was no text. Fails and panics where the text asks for it.
struct Measure;

impl FieldFunction for Measure {
    fn name(&self) -> &'static str {
        "measure"
    }
    fn version(&self) -> &'static str {
        "1"
    }
    fn apply(&self, value: &Value) -> Result<Option<Value>, FunctionError> {
        let text = match value.as_str() {
            Some(text) if text.starts_with("fail") => return Err("not now".into()),
            Some(text) if text.starts_with("panic") => panic!("{text}"),
            Some(text) if text.starts_with("drop") => return Ok(None),
            Some(text) => format!("{} bytes", text.len()),
            None => "no text".to_owned(),
        };
        Ok(Some(Value::from(text.as_str())))
    }
}

fn with(ground: &Ground, paths: &[&str]) -> Ledger {
    let rules: Vec<_> = paths
        .iter()
        .map(|path| format!(r#"{{"path":"{path}","call":"measure"}}"#))
        .collect();
    let text = format!(
        r#"{{"format":"sealog/privacy-policy/v1","fields":[{}]}}"#,
        rules.join(",")
    );
    let plugins = Plugins {
        functions: vec![Arc::new(Measure)],
        ..Plugins::default()
    };
    let options = Options {
        privacy: Some(Arc::new(
            Policy::parse_with(text.as_bytes(), plugins).unwrap(),
        )),
        ..ground.options()
    };
    Ledger::create(&ground.path(), &Creation::default(), options).unwrap()
}

fn note(text: &str) -> Draft {
    let mut draft = message("nobody", text);
    draft.subject = None;
    draft
}

fn json(name: &str, bytes: &[u8]) -> Payload {
    Payload {
        name: name.into(),
        media_type: "application/json".into(),
        bytes: bytes.to_vec(),
        key_id: None,
    }
}

fn config(reason: &str) -> ConfigSet {
    ConfigSet {
        config_id: "threshold".into(),
        system_id: None,
        tenant_id: None,
        model_id: Some("m1".into()),
        bands: None,
        changed_by: "ann".into(),
        reason: reason.into(),
        approval_id: None,
        effective_at: None,
    }
}

/// That nothing of the secret stands in any file of a ledger.
#[track_caller]
fn is_nowhere(ground: &Ground) {
    let directory = ground.path().parent().unwrap().to_path_buf();
    assert!(!holds(&directory, b"Ada Lovelace"));
}

#[test]
fn one_that_fails_or_panics_fails_the_append_and_nothing_is_stored() {
    let ground = Ground::new();
    let ledger = with(&ground, &["/text", "/doc/text", "/input_digest"]);
    let producer = ledger.producer().unwrap();
    let before = producer.append(note("first")).unwrap().index();
    let (fails, panics) = (format!("fail: {SECRET}"), format!("panic: {SECRET}"));
    for text in [&fails, &panics] {
        let mut of_payload = note("fine");
        let payload = format!(r#"{{"text":"{text}"}}"#);
        of_payload.payloads = vec![json("doc", payload.as_bytes())];
        let mut of_commit = decision("d");
        of_commit.commits = vec![Commit {
            member: "input_digest".into(),
            encoding: format!("\"{text}\"").into_bytes().into(),
        }];
        for draft in [note(text), of_payload, of_commit] {
            // The first of the two records is fine: all of them or none.
            let failed = producer.append_many(vec![note("second"), draft]);
            let failed = failed.unwrap_err();
            assert_eq!(failed.code(), "field_function", "{failed}");
            assert_eq!(failed.kind(), sealog_core::ErrorKind::Refused);
            assert!(!failed.to_string().contains("Ada"), "{failed}");
        }
    }
    assert_eq!(ledger.size(), before + 1);
    assert_eq!(producer.append(note("third")).unwrap().index(), before + 1);
    ledger.close().unwrap();
    assert_eq!(verify(&ground, &ledger).exit(), 0);
    is_nowhere(&ground);
}

#[test]
fn one_that_fails_on_the_logs_own_record_fails_the_call_and_the_log_goes_on() {
    let ground = Ground::new();
    let ledger = with(&ground, &["/reason"]);
    let size = ledger.size();
    for reason in ["fail", "panic"] {
        let failed = ledger.set_config(config(&format!("{reason}: {SECRET}")));
        assert_eq!(failed.unwrap_err().code(), "field_function");
    }
    assert_eq!(ledger.size(), size);
    let index = ledger.set_config(config(SECRET)).unwrap().index();
    let own = record(&ledger, index);
    assert_eq!(at(&own, &["body", "reason"]), Some("27 bytes"));
    ledger.seal_epoch().unwrap();
    ledger.close().unwrap();
    assert_eq!(verify(&ground, &ledger).exit(), 0);
    is_nowhere(&ground);
}

#[test]
fn what_it_makes_of_bodies_payloads_and_commitments_is_stored() {
    let ground = Ground::new();
    let ledger = with(
        &ground,
        &[
            "/text",
            "/doc/text",
            "/doc/list/*",
            "/plain",
            "/input_digest",
        ],
    );
    let producer = ledger.producer().unwrap();
    let mut draft = note(SECRET);
    draft.payloads = vec![
        json(
            "doc",
            format!(r#"{{"list":["drop",7],"text":"{SECRET}"}}"#).as_bytes(),
        ),
        Payload {
            name: "plain".into(),
            media_type: "text/plain".into(),
            bytes: SECRET.into(),
            key_id: None,
        },
    ];
    let stored = record(&ledger, producer.append(draft).unwrap().index());
    assert_eq!(at(&stored, &["body", "text"]), Some("27 bytes"));
    let privacy = stored.member("privacy").unwrap();
    assert_eq!(
        privacy.member("counts").unwrap().to_canonical(),
        br#"{"FIELD":5}"#
    );
    let mut made = decision("d");
    made.record_id = Some(producer.new_record_id().unwrap());
    let id = made.record_id.clone().unwrap();
    made.commits = vec![Commit {
        member: "input_digest".into(),
        encoding: format!("\"{SECRET}\"").into_bytes().into(),
    }];
    let stored = record(&ledger, producer.append(made).unwrap().index());
    let expected = ledger
        .commitment(&id, "/input_digest", br#""27 bytes""#)
        .unwrap();
    assert_eq!(at(&stored, &["body", "input_digest"]), Some(&*expected));
    ledger.close().unwrap();
    assert_eq!(verify(&ground, &ledger).exit(), 0);
    is_nowhere(&ground);
}

#[test]
fn a_payload_into_which_a_rule_looks_and_that_cannot_be_read_is_refused() {
    let ground = Ground::new();
    let ledger = with(&ground, &["/doc/text"]);
    let producer = ledger.producer().unwrap();
    let size = ledger.size();
    let append = |name: &str, payload: &str| {
        let mut draft = note("fine");
        draft.payloads = vec![json(name, payload.as_bytes())];
        producer.append(draft)
    };
    for broken in [
        format!(r#"{{"text":"{SECRET}""#),
        format!(r#"{{"text":"{SECRET}","text":"{SECRET}"}}"#),
        format!(r#"{{"big":1e999,"text":"{SECRET}"}}"#),
        String::new(),
    ] {
        let refused = append("doc", &broken).unwrap_err();
        assert_eq!(refused.code(), "argument", "{refused}");
        assert!(refused.to_string().contains("`doc`"), "{refused}");
    }
    assert_eq!(ledger.size(), size);
    is_nowhere(&ground);
    // No rule looks into it.
    assert!(append("other", "{").is_ok());
}
