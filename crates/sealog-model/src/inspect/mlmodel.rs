//! `MLflow`'s `MLmodel`: flavors, signature and versions.

use sealog_core::json::{Object, Value};

use super::inspection::{Dimension, Fault, Inspection, Port};
use super::limits::RANK_MAX;
use super::reader::Reader;
use crate::formats::yaml;

/// Members that are shown as they are.
const SHOWN: &[&str] = &[
    "artifact_path",
    "model_id",
    "model_size_bytes",
    "model_uuid",
    "run_id",
    "utc_time_created",
];
/// Members of a flavor that are shown.
const OF_FLAVOR: &[&str] = &[
    "loader_module",
    "model_path",
    "pickled_model",
    "python_version",
    "serialization_format",
    "data",
    "code",
];
/// The flavor that every model has, whatever made it.
const GENERIC: &str = "python_function";

/// Whether a text is one: `flavors` at the beginning of a line.
pub(super) fn is_one(text: &[u8]) -> bool {
    text.starts_with(b"flavors:") || memchr::memmem::find(text, b"\nflavors:").is_some()
}

pub(super) fn read(bytes: &[u8], reader: &Reader<'_>, out: &mut Inspection) -> Result<(), Fault> {
    out.kind = "mlmodel";
    let text = str::from_utf8(bytes).map_err(|error| {
        let offset = u64::try_from(error.valid_up_to()).unwrap_or(0);
        Fault::new("not UTF-8", offset)
    })?;
    let value = yaml::parse(text).map_err(|error| {
        let offset = u64::try_from(error.offset).unwrap_or(0);
        Fault::new(error.why, offset)
    })?;
    let flavors = value.member("flavors").and_then(Value::as_object);
    let flavors = flavors.ok_or_else(|| Fault::new("flavors is no mapping", 0))?;
    flavors_of(flavors, reader, out)?;
    if let Some(version) = value.member("mlflow_version").map(shown) {
        out.note("mlflow.version", version);
    }
    for key in SHOWN {
        if let Some(value) = value.member(key).filter(|value| !value.is_null()) {
            out.note(&format!("mlflow.{key}"), value.clone());
        }
    }
    let Some(signature) = value.member("signature") else {
        return Ok(());
    };
    let at = |key: &str| place(text, key);
    out.inputs = ports(signature.member("inputs"), reader, at("inputs:"))?;
    out.outputs = ports(signature.member("outputs"), reader, at("outputs:"))?;
    Ok(())
}

fn flavors_of(flavors: &Object, reader: &Reader<'_>, out: &mut Inspection) -> Result<(), Fault> {
    for (flavor, members) in flavors.iter() {
        if flavor != GENERIC && out.framework.is_none() {
            out.framework = Some(flavor.to_owned());
            let version = members
                .member(&format!("{flavor}_version"))
                .or_else(|| members.member("version"));
            out.version = version.map(shown);
        }
        for key in OF_FLAVOR {
            reader.metadata_fits(out.metadata.len() + 1, 0)?;
            if let Some(value) = members.member(key).filter(|value| !value.is_null()) {
                out.note(&format!("{flavor}.{key}"), value.clone());
            }
        }
    }
    Ok(())
}

/// A version may look like a number.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => String::from_utf8_lossy(&other.to_canonical()).into_owned(),
    }
}

fn place(text: &str, key: &str) -> u64 {
    let found = text.find("\nsignature:").and_then(|start| {
        let after = text.get(start..)?.find(key)?;
        Some(start + after)
    });
    u64::try_from(found.unwrap_or(0)).unwrap_or(0)
}

/// A list of columns or tensors, as JSON in a text.
fn ports(value: Option<&Value>, reader: &Reader<'_>, at: u64) -> Result<Vec<Port>, Fault> {
    let Some(Value::String(text)) = value else {
        return Ok(Vec::new());
    };
    let wrong = || Fault::new("a signature that cannot be read", at);
    let list = Value::parse(text.as_bytes()).map_err(|_| wrong())?;
    let list = list.as_array().ok_or_else(wrong)?;
    reader.tensors_fit(list.len(), at)?;
    list.iter()
        .map(|item| port(item).ok_or_else(wrong))
        .collect()
}

fn port(item: &Value) -> Option<Port> {
    let name = item.member("name").and_then(Value::as_str);
    let name = name.unwrap_or_default().to_owned();
    let kind = item.member("type").and_then(Value::as_str)?;
    let Some(tensor) = item.member("tensor-spec") else {
        return Some(Port {
            name,
            dtype: kind.to_owned(),
            shape: None,
        });
    };
    let shape = tensor.member("shape").and_then(Value::as_array)?;
    let shape: Option<Vec<Dimension>> = shape
        .iter()
        .take(RANK_MAX + 1)
        .map(|length| match length.as_i64()? {
            -1 => Some(Dimension::Any),
            length => u64::try_from(length).ok().map(Dimension::Known),
        })
        .collect();
    Some(Port {
        name,
        dtype: tensor.member("dtype").and_then(Value::as_str)?.to_owned(),
        shape: Some(shape.filter(|shape| shape.len() <= RANK_MAX)?),
    })
}
