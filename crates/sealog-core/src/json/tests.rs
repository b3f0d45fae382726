//! Known answers, refusing cases and properties of both readers.

mod document;
mod known;
mod object;
mod parts;
mod properties;
mod refused;
mod views;

use alloc::string::String;
use alloc::vec::Vec;

use super::{JsonError, Tape, Value};

/// What the tape says to a text.
fn tape_error(text: &[u8]) -> Option<JsonError> {
    Tape::new().read(text).err()
}

/// The canonical text of what `Value::parse` makes of a text.
fn canonical(text: &[u8]) -> Result<Vec<u8>, JsonError> {
    Value::parse(text).map(|value| value.to_canonical())
}

/// The relation on which everything rests: the tape accepts a text exactly if it is its own canonical form.
fn assert_readers_agree(text: &[u8]) {
    let accepted = tape_error(text);
    let is_canonical = canonical(text).is_ok_and(|canonical| canonical == text);
    let shown = String::from_utf8_lossy(text);
    assert_eq!(
        accepted.is_none(),
        is_canonical,
        "{shown:?}: the tape says {accepted:?}"
    );
    if let Some(error) = accepted {
        assert!(error.offset() <= text.len(), "{shown:?}: {error:?}");
    }
}
