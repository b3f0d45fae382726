//! The exit status: the one table from verdicts and kinds of errors to what a script sees.
//!
//! A gate opens only on 0. 1 and 2 differ so that an alarm can tell tampering from an outage.

use sealog_core::ErrorKind;

/// All that was asked holds.
pub const HOLDS: u8 = 0;
/// A proof, hash, signature or rule fails.
pub const REFUTED: u8 = 1;
/// It could not be decided, or not be done: usage, input, keys, disk.
pub const UNDECIDED: u8 = 2;

/// The status for an error of this kind.
pub const fn of_kind(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Refuted => REFUTED,
        ErrorKind::Malformed | ErrorKind::Refused | ErrorKind::Unavailable => UNDECIDED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refutation_is_1() {
        assert_eq!(of_kind(ErrorKind::Refuted), 1);
        for kind in [
            ErrorKind::Malformed,
            ErrorKind::Refused,
            ErrorKind::Unavailable,
        ] {
            assert_eq!(of_kind(kind), 2);
        }
    }
}
