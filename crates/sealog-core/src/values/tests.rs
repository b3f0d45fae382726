//! The examples of the format page, limits, and properties of the order of dictionaries and sets.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::hash::decode_hex;
use crate::json::{JsonError, Object, Value};
use crate::limits::{VALUE_BYTES_MAX, VALUE_DEPTH_MAX, VALUE_INLINE_BYTES_MAX};
use crate::worked::{examples, text};

const PAGE: &str = include_str!("../../../../docs/formats/values.md");

fn hex(text: &str) -> Vec<u8> {
    let mut bytes = vec![0; text.len() / 2];
    decode_hex(text.as_bytes(), &mut bytes).expect(text);
    bytes
}

/// Makes one call as the format page writes it.
fn call(encoder: &mut Encoder, call: &Value) -> Result<(), ValueError> {
    let call = call.as_array().unwrap();
    let string = |at: usize| call[at].as_str().unwrap();
    let number = |at: usize| call[at].as_i64().unwrap();
    let double = |at: usize| string(at).parse::<f64>().unwrap();
    let shape = |at: usize| -> Vec<u64> {
        let extents = call[at].as_array().unwrap().iter();
        extents.map(|extent| extent.as_u64().unwrap()).collect()
    };
    match string(0) {
        "null" => encoder.null(),
        "bool" => encoder.bool(call[1].as_bool().unwrap()),
        "int" => encoder.int(number(1)),
        "int_hex" => encoder.int_hex(string(1)),
        "float" => encoder.float(double(1)),
        "complex" => encoder.complex(double(1), double(2)),
        "str" => encoder.str(string(1)),
        "wide_str" => encoder.wide_str(&hex(string(1))),
        "path" => encoder.path(&hex(string(1))),
        "bytes" => encoder.bytes(&hex(string(1))),
        "zero_bytes" => encoder.bytes(&vec![0; usize::try_from(number(1)).unwrap()]),
        "date" => encoder.date(string(1)),
        "time" => encoder.time(string(1)),
        "datetime" => encoder.datetime(string(1)),
        "duration" => encoder.duration(number(1), u32::try_from(number(2)).unwrap()),
        "decimal" => encoder.decimal(string(1)),
        "uuid" => encoder.uuid(string(1)),
        "unencodable" => encoder.unencodable(string(1)),
        "array" => encoder.array(string(1), &shape(2), &hex(string(3))),
        "begin_list" => encoder.begin_list(),
        "begin_tuple" => encoder.begin_tuple(),
        "begin_set" => encoder.begin_set(),
        "begin_dict" => encoder.begin_dict(),
        "begin_pairs" => encoder.begin_pairs(),
        "begin_object" => encoder.begin_object(string(1)),
        "begin_enum" => encoder.begin_enum(string(1)),
        "begin_custom" => encoder.begin_custom(string(1)),
        "begin_items" => encoder.begin_items(string(1), &shape(2)),
        "begin_series" => encoder.begin_series(),
        "begin_table" => encoder.begin_table(),
        "key" => encoder.key(string(1)),
        "end" => encoder.end(),
        other => panic!("no call {other}"),
    }
}

fn run(example: &Value) -> Result<String, ValueError> {
    let mut encoder = Encoder::new();
    for one in example.member("calls").unwrap().as_array().unwrap() {
        call(&mut encoder, one)?;
    }
    Ok(String::from_utf8(encoder.finish()?).unwrap())
}

#[test]
fn the_examples_of_the_page_hold_and_are_canonical_json() {
    let mut encodings = Vec::new();
    for example in examples(PAGE, "values") {
        let encoding = run(&example).unwrap();
        assert_eq!(
            encoding,
            text(&example, "encoding"),
            "{}",
            text(&example, "python")
        );
        let read = Value::parse(encoding.as_bytes()).unwrap();
        assert_eq!(read.to_canonical(), encoding.as_bytes());
        assert!(!encodings.contains(&encoding), "two values are {encoding}");
        encodings.push(encoding);
    }
}

