//! Views of what is hidden, and the way back from every span.

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::*;
use crate::limits::*;

#[track_caller]
fn folds(source: &str, expected: &str) {
    let view = View::of(source.as_bytes());
    assert_eq!(
        String::from_utf8_lossy(view.bytes()),
        expected,
        "{source:?}"
    );
}

/// What of the original a part of the view comes from.
#[track_caller]
fn behind<'s>(source: &'s str, view: &View<'_>, part: &str) -> &'s str {
    let text = str::from_utf8(view.bytes()).unwrap();
    let start = text
        .find(part)
        .unwrap_or_else(|| panic!("{part} in {text}"));
    &source[view.map().source(start..start + part.len())]
}

#[test]
fn what_looks_the_same_is_the_same() {
    folds("jo\u{200b}hn\u{ff20}example\u{ff0e}com", "john@example.com");
    folds(
        "4111\u{2011}1111\u{2013}1111\u{2014}1111",
        "4111-1111-1111-1111",
    );
    folds("\u{664}\u{661}\u{661}\u{661}", "4111");
    folds("\u{2463}\u{2460}\u{24ea}\u{2776}\u{278a}", "41011");
    folds("4\u{336}1\u{336}1", "411");
    folds("4111\u{a0}1111\u{2009}1111", "4111 1111 1111");
    folds("p\u{430}yp\u{430}l@ex\u{430}mple.com", "paypal@example.com");
    folds("\u{202e}4111\u{202c}", "4111");
    folds("\u{1d7d2}\u{1d7cf}", "41");
    folds("soft\u{ad}hyphen", "softhyphen");
    folds("\u{feff}text", "text");
}

#[test]
fn spelled_signs_become_signs_and_other_brackets_stay() {
    folds("john [at] example [dot] com", "john@example.com");
    folds("john(AT)example(dot)com", "john@example.com");
    folds("john{at}example{.}com", "john@example.com");
    folds("f(atlas) [dots] (at", "f(atlas) [dots] (at");
}

#[test]
fn emphasis_goes_inside_numbers_and_stays_between_words() {
    folds("4111 **1111** 1111 *1111*", "4111 1111 1111 1111");
    folds("41**11", "4111");
    folds("card**4111", "card**4111");
    folds("a*b ****4111", "a*b ****4111");
    folds("`john`@example.com", "john@example.com");
}

#[test]
fn terminal_escapes_go() {
    folds("\u{1b}[1;31m4111\u{1b}[0m 1111", "4111 1111");
    let long = format!("\u{1b}[{}m", "1".repeat(TERMINAL_ESCAPE_BYTES_MAX - 3));
    folds(&format!("4{long}1"), "41");
    let longer = format!("[{}m", "1".repeat(TERMINAL_ESCAPE_BYTES_MAX - 2));
    folds(&format!("4\u{1b}{longer}1"), &format!("4{longer}1"));
}

#[test]
fn a_row_of_invisible_characters_is_left_out_up_to_its_limit() {
    let row = "\u{200b}".repeat(INVISIBLE_RUN_BYTES_MAX / 3);
    folds(&format!("4{row}1"), "41");
    let longer = format!("{row}\u{200b}");
    folds(&format!("4{longer}1"), "4\u{200b}1");
    let long = "\u{200b}".repeat(1000);
    let view = View::of(long.as_bytes());
    assert_eq!(view.bytes().len(), long.len() - row.len());
}

#[test]
fn bytes_that_are_no_text_stay() {
    let source = b"\xff\xfe4111 \xe2\x80 \xc0\x80\x80";
    assert_eq!(View::of(source).bytes(), source);
    assert_eq!(View::of(b"4\x001\x00").bytes(), b"41");
}

#[test]
fn plain_text_is_borrowed() {
    let view = View::of(b"plain text, 4111-1111 @ x.y <z>");
    assert!(matches!(view.bytes, Cow::Borrowed(_)));
}

