//! A fingerprint in place of a verifier key: the key comes from what is verified, and only the one of that fingerprint.

use std::io::Cursor;
use std::sync::Arc;

use sealog_core::hash::Hash;
use sealog_core::tlog::sign::Ed25519Signer;
use sealog_core::tlog::vkey::{KeyType, VerifierKey, parse_fingerprint};
use sealog_ledger::evidence::EvidenceOptions;
use sealog_ledger::verify::{
    Request, verify_extract_as_asked, verify_ledger, verify_package, verify_receipt,
};
use sealog_ledger::{Ledger, Query};

use crate::ground::{Ground, decision};

struct Case {
    ground: Ground,
    ledger: Ledger,
    fingerprint: Hash,
}

impl Case {
    fn new() -> Self {
        let ground = Ground::new();
        let ledger = ground.create();
        let producer = ledger.producer().unwrap();
        for n in 0..3 {
            producer.append(decision(&format!("d{n}"))).unwrap();
        }
        drop(producer);
        let key = VerifierKey::parse(&ledger.vkey()).unwrap();
        Self {
            fingerprint: parse_fingerprint(&key.fingerprint()).unwrap(),
            ground,
            ledger,
        }
    }

    fn package(&self) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        self.ledger
            .export_evidence(
                &Query::default(),
                &EvidenceOptions::default(),
                &mut out,
                &mut |_| (),
            )
            .unwrap();
        out.into_inner()
    }

    fn extract(&self, query: &Query) -> Vec<u8> {
        let mut out = Vec::new();
        self.ledger
            .export_jsonl(query, &mut out, &mut |_| ())
            .unwrap();
        out
    }
}

fn of(fingerprint: Hash) -> Request {
    Request {
        fingerprints: vec![fingerprint],
        ..Request::default()
    }
}

fn other() -> Hash {
    Hash::of(&[b"another key"])
}

fn package(bytes: &[u8], request: &Request) -> (u8, &'static str) {
    let report = verify_package(Cursor::new(bytes), request);
    assert_eq!(report.facts().is_some(), report.exit() == 0);
    (report.exit(), report.reason())
}

fn extract(bytes: &[u8], request: &Request) -> Result<u64, &'static str> {
    match verify_extract_as_asked(Cursor::new(bytes), request, &mut |_| ()) {
        Ok((extract, _)) => Ok(extract.entries()),
        Err(error) => Err(error.code()),
    }
}

#[test]
fn a_package_holds_by_the_fingerprint_of_the_key_that_signed_it_and_by_no_other() {
    let case = Case::new();
    let bytes = case.package();
    assert_eq!(package(&bytes, &of(case.fingerprint)), (0, "holds"));
    assert_eq!(package(&bytes, &of(other())), (1, "key_not_pinned"));
    assert_eq!(package(&bytes, &Request::default()), (2, "unpinned"));
    // One of several is enough, as one of several keys is.
    let mut both = of(other());
    both.fingerprints.push(case.fingerprint);
    assert_eq!(package(&bytes, &both), (0, "holds"));
    // Beside the key of another log it is the fingerprint that counts.
    let another = Case::new();
    let mut both = of(case.fingerprint);
    both.keys = vec![VerifierKey::parse(&another.ledger.vkey()).unwrap()];
    assert_eq!(package(&bytes, &both), (0, "holds"));
    assert_eq!(
        package(&another.package(), &of(case.fingerprint)),
        (1, "key_not_pinned")
    );
}

#[test]
fn a_package_from_which_the_key_was_taken_is_undecided() {
    let case = Case::new();
    let mut members = crate::zip::read(&case.package());
    let context = crate::zip::text(&members, "context.jsonl");
    let lines = context
        .lines()
        .filter(|line| !line.contains("ledger.created"));
    let left: String = lines.flat_map(|line| [line, "\n"]).collect();
    assert_ne!(left, context);
    crate::zip::replace(&mut members, "context.jsonl", left.as_bytes());
    let bytes = crate::zip::write(&members);
    assert_eq!(
        package(&bytes, &of(case.fingerprint)),
        (2, "key_not_in_file")
    );
    // It was looked for and not judged: with the key, the same package is refuted.
    let request = Request {
        keys: vec![VerifierKey::parse(&case.ledger.vkey()).unwrap()],
        ..Request::default()
    };
    assert_eq!(package(&bytes, &request), (1, "package_member"));
}

#[test]
fn an_extract_holds_by_a_fingerprint_where_it_holds_the_logs_first_record() {
    let case = Case::new();
    let whole = case.extract(&Query::default());
    let request = of(case.fingerprint);
    assert_eq!(extract(&whole, &request), Ok(case.ledger.size()));
    assert_eq!(extract(&whole, &of(other())), Err("key_not_pinned"));
    let decisions = case.extract(&Query {
        kind: Some("decision".into()),
        ..Query::default()
    });
    assert_eq!(extract(&decisions, &request), Err("key_not_in_file"));
    assert_eq!(extract(&decisions, &of(other())), Err("key_not_in_file"));
    // Found, and then held to as if it had been given.
    let text = String::from_utf8(whole)
        .unwrap()
        .replace("\"d1\"", "\"d9\"");
    assert_eq!(extract(text.as_bytes(), &request), Err("receipt_inclusion"));
}

#[test]
fn a_receipt_holds_by_a_fingerprint_where_it_is_the_logs_first_records() {
    let case = Case::new();
    let said = |index, request: &Request| {
        let receipt = case.ledger.receipt(index).unwrap().to_string();
        let report = verify_receipt(receipt.as_bytes(), request);
        assert_eq!(report.verified().is_some(), report.exit() == 0);
        (report.exit(), report.reason())
    };
    let request = of(case.fingerprint);
    assert_eq!(said(0, &request), (0, "holds"));
    assert_eq!(said(0, &of(other())), (1, "key_not_pinned"));
    assert_eq!(said(2, &request), (2, "key_not_in_file"));
}

#[test]
fn a_ledger_holds_by_the_fingerprint_of_its_key() {
    let case = Case::new();
    let path = case.ground.path();
    drop(case.ledger);
    let said = |request: &Request| {
        let report = verify_ledger(&path, request, &mut |_| ());
        (report.exit(), report.reason())
    };
    assert_eq!(said(&of(case.fingerprint)), (0, "holds"));
    assert_eq!(said(&of(other())), (1, "key_not_pinned"));
    assert_eq!(said(&Request::default()), (2, "unpinned"));
}

#[test]
fn a_fingerprint_after_a_hand_over_is_that_of_the_key_then() {
    let case = Case::new();
    let old = case.fingerprint;
    let origin = case.ledger.origin().to_owned();
    let successor = Ed25519Signer::from_seed(KeyType::Ed25519, &origin, &[9; 32]).unwrap();
    case.ledger.rotate_key(Arc::new(successor)).unwrap();
    let new = VerifierKey::parse(&case.ledger.vkey()).unwrap();
    let new = parse_fingerprint(&new.fingerprint()).unwrap();
    assert_ne!(old, new);
    case.ledger
        .producer()
        .unwrap()
        .append(decision("d9"))
        .unwrap();
    let bytes = case.package();
    assert_eq!(package(&bytes, &of(new)), (0, "holds"));
    // A retired key is in the package too, and is not the one that signed it.
    assert_eq!(package(&bytes, &of(old)), (1, "key_not_pinned"));
    let path = case.ground.path();
    drop(case.ledger);
    let said = |request: &Request| verify_ledger(&path, request, &mut |_| ()).reason();
    assert_eq!(said(&of(new)), "holds");
    assert_eq!(said(&of(old)), "key_retired");
}
