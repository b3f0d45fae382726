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

/// Four members of 600 bytes: two in an archive of their own, which is compressed too.
fn nested() -> Vec<u8> {
    let words = |name: &'static str| {
        let mut entry = Entry::new(name, "words ".repeat(100));
        entry.deflate = true;
        entry
    };
    let mut inner = Entry::new("inner.zip", zip(&[words("c"), words("d")], b""));
    inner.deflate = true;
    zip(&[words("a"), words("b"), inner], b"")
}

/// What [`nested`] comes to.
fn nested_bytes() -> u64 {
    let inner = zip(
        &["c", "d"].map(|name| {
            let mut entry = Entry::new(name, "words ".repeat(100));
            entry.deflate = true;
            entry
        }),
        b"",
    );
    2400 + u64::try_from(inner.len()).unwrap()
}

#[test]
fn inflated_bytes_of_all_archives_in_each_other() {
    let file = nested();
    let total = |free, ratio| {
        scan(&file, |limits| {
            limits.total_free = free;
            limits.total_ratio = ratio;
        })
        .verdict()
    };
    assert_eq!(total(nested_bytes(), 0), Verdict::Clean);
    assert_eq!(total(nested_bytes() - 1, 0), Verdict::Suspicious);
    let len = u64::try_from(file.len()).unwrap();
    let ratio = nested_bytes().div_ceil(len);
    assert_eq!(total(0, ratio), Verdict::Clean);
    assert_eq!(total(0, ratio - 1), Verdict::Suspicious);
}

#[test]
fn a_stream_that_breaks_off_counts_too() {
    // A gzip whose end is missing, in an archive beside a member that would fit alone.
    let broken = {
        let mut entry = Entry::new("a", "words ".repeat(100));
        entry.deflate = true;
        let whole = zip(&[entry], b"");
        // The name `a` follows the header of 30 bytes; the content ends before the directory.
        let directory = whole.windows(4).position(|at| at == b"PK\x01\x02").unwrap();
        whole[31..directory].to_vec()
    };
    let cut = |bytes: &[u8]| [&[0x78, 0x9c], &bytes[..bytes.len() - 1]].concat();
    let file = zip(
        &[Entry::new("a", cut(&broken)), Entry::new("b", cut(&broken))],
        b"",
    );
    let bombs = |free| {
        let report = scan(&file, |limits| {
            limits.total_free = free;
            limits.total_ratio = 0;
        });
        let of = |rule: &str| {
            let findings = report.findings().iter();
            findings
                .filter(|finding| finding.rule().id() == rule)
                .count()
        };
        (of("stream.broken"), of("stream.bomb"))
    };
    assert_eq!(bombs(1_000_000), (2, 0));
    // The first takes all of it.
    assert_eq!(bombs(600).0, 1);
    assert_eq!(bombs(600).1, 1);
}

#[test]
fn a_text_beyond_its_limit_is_not_called_clean() {
    let harm = b"{\"auto_map\": {\"AutoModel\": \"evil.Model\"}}";
    let mut padded = vec![b' '; 64];
    padded.extend_from_slice(harm);
    let len = u64::try_from(padded.len()).unwrap();
    let read = scan(&padded, |limits| limits.document = len);
    assert_ne!(read.verdict(), Verdict::Clean, "{:?}", read.findings());
    undecided(
        &scan(&padded, |limits| limits.document = len - 1),
        "config.limit",
    );
    let plain = b"some words of a read me";
    let len = u64::try_from(plain.len()).unwrap();
    let read = scan(plain, |limits| limits.document = len);
    assert_eq!(read.verdict(), Verdict::Clean);
    undecided(
        &scan(plain, |limits| limits.document = len - 1),
        "config.limit",
    );
}

#[test]
fn a_pickle_that_ends_in_a_line_is_broken() {
    undecided(&scan(b"\x80\x04Vno end", |_| {}), "pickle.broken");
    undecided(&scan(b"\x80\x04V", |_| {}), "pickle.broken");
}

#[test]
fn protocols_end_with_the_fifth() {
    assert_eq!(scan(b"\x80\x05N.", |_| {}).verdict(), Verdict::Clean);
    undecided(&scan(b"\x80\x06N.", |_| {}), "pickle.protocol");
}
