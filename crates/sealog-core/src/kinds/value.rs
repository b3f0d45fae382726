//! The walk over a value and its table, both in canonical order.

#![expect(
    clippy::unnecessary_box_returns,
    reason = "errors are rare; boxed, they keep the result of a check that holds in a register"
)]

use alloc::boxed::Box;
use alloc::string::{String, ToString};

use super::error::{Check, SchemaError};
use super::name::Words;
use super::scalar;
use super::table::{FieldDef, Form, Slot, Type};
use crate::json::{Kind, Ref};
use crate::limits::TEXT_BYTES_MAX;

/// One pass over the members and the table. Names are compared for equality only; their order is looked at where
/// something is wrong.
pub(super) fn object<'t, 'a>(
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

pub(super) fn expect(value: Ref<'_, '_>, kind: Kind, expected: &'static str) -> Check {
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
