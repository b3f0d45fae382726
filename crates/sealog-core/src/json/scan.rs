//! Strings eight bytes at a time: where the next byte stands that ends or interrupts a run of plain characters.

/// One in each byte of a word.
pub(super) const ONES: u64 = 0x0101_0101_0101_0101;

/// The top bit of each byte: set in a word that holds a byte outside ASCII.
pub(super) const HIGH: u64 = 0x80 * ONES;

/// Marks (in the top bit of its byte) the first quote, backslash or control character of a little-endian word.
///
/// Zero if there is none. Marks above the lowest one may be wrong, since a subtraction borrows from the next byte.
#[inline]
pub(super) const fn stops(word: u64) -> u64 {
    differences(word) & !word & HIGH
}

/// As [`stops`], and marks a byte outside ASCII as well.
#[inline]
pub(super) const fn stops_or_high(word: u64) -> u64 {
    (differences(word) | word) & HIGH
}

/// Exclusive-or with 2 swaps the quote (0x22) with the space (0x20), so that one comparison with 0x21 catches the
/// quote and every control character.
#[inline]
const fn differences(word: u64) -> u64 {
    let quote_or_control = (word ^ (0x02 * ONES)).wrapping_sub(0x21 * ONES);
    let backslash = (word ^ (0x5C * ONES)).wrapping_sub(ONES);
    quote_or_control | backslash
}

/// The index (0 to 7) of the byte that the lowest mark, or any lowest bit, stands in.
#[inline]
#[expect(
    clippy::as_conversions,
    reason = "u32 to usize, at most 7; `try_from` is not const-foldable here"
)]
pub(crate) const fn first_stop(stops: u64) -> usize {
    (stops.trailing_zeros() / 8) as usize
}

/// The eight bytes from `at` on as a little-endian word; beyond the end of the text they are zero.
///
/// Zero is a control character, so a scan always stops at the end.
#[inline]
pub(super) fn word_at(text: &[u8], at: usize) -> u64 {
    match text.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => last_word(text, at),
    }
}

#[cold]
#[inline(never)]
fn last_word(text: &[u8], at: usize) -> u64 {
    let mut bytes = [0; 8];
    for (byte, from) in bytes.iter_mut().zip(text.get(at..).unwrap_or_default()) {
        *byte = *from;
    }
    u64::from_le_bytes(bytes)
}

/// The index of the first quote, backslash or control character from `at` on, or the text's length.
#[inline]
pub(super) fn next_stop(text: &[u8], mut at: usize) -> usize {
    loop {
        let stops = stops(word_at(text, at));
        if stops != 0 {
            return at + first_stop(stops);
        }
        at += 8;
    }
}
