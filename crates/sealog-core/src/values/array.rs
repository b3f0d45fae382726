//! Element types of arrays, and bytes that may be too many to stand in the encoding.

use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::ValueError;
use crate::Hash;
use crate::limits::{INTEGER_MAX, VALUE_INLINE_BYTES_MAX};

/// Element types with the bytes of one element.
const ELEMENT_TYPES: [(&str, u64); 20] = [
    ("bool", 1),
    ("int8", 1),
    ("int16", 2),
    ("int32", 4),
    ("int64", 8),
    ("uint8", 1),
    ("uint16", 2),
    ("uint32", 4),
    ("uint64", 8),
    ("float8_e4m3fn", 1),
    ("float8_e4m3fnuz", 1),
    ("float8_e5m2", 1),
    ("float8_e5m2fnuz", 1),
    ("float16", 2),
    ("bfloat16", 2),
    ("float32", 4),
    ("float64", 8),
    ("complex32", 4),
    ("complex64", 8),
    ("complex128", 16),
];

/// Units of `datetime64` and `timedelta64`, whose elements have eight bytes.
const TIME_UNITS: [&str; 13] = [
    "Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as",
];

fn element_bytes(element_type: &str) -> Option<u64> {
    let unit = element_type
        .strip_prefix("datetime64[")
        .or_else(|| element_type.strip_prefix("timedelta64["))
        .and_then(|unit| unit.strip_suffix(']'));
    if unit.is_some_and(|unit| TIME_UNITS.contains(&unit)) {
        return Some(8);
    }
    let known = ELEMENT_TYPES.iter().find(|(name, _)| *name == element_type);
    known.map(|(_, bytes)| *bytes)
}

/// Elements of a shape; `u64::MAX` where there are more. Refuses extents that no JSON number can hold.
pub(super) fn elements(shape: &[u64]) -> Result<u64, ValueError> {
    if let Some(extent) = shape.iter().find(|extent| **extent > INTEGER_MAX) {
        return Err(ValueError::ArrayLength {
            expected: INTEGER_MAX,
            found: *extent,
        });
    }
    if shape.contains(&0) {
        return Ok(0);
    }
    Ok(shape
        .iter()
        .fold(1, |product: u64, extent| product.saturating_mul(*extent)))
}

/// Refuses unknown element types and a number of bytes that does not fit the shape.
pub(super) fn check(element_type: &str, shape: &[u64], data: &[u8]) -> Result<(), ValueError> {
    let each = element_bytes(element_type).ok_or(ValueError::ElementType)?;
    let expected = elements(shape)?.saturating_mul(each);
    let found = u64::try_from(data.len()).unwrap_or(u64::MAX);
    if found == expected {
        Ok(())
    } else {
        Err(ValueError::ArrayLength { expected, found })
    }
}

/// Appends bytes: in base64 up to the limit, beyond it their SHA-256 and number.
pub(super) fn write_blob(out: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.len() <= VALUE_INLINE_BYTES_MAX {
        out.push(b'"');
        out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
        out.push(b'"');
    } else {
        let (digest, size) = (Hash::of(&[bytes]), bytes.len());
        let text = alloc::format!(r#"{{"sha256":"{digest}","size":{size}}}"#);
        out.extend_from_slice(text.as_bytes());
    }
}

/// Appends what ends an array: its shape and the brackets.
pub(super) fn write_shape(out: &mut Vec<u8>, shape: &[u64]) {
    out.extend_from_slice(b",[");
    for (nth, extent) in shape.iter().enumerate() {
        let comma = if nth > 0 { "," } else { "" };
        out.extend_from_slice(alloc::format!("{comma}{extent}").as_bytes());
    }
    out.extend_from_slice(b"]]}");
}
