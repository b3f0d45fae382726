use alloc::format;
use alloc::string::{String, ToString};
use core::fmt::Write;

use super::{assert_readers_agree, canonical, tape_error};
use crate::json::{Number, Value, write_number, write_string};

fn text_of(bits: u64) -> Option<String> {
    let mut out = alloc::vec![];
    write_number(&mut out, Number::finite(f64::from_bits(bits))?);
    Some(String::from_utf8(out).unwrap())
}

/// RFC 8785, appendix B. `None` where this format is stricter or the RFC has no text.
const NUMBERS: [(u64, Option<&str>); 26] = [
    (0x0000_0000_0000_0000, Some("0")),
    (0x8000_0000_0000_0000, Some("0")),
    (0x0000_0000_0000_0001, Some("5e-324")),
    (0x8000_0000_0000_0001, Some("-5e-324")),
    (0x7FEF_FFFF_FFFF_FFFF, Some("1.7976931348623157e+308")),
    (0xFFEF_FFFF_FFFF_FFFF, Some("-1.7976931348623157e+308")),
    (0x4340_0000_0000_0000, None),
    (0xC340_0000_0000_0000, None),
    (0x4430_0000_0000_0000, None),
    (0x7FFF_FFFF_FFFF_FFFF, None),
    (0x7FF0_0000_0000_0000, None),
    (0x44B5_2D02_C7E1_4AF5, Some("9.999999999999997e+22")),
    (0x44B5_2D02_C7E1_4AF6, Some("1e+23")),
    (0x44B5_2D02_C7E1_4AF7, Some("1.0000000000000001e+23")),
    (0x444B_1AE4_D6E2_EF4E, None),
    (0x444B_1AE4_D6E2_EF4F, None),
    (0x444B_1AE4_D6E2_EF50, Some("1e+21")),
    (0x3EB0_C6F7_A0B5_ED8C, Some("9.999999999999997e-7")),
    (0x3EB0_C6F7_A0B5_ED8D, Some("0.000001")),
    (0x41B3_DE43_5555_5553, Some("333333333.3333332")),
    (0x41B3_DE43_5555_5554, Some("333333333.33333325")),
    (0x41B3_DE43_5555_5555, Some("333333333.3333333")),
    (0x41B3_DE43_5555_5556, Some("333333333.3333334")),
    (0x41B3_DE43_5555_5557, Some("333333333.33333343")),
    (0xBECB_F647_612F_3696, Some("-0.0000033333333333333333")),
    (0x4314_3FF3_C1CB_0959, Some("1424953923781206.2")),
];

#[test]
fn numbers_of_rfc_8785_appendix_b() {
    for (bits, text) in NUMBERS {
        assert_eq!(text_of(bits).as_deref(), text, "{bits:016x}");
        if let Some(text) = text {
            assert_eq!(canonical(text.as_bytes()).unwrap(), text.as_bytes());
            assert_eq!(tape_error(text.as_bytes()), None, "{text}");
        }
    }
}

#[test]
fn numbers_around_each_change_of_form() {
    for (text, form) in [
        ("9007199254740991", "9007199254740991"),
        ("-9007199254740991", "-9007199254740991"),
        ("9007199254740991.4", "9007199254740991"),
        ("4503599627370495.5", "4503599627370495.5"),
        ("1E21", "1e+21"),
        ("1e+22", "1e+22"),
        ("1e-6", "0.000001"),
        ("1e-7", "1e-7"),
        ("0.0000001", "1e-7"),
        ("0.00000123456789012345", "0.00000123456789012345"),
        ("-0", "0"),
        ("-0.0e5", "0"),
        ("1e-400", "0"),
        ("1.0", "1"),
        ("100e-2", "1"),
        ("0.10", "0.1"),
        ("999999999999999", "999999999999999"),
        ("1234567890123456", "1234567890123456"),
        ("99999999999999.9", "99999999999999.9"),
        ("0.1234567890123456", "0.1234567890123456"),
        ("0.12345678901234567", "0.12345678901234566"),
        ("2.2250738585072014e-308", "2.2250738585072014e-308"),
    ] {
        assert_eq!(
            String::from_utf8(canonical(text.as_bytes()).unwrap()).unwrap(),
            form,
            "{text}"
        );
        assert_readers_agree(text.as_bytes());
        assert_eq!(tape_error(form.as_bytes()), None, "{form}");
    }
}

