//! The classes `ConfigView` and `LabelView`.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use sealog_core::config::{Band, Bands, digest_text};

use crate::error::format_error;

/// One version of a configuration.
#[pyclass(frozen, module = "sealog")]
#[derive(Debug, Clone)]
pub(crate) struct ConfigView {
    inner: sealog_ledger::ConfigView,
}

impl From<sealog_ledger::ConfigView> for ConfigView {
    fn from(inner: sealog_ledger::ConfigView) -> Self {
        Self { inner }
    }
}

#[pymethods]
impl ConfigView {
    /// The configuration; the same over all its versions.
    #[getter]
    fn config_id(&self) -> &str {
        &self.inner.config_id
    }

    /// The model that it is valid for, if it names one.
    #[getter]
    fn model_id(&self) -> Option<&str> {
        self.inner.model_id.as_deref()
    }

    /// The digest that decisions name.
    #[getter]
    fn digest(&self) -> String {
        digest_text(&self.inner.digest)
    }

    /// Index of its record in the log.
    #[getter]
    const fn index(&self) -> u64 {
        self.inner.index
    }

    /// Index of the record that replaced it; None while it is active.
    #[getter]
    const fn superseded_at(&self) -> Option<u64> {
        self.inner.superseded_at
    }

    /// Bands as label id, lower end (included) and upper end (excluded); None if it has none.
    #[getter]
    fn bands<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let Some(bands) = &self.inner.bands else {
            return Ok(None);
        };
        let rows = bands
            .as_slice()
            .iter()
            .map(|band| (band.label_id.clone(), band.from, band.to));
        PyTuple::new(py, rows.collect::<Vec<_>>()).map(Some)
    }

    /// The label of a score; None if the configuration has no bands.
    fn label_of(&self, score: f64) -> Option<String> {
        if !score.is_finite() {
            return None;
        }
        self.inner
            .bands
            .as_ref()
            .map(|bands| bands.label_of(score).to_owned())
    }

    fn __repr__(&self) -> String {
        format!(
            "<ConfigView {} at {}>",
            self.inner.config_id, self.inner.index
        )
    }
}

/// A label and its name for people.
#[pyclass(frozen, module = "sealog")]
#[derive(Debug, Clone)]
pub(crate) struct LabelView {
    inner: sealog_ledger::LabelView,
}

impl From<sealog_ledger::LabelView> for LabelView {
    fn from(inner: sealog_ledger::LabelView) -> Self {
        Self { inner }
    }
}

#[pymethods]
impl LabelView {
    /// The stable id that decisions and bands name.
    #[getter]
    fn label_id(&self) -> &str {
        &self.inner.label_id
    }

    /// Name for people.
    #[getter]
    fn display(&self) -> &str {
        &self.inner.display
    }

    /// Index of the record that gave the name.
    #[getter]
    const fn index(&self) -> u64 {
        self.inner.index
    }

    fn __repr__(&self) -> String {
        format!(
            "<LabelView {} {:?}>",
            self.inner.label_id, self.inner.display
        )
    }
}

/// Bands as Python gives them.
pub(crate) type BandRow = (String, Option<f64>, Option<f64>);

/// Bands, if they are ordered, adjoin and cover every score.
pub(crate) fn bands(py: Python<'_>, rows: Vec<BandRow>) -> PyResult<Bands> {
    let rows = rows
        .into_iter()
        .map(|(label_id, from, to)| Band { label_id, from, to });
    Bands::new(rows.collect()).map_err(|error| format_error(py, "bands", &error.to_string()))
}
