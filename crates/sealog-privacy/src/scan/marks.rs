//! Where something can begin in sixty-four bytes: at a word with a digit, at a long one, and before a few signs.
//!
//! What has no mark is passed over: most of prose. There may be a mark too many and never one too few.

use std::ops::Range;

use super::starts::{word_len, word_len_before};
use crate::blocks::{BLOCK, block_at, from, groups, index, mask};

/// Bits of a mask.
const BITS: u32 = u64::BITS;
/// Half of the letters of a word that can be a key by its length alone.
const HALF: u32 = 8;

const DIGIT: u8 = 1;
/// A sign behind or with which something can begin, or one of two capitals in a row.
const TELLING: u8 = 2;

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
        // One byte more, for what stands behind the last.
        let mut padded = [0; BLOCK + 1];
        let bytes = block_at(view, start, &mut padded);
        let [block @ .., next] = bytes;
        let [_, behind @ ..] = bytes;
        let mut flags = [0; BLOCK];
        let mut telling = 0;
        for ((flag, byte), next) in flags.iter_mut().zip(block).zip(behind) {
            *flag = u8::from(is_word(*byte));
            telling |= u8::from(may_tell(*byte, *next));
        }
        let words = mask(&groups(&flags), 1);
        // A bit stays where so many follow it. Of a word of sixteen letters eight stand in one block.
        let long = words & (words >> 1);
        let long = long & (long >> 2);
        let long = long & (long >> 4);
        let halves = (long & 1) | (long & (1 << (BITS - HALF)));
        let mut marked = Self {
            start,
            words,
            digits: 0,
            marks: (long & (long >> 8)) | halves,
        };
        // A number may begin right behind it.
        if telling != 0 || next.is_ascii_digit() {
            for ((flags, byte), next) in flags.iter_mut().zip(block).zip(behind) {
                *flags = flags_of(*byte, *next);
            }
            let flags = groups(&flags);
            marked.digits = mask(&flags, DIGIT);
            marked.marks |= marked.digits | mask(&flags, TELLING);
        }
        marked
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

/// Without a table and without branches, like all tests here: the compiler makes one comparison of many bytes of each.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "a branch for each byte is what is avoided here"
)]
fn flags_of(byte: u8, next: u8) -> u8 {
    let is_sign = (byte.wrapping_sub(b'-') < 2)
        | (byte == b':')
        | (byte == b'_')
        | (byte == b'<')
        | (byte == b'(');
    let is_numbered = (byte == b' ') | (byte == b'/') | (byte == b'+');
    // At the end of a sentence nothing goes on.
    let is_telling = (is_sign & (next > b' ')) | (is_numbered & is_digit(next));
    let are_capitals = is_capital(byte) & is_capital(next);
    (u8::from(is_digit(byte)) * DIGIT) | (u8::from(is_telling | are_capitals) * TELLING)
}

fn is_digit(byte: u8) -> bool {
    byte.wrapping_sub(b'0') < 10
}

fn is_capital(byte: u8) -> bool {
    byte.wrapping_sub(b'A') < 26
}

fn is_word(byte: u8) -> bool {
    ((byte | 0x20).wrapping_sub(b'a') < 26) | is_digit(byte)
}

/// Whether a byte can have a mark, in few steps: digits; signs from `(` to `<`, and `_`, before what is shown; and two
/// in a row from the columns of the capitals.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "a branch for each byte is what is avoided here"
)]
fn may_tell(byte: u8, next: u8) -> bool {
    let is_sign = (byte.wrapping_sub(b'(') <= b'<' - b'(') | (byte == b'_');
    let are_capitals = ((byte ^ 0x40) | (next ^ 0x40)) < 0x20;
    is_digit(byte) | (is_sign & (next > b' ')) | are_capitals
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first mark of a text, block by block.
    fn first_mark(text: &str) -> Option<usize> {
        let blocks = (0..text.len()).step_by(BLOCK);
        let mut marks = blocks.filter_map(|start| {
            let mark = Block::at(text.as_bytes(), start).mark_from(0)?;
            Some(start + index(mark))
        });
        marks.next()
    }

    #[test]
    fn what_can_begin_has_a_mark_wherever_it_lies() {
        for begins in [
            "abcdefghijklmnop",
            "DEUTDEFF",
            "ab1",
            "May 17",
            "ghp_x",
            "::a",
            "+4",
            "(+",
            "(2",
        ] {
            for at in 0..2 * BLOCK {
                let text = format!("{}{begins}{}", " ".repeat(at), " ".repeat(100));
                let mark = first_mark(&text);
                let is_within = mark.is_some_and(|mark| (at..at + begins.len()).contains(&mark));
                assert!(is_within, "{begins} at {at}: {mark:?}");
            }
        }
    }

    #[test]
    fn a_word_before_a_number_has_its_mark_behind_it() {
        for at in 0..2 * BLOCK {
            let text = format!("{}May 17{}", " ".repeat(at), " ".repeat(100));
            assert_eq!(first_mark(&text), Some(at + 3));
        }
    }

    #[test]
    fn prose_has_none() {
        let text =
            "It was here. The animal sees nothing, again and again; (so) it's theirs - Monday. "
                .repeat(9);
        assert_eq!(first_mark(&text.replace("(so) ", "")), None);
    }
}
