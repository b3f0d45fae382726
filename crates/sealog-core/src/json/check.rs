//! The canonical check: one pass over a text that settles everything RFC 8785 leaves to choice and fills the tape.
//!
//! This is the hot path of verification. Strings are scanned eight bytes at a time; a key is compared with the
//! one before it by its first eight bytes where these are plain ASCII; integers and short decimals are known to
//! be canonical by their form alone, and only other numbers are converted and written again.
//!
//! Recursive, with the depth bounded by `JSON_DEPTH_MAX`.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::Range;
use core::str;

use super::order::utf16_order;
use super::parse::{number_token, read_number};
use super::scan::{HIGH, first_stop, next_stop, stops, word_at};
use super::tape::{Kind, Node};
use super::{JsonError, write_number};
use crate::limits::{JSON_DEPTH_MAX, JSON_TEXT_BYTES_MAX};

/// The index after what was checked. The error is boxed so that the ordinary result fits two registers.
type Checked = Result<usize, Box<JsonError>>;

/// Decimal digits that a double always keeps: two different decimals of so many digits are different doubles.
const EXACT_DIGITS: usize = 15;
/// Zeros after the point of a number below one, at most, before ECMAScript writes an exponent.
const LEADING_ZEROS_MAX: usize = 5;

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

struct Checker<'t, 'a> {
    text: &'a [u8],
    nodes: &'t mut Vec<Node>,
}

/// What the scan of a string found.
struct Scanned {
    /// The index after the closing quote.
    end: usize,
    /// The first eight bytes between the quotes as a big-endian number, filled with zeros; only of a plain string.
    prefix: u64,
    /// Whether there are neither escapes nor bytes outside ASCII, so that bytes sort as UTF-16 units do.
    plain: bool,
}

