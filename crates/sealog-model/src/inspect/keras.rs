//! Keras: the configuration of an archive of version 3, or of an HDF5 file of version 2.
//!
//! **What is absent**: the weights. They lie in HDF5, whose data sets are not read.

use std::collections::BTreeMap;

use sealog_core::json::{Object, Value};

use super::inspection::{Dimension, Fault, Inspection, Port};
use super::json::number;
use super::limits::RANK_MAX;
use super::reader::Reader;
use super::zipped::Archive;
use crate::formats::members::document;

pub(super) fn read(
    archive: &Archive<'_>,
    reader: &mut Reader<'_>,
    out: &mut Inspection,
) -> Result<(), Fault> {
    out.framework = Some("keras".to_owned());
    let member = |name: &str, reader: &mut Reader<'_>| {
        let bytes = archive.document(name, reader)?.unwrap_or_default();
        document(&bytes).map_err(|error| Fault::new(format!("{name}: {}", error.0), 0))
    };
    let metadata = member("metadata.json", reader)?;
    let configuration = member("config.json", reader)?;
    let version = metadata.member("keras_version").and_then(Value::as_str);
    out.version = version.map(str::to_owned);
    if let Some(date) = metadata.member("date_saved").and_then(Value::as_str) {
        out.note("keras.date_saved", date);
    }
    model(&configuration, reader, out)?;
    for (name, size) in archive.members() {
        if std::path::Path::new(&name)
            .extension()
            .is_some_and(|kind| kind == "h5")
        {
            out.unread.push(format!(
                "{name}, {size} bytes of HDF5: no shape of a weight is known"
            ));
        }
    }
    Ok(())
}

/// A model's configuration: classes of layers, and what the inputs are.
pub(super) fn model(value: &Value, reader: &Reader<'_>, out: &mut Inspection) -> Result<(), Fault> {
    let class = value.member("class_name").and_then(Value::as_str);
    let Some(class) = class else {
        return Err(Fault::new("a configuration without a class", 0));
    };
    let registered = value.member("module").and_then(Value::as_str);
    out.class = Some(match registered {
        Some(module) if !module.is_empty() => format!("{module}.{class}"),
        _ => class.to_owned(),
    });
    let config = value.member("config");
    let name = config.and_then(|config| config.member("name"));
    if let Some(name) = name.and_then(Value::as_str) {
        out.note("keras.name", name);
    }
    let mut layers = BTreeMap::new();
    walk(config, reader, &mut layers, out)?;
    let mut counts = Object::new();
    for (class, count) in layers {
        counts.insert(class, number(count));
    }
    out.note("keras.layers", Value::Object(counts));
    let outputs = config.and_then(|config| config.member("output_layers"));
    for name in layer_names(outputs, 0) {
        out.outputs.push(Port {
            name,
            dtype: String::new(),
            shape: None,
        });
    }
    // A sequential model without an input layer says its shape where it was built.
    let built = value
        .member("build_config")
        .and_then(|built| built.member("input_shape"));
    if let (true, Some(shape)) = (out.inputs.is_empty(), built.and_then(shape)) {
        out.inputs.push(Port {
            name: String::new(),
            dtype: String::new(),
            shape: Some(shape),
        });
    }
    Ok(())
}

/// Layers in order, those of models inside of models too. Depth is bounded by the parser.
fn walk(
    config: Option<&Value>,
    reader: &Reader<'_>,
    layers: &mut BTreeMap<String, u64>,
    out: &mut Inspection,
) -> Result<(), Fault> {
    let list = config.and_then(|config| config.member("layers"));
    for layer in list.and_then(Value::as_array).unwrap_or_default() {
        let class = layer.member("class_name").and_then(Value::as_str);
        let class = class.unwrap_or("unknown");
        *layers.entry(class.to_owned()).or_default() += 1;
        if layers.len() > reader.limits.classes {
            return Err(Fault::new("too many different layers", 0));
        }
        let inner = layer.member("config");
        if class == "InputLayer" {
            reader.tensors_fit(out.inputs.len() + 1, 0)?;
            out.inputs.extend(inner.map(input));
        }
        walk(inner, reader, layers, out)?;
    }
    Ok(())
}

fn input(config: &Value) -> Port {
    let text = |key: &str| config.member(key).and_then(Value::as_str);
    let shape = config
        .member("batch_shape")
        .or_else(|| config.member("batch_input_shape"));
    Port {
        name: text("name").unwrap_or_default().to_owned(),
        dtype: text("dtype").unwrap_or_default().to_owned(),
        shape: shape.and_then(self::shape),
    }
}

fn shape(value: &Value) -> Option<Vec<Dimension>> {
    let lengths = value.as_array()?;
    if lengths.len() > RANK_MAX {
        return None;
    }
    let lengths = lengths.iter().map(|length| match length {
        Value::Null => Some(Dimension::Any),
        other => other.as_u64().map(Dimension::Known),
    });
    lengths.collect()
}

/// `["dense", 0, 0]`, or a list of such.
fn layer_names(value: Option<&Value>, depth: usize) -> Vec<String> {
    let items = value.and_then(Value::as_array).unwrap_or_default();
    match items.first() {
        Some(Value::String(name)) => vec![name.clone()],
        Some(Value::Array(_)) if depth == 0 => items
            .iter()
            .flat_map(|item| layer_names(Some(item), 1))
            .collect(),
        _ => Vec::new(),
    }
}
