//! ONNX: inputs, outputs and initializers of the graph. Data are passed over, wherever they stand.

use std::collections::{BTreeMap, HashSet};

use sealog_core::json::{Object, Value};

use super::inspection::{Dimension, Fault, Inspection, Port, Tensor};
use super::json::number;
use super::limits::{GRAPH_DEPTH_MAX, RANK_MAX};
use super::proto::Place;
use super::reader::Reader;
use crate::formats::source::Source;

/// Names of the element types, by number, and the bits of one.
const TYPES: &[(u64, &str, u64)] = &[
    (1, "FLOAT", 32),
    (2, "UINT8", 8),
    (3, "INT8", 8),
    (4, "UINT16", 16),
    (5, "INT16", 16),
    (6, "INT32", 32),
    (7, "INT64", 64),
    (8, "STRING", 0),
    (9, "BOOL", 8),
    (10, "FLOAT16", 16),
    (11, "DOUBLE", 64),
    (12, "UINT32", 32),
    (13, "UINT64", 64),
    (14, "COMPLEX64", 64),
    (15, "COMPLEX128", 128),
    (16, "BFLOAT16", 16),
    (17, "FLOAT8E4M3FN", 8),
    (18, "FLOAT8E4M3FNUZ", 8),
    (19, "FLOAT8E5M2", 8),
    (20, "FLOAT8E5M2FNUZ", 8),
    (21, "UINT4", 4),
    (22, "INT4", 4),
    (23, "FLOAT4E2M1", 4),
    (24, "FLOAT8E8M0", 8),
    (25, "UINT2", 2),
    (26, "INT2", 2),
];

/// Whether bytes may be a model: a version, and somewhere in the outermost message a graph.
pub(super) fn is_model(source: &Source) -> bool {
    let head = source.bytes(0, 2).unwrap_or_default();
    if !matches!(head.as_slice(), [0x08, 1..=64]) {
        return false;
    }
    let mut found = false;
    // A message that breaks off behind its graph is a broken model.
    let _ = Place::new(source.clone(), 0).each(
        |field, _| {
            found |= field == 7;
            Ok(())
        },
        |_, _| {},
    );
    found
}

/// What is gathered of a graph and of those inside of it.
#[derive(Debug, Default)]
struct Model {
    operators: BTreeMap<String, u64>,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    tensors: Vec<Tensor>,
    kept: usize,
}

pub(super) fn read(
    source: &Source,
    reader: &mut Reader<'_>,
    out: &mut Inspection,
) -> Result<(), Fault> {
    let mut model = Model::default();
    let (mut opsets, mut metadata, mut numbers) = (Object::new(), Vec::new(), Vec::new());
    let (mut name, mut version) = (None, None);
    let place = Place::new(source.clone(), 0);
    place.each(
        |field, part| {
            match field {
                2 => name = Some(part.text()?),
                3 => version = Some(part.text()?),
                4 => metadata.push(("onnx.domain".to_owned(), part.text()?)),
                7 => model.graph(&part, 0, reader, &mut metadata)?,
                8 => {
                    let (domain, version) = pair(&part)?;
                    opsets.insert(domain, number(version));
                }
                14 => {
                    reader.metadata_fits(metadata.len() + 1, part.start)?;
                    metadata.push(texts(&part)?);
                }
                25 => model.function(&part, reader)?,
                _ => {}
            }
            Ok(())
        },
        |field, value| numbers.push((field, value)),
    )?;
    place.note_cuts(out);
    out.framework = name.filter(|name| !name.is_empty());
    out.version = version.filter(|version| !version.is_empty());
    for (field, value) in numbers.into_iter().take(GRAPH_DEPTH_MAX) {
        match field {
            1 => out.note("onnx.ir_version", number(value)),
            5 => out.note("onnx.model_version", number(value)),
            _ => {}
        }
    }
    out.note("onnx.opsets", Value::Object(opsets));
    let operators = model.operators.into_iter();
    let operators = operators.fold(Object::new(), |mut all, (name, count)| {
        all.insert(name, number(count));
        all
    });
    out.note("onnx.operators", Value::Object(operators));
    for (key, value) in metadata {
        out.note(&key, value);
    }
    // Older versions list each initializer among the inputs, as a default that may be replaced.
    let known: HashSet<&str> = model.tensors.iter().map(|one| one.name.as_str()).collect();
    model
        .inputs
        .retain(|port| !known.contains(port.name.as_str()));
    out.inputs = model.inputs;
    out.outputs = model.outputs;
    out.tensors = model.tensors;
    Ok(())
}

/// A text and a number: an operator set.
fn pair(part: &Place) -> Result<(String, u64), Fault> {
    let (mut text, mut version) = (String::new(), 0);
    part.each(
        |field, part| {
            if field == 1 {
                text = part.text()?;
            }
            Ok(())
        },
        |field, value| {
            if field == 2 {
                version = value;
            }
        },
    )?;
    Ok((text, version))
}

