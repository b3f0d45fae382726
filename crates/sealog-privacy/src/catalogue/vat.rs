//! Numbers of value added tax, with the prefix of their country.

use super::kind::Shape::Pattern;
use super::{IdentifierType, identifier};
use crate::check::{digits, last, luhn, mod11_10, mod97, number, sum};

const WORDS: &[&str] = &[
    "btw", "iva", "mwst", "tva", "ust", "ust-idnr", "vat", "moms",
];

/// A number that its prefix and its check digits make one.
const fn vat(
    id: &'static str,
    name: &'static str,
    pattern: &'static str,
    check: fn(&[u8]) -> bool,
) -> IdentifierType {
    identifier(id, name, Pattern(pattern), check, WORDS)
        .alone()
        .ranked(55)
}

pub(super) const ENTRIES: &[IdentifierType] = &[
    vat("AT_VAT", "Austrian VAT number", r"ATU ?[0-9]{8}", |text| {
        digits_of::<8>(text, 3).is_some_and(|found| {
            let total: u32 = found
                .iter()
                .take(7)
                .enumerate()
                .map(|(place, digit)| {
                    let product = u32::from(*digit) * if place % 2 == 0 { 1 } else { 2 };
                    product / 10 + product % 10
                })
                .sum();
            (106 - total % 10) % 10 == last(&found)
        })
    }),
    vat(
        "BE_VAT",
        "Belgian VAT number",
        r"BE ?[01][0-9]{3}\.?[0-9]{3}\.?[0-9]{3}",
        |text| {
            digits_of::<10>(text, 2).is_some_and(|found| {
                let (head, check) = found.split_at(8);
                number(head) > 0 && (number(head) + number(check)).is_multiple_of(97)
            })
        },
    ),
    vat(
        "DE_VAT",
        "German VAT number",
        r"DE ?[1-9][0-9]{8}",
        |text| digits_of::<9>(text, 2).is_some_and(|found| mod11_10(&found)),
    ),
    vat(
        "DK_VAT",
        "Danish VAT number",
        r"DK ?[1-9][0-9]{7}",
        |text| {
            digits_of::<8>(text, 2)
                .is_some_and(|found| sum(&found, &[2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11))
        },
    ),
    vat("EE_VAT", "Estonian VAT number", r"EE ?[0-9]{9}", |text| {
        digits_of::<9>(text, 2)
            .is_some_and(|found| sum(&found, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10))
    }),
    vat("FI_VAT", "Finnish VAT number", r"FI ?[0-9]{8}", |text| {
        digits_of::<8>(text, 2)
            .is_some_and(|found| sum(&found, &[7, 9, 10, 5, 8, 4, 2, 1]).is_multiple_of(11))
    }),
    vat(
        "FR_VAT",
        "French VAT number",
        r"FR ?[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}",
        |text| {
            digits_of::<11>(text, 2).is_some_and(|found| {
                let (check, siren) = found.split_at(2);
                let post = siren.starts_with(&[0, 0, 0]);
                (luhn(siren) || post) && number(&[siren, &[1, 2]].concat()) % 97 == number(check)
            })
        },
    ),
    vat(
        "GB_VAT",
        "British VAT number",
        r"GB ?[0-9]{3} ?[0-9]{4} ?[0-9]{2}",
        |text| {
            digits_of::<9>(text, 2).is_some_and(|found| {
                let rest = sum(&found, &[8, 7, 6, 5, 4, 3, 2, 10, 1]) % 97;
                // Numbers below 100 000 000 were given out before there were two more ways to count.
                rest == 0 || (found.first() != Some(&0) && matches!(rest, 42 | 55))
            })
        },
    ),
    vat("GR_VAT", "Greek VAT number", r"(EL|GR) ?[0-9]{9}", |text| {
        digits_of::<9>(text, 2).is_some_and(|found| {
            sum(&found, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == last(&found)
                && number(&found) > 0
        })
    }),
    vat("HR_VAT", "Croatian VAT number", r"HR ?[0-9]{11}", |text| {
        digits_of::<11>(text, 2).is_some_and(|found| mod11_10(&found))
    }),
    vat("HU_VAT", "Hungarian VAT number", r"HU ?[0-9]{8}", |text| {
        digits_of::<8>(text, 2)
            .is_some_and(|found| sum(&found, &[9, 7, 3, 1, 9, 7, 3, 1]).is_multiple_of(10))
    }),
    vat("IT_VAT", "Italian VAT number", r"IT ?[0-9]{11}", |text| {
        digits_of::<11>(text, 2).is_some_and(|found| {
            let province = found.get(7..10).map_or(0, number);
            luhn(&found)
                && number(found.split_at(7).0) > 0
                && matches!(province, 1..=100 | 120 | 121 | 888 | 999)
        })
    }),
    vat(
        "LU_VAT",
        "Luxembourgish VAT number",
        r"LU ?[0-9]{8}",
        |text| {
            digits_of::<8>(text, 2).is_some_and(|found| {
                let (head, check) = found.split_at(6);
                number(head) % 89 == number(check)
            })
        },
    ),
    vat(
        "MT_VAT",
        "Maltese VAT number",
        r"MT ?[1-9][0-9]{7}",
        |text| {
            digits_of::<8>(text, 2)
                .is_some_and(|found| sum(&found, &[3, 4, 6, 7, 8, 9, 10, 1]).is_multiple_of(37))
        },
    ),
    vat(
        "NL_VAT",
        "Dutch VAT number",
        r"NL ?[0-9]{9}B[0-9]{2}",
        |text| {
            let compact: Vec<u8> = text
                .iter()
                .copied()
                .filter(u8::is_ascii_alphanumeric)
                .collect();
            let found = compact.get(2..11).and_then(digits::<9>);
            let of_company = found.is_some_and(|found| {
                (sum(&found, &[9, 8, 7, 6, 5, 4, 3, 2]) + 10 * last(&found)).is_multiple_of(11)
                    && number(&found) > 0
            });
            of_company || mod97(compact) == Some(1)
        },
    ),
    vat(
        "PL_VAT",
        "Polish VAT number",
        r"PL ?[0-9]{3}-?[0-9]{3}-?[0-9]{2}-?[0-9]{2}",
        |text| {
            digits_of::<10>(text, 2)
                .is_some_and(|found| sum(&found, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == last(&found))
        },
    ),
    vat(
        "PT_VAT",
        "Portuguese VAT number",
        r"PT ?[1-9][0-9]{8}",
        |text| {
            digits_of::<9>(text, 2).is_some_and(|found| {
                (11 - sum(&found, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 % 10 == last(&found)
            })
        },
    ),
    vat("SE_VAT", "Swedish VAT number", r"SE ?[0-9]{10}01", |text| {
        digits_of::<12>(text, 2).is_some_and(|found| luhn(found.split_at(10).0))
    }),
    vat(
        "SI_VAT",
        "Slovenian VAT number",
        r"SI ?[1-9][0-9]{7}",
        |text| {
            digits_of::<8>(text, 2).is_some_and(|found| {
                let check = match 11 - sum(&found, &[8, 7, 6, 5, 4, 3, 2]) % 11 {
                    10 => 0,
                    check => check,
                };
                check == last(&found)
            })
        },
    ),
    vat(
        "SK_VAT",
        "Slovak VAT number",
        r"SK ?[1-9][0-9][2-47-9][0-9]{7}",
        |text| digits_of::<10>(text, 2).is_some_and(|found| number(&found).is_multiple_of(11)),
    ),
];

/// The digits after a prefix of so many letters.
fn digits_of<const N: usize>(text: &[u8], prefix: usize) -> Option<[u8; N]> {
    digits::<N>(text.get(prefix..)?)
}
