//! A JSON text in pieces: the values of an object or array as they are written, one at a time.
//!
//! A statement over 100,000 files is 13 MB of text, and four times that as one tree of values. Here only where a piece
//! ends is found; whatever a piece says, [`Value::parse`] reads it, which refuses what is no JSON. **What is absent**:
//! deciding alone whether a text is JSON.

use sealog_core::json::Value;

use super::bad;
use crate::Error;
use crate::formats::members::string_end;

/// What was not JSON, or not of the kind that was asked for.
fn no(what: &str) -> Error {
    bad(format!("a part of its payload is no {what}"))
}

/// The members of an object that has exactly these, each once.
pub(super) fn members<'a, const N: usize>(
    text: &'a [u8],
    names: [&str; N],
) -> Result<[&'a [u8]; N], Error> {
    let mut found = [None; N];
    for piece in Pieces::of(text, b'{', b'}').ok_or_else(|| no("object"))? {
        let (name, value) = piece.and_then(split).ok_or_else(|| no("object"))?;
        let place = names.iter().position(|own| *own == name);
        let place = place.and_then(|at| found.get_mut(at));
        // One that is there twice is as wrong as another.
        if place.is_none_or(|place| place.replace(value).is_some()) {
            return Err(others(&names));
        }
    }
    let mut all = [&[][..]; N];
    for (place, value) in all.iter_mut().zip(found) {
        *place = value.ok_or_else(|| others(&names))?;
    }
    Ok(all)
}

fn others(names: &[&str]) -> Error {
    bad(format!(
        "an object has other members than {}",
        names.join(", ")
    ))
}

/// The elements of an array.
pub(super) fn elements(text: &[u8]) -> Result<impl Iterator<Item = Result<&[u8], Error>>, Error> {
    let pieces = Pieces::of(text, b'[', b']').ok_or_else(|| no("array"))?;
    Ok(pieces.map(|piece| piece.ok_or_else(|| no("array"))))
}

/// A piece, read.
pub(super) fn value(piece: &[u8]) -> Result<Value, Error> {
    Value::parse(piece).map_err(|source| Error::Json {
        what: "the OMS payload",
        source,
    })
}

/// The name and the value of a member.
fn split(member: &[u8]) -> Option<(String, &[u8])> {
    let end = end_of(member)?;
    let (name, rest) = member.split_at_checked(end)?;
    let Value::String(name) = Value::parse(name).ok()? else {
        return None;
    };
    Some((name, trimmed(rest).strip_prefix(b":")?))
}

/// What stands between two brackets, separated by commas. `None` ends it: it was no list.
struct Pieces<'a> {
    /// Nothing: it has ended.
    rest: Option<&'a [u8]>,
}

impl<'a> Pieces<'a> {
    fn of(text: &'a [u8], open: u8, close: u8) -> Option<Self> {
        let inner = trimmed(text)
            .strip_prefix(&[open])?
            .strip_suffix(&[close])?;
        let inner = trimmed(inner);
        Some(Self {
            rest: (!inner.is_empty()).then_some(inner),
        })
    }

    /// The next piece, and what is left if a comma stands between.
    fn cut(text: &'a [u8]) -> Option<(&'a [u8], Option<&'a [u8]>)> {
        let mut end = end_of(text)?;
        // The value of a member stands behind its name.
        let after = trimmed(text.get(end..)?);
        if let Some(value) = after.strip_prefix(b":") {
            end = text.len().checked_sub(value.len())?;
            end = end.checked_add(end_of(value)?)?;
        }
        let (piece, rest) = text.split_at_checked(end)?;
        match trimmed(rest).split_first() {
            None => Some((piece, None)),
            Some((b',', rest)) => Some((piece, Some(rest))),
            Some(_) => None,
        }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Option<&'a [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.take()?;
        let Some((piece, rest)) = Self::cut(text) else {
            return Some(None);
        };
        self.rest = rest;
        Some(Some(piece))
    }
}

/// Without the white space of JSON before and after it.
fn trimmed(mut text: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    while let Some((_, rest)) = text.split_first().filter(|(first, _)| is_space(first)) {
        text = rest;
    }
    while let Some((_, rest)) = text.split_last().filter(|(last, _)| is_space(last)) {
        text = rest;
    }
    text
}

