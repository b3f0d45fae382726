use std::io::Cursor;

use super::*;

fn draft(text: &str) -> Result<Draft, Error> {
    draft_of(parse(text.as_bytes(), "input")?, "input")
}

#[test]
fn every_member_that_may_be_set_reaches_the_draft() {
    let leaf = "ab".repeat(32);
    let text = format!(
        r#"{{"kind":"decision","body":{{"a":1}},"record_id":"r","schema_version":"1.0.0","stream_id":"s",
        "tenant_id":"t","system_id":"y","retention_class":"c","occurred_at":"2026-01-02T03:04:05Z",
        "capture_mode":"imported","corrects":{{"index":3,"leaf":"{leaf}"}}}}"#
    );
    let draft = draft(&text).unwrap();
    assert_eq!(draft.kind, "decision");
    assert_eq!(draft.body.len(), 1);
    assert_eq!(draft.record_id.as_deref(), Some("r"));
    assert_eq!(draft.schema_version.as_deref(), Some("1.0.0"));
    assert_eq!(draft.stream_id.as_deref(), Some("s"));
    assert_eq!(draft.tenant_id.as_deref(), Some("t"));
    assert_eq!(draft.system_id.as_deref(), Some("y"));
    assert_eq!(draft.retention_class.as_deref(), Some("c"));
    assert_eq!(
        draft.occurred_at.unwrap().format_micros(),
        "2026-01-02T03:04:05.000000Z"
    );
    assert_eq!(draft.capture_mode, Some(CaptureMode::Imported));
    assert_eq!(draft.corrects, Some((3, Hash::from_hex(&leaf).unwrap())));
}

#[test]
fn refused_inputs() {
    for (text, expected) in [
        ("", "ends at byte 0"),
        ("[]", "a record is a JSON object"),
        (r#"{"body":{}}"#, "`kind` is missing"),
        (r#"{"kind":"decision"}"#, "`body` is missing"),
        (
            r#"{"kind":"decision","body":[]}"#,
            "`body` is not an object",
        ),
        (r#"{"kind":1,"body":{}}"#, "`kind` is not a string"),
        (
            r#"{"kind":"decision","body":{},"log":{}}"#,
            "no member `log` to set",
        ),
        (
            r#"{"kind":"decision","body":{},"producer_seq":0}"#,
            "no member `producer_seq` to set",
        ),
        (
            r#"{"kind":"decision","body":{},"occurred_at":"2026-01-02T03:04:05"}"#,
            "`occurred_at`",
        ),
        (
            r#"{"kind":"decision","body":{},"capture_mode":"guess"}"#,
            "the capture mode is",
        ),
        (
            r#"{"kind":"decision","body":{},"corrects":{"index":1}}"#,
            "`corrects` is an object",
        ),
        (
            r#"{"kind":"decision","kind":"decision","body":{}}"#,
            "duplicate key",
        ),
        (
            r#"{"kind":"decision","body":{"a":"\ud800"}}"#,
            "lone surrogate",
        ),
        (r#"{"kind":"decision","body":{"a":NaN}}"#, "byte"),
    ] {
        let message = draft(text).unwrap_err().to_string();
        assert!(message.contains(expected), "{text}: {message}");
    }
}

#[test]
fn a_name_out_of_the_input_is_shortened() {
    let text = format!(r#"{{"{}":1}}"#, "x".repeat(1000));
    let message = draft(&text).unwrap_err().to_string();
    assert!(message.len() < 300, "{message}");
}

#[test]
fn an_input_may_be_as_long_as_the_limit_and_no_byte_longer() {
    let mut bytes = vec![b' '; INPUT_BYTES_MAX];
    assert_eq!(read_all(&*bytes, "input").unwrap().len(), INPUT_BYTES_MAX);
    bytes.push(b' ');
    assert!(matches!(
        read_all(&*bytes, "input"),
        Err(Error::Input { .. })
    ));
}

#[test]
fn a_line_may_be_as_long_as_the_limit_and_a_longer_one_hides_no_other() {
    for newline in ["\n", ""] {
        let text = format!("{}{newline}", "x".repeat(INPUT_BYTES_MAX));
        let mut reader = Cursor::new(text);
        let Line::Bytes(line) = next_line(&mut reader).unwrap() else {
            panic!()
        };
        assert_eq!(line.len(), INPUT_BYTES_MAX);
        assert!(matches!(next_line(&mut reader).unwrap(), Line::End));
    }
    let text = format!("{}\nnext\n\nlast", "x".repeat(INPUT_BYTES_MAX + 1));
    let mut reader = Cursor::new(text);
    assert!(matches!(next_line(&mut reader).unwrap(), Line::TooLong));
    for expected in ["next", "", "last"] {
        let Line::Bytes(line) = next_line(&mut reader).unwrap() else {
            panic!()
        };
        assert_eq!(line, expected.as_bytes());
    }
    assert!(matches!(next_line(&mut reader).unwrap(), Line::End));
}
