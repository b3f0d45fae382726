//! Evidence packages: one file for somebody who is to check entries without the ledger (`docs/formats/evidence.md`).
//!
//! A package is a function of the log's size, a query and a few options, and of nothing else: no clock, no random
//! number, no program version. [`crate::verify::verify_package`] checks one.
//!
//! **What is absent**: sealed fields, which nothing opens yet.

pub(crate) mod anchors;
pub(crate) mod archive;
pub(crate) mod beside;
pub(crate) mod claim;
mod gather;
mod hand_over;
pub(crate) mod opening;
mod past;
mod plan;
pub(crate) mod population;
mod readme;
pub(crate) mod scope;
pub(crate) mod statement;
mod write;

pub use anchors::{ANCHOR_HELD_BYTES_MAX, ANCHORS_HELD_MAX};
pub use archive::{PACKAGE_BYTES_MAX, digest_of};
pub use hand_over::{Asked, HandedOver};
pub use opening::{OPENING_VALUE_BYTES_MAX, OPENINGS_MAX, Opening};
pub use scope::{SAMPLE_RECORDS_MAX, SAMPLE_SEED_BYTES_MAX, Sample, Scope};
pub use statement::PAYLOADS_HELD_MAX;
pub use write::{Evidence, EvidenceOptions, Exporter};

use sealog_core::json::{Object, Value};

/// What the manifest of a package calls its format.
pub const EVIDENCE_FORMAT: &str = "sealog-evidence/v1";

/// The members that every package has, in the order in which they stand. Behind them come the payloads, and then the
/// manifest, which names all others by their digest.
pub(crate) const MEMBERS: [&str; 8] = [
    "README.txt",
    "entries.jsonl",
    "context.jsonl",
    "completeness.json",
    "population.json",
    "consistency.jsonl",
    "anchors.jsonl",
    "openings.jsonl",
];
/// The last member.
pub(crate) const MANIFEST: &str = "manifest.json";
/// What the name of a payload begins with; its digest follows.
pub(crate) const PAYLOAD_PREFIX: &str = "payloads/";
/// Place of each in [`MEMBERS`].
pub(crate) const ENTRIES: usize = 1;
pub(crate) const CONTEXT: usize = 2;
pub(crate) const COMPLETENESS: usize = 3;
pub(crate) const POPULATION: usize = 4;
pub(crate) const CONSISTENCY: usize = 5;
pub(crate) const ANCHORS: usize = 6;
pub(crate) const OPENINGS: usize = 7;

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
