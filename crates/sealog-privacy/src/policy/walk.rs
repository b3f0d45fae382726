//! Does to a JSON value what a policy says: to its strings, and to numbers that are identifiers.

use sealog_core::json::{Object, Value, push_pointer};
use sealog_core::limits::JSON_DEPTH_MAX;

use super::apply::{Counts, Redactor};
use super::function::Function;
use super::vault::{NoVault, Vault};
use super::{Mode, Rule};
use crate::Error;
use crate::scan::folded;

/// What stands for a whole field that a rule of its own took out.
const FIELD: &str = "[FIELD]";
/// The type under which whole fields have their tokens.
const FIELD_KIND: &str = "FIELD";

/// What was found in a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reported {
    /// How many of each type were replaced.
    pub counts: Counts,
    /// How many of each type stand in names of members, which are not changed.
    pub in_names: Counts,
    /// How many fields were dropped, replaced whole or given to a function by a rule of their own.
    pub fields: u64,
}

/// Which fields of a value a policy may touch.
pub trait Search {
    /// Whether the string or number at this path may hold what is looked for.
    fn searches(&self, path: &[String]) -> bool;

    /// Whether a rule about the field at this path holds here: everywhere, unless somebody says otherwise.
    fn rules(&self, _path: &[String], _value: &Value) -> bool {
        true
    }
}

/// Every field is searched.
#[derive(Debug, Clone, Copy)]
pub struct Everything;

impl Search for Everything {
    fn searches(&self, _: &[String]) -> bool {
        true
    }
}

impl Redactor<'_> {
    /// Applies the policy to a value. Numbers that are identifiers become text; names of members are reported and not
    /// changed.
    ///
    /// # Errors
    /// [`Error::NeedsKeys`] if the policy has a mode that needs a key store; [`Error::Function`] if a function fails.
    pub fn value(&mut self, value: &Value) -> Result<(Value, Reported), Error> {
        if let Some(mode) = self.policy.needs_keys() {
            return Err(Error::NeedsKeys {
                mode: mode.name().to_owned(),
            });
        }
        self.value_with(value, &[], &Everything, &mut NoVault)
    }

    /// The same with a key store at hand, of a value that stands at this path of a record's body.
    ///
    /// # Errors
    /// [`Error::Vault`] if the key store fails, [`Error::Function`] if a function does.
    pub fn value_with(
        &mut self,
        value: &Value,
        path: &[&str],
        search: &dyn Search,
        vault: &mut dyn Vault,
    ) -> Result<(Value, Reported), Error> {
        let mut walk = Walk {
            redactor: self,
            path: path.iter().map(|step| (*step).to_owned()).collect(),
            search,
            vault,
            reported: Reported::default(),
        };
        let value = walk.value(value)?.unwrap_or(Value::Null);
        Ok((value, walk.reported))
    }
}

struct Walk<'w, 'p> {
    redactor: &'w mut Redactor<'p>,
    path: Vec<String>,
    search: &'w dyn Search,
    vault: &'w mut dyn Vault,
    reported: Reported,
}

impl Walk<'_, '_> {
    /// The value after the policy; none if it is dropped.
    fn value(&mut self, value: &Value) -> Result<Option<Value>, Error> {
        if self.path.len() > JSON_DEPTH_MAX {
            return Err(too_deep());
        }
        if let Some(rule) = self.redactor.policy.field_rule(&self.path)
            && self.search.rules(&self.path, value)
        {
            return match rule {
                Rule::Mode(mode) => self.whole_field(*mode, value),
                Rule::Call(function) => self.called(function, value),
            };
        }
        Ok(Some(match value {
            Value::String(text) => self.text(text.as_bytes(), value)?,
            Value::Number(_) => self.text(&value.to_canonical(), value)?,
            Value::Array(elements) => self.elements(elements)?,
            Value::Object(object) => self.members(object)?,
            Value::Null | Value::Bool(_) => value.clone(),
        }))
    }

