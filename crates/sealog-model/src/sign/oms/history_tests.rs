//! Bundles of every release of the reference hold, and a refusing twin for each thing that they say.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealog_core::Hash;
use tempfile::TempDir;

use super::tests::{ALL, FILES, Model};
use super::*;
use crate::digest::DigestOptions;
use crate::sign::{Envelope, Pin, Uncovered, VerifiedManifest, Walks};
use crate::walk::WalkOptions;

/// A time at which the certificates of the folder are valid.
const THEN: &str = "2026-06-01T00:00:00Z";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata/oms-history")
}

/// The model of all the bundles, made anew.
fn model() -> (TempDir, PathBuf) {
    let root = TempDir::new().unwrap();
    let model = root.path().join("model");
    fs::create_dir_all(model.join("a")).unwrap();
    let long = "0123456789".repeat(250);
    for (path, content) in [
        ("a/b", "1"),
        ("a-b", "2"),
        ("empty", ""),
        ("w.bin", &long),
        ("it's", "3"),
    ] {
        fs::write(model.join(path), content).unwrap();
    }
    (root, model)
}

/// A bundle of the folder, with what its name says.
struct Old {
    name: String,
    release: String,
    curve: String,
    by: String,
    text: String,
}

impl Old {
    fn all() -> Vec<Self> {
        let mut found: Vec<Self> = fs::read_dir(folder())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| {
                let parts: Vec<&str> = name.strip_suffix(".sig")?.split('-').collect();
                let [release, curve, by] = parts.try_into().unwrap();
                Some(Self {
                    release: release.to_owned(),
                    curve: curve.to_owned(),
                    by: by.to_owned(),
                    text: fs::read_to_string(folder().join(&name)).unwrap(),
                    name,
                })
            })
            .collect();
        found.sort_by(|one, other| one.name.cmp(&other.name));
        found
    }

    fn named(name: &str) -> Self {
        Self::all()
            .into_iter()
            .find(|old| old.name == name)
            .unwrap()
    }

    fn pin(&self, curve: &str) -> Pin {
        if self.by == "certificate" {
            let root = folder().join(format!("{curve}-root.pem"));
            return Pin::Roots {
                roots: CertificateRoots::read(&[root]).unwrap(),
                at: Timestamp::parse(THEN.as_bytes()).unwrap(),
            };
        }
        Pin::Key(PublicKey::read(&folder().join(format!("{curve}.pub"))).unwrap())
    }

    fn vouch(&self, text: &str, curve: &str) -> Result<Vouched, Error> {
        match self.pin(curve) {
            Pin::Roots { roots, at } => verify_oms_certificate(text.as_bytes(), &roots, at),
            Pin::Key(key) => verify_oms(text.as_bytes(), &key),
            _ => unreachable!(),
        }
    }

    /// What it is of: the folder, or the one file of it.
    fn place(&self, model: &Path) -> PathBuf {
        if self.by == "single" {
            model.join("w.bin")
        } else {
            model.to_path_buf()
        }
    }

    fn verify(&self, model: &Path) -> Result<VerifiedManifest, Error> {
        let vouched = self.vouch(&self.text, &self.curve)?;
        let options = DigestOptions::new(&[Algorithm::Sha256]);
        vouched.check(&self.place(model), &[], Uncovered::Report, &options)
    }
}

#[test]
fn bundles_of_every_release_hold_and_notice_each_change() {
    let mut counts = BTreeMap::new();
    for old in Old::all() {
        *counts.entry(old.release.clone()).or_insert(0) += 1;
        let (_root, model) = model();
        let held = old.verify(&model).unwrap();
        let files = if old.by == "single" { 1 } else { 5 };
        assert_eq!(held.manifest().files().len(), files, "{}", old.name);
        let notes = held.vouched().notes().join("\n");
        assert_eq!(notes.contains("release 0.2"), old.release == "0.2.0");
        let unstated = !old.release.starts_with("1.1.");
        assert_eq!(notes.contains("is not recorded"), unstated, "{}", old.name);
        fs::write(model.join("w.bin"), "0123456788".repeat(250)).unwrap();
        let error = old.verify(&model).unwrap_err();
        assert_eq!(error.changes().len(), 1, "{}: {error}", old.name);
        if old.by != "single" {
            fs::write(model.join("more"), "x").unwrap();
            assert_eq!(old.verify(&model).unwrap_err().changes().len(), 2);
            fs::remove_file(model.join("it's")).unwrap();
            assert_eq!(old.verify(&model).unwrap_err().changes().len(), 3);
        }
    }
    let expected = [
        ("0.2.0", 6),
        ("0.3.0", 4),
        ("0.3.1", 5),
        ("1.0.0", 5),
        ("1.0.1", 6),
        ("1.1.0", 5),
        ("1.1.1", 5),
    ];
    assert_eq!(
        counts,
        expected
            .map(|(name, count)| (name.to_owned(), count))
            .into()
    );
}

