//! Verification: what holds, and what every attack is called.

use std::fs;
use std::path::Path;

use sealog_core::tlog::vkey::VerifierKey;
use sealog_ledger::verify::{Against, Level, Report, Request, Verdict, verify_ledger};
use sealog_ledger::{Creation, Ledger, RecordSignature, SystemRandom, keys};

use crate::ground::{Ground, decision};

fn pinned(ledger: &Ledger) -> Request {
    Request {
        keys: vec![VerifierKey::parse(&ledger.vkey()).unwrap()],
        ..Request::default()
    }
}

fn verify(path: &Path, request: &Request) -> Report {
    verify_ledger(path, request, &mut |_| ())
}

/// A ledger of some groups, closed, and the request that pins its key.
fn ledger_of(ground: &Ground, records: usize) -> Request {
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    for n in 0..records {
        producer.append(decision(&format!("d{n}"))).unwrap();
    }
    producer.stop().unwrap();
    ledger.close().unwrap();
    pinned(&ledger)
}

fn segment(ground: &Ground) -> std::path::PathBuf {
    ground.path().join("log/0000000000.jsonl")
}

fn edit(ground: &Ground, change: impl FnOnce(String) -> String) {
    let path = segment(ground);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, change(text)).unwrap();
}

#[test]
fn an_honest_ledger_holds_with_its_key_and_is_unpinned_without() {
    let ground = Ground::new();
    let request = ledger_of(&ground, 20);
    let report = verify(&ground.path(), &request);
    assert_eq!(
        (report.exit(), report.reason()),
        (0, "holds"),
        "{:?}",
        report.findings()
    );
    assert_eq!(report.integrity(), Verdict::Holds);
    assert_eq!(report.level(), Level::SelfSigned);
    assert_eq!(report.size(), 22);
    assert_eq!(report.runs().closed_whole, 1);
    let unpinned = verify(&ground.path(), &Request::default());
    assert_eq!((unpinned.exit(), unpinned.reason()), (2, "unpinned"));
    let all = Request {
        all_signatures: true,
        threads: std::num::NonZero::new(3),
        ..request
    };
    assert_eq!(verify(&ground.path(), &all).exit(), 0);
}

#[test]
fn an_edited_byte_a_dropped_a_doubled_and_a_moved_line_are_refuted() {
    type Attack = (&'static str, fn(String) -> String, &'static str);
    let attacks: [Attack; 4] = [
        (
            "edited",
            |text| text.replace("\"d3\"", "\"dX\""),
            "root_mismatch",
        ),
        ("dropped", |text| without_line(&text, 6), "index_wrong"),
        ("doubled", |text| doubled_line(&text, 6), "index_wrong"),
        ("swapped", |text| swapped_lines(&text, 4, 6), "index_wrong"),
    ];
    for (name, attack, reason) in attacks {
        let ground = Ground::new();
        let request = ledger_of(&ground, 8);
        edit(&ground, attack);
        let report = verify(&ground.path(), &request);
        assert_eq!(report.exit(), 1, "{name}: {:?}", report.findings());
        assert!(
            report.counts().contains_key(reason),
            "{name}: {:?}",
            report.counts()
        );
    }
}

#[test]
fn a_cut_tail_holds_by_the_key_alone_and_is_refuted_by_what_was_kept() {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    producer.append(decision("d0")).unwrap();
    let early = fs::read(segment(&ground)).unwrap();
    let kept = producer.append(decision("d1")).unwrap().receipt().unwrap();
    let mut request = pinned(&ledger);
    drop((producer, ledger));
    fs::write(segment(&ground), early).unwrap();
    let alone = verify(&ground.path(), &request);
    assert_eq!((alone.exit(), alone.level()), (0, Level::SelfSigned));
    request.against = vec![Against {
        name: "kept".into(),
        bytes: kept.to_string().into_bytes(),
    }];
    let against = verify(&ground.path(), &request);
    assert_eq!((against.exit(), against.reason()), (1, "against_shrunk"));
    // And the writer refuses to go on from it: the head copy is beyond.
    let refused = Ledger::open(&ground.path(), ground.options()).unwrap_err();
    assert_eq!(refused.code(), "behind_head_copy");
}

