//! The parts of the checker against the plain functions that they stand for.

use alloc::format;
use alloc::vec::Vec;
use core::str;

use super::{assert_readers_agree, canonical, tape_error};
use crate::json::Number;
use crate::json::check::decimal::{append_digits, first_non_digit, is_shortest};
use crate::json::scan::{first_stop, stops, stops_or_high};
use crate::json::utf8::first_invalid;

/// The xorshift generator of Marsaglia.
struct Draws(u64);

impl Iterator for Draws {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        Some(self.0)
    }
}

#[test]
fn every_double_is_accepted_as_it_is_written_and_its_neighbours_are_not() {
    let mut proven = 0;
    for bits in Draws(1).take(3_000) {
        // From 2^-20 to 2^55, where the proof of shortness begins and ends.
        let exponent = 1003 + (bits >> 52) % 75;
        let Some(number) = Number::finite(f64::from_bits(exponent << 52 | bits & ((1 << 52) - 1)))
        else {
            continue;
        };
        let mut text = Vec::new();
        crate::json::write_number(&mut text, number);
        assert_eq!(tape_error(&text), None, "{:?}", str::from_utf8(&text));
        let text = str::from_utf8(&text).unwrap();
        let Some((whole, fraction)) = text.split_once('.').filter(|_| !text.contains('e')) else {
            continue;
        };
        let digits: u64 = format!("{whole}{fraction}").parse().unwrap();
        proven += usize::from(is_shortest(digits, fraction.len()));
        for other in [
            digits - 1,
            digits + 1,
            digits - 2,
            digits + 2,
            digits * 10 + 1,
            digits * 10 - 1,
        ] {
            let places = fraction.len() + usize::from(other > digits + 2);
            let value = format!("{other}e-{places}")
                .parse()
                .ok()
                .and_then(Number::finite);
            let mut form = Vec::new();
            crate::json::write_number(&mut form, value.unwrap());
            let padded = format!("{other:0>width$}", width = places + 1);
            let (whole, fraction) = padded.split_at(padded.len() - places);
            let text = format!("{whole}.{fraction}");
            if other % 10 != 0 && is_shortest(other, places) {
                assert_eq!(form, text.as_bytes());
            }
            assert_readers_agree(text.as_bytes());
        }
    }
    // The proof is worth its code only if it settles most of what it is asked.
    assert!(proven > 2_000, "{proven}");
}

#[test]
fn the_proof_of_shortness_leaves_ties_and_powers_of_two_to_the_conversion() {
    for (digits, places) in [
        (5, 1),
        (45_035_996_273_704_965, 1),
        (1, 20),
        (123_456_789_012_345_678, 17),
    ] {
        assert!(!is_shortest(digits, places), "{digits}e-{places}");
    }
    for text in [
        "0.5",
        "4503599627370496.5",
        "4503599627370497.5",
        "9007199254740990.5",
        "9007199254740991.5",
    ] {
        assert_readers_agree(text.as_bytes());
    }
}

#[test]
fn digits_are_counted_and_read_eight_at_a_time() {
    for count in 0..=8usize {
        for end in [b'/', b':', b'.', b',', b'e', b'\0', 0x80, 0xB0, 0xB9, 0xFF] {
            let mut bytes = *b"90817263";
            if let Some(byte) = bytes.get_mut(count) {
                *byte = end;
            }
            let word = u64::from_le_bytes(bytes);
            assert_eq!(first_non_digit(word), count, "{bytes:?}");
            let read = bytes[..count]
                .iter()
                .fold(7, |read, digit| read * 10 + u64::from(digit - b'0'));
            assert_eq!(append_digits(7, word, count), read, "{bytes:?}");
        }
    }
    assert_eq!(
        append_digits(0, u64::from_le_bytes(*b"99999999"), 8),
        99_999_999
    );
}

#[test]
fn every_byte_stops_a_scan_or_does_not_at_each_place_of_a_word() {
    for place in 0..8 {
        for byte in 0..=u8::MAX {
            for rest in [b'a', b'"', 0x80, b'!', 0xFF] {
                let mut bytes = [b'#'; 8];
                bytes[place..].fill(rest);
                bytes[place] = byte;
                let found = |marks: u64| (marks != 0).then(|| first_stop(marks));
                let stop = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
                let word = u64::from_le_bytes(bytes);
                assert_eq!(found(stops(word)), bytes.iter().position(stop), "{bytes:?}");
                let stop_or_high = bytes.iter().position(|byte| stop(byte) || !byte.is_ascii());
                assert_eq!(found(stops_or_high(word)), stop_or_high, "{bytes:?}");
            }
        }
    }
}

#[test]
fn utf_8_is_told_as_by_the_standard_library() {
    /// On both sides of every border of the table of well-formed sequences.
    const BORDERS: [u8; 22] = [
        0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED,
        0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5,
    ];
    let agree = |text: &[u8]| {
        let invalid = str::from_utf8(text).err().map(|error| error.valid_up_to());
        assert_eq!(first_invalid(text), invalid, "{text:?}");
    };
    let mut valid = 0;
    for a in BORDERS {
        for b in BORDERS {
            for c in BORDERS {
                for d in BORDERS {
                    agree(&[a, b, c, d]);
                    valid += usize::from(str::from_utf8(&[a, b, c, d]).is_ok());
                }
            }
        }
    }
    assert!(valid > 500, "{valid}");
    // At each place of the words, with more after it and cut off.
    for text in ["é", "€", "\u{D7FF}", "\u{E000}", "😀", "\u{10_FFFF}"] {
        for before in 0..10 {
            let whole = format!("{}{text}--------{text}", "-".repeat(before));
            for end in 0..=whole.len() {
                agree(&whole.as_bytes()[..end]);
            }
        }
    }
    for bad in [
        &b"\xED\xA0\x80"[..],
        b"\xC0\xAF",
        b"\xE0\x9F\xBF",
        b"\xF0\x8F\xBF\xBF",
        b"\xF4\x90\x80\x80",
        b"\xF8",
    ] {
        for before in 0..10 {
            agree(&[&b"----------"[..before], bad, b"--------"].concat());
        }
    }
}

#[test]
fn decimals_of_every_length_agree() {
    for bits in Draws(2).take(3_000) {
        let length = usize::try_from(bits % 21).unwrap();
        let fraction = format!("{:020}", bits >> 5);
        let text = format!("{}.{}", (bits >> 8) % 3, &fraction[20 - length..]);
        assert_readers_agree(text.as_bytes());
        if let Ok(form) = canonical(text.as_bytes()) {
            assert_eq!(tape_error(&form), None, "{text}");
        }
    }
}
