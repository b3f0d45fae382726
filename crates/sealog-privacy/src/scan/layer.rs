//! The views of one window, each within the one that it was decoded from.

use std::ops::Range;

use crate::view::OffsetMap;

/// A view in a chain of views that ends at the original.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layer<'a> {
    map: &'a OffsetMap,
    below: Below<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Below<'a> {
    Layer(&'a Layer<'a>),
    /// The original, from this offset on.
    Original(usize),
}

impl<'a> Layer<'a> {
    /// The view of a window that begins at `offset` of the original.
    pub(super) const fn first(map: &'a OffsetMap, offset: usize) -> Self {
        Self {
            map,
            below: Below::Original(offset),
        }
    }

    /// A view of what another layer holds.
    pub(super) const fn over(map: &'a OffsetMap, layer: &'a Self) -> Self {
        Self {
            map,
            below: Below::Layer(layer),
        }
    }

    /// Where a span of this view stands in the original.
    pub(super) fn original(&self, span: Range<usize>) -> Range<usize> {
        let below = self.map.source(span);
        match self.below {
            Below::Layer(layer) => layer.original(below),
            Below::Original(offset) => below.start + offset..below.end + offset,
        }
    }

    /// The first offset of this view that stands at `original` or later.
    pub(super) fn first_at(&self, original: usize) -> usize {
        let below = match self.below {
            Below::Layer(layer) => layer.first_at(original),
            Below::Original(offset) => original.saturating_sub(offset),
        };
        self.map.first_at(below)
    }
}
