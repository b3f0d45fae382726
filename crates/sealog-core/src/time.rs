//! The time of the formats: RFC 3339 in UTC (`docs/formats/time.md`).
//!
//! One instant may be written with different numbers of fractional digits; texts are therefore compared as
//! [`Timestamp`]s, never as bytes. **What is absent**: a clock, offsets other than `Z`, leap seconds (a clock that
//! shows `:60` writes `:59`), and years outside 1 to 9999.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::ErrorKind;

const DAY: i64 = 86_400;
/// Days from 0000-03-01, where the years of the arithmetic begin, to 1970-01-01.
const EPOCH_DAYS: i64 = 719_468;
/// Days of 400 years.
const ERA_DAYS: i64 = 146_097;
/// Bytes of a time with six fractional digits.
const MICROS_BYTES: usize = 27;
/// Nanoseconds of a second.
const NANOS: u32 = 1_000_000_000;

/// An instant from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    seconds: i64,
    nanos: u32,
}

impl Timestamp {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self {
        seconds: -62_135_596_800,
        nanos: 0,
    };
    /// The beginning of 1970.
    pub const EPOCH: Self = Self {
        seconds: 0,
        nanos: 0,
    };
    /// 9999-12-31T23:59:59.999999999Z.
    pub const MAX: Self = Self {
        seconds: 253_402_300_799,
        nanos: NANOS - 1,
    };

    /// Takes seconds since 1970-01-01T00:00:00Z, without leap seconds, and the nanoseconds that follow them.
    pub const fn from_unix(seconds: i64, nanos: u32) -> Result<Self, TimeError> {
        if seconds < Self::MIN.seconds || seconds > Self::MAX.seconds || nanos >= NANOS {
            return Err(TimeError::Unix { seconds, nanos });
        }
        Ok(Self { seconds, nanos })
    }

    /// Reads a time as the log itself writes it: with six digits of a second, no more and no fewer.
    ///
    /// An entry's time is compared and shown as text by whoever has no more than the text, so it has one form.
    pub fn parse_micros(text: &[u8]) -> Result<Self, TimeError> {
        if text.len() != MICROS_BYTES {
            return Err(TimeError::Form);
        }
        Self::parse(text)
    }

    /// Reads `YYYY-MM-DDTHH:MM:SS[.1 to 9 digits]Z` and nothing else. Allocates nothing.
    pub fn parse(text: &[u8]) -> Result<Self, TimeError> {
        let (head, tail) = text.split_first_chunk::<19>().ok_or(TimeError::Form)?;
        let &[
            y1,
            y2,
            y3,
            y4,
            b'-',
            mo1,
            mo2,
            b'-',
            d1,
            d2,
            b'T',
            h1,
            h2,
            b':',
            mi1,
            mi2,
            b':',
            s1,
            s2,
        ] = head
        else {
            return Err(TimeError::Form);
        };
        let year = 100 * pair(y1, y2)? + pair(y3, y4)?;
        let (month, day) = (pair(mo1, mo2)?, pair(d1, d2)?);
        let (hour, minute, second) = (pair(h1, h2)?, pair(mi1, mi2)?, pair(s1, s2)?);
        let nanos = fraction(tail)?;
        within("year", year, 1, 9999)?;
        within("month", month, 1, 12)?;
        within("day", day, 1, days_of_month(year, month))?;
        within("hour", hour, 0, 23)?;
        within("minute", minute, 0, 59)?;
        within("second", second, 0, 59)?;
        let of_day = i64::from(3600 * hour + 60 * minute + second);
        Ok(Self {
            seconds: DAY * days_from_civil(year, month, day) + of_day,
            nanos,
        })
    }

    /// Seconds since 1970-01-01T00:00:00Z, rounded down; negative before it.
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds after [`seconds`](Self::seconds), below 1,000,000,000.
    pub const fn nanos(self) -> u32 {
        self.nanos
    }

    /// Milliseconds since the beginning of 1970; 0 before it.
    pub fn unix_millis(self) -> u64 {
        let seconds = u64::try_from(self.seconds).unwrap_or(0);
        seconds
            .saturating_mul(1_000)
            .saturating_add(u64::from(self.nanos / 1_000_000))
    }

    /// The time that many seconds later, at most [`Timestamp::MAX`].
    #[must_use]
    pub fn plus_seconds(self, seconds: u64) -> Self {
        let later = i64::try_from(seconds)
            .ok()
            .and_then(|more| self.seconds.checked_add(more));
        later
            .and_then(|later| Self::from_unix(later, self.nanos).ok())
            .unwrap_or(Self::MAX)
    }

