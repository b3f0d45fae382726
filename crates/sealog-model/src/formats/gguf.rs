//! GGUF: the key-value pairs and the tensor list before the data, versions 1 to 3.
//!
//! **What is absent**: big-endian files, which are refused by name, and the data.

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
/// Bytes of all names and texts that are kept at most.
const KEPT_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Number and name of each type of tensor, numbers in a block, bytes of a block.
#[rustfmt::skip]
const KINDS: &[(u32, &str, u64, u64)] = &[
    (0, "F32", 1, 4),
    (1, "F16", 1, 2),
    (2, "Q4_0", 32, 18),
    (3, "Q4_1", 32, 20),
    (6, "Q5_0", 32, 22),
    (7, "Q5_1", 32, 24),
    (8, "Q8_0", 32, 34),
    (9, "Q8_1", 32, 40),
    (10, "Q2_K", 256, 84),
    (11, "Q3_K", 256, 110),
    (12, "Q4_K", 256, 144),
    (13, "Q5_K", 256, 176),
    (14, "Q6_K", 256, 210),
    (15, "Q8_K", 256, 292),
    (16, "IQ2_XXS", 256, 66),
    (17, "IQ2_XS", 256, 74),
    (18, "IQ3_XXS", 256, 98),
    (19, "IQ1_S", 256, 50),
    (20, "IQ4_NL", 32, 18),
    (21, "IQ3_S", 256, 110),
    (22, "IQ2_S", 256, 82),
    (23, "IQ4_XS", 256, 136),
    (24, "I8", 1, 1),
    (25, "I16", 1, 2),
    (26, "I32", 1, 4),
    (27, "I64", 1, 8),
    (28, "F64", 1, 8),
    (29, "IQ1_M", 256, 56),
    (30, "BF16", 1, 2),
    (34, "TQ1_0", 256, 54),
    (35, "TQ2_0", 256, 66),
    (39, "MXFP4", 32, 17),
    (40, "NVFP4", 64, 36),
    (41, "Q1_0", 128, 18),
];

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
    /// The beginning of a text that is longer than what is kept of one.
    Cut(String),
    /// An integer.
    Integer(i128),
    /// A truth value.
    Truth(bool),
    /// A float.
    Float(GgufFloat),
    /// An array, by its length.
    Array(u64),
}

/// A float, compared by its bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GgufFloat(u64);

impl GgufFloat {
    const fn new(value: f64) -> Self {
        Self(value.to_bits())
    }

    /// The number.
    pub const fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
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

impl GgufTensor {
    /// The name of its type; none: not known to this version.
    pub fn kind_name(&self) -> Option<&'static str> {
        let known = KINDS.iter().find(|(kind, ..)| *kind == self.kind);
        known.map(|(_, name, ..)| *name)
    }

    /// Bytes of its data, where the type is known and the shape fits its blocks.
    pub fn data_bytes(&self) -> Option<u64> {
        let (.., block, bytes) = KINDS.iter().find(|(kind, ..)| *kind == self.kind)?;
        let row = self.shape.first().copied().unwrap_or(1);
        let rows = self.shape.iter().skip(1);
        let blocks = (row % block == 0).then(|| row / block)?;
        let size = blocks.checked_mul(*bytes)?;
        rows.copied().try_fold(size, u64::checked_mul)
    }
}

struct Reader<'m, 's> {
    stream: &'m mut Stream<'s>,
    wide: bool,
    kept: u64,
    kept_max: u64,
}

impl Gguf {
    /// Takes a header from a stream of `len` bytes in all.
    pub fn read(stream: &mut Stream<'_>, len: u64) -> Result<Self, GgufError> {
        Self::read_up_to(stream, len, KEPT_BYTES_MAX)
    }

    fn read_up_to(stream: &mut Stream<'_>, len: u64, kept_max: u64) -> Result<Self, GgufError> {
        let mut reader = Reader {
            stream,
            wide: true,
            kept: 0,
            kept_max,
        };
        if reader.stream.array() != Some(*b"GGUF") {
            return Err(reader.error("is no GGUF"));
        }
        let version = u32::from_le_bytes(reader.array()?);
        if !matches!(version, 1..=3) {
            return Err(reader.error("has a version or a byte order that is not read"));
        }
        reader.wide = version > 1;
        let (tensors, pairs) = (reader.count()?, reader.count()?);
        // Each tensor takes at least so many bytes, and each pair: a count that cannot be true is not believed.
        let (tensor_bytes, pair_bytes) = if reader.wide { (24, 13) } else { (20, 9) };
        let room = len.saturating_sub(reader.stream.offset());
        let fits = |count: u64, each| count.checked_mul(each).is_some_and(|bytes| bytes <= room);
        let (tensors_fit, pairs_fit) = (fits(tensors, tensor_bytes), fits(pairs, pair_bytes));
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
        for tensor in &self.tensors {
            if tensor.offset > room {
                return Err("has a tensor that begins behind the end");
            }
            if tensor.kind_name().is_none() {
                continue;
            }
            let size = tensor.data_bytes();
            let end = size.and_then(|size| tensor.offset.checked_add(size));
            if end.is_none_or(|end| end > room) {
                return Err("has a tensor that ends behind the end, or is of part of a block");
            }
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
        self.kept = self.kept.saturating_add(u64::try_from(kept).unwrap_or(len));
        if self.kept > self.kept_max {
            return Err(self.error("has more names and texts than are kept"));
        }
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
            0 => GgufValue::Integer(u8::from_le_bytes(self.array()?).into()),
            1 => GgufValue::Integer(i8::from_le_bytes(self.array()?).into()),
            2 => GgufValue::Integer(u16::from_le_bytes(self.array()?).into()),
            3 => GgufValue::Integer(i16::from_le_bytes(self.array()?).into()),
            4 => GgufValue::Integer(u32::from_le_bytes(self.array()?).into()),
            5 => GgufValue::Integer(i32::from_le_bytes(self.array()?).into()),
            6 => {
                let float = f32::from_le_bytes(self.array()?);
                GgufValue::Float(GgufFloat::new(float.into()))
            }
            7 => GgufValue::Truth(u8::from_le_bytes(self.array()?) != 0),
            8 => {
                let len = self.count()?;
                let text = self.text(len)?;
                if usize::try_from(len).is_ok_and(|len| len <= TEXT_BYTES_KEPT) {
                    GgufValue::Text(text)
                } else {
                    GgufValue::Cut(text)
                }
            }
            9 => self.items(depth)?,
            10 => GgufValue::Integer(u64::from_le_bytes(self.array()?).into()),
            11 => GgufValue::Integer(i64::from_le_bytes(self.array()?).into()),
            12 => GgufValue::Float(GgufFloat::new(f64::from_le_bytes(self.array()?))),
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
                let kept = self.kept;
                self.value(kind, depth + 1)?;
                // Items are passed over, not kept.
                self.kept = kept;
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

#[cfg(test)]
mod tests;
