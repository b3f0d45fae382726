//! The tables as JSON Schema 2020-12, for people and programs that do not run this crate.
//!
//! What a schema cannot say is listed in `docs/formats/kinds.md`: lengths in bytes, rules that compare two values,
//! and the canonical form of the text.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

use super::scalar::DIGEST_ALGORITHMS;
use super::table::{
    FieldDef, Form, KINDS, KindDef, LOG, RECORD, Rule, SCHEMA_VERSION, SIGNATURE, Type, WrittenBy,
};
use crate::json::{Number, Object, Value};
use crate::limits::{
    ID_BYTES_MAX, INTEGER_MAX, PAYLOAD_INLINE_BYTES_MAX, STRING_BYTES_MAX, TEXT_BYTES_MAX,
};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
const LABEL: &str = "[A-Za-z0-9][A-Za-z0-9_-]*";
const TIME: &str = "^(?!0000)(\
    [0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)\
    |02-(0[1-9]|1[0-9]|2[0-8]))\
    |([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29)\
    T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?Z$";
const BASE64: &str = "^([A-Za-z0-9+/]{4})*\
    ([A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?$";

/// The schema of a record, with a definition for the body of each kind that is written.
pub fn record_schema() -> Value {
    let mut definitions = definitions();
    for kind in written_kinds() {
        definitions.insert(format!("body.{}", kind.name()), body(kind));
    }
    let Value::Object(mut schema) = closed_object(RECORD) else {
        return Value::Null;
    };
    schema.insert("$schema", DIALECT);
    schema.insert("$id", id("record"));
    schema.insert("title", "A record of Sealog");
    schema.insert("$defs", definitions);
    schema.insert("allOf", vec![body_by_kind()]);
    Value::Object(schema)
}

/// The schema of an entry: a line of the log. Needs [`record_schema`] beside it.
pub fn entry_schema() -> Value {
    let mut definitions = definitions();
    definitions.insert("log", closed_object(LOG));
    definitions.insert("signature", closed_object(SIGNATURE));
    object([
        ("$schema", DIALECT.into()),
        ("$id", id("entry").into()),
        ("title", "An entry of a Sealog log".into()),
        ("type", "object".into()),
        ("required", vec!["log", "record"].into()),
        ("additionalProperties", false.into()),
        (
            "properties",
            object([
                ("log", reference("log")),
                ("record", object([("$ref", id("record").into())])),
                ("signature", reference("signature")),
            ]),
        ),
        ("$defs", definitions.into()),
    ])
}

/// The name of a schema: nothing is fetched by it.
fn id(part: &str) -> String {
    format!("urn:sealog:schema:{part}:{SCHEMA_VERSION}")
}

fn written_kinds() -> impl Iterator<Item = &'static KindDef> {
    KINDS
        .iter()
        .filter(|kind| kind.written_by() != WrittenBy::Derived)
}

fn definitions() -> Object {
    let digests: Vec<String> = DIGEST_ALGORITHMS
        .iter()
        .map(|(name, digits)| format!("{name}:[0-9a-f]{{{digits}}}"))
        .collect();
    let commitment = "^hmac-sha256:[0-9a-f]{32}:[0-9a-f]{64}$";
    let map = object([
        ("type", "object".into()),
        ("propertyNames", reference("string")),
        (
            "additionalProperties",
            any_of(vec![
                of_type("number"),
                of_type("boolean"),
                reference("string"),
            ]),
        ),
    ]);
    let line = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$";
    Object::from_iter([
        (
            "id",
            pattern(&format!("^[A-Za-z0-9._:/@+-]{{1,{ID_BYTES_MAX}}}$")),
        ),
        ("digest", pattern(&format!("^({})$", digests.join("|")))),
        ("commitment", pattern(commitment)),
        ("time", pattern(TIME)),
        ("integer", integer()),
        ("string", lengths(pattern(line), STRING_BYTES_MAX)),
        ("text", lengths(of_type("string"), TEXT_BYTES_MAX)),
        ("map", map),
    ])
}

/// A record of a kind of the file in a known version has that kind's body.
fn body_by_kind() -> Value {
    let by_kind = written_kinds().map(|kind| {
        let is_kind = object([("kind", object([("const", kind.name().into())]))]);
        let body = reference(&format!("body.{}", kind.name()));
        if_then(properties(is_kind), properties(object([("body", body)])))
    });
    let is_known = object([(
        "schema_version",
        object([("pattern", known_version().into())]),
    )]);
    if_then(
        properties(is_known),
        object([("allOf", by_kind.collect::<Vec<_>>().into())]),
    )
}