#[test]
fn the_examples_that_the_page_refuses_are_refused() {
    for example in examples(PAGE, "refused") {
        let error = run(&example).expect_err(&format!("{example:?}"));
        assert_eq!(error.kind(), ErrorKind::Malformed);
        let shown = format!("{error:?}");
        let name = shown.split([' ', '{']).next().unwrap();
        assert_eq!(name, text(&example, "error"), "{error}: {example:?}");
    }
}

#[test]
fn a_value_of_json_types_is_its_canonical_json() {
    let mut encoder = Encoder::new();
    encoder.begin_dict().unwrap();
    for (key, value) in [("z", 1.5), ("a", -3.0), ("\u{7f}", 1e-7)] {
        encoder.key(key).unwrap();
        encoder.float(value).unwrap();
    }
    encoder.end().unwrap();
    let plain = Value::parse("{\"z\":1.5,\"a\":-3,\"\u{7f}\":1e-7}".as_bytes()).unwrap();
    assert_eq!(encoder.finish().unwrap(), plain.to_canonical());
}

#[test]
fn integers_of_every_call_agree() {
    for value in [
        0,
        1,
        -1,
        (1 << 53) - 1,
        1 << 53,
        -(1 << 53),
        i64::MAX,
        i64::MIN + 1,
        i64::MIN,
    ] {
        let (mut one, mut other) = (Encoder::new(), Encoder::new());
        one.int(value).unwrap();
        let sign = if value < 0 { "-" } else { "" };
        other
            .int_hex(&format!("{sign}{:#x}", value.unsigned_abs()))
            .unwrap();
        assert_eq!(one.finish(), other.finish(), "{value}");
    }
}

#[test]
fn nan_has_one_encoding_as_a_float_and_keeps_its_payload_in_an_array() {
    let encode = |value: f64| {
        let mut encoder = Encoder::new();
        encoder.float(value).unwrap();
        encoder.finish().unwrap()
    };
    let payload = f64::from_bits(f64::NAN.to_bits() ^ 1);
    assert_eq!(encode(f64::NAN), encode(payload));
    assert_eq!(encode(f64::NAN), encode(-payload));
    let encode = |value: f64| {
        let mut encoder = Encoder::new();
        encoder
            .array("float64", &[1], &value.to_le_bytes())
            .unwrap();
        encoder.finish().unwrap()
    };
    assert_ne!(encode(f64::NAN), encode(payload));
}

#[test]
fn bytes_are_inline_up_to_the_limit_and_named_by_digest_beyond_it() {
    let encode = |size: usize| {
        let mut encoder = Encoder::new();
        encoder.bytes(&vec![0; size]).unwrap();
        String::from_utf8(encoder.finish().unwrap()).unwrap()
    };
    assert!(encode(VALUE_INLINE_BYTES_MAX).starts_with("{\"$bytes\":\"AAAA"));
    assert!(encode(VALUE_INLINE_BYTES_MAX + 1).starts_with("{\"$bytes\":{\"sha256\":\""));
}

#[test]
fn an_array_has_as_many_bytes_as_type_and_shape_say_even_where_that_overflows() {
    let refused = |shape: &[u64]| Encoder::new().array("float64", shape, &[0; 8]).unwrap_err();
    let max = crate::limits::INTEGER_MAX;
    let expected = u64::MAX;
    assert_eq!(
        refused(&[max, max]),
        ValueError::ArrayLength { expected, found: 8 }
    );
    assert_eq!(
        refused(&[max, 0]),
        ValueError::ArrayLength {
            expected: 0,
            found: 8
        }
    );
    let expected = max;
    assert_eq!(
        refused(&[max + 1, 0]),
        ValueError::ArrayLength {
            expected,
            found: max + 1
        }
    );
    let mut encoder = Encoder::new();
    encoder.array("float64", &[max, 0], &[]).unwrap();
    let read = Value::parse(&encoder.finish().unwrap()).unwrap();
    assert!(read.member("$array").is_some());
}

