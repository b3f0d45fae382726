//! The forms of values that are written as text: each value has exactly one.

use alloc::string::String;
use alloc::vec::Vec;

use super::ValueError;
use super::array::write_blob;
use crate::json::write_string;
use crate::time::Timestamp;

/// `YYYY-MM-DD`, a day of the Gregorian calendar of the years 1 to 9999.
pub(super) fn is_date(text: &str) -> bool {
    text.len() == 10 && is_instant(&[text.as_bytes(), b"T00:00:00"])
}

/// `HH:MM:SS` with [`is_fraction_and_offset`] behind.
pub(super) fn is_time(text: &str) -> bool {
    text.split_at_checked(8).is_some_and(|(time, tail)| {
        is_instant(&[b"2000-01-01T", time.as_bytes()]) && is_fraction_and_offset(tail)
    })
}

/// `YYYY-MM-DDTHH:MM:SS` with [`is_fraction_and_offset`] behind.
pub(super) fn is_datetime(text: &str) -> bool {
    text.split_at_checked(19)
        .is_some_and(|(head, tail)| is_instant(&[head.as_bytes()]) && is_fraction_and_offset(tail))
}

/// Whether the parts are a date and time of day to the second, to which only the `Z` is missing.
fn is_instant(parts: &[&[u8]]) -> bool {
    let mut text = parts.concat();
    text.push(b'Z');
    text.len() == 20 && Timestamp::parse(&text).is_ok()
}

/// An optional fraction, then an optional offset `+HH:MM[:SS[fraction]]` below a day; zero is `+00:00`.
fn is_fraction_and_offset(text: &str) -> bool {
    let (fraction, offset) = text.split_at(text.find(['+', '-']).unwrap_or(text.len()));
    let Some(clock) = offset.get(1..) else {
        return is_fraction(fraction);
    };
    is_fraction(fraction) && offset != "-00:00" && is_offset(clock).unwrap_or(false)
}

/// `HH:MM[:SS[fraction]]`; without the seconds where they and their fraction are zero.
fn is_offset(clock: &str) -> Option<bool> {
    let (minutes, seconds) = clock.split_at_checked(5)?;
    if seconds.is_empty() {
        return Some(is_clock(minutes, ":00"));
    }
    let (seconds, fraction) = seconds.split_at_checked(3)?;
    let one_form = if fraction.is_empty() {
        seconds != ":00"
    } else {
        is_micros(fraction)
    };
    Some(one_form && is_clock(minutes, seconds))
}

fn is_clock(minutes: &str, seconds: &str) -> bool {
    is_instant(&[b"2000-01-01T", minutes.as_bytes(), seconds.as_bytes()])
}

/// Nothing, six digits that are not all zero, or nine that are not whole microseconds.
fn is_fraction(text: &str) -> bool {
    text.is_empty() || is_micros(text) || {
        let digits = text.strip_prefix('.').unwrap_or_default();
        digits.len() == 9 && all_digits(digits) && !digits.ends_with("000")
    }
}