impl Checker<'_, '_> {
    #[inline]
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.get(at).copied()
    }

    #[inline]
    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let next = index(self.nodes.len() + 1);
        self.nodes.push(Node {
            start: index(start),
            end: index(end),
            next,
            kind,
            escaped: false,
        });
    }

    /// A value inside `depth` arrays and objects.
    #[inline]
    fn value(&mut self, at: usize, depth: usize) -> Checked {
        match self.byte(at) {
            Some(b'"') => Ok(self.string(at)?.end),
            Some(b'{') => self.object(at, depth + 1),
            Some(b'[') => self.array(at, depth + 1),
            Some(b'-' | b'0'..=b'9') => self.number(at),
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
        self.push(kind, at, end);
        Ok(end)
    }

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

    fn object(&mut self, open: usize, depth: usize) -> Checked {
        let node = self.open(Kind::Object, open, depth)?;
        let mut at = open + 1;
        if self.byte(at) == Some(b'}') {
            return Ok(self.close(node, at + 1));
        }
        let mut previous: Option<(usize, Scanned)> = None;
        loop {
            if self.byte(at) != Some(b'"') {
                return unexpected(self.text, at, "a key");
            }
            let key = self.string(at)?;
            if let Some((before, previous)) = &previous {
                let ascends = previous.plain && key.plain && previous.prefix < key.prefix;
                if !ascends {
                    self.check_order(*before..previous.end, at..key.end)?;
                }
            }
            if self.byte(key.end) != Some(b':') {
                return unexpected(self.text, key.end, "a colon");
            }
            let end = self.value(key.end + 1, depth)?;
            previous = Some((at, key));
            match self.byte(end) {
                Some(b',') => at = end + 1,
                Some(b'}') => return Ok(self.close(node, end + 1)),
                _ => {
                    return unexpected(self.text, end, "a comma or the end of the object");
                }
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
        self.push(kind, at, at);
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

    /// A string from its opening quote on, which is known to stand at `open`.
    #[inline]
    fn string(&mut self, open: usize) -> Result<Scanned, Box<JsonError>> {
        let start = open + 1;
        let first = word_at(self.text, start);
        let mut marks = stops(first);
        let (at, high, prefix) = if marks == 0 {
            let (mut at, mut high) = (start + 8, first);
            loop {
                let word = word_at(self.text, at);
                marks = stops(word);
                if marks != 0 {
                    break (at + first_stop(marks), high | (word & below(marks)), first);
                }
                high |= word;
                at += 8;
            }
        } else {
            let word = first & below(marks);
            (start + first_stop(marks), word, word)
        };
        let prefix = prefix.swap_bytes();
        if high & HIGH == 0 && self.byte(at) == Some(b'"') {
            self.push(Kind::String, open, at + 1);
            return Ok(Scanned {
                end: at + 1,
                prefix,
                plain: true,
            });
        }
        let end = self.unusual_string(open, at)?;
        Ok(Scanned {
            end,
            prefix,
            plain: false,
        })
    }

    /// A string with an escape, with bytes outside ASCII, or with something that must not stand in it; the first
    /// byte that ends or interrupts it stands at `at`.
    fn unusual_string(&mut self, open: usize, mut at: usize) -> Checked {
        let mut escaped = false;
        loop {
            match self.byte(at) {
                Some(b'"') => break,
                Some(b'\\') => at = canonical_escape(self.text, at)?,
                Some(_) => return Err(Box::new(JsonError::ControlCharacter { offset: at })),
                None => return unexpected(self.text, at, "the end of the string"),
            }
            escaped = true;
            at = next_stop(self.text, at);
        }
        let start = open + 1;
        if let Err(error) = str::from_utf8(self.text.get(start..at).unwrap_or_default()) {
            let offset = start + error.valid_up_to();
            return Err(Box::new(JsonError::NotUtf8 { offset }));
        }
        self.push(Kind::String, open, at + 1);
        if let Some(node) = self.nodes.last_mut() {
            node.escaped = escaped;
        }
        Ok(at + 1)
    }

    /// Refuses a key that does not come after the one before it; both are given with their quotes.
    fn check_order(&self, before: Range<usize>, key: Range<usize>) -> Result<(), Box<JsonError>> {
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

    /// A number, of which a minus sign or digit is known to stand at `start`.
    #[inline]
    fn number(&mut self, start: usize) -> Checked {
        let first = start + usize::from(self.byte(start) == Some(b'-'));
        let after_integer = self.digits_end(first);
        let count = after_integer - first;
        let end = if let Some(b'.' | b'e' | b'E') = self.byte(after_integer) {
            self.non_integer(start, first, after_integer)?
        } else if (count <= EXACT_DIGITS && matches!(self.byte(first), Some(b'1'..=b'9')))
            || (count == 1 && first == start)
        {
            after_integer
        } else {
            self.unusual_integer(start)?
        };
        self.push(Kind::Number, start, end);
        Ok(end)
    }

    #[inline]
    fn digits_end(&self, mut at: usize) -> usize {
        while let Some(b'0'..=b'9') = self.byte(at) {
            at += 1;
        }
        at
    }

    /// An integer of 16 or more digits, with a leading zero, without digits, or minus zero.
    #[cold]
    fn unusual_integer(&self, start: usize) -> Checked {
        let token = number_token(self.text, start)?;
        let bytes = self.text.get(start..token.end).unwrap_or_default();
        let number = read_number(str::from_utf8(bytes).unwrap_or_default(), true, start)?;
        self.check_form(start, token.end, number)
    }

    /// A number with a point or exponent at `point`; its integer digits begin at `first`.
    fn non_integer(&self, start: usize, first: usize, point: usize) -> Checked {
        let fraction = point + 1;
        let end = self.digits_end(fraction);
        let exponent = matches!(self.byte(end), Some(b'e' | b'E'));
        let ends_in_zero = self.byte(end.wrapping_sub(1)) == Some(b'0');
        if self.byte(point) == Some(b'.') && end > fraction && !exponent && !ends_in_zero {
            // A decimal of so few digits is the shortest that stands for its double, since no other decimal of
            // as few digits stands for it, and that is the one that ECMAScript writes.
            let digits = match self.byte(first) {
                Some(b'1'..=b'9') => end - first - 1,
                Some(b'0') if point == first + 1 => {
                    let zeros = self.zeros_end(fraction) - fraction;
                    if zeros <= LEADING_ZEROS_MAX {
                        end - fraction - zeros
                    } else {
                        usize::MAX
                    }
                }
                _ => usize::MAX,
            };
            if digits <= EXACT_DIGITS {
                return Ok(end);
            }
        }
        let token = number_token(self.text, start)?;
        let bytes = self.text.get(start..token.end).unwrap_or_default();
        let number = read_number(str::from_utf8(bytes).unwrap_or_default(), false, start)?;
        self.check_form(start, token.end, number)
    }

    fn zeros_end(&self, mut at: usize) -> usize {
        while self.byte(at) == Some(b'0') {
            at += 1;
        }
        at
    }

    fn check_form(&self, start: usize, end: usize, number: super::Number) -> Checked {
        let mut canonical = Vec::with_capacity(32);
        write_number(&mut canonical, number);
        if self.text.get(start..end) == Some(canonical.as_slice()) {
            return Ok(end);
        }
        Err(Box::new(JsonError::NumberNotCanonical { offset: start }))
    }
}

/// The bytes below the lowest mark.
#[inline]
const fn below(marks: u64) -> u64 {
    // The lowest mark is a top bit: its byte begins seven bits below it.
    (marks & marks.wrapping_neg()).wrapping_sub(1) >> 7
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

/// Steps over an escape in canonical form, of which the backslash stands at `at`.
fn canonical_escape(text: &[u8], at: usize) -> Checked {
    let fault = |error: JsonError| Err(Box::new(error));
    match text.get(at + 1) {
        Some(b'"' | b'\\' | b'b' | b't' | b'n' | b'f' | b'r') => Ok(at + 2),
        Some(b'/') => fault(JsonError::EscapeNotCanonical { offset: at }),
        Some(b'u') => match text.get(at + 2..at + 6) {
            Some(
                [b'0', b'0', b'0', b'0'..=b'7' | b'b' | b'e' | b'f']
                | [b'0', b'0', b'1', b'0'..=b'9' | b'a'..=b'f'],
            ) => Ok(at + 6),
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => {
                fault(JsonError::EscapeNotCanonical { offset: at })
            }
            _ => fault(JsonError::InvalidEscape { offset: at }),
        },
        _ => fault(JsonError::InvalidEscape { offset: at }),
    }
}

/// The bytes that the content of a string in canonical form stands for.
pub(super) fn unescape(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len());
    let mut rest = content;
    while let [byte, after @ ..] = rest {
        rest = after;
        let (char, after) = match rest {
            _ if *byte != b'\\' => (*byte, rest),
            [b'u', b'0', b'0', high, low, after @ ..] => (hex(*high) << 4 | hex(*low), after),
            [b'b', after @ ..] => (0x08, after),
            [b't', after @ ..] => (b'\t', after),
            [b'n', after @ ..] => (b'\n', after),
            [b'f', after @ ..] => (0x0C, after),
            [b'r', after @ ..] => (b'\r', after),
            [char, after @ ..] => (*char, after),
            [] => (*byte, rest),
        };
        out.push(char);
        rest = after;
    }
    out
}

/// The value of a lowercase hexadecimal digit.
const fn hex(digit: u8) -> u8 {
    match digit {
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'0'),
    }
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
