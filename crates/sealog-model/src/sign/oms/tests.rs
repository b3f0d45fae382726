//! Bundles of every curve and hash; the traps of the reference; what has to be refused.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealog_core::Hash;
use tempfile::TempDir;

use super::*;
use crate::digest::DigestOptions;
use crate::keys::new_ecdsa_key;
use crate::sign::{Uncovered, VerifiedManifest};
use crate::walk::WalkOptions;

pub(super) struct Model {
    root: TempDir,
    pub(super) key: PrivateKey,
}

impl Model {
    pub(super) fn new(kind: KeyKind) -> Self {
        let root = TempDir::new().unwrap();
        let model = root.path().join("model");
        fs::create_dir_all(model.join("a")).unwrap();
        for (path, content) in [("a/b", "0123456789"), ("a-b", "01234"), ("empty", "")] {
            fs::write(model.join(path), content).unwrap();
        }
        let key = new_ecdsa_key(&root.path().join("key"), kind, None).unwrap();
        Self { root, key }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.root.path().join("model")
    }

    fn sign(&self, hash: Algorithm) -> String {
        self.sign_with(&OmsOptions::new(hash)).unwrap()
    }

    fn sign_with(&self, options: &OmsOptions<'_>) -> Result<String, Error> {
        self.sign_path(&self.path(), options)
    }

    fn sign_path(&self, path: &Path, options: &OmsOptions<'_>) -> Result<String, Error> {
        let walk = WalkOptions {
            ignore: IgnoreRules::oms(),
            ..WalkOptions::default()
        };
        let hashes = [options.hash];
        let (manifest, set) = Manifest::of(path, &walk, &DigestOptions::new(&hashes)).unwrap();
        let bundle = sign_oms(&manifest, &set, &walk.ignore, &self.key, options)?;
        Ok(String::from_utf8(bundle).unwrap())
    }

    /// A bundle around any payload, signed as it should be.
    pub(super) fn around(&self, payload: &str) -> String {
        let message = bundle::pre_authentication(payload.as_bytes());
        let signature = self.key.ecdsa_sign(&message).unwrap();
        let text = bundle::write(
            payload.as_bytes(),
            &signature,
            &Signer::Key(self.key.public()),
        );
        String::from_utf8(text).unwrap()
    }

    /// A payload with these resources, `NAME=CONTENT`, hashed by SHA-256.
    pub(super) fn payload(
        serialization: &str,
        algorithm: &str,
        resources: &[(&str, &str)],
    ) -> String {
        let digests: Vec<Hash> = resources
            .iter()
            .map(|(_, content)| Hash::of(&[content.as_bytes()]))
            .collect();
        let parts: Vec<&[u8]> = digests
            .iter()
            .map(|digest| &digest.as_bytes()[..])
            .collect();
        let root = Hash::of(&parts);
        let list: Vec<String> = resources
            .iter()
            .zip(&digests)
            .map(|((name, _), digest)| {
                format!(
                    "{{\"name\":\"{name}\",\"algorithm\":\"{algorithm}\",\"digest\":\"{digest}\"}}"
                )
            })
            .collect();
        format!(
            "{{\"_type\":\"https://in-toto.io/Statement/v1\",\
             \"subject\":[{{\"name\":\"model\",\"digest\":{{\"sha256\":\"{root}\"}}}}],\
             \"predicateType\":\"https://model_signing/signature/v1.0\",\
             \"predicate\":{{\"serialization\":{serialization},\"resources\":[{}]}}}}",
            list.join(",")
        )
    }

    pub(super) fn verify(&self, bundle: &str) -> Result<VerifiedManifest, Error> {
        let vouched = verify_oms(bundle.as_bytes(), self.key.public())?;
        let options = DigestOptions::new(&[Algorithm::Sha256]);
        vouched.check(&self.path(), &[], Uncovered::Report, &options)
    }
}

pub(super) const FILES: &str =
    "{\"method\":\"files\",\"hash_type\":\"sha256\",\"allow_symlinks\":false,\"ignore_paths\":[]}";
pub(super) const ALL: &[(&str, &str)] = &[("a/b", "0123456789"), ("a-b", "01234"), ("empty", "")];

