//! Texts: the index of shards, the hub's configurations, `MLflow`'s description. Any other text says nothing.

use std::collections::{BTreeMap, BTreeSet};

use sealog_core::json::{Object, Value};

use super::inspection::{Fault, Inspection, Tensor};
use super::mlmodel;
use super::reader::{Reader, io};
use crate::formats::members::document;
use crate::formats::safetensors::Header;
use crate::formats::source::Source;

/// Members of a configuration that are shown.
const SHOWN: &[&str] = &[
    "architectures",
    "model_type",
    "torch_dtype",
    "dtype",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "vocab_size",
    "max_position_embeddings",
];

pub(super) fn read(
    source: &Source,
    reader: &mut Reader<'_>,
    out: &mut Inspection,
) -> Result<(), Fault> {
    out.kind = "text";
    if source.len() > reader.limits.document {
        let text = format!("a text of more than {} bytes", reader.limits.document);
        out.unread.push(text);
        return Ok(());
    }
    let bytes = source.bytes(0, source.len());
    let bytes = bytes.map_err(|error| io(&error, 0))?;
    match bytes.trim_ascii_start().first() {
        // Texts that only begin like JSON are texts.
        Some(b'{') => match document(&bytes) {
            Ok(value) => json(&value, &bytes, reader, out),
            Err(error) if names_shards(&bytes) => {
                let offset = u64::try_from(error.1).unwrap_or(0);
                Err(Fault::new(error.0, offset))
            }
            Err(_) => Ok(()),
        },
        _ if mlmodel::is_one(&bytes) => mlmodel::read(&bytes, reader, out),
        _ => Ok(()),
    }
}

fn names_shards(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"\"weight_map\"").is_some()
}

fn json(
    value: &Value,
    text: &[u8],
    reader: &mut Reader<'_>,
    out: &mut Inspection,
) -> Result<(), Fault> {
    out.kind = "json";
    if let Some(map) = value.member("weight_map").and_then(Value::as_object) {
        return index(value, map, text, reader, out);
    }
    let Some(kind) = value.member("model_type").and_then(Value::as_str) else {
        return Ok(());
    };
    out.kind = "model configuration";
    out.framework = Some("transformers".to_owned());
    let version = value.member("transformers_version").and_then(Value::as_str);
    out.version = version.map(str::to_owned);
    let architectures = value.member("architectures").and_then(Value::as_array);
    let first = architectures
        .and_then(|all| all.first())
        .and_then(Value::as_str);
    out.class = Some(first.unwrap_or(kind).to_owned());
    for key in SHOWN {
        if let Some(value) = value.member(key) {
            out.note(key, value.clone());
        }
    }
    Ok(())
}

/// Each tensor of the map must stand in the shard that it names, and each of a shard in the map.
fn index(
    value: &Value,
    map: &Object,
    text: &[u8],
    reader: &mut Reader<'_>,
    out: &mut Inspection,
) -> Result<(), Fault> {
    out.kind = INDEX;
    reader.tensors_fit(map.len(), 0)?;
    let mut shards: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, shard) in map.iter() {
        let wrong = |why: String| Fault::new(why, place(text, name));
        let shard = shard.as_str();
        let shard = shard.ok_or_else(|| wrong(format!("{name}: no name of a shard")))?;
        if shard.contains('/') {
            return Err(wrong(format!("{name}: its shard is no plain name")));
        }
        shards.entry(shard).or_default().insert(name);
    }
    if shards.len() > reader.limits.entries {
        return Err(Fault::new("too many shards", 0));
    }
    let metadata = value.member("metadata").and_then(Value::as_object);
    for (key, value) in metadata.into_iter().flat_map(Object::iter) {
        out.note(key, value.clone());
    }
    out.note(
        "shards",
        super::json::number(u64::try_from(shards.len()).unwrap_or(0)),
    );
    for (shard, mut names) in shards {
        let wrong = |why: String| Fault::new(why, place(text, shard));
        // Where nobody said where the shards lie, the map is all there is.
        let Some(source) = reader.beside(shard).map_err(wrong)? else {
            out.unread
                .push(format!("{shard}, since only the index is at hand"));
            continue;
        };
        let header = Header::read(&source);
        let header = header
            .map_err(|error| wrong(format!("{shard}, byte {}: {}", error.offset, error.why)))?;
        for tensor in header.tensors {
            if !names.remove(tensor.name.as_str()) {
                return Err(wrong(format!(
                    "{shard} holds {}, which the index has elsewhere or not at all",
                    tensor.name
                )));
            }
            out.tensors.push(Tensor {
                name: tensor.name,
                dtype: tensor.dtype,
                shape: tensor.shape,
                place: Some(shard.to_owned()),
            });
        }
        if let Some(missing) = names.first() {
            return Err(wrong(format!("{shard} does not hold {missing}")));
        }
    }
    out.tensors.sort_by(|one, two| one.name.cmp(&two.name));
    Ok(())
}

/// The kind of an index; its tensors are those of its shards.
pub(super) const INDEX: &str = "safetensors index";

/// Where a text stands in the file, quoted.
fn place(text: &[u8], name: &str) -> u64 {
    let mut quoted = Vec::new();
    Value::from(name).write_canonical(&mut quoted);
    let found = memchr::memmem::find(text, &quoted).unwrap_or(0);
    u64::try_from(found).unwrap_or(0)
}
