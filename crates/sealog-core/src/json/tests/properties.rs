use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{assert_readers_agree, canonical};
use crate::json::{FlatObject, Number, Object, Tape, Value};
use crate::limits::INTEGER_MAX;

/// Characters at which readers go wrong: escapes, the borders of the UTF-8 lengths and of the surrogates.
const CHARS: [char; 24] = [
    'a',
    'b',
    'z',
    'A',
    '0',
    '9',
    ' ',
    '/',
    '"',
    '\\',
    '\n',
    '\t',
    '\u{0}',
    '\u{1F}',
    '\u{7F}',
    '\u{80}',
    'é',
    '\u{7FF}',
    '€',
    '\u{D7FF}',
    '\u{E000}',
    '\u{FB33}',
    '😀',
    '\u{10_FFFF}',
];

/// Bytes that mean something somewhere in JSON, and a few that never do.
const BYTES: &[u8] =
    b"{}[]:,\"\\/ubfnrte0019.-+E \t\n\r\x00\x1f\x7f\x80\xbf\xc3\xe2\xed\xef\xf0\xff";

fn number() -> impl Strategy<Value = Number> {
    let limit = i64::try_from(INTEGER_MAX).unwrap();
    prop_oneof![
        (-100i32..100).prop_map(Number::from),
        (-limit..=limit).prop_filter_map("range", Number::integer),
        (-(1i64 << 54)..(1 << 54), 0i32..25).prop_filter_map("range", |(digits, places)| {
            Number::finite(format!("{digits}e-{places}").parse().unwrap())
        }),
        any::<u64>().prop_filter_map("range", |bits| Number::finite(f64::from_bits(bits))),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        vec(select(&CHARS[..]), 0..4),
        vec(select(&CHARS[..]), 0..24),
        vec(select(&CHARS[..7]), 0..40)
    ]
    .prop_map(|chars| chars.into_iter().collect())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number().prop_map(Value::Number),
        text().prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 32, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::Array),
            vec((text(), inner), 0..6)
                .prop_map(|members| members.into_iter().collect::<Object>().into()),
        ]
    })
}

/// Few keys, so that they meet again.
fn key() -> impl Strategy<Value = String> {
    select(&["", "a", "b", "ab", "b\"", "b\n", "\u{FB33}", "😀", "z"][..]).prop_map(String::from)
}

