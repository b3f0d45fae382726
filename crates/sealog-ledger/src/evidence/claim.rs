//! What a package claims to be complete in: `completeness.json`, and the lines of `consistency.jsonl`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealog_core::hash::Hash;
use sealog_core::json::{Object, Value};
use sealog_core::limits::PROOF_HASHES_MAX;
use sealog_core::map::MapProof;

use super::members;
use super::scope::count;

/// An entry of the scope that was disposed of: what is left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gone {
    pub(crate) index: u64,
    pub(crate) rank: u64,
    pub(crate) leaf: Hash,
    pub(crate) proof: Vec<Hash>,
}

/// The end of a stream, as an epoch of the log committed to it.
#[derive(Debug, Clone)]
pub(crate) struct StreamEnd {
    /// Index of the epoch.
    pub(crate) epoch: u64,
    pub(crate) proof: MapProof,
    /// The value in the state map; none: the stream has no entry.
    pub(crate) value: Option<Value>,
}

/// `completeness.json`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claim {
    /// Index of the last entry of the scope before the period.
    pub(crate) before: Option<u64>,
    /// Index of the first entry of the scope after the period.
    pub(crate) after: Option<u64>,
    /// The ranks that the package holds, from the first on and before the second; none of a selection.
    pub(crate) ranks: Option<(u64, u64)>,
    pub(crate) gone: Vec<Gone>,
    pub(crate) end: Option<StreamEnd>,
}

const CLAIM: [&str; 5] = ["after", "before", "disposed", "ranks", "stream_end"];

impl Claim {
    pub(crate) fn to_json(&self) -> Value {
        let index = |index: Option<u64>| index.map_or(Value::Null, count);
        let gone = self.gone.iter().map(|gone| {
            let mut json = Object::new();
            json.insert("index", count(gone.index));
            json.insert("leaf", gone.leaf.to_hex());
            json.insert("proof", proof_json(&gone.proof));
            json.insert("rank", count(gone.rank));
            Value::Object(json)
        });
        let end = self.end.as_ref().map(|end| {
            let mut json = Object::new();
            json.insert("epoch", count(end.epoch));
            json.insert("proof", end.proof.to_json());
            json.insert("value", end.value.clone().unwrap_or(Value::Null));
            Value::Object(json)
        });
        let ranks = self
            .ranks
            .map(|(first, end)| Value::Array(vec![count(first), count(end)]));
        let mut json = Object::new();
        json.insert("after", index(self.after));
        json.insert("before", index(self.before));
        json.insert("disposed", Value::Array(gone.collect()));
        json.insert("ranks", ranks.unwrap_or(Value::Null));
        json.insert("stream_end", end.unwrap_or(Value::Null));
        Value::Object(json)
    }

    pub(crate) fn from_json(json: &Value) -> Option<Self> {
        let object = members(json, &CLAIM)?;
        Some(Self {
            before: index(object.get("before")?).ok()?,
            after: index(object.get("after")?).ok()?,
            ranks: match object.get("ranks")? {
                Value::Null => None,
                ranks => match ranks.as_array()? {
                    [first, end] => Some((first.as_u64()?, end.as_u64()?)),
                    _ => return None,
                },
            },
            gone: object
                .get("disposed")?
                .as_array()?
                .iter()
                .map(gone)
                .collect::<Option<_>>()?,
            end: match object.get("stream_end")? {
                Value::Null => None,
                end => Some(stream_end(end)?),
            },
        })
    }
}

/// An index or null; anything else is no claim.
fn index(json: &Value) -> Result<Option<u64>, ()> {
    match json {
        Value::Null => Ok(None),
        number => number.as_u64().map(Some).ok_or(()),
    }
}

fn gone(json: &Value) -> Option<Gone> {
    let object = members(json, &["index", "leaf", "proof", "rank"])?;
    Some(Gone {
        index: object.get("index")?.as_u64()?,
        rank: object.get("rank")?.as_u64()?,
        leaf: Hash::from_hex(object.get("leaf")?.as_str()?)?,
        proof: proof_from(object.get("proof")?)?,
    })
}

fn stream_end(json: &Value) -> Option<StreamEnd> {
    let object = members(json, &["epoch", "proof", "value"])?;
    Some(StreamEnd {
        epoch: object.get("epoch")?.as_u64()?,
        proof: MapProof::from_json(object.get("proof")?).ok()?,
        value: match object.get("value")? {
            Value::Null => None,
            value => Some(head(value)?),
        },
    })
}

/// The map's value of a stream, in its form.
fn head(json: &Value) -> Option<Value> {
    let object = members(
        json,
        &["first_index", "head_index", "head_leaf", "next_seq"],
    )?;
    for name in ["first_index", "head_index", "next_seq"] {
        object.get(name)?.as_u64()?;
    }
    Hash::from_hex(object.get("head_leaf")?.as_str()?)?;
    Some(json.clone())
}

/// A checkpoint of the log's past, with the proof that the package's checkpoint extends it.
#[derive(Debug, Clone)]
pub(crate) struct Earlier {
    pub(crate) note: String,
    pub(crate) proof: Vec<Hash>,
}

impl Earlier {
    pub(crate) fn to_json(&self) -> Value {
        let mut json = Object::new();
        json.insert("checkpoint", self.note.as_str());
        json.insert("proof", proof_json(&self.proof));
        Value::Object(json)
    }

    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let json = super::canonical(line)?;
        let object = members(&json, &["checkpoint", "proof"])?;
        Some(Self {
            note: object.get("checkpoint")?.as_str()?.into(),
            proof: proof_from(object.get("proof")?)?,
        })
    }
}

pub(super) fn proof_json(proof: &[Hash]) -> Value {
    let hash = |hash: &Hash| Value::from(STANDARD.encode(hash.as_bytes()));
    Value::Array(proof.iter().map(hash).collect())
}

pub(super) fn proof_from(json: &Value) -> Option<Vec<Hash>> {
    let hashes = json.as_array()?;
    if hashes.len() > PROOF_HASHES_MAX {
        return None;
    }
    let hash = |json: &Value| Hash::from_slice(&STANDARD.decode(json.as_str()?).ok()?);
    hashes.iter().map(hash).collect()
}
