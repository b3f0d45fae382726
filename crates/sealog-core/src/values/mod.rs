//! How a value becomes the bytes that a commitment covers (design rule 8, `docs/formats/values.md`).
//!
//! A value of the host's language has one encoding: canonical JSON in which the types that JSON lacks stand as
//! objects with one member whose key is a tag, such as `{"$date":"2026-01-31"}`. Keys of the user's own that begin
//! with `$` get another `$` in front, so that no dictionary looks like a tag. [`Encoder`] writes it in one pass.
//!
//! **What is absent**: a decoder. An encoding is made twice and compared by its commitment; it is never read back.

mod array;
mod encoder;
mod frame;
mod scalar;
mod text;

use crate::ErrorKind;

pub use encoder::Encoder;

/// Why a value has no encoding, or the calls do not make up a value. Never holds any of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// More values inside one another than allowed; also what a value that contains itself ends in.
    #[error("a value nests deeper than {max} levels")]
    Depth {
        /// The limit, in lists, dictionaries and the like.
        max: usize,
    },
    /// The encoding is too long.
    #[error("the encoding of a value exceeds {max} bytes")]
    Length {
        /// The limit in bytes.
        max: usize,
    },
    /// A text is not of the form that its type has.
    #[error("the text of a {tag} value is not in its one form")]
    Text {
        /// The tag of the type, such as `$date`.
        tag: &'static str,
    },
    /// An element type that arrays cannot have.
    #[error("the element type of an array is not one of the known ones")]
    ElementType,
    /// The bytes or elements of an array do not fit its shape.
    #[error("an array has {found} bytes or elements, its type and shape need {expected}")]
    ArrayLength {
        /// What element type and shape need; `u64::MAX` where it is beyond that.
        expected: u64,
        /// What was given.
        found: u64,
    },
    /// Two members of one dictionary or object have the same key.
    #[error("a dictionary has the same key twice")]
    DuplicateKey,
    /// The calls do not make up one value: a bug of the caller.
    #[error("the calls do not make up one value: {found} where {expected} is expected")]
    Sequence {
        /// What could have come.
        expected: &'static str,
        /// What came.
        found: &'static str,
    },
}

impl ValueError {
    /// Always malformed.
    pub const fn kind(&self) -> ErrorKind {
        ErrorKind::Malformed
    }
}

#[cfg(test)]
mod tests;
