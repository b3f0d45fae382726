//! Verifying extracts: one that holds, and every way in which one does not.

use sealog_core::ErrorKind;
use sealog_core::limits::EXPORT_LINE_BYTES_MAX;
use sealog_core::tlog::vkey::VerifierKey;
use sealog_ledger::verify::{VerifiedExtract, verify_extract};
use sealog_ledger::{Error, Ledger, Query};

use crate::ground::{Ground, decision};

struct Case {
    text: String,
    keys: Vec<VerifierKey>,
}

fn verify(text: &[u8], keys: &[VerifierKey]) -> Result<VerifiedExtract, Error> {
    verify_extract(&mut &*text, keys, &mut |_| ())
}

fn case(ground: &Ground, records: usize) -> (Case, Ledger) {
    let ledger = ground.create();
    let drafts = (0..records).map(|n| decision(&format!("d{n}")));
    ledger
        .producer()
        .unwrap()
        .append_many(drafts.collect())
        .unwrap();
    let mut out = Vec::new();
    ledger
        .export_jsonl(&Query::default(), &mut out, &mut |_| ())
        .unwrap();
    let case = Case {
        text: String::from_utf8(out).unwrap(),
        keys: vec![VerifierKey::parse(&ledger.vkey()).unwrap()],
    };
    (case, ledger)
}

impl Case {
    /// The same with changed lines.
    fn edit(&self, edit: impl FnOnce(&mut Vec<String>)) -> Vec<u8> {
        let mut lines: Vec<String> = self.text.lines().map(Into::into).collect();
        edit(&mut lines);
        lines
            .iter()
            .flat_map(|line| [line.as_bytes(), b"\n"].concat())
            .collect()
    }

    fn refused(&self, text: &[u8], expected: (u64, &str, ErrorKind)) {
        let error = verify(text, &self.keys).unwrap_err();
        let Error::Extract { line, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!((*line, error.code(), error.kind()), expected, "{error}");
    }
}

#[test]
fn an_extract_holds_with_the_key_and_gives_its_entries() {
    let ground = Ground::new();
    let (case, ledger) = case(&ground, 300);
    let mut found = Vec::new();
    let text = case.text.as_bytes();
    let verified = verify_extract(&mut &*text, &case.keys, &mut |entry| {
        found.push((entry.index(), entry.bytes().to_vec()));
    })
    .unwrap();
    let own: Vec<_> = ledger
        .entries(0..u64::MAX)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(verified.entries(), 302);
    assert_eq!(verified.checkpoint().size(), 302);
    assert!(
        own.iter()
            .map(|entry| (entry.index(), entry.bytes().to_vec()))
            .eq(found)
    );
    // Lines may be left out: an extract is what somebody chose to give.
    let fewer = case.edit(|lines| drop(lines.drain(5..200)));
    assert_eq!(verify(&fewer, &case.keys).unwrap().entries(), 107);
}

#[test]
fn no_changed_byte_holds() {
    let (case, _) = case(&Ground::new(), 2);
    let mut bytes = case.text.clone().into_bytes();
    for position in 0..bytes.len() {
        bytes[position] ^= 1;
        assert!(verify(&bytes, &case.keys).is_err(), "byte {position}");
        bytes[position] ^= 1;
    }
    assert!(verify(&bytes, &case.keys).is_ok());
}

#[test]
fn a_cut_extract_is_not_whole() {
    let (case, _) = case(&Ground::new(), 2);
    let bytes = case.text.as_bytes();
    let lines = case.text.lines().count() as u64;
    case.refused(
        &bytes[..bytes.len() - 1],
        (lines, "extract_malformed", ErrorKind::Malformed),
    );
    case.refused(
        &bytes[..bytes.len() - 40],
        (lines, "extract_malformed", ErrorKind::Malformed),
    );
    case.refused(b"", (1, "extract_malformed", ErrorKind::Malformed));
}

#[test]
fn another_key_or_none_vouches_for_nothing() {
    let (ground, other) = (Ground::new(), Ground::new());
    let (case, _) = case(&ground, 2);
    let text = case.text.as_bytes();
    let stranger = VerifierKey::parse(&other.create().vkey()).unwrap();
    let code = |keys: &[VerifierKey]| verify(text, keys).unwrap_err().code();
    assert_eq!(code(&[]), "unpinned");
    assert_eq!(code(std::slice::from_ref(&stranger)), "origin_other");
    let key = VerifierKey::new(
        stranger.key_type(),
        case.keys[0].name(),
        stranger.public_key().as_bytes(),
    );
    assert_eq!(code(&[key.unwrap()]), "key_not_pinned");
}

#[test]
fn lines_of_another_place_form_or_log_are_refused() {
    let ground = Ground::new();
    let (case, _) = case(&ground, 5);
    let (foreign, _) = self::case(&Ground::new(), 5);
    let foreign: Vec<String> = foreign.text.lines().map(Into::into).collect();
    let malformed = |line| (line, "extract_malformed", ErrorKind::Malformed);
    let wrong = |line| (line, "receipt_inclusion", ErrorKind::Refuted);
    case.refused(&case.edit(|lines| lines.swap(3, 4)), malformed(5));
    case.refused(
        &case.edit(|lines| lines.insert(3, lines[3].clone())),
        malformed(5),
    );
    case.refused(
        &case.edit(|lines| lines[2].clone_from(&foreign[2])),
        wrong(3),
    );
    case.refused(&case.edit(|lines| drop(lines.remove(0))), malformed(1));
    case.refused(
        &case.edit(|lines| lines.push(lines[0].clone())),
        malformed(8 + 1),
    );
    case.refused(
        &case.edit(|lines| lines.push(String::new())),
        malformed(8 + 1),
    );
    case.refused(&case.edit(|lines| lines[1].insert(0, ' ')), malformed(2));
    let more = |lines: &mut Vec<String>| lines[1] = lines[1].replacen("]}", "],\"x\":1}", 1);
    case.refused(&case.edit(|lines| more(lines)), malformed(2));
    let shorter = |lines: &mut Vec<String>| {
        let end = lines[1].rfind(",\"").unwrap();
        lines[1] = format!("{}]}}", &lines[1][..end]);
    };
    case.refused(&case.edit(shorter), wrong(2));
    let version =
        |lines: &mut Vec<String>| lines[0] = lines[0].replacen("export/v1", "export/v2", 1);
    case.refused(&case.edit(version), malformed(1));
    let size =
        |lines: &mut Vec<String>| lines[0] = lines[0].replacen("\"size\":7", "\"size\":8", 1);
    case.refused(&case.edit(size), (1, "size_mismatch", ErrorKind::Refuted));
}

#[test]
fn a_line_ends_at_its_limit() {
    let (case, _) = case(&Ground::new(), 1);
    let long = |length: usize| {
        let line = format!("{{\"entry\":\"{}\"}}", "x".repeat(length - 12));
        assert_eq!(line.len(), length);
        case.edit(|lines| lines.push(line))
    };
    for (length, why) in [
        (EXPORT_LINE_BYTES_MAX, "not a line of an extract"),
        (EXPORT_LINE_BYTES_MAX + 1, "too long"),
    ] {
        let error = verify(&long(length), &case.keys).unwrap_err().to_string();
        assert!(error.contains(why), "{length}: {error}");
    }
}
