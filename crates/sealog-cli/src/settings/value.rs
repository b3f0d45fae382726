//! How values of options are written: durations and byte counts.

use std::time::Duration;

/// What a duration looks like, for messages.
pub(super) const DURATION: &str = "a whole number with a unit: 500ms, 90s, 15m, 24h or 7d";
/// What a number looks like, for messages.
pub(super) const BYTES: &str = "a whole number, for bytes also with KiB, MiB or GiB";

/// Reads a duration. A number without a unit is refused: seconds and milliseconds look alike.
pub fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    let seconds = match unit {
        "ms" => return Some(Duration::from_millis(number)),
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::from_secs)
}

/// Reads a whole number or a count of bytes.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let factor: u64 = match unit {
        "" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(factor)
}

fn split(text: &str) -> Option<(u64, &str)> {
    let end = text
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, unit.trim_start()))
}
