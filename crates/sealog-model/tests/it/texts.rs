//! Texts whose letters happen to be opcodes are no pickles, however long they are; what a loader would run behind a
//! limit of the scanner is never called clean.

use std::fmt::Write as _;

use sealog_model::formats::source::Source;
use sealog_model::scan::{FileReport, Limits, Verdict, scan_source};

use super::loaders::HARM;

/// Bytes that are kept of a line.
const LINE: usize = 65_536;

fn with(bytes: &[u8], change: impl FnOnce(&mut Limits)) -> FileReport {
    let mut limits = Limits::default();
    change(&mut limits);
    scan_source("file", &Source::memory(bytes), &limits)
}

/// Small limits, so that short texts stand for long ones.
fn small(limits: &mut Limits) {
    limits.opcodes = 1_000;
    limits.stack = 100;
    limits.memo = 50;
    limits.imports = 10;
    limits.depth = 1;
}

/// As small, as the text is smaller than the longest that is read.
fn scaled(limits: &mut Limits) {
    limits.document = 256 * 1024;
    limits.stack /= 128;
    limits.memo /= 128;
    limits.imports /= 128;
}

fn clean(what: &str, bytes: &[u8], less: fn(&mut Limits)) {
    for limits in [|_: &mut Limits| {}, less] {
        let report = with(bytes, limits);
        assert_eq!(
            report.verdict(),
            Verdict::Clean,
            "{what}: {:?}",
            report.findings()
        );
    }
}

/// What a pickle of these bytes with harm behind it is, and what the bytes alone are.
fn before_harm(bytes: &[u8], change: impl Fn(&mut Limits)) -> Verdict {
    let harmful = [bytes, HARM].concat();
    let report = with(&harmful, &change);
    if report.verdict() == Verdict::Undecided {
        let findings = report.findings();
        assert!(
            findings
                .iter()
                .all(|finding| finding.rule().id() == "pickle.limit"),
            "{findings:?}"
        );
    }
    report.verdict()
}

#[test]
fn long_texts_of_one_letter_are_clean() {
    for letter in b' '..=b'~' {
        let what = |len: usize| format!("{len} of {:?}", char::from(letter));
        for len in [1, 16, 17, 99, 100, 101, LINE, LINE + 1] {
            clean(&what(len), &vec![letter; len], small);
        }
        let report = with(&vec![letter; 300_000], |_| {});
        assert_eq!(report.verdict(), Verdict::Clean, "{}", what(300_000));
        // With an end of line, and as lines of their own.
        for line in [1, 2, 80, LINE] {
            let text = [vec![letter; line], vec![b'\n']].concat().repeat(3);
            clean(&format!("lines of {}", what(line)), &text, small);
        }
    }
}

#[test]
fn texts_of_one_letter_that_reach_the_stack_as_it_ships_are_clean() {
    let stack = Limits::default().stack;
    for letter in *b"(N" {
        for len in [stack, stack + 1] {
            let report = with(&vec![letter; len], |_| {});
            let verdict = report.verdict();
            assert_eq!(verdict, Verdict::Clean, "{len} of {:?}", char::from(letter));
        }
    }
}

#[test]
fn texts_of_two_letters_are_clean() {
    for one in b' '..=b'~' {
        for two in b' '..=b'~' {
            let text = [one, two].repeat(150);
            let report = with(&text, small);
            assert_eq!(
                report.verdict(),
                Verdict::Clean,
                "{}",
                String::from_utf8_lossy(&text[..2])
            );
        }
    }
}

/// A piece of a text, by its number.
type Row = fn(usize) -> String;

