//! The forms that single values have: each a predicate over bytes, without allocation.

use crate::limits::{ID_BYTES_MAX, PAYLOAD_INLINE_BYTES_MAX, STRING_BYTES_MAX};
use crate::time::Timestamp;

/// Algorithms that a digest may name, with the number of hex digits of each.
pub(super) const DIGEST_ALGORITHMS: [(&str, usize); 8] = [
    ("sha256", 64),
    ("sha384", 96),
    ("sha512", 128),
    ("sha3-256", 64),
    ("sha3-384", 96),
    ("sha3-512", 128),
    ("blake2b", 128),
    ("blake3", 64),
];

/// How a commitment begins.
pub(super) const COMMITMENT_PREFIX: &[u8] = b"hmac-sha256:";
const COMMITMENT_KEY_DIGITS: usize = 32;

/// Whether these bytes are an identifier: ASCII letters, digits and `. _ : / @ + -`, 1 to 200 of them.
pub fn is_id(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.len() <= ID_BYTES_MAX && none(bytes, NOT_ID)
}

/// Bits of [`OUTSIDE`]: the byte cannot stand in an identifier, in a line of printable ASCII.
const NOT_ID: u8 = 1;
const NOT_PLAIN: u8 = 2;
/// The byte is a quote or a backslash.
const ENDS_PLAIN: u8 = 4;

/// For each byte the classes that it is outside of.
static OUTSIDE: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0u8;
    loop {
        let is_id = byte.is_ascii_alphanumeric()
            || matches!(byte, b'.' | b'_' | b':' | b'/' | b'@' | b'+' | b'-');
        let is_plain = matches!(byte, b' '..=b'~');
        let not_id = if is_id { 0 } else { NOT_ID };
        let not_plain = if is_plain { 0 } else { NOT_PLAIN };
        let ends = if matches!(byte, b'"' | b'\\') {
            ENDS_PLAIN
        } else {
            0
        };
        set(&mut table, byte, not_id | not_plain | ends);
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

#[expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "evaluated at compile time, where neither traits nor failure exist"
)]
const fn set(table: &mut [u8; 256], byte: u8, classes: u8) {
    table[byte as usize] = classes;
}

/// Whether no byte is outside of the class. A load for each byte and no exit before the end: on short strings faster
/// than comparisons, which hex digits are worth.
#[inline]
fn none(bytes: &[u8], outside: u8) -> bool {
    let classes = |byte: &u8| OUTSIDE.get(usize::from(*byte)).copied().unwrap_or(u8::MAX);
    let found = bytes.iter().fold(0, |found, byte| found | classes(byte));
    found & outside == 0
}

/// How many bytes an identifier that begins here could have, whatever follows them.
pub(super) fn id_length(bytes: &[u8]) -> usize {
    length(bytes, NOT_ID)
}

/// How many bytes of printable ASCII stand here before a quote or backslash, the first byte that JSON escapes.
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    length(bytes, NOT_PLAIN | ENDS_PLAIN)
}

#[inline]
fn length(bytes: &[u8], outside: u8) -> usize {
    let is_outside = |byte: &u8| {
        let classes = OUTSIDE.get(usize::from(*byte)).copied().unwrap_or(u8::MAX);
        classes & outside != 0
    };
    bytes.iter().position(is_outside).unwrap_or(bytes.len())
}

/// `algorithm:hex` of a known algorithm.
pub(super) fn is_digest(bytes: &[u8]) -> bool {
    if is_sha256(bytes) {
        return true;
    }
    let split = bytes.iter().position(|byte| *byte == b':');
    let Some((name, [_, hex @ ..])) = split.and_then(|at| bytes.split_at_checked(at)) else {
        return false;
    };
    let algorithm = DIGEST_ALGORITHMS
        .iter()
        .find(|(known, _)| known.as_bytes() == name);
    algorithm.is_some_and(|(_, digits)| is_hex(hex, *digits))
}

/// `sha256:` and 64 digits.
pub(super) fn is_sha256(bytes: &[u8]) -> bool {
    bytes
        .strip_prefix(b"sha256:")
        .is_some_and(|hex| is_hex(hex, 64))
}

/// `hmac-sha256:`, 32 digits of the key id, `:` and 64 digits.
pub(super) fn is_commitment(bytes: &[u8]) -> bool {
    let key = bytes
        .strip_prefix(COMMITMENT_PREFIX)
        .and_then(|rest| rest.split_at_checked(COMMITMENT_KEY_DIGITS));
    let Some((key, [b':', hex @ ..])) = key else {
        return false;
    };
    is_hex(key, COMMITMENT_KEY_DIGITS) && is_hex(hex, 64)
}

/// The key id in a commitment that [`is_commitment`].
pub(super) fn commitment_key(bytes: &[u8]) -> Option<&[u8]> {
    bytes
        .strip_prefix(COMMITMENT_PREFIX)?
        .get(..COMMITMENT_KEY_DIGITS)
}

/// RFC 3339 in UTC with at most nine fractional digits.
pub(super) fn is_time(bytes: &[u8]) -> bool {
    Timestamp::parse(bytes).is_ok()
}

/// Exactly so many lowercase hex digits.
pub(super) fn is_hex(bytes: &[u8], digits: usize) -> bool {
    bytes.len() == digits && all_hex(bytes)
}

