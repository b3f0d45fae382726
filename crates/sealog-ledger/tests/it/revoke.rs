//! A log's key that was lost or stolen is revoked by the recovery key that entry 0 names.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use sealog_core::entry::checkpoint_line;
use sealog_core::json::{Object, Value};
use sealog_core::tlog::note::{self, Note};
use sealog_core::tlog::sign::{Ed25519Signer, Signer};
use sealog_core::tlog::vkey::KeyType;
use sealog_ledger::verify::{Report, Request, verify_ledger};
use sealog_ledger::{Creation, Draft, Ledger, Options};

use crate::ground::{Ground, decision};

const ORIGIN: &str = "example.org/revoked";

fn key(seed: u8) -> Arc<Ed25519Signer> {
    Arc::new(Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[seed; 32]).unwrap())
}

/// The log's first key, its recovery key, and those that follow.
const FIRST: u8 = 1;
const RECOVERY: u8 = 2;
const SECOND: u8 = 3;
const THIRD: u8 = 4;

fn by(ground: &Ground, seed: u8) -> Options {
    Options {
        signer: Some(key(seed)),
        epoch_entries: 4,
        ..ground.options()
    }
}

fn open(ground: &Ground, seed: u8) -> Ledger {
    Ledger::open(&ground.path(), by(ground, seed)).unwrap()
}

fn creation(recovery: Option<String>) -> Creation {
    Creation {
        origin: Some(ORIGIN.into()),
        recovery_vkey: recovery,
        ..Creation::default()
    }
}

/// A ledger of some entries with a recovery key.
fn ledger() -> (Ground, Ledger) {
    let ground = Ground::new();
    let recovery = key(RECOVERY).verifier_key().to_string();
    let creation = creation(Some(recovery));
    let ledger = Ledger::create(&ground.path(), &creation, by(&ground, FIRST)).unwrap();
    ledger.producer().unwrap().append(decision("d0")).unwrap();
    (ground, ledger)
}

fn verify(ground: &Ground, pinned: &[u8], follow_rotation: bool) -> Report {
    let request = Request {
        keys: pinned
            .iter()
            .map(|seed| key(*seed).verifier_key().clone())
            .collect(),
        all_signatures: true,
        follow_rotation,
        ..Request::default()
    };
    verify_ledger(&ground.path(), &request, &mut |_| ())
}

fn segment(ground: &Ground) -> PathBuf {
    ground.path().join("log/0000000000.jsonl")
}

#[test]
fn a_lost_key_is_revoked_and_its_successor_goes_on() {
    let (ground, ledger) = ledger();
    drop(ledger);
    let ledger = open(&ground, RECOVERY);
    // With the recovery key nothing else can be done.
    let refused = ledger
        .producer()
        .unwrap()
        .append(decision("d1"))
        .unwrap_err();
    assert_eq!(refused.code(), "key_mismatch");
    assert_eq!(ledger.seal_epoch().unwrap_err().code(), "key_mismatch");
    assert_eq!(
        ledger.rotate_key(key(SECOND)).unwrap_err().code(),
        "checkpoint_key"
    );
    assert_eq!(ledger.size(), 2);
    let revoked = ledger.revoke_key(key(SECOND)).unwrap();
    assert_eq!(revoked.index(), 3);
    assert_eq!(ledger.vkey(), key(SECOND).verifier_key().to_string());
    ledger.producer().unwrap().append(decision("d1")).unwrap();
    drop(ledger);
    let stolen = Ledger::open(&ground.path(), by(&ground, FIRST)).unwrap_err();
    assert_eq!(stolen.code(), "key_mismatch");
    let ledger = open(&ground, SECOND);
    ledger.producer().unwrap().append(decision("d2")).unwrap();
    for (index, event) in [(2, "revoked"), (3, "rotated")] {
        let said = ledger.entry(index).unwrap().value();
        let body = said.member("record").unwrap().member("body").unwrap();
        assert_eq!(body.member("event").and_then(Value::as_str), Some(event));
    }
    let report = verify(&ground, &[SECOND], false);
    // With the epoch that was due.
    assert_eq!((report.exit(), report.size()), (0, 7));
    assert_eq!(report.counts().get("key_revoked"), Some(&1));
}

