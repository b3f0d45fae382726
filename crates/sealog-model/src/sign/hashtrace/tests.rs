//! The vectors of `tests/python/hashtrace.py`, which Python signed; what has to be refused of them; and what openssl
//! says of ours.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use sealog_core::ErrorKind;
use tempfile::TempDir;

use super::*;
use crate::digest::{Algorithm, DigestCache, DigestOptions};
use crate::keys::new_rsa_key;
use crate::sign::{Uncovered, VerifiedManifest};
use crate::walk::{IgnoreRules, ModelPath};

const SHA256: &[Algorithm] = &[Algorithm::Sha256];

fn vector(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/testdata/hashtrace").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(vector(name)).unwrap()
}

fn text(name: &str) -> String {
    String::from_utf8(bytes(name)).unwrap()
}

fn key(name: &str) -> PublicKey {
    PublicKey::read(&vector(name)).unwrap()
}

fn vouch(text: &[u8], beside: Option<&[u8]>, by: &PublicKey) -> Result<Vouched, Error> {
    HashTrace::parse(text, WalkOptions::default())?.verify(text, beside, by)
}

/// Verifies a vector as it is, with what lies beside it.
fn of(name: &str) -> Result<Vouched, Error> {
    let beside = fs::read(vector(&format!("{name}.sig"))).ok();
    vouch(&bytes(name), beside.as_deref(), &key("key.pub"))
}

/// A copy of the vectors' model, which a test may spoil.
struct Copy(TempDir);

impl Copy {
    fn new() -> Self {
        let root = TempDir::new().unwrap();
        for (path, content) in [
            ("model.bin", "weights"),
            ("sub/caf\u{e9} \u{1f600}.txt", "text"),
            (".gitattributes", "x"),
        ] {
            let to = root.path().join(path);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::write(to, content).unwrap();
        }
        Self(root)
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn check(&self, vouched: Vouched) -> Result<VerifiedManifest, Error> {
        let options = DigestOptions::new(SHA256);
        vouched.check(self.0.path(), &[], Uncovered::Report, &options)
    }

    fn changes(&self, vouched: Vouched) -> Vec<String> {
        let error = self.check(vouched).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refuted, "{error}");
        error.changes().iter().map(ToString::to_string).collect()
    }
}

