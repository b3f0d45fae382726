//! Where a view that was decoded from another can hold what the other does not.
//!
//! A candidate of a pattern, with all that is looked at around it, lies within a bounded stretch of the view. Where
//! nothing was decoded in that stretch, the view that was decoded holds the same, and the same was found there.

use std::ops::Range;

use crate::limits::{CANDIDATE_BYTES_MAX, CONTEXT_AFTER_BYTES, CONTEXT_BEFORE_BYTES};
use crate::view::OffsetMap;

/// Bytes before a change from which on a candidate can reach it: its own, and those behind it that are looked at.
const BEFORE: usize = CANDIDATE_BYTES_MAX + CONTEXT_AFTER_BYTES + 2;
/// Bytes after a change up to which a candidate looks back at it.
const AFTER: usize = CONTEXT_BEFORE_BYTES + 2;

/// Where the candidates begin that have to be looked for.
#[derive(Debug)]
pub(super) struct Reach {
    /// None: everywhere.
    ranges: Option<Vec<Range<usize>>>,
}

impl Reach {
    /// Everywhere.
    pub(super) const fn everything() -> Self {
        Self { ranges: None }
    }

    /// Around the changes of a map, in the view that was folded from it.
    pub(super) fn around(changes: &OffsetMap, folded: &OffsetMap) -> Self {
        let near = merged(changes.changes(), 0, BEFORE + AFTER);
        let near = near.into_iter().map(|range| {
            let end = folded.first_at(range.end);
            folded.first_at(range.start).min(end)..end
        });
        let mut all: Vec<Range<usize>> = near.chain(folded.changes()).collect();
        all.sort_unstable_by_key(|range| (range.start, range.end));
        Self {
            ranges: Some(merged(all, BEFORE, AFTER)),
        }
    }

    /// The stretches of a view of so many bytes, in order.
    pub(super) fn stretches(&self, len: usize) -> impl Iterator<Item = Range<usize>> {
        let everything = self.ranges.is_none().then_some(0..len);
        let ranges = self.ranges.iter().flatten().cloned();
        everything.into_iter().chain(ranges)
    }
}

/// Ranges in the order of their starts, each grown on either side, without overlaps.
fn merged(
    ranges: impl IntoIterator<Item = Range<usize>>,
    before: usize,
    after: usize,
) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        let (start, end) = (range.start.saturating_sub(before), range.end + after);
        match out.last_mut() {
            Some(last) if start <= last.end => last.end = last.end.max(end),
            _ => out.push(start..end),
        }
    }
    out
}
