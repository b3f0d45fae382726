//! TensorFlow's `SavedModel`: signatures, tags and operators of each graph.
//!
//! **What is absent**: the variables, which lie in a checkpoint of their own.

use std::collections::BTreeMap;

use sealog_core::json::{Object, Value};

use super::inspection::{Dimension, Fault, Inspection, Port};
use super::json::number;
use super::limits::RANK_MAX;
use super::proto::Place;
use super::reader::Reader;
use crate::formats::source::Source;

/// Names of TensorFlow's types, by number from 1 on.
const TYPES: &[&str] = &[
    "float32",
    "float64",
    "int32",
    "uint8",
    "int16",
    "int8",
    "string",
    "complex64",
    "int64",
    "bool",
    "qint8",
    "quint8",
    "qint32",
    "bfloat16",
    "qint16",
    "quint16",
    "uint16",
    "complex128",
    "float16",
    "resource",
    "variant",
    "uint32",
    "uint64",
];

/// Whether bytes may be a model: a schema version, then a graph with a list of nodes.
pub(super) fn is_model(source: &Source) -> bool {
    let head = source.bytes(0, 3).unwrap_or_default();
    if !matches!(head.as_slice(), [0x08, 1, 0x12] | [0x12, ..]) {
        return false;
    }
    let mut found = false;
    // What breaks off behind its first graph is a broken model.
    let _ = Place::new(source.clone(), 0).each(
        |field, meta| match field {
            2 => meta.each(
                |field, _| {
                    found |= field == 2;
                    Ok(())
                },
                |_, _| {},
            ),
            _ => Ok(()),
        },
        |_, _| {},
    );
    found
}

#[derive(Debug, Default)]
struct Meta {
    operators: BTreeMap<String, u64>,
    tags: Vec<Value>,
    version: Option<String>,
    signatures: Vec<(String, Vec<Port>, Vec<Port>)>,
}

pub(super) fn read(
    source: &Source,
    reader: &Reader<'_>,
    out: &mut Inspection,
) -> Result<(), Fault> {
    let mut meta = Meta::default();
    let place = Place::new(source.clone(), 0);
    place.each(
        |field, part| match field {
            2 => meta.graph(&part, reader),
            _ => Ok(()),
        },
        |_, _| {},
    )?;
    place.note_cuts(out);
    out.framework = Some("tensorflow".to_owned());
    out.version = meta.version;
    if !meta.tags.is_empty() {
        out.note("tensorflow.tags", Value::Array(meta.tags));
    }
    let mut operators = Object::new();
    for (name, count) in meta.operators {
        operators.insert(name, number(count));
    }
    out.note("tensorflow.operators", Value::Object(operators));
    let names: Vec<Value> = meta
        .signatures
        .iter()
        .map(|(name, ..)| name.as_str().into())
        .collect();
    out.note("tensorflow.signatures", Value::Array(names));
    // The signature that servers take, or else the only one.
    let alone = meta.signatures.len() == 1;
    let chosen = meta
        .signatures
        .into_iter()
        .find(|(name, ..)| name == "serving_default" || alone);
    if let Some((_, inputs, outputs)) = chosen {
        (out.inputs, out.outputs) = (inputs, outputs);
    }
    out.unread
        .push("the variables, which lie in a checkpoint".to_owned());
    Ok(())
}

impl Meta {
    fn graph(&mut self, meta: &Place, reader: &Reader<'_>) -> Result<(), Fault> {
        meta.each(
            |field, part| match field {
                1 => self.info(&part, reader),
                2 => self.nodes(&part, reader),
                5 => self.signature(&part, reader),
                _ => Ok(()),
            },
            |_, _| {},
        )
    }

    fn info(&mut self, info: &Place, reader: &Reader<'_>) -> Result<(), Fault> {
        info.each(
            |field, part| {
                match field {
                    4 => {
                        reader.metadata_fits(self.tags.len() + 1, part.start)?;
                        self.tags.push(part.text()?.into());
                    }
                    5 => self.version = Some(part.text()?),
                    _ => {}
                }
                Ok(())
            },
            |_, _| {},
        )
    }

