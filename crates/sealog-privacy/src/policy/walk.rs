//! Does to a JSON value what a policy says: to its strings, and to numbers that are identifiers.

use sealog_core::json::{Object, Value};
use sealog_core::limits::JSON_DEPTH_MAX;

use super::Mode;
use super::apply::{Counts, Redactor};
use crate::Error;
use crate::scan::folded;

/// What was found in a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reported {
    /// How many of each type were replaced.
    pub counts: Counts,
    /// How many of each type stand in names of members, which are not changed.
    pub in_names: Counts,
    /// How many fields were dropped or replaced whole by a rule of their own.
    pub fields: u64,
}

impl Redactor<'_> {
    /// Applies the policy to a value. Numbers that are identifiers become text; names of members are reported and not
    /// changed.
    pub fn value(&mut self, value: &Value) -> Result<(Value, Reported), Error> {
        let mut walk = Walk {
            redactor: self,
            path: Vec::new(),
            reported: Reported::default(),
        };
        let value = walk.value(value)?.unwrap_or(Value::Null);
        Ok((value, walk.reported))
    }
}

struct Walk<'w, 'p> {
    redactor: &'w mut Redactor<'p>,
    path: Vec<String>,
    reported: Reported,
}

impl Walk<'_, '_> {
    /// The value after the policy; none if it is dropped.
    fn value(&mut self, value: &Value) -> Result<Option<Value>, Error> {
        if self.path.len() > JSON_DEPTH_MAX {
            return Err(Error::Limit {
                what: "levels of a value",
                limit: JSON_DEPTH_MAX,
            });
        }
        if let Some(mode) = self.redactor.policy.field_mode(&self.path) {
            if mode != Mode::Keep {
                self.reported.fields += 1;
            }
            return Ok(match mode {
                Mode::Drop => None,
                Mode::Keep => Some(value.clone()),
                Mode::Redact | Mode::Mask => Some(Value::from("[FIELD]")),
            });
        }
        Ok(Some(match value {
            Value::String(text) => match self.text(text.as_bytes())? {
                Some(changed) => Value::from(changed.as_str()),
                None => value.clone(),
            },
            Value::Number(_) => match self.text(&value.to_canonical())? {
                Some(changed) => Value::from(changed.as_str()),
                None => value.clone(),
            },
            Value::Array(elements) => self.elements(elements)?,
            Value::Object(object) => self.members(object)?,
            Value::Null | Value::Bool(_) => value.clone(),
        }))
    }

    /// The text of a field after the policy, if it is another one.
    fn text(&mut self, text: &[u8]) -> Result<Option<String>, Error> {
        let is_index = |name: &&String| name.bytes().all(|byte| byte.is_ascii_digit());
        let name = self.path.iter().rev().find(|name| !is_index(name));
        let name = name.map(|name| folded(name)).unwrap_or_default();
        let redacted = self.redactor.field(text, &name)?;
        if redacted.spans.is_empty() {
            return Ok(None);
        }
        add(&mut self.reported.counts, redacted.counts());
        Ok(Some(String::from_utf8_lossy(&redacted.text).into_owned()))
    }

    fn elements(&mut self, elements: &[Value]) -> Result<Value, Error> {
        let mut out = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            self.path.push(index.to_string());
            let element = self.value(element)?;
            self.path.pop();
            // The places of the others stay.
            out.push(element.unwrap_or(Value::Null));
        }
        Ok(Value::Array(out))
    }

    fn members(&mut self, object: &Object) -> Result<Value, Error> {
        let mut out = Object::new();
        for (name, member) in object.iter() {
            let in_name = self.redactor.text(name.as_bytes())?;
            add(&mut self.reported.in_names, in_name.counts());
            self.path.push(name.to_owned());
            let member = self.value(member)?;
            self.path.pop();
            if let Some(member) = member {
                out.insert(name, member);
            }
        }
        Ok(Value::Object(out))
    }
}

fn add(counts: &mut Counts, more: Counts) {
    for (id, count) in more {
        *counts.entry(id).or_default() += count;
    }
}
