//! Telephone numbers: which country code a number has, and how many digits follow it.

/// Country codes (ITU-T E.164, list of assigned codes) with the digits that follow, at least and at most.
#[rustfmt::skip]
const COUNTRIES: &[(&str, usize, usize)] = &[
    ("1", 10, 10), ("20", 8, 10), ("211", 9, 9), ("212", 9, 9), ("213", 8, 9), ("216", 8, 8),
    ("218", 8, 9), ("220", 7, 7), ("221", 9, 9), ("222", 8, 8), ("223", 8, 8), ("224", 8, 9),
    ("225", 10, 10), ("226", 8, 8), ("227", 8, 8), ("228", 8, 8), ("229", 8, 10), ("230", 7, 8),
    ("231", 7, 9), ("232", 8, 8), ("233", 9, 9), ("234", 7, 10), ("235", 8, 8), ("236", 8, 8),
    ("237", 8, 9), ("238", 7, 7), ("239", 7, 7), ("240", 9, 9), ("241", 7, 8), ("242", 9, 9),
    ("243", 7, 9), ("244", 9, 9), ("245", 7, 9), ("246", 7, 7), ("247", 5, 6), ("248", 7, 7), ("249", 9, 9),
    ("250", 8, 9), ("251", 9, 9), ("252", 6, 9), ("253", 8, 8), ("254", 7, 10), ("255", 9, 9),
    ("256", 9, 9), ("257", 8, 8), ("258", 8, 9), ("260", 9, 9), ("261", 9, 10), ("262", 9, 9),
    ("263", 5, 10), ("264", 8, 10), ("265", 7, 9), ("266", 8, 8), ("267", 7, 8), ("268", 8, 9),
    ("269", 7, 7), ("27", 9, 10), ("290", 4, 5), ("291", 7, 7), ("297", 7, 7), ("298", 6, 6),
    ("299", 6, 6), ("30", 10, 11), ("31", 9, 11), ("32", 8, 9), ("33", 9, 9), ("34", 9, 9),
    ("350", 8, 8), ("351", 9, 9), ("352", 4, 11), ("353", 7, 10), ("354", 7, 9), ("355", 6, 9),
    ("356", 8, 8), ("357", 8, 8), ("358", 5, 12), ("359", 6, 9), ("36", 8, 9), ("370", 8, 8),
    ("371", 8, 8), ("372", 7, 10), ("373", 8, 8), ("374", 8, 8), ("375", 9, 10), ("376", 6, 9),
    ("377", 8, 9), ("378", 6, 10), ("380", 9, 9), ("381", 6, 10), ("382", 6, 9), ("383", 8, 9),
    ("385", 6, 9), ("386", 5, 8), ("387", 8, 9), ("389", 8, 8), ("39", 6, 12), ("40", 9, 9),
    ("41", 9, 9), ("420", 9, 12), ("421", 6, 9), ("423", 7, 9), ("43", 4, 13), ("44", 9, 10),
    ("45", 8, 8), ("46", 7, 12), ("47", 5, 8), ("48", 9, 9), ("49", 5, 14), ("500", 5, 5),
    ("501", 7, 7), ("502", 8, 8), ("503", 7, 8), ("504", 8, 8), ("505", 8, 8), ("506", 8, 8),
    ("507", 7, 8), ("508", 6, 9), ("509", 8, 8), ("51", 8, 9), ("52", 10, 11), ("53", 6, 8),
    ("54", 10, 11), ("55", 8, 11), ("56", 9, 9), ("57", 8, 10), ("58", 10, 10), ("590", 9, 9),
    ("591", 8, 8), ("592", 7, 7), ("593", 8, 9), ("594", 9, 9), ("595", 6, 9), ("596", 9, 9),
    ("597", 6, 7), ("598", 7, 8), ("599", 7, 8), ("60", 8, 10), ("61", 6, 10), ("62", 7, 12),
    ("63", 8, 10), ("64", 7, 10), ("65", 8, 8), ("66", 8, 9), ("670", 7, 8), ("672", 5, 6),
    ("673", 7, 7), ("674", 7, 7), ("675", 7, 8), ("676", 5, 7), ("677", 5, 7), ("678", 5, 7),
    ("679", 7, 7), ("680", 7, 7), ("681", 6, 9), ("682", 5, 5), ("683", 4, 7), ("685", 5, 7), ("686", 5, 8), ("687", 6, 6),
    ("688", 5, 7), ("689", 6, 9), ("690", 4, 7), ("691", 7, 7), ("692", 7, 7), ("7", 10, 10),
    ("81", 9, 10), ("82", 8, 11), ("84", 7, 10), ("850", 8, 10), ("852", 8, 9), ("853", 8, 8),
    ("855", 8, 9), ("856", 8, 10), ("86", 9, 11), ("880", 6, 10), ("886", 8, 10), ("90", 10, 10),
    ("91", 10, 10), ("92", 9, 10), ("93", 9, 9), ("94", 9, 9), ("95", 6, 10), ("960", 7, 7),
    ("961", 7, 8), ("962", 8, 9), ("963", 8, 9), ("964", 8, 10), ("965", 8, 8), ("966", 9, 9),
    ("967", 7, 9), ("968", 8, 8), ("970", 8, 9), ("971", 8, 9), ("972", 8, 9), ("973", 8, 8),
    ("974", 8, 8), ("975", 7, 8), ("976", 8, 8), ("977", 8, 10), ("98", 10, 10), ("992", 9, 9),
    ("993", 8, 8), ("994", 9, 9), ("995", 9, 9), ("996", 9, 9), ("998", 9, 9),
];

