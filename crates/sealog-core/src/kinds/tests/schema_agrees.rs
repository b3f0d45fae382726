//! The published schema, run by a validator of other hands, and the Rust validator say the same of every example and
//! of every small change to one. Where a schema cannot say what Rust checks, it says yes and Rust names the rule.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use jsonschema::{Registry, Validator};

use super::examples::{COMMITMENT, DIGEST, KEY_ID, fields, object, record, remove, set, with};
use super::*;
use crate::json::{Number, Object};
use crate::limits::{INTEGER_MAX, STRING_BYTES_MAX};

/// Rules of Rust that JSON Schema 2020-12 has no words for.
const INEXPRESSIBLE: [&str; 7] = [
    "commitment_key_differs",
    "commitment_not_in_body",
    "commitment_not_sealed",
    "epoch_order",
    "inline_size_differs",
    "range_reversed",
    "system_id_differs",
];

fn serde(value: &Value) -> serde_json::Value {
    serde_json::from_slice(&value.to_canonical()).unwrap()
}

fn record_validator() -> Validator {
    jsonschema::draft202012::new(&serde(&record_schema())).unwrap()
}

/// What both validators said, counted.
#[derive(Debug, Default)]
struct Tally {
    accepted: usize,
    refused: usize,
    rust_only: usize,
}

impl Tally {
    fn compare(&mut self, validator: &Validator, value: &Value, rust: Option<SchemaError>) {
        let schema = validator.is_valid(&serde(value));
        match rust {
            None => {
                assert!(schema, "only the schema refuses {}", text(value));
                self.accepted += 1;
            }
            Some(error) if INEXPRESSIBLE.contains(&error.code()) => {
                assert!(schema, "{error} is not the only fault of {}", text(value));
                self.rust_only += 1;
            }
            Some(error) => {
                assert!(!schema, "only Rust refuses, {error}: {}", text(value));
                self.refused += 1;
            }
        }
    }

    fn record(&mut self, validator: &Validator, record: &Value) {
        self.compare(validator, record, on(record, check_whole_record).err());
    }
}

fn text(value: &Value) -> String {
    let mut text = String::from_utf8(value.to_canonical()).unwrap();
    text.truncate(text.floor_char_boundary(2_000));
    text
}

/// Values of every kind, of which each type takes some and refuses others.
fn probes() -> Vec<Value> {
    let texts = [
        "",
        "a b",
        "two\nlines",
        "tab\there",
        "del\u{7f}",
        "nel\u{85}",
        "ls\u{2028}",
        "größe \u{1f600}",
        "quote\"back\\slash",
        "org.example.own",
        "example.own",
        "2024-02-29T23:59:59Z",
        "2000-02-29T00:00:00.1Z",
        "2100-02-29T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "2026-11-20T24:00:00Z",
        "2026-11-20T23:59:60Z",
        "2026-11-20T09:30:00.1234567890Z",
        "2026-11-20T09:30:00+01:00",
        "aGVsbG8=",
        "aGVsbG9=",
        "1.1.0",
        "1.1.1",
        DIGEST,
        COMMITMENT,
        KEY_ID,
    ];
    let mut probes: Vec<Value> = texts.into_iter().map(Value::from).collect();
    probes.extend(["x".repeat(200), "x".repeat(201)].map(Value::from));
    probes.extend([STRING_BYTES_MAX, STRING_BYTES_MAX + 1].map(|len| "x".repeat(len).into()));
    probes.extend([DIGEST.to_uppercase(), DIGEST.replace(':', ":0")].map(Value::from));
    probes.extend([0.5, -0.5, 1e300].map(|number| Number::finite(number).unwrap().into()));
    probes.push(Number::unsigned(INTEGER_MAX).unwrap().into());
    probes.extend([Value::Null, true.into(), 0.into(), 1.into(), (-1).into()]);
    probes.extend([
        object([]),
        object([("a", 1.into())]),
        object([("a", object([]))]),
    ]);
    probes.extend([Value::Array(Vec::new()), Vec::from([Value::Null]).into()]);
    probes.extend([Vec::from(["a"]).into(), Vec::from([1]).into()]);
    probes
}

/// Pointers to everything inside a value.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut inside = |name: &str, value: &Value| {
        let pointer = format!("{at}/{name}");
        pointers(value, &pointer, found);
        found.push(pointer);
    };
    match value {
        Value::Object(object) => object.iter().for_each(|(name, value)| inside(name, value)),
        Value::Array(list) => {
            list.iter()
                .enumerate()
                .for_each(|(index, value)| inside(&index.to_string(), value));
        }
        _ => {}
    }
}

/// The value with one thing changed, in every way and place.
fn changes(value: &Value, inside: &str, probes: &[Value], mut each: impl FnMut(Value)) {
    let mut places = Vec::new();
    pointers(value, "", &mut places);
    for place in places.iter().filter(|place| place.starts_with(inside)) {
        for probe in probes {
            each(with(value, place, probe.clone()));
        }
        let (parent, name) = place.rsplit_once('/').unwrap();
        if name.parse::<usize>().is_ok() {
            continue;
        }
        let mut without = value.clone();
        remove(&mut without, place);
        each(without);
        for unknown in ["aaa", "zzz"] {
            each(with(value, &format!("{parent}/{unknown}"), true));
        }
    }
}

