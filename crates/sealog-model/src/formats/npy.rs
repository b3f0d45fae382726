//! The header of numpy's array files, read as the literal it is.

use super::stream::{BUFFER_BYTES, Stream};

/// Bytes of a header that numpy itself reads.
pub const HEADER_BYTES_MAX: usize = 10_000;
/// Lists of fields in each other, at most: a record of records of records.
const FIELDS_DEPTH_MAX: usize = 16;

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
        // A quote behind a backslash does not end a text; no name of a field that people give needs one.
        if text.contains('\\') {
            return None;
        }
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

    /// Whether items are objects, so that a pickle follows. Of a type that cannot be read, whether it names any.
    pub fn holds_objects(&self) -> bool {
        if let Some(kind) = kind(&self.descr, 0) {
            return kind.objects;
        }
        let quote = ['\'', '"'];
        let mut parts = self.descr.split(quote).skip(1).step_by(2);
        parts.any(is_object)
    }

    /// Bytes of the array behind the header: numbers, texts or records of them.
    pub fn array_bytes(&self) -> Option<u64> {
        let kind = kind(&self.descr, 0).filter(|kind| !kind.objects)?;
        self.items()?.checked_mul(kind.bytes)
    }

    /// How many items there are.
    pub fn items(&self) -> Option<u64> {
        self.shape
            .iter()
            .try_fold(1u64, |items, length| items.checked_mul(*length))
    }
}

/// What one item of a type takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    bytes: u64,
    objects: bool,
}

/// A type as numpy writes it: a quoted name, or a list of fields, which may be such lists themselves. `depth` lists are
/// around it.
fn kind(descr: &str, depth: usize) -> Option<Kind> {
    if let Some(inner) = within(descr, '[', ']') {
        if depth >= FIELDS_DEPTH_MAX {
            return None;
        }
        let empty = Kind {
            bytes: 0,
            objects: false,
        };
        return items(inner)?.into_iter().try_fold(empty, |all, item| {
            let field = field(item, depth + 1)?;
            Some(Kind {
                bytes: all.bytes.checked_add(field.bytes)?,
                objects: all.objects || field.objects,
            })
        });
    }
    let name = name(descr)?;
    if is_object(name) {
        return Some(Kind {
            bytes: 0,
            objects: true,
        });
    }
    Some(Kind {
        bytes: item_bytes(name)?,
        objects: false,
    })
}

/// A field: its name, or title and name; its type; and, where each item holds several, their shape.
fn field(text: &str, depth: usize) -> Option<Kind> {
    let parts = items(within(text, '(', ')')?)?;
    let (named, descr, shape) = match *parts.as_slice() {
        [named, descr] => (named, descr, None),
        [named, descr, shape] => (named, descr, Some(shape)),
        _ => return None,
    };
    match within(named, '(', ')') {
        None => {
            name(named)?;
        }
        Some(inner) => {
            let [title, own] = *items(inner)?.as_slice() else {
                return None;
            };
            name(title)?;
            name(own)?;
        }
    }
    let one = kind(descr, depth)?;
    let count = match shape {
        None => 1,
        Some(shape) => {
            let lengths = numbers(shape).or_else(|| Some(vec![shape.parse().ok()?]))?;
            lengths.into_iter().try_fold(1, u64::checked_mul)?
        }
    };
    Some(Kind {
        bytes: one.bytes.checked_mul(count)?,
        objects: one.objects,
    })
}

fn is_object(name: &str) -> bool {
    let name = name.trim_start_matches(['|', '<', '>', '=']);
    let digits = name.strip_prefix('O');
    digits.is_some_and(|digits| digits.chars().all(|char| char.is_ascii_digit()))
}

/// What is between two brackets, without the white space around it.
fn within(text: &str, open: char, close: char) -> Option<&str> {
    let inner = text.trim().strip_prefix(open)?.strip_suffix(close)?;
    Some(inner.trim())
}

/// A quoted text that ends with its quote.
fn name(text: &str) -> Option<&str> {
    let (name, rest) = quoted(text.trim())?;
    rest.is_empty().then_some(name)
}

/// What stands between the commas of a list.
fn items(mut text: &str) -> Option<Vec<&str>> {
    let mut items = Vec::new();
    while !text.is_empty() {
        let (item, rest) = value(text)?;
        items.push(item);
        text = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    Some(items)
}

/// Bytes of one item of a plain type.
fn item_bytes(name: &str) -> Option<u64> {
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
            (header.array_bytes(), header.holds_objects()),
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

    fn described(descr: &str) -> (Option<u64>, bool) {
        let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (3,)}}");
        let header = NpyHeader::parse(&text).unwrap();
        (header.array_bytes(), header.holds_objects())
    }

    #[test]
    fn records_are_as_long_as_their_fields_with_shapes_and_records_in_them() {
        for (descr, bytes) in [
            (
                "[('a', '<i4'), ('b', '<f8', (2,)), ('c', [('d', '|S4')])]",
                24,
            ),
            ("[('a', '<i4'), ('', '|V4'), ('b', '<f8')]", 16),
            ("[('a', [('b', '<i2', (2, 3))], (4,)), ('c', '|b1', 5)]", 53),
            ("[(('title', 'a'), '<U2'), (\"it's\", '<M8[ns]')]", 16),
            ("[('O', '<i4'), ('|O', '<i4')]", 8),
            ("[('a, (b', '<i4')]", 4),
            ("[('a', '<i4', ())]", 4),
            ("[('a', '<i4', (0,))]", 0),
            ("[]", 0),
        ] {
            assert_eq!(described(descr), (Some(3 * bytes), false), "{descr}");
        }
    }

    #[test]
    fn objects_are_seen_wherever_they_stand_in_a_record() {
        for descr in [
            "'O'",
            "'|O8'",
            "[('a', 'O')]",
            "[('a', '<i4'), ('b', [('c', [('d', '|O', (2,))])])]",
            "[(('O', 'O'), '|O')]",
            "[('a', '|O', (0,))]",
            // Not a type that is understood, and still named.
            "[('a', '|O'), ('b', '<x4')]",
        ] {
            assert_eq!(described(descr), (None, true), "{descr}");
        }
    }

    #[test]
    fn a_type_that_is_not_understood_has_no_length() {
        for descr in [
            "'i4, f8'",
            "'<i4' '<i8'",
            "[('a', '<i4', (-1,))]",
            "[('a', '<i4', 'x')]",
            "[('a', '<i4', (1,), 2)]",
            "[('a',)]",
            "['<i4']",
            "[(a, '<i4')]",
            "[('a', '<i4'),, ('b', '<i4')]",
            "[('a' 'b', '<i4')]",
            "[(('a', 'b', 'c'), '<i4')]",
            "('<i4', (2,))",
            "[('a', '<i8', (4294967296, 4294967296))]",
            "[('a', '|V18446744073709551615'), ('b', '|V1')]",
            "'|T16'",
        ] {
            assert_eq!(described(descr), (None, false), "{descr}");
        }
        let escaped = "{'descr': [('a\\'', '|O')], 'fortran_order': False, 'shape': (1,)}";
        assert_eq!(NpyHeader::parse(escaped), None);
    }

    #[test]
    fn records_in_each_other_have_a_limit() {
        for (depth, fits) in [(FIELDS_DEPTH_MAX, true), (FIELDS_DEPTH_MAX + 1, false)] {
            let inner = (0..depth).fold("'<i4'".to_owned(), |inner, _| format!("[('a', {inner})]"));
            assert_eq!(described(&inner).0, fits.then_some(12));
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
