//! What a bundle may not be.

use rcgen::SanType;

use super::miniature::{LogKey, Promise, Windows, b64, hex, signer};
use super::*;

/// How a bundle of these parts is refused.
fn refused(
    sigstore: &Sigstore,
    wish: &Wish,
    change: impl FnOnce(&mut Parts),
) -> (ErrorKind, String) {
    let mut parts = sigstore.parts(wish);
    change(&mut parts);
    failure(sigstore.verify(&parts.bundle(sigstore)))
}

pub(super) fn failure(verified: Result<Vouched, Error>) -> (ErrorKind, String) {
    let error = verified.unwrap_err();
    (error.kind(), error.to_string())
}

pub(super) fn expect((found, text): (ErrorKind, String), kind: ErrorKind, why: &str) {
    assert_eq!(found, kind, "{text}");
    assert!(text.contains(why), "{text}");
}

#[test]
fn another_identity_and_another_provider_are_refuted() {
    let sigstore = Sigstore::new();
    let bundle = sigstore.bundle();
    let by = |identity, provider| {
        let asked = SigstoreSigner::new(identity, provider).unwrap();
        failure(verify_oms_sigstore(&bundle, &sigstore.root(), &asked))
    };
    for identity in [
        "other@models.example",
        "Signer@models.example",
        "signer@models.example.org",
        "igner@models.example",
        "*",
    ] {
        expect(
            by(identity, PROVIDER),
            ErrorKind::Refuted,
            "the identity of the signer",
        );
    }
    for provider in [
        "https://accounts.example/",
        "http://accounts.example",
        "https://other.example",
    ] {
        expect(
            by(IDENTITY, provider),
            ErrorKind::Refuted,
            "the identity provider",
        );
    }
}

#[test]
fn an_identity_and_its_provider_are_never_empty_or_too_long() {
    let most = crate::limits::IDENTITY_BYTES_MAX;
    let new = |identity: usize, provider: usize| {
        SigstoreSigner::new(&"i".repeat(identity), &"p".repeat(provider)).is_ok()
    };
    assert!(new(1, 1) && new(most, most));
    assert!(!new(0, 1) && !new(1, 0) && !new(most + 1, 1) && !new(1, most + 1));
}

#[test]
fn a_certificate_that_names_two_identities_or_two_providers_is_refuted() {
    let sigstore = Sigstore::new();
    let more = |more| Wish {
        more: vec![more],
        ..Wish::default()
    };
    let other = SanType::Rfc822Name("other@models.example".try_into().unwrap());
    let found = refused(&sigstore, &more(other), |_| {});
    expect(found, ErrorKind::Refuted, "exactly one identity");
    let wish = Wish {
        identity: SanType::DnsName(IDENTITY.try_into().unwrap()),
        ..Wish::default()
    };
    expect(
        refused(&sigstore, &wish, |_| {}),
        ErrorKind::Refuted,
        "no e-mail address",
    );
    for (provider, provider_bare) in [
        (Some("https://other.example"), Some(PROVIDER)),
        (Some(PROVIDER), Some("https://other.example")),
    ] {
        let wish = Wish {
            provider,
            provider_bare,
            ..Wish::default()
        };
        expect(
            refused(&sigstore, &wish, |_| {}),
            ErrorKind::Refuted,
            "identity provider",
        );
    }
    let wish = Wish {
        provider: None,
        provider_bare: None,
        ..Wish::default()
    };
    expect(
        refused(&sigstore, &wish, |_| {}),
        ErrorKind::Refuted,
        "no identity provider",
    );
}

#[test]
fn a_certificate_of_another_authority_or_another_use_is_refuted() {
    let sigstore = Sigstore::new();
    let other = Sigstore::new();
    let foreign = other.bundle();
    assert!(sigstore.verify(&foreign).is_err());
    let mut root = sigstore.root_json(Windows::default());
    root = root.replace(
        &sigstore.authority.json("2025-01-01T00:00:00Z", None),
        &other.authority.json("2025-01-01T00:00:00Z", None),
    );
    let root = TrustedRoot::parse(root.as_bytes()).unwrap();
    let found = failure(verify_oms_sigstore(&sigstore.bundle(), &root, &signer()));
    expect(found, ErrorKind::Refuted, "its chain does not hold");
    let wish = Wish {
        extended: vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth],
        ..Wish::default()
    };
    expect(
        refused(&sigstore, &wish, |_| {}),
        ErrorKind::Refuted,
        "not for signing code",
    );
    let wish = Wish {
        extended: vec![],
        ..Wish::default()
    };
    expect(
        refused(&sigstore, &wish, |_| {}),
        ErrorKind::Refuted,
        "not for signing code",
    );
    let wish = Wish {
        usages: vec![rcgen::KeyUsagePurpose::KeyEncipherment],
        ..Wish::default()
    };
    expect(
        refused(&sigstore, &wish, |_| {}),
        ErrorKind::Refuted,
        "digital signatures",
    );
}

