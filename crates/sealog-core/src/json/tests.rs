use super::*;
use alloc::string::ToString;

fn both(text: &str) -> (bool, bool) {
    let canonical =
        Value::parse(text.as_bytes()).is_ok_and(|v| v.to_canonical() == text.as_bytes());
    (Tape::new().read(text.as_bytes()).is_ok(), canonical)
}

#[test]
fn readers_agree_on_samples() {
    for (text, expected) in [
        ("{}", true),
        ("[]", true),
        ("0", true),
        ("-0", false),
        ("1.5", true),
        ("1.50", false),
        ("1e21", false),
        ("1e+21", true),
        ("1e-7", true),
        ("0.000001", true),
        ("0.0000001", false),
        ("9007199254740991", true),
        ("9007199254740992", false),
        ("100000000000000000000", false),
        ("01", false),
        ("[1,2]", true),
        ("[1, 2]", false),
        ("{\"a\":1,\"b\":2}", true),
        ("{\"b\":1,\"a\":2}", false),
        ("{\"a\":1,\"a\":2}", false),
        ("\"\\u0000\"", true),
        ("\"\\u000a\"", false),
        ("\"\\n\"", true),
        ("\"\\u001F\"", false),
        ("\"\\u001f\"", true),
        ("\"é\"", true),
        ("\"\\/\"", false),
        ("0.1234567890123456", true),
        ("0.12345678901234567", false),
        ("0.12345678901234568", true),
        ("", false),
        ("\"abcdefghijk", false),
        ("nul", false),
    ] {
        assert_eq!(
            both(text),
            (expected, expected),
            "{text} {:?}",
            Tape::new()
                .read(text.as_bytes())
                .map_err(|e| e.to_string())
                .map(|_| ())
        );
    }
}
