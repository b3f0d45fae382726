//! The containers of an encoding: what stands around their values, how many they hold and how they are sorted.

use alloc::vec::Vec;
use core::ops::Range;

use super::ValueError;
use crate::json::utf16_order;

/// A container that has begun and not ended.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    /// Values begun so far.
    pub(super) values: u64,
    /// Where the contents begin in the output.
    pub(super) start: usize,
    /// The first of its parts, in those of all open containers.
    pub(super) first_part: usize,
}

/// What is open. The text before the first and after the last value belongs to the kind.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// `[..]` or, for a tuple, `{"$tuple":[..]}`: values in order.
    List { close: &'static [u8] },
    /// Values sorted by their encodings.
    Set,
    /// Members sorted by key; each value follows its key.
    Dict {
        close: &'static [u8],
        key_given: bool,
    },
    /// Keys and values in turn; pairs sorted by their encodings.
    Pairs,
    /// Exactly so many values, then `]}`.
    Fixed { count: u64 },
    /// Exactly so many values, then `],`, the shape and `]}`.
    Items { count: u64, shape: Vec<u64> },
    /// An index, then names and columns in turn.
    Table,
}

/// A stretch of the output that is moved as a whole when its container is sorted.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// The key in the arena of keys; empty in sets and pairs.
    pub(super) key: Range<usize>,
    /// Begins after the comma.
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Part {
    fn key_in<'a>(&self, keys: &'a str) -> &'a [u8] {
        keys.as_bytes().get(self.key.clone()).unwrap_or_default()
    }

    fn text_in<'a>(&self, out: &'a [u8]) -> &'a [u8] {
        out.get(self.start..self.end).unwrap_or_default()
    }
}

/// Sorts the members of a dictionary, which begin at `start`, as canonical JSON does; refuses equal keys.
pub(super) fn sort_members(
    out: &mut Vec<u8>,
    start: usize,
    keys: &str,
    parts: &mut [Part],
) -> Result<(), ValueError> {
    let order = |a: &Part, b: &Part| utf16_order(a.key_in(keys), b.key_in(keys));
    if !parts.is_sorted_by(|a, b| order(a, b).is_le()) {
        parts.sort_unstable_by(order);
        rewrite(out, start, parts);
    }
    let mut neighbours = parts.iter().zip(parts.iter().skip(1));
    if neighbours.any(|(a, b)| order(a, b).is_eq()) {
        return Err(ValueError::DuplicateKey);
    }
    Ok(())
}

/// Sorts the values of a set, or the pairs of a dictionary, which begin at `start`, by their encoded bytes.
pub(super) fn sort_values(out: &mut Vec<u8>, start: usize, parts: &mut [Part]) {
    if !parts.is_sorted_by_key(|part| part.text_in(out)) {
        parts.sort_unstable_by(|a, b| a.text_in(out).cmp(b.text_in(out)));
        rewrite(out, start, parts);
    }
}

fn rewrite(out: &mut Vec<u8>, start: usize, parts: &[Part]) {
    let mut sorted = Vec::with_capacity(out.len().saturating_sub(start));
    for part in parts {
        if !sorted.is_empty() {
            sorted.push(b',');
        }
        sorted.extend_from_slice(part.text_in(out));
    }
    out.truncate(start);
    out.append(&mut sorted);
}
