//! GGUF: the key-value pairs and the tensor list before the data, versions 1 to 3.
//!
//! **What is absent**: big-endian files, which are refused by name.

use std::collections::HashSet;

use super::stream::{BUFFER_BYTES, Stream};

/// The kind, for people.
pub const NAME: &str = "gguf";
/// Bytes of a name of a key or tensor at most.
const NAME_BYTES_MAX: u64 = 65_535;
/// Bytes of a text value that are kept; longer ones are cut.
const TEXT_BYTES_KEPT: usize = BUFFER_BYTES;
/// Bytes of a text value at most.
const TEXT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Pairs, tensors, and depth of arrays at most.
const PAIRS_MAX: u64 = 1_000_000;
const ARRAY_DEPTH_MAX: usize = 4;

/// Why a header cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{why} (byte {offset})")]
pub struct GgufError {
    /// What is wrong.
    pub why: &'static str,
    /// Where.
    pub offset: u64,
}

/// A header.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gguf {
    /// The version of the format.
    pub version: u32,
    /// Keys with their values: texts and integers; others by their kind.
    pub pairs: Vec<(String, GgufValue)>,
    /// Every tensor.
    pub tensors: Vec<GgufTensor>,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GgufValue {
    /// A text.
    Text(String),
    /// An integer or a truth value.
    Integer(i128),
    /// A float, by its bits.
    Float(u64),
    /// An array, by its length.
    Array(u64),
}

/// A tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GgufTensor {
    /// Its name.
    pub name: String,
    /// Its dimensions, the fastest first.
    pub shape: Vec<u64>,
    /// The number of its type.
    pub kind: u32,
    /// Where its data begin, from the beginning of all data.
    pub offset: u64,
}

struct Reader<'m, 's> {
    stream: &'m mut Stream<'s>,
    wide: bool,
}

impl Gguf {
    /// Takes a header from a stream of `len` bytes in all.
    pub fn read(stream: &mut Stream<'_>, len: u64) -> Result<Self, GgufError> {
        let mut reader = Reader { stream, wide: true };
        if reader.stream.array() != Some(*b"GGUF") {
            return Err(reader.error("is no GGUF"));
        }
        let version = u32::from_le_bytes(reader.array()?);
        if !matches!(version, 1..=3) {
            return Err(reader.error("has a version or a byte order that is not read"));
        }
        reader.wide = version > 1;
        let (tensors, pairs) = (reader.count()?, reader.count()?);
        // Each tensor takes at least 24 bytes, each pair 13: a count that cannot be true is not believed.
        let room = len.saturating_sub(reader.stream.offset());
        let tensors_fit = tensors.checked_mul(24).is_some_and(|bytes| bytes <= room);
        let pairs_fit = pairs.checked_mul(9).is_some_and(|bytes| bytes <= room);
        if !tensors_fit || !pairs_fit || tensors > PAIRS_MAX || pairs > PAIRS_MAX {
            return Err(reader.error("counts more than it can hold"));
        }
        let mut header = Self {
            version,
            ..Self::default()
        };
        let mut keys = HashSet::new();
        for _ in 0..pairs {
            let key = reader.name()?;
            if !keys.insert(key.clone()) {
                return Err(reader.error("has a key twice"));
            }
            let kind = u32::from_le_bytes(reader.array()?);
            let value = reader.value(kind, 0)?;
            header.pairs.push((key, value));
        }
        for _ in 0..tensors {
            header.tensors.push(reader.tensor()?);
        }
        let end = reader.stream.offset();
        header
            .check(end, len)
            .map_err(|why| GgufError { why, offset: end })?;
        Ok(header)
    }

    fn check(&self, end: u64, len: u64) -> Result<(), &'static str> {
        let alignment = match self.pair("general.alignment") {
            None => 32,
            Some(GgufValue::Integer(alignment)) => u64::try_from(*alignment).unwrap_or(0),
            Some(_) => 0,
        };
        if !alignment.is_power_of_two() || alignment > 65_536 {
            return Err("has an alignment that is no power of two");
        }
        let start = end.next_multiple_of(alignment);
        let room = len.saturating_sub(start);
        if self.tensors.iter().any(|tensor| tensor.offset > room) {
            return Err("has a tensor that begins behind the end");
        }
        Ok(())
    }

    /// The value of a key.
    pub fn pair(&self, key: &str) -> Option<&GgufValue> {
        let found = self.pairs.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value)
    }
}

