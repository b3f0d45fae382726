//! Printing: standard output as one handle, text for people, JSON for machines.
//!
//! Every value from a log or a file goes through [`plain`]: no byte of it acts on a terminal or reads otherwise than
//! it stands. JSON gets the same by escapes inside its strings, which leave its values what they are. A closed pipe
//! is no error: what follows is dropped, and long output asks [`Output::closed`] whether to go on.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io::{self, BufWriter, IsTerminal, Write};

use sealog_core::json::{Number, Object, Value};

use crate::error::Error;

/// Columns that text for people takes.
pub const COLUMNS: usize = 100;

/// Whether people or machines read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text for people.
    Text,
    /// JSON for machines, one value a line.
    Json,
}

/// When to write in colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Yes.
    On,
    /// No.
    Off,
}

/// What a word means, which is what its colour shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It holds.
    Good,
    /// It fails.
    Bad,
    /// It is open, or limited.
    Open,
    /// A heading.
    Head,
}

/// Standard output of one command.
pub struct Output {
    writer: BufWriter<Box<dyn Write>>,
    format: Format,
    colour: Colour,
    closed: bool,
    /// A member of every object that is printed from now on.
    added: Option<(&'static str, Value)>,
}

impl fmt::Debug for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Output")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl Output {
    /// Output to the process's standard output.
    pub fn standard(format: Format, colour: Colour) -> Self {
        Self::new(Box::new(io::stdout()), format, colour)
    }

    /// Output to any writer.
    pub fn new(writer: Box<dyn Write>, format: Format, colour: Colour) -> Self {
        Self {
            writer: BufWriter::new(writer),
            format,
            colour,
            closed: false,
            added: None,
        }
    }

    /// Who reads.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Sets who reads, where a command has only one format.
    pub const fn set_format(&mut self, format: Format) {
        self.format = format;
    }

    /// Whether the reader has gone away, so that more output serves nobody.
    pub const fn closed(&self) -> bool {
        self.closed
    }

    /// Writes a line that is already fit to be shown.
    pub fn line(&mut self, line: &str) -> Result<(), Error> {
        self.bytes(line.as_bytes())?;
        self.bytes(b"\n")
    }

    /// Writes text for people behind a lead, broken at spaces so that it fits [`COLUMNS`]; what follows stands under
    /// the first line. `columns` are those that the lead takes: what paints it has no width.
    pub fn wrapped(&mut self, lead: &str, columns: usize, text: &str) -> Result<(), Error> {
        let text = plain(text);
        let mut line = lead.to_owned();
        let mut used = columns;
        for word in text.split(' ') {
            let width = word.chars().count();
            if used > columns && used + 1 + width > COLUMNS {
                self.line(&line)?;
                line = " ".repeat(columns);
                used = columns;
            }
            if used > columns {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += width;
        }
        self.line(line.trim_end())
    }

    /// Adds a member to every object that is printed from now on.
    pub fn add(&mut self, name: &'static str, value: Value) {
        self.added = Some((name, value));
    }

    /// Writes a value as one line of JSON.
    pub fn json(&mut self, value: &Value) -> Result<(), Error> {
        let mut value = value.clone();
        if let (Some((name, added)), Some(object)) = (&self.added, value.as_object_mut()) {
            object.insert(*name, added.clone());
        }
        let line = json_line(&value);
        self.bytes(line.as_bytes())
    }

    /// Writes bytes as they are: for what was asked for raw.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let result = self.writer.write_all(bytes);
        self.settle(result)
    }

    /// Hands over what is buffered; a stream does so after each batch.
    pub fn flush(&mut self) -> Result<(), Error> {
        let result = self.writer.flush();
        self.settle(result)
    }

    /// A word in the colour of its meaning.
    pub fn paint(&self, tone: Tone, word: &str) -> String {
        let code = match (self.colour, tone) {
            (Colour::Off, _) => return word.to_owned(),
            (Colour::On, Tone::Good) => "32",
            (Colour::On, Tone::Bad) => "31;1",
            (Colour::On, Tone::Open) => "33",
            (Colour::On, Tone::Head) => "1",
        };
        format!("\u{1b}[{code}m{word}\u{1b}[0m")
    }

    fn settle(&mut self, result: io::Result<()>) -> Result<(), Error> {
        match result {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                // What is still buffered would be tried, and fail, again.
                self.writer = BufWriter::new(Box::new(io::sink()));
                Ok(())
            }
            Err(source) => Err(Error::Output { source }),
        }
    }
}

/// The colour to write in, as set and as the terminal allows.
pub fn colour(set: Option<Option<Colour>>, no_color: bool) -> Colour {
    match set.flatten() {
        Some(colour) => colour,
        None if !no_color && io::stdout().is_terminal() => Colour::On,
        None => Colour::Off,
    }
}

/// Writes a line to standard error. That it cannot be written changes nothing that the command did.
pub fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Text with every character that acts on a terminal, hides, or turns the reading order shown as its number.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(deceives) {
        return Cow::Borrowed(text);
    }
    let shown = text
        .chars()
        .fold(String::with_capacity(text.len()), |mut shown, char| {
            match char {
                '\n' => shown.push_str("\\n"),
                '\t' => shown.push_str("\\t"),
                char if deceives(char) => shown.extend(char.escape_unicode()),
                char => shown.push(char),
            }
            shown
        });
    Cow::Owned(shown)
}

/// Text of several lines, each line as [`plain`] shows it.
pub fn plain_lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.lines().map(plain)
}

/// JSON text in which the same characters are escaped; they stand only inside strings.
pub fn json_plain(text: &str) -> Cow<'_, str> {
    if !text.contains(deceives) {
        return Cow::Borrowed(text);
    }
    let mut units = [0; 2];
    let shown = text
        .chars()
        .fold(String::with_capacity(text.len()), |mut shown, char| {
            if deceives(char) {
                for unit in char.encode_utf16(&mut units) {
                    let _ = write!(shown, "\\u{unit:04x}");
                }
            } else {
                shown.push(char);
            }
            shown
        });
    Cow::Owned(shown)
}

/// Whether a character is a control, a bidirectional control, of no width, or a separator that starts a line.
fn deceives(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
                | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// A value as one line of JSON with its end, fit to be shown.
pub fn json_line(value: &Value) -> String {
    let text = String::from_utf8_lossy(&value.to_canonical()).into_owned();
    let mut line = json_plain(&text).into_owned();
    line.push('\n');
    line
}

/// An object from its members, for JSON output.
pub fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().collect::<Object>())
}

/// A number for JSON output; beyond 2^53 - 1 as a string, as the formats have it.
pub fn number(value: u64) -> Value {
    Number::unsigned(value).map_or_else(|| Value::String(value.to_string()), Value::Number)
}

/// A number of things in words: `1 entry`, `2 entries`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
