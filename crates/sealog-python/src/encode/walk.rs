//! The walk over a Python value.

use pyo3::exceptions::PyRecursionError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use sealog_core::limits::VALUE_DEPTH_MAX;
use sealog_core::values::{Encoder, ValueError};

use super::Encoded;
use crate::body::type_name;
use crate::error::format_error;

static DESCRIBE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// What one call of the encoder gives back.
pub(super) type Step = Result<(), ValueError>;

/// A walk, with the encoding so far.
#[derive(Debug)]
pub(super) struct Walk {
    encoder: Encoder,
    unencodable: Vec<String>,
    depth: usize,
}

impl Walk {
    pub(super) const fn new(encoder: Encoder) -> Self {
        Self {
            encoder,
            unencodable: Vec::new(),
            depth: 0,
        }
    }

    pub(super) fn into_parts(self) -> (Encoder, Vec<String>) {
        (self.encoder, self.unencodable)
    }

    /// One call of the encoder.
    pub(super) fn with(
        &mut self,
        py: Python<'_>,
        step: impl FnOnce(&mut Encoder) -> Step,
    ) -> PyResult<()> {
        step(&mut self.encoder).map_err(|error| format_error(py, "value", &error.to_string()))
    }

    /// Writes one value.
    pub(super) fn value(&mut self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = value.py();
        if let Ok(text) = value.cast_exact::<PyString>() {
            return self.string(text);
        }
        if value.is_exact_instance_of::<PyFloat>() {
            let number = value.extract::<f64>()?;
            return self.with(py, |encoder| encoder.float(number));
        }
        if value.is_exact_instance_of::<PyInt>() {
            return self.integer(value);
        }
        if value.is_none() {
            return self.with(py, Encoder::null);
        }
        if let Ok(flag) = value.cast_exact::<PyBool>() {
            let flag = flag.is_true();
            return self.with(py, |encoder| encoder.bool(flag));
        }
        if let Ok(bytes) = value.cast_exact::<PyBytes>() {
            return self.with(py, |encoder| encoder.bytes(bytes.as_bytes()));
        }
        self.depth += 1;
        if self.depth > VALUE_DEPTH_MAX {
            return self.with(py, |_| {
                Err(ValueError::Depth {
                    max: VALUE_DEPTH_MAX,
                })
            });
        }
        let walked = if let Ok(dict) = value.cast_exact::<PyDict>() {
            self.dict(dict)
        } else if let Ok(list) = value.cast_exact::<PyList>() {
            self.elements(py, list.iter(), Encoder::begin_list)
        } else {
            self.described(value)
        };
        self.depth -= 1;
        walked
    }

    fn string(&mut self, text: &Bound<'_, PyString>) -> PyResult<()> {
        if let Ok(plain) = text.to_str() {
            return self.with(text.py(), |encoder| encoder.str(plain));
        }
        let wide = wide(text)?;
        self.with(text.py(), |encoder| encoder.wide_str(wide.as_bytes()))
    }

    fn integer(&mut self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = value.py();
        if let Ok(number) = value.extract::<i64>() {
            return self.with(py, |encoder| encoder.int(number));
        }
        let hex = py
            .import(intern!(py, "builtins"))?
            .getattr(intern!(py, "hex"))?
            .call1((value,))?;
        let hex = hex.extract::<String>()?;
        self.with(py, |encoder| encoder.int_hex(&hex))
    }

    /// A dictionary. Its pairs are taken out first: code of the values might change it meanwhile.
    fn dict(&mut self, dict: &Bound<'_, PyDict>) -> PyResult<()> {
        let pairs: Vec<_> = dict.iter().collect();
        self.pairs(dict.py(), &pairs, Encoder::begin_dict)
    }