fn scheme(vouched: &Vouched) -> &'static str {
    match vouched.voucher() {
        Voucher::Key { scheme, .. } => scheme,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_form_that_python_signed_verifies_and_says_what_is_signed() {
    let copy = Copy::new();
    for (name, scheme_of, signed, unsigned) in [
        ("a.json", Era::A.scheme(), 2, 0),
        ("a_late.json", Era::A.scheme(), 1, 0),
        ("b.json", Era::B.scheme(), 6, 0),
        ("c.json", Era::C.scheme(), 0, 5),
    ] {
        let vouched = of(name).unwrap();
        assert_eq!(scheme(&vouched), scheme_of);
        let count = |signed| {
            let claims = vouched.claims().iter();
            claims.filter(|claim| claim.signed == signed).count()
        };
        assert_eq!((count(true), count(false)), (signed, unsigned), "{name}");
        copy.check(vouched).unwrap();
    }
    of("b.json")
        .unwrap()
        .expect(Some("iris"), Some("1.0"))
        .unwrap();
    for name in ["a.json", "c.json"] {
        let error = of(name).unwrap().expect(Some("iris"), None).unwrap_err();
        assert!(error.to_string().contains("not signed"), "{error}");
    }
}

#[test]
fn h2_what_form_c_leaves_unsigned_can_be_changed_and_is_reported_as_unsigned() {
    let changed = text("c.json").replace("\"jo\"", "\"mallory\"");
    let vouched = vouch(changed.as_bytes(), None, &key("key.pub")).unwrap();
    let author = vouched
        .claims()
        .iter()
        .find(|claim| claim.what == "created_by");
    let author = author.unwrap();
    assert_eq!((author.value.as_str(), author.signed), ("mallory", false));
    assert!(vouched.authorship().is_none());
}

#[test]
fn a_salt_of_any_length_is_taken_and_said() {
    for (name, bytes) in [
        ("a.json", 222),
        ("a221.json", 221),
        ("a32.json", 32),
        ("a20.json", 20),
        ("a0.json", 0),
    ] {
        let vouched = of(name).unwrap();
        let [note] = vouched.notes() else {
            panic!("{:?}", vouched.notes())
        };
        assert!(note.contains(&format!("has {bytes} bytes")), "{note}");
    }
}

#[test]
fn a_changed_manifest_signature_or_key_is_refuted() {
    for name in ["a.json", "b.json", "c.json"] {
        let beside = fs::read(vector(&format!("{name}.sig"))).ok();
        let error = vouch(&bytes(name), beside.as_deref(), &key("other.pub")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refuted, "{name}: {error}");
        let original = text(name);
        let at = original
            .rfind("\"sha256\": \"")
            .or(original.rfind("\"SHA256\": \""))
            .unwrap()
            + 11;
        let mut changed = original.clone().into_bytes();
        changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
        let error = vouch(&changed, beside.as_deref(), &key("key.pub")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refuted, "{name}: {error}");
    }
    let mut signature = bytes("a.json.sig");
    for at in [0, 100, 255] {
        signature[at] ^= 1;
        vouch(&bytes("a.json"), Some(&signature), &key("key.pub")).unwrap_err();
        signature[at] ^= 1;
    }
    let wrong: [&[u8]; 4] = [
        b"",
        &signature[1..],
        &[signature.as_slice(), b"\0"].concat(),
        b"text",
    ];
    for wrong in wrong {
        let error = vouch(&bytes("a.json"), Some(wrong), &key("key.pub")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refuted, "{error}");
    }
    // White space is signed in form A alone.
    let spaced = format!("{}\n", text("a.json"));
    vouch(spaced.as_bytes(), Some(&signature), &key("key.pub")).unwrap_err();
}

#[test]
fn the_copy_of_the_signature_beside_form_b_has_to_be_one_and_form_c_has_none() {
    let beside = bytes("b.json.sig");
    vouch(&bytes("b.json"), None, &key("key.pub")).unwrap();
    let line = [beside.as_slice(), b"\n"].concat();
    vouch(&bytes("b.json"), Some(&line), &key("key.pub")).unwrap();
    let error = vouch(&bytes("b.json"), Some(b"AAAA"), &key("key.pub")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refuted);
    let error = vouch(&bytes("c.json"), Some(&beside), &key("key.pub")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    let error = vouch(&bytes("a.json"), None, &key("key.pub")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
}

#[test]
fn h3_h7_files_that_are_not_listed_changed_or_links_are_findings() {
    for name in ["a.json", "b.json", "c.json"] {
        let copy = Copy::new();
        for path in [
            "keys/payload.py",
            ".git/hook",
            "__pycache__/x.pyc",
            ".DS_Store",
        ] {
            fs::create_dir_all(copy.at(path).parent().unwrap()).unwrap();
            fs::write(copy.at(path), "").unwrap();
        }
        fs::write(copy.at("model.bin"), "Weights").unwrap();
        fs::remove_file(copy.at(".gitattributes")).unwrap();
        let found = copy.changes(of(name).unwrap());
        let expected = [
            "added .DS_Store",
            "added .git/hook",
            "removed .gitattributes",
            "added __pycache__/x.pyc",
            "added keys/payload.py",
            "modified model.bin",
        ];
        assert_eq!(found, expected, "{name}");
        let linked = Copy::new();
        fs::rename(
            linked.at("model.bin"),
            linked.0.path().with_extension("away"),
        )
        .unwrap();
        symlink(
            linked.0.path().with_extension("away"),
            linked.at("model.bin"),
        )
        .unwrap();
        assert_eq!(
            linked.changes(of(name).unwrap()),
            ["type_changed model.bin".replace('_', " ")]
        );
        fs::remove_file(linked.0.path().with_extension("away")).unwrap();
    }
}

#[test]
fn what_the_caller_leaves_out_is_counted() {
    let copy = Copy::new();
    fs::create_dir(copy.at(".git")).unwrap();
    fs::write(copy.at(".git/hook"), "").unwrap();
    let mut ignore = IgnoreRules::none();
    ignore.add(".git").unwrap();
    let walk = WalkOptions {
        ignore,
        ..WalkOptions::default()
    };
    let parsed = HashTrace::parse(&bytes("a.json"), walk).unwrap();
    let vouched = parsed.verify(
        &bytes("a.json"),
        Some(&bytes("a.json.sig")),
        &key("key.pub"),
    );
    let vouched = vouched.unwrap();
    let verified = copy.check(vouched.clone()).unwrap();
    assert_eq!(verified.ignored().len(), 1);
    let options = DigestOptions::new(SHA256);
    vouched
        .check(copy.0.path(), &[], Uncovered::Refuse, &options)
        .unwrap_err();
}

#[test]
fn h5_a_path_that_leaves_the_model_is_refused() {
    for path in [
        "../outside",
        "/etc/passwd",
        "a/../../b",
        "./a",
        "a//b",
        "C:/x",
        "..\\\\b",
        "",
    ] {
        for (name, old) in [
            ("a.json", "\"path\": \"model.bin\""),
            ("b.json", "\"model.bin\": {"),
        ] {
            let new = old.replace("model.bin", path);
            let changed = text(name).replacen(old, &new, 1);
            let error = HashTrace::parse(changed.as_bytes(), WalkOptions::default()).unwrap_err();
            assert!(
                matches!(error, Error::Unfit { .. }),
                "{name} {path}: {error}"
            );
        }
    }
}

#[test]
fn other_shapes_than_the_three_are_refused() {
    let (a, b, c) = (text("a.json"), text("b.json"), text("c.json"));
    let file = r#"{"path":"x","sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}"#;
    let signature_of_c = c[c.rfind(": ").unwrap() + 2..c.len() - 2].to_owned();
    let cases = [
        a.replace("\"1.0\"", "\"1.1\""),
        a.replace("\"1.0\"", "1.0"),
        a.replace("\"created_by\"", "\"author\""),
        a.replace("\"created\"", "\"created\": \"\", \"extra\""),
        a.replace("\"version\"", "\"created_by\": \"x\", \"version\""),
        a.replacen("\"sha256\"", "\"sha512\"", 1),
        a.replacen("\"sha256\": \"", "\"sha256\": \"A", 1),
        a.replace(".gitattributes", "model.bin"),
        r#"{"version":"1.0","created":"","created_by":"x","files":[]}"#.to_owned(),
        format!(
            r#"{{"version":"1.0","created_by":"{}","files":[{file}]}}"#,
            "x".repeat(LABEL_BYTES_MAX + 1)
        ),
        b.replace("\"iris\"", "7"),
        b.replace("\"hf_id\"", "\"other_id\""),
        b.replacen("\"SHA256\"", "\"sha256\"", 1),
        b.replace("\"signature\": \"", "\"signature\": \"*"),
        b.replace("\"signed_data\": {", "\"signed_data\": [{")
            .replace("\n}", "]}"),
        c.replace("\"name\": \"model.bin\"", "\"name\": \"other.bin\""),
        c.replace("\"timestamp_utc\"", "\"timestamp\""),
        c.replace(&signature_of_c, "7"),
        c.replace("\"model_name\": \"iris\"", "\"model_name\": null"),
        "[]".to_owned(),
        "{".to_owned(),
        String::new(),
    ];
    for case in cases {
        let error = HashTrace::parse(case.as_bytes(), WalkOptions::default());
        let error = error.err().unwrap_or_else(|| panic!("{case}"));
        assert_eq!(error.kind(), ErrorKind::Malformed, "{error}: {case}");
    }
    let longest = format!(
        r#"{{"version":"1.0","created_by":"{}","files":[{file}]}}"#,
        "x".repeat(LABEL_BYTES_MAX)
    );
    HashTrace::parse(longest.as_bytes(), WalkOptions::default()).unwrap();
    // H7: nobody signed it.
    let null = c.replace(&signature_of_c, "null");
    let error = vouch(null.as_bytes(), None, &key("key.pub")).unwrap_err();
    assert!(error.to_string().contains("nobody signed"), "{error}");
}

#[test]
fn keys_of_other_kinds_and_short_ones_are_refused() {
    let error = PublicKey::read(&vector("short.pub")).unwrap_err();
    assert!(error.to_string().contains("2,048"), "{error}");
    let root = TempDir::new().unwrap();
    let other = crate::keys::new_private_key(&root.path().join("k"), &[1; 32], None).unwrap();
    let error = vouch(&bytes("a.json"), Some(&bytes("a.json.sig")), other.public()).unwrap_err();
    assert!(error.to_string().contains("RSA"), "{error}");
    sign_hashtrace(b"", &other).unwrap_err();
}

#[test]
fn without_a_signature_the_models_digest_can_be_pinned() {
    let copy = Copy::new();
    let digest = copy.check(of("c.json").unwrap()).unwrap().model_digest();
    let pinned = |hash| {
        HashTrace::parse(&bytes("a.json"), WalkOptions::default())
            .unwrap()
            .pin(hash)
    };
    let verified = copy.check(pinned(digest)).unwrap();
    assert!(
        verified
            .vouched()
            .claims()
            .iter()
            .all(|claim| !claim.signed)
    );
    let error = copy.check(pinned(Hash::of(&[b"other"]))).unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Refuted, "model_not_expected")
    );
    fs::write(copy.at("extra"), "").unwrap();
    assert_eq!(copy.changes(pinned(digest)), ["added extra"]);
}

#[test]
fn a_digest_that_is_pinned_is_held_also_where_a_cache_spares_the_reading() {
    let (copy, beside) = (Copy::new(), TempDir::new().unwrap());
    let digest = copy.check(of("c.json").unwrap()).unwrap().model_digest();
    let check = |hash| {
        let parsed = HashTrace::parse(&bytes("a.json"), WalkOptions::default()).unwrap();
        let mut cache = DigestCache::open(&beside.path().join("cache")).unwrap();
        let options = DigestOptions::new(SHA256);
        let uncovered = Uncovered::Report;
        parsed
            .pin(hash)
            .check_cached(copy.0.path(), &[], uncovered, &options, &mut cache, 0)
    };
    assert_eq!(check(digest).unwrap().model_digest(), digest);
    let error = check(Hash::of(&[b"other"])).unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Refuted, "model_not_expected")
    );
}