#[test]
fn every_curve_and_hash_goes_round_and_notices_a_change() {
    for kind in [KeyKind::P256, KeyKind::P384, KeyKind::P521] {
        for hash in [Algorithm::Sha256, Algorithm::Blake2b, Algorithm::Blake3] {
            let model = Model::new(kind);
            let bundle = model.sign(hash);
            let verified = model.verify(&bundle).unwrap();
            assert_eq!(verified.manifest().files().len(), 3);
            fs::write(model.path().join("a-b"), "01235").unwrap();
            let error = model.verify(&bundle).unwrap_err();
            assert_eq!(error.changes().len(), 1, "{}", kind.name());
        }
    }
    let model = Model::new(KeyKind::P256);
    let hashes = [Algorithm::Sha512];
    let walk = WalkOptions::default();
    let (manifest, set) = Manifest::of(&model.path(), &walk, &DigestOptions::new(&hashes)).unwrap();
    let sha512 = sign_oms(
        &manifest,
        &set,
        &walk.ignore,
        &model.key,
        &OmsOptions::new(Algorithm::Sha512),
    );
    assert!(matches!(sha512, Err(Error::Malformed { .. })));
}

#[test]
fn resources_are_written_in_the_order_of_their_names_and_read_in_any() {
    let model = Model::new(KeyKind::P256);
    let bundle = Value::parse(model.sign(Algorithm::Sha256).as_bytes()).unwrap();
    let payload = bundle
        .member("dsseEnvelope")
        .unwrap()
        .member("payload")
        .unwrap();
    let payload = STANDARD.decode(payload.as_str().unwrap()).unwrap();
    let text = String::from_utf8(payload).unwrap();
    assert!(text.find("\"a-b\"").unwrap() < text.find("\"a/b\"").unwrap());
    model
        .verify(&model.around(&Model::payload(FILES, "sha256", ALL)))
        .unwrap();
}

#[test]
fn shards_verify_also_as_the_reference_writes_them() {
    let model = Model::new(KeyKind::P256);
    let parts: &[(&str, &str)] = &[
        ("a/b:0:4", "0123"),
        ("a/b:4:8", "4567"),
        ("a/b:8:10", "89"),
        ("a-b:0:4", "0123"),
        ("a-b:4:5", "4"),
    ];
    for (size, algorithm) in [("4", "sha256"), ("4.0", "sha256-sharded-4")] {
        let serialization = format!(
            "{{\"method\":\"shards\",\"shard_size\":{size},\"hash_type\":\"sha256\",\"allow_symlinks\":false,\"ignore_paths\":[]}}"
        );
        let bundle = model.around(&Model::payload(&serialization, algorithm, parts));
        let verified = model.verify(&bundle).unwrap();
        assert!(
            verified
                .vouched()
                .notes()
                .iter()
                .any(|note| note.contains("without content"))
        );
        for bad in [
            &parts[1..],
            &[
                ("a/b:0:10", "0123456789"),
                ("a-b:0:4", "0123"),
                ("a-b:4:5", "4"),
            ],
            &[("a/b:0:04", "0123")],
            &[("a/b", "0123")],
            &[("a/b:4:0", "0123")],
        ] {
            let bundle = model.around(&Model::payload(&serialization, algorithm, bad));
            assert!(
                matches!(model.verify(&bundle), Err(Error::Malformed { .. })),
                "{bad:?}"
            );
        }
        let cut = model.around(&Model::payload(&serialization, algorithm, &parts[3..]));
        assert!(matches!(model.verify(&cut), Err(Error::Differs { .. })));
    }
    let bundle = {
        let serialization = "{\"method\":\"shards\",\"shard_size\":4,\"hash_type\":\"sha256\",\"allow_symlinks\":false,\"ignore_paths\":[]}";
        model.around(&Model::payload(serialization, "sha256", parts))
    };
    fs::write(model.path().join("a/b"), "0123456780").unwrap();
    assert!(matches!(model.verify(&bundle), Err(Error::Differs { .. })));
}

#[test]
fn the_historical_forms_verify() {
    let model = Model::new(KeyKind::P384);
    let pem = STANDARD.encode(model.key.public().to_pem());
    let current = model.around(&Model::payload(FILES, "sha256", ALL));
    let hint = Hash::of(&[model.key.public().to_pem().as_bytes()]).to_hex();
    let raw = current.replace(
        &format!("\"hint\":\"{hint}\""),
        &format!("\"rawBytes\":\"{pem}\",\"keyDetails\":\"PKIX_ECDSA_P384_SHA_384\""),
    );
    assert_ne!(raw, current);
    model.verify(&raw).unwrap();
    let absent = current.replace(&format!("\"hint\":\"{hint}\""), "");
    assert_eq!(model.verify(&absent).unwrap().vouched().notes().len(), 1);
    for id in ["\"keyid\":null,", ""] {
        model
            .verify(&current.replace("\"keyid\":\"\",", id))
            .unwrap();
    }
    let old = FILES.replace(",\"ignore_paths\":[]", "");
    let old = model.around(&Model::payload(&old, "sha256", ALL));
    assert_eq!(model.verify(&old).unwrap().vouched().notes().len(), 1);
}

