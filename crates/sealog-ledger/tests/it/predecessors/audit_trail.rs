//! Weaknesses A1 to A14, of a library of signed receipts.

use sealog_core::commitment::Commitment;
use sealog_core::json::{Number, Object, Value};
use sealog_core::time::Timestamp;
use sealog_core::tlog::sign::{Ed25519Signer, Signer};
use sealog_core::tlog::vkey::KeyType;
use sealog_core::values::Encoder;
use sealog_ledger::verify::{Request, verify_ledger};
use sealog_ledger::{Draft, Ledger};

use crate::forge::copy;
use crate::ground::{Ground, decision};
use crate::stand::{ORIGIN, Stand};

/// A line further on in the log, with its newline.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

#[test]
fn a1_calls_that_overlap_are_no_broken_chain() {
    let stand = Stand::new();
    let mut late = decision("began-last-and-ended-first");
    late.occurred_at = Timestamp::from_unix(1_780_000_060, 0).ok();
    let mut early = decision("began-first-and-ended-last");
    early.occurred_at = Timestamp::from_unix(1_780_000_000, 0).ok();
    let first = stand.producer.append(late).unwrap();
    let second = stand.producer.append(early).unwrap();
    assert_eq!(second.index(), first.index() + 1);
    // Order is the index alone, so what was moved is seen although each line is whole.
    let moved = stand.changed(|text| {
        let mut lines = lines(&text);
        let at = lines
            .iter()
            .position(|line| line.contains("ended-first"))
            .unwrap();
        lines.swap(at, at + 2);
        lines.concat()
    });
    assert_eq!((moved.exit(), moved.reason()), (1, "index_wrong"));
}

#[test]
fn a2_a_log_without_its_head_or_of_one_entry_only_is_refuted() {
    let stand = Stand::new();
    let appended = stand.producer.append(decision("d")).unwrap();
    let headless = stand.changed(|text| {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        lines[2..].concat()
    });
    assert_eq!((headless.exit(), headless.reason()), (1, "index_wrong"));
    let line = String::from_utf8(appended.entry_bytes().unwrap().to_vec()).unwrap();
    let remnant = stand.changed(|text| {
        let at = text.find(&line).unwrap();
        text[at..].to_owned()
    });
    assert_eq!((remnant.exit(), remnant.reason()), (1, "index_wrong"));
}

#[test]
fn a2_a_log_without_its_tail_is_refuted_by_what_was_kept() {
    let stand = Stand::new();
    let cut = stand.ground.path().with_file_name("cut.sealog");
    copy(&stand.ground.path(), &cut);
    let kept = stand.producer.append(decision("d")).unwrap();
    let kept = kept.receipt().unwrap().to_string();
    let report = stand.verify_against(&cut, kept.as_bytes());
    assert_eq!((report.exit(), report.reason()), (1, "against_shrunk"));
    let twin = stand.verify_against(&stand.ground.path(), kept.as_bytes());
    assert_eq!((twin.exit(), twin.reason()), (0, "holds"));
}

#[test]
fn a3_a_key_beside_the_data_is_not_trusted() {
    let stand = Stand::new();
    let nobody = verify_ledger(&stand.ground.path(), &Request::default(), &mut |_| ());
    assert_eq!((nobody.exit(), nobody.reason()), (2, "unpinned"));
    let other = Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[6; 32]).unwrap();
    let request = Request {
        keys: vec![other.verifier_key().clone()],
        ..Request::default()
    };
    let report = verify_ledger(&stand.ground.path(), &request, &mut |_| ());
    assert_eq!((report.exit(), report.reason()), (1, "key_not_pinned"));
    assert_eq!(stand.verify(&stand.ground.path()).exit(), 0);
}

