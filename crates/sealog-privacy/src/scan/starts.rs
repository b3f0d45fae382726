//! Where a candidate can begin: at words, and at few signs.

use std::ops::Range;

pub(super) fn is_word(byte: Option<&u8>) -> bool {
    byte.is_some_and(u8::is_ascii_alphanumeric)
}

/// Where the word begins that stands at `at`, or ends there or up to two bytes before; not before `floor`.
pub(super) fn word_start(view: &[u8], floor: usize, at: usize) -> usize {
    let before = view.get(floor..at).unwrap_or_default();
    let signs = before.iter().rev().take(2);
    let signs = signs.take_while(|byte| !is_word(Some(byte))).count();
    let words = before.iter().rev().skip(signs);
    at - signs - words.take_while(|byte| is_word(Some(byte))).count()
}

/// Letters and digits from `at` on.
pub(super) fn word_len(view: &[u8], at: usize) -> usize {
    let rest = view.get(at..).unwrap_or_default();
    rest.iter().take_while(|byte| is_word(Some(byte))).count()
}

/// Letters and digits right before `at`.
pub(super) fn word_len_before(view: &[u8], at: usize) -> usize {
    let before = view.get(..at).unwrap_or_default();
    before
        .iter()
        .rev()
        .take_while(|byte| is_word(Some(byte)))
        .count()
}

/// Whether an identifier can begin at this sign.
pub(super) fn begins_sign(byte: u8, next: Option<&u8>) -> bool {
    match byte {
        b'+' | b'-' => next.is_some_and(u8::is_ascii_digit),
        b'(' => next.is_some_and(|next| next.is_ascii_digit() || *next == b'+'),
        b':' => next == Some(&b':'),
        _ => false,
    }
}

/// Whether a word can begin an identifier: with a digit, as a prefix, or long enough to be a key.
pub(super) fn can_begin(view: &[u8], word: &Range<usize>) -> bool {
    let bytes = view.get(word.clone()).unwrap_or_default();
    let (len, end) = (bytes.len(), word.end);
    if len == 0 {
        return false;
    }
    let is_long = len >= 16 || (matches!(len, 8 | 11) && is_upper(bytes));
    is_long || bytes.iter().any(u8::is_ascii_digit) || goes_on(view, len, end)
}

/// Whether a word of so many letters that ends here can be a prefix.
fn goes_on(view: &[u8], len: usize, end: usize) -> bool {
    let next = view.get(end + 1);
    match view.get(end) {
        Some(b'_' | b'-') => len <= 12,
        Some(b'.' | b'<') => len <= 4,
        Some(b':') => {
            len <= 4 && next.is_some_and(|byte| byte.is_ascii_hexdigit() || *byte == b':')
        }
        // A month before its day is the longest.
        Some(b' ' | b'/') => len <= 9 && next.is_some_and(u8::is_ascii_digit),
        _ => false,
    }
}

fn is_upper(word: &[u8]) -> bool {
    word.iter().all(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_no_word_stands_none_begins() {
        for sign in [" 1", "-a", ":a", "_", ".1"] {
            assert!(!can_begin(sign.as_bytes(), &(0..0)), "{sign}");
        }
        assert!(can_begin(b"May 17", &(0..3)));
        assert!(!can_begin(b"May the", &(0..3)));
    }
}