impl Reader<'_, '_> {
    const fn error(&self, why: &'static str) -> GgufError {
        GgufError {
            why,
            offset: self.stream.offset(),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], GgufError> {
        let array = self.stream.array();
        array.ok_or_else(|| self.error("ends in its header"))
    }

    fn count(&mut self) -> Result<u64, GgufError> {
        if self.wide {
            return Ok(u64::from_le_bytes(self.array()?));
        }
        Ok(u32::from_le_bytes(self.array()?).into())
    }

    fn name(&mut self) -> Result<String, GgufError> {
        let len = self.count()?;
        if len > NAME_BYTES_MAX {
            return Err(self.error("has a name that is too long"));
        }
        self.text(len)
    }

    fn text(&mut self, len: u64) -> Result<String, GgufError> {
        if len > TEXT_BYTES_MAX {
            return Err(self.error("has a text that is too long"));
        }
        let kept = usize::try_from(len)
            .unwrap_or(usize::MAX)
            .min(TEXT_BYTES_KEPT);
        let bytes = self
            .stream
            .take(kept)
            .ok_or_else(|| self.error("ends in a text"))?;
        let left = len - u64::try_from(kept).unwrap_or(len);
        if !self.stream.skip(left) {
            return Err(self.error("ends in a text"));
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn value(&mut self, kind: u32, depth: usize) -> Result<GgufValue, GgufError> {
        Ok(match kind {
            // A boolean is a byte.
            0 | 7 => GgufValue::Integer(u8::from_le_bytes(self.array()?).into()),
            1 => GgufValue::Integer(i8::from_le_bytes(self.array()?).into()),
            2 => GgufValue::Integer(u16::from_le_bytes(self.array()?).into()),
            3 => GgufValue::Integer(i16::from_le_bytes(self.array()?).into()),
            4 => GgufValue::Integer(u32::from_le_bytes(self.array()?).into()),
            5 => GgufValue::Integer(i32::from_le_bytes(self.array()?).into()),
            6 => GgufValue::Float(u32::from_le_bytes(self.array()?).into()),
            8 => {
                let len = self.count()?;
                GgufValue::Text(self.text(len)?)
            }
            9 => self.items(depth)?,
            10 => GgufValue::Integer(u64::from_le_bytes(self.array()?).into()),
            11 => GgufValue::Integer(i64::from_le_bytes(self.array()?).into()),
            12 => GgufValue::Float(u64::from_le_bytes(self.array()?)),
            _ => return Err(self.error("has a value of an unknown kind")),
        })
    }

    fn items(&mut self, depth: usize) -> Result<GgufValue, GgufError> {
        let kind = u32::from_le_bytes(self.array()?);
        let count = self.count()?;
        if depth >= ARRAY_DEPTH_MAX {
            return Err(self.error("has arrays nested too deep"));
        }
        let size = match kind {
            0 | 1 | 7 => Some(1),
            2 | 3 => Some(2),
            4..=6 => Some(4),
            10..=12 => Some(8),
            _ => None,
        };
        if let Some(size) = size {
            let bytes = count.checked_mul(size);
            if !bytes.is_some_and(|bytes| self.stream.skip(bytes)) {
                return Err(self.error("ends in an array"));
            }
        } else {
            for _ in 0..count {
                self.value(kind, depth + 1)?;
            }
        }
        Ok(GgufValue::Array(count))
    }

    fn tensor(&mut self) -> Result<GgufTensor, GgufError> {
        let name = self.name()?;
        let dimensions = u32::from_le_bytes(self.array()?);
        if dimensions > 4 {
            return Err(self.error("has a tensor of more than four dimensions"));
        }
        let mut shape = Vec::new();
        for _ in 0..dimensions {
            shape.push(self.count()?);
        }
        if shape
            .iter()
            .try_fold(1u64, |all, one| all.checked_mul(*one))
            .is_none()
        {
            return Err(self.error("has a tensor whose size overflows"));
        }
        Ok(GgufTensor {
            name,
            shape,
            kind: u32::from_le_bytes(self.array()?),
            offset: u64::from_le_bytes(self.array()?),
        })
    }
}