    fn pairs(
        &mut self,
        py: Python<'_>,
        pairs: &[(Bound<'_, PyAny>, Bound<'_, PyAny>)],
        begin: impl FnOnce(&mut Encoder) -> Step,
    ) -> PyResult<()> {
        let plain = |key: &Bound<'_, PyAny>| {
            key.cast_exact::<PyString>()
                .is_ok_and(|key| key.to_str().is_ok())
        };
        if !pairs.iter().all(|(key, _)| plain(key)) {
            self.with(py, Encoder::begin_pairs)?;
            for (key, value) in pairs {
                self.value(key)?;
                self.value(value)?;
            }
            return self.with(py, Encoder::end);
        }
        self.with(py, begin)?;
        for (key, value) in pairs {
            let key = key.cast::<PyString>()?;
            let key = key.to_str()?;
            self.with(py, |encoder| encoder.key(key))?;
            self.value(value)?;
        }
        self.with(py, Encoder::end)
    }

    fn elements<'py>(
        &mut self,
        py: Python<'py>,
        elements: impl Iterator<Item = Bound<'py, PyAny>>,
        begin: impl FnOnce(&mut Encoder) -> Step,
    ) -> PyResult<()> {
        self.with(py, begin)?;
        for element in elements {
            self.value(&element)?;
        }
        self.with(py, Encoder::end)
    }

    /// What is not exactly one of the types above: Python code says what it is made of.
    fn described(&mut self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = value.py();
        if let Ok(encoded) = value.cast_exact::<Encoded>() {
            let bytes = encoded.get().shared();
            return self.with(py, |encoder| encoder.bytes(&bytes));
        }
        let describe = DESCRIBE.import(py, "sealog._encoders", "describe")?;
        let described = match describe.call1((value,)) {
            Ok(described) => described,
            Err(error) if error.is_instance_of::<PyRecursionError>(py) => {
                return Err(format_error(py, "value", "nested too deeply"));
            }
            Err(error) => return Err(error),
        };
        let described = described.cast_into::<PyTuple>()?;
        let tag = described.get_item(0)?;
        let tag = tag.cast::<PyString>()?.to_str()?;
        self.tagged(tag, &described, value)
    }

    fn tagged(
        &mut self,
        tag: &str,
        described: &Bound<'_, PyTuple>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let py = value.py();
        let part = |at: usize| described.get_item(at);
        let text = |at: usize| part(at)?.extract::<String>();
        match tag {
            "plain" => self.value(&part(1)?),
            "str" => self.string(part(1)?.cast::<PyString>()?),
            "date" => text(1).and_then(|text| self.with(py, |encoder| encoder.date(&text))),
            "time" => text(1).and_then(|text| self.with(py, |encoder| encoder.time(&text))),
            "datetime" => text(1).and_then(|text| self.with(py, |encoder| encoder.datetime(&text))),
            "decimal" => text(1).and_then(|text| self.with(py, |encoder| encoder.decimal(&text))),
            "uuid" => text(1).and_then(|text| self.with(py, |encoder| encoder.uuid(&text))),
            "duration" => {
                let (seconds, nanos) = (part(1)?.extract()?, part(2)?.extract()?);
                self.with(py, |encoder| encoder.duration(seconds, nanos))
            }
            "complex" => {
                let (real, imaginary) = (part(1)?.extract()?, part(2)?.extract()?);
                self.with(py, |encoder| encoder.complex(real, imaginary))
            }
            "path" => {
                let path = part(1)?;
                let wide = wide(path.cast::<PyString>()?)?;
                self.with(py, |encoder| encoder.path(wide.as_bytes()))
            }
            "tuple" => self.listed(&part(1)?, Encoder::begin_tuple),
            "set" => self.listed(&part(1)?, Encoder::begin_set),
            "object" => self.object(&text(1)?, &part(2)?),
            "enum" => self.named(&part(2)?, |encoder| {
                encoder.begin_enum(&text(1).unwrap_or_default())
            }),
            "custom" => self.named(&part(2)?, |encoder| {
                encoder.begin_custom(&text(1).unwrap_or_default())
            }),
            "array" => {
                let (element, shape) = (text(1)?, part(2)?.extract::<Vec<u64>>()?);
                let data = part(3)?;
                let data = data.cast::<PyBytes>()?.as_bytes();
                self.with(py, |encoder| encoder.array(&element, &shape, data))
            }
            "items" => {
                let (element, shape) = (text(1)?, part(2)?.extract::<Vec<u64>>()?);
                self.listed(&part(3)?, |encoder| encoder.begin_items(&element, &shape))
            }
            "series" => self.listed(&part(1)?, Encoder::begin_series),
            "table" => self.listed(&part(1)?, Encoder::begin_table),
            _ => self.unencodable(value),
        }
    }

    fn unencodable(&mut self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let kind = value.get_type();
        let name = kind.qualname()?.to_string();
        self.unencodable.push(type_name(value));
        self.with(value.py(), |encoder| encoder.unencodable(&name))
    }

    fn listed(
        &mut self,
        list: &Bound<'_, PyAny>,
        begin: impl FnOnce(&mut Encoder) -> Step,
    ) -> PyResult<()> {
        self.elements(list.py(), list.cast::<PyList>()?.iter(), begin)
    }

    fn object(&mut self, name: &str, fields: &Bound<'_, PyAny>) -> PyResult<()> {
        let pairs: Vec<_> = fields.cast::<PyDict>()?.iter().collect();
        self.pairs(fields.py(), &pairs, |encoder| encoder.begin_object(name))
    }

    fn named(
        &mut self,
        value: &Bound<'_, PyAny>,
        begin: impl FnOnce(&mut Encoder) -> Step,
    ) -> PyResult<()> {
        self.with(value.py(), begin)?;
        self.value(value)?;
        self.with(value.py(), Encoder::end)
    }
}

/// The code points of a string in UTF-8 in which surrogates have three bytes.
fn wide<'py>(text: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyBytes>> {
    let py = text.py();
    let arguments = (intern!(py, "utf-8"), intern!(py, "surrogatepass"));
    let bytes = text.call_method1(intern!(py, "encode"), arguments)?;
    Ok(bytes.cast_into::<PyBytes>()?)
}
