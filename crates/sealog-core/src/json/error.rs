//! Why a text is not the JSON that was asked for.

use alloc::string::String;
use core::fmt;

use crate::ErrorKind;

/// Why a JSON text was refused, and at which byte.
///
/// A message never shows a value's content; it shows a key only where two keys clash, shortened and escaped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The text is longer than [`JSON_TEXT_BYTES_MAX`](crate::limits::JSON_TEXT_BYTES_MAX).
    #[error("JSON text of {found} bytes exceeds the limit of {limit}")]
    TextLength {
        /// Bytes of the text.
        found: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The text begins with a byte order mark.
    #[error("JSON text begins with a byte order mark")]
    ByteOrderMark,
    /// The text ends inside a value, or is empty.
    #[error("JSON text ends at byte {offset} where {expected} is expected")]
    UnexpectedEnd {
        /// The length of the text.
        offset: usize,
        /// What would have to follow.
        expected: &'static str,
    },
    /// A byte that cannot stand in this place.
    #[error("{expected} is expected at byte {offset}")]
    Unexpected {
        /// Where the byte stands.
        offset: usize,
        /// What would have to stand there.
        expected: &'static str,
    },
    /// White space in a text that has to be canonical.
    #[error("white space at byte {offset} in canonical JSON")]
    WhiteSpace {
        /// Where the white space stands.
        offset: usize,
    },
    /// Something follows the value.
    #[error("bytes after the JSON value, from byte {offset}")]
    TrailingBytes {
        /// Where the value ends.
        offset: usize,
    },
    /// The bytes are not UTF-8.
    #[error("not UTF-8 at byte {offset}")]
    NotUtf8 {
        /// The first byte that belongs to no character.
        offset: usize,
    },
    /// A control character stands unescaped in a string.
    #[error("unescaped control character at byte {offset}")]
    ControlCharacter {
        /// Where it stands.
        offset: usize,
    },
    /// A backslash does not begin one of the escapes of JSON.
    #[error("invalid escape at byte {offset}")]
    InvalidEscape {
        /// Where the backslash stands.
        offset: usize,
    },
    /// An escape that is not the canonical form of its character.
    #[error("escape at byte {offset} is not the canonical form of its character")]
    EscapeNotCanonical {
        /// Where the backslash stands.
        offset: usize,
    },
    /// An escaped surrogate without its other half.
    #[error("lone surrogate escape at byte {offset}")]
    LoneSurrogate {
        /// Where the backslash stands.
        offset: usize,
    },
    /// A key occurs twice in one object.
    #[error("duplicate key {} at byte {offset}", KeyText(key))]
    DuplicateKey {
        /// Where the second one begins, with its quote.
        offset: usize,
        /// The key, unescaped and whole.
        key: String,
    },
    /// A key does not come after the key before it, by UTF-16 code units.
    #[error("key {} at byte {offset} is not in canonical order", KeyText(key))]
    KeyOrder {
        /// Where the key begins, with its quote.
        offset: usize,
        /// The key, unescaped and whole.
        key: String,
    },
    /// More arrays and objects inside one another than allowed.
    #[error("JSON nested deeper than {limit} at byte {offset}")]
    Depth {
        /// Where the first bracket that is too deep stands.
        offset: usize,
        /// The limit.
        limit: usize,
    },
    /// Not a number of the JSON grammar.
    #[error("invalid number at byte {offset}")]
    InvalidNumber {
        /// Where the number begins.
        offset: usize,
    },
    /// A number that is written otherwise than ECMAScript writes it.
    #[error("number at byte {offset} is not in canonical form")]
    NumberNotCanonical {
        /// Where the number begins.
        offset: usize,
    },
    /// A number whose magnitude is beyond the largest double.
    #[error("number at byte {offset} is beyond the range of a double")]
    NumberRange {
        /// Where the number begins.
        offset: usize,
    },
    /// An integer beyond 2^53 - 1, or a number whose canonical form would read as one.
    #[error("integer out of range at byte {offset}: beyond 2^53 - 1 it has to be a string")]
    IntegerRange {
        /// Where the number begins.
        offset: usize,
    },
}

impl JsonError {
    /// Always [`ErrorKind::Malformed`].
    pub const fn kind(&self) -> ErrorKind {
        ErrorKind::Malformed
    }

    /// The byte of the text at which it was refused; for a text that is too long, the limit.
    pub const fn offset(&self) -> usize {
        match self {
            Self::TextLength { limit, .. } => *limit,
            Self::ByteOrderMark => 0,
            Self::UnexpectedEnd { offset, .. }
            | Self::Unexpected { offset, .. }
            | Self::WhiteSpace { offset }
            | Self::TrailingBytes { offset }
            | Self::NotUtf8 { offset }
            | Self::ControlCharacter { offset }
            | Self::InvalidEscape { offset }
            | Self::EscapeNotCanonical { offset }
            | Self::LoneSurrogate { offset }
            | Self::DuplicateKey { offset, .. }
            | Self::KeyOrder { offset, .. }
            | Self::Depth { offset, .. }
            | Self::InvalidNumber { offset }
            | Self::NumberNotCanonical { offset }
            | Self::NumberRange { offset }
            | Self::IntegerRange { offset } => *offset,
        }
    }
}

/// Characters of a key that a message shows, at most.
const KEY_CHARS_SHOWN: usize = 64;

/// A key as a message shows it: quoted, printable ASCII as it is, all else escaped, so that no terminal acts on it.
struct KeyText<'a>(&'a str);

impl fmt::Display for KeyText<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("\"")?;
        let mut chars = self.0.chars();
        for char in chars.by_ref().take(KEY_CHARS_SHOWN) {
            write!(formatter, "{}", char.escape_default())?;
        }
        formatter.write_str(if chars.next().is_some() {
            "...\""
        } else {
            "\""
        })
    }
}
