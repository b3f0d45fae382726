//! The text that is searched, and the way back from it to the original.
//!
//! [`View::of`] folds what looks the same into one form: compatibility forms (NFKD, without combining marks), digits
//! of any script, hyphens, spaces, and letters that look like ASCII ones. Characters without a width, terminal
//! escapes and signs of emphasis inside a number are left out, `[at]` and `(dot)` become what they stand for. Each
//! character is folded by itself, so that the view of a part of a text is the part of its view.
//!
//! [`View::decoded`] undoes escapes (percent, HTML entities, JSON), [`View::unquoted`] quoted-printable, and
//! [`View::encoded_runs`] base64. The [`OffsetMap`] of each leads to the text that it was made from.
//!
//! Bytes that are no UTF-8 stand in a view as they are.
//!
//! **What is absent**: composition (marks are left out, not joined), HTML tags, and the order of right-to-left text:
//! characters stand in the order in which they are stored.

mod base64;
mod confusable;
mod escape;
mod fold;
mod map;
mod spare;
mod text;

pub use map::OffsetMap;
pub(crate) use spare::Spare;

use std::borrow::Cow;
use std::ops::Range;

use crate::limits::INVISIBLE_RUN_BYTES_MAX;

/// Bytes around a byte that decide whether it is folded, at most: those of a terminal escape, a spelled sign, a row of
/// signs of emphasis.
const FOLD_REACH: usize = INVISIBLE_RUN_BYTES_MAX;

/// A text that is searched, with the way back to the text that it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View<'a> {
    bytes: Cow<'a, [u8]>,
    map: OffsetMap,
}

impl<'a> View<'a> {
    /// The folded form of a text, in time linear in its length. Text of plain ASCII is borrowed.
    #[must_use]
    pub fn of(source: &'a [u8]) -> Self {
        Self::of_into(source, &mut Spare::default())
    }

    /// The same, in memory of views before it.
    pub(crate) fn of_into(source: &'a [u8], spare: &mut Spare) -> Self {
        text::view(source, std::iter::once(0..source.len()), spare)
    }

    /// The folded form of what was decoded from a text in which nothing is folded: only what is near to what was
    /// decoded can be.
    pub(crate) fn of_decoded(source: &'a [u8], decoded: &OffsetMap, spare: &mut Spare) -> Self {
        text::view(
            source,
            decoded.changes().map(|(change, _)| {
                change.start.saturating_sub(FOLD_REACH)..change.end + FOLD_REACH
            }),
            spare,
        )
    }

    /// Whether nothing is folded in it.
    pub(crate) const fn is_plain(&self) -> bool {
        matches!(self.bytes, Cow::Borrowed(_))
    }

    /// The same text with its escapes undone: `%40`, `&#64;`, `&commat;`, `\u0040`, `\x40`, `\n`. None if it has none.
    #[must_use]
    pub fn decoded(source: &'a [u8]) -> Option<Self> {
        Self::decoded_into(source, &mut Spare::default())
    }

    /// The same, in memory of views before it.
    pub(crate) fn decoded_into(source: &'a [u8], spare: &mut Spare) -> Option<Self> {
        escape::decoded(source, spare)
    }

    /// The same text with quoted-printable undone (`=40`, soft line ends). None if it has none.
    #[must_use]
    pub fn unquoted(source: &'a [u8]) -> Option<Self> {
        Self::unquoted_into(source, &mut Spare::default())
    }

    /// The same, in memory of views before it.
    pub(crate) fn unquoted_into(source: &'a [u8], spare: &mut Spare) -> Option<Self> {
        escape::unquoted(source, spare)
    }

    /// What the runs of base64 in a text decode to, where that is text.
    #[must_use]
    pub fn encoded_runs(source: &[u8]) -> Vec<View<'static>> {
        Self::encoded_runs_at(source, std::iter::once(0..source.len()))
    }

    /// Those of them that touch these ranges, which are in order.
    pub(crate) fn encoded_runs_at(
        source: &[u8],
        ranges: impl IntoIterator<Item = Range<usize>>,
    ) -> Vec<View<'static>> {
        base64::runs(source, ranges)
    }

    /// The bytes that are searched.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The way back.
    #[must_use]
    pub const fn map(&self) -> &OffsetMap {
        &self.map
    }

    fn borrowed(bytes: &'a [u8]) -> Self {
        Self {
            bytes: Cow::Borrowed(bytes),
            map: OffsetMap::identity(bytes.len()),
        }
    }
}

#[cfg(test)]
mod tests;