/// Where the value ends that a text begins with, white space before it included: its brackets are even by then. No
/// bracket is told from another, and no word is read.
fn end_of(text: &[u8]) -> Option<usize> {
    let mut depth: usize = 0;
    let mut is_begun = false;
    let mut at: usize = 0;
    loop {
        match text.get(at) {
            Some(b'"') => {
                at = string_end(text, at)?;
                is_begun = true;
                if depth == 0 {
                    return Some(at);
                }
                continue;
            }
            Some(b'{' | b'[') if depth > 0 || !is_begun => {
                depth = depth.checked_add(1)?;
                is_begun = true;
            }
            Some(b'}' | b']') if depth > 0 => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return at.checked_add(1);
                }
            }
            Some(b' ' | b'\t' | b'\n' | b'\r') if depth == 0 && is_begun => return Some(at),
            Some(b',' | b':' | b'{' | b'[' | b'}' | b']') | None if depth == 0 => {
                return is_begun.then_some(at);
            }
            None => return None,
            Some(byte) => is_begun |= !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'),
        }
        at = at.checked_add(1)?;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All of a text in pieces, put together again as one value.
    fn taken_apart(text: &[u8]) -> Option<Value> {
        if let Some(pieces) = Pieces::of(text, b'[', b']') {
            let list: Option<Vec<Value>> = pieces.map(|piece| taken_apart(piece?)).collect();
            return list.map(Value::Array);
        }
        let Some(pieces) = Pieces::of(text, b'{', b'}') else {
            return Value::parse(text).ok();
        };
        let mut object = sealog_core::json::Object::new();
        for piece in pieces {
            let (name, value) = split(piece?)?;
            if object.insert(name, taken_apart(value)?).is_some() {
                return None;
            }
        }
        Some(Value::Object(object))
    }

    fn same(text: &[u8]) {
        let whole = Value::parse(text).ok();
        // Only how deep a text may go is not asked of its pieces.
        assert_eq!(
            taken_apart(text),
            whole,
            "{}",
            String::from_utf8_lossy(text)
        );
    }

    const TEXT: &str = "{\"a\" : [1 , -2.5e3,\"x,]}\\\"\\\\\",{}, [ ] ,null,true],\t\"b\\u0041\":{\"c\":\"\u{e9}\"}\r\n}";

    #[test]
    fn a_text_in_pieces_says_what_it_says_whole() {
        for text in [
            TEXT,
            "[]",
            " [ ] ",
            "{}",
            "[[[[]]]]",
            "[1]",
            "[\"\"]",
            "{\"\":\"\"}",
            "[{\"a\":1},{\"a\":1}]",
        ] {
            assert!(Value::parse(text.as_bytes()).is_ok(), "{text}");
            same(text.as_bytes());
        }
        for text in [
            "",
            " ",
            "[",
            "]",
            "[}",
            "{]",
            "[1",
            "1]",
            "[,]",
            "[1,]",
            "[,1]",
            "[1,,2]",
            "[1 2]",
            "[1:2]",
            "{\"a\"}",
            "{\"a\":}",
            "{:1}",
            "{\"a\":1,}",
            "{\"a\":1:2}",
            "{1:2}",
            "{\"a\" 1}",
            "{\"a\":1 2}",
            "[]]",
            "[][]",
            "[] []",
            "{}{}",
            "[\"a\"\"b\"]",
            "[\"a\"1]",
            "[1\"a\"]",
            "[1{}]",
            "[{}1]",
            "[{}{}]",
            "{\"a\":[}]}",
            "[\"]",
            "[\"\\\"]",
            "[tru]",
            "[01]",
            "[1]x",
            "{\"a\":1,\"a\":1}",
            "{\"a\":1,\"\\u0061\":1}",
            "[\u{a0}]",
            "[1,\u{b}2]",
        ] {
            assert!(Value::parse(text.as_bytes()).is_err(), "{text}");
            same(text.as_bytes());
        }
    }

    #[test]
    fn each_change_of_a_byte_is_read_alike() {
        for at in 0..TEXT.len() {
            for byte in 0..=255 {
                let mut text = TEXT.as_bytes().to_vec();
                text[at] = byte;
                same(&text);
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_of_json_are_read_alike(text in "[\\[\\]{}:,\"\\\\ a1e.-]{0,24}") {
            same(text.as_bytes());
        }
    }

    #[test]
    fn members_are_exactly_these() {
        let found = members(b"{\"b\":[1],\"a\" : 2}", ["a", "b"]).unwrap();
        assert_eq!(found, [&b" 2"[..], b"[1]"]);
        for text in [
            "{\"a\":1}",
            "{\"a\":1,\"b\":2,\"c\":3}",
            "{\"a\":1,\"b\":2,\"b\":2}",
            "{\"a\":1,\"c\":2}",
            "[]",
            "{\"a\":1,\"b\":2",
        ] {
            assert!(members(text.as_bytes(), ["a", "b"]).is_err(), "{text}");
        }
    }
}
