//! One answer on any number of threads, also where several lines are wrong.

use sealog_core::json::Object;

use super::*;
use crate::{Access, Creation, Draft, Ledger, Options, Query};

/// A new ledger that keeps everything in this directory.
pub(super) fn ledger_in(directory: &std::path::Path) -> Ledger {
    let options = Options {
        access: Access::Append,
        state_dir: Some(directory.join("state")),
        config_dir: Some(directory.join("config")),
        ..Options::default()
    };
    Ledger::create(&directory.join("a.sealog"), &Creation::default(), options).unwrap()
}

/// An extract of several batches, and the key that it stands on.
fn extract() -> (Vec<Vec<u8>>, VerifierKey) {
    let directory = tempfile::tempdir().unwrap();
    let ledger = ledger_in(directory.path());
    let drafts = (0..600).map(|number| {
        let mut body = Object::new();
        body.insert("note", format!("{number:04}{}", "x".repeat(600)));
        Draft::new("org.example.note", body)
    });
    ledger
        .producer()
        .unwrap()
        .append_many(drafts.collect())
        .unwrap();
    let mut out = Vec::new();
    let written = ledger.export_jsonl(&Query::default(), &mut out, &mut |_| ());
    written.unwrap();
    let key = VerifierKey::parse(&ledger.vkey()).unwrap();
    let lines = out.split_inclusive(|byte| *byte == b'\n');
    (lines.map(<[u8]>::to_vec).collect(), key)
}

/// The indexes that were given, and how it ended: entries, or line and code.
type Answer = (Vec<u64>, Result<u64, (u64, Code)>);

fn answer(threads: usize, lines: &[Vec<u8>], key: &VerifierKey) -> Answer {
    let text = lines.concat();
    let mut given = Vec::new();
    let keys = std::slice::from_ref(key);
    let read = verify_extract_on(threads, &mut text.as_slice(), keys, &mut |entry| {
        given.push(entry.index());
    });
    let ended = read
        .map(|verified| verified.entries())
        .map_err(|error| match error {
            Error::Extract { line, finding } => (line, finding.code),
            other => panic!("{other}"),
        });
    (given, ended)
}

/// What is done to the lines, and how reading them ends then.
type Change<'a> = (&'a dyn Fn(&mut Vec<Vec<u8>>), Result<u64, (u64, Code)>);

#[test]
fn the_first_wrong_line_is_told_on_any_number_of_threads() {
    let (lines, key) = extract();
    assert!(lines.concat().len() > 4 * batch::BATCH_BYTES);
    let count = u64::try_from(lines.len()).unwrap() - 1;
    let flip = |lines: &mut Vec<Vec<u8>>, at: usize| {
        let middle = lines[at].len() / 2;
        lines[at][middle] ^= 1;
    };
    let changes: [Change<'_>; 8] = [
        (&|_| (), Ok(count)),
        (
            &|lines| flip(lines, 300),
            Err((301, Code::ReceiptInclusion)),
        ),
        (
            &|lines| lines.swap(500, 501),
            Err((502, Code::ExtractMalformed)),
        ),
        (
            &|lines| {
                flip(lines, 400);
                lines.swap(200, 201);
                lines.last_mut().unwrap().pop();
            },
            Err((202, Code::ExtractMalformed)),
        ),
        (
            &|lines| {
                lines.last_mut().unwrap().pop();
                flip(lines, 599);
            },
            Err((600, Code::ReceiptInclusion)),
        ),
        (
            &|lines| {
                lines.last_mut().unwrap().pop();
            },
            Err((count + 1, Code::ExtractMalformed)),
        ),
        (
            &|lines| lines[450] = vec![b'x'; 2 * batch::BATCH_BYTES],
            Err((451, Code::ExtractMalformed)),
        ),
        (&|lines| lines[450].clear(), Ok(count - 1)),
    ];
    for (number, (change, expected)) in changes.iter().enumerate() {
        let mut other = lines.clone();
        change(&mut other);
        let alone = answer(1, &other, &key);
        assert_eq!(&alone.1, expected, "change {number}");
        for threads in [2, 5] {
            assert_eq!(answer(threads, &other, &key), alone, "change {number}");
        }
    }
}

#[test]
fn a_line_is_as_long_as_the_limit_and_no_longer() {
    for (more, expected) in [(0, "cut off"), (1, "too long")] {
        let bytes = vec![b'x'; sealog_core::limits::EXPORT_LINE_BYTES_MAX + more];
        let mut input = bytes.as_slice();
        let error = Lines::new(&mut input).first().unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let mut whole = vec![b'x'; sealog_core::limits::EXPORT_LINE_BYTES_MAX];
    whole.push(b'\n');
    let first = Lines::new(&mut whole.as_slice()).first().unwrap();
    assert_eq!(first.map(|line| line.len()), Some(whole.len() - 1));
}
