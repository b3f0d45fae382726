//! Decimal numbers as checkpoints, proofs and tile paths write them: ASCII digits, no sign, no leading zero.

/// Reads a number; `None` for anything but its one spelling, and beyond 64 bits.
pub fn parse(text: &[u8]) -> Option<u64> {
    let &[first, ..] = text else { return None };
    if first == b'0' && text.len() > 1 {
        return None;
    }
    text.iter().try_fold(0_u64, |value, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn each_number_has_one_spelling() {
        assert_eq!(parse(b"0"), Some(0));
        assert_eq!(parse(b"109482"), Some(109_482));
        assert_eq!(parse(b"18446744073709551615"), Some(u64::MAX));
        for text in [
            &b""[..],
            b"00",
            b"01",
            b"+1",
            b"-1",
            b" 1",
            b"1 ",
            b"1\n",
            b"0x1",
            b"1_0",
            b"18446744073709551616",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
