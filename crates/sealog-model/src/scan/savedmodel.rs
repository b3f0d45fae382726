//! TensorFlow's `SavedModel`: operators that touch files or run Python.

use super::context::Scan;
use super::rule::{SAVEDMODEL_BROKEN, SAVEDMODEL_FILE, SAVEDMODEL_PYTHON};
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
