//! A view under search, and which of its candidates count.

use std::ops::Range;
use std::sync::Arc;

use super::context::{Around, Known};
use super::engine::Window;
use super::kinds::Kind;
use super::layer::Layer;
use super::{Found, KindIndex};
use crate::limits::{CANDIDATE_SOURCE_BYTES_MAX, CONTEXT_SOURCE_BYTES};

/// A view under search.
pub(super) struct Place<'a> {
    pub(super) view: &'a [u8],
    layer: &'a Layer<'a>,
    window: &'a Window<'a>,
    /// Where candidates begin that count.
    pub(super) limit: Range<usize>,
    known: Known,
}

/// What became of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Found,
    /// It may be one, but not where it stands.
    Misplaced,
    /// Nothing around it can make one of it.
    Nothing,
}

impl<'a> Place<'a> {
    pub(super) fn new(view: &'a [u8], layer: &'a Layer<'_>, window: &'a Window<'_>) -> Self {
        let [start, end] = [window.counts.start, window.counts.end].map(|at| layer.first_at(at));
        Self {
            view,
            layer,
            window,
            limit: start..end,
            known: Known::default(),
        }
    }

    /// Whether two offsets of the view stand close enough in the original for one to speak about the other.
    pub(super) fn is_near(&self, left: usize, right: usize) -> bool {
        let left = self.layer.original(left..left).start;
        let right = self.layer.original(right..right).start;
        right.saturating_sub(left) <= CONTEXT_SOURCE_BYTES
    }

    /// Takes a candidate of a type if it holds and may stand here.
    pub(super) fn offer(
        &self,
        span: Range<usize>,
        index: KindIndex,
        kind: &Kind,
        out: &mut Vec<(Found, u8)>,
    ) -> Outcome {
        let Some(value) = self.view.get(span.clone()) else {
            return Outcome::Nothing;
        };
        if !kind.holds(value) {
            return Outcome::Nothing;
        }
        let original = self.layer.original(span.clone());
        let len = original.end - original.start;
        if !self.window.counts.contains(&original.start) || len > CANDIDATE_SOURCE_BYTES_MAX {
            return Outcome::Misplaced;
        }
        let floor = original.start.saturating_sub(CONTEXT_SOURCE_BYTES);
        let ceiling = self.layer.first_at(original.end + CONTEXT_SOURCE_BYTES);
        let floor = self.layer.first_at(floor).min(span.start);
        let ceiling = ceiling.max(span.end);
        let around = Around::of(self.view, &span, floor, ceiling, &self.known);
        if !kind.may_stand(value, &around, self.window.field) {
            return Outcome::Misplaced;
        }
        let rank = kind.rank_at(&around, self.window.field);
        let found = Found {
            span: original,
            kind: index,
            value: Arc::from(value),
        };
        out.push((found, rank));
        Outcome::Found
    }
}
