//! Cosigned checkpoints: brought into the log, and read as outside times.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use sealog_core::config::digest_text;
use sealog_core::hash::Hash;
use sealog_core::json::{Number, Object, Value};
use sealog_core::receipt::Receipt;
use sealog_core::time::Timestamp;
use sealog_core::tlog::checkpoint::{Checkpoint, sign_checkpoint};
use sealog_core::tlog::cosignature::cosign;
use sealog_core::tlog::note::Note;
use sealog_core::tlog::policy::Policy;
use sealog_core::tlog::proof::TlogProof;
use sealog_core::tlog::sign::{Ed25519Signer, Signer};
use sealog_core::tlog::vkey::KeyType;
use sealog_ledger::verify::{Against, Level, Report, Request, verify_ledger, verify_receipt};
use sealog_ledger::{Creation, Draft, Ledger, Options};

use crate::forge::force;
use crate::ground::{Ground, decision};

const ORIGIN: &str = "example.org/anchored";
/// Some second of 2026.
const T: u64 = 1_780_000_000;

fn log_key() -> Arc<Ed25519Signer> {
    Arc::new(Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[1; 32]).unwrap())
}

fn witness(seed: u8) -> Ed25519Signer {
    let name = format!("w{seed}.example");
    Ed25519Signer::from_seed(KeyType::CosignatureV1, &name, &[seed; 32]).unwrap()
}

/// Two of the witnesses 11, 12 and 13.
fn policy() -> Policy {
    policy_of(&[11, 12, 13], "group G 2 W11 W12 W13\nquorum G\n")
}

fn policy_of(seeds: &[u8], rest: &str) -> Policy {
    let lines = seeds.iter().map(|seed| {
        let vkey = witness(*seed).verifier_key().to_string();
        format!("witness W{seed} {vkey}\n")
    });
    let text: String = lines.chain([rest.to_owned()]).collect();
    Policy::parse(text.as_bytes()).unwrap()
}

fn cosigned(note: &str, lines: &[(u8, u64)]) -> Vec<u8> {
    let note = lines.iter().fold(note.to_owned(), |note, (seed, time)| {
        cosign(&note, *time, &witness(*seed)).unwrap()
    });
    note.into_bytes()
}

/// Cosigned by two at a time.
fn seen(note: &str, time: u64) -> Vec<u8> {
    cosigned(note, &[(11, time), (12, time)])
}

fn create(ground: &Ground) -> Ledger {
    let options = Options {
        signer: Some(log_key()),
        ..ground.options()
    };
    Ledger::create(&ground.path(), &Creation::default(), options).unwrap()
}

fn record(ledger: &Ledger, count: usize) {
    let producer = ledger.producer().unwrap();
    for n in 0..count {
        producer.append(decision(&n.to_string())).unwrap();
    }
}

fn request(policy: Option<Policy>) -> Request {
    Request {
        keys: vec![log_key().verifier_key().clone()],
        policy,
        ..Request::default()
    }
}

fn verify(ground: &Ground, request: &Request) -> Report {
    verify_ledger(&ground.path(), request, &mut |_| ())
}

/// The interval of an entry in seconds since `T`.
fn interval(report: &Report, index: u64) -> (Option<i64>, Option<i64>) {
    let interval = report.times().interval(index);
    let since = |time: Timestamp| time.seconds() - i64::try_from(T).unwrap();
    (
        interval.not_before.map(since),
        interval.not_after.map(since),
    )
}

