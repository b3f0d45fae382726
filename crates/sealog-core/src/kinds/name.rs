//! Names of fields, compared a word at a time: most steps of a walk compare two names that differ.

/// The name of a field, with its beginning and end as numbers.
#[derive(Debug)]
pub(super) struct Name {
    text: &'static str,
    words: Words,
}

impl Name {
    pub(super) const fn new(text: &'static str) -> Self {
        Self {
            text,
            words: Words::of(text.as_bytes()),
        }
    }

    pub(super) const fn text(&self) -> &'static str {
        self.text
    }

    /// Whether the bytes, whose words are given, are this name.
    #[inline]
    pub(super) fn is(&self, words: Words, bytes: &[u8]) -> bool {
        self.words == words && (words.len <= Words::WHOLE_MAX || self.text.as_bytes() == bytes)
    }
}

/// Length, first and last bytes of a name: up to [`WHOLE_MAX`](Self::WHOLE_MAX) bytes these are the whole of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Words {
    len: usize,
    head: u64,
    tail: u64,
}

impl Words {
    const WHOLE_MAX: usize = 16;

    #[inline]
    pub(super) const fn of(bytes: &[u8]) -> Self {
        let len = bytes.len();
        let (head, tail) = if let Some(ends) = ends::<8>(bytes) {
            (u64::from_le_bytes(*ends.0), u64::from_le_bytes(*ends.1))
        } else if let Some(ends) = ends::<4>(bytes) {
            (
                wide(u32::from_le_bytes(*ends.0)),
                wide(u32::from_le_bytes(*ends.1)),
            )
        } else {
            match *bytes {
                [] => (0, 0),
                [one] => (byte(one), 0),
                [one, two] => (byte(one), byte(two)),
                [one, two, three, ..] => (byte(one), byte(two) << 8 | byte(three)),
            }
        };
        Self { len, head, tail }
    }
}

/// The first and last bytes, which may overlap.
const fn ends<const N: usize>(bytes: &[u8]) -> Option<(&[u8; N], &[u8; N])> {
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => Some((first, last)),
        _ => None,
    }
}

#[expect(
    clippy::as_conversions,
    reason = "widening, in a const fn, where traits are not to be had"
)]
const fn wide(word: u32) -> u64 {
    word as u64
}

const fn byte(byte: u8) -> u64 {
    wide(u32::from_le_bytes([byte, 0, 0, 0]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::{FieldDef, all};

    #[test]
    fn a_name_is_itself_and_nothing_else() {
        let texts = [
            "", "a", "b", "ab", "ba", "abc", "acb", "abcd", "abcdefg", "abcdxfg", "abcdefgh",
        ];
        let long = [
            "abcdefghijklmnop",
            "abcdefghXjklmnop",
            "abcdefghijklmnopq",
            "abcdefghiXklmnopq",
        ];
        let fields = all()
            .iter()
            .flat_map(|kind| kind.fields().iter().map(FieldDef::name));
        let names: alloc::vec::Vec<&'static str> =
            texts.into_iter().chain(long).chain(fields).collect();
        for one in &names {
            for other in &names {
                let bytes = other.as_bytes();
                assert_eq!(
                    Name::new(one).is(Words::of(bytes), bytes),
                    one == other,
                    "{one} {other}"
                );
            }
        }
    }
}