/// A model that we sign, in the copy's directory.
fn written(copy: &Copy, key: &PrivateKey) -> (Vec<u8>, Vec<u8>) {
    let (manifest, set) = Manifest::of(
        copy.0.path(),
        &WalkOptions::default(),
        &DigestOptions::new(SHA256),
    )
    .unwrap();
    let text =
        hashtrace_manifest(&manifest, &set, "Jos\u{e9}", "2026-01-02T03:04:05.000001Z").unwrap();
    let signature = sign_hashtrace(&text, key).unwrap();
    (text, signature)
}

/// A key of ours, and the directory that its file is in.
fn private(password: Option<&[u8]>) -> (TempDir, PrivateKey) {
    let root = TempDir::new().unwrap();
    let path = root.path().join("key.pem");
    let made = new_rsa_key(&path, password).unwrap();
    let read = PrivateKey::read(&path, password).unwrap();
    assert_eq!(made.public(), read.public());
    (root, read)
}

#[test]
fn what_we_write_has_the_layout_of_the_original_and_verifies() {
    let copy = Copy::new();
    for password in [None, Some(b"pw".as_slice())] {
        let (_root, key) = private(password);
        let (text, signature) = written(&copy, &key);
        let vouched = vouch(&text, Some(&signature), key.public()).unwrap();
        assert!(
            vouched.notes()[0].contains("350 bytes"),
            "{:?}",
            vouched.notes()
        );
        copy.check(vouched).unwrap();
        let shown = String::from_utf8(text).unwrap();
        assert!(
            shown.starts_with("{\n  \"version\": \"1.0\",\n  \"created\": \"2026"),
            "{shown}"
        );
        assert!(
            shown.contains("\"sub/caf\\u00e9 \\ud83d\\ude00.txt\""),
            "{shown}"
        );
        assert!(shown.ends_with("\n    }\n  ]\n}"), "{shown}");
    }
}

