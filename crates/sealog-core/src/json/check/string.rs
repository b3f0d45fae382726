//! Strings in canonical form: their end, their escapes, their UTF-8.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Checked, unexpected};
use crate::json::JsonError;
use crate::json::scan::{first_stop, next_stop, stops_or_high, word_at};
use crate::json::utf8;

/// What the scan of a string found.
#[derive(Clone, Copy)]
pub(super) struct Scanned {
    /// The index after the closing quote.
    pub(super) end: usize,
    /// The first eight bytes between the quotes as a big-endian number, filled with zeros; zero if not plain.
    pub(super) prefix: u64,
    /// Whether there are neither escapes nor bytes outside ASCII, so that bytes sort as UTF-16 units do.
    pub(super) plain: bool,
    /// Whether there are escapes.
    pub(super) escaped: bool,
}

/// Checks a string, of which the opening quote is known to stand at `open`.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "the path of most keys and values: a call costs as much as the scan"
)]
pub(super) fn scan(text: &[u8], open: usize) -> Result<Scanned, Box<JsonError>> {
    let start = open + 1;
    let word = word_at(text, start);
    let marks = stops_or_high(word);
    let (at, content) = if marks == 0 {
        (plain_end(text, start + 8), word)
    } else {
        (start + first_stop(marks), word & below(marks))
    };
    if text.get(at) == Some(&b'"') {
        let prefix = content.swap_bytes();
        return Ok(Scanned {
            end: at + 1,
            prefix,
            plain: true,
            escaped: false,
        });
    }
    unusual(text, open, at)
}

/// The index of the first byte from `at` on that is not a plain ASCII character of a string.
#[inline(never)]
fn plain_end(text: &[u8], mut at: usize) -> usize {
    loop {
        let marks = stops_or_high(word_at(text, at));
        if marks != 0 {
            return at + first_stop(marks);
        }
        at += 8;
    }
}

/// A string with an escape, with bytes outside ASCII, or with something that must not stand in it; the first byte
/// that is not plain stands at `at`.
#[inline(never)]
fn unusual(text: &[u8], open: usize, mut at: usize) -> Result<Scanned, Box<JsonError>> {
    let mut escaped = false;
    loop {
        at = next_stop(text, at);
        match text.get(at) {
            Some(b'"') => break,
            Some(b'\\') => at = canonical_escape(text, at)?,
            Some(_) => return Err(Box::new(JsonError::ControlCharacter { offset: at })),
            None => return unexpected(text, at, "the end of the string"),
        }
        escaped = true;
    }
    let start = open + 1;
    if let Some(bad) = utf8::first_invalid(text.get(start..at).unwrap_or_default()) {
        return Err(Box::new(JsonError::NotUtf8 {
            offset: start + bad,
        }));
    }
    Ok(Scanned {
        end: at + 1,
        prefix: 0,
        plain: false,
        escaped,
    })
}

/// The bytes below the lowest mark.
#[inline]
const fn below(marks: u64) -> u64 {
    // The lowest mark is a top bit: its byte begins seven bits below it.
    (marks & marks.wrapping_neg()).wrapping_sub(1) >> 7
}

/// Steps over an escape in canonical form, of which the backslash stands at `at`.
fn canonical_escape(text: &[u8], at: usize) -> Checked {
    let fault = |error: JsonError| Err(Box::new(error));
    match text.get(at + 1) {
        Some(b'"' | b'\\' | b'b' | b't' | b'n' | b'f' | b'r') => Ok(at + 2),
        Some(b'/') => fault(JsonError::EscapeNotCanonical { offset: at }),
        Some(b'u') => match text.get(at + 2..at + 6) {
            Some(
                [b'0', b'0', b'0', b'0'..=b'7' | b'b' | b'e' | b'f']
                | [b'0', b'0', b'1', b'0'..=b'9' | b'a'..=b'f'],
            ) => Ok(at + 6),
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => {
                fault(JsonError::EscapeNotCanonical { offset: at })
            }
            _ => fault(JsonError::InvalidEscape { offset: at }),
        },
        _ => fault(JsonError::InvalidEscape { offset: at }),
    }
}

/// The bytes that the content of a string in canonical form stands for.
pub(in crate::json) fn unescape(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len());
    let mut rest = content;
    while let [byte, after @ ..] = rest {
        rest = after;
        let (char, after) = match rest {
            _ if *byte != b'\\' => (*byte, rest),
            [b'u', b'0', b'0', high, low, after @ ..] => (hex(*high) << 4 | hex(*low), after),
            [b'b', after @ ..] => (0x08, after),
            [b't', after @ ..] => (b'\t', after),
            [b'n', after @ ..] => (b'\n', after),
            [b'f', after @ ..] => (0x0C, after),
            [b'r', after @ ..] => (b'\r', after),
            [char, after @ ..] => (*char, after),
            [] => (*byte, rest),
        };
        out.push(char);
        rest = after;
    }
    out
}

/// The value of a lowercase hexadecimal digit.
const fn hex(digit: u8) -> u8 {
    match digit {
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'0'),
    }
}