#[test]
fn a4_nothing_is_evicted_and_a_restart_goes_on_with_each_stream() {
    let stand = Stand::new();
    let mut tip = None;
    for round in 0..3 {
        // Each round is a new start of the writer, with other tenants' traffic before the one that matters.
        let ledger = Ledger::open(&stand.ground.path(), stand.options()).unwrap();
        let producer = ledger.producer().unwrap();
        for tenant in 0..20 {
            let mut other = decision("d");
            other.tenant_id = Some(format!("t{round}-{tenant}"));
            producer.append(other).unwrap();
        }
        let mut ours = decision(&format!("ours{round}"));
        ours.tenant_id = Some("ours".into());
        let appended = producer.append(ours).unwrap();
        let entry = Value::parse(appended.entry_bytes().unwrap()).unwrap();
        let log = entry.member("log").unwrap();
        assert_eq!(log.member("seq").and_then(Value::as_u64), Some(round));
        let prev = log.member("prev_hash").and_then(Value::as_str);
        assert_eq!(prev.map(ToOwned::to_owned), tip, "round {round}");
        let leaf = sealog_core::tlog::tree::leaf_hash(appended.entry_bytes().unwrap());
        tip = Some(leaf.to_hex());
    }
    let evicted = stand.changed(|text| {
        let kept = lines(&text)
            .into_iter()
            .filter(|line| !line.contains("ours1"));
        kept.collect()
    });
    assert_eq!(
        (evicted.exit(), evicted.reason()),
        (1, "checkpoint_empty_group")
    );
}

#[test]
fn a5_two_writers_build_one_chain_and_a_fork_is_refuted_by_what_was_kept() {
    let stand = Stand::new();
    let other = Ledger::open(&stand.ground.path(), stand.options()).unwrap();
    let other = other.producer().unwrap();
    let forked = Ground::new();
    copy(&stand.ground.path(), &forked.path());
    let mut kept = String::new();
    for n in 0..6 {
        let writer = if n % 2 == 0 { &stand.producer } else { &other };
        let appended = writer.append(decision(&format!("d{n}"))).unwrap();
        kept = appended.receipt().unwrap().to_string();
    }
    let report = stand.verify_against(&stand.ground.path(), kept.as_bytes());
    assert_eq!((report.exit(), report.reason()), (0, "holds"));
    // The same key's holder lets a second log grow from the same beginning.
    let options = sealog_ledger::Options {
        signer: stand.options().signer,
        ..forked.options()
    };
    let second = Ledger::open(&forked.path(), options).unwrap();
    let producer = second.producer().unwrap();
    for n in 0..8 {
        producer.append(decision(&format!("other{n}"))).unwrap();
    }
    assert_eq!(stand.verify(&forked.path()).exit(), 0, "by the key alone");
    let report = stand.verify_against(&forked.path(), kept.as_bytes());
    assert_eq!((report.exit(), report.reason()), (1, "against_mismatch"));
}

#[test]
fn a6_a_session_id_that_could_be_a_key_or_a_pattern_is_refused() {
    let stand = Stand::new();
    let mut draft = decision("d");
    draft.body.insert("session_id", "s-1");
    stand.producer.append(draft.clone()).unwrap();
    for id in ["s 1", "*", "receipt_chain:{t}", "s\n1", "", "s\u{0131}1"] {
        draft.body.insert("session_id", id);
        let refused = stand.producer.append(draft.clone()).unwrap_err();
        assert_eq!(refused.code(), "entry_schema", "{id:?}");
    }
    let report = stand.verify(&stand.ground.path());
    assert_eq!((report.exit(), report.kinds()["decision"]), (0, 1));
}

