//! The pages of what is signed: keys, notes, checkpoints, cosignatures, proof files, policies.

use sealog_core::ErrorKind;
use sealog_core::tlog::checkpoint::{self, Checkpoint};
use sealog_core::tlog::cosignature;
use sealog_core::tlog::note::{self, Note, VerifiedSignature};
use sealog_core::tlog::policy::Policy;
use sealog_core::tlog::proof::TlogProof;
use sealog_core::tlog::sign::Signer as _;
use sealog_core::tlog::tree::leaf_hash;
use sealog_core::tlog::vkey::{KeyType, VerifierKey};

use super::{bytes, cases, hash, keys, kind, number, signer, text, texts};
use crate::examples;

fn key_type(byte: u64) -> KeyType {
    match byte {
        1 => KeyType::Ed25519,
        4 => KeyType::CosignatureV1,
        other => panic!("{other}"),
    }
}

#[test]
fn verifier_keys() {
    for case in cases("note", "vkeys") {
        let key_type = key_type(number(&case, "type"));
        let signer = signer(key_type, text(&case, "name"), text(&case, "seed"));
        let key = VerifierKey::parse(text(&case, "vkey")).unwrap();
        assert_eq!(key, *signer.verifier_key());
        assert_eq!(
            key.public_key().as_bytes().to_vec(),
            bytes(text(&case, "public"))
        );
        assert_eq!(key.id().to_vec(), bytes(text(&case, "id")));
        assert_eq!(key.fingerprint(), text(&case, "fingerprint"));
        assert_eq!(key.to_string(), text(&case, "vkey"));
    }
    for case in cases("note", "vkeys-refused") {
        let error = VerifierKey::parse(text(&case, "vkey")).expect_err(text(&case, "why"));
        assert_eq!(error.kind(), kind(&case), "{}: {error}", text(&case, "why"));
    }
}

#[test]
fn notes() {
    for case in cases("note", "notes") {
        let verified = note::verify(text(&case, "note").as_bytes(), &keys(&case)).unwrap();
        assert_eq!(verified.text(), text(&case, "text"));
        let names: Vec<&str> = verified
            .signatures()
            .iter()
            .map(|line| line.key().name())
            .collect();
        assert_eq!(names, texts(&case, "signed_by"));
    }
    for case in cases("note", "notes-refused") {
        let verdict = note::verify(text(&case, "note").as_bytes(), &keys(&case));
        let error = verdict.expect_err(text(&case, "why"));
        assert_eq!(error.kind(), kind(&case), "{}: {error}", text(&case, "why"));
    }
}

#[test]
fn checkpoints() {
    let seeds = cases("note", "vkeys");
    for case in cases("checkpoint", "checkpoints") {
        let (origin, note) = (text(&case, "origin"), text(&case, "note"));
        let verified = checkpoint::verify(note.as_bytes(), origin, &keys(&case)).unwrap();
        assert_eq!(verified.size(), number(&case, "size"));
        assert_eq!(*verified.root(), hash(text(&case, "root")));
        assert_eq!(
            verified.checkpoint().extensions(),
            texts(&case, "extensions")
        );
        let ids: Vec<Vec<u8>> = verified
            .log_keys()
            .iter()
            .map(|key| key.id().to_vec())
            .collect();
        let expected: Vec<Vec<u8>> = texts(&case, "signed_by")
            .iter()
            .map(|id| bytes(id))
            .collect();
        assert_eq!(ids, expected);
        // Ed25519 has one signature for each key and message: who signs again writes the same bytes.
        let parsed = Note::parse(note.as_bytes()).unwrap();
        let signers: Vec<_> = parsed
            .signatures()
            .iter()
            .map(|line| {
                let seed = seeds.iter().find(|key| bytes(text(key, "id")) == line.id());
                signer(KeyType::Ed25519, line.name(), text(seed.unwrap(), "seed"))
            })
            .collect();
        let signers: Vec<_> = signers.iter().map(|signer| signer as _).collect();
        let again = Checkpoint::parse(parsed.text())
            .unwrap()
            .sign(&signers)
            .unwrap();
        assert_eq!(again, note);
    }
    for case in cases("checkpoint", "checkpoints-refused") {
        let (origin, note) = (text(&case, "origin"), text(&case, "note"));
        let verdict = checkpoint::verify(note.as_bytes(), origin, &keys(&case));
        let error = verdict.expect_err(text(&case, "why"));
        assert_eq!(error.kind(), kind(&case), "{}: {error}", text(&case, "why"));
    }
}

