//! The values of a shape: where one ends, if it has its form. Each accepts no more than the full check does.

use super::super::scalar;
use super::super::table::FieldDef;
use super::super::value::check_field;
use crate::json::{Tape, number_end, string_end};
use crate::limits::{ID_BYTES_MAX, STRING_BYTES_MAX, TEXT_BYTES_MAX};
use crate::time::Timestamp;

/// Digits of an integer that is certainly not beyond 2^53 - 1.
const INTEGER_DIGITS_MAX: usize = 15;

/// Bytes of `sha256:` and its digits.
const SHA256_LENGTH: usize = 7 + 64;
/// Bytes of `hmac-sha256:`, the key id, a colon and the digits.
const COMMITMENT_LENGTH: usize = 12 + 32 + 1 + 64;

/// The form of a value. Of strings the quotes belong to the bytes that stay.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// So many lowercase hex digits.
    Hex(usize),
    /// A UUID of version 7.
    Uuid7,
    /// A digest by SHA-256.
    Sha256,
    /// A commitment.
    Commitment,
    /// A time in so many bytes.
    Time(usize),
    /// An identifier.
    Id,
    /// One line.
    Line,
    /// Free text.
    Text,
    /// One of the values, or a reverse-domain name where that is allowed.
    Enum(&'static [&'static str], bool),
    /// A number.
    Number,
    /// A number from 0 to 1.
    UnitInterval,
    /// An integer from 0, of a few digits less than are allowed.
    Integer,
    /// `null`, where a reader has to know.
    Null,
    /// Any value of the field, inside so many arrays and objects: taken apart.
    Field(&'static FieldDef, usize),
    /// No value: the record begins here.
    RecordBegins,
    /// No value: the record ends here.
    RecordEnds,
}

impl Form {
    /// The index after a value of this form at `at`.
    pub(super) fn end(self, text: &[u8], at: usize, tape: &mut Tape) -> Option<usize> {
        let fixed = |length: usize, is_form: fn(&[u8], usize) -> bool| {
            let value = text.get(at..at + length)?;
            is_form(value, length).then_some(at + length)
        };
        match self {
            Self::Hex(digits) => fixed(digits, scalar::is_hex),
            Self::Uuid7 => fixed(36, |value, _| scalar::is_uuid7(value)),
            Self::Sha256 => fixed(SHA256_LENGTH, |value, _| scalar::is_sha256(value)),
            Self::Commitment => fixed(COMMITMENT_LENGTH, |value, _| scalar::is_commitment(value)),
            Self::Time(length) => fixed(length, |value, _| Timestamp::parse(value).is_ok()),
            Self::Null => fixed(4, |value, _| value == b"null"),
            Self::Id => {
                let end = at + scalar::id_length(text.get(at..)?);
                (end > at && end - at <= ID_BYTES_MAX).then_some(end)
            }
            Self::Line => line(text, at),
            Self::Text => free_text(text, at),
            Self::Enum(values, open) => {
                let value = text.get(at..at + scalar::id_length(text.get(at..)?))?;
                let known = values.iter().any(|known| known.as_bytes() == value);
                (known || (open && scalar::is_reverse_domain(value, 1))).then_some(at + value.len())
            }
            Self::Number => number(text, at),
            Self::UnitInterval => {
                let end = number(text, at)?;
                let digits = core::str::from_utf8(text.get(at..end)?).ok()?;
                let number: f64 = digits.parse().ok()?;
                (0.0..=1.0).contains(&number).then_some(end)
            }
            Self::Integer => integer(text, at),
            Self::Field(field, depth) => {
                let (value, end) = tape.read_at(text, at, depth)?;
                check_field(field, value).ok().map(|()| end)
            }
            Self::RecordBegins | Self::RecordEnds => None,
        }
    }
}

fn line(text: &[u8], at: usize) -> Option<usize> {
    let plain = at + scalar::plain_length(text.get(at..)?);
    if text.get(plain) == Some(&b'"') {
        return (plain > at && plain - at <= STRING_BYTES_MAX).then_some(plain);
    }
    let string = string_end(text, at.checked_sub(1)?)?;
    let end = string.end - 1;
    let line = string.text(text.get(at..end)?)?;
    scalar::is_line(&line).then_some(end)
}

fn free_text(text: &[u8], at: usize) -> Option<usize> {
    let string = string_end(text, at.checked_sub(1)?)?;
    let end = string.end - 1;
    let length = if string.escaped {
        string.text(text.get(at..end)?)?.len()
    } else {
        end - at
    };
    (1..=TEXT_BYTES_MAX).contains(&length).then_some(end)
}

fn number(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at) {
        Some(b'-' | b'0'..=b'9') => number_end(text, at),
        _ => None,
    }
}

/// Without a leading zero; what is longer is left to the full check.
fn integer(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let one_form = digits == 1 || rest.first() != Some(&b'0');
    ((1..=INTEGER_DIGITS_MAX).contains(&digits) && one_form).then_some(at + digits)
}
