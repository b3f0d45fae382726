use alloc::string::{String, ToString};
use alloc::vec;

use super::{Tape, assert_readers_agree, canonical, tape_error};
use crate::ErrorKind;
use crate::json::{JsonError, Value};
use crate::limits::{JSON_DEPTH_MAX, JSON_TEXT_BYTES_MAX};

fn unexpected(offset: usize, expected: &'static str) -> JsonError {
    JsonError::Unexpected { offset, expected }
}

fn ends(offset: usize, expected: &'static str) -> JsonError {
    JsonError::UnexpectedEnd { offset, expected }
}

fn duplicate(offset: usize, key: &str) -> JsonError {
    JsonError::DuplicateKey {
        offset,
        key: key.into(),
    }
}

/// Both readers refuse the text with this error.
fn both_refuse(text: impl AsRef<[u8]>, error: JsonError) {
    let text = text.as_ref();
    let shown = String::from_utf8_lossy(text);
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert_eq!(tape_error(text).as_ref(), Some(&error), "tape of {shown:?}");
    assert_eq!(Value::parse(text), Err(error), "parse of {shown:?}");
}

/// The tape refuses the text with this error, and `Value::parse` reads it as `form`.
fn only_tape_refuses(text: impl AsRef<[u8]>, form: &str, error: JsonError) {
    let text = text.as_ref();
    let shown = String::from_utf8_lossy(text);
    assert_eq!(tape_error(text), Some(error), "{shown:?}");
    assert_eq!(
        String::from_utf8(canonical(text).unwrap()).unwrap(),
        form,
        "{shown:?}"
    );
    assert_eq!(tape_error(form.as_bytes()), None, "{form}");
}

#[test]
fn a_text_without_a_value() {
    both_refuse("", ends(0, "a value"));
    both_refuse("?", unexpected(0, "a value"));
    both_refuse("\0", unexpected(0, "a value"));
    assert_eq!(Value::parse(b" \n"), Err(ends(2, "a value")));
}

#[test]
fn a_byte_order_mark() {
    both_refuse("\u{FEFF}{}", JsonError::ByteOrderMark);
    assert_eq!(JsonError::ByteOrderMark.offset(), 0);
}

#[test]
fn bytes_after_the_value() {
    both_refuse("{}{}", JsonError::TrailingBytes { offset: 2 });
    both_refuse("1true", JsonError::TrailingBytes { offset: 1 });
    both_refuse("\"\"\0", JsonError::TrailingBytes { offset: 2 });
}

#[test]
fn a_line_end_or_other_white_space_in_canonical_text() {
    only_tape_refuses("{}\n", "{}", JsonError::TrailingBytes { offset: 2 });
    only_tape_refuses(" {}", "{}", JsonError::WhiteSpace { offset: 0 });
    only_tape_refuses("[1, 2]", "[1,2]", JsonError::WhiteSpace { offset: 3 });
    only_tape_refuses("{\t}", "{}", JsonError::WhiteSpace { offset: 1 });
    only_tape_refuses(
        "{\"a\" :1}",
        "{\"a\":1}",
        JsonError::WhiteSpace { offset: 4 },
    );
    only_tape_refuses(
        "{\"a\":\r1}",
        "{\"a\":1}",
        JsonError::WhiteSpace { offset: 5 },
    );
    // A form feed is white space for some, not for JSON.
    both_refuse("[\u{C}]", unexpected(1, "a value"));
}

#[test]
fn brackets_commas_and_colons_out_of_place() {
    let element = "a comma or the end of the array";
    let member = "a comma or the end of the object";
    both_refuse("[", ends(1, "a value"));
    both_refuse("[1", ends(2, element));
    both_refuse("[1}", unexpected(2, element));
    both_refuse("[1,]", unexpected(3, "a value"));
    both_refuse("[,1]", unexpected(1, "a value"));
    both_refuse("{", ends(1, "a key"));
    both_refuse("{\"a\":1", ends(6, member));
    both_refuse("{\"a\":1]", unexpected(6, member));
    both_refuse("{\"a\":1,}", unexpected(7, "a key"));
    both_refuse("{\"a\"}", unexpected(4, "a colon"));
    both_refuse("{\"a\":}", unexpected(5, "a value"));
    both_refuse("{a:1}", unexpected(1, "a key"));
    both_refuse("{1:1}", unexpected(1, "a key"));
    both_refuse("]", unexpected(0, "a value"));
}