#[test]
fn cosignatures() {
    let message = examples::block("cosignature", "message");
    let accepted = cases("cosignature", "cosignatures");
    let first = Note::parse(text(&accepted[0], "note").as_bytes()).unwrap();
    let time = number(&accepted[0], "time");
    assert_eq!(cosignature::message(time, first.text()), message.as_bytes());
    for case in accepted {
        let key = VerifierKey::parse(text(&case, "key")).unwrap();
        let signer = signer(KeyType::CosignatureV1, key.name(), text(&case, "seed"));
        let time = number(&case, "time");
        let cosigned = cosignature::cosign(text(&case, "note"), time, &signer).unwrap();
        assert_eq!(cosigned, text(&case, "cosigned"));
        let verified = note::verify(cosigned.as_bytes(), [&key]).unwrap();
        let times: Vec<_> = verified
            .signatures()
            .iter()
            .map(VerifiedSignature::time)
            .collect();
        assert_eq!(times, [Some(time)]);
    }
    for case in cases("cosignature", "cosignatures-refused") {
        let key = VerifierKey::parse(text(&case, "key")).unwrap();
        let verdict = note::verify(text(&case, "note").as_bytes(), [&key]);
        let error = verdict.expect_err(text(&case, "why"));
        assert_eq!(error.kind(), kind(&case), "{}: {error}", text(&case, "why"));
    }
}

#[test]
fn proof_files() {
    let first = &cases("note", "vkeys")[0];
    let key = VerifierKey::parse(text(first, "vkey")).unwrap();
    let accepted = cases("proof", "proofs");
    assert_eq!(
        examples::block("proof", "proof"),
        text(&accepted[0], "file")
    );
    for case in accepted {
        let file = text(&case, "file");
        let proof = TlogProof::parse(file.as_bytes()).unwrap();
        assert_eq!(proof.to_string(), file);
        assert_eq!(proof.index(), number(&case, "index"));
        let leaf = leaf_hash(text(&case, "entry").as_bytes());
        let checkpoint = proof.verify(&leaf, key.name(), [&key]).unwrap();
        assert_eq!(checkpoint.size(), number(&case, "size"));
    }
    for case in cases("proof", "proofs-refused") {
        let leaf = leaf_hash(text(&case, "entry").as_bytes());
        let verdict = TlogProof::parse(text(&case, "file").as_bytes())
            .and_then(|proof| proof.verify(&leaf, key.name(), [&key]));
        let error = verdict.expect_err(text(&case, "why"));
        assert_eq!(error.kind(), kind(&case), "{}: {error}", text(&case, "why"));
    }
}

#[test]
fn policies() {
    for case in cases("policy", "policies") {
        let policy = Policy::parse(text(&case, "policy").as_bytes()).unwrap();
        assert_eq!(policy.logs().len() as u64, number(&case, "logs"));
        assert_eq!(policy.witnesses().len() as u64, number(&case, "witnesses"));
        let verdict = policy.verify(text(&case, "note").as_bytes(), &[]);
        assert!(verdict.is_ok(), "{verdict:?}");
    }
    for case in cases("policy", "policies-refused") {
        let error = Policy::parse(text(&case, "policy").as_bytes()).expect_err(text(&case, "why"));
        assert_eq!(
            error.kind(),
            ErrorKind::Malformed,
            "{}: {error}",
            text(&case, "why")
        );
    }
    for case in cases("policy", "checkpoints-refused") {
        let policy = Policy::parse(text(&case, "policy").as_bytes()).unwrap();
        let verdict = policy.verify(text(&case, "note").as_bytes(), &[]);
        let error = verdict.expect_err(text(&case, "why"));
        assert_eq!(error.kind(), kind(&case), "{}: {error}", text(&case, "why"));
    }
}
