//! The walk over a value and its table, both in canonical order.

#![expect(
    clippy::unnecessary_box_returns,
    reason = "errors are rare; boxed, they keep the result of a check that holds in a register"
)]

use core::cmp::Ordering;
use core::str;

use alloc::boxed::Box;
use alloc::string::{String, ToString};

use super::error::{Check, SchemaError};
use super::found::Found;
use super::name::Words;
use super::rules;
use super::scalar;
use super::table::{
    FieldDef, Form, KINDS, KindDef, LOG, RECORD, SCHEMA_VERSION, SIGNATURE, Slot, Type, WrittenBy,
    position,
};
use crate::json::{Kind, Ref};
use crate::limits::TEXT_BYTES_MAX;

/// How far a body was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodySchema {
    /// A kind of the file in a schema of its version or older: checked.
    Known,
    /// A kind of the file in a newer schema: stored unread.
    Newer,
    /// A kind of somebody's own: any object.
    Custom,
}

/// A kind of the file, derived ones included.
pub fn lookup(kind: &str) -> Option<&'static KindDef> {
    position(kind).and_then(|at| KINDS.get(at))
}

/// Every kind of the file, sorted by name.
pub fn all() -> &'static [KindDef] {
    &KINDS
}

/// The members of `record`, in canonical order.
pub const fn record_fields() -> &'static [FieldDef] {
    RECORD
}

/// The members of `log`, in canonical order.
pub const fn log_fields() -> &'static [FieldDef] {
    LOG
}

/// The members of `signature`, in canonical order.
pub const fn signature_fields() -> &'static [FieldDef] {
    SIGNATURE
}

/// Whether it is a kind of somebody's own: a reverse-domain name with at least two dots that is not in the file.
pub fn is_custom(kind: &str) -> bool {
    scalar::is_reverse_domain(kind.as_bytes(), 2) && lookup(kind).is_none()
}

/// Checks the members of a record but for what stands inside its body; commitments that `personal_commitments` names
/// must stand there.
pub fn check_record(record: Ref<'_, '_>) -> Result<(), SchemaError> {
    envelope(record, &mut Found::new(record)).map_err(|error| *error)
}

/// Checks the `log` member of an entry.
pub fn check_log(log: Ref<'_, '_>) -> Result<(), SchemaError> {
    read_log(log, &mut Found::new(log))
}

/// The same, laying aside what a reader needs.
pub(crate) fn read_log<'t, 'a>(
    log: Ref<'t, 'a>,
    found: &mut Found<'t, 'a>,
) -> Result<(), SchemaError> {
    object(LOG, log, |slot, member| found.put(slot, member)).map_err(|error| *error)
}

/// Checks the form of the `signature` member of an entry.
pub fn check_signature(signature: Ref<'_, '_>) -> Result<(), SchemaError> {
    object(SIGNATURE, signature, |_, _| {}).map_err(|error| *error)
}

/// Checks the body of a record of this kind that follows this schema.
///
/// A schema is newer if its three numbers, compared one by one, are beyond [`SCHEMA_VERSION`]; an older one is
/// checked by the present table. Fields only come in, so that records of an older schema follow the newer one.
pub fn check_body(
    kind: &str,
    schema_version: &str,
    body: Ref<'_, '_>,
) -> Result<BodySchema, SchemaError> {
    let check = || match body_table(kind, schema_version)? {
        BodyTable::Unread(_, schema) => {
            expect(body, Kind::Object, "an object")?;
            Ok(schema)
        }
        BodyTable::Kind(def) => {
            known_body(def, body, &mut Found::new(body))?;
            Ok(BodySchema::Known)
        }
    };
    check().map_err(|error: Box<SchemaError>| *error)
}

/// Checks that a body that has a `system_id` has the record's.
pub fn check_system_id(record: Ref<'_, '_>, body: Ref<'_, '_>) -> Result<(), SchemaError> {
    same_system(record.member("system_id"), body.member("system_id")).map_err(|error| *error)
}

/// Checks a whole record: its members, its body and the system that both name. Paths begin at the record.
///
/// The same as [`check_record`], [`check_body`] and, unless the schema is newer, [`check_system_id`], in fewer walks.
pub fn check_whole_record(record: Ref<'_, '_>) -> Result<BodySchema, SchemaError> {
    read_record(record, &mut Walked::new(record)).map(|(_, schema)| schema)
}

/// What the walk over a record laid aside.
#[derive(Debug)]
pub(crate) struct Walked<'t, 'a> {
    pub(crate) record: Found<'t, 'a>,
    /// Of the body of a known kind.
    pub(crate) body: Found<'t, 'a>,
}

