//! Entries of Rekor's second version: a tree that the log signed and nothing else, so that somebody else says when.

use super::miniature::{LOG, LogKey, Windows, b64, signer};
use super::refusals::{expect, failure};
use super::*;

const KINDS: [&str; 2] = ["dsse", "hashedrekord"];

/// How a bundle of these parts is refused.
fn refused(sigstore: &Sigstore, change: impl FnOnce(&mut Parts)) -> (ErrorKind, String) {
    let mut parts = sigstore.tile_parts("dsse");
    change(&mut parts);
    failure(sigstore.verify(&parts.bundle(sigstore)))
}

#[test]
fn entries_of_both_kinds_hold_from_when_an_authority_saw_the_signature() {
    for sigstore in [Sigstore::of_tiles(), Sigstore::new()] {
        for kind in KINDS {
            let bundle = sigstore.tile_parts(kind).bundle(&sigstore);
            let vouched = sigstore.verify(&bundle).unwrap();
            let by = vouched.voucher();
            assert_eq!(by.log_index(), Some(3));
            assert_eq!(by.verification_time().unwrap().seconds(), miniature::SIGNED);
        }
    }
}

#[test]
fn a_time_of_zero_is_none() {
    let sigstore = Sigstore::of_tiles();
    let parts = sigstore.tile_parts("dsse");
    let entry = parts.entry(&sigstore);
    let with = |time: &str| {
        let time = format!(r#""integratedTime":"{time}","inclusionProof""#);
        sigstore.verify(&parts.with_entries(&entry.replace(r#""inclusionProof""#, &time)))
    };
    assert!(with("0").is_ok());
    expect(
        failure(with("1780272300")),
        ErrorKind::Refused,
        "nobody signed the time",
    );
}

#[test]
fn no_bundle_with_a_flipped_bit_holds() {
    let sigstore = Sigstore::of_tiles();
    let (root, signer) = (sigstore.root(), signer());
    let bundle = sigstore.tile_parts("dsse").bundle(&sigstore);
    no_flipped_bit_holds(&bundle, &root, &signer);
}

#[test]
fn without_a_timestamp_nothing_is_decided() {
    let sigstore = Sigstore::of_tiles();
    let found = refused(&sigstore, |parts| parts.timestamps = None);
    expect(found, ErrorKind::Refused, "vouches for a time");
    let none = r#","timestampVerificationData":{"rfc3161Timestamps":[]}"#;
    let found = refused(&sigstore, |parts| parts.timestamps = Some(none.into()));
    expect(found, ErrorKind::Refused, "vouches for a time");
    let none = r#","timestampVerificationData":{}"#;
    let found = refused(&sigstore, |parts| parts.timestamps = Some(none.into()));
    expect(found, ErrorKind::Refused, "vouches for a time");
}

#[test]
fn an_entry_of_another_envelope_is_refuted() {
    let sigstore = Sigstore::of_tiles();
    for kind in KINDS {
        let other = |change: fn(&mut Parts), why: &str| {
            let found = refused(&sigstore, |parts| {
                let (payload, signature) = (parts.payload.clone(), parts.signature.clone());
                let certificate = parts.certificate.clone();
                change(parts);
                parts.kind(kind, "0.0.2");
                (parts.payload, parts.signature, parts.certificate) =
                    (payload, signature, certificate);
            });
            expect(found, ErrorKind::Refuted, why);
        };
        other(|parts| parts.payload.push(b' '), "another payload");
        other(|parts| parts.signature.push(0), "another signature");
        other(|parts| parts.certificate.push(0), "another certificate");
        // A whole entry of the same log and signer, about another signature.
        let (own, other) = (sigstore.tile_parts(kind), sigstore.tile_parts(kind));
        let found = failure(sigstore.verify(&own.with_entries(&other.entry(&sigstore))));
        expect(found, ErrorKind::Refuted, "another signature");
    }
}

#[test]
fn a_body_says_all_that_its_kind_has() {
    let sigstore = Sigstore::of_tiles();
    for (kind, old, new, why) in [
        ("dsse", "dsseV002", "dsseV003", "one signature"),
        ("dsse", "payloadHash", "hash", "another payload"),
        ("dsse", r#""SHA2_256""#, r#""SHA2_512""#, "another payload"),
        ("dsse", r#""SHA2_256""#, r#""SHA1""#, "another payload"),
        (
            "dsse",
            r#""signatures":["#,
            r#""signatures":[{},"#,
            "one signature",
        ),
        ("dsse", r#""content""#, r#""sig""#, "another signature"),
        (
            "hashedrekord",
            "hashedRekordV002",
            "hashedRekordV003",
            "kind of key",
        ),
        ("hashedrekord", r#""data""#, r#""date""#, "another payload"),
        (
            "hashedrekord",
            r#""content""#,
            r#""sig""#,
            "another signature",
        ),
        (
            "hashedrekord",
            "x509Certificate",
            "publicKey",
            "another certificate",
        ),
        ("hashedrekord", "rawBytes", "bytes", "another certificate"),
        (
            "hashedrekord",
            "P256_SHA_256",
            "P384_SHA_384",
            "kind of key",
        ),
        (
            "hashedrekord",
            "P256_SHA_256",
            "P256_SHA_384",
            "kind of key",
        ),
    ] {
        let found = refused(&sigstore, |parts| {
            parts.kind(kind, "0.0.2");
            let body = parts.body.replace(old, new);
            assert_ne!(body, parts.body, "{old}");
            parts.body = body;
        });
        expect(found, ErrorKind::Refuted, why);
    }
    // The words of the first version under the number of the second, and the other way round.
    let found = refused(&sigstore, |parts| {
        parts.kind("hashedrekord", "0.0.1");
        parts.kind.1 = "0.0.2".into();
        parts.body = parts.body.replace("0.0.1", "0.0.2");
    });
    expect(found, ErrorKind::Refuted, "kind of key");
    let found = refused(&sigstore, |parts| {
        parts.kind("hashedrekord", "0.0.2");
        parts.kind.1 = "0.0.1".into();
        parts.body = parts.body.replace("0.0.2", "0.0.1");
    });
    expect(found, ErrorKind::Refuted, "another payload");
    let found = refused(&sigstore, |parts| parts.kind.1 = "0.0.1".into());
    expect(found, ErrorKind::Refuted, "another kind");
}

#[test]
fn a_proof_of_another_leaf_place_or_tree_is_refuted() {
    let sigstore = Sigstore::of_tiles();
    let found = refused(&sigstore, |parts| parts.leaf = Some(b"other".to_vec()));
    expect(found, ErrorKind::Refuted, "does not hold its entry");
    for size in [8, 6] {
        let found = refused(&sigstore, |parts| parts.tree_size = Some(size));
        expect(found, ErrorKind::Refuted, "another tree");
    }
    let root = sealog_core::Hash::of(&[b"other"]);
    let found = refused(&sigstore, |parts| parts.root = Some(root));
    expect(found, ErrorKind::Refuted, "does not hold its entry");
    for index in [2, 4] {
        let found = refused(&sigstore, |parts| parts.index = index);
        let before = "place in the tree";
        expect(found, ErrorKind::Refuted, before);
    }
    let parts = sigstore.tile_parts("dsse");
    let own = parts.entry(&sigstore);
    for place in ["2", "4"] {
        // Both numbers of the place, which agree with each other and not with the tree.
        let moved = own.replace(r#""logIndex":"3""#, &format!(r#""logIndex":"{place}""#));
        assert_ne!(moved, own);
        let found = failure(sigstore.verify(&parts.with_entries(&moved)));
        expect(found, ErrorKind::Refuted, "does not hold its entry");
    }
    // A hash too few, and one too many.
    let start = own.find(r#""hashes":["#).unwrap() + r#""hashes":["#.len();
    let first = own[start..].find(',').unwrap() + start + 1;
    let fewer = format!("{}{}", &own[..start], &own[first..]);
    let more = format!("{}{}{}", &own[..start], &own[start..first], &own[start..]);
    for changed in [fewer, more] {
        let found = failure(sigstore.verify(&parts.with_entries(&changed)));
        expect(found, ErrorKind::Refuted, "does not hold its entry");
    }
}

#[test]
fn a_checkpoint_is_signed_by_the_key_that_the_root_names() {
    for sigstore in [Sigstore::of_tiles(), Sigstore::new()] {
        let found = refused(&sigstore, |parts| {
            parts.checkpoint_key = Some(LogKey::of_tiles(LOG));
        });
        expect(found, ErrorKind::Refuted, "not signed by the log");
        let parts = sigstore.tile_parts("dsse");
        let own = parts.entry(&sigstore);
        let unsigned = own.replace("\\n\u{2014} log.example ", "\\n\u{2014} log.example AAAA");
        assert_ne!(unsigned, own);
        let found = failure(sigstore.verify(&parts.with_entries(&unsigned)));
        expect(found, ErrorKind::Refuted, "no signature of the log");
    }
}

/// A key of Ed25519 is bound to the name by its id, another by the address that the root has.
#[test]
fn a_checkpoint_is_of_the_log_that_its_key_is_of() {
    for sigstore in [Sigstore::of_tiles(), Sigstore::new()] {
        for (origin, name) in [
            ("other.example", LOG),
            (LOG, "other.example"),
            ("other.example", "other.example"),
            ("log.example - 1", LOG),
            ("log.example/2", "log.example/2"),
        ] {
            let found = refused(&sigstore, |parts| {
                parts.origin = origin.into();
                parts.name = name.into();
            });
            expect(found, ErrorKind::Refuted, "another log");
        }
    }
    // One that is elsewhere than its checkpoints say.
    let mut elsewhere = Sigstore::new();
    elsewhere.log.address = "https://elsewhere.example";
    expect(
        refused(&elsewhere, |_| {}),
        ErrorKind::Refuted,
        "another log",
    );
    elsewhere.log.address = "https://log.example/";
    let bundle = elsewhere.tile_parts("dsse").bundle(&elsewhere);
    assert!(elsewhere.verify(&bundle).is_ok());
}

#[test]
fn a_root_may_name_the_key_of_checkpoints_apart_from_the_log() {
    let mut sigstore = Sigstore::of_tiles();
    let own = sigstore.log.id.clone();
    // The log is known by another id than its checkpoints' key.
    sigstore.log.id = vec![5; 32];
    let mut parts = sigstore.tile_parts("dsse");
    parts.checkpoint_id = Some(own.clone());
    let bundle = parts.bundle(&sigstore);
    let found = failure(sigstore.verify(&bundle));
    expect(found, ErrorKind::Refuted, "no signature of the log");
    sigstore.log.more = format!(r#","checkpointKeyId":{{"keyId":"{}"}}"#, b64(&own));
    assert!(sigstore.verify(&bundle).is_ok());
    // Where it names one, the log's own id is nothing to its checkpoints.
    let parts = sigstore.tile_parts("dsse");
    let found = failure(sigstore.verify(&parts.bundle(&sigstore)));
    expect(found, ErrorKind::Refuted, "no signature of the log");
    for id in [r#"{"keyId":""}"#, r#"{"keyId":"!"}"#, "{}", "5"] {
        sigstore.log.more = format!(r#","checkpointKeyId":{id}"#);
        let error = TrustedRoot::parse(sigstore.root_json(Windows::default()).as_bytes());
        assert!(error.unwrap_err().to_string().contains("no id"), "{id}");
    }
}

#[test]
fn a_log_counts_at_the_time_of_the_timestamp() {
    let sigstore = Sigstore::of_tiles();
    let bundle = sigstore.tile_parts("dsse").bundle(&sigstore);
    let verify = |from, to| {
        let windows = Windows {
            log: (from, to),
            ..Windows::default()
        };
        let root = TrustedRoot::parse(sigstore.root_json(windows).as_bytes()).unwrap();
        verify_oms_sigstore(&bundle, &root, &signer())
    };
    assert!(verify("2025-01-01T00:00:00Z", Some("2026-06-01T00:05:00Z")).is_ok());
    assert!(verify("2026-06-01T00:05:00Z", None).is_ok());
    for (from, to) in [
        ("2025-01-01T00:00:00Z", Some("2026-06-01T00:04:59Z")),
        ("2026-06-01T00:05:01Z", None),
    ] {
        expect(
            failure(verify(from, to)),
            ErrorKind::Refuted,
            "not trusted for the time",
        );
    }
}

/// Without the log's promise nobody says where an entry of the first version stands, so that nothing is decided.
#[test]
fn an_entry_of_the_first_version_without_a_promise_decides_nothing() {
    let sigstore = Sigstore::new();
    let mut parts = sigstore.parts(&Wish::default());
    parts.is_of_tiles = true;
    parts.stamp(&sigstore, |_| {});
    let found = failure(sigstore.verify(&parts.bundle(&sigstore)));
    expect(found, ErrorKind::Refused, "nobody signed its place");
}
