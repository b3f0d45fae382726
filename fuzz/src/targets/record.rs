//! Records against the table of kinds.

use sealog_core::json::{Tape, Value};
use sealog_core::kinds::check_whole_record;

use super::variant;
use crate::Answer;

/// One valid record of every kind that a record may have, with every member that it may have.
const RECORDS: &str = include_str!("../../testdata/records.jsonl");
/// Bytes of a message at most: it names a place, and shows no more than a name of what stands there.
const MESSAGE_BYTES_MAX: usize = 1_000;

/// Any JSON that can be written canonically is either a record or refused at a place in it.
pub(super) fn record(text: &[u8]) -> Answer {
    let canonical = match Value::parse(text) {
        Ok(value) => value.to_canonical(),
        Err(error) => return variant(&error),
    };
    let mut tape = Tape::new();
    let root = match tape.read(&canonical) {
        Ok(root) => root,
        Err(error) => panic!("canonical, but refused: {error}"),
    };
    match check_whole_record(root) {
        Ok(schema) => format!("accepted {}", variant(&schema)),
        Err(error) => {
            let (path, message) = (error.path(), error.to_string());
            assert!(path.is_empty() || path.starts_with('/'), "{path}");
            assert!(message.len() <= MESSAGE_BYTES_MAX, "{message}");
            assert!(!message.contains(char::is_control), "{message:?}");
            variant(&error)
        }
    }
}

pub(super) fn record_seeds() -> Vec<Vec<u8>> {
    RECORDS
        .lines()
        .map(|line| line.as_bytes().to_vec())
        .collect()
}
