//! The value after a name that says that it is secret: `password = ...`, `"apiKey": "..."`.

use std::ops::Range;

use crate::limits::TOKEN_BYTES_MAX;

/// Ends of names whose value is a password: any value counts.
const PASSWORDS: &[&[u8]] = &[
    b"contrasena",
    b"kennwort",
    b"motdepasse",
    b"passphrase",
    b"passwd",
    b"password",
    b"passwort",
    b"pwd",
    b"wachtwoord",
];
/// Ends of names whose value is a secret if it looks like one.
const SECRETS: &[&[u8]] = &[
    b"accesskey",
    b"apikey",
    b"authkey",
    b"bearer",
    b"credential",
    b"credentials",
    b"privatekey",
    b"secret",
    b"secretkey",
    b"token",
];
/// Words before `key` that make the name of a secret of it.
const KEYS: &[&[u8]] = &[
    b"access",
    b"api",
    b"auth",
    b"encryption",
    b"license",
    b"master",
    b"private",
    b"secret",
    b"signing",
];
/// Values that stand for one that is not there.
const PLACEHOLDERS: &[&[u8]] = &[
    b"changeme",
    b"empty",
    b"example",
    b"false",
    b"hidden",
    b"nil",
    b"none",
    b"null",
    b"optional",
    b"password",
    b"redacted",
    b"required",
    b"secret",
    b"string",
    b"text",
    b"token",
    b"true",
    b"undefined",
    b"your_password",
];
/// Bytes of a password, at least.
const PASSWORD_MIN: usize = 4;
/// Bytes of another secret, at least.
const SECRET_MIN: usize = 8;
/// Digits of a secret that is nothing but digits, at least: fewer are a count.
const DIGITS_MIN: usize = 20;
/// Letters and digits of the last word of a name, at least.
const NAME_MIN: usize = 3;
/// Closing quotes and brackets between a name and its sign, at most.
const CLOSING_MAX: usize = 2;
/// Spaces between a name, its sign and its value, at most.
const SPACES_MAX: usize = 4;

/// The value, if the sign (`:` or `=`) at `sign` stands between it and the name of a secret that ends with this word.
pub(super) fn secret(view: &[u8], word: &Range<usize>, sign: usize) -> Option<Range<usize>> {
    let is_password = is_name(view, word)?;
    let at = value_start(view, sign);
    let quote = view
        .get(at)
        .filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    let start = at + usize::from(quote.is_some());
    let rest = view.get(start..view.len().min(start + TOKEN_BYTES_MAX))?;
    let len = match quote {
        Some(quote) => rest
            .iter()
            .position(|byte| byte == quote || *byte == b'\n')
            .unwrap_or(rest.len()),
        None => rest
            .iter()
            .position(|byte| is_end(*byte))
            .unwrap_or(rest.len()),
    };
    let value = rest.get(..len)?;
    is_value(value, is_password, quote.is_some()).then_some(start..start + len)
}

/// Bytes before a sign that decide whether a word before it can end a name.
pub(super) const NAME_REACH: usize = SPACES_MAX + CLOSING_MAX + NAME_MIN;

/// The word before a sign, if it can end a name: between them an optional closing quote, and spaces. Whether there is
/// one is decided within [`NAME_REACH`] bytes.
pub(super) fn word_before(view: &[u8], sign: usize) -> Option<Range<usize>> {
    let mut end = sign;
    let before = |end: usize, belongs: fn(&u8) -> bool, most: usize| {
        let before = view.get(..end).unwrap_or_default().iter().rev();
        before.take(most).take_while(|byte| belongs(byte)).count()
    };
    end -= before(end, |byte| matches!(byte, b' ' | b'\t'), SPACES_MAX);
    end -= before(
        end,
        |byte| matches!(byte, b'"' | b'\'' | b']' | b'`'),
        CLOSING_MAX,
    );
    if !ends_name(*view.get(..end)?.last_chunk()?) {
        return None;
    }
    let len = before(end, u8::is_ascii_alphanumeric, usize::MAX);
    (len >= NAME_MIN).then(|| end - len..end)
}

