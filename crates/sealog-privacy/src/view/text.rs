//! Folds a whole text: characters, and the signs of ASCII that hide or split what a reader sees.

use std::ops::Range;

use super::View;
use super::fold::{Folded, fold};
use super::map::Writer;
use super::spare::Spare;
use crate::blocks::{BLOCK, block_at, from, index, is_any, mask_where};
use crate::limits::{EMPHASIS_RUN_MAX, INVISIBLE_RUN_BYTES_MAX, TERMINAL_ESCAPE_BYTES_MAX};

/// Whether something may have to be done at a byte. All others stand in the view as they are.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "a branch for each byte is what is avoided here"
)]
const fn is_special(byte: u8) -> bool {
    // Brackets of two kinds differ in one bit, and so do `(` and `*`.
    (byte == 0)
        | (byte == 0x1b)
        | (byte | 2 == b'*')
        | (byte | 0x20 == b'{')
        | (byte == b'`')
        | (byte >= 0x80)
}

/// The folded form of `source`, of which only what stands at these ranges, which are in order, can be folded.
pub(super) fn view<'s>(
    source: &'s [u8],
    ranges: impl IntoIterator<Item = Range<usize>>,
    spare: &mut Spare,
) -> View<'s> {
    let mut writer = Writer::new(source, spare);
    let mut specials = Specials::of(source, 0);
    let mut at = 0;
    // The row of characters that are left out: its bytes, and where it would go on.
    let (mut row, mut row_end) = (0, 0);
    for range in ranges {
        at = range.start.max(at);
        while let Some(special) = specials.next_in(at..range.end) {
            if special != row_end {
                row = 0;
            }
            let step = step(source, special);
            at = special + step.len;
            row_end = at;
            match step.with {
                With::Nothing if row + step.len <= INVISIBLE_RUN_BYTES_MAX => {
                    row += step.len;
                    writer.copy(special);
                    writer.replace(step.len, b"");
                }
                // The rest of the row stands as it is, however long it is.
                With::Nothing => row = INVISIBLE_RUN_BYTES_MAX,
                With::Same => row = 0,
                With::Bytes(ref bytes, len) => {
                    row = 0;
                    let before = if step.takes_space {
                        writer.space_before(special)
                    } else {
                        0
                    };
                    writer.copy(special - before);
                    writer.replace(step.len + before, bytes.get(..len).unwrap_or_default());
                }
            }
        }
    }
    writer.finish()
}

/// What is done at one special byte.
struct Step {
    /// Whether a space before it goes with it.
    takes_space: bool,
    /// Bytes from it on.
    len: usize,
    with: With,
}

enum With {
    Same,
    Nothing,
    Bytes([u8; 16], usize),
}

impl Step {
    const fn same(len: usize) -> Self {
        Self {
            takes_space: false,
            len,
            with: With::Same,
        }
    }

    const fn nothing(len: usize) -> Self {
        Self {
            takes_space: false,
            len,
            with: With::Nothing,
        }
    }

    fn byte(len: usize, byte: u8) -> Self {
        let mut bytes = [0; 16];
        bytes[0] = byte;
        Self {
            takes_space: false,
            len,
            with: With::Bytes(bytes, 1),
        }
    }
}

/// The special bytes of a text, one after the other.
struct Specials<'s> {
    source: &'s [u8],
    /// Where a block of it begins, and which of its bytes are special.
    block: usize,
    special: u64,
}

impl<'s> Specials<'s> {
    fn of(source: &'s [u8], block: usize) -> Self {
        let special = mask_where(block_at(source, block, &mut [0; BLOCK]), is_special);
        // Beyond the end are zeros.
        let len = source.len().saturating_sub(block);
        Self {
            source,
            block,
            special: special & !from(0, len),
        }
    }

    /// The first in a range, which does not begin before the one that was asked for last.
    fn next_in(&mut self, range: Range<usize>) -> Option<usize> {
        if range.start >= self.block + BLOCK {
            *self = Self::of(self.source, range.start);
        }
        let end = range.end.min(self.source.len());
        loop {
            let special = self.special & from(self.block, range.start);
            if special != 0 {
                let at = self.block + index(special.trailing_zeros());
                return (at < end).then_some(at);
            }
            let next = self.block + BLOCK;
            let (blocks, _) = self.source.get(next..end)?.as_chunks();
            let plain = blocks.iter().take_while(|block| !is_any(block, is_special));
            let next = next + plain.count() * BLOCK;
            if next >= end {
                return None;
            }
            *self = Self::of(self.source, next);
        }
    }
}

