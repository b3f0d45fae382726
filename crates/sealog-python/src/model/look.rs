//! The functions `inspect` and `scan`: what is read of a model, and whether loading it would run code.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use sealog_core::json::Value;
use sealog_model::formats::source::Source;
use sealog_model::inspect::{self, Digests};
use sealog_model::scan::{Limits, Report, output, scan_path, scan_source};

use super::asked::Asked;
use crate::error::model_error;
use crate::plain;

/// Inspects a file or a directory.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "what Python gives is owned")]
pub(crate) fn model_inspect(
    py: Python<'_>,
    path: PathBuf,
    digests: bool,
) -> PyResult<Bound<'_, PyAny>> {
    let digests = if digests {
        Digests::Sha256
    } else {
        Digests::Leave
    };
    let limits = inspect::Limits::default();
    let report = py.detach(|| inspect::inspect_path(&path, &limits, digests));
    let report = report.map_err(|error| model_error(py, &error))?;
    plain::value(py, &inspect::json(&report))
}

/// Scans a file or a directory.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "what Python gives is owned")]
pub(crate) fn model_scan<'py>(
    py: Python<'py>,
    path: PathBuf,
    asked: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    let baseline = Asked(asked).baseline()?;
    let report = py.detach(|| scan_path(&path, &Limits::default()));
    let report = report.map_err(|error| model_error(py, &error))?;
    plain::value(py, &output::json(&report, &baseline))
}

/// Scans bytes under a name that is only shown.
#[pyfunction]
pub(crate) fn model_scan_bytes<'py>(
    py: Python<'py>,
    name: &str,
    bytes: Vec<u8>,
    asked: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    let baseline = Asked(asked).baseline()?;
    let value: Value = py.detach(|| {
        let file = scan_source(name, &Source::memory(bytes), &Limits::default());
        let report = Report::from(file);
        output::json(&report, &baseline)
    });
    plain::value(py, &value)
}