    /// What a function makes of this field: nothing else touches it.
    fn called(&mut self, function: &Function, value: &Value) -> Result<Option<Value>, Error> {
        self.reported.fields += 1;
        let made = function.call(value)?;
        let levels = JSON_DEPTH_MAX.saturating_sub(self.path.len());
        match &made {
            Some(value) if !is_within(value, levels) => Err(too_deep()),
            _ => Ok(made),
        }
    }

    /// What a rule about this field says.
    fn whole_field(&mut self, mode: Mode, value: &Value) -> Result<Option<Value>, Error> {
        if mode != Mode::Keep {
            self.reported.fields += 1;
        }
        let pointer = self.pointer();
        let vault = |source| Error::Vault { source };
        Ok(match mode {
            Mode::Drop => None,
            Mode::Keep => Some(value.clone()),
            Mode::Redact | Mode::Mask => Some(Value::from(FIELD)),
            Mode::Token => {
                let shown = value.to_canonical();
                let shown = value.as_str().map_or(shown.as_slice(), str::as_bytes);
                let token = self.vault.token(FIELD_KIND, shown).map_err(vault)?;
                Some(Value::from(token.as_str()))
            }
            Mode::Commit => {
                let commitment = self.vault.commit(&pointer, value).map_err(vault)?;
                Some(Value::from(commitment.as_str()))
            }
            Mode::Seal => {
                self.vault.seal(&pointer, value).map_err(vault)?;
                Some(Value::from(FIELD))
            }
        })
    }

    /// A string, or a number in its text, after the policy.
    fn text(&mut self, text: &[u8], value: &Value) -> Result<Value, Error> {
        if !self.search.searches(&self.path) {
            return Ok(value.clone());
        }
        let is_index = |name: &&String| name.bytes().all(|byte| byte.is_ascii_digit());
        let name = self.path.iter().rev().find(|name| !is_index(name));
        let name = name.map(|name| folded(name)).unwrap_or_default();
        let redacted = self.redactor.field_with(text, &name, self.vault)?;
        if redacted.spans.is_empty() {
            return Ok(value.clone());
        }
        add(&mut self.reported.counts, redacted.counts());
        let vault = |source| Error::Vault { source };
        if redacted.seals {
            self.vault.seal(&self.pointer(), value).map_err(vault)?;
        }
        if redacted.commits {
            let commitment = self.vault.commit(&self.pointer(), value).map_err(vault)?;
            return Ok(Value::from(commitment.as_str()));
        }
        Ok(Value::from(&*String::from_utf8_lossy(&redacted.text)))
    }

    /// Where the walk stands, as a JSON Pointer (RFC 6901).
    fn pointer(&self) -> String {
        let mut out = String::new();
        for step in &self.path {
            push_pointer(&mut out, step);
        }
        out
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
            let in_name = self
                .redactor
                .field_with(name.as_bytes(), b"", &mut NoNames)?;
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

/// Names of members are reported and not changed, so nothing is made for what stands in them.
struct NoNames;

impl Vault for NoNames {
    fn token(&mut self, _: &str, _: &[u8]) -> Result<String, super::VaultError> {
        Ok(String::new())
    }

    fn commit(&mut self, _: &str, _: &Value) -> Result<String, super::VaultError> {
        Ok(String::new())
    }

    fn seal(&mut self, _: &str, _: &Value) -> Result<(), super::VaultError> {
        Ok(())
    }
}

const fn too_deep() -> Error {
    Error::Limit {
        what: "levels of a value",
        limit: JSON_DEPTH_MAX,
    }
}

/// Whether a value has no more than so many levels below itself.
fn is_within(value: &Value, levels: usize) -> bool {
    let is_child = |child: &Value| levels > 0 && is_within(child, levels - 1);
    match value {
        Value::Array(elements) => elements.iter().all(is_child),
        Value::Object(object) => object.iter().all(|(_, member)| is_child(member)),
        _ => true,
    }
}

fn add(counts: &mut Counts, more: Counts) {
    for (id, count) in more {
        *counts.entry(id).or_default() += count;
    }
}