/// Two texts: a key and its value.
fn texts(part: &Place) -> Result<(String, String), Fault> {
    let (mut key, mut value) = (String::new(), String::new());
    part.each(
        |field, part| {
            match field {
                1 => key = part.text()?,
                2 => value = part.text()?,
                _ => {}
            }
            Ok(())
        },
        |_, _| {},
    )?;
    Ok((key, value))
}

impl Model {
    /// `depth`: 0 is the model's own graph, whose ports are the model's.
    fn graph(
        &mut self,
        graph: &Place,
        depth: usize,
        reader: &mut Reader<'_>,
        metadata: &mut Vec<(String, String)>,
    ) -> Result<(), Fault> {
        if depth > GRAPH_DEPTH_MAX {
            return Err(Fault::new("graphs nested too deep", graph.start));
        }
        graph.each(
            |field, part| {
                match field {
                    1 => self.node(&part, depth, reader)?,
                    2 if depth == 0 => metadata.push(("onnx.graph".to_owned(), part.text()?)),
                    5 => self.initializer(&part, reader)?,
                    15 => self.sparse(&part, reader)?,
                    11 | 12 if depth == 0 => {
                        let port = port(&part)?;
                        self.keep(port.name.len(), reader, part.start)?;
                        let list = if field == 11 {
                            &mut self.inputs
                        } else {
                            &mut self.outputs
                        };
                        reader.tensors_fit(list.len() + 1, part.start)?;
                        list.push(port);
                    }
                    _ => {}
                }
                Ok(())
            },
            |_, _| {},
        )
    }

    fn keep(&mut self, bytes: usize, reader: &Reader<'_>, offset: u64) -> Result<(), Fault> {
        self.kept = self.kept.saturating_add(bytes);
        if self.kept > reader.limits.kept {
            return Err(Fault::new("more names than are kept", offset));
        }
        Ok(())
    }

    fn node(&mut self, node: &Place, depth: usize, reader: &mut Reader<'_>) -> Result<(), Fault> {
        let (mut operator, mut domain) = (String::new(), String::new());
        node.each(
            |field, part| {
                match field {
                    4 => operator = part.text()?,
                    7 => domain = part.text()?,
                    5 => part.each(
                        |field, value| match field {
                            6 | 11 => self.graph(&value, depth + 1, reader, &mut Vec::new()),
                            _ => Ok(()),
                        },
                        |_, _| {},
                    )?,
                    _ => {}
                }
                Ok(())
            },
            |_, _| {},
        )?;
        if !domain.is_empty() && domain != "ai.onnx" {
            operator = format!("{domain}.{operator}");
        }
        if let Some(count) = self.operators.get_mut(&operator) {
            *count += 1;
        } else if self.operators.len() < reader.limits.classes {
            self.operators.insert(operator, 1);
        } else {
            return Err(Fault::new("too many different operators", node.start));
        }
        Ok(())
    }

    fn function(&mut self, function: &Place, reader: &mut Reader<'_>) -> Result<(), Fault> {
        function.each(
            |field, part| match field {
                7 => self.node(&part, 0, reader),
                _ => Ok(()),
            },
            |_, _| {},
        )
    }

    /// Values with their places: the values carry the name and the type, the whole its own shape.
    fn sparse(&mut self, sparse: &Place, reader: &mut Reader<'_>) -> Result<(), Fault> {
        let (mut values, mut dims) = (None, Vec::new());
        sparse.each(
            |field, part| {
                match field {
                    1 => values = Some(tensor(&part, reader)?),
                    3 => dims.extend(part.packed(RANK_MAX)?),
                    _ => {}
                }
                Ok(())
            },
            |_, _| {},
        )?;
        if let Some(mut tensor) = values {
            if !dims.is_empty() {
                tensor.shape = dims;
            }
            self.push(tensor, reader, sparse.start)?;
        }
        Ok(())
    }

    fn initializer(&mut self, part: &Place, reader: &mut Reader<'_>) -> Result<(), Fault> {
        let tensor = tensor(part, reader)?;
        self.push(tensor, reader, part.start)
    }

    fn push(&mut self, tensor: Tensor, reader: &Reader<'_>, offset: u64) -> Result<(), Fault> {
        reader.tensors_fit(self.tensors.len() + 1, offset)?;
        self.keep(tensor.name.len(), reader, offset)?;
        self.tensors.push(tensor);
        Ok(())
    }
}

