//! The part of YAML that descriptions of models are written in: mappings, lists, scalars, in blocks and in flow.
//!
//! Tags are refused: they are what makes loaders run code. Aliases copy, within a budget.
//! **What is absent**: several documents, complex keys, directives, anchors on keys. What is absent is refused by name.

use std::collections::HashMap;

use sealog_core::json::{Object, Value};

use self::scalar::plain;

mod block;
mod flow;
mod scalar;

/// Mappings and lists in each other at most.
pub const DEPTH_MAX: usize = 32;
/// Values in all, copies of aliases included.
pub const NODES_MAX: usize = 100_000;
/// Aliases.
pub const ALIASES_MAX: usize = 100;

/// Why a text is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{why} (byte {offset})")]
pub struct YamlError {
    /// What is wrong.
    pub why: &'static str,
    /// Where.
    pub offset: usize,
}

/// Reads a text. Every scalar is a text, a number, a truth value or null, as YAML 1.2's core schema has them.
pub fn parse(text: &str) -> Result<Value, YamlError> {
    let mut parser = Parser {
        text,
        at: 0,
        nodes: 0,
        aliases: 0,
        anchors: HashMap::new(),
    };
    if let Some(rest) = text.strip_prefix("---")
        && rest.starts_with(['\n', '\r'])
    {
        parser.at = 3;
    }
    parser.blank()?;
    let value = parser.block(0, 0)?;
    parser.blank()?;
    if parser.rest().is_empty() {
        Ok(value)
    } else {
        Err(parser.error("something behind the end"))
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    nodes: usize,
    aliases: usize,
    anchors: HashMap<&'a str, Value>,
}

/// How many values there are in a value.
fn count(value: &Value) -> usize {
    let inner = match value {
        Value::Object(object) => object.iter().map(|(_, value)| count(value)).sum(),
        Value::Array(items) => items.iter().map(count).sum(),
        _ => 0usize,
    };
    inner.saturating_add(1)
}

impl<'a> Parser<'a> {
    const fn error(&self, why: &'static str) -> YamlError {
        YamlError {
            why,
            offset: self.at,
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Where the line begins.
    fn line_start(&self) -> usize {
        let before = self.text.get(..self.at).unwrap_or_default();
        before.rfind('\n').map_or(0, |at| at + 1)
    }

    /// How far from the beginning of its line the place is.
    fn column(&self) -> usize {
        self.at - self.line_start()
    }

    fn spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(' ').len();
    }

    /// Passes over blanks, line ends and comments.
    fn blank(&mut self) -> Result<(), YamlError> {
        loop {
            self.spaces();
            let rest = self.rest();
            match rest.chars().next() {
                Some('\n' | '\r') => self.at += 1,
                Some('\t') => return Err(self.error("a tab before a value")),
                Some('#') => self.at += rest.find('\n').unwrap_or(rest.len()),
                _ => return Ok(()),
            }
        }
    }

    fn node(&mut self, depth: usize) -> Result<(), YamlError> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(self.error("too many values"));
        }
        if depth > DEPTH_MAX {
            return Err(self.error("nested too deep"));
        }
        Ok(())
    }

    /// The name behind `&` or `*`.
    fn word(&mut self) -> Result<&'a str, YamlError> {
        let rest = self.rest().get(1..).unwrap_or_default();
        let end = rest
            .find(|char: char| char.is_whitespace() || ",[]{}".contains(char))
            .unwrap_or(rest.len());
        let name = rest.get(..end).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| self.error("an anchor without a name"))?;
        self.at += 1 + end;
        Ok(name)
    }

    fn alias(&mut self) -> Result<Value, YamlError> {
        let start = self.at;
        let name = self.word()?;
        self.aliases += 1;
        let value = self.anchors.get(name).cloned();
        let error = |why| YamlError { why, offset: start };
        let value = value.ok_or_else(|| error("an alias of nothing that stands before it"))?;
        self.nodes = self.nodes.saturating_add(count(&value));
        if self.aliases > ALIASES_MAX || self.nodes > NODES_MAX {
            return Err(error("too many aliases"));
        }
        Ok(value)
    }

    /// What may not be read in any place.
    fn refuse(&self) -> Result<(), YamlError> {
        match self.peek() {
            Some('!') => Err(self.error("a tag")),
            Some('?') if matches!(self.rest().as_bytes().get(1), Some(b' ' | b'\n')) => {
                Err(self.error("a key that is no scalar"))
            }
            Some('%' | '@' | '`') => Err(self.error("a character that begins no value")),
            _ => Ok(()),
        }
    }
}

fn insert(object: &mut Object, key: String, value: Value, at: usize) -> Result<(), YamlError> {
    if key == "<<" {
        return Err(YamlError {
            why: "a merge key",
            offset: at,
        });
    }
    match object.insert(key, value) {
        None => Ok(()),
        Some(_) => Err(YamlError {
            why: "a key twice",
            offset: at,
        }),
    }
}

#[cfg(test)]
mod tests;
