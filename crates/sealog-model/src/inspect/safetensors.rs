//! safetensors: the header says all of it.

use super::inspection::{Fault, Inspection, Tensor};
use super::reader::Reader;
use crate::formats::safetensors::Header;
use crate::formats::source::Source;

pub(super) fn read(
    source: &Source,
    reader: &Reader<'_>,
    out: &mut Inspection,
) -> Result<(), Fault> {
    let header = Header::read(source).map_err(|error| Fault::new(error.why, error.offset))?;
    reader.tensors_fit(header.tensors.len(), 0)?;
    for (key, value) in header.metadata {
        match key.as_str() {
            "format" => out.framework = framework(&value).map(str::to_owned),
            "modelspec.architecture" => out.class = Some(value.clone()),
            _ => {}
        }
        out.note(&key, value);
    }
    for tensor in header.tensors {
        out.tensors.push(Tensor {
            name: tensor.name,
            dtype: tensor.dtype,
            shape: tensor.shape,
            place: None,
        });
    }
    Ok(())
}

/// `format` names the library in two letters.
fn framework(format: &str) -> Option<&'static str> {
    Some(match format {
        "pt" => "torch",
        "tf" => "tensorflow",
        "flax" => "flax",
        "np" => "numpy",
        "mlx" => "mlx",
        _ => return None,
    })
}
