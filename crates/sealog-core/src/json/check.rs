//! The canonical check: one pass over a text that settles everything RFC 8785 leaves to choice and fills the tape.
//!
//! This is the hot path of verification. Strings are scanned eight bytes at a time; a key is compared with the
//! one before it by its first eight bytes where these are plain ASCII; integers and short decimals are known to
//! be canonical by their form alone, longer decimals by exact arithmetic, and only other numbers are converted and
//! written again.
//!
//! Recursive, with the depth bounded by `JSON_DEPTH_MAX`.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::Range;

use self::number::number;
pub(super) use self::string::unescape;
use self::string::{Scanned, scan};
use super::JsonError;
use super::order::utf16_order;
use super::tape::{Kind, Node};
use crate::limits::{JSON_DEPTH_MAX, JSON_TEXT_BYTES_MAX};

pub(super) mod decimal;
mod number;
mod string;

/// The index after what was checked. The error is boxed so that the ordinary result fits two registers.
type Checked = Result<usize, Box<JsonError>>;

pub(super) fn check(text: &[u8], nodes: &mut Vec<Node>) -> Result<(), JsonError> {
    nodes.clear();
    if text.len() > JSON_TEXT_BYTES_MAX {
        return Err(JsonError::TextLength {
            found: text.len(),
            limit: JSON_TEXT_BYTES_MAX,
        });
    }
    let end = Checker { text, nodes }
        .value(0, 0)
        .map_err(|error| *error)?;
    if end == text.len() {
        Ok(())
    } else {
        Err(JsonError::TrailingBytes { offset: end })
    }
}

/// Checks the one value at `at`, inside `depth` arrays and objects, and gives the index after it.
pub(super) fn check_at(
    text: &[u8],
    at: usize,
    depth: usize,
    nodes: &mut Vec<Node>,
) -> Option<usize> {
    nodes.clear();
    Checker { text, nodes }.value(at, depth).ok()
}

/// A string in canonical form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StringEnd {
    /// The index after its closing quote.
    pub(crate) end: usize,
    /// Whether a backslash stands in it.
    pub(crate) escaped: bool,
}

impl StringEnd {
    /// What the string says; `content` is what stands between its quotes.
    pub(crate) fn text(self, content: &[u8]) -> Option<Cow<'_, str>> {
        if self.escaped {
            return String::from_utf8(unescape(content)).ok().map(Cow::Owned);
        }
        core::str::from_utf8(content).ok().map(Cow::Borrowed)
    }
}

/// Where the string ends whose opening quote stands at `open`; `None` if it is not in canonical form.
pub(crate) fn string_end(text: &[u8], open: usize) -> Option<StringEnd> {
    let scanned = scan(text, open).ok()?;
    Some(StringEnd {
        end: scanned.end,
        escaped: scanned.escaped,
    })
}

/// Where the number ends whose sign or first digit stands at `start`; `None` if it is not in canonical form.
pub(crate) fn number_end(text: &[u8], start: usize) -> Option<usize> {
    number(text, start).ok()
}

struct Checker<'t, 'a> {
    text: &'a [u8],
    nodes: &'t mut Vec<Node>,
}