    /// Nodes of the graph, and of the functions in its library.
    fn nodes(&mut self, graph: &Place, reader: &Reader<'_>) -> Result<(), Fault> {
        graph.each(
            |field, part| match field {
                1 => self.node(&part, reader),
                2 => part.each(
                    |field, function| match field {
                        1 => function.each(
                            |field, node| match field {
                                3 => self.node(&node, reader),
                                _ => Ok(()),
                            },
                            |_, _| {},
                        ),
                        _ => Ok(()),
                    },
                    |_, _| {},
                ),
                _ => Ok(()),
            },
            |_, _| {},
        )
    }

    fn node(&mut self, node: &Place, reader: &Reader<'_>) -> Result<(), Fault> {
        let mut operator = String::new();
        node.each(
            |field, part| {
                if field == 2 {
                    operator = part.text()?;
                }
                Ok(())
            },
            |_, _| {},
        )?;
        if let Some(count) = self.operators.get_mut(&operator) {
            *count += 1;
        } else if self.operators.len() < reader.limits.classes {
            self.operators.insert(operator, 1);
        } else {
            return Err(Fault::new("too many different operators", node.start));
        }
        Ok(())
    }

    /// A name and a signature.
    fn signature(&mut self, entry: &Place, reader: &Reader<'_>) -> Result<(), Fault> {
        let (mut name, mut inputs, mut outputs) = (String::new(), Vec::new(), Vec::new());
        entry.each(
            |field, part| match field {
                1 => part.text().map(|text| name = text),
                2 => part.each(
                    |field, entry| {
                        let list = match field {
                            1 => &mut inputs,
                            2 => &mut outputs,
                            _ => return Ok(()),
                        };
                        reader.metadata_fits(list.len() + 1, entry.start)?;
                        list.push(port(&entry)?);
                        Ok(())
                    },
                    |_, _| {},
                ),
                _ => Ok(()),
            },
            |_, _| {},
        )?;
        reader.metadata_fits(self.signatures.len() + 1, entry.start)?;
        self.signatures.push((name, inputs, outputs));
        Ok(())
    }
}

/// A name, and type and shape of its tensor.
fn port(entry: &Place) -> Result<Port, Fault> {
    let mut port = Port {
        name: String::new(),
        dtype: String::new(),
        shape: None,
    };
    entry.each(
        |field, part| match field {
            1 => part.text().map(|text| port.name = text),
            2 => {
                let mut kind = 0;
                let mut shape = None;
                part.each(
                    |field, inner| {
                        if field == 3 {
                            shape = dimensions(&inner)?;
                        }
                        Ok(())
                    },
                    |field, value| {
                        if field == 2 {
                            kind = value;
                        }
                    },
                )?;
                let at = usize::try_from(kind)
                    .ok()
                    .and_then(|kind| kind.checked_sub(1));
                let known = at.and_then(|at| TYPES.get(at));
                port.dtype =
                    known.map_or_else(|| format!("type {kind}"), |name| (*name).to_owned());
                port.shape = shape;
                Ok(())
            }
            _ => Ok(()),
        },
        |_, _| {},
    )?;
    Ok(port)
}

/// A shape; none where not even the rank is known.
fn dimensions(part: &Place) -> Result<Option<Vec<Dimension>>, Fault> {
    let (mut shape, mut unknown) = (Vec::new(), false);
    part.each(
        |field, inner| {
            if field != 2 {
                return Ok(());
            }
            if shape.len() >= RANK_MAX {
                return Err(Fault::new("an input of too many dimensions", inner.start));
            }
            // A length of zero is not written.
            let mut length = 0;
            inner.each(
                |_, _| Ok(()),
                |field, value| {
                    if field == 1 {
                        length = value;
                    }
                },
            )?;
            // -1 in two's complement: any length.
            shape.push(if length > u64::MAX / 2 {
                Dimension::Any
            } else {
                Dimension::Known(length)
            });
            Ok(())
        },
        |field, value| unknown |= field == 3 && value != 0,
    )?;
    Ok((!unknown).then_some(shape))
}
