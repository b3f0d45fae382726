//! Signing and verifying in our own format, the matrix of tampering, and the weaknesses of older tools as refusals.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::digest::Algorithm;
use crate::keys::{PrivateKey, new_private_key};
use crate::manifest::Statement;
use crate::walk::{IgnoreRules, WalkOptions};

const SHA256: &[Algorithm] = &[Algorithm::Sha256];

/// A signed model: `model/` in a directory of its own, with files of several kinds.
struct Signed {
    root: TempDir,
    key: PrivateKey,
    statement: Vec<u8>,
    signature: Vec<u8>,
}

impl Signed {
    fn new() -> Self {
        Self::with(&[
            ("a.bin", "weights of a"),
            ("b.bin", "weights of b"),
            ("sub/c", "c"),
            ("empty", ""),
        ])
    }

    fn with(files: &[(&str, &str)]) -> Self {
        let root = TempDir::new().unwrap();
        for (path, content) in files {
            let path = root.path().join("model").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let key = new_private_key(&root.path().join("key"), &[7; 32], None).unwrap();
        let walk = WalkOptions {
            ignore: IgnoreRules::oms(),
            ..WalkOptions::default()
        };
        let (manifest, set) = Manifest::of(
            &root.path().join("model"),
            &walk,
            &DigestOptions::new(SHA256),
        )
        .unwrap();
        let authorship = Authorship {
            name: "iris".into(),
            version: "1.0".into(),
            created_by: "jo".into(),
            created_at: "2026-01-02T03:04:05Z".into(),
        };
        let statement = Statement::new(authorship, manifest, &set).unwrap();
        let signature = sign_statement(&statement, &key).unwrap();
        Self {
            root,
            key,
            statement: statement.to_canonical(),
            signature,
        }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.path().join("model").join(path)
    }

    fn vouched(&self) -> Vouched {
        verify_statement(&self.statement, &self.signature, self.key.public()).unwrap()
    }

    fn verify(&self, uncovered: Uncovered) -> Result<VerifiedManifest, Error> {
        let options = DigestOptions::new(SHA256);
        self.vouched().check(&self.at(""), &[], uncovered, &options)
    }

    fn changes(&self) -> Vec<String> {
        let error = self.verify(Uncovered::Report).unwrap_err();
        assert_eq!(error.kind(), sealog_core::ErrorKind::Refuted, "{error}");
        error.changes().iter().map(ToString::to_string).collect()
    }
}

#[test]
fn what_was_signed_verifies_with_all_that_was_said() {
    let signed = Signed::new();
    let verified = signed.verify(Uncovered::Refuse).unwrap();
    let vouched = verified.vouched();
    assert_eq!(vouched.authorship().unwrap().name, "iris");
    vouched.expect(Some("iris"), Some("1.0")).unwrap();
    vouched.expect(Some("iris"), Some("1.1")).unwrap_err();
    vouched.expect(Some("rose"), None).unwrap_err();
    let stated = Statement::parse(&signed.statement).unwrap();
    assert_eq!(verified.model_digest(), stated.manifest().model_digest());
}

/// The matrix: each way of tampering by its name, what is done, and what is found.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of attacks")]
fn every_way_of_tampering_is_refuted() {
    type Attack = fn(&Signed);
    let matrix: &[(&str, Attack, &[&str])] = &[
        (
            "append a byte",
            |s| fs::write(s.at("a.bin"), "weights of a!").unwrap(),
            &["modified a.bin"],
        ),
        (
            "truncate",
            |s| fs::write(s.at("a.bin"), "weights").unwrap(),
            &["modified a.bin"],
        ),
        (
            "empty a file",
            |s| fs::write(s.at("a.bin"), "").unwrap(),
            &["modified a.bin"],
        ),
        (
            "fill an empty file",
            |s| fs::write(s.at("empty"), "x").unwrap(),
            &["modified empty"],
        ),
        (
            "add a file",
            |s| fs::write(s.at("x.py"), "x").unwrap(),
            &["added x.py"],
        ),
        (
            "add an empty file",
            |s| fs::write(s.at("sub/__init__.py"), "").unwrap(),
            &["added sub/__init__.py"],
        ),
        (
            "remove a file",
            |s| fs::remove_file(s.at("sub/c")).unwrap(),
            &["removed sub/c"],
        ),
        (
            "remove an empty file",
            |s| fs::remove_file(s.at("empty")).unwrap(),
            &["removed empty"],
        ),
        (
            "rename",
            |s| fs::rename(s.at("a.bin"), s.at("z.bin")).unwrap(),
            &["renamed a.bin to z.bin"],
        ),
        (
            "rename by case",
            |s| fs::rename(s.at("a.bin"), s.at("A.bin")).unwrap(),
            &["renamed a.bin to A.bin"],
        ),
        (
            "swap two files",
            |s| {
                fs::rename(s.at("a.bin"), s.at("t")).unwrap();
                fs::rename(s.at("b.bin"), s.at("a.bin")).unwrap();
                fs::rename(s.at("t"), s.at("b.bin")).unwrap();
            },
            &["modified a.bin", "modified b.bin"],
        ),
        (
            "a link to the same content",
            |s| {
                fs::rename(s.at("a.bin"), s.root.path().join("kept")).unwrap();
                symlink(s.root.path().join("kept"), s.at("a.bin")).unwrap();
            },
            &["type changed a.bin"],
        ),
        (
            "a directory that is a link",
            |s| {
                fs::rename(s.at("sub"), s.root.path().join("kept")).unwrap();
                symlink(s.root.path().join("kept"), s.at("sub")).unwrap();
            },
            &["added sub"],
        ),
        (
            "a hard link to other content",
            |s| {
                fs::write(s.root.path().join("evil"), "evil").unwrap();
                fs::remove_file(s.at("a.bin")).unwrap();
                fs::hard_link(s.root.path().join("evil"), s.at("a.bin")).unwrap();
            },
            &["modified a.bin"],
        ),
        (
            "a file becomes a directory",
            |s| {
                fs::remove_file(s.at("a.bin")).unwrap();
                fs::create_dir(s.at("a.bin")).unwrap();
                fs::write(s.at("a.bin/f"), "weights of a").unwrap();
            },
            &["type changed a.bin", "added a.bin/f"],
        ),
        (
            "a directory becomes a file",
            |s| {
                fs::remove_dir_all(s.at("sub")).unwrap();
                fs::write(s.at("sub"), "c").unwrap();
            },
            &["type changed sub", "removed sub/c"],
        ),
        (
            "a file in a folder that tools ignore",
            |s| {
                fs::create_dir(s.at(".git")).unwrap();
                fs::write(s.at(".git/payload"), "x").unwrap();
            },
            &["added .git/payload"],
        ),
        (
            "a file called .gitignore",
            |s| fs::write(s.at(".gitignore"), "x").unwrap(),
            &["added .gitignore"],
        ),
        (
            "everything removed",
            |s| {
                fs::remove_dir_all(s.at("")).unwrap();
                fs::create_dir(s.at("")).unwrap();
            },
            &[
                "removed a.bin",
                "removed b.bin",
                "removed empty",
                "removed sub/c",
            ],
        ),
    ];
    for (name, attack, expected) in matrix {
        let signed = Signed::new();
        signed.verify(Uncovered::Refuse).unwrap();
        attack(&signed);
        assert_eq!(signed.changes(), *expected, "{name}");
    }
}

#[test]
fn every_flip_of_a_bit_in_a_file_is_refuted() {
    let signed = Signed::with(&[("w", "0123456789")]);
    for bit in 0..80 {
        let mut bytes = b"0123456789".to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(signed.at("w"), bytes).unwrap();
        assert_eq!(signed.changes(), ["modified w"], "bit {bit}");
    }
}

#[test]
fn every_change_of_a_byte_in_statement_or_signature_is_refused() {
    let signed = Signed::with(&[("w", "0")]);
    for at in 0..signed.statement.len() {
        let mut statement = signed.statement.clone();
        statement[at] ^= 1;
        let verified = verify_statement(&statement, &signed.signature, signed.key.public());
        assert!(
            matches!(verified, Err(Error::Signature { .. })),
            "byte {at}"
        );
    }
    for at in 0..signed.signature.len() {
        let mut signature = signed.signature.clone();
        signature[at] ^= 1;
        verify_statement(&signed.statement, &signature, signed.key.public()).unwrap_err();
    }
}

#[test]
fn a_signature_file_ends_at_its_limit() {
    use crate::limits::SIGNATURE_FILE_BYTES_MAX;
    let signed = Signed::new();
    for (length, why) in [
        (SIGNATURE_FILE_BYTES_MAX, "expected"),
        (SIGNATURE_FILE_BYTES_MAX + 1, "too long"),
    ] {
        let text = vec![b'x'; length];
        let refused = verify_statement(&signed.statement, &text, signed.key.public()).unwrap_err();
        assert!(refused.to_string().contains(why), "{refused}");
        assert_eq!(refused.kind(), sealog_core::ErrorKind::Malformed);
    }
}

#[test]
fn a_signature_by_another_key_is_refused_also_if_it_claims_the_trusted_one() {
    let signed = Signed::new();
    let other = new_private_key(&signed.root.path().join("other"), &[8; 32], None).unwrap();
    let statement = Statement::parse(&signed.statement).unwrap();
    let forged = sign_statement(&statement, &other).unwrap();
    let claimed = String::from_utf8(forged.clone()).unwrap();
    let claimed = claimed.replace(&other.public().key_id(), &signed.key.public().key_id());
    for signature in [forged, claimed.into_bytes()] {
        let verified = verify_statement(&signed.statement, &signature, signed.key.public());
        assert!(matches!(verified, Err(Error::Signature { .. })));
    }
}

#[test]
fn a_file_added_to_a_folder_that_the_signer_ignored_is_reported_and_refused_on_request() {
    let signed = Signed::with(&[("a", "1"), (".git/config", "x")]);
    fs::write(signed.at(".git/payload"), "x").unwrap();
    let verified = signed.verify(Uncovered::Report).unwrap();
    let found: Vec<(&str, u64)> = verified
        .ignored()
        .iter()
        .map(|found| (found.path.as_str(), found.files))
        .collect();
    assert_eq!(found, [(".git", 2)]);
    let refused = signed.verify(Uncovered::Refuse);
    assert!(matches!(refused, Err(Error::NotCovered { files: 2 })));
}

#[test]
fn an_unsigned_statement_is_undecided_unless_its_digest_is_pinned() {
    let signed = Signed::new();
    let unsigned = pin_statement(&signed.statement, None, WalkOptions::default()).unwrap_err();
    assert!(matches!(unsigned, Error::Unsigned { .. }));
    assert_eq!(unsigned.kind(), sealog_core::ErrorKind::Refused);
    let digest = Statement::parse(&signed.statement)
        .unwrap()
        .manifest()
        .model_digest();
    let pinned = pin_statement(&signed.statement, Some(digest), WalkOptions::default()).unwrap();
    assert_eq!((pinned.authorship(), pinned.notes().len()), (None, 1));
    pinned.expect(Some("iris"), None).unwrap_err();
    let options = DigestOptions::new(SHA256);
    pinned
        .check(&signed.at(""), &[], Uncovered::Refuse, &options)
        .unwrap();
    let other = pin_statement(&signed.statement, Some(Hash::ZERO), WalkOptions::default());
    assert!(matches!(other, Err(Error::NotExpected { .. })));
}

#[test]
fn a_pin_does_not_cover_what_an_unsigned_statement_says_is_ignored() {
    let signed = Signed::with(&[("a", "1")]);
    fs::write(signed.at("payload"), "x").unwrap();
    let text = String::from_utf8(signed.statement.clone()).unwrap();
    let text = text.replace("\"ignored\":[]", "\"ignored\":[\"payload\"]");
    let digest = Statement::parse(text.as_bytes())
        .unwrap()
        .manifest()
        .model_digest();
    let pinned = pin_statement(text.as_bytes(), Some(digest), WalkOptions::default()).unwrap();
    let options = DigestOptions::new(SHA256);
    let checked = pinned.check(&signed.at(""), &[], Uncovered::Report, &options);
    assert!(matches!(checked, Err(Error::Differs { .. })));
}

/// Weakness H2 of `HashTraceAI`: name, version, author and time could be changed freely.
#[test]
fn h2_name_version_author_and_time_are_signed() {
    let signed = Signed::new();
    let text = String::from_utf8(signed.statement.clone()).unwrap();
    for (old, new) in [
        ("\"iris\"", "\"rose\""),
        ("\"1.0\"", "\"2.0\""),
        ("\"jo\"", "\"al\""),
        ("2026-01-02", "2025-01-02"),
        ("\"ignored\":[]", "\"ignored\":[\"x\"]"),
        ("\"refuse\"", "\"inside-root\""),
    ] {
        let changed = text.replace(old, new);
        assert_ne!(changed, text);
        Statement::parse(changed.as_bytes()).unwrap();
        let verified = verify_statement(changed.as_bytes(), &signed.signature, signed.key.public());
        assert!(matches!(verified, Err(Error::Signature { .. })), "{new}");
    }
}

/// Weakness H3: an empty directory verified, and `keys` and `.cache` were blind spots.
#[test]
fn h3_no_folder_is_a_blind_spot_and_an_empty_directory_does_not_verify() {
    for folder in ["keys", ".cache", "__pycache__", "sub/.git"] {
        let signed = Signed::new();
        fs::create_dir_all(signed.at(folder)).unwrap();
        fs::write(signed.at(folder).join("payload"), "x").unwrap();
        assert_eq!(signed.changes(), [format!("added {folder}/payload")]);
    }
    let signed = Signed::new();
    fs::remove_dir_all(signed.at("")).unwrap();
    fs::create_dir(signed.at("")).unwrap();
    assert_eq!(signed.changes().len(), 4);
}

/// Weakness H5: paths were joined unchecked, and a model's name could be one.
#[test]
fn h5_a_path_that_leaves_the_model_is_refused_and_a_name_is_never_a_path() {
    let signed = Signed::with(&[("a", "1")]);
    let text = String::from_utf8(signed.statement.clone()).unwrap();
    for path in ["../a", "/etc/passwd", "a/../../b"] {
        let changed = text.replace("\"path\":\"a\"", &format!("\"path\":\"{path}\""));
        assert!(
            matches!(
                Statement::parse(changed.as_bytes()),
                Err(Error::Unfit { .. })
            ),
            "{path}"
        );
    }
}

/// Weakness H7: a null signature was a crash, a FIFO a hang.
#[test]
fn h7_malformed_signatures_are_refused_and_a_fifo_is_an_added_file() {
    let signed = Signed::new();
    let text = String::from_utf8(signed.signature.clone()).unwrap();
    let value = text
        .split("\"value\":")
        .nth(1)
        .unwrap()
        .trim_end_matches('}');
    for bad in [
        text.replace(value, "null"),
        text.replace(value, "\"\""),
        text.replace(value, "\"AAAA\""),
        text.replace("ed25519", "none"),
        "{}".into(),
        String::new(),
        format!("{text}\n"),
    ] {
        let verified = verify_statement(&signed.statement, bad.as_bytes(), signed.key.public());
        assert!(
            matches!(verified, Err(Error::Malformed { .. } | Error::Json { .. })),
            "{bad}"
        );
    }
    let made = std::process::Command::new("mkfifo")
        .arg(signed.at("pipe"))
        .status()
        .unwrap();
    assert!(made.success());
    assert_eq!(signed.changes(), ["added pipe"]);
}

/// Weaknesses H1 and M4: a mismatch was a success to whoever asked for the status.
#[test]
fn h1_m4_a_mismatch_is_a_refutation_and_never_a_value() {
    let signed = Signed::new();
    fs::write(signed.at("a.bin"), "another estimator").unwrap();
    assert_eq!(signed.changes(), ["modified a.bin"]);
}