impl Checker<'_, '_> {
    #[inline]
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.get(at).copied()
    }

    #[inline]
    fn push(&mut self, kind: Kind, start: usize, end: usize, escaped: bool) {
        let next = index(self.nodes.len() + 1);
        self.nodes.push(Node {
            start: index(start),
            end: index(end),
            next,
            kind,
            escaped,
        });
    }

    /// A value inside `depth` arrays and objects.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "most values are scalars: only arrays and objects are worth a call"
    )]
    fn value(&mut self, at: usize, depth: usize) -> Checked {
        match self.byte(at) {
            Some(b'"') => Ok(self.string(at)?.end),
            Some(b'{') => self.object(at, depth + 1),
            Some(b'[') => self.array(at, depth + 1),
            Some(b'-' | b'0'..=b'9') => {
                let end = number(self.text, at)?;
                self.push(Kind::Number, at, end, false);
                Ok(end)
            }
            Some(b't') => self.literal(at, "true", Kind::Bool),
            Some(b'f') => self.literal(at, "false", Kind::Bool),
            Some(b'n') => self.literal(at, "null", Kind::Null),
            _ => unexpected(self.text, at, "a value"),
        }
    }

    #[inline]
    fn literal(&mut self, at: usize, name: &'static str, kind: Kind) -> Checked {
        let end = at + name.len();
        if self.text.get(at..end) != Some(name.as_bytes()) {
            return bad_literal(self.text, at, name);
        }
        self.push(kind, at, end, false);
        Ok(end)
    }

    #[inline(never)]
    fn array(&mut self, open: usize, depth: usize) -> Checked {
        let node = self.open(Kind::Array, open, depth)?;
        let mut at = open + 1;
        if self.byte(at) == Some(b']') {
            return Ok(self.close(node, at + 1));
        }
        loop {
            at = self.value(at, depth)?;
            match self.byte(at) {
                Some(b',') => at += 1,
                Some(b']') => return Ok(self.close(node, at + 1)),
                _ => return unexpected(self.text, at, "a comma or the end of the array"),
            }
        }
    }

    #[inline(never)]
    fn object(&mut self, open: usize, depth: usize) -> Checked {
        let node = self.open(Kind::Object, open, depth)?;
        let mut at = open + 1;
        if self.byte(at) == Some(b'}') {
            return Ok(self.close(node, at + 1));
        }
        // The key before, and the prefix above which the next one certainly comes after it.
        let mut before = 0..0;
        let mut bound = 0;
        loop {
            if self.byte(at) != Some(b'"') {
                return unexpected(self.text, at, "a key");
            }
            let key = self.string(at)?;
            if key.prefix <= bound {
                self.check_order(before, at..key.end)?;
            }
            if self.byte(key.end) != Some(b':') {
                return unexpected(self.text, key.end, "a colon");
            }
            let end = self.value(key.end + 1, depth)?;
            before = at..key.end;
            bound = if key.plain { key.prefix } else { u64::MAX };
            match self.byte(end) {
                Some(b',') => at = end + 1,
                Some(b'}') => return Ok(self.close(node, end + 1)),
                _ => return unexpected(self.text, end, "a comma or the end of the object"),
            }
        }
    }

    /// Begins an array or object; its end is written by `close`.
    fn open(&mut self, kind: Kind, at: usize, depth: usize) -> Checked {
        if depth > JSON_DEPTH_MAX {
            return Err(Box::new(JsonError::Depth {
                offset: at,
                limit: JSON_DEPTH_MAX,
            }));
        }
        let node = self.nodes.len();
        self.push(kind, at, at, false);
        Ok(node)
    }

    fn close(&mut self, node: usize, end: usize) -> usize {
        let next = index(self.nodes.len());
        if let Some(node) = self.nodes.get_mut(node) {
            node.end = index(end);
            node.next = next;
        }
        end
    }

    /// A string, of which the opening quote is known to stand at `open`.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "see `scan`")]
    fn string(&mut self, open: usize) -> Result<Scanned, Box<JsonError>> {
        let scanned = scan(self.text, open)?;
        self.push(Kind::String, open, scanned.end, scanned.escaped);
        Ok(scanned)
    }

    /// Refuses a key that does not come after the one before it; both are given with their quotes. An empty range
    /// stands for no key.
    #[inline(never)]
    fn check_order(&self, before: Range<usize>, key: Range<usize>) -> Result<(), Box<JsonError>> {
        if before.is_empty() {
            return Ok(());
        }
        let offset = key.start;
        let content = |range: Range<usize>| {
            let content = self
                .text
                .get(range.start + 1..range.end - 1)
                .unwrap_or_default();
            if content.contains(&b'\\') {
                Cow::Owned(unescape(content))
            } else {
                Cow::Borrowed(content)
            }
        };
        let key = content(key);
        let order = utf16_order(&content(before), &key);
        let key = || String::from_utf8_lossy(&key).into_owned();
        match order {
            Ordering::Less => Ok(()),
            Ordering::Equal => Err(Box::new(JsonError::DuplicateKey { offset, key: key() })),
            Ordering::Greater => Err(Box::new(JsonError::KeyOrder { offset, key: key() })),
        }
    }
}

/// An index as a node holds it.
#[inline]
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "a text is at most JSON_TEXT_BYTES_MAX long and has fewer nodes than bytes"
)]
const fn index(index: usize) -> u32 {
    index as u32
}

#[cold]
fn bad_literal(text: &[u8], at: usize, name: &'static str) -> Checked {
    let rest = text.get(at..).unwrap_or_default();
    let same = rest
        .iter()
        .zip(name.as_bytes())
        .take_while(|(found, wanted)| found == wanted);
    unexpected(text, at + same.count(), name)
}

#[cold]
fn unexpected<T>(text: &[u8], offset: usize, expected: &'static str) -> Result<T, Box<JsonError>> {
    Err(Box::new(match text.get(offset) {
        None => JsonError::UnexpectedEnd { offset, expected },
        Some(b' ' | b'\t' | b'\n' | b'\r') => JsonError::WhiteSpace { offset },
        Some(0xEF) if offset == 0 && text.starts_with(b"\xEF\xBB\xBF") => JsonError::ByteOrderMark,
        Some(_) => JsonError::Unexpected { offset, expected },
    }))
}
