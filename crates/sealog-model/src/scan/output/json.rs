//! The report as one JSON object.

use sealog_core::json::{Number, Object, Value};

use crate::scan::baseline::Baseline;
use crate::scan::finding::{FileReport, Finding, Report};

/// A report as a value; accepted findings say by what.
pub fn json(report: &Report, baseline: &Baseline) -> Value {
    let mut object = Object::new();
    let files = report.files().iter().map(|file| self::file(file, baseline));
    object.insert("files", Value::Array(files.collect()));
    object.insert("verdict", baseline.verdict(report).word());
    Value::Object(object)
}

fn file(file: &FileReport, baseline: &Baseline) -> Value {
    let mut object = Object::new();
    object.insert("bytes", number(file.bytes()));
    let findings = file
        .findings()
        .iter()
        .map(|found| finding(file, found, baseline));
    object.insert("findings", Value::Array(findings.collect()));
    object.insert("kind", file.kind());
    object.insert("path", file.path());
    if !file.sha256().is_empty() {
        object.insert("sha256", file.sha256());
    }
    object.insert("verdict", file.verdict().word());
    Value::Object(object)
}

fn finding(file: &FileReport, finding: &Finding, baseline: &Baseline) -> Value {
    let mut object = Object::new();
    object.insert("detail", finding.detail());
    if let Some((module, name)) = finding.global() {
        object.insert("module", module);
        object.insert("name", name);
    }
    object.insert("offset", number(finding.offset()));
    object.insert("path", finding.path());
    object.insert("rule", finding.rule().id());
    object.insert("severity", finding.rule().severity().to_string());
    object.insert("title", finding.rule().title());
    if let Some(accepted) = baseline.accepts(file, finding) {
        object.insert("accepted", accepted.reason());
        object.insert("accepted_until", accepted.expires());
    }
    Value::Object(object)
}

fn number(value: u64) -> Value {
    Number::unsigned(value).map_or_else(|| Value::String(value.to_string()), Value::Number)
}
