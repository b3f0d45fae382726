//! Where a view that was decoded from another can hold what the other does not.
//!
//! A candidate of a pattern, with all that is looked at around it, lies within a bounded stretch of the view. Where
//! nothing was decoded in that stretch, the view that was decoded holds the same, and the same was found there.

use std::ops::Range;

use super::starts::word_start;
use crate::limits::{CANDIDATE_BYTES_MAX, CONTEXT_AFTER_BYTES, CONTEXT_BEFORE_BYTES};
use crate::view::OffsetMap;

/// Bytes before a change from which on a candidate can reach it: its own, and those behind it that are looked at.
const BEFORE: usize = CANDIDATE_BYTES_MAX + CONTEXT_AFTER_BYTES + 3;
/// Bytes after a change up to which a candidate looks back at it.
const AFTER: usize = CONTEXT_BEFORE_BYTES + 2;

/// One place where a decoded view differs from the one that it was decoded from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// In the decoded view.
    pub(super) here: Range<usize>,
    /// In the view below.
    pub(super) below: Range<usize>,
}

/// All of them, in order, with bytes between them that are the same in both views.
#[derive(Debug, Default)]
pub(super) struct Changes {
    all: Vec<Change>,
}

impl Changes {
    /// Of a view that was folded from what was decoded from the view below.
    pub(super) fn of(decoded: &OffsetMap, folded: &OffsetMap) -> Self {
        let mut all: Vec<Change> = decoded
            .changes()
            .map(|(range, below)| {
                let end = folded.first_at(range.end);
                let here = folded.first_at(range.start).min(end)..end;
                Change { here, below }
            })
            .collect();
        all.extend(folded.changes().map(|(here, range)| Change {
            here,
            below: decoded.source(range),
        }));
        all.sort_by_key(|change| (change.here.start, change.below.start));
        all.dedup_by(|next, last| {
            let joins = next.here.start <= last.here.end || next.below.start <= last.below.end;
            if joins {
                last.here.end = last.here.end.max(next.here.end);
                last.below.end = last.below.end.max(next.below.end);
                last.below.start = last.below.start.min(next.below.start);
            }
            joins
        });
        Self { all }
    }

    /// The changes.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Change> {
        self.all.iter()
    }
}

/// A start from which the patterns were tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tried {
    pub(super) start: usize,
    /// One past the last byte that was looked at.
    pub(super) end: usize,
    /// Whether something was found that what stands around it decides about.
    pub(super) looks_around: bool,
}

impl Tried {
    /// Whether a change of the view can change what is found from here.
    const fn is_touched_by(&self, change: &Range<usize>) -> bool {
        let (before, after) = if self.looks_around {
            (AFTER, CONTEXT_AFTER_BYTES + 2)
        } else {
            (0, 0)
        };
        change.start <= self.end + after && self.start <= change.end + before
    }
}

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

    /// Around changes, as far as any candidate reaches.
    pub(super) fn around(changes: &Changes) -> Self {
        Self::grown(changes, BEFORE, AFTER)
    }

    /// Around changes, by so many bytes.
    pub(super) fn grown(changes: &Changes, before: usize, after: usize) -> Self {
        Self::merged(
            changes
                .iter()
                .map(|change| change.here.start.saturating_sub(before)..change.here.end + after),
        )
    }

    /// At changes, and at those starts that were tried in the view below whose outcome a change can change.
    pub(super) fn touched(view: &[u8], changes: &Changes, tried: &[Tried]) -> Self {
        let mut ranges = Vec::new();
        let mut rest = tried;
        // Where the change before ends.
        let (mut here_done, mut below_done) = (0, 0);
        let mut after = changes.iter().skip(1);
        for Change { here, below } in changes.iter() {
            let next = after.next().map_or(usize::MAX, |next| next.below.start);
            let floor = here.start.saturating_sub(BEFORE).max(here_done);
            let mut range = word_start(view, floor, here.start)..here.end + 1;
            while let Some((first, others)) = rest.split_first()
                && first.start + BEFORE < below.start
            {
                rest = others;
            }
            let near = rest
                .iter()
                .take_while(|tried| tried.start <= below.end + AFTER);
            for tried in near.filter(|tried| tried.is_touched_by(below)) {
                // One beyond another change is reached from that one.
                if (below_done..=below.start).contains(&tried.start) {
                    range.start = range.start.min(here.start - (below.start - tried.start));
                } else if (below.end..next).contains(&tried.start) {
                    range.end = range.end.max(here.end + (tried.start - below.end) + 1);
                }
            }
            (here_done, below_done) = (here.end, below.end);
            ranges.push(range);
        }
        Self::merged(ranges)
    }

    /// The stretches of a view within `limit`, in order.
    pub(super) fn stretches(&self, limit: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let everything = self.ranges.is_none().then(|| limit.clone());
        let ranges = self.ranges.iter().flatten();
        let within =
            ranges.map(move |range| range.start.max(limit.start)..range.end.min(limit.end));
        everything
            .into_iter()
            .chain(within.filter(|range| !range.is_empty()))
    }

    /// Of ranges in the order of their starts those without overlaps.
    fn merged(ranges: impl IntoIterator<Item = Range<usize>>) -> Self {
        let mut out: Vec<Range<usize>> = Vec::new();
        for range in ranges {
            match out.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => out.push(range),
            }
        }
        Self { ranges: Some(out) }
    }
}
