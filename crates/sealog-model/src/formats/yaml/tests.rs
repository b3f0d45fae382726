use std::fmt::Write as _;

use super::*;

fn read(text: &str) -> String {
    match parse(text) {
        Ok(value) => String::from_utf8(value.to_canonical()).unwrap(),
        Err(error) => format!("{error}"),
    }
}

#[test]
fn what_writers_of_descriptions_write() {
    for (text, expected) in [
        ("a: 1\nb: x\n", r#"{"a":1,"b":"x"}"#),
        (
            "a:\n  b:\n    c: 1\n  d: 2\ne: 3\n",
            r#"{"a":{"b":{"c":1},"d":2},"e":3}"#,
        ),
        (
            "a:\n- 1\n- b: 2\n  c: 3\n-\n  - x\nd: ~\n",
            r#"{"a":[1,{"b":2,"c":3},["x"]],"d":null}"#,
        ),
        (
            "a: 'it''s\n  one'\nb: \"x\\ty\\u00e9\"\n",
            r#"{"a":"it's one","b":"x\tyé"}"#,
        ),
        ("a: 'one\n\n  two'\n", r#"{"a":"one\ntwo"}"#),
        (
            "a: [1, {b: c}, 'd']\nb: {}\n",
            r#"{"a":[1,{"b":"c"},"d"],"b":{}}"#,
        ),
        (
            "a: |\n  x\n   y\n\n  z\nb: 1\n",
            r#"{"a":"x\n y\n\nz\n","b":1}"#,
        ),
        ("a: >-\n  x\n  y\n", r#"{"a":"x y"}"#),
        ("a: one\n  two\nb: 2 # not\n", r#"{"a":"one two","b":2}"#),
        ("a: &x\n  b: 1\nc: *x\n", r#"{"a":{"b":1},"c":{"b":1}}"#),
        (
            "a: http://x/y#z\nb: 1.5\nc: 1.2.3\nd: 2024-01-01 10:00:00\n",
            r#"{"a":"http://x/y#z","b":1.5,"c":"1.2.3","d":"2024-01-01 10:00:00"}"#,
        ),
        ("# words\n\na:\nb: yes\n", r#"{"a":null,"b":"yes"}"#),
        ("---\na: true\n", r#"{"a":true}"#),
        ("", "null"),
        ("- a\n- b\n", r#"["a","b"]"#),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn what_is_refused() {
    for (text, expected) in [
        ("a: !!python/object:os.system x\n", "a tag (byte 3)"),
        ("!x\na: 1\n", "a tag (byte 0)"),
        ("a: [!x 1]\n", "a tag (byte 4)"),
        ("a: {!x b: 1}\n", "a tag (byte 4)"),
        ("a: 1\na: 2\n", "a key twice (byte 5)"),
        (
            "a: *b\n",
            "an alias of nothing that stands before it (byte 3)",
        ),
        ("a: 'x\n", "a quoted text without an end (byte 3)"),
        ("a: [1\n", "no comma between two values (byte 6)"),
        ("a: {b}\n", "a key without a value (byte 5)"),
        ("? a\n: b\n", "a key that is no scalar (byte 0)"),
        ("a: \"\\q\"\n", "an escape that is not known (byte 5)"),
        ("a:\n  b: 1\n c: 2\n", "a line that fits no block (byte 11)"),
        ("<<: 1\n", "a merge key (byte 0)"),
        ("%YAML 1.1\n", "a character that begins no value (byte 0)"),
        ("a: |2\n  x\n", "an indentation that is stated (byte 5)"),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn depth_has_a_limit() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(parse(&nested(DEPTH_MAX + 1)).is_ok());
    assert_eq!(
        parse(&nested(DEPTH_MAX + 2)).unwrap_err().why,
        "nested too deep"
    );
}

#[test]
fn aliases_have_a_limit() {
    let text = |aliases: usize| format!("a: &x 1\nb: [{}]\n", "*x, ".repeat(aliases));
    assert!(parse(&text(ALIASES_MAX)).is_ok());
    assert_eq!(
        parse(&text(ALIASES_MAX + 1)).unwrap_err().why,
        "too many aliases"
    );
    // Each doubles the one before it.
    let mut laughs = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
    for level in 1..12 {
        let before = format!("*a{}, ", level - 1);
        writeln!(laughs, "a{level}: [{}]", before.repeat(8)).unwrap();
    }
    assert!(parse(&laughs).is_err());
    let mut laughs = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
    for level in 1..9 {
        let before = format!("*a{}, ", level - 1);
        writeln!(laughs, "a{level}: &a{level}\n- [{}]", before.repeat(8)).unwrap();
    }
    assert_eq!(parse(&laughs).unwrap_err().why, "too many aliases");
}

#[test]
fn values_have_a_limit() {
    let text = |items: usize| format!("[{}]", "1,".repeat(items));
    assert!(parse(&text(NODES_MAX - 2)).is_ok());
    assert_eq!(parse(&text(NODES_MAX)).unwrap_err().why, "too many values");
}

#[test]
fn no_text_is_too_strange() {
    let text = "a: &x\n- 'b\n  c': [1, {d: \"e\\x41\"}]\n- |\n  f\n- *x\ng: >+\n  h\n\n";
    for end in 0..=text.len() {
        let _ = parse(&text[..end]);
    }
    for at in 0..text.len() {
        for byte in 0..128u8 {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = byte;
            let _ = parse(str::from_utf8(&bytes).unwrap());
        }
    }
}
