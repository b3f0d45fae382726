//! Errors become Python exceptions: the one table of this crate.
//!
//! | kind | exception |
//! |---|---|
//! | refuted | `TamperError` with its findings |
//! | malformed | `FormatError`, a `ValueError` |
//! | refused | `RefusedError`; a new file whose name is taken: the built-in `FileExistsError` |
//! | unavailable | the built-in `OSError` that matches, with the reason as `code` |
//! | unavailable, outcome unknown | `OutcomeUnknownError` with the ids to retry with |

use std::io;

use pyo3::exceptions::{PyOSError, PyTimeoutError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};
use sealog_core::json::{Object, Value};
use sealog_core::{ErrorKind, Hash};
use sealog_ledger::Error;
use sealog_ledger::import::ImportError;
use sealog_model::gate::Refusal;
use sealog_model::manifest::changes_json;
use sealog_model::scan::baseline::Baseline;
use sealog_model::scan::output;

use crate::finding::Finding;
use crate::inside::Raised;
use crate::plain;

static FORMAT: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static REFUSED: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static TAMPER: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static UNKNOWN: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static FILL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// The exception for an error of the ledger.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    // What failed may have been interrupted from the keyboard (`inside`); then that is what the caller hears of.
    if let Err(interrupt) = py.check_signals() {
        return interrupt;
    }
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
        // Python has a name of its own for it.
        (None, _) if matches!(error, Error::FileExists { .. }) => {
            with_code(py, by_kind(io::ErrorKind::AlreadyExists, &message), error)
        }
        (None, ErrorKind::Refused) => refused(py, error, &message),
        (None, ErrorKind::Unavailable) => unavailable(py, error, &message),
    };
    let made = made.unwrap_or_else(|error| error);
    if let Some(raised) = Raised::below(error) {
        made.set_cause(py, Some(raised.error.clone_ref(py)));
    }
    made
}

/// The exception for an older log that cannot be read or adopted.
pub(crate) fn import_error(py: Python<'_>, error: &ImportError) -> PyErr {
    if let ImportError::Ledger(error) = error {
        return exception(py, error);
    }
    let message = error.to_string();
    match error.kind() {
        ErrorKind::Refuted => not_verified(py, &message, error.code(), &[]),
        ErrorKind::Malformed => coded(py, &FORMAT, "FormatError", &message, error.code()),
        ErrorKind::Refused => refused_error(py, &message, error.code()),
        ErrorKind::Unavailable => os_error(error, &message),
    }
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

/// The exception for an error about a model, with what differs.
pub(crate) fn model_error(py: Python<'_>, error: &sealog_model::Error) -> PyErr {
    let found = match error {
        sealog_model::Error::Unsigned { model_digest } => Hash::from_hex(model_digest),
        _ => None,
    };
    about_model(py, error, found, None, None).unwrap_or_else(|error| error)
}

/// The exception for a model that a gate refused: what differs, what the scan found, and the body of a record.
pub(crate) fn refusal_error(
    py: Python<'_>,
    refusal: &Refusal,
    baseline: &Baseline,
    record: Option<&Object>,
) -> PyErr {
    let scan = refusal.scan.as_ref();
    let scan = scan.map(|scan| output::json(scan, baseline));
    let made = about_model(py, &refusal.error, refusal.found, scan.as_ref(), record);
    made.unwrap_or_else(|error| error)
}

fn about_model(
    py: Python<'_>,
    error: &sealog_model::Error,
    found: Option<Hash>,
    scan: Option<&Value>,
    record: Option<&Object>,
) -> PyResult<PyErr> {
    let message = error.to_string();
    let code = |extra: &Bound<'_, PyDict>| extra.set_item(intern!(py, "code"), error.code());
    let made = match error.kind() {
        ErrorKind::Refuted => sealog_error(py, &TAMPER, "TamperError", &message, code)?,
        ErrorKind::Malformed => sealog_error(py, &FORMAT, "FormatError", &message, code)?,
        ErrorKind::Refused => sealog_error(py, &REFUSED, "RefusedError", &message, code)?,
        ErrorKind::Unavailable => os_error(error, &message),
    };
    let value = made.value(py);
    let scan = scan.map(|scan| plain::value(py, scan)).transpose()?;
    let changes = plain::value(py, &changes_json(error.changes()))?;
    let record = record.map(|record| plain::object(py, record)).transpose()?;
    let fill = FILL.import(py, "sealog.model._answers", "_fill")?;
    let found = found.map(|found| format!("sha256:{found}"));
    fill.call1((value, error.code(), changes, scan, found, record))?;
    Ok(made)
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

/// A built-in `OSError` with the reason as `code`, as every other exception has it.
fn unavailable(py: Python<'_>, error: &Error, message: &str) -> PyResult<PyErr> {
    with_code(py, os_error(error, message), error)
}

fn with_code(py: Python<'_>, made: PyErr, error: &Error) -> PyResult<PyErr> {
    made.value(py).setattr(intern!(py, "code"), error.code())?;
    Ok(made)
}

/// `OSError` picks its own subclass by the error number.
fn os_error(error: &dyn std::error::Error, message: &str) -> PyErr {
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
