//! A Python callable that signs for a log.
//!
//! The ledger asks it on a thread of its own and with a deadline (`signer_wait`), while the thread that leads the
//! group waits with the interpreter released; so nobody holds the interpreter while they wait for the callable.

use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes};
use sealog_core::tlog::sign::{SignError, Signer};
use sealog_core::tlog::vkey::{KeyType, VerifierKey};

use crate::error::format_error;

/// Characters of an exception's message that are told on.
const MESSAGE_CHARS_MAX: usize = 300;

/// Signs by calling `callable` with the message's bytes; it returns the 64 bytes of an Ed25519 signature.
#[derive(Debug)]
pub(crate) struct CallableSigner {
    key: VerifierKey,
    callable: Py<PyAny>,
}

impl CallableSigner {
    /// A signer for the key of this text.
    pub(crate) fn new(callable: &Bound<'_, PyAny>, vkey: &str) -> PyResult<Self> {
        let py = callable.py();
        if !callable.is_callable() {
            return Err(format_error(py, "signer", "it cannot be called"));
        }
        let key = VerifierKey::parse(vkey)
            .map_err(|error| format_error(py, "vkey", &error.to_string()))?;
        if key.key_type() != KeyType::Ed25519 {
            let why = "a log signs with a key of type 0x01";
            return Err(format_error(py, "vkey", why));
        }
        Ok(Self {
            key,
            callable: callable.clone().unbind(),
        })
    }

    fn refused(&self, reason: String) -> SignError {
        SignError::Refused {
            name: self.key.name().into(),
            reason,
        }
    }

    fn call(&self, py: Python<'_>, message: &[u8]) -> Result<[u8; 64], SignError> {
        let answer = self
            .callable
            .bind(py)
            .call1((PyBytes::new(py, message),))
            .map_err(|error| self.refused(said(py, &error)))?;
        let bytes = if let Ok(bytes) = answer.cast::<PyBytes>() {
            bytes.as_bytes().to_vec()
        } else if let Ok(bytes) = answer.cast::<PyByteArray>() {
            bytes.to_vec()
        } else {
            let kind = answer.get_type().name();
            let kind = kind.map_or_else(|_| "something".into(), |name| name.to_string());
            return Err(self.refused(format!("it returned {kind}, not bytes")));
        };
        let length = bytes.len();
        bytes
            .try_into()
            .map_err(|_| self.refused(format!("it returned {length} bytes, not 64")))
    }
}

impl Signer for CallableSigner {
    fn verifier_key(&self) -> &VerifierKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        let ending = || SignError::Unavailable {
            name: self.key.name().into(),
            reason: "the interpreter is ending".into(),
        };
        Python::try_attach(|py| self.call(py, message)).unwrap_or_else(|| Err(ending()))
    }
}

/// An exception in words: its type, and what it says, not without end.
fn said(py: Python<'_>, error: &PyErr) -> String {
    let kind = error.get_type(py).name();
    let kind = kind.map_or_else(|_| "an exception".into(), |name| name.to_string());
    let text = error.value(py).str();
    let text = text.map_or_else(
        |_| String::new(),
        |text| text.to_string_lossy().into_owned(),
    );
    let text: String = text.chars().take(MESSAGE_CHARS_MAX).collect();
    if text.is_empty() {
        return kind;
    }
    format!("{kind}: {text}")
}

/// The verifier key of a log, from its origin and the 32 bytes of an Ed25519 public key.
#[pyfunction]
pub(crate) fn log_vkey(py: Python<'_>, origin: &str, public_key: &[u8]) -> PyResult<String> {
    let length = public_key.len();
    let bytes: &[u8; 32] = public_key
        .try_into()
        .map_err(|_| format_error(py, "public_key", &format!("{length} bytes, a key has 32")))?;
    VerifierKey::new(KeyType::Ed25519, origin, bytes)
        .map(|key| key.to_string())
        .map_err(|error| format_error(py, "log_vkey", &error.to_string()))
}
