//! TensorFlow's `SavedModel`: operators that touch files or run Python, assets that lie elsewhere, and the layers of
//! Keras that `keras_metadata.pb` tells beside it.

use sealog_core::json::Value;

use super::context::Scan;
use super::keras;
use super::rule::{KERAS_BROKEN, SAVEDMODEL_BROKEN, SAVEDMODEL_FILE, SAVEDMODEL_PYTHON};
use crate::formats::archive::leads_out;
use crate::formats::protobuf::{Field, fields};
use crate::formats::source::Source;

const FILES: &[&str] = &[
    "ReadFile",
    "WriteFile",
    "MatchingFiles",
    "PrintV2",
    "Save",
    "SaveSlices",
    "MergeV2Checkpoints",
    "DeleteFile",
    "ImmutableConst",
    "LookupTableExport",
    "FixedLengthRecordDataset",
    "TextLineDataset",
    "TFRecordDataset",
    "WholeFileReader",
    "WholeFileReaderV2",
    "DebugIdentity",
    "CSVDataset",
    "SqlDataset",
    "LoadAndRemapMatrix",
];
const PYTHON: &[&str] = &[
    "PyFunc",
    "PyFuncStateless",
    "EagerPyFunc",
    "NumpyFunction",
    "CustomPyFunc",
    "ComposeKerasLambda",
];

/// Scans a model; nothing if it is none.
pub(super) fn scan(source: &Source, scan: &mut Scan<'_>) -> Option<&'static str> {
    let head = source.bytes(0, 16).ok()?;
    if !matches!(head.as_slice(), [0x08, 1, 0x12, ..] | [0x12, ..]) {
        return None;
    }
    if source.len() > scan.limits.spool.saturating_mul(8) {
        scan.report(&SAVEDMODEL_BROKEN, 0, "the model is larger than is read");
        return Some("savedmodel");
    }
    let bytes = source.bytes(0, source.len()).ok()?;
    let mut graphs = 0;
    for field in fields(&bytes) {
        match field {
            Some((2, Field::Bytes(meta))) => graphs += meta_graph(meta, scan),
            Some(_) => {}
            None if graphs > 0 => {
                scan.report(&SAVEDMODEL_BROKEN, 0, "the outermost message breaks off");
            }
            None => return None,
        }
    }
    (graphs > 0).then_some("savedmodel")
}

/// The graphs in it; none: this is another kind of message.
fn meta_graph(meta: &[u8], scan: &mut Scan<'_>) -> usize {
    let mut graphs = 0;
    for field in fields(meta) {
        match field {
            Some((2, Field::Bytes(graph))) => {
                graphs += 1;
                nodes(graph, 1, scan);
                for library in parts(graph, 2) {
                    for function in parts(library, 1) {
                        nodes(function, 3, scan);
                    }
                }
            }
            Some((6, Field::Bytes(asset))) => {
                for name in parts(asset, 2).map(String::from_utf8_lossy) {
                    if leads_out(&name) {
                        let detail = format!("an asset of the name {}", name.escape_debug());
                        scan.report(&SAVEDMODEL_FILE, 0, detail);
                    }
                }
            }
            Some(_) => {}
            None => {
                if graphs > 0 {
                    scan.report(&SAVEDMODEL_BROKEN, 0, "a graph breaks off");
                }
                return graphs;
            }
        }
    }
    graphs
}

fn parts(message: &[u8], wanted: u64) -> impl Iterator<Item = &[u8]> {
    let known = fields(message).map_while(|field| field);
    known.filter_map(move |(number, field)| field.bytes().filter(|_| number == wanted))
}

fn nodes(message: &[u8], place: u64, scan: &mut Scan<'_>) {
    for node in parts(message, place) {
        for operator in parts(node, 2).filter_map(|bytes| str::from_utf8(bytes).ok()) {
            if PYTHON.contains(&operator) {
                scan.report(&SAVEDMODEL_PYTHON, 0, operator);
            } else if FILES.contains(&operator) {
                scan.report(&SAVEDMODEL_FILE, 0, operator);
            }
        }
    }
    if fields(message).any(|field| field.is_none()) {
        scan.report(&SAVEDMODEL_BROKEN, 0, "a graph breaks off");
    }
}

/// How the first node of Keras's metadata begins: a message, and in it a number or a text.
const METADATA_NODE: u8 = 0x0a;
/// What a node of Keras's metadata says that it is, in its fourth field.
const METADATA_KINDS: &str = "_tf_keras_";

/// Scans `keras_metadata.pb`, nodes with a configuration in JSON each; nothing if it is none.
pub(super) fn scan_metadata(source: &Source, scan: &mut Scan<'_>) -> Option<&'static str> {
    let head = source.bytes(0, 1).ok()?;
    if head != [METADATA_NODE] || source.len() > scan.limits.document {
        return None;
    }
    let bytes = source.bytes(0, source.len()).ok()?;
    let is_node = |node: &[u8]| {
        let mut kinds = parts(node, 4);
        kinds.any(|kind| kind.starts_with(METADATA_KINDS.as_bytes()))
    };
    if !parts(&bytes, 1).next().is_some_and(is_node) {
        return None;
    }
    for configuration in parts(&bytes, 1).flat_map(|node| parts(node, 5)) {
        match Value::parse(configuration) {
            Ok(value) => keras::scan_value(&value, scan),
            Err(error) => scan.report(&KERAS_BROKEN, 0, error.to_string()),
        }
    }
    if fields(&bytes).any(|field| field.is_none()) {
        scan.report(&KERAS_BROKEN, 0, "the metadata break off");
    }
    Some("keras metadata")
}
