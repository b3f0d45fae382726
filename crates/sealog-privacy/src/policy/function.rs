//! Functions of the host: each decides by itself what stands in the place of the fields for which a policy names it.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use sealog_core::json::Value;

use super::file::bad;
use super::path::shown;
use crate::Error;
use crate::limits::{FUNCTION_NAME_BYTES_MAX, FUNCTION_VERSION_BYTES_MAX};

/// Where messages say that something is wrong.
const PLACE: &str = "functions";

/// Decides what stands in the place of a field's value, where no mode does what is needed.
///
/// A policy names it at a path (`docs/formats/privacy-policy.md`); its name and version enter the digest of every
/// policy that does. It is called before the record is written, on the thread that appends it, and for the log's own
/// records while the log waits: it has to be quick, and must not use the ledger that it works for. It may be called
/// more than once for the same value, and has to give the same each time.
pub trait FieldFunction: Send + Sync {
    /// Its name: 1 to 64 of `A-Z`, `a-z`, `0-9`, `_`, `-` and `.`.
    fn name(&self) -> &str;

    /// Its version, which changes with what it does: 1 to 200 printable characters of ASCII.
    fn version(&self) -> &str;

    /// What stands in the place of the value: stored as it is, and not searched. None: the field is dropped.
    ///
    /// # Errors
    /// Whatever it says, as [`Error::Function`]; a panic counts as one. The record is then not written. What the error
    /// says is shown, so it must hold nothing of the value.
    fn apply(&self, value: &Value) -> Result<Option<Value>, FunctionError>;
}

/// What a function says when it fails.
pub type FunctionError = Box<dyn StdError + Send + Sync>;

/// A function with the name and the version that it had when the policy was read.
pub(super) struct Function {
    pub(super) name: String,
    pub(super) version: String,
    code: Arc<dyn FieldFunction>,
}

impl Function {
    /// Takes a function if its name and version are of the form that they have to be.
    pub(super) fn new(function: Arc<dyn FieldFunction>) -> Result<Self, Error> {
        let (name, version) = (function.name().to_owned(), function.version().to_owned());
        let is_of_name =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if !(1..=FUNCTION_NAME_BYTES_MAX).contains(&name.len()) || !name.bytes().all(is_of_name) {
            let why = format!(
                "`{}` is no name: 1 to {FUNCTION_NAME_BYTES_MAX} of A-Z, a-z, 0-9, _, - and .",
                shown(&name)
            );
            return Err(bad(PLACE, why));
        }
        let is_printable = |byte: u8| matches!(byte, b' '..=b'~');
        if !(1..=FUNCTION_VERSION_BYTES_MAX).contains(&version.len())
            || !version.bytes().all(is_printable)
        {
            let why = format!(
                "the version of `{name}` has to be 1 to {FUNCTION_VERSION_BYTES_MAX} printable characters of ASCII"
            );
            return Err(bad(PLACE, why));
        }
        Ok(Self {
            name,
            version,
            code: function,
        })
    }

    /// What it makes of a value.
    pub(super) fn call(&self, value: &Value) -> Result<Option<Value>, Error> {
        let failed = |source| Error::Function {
            name: self.name.clone(),
            source,
        };
        // What a panic says may hold the value.
        catch_unwind(AssertUnwindSafe(|| self.code.apply(value)))
            .unwrap_or_else(|_| Err("it panicked".into()))
            .map_err(failed)
    }
}

/// Functions by their names.
pub(super) fn by_name(
    functions: Vec<Arc<dyn FieldFunction>>,
) -> Result<BTreeMap<String, Arc<Function>>, Error> {
    let mut named = BTreeMap::new();
    for function in functions {
        let function = Function::new(function)?;
        let name = function.name.clone();
        if named.insert(name.clone(), Arc::new(function)).is_some() {
            let why = format!("two functions are called `{name}`");
            return Err(bad(PLACE, why));
        }
    }
    Ok(named)
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({} {})", self.name, self.version)
    }
}

#[cfg(test)]
mod tests;
