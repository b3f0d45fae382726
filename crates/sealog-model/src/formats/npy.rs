//! The header of numpy's array files, read as the literal it is.

use super::stream::{BUFFER_BYTES, Stream};

/// Bytes of a header that numpy itself reads.
pub const HEADER_BYTES_MAX: usize = 10_000;

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NpyHeader {
    /// The type, as it stands: a string, or a list of fields.
    pub descr: String,
    /// Whether the first index varies fastest.
    pub fortran_order: bool,
    /// The shape.
    pub shape: Vec<u64>,
}

/// Why a header cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NpyError {
    /// It is longer than numpy reads.
    #[error("the header is longer than numpy reads")]
    TooLong,
    /// It breaks off, or is no such literal.
    #[error("the header cannot be read")]
    Broken,
}

impl NpyHeader {
    /// Takes magic, version and header from a stream.
    pub fn read(stream: &mut Stream<'_>) -> Result<Self, NpyError> {
        let magic: [u8; 8] = stream.array().ok_or(NpyError::Broken)?;
        let [b'\x93', b'N', b'U', b'M', b'P', b'Y', major, _] = magic else {
            return Err(NpyError::Broken);
        };
        let len = match major {
            1 => usize::from(u16::from_le_bytes(stream.array().ok_or(NpyError::Broken)?)),
            2 | 3 => {
                let len = u32::from_le_bytes(stream.array().ok_or(NpyError::Broken)?);
                usize::try_from(len).map_err(|_| NpyError::TooLong)?
            }
            _ => return Err(NpyError::Broken),
        };
        if len > HEADER_BYTES_MAX {
            return Err(NpyError::TooLong);
        }
        let bytes = stream.take(len.min(BUFFER_BYTES)).ok_or(NpyError::Broken)?;
        let text = str::from_utf8(&bytes).map_err(|_| NpyError::Broken)?;
        Self::parse(text).ok_or(NpyError::Broken)
    }

    /// The dictionary literal: exactly these three keys.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut rest = text.strip_prefix('{')?.strip_suffix('}')?.trim();
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        while !rest.is_empty() {
            let (key, after) = quoted(rest)?;
            let after = after.trim_start().strip_prefix(':')?.trim_start();
            let (value, after) = value(after)?;
            let slot_is_free = match key {
                "descr" => descr.replace(value.to_owned()).is_none(),
                "fortran_order" => fortran_order
                    .replace(match value {
                        "True" => true,
                        "False" => false,
                        _ => return None,
                    })
                    .is_none(),
                "shape" => shape.replace(numbers(value)?).is_none(),
                _ => false,
            };
            if !slot_is_free {
                return None;
            }
            rest = after.trim_start();
            rest = match rest.strip_prefix(',') {
                Some(rest) => rest.trim_start(),
                None if rest.is_empty() => rest,
                None => return None,
            };
        }
        Some(Self {
            descr: descr?,
            fortran_order: fortran_order?,
            shape: shape?,
        })
    }

    /// Whether items are objects, so that a pickle follows.
    pub fn holds_objects(&self) -> bool {
        let quote = ['\'', '"'];
        let parts = self.descr.split(quote).skip(1).step_by(2);
        let mut parts = parts.map(|part| part.trim_start_matches(['|', '<', '>', '=']));
        let is_object = |part: &str| {
            part.strip_prefix('O')
                .is_some_and(|n| n.chars().all(|c| c.is_ascii_digit()))
        };
        parts.any(is_object)
    }

    /// Bytes of the array behind the header, where the type is a plain one.
    pub fn data_bytes(&self) -> Option<u64> {
        let name = self
            .descr
            .strip_prefix(['\'', '"'])?
            .strip_suffix(['\'', '"'])?;
        let item = item_bytes(name)?;
        self.shape
            .iter()
            .try_fold(item, |bytes, length| bytes.checked_mul(*length))
    }

    /// Bytes of the array behind the header, records included.
    pub fn array_bytes(&self) -> Option<u64> {
        self.data_bytes().or_else(|| record_bytes(self))
    }

    /// How many items there are.
    pub fn items(&self) -> Option<u64> {
        self.shape
            .iter()
            .try_fold(1u64, |items, length| items.checked_mul(*length))
    }
}