/// Texts as they lie beside models, made as long as is asked for.
fn ordinary() -> Vec<(&'static str, Row)> {
    let rows = |row: Row| row;
    vec![
        (
            "csv",
            rows(|at| format!("{at},{}.5,name {at},true\n", at * 7)),
        ),
        (
            "csv of names",
            rows(|at| format!("city_{at},state_{at},code\n")),
        ),
        (
            "json lines",
            rows(|at| format!("{{\"id\": {at}, \"text\": \"some words\"}}\n")),
        ),
        (
            "json in one line",
            rows(|at| format!("\"key{at}\": [1, 2, {at}], ")),
        ),
        (
            "a log",
            rows(|at| {
                format!(
                    "2026-01-01T00:00:{:02}Z INFO step={at} loss=0.{at}\n",
                    at % 60
                )
            }),
        ),
        (
            "a log of levels",
            rows(|at| format!("INFO:root:step {at} of many.\n")),
        ),
        (
            "python",
            rows(|at| format!("import module_{at}\nfrom os import path\nclass C{at}:\n    pass\n")),
        ),
        (
            "c",
            rows(|at| format!("int f{at}(void) {{ return {at}; }}\ntypedef int t{at};\n")),
        ),
        (
            "shell",
            rows(|at| format!("cd /tmp/{at}\necho \"$HOME\" # {at}.\n")),
        ),
        ("a vocabulary", rows(|at| format!("{}\n", word(at)))),
        (
            "a vocabulary with ranks",
            rows(|at| format!("{} {at}\n", word(at))),
        ),
        (
            "merges",
            rows(|at| format!("{} {}\n", word(at), word(at * 31))),
        ),
        (
            "requirements",
            rows(|at| format!("certifi=={at}.1\nidna>=2\npip\n")),
        ),
        (
            "a license",
            rows(|_| {
                "Licensed under the terms below. Permission is granted, free of charge.\n".into()
            }),
        ),
        (
            "a license in one line",
            rows(|_| "copyright holders and contributors be liable. ".into()),
        ),
        ("a poem", rows(|_| "(if only\nit were\nspring)\n".into())),
        (
            "markdown",
            rows(|at| format!("1. item {at}\n2. item\n\ncode\n\n* one.\n")),
        ),
        ("yaml", rows(|at| format!("name_{at}:\n  - id: {at}\n"))),
        ("numbers", rows(|at| format!("0.{at} 1.{at} 2.{at}\n"))),
        ("digits", rows(|at| format!("{at}"))),
        ("base64", rows(base64)),
        ("a pgp block", rows(|at| format!("{}\n", base64(at)))),
        (
            "hexadecimal digits",
            rows(|at| format!("{:016x}", mixed(at))),
        ),
        (
            "words in other letters",
            rows(|at| format!("слово{at} 言葉 čaj\n")),
        ),
    ]
}

