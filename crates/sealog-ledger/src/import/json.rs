//! JSON of older logs, read without loss: numbers keep their spelling, so that the hashed bytes can be rebuilt.
//!
//! Stricter than the readers of those tools: a member that stands twice, a bare `NaN` and deep nesting are refused.

use std::fmt::Write;

use sealog_core::limits::JSON_DEPTH_MAX;

/// A value whose numbers stand as they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Syntax,
    Duplicate,
    Depth,
}

/// How a tool writes what it hashes: always with sorted members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Compact, characters as they are.
    Plain,
    /// Compact, everything but printable ASCII escaped.
    Ascii,
    /// The same with a space behind each comma and colon.
    AsciiSpaced,
}

pub(super) fn parse(text: &[u8]) -> Result<Json, Fault> {
    parse_as(text, &[])
}

/// The same for texts of Python's writer, which writes numbers that JSON does not have as bare words.
pub(super) fn parse_python(text: &[u8]) -> Result<Json, Fault> {
    parse_as(text, &BARE)
}

/// Numbers that JSON does not have, as Python writes them.
const BARE: [&str; 3] = ["NaN", "Infinity", "-Infinity"];

fn parse_as(text: &[u8], bare: &'static [&'static str]) -> Result<Json, Fault> {
    let text = std::str::from_utf8(text).map_err(|_| Fault::Syntax)?;
    let mut reader = Reader { rest: text, bare };
    let value = reader.value(0)?;
    reader.space();
    if reader.rest.is_empty() {
        Ok(value)
    } else {
        Err(Fault::Syntax)
    }
}

impl Json {
    /// A member of an object.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Map(members) = self else {
            return None;
        };
        let found = members.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value)
    }

    /// The text of a member.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The same value without these members.
    pub(super) fn without(&self, names: &[&str]) -> Self {
        let Self::Map(members) = self else {
            return self.clone();
        };
        let kept = members.iter().filter(|(key, _)| !names.contains(&&**key));
        Self::Map(kept.cloned().collect())
    }

    /// The same value with these members only.
    pub(super) fn only(&self, names: &[&str]) -> Self {
        let Self::Map(members) = self else {
            return self.clone();
        };
        let kept = members.iter().filter(|(key, _)| names.contains(&&**key));
        Self::Map(kept.cloned().collect())
    }

    /// Whether a number is in it that JSON does not have.
    pub(super) fn has_bare(&self) -> bool {
        match self {
            Self::Number(text) => BARE.contains(&&**text),
            Self::List(items) => items.iter().any(Self::has_bare),
            Self::Map(members) => members.iter().any(|(_, value)| value.has_bare()),
            _ => false,
        }
    }

    /// The bytes that the tool would have hashed.
    pub(super) fn to_bytes(&self, style: Style) -> Vec<u8> {
        let mut out = String::new();
        self.write(style, &mut out);
        out.into_bytes()
    }

    fn write(&self, style: Style, out: &mut String) {
        let (comma, colon) = match style {
            Style::Plain | Style::Ascii => (",", ":"),
            Style::AsciiSpaced => (", ", ": "),
        };
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => write_text(text, style, out),
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { comma });
                    item.write(style, out);
                }
                out.push(']');
            }
            Self::Map(members) => {
                // Bytes of UTF-8 sort as code points do, which is what these tools sort by.
                let mut sorted: Vec<_> = members.iter().collect();
                sorted.sort_by(|one, two| one.0.cmp(&two.0));
                out.push('{');
                for (at, (key, value)) in sorted.into_iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { comma });
                    write_text(key, style, out);
                    out.push_str(colon);
                    value.write(style, out);
                }
                out.push('}');
            }
        }
    }
}

fn write_text(text: &str, style: Style, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(char),
            _ if style == Style::Plain && char >= ' ' => out.push(char),
            _ => {
                let mut units = [0; 2];
                for unit in char.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

struct Reader<'a> {
    rest: &'a str,
    bare: &'static [&'static str],
}