#[test]
fn literals_that_are_not_null_true_or_false() {
    both_refuse("nul", ends(3, "null"));
    both_refuse("nuLl", unexpected(2, "null"));
    both_refuse("tru}", unexpected(3, "true"));
    both_refuse("fals", ends(4, "false"));
    both_refuse("True", unexpected(0, "a value"));
    both_refuse("'a'", unexpected(0, "a value"));
}

#[test]
fn not_a_number_and_infinity() {
    both_refuse("NaN", unexpected(0, "a value"));
    both_refuse("[Infinity]", unexpected(1, "a value"));
    both_refuse("-Infinity", JsonError::InvalidNumber { offset: 0 });
}

#[test]
fn numbers_outside_the_grammar() {
    for text in "- 01 -01 00 1. -1. 1.e5 1e 1e+ 1E- --1 0123456789012345678".split(' ') {
        both_refuse(text, JsonError::InvalidNumber { offset: 0 });
    }
    both_refuse(".5", unexpected(0, "a value"));
    both_refuse("+1", unexpected(0, "a value"));
    both_refuse("[0x10]", unexpected(2, "a comma or the end of the array"));
    both_refuse("1_000", JsonError::TrailingBytes { offset: 1 });
}

#[test]
fn numbers_beyond_the_range_of_a_double() {
    both_refuse("1e309", JsonError::NumberRange { offset: 0 });
    both_refuse("[0,-1e400]", JsonError::NumberRange { offset: 3 });
}

#[test]
fn integers_beyond_two_to_the_53_minus_one() {
    for text in "9007199254740992 -9007199254740992 9007199254740993 10000000000000000 100000000000000000000 18446744073709551616 1000000000000000000000 99999999999999999999999999999999999999999".split(' ') {
        both_refuse(text, JsonError::IntegerRange { offset: 0 });
    }
    let huge = "9".repeat(400);
    both_refuse(huge, JsonError::IntegerRange { offset: 0 });
}

#[test]
fn numbers_that_would_be_written_as_such_an_integer() {
    for text in
        "1e16 1e20 1E+20 9007199254740991.5 9.99999999999999e20 -123456789012345678e3".split(' ')
    {
        both_refuse(text, JsonError::IntegerRange { offset: 0 });
    }
}

#[test]
fn numbers_in_another_form_than_that_of_ecmascript() {
    for (text, form) in [
        ("-0", "0"),
        ("0.0", "0"),
        ("-0.0", "0"),
        ("1.0", "1"),
        ("1.50", "1.5"),
        ("1e5", "100000"),
        ("1e21", "1e+21"),
        ("1E+21", "1e+21"),
        ("1e+021", "1e+21"),
        ("1.0e+21", "1e+21"),
        ("0.0000001", "1e-7"),
        ("1e-6", "0.000001"),
        ("1e-07", "1e-7"),
        ("0e0", "0"),
        ("0.30000000000000001", "0.3"),
        ("0.1000000000000000055", "0.1"),
        ("123456789012345.0", "123456789012345"),
        ("3e-324", "5e-324"),
        ("1e-400", "0"),
        ("0.000000123456789012", "1.23456789012e-7"),
        ("12345678.901234567", "12345678.901234567"),
    ]
    .into_iter()
    .filter(|(text, form)| text != form)
    {
        only_tape_refuses(text, form, JsonError::NumberNotCanonical { offset: 0 });
    }
}

#[test]
fn a_string_without_its_end() {
    for text in ["\"", "\"abcdef", "\"abcdefg", "\"abcdefghijklmnopq"] {
        both_refuse(text, ends(text.len(), "the end of the string"));
    }
    both_refuse("{\"a", ends(3, "the end of the string"));
}

#[test]
fn an_unescaped_control_character() {
    for byte in 0..0x20u8 {
        for offset in 1..20 {
            let mut text = vec![b'-'; 20];
            text[0] = b'"';
            text[19] = b'"';
            if offset < 19 {
                text[offset] = byte;
                both_refuse(&text, JsonError::ControlCharacter { offset });
            }
        }
    }
}