fn step(source: &[u8], at: usize) -> Step {
    let rest = source.get(at..).unwrap_or_default();
    match rest.first() {
        Some(0) => Step::nothing(1),
        Some(0x1b) => Step::nothing(terminal_escape(rest)),
        Some(b'[' | b'(' | b'{') => spelled_sign(rest),
        Some(b'*' | b'`') => emphasis(source, at),
        _ => character(rest),
    }
}

fn character(rest: &[u8]) -> Step {
    let Some((character, len)) = first_character(rest) else {
        return Step::same(1);
    };
    match fold(character) {
        Folded::Same => Step::same(len),
        Folded::Nothing => Step::nothing(len),
        Folded::Byte(byte) => Step::byte(len, byte),
        Folded::Several(characters) => {
            let mut bytes = [0; 16];
            let mut used = 0;
            for character in characters.into_iter().flatten() {
                if let Some(room) = bytes.get_mut(used..) {
                    used += character.encode_utf8(room).len();
                }
            }
            Step {
                takes_space: false,
                len,
                with: With::Bytes(bytes, used),
            }
        }
    }
}

/// The first character of some bytes and its length; none if they do not begin with one.
pub(super) fn first_character(bytes: &[u8]) -> Option<(char, usize)> {
    let len = match bytes.first()? {
        0x00..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let text = str::from_utf8(bytes.get(..len)?).ok()?;
    text.chars().next().map(|character| (character, len))
}

/// Bytes of the control sequence (ECMA-48, 5.4) at the start of `rest`; 1 if it is none.
fn terminal_escape(rest: &[u8]) -> usize {
    if rest.get(1) != Some(&b'[') {
        return 1;
    }
    let body = rest.get(2..TERMINAL_ESCAPE_BYTES_MAX.min(rest.len()));
    let body = body.unwrap_or_default();
    match body.iter().position(|byte| !matches!(byte, 0x20..=0x3f)) {
        Some(end) if matches!(body.get(end), Some(0x40..=0x7e)) => end + 3,
        _ => 1,
    }
}

/// `[at]`, `(dot)` and the like, with a space on either side.
fn spelled_sign(rest: &[u8]) -> Step {
    let close = match rest.first() {
        Some(b'[') => b']',
        Some(b'(') => b')',
        _ => b'}',
    };
    let inner = rest.get(1..rest.len().min(8)).unwrap_or_default();
    let Some(end) = inner.iter().position(|byte| *byte == close) else {
        return Step::same(1);
    };
    let word = inner.get(..end).unwrap_or_default().trim_ascii();
    let sign = match word {
        b"@" => b'@',
        b"." => b'.',
        word if word.eq_ignore_ascii_case(b"at") => b'@',
        word if word.eq_ignore_ascii_case(b"dot") => b'.',
        _ => return Step::same(1),
    };
    let len = end + 2;
    let after = first_character(rest.get(len..).unwrap_or_default());
    let after = after.filter(|(character, _)| {
        *character == ' ' || matches!(fold(*character), Folded::Byte(b' '))
    });
    Step {
        takes_space: true,
        ..Step::byte(len + after.map_or(0, |(_, len)| len), sign)
    }
}

/// Signs of emphasis go unless they keep two words apart.
fn emphasis(source: &[u8], at: usize) -> Step {
    let rest = source.get(at..).unwrap_or_default();
    let sign = rest.first();
    let run = rest.iter().take_while(|byte| Some(*byte) == sign).count();
    let before = at.checked_sub(1).and_then(|before| source.get(before));
    if run > EMPHASIS_RUN_MAX || before == sign {
        return Step::same(1);
    }
    let after = rest.get(run);
    let word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    if word(before) && word(after) && !(digit(before) && digit(after)) {
        return Step::same(run);
    }
    Step::nothing(run)
}