#[test]
fn links_and_an_author_without_a_name_cannot_be_written() {
    let copy = Copy::new();
    let walk = WalkOptions {
        links: LinkPolicy::InsideRoot,
        ..WalkOptions::default()
    };
    let (manifest, set) = Manifest::of(copy.0.path(), &walk, &DigestOptions::new(SHA256)).unwrap();
    let time = "2026-01-02T03:04:05Z";
    hashtrace_manifest(&manifest, &set, "jo", time).unwrap_err();
    let (manifest, set) = Manifest::of(
        copy.0.path(),
        &WalkOptions::default(),
        &DigestOptions::new(SHA256),
    )
    .unwrap();
    hashtrace_manifest(&manifest, &set, "", time).unwrap_err();
    hashtrace_manifest(&manifest, &set, "jo", "yesterday").unwrap_err();
    hashtrace_manifest(&manifest, &set, "jo", time).unwrap();
}

#[test]
fn openssl_verifies_what_we_sign_and_we_what_openssl_signs() {
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("skipped: openssl_verifies_what_we_sign: openssl is not installed");
        return;
    }
    let copy = Copy::new();
    let (root, key) = private(None);
    let (text, signature) = written(&copy, &key);
    key.public().create(&root.path().join("key.pub")).unwrap();
    fs::write(root.path().join("m.json"), &text).unwrap();
    fs::write(root.path().join("m.sig"), signature).unwrap();
    let openssl = |arguments: &str| {
        let pss = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:350";
        let mut command = Command::new("openssl");
        command.current_dir(root.path()).args(["dgst", "-sha256"]);
        let output = command
            .args(format!("{pss} {arguments}").split(' '))
            .output();
        output.unwrap().status.success()
    };
    assert!(openssl("-verify key.pub -signature m.sig m.json"));
    assert!(openssl("-sign key.pem -out o.sig m.json"));
    let theirs = fs::read(root.path().join("o.sig")).unwrap();
    vouch(&text, Some(&theirs), key.public()).unwrap();
    fs::write(root.path().join("m.json"), b"changed").unwrap();
    assert!(!openssl("-verify key.pub -signature m.sig m.json"));
}

#[test]
fn a_path_is_said_as_it_is_in_the_set() {
    let parsed = HashTrace::parse(&bytes("b.json"), WalkOptions::default()).unwrap();
    assert_eq!(parsed.era(), Era::B);
    let paths: Vec<&ModelPath> = parsed
        .closed_set()
        .entries()
        .map(|(path, _)| path)
        .collect();
    assert_eq!(paths.len(), 3);
    assert!(is_hashtrace_claimed(
        &Value::parse(&bytes("b.json")).unwrap()
    ));
    assert!(!is_hashtrace_claimed(
        &Value::parse(br#"{"format":"x","files":[]}"#).unwrap()
    ));
}