fn anchors(ground: &Ground) -> Vec<PathBuf> {
    let directory = ground.path().join("anchors");
    let Ok(names) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = names.map(|name| name.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn an_imported_checkpoint_bounds_what_came_before_and_after_it() {
    let ground = Ground::new();
    let ledger = create(&ground);
    record(&ledger, 3);
    let note = ledger.checkpoint().unwrap();
    record(&ledger, 2);
    let token = seen(&note, T + 100);
    let anchored = ledger.import_checkpoint(&token, &policy()).unwrap();
    assert_eq!((anchored.size, anchored.appended.index()), (4, 6));
    assert_eq!(anchored.existed_by.seconds(), 1_780_000_100);
    assert_eq!(fs::read(&anchors(&ground)[0]).unwrap(), token);
    assert!(anchors(&ground)[0].ends_with(&anchored.name));
    let entry = ledger.entry(6).unwrap().value();
    let body = entry.member("record").unwrap().member("body").unwrap();
    let text = |name| {
        body.member(name)
            .and_then(Value::as_str)
            .unwrap()
            .to_owned()
    };
    assert_eq!(text("token_ref"), digest_text(&Hash::of(&[&token])));
    assert_eq!(text("authority"), "w11.example, w12.example");
    assert_eq!(text("anchor_type"), "witness_cosignature");
    record(&ledger, 2);
    drop(ledger);
    let report = verify(&ground, &request(Some(policy())));
    // Records of producers follow what is witnessed; what the anchor says holds all the same.
    assert_eq!((report.exit(), report.reason()), (2, "witness_quorum"));
    // Two before the anchor, and two after it with the beginning of their run.
    assert_eq!(reach(&report), Some((4, 1, 4)));
    let report = verify(&ground, &request(None));
    assert_eq!(report.exit(), 0);
    assert!(report.times().is_empty(), "nobody's word without a policy");
}

/// Size, and the records after it: the log's own, and those of producers.
fn reach(report: &Report) -> Option<(u64, u64, u64)> {
    let reach = report.witnessed()?;
    Some((reach.size, reach.own_after, reach.producers_after))
}

#[test]
fn a_log_is_witnessed_up_to_where_only_its_own_records_follow() {
    let ground = Ground::new();
    let ledger = create(&ground);
    record(&ledger, 3);
    let note = ledger.checkpoint().unwrap();
    let size = ledger.size();
    ledger
        .import_checkpoint(&seen(&note, T + 100), &policy())
        .unwrap();
    let asked = request(Some(policy()));
    let report = verify(&ground, &asked);
    let findings = format!("{:?}", report.findings());
    assert_eq!((report.exit(), report.reason()), (0, "holds"), "{findings}");
    assert_eq!(
        (report.level(), reach(&report)),
        (Level::Witnessed, Some((size, 1, 0)))
    );
    let json = report.to_json();
    let part = json
        .member("verdicts")
        .unwrap()
        .member("completeness")
        .unwrap();
    let number = |name| part.member(name).and_then(Value::as_u64);
    assert_eq!(number("witnessed_size"), Some(size));
    assert_eq!(number("after_witnessed_own"), Some(1));
    assert_eq!(number("after_witnessed_producers"), Some(0));
    // An epoch is the log's own too, and the age is that of what the witnesses saw.
    ledger.seal_epoch().unwrap();
    let aged = |seconds| Request {
        max_age: Some(std::time::Duration::from_secs(seconds)),
        now: Some(Timestamp::from_unix(i64::try_from(T).unwrap() + 150, 0).unwrap()),
        ..asked.clone()
    };
    let report = verify(&ground, &aged(50));
    assert_eq!((report.exit(), reach(&report)), (0, Some((size, 2, 0))));
    let report = verify(&ground, &aged(49));
    assert_eq!((report.exit(), report.reason()), (2, "too_old"));
    // One record of a producer, and it is not witnessed any more; nobody else's word makes it so.
    record(&ledger, 1);
    let after = ledger.size() - size - 2;
    let report = verify(&ground, &asked);
    assert_eq!((report.exit(), report.reason()), (2, "witness_quorum"));
    assert_eq!(
        (report.level(), reach(&report)),
        (Level::SelfSigned, Some((size, 2, after)))
    );
    assert!(after > 0);
    // Cosigned by too few, or over a root that the log never had: not at all.
    for (name, bytes) in [
        ("few", cosigned(&ledger.checkpoint().unwrap(), &[(11, T)])),
        ("fork", {
            let root = Hash::of(&[b"fork"]);
            let fork = sign_checkpoint(ORIGIN, ledger.size(), root, &[&*log_key()]).unwrap();
            seen(&fork, T)
        }),
    ] {
        fs::write(ground.path().join("anchors").join(name), bytes).unwrap();
        let report = verify(&ground, &asked);
        assert_eq!(
            (report.exit(), report.reason()),
            (2, "witness_quorum"),
            "{name}"
        );
        assert_eq!(reach(&report), Some((size, 2, after)), "{name}");
    }
    // Once the witnesses saw the new end, it is; however little of it is in the log.
    let note = ledger.checkpoint().unwrap();
    fs::write(ground.path().join("anchors/enough"), seen(&note, T + 200)).unwrap();
    let report = verify(&ground, &asked);
    assert_eq!((report.exit(), report.level()), (0, Level::Witnessed));
    assert_eq!(reach(&report), Some((ledger.size(), 0, 0)));
}

#[test]
fn times_are_told_where_the_newest_checkpoint_is_witnessed_too() {
    let ground = Ground::new();
    let ledger = create(&ground);
    record(&ledger, 3);
    let first = seen(&ledger.checkpoint().unwrap(), T + 100);
    ledger.import_checkpoint(&first, &policy()).unwrap();
    record(&ledger, 2);
    let newest = seen(&ledger.checkpoint().unwrap(), T + 200);
    drop(ledger);
    let mut asked = request(Some(policy()));
    asked.against = vec![Against {
        name: "newest".into(),
        bytes: newest,
    }];
    let report = verify(&ground, &asked);
    assert_eq!(
        (report.exit(), report.level().id(), report.size()),
        (0, "witnessed", 7)
    );
    for (index, expected) in [
        (0, (None, Some(100))),
        (3, (None, Some(100))),
        (4, (None, Some(200))),
        (5, (Some(100), Some(200))),
        (6, (Some(100), Some(200))),
    ] {
        assert_eq!(interval(&report, index), expected, "{index}");
    }
    assert_eq!(report.times().bounded(), 7);
    let json = report.to_json();
    let time = json.member("verdicts").unwrap().member("time").unwrap();
    assert_eq!(
        time.member("verdict").and_then(Value::as_str),
        Some("bounded")
    );
    assert_eq!(
        time.member("intervals").unwrap().as_array().unwrap().len(),
        3
    );
}

#[test]
fn a_quorums_time_is_not_moved_by_one_that_lies() {
    let ground = Ground::new();
    let ledger = create(&ground);
    record(&ledger, 1);
    let note = ledger.checkpoint().unwrap();
    let token = cosigned(&note, &[(11, T + 10), (12, T + 20), (13, T - 100_000)]);
    let anchored = ledger.import_checkpoint(&token, &policy()).unwrap();
    assert_eq!(anchored.existed_by.seconds(), 1_780_000_010);
}

#[test]
fn what_does_not_vouch_for_this_log_is_not_taken_in() {
    let ground = Ground::new();
    let ledger = create(&ground);
    record(&ledger, 2);
    let note = ledger.checkpoint().unwrap();
    let text = Note::parse(note.as_bytes()).unwrap().text().to_owned();
    let checkpoint = Checkpoint::parse(&text).unwrap();
    let key = log_key();
    let sign = |size, root| sign_checkpoint(ORIGIN, size, root, &[&*key]).unwrap();
    let other = Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[2; 32]).unwrap();
    let elsewhere =
        Ed25519Signer::from_seed(KeyType::Ed25519, "example.org/other", &[1; 32]).unwrap();
    let root = *checkpoint.root();
    let mut spoilt = seen(&note, T);
    let last = spoilt.len() - 10;
    spoilt[last] = if spoilt[last] == b'A' { b'B' } else { b'A' };
    let cases = [
        ("nobody cosigned it", note.clone().into_bytes(), "anchor"),
        ("one of two", cosigned(&note, &[(11, T)]), "anchor"),
        ("strangers", cosigned(&note, &[(14, T), (15, T)]), "anchor"),
        ("a spoilt cosignature", spoilt, "anchor"),
        (
            "another key",
            seen(&sign_checkpoint(ORIGIN, 3, root, &[&other]).unwrap(), T),
            "anchor",
        ),
        (
            "another log",
            seen(
                &sign_checkpoint("example.org/other", 3, root, &[&elsewhere]).unwrap(),
                T,
            ),
            "anchor",
        ),
        (
            "another root",
            seen(&sign(3, Hash::of(&[b"another"])), T),
            "anchor",
        ),
        ("no such size", seen(&sign(4, root), T), "anchor"),
        ("no calendar's time", seen(&note, 1 << 62), "anchor"),
        ("not a note", b"hello".to_vec(), "argument"),
    ];
    for (what, bytes, code) in cases {
        let refused = ledger.import_checkpoint(&bytes, &policy()).unwrap_err();
        assert_eq!(refused.code(), code, "{what}: {refused}");
    }
    let nobody = policy_of(&[11], "quorum none\n");
    let refused = ledger
        .import_checkpoint(&seen(&note, T), &nobody)
        .unwrap_err();
    assert_eq!(refused.code(), "argument");
    assert_eq!((ledger.size(), anchors(&ground).len()), (3, 0));
    // Its twin that vouches is.
    ledger
        .import_checkpoint(&seen(&note, T), &policy())
        .unwrap();
}

/// A log of 4 entries with an anchor, and the cosigned newest checkpoint of it.
fn anchored() -> (Ground, Request) {
    let ground = Ground::new();
    let ledger = create(&ground);
    record(&ledger, 2);
    let token = seen(&ledger.checkpoint().unwrap(), T + 100);
    ledger.import_checkpoint(&token, &policy()).unwrap();
    let newest = seen(&ledger.checkpoint().unwrap(), T + 200);
    let mut asked = request(Some(policy()));
    asked.against = vec![Against {
        name: "newest".into(),
        bytes: newest,
    }];
    (ground, asked)
}

#[test]
fn an_anchor_without_its_proof_gives_no_time_and_that_is_said() {
    let (ground, asked) = anchored();
    let whole = verify(&ground, &asked);
    assert_eq!((whole.exit(), interval(&whole, 0)), (0, (None, Some(100))));
    assert!(!whole.counts().contains_key("anchor_missing"));
    let file = anchors(&ground).remove(0);
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, [&bytes[..], b"x"].concat()).unwrap();
    for _ in 0..2 {
        let report = verify(&ground, &asked);
        assert_eq!(
            (report.exit(), interval(&report, 0)),
            (0, (None, Some(200)))
        );
        assert_eq!(report.counts().get("anchor_missing"), Some(&1));
        fs::remove_file(&file).unwrap_or_default();
    }
}