/// Digits of a national number, at least and at most, with its leading zero.
const NATIONAL: std::ops::RangeInclusive<usize> = 7..=13;

/// Whether a text can be a telephone number.
pub(super) fn is_phone(text: &[u8]) -> bool {
    let mut digits = [0_u8; 24];
    let mut count = 0;
    for byte in text.iter().filter(|byte| byte.is_ascii_digit()) {
        let Some(place) = digits.get_mut(count) else {
            return false;
        };
        *place = *byte;
        count += 1;
    }
    let digits = digits.get(..count).unwrap_or_default();
    if !balanced(text) || digits.windows(2).all(|pair| pair.first() == pair.last()) {
        return false;
    }
    let text = text.strip_prefix(b"(").unwrap_or(text);
    match text.strip_prefix(b"+") {
        Some(rest) => is_international(rest, digits),
        None if digits.starts_with(b"00") => {
            let digits = digits.get(2..).unwrap_or_default();
            is_international(digits, digits) || NATIONAL.contains(&digits.len())
        }
        None => NATIONAL.contains(&digits.len()) && memchr::memchr_iter(b'/', text).count() <= 1,
    }
}

/// Whether a number is one without a word beside it: with its country code, or in the North American form.
pub(super) fn stands_alone(text: &[u8]) -> bool {
    if text.starts_with(b"+") || text.starts_with(b"(+") {
        return true;
    }
    let shape: Vec<u8> = text
        .iter()
        .map(|byte| if byte.is_ascii_digit() { b'9' } else { *byte })
        .collect();
    matches!(
        &*shape,
        b"(999) 999-9999"
            | b"(999)999-9999"
            | b"999-999-9999"
            | b"999.999.9999"
            | b"1-999-999-9999"
            | b"1 999-999-9999"
    )
}

fn is_international(text: &[u8], digits: &[u8]) -> bool {
    // A trunk zero in brackets is no part of the number: +44 (0)20 ...
    let trunk = usize::from(text.windows(3).any(|three| three == b"(0)"));
    COUNTRIES.iter().any(|(code, least, most)| {
        digits.strip_prefix(code.as_bytes()).is_some_and(|rest| {
            let len = rest.len().saturating_sub(trunk);
            (*least..=*most).contains(&len)
        })
    })
}

fn balanced(text: &[u8]) -> bool {
    let count = |sign: u8| memchr::memchr_iter(sign, text).count();
    let doubled = text.windows(2).any(|pair| {
        pair.iter()
            .all(|byte| matches!(byte, b'.' | b'-' | b'/' | b' '))
            && pair != b"- "
            && pair != b" -"
    });
    count(b'(') == count(b')') && count(b'(') <= 1 && !doubled
}
