//! SARIF 2.1.0. A binary file has no lines: a result has its byte offset, and line 1 for those who want one.

use std::fmt::Write;

use sealog_core::hash::push_hex;
use sealog_core::json::{Number, Object, Value};
use sha2::{Digest, Sha256};

use super::{Case, Fault, Table};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().collect::<Object>())
}

fn text(text: &str) -> Value {
    object([("text", text.into())])
}

fn number(value: u64) -> Value {
    // SARIF takes no string for a number; no offset in a file is as large.
    Value::Number(Number::unsigned(value).unwrap_or_else(|| Number::from(0_u32)))
}

/// A table as a SARIF log of one run.
pub fn sarif(table: &Table) -> Value {
    let rules = table.rules.iter().map(|rule| {
        object([
            ("id", rule.id.as_str().into()),
            ("shortDescription", text(&rule.title)),
            (
                "defaultConfiguration",
                object([("level", rule.level.word().into())]),
            ),
        ])
    });
    let driver = object([
        ("name", "sealog".into()),
        ("version", env!("CARGO_PKG_VERSION").into()),
        ("rules", Value::Array(rules.collect())),
    ]);
    let results = table.cases.iter().flat_map(|case| {
        let faults = case.faults.iter();
        faults.map(|fault| result(table, case, fault))
    });
    let invocation = object([
        ("executionSuccessful", table.executed.into()),
        ("exitCode", number(table.status.into())),
    ]);
    let run = object([
        ("invocations", Value::Array(vec![invocation])),
        ("results", Value::Array(results.collect())),
        ("tool", object([("driver", driver)])),
    ]);
    object([
        ("$schema", SCHEMA.into()),
        ("runs", Value::Array(vec![run])),
        ("version", "2.1.0".into()),
    ])
}

fn result(table: &Table, case: &Case, fault: &Fault) -> Value {
    let mut region: Object = [("startLine", number(1))].into_iter().collect();
    if let Some(offset) = fault.offset {
        region.insert("byteLength", number(1));
        region.insert("byteOffset", number(offset));
    }
    let place = object([(
        "physicalLocation",
        object([
            (
                "artifactLocation",
                object([("uri", uri(&case.path).into())]),
            ),
            ("region", Value::Object(region)),
        ]),
    )]);
    let mut members: Object = [
        ("level", fault.level.word().into()),
        ("locations", Value::Array(vec![place])),
        ("message", text(&fault.message)),
        (
            "partialFingerprints",
            object([("finding/v1", fingerprint(&fault.identity).into())]),
        ),
        ("ruleId", fault.rule.as_str().into()),
    ]
    .into_iter()
    .collect();
    let index = table.rules.iter().position(|rule| rule.id == fault.rule);
    if let Some(index) = index.and_then(|index| u64::try_from(index).ok()) {
        members.insert("ruleIndex", number(index));
    }
    if let Some(reason) = &fault.accepted {
        let suppression = object([
            ("justification", reason.as_str().into()),
            ("kind", "external".into()),
        ]);
        members.insert("suppressions", Value::Array(vec![suppression]));
    }
    Value::Object(members)
}

/// The same for the same fault of another run, also when other faults come or go.
fn fingerprint(identity: &str) -> String {
    let digest = Sha256::digest(identity.as_bytes());
    let mut fingerprint = String::new();
    push_hex(&mut fingerprint, digest.get(..16).unwrap_or_default());
    fingerprint
}

/// A path as a URI reference. A first component with a colon would be a scheme, so it is escaped like all else.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte);
    let escaped = path.bytes().fold(String::new(), |mut uri, byte| {
        if plain(byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            write!(uri, "%{byte:02X}").unwrap_or_default();
        }
        uri
    });
    if path.starts_with('/') {
        format!("file://{escaped}")
    } else {
        escaped
    }
}
