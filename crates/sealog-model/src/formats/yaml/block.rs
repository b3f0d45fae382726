//! Mappings and lists by their indentation.

use sealog_core::json::{Object, Value};

use super::{Parser, YamlError, insert};

impl Parser<'_> {
    /// The value that begins here, where its line or its place in the line says how deep it is.
    pub(super) fn block(&mut self, indent: usize, depth: usize) -> Result<Value, YamlError> {
        self.node(depth)?;
        self.refuse()?;
        if self.rest().is_empty() {
            return Ok(Value::Null);
        }
        let column = self.column();
        if self.is_item() {
            return self.list(column, depth);
        }
        if self.is_mapping() {
            return self.mapping(column, depth);
        }
        match self.peek() {
            Some('[' | '{') => self.flow(depth),
            Some('"' | '\'') => self.quoted().map(Value::String),
            Some('*') => self.alias(),
            Some('&') => {
                let name = self.word()?;
                self.blank()?;
                let value = self.block(indent, depth + 1)?;
                self.anchors.insert(name, value.clone());
                Ok(value)
            }
            Some('|' | '>') => self.lines(indent),
            _ => self.plain_lines(indent),
        }
    }

    fn is_item(&self) -> bool {
        let rest = self.rest();
        rest == "-" || rest.starts_with("- ") || rest.starts_with("-\n") || rest.starts_with("-\r")
    }

    /// Whether a key stands here: a scalar on one line, and a colon behind it.
    fn is_mapping(&self) -> bool {
        if matches!(self.peek(), Some('[' | '{' | '*' | '&' | '|' | '>' | '#')) {
            return false;
        }
        let mut ahead = Parser {
            text: self.text,
            at: self.at,
            nodes: 0,
            aliases: 0,
            anchors: std::collections::HashMap::new(),
        };
        let line = ahead.line_start();
        match ahead.peek() {
            Some('"' | '\'') => {
                if ahead.quoted().is_err() || ahead.line_start() != line {
                    return false;
                }
                ahead.spaces();
            }
            _ => {
                ahead.plain_part(false);
            }
        }
        ahead.peek() == Some(':')
    }

    fn list(&mut self, indent: usize, depth: usize) -> Result<Value, YamlError> {
        let mut items = Vec::new();
        while self.is_item() && self.column() == indent {
            self.at += 1;
            items.push(self.below(indent + 1, indent + 1, depth)?);
            self.blank()?;
        }
        self.settled(indent)?;
        Ok(Value::Array(items))
    }

    fn mapping(&mut self, indent: usize, depth: usize) -> Result<Value, YamlError> {
        let mut object = Object::new();
        while self.column() == indent && !self.is_item() && self.is_mapping() {
            self.refuse()?;
            let at = self.at;
            let key = match self.peek() {
                Some('"' | '\'') => self.quoted()?,
                _ => self.plain_part(false).to_owned(),
            };
            self.spaces();
            // The colon, as `is_mapping` saw.
            self.at += 1;
            // A list may stand as far to the left as the key that it belongs to.
            let value = self.below(indent + 1, indent, depth)?;
            insert(&mut object, key, value, at)?;
            self.blank()?;
        }
        self.settled(indent)?;
        Ok(Value::Object(object))
    }

    /// What comes behind a block must stand further to the left.
    fn settled(&self, indent: usize) -> Result<(), YamlError> {
        if self.rest().is_empty() || self.column() < indent {
            return Ok(());
        }
        if self.column() == indent && self.is_mapping() {
            return Ok(());
        }
        Err(self.error("a line that fits no block"))
    }

    /// The value behind a dash or a colon: on this line, or on deeper ones below.
    fn below(&mut self, indent: usize, list: usize, depth: usize) -> Result<Value, YamlError> {
        self.node(depth)?;
        let line = self.line_start();
        self.blank()?;
        if self.line_start() != line {
            let enough = if self.is_item() { list } else { indent };
            if self.rest().is_empty() || self.column() < enough {
                self.node(depth + 1)?;
                return Ok(Value::Null);
            }
        }
        if self.peek() == Some('&') {
            let name = self.word()?;
            let value = self.below(indent, list, depth + 1)?;
            self.anchors.insert(name, value.clone());
            return Ok(value);
        }
        self.block(indent, depth + 1)
    }
}