#[test]
fn escapes_are_undone_and_lead_back_to_all_of_themselves() {
    for (source, expected) in [
        ("john%40example.com", "john@example.com"),
        ("john&#64;example&period;com", "john@example.com"),
        ("john&#x40;example.com", "john@example.com"),
        ("john\\u0040example\\x2ecom", "john@example.com"),
        ("\\ud83d\\ude00 john", "\u{1f600} john"),
        ("%C3%A9", "\u{e9}"),
    ] {
        let view = View::decoded(source.as_bytes()).unwrap();
        assert_eq!(str::from_utf8(view.bytes()), Ok(expected), "{source}");
        assert_eq!(view.map().source(0..expected.len()), 0..source.len());
    }
    let source = "mail: john%40example.com!";
    let view = View::decoded(source.as_bytes()).unwrap();
    assert_eq!(
        behind(source, &view, "john@example.com"),
        "john%40example.com"
    );
    assert_eq!(behind(source, &view, "@"), "%40");
}

#[test]
fn what_is_no_escape_is_left_alone() {
    for source in [
        "100% of 4%4 & more; \\ud83d \\q \\u12",
        "&#; &unknown; &#xd800; &#99999999999;",
        "%+4 %4g \\x4",
        "%",
        "&",
        "\\",
    ] {
        assert_eq!(View::decoded(source.as_bytes()), None, "{source}");
    }
    assert_eq!(View::unquoted(b"id=ab&x=4 =4g ="), None);
}

#[test]
fn quoted_printable_is_undone() {
    let source = "john=40exam=\r\nple=2Ecom";
    let view = View::unquoted(source.as_bytes()).unwrap();
    assert_eq!(behind(source, &view, "john@example.com"), source);
}

#[test]
fn base64_is_undone_where_it_is_text() {
    let source = "x: am9obkBleGFtcGxlLmNvbQ== y";
    let [view] = &View::encoded_runs(source.as_bytes())[..] else {
        panic!("one run");
    };
    assert_eq!(
        behind(source, view, "john@example.com"),
        "am9obkBleGFtcGxlLmNvbQ"
    );
    for none in ["internationalization", "am9obkBl", "////////////////////"] {
        assert_eq!(View::encoded_runs(none.as_bytes()), vec![], "{none}");
    }
}

#[test]
fn base64_goes_on_over_lines_and_ends_at_its_limit() {
    let line = "YWJj".repeat(19);
    let source = format!("{line}\r\n{line}\nZGVm");
    let [view] = &View::encoded_runs(source.as_bytes())[..] else {
        panic!("one run");
    };
    assert_eq!(view.bytes(), format!("{}def", "abc".repeat(38)).as_bytes());
    for (signs, bytes) in [
        (BASE64_RUN_BYTES_MAX, BASE64_RUN_BYTES_MAX / 4 * 3),
        (BASE64_RUN_BYTES_MAX + 4, BASE64_RUN_BYTES_MAX / 4 * 3),
    ] {
        let runs = View::encoded_runs("YWJj".repeat(signs / 4).as_bytes());
        assert_eq!(runs.len(), 1);
        assert_eq!(runs[0].bytes().len(), bytes);
    }
    let short = |signs| View::encoded_runs("YWJj".repeat(signs / 4).as_bytes()).len();
    assert_eq!(short(BASE64_RUN_MIN), 1);
    assert_eq!(short(BASE64_RUN_MIN - 4), 0);
}

#[test]
fn entities_are_undone_up_to_their_limit() {
    let entity = |digits: usize| format!("&#{:0>digits$};", 64);
    let at_limit = entity(9);
    assert_eq!(at_limit.len(), 12);
    let view = View::decoded(at_limit.as_bytes()).unwrap();
    assert_eq!(view.bytes(), b"@");
    assert!(View::decoded(entity(10).as_bytes()).is_none());
}

/// Text made of what views change and what they do not.
fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[ -~]{0,6}",
        any::<char>().prop_map(String::from),
        Just("\u{200b}".to_owned()),
        Just("%40".to_owned()),
        Just("&#64;".to_owned()),
        Just("=C3=A9".to_owned()),
        Just("[at]".to_owned()),
        Just("**".to_owned()),
        Just("am9obkBleGFtcGxlLmNvbQ".to_owned()),
        Just("\u{1b}[1m".to_owned()),
    ];
    proptest::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