fn mixed(at: usize) -> u64 {
    let at = u64::try_from(at).unwrap() + 1;
    (at ^ (at << 21)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn word(at: usize) -> String {
    let bits = mixed(at);
    let letter = |place: u64| char::from(b'a' + u8::try_from((bits >> (place * 5)) % 26).unwrap());
    (0..=bits % 8).map(letter).collect()
}

fn base64(at: usize) -> String {
    use base64::Engine as _;
    let bytes: Vec<u8> = (0..6)
        .flat_map(|part| mixed(at * 6 + part).to_le_bytes())
        .collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn ordinary_texts_are_clean_at_every_length() {
    for (name, row) in ordinary() {
        let mut text = String::new();
        for at in 0.. {
            let _ = write!(text, "{}", row(at));
            if text.len() > 200_000 {
                break;
            }
        }
        for len in [1, 16, 17, 100, 1_000, LINE - 1, LINE, LINE + 1, 200_000] {
            let end = text.floor_char_boundary(len);
            clean(
                &format!("{name} of {len} bytes"),
                &text.as_bytes()[..end],
                scaled,
            );
        }
        // Wherever a text begins, its letters are other opcodes.
        for begin in (0..150).filter(|begin| text.is_char_boundary(*begin)) {
            let report = with(
                &text.as_bytes()[begin..text.floor_char_boundary(begin + 2_000)],
                scaled,
            );
            let what = &text[begin..text.floor_char_boundary(begin + 40)];
            assert_eq!(
                report.verdict(),
                Verdict::Clean,
                "{name} from {begin}: {what:?} {:?}",
                report.findings()
            );
        }
    }
}

#[test]
fn harm_behind_padding_is_found_up_to_each_limit_and_undecided_behind_it() {
    type Change = fn(&mut Limits);
    let stack: Change = |limits| limits.stack = 100;
    let memo: Change = |limits| limits.memo = 100;
    let opcodes: Change = |limits| limits.opcodes = 105;
    let imports: Change = |limits| limits.imports = 2;
    // The name is seen where its opcode is still run, though its value has no place any more.
    let cases: &[(&str, &[u8], usize, Change)] = &[
        ("values", b"N", 100, stack),
        ("empty tuples", b")", 100, stack),
        ("marks", b"(", 100, stack),
        ("copies", b"2", 99, stack),
        ("memo", b"\x94", 100, memo),
        ("pushed and popped", b"N0", 52, opcodes),
        ("marks popped", b"(1", 52, opcodes),
        ("marks popped singly", b"(0", 52, opcodes),
        ("texts popped", b"Vx\n0", 52, opcodes),
        ("a comment", b"S'no one reads this'\n0", 52, opcodes),
    ];
    for (name, piece, most, change) in cases {
        let padding = |times: usize| {
            let head: &[u8] = if matches!(*piece, b"2" | b"\x94") {
                b"N"
            } else {
                b""
            };
            [head, &piece.repeat(times)].concat()
        };
        assert_eq!(
            before_harm(&padding(*most), change),
            Verdict::Malicious,
            "{name}"
        );
        assert_eq!(
            before_harm(&padding(most + 1), change),
            Verdict::Undecided,
            "{name}"
        );
        // Far behind it, where nothing says what comes.
        let far = [padding(most + 1), b"N0".repeat(1_000)].concat();
        assert_eq!(before_harm(&far, change), Verdict::Undecided, "{name}");
    }
    let names = |count: usize| {
        (0..count)
            .map(|at| format!("ccollections\nn{at}\n0"))
            .collect::<String>()
    };
    assert_eq!(
        before_harm(names(1).as_bytes(), imports),
        Verdict::Malicious
    );
    let report = with(&[names(3).as_bytes(), b"N."].concat(), imports);
    assert_ne!(report.verdict(), Verdict::Clean);
}

#[test]
fn the_same_padding_without_anything_to_import_is_a_text() {
    for piece in [
        &b"N"[..],
        b")",
        b"(",
        b"N0",
        b"(1",
        b"Vx\n0",
        b"S'a comment'\n0",
        b"Vcold\n0",
    ] {
        let text = piece.repeat(700);
        let report = with(&text, small);
        // A name that could be imported may stand in any line that has a letter of an import in it.
        let could = piece.contains(&b'c') && piece.contains(&b'\n');
        let expected = if could {
            Verdict::Undecided
        } else {
            Verdict::Clean
        };
        assert_eq!(
            report.verdict(),
            expected,
            "{piece:?} {:?}",
            report.findings()
        );
    }
}

#[test]
fn an_index_in_a_long_line_is_read_to_the_limit_and_undecided_behind_it() {
    let index = |digits: &[u8], blanks: usize| [digits, &vec![b' '; blanks], b"0\n0"].concat();
    // The line has a blank less than the limit has bytes, for its digit and its end.
    for (opcode, head) in [(b"Np", &b""[..]), (b"0g", b"Np0\n")] {
        let opening = [head, opcode].concat();
        assert_eq!(
            before_harm(&index(&opening, LINE - 2), |_| {}),
            Verdict::Malicious
        );
        assert_eq!(
            before_harm(&index(&opening, LINE - 1), |_| {}),
            Verdict::Undecided
        );
    }
    // What cannot be a number stops every loader, and so does an index where there is nothing.
    for opening in [&b"Np"[..], b"Np0\n0g"] {
        let text = [opening, &vec![b'x'; LINE], b"\n0", HARM].concat();
        assert_eq!(with(&text, |_| {}).verdict(), Verdict::Clean);
    }
    for opening in [&b"p"[..], b"Ng"] {
        assert_eq!(
            before_harm(&index(opening, LINE - 1), |_| {}),
            Verdict::Clean
        );
    }
}

#[test]
fn a_long_line_is_passed_over_and_what_follows_is_run() {
    for opcode in [&b"V"[..], b"S'", b"I", b"L", b"F"] {
        for len in [LINE - 2, LINE - 1, LINE, 3 * LINE, 3 * LINE + 1] {
            let line = [opcode, &vec![b'1'; len], b"\n0"].concat();
            assert_eq!(
                before_harm(&line, |_| {}),
                Verdict::Malicious,
                "{opcode:?} {len}"
            );
        }
    }
    // No module has such a name; what stands behind the import is looked at all the same.
    let import = [&b"c"[..], &vec![b'm'; LINE + 1], b"\nname\n0"].concat();
    assert_eq!(before_harm(&import, |_| {}), Verdict::Malicious);
    let import = [&b"cos\n"[..], &vec![b'm'; LINE + 1], b"\n0."].concat();
    assert_eq!(with(&import, |_| {}).verdict(), Verdict::Malicious);
}

#[test]
fn the_digits_of_a_pickle_that_is_too_long_to_be_held_are_undecided() {
    use base64::Engine as _;
    let inner = [&b"\x80\x04N"[..], &b"N0".repeat(40_000), b"."].concat();
    let base64 = base64::engine::general_purpose::STANDARD.encode(&inner);
    let hex: String = inner.iter().map(|byte| format!("{byte:02x}")).collect();
    let words = "words ".repeat(20_000);
    for (text, expected) in [
        (&base64, Verdict::Undecided),
        (&hex, Verdict::Undecided),
        (&words, Verdict::Clean),
    ] {
        let length = u32::try_from(text.len()).unwrap().to_le_bytes();
        let four = [b"\x80\x04X", length.as_slice(), text.as_bytes(), b"."].concat();
        for pickle in [
            four,
            format!("V{text}\n.").into_bytes(),
            format!("S'{text}'\n.").into_bytes(),
        ] {
            let report = with(&pickle, |_| {});
            assert_eq!(report.verdict(), expected, "{:?}", report.findings());
        }
    }
}

#[test]
fn a_model_that_is_a_pickle_too_is_undecided_where_a_limit_is_met() {
    // GGUF's first eight bytes are a number to a loader of pickles, behind the letter of its first.
    let model = |padding: usize| {
        let head = [b"GGUF\x03\0\0\0N".as_slice(), &b"N".repeat(padding)].concat();
        [head.as_slice(), HARM].concat()
    };
    let verdict = |padding| with(&model(padding), |limits| limits.stack = 100).verdict();
    assert_eq!(verdict(97), Verdict::Malicious);
    let report = with(&model(98), |limits| limits.stack = 100);
    assert!(
        report
            .findings()
            .iter()
            .any(|finding| finding.rule().id() == "pickle.limit")
    );
}
