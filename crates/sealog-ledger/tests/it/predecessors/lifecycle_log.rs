//! Weaknesses L1 to L10, of a lifecycle log in a file of JSON lines.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use sealog_core::json::Object;
use sealog_core::tlog::sign::Ed25519Signer;
use sealog_core::tlog::vkey::KeyType;
use sealog_ledger::{Creation, Draft, IndexMode, Ledger, Options};
use sealog_store::disk::sim::{SimDisk, SimOptions};

use crate::forge::force;
use crate::ground::decision;
use crate::stand::{ORIGIN, Stand};

#[test]
fn l1_a_checkpoint_whose_signature_is_stripped_or_of_another_kind_covers_nothing() {
    let stand = Stand::new();
    stand.producer.append(decision("d")).unwrap();
    let stripped = stand.changed(|text| {
        let at = text.rfind("\\n\\n").unwrap();
        let end = at + text[at..].find("\"}").unwrap();
        format!("{}{}", &text[..at + 4], &text[end..])
    });
    assert_eq!((stripped.exit(), stripped.reason()), (2, "uncovered_tail"));
    let other = stand.changed(|text| {
        // The key id of the signature: the same key under another type would have another.
        let at = text.rfind("example.org/refusals ").unwrap() + "example.org/refusals ".len();
        let kind = if &text[at..=at] == "A" { "B" } else { "A" };
        format!("{}{kind}{}", &text[..at], &text[at + 1..])
    });
    assert_eq!((other.exit(), other.reason()), (2, "uncovered_tail"));
}

#[test]
fn l2_a_log_that_is_written_anew_without_the_key_is_covered_by_nothing() {
    let stand = Stand::new();
    let record = stand.producer.prepare(decision("granted")).unwrap();
    stand.producer.append(decision("denied")).unwrap();
    stand.producer.stop().unwrap();
    let path = stand.ground.path().with_file_name("anew.sealog");
    crate::forge::copy(&stand.ground.path(), &path);
    let segment = path.join("log/0000000000.jsonl");
    let text = fs::read_to_string(&segment).unwrap();
    let lines: Vec<&str> = text
        .split_inclusive('\n')
        .filter(|line| line.len() > 1)
        .collect();
    assert_eq!(stand.verify(&path).exit(), 0, "the unattacked twin");
    // Everything from the decision on is replaced, chained and hashed as it should be, and signed by a key of the
    // attacker's own that has the log's name.
    let at = lines
        .iter()
        .position(|line| line.contains("denied"))
        .unwrap();
    fs::write(&segment, lines[..at].concat()).unwrap();
    let own = Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[66; 32]).unwrap();
    force(&path, &own, "local", &record);
    let report = stand.verify(&path);
    assert_eq!((report.exit(), report.reason()), (2, "uncovered_tail"));
    // To somebody who kept a checkpoint it is a forgery, whoever wrote it.
    let kept = stand.producer.ledger().checkpoint().unwrap();
    let report = stand.verify_against(&path, kept.as_bytes());
    assert_eq!((report.exit(), report.reason()), (1, "against_shrunk"));
}

#[test]
fn l3_a_cut_tail_and_an_empty_file_do_not_hold_and_what_was_kept_is_signed() {
    let stand = Stand::new();
    stand.producer.append(decision("d")).unwrap();
    let kept = stand.producer.ledger().checkpoint().unwrap();
    let empty = stand.ground.path().with_file_name("empty.sealog");
    crate::forge::copy(&stand.ground.path(), &empty);
    assert_eq!(stand.verify_against(&empty, kept.as_bytes()).exit(), 0);
    fs::write(empty.join("log/0000000000.jsonl"), "").unwrap();
    let report = stand.verify_against(&empty, kept.as_bytes());
    assert_eq!((report.exit(), report.reason()), (1, "against_shrunk"));
    // An anchor that anybody could have written is no anchor.
    let forged = kept.replace("\n\u{2014} ", "\n\u{2014} x");
    let report = stand.verify_against(&stand.ground.path(), forged.as_bytes());
    assert_eq!((report.exit(), report.reason()), (2, "against_unusable"));
}