impl<'t, 'a> Walked<'t, 'a> {
    pub(crate) const fn new(record: Ref<'t, 'a>) -> Self {
        Self {
            record: Found::new(record),
            body: Found::new(record),
        }
    }
}

/// The same as [`check_whole_record`], laying aside what a reader needs; also gives the kind, if the file has it.
pub(crate) fn read_record<'t, 'a>(
    record: Ref<'t, 'a>,
    walked: &mut Walked<'t, 'a>,
) -> Result<(Option<&'static KindDef>, BodySchema), SchemaError> {
    whole_record(record, walked).map_err(|error| *error)
}

fn whole_record<'t, 'a>(
    record: Ref<'t, 'a>,
    walked: &mut Walked<'t, 'a>,
) -> Check<(Option<&'static KindDef>, BodySchema)> {
    envelope(record, &mut walked.record)?;
    let found = &walked.record;
    let body = found.get(Slot::Body).unwrap_or(record);
    let table = body_table(
        plain(found.get(Slot::Kind)),
        plain(found.get(Slot::SchemaVersion)),
    )
    .map_err(|error| error.within("kind"))?;
    let (def, schema, system_id) = match table {
        BodyTable::Kind(def) => {
            known_body(def, body, &mut walked.body).map_err(|error| error.within("body"))?;
            (
                Some(def),
                BodySchema::Known,
                walked.body.get(Slot::SystemId),
            )
        }
        // What stands in it is not read.
        BodyTable::Unread(def, BodySchema::Newer) => (def, BodySchema::Newer, None),
        BodyTable::Unread(def, schema) => (def, schema, body.member("system_id")),
    };
    same_system(found.get(Slot::SystemId), system_id).map_err(|error| error.within("body"))?;
    Ok((def, schema))
}

fn plain<'a>(value: Option<Ref<'_, 'a>>) -> &'a str {
    value.and_then(Ref::plain_str).unwrap_or_default()
}