fn tensor(part: &Place, reader: &mut Reader<'_>) -> Result<Tensor, Fault> {
    let (mut name, mut shape, mut raw) = (String::new(), Vec::new(), None);
    let (mut external, mut loose, mut kind) = (Vec::new(), Vec::new(), 0);
    part.each(
        |field, part| {
            match field {
                1 => shape.extend(part.packed(RANK_MAX)?),
                8 => name = part.text()?,
                9 => raw = Some(part.source.len()),
                13 if external.len() < RANK_MAX => external.push(texts(&part)?),
                _ => {}
            }
            Ok(())
        },
        |field, value| match field {
            1 if loose.len() <= RANK_MAX => loose.push(value),
            2 => kind = value,
            _ => {}
        },
    )?;
    shape.extend(loose);
    if shape.len() > RANK_MAX {
        return Err(Fault::new("a tensor of too many dimensions", part.start));
    }
    let known = TYPES.iter().find(|(number, ..)| *number == kind);
    let dtype = known.map_or_else(|| format!("type {kind}"), |(_, name, _)| (*name).to_owned());
    let items = shape.iter().copied().try_fold(1, u64::checked_mul);
    let bits = known.map_or(0, |(.., bits)| *bits);
    let size = items
        .and_then(|items| items.checked_mul(bits))
        .map(|bits| bits.div_ceil(8));
    if bits > 0 && raw.is_some_and(|raw| size != Some(raw)) {
        let reason = format!("{name}: shape, type and data do not fit");
        return Err(Fault::new(reason, part.start));
    }
    let place = if external.is_empty() {
        None
    } else {
        Some(outside(
            &name,
            &external,
            size.filter(|_| bits > 0),
            reader,
            part.start,
        )?)
    };
    Ok(Tensor {
        name,
        dtype,
        shape,
        place,
    })
}

/// Data in another file: that must lie beside this one and be long enough.
fn outside(
    name: &str,
    external: &[(String, String)],
    size: Option<u64>,
    reader: &mut Reader<'_>,
    at: u64,
) -> Result<String, Fault> {
    let value = |key: &str| {
        let found = external.iter().find(|(known, _)| known == key);
        found.map(|(_, value)| value.as_str())
    };
    let wrong = |what: &str| Fault::new(format!("{name}: {what}"), at);
    let location = value("location").ok_or_else(|| wrong("external data without a location"))?;
    let whole = |key: &str| match value(key) {
        Some(text) => text.parse::<u64>().map(Some),
        None => Ok(None),
    };
    let (Ok(offset), Ok(length)) = (whole("offset"), whole("length")) else {
        return Err(wrong("an offset or a length that is no number"));
    };
    if size.is_some() && length.is_some() && size != length {
        return Err(wrong("shape, type and external length do not fit"));
    }
    let needed = offset
        .unwrap_or(0)
        .checked_add(length.or(size).unwrap_or(0));
    let needed = needed.ok_or_else(|| wrong("external data beyond any file"))?;
    if let Some(len) = reader.outside_len(location).map_err(|why| wrong(&why))?
        && needed > len
    {
        return Err(wrong(&format!("{location} ends before its data do")));
    }
    Ok(location.to_owned())
}

fn port(place: &Place) -> Result<Port, Fault> {
    let mut port = Port {
        name: String::new(),
        dtype: String::new(),
        shape: None,
    };
    place.each(
        |field, part| {
            match field {
                1 => port.name = part.text()?,
                2 => kind(&part, &mut port)?,
                _ => {}
            }
            Ok(())
        },
        |_, _| {},
    )?;
    Ok(port)
}

fn kind(place: &Place, port: &mut Port) -> Result<(), Fault> {
    place.each(
        |field, inner| {
            match field {
                1 => tensor_kind(&inner, port)?,
                8 => {
                    tensor_kind(&inner, port)?;
                    port.dtype = format!("sparse {}", port.dtype);
                }
                4 => "sequence".clone_into(&mut port.dtype),
                5 => "map".clone_into(&mut port.dtype),
                9 => "optional".clone_into(&mut port.dtype),
                _ => {}
            }
            Ok(())
        },
        |_, _| {},
    )
}

fn tensor_kind(place: &Place, port: &mut Port) -> Result<(), Fault> {
    let (mut shape, mut dtype) = (None, 0);
    place.each(
        |field, inner| {
            if field == 2 {
                shape = Some(dimensions(&inner)?);
            }
            Ok(())
        },
        |field, value| {
            if field == 1 {
                dtype = value;
            }
        },
    )?;
    let known = TYPES.iter().find(|(number, ..)| *number == dtype);
    port.dtype = known.map_or_else(
        || format!("type {dtype}"),
        |(_, name, _)| (*name).to_owned(),
    );
    port.shape = shape;
    Ok(())
}

fn dimensions(place: &Place) -> Result<Vec<Dimension>, Fault> {
    let mut shape = Vec::new();
    place.each(
        |field, inner| {
            if field != 1 {
                return Ok(());
            }
            if shape.len() >= RANK_MAX {
                return Err(Fault::new("an input of too many dimensions", inner.start));
            }
            let (mut known, mut named) = (None, None);
            inner.each(
                |field, text| {
                    if field == 2 {
                        named = Some(text.text()?);
                    }
                    Ok(())
                },
                |field, value| {
                    if field == 1 {
                        known = Some(value);
                    }
                },
            )?;
            shape.push(match (known, named) {
                (Some(length), _) => Dimension::Known(length),
                (None, Some(name)) if !name.is_empty() => Dimension::Named(name),
                _ => Dimension::Any,
            });
            Ok(())
        },
        |_, _| {},
    )?;
    Ok(shape)
}
