//! Which files claim to be documents, the borders of what is read, and what keeps anything from being decided. What is
//! found in whole documents is tested where a ledger takes them over (`sealog-cli/tests/it/older.rs`).

use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::keys::PublicKey;
use crate::limits::DOCUMENT_BYTES_MAX;

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata/hashtrace")
}

fn asked(document: PathBuf) -> OlderAsked {
    OlderAsked {
        document,
        form: OlderForm::HashTrace,
        signature: None,
        model: None,
        walk: WalkOptions::default(),
    }
}

/// A manifest of form A in a directory of its own, with this signature.
fn signed(signature: &[u8]) -> (TempDir, OlderAsked) {
    let root = TempDir::new().unwrap();
    let document = root.path().join("m.json");
    fs::copy(vectors().join("a.json"), &document).unwrap();
    fs::write(root.path().join("m.json.sig"), signature).unwrap();
    (root, asked(document))
}

fn claims(name: &str, content: &[u8]) -> Option<OlderForm> {
    let root = TempDir::new().unwrap();
    let path = root.path().join(name);
    fs::write(&path, content).unwrap();
    OlderForm::of_file(&path).unwrap()
}

#[test]
fn a_file_is_told_by_its_begin_and_logs_and_other_manifests_are_none() {
    for name in ["a.json", "a_late.json", "b.json", "c.json"] {
        let found = OlderForm::of_file(&vectors().join(name)).unwrap();
        assert_eq!(found, Some(OlderForm::HashTrace), "{name}");
    }
    let hash = "0a".repeat(32);
    assert_eq!(claims("hash", hash.as_bytes()), Some(OlderForm::Triple));
    let torn = br#"{"version":"1.0","created_by":"jo","files":[{"path":"#;
    assert_eq!(claims("x", torn), Some(OlderForm::HashTrace));
    for other in [
        r#"{"receipt_id":"r","created_by":"jo","files":[]}"#,
        r#"{"event_type":"A","details":{"created_by":"jo","files":[]}}"#,
        r#"{"format":"sealog","created_by":"jo","files":[]}"#,
        r#"{"mediaType":"x","created_by":"jo","files":[]}"#,
        r#"{"files":[]}"#,
        r#"[{"created_by":"jo","files":[]}]"#,
        "PK\u{3}\u{4}",
        "",
    ] {
        assert_eq!(claims("x", other.as_bytes()), None, "{other}");
    }
    let root = TempDir::new().unwrap();
    assert_eq!(OlderForm::of_file(root.path()).unwrap(), None);
    assert_eq!(OlderForm::of_file(&root.path().join("none")).unwrap(), None);
}

#[test]
fn a_directory_is_searched_up_to_its_limit_and_not_beyond() {
    let root = TempDir::new().unwrap();
    for number in 1..OLDER_NAMES_MAX {
        fs::write(root.path().join(number.to_string()), "").unwrap();
    }
    fs::copy(vectors().join("a.json"), root.path().join("m.json")).unwrap();
    let found = OlderForm::in_directory(root.path()).unwrap();
    assert_eq!(found, [(root.path().join("m.json"), OlderForm::HashTrace)]);
    fs::write(root.path().join("0"), "").unwrap();
    let error = OlderForm::in_directory(root.path()).unwrap_err();
    assert_eq!(error.code(), "model_limit");
}

#[test]
fn documents_and_signatures_are_read_to_their_limits_and_not_beyond() {
    let (_root, asked) = signed(&vec![0; SIGNATURE_FILE_BYTES_MAX]);
    let found = examine_older(&asked, &Pin::Nothing).unwrap();
    assert!(found.problems.contains(&OlderProblem::NotPinned));
    let (root, asked) = signed(&vec![0; SIGNATURE_FILE_BYTES_MAX + 1]);
    let error = examine_older(&asked, &Pin::Nothing).unwrap_err();
    assert_eq!(error.code(), "model_limit");
    fs::remove_file(root.path().join("m.json.sig")).unwrap();
    let file = fs::File::create(&asked.document).unwrap();
    file.set_len(u64::try_from(DOCUMENT_BYTES_MAX).unwrap() + 1)
        .unwrap();
    let error = examine_older(&asked, &Pin::Nothing).unwrap_err();
    assert_eq!(error.code(), "model_limit");
}

#[test]
fn of_a_fifo_nothing_is_read() {
    let (root, asked) = signed(b"x");
    let pipe = root.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    assert_eq!(OlderForm::of_file(&pipe).unwrap(), None);
    for asked in [
        OlderAsked {
            document: pipe.clone(),
            ..asked.clone()
        },
        OlderAsked {
            signature: Some(pipe),
            ..asked
        },
    ] {
        let error = examine_older(&asked, &Pin::Nothing).unwrap_err();
        assert_eq!(error.code(), "model_unfit");
    }
}

#[test]
fn keys_of_another_kind_are_refused_and_vouch_for_nothing() {
    let (_root, asked) = signed(b"x");
    let digest = Pin::Digest(Hash::of(&[b"x"]));
    assert_eq!(
        examine_older(&asked, &digest).unwrap_err().code(),
        "model_pin"
    );
    let triple = OlderAsked {
        form: OlderForm::Triple,
        ..asked
    };
    fs::write(triple.document.with_file_name("model_metadata.json"), "{}").unwrap();
    let key = Pin::Key(PublicKey::read(&vectors().join("key.pub")).unwrap());
    assert_eq!(
        examine_older(&triple, &key).unwrap_err().code(),
        "model_pin"
    );
}
