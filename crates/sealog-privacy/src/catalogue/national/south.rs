//! Southern Europe, Turkey and Israel.

use crate::catalogue::kind::Shape::Pattern;
use crate::catalogue::{IdentifierType, identifier};
use crate::check::date::{is_date, is_short_date, two};
use crate::check::{Compact, digits, last, letters, luhn, number, sum, uniform, value36};

pub(in crate::catalogue) const ENTRIES: &[IdentifierType] = &[
    identifier(
        "ES_DNI",
        "Spanish identity card",
        Pattern(r"(?i)[0-9]{8}[ \-]?[A-HJ-NP-TV-Z]"),
        |text| {
            letters::<9>(text).is_some_and(|found| {
                let (head, check) = found.split_at(8);
                digits::<8>(head)
                    .is_some_and(|head| dni_letter(number(&head)) == check.first().copied())
            })
        },
        &["dni", "documento nacional", "nif"],
    )
    .alone(),
    identifier(
        "ES_NIE",
        "Spanish number of a foreigner",
        Pattern(r"(?i)[XYZ][ \-]?[0-9]{7}[ \-]?[A-HJ-NP-TV-Z]"),
        |text| {
            letters::<9>(text).is_some_and(|found| {
                let [first, head @ .., check] = found;
                let kind = first.saturating_sub(b'X');
                digits::<7>(&head).is_some_and(|head| {
                    kind <= 2
                        && dni_letter(u64::from(kind) * 10_000_000 + number(&head)) == Some(check)
                })
            })
        },
        &["extranjero", "nie"],
    )
    .alone(),
    identifier(
        "ES_CIF",
        "Spanish company number",
        Pattern(r"(?i)[A-HJNP-SUVW][ \-]?[0-9]{7}[ \-]?[0-9A-J]"),
        is_cif,
        &["cif", "nif"],
    ),
    identifier(
        "PT_NIF",
        "Portuguese taxpayer number",
        Pattern(r"[1-9][0-9]{2}[ .]?[0-9]{3}[ .]?[0-9]{3}"),
        |text| {
            digits::<9>(text).is_some_and(|found| {
                (11 - sum(&found, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 % 10 == last(&found)
                    && found.first() != Some(&0)
            })
        },
        &["contribuinte", "nif"],
    ),
    identifier(
        "PT_CC",
        "Portuguese citizen card",
        Pattern(r"(?i)[0-9]{8} ?[0-9] ?[A-Z0-9]{2}[0-9]"),
        |text| {
            letters::<12>(text).is_some_and(|found| {
                let doubled = |place: usize, value: u32| match place % 2 {
                    0 if value >= 5 => value * 2 - 9,
                    0 => value * 2,
                    _ => value,
                };
                let values = found
                    .iter()
                    .map(|byte| value36(*byte).unwrap_or(0))
                    .enumerate();
                values
                    .map(|(place, value)| doubled(place, value))
                    .sum::<u32>()
                    .is_multiple_of(10)
            })
        },
        &["cartao de cidadao", "cartão de cidadão", "cc", "cidadão"],
    ),
    identifier(
        "IT_CODICE_FISCALE",
        "Italian tax code",
        Pattern(r"(?i)[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]"),
        is_codice_fiscale,
        &["c.f", "cf", "codice fiscale"],
    )
    .alone(),
    identifier(
        "GR_AMKA",
        "Greek social security number",
        Pattern(r"[0-9]{11}"),
        |text| {
            digits::<11>(text).is_some_and(|found| {
                let [a, b, c, d, e, f, ..] = found;
                is_short_date(two(e, f), two(c, d), two(a, b)) && luhn(&found)
            })
        },
        &["amka", "αμκα"],
    ),
    identifier(
        "GR_AFM",
        "Greek taxpayer number",
        Pattern(r"[0-9]{9}"),
        |text| {
            digits::<9>(text).is_some_and(|found| {
                let sum = sum(&found, &[256, 128, 64, 32, 16, 8, 4, 2]);
                !uniform(&found) && sum % 11 % 10 == last(&found)
            })
        },
        &["afm", "αφμ", "vat"],
    ),
    identifier(
        "TR_TCKN",
        "Turkish identity number",
        Pattern(r"[1-9][0-9]{10}"),
        |text| {
            digits::<11>(text).is_some_and(|found| {
                let [a, b, c, d, e, f, g, h, i, j, k] = found.map(u32::from);
                let tenth = (7 * (a + c + e + g + i) + 9 * (b + d + f + h)) % 10;
                a != 0 && tenth == j && (a + b + c + d + e + f + g + h + i + j) % 10 == k
            })
        },
        &["kimlik", "t.c", "tc kimlik", "tckn", "kimlik no"],
    ),
    identifier(
        "TR_VKN",
        "Turkish tax number",
        Pattern(r"[0-9]{10}"),
        |text| {
            digits::<10>(text).is_some_and(|found| {
                let [head @ .., check] = found;
                let powers = [512_u32, 256, 128, 64, 32, 16, 8, 4, 2];
                let places = (1..=9_u32).rev();
                let sum: u32 = head
                    .iter()
                    .zip(places)
                    .zip(powers)
                    .map(
                        |((digit, place), power)| match (u32::from(*digit) + place) % 10 {
                            0 => 0,
                            moved => match moved * power % 9 {
                                0 => 9,
                                rest => rest,
                            },
                        },
                    )
                    .sum();
                (10 - sum % 10) % 10 == u32::from(check)
            })
        },
        &["vergi", "vkn", "vergi no"],
    ),
    identifier(
        "IL_ID",
        "Israeli identity number",
        Pattern(r"[0-9]{1,8}-?[0-9]"),
        |text| {
            let compact: Vec<u8> = text.iter().copied().filter(u8::is_ascii_digit).collect();
            let mut padded = [b'0'; 9];
            let Some(place) = padded.get_mut(9_usize.saturating_sub(compact.len())..) else {
                return false;
            };
            if compact.len() < 8 || compact.len() > 9 {
                return false;
            }
            place.copy_from_slice(&compact);
            digits::<9>(&padded).is_some_and(|found| luhn(&found) && number(&found) > 0)
        },
        &["israeli id", "t.z", "teudat zehut", "תעודת זהות", "ת.ז"],
    ),
    identifier(
        "EG_NATIONAL_ID",
        "Egyptian national number",
        Pattern(r"[23][0-9]{13}"),
        |text| {
            digits::<14>(text).is_some_and(|found| {
                let [century, a, b, c, d, e, f, g, h, ..] = found;
                let year = if century == 2 { 1900 } else { 2000 } + two(a, b);
                is_date(year, two(c, d), two(e, f)) && matches!(two(g, h), 1..=35 | 88)
            })
        },
        &["egyptian id", "national id", "الرقم القومي"],
    ),
];

fn dni_letter(number: u64) -> Option<u8> {
    let place = usize::try_from(number % 23).ok()?;
    b"TRWAGMYFPDXBNJZSQVHLCKE".get(place).copied()
}

fn is_cif(text: &[u8]) -> bool {
    let Some([kind, head @ .., check]) = letters::<9>(text) else {
        return false;
    };
    let Some(found) = digits::<7>(&head) else {
        return false;
    };
    let with_zero: Vec<u8> = found.iter().copied().chain([0]).collect();
    // The digit that would make it a number of Luhn.
    let Some(digit) = (0..10_u8).find(|digit| {
        let mut whole = with_zero.clone();
        if let Some(place) = whole.last_mut() {
            *place = *digit;
        }
        luhn(&whole)
    }) else {
        return false;
    };
    // Which kinds of bodies have a digit and which a letter is not settled: either counts.
    let letter = b"JABCDEFGHI".get(usize::from(digit)).copied();
    b"ABCDEFGHJNPQRSUVW".contains(&kind) && (check == b'0' + digit || Some(check) == letter)
}

fn is_codice_fiscale(text: &[u8]) -> bool {
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let Some(compact) = Compact::of(text) else {
        return false;
    };
    let Some((check, head)) = compact.as_bytes().split_last() else {
        return false;
    };
    let value = |byte: u8| match byte {
        b'0'..=b'9' => byte - b'0',
        _ => byte - b'A',
    };
    let sum: u32 = head
        .iter()
        .enumerate()
        .map(|(place, byte)| {
            let value = value(*byte);
            if place % 2 == 0 {
                ODD.get(usize::from(value)).copied().unwrap_or(0)
            } else {
                u32::from(value)
            }
        })
        .sum();
    // Letters stand for digits where two codes would be the same.
    let digit = |byte: Option<&u8>| {
        byte.and_then(|byte| match byte {
            b'0'..=b'9' => Some(u32::from(byte - b'0')),
            byte => b"LMNPQRSTUV"
                .iter()
                .position(|letter| letter == byte)
                .and_then(|place| u32::try_from(place).ok()),
        })
    };
    let month = head
        .get(8)
        .and_then(|byte| b"ABCDEHLMPRST".iter().position(|letter| letter == byte));
    let date = [6, 7, 9, 10].map(|place| digit(head.get(place)));
    let ([Some(a), Some(b), Some(c), Some(d)], Some(month)) = (date, month) else {
        return false;
    };
    let day = (c * 10 + d) % 40;
    let month = u32::try_from(month + 1).unwrap_or(0);
    head.len() == 15
        && c * 10 + d < 72
        && is_short_date(a * 10 + b, month, day)
        && sum % 26 == u32::from(check.wrapping_sub(b'A'))
}