/// What a body is checked by.
enum BodyTable {
    Kind(&'static KindDef),
    Unread(Option<&'static KindDef>, BodySchema),
}

/// Errors name the kind.
fn body_table(kind: &str, schema_version: &str) -> Check<BodyTable> {
    let is_newer = schema_version != SCHEMA_VERSION
        && compare_versions(schema_version, SCHEMA_VERSION) == Ordering::Greater;
    let path = String::new();
    match lookup(kind) {
        Some(def) if def.written_by() == WrittenBy::Derived => {
            Err(Box::new(SchemaError::DerivedKind { path }))
        }
        Some(def) if is_newer => Ok(BodyTable::Unread(Some(def), BodySchema::Newer)),
        Some(def) => Ok(BodyTable::Kind(def)),
        None if scalar::is_reverse_domain(kind.as_bytes(), 2) => {
            Ok(BodyTable::Unread(None, BodySchema::Custom))
        }
        None if is_newer => Err(Box::new(SchemaError::NewerKind { path })),
        None => Err(Box::new(SchemaError::UnknownKind { path })),
    }
}

/// Lays what later checks read in `found`: handed in, since returned it would be copied at each level.
fn envelope<'t, 'a>(record: Ref<'t, 'a>, found: &mut Found<'t, 'a>) -> Check {
    object(RECORD, record, |slot, member| found.put(slot, member))?;
    rules::record(found)
}

fn known_body<'t, 'a>(
    def: &'static KindDef,
    body: Ref<'t, 'a>,
    found: &mut Found<'t, 'a>,
) -> Check {
    object(def.fields(), body, |slot, member| found.put(slot, member))?;
    rules::body(def.rule(), body, found)
}

fn same_system(outer: Option<Ref<'_, '_>>, inner: Option<Ref<'_, '_>>) -> Check {
    match (outer, inner) {
        (_, None) => Ok(()),
        (Some(outer), Some(inner)) if outer.raw() == inner.raw() => Ok(()),
        _ => Err(Box::new(SchemaError::SystemId {
            path: String::from("/system_id"),
        })),
    }
}

/// Compares `1.2.3` with `1.10.0` number by number; numbers may have any length.
pub(super) fn compare_versions(left: &str, right: &str) -> Ordering {
    left.split('.')
        .map(number)
        .cmp(right.split('.').map(number))
}

/// Digits in such a form that they compare as their numbers do.
fn number(digits: &str) -> (usize, &str) {
    let digits = digits.trim_start_matches('0');
    (digits.len(), digits)
}

/// One pass over the members and the table. Names are compared for equality only; their order is looked at where
/// something is wrong.
fn object<'t, 'a>(
    fields: &'static [FieldDef],
    value: Ref<'t, 'a>,
    mut put: impl FnMut(Slot, Ref<'t, 'a>),
) -> Check {
    expect(value, Kind::Object, "an object")?;
    let mut rest = fields.iter();
    for (key, member) in value.members() {
        // A key with an escape in it is no name of the table; nor is the empty one.
        let name = key.plain_bytes().unwrap_or_default();
        let words = Words::of(name);
        loop {
            let Some(field) = rest.next() else {
                return Err(unknown(key));
            };
            if field.key().is(words, name) {
                check_field(field, member).map_err(|error| error.within(field.name()))?;
                put(field.slot(), member);
                break;
            }
            if field.is_required() {
                return Err(absent_or_unknown(field, key));
            }
        }
    }
    rest.find(|field| field.is_required())
        .map_or(Ok(()), |field| Err(missing(field)))
}

/// The key is not the required field that comes next: one of the two is at fault.
#[cold]
fn absent_or_unknown(field: &FieldDef, key: Ref<'_, '_>) -> Box<SchemaError> {
    match key.text() {
        Some(name) if *name > *field.name() => missing(field),
        _ => unknown(key),
    }
}

#[cold]
fn missing(field: &FieldDef) -> Box<SchemaError> {
    Box::new(SchemaError::Missing {
        path: String::new(),
    })
    .within(field.name())
}

#[cold]
fn unknown(key: Ref<'_, '_>) -> Box<SchemaError> {
    let name = key.text().unwrap_or_default();
    Box::new(SchemaError::UnknownField {
        path: String::new(),
    })
    .within(&name)
}

pub(super) fn check_field(field: &'static FieldDef, value: Ref<'_, '_>) -> Check {
    if value.is_null() {
        return if field.is_nullable() {
            Ok(())
        } else {
            Err(null())
        };
    }
    match field.form() {
        Form::Any => check_value(field.of(), value),
        form => narrower(form, field, value),
    }
}

/// A value with a narrower form than its type's.
fn narrower(form: Form, field: &'static FieldDef, value: Ref<'_, '_>) -> Check {
    match form {
        Form::Any | Form::Kind => check_value(field.of(), value),
        Form::AnyObject => expect(value, Kind::Object, "an object"),
        Form::Hex64 => string(value, "64 lowercase hex digits", |bytes| {
            scalar::is_hex(bytes, 64)
        }),
        Form::Hex32 => string(value, "32 lowercase hex digits", |bytes| {
            scalar::is_hex(bytes, 32)
        }),
        Form::Uuid7 => string(value, "a lowercase UUID of version 7", scalar::is_uuid7),
        Form::Version => string(
            value,
            "three numbers with points between",
            scalar::is_version,
        ),
        Form::SignatureBase64 => string(value, "a signature in base64", scalar::is_signature),
        Form::InlineBase64 => string(value, "base64 of 1 to 32768 bytes", scalar::is_inline),
        Form::Sha256 => {
            check_value(field.of(), value)?;
            string(value, "a digest by sha256", scalar::is_sha256)
        }
        Form::NotEmpty => {
            check_value(field.of(), value)?;
            if value.is_empty() {
                return Err(Box::new(SchemaError::EmptyList {
                    path: String::new(),
                }));
            }
            Ok(())
        }
        Form::Counts => {
            check_value(field.of(), value)?;
            counts(value)
        }
        Form::UnitInterval => {
            check_value(field.of(), value)?;
            if value
                .f64()
                .is_some_and(|number| (0.0..=1.0).contains(&number))
            {
                return Ok(());
            }
            Err(form_error(value, "a number from 0 to 1"))
        }
    }
}

fn check_value(of: &'static Type, value: Ref<'_, '_>) -> Check {
    match of {
        Type::Id => string(value, "an identifier", scalar::is_id),
        Type::Time => string(value, "a time in UTC", scalar::is_time),
        Type::String => line(value),
        Type::Text => text(value),
        Type::Number => expect(value, Kind::Number, "a number"),
        Type::Integer => {
            expect(value, Kind::Number, "an integer")?;
            if value.u64().is_none() {
                return Err(form_error(value, "an integer from 0 to 2^53 - 1"));
            }
            Ok(())
        }
        Type::Boolean => expect(value, Kind::Bool, "a boolean"),
        Type::Enum { values, open } => enumeration(values, *open, value),
        Type::Digest => {
            if is_plain(value, scalar::is_digest) {
                return Ok(());
            }
            if is_plain(value, scalar::is_commitment) {
                let path = String::new();
                return Err(Box::new(SchemaError::CommitmentForDigest { path }));
            }
            string(value, "a digest", scalar::is_digest)
        }
        Type::Commitment => {
            if is_plain(value, scalar::is_commitment) {
                return Ok(());
            }
            if is_plain(value, scalar::is_digest) {
                let path = String::new();
                return Err(Box::new(SchemaError::BareDigest { path }));
            }
            string(value, "a commitment", scalar::is_commitment)
        }
        Type::List(item) => list(item, value),
        Type::Object(fields) => object(fields, value, |_, _| {}),
        Type::Map => map(value),
    }
}

fn list(item: &'static Type, value: Ref<'_, '_>) -> Check {
    expect(value, Kind::Array, "a list")?;
    for (index, element) in value.elements().enumerate() {
        if element.is_null() {
            return Err(null().within(&index.to_string()));
        }
        check_value(item, element).map_err(|error| error.within(&index.to_string()))?;
    }
    Ok(())
}

/// A flat map from strings to number, string or boolean.
fn map(value: Ref<'_, '_>) -> Check {
    expect(value, Kind::Object, "an object")?;
    for (key, member) in value.members() {
        let checked = match member.kind() {
            Kind::Number | Kind::Bool => Ok(()),
            Kind::String => line(member),
            Kind::Null => Err(null()),
            Kind::Array | Kind::Object => Err(wrong_type(member, "a number, string or boolean")),
        };
        checked
            .and_then(|()| line(key))
            .map_err(|error| error.within(&key.text().unwrap_or_default()))?;
    }
    Ok(())
}

/// The values of a map are counts.
fn counts(value: Ref<'_, '_>) -> Check {
    for (key, member) in value.members() {
        if member.u64().is_none() {
            let error = form_error(member, "an integer from 0 to 2^53 - 1");
            return Err(error.within(&key.text().unwrap_or_default()));
        }
    }
    Ok(())
}

fn enumeration(values: &'static [&'static str], open: bool, value: Ref<'_, '_>) -> Check {
    let is_value = |bytes: &[u8]| values.iter().any(|known| known.as_bytes() == bytes);
    if open {
        string(
            value,
            "one of the values, or a reverse-domain name",
            |bytes| is_value(bytes) || scalar::is_reverse_domain(bytes, 1),
        )
    } else {
        string(value, "one of the values", is_value)
    }
}

/// A string whose form has no character that JSON escapes.
fn string(value: Ref<'_, '_>, expected: &'static str, is_form: impl Fn(&[u8]) -> bool) -> Check {
    if is_plain(value, is_form) {
        return Ok(());
    }
    expect(value, Kind::String, expected)?;
    Err(form_error(value, expected))
}

fn is_plain(value: Ref<'_, '_>, is_form: impl Fn(&[u8]) -> bool) -> bool {
    value.plain_bytes().is_some_and(is_form)
}

fn line(value: Ref<'_, '_>) -> Check {
    const EXPECTED: &str = "one line of 1 to 1024 bytes";
    // Nothing escaped and nothing outside ASCII: the ordinary case, judged without building a text.
    if value.plain_bytes().is_some_and(scalar::is_plain_line)
        || value.text().is_some_and(|text| scalar::is_line(&text))
    {
        return Ok(());
    }
    expect(value, Kind::String, EXPECTED)?;
    Err(form_error(value, EXPECTED))
}

fn text(value: Ref<'_, '_>) -> Check {
    const EXPECTED: &str = "text of 1 to 32768 bytes";
    let text = value.text();
    if text.is_some_and(|text| !text.is_empty() && text.len() <= TEXT_BYTES_MAX) {
        return Ok(());
    }
    expect(value, Kind::String, EXPECTED)?;
    Err(form_error(value, EXPECTED))
}

fn expect(value: Ref<'_, '_>, kind: Kind, expected: &'static str) -> Check {
    if value.kind() == kind {
        Ok(())
    } else {
        Err(wrong_type(value, expected))
    }
}

#[cold]
fn wrong_type(value: Ref<'_, '_>, expected: &'static str) -> Box<SchemaError> {
    let found = match value.kind() {
        Kind::Null => "null",
        Kind::Bool => "a boolean",
        Kind::Number => "a number",
        Kind::String => "a string",
        Kind::Array => "a list",
        Kind::Object => "an object",
    };
    Box::new(SchemaError::WrongType {
        path: String::new(),
        expected,
        found,
    })
}

#[cold]
fn null() -> Box<SchemaError> {
    Box::new(SchemaError::Null {
        path: String::new(),
    })
}

#[cold]
fn form_error(value: Ref<'_, '_>, expected: &'static str) -> Box<SchemaError> {
    Box::new(SchemaError::Form {
        path: String::new(),
        expected,
        bytes: value.raw().len(),
    })
}