    /// The text with six fractional digits, as the log writes it: always 27 bytes. What is finer is cut off.
    pub fn format_micros(self) -> String {
        let mut text = Vec::with_capacity(MICROS_BYTES);
        self.write_micros(&mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    /// Appends the same text.
    pub fn write_micros(self, out: &mut Vec<u8>) {
        let (year, month, day) = civil_from_days(self.seconds.div_euclid(DAY));
        let of_day = self.seconds.rem_euclid(DAY);
        push_digits(out, year, 4);
        for (mark, field) in [
            (b'-', month),
            (b'-', day),
            (b'T', of_day / 3600),
            (b':', of_day / 60 % 60),
            (b':', of_day % 60),
        ] {
            out.push(mark);
            push_digits(out, field, 2);
        }
        out.push(b'.');
        push_digits(out, i64::from(self.nanos / 1000), 6);
        out.push(b'Z');
    }
}

/// Nine fractional digits, or none for a whole second.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nanos == 0 {
            write!(f, "{}Z", Seconds(self.seconds))
        } else {
            write!(f, "{}.{:09}Z", Seconds(self.seconds), self.nanos)
        }
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        Self::parse(text.as_bytes())
    }
}

/// A whole second, without its `Z`.
struct Seconds(i64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0.div_euclid(DAY));
        let of_day = self.0.rem_euclid(DAY);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )
    }
}

/// Appends so many of the last digits of a number that is not negative.
fn push_digits(out: &mut Vec<u8>, number: i64, count: u32) {
    for place in (0..count).rev() {
        let digit = number / 10_i64.pow(place) % 10;
        out.push(b'0' + u8::try_from(digit).unwrap_or_default());
    }
}

fn digit(byte: u8) -> Result<u32, TimeError> {
    match byte {
        b'0'..=b'9' => Ok(u32::from(byte - b'0')),
        _ => Err(TimeError::Form),
    }
}

fn pair(tens: u8, ones: u8) -> Result<u32, TimeError> {
    Ok(10 * digit(tens)? + digit(ones)?)
}

/// Reads `Z`, or a point, one to nine digits and `Z`.
fn fraction(tail: &[u8]) -> Result<u32, TimeError> {
    let Some((b'Z', digits)) = tail.split_last() else {
        return Err(TimeError::Form);
    };
    let Some((point, digits)) = digits.split_first() else {
        return Ok(0);
    };
    if *point != b'.' || digits.is_empty() || digits.len() > 9 {
        return Err(TimeError::Form);
    }
    let mut nanos = 0;
    for place in 0..9 {
        nanos = 10 * nanos + digits.get(place).map_or(Ok(0), |byte| digit(*byte))?;
    }
    Ok(nanos)
}

fn within(field: &'static str, found: u32, min: u32, max: u32) -> Result<(), TimeError> {
    if (min..=max).contains(&found) {
        Ok(())
    } else {
        Err(TimeError::Range {
            field,
            min,
            max,
            found,
        })
    }
}

const fn days_of_month(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar. Years begin in March here, so that the leap day ends
/// them and the months before it have fixed places.
fn days_from_civil(year: u32, month: u32, day: u32) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((i64::from(month) + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH_DAYS
}

/// The date of a day since 1970-01-01: the other way round of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH_DAYS;
    let (era, of_era) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let month = (march + 2) % 12 + 1;
    (
        400 * era + year + i64::from(month <= 2),
        month,
        of_year - (153 * march + 2) / 5 + 1,
    )
}

/// Why a text or number is no time of the formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeError {
    /// Not of the one form that there is.
    #[error(
        "a time has the form 2026-01-31T23:59:59.999999Z, in UTC, with at most nine fractional digits"
    )]
    Form,
    /// A field that no date or time of day has.
    #[error("the {field} of a time is {found}, not from {min} to {max}")]
    Range {
        /// Which field.
        field: &'static str,
        /// The least that it can be; for a day in that month.
        min: u32,
        /// The most that it can be.
        max: u32,
        /// What it is.
        found: u32,
    },
    /// Outside the years 1 to 9999, or more nanoseconds than a second has.
    #[error("{seconds} s and {nanos} ns since 1970 is no time of the years 1 to 9999")]
    Unix {
        /// Seconds since 1970.
        seconds: i64,
        /// Nanoseconds after them.
        nanos: u32,
    },
}

impl TimeError {
    /// Always malformed.
    pub const fn kind(&self) -> ErrorKind {
        ErrorKind::Malformed
    }
}

#[cfg(test)]
mod tests;
