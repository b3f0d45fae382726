//! What older tools wrote of a model, and the list of findings that somebody accepted.

use sealog_model::scan::baseline::Baseline;
use sealog_model::sign::{HashTrace, Triple};
use sealog_model::walk::WalkOptions;

use super::owned;
use super::vouched::refused;
use crate::Answer;

macro_rules! data {
    ($path:literal) => {
        include_bytes!(concat!(
            "../../../crates/sealog-model/tests/testdata/hashtrace/",
            $path
        ))
    };
}

const HASH: &[u8] =
    b"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  model.pkl\n";
const METADATA: &[u8] = b"{\"created_at\":\"2025-01-01T00:00:00\",\"file_size_bytes\":4,\"input_shape\":[1,4],\"model_type\":\"LogisticRegression\"}";
const BASELINE: &[u8] = b"# accepted\npickle.unknown_global 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 2027-01-01 our own class\n";

/// A manifest of any form lists files, none of them twice.
pub(super) fn hashtrace(bytes: &[u8]) -> Answer {
    match HashTrace::parse(bytes, WalkOptions::default()) {
        Ok(manifest) => {
            let paths: Vec<_> = manifest
                .closed_set()
                .entries()
                .map(|(path, _)| path)
                .collect();
            assert!(paths.is_sorted(), "in no order");
            format!("accepted {:?}", manifest.era())
        }
        Err(error) => refused(&error),
    }
}

fn triple(hash: &[u8], metadata: &[u8]) -> Answer {
    match Triple::parse(hash, metadata) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => refused(&error),
    }
}

pub(super) fn triple_hash(bytes: &[u8]) -> Answer {
    triple(bytes, METADATA)
}

pub(super) fn triple_metadata(bytes: &[u8]) -> Answer {
    triple(HASH, bytes)
}

pub(super) fn baseline(bytes: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(bytes);
    match Baseline::parse(&text, "2026-06-01") {
        Ok(_) => "accepted".to_owned(),
        Err(error) => {
            assert!(error.line <= text.lines().count(), "a line that is none");
            let words = error.problem.split(' ').take(4);
            words.collect::<Vec<_>>().join(" ")
        }
    }
}

pub(super) fn hashtrace_seeds() -> Vec<Vec<u8>> {
    owned([
        data!("a.json"),
        data!("a_late.json"),
        data!("b.json"),
        data!("c.json"),
    ])
}

pub(super) fn triple_hash_seeds() -> Vec<Vec<u8>> {
    owned([
        HASH,
        b"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ])
}

pub(super) fn triple_metadata_seeds() -> Vec<Vec<u8>> {
    owned([METADATA, b"{\"file_size_bytes\":0,\"model_type\":\"SVC\"}"])
}

pub(super) fn baseline_seeds() -> Vec<Vec<u8>> {
    owned([BASELINE, b"\n# nothing\n"])
}