#[test]
fn another_policy_hears_nothing_in_an_anchor() {
    let (ground, asked) = anchored();
    let other = policy_of(&[13, 14], "quorum W14\n");
    let report = verify(
        &ground,
        &Request {
            policy: Some(other),
            ..asked
        },
    );
    assert_eq!((report.exit(), report.reason()), (2, "witness_quorum"));
    assert_eq!(report.counts().get("anchor_unproven"), Some(&1));
    assert!(report.times().is_empty());
}

#[test]
fn a_note_in_the_shelf_that_no_entry_names_bounds_only_what_came_before() {
    let (ground, asked) = anchored();
    let ledger = Ledger::open(
        &ground.path(),
        Options {
            signer: Some(log_key()),
            ..ground.options()
        },
    )
    .unwrap();
    let note = ledger.checkpoint().unwrap();
    drop(ledger);
    fs::write(ground.path().join("anchors/note"), seen(&note, T + 150)).unwrap();
    let report = verify(&ground, &asked);
    assert_eq!(
        (report.exit(), interval(&report, 3)),
        (0, (None, Some(150)))
    );
    // One over a root that the log never had says nothing of it.
    let fork = sign_checkpoint(ORIGIN, 4, Hash::of(&[b"fork"]), &[&*log_key()]).unwrap();
    fs::write(ground.path().join("anchors/note"), seen(&fork, T + 1)).unwrap();
    let report = verify(&ground, &asked);
    assert_eq!(interval(&report, 3), (None, Some(200)));
}

