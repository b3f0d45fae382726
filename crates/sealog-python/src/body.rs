//! Bodies: a Python mapping becomes a JSON object, in one pass, by exact types first.
//!
//! A body stands in the log as it is, so it takes only what JSON has one form for; any other value is committed,
//! not stored (`encode`). Accepted beside JSON's own types, because their JSON form is not in doubt: tuples as
//! arrays, enum members as their values, aware datetimes as RFC 3339 times in UTC, UUIDs and paths as strings,
//! numpy scalars as the Python number they hold.
//!
//! **What is absent**: NaN and infinity, integers beyond 2^53 - 1, bytes, naive datetimes, keys that are not
//! strings. Each is refused with the path to it.

use pyo3::exceptions::PyRecursionError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};
use sealog_core::json::{FlatObject, Number, Object, Value};
use sealog_core::limits::JSON_DEPTH_MAX;

use crate::error::format_error;

/// A body, with the number of bytes that it will take in about.
pub(crate) struct Body {
    pub(crate) object: FlatObject,
    pub(crate) bytes: usize,
}

/// Reads the body of a record.
pub(crate) fn read(body: &Bound<'_, PyAny>) -> PyResult<Body> {
    let mut reader = Reader {
        bytes: 0,
        path: Vec::new(),
    };
    let object = if let Ok(dict) = body.cast_exact::<PyDict>() {
        reader.flat(dict)?
    } else {
        match reader.value(body)? {
            Value::Object(object) => object.into(),
            _ => return Err(format_error(body.py(), "body", "a mapping is needed")),
        }
    };
    Ok(Body {
        object,
        bytes: reader.bytes,
    })
}

/// Room for what is added to a body later: its system, its commitments.
const ROOM_MEMBERS: usize = 4;
/// Room for the text of an ordinary body.
const ROOM_BYTES: usize = 512;

struct Reader {
    bytes: usize,
    /// Keys and indices down to the value at hand, for messages.
    path: Vec<String>,
}

impl Reader {
    fn refuse(&self, py: Python<'_>, why: &str) -> PyErr {
        let mut place = String::from("body");
        for step in &self.path {
            place.push('/');
            place.push_str(step);
        }
        format_error(py, &place, why)
    }

    fn value(&mut self, value: &Bound<'_, PyAny>) -> PyResult<Value> {
        self.bytes += 8;
        if let Ok(text) = value.cast_exact::<PyString>() {
            return self.string(text).map(Value::String);
        }
        if value.is_exact_instance_of::<PyFloat>() {
            return self.number(value);
        }
        if value.is_exact_instance_of::<PyInt>() {
            return self.integer(value);
        }
        if value.is_none() {
            return Ok(Value::Null);
        }
        if let Ok(flag) = value.cast_exact::<PyBool>() {
            return Ok(Value::Bool(flag.is_true()));
        }
        if let Ok(dict) = value.cast_exact::<PyDict>() {
            return self.nested(value, |own| own.dict(dict).map(Value::Object));
        }
        if let Ok(list) = value.cast_exact::<PyList>() {
            return self.nested(value, |own| own.elements(list.iter()));
        }
        if let Ok(tuple) = value.cast_exact::<PyTuple>() {
            return self.nested(value, |own| own.elements(tuple.iter()));
        }
        self.other(value)
    }

    fn nested(
        &mut self,
        value: &Bound<'_, PyAny>,
        read: impl FnOnce(&mut Self) -> PyResult<Value>,
    ) -> PyResult<Value> {
        // The record and its envelope take levels of their own; the ledger checks the exact depth.
        if self.path.len() > JSON_DEPTH_MAX {
            return Err(self.refuse(value.py(), "nested too deeply"));
        }
        read(self)
    }

    /// The outermost dictionary. Its members are written in the order of their keys, so that each goes to the end.
    fn flat(&mut self, dict: &Bound<'_, PyDict>) -> PyResult<FlatObject> {
        let members: Vec<_> = dict.iter().collect();
        let mut sorted = Vec::with_capacity(members.len());
        for (key, value) in &members {
            let Ok(key) = key.cast::<PyString>() else {
                return Err(self.refuse(key.py(), "a key is not a string"));
            };
            sorted.push((self.text(key)?, value));
        }
        // Stable, so that of equal keys the last stays. Where surrogates come in, canonical JSON has another order:
        // then a member is put in its place.
        sorted.sort_by_key(|(key, _)| *key);
        let mut object = FlatObject::with_capacity(members.len() + ROOM_MEMBERS, ROOM_BYTES);
        for (key, value) in sorted {
            self.bytes += key.len() + 3;
            if let Ok(text) = value.cast_exact::<PyString>()
                && let Ok(text) = text.to_str()
            {
                self.bytes += text.len() + 8;
                object.insert(key, text);
                continue;
            }
            object.insert(key, self.below(key, value)?);
        }
        Ok(object)
    }