#[test]
fn every_change_of_every_body_gets_one_verdict() {
    let validator = record_validator();
    let probes = probes();
    let mut tally = Tally::default();
    for kind in all()
        .iter()
        .filter(|kind| kind.written_by() != WrittenBy::Derived)
    {
        for extent in [Extent::Minimal, Extent::Full] {
            let record = record_of(kind.name(), extent);
            tally.record(&validator, &record);
            changes(&record, "/body/", &probes, |record| {
                tally.record(&validator, &record);
            });
        }
    }
    std::println!("checked: bodies against JSON Schema, {tally:?}");
    assert!(
        tally.accepted > 5_000 && tally.refused > 20_000 && tally.rust_only > 100,
        "{tally:?}"
    );
}

#[test]
fn every_change_of_the_envelope_gets_one_verdict() {
    let validator = record_validator();
    let body = object([("input_digest", COMMITMENT.into())]);
    let record = record("org.example.thing", body, Extent::Full);
    let mut tally = Tally::default();
    changes(&record, "/", &probes(), |record| {
        tally.record(&validator, &record);
    });
    assert!(
        tally.accepted > 100 && tally.refused > 500 && tally.rust_only > 10,
        "{tally:?}"
    );
}

#[test]
fn every_change_of_log_and_signature_gets_one_verdict() {
    let record_schema = serde(&record_schema());
    let id = record_schema
        .get("$id")
        .and_then(serde_json::Value::as_str)
        .unwrap()
        .to_string();
    let registry = Registry::new()
        .add(id, &record_schema)
        .unwrap()
        .prepare()
        .unwrap();
    let validator = jsonschema::options()
        .with_registry(&registry)
        .build(&serde(&entry_schema()))
        .unwrap();
    let entry = object([
        ("log", fields(log_fields(), Extent::Full)),
        ("record", record_of("decision", Extent::Minimal)),
        ("signature", fields(signature_fields(), Extent::Full)),
    ]);
    let mut tally = Tally::default();
    let mut compare = |part: &str, check: fn(Ref<'_, '_>) -> Result<(), SchemaError>| {
        changes(&entry, &format!("/{part}/"), &probes(), |entry| {
            let error = on(entry.member(part).unwrap(), check).err();
            tally.compare(&validator, &entry, error);
        });
    };
    compare("log", check_log);
    compare("signature", check_signature);
    assert!(
        tally.accepted > 50 && tally.refused > 500 && tally.rust_only == 0,
        "{tally:?}"
    );
    let mut without = entry.clone();
    remove(&mut without, "/signature");
    assert!(validator.is_valid(&serde(&without)));
    assert!(!validator.is_valid(&serde(&with(&entry, "/hash", "x"))));
    remove(&mut without, "/log");
    assert!(!validator.is_valid(&serde(&without)));
}

#[test]
fn every_version_and_kind_gets_one_verdict() {
    let validator = record_validator();
    let mut tally = Tally::default();
    let mut wrong = record_of("decision", Extent::Minimal);
    set(&mut wrong, "/body/unknown", 1.into());
    for version in [
        "0.0.0", "0.99.99", "1.0.0", "1.0.999", "1.1.0", "01.01.00", "00.2.3", "1.1.1", "1.2.0",
        "1.10.0", "01.02.0", "2.0.0", "10.0.0", "11.0.0", "1.1.10", "1.01.1", "1.1", "1.1.0.0",
    ] {
        tally.record(&validator, &with(&wrong, "/schema_version", version));
    }
    let custom = record(
        "org.example.thing",
        Value::Object(Object::new()),
        Extent::Minimal,
    );
    for kind in [
        "org.example.thing",
        "a.b.c",
        "a.b",
        "A-1.b_2.c-",
        "a..c",
        ".a.b.c",
        "a.b.c.",
        "a.-b.c",
        "decison",
        "chain.checkpoint",
        "a b.c.d",
    ] {
        tally.record(&validator, &with(&custom, "/kind", kind));
        let newer = with(&custom, "/schema_version", "9.0.0");
        tally.record(&validator, &with(&newer, "/kind", kind));
    }
    assert!(tally.accepted > 10 && tally.refused > 20, "{tally:?}");
}

#[test]
fn lengths_in_bytes_are_beyond_a_schema() {
    let validator = record_validator();
    for (field, bytes_max) in [
        ("/body/outcome", STRING_BYTES_MAX),
        ("/body/error", crate::limits::TEXT_BYTES_MAX),
    ] {
        let record = record_of("decision", Extent::Full);
        let longest = with(&record, field, "é".repeat(bytes_max / 2));
        assert_eq!(on(&longest, check_whole_record), Ok(BodySchema::Known));
        assert!(validator.is_valid(&serde(&longest)));
        let longer = with(&record, field, "é".repeat(bytes_max / 2 + 1));
        refused(&longer, field, "wrong_form");
        assert!(validator.is_valid(&serde(&longer)));
        let longer = with(&record, field, "e".repeat(bytes_max + 1));
        assert!(!validator.is_valid(&serde(&longer)));
    }
}

#[test]
fn inline_payloads_of_the_longest_size_get_one_verdict() {
    use base64::Engine as _;
    let validator = record_validator();
    let body = object([("input_digest", COMMITMENT.into())]);
    let record = record("org.example.thing", body, Extent::Full);
    let mut tally = Tally::default();
    for bytes in [1, 2, 3, 32_766, 32_767, 32_768, 32_769, 32_770] {
        let text = base64::engine::general_purpose::STANDARD.encode(alloc::vec![9; bytes]);
        let record = with(&record, "/payloads/0/inline", text);
        let size = Number::unsigned(u64::try_from(bytes).unwrap()).unwrap();
        tally.record(&validator, &with(&record, "/payloads/0/size", size));
    }
    assert_eq!((tally.accepted, tally.refused), (6, 2));
}
