//! GGUF: the pairs and the list of tensors before the data.

use sealog_core::json::{Number, Value};

use super::inspection::{Fault, Inspection, Tensor};
use super::json::number;
use super::reader::Reader;
use crate::formats::gguf::{Gguf, GgufValue};
use crate::formats::source::Source;
use crate::formats::stream::Stream;

pub(super) fn read(
    source: &Source,
    reader: &Reader<'_>,
    out: &mut Inspection,
) -> Result<(), Fault> {
    let mut bytes = source.reader();
    let header = Gguf::read(&mut Stream::new(&mut bytes), source.len())
        .map_err(|error| Fault::new(error.why, error.offset))?;
    reader.tensors_fit(header.tensors.len(), 8)?;
    reader.metadata_fits(header.pairs.len(), 16)?;
    out.framework = Some("ggml".to_owned());
    out.note("gguf.version", number(header.version.into()));
    if let Some(GgufValue::Text(architecture)) = header.pair("general.architecture") {
        out.class = Some(architecture.clone());
    }
    for (key, value) in header.pairs {
        if matches!(value, GgufValue::Cut(_)) {
            out.unread.push(format!("{key}: the end of a long text"));
        }
        out.note(&key, shown(value));
    }
    for tensor in header.tensors {
        let dtype = tensor.kind_name();
        let dtype = dtype.map_or_else(|| format!("type {}", tensor.kind), str::to_owned);
        out.tensors.push(Tensor {
            name: tensor.name,
            dtype,
            // The file has the fastest first.
            shape: tensor.shape.into_iter().rev().collect(),
            place: None,
        });
    }
    Ok(())
}

fn shown(value: GgufValue) -> Value {
    match value {
        GgufValue::Text(text) | GgufValue::Cut(text) => text.into(),
        GgufValue::Integer(integer) => {
            match i64::try_from(integer).ok().and_then(Number::integer) {
                Some(number) => Value::Number(number),
                None => integer.to_string().into(),
            }
        }
        GgufValue::Truth(truth) => Value::Bool(truth),
        GgufValue::Float(float) => match Number::finite(float.get()) {
            Some(number) => Value::Number(number),
            None => float.get().to_string().into(),
        },
        GgufValue::Array(count) => format!("array of {count}").into(),
    }
}