    /// A value under a key or index. The path is only needed below it, or for a refusal, which is made anew with it.
    fn below(&mut self, key: &str, value: &Bound<'_, PyAny>) -> PyResult<Value> {
        if is_leaf(value)
            && let Ok(read) = self.value(value)
        {
            return Ok(read);
        }
        self.path.push(key.to_owned());
        let read = self.value(value)?;
        self.path.pop();
        Ok(read)
    }

    fn dict(&mut self, dict: &Bound<'_, PyDict>) -> PyResult<Object> {
        let mut members = Vec::with_capacity(dict.len());
        for (key, value) in dict.iter() {
            members.push(self.member(&key, &value)?);
        }
        Ok(members.into_iter().collect())
    }

    fn member(
        &mut self,
        key: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<(String, Value)> {
        let Ok(key) = key.cast::<PyString>() else {
            return Err(self.refuse(key.py(), "a key is not a string"));
        };
        let key = self.text(key)?;
        self.bytes += key.len() + 3;
        Ok((key.to_owned(), self.below(key, value)?))
    }

    fn elements<'py>(
        &mut self,
        elements: impl Iterator<Item = Bound<'py, PyAny>>,
    ) -> PyResult<Value> {
        let mut read = Vec::new();
        for (index, element) in elements.enumerate() {
            if is_leaf(&element)
                && let Ok(value) = self.value(&element)
            {
                read.push(value);
                continue;
            }
            self.path.push(index.to_string());
            read.push(self.value(&element)?);
            self.path.pop();
        }
        Ok(Value::Array(read))
    }

    fn string(&mut self, text: &Bound<'_, PyString>) -> PyResult<String> {
        let text = self.text(text)?;
        self.bytes += text.len();
        Ok(text.to_owned())
    }

    fn text<'t>(&self, text: &'t Bound<'_, PyString>) -> PyResult<&'t str> {
        text.to_str()
            .map_err(|_| self.refuse(text.py(), "a string holds a lone surrogate"))
    }

    fn number(&self, value: &Bound<'_, PyAny>) -> PyResult<Value> {
        let number = value.extract::<f64>()?;
        if !number.is_finite() {
            return Err(self.refuse(value.py(), "not a finite number"));
        }
        match Number::finite(number) {
            Some(number) => Ok(Value::Number(number)),
            None => Err(self.refuse(value.py(), "an integer beyond 2^53 - 1 must be a string")),
        }
    }

    fn integer(&self, value: &Bound<'_, PyAny>) -> PyResult<Value> {
        match value.extract::<i64>().ok().and_then(Number::integer) {
            Some(number) => Ok(Value::Number(number)),
            None => Err(self.refuse(value.py(), "an integer beyond 2^53 - 1 must be a string")),
        }
    }

    /// What is not exactly one of JSON's types.
    fn other(&mut self, value: &Bound<'_, PyAny>) -> PyResult<Value> {
        let py = value.py();
        let prepared = plain_form(py)?.call1((value,));
        let Ok(plain) = prepared else {
            let name = type_name(value);
            return Err(self.refuse(
                py,
                &format!("{name} has no form in a body; commit to it instead"),
            ));
        };
        if plain.is(value) {
            // A mapping that is no dict: the one shape that is read rather than converted.
            if let Ok(mapping) = value.cast::<PyMapping>() {
                return self.nested(value, |own| own.mapping(mapping).map(Value::Object));
            }
            return Err(self.refuse(py, &format!("{} has no form in a body", type_name(value))));
        }
        self.path.push(String::new());
        let read = if self.path.len() > JSON_DEPTH_MAX * 2 {
            Err(PyRecursionError::new_err(
                "a value converts to itself without end",
            ))
        } else {
            self.value(&plain)
        };
        self.path.pop();
        read
    }

    fn mapping(&mut self, mapping: &Bound<'_, PyMapping>) -> PyResult<Object> {
        let mut members = Vec::new();
        for item in mapping.items()?.iter() {
            let (key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            members.push(self.member(&key, &value)?);
        }
        Ok(members.into_iter().collect())
    }
}

fn is_leaf(value: &Bound<'_, PyAny>) -> bool {
    value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyFloat>()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyBool>()
        || value.is_none()
}

/// The Python function that gives the plain form of a value, or the value itself for a mapping.
fn plain_form(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import(intern!(py, "sealog._plain"))?
        .getattr(intern!(py, "plain"))
}

/// The qualified name of a value's type.
pub(crate) fn type_name(value: &Bound<'_, PyAny>) -> String {
    let kind = value.get_type();
    let name = kind
        .qualname()
        .map_or_else(|_| "?".to_owned(), |name| name.to_string());
    match kind.module() {
        Ok(module) if module != "builtins" => format!("{module}.{name}"),
        _ => name,
    }
}
