//! An inspection as a JSON value.

use sealog_core::json::{Number, Object, Value};

use super::inspection::{Dimension, Inspection, Port, Tensor};
use super::report::Report;

/// A report as a value.
pub fn json(report: &Report) -> Value {
    let mut object = Object::new();
    object.insert("answer", report.answer().word());
    let files = report.files().iter().map(inspection);
    object.insert("files", Value::Array(files.collect()));
    let summary = report.summary();
    let mut inner = Object::new();
    inner.insert("bytes", number(summary.bytes));
    inner.insert("files", number(summary.files));
    let kinds = summary.kinds.iter();
    let kinds = kinds.fold(Object::new(), |mut kinds, (kind, count)| {
        kinds.insert(*kind, number(*count));
        kinds
    });
    inner.insert("kinds", Value::Object(kinds));
    inner.insert("malformed", number(summary.malformed));
    inner.insert("parameters", optional(summary.parameters));
    inner.insert("tensors", number(summary.tensors));
    inner.insert("unread", number(summary.unread));
    object.insert("summary", Value::Object(inner));
    Value::Object(object)
}

fn inspection(of: &Inspection) -> Value {
    let mut object = Object::new();
    object.insert("answer", of.answer().word());
    object.insert("bytes", number(of.bytes));
    object.insert("kind", of.kind);
    object.insert("path", of.path.as_str());
    if let Some(digest) = &of.sha256 {
        object.insert("sha256", digest.as_str());
    }
    if let Some(fault) = &of.fault {
        let mut inner = Object::new();
        inner.insert("offset", number(fault.offset));
        inner.insert("reason", fault.reason.as_str());
        object.insert("fault", Value::Object(inner));
        return Value::Object(object);
    }
    for (key, text) in [
        ("class", &of.class),
        ("framework", &of.framework),
        ("version", &of.version),
    ] {
        if let Some(text) = text {
            object.insert(key, text.as_str());
        }
    }
    let mut list = |key: &str, values: Vec<Value>| {
        if !values.is_empty() {
            object.insert(key, Value::Array(values));
        }
    };
    list("inputs", of.inputs.iter().map(port).collect());
    list("outputs", of.outputs.iter().map(port).collect());
    list("members", of.members.iter().map(inspection).collect());
    list("tensors", of.tensors.iter().map(tensor).collect());
    let unread = of.unread.iter().map(|text| text.as_str().into());
    list("not_read", unread.collect());
    if of.tensor_count() > 0 {
        object.insert("parameters", optional(of.parameters()));
    }
    if !of.metadata.is_empty() {
        let mut metadata = Object::new();
        // In order, so that no insertion moves the members before it.
        let mut sorted: Vec<_> = of.metadata.iter().collect();
        sorted.sort_by(|one, two| one.0.cmp(&two.0));
        for (key, value) in sorted {
            metadata.insert(key.as_str(), value.clone());
        }
        object.insert("metadata", Value::Object(metadata));
    }
    Value::Object(object)
}

fn tensor(tensor: &Tensor) -> Value {
    let mut object = Object::new();
    object.insert("dtype", tensor.dtype.as_str());
    object.insert("name", tensor.name.as_str());
    if let Some(place) = &tensor.place {
        object.insert("place", place.as_str());
    }
    let shape = tensor.shape.iter().map(|length| number(*length));
    object.insert("shape", Value::Array(shape.collect()));
    Value::Object(object)
}

fn port(port: &Port) -> Value {
    let mut object = Object::new();
    object.insert("dtype", port.dtype.as_str());
    object.insert("name", port.name.as_str());
    if let Some(shape) = &port.shape {
        let shape = shape.iter().map(|dimension| match dimension {
            Dimension::Known(length) => number(*length),
            Dimension::Named(name) => name.as_str().into(),
            Dimension::Any => Value::Null,
        });
        object.insert("shape", Value::Array(shape.collect()));
    }
    Value::Object(object)
}

/// A number, as text where JSON's are too coarse.
pub(super) fn number(value: u64) -> Value {
    Number::unsigned(value).map_or_else(|| Value::String(value.to_string()), Value::Number)
}

fn optional(value: Option<u64>) -> Value {
    value.map_or(Value::Null, number)
}
