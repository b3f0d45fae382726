//! The quick search finds what a thorough one finds.

use proptest::prelude::*;

use super::*;

const TEXTS: [&str; 4] = [
    include_str!("../../../tests/testdata/labelled-set.txt"),
    include_str!("../../../tests/testdata/labelled-held-out.txt"),
    include_str!("../../../tests/testdata/evasions-set.txt"),
    include_str!("../../../tests/testdata/evasions-held-out.txt"),
];

fn both(scanner: &Scanner, text: &[u8]) -> [Vec<Found>; 2] {
    [false, true].map(|thorough| {
        let mut session = scanner.session();
        session.thorough = thorough;
        session.scan(text).unwrap()
    })
}

#[test]
fn nothing_is_passed_over_in_the_labelled_sets() {
    let scanner = Scanner::usual().unwrap();
    for text in TEXTS {
        let [quick, thorough] = both(&scanner, text.as_bytes());
        assert!(thorough.len() > 800, "{}", thorough.len());
        assert!(quick == thorough);
    }
}

#[test]
fn nothing_is_passed_over_where_much_was_decoded() {
    let scanner = Scanner::usual().unwrap();
    for (from, to) in [
        ("e", "=65"),
        ("1", "%31"),
        (".", "&#46;"),
        (" ", "=\n "),
        ("-", "\\u002d"),
    ] {
        let text = TEXTS[0].replace(from, to);
        let [quick, thorough] = both(&scanner, &text.as_bytes()[..60_000]);
        assert!(quick == thorough, "{from}");
    }
}

/// Most of a view that was decoded is what was searched before: only what a change can change is searched again.
#[test]
fn nothing_is_passed_over_where_little_was_decoded() {
    let scanner = Scanner::usual().unwrap();
    for (text, every) in TEXTS.iter().zip([29, 53, 97, 211]) {
        for escape in ["=", "%", "\\x"] {
            let text = &text.as_bytes()[..40_000];
            let escaped: Vec<u8> = text
                .iter()
                .enumerate()
                .flat_map(|(at, byte)| match at % every {
                    0 => format!("{escape}{byte:02X}").into_bytes(),
                    _ => vec![*byte],
                })
                .collect();
            let [quick, thorough] = both(&scanner, &escaped);
            assert!(thorough.len() > 50, "{}", thorough.len());
            assert!(quick == thorough, "{every} {escape}");
        }
    }
}

#[test]
fn what_begins_at_the_end_of_a_window_is_found_wherever_it_is_told() {
    let scanner = Scanner::usual().unwrap();
    let token = format!("ghp_{}", "a1B2".repeat(9));
    for (value, before) in (0..130)
        .flat_map(|before| ["DE89 3704 0044 0532 0130 00", &token].map(|value| (value, before)))
    {
        let after = " ".repeat(LOOK_AHEAD_BYTES);
        let text = format!("{}{value} here{after}", " ".repeat(before));
        let mut session = scanner.session();
        let found = session.scan_windows(text.as_bytes(), b"", 64).unwrap();
        assert_eq!(found, session.scan(text.as_bytes()).unwrap());
        assert_eq!(found.len(), 1, "{before}");
    }
}

#[test]
fn a_run_of_base64_is_read_from_its_first_line_where_its_last_was_decoded() {
    let scanner = Scanner::usual().unwrap();
    // The address ends the first line and begins the second.
    let coded = borders::base64(&format!("{} john.doe@example.com ", "a".repeat(41)));
    let (first, last) = coded.split_at(76);
    let (begin, end) = last.split_at(5);
    let escaped = format!("{}%{:02X}{end}", &begin[..4], begin.as_bytes()[4]);
    let text = format!("x {first}\n{escaped} x");
    let [quick, thorough] = both(&scanner, text.as_bytes());
    assert_eq!(thorough.len(), 1);
    assert_eq!(quick, thorough);
}

/// Pieces that begin, end or hide identifiers.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "john",
        "@",
        "example",
        ".com",
        "%40",
        "%2540",
        "=40",
        "=\n",
        "&#64;",
        "\\u0040",
        "4111",
        "1111",
        " ",
        "-",
        "+44",
        "20 7946 0958",
        "bsn",
        "111222333",
        "DE89",
        "3704",
        "0044",
        "0532013000",
        "AKIA",
        "ABCDEFGHIJKLMNOP",
        "ssn",
        "078-05-1121",
        "_",
        "ghp_",
        "a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2",
        "password=",
        "hunter2!",
        "\u{200b}",
        "::",
        "2001:db8",
        "7334",
        "am9obkBleGFtcGxlLmNvbQ",
        "internationalization",
        "DEUTDEFF",
        "swift",
        "\n",
        "(",
        ")",
        "**",
        "born",
        "November",
        "17, 1986",
        "release",
        "10.2.3.4",
        "eyJhbGciOi",
        "J9.eyJz",
        "ИНН",
        "300837309138",
        "х",
        "x",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_passed_over_in_any_text(text in pieces()) {
        thread_local! {
            static SCANNER: &'static Scanner = Box::leak(Box::new(Scanner::usual().unwrap()));
        }
        let [quick, thorough] = SCANNER.with(|scanner| both(scanner, text.as_bytes()));
        prop_assert_eq!(quick, thorough);
    }
}