#[test]
fn times_that_contradict_each_other_are_noted() {
    let ground = Ground::new();
    let ledger = create(&ground);
    record(&ledger, 2);
    let token = seen(&ledger.checkpoint().unwrap(), T + 500);
    ledger.import_checkpoint(&token, &policy()).unwrap();
    record(&ledger, 1);
    let newest = seen(&ledger.checkpoint().unwrap(), T + 400);
    drop(ledger);
    let mut asked = request(Some(policy()));
    asked.against = vec![Against {
        name: "newest".into(),
        bytes: newest,
    }];
    let report = verify(&ground, &asked);
    assert_eq!(
        (report.exit(), interval(&report, 4)),
        (0, (Some(500), Some(400)))
    );
    assert_eq!(report.counts().get("times_contradict"), Some(&1));
}

#[test]
fn a_log_that_does_not_hold_has_no_times() {
    let (ground, asked) = anchored();
    let segment = ground.path().join("log/0000000000.jsonl");
    let text = fs::read_to_string(&segment).unwrap();
    fs::write(&segment, text.replacen("a test", "a Test", 1)).unwrap();
    let report = verify(&ground, &asked);
    assert_eq!(report.exit(), 1);
    assert!(report.times().is_empty());
}

#[test]
fn a_receipt_with_cosignatures_says_by_when_its_entry_existed() {
    let ground = Ground::new();
    let ledger = create(&ground);
    record(&ledger, 3);
    let receipt = ledger.receipt(2).unwrap();
    let with = |note: Vec<u8>| {
        let note = String::from_utf8(note).unwrap();
        let proof = receipt.proof().to_vec();
        let file = TlogProof::new(Some(receipt.entry().to_vec()), 2, proof, note).unwrap();
        assert!(Receipt::parse(file.to_string().as_bytes()).is_ok());
        verify_receipt(file.to_string().as_bytes(), &request(Some(policy())))
    };
    let report = with(seen(receipt.note(), T + 100));
    assert_eq!((report.exit(), report.level().id()), (0, "witnessed"));
    let interval = report.interval();
    assert_eq!(
        interval.not_after.map(Timestamp::seconds),
        Some(1_780_000_100)
    );
    assert_eq!(interval.not_before, None);
    let report = with(cosigned(receipt.note(), &[(11, T)]));
    assert_eq!(
        (report.exit(), report.interval()),
        (2, sealog_ledger::verify::Interval::default())
    );
}

