//! Western Europe: the British Isles, France, the Low Countries.

use crate::catalogue::kind::Shape::Pattern;
use crate::catalogue::{IdentifierType, identifier};
use crate::check::date::{is_date, is_short_date, two};
use crate::check::{Compact, digits, last, luhn, number, sum, uniform, verhoeff};

pub(in crate::catalogue) const ENTRIES: &[IdentifierType] = &[
    identifier(
        "GB_NHS",
        "number of the British health service",
        Pattern(r"[0-9]{3}[ \-]?[0-9]{3}[ \-]?[0-9]{4}"),
        |text| digits::<10>(text).is_some_and(|found| {
            (11 - sum(&found, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 == last(&found)
        }),
        &["health service", "national health", "nhs", "patient"],
    ),
    identifier(
        "GB_NINO",
        "British national insurance number",
        Pattern(r"(?i)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]"),
        |text| {
            let upper = text.to_ascii_uppercase();
            !["BG", "GB", "KN", "NK", "NT", "TN", "ZZ"].iter().any(|prefix| upper.starts_with(prefix.as_bytes()))
        },
        &["insurance", "national insurance", "ni number", "nino"],
    )
    .alone(),
    identifier(
        "GB_UTR",
        "British taxpayer reference",
        Pattern(r"(?i)[0-9]{5} ?[0-9]{5}K?"),
        |text| {
            let digits_only: Vec<u8> = text.iter().copied().filter(u8::is_ascii_digit).collect();
            digits::<10>(&digits_only).is_some_and(|found| {
                let [check, rest @ ..] = found;
                let sum = sum(&rest, &[6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11;
                b"21987654321".get(usize::try_from(sum).unwrap_or(0)) == Some(&(b'0' + check))
            })
        },
        &["self assessment", "taxpayer reference", "unique taxpayer", "utr"],
    ),
    identifier(
        "IE_PPS",
        "Irish public service number",
        Pattern(r"(?i)[0-9]{7}[A-W][A-IW]?"),
        is_pps,
        &["pps", "ppsn", "public service"],
    )
    .alone(),
    identifier(
        "FR_NIR",
        "French social security number",
        Pattern(r"(?i)[1-478][ \-]?[0-9]{2}[ \-]?[0-9]{2}[ \-]?[0-9][0-9AB][ \-]?[0-9]{3}[ \-]?[0-9]{3}[ \-]?[0-9]{2}"),
        is_nir,
        &["insee", "nir", "numéro de sécurité sociale", "securite sociale", "sécu", "sécurité sociale"],
    )
    .alone(),
    identifier(
        "FR_NIF",
        "French tax number of a person",
        Pattern(r"[0-3][0-9] ?[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}"),
        |text| digits::<13>(text).is_some_and(|found| {
            let (head, check) = found.split_at(10);
            matches!(found, [0..=3, ..]) && number(head) % 511 == number(check)
        }),
        &["fiscal", "impots", "impôts", "nif", "numéro fiscal", "spi"],
    ),
    identifier(
        "FR_SIREN",
        "French company number",
        Pattern(r"[0-9]{3} ?[0-9]{3} ?[0-9]{3}"),
        |text| digits::<9>(text).is_some_and(|found| luhn(&found) && !uniform(&found)),
        &["rcs", "siren", "sirene"],
    ),
    identifier(
        "FR_SIRET",
        "French number of an establishment",
        Pattern(r"[0-9]{3} ?[0-9]{3} ?[0-9]{3} ?[0-9]{5}"),
        |text| digits::<14>(text).is_some_and(|found| {
            let post = found.starts_with(&[3, 5, 6, 0, 0, 0, 0, 0, 0]) && last(&found) != 9;
            let total: u32 = found.iter().map(|digit| u32::from(*digit)).sum();
            let [company @ .., _, _, _, _, _] = found;
            luhn(&company) && (luhn(&found) || (post && total.is_multiple_of(5)))
        }),
        &["siret"],
    ),
    identifier(
        "NL_BSN",
        "Dutch citizen service number",
        Pattern(r"[0-9]{4}[. ]?[0-9]{2}[. ]?[0-9]{2,3}|[0-9]{3}[. ]?[0-9]{3}[. ]?[0-9]{3}"),
        |text| {
            let found = digits::<9>(text).or_else(|| {
                let [a, b, c, d, e, f, g, h] = digits::<8>(text)?;
                Some([0, a, b, c, d, e, f, g, h])
            });
            found.is_some_and(|found| {
                let sum = sum(&found, &[9, 8, 7, 6, 5, 4, 3, 2]) + 10 * last(&found);
                number(&found) > 0 && sum.is_multiple_of(11)
            })
        },
        &["burgerservicenummer", "bsn", "sofi", "sofinummer", "persoonsnummer"],
    ),
    identifier(
        "BE_NN",
        "Belgian national number",
        Pattern(r"[0-9]{2}[. ]?[0-9]{2}[. ]?[0-9]{2}[ \-.]?[0-9]{3}[ \-.]?[0-9]{2}"),
        is_be_nn,
        &["national number", "niss", "numéro national", "registre national", "rijksregister", "rijksregisternummer", "rrn", "insz"],
    )
    .punctuated(),
    identifier(
        "LU_MATRICULE",
        "Luxembourgish identification number",
        Pattern(r"[12][0-9]{3} ?[0-9]{2} ?[0-9]{2} ?[0-9]{5}"),
        |text| digits::<13>(text).is_some_and(|found| {
            let [a, b, c, d, e, f, g, h, ..] = found;
            let year = two(a, b) * 100 + two(c, d);
            let [head @ .., other] = found;
            let [first @ .., _] = head;
            let whole: Vec<u8> = first.iter().copied().chain([other]).collect();
            (1850..=2099).contains(&year)
                && is_date(year, two(e, f), two(g, h))
                && luhn(&head)
                && verhoeff(&whole)
        }),
        &["matricule", "cns", "identification"],
    ),
];

fn is_pps(text: &[u8]) -> bool {
    let Some(compact) = Compact::of(text) else {
        return false;
    };
    let Some((head, tail)) = compact.as_bytes().split_first_chunk::<7>() else {
        return false;
    };
    let Some(found) = digits::<7>(head) else {
        return false;
    };
    let (check, second) = match tail {
        [check] | [check, b'W'] => (*check, 0),
        [check, second @ b'A'..=b'I'] => (*check, u32::from(second - b'A') + 1),
        _ => return false,
    };
    let rest = (sum(&found, &[8, 7, 6, 5, 4, 3, 2]) + 9 * second) % 23;
    let expected = b"WABCDEFGHIJKLMNOPQRSTUV";
    expected.get(usize::try_from(rest).unwrap_or(0)) == Some(&check)
}

fn is_nir(text: &[u8]) -> bool {
    let Some(compact) = Compact::of(text) else {
        return false;
    };
    let Some((head, check)) = compact.as_bytes().split_first_chunk::<13>() else {
        return false;
    };
    // Corsica: 2A and 2B count as 19 and 18.
    let mut plain = *head;
    let department = (head.get(5).copied(), head.get(6).copied());
    let replaced = match department {
        (Some(b'2'), Some(b'A')) => Some([b'1', b'9']),
        (Some(b'2'), Some(b'B')) => Some([b'1', b'8']),
        _ => None,
    };
    if let (Some(replaced), Some(place)) = (replaced, plain.get_mut(5..7)) {
        place.copy_from_slice(&replaced);
    }
    let (Some(found), Some([high, low])) = (digits::<13>(&plain), digits::<2>(check)) else {
        return false;
    };
    let [_, _, _, c, d, ..] = found;
    let month = two(c, d);
    matches!(month, 1..=12 | 20..=42 | 50..=99)
        && 97 - number(&found) % 97 == u64::from(two(high, low))
}

fn is_be_nn(text: &[u8]) -> bool {
    digits::<11>(text).is_some_and(|found| {
        let (head, check) = found.split_at(9);
        let [a, b, c, d, e, f, ..] = found;
        let before = 97 - number(head) % 97;
        let after = 97 - (2_000_000_000 + number(head)) % 97;
        let (year, month, day) = (two(a, b), two(c, d), two(e, f));
        // Unknown days and months are written as zeros; a number of the second register adds 20 or 40 to the month.
        let month = match month {
            20..=32 => month - 20,
            40..=52 => month - 40,
            month => month,
        };
        let dated =
            is_short_date(year, month, day) || (month == 0 || day == 0) && month <= 12 && day <= 31;
        dated && [before, after].contains(&number(check))
    })
}