/// Every span of whole characters of the view leads to whole characters of the original, in order and without gaps
/// that belong to a character of the view.
fn check_map(source: &str, view: &View<'_>) {
    assert_eq!(view.map().len(), view.bytes().len());
    let Ok(text) = str::from_utf8(view.bytes()) else {
        return;
    };
    let mut before = 0..0;
    for (start, character) in text.char_indices() {
        let span = view.map().source(start..start + character.len_utf8());
        assert!(!span.is_empty() && span.end <= source.len());
        assert!(source.get(span.clone()).is_some(), "{span:?} in {source:?}");
        assert!(span.start >= before.end || span == before, "{source:?}");
        assert!(view.map().first_at(span.start) <= start);
        assert_eq!(view.map().source(start..start), span.start..span.start);
        before = span;
    }
    let starts: Vec<usize> = text.char_indices().map(|(start, _)| start).collect();
    for pair in starts.windows(3) {
        let whole = view.map().source(pair[0]..pair[2]);
        assert_eq!(whole.start, view.map().source(pair[0]..pair[1]).start);
        assert_eq!(whole.end, view.map().source(pair[1]..pair[2]).end);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_span_of_a_view_leads_to_whole_characters(source in text()) {
        check_map(&source, &View::of(source.as_bytes()));
        for view in View::encoded_runs(source.as_bytes()) {
            check_map(&source, &view);
        }
        for view in View::decoded(source.as_bytes()).iter().chain(&View::unquoted(source.as_bytes())) {
            check_map(&source, view);
        }
    }

    #[test]
    fn plain_ascii_is_its_own_view(source in r"[a-zA-Z0-9 ,.;:@/+_<>=%&#!?$\\-]{0,200}") {
        let view = View::of(source.as_bytes());
        prop_assert_eq!(view.bytes(), source.as_bytes());
        for at in 0..source.len() {
            prop_assert_eq!(view.map().source(at..at + 1), at..at + 1);
        }
    }

    #[test]
    fn the_view_of_a_text_is_that_of_its_parts(left in text(), right in text()) {
        // A letter between them: emphasis, spaces and rows of invisible characters look at their neighbours.
        let joined = format!("{left}x.y{right}");
        let parts = [&*format!("{left}x"), ".", &*format!("y{right}")];
        let expected: Vec<u8> = parts.iter().flat_map(|part| View::of(part.as_bytes()).bytes().to_vec()).collect();
        let whole = View::of(joined.as_bytes());
        prop_assert_eq!(whole.bytes(), expected);
    }

    #[test]
    fn compatible_forms_have_one_view(source in text()) {
        let composed: String = source.nfkc().collect();
        let longest = source.chars().any(|character| [character].into_iter().nfkd().count() > FOLDED_CHARACTERS_MAX);
        let hangul = source.nfd().any(|character| ('\u{1100}'..='\u{11ff}').contains(&character));
        prop_assume!(!longest && !hangul);
        let (first, second) = (View::of(source.as_bytes()), View::of(composed.as_bytes()));
        let twice = View::of(first.bytes()).bytes().to_vec();
        let again = View::of(second.bytes());
        prop_assert_eq!(again.bytes(), twice);
    }

    #[test]
    fn any_bytes_have_a_view(source in proptest::collection::vec(any::<u8>(), 0..300)) {
        let view = View::of(&source);
        for at in 0..view.bytes().len() {
            let span = view.map().source(at..at + 1);
            prop_assert!(span.end <= source.len() && !span.is_empty());
        }
        let _ = (View::decoded(&source), View::unquoted(&source), View::encoded_runs(&source));
    }
}

#[test]
fn a_space_of_any_kind_goes_with_a_spelled_sign_and_with_one_alone() {
    for (text, view) in [
        ("a [at] b [dot] c", "a@b.c"),
        ("a\u{a0}[at]\u{2009}b", "a@b"),
        ("a[at] [dot]com", "a@.com"),
        ("a \u{a0}[at] b", "a @b"),
        ("[at]\u{a8}", "@"),
        ("\u{a8}[at]", "@"),
        (" \u{308}[at]", "@"),
        ("x\u{200b} \u{200b}[at]", "x@"),
    ] {
        assert_eq!(
            View::of(text.as_bytes()).bytes(),
            view.as_bytes(),
            "{text:?}"
        );
    }
}