#[test]
fn whoever_pinned_a_revoked_key_is_told_and_never_follows_it() {
    let (ground, ledger) = ledger();
    drop(ledger);
    open(&ground, RECOVERY).revoke_key(key(SECOND)).unwrap();
    for follow in [false, true] {
        let report = verify(&ground, &[FIRST], follow);
        assert_eq!((report.exit(), report.reason()), (2, "key_retired"));
        let finding = report
            .findings()
            .iter()
            .find(|f| f.code.id() == "key_retired")
            .unwrap();
        assert!(
            finding.found.as_ref().unwrap().contains("revoked"),
            "{finding}"
        );
        // The recovery key signs one checkpoint of a log and vouches for none.
        let report = verify(&ground, &[RECOVERY], follow);
        assert_eq!((report.exit(), report.reason()), (1, "key_not_pinned"));
    }
    assert_eq!(verify(&ground, &[FIRST, SECOND], false).exit(), 0);
}

#[test]
fn a_key_that_handed_over_itself_is_followed_past_a_later_revocation() {
    let (ground, ledger) = ledger();
    ledger.rotate_key(key(SECOND)).unwrap();
    drop(ledger);
    open(&ground, RECOVERY).revoke_key(key(THIRD)).unwrap();
    let report = verify(&ground, &[FIRST], true);
    assert_eq!(report.exit(), 0);
    assert!(report.counts().contains_key("key_rotated"));
    assert!(report.counts().contains_key("key_revoked"));
    assert_eq!(verify(&ground, &[SECOND], true).reason(), "key_retired");
    assert_eq!(verify(&ground, &[THIRD], false).exit(), 0);
}

#[test]
fn a_log_without_a_recovery_key_has_nobody_who_revokes() {
    let ground = Ground::new();
    let options = by(&ground, FIRST);
    let ledger = Ledger::create(&ground.path(), &creation(None), options).unwrap();
    assert_eq!(
        ledger.revoke_key(key(SECOND)).unwrap_err().code(),
        "key_event_wrong"
    );
    drop(ledger);
    let refused = Ledger::open(&ground.path(), by(&ground, RECOVERY)).unwrap_err();
    assert_eq!(refused.code(), "key_mismatch");
}

#[test]
fn a_revocation_without_a_successor_is_refused() {
    let (_ground, ledger) = ledger();
    let mut body = Object::new();
    body.insert("event", "revoked");
    body.insert("key_id", "log");
    body.insert("vkey", key(FIRST).verifier_key().to_string());
    let mut draft = Draft::new("key.event", body);
    draft.stream_id = Some("log".into());
    assert_eq!(
        ledger.append_own(draft.clone()).unwrap_err().code(),
        "key_event_wrong"
    );
    // And of another key than the active one: it is none of the log's to revoke.
    draft
        .body
        .insert("vkey", key(THIRD).verifier_key().to_string());
    assert_eq!(
        ledger.append_own(draft).unwrap_err().code(),
        "key_event_wrong"
    );
    ledger.producer().unwrap().append(decision("d1")).unwrap();
}

#[test]
fn the_log_key_cannot_revoke_itself() {
    let (_ground, ledger) = ledger();
    assert_eq!(
        ledger.revoke_key(key(SECOND)).unwrap_err().code(),
        "checkpoint_key"
    );
    ledger.producer().unwrap().append(decision("d1")).unwrap();
}

#[test]
fn neither_the_recovery_key_nor_a_revoked_one_takes_over() {
    let (ground, ledger) = ledger();
    let code = |refused: Result<sealog_ledger::Appended, sealog_ledger::Error>| {
        refused.unwrap_err().code()
    };
    assert_eq!(code(ledger.rotate_key(key(RECOVERY))), "key_event_wrong");
    drop(ledger);
    let ledger = open(&ground, RECOVERY);
    for seed in [FIRST, RECOVERY] {
        assert_eq!(code(ledger.revoke_key(key(seed))), "key_event_wrong");
    }
    ledger.revoke_key(key(SECOND)).unwrap();
    assert_eq!(code(ledger.rotate_key(key(FIRST))), "key_event_wrong");
    ledger.rotate_key(key(THIRD)).unwrap();
    assert_eq!(verify(&ground, &[THIRD], false).exit(), 0);
}

#[test]
fn a_recovery_key_that_could_never_sign_for_the_log_is_refused_before_anything_is_made() {
    let other = Ed25519Signer::from_seed(KeyType::Ed25519, "example.org/other", &[2; 32]).unwrap();
    let witness = Ed25519Signer::from_seed(KeyType::CosignatureV1, ORIGIN, &[2; 32]).unwrap();
    for text in [
        "no key".to_owned(),
        other.verifier_key().to_string(),
        witness.verifier_key().to_string(),
        key(FIRST).verifier_key().to_string(),
    ] {
        let ground = Ground::new();
        let made = Ledger::create(&ground.path(), &creation(Some(text)), by(&ground, FIRST));
        assert_eq!(made.unwrap_err().code(), "argument");
        assert!(!ground.path().exists());
    }
}

