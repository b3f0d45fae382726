//! What a gate asks for beyond a signature over exactly these files.

use std::path::PathBuf;

use sealog_core::Hash;
use sealog_core::json::{Object, Value};

use super::means::Means;
use super::structure::Structure;
use crate::Error;
use crate::scan::Limits;
use crate::scan::baseline::Baseline;
use crate::sign::Uncovered;

/// A policy. The default asks for a clean scan and reports files that the envelope does not cover, which are not in
/// the copy.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Whether files under ignored paths refute the model.
    pub uncovered: Uncovered,
    /// Findings that somebody accepts.
    pub baseline: Baseline,
    /// How much the scanner reads.
    pub limits: Limits,
    /// What the model has to be.
    pub expectations: Expectations,
    /// Where private copies are made; none: the directory for temporary files.
    pub copies_in: Option<PathBuf>,
    /// By what the bytes that are loaded are those that were checked.
    pub means: Means,
}

/// What a model has to be; what is not stated is not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectations {
    /// Its signed name.
    pub name: Option<String>,
    /// Its signed version.
    pub version: Option<String>,
    /// Its digest.
    pub model_digest: Option<Hash>,
    /// Bytes of all its files at most.
    pub bytes_max: Option<u64>,
    /// Bytes of all its files.
    pub bytes: Option<u64>,
    /// What its files say that it is.
    pub structure: Structure,
}

impl Expectations {
    pub(super) fn hold_size(&self, bytes: u64) -> Result<(), Error> {
        if let Some(expected) = self.bytes.filter(|expected| *expected != bytes) {
            return Err(Error::NotExpected {
                what: "the size of the model's files",
                expected: format!("{expected} bytes"),
                found: format!("{bytes} bytes"),
            });
        }
        match self.bytes_max {
            Some(limit) if bytes > limit => Err(Error::NotExpected {
                what: "the size of the model's files",
                expected: format!("at most {limit} bytes"),
                found: format!("{bytes} bytes"),
            }),
            _ => Ok(()),
        }
    }

    pub(super) fn hold_digest(&self, found: Hash) -> Result<(), Error> {
        match self.model_digest {
            Some(expected) if expected != found => Err(Error::NotExpected {
                what: "the model digest",
                expected: expected.to_string(),
                found: found.to_string(),
            }),
            _ => Ok(()),
        }
    }
}

impl Policy {
    pub(super) fn copies_in(&self) -> PathBuf {
        self.copies_in.clone().unwrap_or_else(std::env::temp_dir)
    }

    /// SHA-256 of what the policy asks for, as canonical JSON: two policies of one digest admit the same models. By
    /// which means is not in it: a record says that beside it.
    pub fn digest(&self) -> Hash {
        let mut object = Object::new();
        let expected = &self.expectations;
        let digest = expected.model_digest.map(|digest| digest.to_string());
        let bytes = expected.bytes_max.map(|bytes| bytes.to_string());
        object.insert("accepted", self.baseline.to_value());
        let exact = expected.bytes.map(|bytes| bytes.to_string());
        object.insert("bytes", Value::from(exact.as_deref()));
        object.insert("bytes_max", Value::from(bytes.as_deref()));
        object.insert("limits", self.limits.to_value());
        object.insert("model_digest", Value::from(digest.as_deref()));
        object.insert("name", Value::from(expected.name.as_deref()));
        object.insert("strict", Value::Bool(self.uncovered == Uncovered::Refuse));
        object.insert("structure", expected.structure.to_value());
        object.insert("version", Value::from(expected.version.as_deref()));
        Hash::of(&[&Value::Object(object).to_canonical()])
    }
}
