//! The manifest of a package: an in-toto statement that names every other member by its digest.

use sealog_core::hash::Hash;
use sealog_core::json::{Object, Value};

use super::scope::{Sample, Scope, count};
use super::{EVIDENCE_FORMAT, MANIFEST, MEMBERS, members};
use crate::index::{self, Query};

/// What the envelope calls its payload.
pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// A name, not an address: nothing is fetched.
const PREDICATE_TYPE: &str = "https://sealog.dev/evidence/v0";
const PREDICATE: [&str; 9] = [
    "covers", "disposed", "entries", "format", "origin", "query", "sample", "scope", "size",
];

/// What a manifest says.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    pub(crate) origin: String,
    /// Entries below the checkpoint.
    pub(crate) size: u64,
    /// Entries up to which the package is complete in its scope.
    pub(crate) covers: u64,
    pub(crate) query: Query,
    pub(crate) sample: Option<Sample>,
    pub(crate) entries: u64,
    pub(crate) disposed: u64,
    /// Digests of the other members, in their order.
    pub(crate) digests: Vec<Hash>,
}

/// Why a text is no manifest.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ManifestError {
    Malformed,
    /// Another version, by its name.
    Newer(String),
}

impl Manifest {
    pub(crate) fn scope(&self) -> Scope {
        Scope::of(&self.query)
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut predicate = Object::new();
        predicate.insert("covers", count(self.covers));
        predicate.insert("disposed", count(self.disposed));
        predicate.insert("entries", count(self.entries));
        predicate.insert("format", EVIDENCE_FORMAT);
        predicate.insert("origin", self.origin.as_str());
        predicate.insert("query", index::query_json(&self.query));
        let sample = self.sample.as_ref().map(Sample::to_json);
        predicate.insert("sample", sample.unwrap_or(Value::Null));
        predicate.insert("scope", self.scope().word());
        predicate.insert("size", count(self.size));
        let subject = MEMBERS.iter().zip(&self.digests).map(|(name, digest)| {
            let mut sha256 = Object::new();
            sha256.insert("sha256", digest.to_hex());
            let mut file = Object::new();
            file.insert("digest", Value::Object(sha256));
            file.insert("name", *name);
            Value::Object(file)
        });
        let mut json = Object::new();
        json.insert("_type", STATEMENT_TYPE);
        json.insert("predicate", Value::Object(predicate));
        json.insert("predicateType", PREDICATE_TYPE);
        json.insert("subject", Value::Array(subject.collect()));
        Value::Object(json)
    }

    pub(crate) fn parse(text: &[u8]) -> Result<Self, ManifestError> {
        let json = super::canonical(text).ok_or(ManifestError::Malformed)?;
        let format = json
            .member("predicate")
            .and_then(|predicate| predicate.member("format"))
            .and_then(Value::as_str);
        if let Some(other) = format.filter(|format| *format != EVIDENCE_FORMAT) {
            return Err(ManifestError::Newer(other.chars().take(64).collect()));
        }
        Self::read(&json).ok_or(ManifestError::Malformed)
    }

    fn read(json: &Value) -> Option<Self> {
        let statement = members(json, &["_type", "predicate", "predicateType", "subject"])?;
        let text = |name: &str| statement.get(name).and_then(Value::as_str);
        if text("_type") != Some(STATEMENT_TYPE) || text("predicateType") != Some(PREDICATE_TYPE) {
            return None;
        }
        let predicate = members(statement.get("predicate")?, &PREDICATE)?;
        if predicate.get("format")?.as_str() != Some(EVIDENCE_FORMAT) {
            return None;
        }
        let number = |name: &str| predicate.get(name).and_then(Value::as_u64);
        let manifest = Self {
            origin: predicate.get("origin")?.as_str()?.into(),
            size: number("size")?,
            covers: number("covers")?,
            query: index::query_from_json(predicate.get("query")?)?,
            sample: match predicate.get("sample")? {
                Value::Null => None,
                sample => Some(Sample::from_json(sample)?),
            },
            entries: number("entries")?,
            disposed: number("disposed")?,
            digests: digests(statement.get("subject")?)?,
        };
        let scope = predicate.get("scope").and_then(Value::as_str);
        let selection = manifest.scope() == Scope::Selection;
        let sound = scope == Some(manifest.scope().word())
            && manifest.covers <= manifest.size
            && (manifest.covers == manifest.size
                || matches!(manifest.scope(), Scope::Stream { .. }))
            && !(selection && (manifest.sample.is_some() || manifest.disposed > 0));
        sound.then_some(manifest)
    }
}

/// The digests of a subject that names every member but the manifest, in their order.
fn digests(subject: &Value) -> Option<Vec<Hash>> {
    let files = subject.as_array()?;
    if files.len() != MANIFEST {
        return None;
    }
    let digest = |(file, name): (&Value, &&str)| {
        let file = members(file, &["digest", "name"])?;
        let digest = members(file.get("digest")?, &["sha256"])?;
        let named = file.get("name").and_then(Value::as_str) == Some(name);
        named.then_some(())?;
        Hash::from_hex(digest.get("sha256")?.as_str()?)
    };
    files.iter().zip(&MEMBERS).map(digest).collect()
}