#[test]
fn the_one_file_of_a_model_is_called_by_its_name_or_a_dot() {
    let model = Model::new(KeyKind::P256);
    let options = DigestOptions::new(&[Algorithm::Sha256]);
    for name in [".", "a-b"] {
        let bundle = model.around(&Model::payload(FILES, "sha256", &[(name, "01234")]));
        let vouched = verify_oms(bundle.as_bytes(), model.key.public()).unwrap();
        let file = model.path().join("a-b");
        vouched
            .clone()
            .check(&file, &[], Uncovered::Refuse, &options)
            .unwrap();
        vouched
            .check(&model.path(), &[], Uncovered::Refuse, &options)
            .unwrap_err();
    }
}

#[test]
fn refused_bundles() {
    let model = Model::new(KeyKind::P256);
    let good = model.around(&Model::payload(FILES, "sha256", ALL));
    model.verify(&good).unwrap();
    let one = good
        .split("\"signatures\":[")
        .nth(1)
        .unwrap()
        .split(']')
        .next()
        .unwrap();
    let cases = [
        ("two signatures", good.replace(one, &format!("{one},{one}"))),
        ("no signature", good.replace(one, "")),
        (
            "a key id",
            good.replace("\"keyid\":\"\"", "\"keyid\":\"x\""),
        ),
        ("another media type", good.replace("v0.3+json", "v0.2+json")),
        (
            "another payload type",
            good.replace("vnd.in-toto+json", "json"),
        ),
        (
            "a certificate",
            good.replace("\"publicKey\":", "\"certificate\":{},\"publicKey\":"),
        ),
        (
            "a chain",
            good.replace(
                "\"publicKey\":",
                "\"x509CertificateChain\":{},\"publicKey\":",
            ),
        ),
        ("no key", good.replace("\"publicKey\":", "\"x\":")),
        (
            "a message",
            good.replace("\"mediaType\":", "\"messageSignature\":{},\"mediaType\":"),
        ),
        (
            "a member twice",
            good.replace("\"mediaType\":", "\"mediaType\":\"x\",\"mediaType\":"),
        ),
        ("nothing", String::new()),
    ];
    for (name, text) in cases {
        assert_ne!(text, good, "{name} changes nothing");
        let error = verify_oms(text.as_bytes(), model.key.public()).unwrap_err();
        assert_eq!(
            error.kind(),
            sealog_core::ErrorKind::Malformed,
            "{name}: {error}"
        );
    }
}

#[test]
fn refused_payloads_although_they_are_signed() {
    let model = Model::new(KeyKind::P256);
    let good = Model::payload(FILES, "sha256", ALL);
    let digest = Hash::of(&[b"01234"]).to_hex();
    let cases = [
        (
            "a digest that is not the root's",
            good.replace(&digest, &Hash::ZERO.to_hex()),
        ),
        (
            "a resource twice",
            Model::payload(FILES, "sha256", &[("a", "1"), ("a", "1")]),
        ),
        (
            "a path that leaves",
            Model::payload(FILES, "sha256", &[("../a", "1")]),
        ),
        (
            "an absolute path",
            Model::payload(FILES, "sha256", &[("/a", "1")]),
        ),
        ("no resources", Model::payload(FILES, "sha256", &[])),
        ("another algorithm", Model::payload(FILES, "blake3", ALL)),
        (
            "an unknown hash",
            good.replace("\"hash_type\":\"sha256\"", "\"hash_type\":\"md5\""),
        ),
        (
            "an unknown method",
            good.replace("\"method\":\"files\"", "\"method\":\"tree\""),
        ),
        (
            "a shard size with files",
            good.replace("\"method\":", "\"shard_size\":4,\"method\":"),
        ),
        (
            "shards without a size",
            good.replace("\"method\":\"files\"", "\"method\":\"shards\""),
        ),
        (
            "an unknown predicate",
            good.replace("signature/v1.0", "signature/v2.0"),
        ),
        (
            "another statement",
            good.replace("Statement/v1", "Statement/v0.1"),
        ),
        (
            "a member of the predicate too many",
            good.replace("\"resources\":", "\"x\":1,\"resources\":"),
        ),
        (
            "no word about links",
            good.replace("\"allow_symlinks\":false,", ""),
        ),
    ];
    for (name, payload) in cases {
        assert_ne!(payload, good, "{name} changes nothing");
        assert!(model.verify(&model.around(&payload)).is_err(), "{name}");
    }
}

