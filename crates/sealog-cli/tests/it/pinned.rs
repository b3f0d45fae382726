//! The files of what is pinned for an import, at the border of their sizes.

use std::fs;

use crate::golden::World;

/// Bytes of a key file, of a secret, and of an anchor, at most.
const KEY_FILE_BYTES_MAX: usize = 4 * 1024;
const SECRET_BYTES_MAX: usize = 4 * 1024;
const ANCHOR_BYTES_MAX: usize = 64 * 1024;

/// Status and text of a check of a log with one receipt or event that is none.
fn check(pin: &str, content: &[u8]) -> (i32, String) {
    let world = World::new();
    let is_key = pin == "--key";
    let line = if is_key {
        "{\"receipt_id\":\"r\"}\n"
    } else {
        "{\"event_type\":\"A\",\"prev_hash\":\"GENESIS\"}\n"
    };
    fs::write(world.here().join("old.jsonl"), line).unwrap();
    fs::write(world.here().join("pin"), content).unwrap();
    let words = ["import", "old.jsonl", "--check", pin, "pin"];
    let output = world.command().args(words).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(text).unwrap(),
    )
}

/// 1: what was pinned was taken, and the log is refuted; 2 with this code: it was not.
fn taken(pin: &str, content: &[u8], code: &str) -> bool {
    match check(pin, content) {
        (1, _) => true,
        (2, text) if text.contains(&format!("[{code}]")) => false,
        other => panic!("{pin}: {other:?}"),
    }
}

fn padded(text: &str, bytes: usize) -> Vec<u8> {
    let mut content = text.as_bytes().to_vec();
    content.resize(bytes, b' ');
    content
}

#[test]
fn a_key_file_is_read_up_to_its_limit_and_refused_beyond() {
    let key = "0a".repeat(32);
    assert!(taken("--key", key.as_bytes(), "argument"));
    assert!(taken("--key", format!("{key}\n").as_bytes(), "argument"));
    assert!(taken(
        "--key",
        &padded(&key, KEY_FILE_BYTES_MAX),
        "argument"
    ));
    assert!(!taken(
        "--key",
        &padded(&key, KEY_FILE_BYTES_MAX + 1),
        "argument"
    ));
    assert!(!taken("--key", &padded(&key, 1024 * 1024), "argument"));
    assert!(!taken("--key", b"", "argument"));
    assert!(!taken("--key", &key.as_bytes()[1..], "argument"));
}

#[test]
fn a_secret_is_read_up_to_its_limit_with_one_line_break_and_refused_beyond() {
    let secret = |bytes: usize, end: &str| [vec![b'k'; bytes], end.into()].concat();
    let taken = |content: &[u8]| taken("--hmac-key-file", content, "hmac_key");
    for end in ["", "\n", "\r\n"] {
        assert!(taken(&secret(1, end)));
        assert!(taken(&secret(SECRET_BYTES_MAX, end)));
        assert!(!taken(&secret(SECRET_BYTES_MAX + 1, end)), "{end:?}");
        assert!(!taken(&secret(0, end)), "{end:?}");
    }
    assert!(!taken(&secret(SECRET_BYTES_MAX, "\n\n\n")));
    assert!(!taken(&secret(1024 * 1024, "")));
}

#[test]
fn an_anchor_is_read_up_to_its_limit_and_refused_beyond() {
    let anchor = format!("{{\"hash\":\"{}\",\"seq\":0}}", "0a".repeat(32));
    let taken = |content: &[u8]| taken("--anchor", content, "import_anchor");
    assert!(taken(&padded(&anchor, ANCHOR_BYTES_MAX)));
    assert!(!taken(&padded(&anchor, ANCHOR_BYTES_MAX + 1)));
}
