//! Words around a candidate.

use std::cell::Cell;
use std::ops::Range;

use super::kinds::folded;
use crate::blocks::{BLOCK, block_at, index, mask_where};
use crate::limits::{CONTEXT_AFTER_BYTES, CONTEXT_BEFORE_BYTES};

/// What stands around a candidate, as far as it may be looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'a> {
    /// Before it: at most [`CONTEXT_BEFORE_BYTES`].
    pub(super) before: &'a [u8],
    /// After it: at most [`CONTEXT_AFTER_BYTES`].
    pub(super) after: &'a [u8],
    /// Where they stand in the view.
    ranges: [(usize, usize); 2],
    known: &'a Known,
}

impl<'a> Around<'a> {
    /// Around a span of a view, not before `floor` and not after `ceiling`; `known` is what is known of this view.
    pub(super) fn of(
        view: &'a [u8],
        span: &Range<usize>,
        floor: usize,
        ceiling: usize,
        known: &'a Known,
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
            ranges: [(from, span.start), (span.end, to)],
            known,
        }
    }

    /// Whether one of the words stands here, or in the name of the field that the text comes from.
    pub(super) fn has_word(&self, words: &WordSet, field: &[u8]) -> bool {
        let [before, after] = self.ranges;
        let Known { befores, afters } = self.known;
        words.stands_among(self.before, known(befores, before, self.before))
            || words.stands_among(self.after, known(afters, after, self.after))
            || words.stands_in(field)
    }
}

/// Where words begin around the last candidate of a view: the next one often stands at the same place.
#[derive(Debug, Default)]
pub(super) struct Known {
    befores: Cell<Begins>,
    afters: Cell<Begins>,
}

fn known(last: &Cell<Begins>, range: (usize, usize), text: &[u8]) -> Begins {
    let begins = last.get();
    if begins.range == range {
        return begins;
    }
    let begins = Begins::of(range, text);
    last.set(begins);
    begins
}

/// Where words begin in a text of this range of a view, one bit for each byte.
#[derive(Debug, Default, Clone, Copy)]
struct Begins {
    range: (usize, usize),
    all: u64,
}

const _: () = assert!(CONTEXT_AFTER_BYTES <= BLOCK && CONTEXT_BEFORE_BYTES <= BLOCK);

impl Begins {
    fn of(range: (usize, usize), text: &[u8]) -> Self {
        let mut padded = [0; BLOCK];
        let block = block_at(text, 0, &mut padded);
        let joined = mask_where(block, |byte| {
            byte.is_ascii_digit() | (byte | 0x20).is_ascii_lowercase()
        });
        let others = mask_where(block, |byte| !byte.is_ascii());
        Self {
            range,
            all: (joined & !(joined << 1)) | others,
        }
    }

    /// Places and keys.
    fn keys(self, text: &[u8]) -> impl Iterator<Item = (usize, u16)> {
        let mut rest = self.all;
        std::iter::from_fn(move || {
            if rest == 0 {
                return None;
            }
            let at = index(rest.trailing_zeros());
            rest &= rest - 1;
            let pair = text.get(at..at + 2)?;
            let [first, second] = pair.try_into().ok()?;
            Some((at, key(first, second)))
        })
    }
}

/// Whether a word begins with it that is looked for by its key.
const fn can_begin(first: u8) -> bool {
    first.is_ascii_alphanumeric() || !first.is_ascii()
}

/// One of [`KEYS`] for the first two bytes of a word, the same in any case and for all that joins the words of a name.
fn key(first: u8, second: u8) -> u16 {
    let second = if matches!(second, b'_' | b'-') {
        b' '
    } else {
        second
    };
    (u16::from(first & 31) << 5) | u16::from(second & 31)
}

const KEYS: usize = 1 << 10;
const KEYS_OF_A_PART: u16 = 64;

/// The words of one type, folded and in lower case, and with what they begin.
#[derive(Debug, Clone)]
pub(crate) struct WordSet {
    words: Vec<Box<[u8]>>,
    keys: Box<[u64; KEYS / 64]>,
    /// Whether one begins with what has no key.
    has_others: bool,
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
        let mut keys = Box::new([0; KEYS / 64]);
        let mut has_others = false;
        for word in &words {
            match **word {
                [first, second, ..] if can_begin(first) => {
                    let key = key(first, second);
                    if let Some(part) = keys.get_mut(usize::from(key / KEYS_OF_A_PART)) {
                        *part |= 1 << (key % KEYS_OF_A_PART);
                    }
                }
                _ => has_others = true,
            }
        }
        Self {
            words,
            keys,
            has_others,
        }
    }

    /// Whether one of them stands in a text, whole: not within a longer word of ASCII letters and digits.
    pub(super) fn stands_in(&self, text: &[u8]) -> bool {
        let mut before = None;
        text.iter().enumerate().any(|(at, byte)| {
            let left = before.replace(byte);
            !joins(left, Some(byte)) && self.stands_at(text, at)
        })
    }

    /// The same, of a text where words begin in these places.
    fn stands_among(&self, text: &[u8], begins: Begins) -> bool {
        if self.has_others {
            return self.stands_in(text);
        }
        begins.keys(text).any(|(at, key)| {
            let part = self.keys.get(usize::from(key / KEYS_OF_A_PART));
            let has_key = part.is_some_and(|part| (part >> (key % KEYS_OF_A_PART)) & 1 == 1);
            has_key && self.stands_at(text, at)
        })
    }

    fn stands_at(&self, text: &[u8], at: usize) -> bool {
        self.words.iter().any(|word| stands_at(text, at, word))
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