impl Reader<'_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn take(&mut self, token: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(token) else {
            return false;
        };
        self.rest = rest;
        true
    }

    fn value(&mut self, depth: usize) -> Result<Json, Fault> {
        self.space();
        if let Some(word) = self.bare.iter().find(|word| self.rest.starts_with(**word)) {
            self.take(word);
            return Ok(Json::Number((*word).into()));
        }
        match self.rest.bytes().next().ok_or(Fault::Syntax)? {
            b'{' | b'[' if depth >= JSON_DEPTH_MAX => Err(Fault::Depth),
            b'{' => self.map(depth + 1),
            b'[' => self.list(depth + 1),
            b'"' => self.string().map(Json::Text),
            b'-' | b'0'..=b'9' => self.number(),
            _ if self.take("true") => Ok(Json::Bool(true)),
            _ if self.take("false") => Ok(Json::Bool(false)),
            _ if self.take("null") => Ok(Json::Null),
            _ => Err(Fault::Syntax),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json, Fault> {
        self.take("[");
        let mut items = Vec::new();
        self.space();
        if self.take("]") {
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.space();
            if self.take("]") {
                return Ok(Json::List(items));
            }
            if !self.take(",") {
                return Err(Fault::Syntax);
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Json, Fault> {
        self.take("{");
        let mut members: Vec<(String, Json)> = Vec::new();
        self.space();
        if self.take("}") {
            return Ok(Json::Map(members));
        }
        loop {
            self.space();
            let key = self.string()?;
            self.space();
            if !self.take(":") {
                return Err(Fault::Syntax);
            }
            let value = self.value(depth)?;
            members.push((key, value));
            self.space();
            if self.take("}") {
                break;
            }
            if !self.take(",") {
                return Err(Fault::Syntax);
            }
        }
        let mut keys: Vec<&str> = members.iter().map(|(key, _)| &**key).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(Fault::Duplicate);
        }
        Ok(Json::Map(members))
    }

    fn number(&mut self) -> Result<Json, Fault> {
        let part = |byte: u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = self.rest.bytes().take_while(|byte| part(*byte)).count();
        let (token, rest) = self.rest.split_at_checked(length).ok_or(Fault::Syntax)?;
        if !is_number(token) {
            return Err(Fault::Syntax);
        }
        self.rest = rest;
        Ok(Json::Number(token.into()))
    }

    fn string(&mut self) -> Result<String, Fault> {
        if !self.take("\"") {
            return Err(Fault::Syntax);
        }
        let mut out = String::new();
        loop {
            let stop = |char: char| char == '"' || char == '\\' || char < ' ';
            let at = self.rest.find(stop).ok_or(Fault::Syntax)?;
            let (plain, rest) = self.rest.split_at_checked(at).ok_or(Fault::Syntax)?;
            out.push_str(plain);
            self.rest = rest;
            if self.take("\"") {
                return Ok(out);
            }
            if !self.take("\\") {
                return Err(Fault::Syntax);
            }
            out.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let mut chars = self.rest.chars();
        let char = chars.next().ok_or(Fault::Syntax)?;
        self.rest = chars.as_str();
        Ok(match char {
            '"' | '\\' | '/' => char,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let high = self.unit()?;
                if let Some(char) = char::from_u32(high) {
                    return Ok(char);
                }
                // Half a character: its other half has to follow.
                if !self.take("\\u") {
                    return Err(Fault::Syntax);
                }
                let low = self.unit()?;
                let units = [high, low].map(|unit| u16::try_from(unit).unwrap_or(0));
                let mut decoded = char::decode_utf16(units);
                match (decoded.next(), decoded.next()) {
                    (Some(Ok(char)), None) => char,
                    _ => return Err(Fault::Syntax),
                }
            }
            _ => return Err(Fault::Syntax),
        })
    }

    fn unit(&mut self) -> Result<u32, Fault> {
        let (digits, rest) = self.rest.split_at_checked(4).ok_or(Fault::Syntax)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Fault::Syntax);
        }
        self.rest = rest;
        u32::from_str_radix(digits, 16).map_err(|_| Fault::Syntax)
    }
}

/// Whether a token is a number of the JSON grammar.
fn is_number(token: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let token = token.strip_prefix('-').unwrap_or(token);
    let (mantissa, exponent) = match token.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (token, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let signed = |text: &str| digits(text.strip_prefix(['+', '-']).unwrap_or(text));
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(signed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_sorted_and_numbers_keep_their_spelling() {
        let value =
            parse(b" {\"b\":1.50, \"a\":[\"\xc3\xa9\\u0001\", 1e-7, null, true]} ").unwrap();
        let bytes = |style| String::from_utf8(value.to_bytes(style)).unwrap();
        assert_eq!(
            bytes(Style::Plain),
            "{\"a\":[\"\u{e9}\\u0001\",1e-7,null,true],\"b\":1.50}"
        );
        assert_eq!(
            bytes(Style::Ascii),
            r#"{"a":["\u00e9\u0001",1e-7,null,true],"b":1.50}"#
        );
        assert_eq!(
            bytes(Style::AsciiSpaced),
            r#"{"a": ["\u00e9\u0001", 1e-7, null, true], "b": 1.50}"#
        );
        let pair = parse(br#""\ud83d\ude00""#).unwrap();
        assert_eq!(pair.to_bytes(Style::Ascii), br#""\ud83d\ude00""#);
    }

    #[test]
    fn what_other_readers_pass_over_is_refused() {
        for text in [
            "",
            "NaN",
            "[1,]",
            "{\"a\":1,}",
            "01",
            "1.",
            "+1",
            "-",
            "[1] x",
            "\"\n\"",
            "'a'",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\u00e\"",
            "\"\\x\"",
            "{\"a\" 1}",
            "[1 2]",
        ] {
            assert_eq!(parse(text.as_bytes()), Err(Fault::Syntax), "{text}");
        }
        assert_eq!(parse(b"\"\xff\""), Err(Fault::Syntax));
        let twice = br#"{"a":1,"b":2,"\u0061":3}"#;
        assert_eq!(parse(twice), Err(Fault::Duplicate));
    }

    #[test]
    fn bare_words_for_numbers_are_read_of_python_alone() {
        let text = br#"{"a":[NaN,-Infinity],"b":Infinity}"#;
        assert_eq!(parse(text), Err(Fault::Syntax));
        let value = parse_python(text).unwrap();
        assert!(value.has_bare());
        assert_eq!(value.to_bytes(Style::Ascii), text);
        assert!(!parse_python(br#"{"a":"NaN","b":-1}"#).unwrap().has_bare());
        for text in ["nan", "NaNa", "-NaN", "+Infinity", "{NaN:1}"] {
            assert_eq!(parse_python(text.as_bytes()), Err(Fault::Syntax), "{text}");
        }
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        let nested = |depth| [vec![b'['; depth], vec![b']'; depth]].concat();
        assert!(parse(&nested(JSON_DEPTH_MAX)).is_ok());
        assert_eq!(parse(&nested(JSON_DEPTH_MAX + 1)), Err(Fault::Depth));
        assert_eq!(parse(&vec![b'['; 1 << 20]), Err(Fault::Depth));
    }
}