#[test]
fn integers_end_at_two_to_the_53_minus_one() {
    const MAX: i64 = (1 << 53) - 1;
    for integer in [MAX, -MAX] {
        assert_eq!(Number::integer(integer).unwrap().as_i64(), Some(integer));
        assert_eq!(
            Value::parse(integer.to_string().as_bytes())
                .unwrap()
                .as_i64(),
            Some(integer)
        );
    }
    for integer in [MAX + 1, -MAX - 1, i64::MAX, i64::MIN] {
        assert_eq!(Number::integer(integer), None);
    }
    assert_eq!(
        Number::unsigned(u64::try_from(MAX).unwrap()),
        Number::integer(MAX)
    );
    assert_eq!(Number::unsigned(u64::try_from(MAX).unwrap() + 1), None);
    assert_eq!(Number::unsigned(u64::MAX), None);
    assert_eq!(Number::finite(9_007_199_254_740_992.0), None);
    assert_eq!(Number::finite(-1e20), None);
    assert_eq!(Number::finite(f64::NEG_INFINITY), None);
    assert!(Number::finite(-0.0).unwrap().as_f64().is_sign_positive());
    assert_eq!(Number::finite(0.5).unwrap().as_i64(), None);
    assert_eq!(Number::finite(-1.0).unwrap().as_u64(), None);
    assert_eq!(Number::finite(1e300).unwrap().as_i64(), None);
}

#[test]
fn the_example_of_rfc_8785_section_3_2_2() {
    let text = r#"{
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
    }"#;
    let form = "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
                \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
    assert_eq!(
        String::from_utf8(canonical(text.as_bytes()).unwrap()).unwrap(),
        form
    );
    assert_eq!(tape_error(form.as_bytes()), None);
}

#[test]
fn the_sorting_example_of_rfc_8785_section_3_2_3() {
    let text = r#"{
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\ud83d\ude00": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis"
    }"#;
    let form = "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\
                \"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\
                \"😀\":\"Emoji: Grinning Face\",\"\u{FB33}\":\"Hebrew Letter Dalet With Dagesh\"}";
    assert_eq!(
        String::from_utf8(canonical(text.as_bytes()).unwrap()).unwrap(),
        form
    );
    assert_eq!(tape_error(form.as_bytes()), None);
}

#[test]
fn every_ascii_character_has_one_form() {
    for byte in 0..=0x7Fu8 {
        let char = char::from(byte);
        let form = match char {
            '"' => r#"\""#.into(),
            '\\' => r"\\".into(),
            '\u{8}' => r"\b".into(),
            '\t' => r"\t".into(),
            '\n' => r"\n".into(),
            '\u{C}' => r"\f".into(),
            '\r' => r"\r".into(),
            ..' ' => format!("\\u{byte:04x}"),
            _ => char.to_string(),
        };
        // At each place of the eight bytes that are scanned at once.
        for length in 0..18 {
            let before = "-".repeat(length);
            let mut out = alloc::vec![];
            write_string(&mut out, &format!("{before}{char}-"));
            assert_eq!(
                String::from_utf8(out.clone()).unwrap(),
                format!("\"{before}{form}-\"")
            );
            assert_eq!(tape_error(&out), None);
            for escape in [format!("\\u{byte:04x}"), format!("\\u{byte:04X}")] {
                let text = format!("\"{before}{escape}-\"");
                assert_eq!(canonical(text.as_bytes()).unwrap(), out);
                assert_readers_agree(text.as_bytes());
            }
        }
    }
}

#[test]
fn characters_beyond_ascii_stand_as_they_are() {
    for char in [
        '\u{80}',
        '\u{7FF}',
        '\u{800}',
        '\u{2028}',
        '\u{D7FF}',
        '\u{E000}',
        '\u{FFFF}',
        '\u{1_0000}',
        '\u{10_FFFF}',
    ] {
        let mut units = [0; 2];
        let mut escape = String::new();
        for unit in char.encode_utf16(&mut units) {
            write!(escape, "\\u{unit:04X}").unwrap();
        }
        for length in 0..10 {
            let before = "-".repeat(length);
            let form = format!("\"{before}{char}\"");
            assert_eq!(tape_error(form.as_bytes()), None);
            assert_eq!(
                canonical(format!("\"{before}{escape}\"").as_bytes()).unwrap(),
                form.as_bytes()
            );
        }
    }
}
