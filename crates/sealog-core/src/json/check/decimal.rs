//! Decimals: eight digits at a time, and the proof that one is the shortest for its double.

use crate::json::scan::{ONES, first_stop};

/// The powers of ten that 64 bits hold.
const POWERS: [u64; 20] = powers();

#[expect(
    clippy::indexing_slicing,
    reason = "a loop over a constant in a constant: a panic would not compile"
)]
const fn powers() -> [u64; 20] {
    let mut powers = [1; 20];
    let mut index = 1;
    while index < powers.len() {
        powers[index] = powers[index - 1] * 10;
        index += 1;
    }
    powers
}

/// How many digits a little-endian word begins with, 0 to 8.
#[inline]
pub(in crate::json) const fn first_non_digit(word: u64) -> usize {
    // Exclusive-or takes the digits to 0 to 9 and nothing else there; 0x76 more sets the top bit from 10 on.
    let values = word ^ (0x30 * ONES);
    let marks = (((values & (0x7F * ONES)) + 0x76 * ONES) | values) & (0x80 * ONES);
    if marks == 0 { 8 } else { first_stop(marks) }
}

/// Appends the first `count` (0 to 8) digits of a little-endian word to a decimal; wraps beyond 64 bits.
#[inline]
pub(in crate::json) fn append_digits(decimal: u64, word: u64, count: usize) -> u64 {
    let Some(&power) = POWERS.get(count) else {
        return decimal;
    };
    let unused = u32::try_from(8 - count).unwrap_or_default();
    // The digits move to the end of the word, and zeros come before them; then pairs, fours and the whole are
    // put together, two neighbours at a time.
    let word = word.checked_shl(8 * unused).unwrap_or(0) & (0x0F * ONES);
    let pairs = (word.wrapping_mul(10 * 256 + 1) >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs.wrapping_mul(100 * 65_536 + 1) >> 16) & 0x0000_FFFF_0000_FFFF;
    let whole = fours.wrapping_mul(10_000 * (1 << 32) + 1) >> 32;
    decimal.wrapping_mul(power).wrapping_add(whole)
}

/// From here on a decimal is too long to be the shortest for a double, and what follows would exceed 128 bits.
const DIGITS_END: u64 = 100_000_000_000_000_000;
/// Doubles from 2^-16 on: below, the integers that are compared no longer fit 128 bits.
const SCALE_MAX: u64 = 68;
const MANTISSA_BITS: u32 = 52;
const MANTISSA_TOP: u64 = 1 << MANTISSA_BITS;

/// Whether it is certain that ECMAScript writes the double nearest to `digits / 10^places` with just these digits.
///
/// `digits` does not end in zero. `false` means that it is not certain; only a conversion tells.
///
/// A double is `mantissa / 2^scale`, and reads from whatever lies less than half a gap from it. The decimal is the
/// one to be written if it lies there, no shorter one (a multiple of ten of its last place) does, and no other of
/// its length is closer to the double. All this is compared exactly, in units of `1 / (2^(scale + 1) * 10^places)`;
/// floating point only proposes the double. Ties, and doubles whose two gaps differ, are left to the conversion.
pub(in crate::json) fn is_shortest(digits: u64, places: usize) -> bool {
    let Some(&power) = POWERS.get(places) else {
        return false;
    };
    if digits >= DIGITS_END {
        return false;
    }
    let proposed = approximate(digits, power).to_bits();
    let Some(scale) = 1075u64.checked_sub(proposed >> MANTISSA_BITS) else {
        return false;
    };
    if scale > SCALE_MAX {
        return false;
    }
    let unit = 2u128 << scale;
    let decimal = u128::from(digits) << (scale + 1);
    let half_gap = u128::from(power);
    let proposed = MANTISSA_TOP | (proposed & (MANTISSA_TOP - 1));
    // The proposal may be the neighbour of the nearest double. Should it be farther off, `apart` shows it.
    let place = |mantissa: u64| u128::from(2 * mantissa) * half_gap;
    let mantissa = if place(proposed) + half_gap < decimal {
        proposed + 1
    } else if decimal + half_gap < place(proposed) {
        proposed - 1
    } else {
        proposed
    };
    if mantissa <= MANTISSA_TOP || mantissa >= 2 * MANTISSA_TOP {
        return false;
    }
    let double = place(mantissa);
    let apart = decimal.abs_diff(double);
    let shorter_below = decimal - u128::from(digits % 10) * unit;
    let shorter_above = shorter_below + 10 * unit;
    apart < half_gap
        && 2 * apart < unit
        && shorter_below + half_gap < double
        && double + half_gap < shorter_above
}

/// The quotient, off by less than two units in the last place.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "only a proposal, checked exactly"
)]
fn approximate(digits: u64, power: u64) -> f64 {
    digits as f64 / power as f64
}