#[test]
fn an_old_bundle_by_another_key_or_with_a_changed_byte_is_refuted() {
    for old in Old::all() {
        let other = if old.curve == "p256" { "p384" } else { "p256" };
        let error = old.vouch(&old.text, other).unwrap_err();
        assert!(
            matches!(error, Error::Signature { .. }),
            "{}: {error}",
            old.name
        );
        for member in ["\"payload\"", "\"sig\""] {
            let from = old.text.find(member).unwrap() + member.len();
            let from = from + old.text[from..].find('"').unwrap() + 1;
            for at in (from..from + 90).step_by(3) {
                let mut text = old.text.clone();
                let new = if &text[at..=at] == "A" { "B" } else { "A" };
                text.replace_range(at..=at, new);
                let error = old.vouch(&text, &old.curve).unwrap_err();
                assert!(
                    matches!(error, Error::Signature { .. }),
                    "{} at {at}: {error}",
                    old.name
                );
            }
        }
    }
}

/// As release 0.2 signed, by a key of P-256, for which that and ours take the same hash.
fn as_first_release(model: &Model, payload: &str) -> String {
    let mut message = Vec::new();
    historical::pre_authentication(payload.as_bytes(), &mut |part| message.extend(part));
    let signature = model.key.ecdsa_sign(&message).unwrap();
    let by = Signer::Key(model.key.public());
    String::from_utf8(bundle::write(payload.as_bytes(), &signature, &by)).unwrap()
}

/// A statement of release 0.2 over the same files as [`ALL`].
fn first_statement() -> String {
    let subjects = ALL.iter().map(|(name, content)| {
        let digest = Hash::of(&[content.as_bytes()]);
        format!(
            "{{\"name\":\"{name}\",\"digest\":{{\"sha256\":\"{digest}\"}},\
             \"annotations\":{{\"actual_hash_algorithm\":\"file-sha256\"}}}}"
        )
    });
    let subjects: Vec<String> = subjects.collect();
    format!(
        "{{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{}],\
         \"predicateType\":\"https://model_signing/Digests/v0.1\",\"predicate\":{{\"unused\":\"x\"}}}}",
        subjects.join(",")
    )
}

#[test]
fn a_signature_of_release_0_2_stands_for_its_own_statements_alone() {
    let model = Model::new(KeyKind::P256);
    let good = first_statement();
    model.verify(&as_first_release(&model, &good)).unwrap();
    let without = good.replace(
        ",\"annotations\":{\"actual_hash_algorithm\":\"file-sha256\"}",
        "",
    );
    assert_ne!(without, good);
    model.verify(&as_first_release(&model, &without)).unwrap();
    // Through Sigstore that release signed as DSSE says.
    model.verify(&model.around(&good)).unwrap();
    let current = Model::payload(FILES, "sha256", ALL);
    model.verify(&model.around(&current)).unwrap();
    let error = model
        .verify(&as_first_release(&model, &current))
        .unwrap_err();
    assert!(matches!(error, Error::Malformed { .. }), "{error}");
    // It took SHA-256 for every curve, so one with the hash of the curve is nobody's.
    let larger = Model::new(KeyKind::P384);
    let error = larger
        .verify(&as_first_release(&larger, &good))
        .unwrap_err();
    assert!(matches!(error, Error::Signature { .. }), "{error}");
}

#[test]
fn statements_of_release_0_2_that_are_refused_although_they_are_signed() {
    let model = Model::new(KeyKind::P256);
    let good = first_statement();
    let subjects = &good[good.find('[').unwrap()..=good.find(']').unwrap()];
    let cases = [
        ("no subject", good.replace(subjects, "[]")),
        ("subjects that are no array", good.replace(subjects, "{}")),
        (
            "another hash",
            good.replacen("file-sha256", "file-blake2b", 1),
        ),
        (
            "shards",
            good.replacen("file-sha256", "file-sha256-sharded-4", 1),
        ),
        (
            "a digest of another name",
            good.replacen("{\"sha256\"", "{\"sha512\"", 1),
        ),
        (
            "two digests",
            good.replacen("{\"sha256\":", "{\"sha512\":\"\",\"sha256\":", 1),
        ),
        ("a file twice", good.replacen("\"a/b\"", "\"a-b\"", 1)),
        (
            "a path that leaves",
            good.replacen("\"a/b\"", "\"../b\"", 1),
        ),
        ("an absolute path", good.replacen("\"a/b\"", "\"/b\"", 1)),
        ("a name that is none", good.replacen("\"a/b\"", "7", 1)),
        (
            "a member of a subject that nobody knows",
            good.replacen("{\"name\"", "{\"uri\":\"\",\"name\"", 1),
        ),
        (
            "a note that nobody knows",
            good.replacen("\"actual_hash", "\"x\":\"\",\"actual_hash", 1),
        ),
        (
            "a predicate that says something",
            good.replace("\"unused\":\"x\"", "\"resources\":[]"),
        ),
        (
            "a predicate that says it as an object",
            good.replace("\"unused\":\"x\"", "\"unused\":{}"),
        ),
        (
            "another of its predicates",
            good.replace("Digests/v0.1", "DigestOfDigests/v0.1"),
        ),
        (
            "a member that nobody knows",
            good.replacen("{\"_type\"", "{\"x\":1,\"_type\"", 1),
        ),
        (
            "another statement",
            good.replace("Statement/v1", "Statement/v0.1"),
        ),
    ];
    for (name, payload) in cases {
        assert_ne!(payload, good, "{name} changes nothing");
        let error = model
            .verify(&as_first_release(&model, &payload))
            .unwrap_err();
        let refused = matches!(error, Error::Malformed { .. } | Error::Unfit { .. });
        assert!(refused, "{name}: {error}");
    }
}

