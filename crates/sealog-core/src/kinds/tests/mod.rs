//! Tests of the kinds: what each sentence of `kinds.json` refuses, and that Rust and the published JSON Schema agree.

mod envelope;
pub(crate) mod examples;
mod published;
mod schema_agrees;
mod sentences;

use super::*;
use crate::json::{Ref, Tape, Value};
use examples::Extent;

/// Runs a check on a tree.
fn on<T>(value: &Value, check: impl FnOnce(Ref<'_, '_>) -> T) -> T {
    let bytes = value.to_canonical();
    let mut tape = Tape::new();
    check(tape.read(&bytes).unwrap())
}

/// Path and code of what a whole record is refused for.
#[track_caller]
fn refused(record: &Value, path: &str, code: &str) {
    let error = on(record, check_whole_record).unwrap_err();
    assert_eq!((error.path(), error.code()), (path, code), "{error}");
    assert_eq!(error.kind(), crate::ErrorKind::Malformed);
}

#[track_caller]
fn accepted(record: &Value) {
    assert_eq!(on(record, check_whole_record), Ok(BodySchema::Known));
}

/// A valid record of a kind.
fn record_of(kind: &str, extent: Extent) -> Value {
    let body = examples::body(lookup(kind).unwrap(), extent);
    examples::record(kind, body, Extent::Minimal)
}

#[test]
fn every_kind_has_valid_examples() {
    for kind in all()
        .iter()
        .filter(|kind| kind.written_by() != WrittenBy::Derived)
    {
        for extent in [Extent::Minimal, Extent::Full] {
            let record = record_of(kind.name(), extent);
            let result = on(&record, check_whole_record);
            assert_eq!(result, Ok(BodySchema::Known), "{} {extent:?}", kind.name());
        }
    }
}

#[test]
fn every_kind_of_the_table_is_found_and_no_other() {
    for kind in all() {
        assert!(core::ptr::eq(lookup(kind.name()).unwrap(), kind));
        assert!(lookup(&alloc::format!("{}x", kind.name())).is_none());
    }
    assert!(all().is_sorted_by_key(KindDef::name));
    assert!(lookup("").is_none());
}
