//! Northern Europe and the Baltic states.

use crate::catalogue::kind::Shape::Pattern;
use crate::catalogue::{IdentifierType, identifier};
use crate::check::date::{is_date, is_short_date, two};
use crate::check::{digits, last, luhn, number, sum};

pub(in crate::catalogue) const ENTRIES: &[IdentifierType] = &[
    identifier(
        "SE_PERSONNUMMER",
        "Swedish personal number",
        Pattern(r"([0-9]{2})?[0-9]{6}[\-+]?[0-9]{4}"),
        |text| {
            let found: Option<[u8; 10]> =
                digits::<10>(text).or_else(|| digits::<12>(text).map(|[_, _, rest @ ..]| rest));
            found.is_some_and(|found| {
                let [a, b, c, d, e, f, ..] = found;
                let day = two(e, f);
                is_short_date(two(a, b), two(c, d), if day > 60 { day - 60 } else { day })
                    && luhn(&found)
            })
        },
        &["personnr", "personnummer", "samordningsnummer", "pnr"],
    )
    .punctuated(),
    identifier(
        "NO_FODSELSNUMMER",
        "Norwegian birth number",
        Pattern(r"[0-9]{6} ?[0-9]{5}"),
        |text| {
            digits::<11>(text).is_some_and(|found| {
                let [a, b, c, d, e, f, .., first, second] = found;
                let (day, month) = (two(a, b), two(c, d));
                let day = if day > 40 { day - 40 } else { day };
                let month = match month {
                    81.. => month - 80,
                    41..=80 => month - 40,
                    month => month,
                };
                let check = |sum: u32| (11 - sum % 11) % 11;
                is_short_date(two(e, f), month, day)
                    && check(sum(&found, &[3, 7, 6, 1, 8, 9, 4, 5, 2])) == u32::from(first)
                    && check(sum(&found, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2])) == u32::from(second)
            })
        },
        &[
            "d-nummer",
            "fødselsnummer",
            "fodselsnummer",
            "personnummer",
            "fnr",
        ],
    ),
    identifier(
        "DK_CPR",
        "Danish personal number",
        Pattern(r"[0-9]{6}[ \-]?[0-9]{4}"),
        // The check digit is not used any more since 2007: a date is all that can be checked.
        |text| {
            digits::<10>(text).is_some_and(|found| {
                let [a, b, c, d, e, f, ..] = found;
                let day = two(a, b);
                is_short_date(two(e, f), two(c, d), if day > 60 { day - 60 } else { day })
            })
        },
        &["cpr", "cpr-nr", "cpr-nummer", "personnummer"],
    ),
    identifier(
        "FI_HETU",
        "Finnish personal identity code",
        Pattern(r"(?i)[0-9]{6}[\-+A-FU-Y][0-9]{3}[0-9A-Y]"),
        is_hetu,
        &["henkilötunnus", "henkilotunnus", "hetu", "personbeteckning"],
    )
    .alone(),
    identifier(
        "IS_KENNITALA",
        "Icelandic identification number",
        Pattern(r"[0-9]{6}[ \-]?[0-9]{4}"),
        |text| {
            digits::<10>(text).is_some_and(|found| {
                let [a, b, c, d, e, f, .., century] = found;
                let day = two(a, b);
                let day = if day > 40 { day - 40 } else { day };
                let sum = sum(&found, &[3, 2, 7, 6, 5, 4, 3, 2, 1, 0]);
                // Nobody born before 1900 lives: their numbers end in 8.
                let year = match century {
                    9 => 1900,
                    0 => 2000,
                    _ => return false,
                };
                is_date(year + two(e, f), two(c, d), day) && sum.is_multiple_of(11)
            })
        },
        &["kennitala", "kt"],
    ),
    identifier(
        "EE_ISIKUKOOD",
        "Estonian personal code",
        Pattern(r"[1-8][0-9]{10}"),
        is_baltic,
        &["id code", "isikukood", "personal code"],
    ),
    identifier(
        "LT_ASMENS_KODAS",
        "Lithuanian personal code",
        Pattern(r"[1-9][0-9]{10}"),
        is_baltic,
        &["a.k", "asmens kodas", "asmens", "personal code"],
    ),
    identifier(
        "LV_PERSONAS_KODS",
        "Latvian personal code",
        Pattern(r"[0-9]{6}-?[0-9]{5}"),
        |text| {
            digits::<11>(text).is_some_and(|found| {
                let [a, b, c, d, e, f, ..] = found;
                let rest = 1 + sum(&found, &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9]);
                let check = rest % 11 % 10;
                let new = (two(a, b) == 32) && number(&found) > 0;
                new || (is_short_date(two(e, f), two(c, d), two(a, b)) && check == last(&found))
            })
        },
        &["p.k", "personas kods", "personas"],
    )
    .punctuated(),
];

fn is_hetu(text: &[u8]) -> bool {
    letters_with_sign(text).is_some_and(|(found, check)| {
        let [a, b, c, d, e, f, rest @ ..] = found;
        let expected = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
        let place = usize::try_from(number(&found) % 31).unwrap_or(0);
        is_short_date(two(e, f), two(c, d), two(a, b))
            && number(&rest) >= 2
            && expected.get(place) == Some(&check)
    })
}

/// The nine digits around the sign of the century, and the check sign.
fn letters_with_sign(text: &[u8]) -> Option<([u8; 9], u8)> {
    let (date, rest) = text.split_first_chunk::<6>()?;
    let (check, rest) = rest.split_last()?;
    let joined: Vec<u8> = date.iter().chain(rest.get(1..)?).copied().collect();
    Some((digits::<9>(&joined)?, check.to_ascii_uppercase()))
}

/// Estonia and Lithuania: century and sex, date, number, and a check digit of two tries.
fn is_baltic(text: &[u8]) -> bool {
    digits::<11>(text).is_some_and(|found| {
        let [_, a, b, c, d, e, f, ..] = found;
        let first = sum(&found, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
        let second = sum(&found, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11;
        let check = if first < 10 { first } else { second % 10 };
        is_short_date(two(a, b), two(c, d), two(e, f)) && check == last(&found)
    })
}
