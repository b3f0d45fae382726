//! How a person is reached, and where and when one was born.

use super::kind::Shape::{Email, Pattern};
use super::{IdentifierType, Mask, identifier, phone};
use crate::check::date::is_date;
use crate::check::{digits, luhn, number, uniform, value36};

const PHONE_WORDS: &[&str] = &[
    "call",
    "celular",
    "cell",
    "cellulare",
    "cep",
    "cep telefonu",
    "contact number",
    "fax",
    "handy",
    "komórka",
    "matkapuhelin",
    "mob",
    "mobiel",
    "mobil",
    "mobile",
    "mobiltelefon",
    "mobitel",
    "mobilnummer",
    "movil",
    "móvil",
    "phone",
    "phone number",
    "portable",
    "puh",
    "puhelin",
    "sms",
    "tel",
    "telefon",
    "telefono",
    "telefoon",
    "telephone",
    "telefone",
    "telefax",
    "telefón",
    "tlf",
    "téléphone",
    "teléfono",
    "whatsapp",
    "dial",
    "τηλ",
    "τηλέφωνο",
    "κινητό",
    "тел",
    "телефон",
    "мобільний",
    "мобильный",
    "携帯",
    "携帯電話",
    "電話",
    "电话",
    "手机",
    "전화",
    "휴대폰",
    "핸드폰",
    "טלפון",
    "هاتف",
];

