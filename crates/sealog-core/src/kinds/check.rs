//! The walk over a value and its table, both in canonical order.

use core::cmp::Ordering;
use core::str;

use alloc::string::{String, ToString};

use super::error::SchemaError;
use super::rules;
use super::scalar;
use super::table::{
    FieldDef, Form, KINDS, KindDef, LOG, RECORD, SCHEMA_VERSION, SIGNATURE, Type, WrittenBy,
    position,
};
use crate::json::{Kind, Ref};
use crate::limits::TEXT_BYTES_MAX;

type Check = Result<(), SchemaError>;

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
    object(RECORD, record)?;
    rules::record(record)
}

/// Checks the `log` member of an entry.
pub fn check_log(log: Ref<'_, '_>) -> Result<(), SchemaError> {
    object(LOG, log)
}

/// Checks the form of the `signature` member of an entry.
pub fn check_signature(signature: Ref<'_, '_>) -> Result<(), SchemaError> {
    object(SIGNATURE, signature)
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
    let is_newer = compare_versions(schema_version, SCHEMA_VERSION) == Ordering::Greater;
    let path = String::new;
    let Some(def) = lookup(kind) else {
        return if scalar::is_reverse_domain(kind.as_bytes(), 2) {
            expect(body, Kind::Object, "an object").map(|()| BodySchema::Custom)
        } else if is_newer {
            Err(SchemaError::NewerKind { path: path() })
        } else {
            Err(SchemaError::UnknownKind { path: path() })
        };
    };
    if def.written_by() == WrittenBy::Derived {
        return Err(SchemaError::DerivedKind { path: path() });
    }
    if is_newer {
        return expect(body, Kind::Object, "an object").map(|()| BodySchema::Newer);
    }
    object(def.fields(), body)?;
    rules::body(def.rule(), body)?;
    Ok(BodySchema::Known)
}

/// Checks that a body that has a `system_id` has the record's.
pub fn check_system_id(record: Ref<'_, '_>, body: Ref<'_, '_>) -> Result<(), SchemaError> {
    let Some(inner) = body.member("system_id") else {
        return Ok(());
    };
    match record.member("system_id") {
        Some(outer) if outer.raw() == inner.raw() => Ok(()),
        _ => Err(SchemaError::SystemId {
            path: String::from("/system_id"),
        }),
    }
}

/// Checks a whole record: its members, its body and the system that both name. Paths begin at the record.
pub fn check_whole_record(record: Ref<'_, '_>) -> Result<BodySchema, SchemaError> {
    check_record(record)?;
    let (mut body, mut kind, mut version) = (record, "", "");
    for (key, value) in record.members() {
        match key.plain_bytes() {
            Some(b"body") => body = value,
            Some(b"kind") => kind = value.plain_str().unwrap_or_default(),
            Some(b"schema_version") => version = value.plain_str().unwrap_or_default(),
            _ => {}
        }
    }
    let schema = check_body(kind, version, body).map_err(|error| match error {
        SchemaError::UnknownKind { .. }
        | SchemaError::NewerKind { .. }
        | SchemaError::DerivedKind { .. } => error.within("kind"),
        _ => error.within("body"),
    })?;
    if schema != BodySchema::Newer {
        check_system_id(record, body).map_err(|error| error.within("body"))?;
    }
    Ok(schema)
}

/// Compares `1.2.3` with `1.10.0` number by number; numbers may have any length.
pub(super) fn compare_versions(left: &str, right: &str) -> Ordering {
    let number = |part: &str| {
        let digits = part.trim_start_matches('0').to_string();
        (digits.len(), digits)
    };
    left.split('.')
        .map(number)
        .cmp(right.split('.').map(number))
}

/// One pass over the members and the table. Names are compared for equality only; their order is looked at where
/// something is wrong.
fn object(fields: &'static [FieldDef], value: Ref<'_, '_>) -> Check {
    expect(value, Kind::Object, "an object")?;
    let mut rest = fields.iter();
    for (key, member) in value.members() {
        let name = key.plain_bytes();
        loop {
            let Some(field) = rest.next() else {
                return Err(unknown(key));
            };
            if name == Some(field.name().as_bytes()) {
                check_field(field, member).map_err(|error| error.within(field.name()))?;
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
fn absent_or_unknown(field: &FieldDef, key: Ref<'_, '_>) -> SchemaError {
    match key.text() {
        Some(name) if *name > *field.name() => missing(field),
        _ => unknown(key),
    }
}

#[cold]
fn missing(field: &FieldDef) -> SchemaError {
    SchemaError::Missing {
        path: String::new(),
    }
    .within(field.name())
}

#[cold]
fn unknown(key: Ref<'_, '_>) -> SchemaError {
    let name = key.text().unwrap_or_default();
    SchemaError::UnknownField {
        path: String::new(),
    }
    .within(&name)
}

fn check_field(field: &'static FieldDef, value: Ref<'_, '_>) -> Check {
    if value.is_null() {
        return if field.is_nullable() {
            Ok(())
        } else {
            Err(SchemaError::Null {
                path: String::new(),
            })
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
                return Err(SchemaError::EmptyList {
                    path: String::new(),
                });
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
        Type::Digest => match string(value, "a digest", scalar::is_digest) {
            Err(SchemaError::Form { path, .. }) if is_plain(value, scalar::is_commitment) => {
                Err(SchemaError::CommitmentForDigest { path })
            }
            result => result,
        },
        Type::Commitment => match string(value, "a commitment", scalar::is_commitment) {
            Err(SchemaError::Form { path, .. }) if is_plain(value, scalar::is_digest) => {
                Err(SchemaError::BareDigest { path })
            }
            result => result,
        },
        Type::List(item) => list(item, value),
        Type::Object(fields) => object(fields, value),
        Type::Map => map(value),
    }
}

fn list(item: &'static Type, value: Ref<'_, '_>) -> Check {
    expect(value, Kind::Array, "a list")?;
    for (index, element) in value.elements().enumerate() {
        if element.is_null() {
            let path = String::new();
            return Err(SchemaError::Null { path }.within(&index.to_string()));
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
            Kind::Null => Err(SchemaError::Null {
                path: String::new(),
            }),
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
fn wrong_type(value: Ref<'_, '_>, expected: &'static str) -> SchemaError {
    let found = match value.kind() {
        Kind::Null => "null",
        Kind::Bool => "a boolean",
        Kind::Number => "a number",
        Kind::String => "a string",
        Kind::Array => "a list",
        Kind::Object => "an object",
    };
    SchemaError::WrongType {
        path: String::new(),
        expected,
        found,
    }
}

#[cold]
fn form_error(value: Ref<'_, '_>, expected: &'static str) -> SchemaError {
    SchemaError::Form {
        path: String::new(),
        expected,
        bytes: value.raw().len(),
    }
}