#[derive(Debug, Clone)]
enum Change {
    Replace(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Swap(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let byte = || prop_oneof![4 => select(BYTES), 1 => any::<u8>()];
    prop_oneof![
        (any::<Index>(), byte()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (any::<Index>(), byte()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        any::<Index>().prop_map(Change::Remove),
        (any::<Index>(), any::<Index>()).prop_map(|(left, right)| Change::Swap(left, right)),
    ]
}

fn changed(text: &[u8], change: &Change) -> Vec<u8> {
    let mut text = text.to_vec();
    let len = text.len();
    match change {
        Change::Replace(at, byte) => text[at.index(len)] = *byte,
        Change::Insert(at, byte) => text.insert(at.index(len + 1), *byte),
        Change::Remove(at) => drop(text.remove(at.index(len))),
        Change::Swap(left, right) => text.swap(left.index(len), right.index(len)),
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn canonical_text_comes_back_byte_for_byte(value in value()) {
        let text = value.to_canonical();
        prop_assert_eq!(&Value::parse(&text).unwrap(), &value);
        prop_assert_eq!(&canonical(&text).unwrap(), &text);
        let mut tape = Tape::new();
        let root = tape.read(&text).unwrap();
        prop_assert_eq!(root.raw(), text.as_slice());
        prop_assert_eq!(&root.to_value(), &value);
    }

    #[test]
    fn the_tape_accepts_a_changed_text_exactly_if_it_is_canonical(
        value in value(),
        changes in vec(change(), 1..24),
    ) {
        let text = value.to_canonical();
        for change in &changes {
            assert_readers_agree(&changed(&text, change));
        }
        let twice = changes.iter().take(2).fold(text, |text, change| {
            if text.is_empty() { text } else { changed(&text, change) }
        });
        assert_readers_agree(&twice);
    }

    #[test]
    fn the_tape_accepts_a_number_exactly_if_it_is_canonical(
        sign in select(&["", "-"][..]),
        integer in "0|[1-9][0-9]{0,3}|[1-9][0-9]{8,20}",
        fraction in "|[.][0-9]{1,4}|[.]0{0,7}[0-9]{1,19}",
        exponent in "|[eE][+-]?[0-9]{1,3}",
    ) {
        assert_readers_agree(format!("{sign}{integer}{fraction}{exponent}").as_bytes());
    }

    #[test]
    fn keys_are_ordered_as_by_their_utf_16_units(left in text(), right in text()) {
        let units: Ordering = left.encode_utf16().cmp(right.encode_utf16());
        prop_assert_eq!(crate::json::order::utf16_order(left.as_bytes(), right.as_bytes()), units);
        let object: Object = [(left.as_str(), 1), (right.as_str(), 2)].into_iter().collect();
        let keys: Vec<_> = object.iter().map(|(key, _)| key).collect();
        match units {
            Ordering::Less => prop_assert_eq!(keys, [&left, &right]),
            Ordering::Equal => prop_assert_eq!(keys, [&left]),
            Ordering::Greater => prop_assert_eq!(keys, [&right, &left]),
        }
    }

    #[test]
    fn a_flat_object_is_at_each_step_what_the_tree_is(
        steps in vec((any::<bool>(), key(), value()), 0..24),
    ) {
        let (mut flat, mut tree) = (FlatObject::new(), Object::new());
        for (inserts, key, value) in steps {
            if inserts {
                flat.insert(&key, &value);
                tree.insert(key.as_str(), value.clone());
                prop_assert_eq!(flat.raw(&key).unwrap(), value.to_canonical());
                prop_assert_eq!(flat.get(&key), Some(value));
            } else {
                prop_assert_eq!(flat.remove(&key), tree.remove(&key).is_some());
            }
            prop_assert_eq!(flat.contains_key(&key), inserts);
            prop_assert_eq!(flat.len(), tree.len());
            prop_assert_eq!(flat.as_bytes(), Value::Object(tree.clone()).to_canonical());
            prop_assert_eq!(&flat, &FlatObject::from(&tree));
        }
        prop_assert_eq!(flat.to_object(), tree);
    }

    #[test]
    fn another_implementation_writes_the_same_text(value in value()) {
        let text = value.to_canonical();
        let other: serde_json::Value = serde_json::from_slice(&text).unwrap();
        prop_assert_eq!(&serde_json_canonicalizer::to_vec(&other).unwrap(), &text);
        let loose = serde_json::to_vec_pretty(&other).unwrap();
        prop_assert_eq!(&canonical(&loose).unwrap(), &text);
    }
}

/// Calls `visit` with every text of up to `length` bytes out of an alphabet.
fn every_text(alphabet: &[u8], length: usize, visit: &mut impl FnMut(&[u8])) {
    fn extend(text: &mut Vec<u8>, alphabet: &[u8], length: usize, visit: &mut impl FnMut(&[u8])) {
        visit(text);
        if text.len() == length {
            return;
        }
        for byte in alphabet {
            text.push(*byte);
            extend(text, alphabet, length, visit);
            text.pop();
        }
    }
    extend(&mut Vec::new(), alphabet, length, visit);
}

#[test]
fn the_readers_agree_on_every_short_text() {
    let mut accepted = 0;
    let mut visit = |text: &[u8]| {
        assert_readers_agree(text);
        accepted += usize::from(Tape::new().read(text).is_ok());
    };
    every_text(b"{}[]\":,0a", 5, &mut visit);
    every_text(b"-+.0159eE", 5, &mut visit);
    every_text(b"\"\\u0bf/\x1f", 5, &mut visit);
    assert!(accepted > 500, "{accepted}");
}

#[test]
fn the_readers_agree_on_every_change_of_a_single_byte() {
    let text = "{\"\":[],\"a\\n\":{\"k\":-1.25},\"abcdefgh1\":[0.1,9007199254740991,1e-7],\"abcdefgh2\":\
                \"é and 16 plain bytes\",\"😀\":true,\"\u{FB33}\":null}";
    assert_eq!(super::tape_error(text.as_bytes()), None);
    for at in 0..text.len() {
        let mut changed = text.as_bytes().to_vec();
        for byte in 0..=u8::MAX {
            changed[at] = byte;
            assert_readers_agree(&changed);
        }
    }
}