fn is_micros(text: &str) -> bool {
    let digits = text.strip_prefix('.').unwrap_or_default();
    digits.len() == 6 && all_digits(digits) && digits != "000000"
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Seconds and nanoseconds, the seconds rounded down, as a decimal number: `-1.500000`.
pub(super) fn duration(seconds: i64, nanos: u32) -> String {
    let total = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    let sign = if total < 0 { "-" } else { "" };
    let (whole, nanos) = (
        total.unsigned_abs() / 1_000_000_000,
        total.unsigned_abs() % 1_000_000_000,
    );
    match (nanos, nanos % 1000) {
        (0, _) => alloc::format!("{sign}{whole}"),
        (_, 0) => alloc::format!("{sign}{whole}.{:06}", nanos / 1000),
        _ => alloc::format!("{sign}{whole}.{nanos:09}"),
    }
}

/// A lowercase UUID with its four hyphens.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// A decimal number in the scientific string of the General Decimal Arithmetic, which has one text for each sign,
/// coefficient and exponent; `Infinity`, `NaN` and `sNaN` with an optional payload.
pub(super) fn is_decimal(text: &str) -> bool {
    let magnitude = text.strip_prefix('-').unwrap_or(text);
    if magnitude == "Infinity" {
        return true;
    }
    if let Some(payload) = magnitude
        .strip_prefix("sNaN")
        .or(magnitude.strip_prefix("NaN"))
    {
        return all_digits(payload) && !payload.starts_with('0');
    }
    let (number, exponent) = match magnitude.split_once('E') {
        Some((number, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or_default();
            if !all_digits(digits) {
                return false;
            }
            match exponent.parse::<i64>() {
                Ok(exponent) => (number, exponent),
                Err(_) => return false,
            }
        }
        None => (magnitude, 0),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = [whole, fraction].concat();
    let stripped = digits.trim_start_matches('0');
    let coefficient = if stripped.is_empty() { "0" } else { stripped };
    let places = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
    all_digits(&digits)
        && !digits.is_empty()
        && exponent
            .checked_sub(places)
            .and_then(|exponent| scientific(coefficient, exponent))
            .is_some_and(|one_form| one_form == magnitude)
}

/// "to-scientific-string" of the General Decimal Arithmetic, for a coefficient without leading zeros.
fn scientific(coefficient: &str, exponent: i64) -> Option<String> {
    let length = i64::try_from(coefficient.len()).ok()?;
    let adjusted = exponent.checked_add(length - 1)?;
    if exponent > 0 || adjusted < -6 {
        let (first, rest) = coefficient.split_at_checked(1)?;
        let point = if rest.is_empty() { "" } else { "." };
        return Some(alloc::format!("{first}{point}{rest}E{adjusted:+}"));
    }
    if exponent == 0 {
        return Some(String::from(coefficient));
    }
    let places = usize::try_from(exponent.unsigned_abs()).ok()?;
    let padded = alloc::format!("{coefficient:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at_checked(padded.len() - places)?;
    Some(alloc::format!("{whole}.{fraction}"))
}

/// An integer in hexadecimal, as `-0x20000000000000`, without leading zeros.
pub(super) fn is_hex_integer(text: &str) -> bool {
    let digits = text
        .strip_prefix('-')
        .unwrap_or(text)
        .strip_prefix("0x")
        .unwrap_or_default();
    let well_formed = digits
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    !digits.is_empty() && well_formed && (!digits.starts_with('0') || text == "0x0")
}

/// Whether the bytes are code points in generalised UTF-8: UTF-8 in which surrogates, too, have three bytes.
pub(super) fn is_generalised_utf8(bytes: &[u8]) -> bool {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        if let (0xED, [0xA0..=0xBF, 0x80..=0xBF, after @ ..]) = (first, tail) {
            // A surrogate, D800 to DFFF: another character of three bytes stands in its place for the check.
            plain.extend_from_slice("\u{FFFD}".as_bytes());
            rest = after;
        } else {
            plain.push(*first);
            rest = tail;
        }
    }
    core::str::from_utf8(&plain).is_ok()
}

/// A double that is no JSON number of ours: its name, or the digits that ECMAScript writes.
pub(super) fn write_special_float(out: &mut Vec<u8>, value: f64) {
    let mut digits = ryu_js::Buffer::new();
    let text = if value.is_nan() {
        "nan"
    } else if value == f64::INFINITY {
        "inf"
    } else if value == f64::NEG_INFINITY {
        "-inf"
    } else if value == 0.0 {
        "-0"
    } else {
        digits.format_finite(value)
    };
    out.extend_from_slice(b"{\"$float\":");
    write_string(out, text);
    out.push(b'}');
}

/// Refuses bytes that are not generalised UTF-8.
pub(super) fn check_wide(value: &[u8]) -> Result<(), ValueError> {
    if is_generalised_utf8(value) {
        Ok(())
    } else {
        Err(ValueError::Text { tag: "$str" })
    }
}

/// A string, or `$str` with its code points where some are surrogates.
pub(super) fn write_wide(out: &mut Vec<u8>, value: &[u8]) {
    if let Ok(value) = core::str::from_utf8(value) {
        write_string(out, value);
    } else {
        out.extend_from_slice(b"{\"$str\":");
        write_blob(out, value);
        out.push(b'}');
    }
}