/// Releases before 1.1.0 did not record what they left out. Some left nothing out.
#[test]
fn where_it_is_not_recorded_the_four_names_are_left_out_unless_something_in_them_is_signed() {
    let model = Model::new(KeyKind::P256);
    let bundle = as_first_release(&model, &first_statement());
    fs::write(model.path().join(".gitattributes"), "x").unwrap();
    let held = model.verify(&bundle).unwrap();
    assert_eq!(held.ignored().len(), 1);
    let named = first_statement().replacen("\"empty\"", "\".gitattributes\"", 1);
    let bundle = as_first_release(&model, &named);
    fs::remove_file(model.path().join("empty")).unwrap();
    fs::write(model.path().join(".gitattributes"), "").unwrap();
    let held = model.verify(&bundle).unwrap();
    assert_eq!(
        (held.ignored().len(), held.manifest().files().len()),
        (0, 3)
    );
    fs::write(model.path().join(".gitattributes"), "x").unwrap();
    assert!(matches!(model.verify(&bundle), Err(Error::Differs { .. })));
}

#[test]
fn a_verifier_adds_to_what_is_left_out_only_where_the_bundle_does_not_say_it() {
    for (name, holds) in [
        ("0.2.0-p256-key.sig", true),
        ("1.0.1-p256-key.sig", true),
        ("1.0.1-p256-shards.sig", true),
        ("1.0.1-p256-certificate.sig", true),
        ("1.1.0-p256-key.sig", false),
        ("1.1.1-p256-certificate.sig", false),
    ] {
        let old = Old::named(name);
        let (_root, model) = model();
        fs::write(model.join("notes.txt"), "x").unwrap();
        let envelope = Envelope::read(model.clone(), folder().join(name), None).unwrap();
        let check = |ignored: Option<&str>| {
            let mut older = WalkOptions::default();
            if let Some(path) = ignored {
                older.ignore.add(path).unwrap();
            }
            let own = WalkOptions::default();
            let vouched = envelope.vouch(&old.pin(&old.curve), &Walks { own, older })?;
            let options = DigestOptions::new(&[Algorithm::Sha256]);
            vouched.check(&model, &[], Uncovered::Report, &options)
        };
        assert!(matches!(check(None), Err(Error::Differs { .. })), "{name}");
        match check(Some("notes.txt")) {
            Ok(held) => assert!(holds && held.ignored().len() == 1, "{name}"),
            Err(error) => assert!(!holds && matches!(error, Error::Differs { .. }), "{name}"),
        }
        // What is signed cannot be left out.
        fs::remove_file(model.join("notes.txt")).unwrap();
        check(None).unwrap();
        if holds {
            assert!(
                matches!(check(Some("a-b")), Err(Error::Differs { .. })),
                "{name}"
            );
        }
    }
}

#[test]
fn release_0_3_names_the_size_of_shards_in_the_hash_of_the_whole() {
    let model = Model::new(KeyKind::P256);
    let parts: &[(&str, &str)] = &[("a/b:0:10", "0123456789"), ("a-b:0:5", "01234")];
    let bundle = |hash: &str| {
        let serialization = format!(
            "{{\"method\":\"shards\",\"shard_size\":16.0,\"hash_type\":\"{hash}\",\"allow_symlinks\":false}}"
        );
        model.around(&Model::payload(&serialization, "sha256-sharded-16", parts))
    };
    model.verify(&bundle("sha256-sharded-16")).unwrap();
    for other in [
        "sha256-sharded-17",
        "sha256-sharded-",
        "-sharded-16",
        "blake3-sharded-16",
    ] {
        let error = model.verify(&bundle(other)).unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{other}: {error}");
    }
    let whole = FILES.replace("sha256", "sha256-sharded-16");
    let whole = model.around(&Model::payload(&whole, "sha256-sharded-16", ALL));
    assert!(matches!(model.verify(&whole), Err(Error::Malformed { .. })));
    let old = Old::named("0.3.1-p256-shards.sig");
    let envelope = STANDARD.decode(
        old.text
            .split("\"payload\": \"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap(),
    );
    let payload = String::from_utf8(envelope.unwrap()).unwrap();
    assert!(
        payload.contains("\"hash_type\": \"sha256-sharded-1000\""),
        "{payload}"
    );
}
