//! Cards and accounts.

use super::kind::Shape::Pattern;
use super::{IdentifierType, Mask, identifier};
use crate::check::{Compact, digits, luhn, mod97, sum, uniform};

pub(super) const ENTRIES: &[IdentifierType] = &[
    identifier(
        "CREDIT_CARD",
        "payment card number",
        Pattern(r"([2-6][0-9]{3}|0604)([ \-]?[0-9]){8,15}"),
        is_card,
        &[
            "amex",
            "card",
            "cc",
            "cc number",
            "carte",
            "credit",
            "debit",
            "karte",
            "kreditkarte",
            "mastercard",
            "pan",
            "tarjeta",
            "visa",
        ],
    )
    .alone()
    .denied_by(&["barcode", "ean", "ean-13", "gtin", "isbn", "isbn-13", "upc"])
    .ranked(80)
    .masked(Mask::KeepLast(4)),
    identifier(
        "IBAN",
        "international bank account number",
        Pattern(r"(?i)[A-Z]{2}[0-9]{2}([ \-]?[A-Z0-9]){11,30}"),
        is_iban,
        &["account", "iban", "konto", "bank"],
    )
    .alone()
    .ranked(85)
    .masked(Mask::KeepEnds(2, 4)),
    identifier(
        "BIC",
        "bank identifier code",
        Pattern(r"[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?"),
        is_bic,
        &["bic", "swift", "swift code", "bank code"],
    ),
    identifier(
        "US_ABA_ROUTING",
        "routing number of a US bank",
        Pattern(r"[0-9]{4}-?[0-9]{4}-?[0-9]"),
        |text| {
            digits::<9>(text).is_some_and(|digits| {
                !uniform(&digits) && sum(&digits, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
            })
        },
        &["aba", "routing", "routing number", "rtn", "transit"],
    ),
    identifier(
        "US_BANK_ACCOUNT",
        "account number of a US bank",
        Pattern(r"[0-9]{8,17}"),
        |text| text.iter().any(|byte| *byte != b'0'),
        &[
            "account number",
            "acct",
            "acct number",
            "bank account",
            "checking account",
            "savings account",
        ],
    )
    .ranked(20)
    .masked(Mask::KeepLast(4)),
    identifier(
        "ES_CCC",
        "Spanish bank account",
        Pattern(r"[0-9]{4}[ \-]?[0-9]{4}[ \-]?[0-9]{2}[ \-]?[0-9]{5}[ \-]?[0-9]{5}"),
        is_ccc,
        &["ccc", "cuenta", "cuenta bancaria"],
    ),
    identifier(
        "AR_CBU",
        "Argentine bank account",
        Pattern(r"[0-9]{8}[ \-]?[0-9]{14}"),
        is_cbu,
        &["cbu", "cuenta"],
    ),
];

/// Issuers (ISO/IEC 7812-1 identification numbers): first and last prefix, and the lengths of their numbers.
const ISSUERS: &[(u32, u32, &[usize])] = &[
    (604, 604, &[12, 13, 14, 15, 16, 17, 18, 19]),
    (2221, 2720, &[16]),
    (3000, 3059, &[14, 16]),
    (3095, 3095, &[14]),
    (3400, 3499, &[15]),
    (3500, 3599, &[16, 17, 18, 19]),
    (3600, 3699, &[14, 15, 16, 17, 18, 19]),
    (3700, 3799, &[15]),
    (3800, 3999, &[14, 16]),
    (4000, 4999, &[13, 16, 18, 19]),
    (5000, 5099, &[12, 13, 14, 15, 16, 17, 18, 19]),
    (5100, 5599, &[16]),
    (5600, 5899, &[12, 13, 14, 15, 16, 17, 18, 19]),
    (6000, 6999, &[12, 13, 14, 15, 16, 17, 18, 19]),
];

fn is_card(text: &[u8]) -> bool {
    let mut found = [0; 19];
    let mut count = 0;
    for byte in text.iter().filter(|byte| byte.is_ascii_digit()) {
        let Some(place) = found.get_mut(count) else {
            return false;
        };
        *place = byte - b'0';
        count += 1;
    }
    let found = found.get(..count).unwrap_or_default();
    let prefix = sum(found.get(..4).unwrap_or_default(), &[1000, 100, 10, 1]);
    let issued = ISSUERS
        .iter()
        .any(|(first, last, lens)| (*first..=*last).contains(&prefix) && lens.contains(&count));
    issued && luhn(found) && is_grouped(text)
}

/// Whether the digits stand together, or in groups of a card: of four and more, the last of one and more.
fn is_grouped(text: &[u8]) -> bool {
    let mut groups = text.split(|byte| !byte.is_ascii_digit()).rev();
    let last = groups.next().map_or(0, <[u8]>::len);
    last >= 1 && groups.all(|group| group.len() >= 4)
}

/// Lengths of the numbers of each country in the registry of ISO 13616.
#[rustfmt::skip]
const IBAN_LENGTHS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24), (b"AE", 23), (b"AL", 28), (b"AT", 20), (b"AZ", 28), (b"BA", 20), (b"BE", 16),
    (b"BG", 22), (b"BH", 22), (b"BI", 27), (b"BR", 29), (b"BY", 28), (b"CH", 21), (b"CR", 22),
    (b"CY", 28), (b"CZ", 24), (b"DE", 22), (b"DJ", 27), (b"DK", 18), (b"DO", 28), (b"EE", 20),
    (b"EG", 29), (b"ES", 24), (b"FI", 18), (b"FK", 18), (b"FO", 18), (b"FR", 27), (b"GB", 22),
    (b"GE", 22), (b"GI", 23), (b"GL", 18), (b"GR", 27), (b"GT", 28), (b"HN", 28), (b"HR", 21),
    (b"HU", 28), (b"IE", 22), (b"IL", 23), (b"IQ", 23), (b"IS", 26), (b"IT", 27), (b"JO", 30),
    (b"KW", 30), (b"KZ", 20), (b"LB", 28), (b"LC", 32), (b"LI", 21), (b"LT", 20), (b"LU", 20),
    (b"LV", 21), (b"LY", 25), (b"MC", 27), (b"MD", 24), (b"ME", 22), (b"MK", 19), (b"MN", 20),
    (b"MR", 27), (b"MT", 31), (b"MU", 30), (b"NI", 28), (b"NL", 18), (b"NO", 15), (b"OM", 23),
    (b"PK", 24), (b"PL", 28), (b"PS", 29), (b"PT", 25), (b"QA", 29), (b"RO", 24), (b"RS", 22),
    (b"RU", 33), (b"SA", 24), (b"SC", 31), (b"SD", 18), (b"SE", 24), (b"SI", 19), (b"SK", 24),
    (b"SM", 27), (b"SO", 23), (b"ST", 25), (b"SV", 28), (b"TL", 23), (b"TN", 24), (b"TR", 26),
    (b"UA", 29), (b"VA", 22), (b"VG", 24), (b"XK", 20), (b"YE", 30),
];