pub(super) const ENTRIES: &[IdentifierType] = &[
    identifier("EMAIL", "e-mail address", Email, |_| true, &[])
        .alone()
        .anywhere()
        .masked(Mask::Email),
    identifier(
        "PHONE",
        "telephone number",
        Pattern(r"\+[1-9][0-9 ().\-/]{5,22}[0-9]|\(?0[ \-]?[0-9]{1,5}\)?[0-9 .\-/]{4,14}[0-9]|(1[ .\-])?\(?[2-9][0-9]{2}\)?[ .\-]?[2-9][0-9]{2}[ .\-]?[0-9]{4}|\(\+?[0-9]{1,4}( [0-9]{1,3})?\)[ \-/.]{0,2}[0-9][0-9 .\-/]{3,13}[0-9]|[1-9][0-9 .\-/]{5,14}[0-9]|[1-9]{1,3} ?\([0-9]{2,5}\)[ \-/]?[0-9][0-9 .\-]{3,12}[0-9]"),
        phone::is_phone,
        PHONE_WORDS,
    )
    .punctuated_by(phone::stands_alone)
    .masked(Mask::KeepLast(2))
    .ranked(40),
    identifier(
        "DATE_OF_BIRTH",
        "date of birth",
        Pattern(r"[0-9]{4}[\-/.][0-9]{1,2}[\-/.][0-9]{1,2}|[0-9]{1,2}[\-/. ][0-9]{1,2}[\-/. ][0-9]{4}|[0-9]{1,2}\.? ?[A-Za-z]{3,9}\.?,? [0-9]{4}|[A-Za-z]{3,9} [0-9]{1,2}(st|nd|rd|th)?,? [0-9]{4}"),
        is_birth_date,
        &[
            "birth date", "birthdate", "birthday", "birth_date", "born", "date of birth", "date_of_birth", "dob",
            "geboren", "geburtsdatum", "geboortedatum", "fecha de nacimiento", "date de naissance", "nascita",
            "nascimento", "né le", "née le", "urodzenia", "födelsedatum", "生年月日", "出生日期",
        ],
    )
    .ranked(45)
    .masked(Mask::Whole),
    identifier(
        "COORDINATES",
        "geographic coordinates",
        Pattern(r"-?[0-9]{1,2}\.[0-9]{4,15},? ?-?[0-9]{1,3}\.[0-9]{4,15}"),
        is_coordinates,
        &["coordinates", "gps", "lat", "latitude", "lng", "location", "lon", "longitude", "position"],
    )
    .masked(Mask::Whole),
    identifier(
        "PASSPORT_MRZ",
        "machine-readable zone of a travel document",
        Pattern(r"[PVIAC][A-Z<][A-Z<]{3}[A-Z0-9<]{39}\r?\n[A-Z0-9<]{44}|[PVIAC][A-Z<][A-Z<]{3}[A-Z0-9<]{31}\r?\n[A-Z0-9<]{36}|[IAC][A-Z<][A-Z<]{3}[A-Z0-9<]{25}\r?\n[A-Z0-9<]{30}\r?\n[A-Z0-9<]{30}"),
        is_mrz,
        &[],
    )
    .alone()
    .anywhere()
    .ranked(80)
    .masked(Mask::Whole),
    identifier(
        "IMEI",
        "identity of a mobile device",
        Pattern(r"[0-9]{2}[ \-]?[0-9]{6}[ \-]?[0-9]{6}[ \-]?[0-9]"),
        |text| digits::<15>(text).is_some_and(|digits| luhn(&digits) && !uniform(&digits)),
        &["imei", "device id", "handset"],
    ),
    identifier(
        "VIN",
        "vehicle identification number",
        Pattern(r"[A-HJ-NPR-Z0-9]{8}[0-9X][A-HJ-NPR-Z0-9]{8}"),
        is_vin,
        &["chassis", "vehicle", "vin", "fahrgestellnummer"],
    ),
    identifier(
        "UUID",
        "universally unique identifier",
        Pattern(r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
        |_| true,
        &[],
    )
    .alone()
    .unusual(),
];

const MONTHS: [&[u8]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];

fn is_birth_date(text: &[u8]) -> bool {
    let is_sign = |byte: &u8| !byte.is_ascii_alphanumeric();
    let parts: Vec<&[u8]> = text
        .split(is_sign)
        .filter(|part| !part.is_empty())
        .collect();
    let [first, second, third] = &*parts else {
        return false;
    };
    let value = |part: &[u8]| {
        let end = part.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let digits: Vec<u8> = part.iter().take(end).map(|byte| byte - b'0').collect();
        u32::try_from(number(&digits)).unwrap_or(0)
    };
    let month = |part: &[u8]| {
        let lower = part.to_ascii_lowercase();
        let found = MONTHS.iter().position(|month| lower.starts_with(month));
        found.and_then(|index| u32::try_from(index + 1).ok())
    };
    let (year, one, two) = if first.len() == 4 && first.iter().all(u8::is_ascii_digit) {
        (value(first), value(second), value(third))
    } else {
        (value(third), value(first), value(second))
    };
    let (one, two) = (month(first).unwrap_or(one), month(second).unwrap_or(two));
    (1880..=2099).contains(&year) && (is_date(year, one, two) || is_date(year, two, one))
}

fn is_coordinates(text: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(text) else {
        return false;
    };
    let mut parts = text.split([',', ' ']).filter(|part| !part.is_empty());
    let mut next = |limit: f64| {
        let value = parts.next().and_then(|part| part.parse::<f64>().ok());
        value.is_some_and(|value| value.abs() <= limit)
    };
    next(90.0) && next(180.0)
}

/// ICAO 9303, part 3, section 4.9: weights 7, 3, 1.
pub(super) fn mrz_digit(field: &[u8]) -> Option<u32> {
    let weights = [7, 3, 1].into_iter().cycle();
    let mut sum = 0;
    for (byte, weight) in field.iter().zip(weights) {
        sum += weight * if *byte == b'<' { 0 } else { value36(*byte)? };
    }
    Some(sum % 10)
}

fn is_mrz(text: &[u8]) -> bool {
    let lines: Vec<&[u8]> = text
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .collect();
    // Where number, date of birth and date of expiry stand, each followed by its check digit.
    let (line, fields) = match &*lines {
        [_, second] if second.len() >= 36 => (*second, [(0, 9), (13, 6), (21, 6)]),
        [first, second, _] => {
            let holds = checked(second, 0, 6) && checked(second, 8, 6);
            return holds && checked(first, 5, 9);
        }
        _ => return false,
    };
    fields
        .iter()
        .all(|(start, len)| checked(line, *start, *len))
}

fn checked(line: &[u8], start: usize, len: usize) -> bool {
    let field = line.get(start..start + len);
    let check = line.get(start + len).and_then(|byte| match byte {
        b'<' => Some(0),
        byte => char::from(*byte).to_digit(10),
    });
    field
        .and_then(mrz_digit)
        .is_some_and(|digit| Some(digit) == check)
}

/// 49 CFR 565.15: letters have values, the ninth sign is the check digit.
fn is_vin(text: &[u8]) -> bool {
    let weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let value = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'H' => u32::from(byte - b'A') + 1,
        b'J'..=b'N' => u32::from(byte - b'J') + 1,
        b'P' => 7,
        b'R' => 9,
        _ => u32::from(byte - b'S') + 2,
    };
    let sum: u32 = text
        .iter()
        .zip(weights)
        .map(|(byte, weight)| value(*byte) * weight)
        .sum();
    let check = match sum % 11 {
        10 => Some(&b'X'),
        rest => b"0123456789".get(usize::try_from(rest).unwrap_or(0)),
    };
    text.len() == 17 && text.get(8) == check && text.iter().any(u8::is_ascii_alphabetic)
}
