//! What changes from run to run, masked: paths, times, ids, hashes, keys, signatures.

use std::path::Path;

/// Masks a text.
pub(super) fn mask(text: &str, root: &Path) -> String {
    let text = text
        .replace(root.to_str().unwrap(), "<dir>")
        .replace(std::env::consts::ARCH, "<arch>");
    let mut masked = String::with_capacity(text.len());
    let mut rest = text.as_str();
    let mut inside = false;
    while let Some(first) = rest.chars().next() {
        if let Some((length, mark)) = find(rest, inside) {
            masked.push_str(mark);
            rest = &rest[length..];
            inside = false;
            continue;
        }
        // An escape of JSON is no part of the word behind it.
        let taken = if rest.starts_with("\\n") {
            2
        } else {
            first.len_utf8()
        };
        masked.push_str(&rest[..taken]);
        inside = taken == 1 && first.is_ascii_alphanumeric();
        rest = &rest[taken..];
    }
    masked
}

/// What stands at the beginning of a text, if it is to be masked, with its length. `inside` a word only keys are.
fn find(text: &str, inside: bool) -> Option<(usize, &'static str)> {
    if pattern(text, "+xxxxxxxx+") && run(&text[10..], base64) >= 44 {
        return Some((10 + run(&text[10..], base64), "+<key>"));
    }
    if inside {
        return None;
    }
    if pattern(text, "0000-00-00T00:00:00") || pattern(text, "0000-00-00 00:00:00") {
        let fraction = text[19..]
            .strip_prefix('.')
            .map_or(0, |rest| 1 + run(rest, digit));
        let zone = usize::from(text[19 + fraction..].starts_with('Z'));
        return Some((19 + fraction + zone, "<time>"));
    }
    if pattern(text, "0000-00-00") {
        return Some((10, "<day>"));
    }
    // Of a time and random bits; over a content and a time.
    if pattern(text, "xxxxxxxx-xxxx-7xxx-xxxx-xxxxxxxxxxxx")
        || pattern(text, "xxxxxxxx-xxxx-8xxx-xxxx-xxxxxxxxxxxx")
    {
        return Some((36, "<uuid>"));
    }
    let whole = run(text, digit);
    if pattern(&text[whole..], ".00 ms ") {
        return Some((whole + 6, "<duration>"));
    }
    let hex = run(text, |byte| {
        byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
    });
    match (hex, run(text, base64)) {
        (64, 64) => Some((64, "<hash>")),
        (32, 32) => Some((32, "<token>")),
        (16, 16) => Some((16, "<random>")),
        (_, length @ 40..) if !holds_key(&text[..length]) => Some((length, "<base64>")),
        _ => None,
    }
}

/// Whether a verifier key begins in it: its name stays readable.
fn holds_key(text: &str) -> bool {
    (0..text.len()).any(|at| pattern(&text[at..], "+xxxxxxxx+"))
}

fn base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

fn digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

fn run(text: &str, wanted: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|byte| wanted(*byte)).count()
}

/// `0` stands for a digit, `x` for a hex digit, all else for itself.
fn pattern(text: &str, pattern: &str) -> bool {
    text.len() >= pattern.len()
        && text
            .bytes()
            .zip(pattern.bytes())
            .all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                b'x' => byte.is_ascii_hexdigit(),
                wanted => byte == wanted,
            })
}

#[test]
fn what_changes_is_masked_and_nothing_else() {
    let hash = "ab".repeat(32);
    let key = "A".repeat(44);
    for (text, masked) in [
        ("/root/here/x.sealog".to_owned(), "<dir>/here/x.sealog"),
        ("at 2026-01-02T03:04:05.123456Z.".into(), "at <time>."),
        ("2026-01-02 03:04:05  decision".into(), "<time>  decision"),
        ("  10  2026-01-02".into(), "  10  <day>"),
        (
            "id 01a1fc3f-456d-75f4-890c-3262d902b14c".into(),
            "id <uuid>",
        ),
        (
            "urn:uuid:86b57178-a256-82ea-8eda-8b051fa8455d".into(),
            "urn:uuid:<uuid>",
        ),
        (format!("sha256:{hash}"), "sha256:<hash>"),
        (
            format!("log.example/a+0123abcd+{key} x"),
            "log.example/a+<key> x",
        ),
        (
            "size 12 of 00000000000000000000".into(),
            "size 12 of 00000000000000000000",
        ),
        (format!("\"1\\n{hash}\\n"), "\"1\\n<hash>\\n"),
        ("in 12.34 ms for 4 KiB".into(), "in <duration> for 4 KiB"),
        ("decision_id=d1".into(), "decision_id=d1"),
    ] {
        assert_eq!(mask(&text, Path::new("/root")), masked);
    }
}
