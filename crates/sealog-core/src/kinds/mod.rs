//! Record kinds: what `kinds.json` says, compiled into tables, and the check of entries against them
//! (`docs/formats/kinds.md`).
//!
//! The members of canonical JSON come sorted and so do the tables, so that a check is one walk over both.
//!
//! **What is absent**: rules that need another entry or the log itself, and the content of payloads.

mod check;
mod error;
mod found;
mod name;
mod rules;
mod scalar;
mod schema;
mod shape;
mod table;
mod value;

pub use check::{
    BodySchema, all, check_body, check_log, check_record, check_signature, check_system_id,
    check_whole_record, is_custom, log_fields, lookup, record_fields, signature_fields,
};
pub(crate) use check::{Walked, read_log, read_record};
pub use error::SchemaError;
pub(crate) use found::Found;
pub use scalar::is_id;
pub use schema::{entry_schema, record_schema};
pub(crate) use shape::{Part, Shape};
pub(crate) use table::Slot;
pub use table::{FieldDef, KindDef, Personal, SCHEMA_VERSION, Type, WrittenBy};

#[cfg(test)]
pub(crate) mod tests;
