//! The checks of whole members: of a record, its body, and what the log writes.

use core::cmp::Ordering;
use core::str;

use alloc::boxed::Box;
use alloc::string::String;

use super::error::{Check, SchemaError};
use super::found::Found;
use super::rules;
use super::scalar;
use super::table::{
    FieldDef, KINDS, KindDef, LOG, RECORD, SCHEMA_VERSION, SIGNATURE, Slot, WrittenBy, position,
};
use super::value::{expect, object};
use crate::json::{Kind, Ref};

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
