//! Values become the bytes that a commitment covers (`docs/formats/values.md`): the classes `Encoded` and `Builder`.
//!
//! The walk is one pass over the value under the interpreter's lock, with JSON's types and bytes told by their exact
//! type. Everything else is described by `sealog._encoders` in Python, where the rules for dates, arrays, frames and
//! the user's own types are.

mod walk;

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use sealog_core::values::Encoder;

use crate::error::format_error;
use walk::Walk;

/// The encoding of a value: what a commitment covers.
#[pyclass(frozen, module = "sealog")]
#[derive(Debug, Clone)]
pub(crate) struct Encoded {
    bytes: Arc<[u8]>,
    unencodable: Arc<[String]>,
}

impl Encoded {
    /// Encodes a value, or takes one that is encoded already.
    pub(crate) fn of(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(encoded) = value.cast_exact::<Self>() {
            return Ok(encoded.get().clone());
        }
        let mut walk = Walk::new(Encoder::new());
        walk.value(value)?;
        Self::finish(value.py(), walk)
    }

    fn finish(py: Python<'_>, walk: Walk) -> PyResult<Self> {
        let (encoder, unencodable) = walk.into_parts();
        let bytes = encoder
            .finish()
            .map_err(|error| format_error(py, "value", &error.to_string()))?;
        Ok(Self {
            bytes: bytes.into(),
            unencodable: unencodable.into(),
        })
    }

    /// The bytes, shared.
    pub(crate) fn shared(&self) -> Arc<[u8]> {
        Arc::clone(&self.bytes)
    }
}

#[pymethods]
impl Encoded {
    /// The encoding, as `docs/formats/values.md` lays it down.
    #[getter]
    fn bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.bytes)
    }

    /// Names of the types of parts that have no encoding, in the order in which they were met.
    #[getter]
    fn unencodable<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.unencodable.iter())
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other
            .cast_exact::<Self>()
            .is_ok_and(|other| other.get().bytes == self.bytes)
    }

    fn __hash__(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        self.bytes.hash(&mut hasher);
        hasher.finish()
    }

    fn __repr__(&self) -> String {
        format!("<Encoded, {} bytes>", self.bytes.len())
    }
}

/// Encodes a value. What has no encoding stands in it by the name of its type, and in `unencodable`.
#[pyfunction]
pub(crate) fn encode(value: &Bound<'_, PyAny>) -> PyResult<Encoded> {
    Encoded::of(value)
}

/// Encodes a list or a dictionary part by part, each when it is there.
#[pyclass(frozen, module = "sealog._sealog")]
#[derive(Debug)]
pub(crate) struct Builder {
    /// `None` once a part was refused or the encoding was taken.
    walk: Mutex<Option<Walk>>,
}

impl Builder {
    fn begin(py: Python<'_>, begin: fn(&mut Encoder) -> walk::Step) -> PyResult<Self> {
        let mut walk = Walk::new(Encoder::new());
        walk.with(py, begin)?;
        Ok(Self {
            walk: Mutex::new(Some(walk)),
        })
    }

    /// Works on the walk outside of the lock: a value's own code may come back here.
    fn add(&self, py: Python<'_>, add: impl FnOnce(&mut Walk) -> PyResult<()>) -> PyResult<()> {
        let taken = self
            .walk
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let mut walk =
            taken.ok_or_else(|| format_error(py, "value", "an earlier part was refused"))?;
        add(&mut walk)?;
        *self.walk.lock().unwrap_or_else(PoisonError::into_inner) = Some(walk);
        Ok(())
    }
}

#[pymethods]
impl Builder {
    /// A list, to be filled by `push`.
    #[staticmethod]
    fn sequence(py: Python<'_>) -> PyResult<Self> {
        Self::begin(py, Encoder::begin_list)
    }

    /// A dictionary with string keys, to be filled by `member`.
    #[staticmethod]
    fn mapping(py: Python<'_>) -> PyResult<Self> {
        Self::begin(py, Encoder::begin_dict)
    }

    /// Adds a value to the list.
    fn push(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.add(value.py(), |walk| walk.value(value))
    }

    /// Adds a member to the dictionary.
    fn member(&self, key: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.add(value.py(), |walk| {
            walk.with(value.py(), |encoder| encoder.key(key))?;
            walk.value(value)
        })
    }

    /// The encoding of the whole, once.
    fn finish(&self, py: Python<'_>) -> PyResult<Encoded> {
        let taken = self
            .walk
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let mut walk =
            taken.ok_or_else(|| format_error(py, "value", "an earlier part was refused"))?;
        walk.with(py, Encoder::end)?;
        Encoded::finish(py, walk)
    }
}