#[test]
fn l4_eight_threads_over_three_handles_build_one_chain() {
    let stand = Stand::new();
    let before = stand.producer.ledger().size();
    let handles: Vec<_> = (0..3)
        .map(|_| Ledger::open(&stand.ground.path(), stand.options()).unwrap())
        .collect();
    let mut indices: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let producer = handles[thread % 3].producer().unwrap();
                scope.spawn(move || {
                    let one = |n| {
                        producer
                            .append(decision(&format!("d{thread}-{n}")))
                            .unwrap()
                            .index()
                    };
                    (0..5).map(one).collect::<Vec<u64>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    indices.sort_unstable();
    assert!(
        indices.iter().copied().eq(before..before + 40),
        "{indices:?}"
    );
    drop(handles);
    let report = stand.verify(&stand.ground.path());
    assert_eq!((report.exit(), report.size()), (0, before + 40));
}

#[test]
fn l5_a_torn_last_line_is_set_aside_and_told_and_the_log_goes_on() {
    let stand = Stand::new();
    stand.producer.append(decision("before")).unwrap();
    let (path, options) = (stand.ground.path(), stand.options());
    stand.producer.ledger().close().unwrap();
    let segment = path.join("log/0000000000.jsonl");
    let mut bytes = fs::read(&segment).unwrap();
    assert_eq!(stand.verify(&path).exit(), 0);
    let torn = br#"{"log":{"clock":{"sou"#;
    bytes.extend_from_slice(torn);
    fs::write(&segment, bytes).unwrap();
    let report = stand.verify(&path);
    assert_eq!((report.exit(), report.reason()), (2, "uncovered_tail"));
    let ledger = Ledger::open(&path, options).unwrap();
    ledger
        .producer()
        .unwrap()
        .append(decision("after"))
        .unwrap();
    ledger.close().unwrap();
    let report = stand.verify(&path);
    assert_eq!((report.exit(), report.reason()), (0, "holds"));
    assert_eq!(
        (
            report.kinds()["decision"],
            report.kinds()["ledger.recovered"]
        ),
        (2, 1)
    );
    let kept: Vec<Vec<u8>> = fs::read_dir(path.join("recovered"))
        .unwrap()
        .map(|file| fs::read(file.unwrap().path()).unwrap())
        .collect();
    assert_eq!(kept, [torn.to_vec()]);
}

#[test]
fn l6_other_spelling_of_the_same_values_is_refuted() {
    let stand = Stand::new();
    stand.producer.append(decision("d")).unwrap();
    for (from, to) in [
        (
            "\"model_reason\":\"a test\"",
            "\"model_reason\": \"a test\"",
        ),
        (
            "\"model_reason\":\"a test\"",
            "\"model_reason\":\"a test\",\"model_reason\":\"a test\"",
        ),
        (
            "\"model_reason\":\"a test\"",
            "\"model_reason\":\"a te\\u0073t\"",
        ),
    ] {
        stand.attacked(&[(from, to)], "line_malformed");
    }
}

#[test]
fn l7_numbers_and_times_are_not_optional_and_their_order_is_checked() {
    let stand = Stand::new();
    for id in ["d0", "d1", "d2"] {
        stand.producer.append(decision(id)).unwrap();
    }
    // The number of the last decision but one in its stream, in place of which something else is written.
    let renumbered = |with: &dyn Fn(&str) -> String| {
        stand.changed(|text| {
            let end = text
                .find("},\"record\":{\"body\":{\"decision_id\":\"d1\"")
                .unwrap();
            let start = text[..end].rfind(",\"seq\":").unwrap();
            let number = &text[start + ",\"seq\":".len()..end];
            format!("{}{}{}", &text[..start], with(number), &text[end..])
        })
    };
    let other = renumbered(&|number| format!(",\"seq\":{}", number.parse::<u64>().unwrap() + 1));
    assert_eq!((other.exit(), other.reason()), (1, "seq_wrong"));
    let without = renumbered(&|_| String::new());
    assert_eq!((without.exit(), without.reason()), (1, "entry_schema"));
    stand.attacked(
        &[("\"recorded_at\":\"20", "\"recorded_at\":\"19")],
        "time_decreases",
    );
}

#[test]
fn l8_what_was_acknowledged_survives_the_loss_of_power_and_no_event_is_larger_than_its_limit() {
    let disk = SimDisk::new(SimOptions::calm(8));
    let signer = Arc::new(Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[8; 32]).unwrap());
    let options = || Options {
        state_dir: Some("/state".into()),
        signer: Some(Arc::<Ed25519Signer>::clone(&signer)),
        index: IndexMode::Off,
        ..Options::default()
    };
    let path = Path::new("/sim.sealog");
    let on = Arc::new(disk.process());
    let creation = Creation::default();
    let made = Ledger::create_on(
        on,
        path,
        ORIGIN,
        &creation,
        options(),
        options().signer.unwrap(),
    );
    drop(made.unwrap());
    for n in 0..5 {
        let ledger = Ledger::open_on(Arc::new(disk.process()), path, options()).unwrap();
        let producer = ledger.producer().unwrap();
        let mut large = decision("large");
        large.body.insert("model_reason", "x".repeat(1 << 20));
        let refused = producer.append(large).unwrap_err();
        assert_eq!(refused.code(), "entry_schema");
        let draft = decision(&format!("d{n}"));
        let receipt = producer.append(draft).unwrap().receipt().unwrap();
        disk.restart();
        let reader = Ledger::open_on(Arc::new(disk.process()), path, options()).unwrap();
        assert_eq!(
            reader.receipt(receipt.index()).unwrap().entry(),
            receipt.entry()
        );
    }
}

#[test]
fn l9_a_digest_that_is_none_is_refused_and_one_that_was_typed_in_says_so() {
    let stand = Stand::new();
    let dataset = |digest: &str, source: Option<&str>| {
        let mut body = Object::new();
        body.insert("content_digest", digest);
        body.insert("dataset_id", "ds-1");
        if let Some(source) = source {
            body.insert("digest_source", source);
        }
        body.insert("version", "1");
        Draft::new("dataset.registered", body)
    };
    let digest = format!("sha256:{}", "ab".repeat(32));
    stand
        .producer
        .append(dataset(&digest, Some("declared")))
        .unwrap();
    for refused in [
        dataset("sha256:PLACEHOLDER", Some("declared")),
        dataset(&digest, Some("trust me")),
        dataset(&digest, None),
    ] {
        let refused = stand.producer.append(refused).unwrap_err();
        assert_eq!(refused.code(), "entry_schema", "{refused}");
    }
    let report = stand.verify(&stand.ground.path());
    assert_eq!(
        (report.exit(), report.kinds()["dataset.registered"]),
        (0, 1)
    );
    stand.attacked(
        &[(
            "\"digest_source\":\"declared\"",
            "\"digest_source\":\"computed\"",
        )],
        "root_mismatch",
    );
}
