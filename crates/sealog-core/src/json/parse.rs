//! Any JSON text to a tree: the strict reader at the door, where records come in.
//!
//! Recursive, with the depth bounded by `JSON_DEPTH_MAX`.

use alloc::string::String;
use alloc::vec::Vec;

use super::scan::next_stop;
use super::{JsonError, Number, Object, Value};
use crate::limits::{JSON_DEPTH_MAX, JSON_TEXT_BYTES_MAX};

pub(super) fn parse(text: &[u8]) -> Result<Value, JsonError> {
    if text.len() > JSON_TEXT_BYTES_MAX {
        return Err(JsonError::TextLength {
            found: text.len(),
            limit: JSON_TEXT_BYTES_MAX,
        });
    }
    if text.starts_with(b"\xEF\xBB\xBF") {
        return Err(JsonError::ByteOrderMark);
    }
    let text = core::str::from_utf8(text).map_err(|error| JsonError::NotUtf8 {
        offset: error.valid_up_to(),
    })?;
    let mut parser = Parser { text, at: 0 };
    parser.skip_white_space();
    let value = parser.value(0)?;
    parser.skip_white_space();
    match parser.peek() {
        None => Ok(value),
        Some(_) => Err(JsonError::TrailingBytes { offset: parser.at }),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Steps over `byte` if it stands here.
    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn skip_white_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn unexpected(&self, expected: &'static str) -> JsonError {
        let offset = self.at;
        match self.peek() {
            None => JsonError::UnexpectedEnd { offset, expected },
            Some(_) => JsonError::Unexpected { offset, expected },
        }
    }

    /// A value inside `depth` arrays and objects.
    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        match self.peek() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'{') => self.object(depth + 1).map(Value::Object),
            Some(b'[') => self.array(depth + 1).map(Value::Array),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(b't') => self.literal("true", Value::Bool(true)),
            Some(b'f') => self.literal("false", Value::Bool(false)),
            Some(b'n') => self.literal("null", Value::Null),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn literal(&mut self, name: &'static str, value: Value) -> Result<Value, JsonError> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if rest.starts_with(name.as_bytes()) {
            self.at += name.len();
            return Ok(value);
        }
        let same = rest
            .iter()
            .zip(name.as_bytes())
            .take_while(|(found, wanted)| found == wanted);
        self.at += same.count();
        Err(self.unexpected(name))
    }

    /// Steps over an opening bracket.
    fn open(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth > JSON_DEPTH_MAX {
            return Err(JsonError::Depth {
                offset: self.at,
                limit: JSON_DEPTH_MAX,
            });
        }
        self.at += 1;
        self.skip_white_space();
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Value>, JsonError> {
        self.open(depth)?;
        let mut elements = Vec::new();
        if self.take(b']') {
            return Ok(elements);
        }
        loop {
            elements.push(self.value(depth)?);
            self.skip_white_space();
            if self.take(b']') {
                return Ok(elements);
            }
            if !self.take(b',') {
                return Err(self.unexpected("a comma or the end of the array"));
            }
            self.skip_white_space();
        }
    }

    fn object(&mut self, depth: usize) -> Result<Object, JsonError> {
        let open = self.at;
        self.open(depth)?;
        let mut members = Vec::new();
        if self.take(b'}') {
            return Ok(Object::new());
        }
        loop {
            let key = self.key()?;
            members.push((key, self.value(depth)?));
            self.skip_white_space();
            if self.take(b'}') {
                break;
            }
            if !self.take(b',') {
                return Err(self.unexpected("a comma or the end of the object"));
            }
            self.skip_white_space();
        }
        Object::from_text_order(members).or_else(|(index, key)| {
            self.at = open;
            let offset = self.key_offset(index, depth)?;
            Err(JsonError::DuplicateKey { offset, key })
        })
    }

    /// A key and the colon after it.
    fn key(&mut self) -> Result<String, JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a key"));
        }
        let key = self.string()?;
        self.skip_white_space();
        if !self.take(b':') {
            return Err(self.unexpected("a colon"));
        }
        self.skip_white_space();
        Ok(key)
    }

    /// Where the key of a member stands, found by reading the object once more from its bracket on: it is wanted
    /// only for an error, and to keep every key's place would cost the others an allocation.
    fn key_offset(&mut self, index: usize, depth: usize) -> Result<usize, JsonError> {
        self.open(depth)?;
        for _ in 0..index {
            self.key()?;
            self.value(depth)?;
            self.skip_white_space();
            self.take(b',');
            self.skip_white_space();
        }
        Ok(self.at)
    }

    /// A string from its opening quote on.
    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut string = String::new();
        loop {
            let stop = next_stop(self.text.as_bytes(), self.at);
            string.push_str(self.text.get(self.at..stop).unwrap_or_default());
            self.at = stop;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(string);
                }
                Some(b'\\') => string.push(self.escape()?),
                Some(_) => return Err(JsonError::ControlCharacter { offset: stop }),
                None => return Err(self.unexpected("the end of the string")),
            }
        }
    }

    /// An escape from its backslash on.
    fn escape(&mut self) -> Result<char, JsonError> {
        let offset = self.at;
        let char = match self.text.as_bytes().get(offset + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{C}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(JsonError::InvalidEscape { offset }),
        };
        self.at += 2;
        Ok(char)
    }

    /// `\uXXXX`, or two of them where the first is a high surrogate.
    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let offset = self.at;
        let unit = self.code_unit()?;
        if let Some(char) = char::from_u32(unit) {
            return Ok(char);
        }
        let lone = JsonError::LoneSurrogate { offset };
        let followed = self
            .text
            .as_bytes()
            .get(self.at..)
            .unwrap_or_default()
            .starts_with(b"\\u");
        if unit >= 0xDC00 || !followed {
            return Err(lone);
        }
        let low = self.code_unit()?;
        if !(0xDC00..=0xDFFF).contains(&low) {
            return Err(lone);
        }
        char::from_u32(0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00)).ok_or(lone)
    }

    fn code_unit(&mut self) -> Result<u32, JsonError> {
        let offset = self.at;
        let digits = self.text.as_bytes().get(offset + 2..offset + 6);
        let digits = digits.ok_or(JsonError::InvalidEscape { offset })?;
        let unit = digits.iter().try_fold(0, |unit, digit| {
            char::from(*digit)
                .to_digit(16)
                .map(|digit| unit * 16 + digit)
        });
        self.at += 6;
        unit.ok_or(JsonError::InvalidEscape { offset })
    }

    fn number(&mut self) -> Result<Number, JsonError> {
        let offset = self.at;
        let token = number_token(self.text.as_bytes(), offset)?;
        self.at = token.end;
        read_number(
            self.text.get(offset..token.end).unwrap_or_default(),
            token.integer,
            offset,
        )
    }
}

