//! Words of the user: dictionaries, and recognisers that are written in Rust or, through the bindings, in Python.

use std::ops::Range;
use std::sync::Arc;

use aho_corasick::AhoCorasick;

use super::KindIndex;
use crate::Error;
use crate::limits::CANDIDATE_BYTES_MAX;

/// Finds what no pattern can, names for one.
///
/// Its name and version enter the digest of every policy that uses it. What it finds may depend on nothing but the
/// text within [`CANDIDATE_BYTES_MAX`] bytes around it, and has to be the same each time; a longer find is replaced
/// piece by piece. It is given folded and decoded text, and never the whole of a long one at once.
pub trait Recogniser: Send + Sync {
    /// Its name, which is the id of what it finds: `PERSON`.
    fn name(&self) -> &str;
    /// Its version, which changes with what it finds.
    fn version(&self) -> &str;
    /// The spans of what it finds in a text, in any order.
    fn find(&self, text: &str, found: &mut Vec<Range<usize>>);
}

/// Dictionaries and recognisers, with the type that each finds.
#[derive(Default)]
pub(crate) struct Words {
    dictionaries: Option<(AhoCorasick, Vec<KindIndex>)>,
    recognisers: Vec<(Arc<dyn Recogniser>, KindIndex)>,
}

impl Words {
    /// Of folded words in lower case and recognisers.
    pub(crate) fn new(
        words: &[(Box<[u8]>, KindIndex)],
        recognisers: Vec<(Arc<dyn Recogniser>, KindIndex)>,
    ) -> Result<Self, Error> {
        let dictionaries = if words.is_empty() {
            None
        } else {
            let built = AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .build(words.iter().map(|(word, _)| word));
            let built = built.map_err(|error| Error::Engine {
                why: error.to_string(),
            })?;
            Some((built, words.iter().map(|(_, kind)| *kind).collect()))
        };
        Ok(Self {
            dictionaries,
            recognisers,
        })
    }

    /// Offers every whole word of a dictionary and every finding of a recogniser.
    pub(super) fn find(&self, view: &[u8], offer: &mut dyn FnMut(Range<usize>, KindIndex) -> bool) {
        if let Some((words, kinds)) = &self.dictionaries {
            for found in words.find_overlapping_iter(view) {
                let span = found.start()..found.end();
                if let Some(kind) = kinds.get(found.pattern().as_usize())
                    && is_whole(view, &span)
                {
                    offer(span, *kind);
                }
            }
        }
        if self.recognisers.is_empty() {
            return;
        }
        let mut spans = Vec::new();
        for (text, start) in texts(view) {
            for (recogniser, kind) in &self.recognisers {
                spans.clear();
                recogniser.find(text, &mut spans);
                for span in spans.drain(..) {
                    for piece in pieces(text, span) {
                        offer(piece.start + start..piece.end + start, *kind);
                    }
                }
            }
        }
    }
}

/// A find of any length as candidates, one behind the other, none longer than a candidate may be. None of a span that
/// does not lie in the text.
fn pieces(text: &str, span: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut rest = text.get(span.clone()).unwrap_or_default();
    let mut at = span.start;
    std::iter::from_fn(move || {
        let length = rest.floor_char_boundary(CANDIDATE_BYTES_MAX);
        let (piece, after) = rest.split_at_checked(length)?;
        rest = after;
        let start = at;
        at += piece.len();
        (!piece.is_empty()).then_some(start..at)
    })
}

/// The stretches of a view that are text.
fn texts(view: &[u8]) -> impl Iterator<Item = (&str, usize)> {
    let mut start = 0;
    view.utf8_chunks().map(move |chunk| {
        let here = start;
        start += chunk.valid().len() + chunk.invalid().len();
        (chunk.valid(), here)
    })
}

fn is_whole(view: &[u8], span: &Range<usize>) -> bool {
    let word = |at: Option<usize>| {
        at.and_then(|at| view.get(at))
            .is_some_and(u8::is_ascii_alphanumeric)
    };
    let left = word(span.start.checked_sub(1)) && word(Some(span.start));
    let right = word(span.end.checked_sub(1)) && word(Some(span.end));
    !left && !right
}
