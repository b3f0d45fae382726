//! A Python object that wraps data keys in the place of a key file.
//!
//! It is called with the key store's transaction open, by threads that have released the interpreter.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes};
use sealog_privacy::Error;
use sealog_privacy::wrap::KeyWrapper;
use zeroize::Zeroizing;

use crate::body::type_name;
use crate::inside;

/// Wraps by calling `wrap(key, context)` and `unwrap(wrapped, context)`.
pub(crate) struct PythonWrapper {
    id: String,
    wrap: Py<PyAny>,
    unwrap: Py<PyAny>,
}

impl std::fmt::Debug for PythonWrapper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PythonWrapper({})", self.id)
    }
}

impl PythonWrapper {
    pub(crate) fn of(given: &Bound<'_, PyAny>) -> PyResult<Arc<dyn KeyWrapper>> {
        Ok(Arc::new(Self {
            id: given.getattr("id")?.extract()?,
            wrap: inside::method(given, "key_wrapper", "wrap")?,
            unwrap: inside::method(given, "key_wrapper", "unwrap")?,
        }))
    }
}

/// Calls with two arguments of bytes and has the bytes of the answer read in place, so that no copy is made that is not
/// erased. What Python itself holds, nobody can erase.
fn ask<T>(
    callable: &Py<PyAny>,
    name: &str,
    (bytes, context): (&[u8], &[u8]),
    read: impl FnOnce(&[u8]) -> Result<T, String>,
) -> Result<T, Error> {
    let answered = Python::try_attach(|py| {
        let _inside = inside::enter();
        let arguments = (PyBytes::new(py, bytes), PyBytes::new(py, context));
        // Only the name of the exception: what it says, and the frames that it leads to, may hold the key.
        let answer = callable
            .bind(py)
            .call1(arguments)
            .map_err(|error| format!("{name} raised {}", inside::named(py, &error)))?;
        if let Ok(bytes) = answer.cast::<PyBytes>() {
            return read(bytes.as_bytes());
        }
        match answer.cast::<PyByteArray>() {
            Ok(bytes) => read(&Zeroizing::new(bytes.to_vec())),
            Err(_) => Err(format!("{name} returned {}, not bytes", type_name(&answer))),
        }
    });
    answered
        .unwrap_or_else(|| Err("the interpreter is ending".into()))
        .map_err(|why| Error::Wrapper { why })
}

impl KeyWrapper for PythonWrapper {
    fn id(&self) -> &str {
        &self.id
    }

    fn wrap(&self, key: &[u8; 32], context: &[u8]) -> Result<Vec<u8>, Error> {
        ask(&self.wrap, "wrap", (key, context), |wrapped| {
            Ok(wrapped.to_vec())
        })
    }

    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<[u8; 32]>, Error> {
        ask(&self.unwrap, "unwrap", (wrapped, context), |key| {
            let mut out = Zeroizing::new([0; 32]);
            if key.len() != out.len() {
                return Err(format!("unwrap returned {} bytes, not 32", key.len()));
            }
            out.copy_from_slice(key);
            Ok(out)
        })
    }
}
