//! Lists and mappings in brackets.

use sealog_core::json::{Object, Value};

use super::{Parser, YamlError, insert, plain};

impl Parser<'_> {
    /// A value in brackets, or inside of them.
    pub(super) fn flow(&mut self, depth: usize) -> Result<Value, YamlError> {
        self.node(depth)?;
        self.refuse()?;
        match self.peek() {
            Some('[') => self.flow_list(depth),
            Some('{') => self.flow_mapping(depth),
            Some('"' | '\'') => self.quoted().map(Value::String),
            Some('*') => self.alias(),
            Some('&') => Err(self.error("an anchor in brackets")),
            _ => Ok(plain(self.plain_part(true))),
        }
    }

    fn flow_list(&mut self, depth: usize) -> Result<Value, YamlError> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.blank()?;
            if self.peek() == Some(']') {
                self.at += 1;
                return Ok(Value::Array(items));
            }
            items.push(self.flow(depth + 1)?);
            self.between(']')?;
        }
    }

    fn flow_mapping(&mut self, depth: usize) -> Result<Value, YamlError> {
        self.at += 1;
        let mut object = Object::new();
        loop {
            self.blank()?;
            if self.peek() == Some('}') {
                self.at += 1;
                return Ok(Value::Object(object));
            }
            let at = self.at;
            self.refuse()?;
            let key = match self.peek() {
                Some('"' | '\'') => self.quoted()?,
                _ => self.plain_part(true).to_owned(),
            };
            self.blank()?;
            if self.peek() != Some(':') {
                return Err(self.error("a key without a value"));
            }
            self.at += 1;
            self.blank()?;
            let value = self.flow(depth + 1)?;
            insert(&mut object, key, value, at)?;
            self.between('}')?;
        }
    }

    /// A comma, or the end, which is left.
    fn between(&mut self, end: char) -> Result<(), YamlError> {
        self.blank()?;
        match self.peek() {
            Some(',') => self.at += 1,
            Some(char) if char == end => {}
            _ => return Err(self.error("no comma between two values")),
        }
        Ok(())
    }
}