fn is_iban(text: &[u8]) -> bool {
    let Some(compact) = Compact::of(text) else {
        return false;
    };
    let bytes = compact.as_bytes();
    let Some((head, rest)) = bytes.split_first_chunk::<4>() else {
        return false;
    };
    let [first, second, ..] = *head;
    let country = [first, second];
    let known = IBAN_LENGTHS
        .iter()
        .any(|(code, len)| **code == country && *len == bytes.len());
    known && mod97(rest.iter().chain(head).copied()) == Some(1)
}

/// Whether the fifth and sixth letters are a country (ISO 3166-1).
fn is_bic(text: &[u8]) -> bool {
    matches!(text.len(), 8 | 11)
        && text
            .get(4..6)
            .is_some_and(|country| COUNTRIES.as_bytes().chunks(2).any(|code| code == country))
}

const COUNTRIES: &str = "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW";

fn is_ccc(text: &[u8]) -> bool {
    let check = |digits: &[u8], weights: &[u32]| match 11 - sum(digits, weights) % 11 {
        10 => 1,
        11 => 0,
        digit => digit,
    };
    digits::<20>(text).is_some_and(|found| {
        let Some((bank, rest)) = found.split_first_chunk::<8>() else {
            return false;
        };
        let Some(([first, second], account)) = rest.split_first_chunk::<2>() else {
            return false;
        };
        check(bank, &[4, 8, 5, 10, 9, 7, 3, 6]) == u32::from(*first)
            && check(account, &[1, 2, 4, 8, 5, 10, 9, 7, 3, 6]) == u32::from(*second)
    })
}

fn is_cbu(text: &[u8]) -> bool {
    let holds = |digits: &[u8]| {
        let weights = [3, 1, 7, 9].into_iter().cycle();
        let rest = digits.iter().rev().skip(1);
        let sum: u32 = rest
            .zip(weights)
            .map(|(digit, weight)| u32::from(*digit) * weight)
            .sum();
        (10 - sum % 10) % 10 == crate::check::last(digits)
    };
    digits::<22>(text).is_some_and(|found| {
        let (bank, account) = found.split_at(8);
        holds(bank) && holds(account)
    })
}
