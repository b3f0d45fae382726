//! `anchors.jsonl`: what outsiders said of the log's checkpoints (`docs/formats/anchors.md`), each with the proof that
//! the package's checkpoint extends the one that it is about.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealog_core::entry::Anchor;
use sealog_core::hash::Hash;
use sealog_core::json::{Object, Value};
use sealog_store::{Shelf, Store};

use super::claim::{proof_from, proof_json};
use super::members;
use super::scope::count;
use crate::error::Error;
use crate::verify::anchors;

/// Anchors of a package, at most: the last ones.
pub const ANCHORS_HELD_MAX: usize = 1_000;
/// Bytes of an anchor's proof that a package carries, at most: a note with the lines of many witnesses.
pub const ANCHOR_HELD_BYTES_MAX: usize = 32 * 1024;

/// An anchor as a package holds it; size, root and digest stand in its entry, which the context holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeldAnchor {
    /// Index of its `chain.anchored` entry.
    pub(crate) index: u64,
    /// That the package's checkpoint extends the one that the entry names.
    pub(crate) proof: Vec<Hash>,
    /// What the outsider made, where it is there.
    pub(crate) token: Option<Vec<u8>>,
}

impl HeldAnchor {
    pub(crate) fn to_json(&self) -> Value {
        let token = self.token.as_ref().map(|bytes| STANDARD.encode(bytes));
        let mut json = Object::new();
        json.insert("index", count(self.index));
        json.insert("proof", proof_json(&self.proof));
        json.insert("token", token.map_or(Value::Null, Value::from));
        Value::Object(json)
    }

    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let json = super::canonical(line)?;
        let object = members(&json, &["index", "proof", "token"])?;
        let token = match object.get("token")? {
            Value::Null => None,
            text => Some(STANDARD.decode(text.as_str()?).ok()?),
        };
        if token
            .as_ref()
            .is_some_and(|token| token.len() > ANCHOR_HELD_BYTES_MAX)
        {
            return None;
        }
        Some(Self {
            index: object.get("index")?.as_u64()?,
            proof: proof_from(object.get("proof")?)?,
            token,
        })
    }
}

/// What lies among the anchors of a ledger under an entry's name for it, if it is that and small enough.
pub(super) fn token_of(store: &dyn Store, anchor: &Anchor) -> Result<Option<Vec<u8>>, Error> {
    let Some(digest) = anchor.token else {
        return Ok(None);
    };
    let name = anchors::name(anchor.size, &digest);
    let found = store.fetch(Shelf::Anchors, &name)?;
    Ok(found.filter(|bytes| bytes.len() <= ANCHOR_HELD_BYTES_MAX && Hash::of(&[bytes]) == digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor(bytes: usize) -> HeldAnchor {
        HeldAnchor {
            index: 7,
            proof: vec![Hash::of(&[b"node"])],
            token: Some(vec![1; bytes]),
        }
    }

    #[test]
    fn an_anchor_is_read_as_it_was_written_up_to_its_limit() {
        for held in [
            anchor(0),
            anchor(ANCHOR_HELD_BYTES_MAX),
            HeldAnchor {
                token: None,
                ..anchor(0)
            },
        ] {
            let line = held.to_json().to_canonical();
            assert_eq!(HeldAnchor::parse(&line), Some(held));
        }
        let line = anchor(ANCHOR_HELD_BYTES_MAX + 1).to_json().to_canonical();
        assert_eq!(HeldAnchor::parse(&line), None);
    }

    #[test]
    fn a_line_of_another_form_is_no_anchor() {
        let line = String::from_utf8(anchor(3).to_json().to_canonical()).unwrap();
        assert!(HeldAnchor::parse(line.as_bytes()).is_some());
        for (from, to) in [
            ("\"index\":7", "\"index\":-7"),
            ("\"index\":7", "\"index\":7,\"more\":1"),
            ("\"index\":7,", ""),
            ("\"AQEB\"", "\"AQEB=\""),
            ("\"AQEB\"", "3"),
            ("{", "{ "),
        ] {
            let other = line.replacen(from, to, 1);
            assert_ne!(other, line);
            assert_eq!(HeldAnchor::parse(other.as_bytes()), None, "{other}");
        }
    }
}
