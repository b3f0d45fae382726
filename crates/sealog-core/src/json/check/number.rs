//! Numbers in canonical form, most of them told by their form alone.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::str;

use super::Checked;
use super::decimal::{append_digits, first_non_digit, is_shortest};
use crate::json::parse::{number_token, read_number};
use crate::json::scan::word_at;
use crate::json::{JsonError, write_number};

/// Decimal digits that a double always keeps: two different decimals of so many digits are different doubles.
const EXACT_DIGITS: usize = 15;
/// Decimal digits that 64 bits always hold.
const DIGITS_HELD: usize = 19;
/// Zeros after the point of a number below one, at most, before ECMAScript writes an exponent.
const LEADING_ZEROS_MAX: usize = 5;

/// Checks a number, of which a minus sign or digit is known to stand at `start`.
#[inline]
pub(super) fn number(text: &[u8], start: usize) -> Checked {
    let first = start + usize::from(text.get(start) == Some(&b'-'));
    let end = digits_end(text, first);
    let count = end - first;
    if let Some(b'.' | b'e' | b'E') = text.get(end) {
        return non_integer(text, start, first, end);
    }
    let ordinary = count <= EXACT_DIGITS && matches!(text.get(first), Some(b'1'..=b'9'));
    let zero = count == 1 && first == start;
    if ordinary || zero {
        Ok(end)
    } else {
        converted(text, start)
    }
}

#[inline]
fn digits_end(text: &[u8], mut at: usize) -> usize {
    while let Some(b'0'..=b'9') = text.get(at) {
        at += 1;
    }
    at
}

/// A number with a point or exponent at `point`; its integer digits begin at `first`.
fn non_integer(text: &[u8], start: usize, first: usize, point: usize) -> Checked {
    let whole = text.get(first..point).unwrap_or_default();
    if text.get(point) != Some(&b'.') || whole.len() >= DIGITS_HELD {
        return converted(text, start);
    }
    let mut digits = whole
        .iter()
        .fold(0, |digits, byte| digits * 10 + u64::from(byte & 0x0F));
    let mut end = point + 1;
    loop {
        let word = word_at(text, end);
        let count = first_non_digit(word);
        digits = append_digits(digits, word, count);
        end += count;
        if count < 8 {
            break;
        }
    }
    let places = end - point - 1;
    // A canonical form without an exponent has no zero at its end, and none at its start but one before the point.
    let plain = match (whole, text.get(end - 1), text.get(end)) {
        (_, Some(b'0' | b'.'), _) | (.., Some(b'e' | b'E')) => false,
        ([b'0'] | [b'1'..=b'9', ..], ..) => whole.len() + places <= DIGITS_HELD,
        _ => false,
    };
    if !plain {
        return converted(text, start);
    }
    let significant =
        usize::try_from(digits.checked_ilog10().unwrap_or_default()).unwrap_or_default() + 1;
    // A decimal of so few digits is the one that ECMAScript writes for its double, since no other decimal of as
    // few digits stands for the same one.
    let shortest = significant <= EXACT_DIGITS || is_shortest(digits, places);
    if shortest && places <= significant + LEADING_ZEROS_MAX {
        Ok(end)
    } else {
        converted(text, start)
    }
}

/// Checks a number by converting it to a double and writing that.
fn converted(text: &[u8], start: usize) -> Checked {
    let token = number_token(text, start)?;
    let bytes = text.get(start..token.end).unwrap_or_default();
    let number = read_number(
        str::from_utf8(bytes).unwrap_or_default(),
        token.integer,
        start,
    )?;
    let mut canonical = Vec::with_capacity(32);
    write_number(&mut canonical, number);
    if canonical == bytes {
        return Ok(token.end);
    }
    Err(Box::new(JsonError::NumberNotCanonical { offset: start }))
}