/// Bytes of an array of records: the sum of the fields' types, each times its own shape.
fn record_bytes(header: &NpyHeader) -> Option<u64> {
    let inner = header.descr.strip_prefix('[')?.strip_suffix(']')?;
    let mut size = 0u64;
    for field in inner.split("), (").flat_map(|part| part.split("),(")) {
        let mut parts = field.split(['\'', '"']);
        let (_, _name, _, kind) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let shape = parts.next().unwrap_or_default();
        if parts.next().is_some() || field.contains('[') {
            return None;
        }
        let mut bytes = item_bytes(kind)?;
        for length in shape
            .split(|char: char| !char.is_ascii_digit())
            .filter(|part| !part.is_empty())
        {
            bytes = bytes.checked_mul(length.parse().ok()?)?;
        }
        size = size.checked_add(bytes)?;
    }
    header.items()?.checked_mul(size)
}

/// Bytes of one item of a plain type.
pub fn item_bytes(name: &str) -> Option<u64> {
    let name = name.trim_start_matches(['|', '<', '>', '=']);
    let (letter, digits) = name.split_at_checked(1)?;
    let digits = digits.split('[').next()?;
    let count: u64 = digits.parse().ok()?;
    match letter {
        "U" => count.checked_mul(4),
        "b" | "i" | "u" | "f" | "c" | "S" | "a" | "M" | "m" | "V" | "B" => Some(count),
        _ => None,
    }
}

fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text
        .chars()
        .next()
        .filter(|char| matches!(char, '\'' | '"'))?;
    text.get(1..)?.split_once(quote)
}

/// A value up to the comma that ends it: brackets are counted, quotes are passed over.
fn value(text: &str) -> Option<(&str, &str)> {
    let (mut depth, mut quote) = (0u32, None);
    for (at, char) in text.char_indices() {
        if let Some(open) = quote {
            quote = (open != char).then_some(open);
            continue;
        }
        match char {
            '\'' | '"' => quote = Some(char),
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.checked_sub(1)?,
            '{' | '}' => return None,
            ',' if depth == 0 => return Some((text.get(..at)?.trim(), text.get(at..)?)),
            _ => {}
        }
    }
    (depth == 0 && quote.is_none()).then(|| (text.trim(), ""))
}

fn numbers(text: &str) -> Option<Vec<u64>> {
    let inner = text.strip_prefix('(')?.strip_suffix(')')?;
    let parts = inner
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts
        .map(|part| part.trim_end_matches('L').parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_literals() {
        let header =
            NpyHeader::parse("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }");
        let header = header.unwrap();
        assert_eq!(
            (header.data_bytes(), header.holds_objects()),
            (Some(96), false)
        );
        let record =
            "{'descr': [('a', '<i4'), ('Other', '|O')], 'fortran_order': False, 'shape': (1,)}";
        assert!(NpyHeader::parse(record).unwrap().holds_objects());
        let record = "{'descr': [('Other', '<i4')], 'fortran_order': True, 'shape': ()}";
        let record = NpyHeader::parse(record).unwrap();
        assert!(!record.holds_objects());
        assert_eq!(record.items(), Some(1));
        for text in [
            "",
            "{}",
            "{'descr': '<f8', 'fortran_order': 0, 'shape': ()}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
            "{'descr': '<f8', 'descr': '|O', 'fortran_order': False, 'shape': ()}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (), 'more': 1}",
            "{'descr': {'a': 1}, 'fortran_order': False, 'shape': ()}",
            "__import__('os')",
        ] {
            assert_eq!(NpyHeader::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_header_has_a_limit() {
        for (len, fits) in [(HEADER_BYTES_MAX, true), (HEADER_BYTES_MAX + 1, false)] {
            let mut text = "{'descr': '<f8', 'fortran_order': False, 'shape': ()}".to_owned();
            text.push_str(&" ".repeat(len - text.len()));
            let mut file = b"\x93NUMPY\x01\0".to_vec();
            file.extend(u16::try_from(len).unwrap().to_le_bytes());
            file.extend(text.bytes());
            let mut reader = file.as_slice();
            let read = NpyHeader::read(&mut Stream::new(&mut reader));
            assert_eq!(read.is_ok(), fits);
        }
    }
}
