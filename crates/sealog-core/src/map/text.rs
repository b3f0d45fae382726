//! The canonical JSON of a proof, as it stands in evidence packages.

use alloc::vec::Vec;

use super::{MapError, MapProof, Terminal};
use crate::Hash;
use crate::json::{Object, Value};
use crate::limits::MAP_SIBLINGS_MAX;

impl MapProof {
    /// The proof as JSON: `{"siblings":[..]}` for presence; with `"leaf":null` for absence by an empty subtree, with
    /// `"leaf":{"key":..,"value":..}` for absence by another key's leaf.
    pub fn to_json(&self) -> Value {
        let mut proof = Object::new();
        match self.terminal() {
            Terminal::Present => {}
            Terminal::Empty => {
                proof.insert("leaf", Value::Null);
            }
            Terminal::Other { key, value_hash } => {
                let mut leaf = Object::new();
                leaf.insert("key", Value::String(key.to_hex()));
                leaf.insert("value", Value::String(value_hash.to_hex()));
                proof.insert("leaf", Value::Object(leaf));
            }
        }
        let siblings = self.siblings().iter();
        let siblings = siblings
            .map(|sibling| Value::String(sibling.to_hex()))
            .collect();
        proof.insert("siblings", Value::Array(siblings));
        Value::Object(proof)
    }

    /// Reads what [`to_json`](Self::to_json) writes, and nothing else.
    ///
    /// # Errors
    /// Refused are: other, missing or further members, what is not 64 lowercase hex digits, and more siblings than
    /// [`MAP_SIBLINGS_MAX`]. Whether the proof makes sense is for verification to say.
    pub fn from_json(proof: &Value) -> Result<Self, MapError> {
        let siblings = array(member(proof, "siblings")?)?;
        let (members, terminal) = match proof.member("leaf") {
            None => (1, Terminal::Present),
            Some(Value::Null) => (2, Terminal::Empty),
            Some(leaf) => {
                let key = hash(member(leaf, "key")?)?;
                let value_hash = hash(member(leaf, "value")?)?;
                exactly(leaf, 2)?;
                (2, Terminal::Other { key, value_hash })
            }
        };
        exactly(proof, members)?;
        Ok(Self::new(siblings, terminal))
    }
}

fn member<'a>(value: &'a Value, name: &'static str) -> Result<&'a Value, MapError> {
    value.member(name).ok_or(MapError::Text { expected: name })
}

fn exactly(value: &Value, members: usize) -> Result<(), MapError> {
    if value
        .as_object()
        .is_some_and(|object| object.len() == members)
    {
        Ok(())
    } else {
        Err(MapError::Text {
            expected: "no further member",
        })
    }
}

fn array(value: &Value) -> Result<Vec<Hash>, MapError> {
    let siblings = value.as_array().ok_or(MapError::Text {
        expected: "an array of siblings",
    })?;
    if siblings.len() > MAP_SIBLINGS_MAX {
        return Err(MapError::TooManySiblings {
            max: MAP_SIBLINGS_MAX,
            found: siblings.len(),
        });
    }
    siblings.iter().map(hash).collect()
}

fn hash(value: &Value) -> Result<Hash, MapError> {
    value
        .as_str()
        .and_then(Hash::from_hex)
        .ok_or(MapError::Text {
            expected: "64 lowercase hex digits",
        })
}
