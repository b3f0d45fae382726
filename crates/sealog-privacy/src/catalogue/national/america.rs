//! The Americas.

use crate::catalogue::kind::Shape::Pattern;
use crate::catalogue::{IdentifierType, identifier};
use crate::check::date::{is_short_date, two};
use crate::check::{Compact, digits, last, letters, luhn, number, sum, uniform};

pub(in crate::catalogue) const ENTRIES: &[IdentifierType] = &[
    identifier(
        "US_SSN",
        "US social security number",
        Pattern(r"[0-9]{3}[ \-]?[0-9]{2}[ \-]?[0-9]{4}"),
        is_ssn,
        &["social security", "ssn", "social security number", "ss#", "ssns"],
    )
    .punctuated(),
    identifier(
        "US_ITIN",
        "US individual taxpayer number",
        Pattern(r"9[0-9]{2}[ \-]?[0-9]{2}[ \-]?[0-9]{4}"),
        |text| digits::<9>(text).is_some_and(|found| {
            let [first, _, _, high, low, ..] = found;
            first == 9 && matches!(two(high, low), 50..=65 | 70..=88 | 90..=92 | 94..=99)
        }),
        &["individual taxpayer", "itin", "tax id", "taxpayer"],
    )
    .punctuated(),
    identifier(
        "US_EIN",
        "US employer number",
        Pattern(r"[0-9]{2}-?[0-9]{7}"),
        |text| digits::<9>(text).is_some_and(|found| {
            let [high, low, ..] = found;
            matches!(two(high, low),
                1..=6 | 10..=16 | 20..=27 | 30..=48 | 50..=68 | 71..=77
                    | 80..=88 | 90..=95 | 98 | 99)
        }),
        &["ein", "employer identification", "fein", "federal tax id"],
    ),
    identifier(
        "US_NPI",
        "US provider number",
        Pattern(r"[12][0-9]{9}"),
        |text| digits::<10>(text).is_some_and(|found| {
            let mut whole = vec![8, 0, 8, 4, 0];
            whole.extend(found);
            luhn(&whole)
        }),
        &["npi", "national provider", "provider"],
    ),
    identifier(
        "US_MBI",
        "US Medicare beneficiary number",
        Pattern(r"[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9][0-9]-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9][0-9]-?[AC-HJKMNP-RT-Y]{2}[0-9]{2}"),
        |_| true,
        &["beneficiary", "mbi", "medicare"],
    )
    .punctuated(),
    identifier(
        "US_DEA",
        "US registration of a prescriber",
        Pattern(r"[ABCDEFGHJKLMPRSTUX][A-Z9][0-9]{7}"),
        |text| {
            let found = text.get(2..).and_then(digits::<7>);
            found.is_some_and(|found| sum(&found, &[1, 2, 1, 2, 1, 2]) % 10 == last(&found))
        },
        &["dea", "prescriber", "registration"],
    ),
    identifier(
        "CA_SIN",
        "Canadian social insurance number",
        Pattern(r"[1-9][0-9]{2}[ \-]?[0-9]{3}[ \-]?[0-9]{3}"),
        |text| digits::<9>(text).is_some_and(|found| !matches!(found, [0 | 8, ..]) && luhn(&found)),
        &["nas", "sin", "social insurance", "numéro d'assurance sociale"],
    ),
    identifier(
        "MX_CURP",
        "Mexican population register code",
        Pattern(r"(?i)[A-Z][AEIOUX][A-Z]{2}[0-9]{6}[HMX][A-Z]{5}[A-Z0-9][0-9]"),
        is_curp,
        &["curp"],
    )
    .alone(),
    identifier(
        "MX_RFC",
        "Mexican taxpayer code",
        Pattern(r"(?i)[A-Z&]{3,4}[ \-]?[0-9]{6}[ \-]?[A-Z0-9]{2}[A0-9]"),
        is_rfc,
        &["rfc", "contribuyente", "sat"],
    ),
    identifier(
        "BR_CPF",
        "Brazilian taxpayer number",
        Pattern(r"[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]{2}"),
        |text| digits::<11>(text).is_some_and(|found| !uniform(&found) && is_cpf(&found)),
        &["cpf", "contribuinte", "cadastro"],
    )
    .punctuated(),
    identifier(
        "BR_CNPJ",
        "Brazilian company number",
        Pattern(r"[0-9]{2}\.?[0-9]{3}\.?[0-9]{3}/?[0-9]{4}-?[0-9]{2}"),
        |text| digits::<14>(text).is_some_and(|found| !uniform(&found) && is_cnpj(&found)),
        &["cnpj"],
    )
    .punctuated(),
    identifier(
        "AR_CUIT",
        "Argentine taxpayer number",
        Pattern(r"[23][0-9]-?[0-9]{8}-?[0-9]"),
        |text| digits::<11>(text).is_some_and(|found| {
            let rest = sum(&found, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
            let known = matches!(found, [2, 0 | 3 | 4 | 7, ..] | [3, 0 | 3 | 4, ..]);
            known && match 11 - rest { 11 => 0, 10 => 9, digit => digit } == last(&found)
        }),
        &["cuil", "cuit"],
    )
    .punctuated(),
    identifier(
        "CL_RUT",
        "Chilean person and taxpayer number",
        Pattern(r"(?i)[0-9]{1,2}\.?[0-9]{3}\.?[0-9]{3}-?[0-9K]"),
        is_rut,
        &["rol unico", "run", "rut"],
    )
    .punctuated_by(|text| text.contains(&b'.') && text.contains(&b'-')),
    identifier(
        "CO_NIT",
        "Colombian taxpayer number",
        Pattern(r"[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]"),
        |text| digits::<10>(text).is_some_and(|found| {
            let mut turned = found;
            turned.reverse();
            let [check, rest @ ..] = turned;
            let sum = sum(&rest, &[3, 7, 13, 17, 19, 23, 29, 37, 41]) % 11;
            b"01987654321".get(usize::try_from(sum).unwrap_or(0)) == Some(&(b'0' + check))
        }),
        &["nit"],
    ),
    identifier(
        "PE_RUC",
        "Peruvian taxpayer number",
        Pattern(r"(10|15|17|20)[0-9]{9}"),
        |text| digits::<11>(text).is_some_and(|found| {
            (11 - sum(&found, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 10 == last(&found)
        }),
        &["ruc"],
    ),
    identifier(
        "EC_CI",
        "Ecuadorian identity card",
        Pattern(r"[0-9]{9}-?[0-9]"),
        |text| digits::<10>(text).is_some_and(|found| {
            let [high, low, third, ..] = found;
            matches!(two(high, low), 1..=24 | 30 | 50) && third <= 6 && luhn(&found)
        }),
        &["cedula", "cédula", "ci"],
    ),
    identifier(
        "UY_RUT",
        "Uruguayan taxpayer number",
        Pattern(r"[0-9]{2}-?[0-9]{3}-?[0-9]{3}-?[0-9]{3}-?[0-9]"),
        |text| digits::<12>(text).is_some_and(|found| {
            let [a, b, .., x, y, z, _] = found;
            let sum = sum(&found, &[4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]);
            matches!(two(a, b), 1..=22)
                && (x, y, z) == (0, 0, 1)
                && (11 - sum % 11) % 11 == last(&found)
                && found.get(2..8).is_some_and(|middle| number(middle) > 0)
        }),
        &["rut", "dgi"],
    ),
    identifier(
        "DO_CEDULA",
        "Dominican identity card",
        Pattern(r"[0-9]{3}-?[0-9]{7}-?[0-9]"),
        |text| digits::<11>(text).is_some_and(|found| luhn(&found) && !uniform(&found)),
        &["cedula", "cédula"],
    ),
    identifier(
        "VE_RIF",
        "Venezuelan taxpayer number",
        Pattern(r"(?i)[VEJPG]-?[0-9]{8}-?[0-9]"),
        is_rif,
        &["rif"],
    ),
];

fn is_ssn(text: &[u8]) -> bool {
    digits::<9>(text).is_some_and(|found| {
        let [a, b, c, d, e, rest @ ..] = found;
        let area = number(&[a, b, c]);
        let used = !matches!(area, 0 | 666 | 900..) && two(d, e) != 0 && number(&rest) != 0;
        // Numbers that stood in advertisements and were never given to anyone.
        used && !matches!(number(&found), 78_051_120 | 457_555_462 | 219_099_999)
    })
}

/// The states in which somebody can be born, and abroad.
const MX_STATES: &[u8; 64] = b"ASBCBSCCCHCLCMCSDFDGGRGTHGJCMCMNMSNENLNTOCPLQRQTSLSPSRTCTLTSVZYN";

fn is_curp(text: &[u8]) -> bool {
    const SIGNS: &[u8] = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ".as_bytes();
    letters::<18>(text).is_some_and(|found| {
        let value = |byte: &u8| SIGNS.iter().position(|sign| sign == byte);
        let weights = (2..=18_usize).rev();
        let sum: usize = found
            .iter()
            .zip(weights)
            .map(|(byte, weight)| weight * value(byte).unwrap_or(0))
            .sum();
        let Some(date) = found.get(4..10).and_then(digits::<6>) else {
            return false;
        };
        let [a, b, c, d, e, f] = date;
        let check = found.last().map(|byte| usize::from(byte - b'0'));
        let state = found.get(11..13).unwrap_or_default();
        let known = state == b"ZS" || MX_STATES.chunks(2).any(|known| known == state);
        known
            && is_short_date(two(a, b), two(c, d), two(e, f))
            && check == Some((10 - sum % 10) % 10)
    })
}

fn is_rfc(text: &[u8]) -> bool {
    const SIGNS: &[u8] = b"0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ ";
    let found: Vec<u8> = text
        .iter()
        .filter(|byte| byte.is_ascii_alphanumeric() || **byte == b'&')
        .map(u8::to_ascii_uppercase)
        .collect();
    let padded: Vec<u8> = if found.len() == 12 {
        std::iter::once(b' ').chain(found).collect()
    } else {
        found
    };
    if padded.len() != 13 {
        return false;
    }
    let Some(date) = padded.get(4..10).and_then(digits::<6>) else {
        return false;
    };
    // Two signs tell those of the same name and date apart.
    let is_told_apart = matches!(
        padded.get(10..12),
        Some([b'1'..=b'9' | b'A'..=b'V', b'1'..=b'9' | b'A'..=b'Z'])
    );
    if !is_told_apart {
        return false;
    }
    let [a, b, c, d, e, f] = date;
    let value = |byte: &u8| SIGNS.iter().position(|sign| sign == byte).unwrap_or(0);
    let sum: usize = padded
        .iter()
        .zip((2..=13_usize).rev())
        .map(|(byte, weight)| weight * value(byte))
        .sum();
    let check = match 11 - sum % 11 {
        11 => b'0',
        10 => b'A',
        digit => b"0123456789".get(digit).copied().unwrap_or(0),
    };
    is_short_date(two(a, b), two(c, d), two(e, f)) && padded.last() == Some(&check)
}

fn is_cpf(found: &[u8; 11]) -> bool {
    let digit = |sum: u32| match sum * 10 % 11 {
        10 => 0,
        digit => digit,
    };
    let [.., first, second] = *found;
    digit(sum(found, &[10, 9, 8, 7, 6, 5, 4, 3, 2])) == u32::from(first)
        && digit(sum(found, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2])) == u32::from(second)
}

fn is_cnpj(found: &[u8; 14]) -> bool {
    let digit = |sum: u32| match 11 - sum % 11 {
        10 | 11 => 0,
        digit => digit,
    };
    let [.., first, second] = *found;
    digit(sum(found, &[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])) == u32::from(first)
        && digit(sum(found, &[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])) == u32::from(second)
}

fn is_rut(text: &[u8]) -> bool {
    let Some(compact) = Compact::of(text) else {
        return false;
    };
    let Some((check, rest)) = compact.as_bytes().split_last() else {
        return false;
    };
    let weights = [2, 3, 4, 5, 6, 7].into_iter().cycle();
    let sum: u32 = rest
        .iter()
        .rev()
        .zip(weights)
        .map(|(byte, weight)| u32::from(byte - b'0') * weight)
        .sum();
    let expected = match 11 - sum % 11 {
        11 => b'0',
        10 => b'K',
        digit => b"0123456789"
            .get(usize::try_from(digit).unwrap_or(0))
            .copied()
            .unwrap_or(0),
    };
    matches!(rest.len(), 7 | 8) && *check == expected
}

fn is_rif(text: &[u8]) -> bool {
    let kind = match text.first().map(u8::to_ascii_uppercase) {
        Some(b'V') => 4,
        Some(b'E') => 8,
        Some(b'J') => 12,
        Some(b'P') => 16,
        _ => 20,
    };
    text.get(1..).and_then(digits::<9>).is_some_and(|found| {
        let rest = (kind + sum(&found, &[3, 2, 7, 6, 5, 4, 3, 2])) % 11;
        let check = match rest {
            0 | 1 => 0,
            rest => 11 - rest,
        };
        check == last(&found)
    })
}
