//! Words around a candidate.

use super::kinds::folded;
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
    pub(super) fn has_word(&self, words: &WordSet, field: &[u8]) -> bool {
        [self.before, self.after, field]
            .iter()
            .filter(|text| !text.is_empty())
            .any(|text| words.stands_in(text))
    }
}

/// The words of one type, folded and in lower case, and with which bytes they begin.
#[derive(Debug, Clone)]
pub(crate) struct WordSet {
    words: Vec<Box<[u8]>>,
    begins: [bool; 256],
}

impl WordSet {
    /// Of words as they are written. Letters beyond ASCII are taken in both cases, because folding tells them apart.
    pub(crate) fn of<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let mut all = Vec::new();
        for word in words {
            all.push(folded(word));
            if !word.is_ascii() {
                all.push(folded(&word.to_uppercase()));
                let mut rest = word.chars();
                let first = rest.next().into_iter().flat_map(char::to_uppercase);
                all.push(folded(&first.chain(rest).collect::<String>()));
            }
        }
        all.sort_unstable();
        all.dedup();
        Self::new(all)
    }

    fn new(words: Vec<Box<[u8]>>) -> Self {
        let mut begins = [false; 256];
        for word in &words {
            match word.first() {
                Some(first) => {
                    if let Some(place) = begins.get_mut(usize::from(*first)) {
                        *place = true;
                    }
                }
                // Nothing begins anywhere.
                None => begins = [true; 256],
            }
        }
        Self { words, begins }
    }

    /// Whether one of them stands in a text, whole: not within a longer word of ASCII letters and digits.
    pub(super) fn stands_in(&self, text: &[u8]) -> bool {
        let mut before = None;
        text.iter().enumerate().any(|(at, byte)| {
            let left = before.replace(byte);
            let begins = self.begins.get(usize::from(byte.to_ascii_lowercase()));
            begins.copied().unwrap_or(false)
                && !joins(left, Some(byte))
                && self.words.iter().any(|word| stands_at(text, at, word))
        })
    }
}

/// Whether a word stands at `at`, and its end is the end of one.
fn stands_at(text: &[u8], at: usize, word: &[u8]) -> bool {
    let here = text.get(at..at + word.len());
    here.is_some_and(|here| here.iter().zip(word).all(|(here, sign)| fits(*here, *sign)))
        && !joins(word.last(), text.get(at + word.len()))
}

/// Whether a byte of a text is one of a word: names of fields have other signs in place of a phrase's spaces.
const fn fits(here: u8, sign: u8) -> bool {
    here.eq_ignore_ascii_case(&sign) || (sign == b' ' && matches!(here, b'_' | b'-'))
}

/// Whether two neighbours belong to one word.
fn joins(left: Option<&u8>, right: Option<&u8>) -> bool {
    let word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    word(left) && word(right)
}