#[test]
fn a_log_of_which_nothing_is_left_is_refuted_by_what_was_kept() {
    for kept_is_receipt in [false, true] {
        for attack in ["truncated", "emptied", "removed"] {
            let ground = Ground::new();
            let ledger = ground.create();
            let producer = ledger.producer().unwrap();
            let receipt = producer.append(decision("d0")).unwrap().receipt().unwrap();
            let note = ledger.checkpoint().unwrap();
            let mut request = pinned(&ledger);
            drop((producer, ledger));
            let against = |text: String| {
                vec![Against {
                    name: "kept".into(),
                    bytes: text.into_bytes(),
                }]
            };
            let kept = if kept_is_receipt {
                receipt.to_string()
            } else {
                note
            };
            request.against = against(kept.clone());
            let twin = verify(&ground.path(), &request);
            assert_eq!((twin.exit(), twin.level()), (0, Level::Remembered));
            let log = ground.path().join("log");
            match attack {
                "truncated" => fs::write(segment(&ground), b"").unwrap(),
                "emptied" => fs::remove_file(segment(&ground)).unwrap(),
                _ => fs::remove_dir_all(log).unwrap(),
            }
            let report = verify(&ground.path(), &request);
            let case = format!("{attack}: {:?}", report.findings());
            assert_eq!(
                (report.exit(), report.reason()),
                (1, "against_shrunk"),
                "{case}"
            );
            // By the key alone, or by what another log's key signed, nobody can tell.
            let empty = if attack == "removed" {
                "not_a_ledger"
            } else {
                "empty_ledger"
            };
            let other = Ground::new();
            let of_other = ledger_of(&other, 1);
            for (keys, kept) in [
                (request.keys.clone(), None),
                (of_other.keys, Some(kept.clone())),
                (Vec::new(), Some(kept)),
            ] {
                let request = Request {
                    keys,
                    against: kept.map(against).unwrap_or_default(),
                    ..Request::default()
                };
                let report = verify(&ground.path(), &request);
                assert_eq!((report.exit(), report.reason()), (2, empty), "{attack}");
            }
        }
    }
    // A directory that never was a ledger refutes nothing.
    let ground = Ground::new();
    let ledger = ground.create();
    let mut request = pinned(&ledger);
    let bytes = ledger.checkpoint().unwrap().into_bytes();
    let name = "kept".into();
    request.against = vec![Against { name, bytes }];
    let elsewhere = tempfile::tempdir().unwrap();
    let report = verify(elsewhere.path(), &request);
    assert_eq!((report.exit(), report.reason()), (2, "not_a_ledger"));
}

#[test]
fn what_was_kept_from_before_lifts_the_level() {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    let kept = producer
        .append(decision("d0"))
        .unwrap()
        .receipt()
        .unwrap()
        .to_string();
    let note = ledger.checkpoint().unwrap();
    producer.append(decision("d1")).unwrap();
    let mut request = pinned(&ledger);
    for bytes in [kept.into_bytes(), note.into_bytes()] {
        request.against = vec![Against {
            name: "kept".into(),
            bytes,
        }];
        let report = verify(&ground.path(), &request);
        assert_eq!(
            (report.exit(), report.level()),
            (0, Level::Remembered),
            "{:?}",
            report.findings()
        );
    }
}

#[test]
fn another_log_is_undecided_and_a_fresh_key_under_the_origin_is_refuted() {
    let ground = Ground::new();
    let request = ledger_of(&ground, 2);
    let other = Ground::new();
    let of_other = ledger_of(&other, 2);
    let report = verify(&ground.path(), &of_other);
    assert_eq!((report.exit(), report.reason()), (2, "origin_other"));
    let forged = Ground::new();
    let creation = Creation {
        origin: Some(request.keys[0].name().into()),
        ..Creation::default()
    };
    drop(Ledger::create(&forged.path(), &creation, forged.options()).unwrap());
    let report = verify(&forged.path(), &request);
    assert_eq!((report.exit(), report.reason()), (1, "key_not_pinned"));
}

#[test]
fn every_flipped_bit_of_a_small_log_is_seen() {
    let ground = Ground::new();
    let request = ledger_of(&ground, 3);
    let honest = fs::read(segment(&ground)).unwrap();
    assert_eq!(verify(&ground.path(), &request).exit(), 0);
    let one = Request {
        threads: std::num::NonZero::new(1),
        ..request
    };
    for at in (0..honest.len()).step_by(7) {
        let mut flipped = honest.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(segment(&ground), &flipped).unwrap();
        let report = verify(&ground.path(), &one);
        assert_ne!(report.exit(), 0, "byte {at}: {:?}", report.findings());
    }
}

fn without_line(text: &str, at: usize) -> String {
    lines(text, |lines| drop(lines.remove(at)))
}

fn doubled_line(text: &str, at: usize) -> String {
    lines(text, |lines| lines.insert(at, lines[at].clone()))
}

fn swapped_lines(text: &str, one: usize, other: usize) -> String {
    lines(text, |lines| lines.swap(one, other))
}

fn lines(text: &str, change: impl FnOnce(&mut Vec<String>)) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(Into::into).collect();
    change(&mut lines);
    lines.concat()
}