#[test]
fn depth_is_allowed_up_to_the_limit_and_refused_beyond_it() {
    let mut encoder = Encoder::new();
    for _ in 0..VALUE_DEPTH_MAX {
        encoder.begin_list().unwrap();
    }
    encoder.null().unwrap();
    for _ in 0..VALUE_DEPTH_MAX {
        encoder.end().unwrap();
    }
    assert_eq!(encoder.finish().unwrap().len(), 2 * VALUE_DEPTH_MAX + 4);

    let mut encoder = Encoder::new();
    for _ in 0..VALUE_DEPTH_MAX {
        encoder.begin_list().unwrap();
    }
    assert_eq!(
        encoder.begin_list(),
        Err(ValueError::Depth {
            max: VALUE_DEPTH_MAX
        })
    );
}

#[test]
fn length_is_allowed_up_to_the_limit_and_refused_beyond_it() {
    let mut value = "a".repeat(VALUE_BYTES_MAX - 2);
    let mut encoder = Encoder::new();
    encoder.str(&value).unwrap();
    assert_eq!(encoder.finish().unwrap().len(), VALUE_BYTES_MAX);
    value.push('a');
    assert_eq!(
        Encoder::new().str(&value),
        Err(ValueError::Length {
            max: VALUE_BYTES_MAX
        })
    );

    // Escapes, names, keys and brackets count, too.
    let full = |calls: &dyn Fn(&mut Encoder) -> Result<(), ValueError>, max: usize| {
        let fits = calls(&mut Encoder::limited(max));
        let refused = calls(&mut Encoder::limited(max - 1));
        assert_eq!(
            (fits, refused),
            (Ok(()), Err(ValueError::Length { max: max - 1 }))
        );
    };
    full(&|encoder| encoder.str("\n\n\n\n"), 10);
    full(&|encoder| encoder.date("2026-01-31"), 22);
    full(
        &|encoder| encoder.begin_object("A").and_then(|()| encoder.end()),
        20,
    );
    full(&|encoder| encoder.bytes(&[0; 3]), 17);
    full(
        &|encoder| encoder.begin_list().and_then(|()| encoder.end()),
        2,
    );
}

#[test]
fn an_error_says_nothing_of_the_value() {
    let error = Encoder::new().date("secret").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the text of a $date value is not in its one form"
    );
}

/// Values of JSON types only.
fn plain() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(|number| Value::Number(number.into())),
        "[a-c\u{20ac}\u{1f600}\u{fb33}\"\\\\]{0,3}".prop_map(Value::String),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let key = "[ab\u{1f600}\u{fb33}\n]{0,2}";
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            proptest::collection::btree_map(key, inner, 0..4).prop_map(|members| {
                let mut object = Object::new();
                for (key, value) in members {
                    object.insert(key, value);
                }
                Value::Object(object)
            }),
        ]
    })
}

/// Writes a JSON value with the members of its objects from the last to the first.
fn backwards(encoder: &mut Encoder, value: &Value) -> Result<(), ValueError> {
    match value {
        Value::Null => encoder.null(),
        Value::Bool(value) => encoder.bool(*value),
        Value::Number(number) => encoder.float(number.as_f64()),
        Value::String(text) => encoder.wide_str(text.as_bytes()),
        Value::Array(values) => {
            encoder.begin_list()?;
            values
                .iter()
                .try_for_each(|value| backwards(encoder, value))?;
            encoder.end()
        }
        Value::Object(object) => {
            encoder.begin_dict()?;
            for (key, value) in object.iter().rev() {
                encoder.key(key)?;
                backwards(encoder, value)?;
            }
            encoder.end()
        }
    }
}

fn in_order(values: &[&Value], begin: fn(&mut Encoder) -> Result<(), ValueError>) -> Vec<u8> {
    let mut encoder = Encoder::new();
    begin(&mut encoder).unwrap();
    for value in values {
        backwards(&mut encoder, value).unwrap();
    }
    encoder.end().unwrap();
    encoder.finish().unwrap()
}

