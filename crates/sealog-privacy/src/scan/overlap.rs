//! Decides which of several overlapping findings count, in one pass from left to right.

use std::cmp::Reverse;

use super::Found;
use crate::limits::CLUSTER_BYTES_MAX;

/// Takes findings in the order of their starts and gives out those that count.
///
/// A cluster is a row of findings each of which overlaps what came before it. It is decided when it is complete, or
/// when it has become so long that it is cut: then what was decided before keeps its place.
#[derive(Debug, Default)]
pub(super) struct Overlaps {
    cluster: Vec<(Found, u8)>,
    start: usize,
    end: usize,
    /// Nothing that begins before it can count any more.
    taken: usize,
}

impl Overlaps {
    /// Takes the next finding with its rank; its start is not before that of the one before.
    pub(super) fn push(&mut self, found: Found, rank: u8, out: &mut Vec<Found>) {
        let span = &found.span;
        let joins = span.start < self.end && span.start < self.start + CLUSTER_BYTES_MAX;
        if !self.cluster.is_empty() && !joins {
            self.decide(out);
        }
        if self.cluster.is_empty() {
            self.start = span.start;
            self.end = span.end;
        }
        self.end = self.end.max(span.end);
        self.cluster.push((found, rank));
    }

    /// Decides what is left.
    pub(super) fn finish(&mut self, out: &mut Vec<Found>) {
        self.decide(out);
    }

    /// Up to where everything is decided if no finding follows that begins before `until`.
    pub(super) fn settle(&mut self, until: usize, out: &mut Vec<Found>) -> usize {
        if self.cluster.is_empty() {
            return until.max(self.taken);
        }
        if until >= self.end.min(self.start + CLUSTER_BYTES_MAX) {
            self.decide(out);
            return until.max(self.taken);
        }
        self.start
    }

    fn decide(&mut self, out: &mut Vec<Found>) {
        let mut cluster = std::mem::take(&mut self.cluster);
        cluster.sort_by_key(|(found, rank)| {
            let len = found.span.end - found.span.start;
            (Reverse(len), Reverse(*rank), found.span.start, found.kind)
        });
        let mut kept: Vec<Found> = Vec::new();
        for (found, _) in cluster {
            let span = &found.span;
            let after = kept.partition_point(|other| other.span.start < span.start);
            let before = after.checked_sub(1).and_then(|index| kept.get(index));
            let clear = span.start >= self.taken
                && before.is_none_or(|other| other.span.end <= span.start)
                && kept
                    .get(after)
                    .is_none_or(|other| span.end <= other.span.start);
            if clear {
                kept.insert(after, found);
            }
        }
        if let Some(last) = kept.last() {
            self.taken = last.span.end;
        }
        out.append(&mut kept);
    }
}
