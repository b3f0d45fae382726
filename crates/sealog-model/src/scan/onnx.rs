//! ONNX: tensor data from outside, operators that plug-ins bring, graphs inside of graphs.

use super::beside::Beside;
use super::context::Scan;
use super::rule::{ONNX_BROKEN, ONNX_CUSTOM_DOMAIN, ONNX_EXTERNAL_PATH, ONNX_PYTHON};
use crate::formats::archive::leads_out;
use crate::formats::protobuf::{Field, fields};
use crate::formats::source::Source;

const DEPTH_MAX: usize = 16;
const DOMAINS: &[&str] = &[
    "",
    "ai.onnx",
    "ai.onnx.ml",
    "ai.onnx.training",
    "ai.onnx.preview",
    "ai.onnx.preview.training",
];

/// Scans a model; nothing if it is none.
pub(super) fn scan(source: &Source, scan: &mut Scan<'_>) -> Option<&'static str> {
    if source.len() > u64::from(u32::MAX) {
        return None;
    }
    // The shape of the outermost message is looked at before anything is held.
    let head = source.bytes(0, 32).ok()?;
    if !matches!(head.as_slice(), [0x08, 1..=64, ..]) {
        return None;
    }
    if source.len() > scan.limits.spool.saturating_mul(8) {
        scan.report(&ONNX_BROKEN, 0, "the model is larger than is read");
        return Some("onnx");
    }
    let bytes = source.bytes(0, source.len()).ok()?;
    let all: Option<Vec<(u64, Field<'_>)>> = fields(&bytes).collect();
    let has_graph =
        |all: &[(u64, Field<'_>)]| all.iter().any(|(n, f)| *n == 7 && f.bytes().is_some());
    let all = match all {
        Some(all) if has_graph(&all) => all,
        Some(_) => return None,
        None => {
            let mut readable = fields(&bytes).flatten();
            if !readable.any(|(number, field)| number == 7 && field.bytes().is_some()) {
                return None;
            }
            scan.report(&ONNX_BROKEN, 0, "the outermost message breaks off");
            fields(&bytes).flatten().collect()
        }
    };
    for (number, field) in all {
        match (number, field) {
            (7, Field::Bytes(message)) => graph(message, 0, scan),
            (8, Field::Bytes(message)) => domain(message, 1, "operator set", scan),
            (25, Field::Bytes(message)) => function(message, scan),
            _ => {}
        }
    }
    Some("onnx")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn each<'a>(message: &'a [u8], scan: &mut Scan<'_>) -> Vec<(u64, &'a [u8])> {
    let mut parts = Vec::new();
    for field in fields(message) {
        match field {
            Some((number, Field::Bytes(bytes))) => parts.push((number, bytes)),
            Some(_) => {}
            None => scan.report(&ONNX_BROKEN, 0, "a message breaks off"),
        }
    }
    parts
}

fn graph(message: &[u8], depth: usize, scan: &mut Scan<'_>) {
    if depth > DEPTH_MAX {
        return scan.report(&ONNX_BROKEN, 0, "graphs nested too deep");
    }
    for (number, part) in each(message, scan) {
        match number {
            1 => node(part, depth, scan),
            5 => tensor(part, scan),
            15 => {
                for (number, inner) in each(part, scan) {
                    if matches!(number, 1 | 2) {
                        tensor(inner, scan);
                    }
                }
            }
            _ => {}
        }
    }
}

fn node(message: &[u8], depth: usize, scan: &mut Scan<'_>) {
    let parts = each(message, scan);
    let operator = parts
        .iter()
        .find(|(number, _)| *number == 4)
        .map(|(_, bytes)| text(bytes));
    let operator = operator.unwrap_or_default();
    if matches!(
        operator.as_str(),
        "PyOp" | "PythonOp" | "PyCustomOp" | "PyFunc"
    ) {
        scan.report(&ONNX_PYTHON, 0, operator);
    } else {
        domain(message, 7, &operator, scan);
    }
    for (number, attribute) in parts {
        if number != 5 {
            continue;
        }
        for (number, value) in each(attribute, scan) {
            match number {
                5 | 10 => tensor(value, scan),
                6 | 11 => graph(value, depth + 1, scan),
                _ => {}
            }
        }
    }
}

fn function(message: &[u8], scan: &mut Scan<'_>) {
    for (number, part) in each(message, scan) {
        if number == 7 {
            node(part, 0, scan);
        }
    }
}

fn domain(message: &[u8], place: u64, what: &str, scan: &mut Scan<'_>) {
    for (number, bytes) in each(message, scan) {
        let name = text(bytes);
        if number == place && !DOMAINS.contains(&name.as_str()) {
            scan.report(&ONNX_CUSTOM_DOMAIN, 0, format!("{what} of {name}"));
        }
    }
}

/// The number by which a tensor says that its data are in another file.
const OUTSIDE: u64 = 1;

fn tensor(message: &[u8], scan: &mut Scan<'_>) {
    let mut pairs = Vec::new();
    for (number, pair) in each(message, scan) {
        if number != 13 {
            continue;
        }
        let parts = each(pair, scan);
        let part = |wanted| {
            let found = parts.iter().find(|(number, _)| *number == wanted);
            found.map(|(_, bytes)| text(bytes)).unwrap_or_default()
        };
        let (name, value) = (part(1), part(2));
        if name == "location" && (leads_out(&value) || value.is_empty()) {
            scan.report(&ONNX_EXTERNAL_PATH, 0, value.escape_debug().to_string());
        }
        pairs.push((name, value));
    }
    let outside = |field| matches!(field, (14, Field::Varint(OUTSIDE)));
    if !pairs.is_empty()
        && fields(message).flatten().any(outside)
        && let Some(beside) = Beside::of(&pairs)
    {
        scan.remember_beside(beside);
    }
}