/// Where a number ends, and whether it has neither point nor exponent.
pub(super) struct NumberToken {
    pub(super) end: usize,
    pub(super) integer: bool,
}

/// Finds the number of the JSON grammar that begins at `offset`.
pub(super) fn number_token(text: &[u8], offset: usize) -> Result<NumberToken, JsonError> {
    let byte = |at: usize| text.get(at).copied();
    let digits_end = |mut at: usize| {
        while byte(at).is_some_and(|byte| byte.is_ascii_digit()) {
            at += 1;
        }
        at
    };
    let invalid = || JsonError::InvalidNumber { offset };
    let first = offset + usize::from(byte(offset) == Some(b'-'));
    let mut end = digits_end(first);
    if end == first || (byte(first) == Some(b'0') && end > first + 1) {
        return Err(invalid());
    }
    let mut integer = true;
    if byte(end) == Some(b'.') {
        integer = false;
        let fraction = end + 1;
        end = digits_end(fraction);
        if end == fraction {
            return Err(invalid());
        }
    }
    if let Some(b'e' | b'E') = byte(end) {
        integer = false;
        let exponent = end + 1 + usize::from(matches!(byte(end + 1), Some(b'+' | b'-')));
        end = digits_end(exponent);
        if end == exponent {
            return Err(invalid());
        }
    }
    Ok(NumberToken { end, integer })
}

/// The number that a token of the JSON grammar stands for.
pub(super) fn read_number(token: &str, integer: bool, offset: usize) -> Result<Number, JsonError> {
    if integer {
        // A token that does not fit 64 bits is beyond the limit as well. Minus zero becomes zero.
        let number = token.parse().ok().and_then(Number::integer);
        return number.ok_or(JsonError::IntegerRange { offset });
    }
    let value: f64 = token
        .parse()
        .map_err(|_| JsonError::InvalidNumber { offset })?;
    if value.is_infinite() {
        return Err(JsonError::NumberRange { offset });
    }
    Number::finite(value).ok_or(JsonError::IntegerRange { offset })
}