#[test]
fn a_hand_over_that_others_signed_is_refuted() {
    let (ground, ledger) = ledger();
    drop(ledger);
    open(&ground, RECOVERY).revoke_key(key(SECOND)).unwrap();
    let good = fs::read_to_string(segment(&ground)).unwrap();
    let end = good.trim_end_matches('\n');
    let (before, last) = end.rsplit_once('\n').unwrap();
    let line = Value::parse(last.as_bytes()).unwrap();
    let signed = line.member("checkpoint").and_then(Value::as_str).unwrap();
    let text = Note::parse(signed.as_bytes()).unwrap().text().to_owned();
    let with = |seeds: &[u8]| {
        let signers: Vec<Arc<Ed25519Signer>> = seeds.iter().map(|seed| key(*seed)).collect();
        let signers: Vec<&dyn Signer> = signers.iter().map(|signer| &**signer as _).collect();
        let note = note::sign(&text, &signers).unwrap();
        let line = String::from_utf8(checkpoint_line(&note)).unwrap();
        fs::write(segment(&ground), format!("{before}\n{line}\n")).unwrap();
        verify(&ground, &[SECOND], false)
    };
    assert_eq!(with(&[RECOVERY, SECOND]).exit(), 0);
    for seeds in [
        &[FIRST, SECOND][..],
        &[SECOND],
        &[RECOVERY],
        &[FIRST, RECOVERY],
        &[THIRD, SECOND],
        &[RECOVERY, THIRD],
    ] {
        let report = with(seeds);
        assert_ne!(report.exit(), 0, "{seeds:?}");
        // Where a pinned key signed, it is refuted; where none did, it is no part of the log.
        let expected = if seeds.contains(&SECOND) {
            "checkpoint_key"
        } else {
            "uncovered_tail"
        };
        assert_eq!(report.reason(), expected, "{seeds:?}");
    }
}

#[test]
fn a_snapshot_keeps_the_recovery_key_and_what_it_revoked() {
    let (ground, ledger) = ledger();
    let producer = ledger.producer().unwrap();
    for n in 0..20 {
        producer.append(decision(&n.to_string())).unwrap();
    }
    drop((producer, ledger));
    let snapshots = || {
        fs::read_dir(ground.path().join("derived"))
            .unwrap()
            .filter(|name| {
                let name = name.as_ref().unwrap().file_name();
                name.to_string_lossy().starts_with("snapshot-")
            })
    };
    assert!(snapshots().count() > 0);
    let ledger = open(&ground, FIRST);
    assert_eq!(
        ledger.rotate_key(key(RECOVERY)).unwrap_err().code(),
        "key_event_wrong"
    );
    drop(ledger);
    let ledger = open(&ground, RECOVERY);
    ledger.revoke_key(key(SECOND)).unwrap();
    let producer = ledger.producer().unwrap();
    for n in 20..40 {
        producer.append(decision(&n.to_string())).unwrap();
    }
    drop((producer, ledger));
    let newest = snapshots().map(|name| name.unwrap().path()).max().unwrap();
    let lines = fs::read_to_string(newest).unwrap();
    assert!(
        lines.contains("{\"recovery\":[") && lines.contains(",1]}"),
        "{lines}"
    );
    let ledger = open(&ground, SECOND);
    assert_eq!(
        ledger.rotate_key(key(FIRST)).unwrap_err().code(),
        "key_event_wrong"
    );
    ledger.producer().unwrap().append(decision("last")).unwrap();
    assert_eq!(verify(&ground, &[SECOND], false).exit(), 0);
}

#[test]
fn a_torn_tail_is_recovered_in_the_group_that_revokes() {
    let (ground, ledger) = ledger();
    drop(ledger);
    let mut file = OpenOptions::new()
        .append(true)
        .open(segment(&ground))
        .unwrap();
    file.write_all(b"{\"log\":{\"clock\"").unwrap();
    let ledger = open(&ground, RECOVERY);
    assert_eq!(ledger.size(), 2);
    assert_eq!(ledger.revoke_key(key(SECOND)).unwrap().index(), 4);
    let report = verify(&ground, &[SECOND], false);
    assert_eq!((report.exit(), report.size()), (0, 5));
    assert_eq!(report.kinds().get("ledger.recovered"), Some(&1));
}
