//! Evidence packages: one file for somebody who is to check entries without the ledger (`docs/formats/evidence.md`).
//!
//! A package is a function of the log's size, a query and a few options, and of nothing else: no clock, no random
//! number, no program version. [`crate::verify::verify_package`] checks one.
//!
//! **What is absent**: anchors, payload files and the opening of commitments; who asks for a package may ask for them
//! one by one.

pub(crate) mod archive;
pub(crate) mod claim;
mod hand_over;
mod past;
mod plan;
pub(crate) mod population;
mod readme;
pub(crate) mod scope;
pub(crate) mod statement;
mod write;

pub use archive::{PACKAGE_BYTES_MAX, digest_of};
pub use hand_over::{Asked, HandedOver};
pub use scope::{SAMPLE_RECORDS_MAX, SAMPLE_SEED_BYTES_MAX, Sample, Scope};
pub use write::{Evidence, EvidenceOptions};

use sealog_core::json::{Object, Value};

/// What the manifest of a package calls its format.
pub const EVIDENCE_FORMAT: &str = "sealog-evidence/v0";

/// The members, in the order in which they stand. The manifest is the last and names all others by their digest.
pub(crate) const MEMBERS: [&str; 7] = [
    "README.txt",
    "entries.jsonl",
    "context.jsonl",
    "completeness.json",
    "population.json",
    "consistency.jsonl",
    "manifest.json",
];
/// Place of each in [`MEMBERS`].
pub(crate) const ENTRIES: usize = 1;
pub(crate) const CONTEXT: usize = 2;
pub(crate) const COMPLETENESS: usize = 3;
pub(crate) const POPULATION: usize = 4;
pub(crate) const CONSISTENCY: usize = 5;
pub(crate) const MANIFEST: usize = 6;

/// The value of a canonical text; nothing of any other, which other verifiers would refuse.
pub(crate) fn canonical(text: &[u8]) -> Option<Value> {
    let json = Value::parse(text).ok()?;
    (json.to_canonical() == text).then_some(json)
}

/// The object with exactly these members.
pub(crate) fn members<'a>(json: &'a Value, names: &[&str]) -> Option<&'a Object> {
    match json {
        Value::Object(object)
            if object.iter().len() == names.len()
                && names.iter().all(|name| object.contains_key(name)) =>
        {
            Some(object)
        }
        _ => None,
    }
}