/// A lowercase UUID of version 7 and the variant of RFC 9562.
pub(super) fn is_uuid7(bytes: &[u8]) -> bool {
    let Ok(bytes) = <&[u8; 36]>::try_from(bytes) else {
        return false;
    };
    let [
        time_high @ ..,
        b'-',
        m0,
        m1,
        m2,
        m3,
        b'-',
        b'7',
        v1,
        v2,
        v3,
        b'-',
        variant @ (b'8' | b'9' | b'a' | b'b'),
        w1,
        w2,
        w3,
        b'-',
        n0,
        n1,
        n2,
        n3,
        n4,
        n5,
        n6,
        n7,
        n8,
        n9,
        n10,
        n11,
    ] = bytes
    else {
        return false;
    };
    let rest = [
        *m0, *m1, *m2, *m3, *v1, *v2, *v3, *variant, *w1, *w2, *w3, *n0, *n1, *n2, *n3, *n4, *n5,
        *n6, *n7, *n8, *n9, *n10, *n11,
    ];
    is_hex(time_high, 8) && is_hex(&rest, rest.len())
}

/// Three decimal numbers with points between, at most 1024 bytes.
pub(super) fn is_version(bytes: &[u8]) -> bool {
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let mut parts = bytes.split(|byte| *byte == b'.');
    bytes.len() <= STRING_BYTES_MAX
        && [parts.next(), parts.next(), parts.next()]
            .iter()
            .all(|part| part.is_some_and(is_number))
        && parts.next().is_none()
}

/// Sixty-four bytes in base64: 86 characters and two `=`.
pub(super) fn is_signature(bytes: &[u8]) -> bool {
    bytes.len() == 88
        && bytes
            .strip_suffix(b"==")
            .is_some_and(|text| text.iter().copied().all(is_base64))
}

/// The number of bytes that a text is the base64 of; `None` if it is not base64 with its padding.
pub(super) fn base64_len(bytes: &[u8]) -> Option<usize> {
    if !bytes.len().is_multiple_of(4) {
        return None;
    }
    let text = bytes.strip_suffix(b"=").unwrap_or(bytes);
    let text = text.strip_suffix(b"=").unwrap_or(text);
    // The bits that no byte takes have to be zero, so that each content has one text.
    let rest_is_zero = match (bytes.len() - text.len(), text.last()) {
        (0, _) => true,
        (1, Some(last)) => b"AEIMQUYcgkosw048".contains(last),
        (_, Some(last)) => b"AQgw".contains(last),
        (_, None) => false,
    };
    (rest_is_zero && text.iter().copied().all(is_base64)).then(|| text.len() * 3 / 4)
}

/// Base64 of 1 to `PAYLOAD_INLINE_BYTES_MAX` bytes.
pub(super) fn is_inline(bytes: &[u8]) -> bool {
    base64_len(bytes).is_some_and(|len| len > 0 && len <= PAYLOAD_INLINE_BYTES_MAX)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// One line of 1 to 1024 bytes: no control characters and no line separators.
pub(super) fn is_plain_line(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.len() <= STRING_BYTES_MAX && none(bytes, NOT_PLAIN)
}

/// The same for any text.
pub(super) fn is_line(text: &str) -> bool {
    if text.is_empty() || text.len() > STRING_BYTES_MAX {
        return false;
    }
    !text
        .chars()
        .any(|char| char.is_control() || matches!(char, '\u{2028}' | '\u{2029}'))
}

/// Labels of letters, digits, `-` and `_` with at least so many dots between them, 200 bytes at most.
pub(super) fn is_reverse_domain(bytes: &[u8], dots_min: usize) -> bool {
    let is_label = |label: &[u8]| {
        label.first().is_some_and(u8::is_ascii_alphanumeric)
            && label
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let mut labels = 0;
    bytes.len() <= ID_BYTES_MAX
        && bytes.split(|byte| *byte == b'.').all(|label| {
            labels += 1;
            is_label(label)
        })
        && labels > dots_min
}

/// One in each byte, and the highest bit of each byte.
const ONES: u64 = u64::MAX / 255;
const HIGH: u64 = ONES << 7;

/// Whether all bytes are lowercase hex digits, eight at a time; the last eight may overlap those before them.
#[inline]
fn all_hex(bytes: &[u8]) -> bool {
    let digits = |word| within::<b'0', b'9'>(word) | within::<b'a', b'f'>(word);
    let found = match bytes.last_chunk() {
        Some(last) => bytes
            .as_chunks()
            .0
            .iter()
            .fold(digits(u64::from_le_bytes(*last)), |found, eight| {
                found & digits(u64::from_le_bytes(*eight))
            }),
        // Filled up with zeros.
        None => digits(bytes.iter().fold(ONES * u64::from(b'0'), |word, byte| {
            word << 8 | u64::from(*byte)
        })),
    };
    found & HIGH == HIGH
}

/// In the highest bit of each byte, whether it is ASCII from `FIRST` to `LAST`.
#[inline]
fn within<const FIRST: u8, const LAST: u8>(word: u64) -> u64 {
    // Without their highest bits, the bytes cannot carry into each other.
    let low = word & !HIGH;
    let reaches = low + ONES * u64::from(0x80 - FIRST);
    let exceeds = low + ONES * u64::from(0x7f - LAST);
    reaches & !exceeds & !word
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn classes_are_those_of_each_byte_at_every_place_of_every_length() {
        for byte in 0..=u8::MAX {
            let id = byte.is_ascii_alphanumeric() || b"._:/@+-".contains(&byte);
            let hex = matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            let plain = matches!(byte, b' '..=b'~');
            for len in 1..20 {
                for place in 0..len {
                    let mut bytes = vec![b'a'; len];
                    bytes[place] = byte;
                    let found = (is_id(&bytes), is_hex(&bytes, len), is_plain_line(&bytes));
                    assert_eq!(found, (id, hex, plain), "{byte} at {place} of {len}");
                }
            }
        }
    }
}
