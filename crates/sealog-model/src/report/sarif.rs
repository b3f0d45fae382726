//! SARIF 2.1.0. A binary file has no lines: each result has its byte offset, and line 1 for those who want one.

use std::fmt::Write;

use sealog_core::hash::push_hex;
use sealog_core::json::{Object, Value};
use sha2::{Digest, Sha256};

use super::json::number;
use crate::scan::baseline::Baseline;
use crate::scan::finding::{FileReport, Finding, Report, Severity, Verdict};
use crate::scan::rule::RULES;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().collect::<Object>())
}

fn text(text: &str) -> Value {
    object([("text", text.into())])
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Malicious => "error",
        Severity::Suspicious | Severity::Undecided => "warning",
    }
}

/// A report as a SARIF log of one run.
pub fn sarif(report: &Report, baseline: &Baseline) -> Value {
    let rules = RULES.iter().map(|rule| {
        object([
            ("id", rule.id().into()),
            ("shortDescription", text(rule.title())),
            (
                "defaultConfiguration",
                object([("level", level(rule.severity()).into())]),
            ),
        ])
    });
    let driver = object([
        ("name", "sealog".into()),
        ("version", env!("CARGO_PKG_VERSION").into()),
        ("rules", Value::Array(rules.collect())),
    ]);
    let results = report.files().iter().flat_map(|file| {
        let findings = file.findings().iter();
        findings.map(move |finding| result(file, finding, baseline))
    });
    let clean = baseline.verdict(report) == Verdict::Clean;
    let invocation = object([
        ("executionSuccessful", true.into()),
        ("exitCode", number(u64::from(!clean))),
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

fn result(file: &FileReport, finding: &Finding, baseline: &Baseline) -> Value {
    let rule = finding.rule();
    let index = RULES.iter().position(|known| *known == rule).unwrap_or(0);
    let region = object([
        ("byteLength", number(1)),
        (
            "byteOffset",
            number(if finding.path().contains('!') {
                0
            } else {
                finding.offset()
            }),
        ),
        ("startLine", number(1)),
    ]);
    let place = object([(
        "physicalLocation",
        object([
            (
                "artifactLocation",
                object([("uri", uri(file.path()).into())]),
            ),
            ("region", region),
        ]),
    )]);
    let message = format!(
        "{} at byte {}: {}: {}",
        finding.path(),
        finding.offset(),
        rule.title(),
        finding.detail()
    );
    let mut members: Object = [
        ("level", level(rule.severity()).into()),
        ("locations", Value::Array(vec![place])),
        ("message", text(&message)),
        (
            "partialFingerprints",
            object([("finding/v1", fingerprint(finding).into())]),
        ),
        ("ruleId", rule.id().into()),
        ("ruleIndex", number(u64::try_from(index).unwrap_or(0))),
    ]
    .into_iter()
    .collect();
    if let Some(accepted) = baseline.accepts(file, finding) {
        let suppression = object([
            ("justification", accepted.reason().into()),
            ("kind", "external".into()),
        ]);
        members.insert("suppressions", Value::Array(vec![suppression]));
    }
    Value::Object(members)
}

/// The same for the same finding of another run, also when other findings come or go.
fn fingerprint(finding: &Finding) -> String {
    let text = format!(
        "{}\0{}\0{}",
        finding.rule().id(),
        finding.path(),
        finding.detail()
    );
    let digest = Sha256::digest(text.as_bytes());
    let mut fingerprint = String::new();
    push_hex(&mut fingerprint, digest.get(..16).unwrap_or_default());
    fingerprint
}

/// A relative path as a URI reference.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte);
    path.bytes().fold(String::new(), |mut uri, byte| {
        if plain(byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            write!(uri, "%{byte:02X}").unwrap_or_default();
        }
        uri
    })
}
