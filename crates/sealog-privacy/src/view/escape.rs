//! Undoes the escapes in which a text travels.
//!
//! Only the escapes are undone here; what they stood for is folded when a view of the result is made. Quoted-printable
//! has a view of its own, because `=40` in a query string is no escape.

use memchr::{memchr, memchr3};

use super::View;
use super::map::Writer;
use super::spare::Spare;

/// Bytes of one escape, at most: the longest named entity, and a pair of surrogates.
const ESCAPE_BYTES_MAX: usize = 12;

/// Named entities of HTML that stand in identifiers or beside them.
const ENTITIES: &[(&[u8], char)] = &[
    (b"amp", '&'),
    (b"apos", '\''),
    (b"colon", ':'),
    (b"comma", ','),
    (b"commat", '@'),
    (b"dash", '-'),
    (b"equals", '='),
    (b"gt", '>'),
    (b"hyphen", '-'),
    (b"lowbar", '_'),
    (b"lpar", '('),
    (b"lt", '<'),
    (b"mdash", '-'),
    (b"minus", '-'),
    (b"nbsp", ' '),
    (b"ndash", '-'),
    (b"num", '#'),
    (b"period", '.'),
    (b"plus", '+'),
    (b"quot", '"'),
    (b"rpar", ')'),
    (b"shy", '\u{ad}'),
    (b"sol", '/'),
    (b"zwj", '\u{200d}'),
    (b"zwnj", '\u{200c}'),
];

/// Percent, HTML entities and JSON.
pub(super) fn decoded<'s>(source: &'s [u8], spare: &mut Spare) -> Option<View<'s>> {
    let next = |rest: &[u8]| memchr3(b'%', b'&', b'\\', rest);
    undo(source, spare, next, |rest| match rest.first() {
        Some(b'%') => percent(rest),
        Some(b'&') => entity(rest),
        _ => json(rest),
    })
}

/// Quoted-printable (RFC 2045, section 6.7).
pub(super) fn unquoted<'s>(source: &'s [u8], spare: &mut Spare) -> Option<View<'s>> {
    undo(source, spare, |rest| memchr(b'=', rest), quoted)
}

/// What stands in place of an escape: some bytes, and how long the escape is.
struct Undone {
    len: usize,
    bytes: [u8; 4],
    used: usize,
}

impl Undone {
    const fn byte(len: usize, byte: u8) -> Self {
        Self {
            len,
            bytes: [byte, 0, 0, 0],
            used: 1,
        }
    }

    fn character(len: usize, character: char) -> Self {
        let mut bytes = [0; 4];
        let used = character.encode_utf8(&mut bytes).len();
        Self { len, bytes, used }
    }
}

fn undo<'s>(
    source: &'s [u8],
    spare: &mut Spare,
    next: impl Fn(&[u8]) -> Option<usize>,
    escape: impl Fn(&[u8]) -> Option<Undone>,
) -> Option<View<'s>> {
    let mut writer = Writer::new(source, spare);
    let mut at = 0;
    while let Some(rest) = source.get(at..) {
        let Some(found) = next(rest) else {
            break;
        };
        let rest = rest.get(found..).unwrap_or_default();
        at += found;
        match escape(rest) {
            Some(undone) => {
                writer.copy(at);
                writer.replace(
                    undone.len,
                    undone.bytes.get(..undone.used).unwrap_or_default(),
                );
                at += undone.len;
            }
            None => at += 1,
        }
    }
    (!writer.is_untouched()).then(|| writer.finish())
}

fn percent(rest: &[u8]) -> Option<Undone> {
    hex_byte(rest.get(1..3)?).map(|byte| Undone::byte(3, byte))
}

fn quoted(rest: &[u8]) -> Option<Undone> {
    let soft = |len| {
        Some(Undone {
            len,
            bytes: [0; 4],
            used: 0,
        })
    };
    match rest.get(1..)? {
        [b'\n', ..] => soft(2),
        [b'\r', b'\n', ..] => soft(3),
        [high, low, ..] if !high.is_ascii_lowercase() && !low.is_ascii_lowercase() => {
            hex_byte(&[*high, *low]).map(|byte| Undone::byte(3, byte))
        }
        _ => None,
    }
}

fn entity(rest: &[u8]) -> Option<Undone> {
    let inner = rest.get(1..rest.len().min(ESCAPE_BYTES_MAX))?;
    let end = inner.iter().position(|byte| *byte == b';')?;
    let (name, len) = (inner.get(..end)?, end + 2);
    let character = match name {
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        name => {
            let found = ENTITIES.iter().find(|(known, _)| *known == name);
            found.map(|(_, character)| *character)?
        }
    };
    Some(Undone::character(len, character))
}

fn number(digits: &[u8], radix: u32) -> Option<char> {
    if !digits.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let digits = str::from_utf8(digits).ok()?;
    u32::from_str_radix(digits, radix)
        .ok()
        .and_then(char::from_u32)
}

fn json(rest: &[u8]) -> Option<Undone> {
    let short = |byte| Some(Undone::byte(2, byte));
    match rest.get(1)? {
        b'n' => short(b'\n'),
        b'r' => short(b'\r'),
        b't' => short(b'\t'),
        b'/' => short(b'/'),
        b'"' => short(b'"'),
        b'x' => hex_byte(rest.get(2..4)?)
            .and_then(|byte| char::from_u32(u32::from(byte)))
            .map(|character| Undone::character(4, character)),
        b'u' => {
            let high = number(rest.get(2..6)?, 16);
            match high {
                Some(character) => Some(Undone::character(6, character)),
                None => surrogates(rest),
            }
        }
        _ => None,
    }
}

fn surrogates(rest: &[u8]) -> Option<Undone> {
    if rest.get(6..8) != Some(b"\\u") {
        return None;
    }
    let high = code_unit(rest.get(2..6)?)?;
    let low = code_unit(rest.get(8..12)?)?;
    let character = char::decode_utf16([high, low]).next()?.ok()?;
    Some(Undone::character(12, character))
}

fn code_unit(digits: &[u8]) -> Option<u16> {
    let digits = str::from_utf8(digits).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let digits = str::from_utf8(digits).ok()?;
    u8::from_str_radix(digits, 16).ok()
}
