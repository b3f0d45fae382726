//! The trusted root: what it has to be, and from when to when its parts count.

use super::miniature::Windows;
use super::*;
use crate::limits::{TRUSTED_ROOT_BYTES_MAX, TRUSTED_ROOT_ITEMS_MAX};

const BEFORE: (&str, Option<&str>) = ("2025-01-01T00:00:00Z", Some("2026-05-31T23:59:59Z"));
const AFTER: (&str, Option<&str>) = ("2026-06-01T00:05:01Z", None);
/// Each part counts at its last second still, and at its first.
const EDGES: [(&str, Option<&str>); 2] = [
    ("2025-01-01T00:00:00Z", Some("2026-06-01T00:05:00Z")),
    ("2026-06-01T00:00:00Z", None),
];

fn why(text: &str) -> String {
    let error = TrustedRoot::parse(text.as_bytes()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    error.to_string()
}

#[test]
fn a_part_of_the_root_counts_in_its_time_alone() {
    let sigstore = Sigstore::new();
    let bundle = sigstore.bundle();
    let verify = |windows| {
        let root = TrustedRoot::parse(sigstore.root_json(windows).as_bytes()).unwrap();
        verify_oms_sigstore(&bundle, &root, &miniature::signer())
    };
    let usual = Windows::default();
    let each = |part| {
        [
            Windows {
                authority: part,
                ..usual
            },
            Windows {
                certificates: part,
                ..usual
            },
            Windows { log: part, ..usual },
        ]
    };
    for part in EDGES {
        for windows in each(part) {
            assert!(verify(windows).is_ok());
        }
    }
    for part in [BEFORE, AFTER] {
        for windows in each(part) {
            let error = verify(windows).unwrap_err();
            assert_eq!(error.code(), "model_signature", "{error}");
            let text = error.to_string();
            assert!(
                text.contains("not trusted for the time") || text.contains("names no authority")
            );
        }
    }
}

#[test]
fn a_root_without_logs_or_authorities_holds_nothing() {
    let sigstore = Sigstore::new();
    let bundle = sigstore.bundle();
    let whole = sigstore.root_json(Windows::default());
    let value = Value::parse(whole.as_bytes()).unwrap();
    for (name, why) in [
        ("tlogs", "none of the trusted root"),
        ("certificateAuthorities", "names no authority"),
        ("ctlogs", "no certificate log of the trusted root"),
    ] {
        let mut value = value.clone();
        value.as_object_mut().unwrap().remove(name);
        let root = TrustedRoot::parse(&value.to_canonical()).unwrap();
        let error = verify_oms_sigstore(&bundle, &root, &miniature::signer()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refuted);
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn a_log_with_a_key_that_cannot_be_used_decides_nothing() {
    let sigstore = Sigstore::new();
    let bundle = sigstore.bundle();
    let whole = sigstore.root_json(Windows::default());
    let details = "PKIX_ECDSA_P256_SHA_256";
    let first = whole.replacen(details, "PKIX_RSA_PSS_4096_SHA256", 1);
    let at = whole.rfind(details).unwrap();
    let last = format!(
        "{}PKIX_RSA_PKCS1V15_4096_SHA256{}",
        &whole[..at],
        &whole[at + details.len()..]
    );
    for root in [first, last] {
        let root = TrustedRoot::parse(root.as_bytes()).unwrap();
        let error = verify_oms_sigstore(&bundle, &root, &miniature::signer()).unwrap_err();
        assert_eq!(error.code(), "model_undecided", "{error}");
        assert_eq!(error.kind(), ErrorKind::Refused);
    }
}

#[test]
fn a_root_is_read_in_its_own_format_alone() {
    let sigstore = Sigstore::new();
    let whole = sigstore.root_json(Windows::default());
    for (old, new, expected) in [
        (
            "trustedroot+json;version=0.1",
            "trustedroot+json;version=9.9",
            "media type",
        ),
        (
            "trustedroot+json;version=0.1",
            "clienttrustconfig.v0.1+json",
            "trust configuration",
        ),
        ("SHA2_256", "SHA2_512", "SHA-256"),
        ("PKIX_ECDSA_P256_SHA_256", "PKIX_ED25519", "not of the kind"),
        (
            r#""start":"2025-01-01T00:00:00Z""#,
            r#""begin":"2025-01-01T00:00:00Z""#,
            "from when",
        ),
        ("2025-01-01T00:00:00Z", "2025-01-01", "no time"),
        (r#""rawBytes":"MI"#, r#""rawBytes":"!I"#, "no base64"),
        (r#""keyId":""#, r#""keyId":"="#, "no id"),
        (
            r#""certificates":["#,
            r#""certificates":[],"x":["#,
            "no certificate",
        ),
        (r#""tlogs":["#, r#""tlogs":{},"x":["#, "no array"),
    ] {
        let changed = whole.replacen(old, new, 1);
        assert_ne!(changed, whole, "{old}");
        let found = why(&changed);
        assert!(found.contains(expected), "{old}: {found}");
    }
    assert!(why("[]").contains("no object"));
    assert!(why("{").contains("malformed"));
}

#[test]
fn two_logs_with_one_id_are_refused() {
    let sigstore = Sigstore::new();
    let whole = sigstore.root_json(Windows::default());
    let start = whole.find(r#""tlogs":["#).unwrap() + r#""tlogs":["#.len();
    let end = whole.find(r#"],"certificateAuthorities""#).unwrap();
    let log = &whole[start..end];
    let twice = whole.replacen(log, &format!("{log},{log}"), 1);
    assert!(why(&twice).contains("same id"));
}

#[test]
fn a_root_has_so_many_bytes_and_so_many_parts() {
    let sigstore = Sigstore::new();
    let whole = sigstore.root_json(Windows::default());
    let padded = |length: usize| format!("{whole}{}", " ".repeat(length - whole.len()));
    assert!(TrustedRoot::parse(padded(TRUSTED_ROOT_BYTES_MAX).as_bytes()).is_ok());
    let error = TrustedRoot::parse(padded(TRUSTED_ROOT_BYTES_MAX + 1).as_bytes()).unwrap_err();
    assert_eq!(error.code(), "model_limit");
    let authority = sigstore.authority.json("2025-01-01T00:00:00Z", None);
    let with = |count: usize| {
        let many = vec![authority.clone(); count].join(",");
        TrustedRoot::parse(whole.replacen(&authority, &many, 1).as_bytes())
    };
    assert!(with(TRUSTED_ROOT_ITEMS_MAX).is_ok());
    let error = with(TRUSTED_ROOT_ITEMS_MAX + 1).unwrap_err();
    assert!(error.to_string().contains("more than"));
}

#[test]
fn a_root_is_a_file_that_is_there() {
    let sigstore = Sigstore::new();
    let path = sigstore.model().join("root.json");
    assert_eq!(TrustedRoot::read(&path).unwrap_err().code(), "model_io");
    std::fs::write(&path, sigstore.root_json(Windows::default())).unwrap();
    assert!(TrustedRoot::read(&path).is_ok());
}
