//! Central and eastern Europe.

use crate::catalogue::kind::Shape::Pattern;
use crate::catalogue::{IdentifierType, identifier};
use crate::check::date::{is_date, is_short_date, two};
use crate::check::{digits, last, mod11_10, number, sum, uniform, value36};

pub(in crate::catalogue) const ENTRIES: &[IdentifierType] = &[
    identifier(
        "DE_STEUER_ID",
        "German tax identification number",
        Pattern(r"[1-9][0-9] ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}"),
        is_idnr,
        &[
            "idnr",
            "identifikationsnummer",
            "steuer-id",
            "steueridentifikationsnummer",
            "steuerliche",
            "tin",
            "steuer id",
        ],
    ),
    identifier(
        "DE_RVNR",
        "German pension insurance number",
        Pattern(r"(?i)[0-9]{2} ?[0-9]{6} ?[A-Z] ?[0-9]{3}"),
        is_rvnr,
        &[
            "rentenversicherung",
            "rentenversicherungsnummer",
            "rvnr",
            "sozialversicherungsnummer",
            "sv-nummer",
            "versicherungsnummer",
        ],
    ),
    identifier(
        "DE_KVNR",
        "German health insurance number",
        Pattern(r"[A-Z][0-9]{9}"),
        |text| {
            let Some((letter, rest)) = text.split_first() else {
                return false;
            };
            digits::<9>(rest).is_some_and(|found| {
                let value = letter.wrapping_sub(b'A') + 1;
                let mut whole = vec![value / 10, value % 10];
                whole.extend(found.iter().take(8));
                let sum: u32 = whole
                    .iter()
                    .enumerate()
                    .map(|(place, digit)| {
                        let product = u32::from(*digit) * if place % 2 == 0 { 1 } else { 2 };
                        product / 10 + product % 10
                    })
                    .sum();
                sum % 10 == last(&found)
            })
        },
        &[
            "krankenversichertennummer",
            "kvnr",
            "versichertennummer",
            "krankenkasse",
        ],
    ),
    identifier(
        "DE_PERSONALAUSWEIS",
        "German identity card",
        Pattern(r"[LMNPRTVWXY][0-9CFGHJKLMNPRTVWXYZ]{8}[0-9]"),
        |text| {
            let Some((check, head)) = text.split_last() else {
                return false;
            };
            let weights = [7, 3, 1].into_iter().cycle();
            let sum: u32 = head
                .iter()
                .zip(weights)
                .map(|(byte, weight)| value36(*byte).unwrap_or(0) * weight)
                .sum();
            sum % 10 == u32::from(check.wrapping_sub(b'0'))
        },
        &["ausweis", "ausweisnummer", "personalausweis", "perso"],
    ),
    identifier(
        "AT_VNR",
        "Austrian insurance number",
        Pattern(r"[1-9][0-9]{3} ?[0-9]{6}"),
        |text| {
            digits::<10>(text).is_some_and(|found| {
                let [a, b, c, check, rest @ ..] = found;
                a != 0
                    && (sum(&[a, b, c], &[3, 7, 9]) + sum(&rest, &[5, 8, 4, 2, 1, 6])) % 11
                        == u32::from(check)
            })
        },
        &[
            "sozialversicherungsnummer",
            "svnr",
            "sv-nummer",
            "versicherungsnummer",
            "vnr",
        ],
    ),
    identifier(
        "CH_AHV",
        "Swiss social security number",
        Pattern(r"756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}"),
        |text| digits::<13>(text).is_some_and(|found| is_ean(&found)),
        &["ahv", "ahv-nummer", "avs", "navs"],
    )
    .alone(),
    identifier(
        "PL_PESEL",
        "Polish population number",
        Pattern(r"[0-9]{11}"),
        |text| {
            digits::<11>(text).is_some_and(|found| {
                let [a, b, c, d, e, f, ..] = found;
                let month = two(c, d);
                let century = match month / 20 {
                    0 => 1900,
                    1 => 2000,
                    2 => 2100,
                    3 => 2200,
                    _ => 1800,
                };
                let check = (10 - sum(&found, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10) % 10;
                is_date(century + two(a, b), month % 20, two(e, f)) && check == last(&found)
            })
        },
        &["pesel"],
    ),
    identifier(
        "PL_NIP",
        "Polish tax number",
        Pattern(r"[0-9]{3}-?[0-9]{3}-?[0-9]{2}-?[0-9]{2}"),
        |text| {
            digits::<10>(text).is_some_and(|found| {
                sum(&found, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == last(&found) && number(&found) > 0
            })
        },
        &["nip"],
    ),
    identifier(
        "PL_REGON",
        "Polish company number",
        Pattern(r"[0-9]{9}"),
        |text| {
            digits::<9>(text).is_some_and(|found| {
                sum(&found, &[8, 9, 2, 3, 4, 5, 6, 7]) % 11 % 10 == last(&found)
            })
        },
        &["regon"],
    ),
    identifier(
        "CZ_RODNE_CISLO",
        "Czech and Slovak birth number",
        Pattern(r"[0-9]{6}/?[0-9]{3,4}"),
        is_rodne_cislo,
        &[
            "birth number",
            "rodne cislo",
            "rodné číslo",
            "r. č.",
            "r.č.",
            "rč",
            "rc",
        ],
    )
    .punctuated(),
    identifier(
        "HU_ADOAZONOSITO",
        "Hungarian tax number of a person",
        Pattern(r"8[0-9]{9}"),
        |text| {
            digits::<10>(text)
                .is_some_and(|found| sum(&found, &[1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11 == last(&found))
        },
        &["adoazonosito", "adóazonosító", "adószám"],
    ),
    identifier(
        "HU_TAJ",
        "Hungarian social security number",
        Pattern(r"[0-9]{3}[ \-]?[0-9]{3}[ \-]?[0-9]{3}"),
        |text| {
            digits::<9>(text).is_some_and(|found| {
                sum(&found, &[3, 7, 3, 7, 3, 7, 3, 7]) % 10 == last(&found) && !uniform(&found)
            })
        },
        &["taj", "taj szám"],
    ),
    identifier(
        "RO_CNP",
        "Romanian personal number",
        Pattern(r"[1-9][0-9]{12}"),
        |text| {
            digits::<13>(text).is_some_and(|found| {
                let [first, a, b, c, d, e, f, g, h, ..] = found;
                let check = sum(&found, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
                let county = two(g, h);
                first != 0
                    && is_short_date(two(a, b), two(c, d), two(e, f))
                    && matches!(county, 1..=48 | 51 | 52 | 70 | 80..=83)
                    && (if check == 10 { 1 } else { check }) == last(&found)
            })
        },
        &["cnp", "cod numeric personal"],
    ),
    identifier(
        "BG_EGN",
        "Bulgarian personal number",
        Pattern(r"[0-9]{10}"),
        |text| {
            digits::<10>(text).is_some_and(|found| {
                let [a, b, c, d, e, f, ..] = found;
                let month = two(c, d);
                let (century, month) = match month {
                    41.. => (2000, month - 40),
                    21..=40 => (1800, month - 20),
                    month => (1900, month),
                };
                is_date(century + two(a, b), month, two(e, f))
                    && sum(&found, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == last(&found)
            })
        },
        &["egn", "егн"],
    ),
    identifier(
        "HR_OIB",
        "Croatian personal number",
        Pattern(r"[0-9]{11}"),
        |text| digits::<11>(text).is_some_and(|found| mod11_10(&found)),
        &["oib"],
    ),
    identifier(
        "SI_EMSO",
        "personal number of Slovenia and its neighbours",
        Pattern(r"[0-9]{13}"),
        |text| {
            digits::<13>(text).is_some_and(|found| {
                let [a, b, c, d, e, f, g, ..] = found;
                let short = two(e, f) * 10 + u32::from(g);
                let year = if short < 800 {
                    2000 + short
                } else {
                    1000 + short
                };
                let check =
                    (11 - sum(&found, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11 % 10;
                is_date(year, two(c, d), two(a, b)) && check == last(&found)
            })
        },
        &["emso", "emšo", "jmbg", "matični broj", "мбр"],
    ),
    identifier(
        "RU_INN",
        "Russian tax number",
        Pattern(r"[0-9]{10}([0-9]{2})?"),
        is_inn,
        &["inn", "инн"],
    ),
    identifier(
        "RU_SNILS",
        "Russian insurance number",
        Pattern(r"[0-9]{3}[ \-]?[0-9]{3}[ \-]?[0-9]{3}[ \-]?[0-9]{2}"),
        |text| {
            digits::<11>(text).is_some_and(|found| {
                let (head, check) = found.split_at(9);
                let sum = u64::from(sum(head, &[9, 8, 7, 6, 5, 4, 3, 2, 1]));
                number(head) > 1_001_998 && sum % 101 % 100 == number(check)
            })
        },
        &["snils", "снилс"],
    ),
    identifier(
        "UA_RNTRC",
        "Ukrainian taxpayer number",
        Pattern(r"[0-9]{10}"),
        |text| {
            digits::<10>(text).is_some_and(|found| {
                let weights = [10, 5, 7, 9, 4, 6, 10, 5, 7];
                let [head @ .., check] = found;
                // The first weight is -1, which is 10 modulo 11.
                sum(&head, &weights) % 11 % 10 == u32::from(check)
            })
        },
        &["rntrc", "rnokpp", "ідентифікаційний код", "рнокпп", "іпн"],
    ),
];

fn is_ean(found: &[u8; 13]) -> bool {
    sum(found, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

/// Among the first ten digits one occurs twice or three times, all others once at most.
fn is_idnr(text: &[u8]) -> bool {
    digits::<11>(text).is_some_and(|found| {
        let (head, _) = found.split_at(10);
        let counts = (0..10_u8).map(|digit| memchr::memchr_iter(digit, head).count());
        let repeated: Vec<usize> = counts.filter(|count| *count > 1).collect();
        found.first() != Some(&0) && matches!(&*repeated, [2 | 3]) && mod11_10(&found)
    })
}

fn is_rvnr(text: &[u8]) -> bool {
    let compact: Vec<u8> = text
        .iter()
        .copied()
        .filter(u8::is_ascii_alphanumeric)
        .collect();
    let Some((head, rest)) = compact.split_first_chunk::<8>() else {
        return false;
    };
    let Some((letter, rest)) = rest.split_first() else {
        return false;
    };
    let (Some(head), Some(rest)) = (digits::<8>(head), digits::<3>(rest)) else {
        return false;
    };
    let value = letter.to_ascii_uppercase().wrapping_sub(b'A') + 1;
    let [.., c, d, e, f, g, h] = head;
    let [i, j, check] = rest;
    let whole: Vec<u8> = head
        .iter()
        .copied()
        .chain([value / 10, value % 10, i, j])
        .collect();
    let total: u32 = whole
        .iter()
        .zip([2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1])
        .map(|(digit, weight)| {
            let product = u32::from(*digit) * weight;
            product / 10 + product % 10
        })
        .sum();
    let day = two(c, d);
    is_short_date(two(g, h), two(e, f), if day > 50 { day - 50 } else { day })
        && total % 10 == u32::from(check)
}

fn is_rodne_cislo(text: &[u8]) -> bool {
    let dated = |found: &[u8], late: bool| {
        let [a, b, c, d, e, f, ..] = *found else {
            return false;
        };
        let (year, month) = (two(a, b), two(c, d));
        let year = if late && year < 54 {
            2000 + year
        } else {
            1900 + year
        };
        let month = match month {
            71.. => month - 70,
            51..=70 => month - 50,
            21..=50 => month - 20,
            month => month,
        };
        is_date(year, month, two(e, f))
    };
    if let Some(found) = digits::<10>(text) {
        let (head, _) = found.split_at(9);
        return dated(&found, true) && u64::from(last(&found)) == number(head) % 11 % 10;
    }
    // Nine digits until 1953, without a check digit.
    text.contains(&b'/')
        && digits::<9>(text)
            .is_some_and(|found| dated(&found, false) && found < [5, 4, 0, 0, 0, 0, 0, 0, 0])
}

fn is_inn(text: &[u8]) -> bool {
    if let Some(found) = digits::<10>(text) {
        return sum(&found, &[2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10 == last(&found)
            && number(&found) > 0;
    }
    digits::<12>(text).is_some_and(|found| {
        let [.., first, second] = found;
        sum(&found, &[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10 == u32::from(first)
            && sum(&found, &[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11 % 10 == u32::from(second)
            && number(&found) > 0
    })
}
