//! Valid values for every field of the tables, and small changes of JSON trees.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

use super::super::table::{FieldDef, Form, KindDef, Type};
use super::super::{SCHEMA_VERSION, record_fields};
use crate::json::{Number, Object, Value};

pub(super) const DIGEST: &str =
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
pub(super) const COMMITMENT: &str = "hmac-sha256:00112233445566778899aabbccddeeff:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
pub(super) const KEY_ID: &str = "00112233445566778899aabbccddeeff";

/// Which fields an example has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The required ones.
    Minimal,
    /// All of them.
    Full,
}

/// A valid body of the kind, the rules between fields included.
pub(crate) fn body(kind: &KindDef, extent: Extent) -> Value {
    let mut body = fields(kind.fields(), extent);
    match (kind.name(), extent) {
        ("decision", Extent::Minimal) => set(&mut body, "/model_state", "verified".into()),
        // A range of one, in every pair of first and last.
        ("key.event", Extent::Full) => set(&mut body, "/event", "rotated".into()),
        ("log.state", Extent::Full) => remove(&mut body, "/count"),
        ("epoch.sealed", _) => set(&mut body, "/prev_epoch", Value::Null),
        _ => {}
    }
    body
}

/// A valid record that holds the body.
pub(crate) fn record(kind: &str, body: Value, extent: Extent) -> Value {
    let mut record = fields(record_fields(), extent);
    set(&mut record, "/kind", kind.into());
    set(&mut record, "/schema_version", SCHEMA_VERSION.into());
    let system = body.member("system_id").cloned();
    set(
        &mut record,
        "/system_id",
        system.unwrap_or_else(|| "credit-scoring".into()),
    );
    set(&mut record, "/body", body);
    if extent == Extent::Full {
        // A custom body that holds the commitment named.
        set(
            &mut record,
            "/personal_commitments/0/field",
            "/input_digest".into(),
        );
    }
    record
}

/// An object with the fields of a table.
pub(super) fn fields(table: &[FieldDef], extent: Extent) -> Value {
    let wanted = |field: &&FieldDef| field.is_required() || extent == Extent::Full;
    let members = table.iter().filter(wanted);
    Value::Object(
        members
            .map(|field| (field.name(), value(field, extent)))
            .collect(),
    )
}

fn value(field: &FieldDef, extent: Extent) -> Value {
    match field.form() {
        Form::Hex64 => "ab".repeat(32).into(),
        Form::Hex32 => "ab".repeat(16).into(),
        Form::Uuid7 => "01890a5d-ac96-774b-bcce-b302099a8057".into(),
        Form::Version => SCHEMA_VERSION.into(),
        Form::SignatureBase64 => format!("{}==", "A".repeat(86)).into(),
        Form::InlineBase64 => "aGVsbG8=".into(),
        Form::UnitInterval => Value::Number(Number::finite(0.25).unwrap()),
        Form::AnyObject => object([]),
        Form::Counts => object([("email", 2.into()), ("iban", 0.into())]),
        Form::Kind => "org.example.thing".into(),
        Form::Any | Form::Sha256 | Form::NotEmpty => match (field.name(), field.of()) {
            ("key_id", Type::Id) => KEY_ID.into(),
            // The length of the inline example.
            ("size", Type::Integer) => 5.into(),
            (_, of) => of_type(of, extent),
        },
    }
}

fn of_type(of: &Type, extent: Extent) -> Value {
    match of {
        Type::Id => "org.example/Thing_1:v2@host+a-b".into(),
        Type::Digest => DIGEST.into(),
        Type::Commitment => COMMITMENT.into(),
        Type::Time => "2026-11-20T09:30:00.123456789Z".into(),
        Type::Number => Value::Number(Number::finite(-0.5).unwrap()),
        Type::Integer => 7.into(),
        Type::String => "Größe \"3\"".into(),
        Type::Text => "two\nlines".into(),
        Type::Boolean => true.into(),
        Type::Enum { values, .. } => (*values.first().unwrap()).into(),
        Type::List(item) => vec![of_type(item, extent)].into(),
        Type::Object(table) => fields(table, extent),
        Type::Map => object([
            ("amount", Value::Number(Number::finite(1.5).unwrap())),
            ("count", (-3).into()),
            ("name", "x".into()),
            ("on", false.into()),
        ]),
    }
}

pub(super) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().collect::<Object>())
}

/// Puts a value where the pointer says; lists are left as they are but for existing elements.
pub(super) fn set(root: &mut Value, pointer: &str, new: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match at(root, parent) {
        Value::Object(object) => {
            object.insert(name, new);
        }
        Value::Array(list) => {
            *list.get_mut(name.parse::<usize>().unwrap()).unwrap() = new;
        }
        other => panic!("{pointer}: {other:?} has no members"),
    }
}

/// Takes a member out.
pub(super) fn remove(root: &mut Value, pointer: &str) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    at(root, parent)
        .as_object_mut()
        .unwrap()
        .remove(name)
        .unwrap();
}

pub(super) fn with(root: &Value, pointer: &str, new: impl Into<Value>) -> Value {
    let mut changed = root.clone();
    set(&mut changed, pointer, new.into());
    changed
}

pub(super) fn without(root: &Value, pointer: &str) -> Value {
    let mut changed = root.clone();
    remove(&mut changed, pointer);
    changed
}

fn at<'v>(root: &'v mut Value, pointer: &str) -> &'v mut Value {
    let tokens: Vec<String> = pointer
        .split('/')
        .skip(1)
        .map(ToString::to_string)
        .collect();
    let mut value = root;
    for token in tokens {
        value = match value {
            Value::Object(object) => object.get_mut(&token).unwrap(),
            Value::Array(list) => list.get_mut(token.parse::<usize>().unwrap()).unwrap(),
            other => panic!("{pointer}: nothing inside {other:?}"),
        };
    }
    value
}
