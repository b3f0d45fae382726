//! JSON values become Python's.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use sealog_core::json::{Object, Value};

/// The Python form of a JSON value. Integers become `int`.
pub(crate) fn value<'py>(py: Python<'py>, json: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match json {
        Value::Null => py.None().into_bound(py),
        Value::Bool(flag) => flag.into_pyobject(py)?.to_owned().into_any(),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => integer.into_pyobject(py)?.into_any(),
            None => number.as_f64().into_pyobject(py)?.into_any(),
        },
        Value::String(text) => text.into_pyobject(py)?.into_any(),
        Value::Array(elements) => {
            let list = PyList::empty(py);
            for element in elements {
                list.append(value(py, element)?)?;
            }
            list.into_any()
        }
        Value::Object(members) => object(py, members)?.into_any(),
    })
}

/// The dictionary of a JSON object.
pub(crate) fn object<'py>(py: Python<'py>, members: &Object) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (key, member) in members.iter() {
        dict.set_item(key, value(py, member)?)?;
    }
    Ok(dict)
}
