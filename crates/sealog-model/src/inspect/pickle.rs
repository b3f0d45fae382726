//! Pickles, joblib's and torch's too: the class of what comes out, its simple attributes, its arrays.
//!
//! The scanner's machine runs them; nothing is imported or called.

use std::io::Read;

use sealog_core::json::{Number, Object, Value};

use super::inspection::{Dimension, Fault, Inspection, Port, Tensor};
use super::json::number;
use super::reader::Reader;
use crate::scan::{Attribute, Root, SightLimits, Sights, sights};

/// Bytes below which a text that goes on behind a value is no pickle.
const TEXT_BYTES_MIN: u64 = 16;
const FEATURES: &str = "n_features_in_";
const SKLEARN_VERSION: &str = "_sklearn_version";

/// Reads all pickles of a stream.
pub(super) fn read(
    stream: &mut dyn Read,
    torch: bool,
    reader: &Reader<'_>,
    out: &mut Inspection,
) -> Result<(), Fault> {
    let (seen, fault) = run(stream, torch, reader);
    match fault {
        None => keep(seen, reader, out),
        Some(fault) => Err(fault),
    }
}

/// A content that begins like nothing that is known: none if it is no pickle of protocol 0. It is one if the machine
/// reads it to its last byte, or if a value came out before something else stands there.
pub(super) fn read_text(
    stream: &mut dyn Read,
    reader: &Reader<'_>,
    out: &mut Inspection,
) -> Option<Result<(), Fault>> {
    let (seen, fault) = run(stream, false, reader);
    let Some(fault) = fault else {
        return Some(keep(seen, reader, out));
    };
    let is_one = seen.roots.iter().any(|root| !root.class.is_empty());
    (is_one && out.bytes > TEXT_BYTES_MIN).then_some(Err(fault))
}

fn run(stream: &mut dyn Read, torch: bool, reader: &Reader<'_>) -> (Sights, Option<Fault>) {
    let keep = SightLimits {
        instances: reader.limits.instances,
        arrays: reader.limits.tensors,
        classes: reader.limits.classes,
    };
    let (seen, fault) = sights(stream, torch, &reader.limits.machine(), keep);
    (
        seen,
        fault.map(|(reason, offset)| Fault::new(reason, offset)),
    )
}

fn keep(seen: Sights, reader: &Reader<'_>, out: &mut Inspection) -> Result<(), Fault> {
    if seen.arrays_cut {
        let reason = format!("more than {} arrays", reader.limits.tensors);
        return Err(Fault::new(reason, 0));
    }
    // A torch file of the older form is five pickles: magic, version, system, object, keys.
    let root = if seen.legacy {
        seen.roots.get(3)
    } else {
        seen.roots.first()
    };
    if let Some(root) = root {
        model(root, &seen, out);
    }
    counts(&seen, out);
    if seen.cut {
        let kept = reader.limits.instances;
        let text = format!("attributes and classes beyond the first {kept} instances");
        out.unread.push(text);
    }
    for array in seen.arrays {
        out.tensors.push(Tensor {
            name: array.name.unwrap_or_default(),
            dtype: array.dtype,
            shape: array.shape,
            place: None,
        });
    }
    Ok(())
}

fn model(root: &Root, seen: &Sights, out: &mut Inspection) {
    if !root.class.is_empty() {
        out.class = Some(root.class.clone());
    }
    // A pipeline has no number of features and sometimes no version of its own: its first step has.
    let of = |key: &str| {
        let own = root.attributes.iter().find(|(name, _)| name == key);
        let inner = || {
            let all = seen.instances.iter().flat_map(|one| &one.attributes);
            all.into_iter().find(|(name, _)| name == key)
        };
        own.or_else(inner).map(|(_, value)| value.clone())
    };
    let package = root.class.split('.').next().unwrap_or_default();
    out.framework = match package {
        "sklearn" => Some("scikit-learn"),
        "numpy" | "torch" | "pandas" | "xgboost" | "lightgbm" | "catboost" | "scipy" => {
            Some(package)
        }
        _ if seen.legacy => Some("torch"),
        _ => None,
    }
    .map(str::to_owned);
    if package == "sklearn"
        && let Some(Attribute::Text(version)) = of(SKLEARN_VERSION)
    {
        out.version = Some(version);
    }
    if let Some(Attribute::Integer(features)) = of(FEATURES)
        && let Ok(features) = u64::try_from(features)
    {
        out.inputs.push(Port {
            name: "X".to_owned(),
            dtype: String::new(),
            shape: Some(vec![Dimension::Any, Dimension::Known(features)]),
        });
    }
    for (name, value) in &root.attributes {
        let value = match value {
            Attribute::Integer(integer) => match Number::integer(*integer) {
                Some(number) => Value::Number(number),
                None => integer.to_string().into(),
            },
            Attribute::Text(text) => text.as_str().into(),
        };
        out.note(name, value);
    }
}

/// How many instances of each class there are: the trees of a forest, the steps of a pipeline.
fn counts(seen: &Sights, out: &mut Inspection) {
    if seen.classes.is_empty() {
        return;
    }
    let mut counts = Object::new();
    for (class, count) in &seen.classes {
        counts.insert(class.as_str(), number(*count));
    }
    out.note("instances", Value::Object(counts));
}
