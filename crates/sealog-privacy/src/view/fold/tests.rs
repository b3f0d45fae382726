//! The tables against those of another library, over every character there is.

use std::collections::BTreeSet;

use regex_syntax::hir::{Class, HirKind};

use super::*;

/// The characters of a property, as the regex crate's tables have them.
fn property(name: &str) -> BTreeSet<char> {
    let hir = regex_syntax::parse(&format!(r"\p{{{name}}}")).unwrap();
    let HirKind::Class(Class::Unicode(class)) = hir.kind() else {
        panic!("{name} is no class");
    };
    class
        .iter()
        .flat_map(|range| range.start()..=range.end())
        .collect()
}

#[test]
fn every_decimal_digit_of_unicode_becomes_its_ascii_digit() {
    let digits = property("Nd");
    assert!(digits.len() >= 700, "{}", digits.len());
    let missing: Vec<char> = digits
        .iter()
        .copied()
        .filter(|character| !character.is_ascii() && digit(*character).is_none())
        .collect();
    assert_eq!(missing, Vec::<char>::new());
    // Sets of ten follow each other; a wrong zero would shift a whole set.
    for character in digits.iter().filter(|character| !character.is_ascii()) {
        let code = u32::from(*character);
        let zero = code - u32::from(digit(*character).unwrap() - b'0');
        assert!(digits.contains(&char::from_u32(zero).unwrap()), "{code:x}");
        let before = char::from_u32(zero.wrapping_sub(1));
        let starts =
            before.is_none_or(|before| !digits.contains(&before) || digit(before) == Some(b'9'));
        assert!(starts, "{code:x}");
    }
}

#[test]
fn what_is_no_decimal_digit_becomes_none_but_for_the_black_circles() {
    let digits = property("Nd");
    let others = ('\u{80}'..=char::MAX)
        .filter(|character| digit(*character).is_some() && !digits.contains(character));
    assert_eq!(others.count(), 9 + 9 + 9 + 1 + later_sets());
}

/// Digits of sets that the other library's tables do not have yet.
fn later_sets() -> usize {
    let digits = property("Nd");
    let known = |zero: &&u32| char::from_u32(**zero).is_some_and(|zero| digits.contains(&zero));
    10 * (ZEROS.len() - ZEROS.iter().filter(known).count())
}

#[test]
fn every_default_ignorable_code_point_is_left_out() {
    for character in property("Default_Ignorable_Code_Point") {
        assert_eq!(fold(character), Folded::Nothing, "{character:?}");
    }
}

#[test]
fn every_combining_mark_is_left_out() {
    for character in property("Mn").iter().chain(&property("Me")) {
        assert_eq!(fold(*character), Folded::Nothing, "{character:?}");
    }
}

#[test]
fn every_dash_but_the_tilde_like_ones_becomes_a_hyphen() {
    for character in property("Dash") {
        if character != '-' {
            assert_eq!(fold(character), Folded::Byte(b'-'), "{character:?}");
        }
    }
}

#[test]
fn every_space_becomes_one() {
    for character in property("White_Space") {
        if !character.is_ascii() {
            assert!(
                matches!(fold(character), Folded::Byte(b' ' | b'\n')),
                "{character:?}"
            );
        }
    }
}

#[test]
fn letters_that_look_like_nothing_in_ascii_stay() {
    for character in [
        '\u{436}',
        '\u{3c9}',
        '\u{5d0}',
        '\u{4e2d}',
        '\u{ac00}',
        '\u{1f600}',
    ] {
        assert_eq!(fold(character), Folded::Same, "{character:?}");
    }
}

#[test]
fn a_character_that_becomes_too_many_stays() {
    // Four, `(10)`: at the limit. Five, `rad/s`, and eighteen: beyond.
    assert!(matches!(
        fold('\u{247d}'),
        Folded::Several([_, _, _, Some(_)])
    ));
    assert_eq!(fold('\u{33ae}'), Folded::Same);
    assert_eq!(fold('\u{fdfa}'), Folded::Same);
}
