//! Canonical JSON: RFC 8785 and the few rules by which Sealog is stricter (`docs/formats/canonical-json.md`).
//!
//! There are two readers. [`Value::parse`] takes any RFC 8259 text and builds a tree: it stands where records come
//! in. [`Tape`] takes only canonical text, checks every byte of it in one pass and gives views into it: it stands
//! where entries are verified. Both have one notion of what is acceptable: the tape accepts a text exactly if
//! `Value::parse(text)?.to_canonical()` is that text.
//!
//! **What is absent**: integers beyond 2^53 - 1 (written as strings), duplicate keys, lone surrogates, comments,
//! JSON Lines (a text is one value with nothing after it), streaming, and serde.

mod check;
mod error;
mod flat;
mod number;
mod object;
mod order;
mod parse;
mod pointer;
mod scan;
mod tape;
mod utf8;
mod value;
mod write;

pub(crate) use check::{number_end, string_end};
pub use error::JsonError;
pub use flat::{FlatObject, WriteValue};
pub use number::Number;
pub use object::Object;
pub(crate) use order::utf16_order;
pub use pointer::push_pointer;
pub(crate) use scan::first_stop;
pub use tape::{Elements, Kind, Members, Ref, Tape};
pub use value::Value;
pub use write::{write_bool, write_integer, write_null, write_number, write_string};

#[cfg(test)]
mod tests;