#[test]
fn a_signature_has_to_be_in_the_log_while_its_certificate_is_valid() {
    let sigstore = Sigstore::new();
    let at = |time| {
        let mut parts = sigstore.parts(&Wish::default());
        parts.integrated = miniature::SIGNED + time;
        sigstore.verify(&parts.bundle(&sigstore))
    };
    assert!(at(-300).is_ok() && at(300).is_ok());
    expect(failure(at(-301)), ErrorKind::Refuted, "not valid yet");
    expect(failure(at(301)), ErrorKind::Refuted, "expired");
}

#[test]
fn a_promise_by_another_key_or_about_something_else_is_refuted() {
    let sigstore = Sigstore::new();
    let good = Wish::default();
    let found = refused(&sigstore, &good, |parts| {
        parts.promise_key = Some(LogKey::new());
    });
    expect(found, ErrorKind::Refuted, "promise");
    let mut other = sigstore.parts(&good);
    other.index += 1;
    let entry = other.entry(&sigstore);
    let cut = |text: &str| {
        let (_, rest) = text.split_once("signedEntryTimestamp\":\"").unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    let parts = sigstore.parts(&good);
    let own = parts.entry(&sigstore);
    let swapped = own.replace(&cut(&own), &cut(&entry));
    let found = failure(sigstore.verify(&parts.with_entries(&swapped)));
    expect(found, ErrorKind::Refuted, "promise");
    let hex = hex(&parts.log_id);
    for (body, time, index) in [
        ("e30=".to_owned(), parts.integrated, parts.index),
        (b64(&parts.body), parts.integrated + 1, parts.index),
        (b64(&parts.body), parts.integrated, parts.index + 1),
    ] {
        let promised = format!(
            r#"{{"body":"{body}","integratedTime":{time},"logID":"{hex}","logIndex":{index}}}"#
        );
        let mut parts = sigstore.parts(&good);
        parts.promised = Some(promised);
        let found = failure(sigstore.verify(&parts.bundle(&sigstore)));
        expect(found, ErrorKind::Refuted, "promise");
    }
}

#[test]
fn a_time_that_nobody_signed_decides_nothing() {
    let sigstore = Sigstore::new();
    let parts = sigstore.parts(&Wish::default());
    let own = parts.entry(&sigstore);
    let (before, rest) = own.split_once(r#""inclusionPromise":"#).unwrap();
    let (_, after) = rest.split_once("},").unwrap();
    let bare = format!("{before}{after}");
    let found = failure(sigstore.verify(&parts.with_entries(&bare)));
    expect(found, ErrorKind::Refused, "nobody signed the time");
    let time = format!(r#""integratedTime":"{}","#, parts.integrated);
    let found = failure(sigstore.verify(&parts.with_entries(&bare.replace(&time, ""))));
    expect(found, ErrorKind::Refused, "vouches for a time");
}

#[test]
fn an_entry_of_another_envelope_is_refuted() {
    let sigstore = Sigstore::new();
    for (kind, version) in [
        ("dsse", "0.0.1"),
        ("intoto", "0.0.2"),
        ("hashedrekord", "0.0.1"),
    ] {
        let other = |change: fn(&mut Parts), why: &str| {
            let found = refused(&sigstore, &Wish::default(), |parts| {
                let (payload, signature) = (parts.payload.clone(), parts.signature.clone());
                let certificate = parts.certificate.clone();
                change(parts);
                parts.kind(kind, version);
                (parts.payload, parts.signature, parts.certificate) =
                    (payload, signature, certificate);
            });
            expect(found, ErrorKind::Refuted, why);
        };
        other(|parts| parts.payload.push(b' '), "another payload");
        other(|parts| parts.signature.push(0), "another signature");
        other(|parts| parts.certificate.push(0), "another certificate");
    }
    // A whole entry of the same log and signer, about another signature.
    let (own, other) = (
        sigstore.parts(&Wish::default()),
        sigstore.parts(&Wish::default()),
    );
    let found = failure(sigstore.verify(&own.with_entries(&other.entry(&sigstore))));
    expect(found, ErrorKind::Refuted, "another signature");
}

#[test]
fn an_entry_is_exactly_one_and_of_a_kind_that_can_be_verified() {
    let sigstore = Sigstore::new();
    let parts = sigstore.parts(&Wish::default());
    let own = parts.entry(&sigstore);
    for entries in [String::new(), format!("{own},{own}")] {
        let found = failure(sigstore.verify(&parts.with_entries(&entries)));
        expect(found, ErrorKind::Malformed, "exactly one entry");
    }
    for (kind, version) in [
        ("dsse", "0.0.3"),
        ("hashedrekord", "0.0.3"),
        ("intoto", "0.0.3"),
        ("intoto", "0.0.1"),
        ("rpm", "0.0.1"),
    ] {
        let found = refused(&sigstore, &Wish::default(), |parts| {
            parts.kind(kind, version);
        });
        expect(found, ErrorKind::Refused, "kind or version");
    }
    let found = refused(&sigstore, &Wish::default(), |parts| {
        parts.kind.0 = "intoto".into();
    });
    expect(found, ErrorKind::Refuted, "another kind");
    let found = refused(&sigstore, &Wish::default(), |parts| {
        let twice = r#""signatures":[{},"#;
        parts.body = parts.body.replace(r#""signatures":["#, twice);
    });
    expect(found, ErrorKind::Refuted, "exactly one signature");
}

#[test]
fn a_proof_of_another_leaf_place_or_tree_is_refuted() {
    let sigstore = Sigstore::new();
    let good = Wish::default();
    let found = refused(&sigstore, &good, |parts| {
        parts.leaf = Some(b"other".to_vec());
    });
    expect(found, ErrorKind::Refuted, "does not hold its entry");
    let found = refused(&sigstore, &good, |parts| parts.tree_size = Some(8));
    expect(found, ErrorKind::Refuted, "another tree");
    let found = refused(&sigstore, &good, |parts| parts.tree_size = Some(3));
    expect(found, ErrorKind::Refuted, "another tree");
    let found = refused(&sigstore, &good, |parts| parts.index = 2);
    expect(found, ErrorKind::Refuted, "before its place");
    let parts = sigstore.parts(&good);
    let own = parts.entry(&sigstore);
    for (place, why) in [
        ("2", "does not hold"),
        ("4", "does not hold"),
        ("7", "does not hold"),
    ] {
        let moved = own.replace(
            r#""inclusionProof":{"logIndex":"3""#,
            &format!(r#""inclusionProof":{{"logIndex":"{place}""#),
        );
        assert_ne!(moved, own);
        let found = failure(sigstore.verify(&parts.with_entries(&moved)));
        expect(found, ErrorKind::Refuted, why);
    }
    let root = sealog_core::Hash::of(&[b"other"]);
    let found = refused(&sigstore, &good, |parts| parts.root = Some(root));
    expect(found, ErrorKind::Refuted, "does not hold its entry");
}

#[test]
fn the_only_entry_of_a_log_needs_no_hashes_and_a_proof_is_never_longer_than_a_tree_is_high() {
    let sigstore = Sigstore::new();
    let mut parts = sigstore.parts(&Wish::default());
    (parts.others, parts.tree_index) = (1, 0);
    let own = parts.entry(&sigstore);
    assert!(sigstore.verify(&parts.with_entries(&own)).is_ok());
    let without = own.replace(r#""hashes":[],"#, "");
    assert_ne!(without, own);
    assert!(sigstore.verify(&parts.with_entries(&without)).is_ok());
    let most = sealog_core::limits::PROOF_HASHES_MAX;
    let hash = format!("\"{}\"", b64([0; 32]));
    let with = |count: usize| {
        let hashes = format!(r#""hashes":[{}]"#, vec![hash.clone(); count].join(","));
        failure(sigstore.verify(&parts.with_entries(&own.replace(r#""hashes":[]"#, &hashes))))
    };
    expect(with(most), ErrorKind::Refuted, "does not hold its entry");
    expect(with(most + 1), ErrorKind::Malformed, "hashes");
}

#[test]
fn a_checkpoint_by_another_key_or_of_another_log_is_refuted() {
    let sigstore = Sigstore::new();
    let good = Wish::default();
    let found = refused(&sigstore, &good, |parts| {
        parts.checkpoint_key = Some(LogKey::new());
    });
    expect(found, ErrorKind::Refuted, "not signed by the log");
    for origin in [
        "other.example - 1",
        "log.example - ",
        "log.example - 1x",
        "log.example2",
        "log",
    ] {
        let found = refused(&sigstore, &good, |parts| parts.origin = origin.into());
        expect(found, ErrorKind::Refuted, "another log");
    }
    let parts = sigstore.parts(&good);
    let own = parts.entry(&sigstore);
    let unsigned = own.replace("\\n\u{2014} log.example ", "\\n\u{2014} log.example AAAA");
    assert_ne!(unsigned, own);
    let found = failure(sigstore.verify(&parts.with_entries(&unsigned)));
    expect(found, ErrorKind::Refuted, "no signature of the log");
}

#[test]
fn an_entry_of_a_log_that_the_root_does_not_name_is_refuted() {
    let sigstore = Sigstore::new();
    let found = refused(&sigstore, &Wish::default(), |parts| {
        let other = LogKey::new();
        parts.log_id.clone_from(&other.id);
        parts.checkpoint_key = Some(LogKey::new());
        parts.promise_key = Some(other);
    });
    expect(found, ErrorKind::Refuted, "none of the trusted root");
}

#[test]
fn a_certificate_has_to_be_promised_by_a_known_log() {
    let sigstore = Sigstore::new();
    let by = |promise| {
        let wish = Wish {
            promise,
            ..Wish::default()
        };
        sigstore.verify(&sigstore.parts(&wish).bundle(&sigstore))
    };
    for (promise, kind, why) in [
        (
            Promise::None,
            ErrorKind::Refuted,
            "no certificate log promised",
        ),
        (
            Promise::UnknownLog,
            ErrorKind::Refuted,
            "of the trusted root promised",
        ),
        (
            Promise::ByOtherKey,
            ErrorKind::Refuted,
            "not about its certificate",
        ),
        (
            Promise::OtherIssuer,
            ErrorKind::Refuted,
            "not about its certificate",
        ),
        (
            Promise::OtherCertificate,
            ErrorKind::Refuted,
            "not about its certificate",
        ),
        (
            Promise::TooEarly,
            ErrorKind::Refuted,
            "not trusted for the time of its promise",
        ),
        (Promise::Cut, ErrorKind::Malformed, "malformed"),
        (Promise::Version2, ErrorKind::Malformed, "malformed"),
    ] {
        expect(failure(by(promise)), kind, why);
    }
    let most = crate::limits::SCTS_MAX;
    assert!(by(Promise::Times(most)).is_ok());
    expect(
        failure(by(Promise::Times(most + 1))),
        ErrorKind::Malformed,
        "promises",
    );
}

#[test]
fn a_bundle_of_another_method_says_what_to_bring() {
    let sigstore = Sigstore::new();
    let bundle = String::from_utf8(sigstore.bundle()).unwrap();
    // Bundles of the other methods name no entry of a log.
    let parts = sigstore.parts(&Wish::default());
    let unlogged = String::from_utf8(parts.with_entries("")).unwrap();
    let chain = unlogged.replace(
        r#""certificate":{"#,
        r#""x509CertificateChain":{"certificates":[{"#,
    );
    let chain = chain.replace(r#""},"tlogEntries""#, r#""}]},"tlogEntries""#);
    let found = failure(sigstore.verify(chain.as_bytes()));
    expect(found, ErrorKind::Malformed, "bring the root");
    let key = unlogged.replace(r#""certificate":{"rawBytes""#, r#""publicKey":{"hint""#);
    expect(
        failure(sigstore.verify(key.as_bytes())),
        ErrorKind::Malformed,
        "bring that key",
    );
    let key = Certificate::from_der(&parts.certificate)
        .unwrap()
        .public_key()
        .unwrap();
    let found = failure(crate::sign::verify_oms(bundle.as_bytes(), &key));
    expect(found, ErrorKind::Malformed, "bring a trusted root");
}

#[test]
fn what_has_no_meaning_in_a_bundle_is_refused() {
    let sigstore = Sigstore::new();
    let bundle = String::from_utf8(sigstore.bundle()).unwrap();
    for (old, new) in [
        (r#"{"mediaType""#, r#"{"x":1,"mediaType""#),
        (r#"{"certificate""#, r#"{"x":1,"certificate""#),
        (r#"{"rawBytes""#, r#"{"x":1,"rawBytes""#),
        (r#"{"payload""#, r#"{"x":1,"payload""#),
        (r#"{"sig""#, r#"{"x":1,"sig""#),
        (r#"{"logIndex":"1003""#, r#"{"x":1,"logIndex":"1003""#),
        (r#"{"keyId""#, r#"{"x":1,"keyId""#),
        (r#"{"kind""#, r#"{"x":1,"kind""#),
        (
            r#"{"signedEntryTimestamp""#,
            r#"{"x":1,"signedEntryTimestamp""#,
        ),
        (r#"{"envelope""#, r#"{"x":1,"envelope""#),
    ] {
        let changed = bundle.replacen(old, new, 1);
        assert_ne!(changed, bundle, "{old}");
        let found = failure(sigstore.verify(changed.as_bytes()));
        expect(found, ErrorKind::Malformed, " member");
    }
}
