//! Each limit of the scanner, at its value and one beyond.

use sealog_model::formats::source::Source;
use sealog_model::scan::{FileReport, Limits, Verdict, scan_source};

use super::assemble::{Entry, four, harmless, text, zip};

fn scan(bytes: &[u8], change: impl FnOnce(&mut Limits)) -> FileReport {
    let mut limits = Limits::default();
    change(&mut limits);
    scan_source("file", &Source::memory(bytes), &limits)
}

fn undecided(report: &FileReport, rule: &str) {
    assert_eq!(
        report.verdict(),
        Verdict::Undecided,
        "{:?}",
        report.findings()
    );
    assert!(
        report
            .findings()
            .iter()
            .any(|finding| finding.rule().id() == rule),
        "{:?}",
        report.findings()
    );
}

#[test]
fn opcodes_stack_memo_and_imports() {
    // PROTO, N, MEMOIZE, N, MEMOIZE, POP, STOP.
    let pickle = four(&[b"N\x94N\x940"]);
    assert_eq!(
        scan(&pickle, |limits| limits.opcodes = 7).verdict(),
        Verdict::Clean
    );
    undecided(&scan(&pickle, |limits| limits.opcodes = 6), "pickle.limit");
    assert_eq!(
        scan(&pickle, |limits| limits.stack = 2).verdict(),
        Verdict::Clean
    );
    undecided(&scan(&pickle, |limits| limits.stack = 1), "pickle.limit");
    assert_eq!(
        scan(&pickle, |limits| limits.memo = 2).verdict(),
        Verdict::Clean
    );
    undecided(&scan(&pickle, |limits| limits.memo = 1), "pickle.limit");
    let pickle = four(&[b"cbuiltins\nlist\ncbuiltins\nset\n0"]);
    assert_eq!(
        scan(&pickle, |limits| limits.imports = 2).verdict(),
        Verdict::Clean
    );
    undecided(&scan(&pickle, |limits| limits.imports = 1), "pickle.limit");
}

#[test]
fn a_name_that_the_memo_did_not_keep_is_no_constant() {
    let body = [
        text("collections"),
        b"\x94".to_vec(),
        text("OrderedDict"),
        b"\x9400h\0h\x01\x93)R".to_vec(),
    ];
    let pickle = four(&[&body.concat()]);
    assert_eq!(
        scan(&pickle, |limits| limits.memo_text = 22).verdict(),
        Verdict::Clean
    );
    assert_eq!(
        scan(&pickle, |limits| limits.memo_text = 21).verdict(),
        Verdict::Malicious
    );
}

#[test]
fn depth_entries_listing_and_spool() {
    let nest = |levels: usize| {
        (0..levels).fold(harmless(), |inner, _| zip(&[Entry::new("a", inner)], b""))
    };
    assert_eq!(scan(&nest(5), |_| {}).verdict(), Verdict::Clean);
    undecided(&scan(&nest(6), |_| {}), "archive.depth");
    let two = zip(&[Entry::new("a", "one"), Entry::new("b", "two")], b"");
    assert_eq!(
        scan(&two, |limits| limits.entries = 2).verdict(),
        Verdict::Clean
    );
    undecided(&scan(&two, |limits| limits.entries = 1), "zip.broken");
    assert_eq!(
        scan(&two, |limits| limits.listing = 94).verdict(),
        Verdict::Clean
    );
    undecided(&scan(&two, |limits| limits.listing = 93), "zip.broken");
    let mut entry = Entry::new("a", "words ".repeat(10));
    entry.deflate = true;
    let words = zip(&[entry], b"");
    assert_eq!(
        scan(&words, |limits| limits.spool = 60).verdict(),
        Verdict::Clean
    );
    undecided(&scan(&words, |limits| limits.spool = 59), "archive.limit");
}

#[test]
fn pickles_nested_in_strings_have_a_depth() {
    let nest = |levels: usize| {
        (0..levels).fold(harmless(), |inner, _| {
            four(&[b"C", &[u8::try_from(inner.len()).unwrap()], &inner])
        })
    };
    assert_eq!(scan(&nest(5), |_| {}).verdict(), Verdict::Clean);
    undecided(&scan(&nest(6), |_| {}), "pickle.limit");
}

#[test]
fn inflated_bytes() {
    let mut entry = Entry::new("a", "words ".repeat(100));
    entry.deflate = true;
    let words = zip(&[entry], b"");
    let small = |limits: &mut Limits, free| {
        limits.ratio_free = free;
        limits.ratio = 1;
    };
    assert_eq!(
        scan(&words, |limits| small(limits, 600)).verdict(),
        Verdict::Clean
    );
    assert_eq!(
        scan(&words, |limits| small(limits, 599)).verdict(),
        Verdict::Suspicious
    );
}
