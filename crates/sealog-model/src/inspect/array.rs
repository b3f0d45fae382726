//! numpy's array files: one header, one array.

use super::inspection::{Fault, Inspection, Tensor};
use crate::formats::npy::NpyHeader;
use crate::formats::source::Source;
use crate::formats::stream::Stream;

pub(super) fn read(source: &Source, out: &mut Inspection) -> Result<(), Fault> {
    let (tensor, unread) = tensor(source, source.len(), String::new())?;
    out.framework = Some("numpy".to_owned());
    out.tensors.push(tensor);
    out.unread.extend(unread);
    Ok(())
}

/// The array of a file of `len` bytes that begins like `source`, and what of it was not read.
pub(super) fn tensor(
    source: &Source,
    len: u64,
    name: String,
) -> Result<(Tensor, Option<String>), Fault> {
    let mut bytes = source.reader();
    let mut stream = Stream::new(&mut bytes);
    let header = NpyHeader::read(&mut stream)
        .map_err(|error| Fault::new(error.to_string(), stream.offset()))?;
    let start = stream.offset();
    let mut unread = None;
    if header.holds_objects() {
        unread = Some("objects, which are a pickle behind the header".to_owned());
    } else if let Some(bytes) = header.array_bytes() {
        let data = len.saturating_sub(start);
        if data != bytes {
            let reason = format!("type and shape say {bytes} bytes, there are {data}");
            return Err(Fault::new(reason, start));
        }
    } else {
        return Err(Fault::new("a type whose size cannot be told", 0));
    }
    let dtype = header.descr.trim_matches(['\'', '"']).to_owned();
    let tensor = Tensor {
        name,
        dtype,
        shape: header.shape,
        place: None,
    };
    Ok((tensor, unread))
}
