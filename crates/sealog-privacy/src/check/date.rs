//! Dates inside of identifiers. No clock: a date in the future is a date.

/// Days of a month; none if there is no such month.
const fn days(year: u32, month: u32) -> Option<u32> {
    Some(match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => return None,
    })
}

/// Whether there is such a day.
pub(crate) const fn is_date(year: u32, month: u32, day: u32) -> bool {
    match days(year, month) {
        Some(days) => day >= 1 && day <= days,
        None => false,
    }
}

/// Two digits as a number.
pub(crate) fn two(high: u8, low: u8) -> u32 {
    u32::from(high) * 10 + u32::from(low)
}

/// Whether there is such a day in the 20th or the 21st century.
pub(crate) const fn is_short_date(year: u32, month: u32, day: u32) -> bool {
    is_date(1900 + year, month, day) || is_date(2000 + year, month, day)
}
