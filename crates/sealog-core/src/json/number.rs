//! Numbers: doubles that have a canonical form.

use crate::limits::INTEGER_MAX;

/// From here on ECMAScript writes an exponent, so that a number no longer reads as an integer.
const EXPONENT_FROM: f64 = 1e21;

/// A number that canonical JSON of Sealog can hold: a finite double, not minus zero, and not one that would be
/// written as an integer beyond 2^53 - 1 (those have a magnitude from 2^53 up to, not including, 1e21).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Number(f64);

impl Eq for Number {}

impl Number {
    /// Takes a double; minus zero becomes zero. `None` if it is not finite or would be written as an integer
    /// beyond 2^53 - 1.
    pub fn finite(value: f64) -> Option<Self> {
        let magnitude = value.abs();
        let integer_out_of_range = magnitude > max_double() && magnitude < EXPONENT_FROM;
        // The sum of minus zero and zero is zero; every other value stays.
        (value.is_finite() && !integer_out_of_range).then_some(Self(value + 0.0))
    }

    /// Takes an integer; `None` beyond ±(2^53 - 1).
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "exact up to 2^53"
    )]
    pub fn integer(value: i64) -> Option<Self> {
        (value.unsigned_abs() <= INTEGER_MAX).then_some(Self(value as f64))
    }

    /// Takes an integer; `None` beyond 2^53 - 1.
    pub fn unsigned(value: u64) -> Option<Self> {
        i64::try_from(value).ok().and_then(Self::integer)
    }

    /// The double.
    pub const fn as_f64(self) -> f64 {
        self.0
    }

    /// The integer, if it is one of magnitude up to 2^53 - 1.
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::float_cmp,
        reason = "the range is checked first; truncation and exact comparison are how an integer is told"
    )]
    pub fn as_i64(self) -> Option<i64> {
        let truncated = self.0 as i64;
        (self.0.abs() <= max_double() && truncated as f64 == self.0).then_some(truncated)
    }

    /// The integer, if it is one from 0 to 2^53 - 1.
    pub fn as_u64(self) -> Option<u64> {
        self.as_i64()
            .and_then(|integer| u64::try_from(integer).ok())
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "2^53 - 1 is exact"
)]
const fn max_double() -> f64 {
    INTEGER_MAX as f64
}

impl From<i32> for Number {
    fn from(value: i32) -> Self {
        Self(f64::from(value))
    }
}

impl From<u32> for Number {
    fn from(value: u32) -> Self {
        Self(f64::from(value))
    }
}