#[test]
fn a7_commitments_tell_alike_values_apart_and_equal_ones_do_not_look_equal() {
    let stand = Stand::new();
    let ledger = stand.producer.ledger();
    let list = |parts: &[&str]| {
        let mut encoder = Encoder::new();
        encoder.begin_list().unwrap();
        for part in parts {
            encoder.str(part).unwrap();
        }
        encoder.end().unwrap();
        encoder.finish().unwrap()
    };
    let commit = |id: &str, value: &[u8]| ledger.commitment(id, "/input", value).unwrap();
    let id = "018f0000-0000-7000-8000-000000000001";
    let other = "018f0000-0000-7000-8000-000000000002";
    let values = [
        list(&["a|b", "c"]),
        list(&["a", "b|c"]),
        list(&["a b", "c"]),
        list(&["A b", "c"]),
        list(&["a  b", "c"]),
    ];
    let all: std::collections::BTreeSet<_> = values.iter().map(|v| commit(id, v)).collect();
    assert_eq!(all.len(), values.len());
    assert_eq!(commit(id, &values[0]), commit(id, &values[0]));
    assert_ne!(
        commit(id, &values[0]),
        commit(other, &values[0]),
        "a salt for each record"
    );
    let bare = sealog_core::Hash::of(&[&values[0]]).to_hex();
    assert!(
        !commit(id, &values[0]).contains(&bare),
        "no hash that can be guessed"
    );
    assert!(commit(id, &values[0]).parse::<Commitment>().is_ok());
}

#[test]
fn a9_numbers_that_cannot_be_written_are_refused_before_they_are_signed() {
    let stand = Stand::new();
    assert!(Number::finite(f64::NAN).is_none() && Number::unsigned(1 << 60).is_none());
    let mut draft = decision("outside");
    draft
        .body
        .insert("model_reason", Value::Number(Number::finite(1.0).unwrap()));
    let refused = stand.producer.append(draft).unwrap_err();
    assert_eq!(refused.code(), "entry_schema");
    assert_eq!(stand.verify(&stand.ground.path()).exit(), 0);
}

#[test]
fn a11_an_edited_tool_call_is_refuted_and_an_absent_parent_is_no_forgery() {
    let stand = Stand::new();
    let mut body = Object::new();
    body.insert("agent_id", "agent-1");
    body.insert("args_digest", Value::Null);
    body.insert("call_id", "call-1");
    body.insert("outcome", "ok");
    body.insert("parent_ids", vec!["018f0000-0000-7000-8000-00000000000f"]);
    body.insert("tool_id", "search");
    let mut draft = Draft::new("tool.called", body);
    draft.system_id = Some("credit".into());
    stand.producer.append(draft).unwrap();
    stand.attacked(
        &[("\"tool_id\":\"search\"", "\"tool_id\":\"delete\"")],
        "root_mismatch",
    );
    stand.attacked(
        &[("\"agent_id\":\"agent-1\"", "\"agent_id\":\"agent-2\"")],
        "root_mismatch",
    );
}

#[test]
fn a12_the_data_key_is_made_once_and_binds_record_and_field() {
    let stand = Stand::new();
    let id = "018f0000-0000-7000-8000-000000000001";
    let first = stand
        .producer
        .ledger()
        .commitment(id, "/input", b"x")
        .unwrap();
    let again = Ledger::open(&stand.ground.path(), stand.options()).unwrap();
    assert_eq!(
        again.commitment(id, "/input", b"x").unwrap(),
        first,
        "the same key after a restart"
    );
    assert_ne!(
        again.commitment(id, "/output", b"x").unwrap(),
        first,
        "bound to the field"
    );
    let other = "018f0000-0000-7000-8000-000000000002";
    assert_ne!(
        again.commitment(other, "/input", b"x").unwrap(),
        first,
        "bound to the record"
    );
}

#[test]
fn a14_the_same_record_twice_is_one_entry() {
    let stand = Stand::new();
    let mut draft = decision("once");
    draft.record_id = Some("018f0000-0000-7000-8000-000000000001".into());
    let record = stand.producer.prepare(draft.clone()).unwrap();
    let first = stand.producer.append(draft.clone()).unwrap();
    let again = stand.producer.append(draft).unwrap();
    assert!(again.is_repeat() && again.index() == first.index());
    let report = stand.forced(&record);
    assert_eq!((report.exit(), report.reason()), (1, "record_id_repeated"));
}