/// A regular expression for three numbers that are not beyond [`SCHEMA_VERSION`].
fn known_version() -> String {
    let mut numbers = SCHEMA_VERSION
        .split('.')
        .filter_map(|part| part.parse::<u32>().ok());
    let mut alternatives = Vec::new();
    let mut equal = String::new();
    for rest in ["\\.[0-9]+\\.[0-9]+", "\\.[0-9]+", ""] {
        let number = numbers.next().unwrap_or_default();
        let lower: Vec<String> = (0..number).map(|lower| lower.to_string()).collect();
        if !lower.is_empty() {
            alternatives.push(format!("{equal}0*({}){rest}", lower.join("|")));
        }
        equal.push_str("0*");
        equal.push_str(&number.to_string());
        if !rest.is_empty() {
            equal.push_str("\\.");
        }
    }
    alternatives.push(equal);
    format!("^({})$", alternatives.join("|"))
}

fn body(kind: &'static KindDef) -> Value {
    let Value::Object(mut schema) = closed_object(kind.fields()) else {
        return Value::Null;
    };
    schema.insert("description", kind.description());
    if let Some((keyword, value)) = rule(kind.rule()) {
        schema.insert(keyword, value);
    }
    Value::Object(schema)
}

/// What a schema can say of a rule between fields.
fn rule(rule: Rule) -> Option<(&'static str, Value)> {
    let is = |name: &'static str, value: Value| properties(object([(name, value)]));
    let word = |word: &str| object([("const", word.into())]);
    let only_when = |name, value, fields: &[&str]| {
        let fields = fields.iter().map(|field| required(&[field])).collect();
        if_then(
            object([("not", is(name, word(value)))]),
            object([("not", any_of(fields))]),
        )
    };
    match rule {
        Rule::None | Rule::EpochSealed | Rule::IndexRange | Rule::SeqRange => None,
        Rule::Decision => Some((
            "anyOf",
            vec![
                is("model_state", word("verified")),
                required(&["model_reason"]),
            ]
            .into(),
        )),
        Rule::ConfigChanged => {
            let first = [
                ("prev_config_digest", of_type("null")),
                ("prev_index", of_type("null")),
            ];
            let not_null = || object([("not", of_type("null"))]);
            let later = [
                ("prev_config_digest", not_null()),
                ("prev_index", not_null()),
            ];
            let either = vec![properties(object(first)), properties(object(later))];
            Some(("anyOf", either.into()))
        }
        Rule::LedgerCreated => {
            let continues = pairs([("known_size", "known_root"), ("lost_from", "lost_to")]);
            Some(("allOf", vec![is("continues", continues)].into()))
        }
        Rule::KeyEvent => Some((
            "allOf",
            vec![
                pairs([("successor_vkey", "possession_signature")]),
                only_when("event", "rotated", &["successor_vkey"]),
            ]
            .into(),
        )),
        Rule::LogState => Some((
            "allOf",
            vec![
                only_when("state", "started", &["heartbeat_s", "runtime"]),
                only_when("state", "stopped", &["count"]),
            ]
            .into(),
        )),
    }
}

/// Members of which neither stands without the other.
fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Value {
    let mut dependent = Object::new();
    for (one, other) in pairs {
        dependent.insert(one, vec![other]);
        dependent.insert(other, vec![one]);
    }
    object([("dependentRequired", dependent.into())])
}

fn closed_object(fields: &'static [FieldDef]) -> Value {
    let names = |wanted: fn(&&FieldDef) -> bool| {
        fields
            .iter()
            .filter(wanted)
            .map(FieldDef::name)
            .collect::<Vec<_>>()
    };
    object([
        ("type", "object".into()),
        ("required", names(|field| field.is_required()).into()),
        ("additionalProperties", false.into()),
        (
            "properties",
            Value::Object(
                fields
                    .iter()
                    .map(|field| (field.name(), member(field)))
                    .collect(),
            ),
        ),
    ])
}