/// A record of an anchor that nobody has to believe.
fn claim(size: u32, root: Hash) -> Draft {
    let mut body = Object::new();
    body.insert("anchor_type", "mirror");
    body.insert("authority", "somebody");
    body.insert("root_hash", root.to_hex());
    body.insert("token_ref", digest_text(&Hash::of(&[b"token"])));
    let size = Number::finite(f64::from(size)).unwrap();
    body.insert("tree_size", Value::Number(size));
    let mut draft = Draft::new("chain.anchored", body);
    draft.stream_id = Some("log".into());
    draft
}

/// The same as the holder of the log's key can write it past the ledger.
fn forged(size: u32, root: Hash) -> Vec<u8> {
    let text = format!(
        "{{\"body\":{{\"anchor_type\":\"mirror\",\"authority\":\"somebody\",\"root_hash\":\"{}\",\
         \"token_ref\":\"{}\",\"tree_size\":{size}}},\"capture_mode\":\"automatic\",\"kind\":\"chain.anchored\",\
         \"occurred_at\":\"2026-05-28T20:26:40.000000Z\",\"producer_run\":\"log-forged\",\"producer_seq\":0,\
         \"record_id\":\"019e7044-8be8-7627-a829-2a2b2c2d2e2f\",\"retention_class\":\"default\",\
         \"schema_version\":\"1.1.0\",\"stream_id\":\"log\",\"system_id\":null,\"tenant_id\":\"default\"}}",
        root.to_hex(),
        digest_text(&Hash::of(&[b"token"])),
    );
    text.into_bytes()
}

#[test]
fn anchors_of_any_age_are_compared_with_the_log() {
    let ground = Ground::new();
    let ledger = create(&ground);
    record(&ledger, 1);
    let early = ledger.checkpoint().unwrap();
    let producer = ledger.producer().unwrap();
    // A group of two: size 3 is that of no checkpoint.
    producer
        .append_many(vec![decision("a"), decision("b")])
        .unwrap();
    // Beyond the roots that the state remembers.
    for n in 0..4_100 {
        producer.append(decision(&n.to_string())).unwrap();
    }
    let anchored = ledger
        .import_checkpoint(&seen(&early, T), &policy())
        .unwrap();
    assert_eq!(anchored.size, 2);
    let fork = sign_checkpoint(ORIGIN, 2, Hash::of(&[b"fork"]), &[&*log_key()]).unwrap();
    let refused = ledger
        .import_checkpoint(&seen(&fork, T), &policy())
        .unwrap_err();
    assert_eq!(refused.code(), "anchor");
    let early = Note::parse(early.as_bytes()).unwrap().text().to_owned();
    let root = *Checkpoint::parse(&early).unwrap().root();
    // What a verifier would refute is refused, however old it is.
    for (size, root) in [(2, Hash::of(&[b"fork"])), (3, root), (1, root), (0, root)] {
        let refused = ledger.append_own(claim(size, root)).unwrap_err();
        assert_eq!(refused.code(), "anchor_wrong", "{size}");
    }
    ledger.append_own(claim(2, root)).unwrap();
    ledger.close().unwrap();
    drop(producer);
    drop(ledger);
    let report = verify(&ground, &request(None));
    assert_eq!((report.exit(), report.anchors()), (0, 2));
    assert!(
        !report.counts().contains_key("anchor_unchecked"),
        "{:?}",
        report.counts()
    );
    let segment = ground.path().join("log/0000000000.jsonl");
    let good = fs::read(&segment).unwrap();
    for (size, root, exit) in [
        (2, root, 0),
        (2, Hash::of(&[b"fork"]), 1),
        (3, root, 1),
        (0, root, 1),
    ] {
        fs::write(&segment, &good).unwrap();
        force(&ground.path(), &*log_key(), "sealog", &forged(size, root));
        let report = verify(&ground, &request(None));
        let reason = if exit == 0 { "holds" } else { "anchor_wrong" };
        assert_eq!((report.exit(), report.reason()), (exit, reason), "{size}");
    }
}
