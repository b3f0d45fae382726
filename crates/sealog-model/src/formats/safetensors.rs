//! The header of safetensors files: a length, an object, and a data area of which every byte belongs to one tensor.
//!
//! **What is absent**: the data. Nothing behind the header is read.

use std::borrow::Cow;
use std::collections::HashSet;

use sealog_core::json::{JsonError, Value};

use super::members::Members;
use super::source::Source;

/// Bytes of a header at most: as many as the hub's own client reads. The reference reader stops at 100,000,000, but no
/// header that is known comes near: this one has room for 200,000 tensors with names of 60 characters, and for half a
/// million at most.
pub const HEADER_BYTES_MAX: u64 = 25_000_000;
/// Bytes of what a header says of one tensor: 64 dimensions, written at length, take a tenth of it.
pub const TENSOR_BYTES_MAX: usize = 16 * 1024;
/// Texts beside them.
pub const METADATA_MAX: usize = 65_536;
const LENGTH_BYTES: u64 = 8;
const METADATA: &str = "__metadata__";

/// A header that holds, to the last byte of the data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    /// Every tensor, in the order of its data.
    pub tensors: Vec<SafeTensor>,
    /// The texts that stand beside them.
    pub metadata: Vec<(String, String)>,
}

/// A tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SafeTensor {
    /// Its name.
    pub name: String,
    /// Its type, as the format spells it.
    pub dtype: String,
    /// Its shape, the slowest first.
    pub shape: Vec<u64>,
    /// Where its data begin, from the end of the header.
    pub begin: u64,
    /// Where they end.
    pub end: u64,
}

/// Why a header cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct SafetensorsError {
    /// What is wrong.
    pub why: String,
    /// Where, in the file.
    pub offset: u64,
    /// What kind of wrong it is.
    pub fault: SafetensorsFault,
}

/// Kinds of errors in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SafetensorsFault {
    /// It cannot be read from where it lies.
    Io,
    /// A name stands twice, so that readers differ in what they see.
    Duplicate,
    /// Anything else.
    Broken,
}

impl SafetensorsError {
    fn new(why: impl Into<String>, offset: u64) -> Self {
        Self {
            why: why.into(),
            offset,
            fault: SafetensorsFault::Broken,
        }
    }

    fn io(error: &std::io::Error, offset: u64) -> Self {
        Self {
            fault: SafetensorsFault::Io,
            ..Self::new(error.to_string(), offset)
        }
    }
}

/// Whether bytes begin as such a file does: a length, then an object.
pub(crate) fn begins(head: &[u8], len: u64) -> bool {
    let Some(header) = head.first_chunk().map(|bytes| u64::from_le_bytes(*bytes)) else {
        return false;
    };
    head.get(8) == Some(&b'{') && header >= 2 && header <= len.saturating_sub(8).max(1 << 30)
}

impl Header {
    /// Reads and checks a header.
    pub fn read(source: &Source) -> Result<Self, SafetensorsError> {
        let len = match source.array::<8>(0) {
            Ok(Some(bytes)) => u64::from_le_bytes(bytes),
            Ok(None) => return Err(SafetensorsError::new("there is no header", 0)),
            Err(error) => return Err(SafetensorsError::io(&error, 0)),
        };
        let room = source.len().saturating_sub(LENGTH_BYTES);
        if len > HEADER_BYTES_MAX || len > room {
            let why = format!("a header of {len} bytes");
            return Err(SafetensorsError::new(why, 0));
        }
        let text = source
            .bytes(LENGTH_BYTES, len)
            .map_err(|error| SafetensorsError::io(&error, LENGTH_BYTES))?;
        let mut header = Self::default();
        header.members(&text)?;
        header
            .tensors
            .sort_by_key(|tensor| (tensor.begin, tensor.end));
        header.layout(LENGTH_BYTES + len, room - len)?;
        Ok(header)
    }

