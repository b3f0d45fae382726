//! JSON as Python's `json.dumps` writes it: the bytes that forms B and C sign, and the layout of form A.

use std::fmt::Write as _;

use sealog_core::json::{Object, Value};

use crate::digest::Algorithm;
use crate::manifest::Manifest;

/// The text with sorted members and `", "` and `": "` between them. Texts, `null`, lists and objects alone: numbers,
/// whose spelling would have to be Python's too, are refused.
pub(super) fn dumps(value: &Value, out: &mut String) -> Option<()> {
    if let Some(text) = value.as_str() {
        string(text, out);
    } else if value.is_null() {
        out.push_str("null");
    } else if let Some(list) = value.as_array() {
        out.push('[');
        for (number, item) in list.iter().enumerate() {
            if number > 0 {
                out.push_str(", ");
            }
            dumps(item, out)?;
        }
        out.push(']');
    } else {
        object(value.as_object()?, out)?;
    }
    Some(())
}

fn object(object: &Object, out: &mut String) -> Option<()> {
    let mut members: Vec<_> = object.iter().collect();
    // By code points, as Python does, which is by the bytes of UTF-8; our own order is another.
    members.sort_by_key(|(name, _)| *name);
    out.push('{');
    for (number, (name, value)) in members.into_iter().enumerate() {
        if number > 0 {
            out.push_str(", ");
        }
        string(name, out);
        out.push_str(": ");
        dumps(value, out)?;
    }
    out.push('}');
    Some(())
}

/// A text in ASCII: everything else is escaped, beyond the basic plane in two halves.
fn string(text: &str, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(char),
            _ => {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    // Writing to a string does not fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

/// Form A, with two spaces for each level and no newline at its end.
pub(super) fn indented(manifest: &Manifest, created_by: &str, created_at: &str) -> Vec<u8> {
    let mut out = String::from("{\n  \"version\": \"1.0\",\n  \"created\": ");
    string(created_at, &mut out);
    out.push_str(",\n  \"created_by\": ");
    string(created_by, &mut out);
    out.push_str(",\n  \"files\": [");
    for (number, file) in manifest.files().iter().enumerate() {
        out.push_str(if number > 0 { ",\n" } else { "\n" });
        out.push_str("    {\n      \"path\": ");
        string(file.path().as_str(), &mut out);
        out.push_str(",\n      \"sha256\": ");
        let digest = file.digests().hex(Algorithm::Sha256);
        string(&digest.unwrap_or_default(), &mut out);
        out.push_str("\n    }");
    }
    out.push_str("\n  ]\n}");
    out.into_bytes()
}
