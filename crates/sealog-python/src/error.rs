//! Errors become Python exceptions: the one table of this crate.
//!
//! | kind | exception |
//! |---|---|
//! | refuted | `TamperError` with its findings |
//! | malformed | `FormatError`, a `ValueError` |
//! | refused | `RefusedError` |
//! | unavailable | the built-in `OSError` that matches |
//! | unavailable, outcome unknown | `OutcomeUnknownError` with the ids to retry with |

use std::error::Error as _;
use std::io;

use pyo3::exceptions::{PyOSError, PyTimeoutError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};
use sealog_core::ErrorKind;
use sealog_ledger::Error;

use crate::finding::Finding;

static FORMAT: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static REFUSED: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static TAMPER: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static UNKNOWN: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// The exception for an error of the ledger.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let message = error.to_string();
    let made = match (error.outcome_unknown(), error.kind()) {
        (Some(ids), _) => sealog_error(py, &UNKNOWN, "OutcomeUnknownError", &message, |extra| {
            extra.set_item(intern!(py, "record_ids"), ids)
        }),
        (None, ErrorKind::Refuted) => tamper(py, error, &message),
        (None, ErrorKind::Malformed) => {
            sealog_error(py, &FORMAT, "FormatError", &message, |extra| {
                extra.set_item(intern!(py, "code"), error.code())
            })
        }
        (None, ErrorKind::Refused) => refused(py, error, &message),
        (None, ErrorKind::Unavailable) => Ok(os_error(error, &message)),
    };
    made.unwrap_or_else(|error| error)
}

/// A value does not follow its format: where, and why.
pub(crate) fn format_error(py: Python<'_>, place: &str, why: &str) -> PyErr {
    coded(
        py,
        &FORMAT,
        "FormatError",
        &format!("{place}: {why}"),
        "format",
    )
}

/// Right, but not now.
pub(crate) fn refused_error(py: Python<'_>, why: &str, code: &str) -> PyErr {
    coded(py, &REFUSED, "RefusedError", why, code)
}

/// Something was verified and does not hold.
pub(crate) fn not_verified(
    py: Python<'_>,
    message: &str,
    code: &str,
    findings: &[sealog_core::finding::Finding],
) -> PyErr {
    sealog_error(py, &TAMPER, "TamperError", message, |extra| {
        extra.set_item(intern!(py, "code"), code)?;
        extra.set_item(intern!(py, "findings"), Finding::list(py, findings)?)
    })
    .unwrap_or_else(|error| error)
}

/// A deadline passed.
pub(crate) fn timeout(why: &str) -> PyErr {
    PyTimeoutError::new_err(why.to_owned())
}

fn coded(
    py: Python<'_>,
    cell: &PyOnceLock<Py<PyType>>,
    name: &'static str,
    message: &str,
    code: &str,
) -> PyErr {
    sealog_error(py, cell, name, message, |extra| {
        extra.set_item(intern!(py, "code"), code)
    })
    .unwrap_or_else(|error| error)
}

fn tamper(py: Python<'_>, error: &Error, message: &str) -> PyResult<PyErr> {
    sealog_error(py, &TAMPER, "TamperError", message, |extra| {
        extra.set_item(intern!(py, "code"), error.code())?;
        extra.set_item(
            intern!(py, "findings"),
            Finding::list(py, error.findings())?,
        )
    })
}

fn refused(py: Python<'_>, error: &Error, message: &str) -> PyResult<PyErr> {
    sealog_error(py, &REFUSED, "RefusedError", message, |extra| {
        extra.set_item(intern!(py, "code"), error.code())?;
        extra.set_item(
            intern!(py, "findings"),
            Finding::list(py, error.findings())?,
        )
    })
}

/// Makes an exception of `sealog.errors`; what it is called with beside the message is set by `fill`.
fn sealog_error<'py>(
    py: Python<'py>,
    cell: &PyOnceLock<Py<PyType>>,
    name: &'static str,
    message: &str,
    fill: impl FnOnce(&Bound<'py, PyDict>) -> PyResult<()>,
) -> PyResult<PyErr> {
    let kind = cell.import(py, "sealog.errors", name)?;
    let extra = PyDict::new(py);
    fill(&extra)?;
    Ok(PyErr::from_value(kind.call((message,), Some(&extra))?))
}

/// `OSError` picks its own subclass by the error number.
fn os_error(error: &Error, message: &str) -> PyErr {
    let mut source = error.source();
    while let Some(below) = source {
        if let Some(system) = below.downcast_ref::<io::Error>() {
            return match system.raw_os_error() {
                Some(number) => PyOSError::new_err((number, message.to_owned())),
                None => by_kind(system.kind(), message),
            };
        }
        source = below.source();
    }
    PyOSError::new_err(message.to_owned())
}

fn by_kind(kind: io::ErrorKind, message: &str) -> PyErr {
    io::Error::new(kind, message.to_owned()).into()
}