    /// Reads the object member by member: taken apart whole, a hostile header takes many times its size in memory.
    fn members(&mut self, text: &[u8]) -> Result<(), SafetensorsError> {
        let mut names = HashSet::new();
        for member in Members::new(text) {
            let member = member.map_err(|(why, at)| wrong(why, at))?;
            let name = member.name;
            // Spelled without escapes, a name is its own spelling.
            let spelled = match str::from_utf8(member.spelled) {
                Ok(spelled) if spelled == name => Cow::Borrowed(spelled),
                _ => Cow::Owned(name.clone()),
            };
            if !names.insert(spelled) {
                let why = format!("duplicate key {name:?} at byte {}", member.name_at);
                return Err(SafetensorsError {
                    fault: SafetensorsFault::Duplicate,
                    ..wrong(why, member.name_at)
                });
            }
            let at = member.name_at;
            if name == METADATA {
                self.texts(member.value, member.value_at, at)?;
                continue;
            }
            if member.value.len() > TENSOR_BYTES_MAX {
                let why = format!("{name}: longer than {TENSOR_BYTES_MAX} bytes");
                return Err(wrong(why, at));
            }
            let value = value(member.value, member.value_at)?;
            let read = tensor(&name, &value);
            let read = read.map_err(|why| wrong(format!("{name}: {why}"), at))?;
            self.tensors.push(read);
        }
        Ok(())
    }

    fn texts(&mut self, text: &[u8], begin: usize, name_at: usize) -> Result<(), SafetensorsError> {
        let no_map = || wrong(format!("{METADATA}: not a map of texts"), name_at);
        let mut keys = HashSet::new();
        for member in Members::new(text) {
            let member = member.map_err(|_| no_map())?;
            if self.metadata.len() >= METADATA_MAX {
                let why = format!("more than {METADATA_MAX} pieces of metadata");
                return Err(wrong(why, name_at));
            }
            if !keys.insert(member.name.clone()) {
                let at = begin + member.name_at;
                return Err(SafetensorsError {
                    fault: SafetensorsFault::Duplicate,
                    ..wrong(format!("duplicate key {:?} at byte {at}", member.name), at)
                });
            }
            if member.value.first() != Some(&b'"') {
                return Err(no_map());
            }
            let Value::String(text) = value(member.value, begin + member.value_at)? else {
                return Err(no_map());
            };
            self.metadata.push((member.name, text));
        }
        Ok(())
    }

    /// Every byte of the data belongs to exactly one tensor.
    fn layout(&self, start: u64, data: u64) -> Result<(), SafetensorsError> {
        let mut at = 0;
        for tensor in &self.tensors {
            if tensor.begin != at {
                let why = format!("a hole or an overlap at byte {at} of the data");
                return Err(SafetensorsError::new(why, start.saturating_add(at)));
            }
            at = tensor.end;
        }
        if at == data {
            return Ok(());
        }
        let why = format!("the tensors take {at} of {data} bytes");
        Err(SafetensorsError::new(
            why,
            start.saturating_add(at.min(data)),
        ))
    }
}

/// An error at a byte of the header's text.
fn wrong(why: impl Into<String>, at: usize) -> SafetensorsError {
    let at = u64::try_from(at).unwrap_or(0);
    SafetensorsError::new(why, LENGTH_BYTES.saturating_add(at))
}

/// One value of the header, that stands at a byte of its text.
fn value(text: &[u8], at: usize) -> Result<Value, SafetensorsError> {
    Value::parse(text).map_err(|error| {
        let fault = match error {
            JsonError::DuplicateKey { .. } => SafetensorsFault::Duplicate,
            _ => SafetensorsFault::Broken,
        };
        let why = format!("in the value at byte {at}: {error}");
        SafetensorsError {
            fault,
            ..wrong(why, at.saturating_add(error.offset()))
        }
    })
}

/// A tensor's size must be what its shape and type say.
fn tensor(name: &str, value: &Value) -> Result<SafeTensor, &'static str> {
    let dtype = value
        .member("dtype")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let bits = bits(dtype).ok_or("a type that is not known")?;
    let shape = value.member("shape").and_then(Value::as_array);
    let shape = shape.ok_or("no shape")?;
    let shape: Option<Vec<u64>> = shape.iter().map(Value::as_u64).collect();
    let shape = shape.ok_or("a shape that is not of whole numbers")?;
    let items = shape
        .iter()
        .try_fold(1u64, |all, one| all.checked_mul(*one));
    let size = items.and_then(|items| items.checked_mul(bits));
    let offsets = value
        .member("data_offsets")
        .and_then(Value::as_array)
        .unwrap_or_default();
    let [Some(begin), Some(end)] = *offsets.iter().map(Value::as_u64).collect::<Vec<_>>() else {
        return Err("no two offsets");
    };
    let length = end
        .checked_sub(begin)
        .and_then(|bytes| bytes.checked_mul(8));
    if size.is_none() || size != length {
        return Err("shape, type and offsets do not fit");
    }
    Ok(SafeTensor {
        name: name.to_owned(),
        dtype: dtype.to_owned(),
        shape,
        begin,
        end,
    })
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
