//! Asia, Africa and Oceania.

use crate::catalogue::kind::Shape::Pattern;
use crate::catalogue::{IdentifierType, identifier};
use crate::check::date::{is_date, is_short_date, two};
use crate::check::{digits, last, letters, luhn, number, sum, uniform, value36, verhoeff};

pub(in crate::catalogue) const ENTRIES: &[IdentifierType] = &[
    identifier(
        "IN_AADHAAR",
        "Indian identity number",
        Pattern(r"[2-9][0-9]{3}[ \-]?[0-9]{4}[ \-]?[0-9]{4}"),
        |text| {
            digits::<12>(text).is_some_and(|found| {
                let mut turned = found;
                turned.reverse();
                found != turned && verhoeff(&found) && !matches!(found, [0 | 1, ..])
            })
        },
        &["aadhaar", "aadhar", "uid", "uidai", "आधार"],
    ),
    identifier(
        "IN_PAN",
        "Indian tax account number",
        Pattern(r"(?i)[A-Z]{3}[ABCEFGHJKLPT][A-Z][0-9]{4}[A-Z]"),
        |text| {
            letters::<10>(text)
                .and_then(|found| digits::<4>(found.get(5..9)?))
                .is_some_and(|found| number(&found) > 0)
        },
        &["income tax", "pan", "pan card", "permanent account number"],
    ),
    identifier(
        "IN_GSTIN",
        "Indian sales tax number",
        Pattern(r"(?i)[0-9]{2}[A-Z]{3}[ABCEFGHJKLPT][A-Z][0-9]{4}[A-Z][1-9A-Z]Z[0-9A-Z]"),
        is_gstin,
        &["gst", "gstin"],
    )
    .alone(),
    identifier(
        "CN_RESIDENT_ID",
        "Chinese identity number",
        Pattern(r"(?i)[1-8][0-9]{16}[0-9X]"),
        is_ric,
        &["identity card", "resident id", "身份证", "身份證"],
    )
    .alone(),
    identifier(
        "JP_MY_NUMBER",
        "Japanese individual number",
        Pattern(r"[0-9]{4}[ \-]?[0-9]{4}[ \-]?[0-9]{4}"),
        |text| {
            digits::<12>(text).is_some_and(|found| {
                let rest = sum(&found, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
                !uniform(&found) && (if rest <= 1 { 0 } else { 11 - rest }) == last(&found)
            })
        },
        &[
            "individual number",
            "my number",
            "mynumber",
            "マイナンバー",
            "個人番号",
        ],
    ),
    identifier(
        "KR_RRN",
        "Korean resident registration number",
        Pattern(r"[0-9]{6}-?[0-9]{7}"),
        |text| {
            digits::<13>(text).is_some_and(|found| {
                let [a, b, c, d, e, f, ..] = found;
                let check = (11 - sum(&found, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10;
                is_short_date(two(a, b), two(c, d), two(e, f)) && check == last(&found)
            })
        },
        &["resident registration", "rrn", "주민등록번호", "주민번호"],
    )
    .punctuated(),
    identifier(
        "TH_PIN",
        "Thai identity number",
        Pattern(r"[1-9][ \-]?[0-9]{4}[ \-]?[0-9]{5}[ \-]?[0-9]{2}[ \-]?[0-9]"),
        |text| {
            digits::<13>(text).is_some_and(|found| {
                let rest = sum(&found, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
                !matches!(found, [0 | 9, ..]) && (11 - rest) % 10 == last(&found)
            })
        },
        &["national id", "thai id", "เลขประจำตัวประชาชน", "บัตรประชาชน"],
    ),
    identifier(
        "SG_NRIC",
        "Singaporean identity number",
        Pattern(r"[STFGM][0-9]{7}[A-Z]"),
        is_nric,
        &["fin", "nric", "uin"],
    )
    .alone(),
    identifier(
        "MY_NRIC",
        "Malaysian identity number",
        Pattern(r"[0-9]{6}-?[0-9]{2}-?[0-9]{4}"),
        |text| {
            digits::<12>(text).is_some_and(|found| {
                let [a, b, c, d, e, f, g, h, ..] = found;
                let place = matches!(two(g, h),
                1..=16 | 21..=68 | 71 | 72 | 74..=79 | 82..=93 | 98 | 99);
                place && is_short_date(two(a, b), two(c, d), two(e, f))
            })
        },
        &["ic number", "kad pengenalan", "mykad", "nric", "no ic"],
    ),
    identifier(
        "ID_NIK",
        "Indonesian identity number",
        Pattern(r"[1-9][0-9]{15}"),
        |text| {
            digits::<16>(text).is_some_and(|found| {
                let [_, _, _, _, _, _, a, b, c, d, e, f, ..] = found;
                let day = two(a, b);
                is_short_date(two(e, f), two(c, d), if day > 40 { day - 40 } else { day })
            })
        },
        &["ktp", "nik", "nomor induk"],
    ),
    identifier(
        "PK_CNIC",
        "Pakistani identity number",
        Pattern(r"[1-7][0-9]{4}-?[0-9]{7}-?[1-9]"),
        |text| digits::<13>(text).is_some_and(|found| !uniform(&found)),
        &["cnic", "nadra", "nicop"],
    ),
    identifier(
        "TW_ID",
        "Taiwanese identity number",
        Pattern(r"[A-Z][1289][0-9]{8}"),
        is_tw_id,
        &["national id", "taiwan id", "身分證", "統一編號"],
    ),
    identifier(
        "HK_ID",
        "Hong Kong identity card",
        Pattern(r"[A-Z]{1,2}[0-9]{6}\(?[0-9A]\)?"),
        is_hkid,
        &["hkid", "hong kong id", "identity card", "身份證"],
    ),
    identifier(
        "ZA_ID",
        "South African identity number",
        Pattern(r"[0-9]{6} ?[0-9]{4} ?[01][0-9] ?[0-9]"),
        |text| {
            digits::<13>(text).is_some_and(|found| {
                let [a, b, c, d, e, f, ..] = found;
                let citizen = found.get(10);
                is_short_date(two(a, b), two(c, d), two(e, f))
                    && matches!(citizen, Some(0 | 1))
                    && luhn(&found)
            })
        },
        &["id number", "identity number", "said", "sa id"],
    ),
    identifier(
        "NG_NIN",
        "Nigerian identity number",
        Pattern(r"[1-9][0-9]{10}"),
        |text| digits::<11>(text).is_some_and(|found| !uniform(&found)),
        &["national identification number", "nigerian", "nimc", "nin"],
    )
    .ranked(30),
    identifier(
        "AU_TFN",
        "Australian tax file number",
        Pattern(r"[0-9]{3}[ \-]?[0-9]{3}[ \-]?[0-9]{2,3}"),
        |text| {
            let nine = digits::<9>(text).is_some_and(|found| {
                sum(&found, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11) && number(&found) > 0
            });
            let eight = digits::<8>(text).is_some_and(|found| {
                sum(&found, &[10, 7, 8, 4, 6, 3, 5, 1]).is_multiple_of(11) && number(&found) > 0
            });
            nine || eight
        },
        &["tax file", "tfn"],
    ),
    identifier(
        "AU_ABN",
        "Australian business number",
        Pattern(r"[1-9][0-9] ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}"),
        |text| {
            digits::<11>(text).is_some_and(|found| {
                let weighted = sum(&found, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
                !matches!(found, [0, ..]) && weighted % 89 == 10
            })
        },
        &["abn", "business number"],
    ),
    identifier(
        "AU_ACN",
        "Australian company number",
        Pattern(r"[0-9]{3} ?[0-9]{3} ?[0-9]{3}"),
        |text| {
            digits::<9>(text).is_some_and(|found| {
                (10 - sum(&found, &[8, 7, 6, 5, 4, 3, 2, 1]) % 10) % 10 == last(&found)
            })
        },
        &["acn", "company number"],
    ),
    identifier(
        "AU_MEDICARE",
        "Australian Medicare card",
        Pattern(r"[2-6][0-9]{3}[ \-]?[0-9]{5}[ \-]?[0-9]([ \-/]?[0-9])?"),
        |text| {
            let found: Vec<u8> = text
                .iter()
                .filter(|byte| byte.is_ascii_digit())
                .map(|byte| byte - b'0')
                .collect();
            let check = found.get(8).map(|digit| u32::from(*digit));
            matches!(found.len(), 10 | 11)
                && Some(sum(&found, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10) == check
        },
        &["medicare"],
    ),
    identifier(
        "NZ_IRD",
        "New Zealand tax number",
        Pattern(r"[0-9]{2,3}[ \-]?[0-9]{3}[ \-]?[0-9]{3}"),
        is_ird,
        &["inland revenue", "ird"],
    ),
];

fn is_gstin(text: &[u8]) -> bool {
    let Some([head @ .., check]) = letters::<15>(text) else {
        return false;
    };
    // ISO 7064-like, over base 36: every second value is doubled.
    let sum: u32 = head
        .iter()
        .enumerate()
        .map(|(place, byte)| {
            let product = value36(*byte).unwrap_or(0) * if place % 2 == 0 { 1 } else { 2 };
            product / 36 + product % 36
        })
        .sum();
    let state = head.get(..2).and_then(digits::<2>);
    let known = state.is_some_and(|[high, low]| matches!(two(high, low), 1..=38 | 97 | 99));
    known && value36(check) == Some((36 - sum % 36) % 36)
}

fn is_ric(text: &[u8]) -> bool {
    let Some((check, head)) = text.split_last() else {
        return false;
    };
    digits::<17>(head).is_some_and(|found| {
        let [_, _, _, _, _, _, a, b, c, d, e, f, g, h, ..] = found;
        let sum = sum(
            &found,
            &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2],
        ) % 11;
        let expected = b"10X98765432".get(usize::try_from(sum).unwrap_or(0));
        let year = two(a, b) * 100 + two(c, d);
        (1850..=2099).contains(&year)
            && is_date(year, two(e, f), two(g, h))
            && expected == Some(&check.to_ascii_uppercase())
    })
}

fn is_nric(text: &[u8]) -> bool {
    let Some([series, head @ .., check]) = letters::<9>(text) else {
        return false;
    };
    digits::<7>(&head).is_some_and(|found| {
        let added = match series {
            b'T' | b'G' => 4,
            b'M' => 3,
            _ => 0,
        };
        let rest = (sum(&found, &[2, 7, 6, 5, 4, 3, 2]) + added) % 11;
        let signs: &[u8] = match series {
            b'S' | b'T' => b"JZIHGFEDCBA",
            b'M' => b"XWUTRQPNJLK",
            _ => b"XWUTRQPNMLK",
        };
        signs.get(usize::try_from(rest).unwrap_or(0)) == Some(&check)
    })
}

fn is_tw_id(text: &[u8]) -> bool {
    let Some((letter, rest)) = text.split_first() else {
        return false;
    };
    let place = b"ABCDEFGHJKLMNPQRSTUVXYWZIO"
        .iter()
        .position(|known| known == letter);
    let (Some(place), Some(found)) = (place, digits::<9>(rest)) else {
        return false;
    };
    let value = u32::try_from(place + 10).unwrap_or(0);
    let total = value / 10 + value % 10 * 9 + sum(&found, &[8, 7, 6, 5, 4, 3, 2, 1, 1]);
    total.is_multiple_of(10)
}

fn is_hkid(text: &[u8]) -> bool {
    let compact: Vec<u8> = text
        .iter()
        .copied()
        .filter(u8::is_ascii_alphanumeric)
        .collect();
    let Some((check, head)) = compact.split_last() else {
        return false;
    };
    let padded: Vec<u32> = match head.len() {
        7 => std::iter::once(36)
            .chain(head.iter().filter_map(|byte| value36(*byte)))
            .collect(),
        8 => head.iter().filter_map(|byte| value36(*byte)).collect(),
        _ => return false,
    };
    let total: u32 = padded
        .iter()
        .zip((2..=9).rev())
        .map(|(value, weight)| value * weight)
        .sum();
    let check = value36(*check).unwrap_or(11);
    text.contains(&b'(') == text.contains(&b')') && (total + check).is_multiple_of(11)
}

fn is_ird(text: &[u8]) -> bool {
    let found = digits::<9>(text).or_else(|| {
        let [a, b, c, d, e, f, g, h] = digits::<8>(text)?;
        Some([0, a, b, c, d, e, f, g, h])
    });
    found.is_some_and(|found| {
        let check = |weights: &[u32]| (11 - sum(&found, weights) % 11) % 11;
        let first = check(&[3, 2, 7, 6, 5, 4, 3, 2]);
        let expected = if first == 10 {
            check(&[7, 4, 3, 2, 5, 2, 7, 6])
        } else {
            first
        };
        (10_000_000..=150_000_000).contains(&number(&found)) && expected == last(&found)
    })
}
