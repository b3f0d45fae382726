//! The inspector: what it says of real files, what of broken ones, and that nothing makes it panic.

mod formats;
mod hostile;
mod limits;

use std::path::{Path, PathBuf};

use sealog_model::formats::source::Source;
use sealog_model::inspect::{
    Answer, Digests, Inspection, Limits, Report, inspect_path, inspect_source,
};

pub(crate) fn inspect(bytes: &[u8]) -> Inspection {
    inspect_source("file", &Source::memory(bytes), &Limits::default())
}

pub(crate) fn fault(bytes: &[u8]) -> (String, u64) {
    let found = inspect(bytes);
    assert_eq!(found.answer(), Answer::Malformed, "{found:?}");
    let fault = found.fault().expect("a fault of its own");
    (fault.reason().to_owned(), fault.offset())
}

pub(crate) fn benign() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata/benign")
}

pub(crate) fn path(path: &Path) -> Report {
    inspect_path(path, &Limits::default(), Digests::Leave).unwrap()
}

pub(crate) fn shape(found: &Inspection, name: &str) -> Option<(String, Vec<u64>)> {
    let mut tensors = found.tensors().iter();
    let tensor = tensors.find(|tensor| tensor.name() == name)?;
    Some((tensor.dtype().to_owned(), tensor.shape().to_vec()))
}

/// A safetensors file: its header, then zeros.
pub(crate) fn safetensors(header: &str, data: usize) -> Vec<u8> {
    let mut file = u64::try_from(header.len()).unwrap().to_le_bytes().to_vec();
    file.extend(header.bytes());
    file.resize(file.len() + data, 0);
    file
}
