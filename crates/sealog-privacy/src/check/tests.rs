//! The arithmetic, by published examples.

use super::*;

fn of(text: &str) -> Vec<u8> {
    text.bytes().map(|byte| byte - b'0').collect()
}

#[test]
fn luhn_holds_for_its_example_and_for_no_other_last_digit() {
    assert!(luhn(&of("79927398713")));
    for last in (0..10).filter(|last| *last != 3) {
        assert!(!luhn(&of(&format!("7992739871{last}"))));
    }
}

#[test]
fn verhoeff_holds_for_its_example_and_finds_every_swap() {
    assert!(verhoeff(&of("2363")));
    assert!(verhoeff(&of("1428570")));
    for swapped in ["3263", "2633", "2336"] {
        assert!(!verhoeff(&of(swapped)), "{swapped}");
    }
}

#[test]
fn iso_7064_holds_for_its_examples() {
    assert!(mod11_10(&of("07945")));
    assert!(mod11_10(&of("002006673085")));
    assert!(!mod11_10(&of("002006673084")));
    assert_eq!(mod97("3214282912345698765432161182".bytes()), Some(1));
    assert_eq!(mod97("3214282912345698765432161183".bytes()), Some(2));
    assert_eq!(mod97("32-".bytes()), None);
}

#[test]
fn digits_are_exactly_as_many_as_asked_for() {
    assert_eq!(digits::<4>(b"1-2 3.4"), Some([1, 2, 3, 4]));
    assert_eq!(digits::<4>(b"1234a"), None);
    assert_eq!(digits::<4>(b"123"), None);
    assert_eq!(digits::<4>(b"12345"), None);
    assert_eq!(letters::<3>(b"a-1b"), Some(*b"A1B"));
    assert_eq!(letters::<3>(b"a-1"), None);
}

#[test]
fn a_compact_text_has_a_limit() {
    assert!(Compact::of(&[b'a'; COMPACT_MAX]).is_some());
    assert!(Compact::of(&[b'a'; COMPACT_MAX + 1]).is_none());
}

#[test]
fn only_days_that_exist_are_dates() {
    use date::is_date;
    assert!(is_date(2000, 2, 29) && !is_date(1900, 2, 29) && is_date(2024, 2, 29));
    assert!(!is_date(2024, 13, 1) && !is_date(2024, 0, 1) && !is_date(2024, 1, 0));
    assert!(is_date(2024, 12, 31) && !is_date(2024, 11, 31));
}

#[test]
fn letters_and_digits_are_kept_up_to_their_limit() {
    assert_eq!(Compact::of(&[b'a'; 64]).unwrap().as_bytes(), [b'A'; 64]);
    assert!(Compact::of(&[b'a'; 65]).is_none());
    // What separates them does not count.
    assert!(Compact::of("a-".repeat(64).as_bytes()).is_some());
}