/// Makes a call if the encoder takes it there; else leaves the encoder as it was.
fn attempt(
    encoder: &mut Encoder,
    call: impl FnOnce(&mut Encoder) -> Result<(), ValueError>,
) -> bool {
    let mut ahead = encoder.clone();
    let taken = call(&mut ahead).is_ok();
    if taken {
        *encoder = ahead;
    }
    taken
}

/// One of the calls, by number.
fn numbered(encoder: &mut Encoder, call: u8, names: &mut u32) -> bool {
    *names += 1;
    let name = format!(
        "{}{names}",
        ["$", "", "\u{1f600}", "\u{fb33}"][usize::from(call % 4)]
    );
    attempt(encoder, |encoder| match call % 16 {
        0 => encoder.null(),
        1 => encoder.float(f64::from(call)),
        2 => encoder.str(&name),
        3 => encoder.begin_list(),
        4 => encoder.begin_tuple(),
        5 => encoder.begin_set(),
        6 => encoder.begin_dict(),
        7 => encoder.begin_pairs(),
        8 => encoder.begin_object(&name),
        9 => encoder.begin_enum(&name),
        10 => encoder.begin_items(&name, &[u64::from(call / 64)]),
        11 => encoder.begin_series(),
        12 => encoder.begin_table(),
        13 => encoder.complex(f64::NAN, f64::from(call)),
        14 => encoder.key(&name),
        _ => encoder.end(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_values_are_their_canonical_text_in_whatever_order_members_come(value in plain()) {
        let mut encoder = Encoder::new();
        backwards(&mut encoder, &value).unwrap();
        prop_assert_eq!(encoder.finish().unwrap(), value.to_canonical());
    }

    #[test]
    fn sets_and_pairs_do_not_depend_on_the_order_of_calls(
        values in proptest::collection::vec(plain(), 0..6),
    ) {
        let forwards: Vec<&Value> = values.iter().collect();
        let reversed: Vec<&Value> = values.iter().rev().collect();
        prop_assert_eq!(
            in_order(&forwards, Encoder::begin_set),
            in_order(&reversed, Encoder::begin_set)
        );
        let pairs = |values: &[&Value]| {
            let mut twice = Vec::new();
            for value in values {
                twice.extend([*value, *value]);
            }
            in_order(&twice, Encoder::begin_pairs)
        };
        let encoding = pairs(&forwards);
        prop_assert_eq!(&encoding, &pairs(&reversed));
        prop_assert_eq!(Value::parse(&encoding).unwrap().to_canonical(), encoding);
    }

    #[test]
    fn floats_are_told_apart_by_their_bits_but_for_nan_and_integers(a: f64, b: f64) {
        let encode = |value: f64| {
            let mut encoder = Encoder::new();
            encoder.float(value).unwrap();
            encoder.finish().unwrap()
        };
        prop_assume!(!a.is_nan() && !b.is_nan());
        prop_assert_eq!(encode(a) == encode(b), a.to_bits() == b.to_bits());
        prop_assert!(Value::parse(&encode(a)).is_ok());
    }
    #[test]
    fn whatever_calls_are_taken_the_encoding_is_canonical_json(
        calls in proptest::collection::vec(any::<u8>(), 0..60),
    ) {
        let (mut encoder, mut names) = (Encoder::new(), 0);
        for call in calls {
            numbered(&mut encoder, call, &mut names);
        }
        // Closes what is open, with nulls where values are missing.
        while encoder.clone().finish().is_err() {
            let closed = attempt(&mut encoder, Encoder::end);
            prop_assert!(
                closed
                    || attempt(&mut encoder, Encoder::null)
                    || numbered(&mut encoder, 14, &mut names)
            );
        }
        let encoding = encoder.finish().unwrap();
        match Value::parse(&encoding) {
            Ok(read) => prop_assert_eq!(read.to_canonical(), encoding),
            // Values may nest deeper than the JSON of the log.
            Err(error) => prop_assert!(matches!(error, JsonError::Depth { .. }), "{}", error),
        }
    }
}
