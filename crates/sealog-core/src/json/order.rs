//! The order of keys: by UTF-16 code units (RFC 8785 section 3.2.3), found without leaving UTF-8.

use core::cmp::Ordering;

/// Compares two UTF-8 texts by their UTF-16 code units.
///
/// UTF-8 bytes sort as code points do, and UTF-16 differs from that in one place: characters beyond U+FFFF are
/// written with surrogates (D800 to DFFF) and so come before U+E000 to U+FFFF. The first byte that differs
/// decides; if it is a leading byte, EE and EF (U+E000 to U+FFFF) have to weigh more than F0 to F4. If it is a
/// continuation byte, the leading bytes are equal and neither byte is one of these.
pub(crate) fn utf16_order(left: &[u8], right: &[u8]) -> Ordering {
    let differing = left.iter().zip(right).find(|(left, right)| left != right);
    match differing {
        Some((left, right)) => weight(*left).cmp(&weight(*right)),
        None => left.len().cmp(&right.len()),
    }
}

const fn weight(byte: u8) -> u8 {
    match byte {
        0xEE | 0xEF => byte | 0x10,
        _ => byte,
    }
}
