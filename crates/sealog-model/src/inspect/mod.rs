//! The inspector: what kind of model lies here, and what does it say of itself?
//!
//! Headers are read, never the numbers behind them; nothing is loaded, imported or executed. Content decides what a
//! file is. The answer is what was read, or why not and at which byte. What is read of each format stands in
//! `docs/inspect.md`.
//!
//! **What is absent**: any judgement whether loading would run code, which is the scanner's.

mod array;
mod attest;
mod beside;
mod document;
mod gguf;
mod hdf5;
mod inspection;
mod json;
mod keras;
mod limits;
mod mlmodel;
mod onnx;
mod packed;
mod pickle;
mod proto;
mod reader;
mod report;
mod safetensors;
mod savedmodel;
mod sbom;
mod skops;
mod tarball;
mod zipped;

pub use attest::{AttestOptions, statement};
pub use inspection::{Answer, Dimension, Fault, Inspection, Port, Tensor};
pub use json::json;
pub use limits::{
    CLASSES_MAX, DEPTH_MAX, DOCUMENT_BYTES_MAX, ENTRIES_MAX, GRAPH_DEPTH_MAX, INFLATED_BYTES_MAX,
    INSTANCES_MAX, KEPT_BYTES_MAX, LISTING_BYTES_MAX, Limits, METADATA_MAX, OPCODES_MAX, RANK_MAX,
    RATIO_FREE_BYTES, RATIO_MAX, SPOOL_BYTES_MAX, TENSORS_MAX, TEXT_BYTES_MAX, TOTAL_FREE_BYTES,
    TOTAL_RATIO_MAX,
};
pub use report::{Digests, Report, inspect_path};
pub use sbom::{SbomOptions, sbom};

use crate::formats::source::Source;

/// Inspects bytes at rest under a name that is only shown. Other files are not reached from here.
pub fn inspect_source(name: &str, source: &Source, limits: &Limits) -> Inspection {
    reader::Reader::new(limits, None, source.len()).inspect(name, source)
}
