//! Words around a candidate.

use crate::limits::{CONTEXT_AFTER_BYTES, CONTEXT_BEFORE_BYTES};

/// What stands around a candidate, as far as it may be looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'a> {
    /// Before it: at most [`CONTEXT_BEFORE_BYTES`].
    pub(super) before: &'a [u8],
    /// After it: at most [`CONTEXT_AFTER_BYTES`].
    pub(super) after: &'a [u8],
}

impl<'a> Around<'a> {
    /// Around a span of a view, not before `floor` and not after `ceiling`.
    pub(super) fn of(
        view: &'a [u8],
        span: &std::ops::Range<usize>,
        floor: usize,
        ceiling: usize,
    ) -> Self {
        let from = span.start.saturating_sub(CONTEXT_BEFORE_BYTES).max(floor);
        let to = span
            .end
            .saturating_add(CONTEXT_AFTER_BYTES)
            .min(ceiling)
            .min(view.len());
        Self {
            before: view.get(from..span.start).unwrap_or_default(),
            after: view.get(span.end..to).unwrap_or_default(),
        }
    }

    /// Whether one of the words stands here, or in the name of the field that the text comes from.
    pub(super) fn has_word(&self, words: &[Box<[u8]>], field: &[u8]) -> bool {
        [self.before, self.after, field]
            .iter()
            .filter(|text| !text.is_empty())
            .any(|text| has_word(text, words))
    }
}

/// Whether one of the words stands in a text, whole: not within a longer word of ASCII letters and digits.
pub(super) fn has_word(text: &[u8], words: &[Box<[u8]>]) -> bool {
    let lower = text.to_ascii_lowercase();
    words.iter().any(|word| {
        memchr::memmem::find_iter(&lower, word).any(|at| {
            let before = at.checked_sub(1).and_then(|before| lower.get(before));
            let after = lower.get(at + word.len());
            !joins(before, word.first()) && !joins(word.last(), after)
        })
    })
}

/// Whether two neighbours belong to one word.
fn joins(left: Option<&u8>, right: Option<&u8>) -> bool {
    let word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    word(left) && word(right)
}