/// Whether the last letters of a word are those of a name, which most are not.
fn ends_name(last: [u8; NAME_MIN]) -> bool {
    matches!(
        &last.map(|letter| letter.to_ascii_lowercase()),
        b"ena"
            | b"ort"
            | b"sse"
            | b"ase"
            | b"swd"
            | b"ord"
            | b"pwd"
            | b"key"
            | b"rer"
            | b"ial"
            | b"als"
            | b"ret"
            | b"ken"
    )
}

/// Whether this word ends the name of a password (true) or of another secret (false).
fn is_name(view: &[u8], word: &Range<usize>) -> Option<bool> {
    let name = view.get(word.clone())?;
    let ends = |list: &[&[u8]]| list.iter().any(|end| ends_with(name, end));
    if ends(PASSWORDS) {
        return Some(true);
    }
    if ends(SECRETS) {
        return Some(false);
    }
    let is_phrase = name.eq_ignore_ascii_case(b"passe");
    if !is_phrase && !name.eq_ignore_ascii_case(b"key") {
        return None;
    }
    // The word before it, joined by a sign.
    let joint = word.start.checked_sub(1)?;
    if !matches!(view.get(joint), Some(b'_' | b'-' | b' ')) {
        return None;
    }
    let before = view.get(joint.saturating_sub(12)..joint)?;
    if is_phrase {
        let [one, other] = [b"mot de", b"mot_de"].map(|phrase| ends_with(before, phrase));
        return (one || other).then_some(true);
    }
    let is_key = KEYS.iter().any(|word| ends_with(before, word));
    is_key.then_some(false)
}

/// Whether a name ends so, in any case of its letters.
fn ends_with(name: &[u8], end: &[u8]) -> bool {
    let from = name.len().checked_sub(end.len());
    let last = from.and_then(|from| name.get(from..));
    last.is_some_and(|last| last.eq_ignore_ascii_case(end))
}

/// Where the value begins after a sign: it may be `:=`, `=>` or `==`, and spaces follow.
fn value_start(view: &[u8], sign: usize) -> usize {
    let is_double = matches!(view.get(sign + 1), Some(b'=' | b'>'));
    let at = sign + 1 + usize::from(is_double);
    at + spaces(view, at)
}

fn spaces(view: &[u8], at: usize) -> usize {
    let rest = view.get(at..).unwrap_or_default();
    rest.iter()
        .take(SPACES_MAX)
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count()
}

const fn is_end(byte: u8) -> bool {
    matches!(
        byte,
        0..=b' ' | b',' | b';' | b'"' | b'\'' | b'<' | b'>' | b'&' | b'`'
    )
}

fn is_value(value: &[u8], is_password: bool, is_quoted: bool) -> bool {
    let lower = value.to_ascii_lowercase();
    let is_reference = matches!(
        value.first(),
        Some(b'$' | b'{' | b'<' | b'[' | b'(' | b'*' | b'%')
    );
    if is_reference || PLACEHOLDERS.contains(&&*lower) || value.windows(2).any(|two| two == b"((") {
        return false;
    }
    let has = |test: fn(&u8) -> bool| value.iter().any(test);
    let (digit, lower_case, upper_case) = (
        has(u8::is_ascii_digit),
        has(u8::is_ascii_lowercase),
        has(u8::is_ascii_uppercase),
    );
    let sign = value
        .iter()
        .any(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'.' | b'('));
    let mixed = digit || sign || (lower_case && upper_case);
    // A call or a path of a program is no value.
    if !is_quoted && value.contains(&b'(') {
        return false;
    }
    if is_password {
        return value.len() >= PASSWORD_MIN && (is_quoted || mixed || value.len() >= SECRET_MIN);
    }
    let only_digits = value.iter().all(u8::is_ascii_digit);
    value.len() >= SECRET_MIN
        && mixed
        && digit
        && !value.contains(&b' ')
        && (!only_digits || value.len() >= DIGITS_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_letters_of_every_name_are_known() {
        let others: [&[u8]; 2] = [b"passe", b"key"];
        for name in PASSWORDS.iter().chain(SECRETS).chain(&others) {
            for name in [name.to_vec(), name.to_ascii_uppercase()] {
                assert!(ends_name(*name.last_chunk().unwrap()), "{name:?}");
            }
        }
    }
}