#[test]
fn a_rotated_key_is_followed_only_where_that_is_asked() {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    producer.append(decision("before")).unwrap();
    let old = pinned(&ledger);
    let next = keys::ephemeral(ledger.origin(), &SystemRandom).unwrap();
    ledger.rotate_key(next).unwrap();
    let after = producer
        .append(decision("after"))
        .unwrap()
        .receipt()
        .unwrap();
    let new = pinned(&ledger);
    assert_ne!(old.keys, new.keys);
    after.verify(&new.keys).unwrap();
    drop((producer, ledger));
    let report = verify(&ground.path(), &new);
    assert_eq!(
        (report.exit(), report.reason()),
        (0, "holds"),
        "{:?}",
        report.findings()
    );
    let report = verify(&ground.path(), &old);
    assert_eq!((report.exit(), report.reason()), (2, "key_retired"));
    let followed = Request {
        follow_rotation: true,
        ..old
    };
    let report = verify(&ground.path(), &followed);
    assert_eq!((report.exit(), report.reason()), (0, "holds"));
    assert!(report.counts().contains_key("key_rotated"));
    // The old key's file signs no more.
    let refused = Ledger::open(&ground.path(), ground.options()).unwrap_err();
    assert_eq!(refused.code(), "key_mismatch");
}

#[test]
fn a_signed_record_needs_a_key_that_the_log_knows_and_a_signature_that_holds() {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    let actor = keys::ephemeral("agent.example/a1", &SystemRandom).unwrap();
    let sign = |record: &[u8]| {
        let message = sealog_core::entry::record_signature_message(ledger.origin(), record);
        RecordSignature {
            key_id: "a1".into(),
            value: actor.sign(&message).unwrap(),
        }
    };
    let record = producer.prepare(decision("d0")).unwrap();
    let signature = sign(&record);
    let refused = producer
        .append_signed(record.clone(), signature.clone())
        .unwrap_err();
    assert_eq!(refused.code(), "signature_key_unknown");
    ledger
        .trust_actor_key("a1", &actor.verifier_key().to_string(), None)
        .unwrap();
    let other = producer.prepare(decision("d1")).unwrap();
    let refused = producer
        .append_signed(other, signature.clone())
        .unwrap_err();
    assert_eq!(refused.code(), "signature_invalid");
    producer.append_signed(record, signature).unwrap();
    // Once it is taken back, nobody signs by it any more; what it signed before stands.
    ledger.revoke_actor_key("a1").unwrap();
    let late = producer.prepare(decision("d2")).unwrap();
    let signature = sign(&late);
    let refused = producer.append_signed(late, signature).unwrap_err();
    assert_eq!(refused.code(), "signature_key_unknown");
    let again = ledger.revoke_actor_key("a1").unwrap_err();
    assert_eq!(again.code(), "argument");
    let report = verify(&ground.path(), &pinned(&ledger));
    assert_eq!(
        (report.exit(), report.reason()),
        (0, "holds"),
        "{:?}",
        report.findings()
    );
}

#[test]
fn a_torn_tail_is_cut_and_told_and_a_changed_byte_is_damage() {
    let ground = Ground::new();
    let request = ledger_of(&ground, 3);
    let honest = fs::read(segment(&ground)).unwrap();
    let mut torn = honest.clone();
    torn.extend_from_slice(b"{\"log\":{\"clock\":{\"sour");
    fs::write(segment(&ground), &torn).unwrap();
    let report = verify(&ground.path(), &request);
    assert_eq!((report.exit(), report.reason()), (2, "uncovered_tail"));
    drop(ground.open());
    let report = verify(&ground.path(), &request);
    assert_eq!(
        (report.exit(), report.reason()),
        (0, "holds"),
        "{:?}",
        report.findings()
    );
    assert_eq!(report.kinds()["ledger.recovered"], 1);
    let mut damaged = fs::read(segment(&ground)).unwrap();
    let last = damaged.iter().rposition(|byte| *byte == b'}').unwrap();
    damaged[last - 20] ^= 1;
    fs::write(segment(&ground), &damaged).unwrap();
    let refused = Ledger::open(&ground.path(), ground.options()).unwrap_err();
    // Which of them depends on the character that the bit falls on.
    let codes = [
        "behind_head_copy",
        "checkpoint_malformed",
        "checkpoint_signature",
    ];
    assert!(codes.contains(&refused.code()), "{refused}");
}

