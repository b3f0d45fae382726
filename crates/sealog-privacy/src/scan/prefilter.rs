//! Passes over what no pattern can begin in, many bytes at once: most of prose.
//!
//! It may stop too often and never too seldom. A word that begins a candidate has a digit, or sixteen letters, or two
//! capitals in a row, or one of a few signs behind it; a candidate that begins with a sign begins with one of these.

/// Bytes that are looked at together.
const STRETCH: usize = 32;
/// Bytes of a group: a word of sixteen letters fills one, however it lies.
pub(super) const GROUP: usize = 8;
/// The lowest bit of each byte of a group.
const ONES: u64 = 0x0101_0101_0101_0101;

/// A letter or digit.
const WORD: u8 = 1;
/// A digit, or a sign before or behind which something can begin.
const TELLING: u8 = 2;
/// A capital.
const CAPITAL: u8 = 4;

/// The first offset from `from` on at which scanning byte by byte has to go on. A candidate may begin with the word
/// that ends there, or up to two bytes before.
pub(super) fn next(view: &[u8], from: usize) -> usize {
    let (stretches, _) = view.get(from..).unwrap_or_default().as_chunks::<STRETCH>();
    let (behind, _) = view
        .get(from + 1..)
        .unwrap_or_default()
        .as_chunks::<STRETCH>();
    for (number, (stretch, behind)) in stretches.iter().zip(behind).enumerate() {
        let mut flags = [0; STRETCH];
        for ((flags, byte), next) in flags.iter_mut().zip(stretch).zip(behind) {
            *flags = flags_of(*byte, *next);
        }
        let (groups, _) = flags.as_chunks::<GROUP>();
        let found = groups
            .iter()
            .position(|group| matters(u64::from_le_bytes(*group)));
        if let Some(found) = found {
            return from + number * STRETCH + found * GROUP;
        }
    }
    from + behind.len().min(stretches.len()) * STRETCH
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
    let is_sign = (byte.wrapping_sub(b'-') < 2) | (byte == b':') | (byte == b'_') | (byte == b'<');
    // At the end of a sentence nothing goes on.
    let is_telling = is_digit | (is_sign & (next > b' '));
    (u8::from(is_letter | is_digit) * WORD)
        | (u8::from(is_telling) * TELLING)
        | (u8::from(is_capital) * CAPITAL)
}

const fn matters(flags: u64) -> bool {
    let telling = flags & (ONES << 1);
    let filled = flags & ONES == ONES;
    let capitals = flags & (ONES << 2);
    let pair = capitals & (capitals >> 8);
    (telling | pair) != 0 || filled
}
