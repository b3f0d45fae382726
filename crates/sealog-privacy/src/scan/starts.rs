//! Where a candidate can begin: at words, and at few signs.

/// A letter or digit of a word.
const WORD: u8 = 1;
/// A digit.
pub(super) const DIGIT: u8 = 2;

/// What each byte is in a word; zero if it is in none.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut rest: &mut [u8] = &mut classes;
    let mut byte = 0_u8;
    while let Some((class, after)) = rest.split_first_mut() {
        if byte.is_ascii_digit() {
            *class = WORD | DIGIT;
        } else if byte.is_ascii_alphabetic() {
            *class = WORD;
        }
        byte = byte.wrapping_add(1);
        rest = after;
    }
    classes
};

pub(super) fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(0)
}

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

/// Whether an identifier can begin at this sign.
pub(super) fn begins_sign(byte: u8, next: Option<&u8>) -> bool {
    match byte {
        b'+' | b'-' => next.is_some_and(u8::is_ascii_digit),
        b'(' => next.is_some_and(|next| next.is_ascii_digit() || *next == b'+'),
        b':' => next == Some(&b':'),
        _ => false,
    }
}

/// Whether a word without digits can begin an identifier: a prefix, or long enough to be a key.
pub(super) fn can_go_on(view: &[u8], start: usize, end: usize) -> bool {
    let len = end - start;
    if len >= 16 || (matches!(len, 8 | 11) && view.get(start..end).is_some_and(is_upper)) {
        return true;
    }
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
