//! What an inspection found as a `CycloneDX` 1.6 bill of materials for machine learning.
//!
//! **What is absent**: licences, data sets and training: no file says them in a form that is read.

use sealog_core::json::{Object, Value};
use sha2::{Digest, Sha256};

use super::inspection::{Inspection, Port};
use super::json::number;
use super::report::Report;

/// What is not in the files.
#[derive(Debug, Clone, Copy)]
pub struct SbomOptions<'a> {
    /// Name of the model.
    pub name: &'a str,
    /// Its version, where it has one.
    pub version: Option<&'a str>,
    /// The time, in RFC 3339.
    pub time: &'a str,
    /// Version of this tool.
    pub tool: &'a str,
}

const MODEL: &str = "model";

/// The bill. Files without a digest have no hashes in it: inspect with [`super::Digests::Sha256`].
pub fn sbom(report: &Report, options: &SbomOptions<'_>) -> Value {
    let mut bill = Object::new();
    bill.insert("bomFormat", "CycloneDX");
    bill.insert("specVersion", "1.6");
    bill.insert("serialNumber", serial(report, options));
    bill.insert("version", number(1));
    let tool = component("application", "sealog", Some(options.tool), None);
    let mut tools = Object::new();
    tools.insert("components", Value::Array(vec![Value::Object(tool)]));
    let mut metadata = Object::new();
    metadata.insert("timestamp", options.time);
    metadata.insert("tools", Value::Object(tools));
    metadata.insert("component", model(report, options));
    bill.insert("metadata", Value::Object(metadata));
    let mut components: Vec<Value> = report.files().iter().map(file).collect();
    let mut parts: Vec<Value> = report
        .files()
        .iter()
        .map(|file| reference(file.path()).into())
        .collect();
    for (name, version) in frameworks(report) {
        let of = match version {
            Some(version) => format!("framework:{name}@{version}"),
            None => format!("framework:{name}"),
        };
        parts.push(of.as_str().into());
        let framework = component("framework", name, version, Some(&of));
        components.push(Value::Object(framework));
    }
    bill.insert("components", Value::Array(components));
    let mut depends = Object::new();
    depends.insert("ref", MODEL);
    depends.insert("dependsOn", Value::Array(parts));
    bill.insert("dependencies", Value::Array(vec![Value::Object(depends)]));
    Value::Object(bill)
}

fn component(kind: &str, name: &str, version: Option<&str>, reference: Option<&str>) -> Object {
    let mut object = Object::new();
    object.insert("type", kind);
    object.insert("name", name);
    if let Some(version) = version {
        object.insert("version", version);
    }
    if let Some(reference) = reference {
        object.insert("bom-ref", reference);
    }
    object
}

/// A UUID of version 8 over what is in the bill and when it was made.
fn serial(report: &Report, options: &SbomOptions<'_>) -> String {
    let mut hasher = Sha256::new();
    let texts = [
        options.name,
        options.version.unwrap_or_default(),
        options.time,
    ];
    let files = report.files().iter();
    let files = files.flat_map(|file| [file.path(), file.sha256().unwrap_or_default()]);
    for text in texts.into_iter().chain(files) {
        hasher.update(text.as_bytes());
        hasher.update([0]);
    }
    let digest = hasher.finalize();
    let mut out = "urn:uuid:".to_owned();
    for (at, byte) in digest.iter().take(16).enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        let byte = match at {
            6 => byte & 0x0f | 0x80,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        sealog_core::hash::push_hex(&mut out, &[byte]);
    }
    out
}

/// Each framework that some file names, once.
fn frameworks(report: &Report) -> Vec<(&str, Option<&str>)> {
    let mut all = Vec::new();
    let mut left: Vec<&Inspection> = report.files().iter().collect();
    while let Some(file) = left.pop() {
        all.extend(file.framework().map(|name| (name, file.version())));
        left.extend(file.members());
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn model(report: &Report, options: &SbomOptions<'_>) -> Value {
    let kind = "machine-learning-model";
    let mut model = component(kind, options.name, options.version, Some(MODEL));
    let mut parameters = Object::new();
    // Of several files that name a class, the first that also says what goes in is the model, else the first.
    let files = || report.files().iter().filter(|file| file.class().is_some());
    let main = files()
        .find(|file| !file.inputs().is_empty())
        .or_else(|| files().next());
    if let Some(class) = main.and_then(Inspection::class) {
        parameters.insert("modelArchitecture", class);
    }
    let ports = |of: fn(&Inspection) -> &[Port]| {
        let found = report
            .files()
            .iter()
            .map(of)
            .find(|ports| !ports.is_empty());
        let ports = found.unwrap_or_default().iter().map(|port| {
            let mut object = Object::new();
            object.insert("format", format_of(port));
            Value::Object(object)
        });
        ports.collect::<Vec<Value>>()
    };
    for (key, ports) in [
        ("inputs", ports(Inspection::inputs)),
        ("outputs", ports(Inspection::outputs)),
    ] {
        if !ports.is_empty() {
            parameters.insert(key, Value::Array(ports));
        }
    }
    let summary = report.summary();
    let mut properties = vec![
        property("sealog:tensors", summary.tensors.to_string()),
        property("sealog:bytes", summary.bytes.to_string()),
    ];
    if let Some(count) = summary.parameters {
        properties.push(property("sealog:parameters", count.to_string()));
    }
    let mut card = Object::new();
    card.insert("modelParameters", Value::Object(parameters));
    card.insert("properties", Value::Array(properties));
    model.insert("modelCard", Value::Object(card));
    Value::Object(model)
}

fn format_of(port: &Port) -> String {
    let shape = port.shape().map(|shape| {
        let lengths: Vec<String> = shape.iter().map(ToString::to_string).collect();
        format!("[{}]", lengths.join(", "))
    });
    let parts = [
        port.name(),
        port.dtype(),
        shape.as_deref().unwrap_or_default(),
    ];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

fn property(name: &str, value: String) -> Value {
    let mut object = Object::new();
    object.insert("name", name);
    object.insert("value", value);
    Value::Object(object)
}

fn reference(path: &str) -> String {
    format!("file:{path}")
}

fn file(file: &Inspection) -> Value {
    let mut object = component("file", file.path(), None, Some(&reference(file.path())));
    if let Some(digest) = file.sha256() {
        let mut hash = Object::new();
        hash.insert("alg", "SHA-256");
        hash.insert("content", digest);
        object.insert("hashes", Value::Array(vec![Value::Object(hash)]));
    }
    let mut properties = vec![
        property("sealog:answer", file.answer().word().to_owned()),
        property("sealog:bytes", file.bytes().to_string()),
        property("sealog:kind", file.kind().to_owned()),
    ];
    let texts = [
        ("sealog:class", file.class()),
        ("sealog:framework", file.framework()),
    ];
    for (name, text) in texts {
        properties.extend(text.map(|text| property(name, text.to_owned())));
    }
    object.insert("properties", Value::Array(properties));
    Value::Object(object)
}