fn member(field: &'static FieldDef) -> Value {
    let schema = match field.form() {
        Form::Any => typed(field.of()),
        Form::AnyObject => of_type("object"),
        Form::Kind => kind_name(),
        Form::Hex64 => pattern("^[0-9a-f]{64}$"),
        Form::Hex32 => pattern("^[0-9a-f]{32}$"),
        Form::Uuid7 => {
            pattern("^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
        }
        Form::Version => lengths(pattern("^[0-9]+\\.[0-9]+\\.[0-9]+$"), STRING_BYTES_MAX),
        Form::SignatureBase64 => pattern("^[A-Za-z0-9+/]{86}==$"),
        Form::InlineBase64 => inline(),
        Form::Sha256 => pattern("^sha256:[0-9a-f]{64}$"),
        Form::NotEmpty => with(typed(field.of()), "minItems", 1.into()),
        Form::Counts => object([
            ("type", "object".into()),
            ("propertyNames", reference("string")),
            ("additionalProperties", reference("integer")),
        ]),
        Form::UnitInterval => object([
            ("type", "number".into()),
            ("minimum", 0.into()),
            ("maximum", 1.into()),
        ]),
    };
    let schema = if field.is_nullable() {
        any_of(vec![schema, of_type("null")])
    } else {
        schema
    };
    with(schema, "description", field.meaning().into())
}

fn typed(of: &'static Type) -> Value {
    match of {
        Type::Id => reference("id"),
        Type::Digest => reference("digest"),
        Type::Commitment => reference("commitment"),
        Type::Time => reference("time"),
        Type::Number => of_type("number"),
        Type::Integer => reference("integer"),
        Type::String => reference("string"),
        Type::Text => reference("text"),
        Type::Boolean => of_type("boolean"),
        Type::Enum { values, open } => {
            let listed = object([("enum", values.to_vec().into())]);
            if *open {
                any_of(vec![listed, reverse_domain(1)])
            } else {
                listed
            }
        }
        Type::List(item) => object([("type", "array".into()), ("items", typed(item))]),
        Type::Object(fields) => closed_object(fields),
        Type::Map => reference("map"),
    }
}

/// A kind that is written, or a name of somebody's own.
fn kind_name() -> Value {
    let names: Vec<&str> = written_kinds().map(KindDef::name).collect();
    any_of(vec![object([("enum", names.into())]), reverse_domain(2)])
}

fn reverse_domain(dots_min: usize) -> Value {
    let schema = pattern(&format!("^{LABEL}(\\.{LABEL}){{{dots_min},}}$"));
    with(schema, "maxLength", count(ID_BYTES_MAX))
}

fn inline() -> Value {
    let longest = PAYLOAD_INLINE_BYTES_MAX.div_ceil(3) * 4;
    // Of that length only with padding: without, it would be one byte too long.
    let too_long = object([("minLength", count(longest)), ("pattern", "[^=]$".into())]);
    with(lengths(pattern(BASE64), longest), "not", too_long)
}

fn integer() -> Value {
    object([
        ("type", "integer".into()),
        ("minimum", 0.into()),
        (
            "maximum",
            Number::unsigned(INTEGER_MAX).map_or(Value::Null, Value::Number),
        ),
    ])
}

fn of_type(name: &str) -> Value {
    object([("type", name.into())])
}

fn pattern(expression: &str) -> Value {
    with(of_type("string"), "pattern", expression.into())
}

fn lengths(schema: Value, bytes_max: usize) -> Value {
    with(
        with(schema, "minLength", 1.into()),
        "maxLength",
        count(bytes_max),
    )
}

fn count(count: usize) -> Value {
    u32::try_from(count).map_or(Value::Null, Value::from)
}

fn reference(name: &str) -> Value {
    object([("$ref", format!("#/$defs/{name}").into())])
}

fn any_of(schemas: Vec<Value>) -> Value {
    object([("anyOf", schemas.into())])
}

fn if_then(condition: Value, consequence: Value) -> Value {
    object([("if", condition), ("then", consequence)])
}

fn properties(members: Value) -> Value {
    object([("properties", members)])
}

fn required(names: &[&str]) -> Value {
    object([("required", names.to_vec().into())])
}

fn with(schema: Value, keyword: &str, value: Value) -> Value {
    let mut schema = schema;
    if let Some(members) = schema.as_object_mut() {
        members.insert(keyword, value);
    }
    schema
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().collect())
}
