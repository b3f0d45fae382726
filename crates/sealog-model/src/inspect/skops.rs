//! skops: the schema names the class and its attributes, members hold the arrays.

use sealog_core::json::Value;

use super::inspection::{Dimension, Fault, Inspection, Port};
use super::json::number;
use super::reader::Reader;
use super::zipped::Archive;
use crate::formats::members::document;

pub(super) fn read(
    archive: &Archive<'_>,
    reader: &mut Reader<'_>,
    out: &mut Inspection,
) -> Result<(), Fault> {
    let bytes = archive.document("schema.json", reader)?.unwrap_or_default();
    let schema =
        document(&bytes).map_err(|error| Fault::new(format!("schema.json: {}", error.0), 0))?;
    let class = class(&schema);
    let class = class.ok_or_else(|| Fault::new("schema.json names no class", 0))?;
    let package = class.split('.').next().unwrap_or_default();
    out.framework = Some(
        if package == "sklearn" {
            "scikit-learn"
        } else {
            package
        }
        .to_owned(),
    );
    out.class = Some(class);
    if let Some(version) = schema.member("_skops_version").and_then(Value::as_str) {
        out.note("skops.version", version);
    }
    if let Some(protocol) = schema.member("protocol").and_then(Value::as_u64) {
        out.note("skops.protocol", number(protocol));
    }
    let attributes = schema
        .member("content")
        .and_then(|content| content.member("content"));
    if let Some(attributes) = attributes.and_then(Value::as_object) {
        for (name, node) in attributes.iter() {
            reader.metadata_fits(out.metadata.len() + 1, 0)?;
            match simple(node) {
                Some(Value::String(text)) if name == "_sklearn_version" => out.version = Some(text),
                Some(value) => {
                    if let ("n_features_in_", Some(features)) = (name, value.as_u64()) {
                        out.inputs.push(Port {
                            name: "X".to_owned(),
                            dtype: String::new(),
                            shape: Some(vec![Dimension::Any, Dimension::Known(features)]),
                        });
                    }
                    out.note(name, value);
                }
                None => {}
            }
        }
    }
    arrays("", &schema, archive, reader, out)
}

fn class(node: &Value) -> Option<String> {
    let text = |key: &str| node.member(key).and_then(Value::as_str);
    Some(format!("{}.{}", text("__module__")?, text("__class__")?))
}

/// A constant, which skops writes as JSON in a text.
fn simple(node: &Value) -> Option<Value> {
    if node.member("__loader__").and_then(Value::as_str) != Some("JsonNode") {
        return None;
    }
    let text = node.member("content").and_then(Value::as_str)?;
    let value = Value::parse(text.as_bytes()).ok()?;
    matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_)).then_some(value)
}

/// Every array that a node names, under the key that holds it. Depth is bounded by the parser.
fn arrays(
    name: &str,
    node: &Value,
    archive: &Archive<'_>,
    reader: &mut Reader<'_>,
    out: &mut Inspection,
) -> Result<(), Fault> {
    let text = |key: &str| node.member(key).and_then(Value::as_str);
    if let (Some("NdArrayNode"), Some("numpy"), Some(file)) =
        (text("__loader__"), text("type"), text("file"))
    {
        if !archive.array(file, name, reader, out)? {
            let reason = format!("schema.json names {file}, which is not there");
            return Err(Fault::new(reason, 0));
        }
        return Ok(());
    }
    if let Some(object) = node.as_object() {
        for (key, value) in object.iter() {
            // The nodes themselves are not attributes.
            let name = if key == "content" { name } else { key };
            arrays(name, value, archive, reader, out)?;
        }
    }
    for value in node.as_array().unwrap_or_default() {
        arrays(name, value, archive, reader, out)?;
    }
    Ok(())
}
