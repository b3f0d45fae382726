//! safetensors: the header must hold, to the last byte of the data.

use sealog_core::json::{JsonError, Value};

use super::context::Scan;
use super::rule::{FILE_UNREADABLE, SAFETENSORS_BROKEN, SAFETENSORS_DUPLICATE};
use crate::formats::source::Source;

/// Bytes of a header that the official reader accepts.
const HEADER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Whether bytes begin as such a file does: a length, then an object.
pub(super) fn begins(head: &[u8], len: u64) -> bool {
    let Some(header) = head.first_chunk().map(|bytes| u64::from_le_bytes(*bytes)) else {
        return false;
    };
    head.get(8) == Some(&b'{') && header >= 2 && header <= len.saturating_sub(8).max(1 << 30)
}

pub(super) fn scan(source: &Source, scan: &mut Scan<'_>) {
    let header = match source.array::<8>(0) {
        Ok(Some(bytes)) => u64::from_le_bytes(bytes),
        Ok(None) => return scan.report(&SAFETENSORS_BROKEN, 0, "there is no header"),
        Err(error) => return scan.report(&FILE_UNREADABLE, 0, error.to_string()),
    };
    if header > HEADER_BYTES_MAX || header > source.len().saturating_sub(8) {
        return scan.report(
            &SAFETENSORS_BROKEN,
            0,
            format!("a header of {header} bytes"),
        );
    }
    let text = match source.bytes(8, header) {
        Ok(text) => text,
        Err(error) => return scan.report(&FILE_UNREADABLE, 8, error.to_string()),
    };
    let value = match Value::parse(text.trim_ascii_end()) {
        Ok(value) => value,
        Err(error @ JsonError::DuplicateKey { .. }) => {
            return scan.report(&SAFETENSORS_DUPLICATE, 8, error.to_string());
        }
        Err(error) => return scan.report(&SAFETENSORS_BROKEN, 8, error.to_string()),
    };
    if let Err(why) = layout(&value, source.len() - 8 - header) {
        scan.report(&SAFETENSORS_BROKEN, 8, why);
    }
}

/// Every byte of the data belongs to exactly one tensor, and each has the size that its shape says.
fn layout(header: &Value, data: u64) -> Result<(), String> {
    let object = header.as_object().ok_or("the header is no object")?;
    let mut spans = Vec::new();
    for (name, tensor) in object.iter().filter(|(name, _)| *name != "__metadata__") {
        let wrong = |what: &str| format!("{name}: {what}");
        let kind = tensor
            .member("dtype")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let bits = bits(kind).ok_or_else(|| wrong("a type that is not known"))?;
        let shape = tensor.member("shape").and_then(Value::as_array);
        let shape = shape.ok_or_else(|| wrong("no shape"))?;
        let items = shape
            .iter()
            .try_fold(1u64, |all, one| all.checked_mul(one.as_u64()?));
        let size = items.and_then(|items| items.checked_mul(bits));
        let offsets = tensor
            .member("data_offsets")
            .and_then(Value::as_array)
            .unwrap_or_default();
        let [Some(begin), Some(end)] = *offsets.iter().map(Value::as_u64).collect::<Vec<_>>()
        else {
            return Err(wrong("no two offsets"));
        };
        let length = end
            .checked_sub(begin)
            .and_then(|bytes| bytes.checked_mul(8));
        if size.is_none() || size != length {
            return Err(wrong("shape, type and offsets do not fit"));
        }
        spans.push((begin, end));
    }
    spans.sort_unstable();
    let mut at = 0;
    for (begin, end) in spans {
        if begin != at {
            return Err(format!("a hole or an overlap at byte {at} of the data"));
        }
        at = end;
    }
    if at == data {
        Ok(())
    } else {
        Err(format!("the tensors take {at} of {data} bytes"))
    }
}

fn bits(kind: &str) -> Option<u64> {
    Some(match kind {
        "F4" => 4,
        "F6_E2M3" | "F6_E3M2" => 6,
        "BOOL" | "U8" | "I8" | "F8_E4M3" | "F8_E5M2" | "F8_E8M0" | "F8_E4M3FNUZ"
        | "F8_E5M2FNUZ" => 8,
        "U16" | "I16" | "F16" | "BF16" => 16,
        "U32" | "I32" | "F32" => 32,
        "U64" | "I64" | "F64" | "C64" => 64,
        _ => return None,
    })
}
