//! Scalars: plain, quoted, and blocks of lines.

use sealog_core::json::{Number, Value};

use super::{Parser, YamlError};

/// What a plain scalar says.
pub(super) fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let numeric = digits.starts_with(|char: char| char.is_ascii_digit() || char == '.')
        && digits
            .chars()
            .all(|char| char.is_ascii_digit() || ".eE+-".contains(char));
    let number = text.parse::<f64>().ok().filter(|_| numeric);
    match number.and_then(Number::finite) {
        Some(number) => Value::Number(number),
        None => text.into(),
    }
}

impl<'a> Parser<'a> {
    /// A quoted text, over several lines too: a line end is a blank, an empty line a line end.
    pub(super) fn quoted(&mut self) -> Result<String, YamlError> {
        let start = self.at;
        let unfinished = YamlError {
            why: "a quoted text without an end",
            offset: start,
        };
        let quote = self.peek().ok_or(unfinished)?;
        self.at += 1;
        let mut out = String::new();
        loop {
            let char = self.peek().ok_or(unfinished)?;
            self.at += char.len_utf8();
            match char {
                '\'' if quote == '\'' => {
                    if self.peek() != Some('\'') {
                        return Ok(out);
                    }
                    self.at += 1;
                    out.push('\'');
                }
                '"' if quote == '"' => return Ok(out),
                '\\' if quote == '"' => self.escape(&mut out)?,
                '\n' => self.fold(&mut out),
                '\r' => {}
                other => out.push(other),
            }
        }
    }

    /// Behind a line end inside of quotes.
    fn fold(&mut self, out: &mut String) {
        let trimmed = out.trim_end_matches([' ', '\t']).len();
        out.truncate(trimmed);
        let mut lines = 0;
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
            if self.peek() != Some('\n') {
                break;
            }
            self.at += 1;
            lines += 1;
            out.push('\n');
        }
        if lines == 0 {
            out.push(' ');
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), YamlError> {
        let wrong = self.error("an escape that is not known");
        let char = self.peek().ok_or(wrong)?;
        self.at += char.len_utf8();
        let width = match char {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if width > 0 {
            let digits = self.rest().get(..width).ok_or(wrong)?;
            let code = u32::from_str_radix(digits, 16).map_err(|_| wrong)?;
            self.at += width;
            out.push(self.unicode(code).ok_or(wrong)?);
            return Ok(());
        }
        out.push(match char {
            '0' => '\0',
            'a' => '\u{7}',
            'b' => '\u{8}',
            't' | '\t' => '\t',
            'n' => '\n',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'r' => '\r',
            'e' => '\u{1b}',
            ' ' | '"' | '/' | '\\' => char,
            'N' => '\u{85}',
            '_' => '\u{a0}',
            'L' => '\u{2028}',
            'P' => '\u{2029}',
            // The line goes on in the next one.
            '\n' => {
                let rest = self.rest();
                self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
                return Ok(());
            }
            _ => return Err(wrong),
        });
        Ok(())
    }

    /// JSON's writers spell a character beyond 16 bits as two escapes.
    fn unicode(&mut self, code: u32) -> Option<char> {
        if !(0xd800..0xdc00).contains(&code) {
            return char::from_u32(code);
        }
        let low = self.rest().strip_prefix("\\u")?.get(..4)?;
        let low = u32::from_str_radix(low, 16).ok()?;
        let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
        self.at += 6;
        char::from_u32(0x1_0000 + ((code - 0xd800) << 10) + low)
    }

    /// The rest of a line as a plain scalar's part: up to a comment, or to `stop` in flow.
    pub(super) fn plain_part(&mut self, flow: bool) -> &'a str {
        let rest = self.rest();
        let mut end = rest.len();
        let mut before = ' ';
        for (at, char) in rest.char_indices() {
            let ends = match char {
                '\n' => true,
                '#' => before == ' ',
                ':' => {
                    let next = rest.get(at + 1..).and_then(|rest| rest.chars().next());
                    next.is_none_or(|next| next.is_whitespace() || (flow && ",[]{}".contains(next)))
                }
                ',' | '[' | ']' | '{' | '}' => flow,
                _ => false,
            };
            if ends {
                end = at;
                break;
            }
            before = char;
        }
        let part = rest.get(..end).unwrap_or_default();
        self.at += end;
        part.trim_end_matches([' ', '\t', '\r'])
    }

    /// A plain scalar that goes on in deeper lines.
    pub(super) fn plain_lines(&mut self, indent: usize) -> Result<Value, YamlError> {
        let first = self.plain_part(false);
        let mut out = first.to_owned();
        let mut several = false;
        loop {
            let end = self.at;
            if !matches!(self.peek(), None | Some('\n' | '#')) {
                // A colon inside: not a scalar but a mapping in a place that has none.
                return Err(self.error("a mapping where a scalar should be"));
            }
            self.blank()?;
            if self.rest().is_empty() || self.column() < indent || indent == 0 {
                self.at = end;
                break;
            }
            let lines = self.text.get(end..self.at).unwrap_or_default();
            let empty = lines.matches('\n').count().saturating_sub(1);
            if lines.contains('#') {
                return Err(self.error("a scalar that goes on behind a comment"));
            }
            let part = self.plain_part(false);
            several = true;
            out.push_str(if empty == 0 { " " } else { "" });
            (0..empty).for_each(|_| out.push('\n'));
            out.push_str(part);
        }
        Ok(if several { out.into() } else { plain(&out) })
    }

    /// `|` or `>`, and the lines below that stand deeper.
    pub(super) fn lines(&mut self, indent: usize) -> Result<Value, YamlError> {
        let folded = self.peek() == Some('>');
        self.at += 1;
        let header = self.plain_part(false);
        let keep = match header {
            "" => None,
            "-" => Some(false),
            "+" => Some(true),
            _ => return Err(self.error("an indentation that is stated")),
        };
        let rest = self.rest();
        self.at += rest.find('\n').map_or(rest.len(), |at| at + 1);
        let (mut out, mut depth, mut open) = (String::new(), None, false);
        while !self.rest().is_empty() {
            let rest = self.rest();
            let line_end = rest.find('\n').unwrap_or(rest.len());
            let line = rest.get(..line_end).unwrap_or_default();
            let line = line.strip_suffix('\r').unwrap_or(line);
            let content = line.trim_start_matches(' ');
            let column = line.len() - content.len();
            if !content.is_empty() && column < depth.unwrap_or(indent.max(1)) {
                break;
            }
            if !content.is_empty() {
                depth = depth.or(Some(column));
            }
            let text = line.get(depth.unwrap_or(column)..).unwrap_or_default();
            if folded && open && !text.is_empty() {
                // The line end before becomes a blank.
                out.pop();
                out.push(' ');
            }
            open = !text.is_empty();
            out.push_str(text);
            out.push('\n');
            self.at += line_end + usize::from(line_end < rest.len());
        }
        let trimmed = out.trim_end_matches('\n').len();
        match keep {
            Some(true) => {}
            Some(false) => out.truncate(trimmed),
            None => {
                let ends = usize::from(trimmed > 0 && out.len() > trimmed);
                out.truncate(trimmed + ends);
            }
        }
        Ok(out.into())
    }
}