#[test]
fn a_record_signature_that_fails_refutes_where_a_checkpoint_covers_it_and_not_in_a_tail() {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    let actor = keys::ephemeral("agent.example/a1", &SystemRandom).unwrap();
    let vkey = actor.verifier_key().to_string();
    ledger.trust_actor_key("a1", &vkey, None).unwrap();
    let record = producer.prepare(decision("d0")).unwrap();
    let message = sealog_core::entry::record_signature_message(ledger.origin(), &record);
    let signature = RecordSignature {
        key_id: "a1".into(),
        value: actor.sign(&message).unwrap(),
    };
    producer.append_signed(record, signature).unwrap();
    producer.append(decision("d1")).unwrap();
    let request = pinned(&ledger);
    ledger.close().unwrap();
    drop((producer, ledger));
    assert_eq!(verify(&ground.path(), &request).exit(), 0, "the twin");
    let spoil = |text: String| text.replacen("\"d0\"", "\"dX\"", 1);
    edit(&ground, spoil);
    let covered = verify(&ground.path(), &request);
    assert_eq!(covered.exit(), 1);
    assert!(covered.counts().contains_key("signature_invalid"));
    // The same line where no checkpoint follows it: nothing says that it was ever in the log.
    edit(&ground, |text| {
        let at = text.find("\"dX\"").unwrap();
        let end = at + text[at..].find('\n').unwrap() + 1;
        text[..end].to_owned()
    });
    for threads in [1, 3] {
        let request = Request {
            threads: std::num::NonZero::new(threads),
            ..request.clone()
        };
        let tail = verify(&ground.path(), &request);
        let reason = (tail.exit(), tail.reason());
        assert_eq!(reason, (2, "uncovered_tail"), "{:?}", tail.findings());
    }
}

#[test]
fn a_blanked_sector_is_undecided_in_the_last_group_alone() {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    for n in 0..4 {
        let mut draft = decision(&format!("d{n}"));
        // So that a whole sector lies inside of the entry, and the checkpoint line stays as it is.
        draft.body.insert("model_reason", "x".repeat(1_000));
        producer.append(draft).unwrap();
    }
    let mut request = pinned(&ledger);
    let kept = ledger.checkpoint().unwrap().into_bytes();
    ledger.close().unwrap();
    drop((producer, ledger));
    let honest = fs::read(segment(&ground)).unwrap();
    assert_eq!(verify(&ground.path(), &request).exit(), 0, "the twin");
    let elsewhere = |n: &str| sealog_ledger::Options {
        state_dir: Some(ground.path().with_file_name(n)),
        ..ground.options()
    };
    for blank in [0, b'\n'] {
        let blanked = |id: &str| {
            let text = String::from_utf8(honest.clone()).unwrap();
            let inside = text.find(&format!("\"decision_id\":\"{id}\"")).unwrap();
            let sector = inside.next_multiple_of(512);
            let mut bytes = honest.clone();
            assert!(!bytes[inside..sector + 512].contains(&b'\n'));
            bytes[sector..sector + 512].fill(blank);
            fs::write(segment(&ground), bytes).unwrap();
        };
        blanked("d1");
        let report = verify(&ground.path(), &request);
        assert_eq!((report.exit(), report.reason()), (1, "line_malformed"));
        // The writer does not take it for a torn write either, even where no head copy tells.
        let refused = Ledger::open(&ground.path(), elsewhere("early")).unwrap_err();
        assert_eq!(refused.code(), "line_malformed");
        blanked("d3");
        let report = verify(&ground.path(), &request);
        assert_eq!((report.exit(), report.reason()), (2, "uncovered_tail"));
        request.against = vec![Against {
            name: "kept".into(),
            bytes: kept.clone(),
        }];
        let report = verify(&ground.path(), &request);
        assert_eq!((report.exit(), report.reason()), (1, "against_shrunk"));
        request.against.clear();
    }
    drop(Ledger::open(&ground.path(), elsewhere("late")).unwrap());
    let report = verify(&ground.path(), &request);
    assert_eq!((report.exit(), report.reason()), (0, "holds"));
    assert_eq!(report.kinds()["ledger.recovered"], 1);
}

#[test]
fn a_torn_tail_in_a_later_segment_hides_no_edited_byte_before_it() {
    let ground = Ground::new();
    let options = sealog_ledger::Options {
        segment_bytes: 6_000,
        ..ground.options()
    };
    let ledger = Ledger::create(&ground.path(), &Creation::default(), options).unwrap();
    let producer = ledger.producer().unwrap();
    for n in 0..12 {
        producer.append(decision(&format!("d{n}"))).unwrap();
    }
    let request = pinned(&ledger);
    drop((producer, ledger));
    edit(&ground, |text| text.replace("\"d3\"", "\"dX\""));
    assert_eq!(verify(&ground.path(), &request).exit(), 1);
    // Of the second segment, the last, only its first line is left and what looks like an interrupted write.
    let second = ground.path().join("log/0000000001.jsonl");
    let text = fs::read_to_string(&second).unwrap();
    let head = text.split_inclusive('\n').next().unwrap();
    fs::write(&second, format!("{head}{{\"log\":{{")).unwrap();
    for later in 2.. {
        let path = ground.path().join(format!("log/{later:010}.jsonl"));
        if fs::remove_file(path).is_err() {
            break;
        }
    }
    let report = verify(&ground.path(), &request);
    assert_eq!(report.exit(), 1, "{:?}", report.findings());
}
