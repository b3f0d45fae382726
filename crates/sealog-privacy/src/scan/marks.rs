//! Where something can begin in sixty-four bytes: at a word with a digit, at a long one, and before a few signs.
//!
//! What has no mark is passed over: most of prose. There may be a mark too many and never one too few.

use std::ops::Range;

use super::starts::{word_len, word_len_before};
use crate::blocks::{BLOCK, ONES, block_at, from, groups, index, mask};

/// Bits of a mask.
const BITS: u32 = u64::BITS;
/// Half of the letters of a word that can be a key by its length alone.
const HALF: u32 = 8;

/// A letter or digit.
const WORD: u8 = 1;
/// A digit, or a sign behind or with which something can begin.
const TELLING: u8 = 2;
/// A capital.
const CAPITAL: u8 = 4;
/// A sign behind or with which something can begin if a digit follows.
const NUMBERED: u8 = 8;

/// Sixty-four bytes of a view.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    start: usize,
    /// Which of its bytes are letters and digits.
    words: u64,
    digits: u64,
    /// Which have a mark.
    marks: u64,
}

impl Block {
    /// The block that begins at `start`.
    pub(super) fn at(view: &[u8], start: usize) -> Self {
        let (block, behind) = (block_at(view, start), block_at(view, start + 1));
        let mut flags = [0; BLOCK];
        for ((flags, byte), next) in flags.iter_mut().zip(&block).zip(&behind) {
            *flags = flags_of(*byte, *next);
        }
        let flags = groups(&flags);
        // A number may begin right behind it.
        let [.., next] = behind;
        let is_empty = !flags
            .iter()
            .fold(next.is_ascii_digit(), |any, group| any | matters(*group));
        if is_empty {
            let (words, digits, marks) = (0, 0, 0);
            return Self {
                start,
                words,
                digits,
                marks,
            };
        }
        let [words, telling, capitals, numbered] =
            [WORD, TELLING, CAPITAL, NUMBERED].map(|flag| mask(&flags, flag));
        // Of the bytes of a word digits alone are telling.
        let digits = words & telling;
        let follows = (digits >> 1) | (u64::from(next.is_ascii_digit()) << (BITS - 1));
        // A bit stays where so many follow it. Of eight capitals four stand in one block, of sixteen letters eight.
        let capitals = capitals & (capitals >> 1);
        let long = words & (words >> 1);
        let long = long & (long >> 2);
        let long = long & (long >> 4);
        let ends = u64::from(words.trailing_ones() >= HALF) | (long & (1 << (BITS - HALF)));
        Self {
            start,
            words,
            digits,
            marks: telling
                | (numbered & follows)
                | (capitals & (capitals >> 2))
                | (long & (long >> 8))
                | ends,
        }
    }

    /// The first mark that is not before `at`.
    pub(super) fn mark_from(&self, at: usize) -> Option<u32> {
        let rest = from(self.start, at) & self.marks;
        (rest != 0).then(|| rest.trailing_zeros())
    }

    /// Whether a digit stands at a mark.
    pub(super) const fn is_digit(&self, mark: u32) -> bool {
        (self.digits >> mark) & 1 == 1
    }

    /// The word at a mark; or, if a sign stands there, the word that ends there, and the sign.
    pub(super) fn word_at(&self, view: &[u8], mark: u32) -> (Range<usize>, Option<u8>) {
        let at = self.start + index(mark);
        let back = self
            .words
            .checked_shl(BITS - mark)
            .map_or(0, u64::leading_ones);
        let mut start = at - index(back);
        if back == mark {
            start -= word_len_before(view, start);
        }
        if (self.words >> mark) & 1 == 0 {
            return (start..at, view.get(at).copied());
        }
        let forth = (self.words >> mark).trailing_ones();
        let mut end = at + index(forth);
        if mark + forth == BITS {
            end += word_len(view, end);
        }
        (start..end, None)
    }
}

/// Without a table and without branches, so that the compiler makes one comparison of many bytes of each.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "a branch for each byte is what is avoided here"
)]
fn flags_of(byte: u8, next: u8) -> u8 {
    let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let is_digit = byte.wrapping_sub(b'0') < 10;
    let is_capital = byte.wrapping_sub(b'A') < 26;
    let is_sign = (byte.wrapping_sub(b'-') < 2)
        | (byte == b':')
        | (byte == b'_')
        | (byte == b'<')
        | (byte == b'(');
    // At the end of a sentence nothing goes on.
    let is_telling = is_digit | (is_sign & (next > b' '));
    let is_numbered = (byte == b' ') | (byte == b'/') | (byte == b'+');
    (u8::from(is_letter | is_digit) * WORD)
        | (u8::from(is_telling) * TELLING)
        | (u8::from(is_capital) * CAPITAL)
        | (u8::from(is_numbered) * NUMBERED)
}

/// Whether eight bytes can hold a mark: something telling, two capitals in a row of eight, or part of a long word, which
/// fills eight bytes however it lies.
const fn matters(flags: u64) -> bool {
    let telling = flags & (ONES << TELLING.trailing_zeros());
    let capitals = flags & (ONES << CAPITAL.trailing_zeros());
    (telling | (capitals & (capitals >> 8))) != 0 || flags & ONES == ONES
}