#[test]
fn a_bundle_by_another_key_or_with_a_changed_byte_does_not_hold() {
    let model = Model::new(KeyKind::P256);
    let bundle = model.sign(Algorithm::Sha256);
    let other = Model::new(KeyKind::P256);
    let by_other = verify_oms(bundle.as_bytes(), other.key.public());
    assert!(matches!(by_other, Err(Error::Signature { .. })));
    let hint = |model: &Model| Hash::of(&[model.key.public().to_pem().as_bytes()]).to_hex();
    let claimed = bundle.replace(&hint(&model), &hint(&other));
    let by_other = verify_oms(claimed.as_bytes(), other.key.public());
    assert!(matches!(by_other, Err(Error::Signature { .. })));
    let ed = crate::keys::new_private_key(&model.root.path().join("ed"), &[7; 32], None).unwrap();
    assert!(matches!(
        verify_oms(bundle.as_bytes(), ed.public()),
        Err(Error::Malformed { .. })
    ));
    let start = bundle.find("\"payload\":\"").unwrap() + 11;
    for at in (start..start + 400).step_by(7) {
        let mut bytes = bundle.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        verify_oms(&bytes, model.key.public()).unwrap_err();
    }
}

#[test]
fn an_unsigned_empty_file_beside_shards_is_the_one_thing_that_is_not_noticed_and_it_is_said() {
    let model = Model::new(KeyKind::P256);
    let serialization = "{\"method\":\"shards\",\"shard_size\":16,\"hash_type\":\"sha256\",\"allow_symlinks\":false,\"ignore_paths\":[]}";
    let parts: &[(&str, &str)] = &[("a/b:0:10", "0123456789"), ("a-b:0:5", "01234")];
    let bundle = model.around(&Model::payload(serialization, "sha256", parts));
    fs::write(model.path().join("__init__.py"), "").unwrap();
    assert_eq!(model.verify(&bundle).unwrap().vouched().notes().len(), 1);
    fs::write(model.path().join("__init__.py"), "x").unwrap();
    assert!(matches!(model.verify(&bundle), Err(Error::Differs { .. })));
}

/// A bundle says whether links are followed, not where they may lead: what a hub's cache needs it cannot say.
#[test]
fn a_snapshot_of_a_hubs_cache_is_not_signed_as_a_bundle() {
    let model = Model::new(KeyKind::P256);
    let sign = |links| {
        let walk = WalkOptions {
            ignore: IgnoreRules::oms(),
            links,
        };
        let hashes = [Algorithm::Sha256];
        let options = DigestOptions::new(&hashes);
        let (manifest, set) = Manifest::of(&model.path(), &walk, &options).unwrap();
        sign_oms(
            &manifest,
            &set,
            &walk.ignore,
            &model.key,
            &OmsOptions::new(Algorithm::Sha256),
        )
    };
    let error = sign(LinkPolicy::HubCache).unwrap_err();
    assert!(error.to_string().contains("hub's cache"), "{error}");
    for links in [LinkPolicy::Refuse, LinkPolicy::InsideRoot] {
        let bundle = sign(links).unwrap();
        let vouched = verify_oms(&bundle, model.key.public()).unwrap();
        let options = DigestOptions::new(&[Algorithm::Sha256]);
        vouched
            .check(&model.path(), &[], Uncovered::Report, &options)
            .unwrap();
    }
}

