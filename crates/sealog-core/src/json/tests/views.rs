use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::json::{Kind, Ref, Tape, Value};

const TEXT: &str = r#"{"array":[1,-2,0.5,[],{}],"false":false,"line\nend":"a\tb","max":9007199254740991,"null":null,"text":"é and more text","true":true}"#;

#[test]
fn a_view_gives_the_exact_bytes_and_their_place() {
    let mut tape = Tape::new();
    let root = tape.read(TEXT.as_bytes()).unwrap();
    assert_eq!(
        (root.kind(), root.offset(), root.raw()),
        (Kind::Object, 0, TEXT.as_bytes())
    );
    let array = root.member("array").unwrap();
    assert_eq!(array.raw(), b"[1,-2,0.5,[],{}]");
    assert_eq!(array.offset(), TEXT.find('[').unwrap());
    for (key, value) in root.members() {
        for part in [key, value] {
            let range = part.offset()..part.offset() + part.raw().len();
            assert_eq!(&TEXT.as_bytes()[range], part.raw());
        }
    }
}

#[test]
fn members_and_elements_come_in_the_order_of_the_text() {
    let mut tape = Tape::new();
    let root = tape.read(TEXT.as_bytes()).unwrap();
    let keys: Vec<_> = root.members().map(|(key, _)| key.text().unwrap()).collect();
    assert_eq!(
        keys,
        ["array", "false", "line\nend", "max", "null", "text", "true"]
    );
    let array = root.member("array").unwrap();
    let kinds: Vec<_> = array.elements().map(Ref::kind).collect();
    assert_eq!(
        kinds,
        [
            Kind::Number,
            Kind::Number,
            Kind::Number,
            Kind::Array,
            Kind::Object
        ]
    );
    assert_eq!((root.len(), array.len()), (7, 5));
    assert_eq!((root.is_empty(), array.is_empty()), (false, false));
    for inner in array.elements().skip(3) {
        assert_eq!((inner.len(), inner.is_empty()), (0, true));
    }
}

#[test]
fn numbers_are_read_as_what_they_are() {
    let mut tape = Tape::new();
    let root = tape.read(TEXT.as_bytes()).unwrap();
    let numbers: Vec<_> = root.member("array").unwrap().elements().take(3).collect();
    let read: Vec<_> = numbers
        .iter()
        .map(|number| (number.u64(), number.i64(), number.f64()))
        .collect();
    assert_eq!(
        read,
        [
            (Some(1), Some(1), Some(1.0)),
            (None, Some(-2), Some(-2.0)),
            (None, None, Some(0.5))
        ]
    );
    assert_eq!(root.member("max").unwrap().u64(), Some((1 << 53) - 1));
    let large = tape.read(b"1e+21").unwrap();
    assert_eq!(
        (large.u64(), large.i64(), large.f64()),
        (None, None, Some(1e21))
    );
}

#[test]
fn strings_are_borrowed_unless_something_is_escaped() {
    let mut tape = Tape::new();
    let root = tape.read(TEXT.as_bytes()).unwrap();
    let text = root.member("text").unwrap();
    assert_eq!(text.plain_str(), Some("é and more text"));
    assert_eq!(text.plain_bytes(), Some("é and more text".as_bytes()));
    assert!(matches!(
        text.text(),
        Some(Cow::Borrowed("é and more text"))
    ));
    let escaped = root.member("line\nend").unwrap();
    assert_eq!((escaped.plain_str(), escaped.plain_bytes()), (None, None));
    assert_eq!(escaped.text().as_deref(), Some("a\tb"));
    assert!(escaped.is_text("a\tb") && !escaped.is_text("a\\tb"));
    assert!(tape.read(b"\"\"").unwrap().is_text(""));
}

#[test]
fn every_escape_is_undone() {
    let all: alloc::string::String = (0..0x30u8)
        .map(char::from)
        .chain(['"', '\\', 'u', '😀'])
        .collect();
    let text = Value::from(all.as_str()).to_canonical();
    let mut tape = Tape::new();
    assert_eq!(tape.read(&text).unwrap().text().unwrap(), all);
}

#[test]
fn a_value_of_another_kind_gives_nothing() {
    let mut tape = Tape::new();
    let root = tape.read(TEXT.as_bytes()).unwrap();
    assert_eq!(
        (
            root.u64(),
            root.i64(),
            root.f64(),
            root.boolean(),
            root.text()
        ),
        (None, None, None, None, None)
    );
    assert_eq!(
        (root.plain_str(), root.is_text("{"), root.elements().count()),
        (None, false, 0)
    );
    let null = root.member("null").unwrap();
    assert!(null.is_null() && !root.is_null());
    assert_eq!((null.members().count(), null.len()), (0, 0));
    assert!(
        null.member("a").is_none() && root.member("nul").is_none() && root.member("").is_none()
    );
    assert_eq!(root.member("true").unwrap().boolean(), Some(true));
    assert_eq!(root.member("false").unwrap().boolean(), Some(false));
    assert_eq!(root.member("max").unwrap().text(), None);
}

#[test]
fn a_tape_is_used_again_after_success_and_refusal() {
    let mut tape = Tape::new();
    let value = Value::parse(TEXT.as_bytes()).unwrap();
    assert_eq!(tape.read(TEXT.as_bytes()).unwrap().to_value(), value);
    assert!(tape.read(&TEXT.as_bytes()[..60]).is_err());
    assert_eq!(
        tape.read(b"[true]").unwrap().to_value(),
        Value::parse(b"[true]").unwrap()
    );
    assert_eq!(tape.read(TEXT.as_bytes()).unwrap().to_value(), value);
}