#[test]
fn escapes_outside_the_grammar() {
    for text in [
        r#""\x41""#,
        r#""\u12""#,
        r#""\u12G4""#,
        r#""\U0041""#,
        r#""\u{41}""#,
        r#""\ ""#,
        r#""\v""#,
        r#""\0""#,
        r#""\u+123""#,
    ] {
        both_refuse(text, JsonError::InvalidEscape { offset: 1 });
    }
    both_refuse("\"\\", JsonError::InvalidEscape { offset: 1 });
    both_refuse("\"abc\\u00", JsonError::InvalidEscape { offset: 4 });
}

#[test]
fn escapes_in_another_form_than_the_canonical_one() {
    for (text, form) in [
        (r#""\/""#, "\"/\""),
        (r#""\u000a""#, r#""\n""#),
        (r#""\u001F""#, r#""\u001f""#),
        (r#""\u0041""#, "\"A\""),
        (r#""\u0022""#, r#""\"""#),
        (r#""\u005c""#, r#""\\""#),
        (r#""\u00e9""#, "\"é\""),
        (r#""\u007f""#, "\"\u{7F}\""),
        (r#""\ud83d\ude00""#, "\"😀\""),
        (r#""\u0008""#, r#""\b""#),
        (r#""\u000C""#, r#""\f""#),
        (r#""\u0020""#, "\" \""),
    ] {
        only_tape_refuses(text, form, JsonError::EscapeNotCanonical { offset: 1 });
    }
}

#[test]
fn lone_surrogates() {
    for text in [
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\udfffx""#,
        r#""\ud83dx""#,
        r#""\ud83d\n""#,
        r#""\ud83d\u0041""#,
        r#""\ud83d\ud83d\ude00""#,
        r#""\ude00\ud83d""#,
    ] {
        assert_eq!(
            Value::parse(text.as_bytes()),
            Err(JsonError::LoneSurrogate { offset: 1 }),
            "{text}"
        );
        assert_eq!(
            tape_error(text.as_bytes()),
            Some(JsonError::EscapeNotCanonical { offset: 1 }),
            "{text}"
        );
    }
    // The same written as three bytes is not UTF-8.
    both_refuse(b"\"\xED\xA0\x80\"", JsonError::NotUtf8 { offset: 1 });
}

#[test]
fn bytes_that_are_not_utf_8() {
    for bad in [
        &b"\x80"[..],
        b"\xC0\xAF",
        b"\xC3",
        b"\xE2\x82",
        b"\xF4\x90\x80\x80",
        b"\xFF",
        b"\xF0\x80\x80\x80",
    ] {
        for length in 0..18 {
            let text = [&b"\""[..], "-".repeat(length).as_bytes(), bad, b"\""].concat();
            both_refuse(&text, JsonError::NotUtf8 { offset: 1 + length });
        }
    }
    both_refuse(b"{\"k\xFF\":1}", JsonError::NotUtf8 { offset: 3 });
    assert_readers_agree(b"\xFF");
}

#[test]
fn duplicate_keys() {
    both_refuse(r#"{"a":1,"a":2}"#, duplicate(7, "a"));
    both_refuse(r#"{"":1,"":1}"#, duplicate(6, ""));
    both_refuse(
        r#"[{"long key name":1,"long key name":1}]"#,
        duplicate(20, "long key name"),
    );
    both_refuse(r#"{"é":1,"é":2}"#, duplicate(8, "é"));
    both_refuse(r#"{"\n":1,"\n":2}"#, duplicate(8, "\n"));
    let apart = br#"{"b":1,"a":2,"b":3,"a":4}"#;
    assert_eq!(Value::parse(apart), Err(duplicate(13, "b")));
}

#[test]
fn duplicate_keys_that_are_escaped_differently() {
    let text = br#"{"a":1,"\u0061":2}"#;
    assert_eq!(Value::parse(text), Err(duplicate(7, "a")));
    assert_eq!(
        tape_error(text),
        Some(JsonError::EscapeNotCanonical { offset: 8 })
    );
}

#[test]
fn keys_out_of_order() {
    let refuse = |text: &str, form: &str, offset, key: &str| {
        only_tape_refuses(
            text,
            form,
            JsonError::KeyOrder {
                offset,
                key: key.into(),
            },
        );
    };
    refuse(r#"{"b":1,"a":2}"#, r#"{"a":2,"b":1}"#, 7, "a");
    refuse(r#"{"a":0,"c":1,"b":2}"#, r#"{"a":0,"b":2,"c":1}"#, 13, "b");
    refuse(r#"{"aa":1,"a":2}"#, r#"{"a":2,"aa":1}"#, 8, "a");
    refuse(
        r#"{"abcdefgh2":1,"abcdefgh1":2}"#,
        r#"{"abcdefgh1":2,"abcdefgh2":1}"#,
        15,
        "abcdefgh1",
    );
    refuse(
        r#"{"abcdefghi":1,"abcdefgh":2}"#,
        r#"{"abcdefgh":2,"abcdefghi":1}"#,
        15,
        "abcdefgh",
    );
    refuse(r#"{"a":1,"Z":2}"#, r#"{"Z":2,"a":1}"#, 7, "Z");
    // Unescaped, the line end comes before the digit, though its backslash does not.
    refuse(r#"{"1":1,"\n":2}"#, r#"{"\n":2,"1":1}"#, 7, "\n");
    // By UTF-16 units an emoji comes before U+FB33; by code points it would come after it.
    refuse(
        "{\"\u{FB33}\":1,\"😀\":2}",
        "{\"😀\":2,\"\u{FB33}\":1}",
        9,
        "😀",
    );
    refuse("{\"é\":1,\"z\":2}", "{\"z\":2,\"é\":1}", 8, "z");
}

#[test]
fn nesting_ends_at_its_limit() {
    for (open, inner, close) in [("[", "", "]"), ("{\"k\":", "0", "}")] {
        let nested =
            |depth: usize| [open.repeat(depth), inner.into(), close.repeat(depth)].concat();
        let text = nested(JSON_DEPTH_MAX);
        assert_eq!(canonical(text.as_bytes()).unwrap(), text.as_bytes());
        assert_eq!(tape_error(text.as_bytes()), None);
        let offset = open.len() * JSON_DEPTH_MAX;
        both_refuse(
            nested(JSON_DEPTH_MAX + 1),
            JsonError::Depth {
                offset,
                limit: JSON_DEPTH_MAX,
            },
        );
        both_refuse(
            nested(100_000),
            JsonError::Depth {
                offset,
                limit: JSON_DEPTH_MAX,
            },
        );
    }
}

#[test]
fn texts_end_at_their_limit() {
    let mut text = vec![b'-'; JSON_TEXT_BYTES_MAX];
    *text.first_mut().unwrap() = b'"';
    *text.last_mut().unwrap() = b'"';
    let mut tape = Tape::new();
    assert_eq!(tape.read(&text).unwrap().raw().len(), JSON_TEXT_BYTES_MAX);
    assert_eq!(
        Value::parse(&text).unwrap().as_str().unwrap().len(),
        JSON_TEXT_BYTES_MAX - 2
    );
    text.push(b' ');
    let (found, limit) = (JSON_TEXT_BYTES_MAX + 1, JSON_TEXT_BYTES_MAX);
    both_refuse(&text, JsonError::TextLength { found, limit });
    assert_eq!(JsonError::TextLength { found, limit }.offset(), limit);
}

#[test]
fn a_message_escapes_the_key_and_shortens_it() {
    let text = "{\"\\u001b[31m\u{202E}é\":1,\"\\u001b[31m\u{202E}é\":2}";
    let message = tape_error(text.as_bytes()).unwrap().to_string();
    assert_eq!(
        message,
        r#"duplicate key "\u{1b}[31m\u{202e}\u{e9}" at byte 21"#
    );
    let key = "k".repeat(65);
    let text = alloc::format!("{{\"{key}\":1,\"{key}\":2}}");
    let message = Value::parse(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(
        message,
        alloc::format!("duplicate key \"{}...\" at byte 71", "k".repeat(64))
    );
}