/// The sizes at which a file ends with a shard, before one and after one.
#[test]
fn what_is_signed_in_shards_holds_for_every_hash_and_size_and_notices_each_change() {
    let model = Model::new(KeyKind::P256);
    for hash in [Algorithm::Sha256, Algorithm::Blake2b, Algorithm::Blake3] {
        for size in [1, 4, 5, 9, 10, 11, u64::MAX >> 11] {
            let options = OmsOptions {
                shard_size: NonZeroU64::new(size),
                ..OmsOptions::new(hash)
            };
            let bundle = model.sign_with(&options).unwrap();
            let held = model.verify(&bundle).unwrap();
            assert_eq!(held.manifest().files().len(), 3, "{size}");
            fs::write(model.path().join("a/b"), "0123456780").unwrap();
            let error = model.verify(&bundle).unwrap_err();
            assert_eq!(error.changes().len(), 1, "{size}: {error}");
            fs::write(model.path().join("a/b"), "012345678").unwrap();
            assert!(matches!(model.verify(&bundle), Err(Error::Differs { .. })));
            fs::write(model.path().join("a/b"), "01234567890").unwrap();
            assert!(matches!(model.verify(&bundle), Err(Error::Differs { .. })));
            fs::write(model.path().join("a/b"), "0123456789").unwrap();
        }
    }
    let payload = payload_of(&model.sign_with(&OmsOptions {
        shard_size: NonZeroU64::new(4),
        ..OmsOptions::new(Algorithm::Sha256)
    }));
    // By name and not by number, as the specification says; nothing of the mangled names of the reference.
    let order = ["a-b:0:4", "a-b:4:5", "a/b:0:4", "a/b:4:8", "a/b:8:10"];
    let places = order.map(|name| payload.find(&format!("\"{name}\"")).unwrap());
    assert!(places.is_sorted(), "{payload}");
    assert!(payload.contains("\"shard_size\":4}") && !payload.contains("sharded"));
}

fn payload_of(bundle: &Result<String, Error>) -> String {
    let bundle = Value::parse(bundle.as_ref().unwrap().as_bytes()).unwrap();
    let payload = bundle.member("dsseEnvelope").unwrap().member("payload");
    let payload = STANDARD.decode(payload.unwrap().as_str().unwrap()).unwrap();
    String::from_utf8(payload).unwrap()
}

#[test]
fn what_cannot_be_signed_in_shards() {
    let model = Model::new(KeyKind::P256);
    let sign = |size: u64| {
        model.sign_with(&OmsOptions {
            shard_size: NonZeroU64::new(size),
            ..OmsOptions::new(Algorithm::Sha256)
        })
    };
    // The largest whole number that JSON says exactly, and the next one.
    sign((1 << 53) - 1).unwrap();
    let error = sign(1 << 53).unwrap_err();
    assert!(matches!(error, Error::Malformed { .. }), "{error}");
    for name in ["a/b", "a-b"] {
        fs::write(model.path().join(name), "").unwrap();
    }
    let error = sign(4).unwrap_err();
    assert!(error.to_string().contains("no content"), "{error}");
}

#[test]
fn a_model_that_is_one_file_and_shards_are_named_in_either_way() {
    let model = Model::new(KeyKind::P256);
    let file = model.path().join("a-b");
    let nine = NonZeroU64::new(9);
    for (names, shard_size, name, algorithm) in [
        (Names::Specification, None, "a-b", "sha256"),
        (Names::Reference, None, ".", "sha256"),
        (Names::Specification, nine, "a-b:0:5", "sha256"),
        (Names::Reference, nine, ".:0:5", "sha256-sharded-9"),
    ] {
        let options = OmsOptions {
            shard_size,
            names,
            ..OmsOptions::new(Algorithm::Sha256)
        };
        let bundle = model.sign_path(&file, &options);
        let payload = payload_of(&bundle);
        assert!(
            payload.contains(&format!("\"name\":\"{name}\"")),
            "{payload}"
        );
        let algorithm = format!("\"algorithm\":\"{algorithm}\"");
        assert!(payload.contains(&algorithm), "{payload}");
        assert!(payload.contains("\"hash_type\":\"sha256\""), "{payload}");
        let vouched = verify_oms(bundle.unwrap().as_bytes(), model.key.public()).unwrap();
        let options = DigestOptions::new(&[Algorithm::Sha256]);
        let check = |path: &Path| {
            let vouched = vouched.clone();
            vouched.check(path, &[], Uncovered::Refuse, &options)
        };
        check(&file).unwrap();
        let error = check(&model.path()).unwrap_err();
        assert!(matches!(error, Error::Differs { .. }), "{error}");
        // The files of a directory have names.
        let options = OmsOptions {
            shard_size,
            names,
            ..OmsOptions::new(Algorithm::Sha256)
        };
        let whole = model.sign_with(&options);
        assert!(!payload_of(&whole).contains("\"name\":\"."));
        model.verify(&whole.unwrap()).unwrap();
    }
}
