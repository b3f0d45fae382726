//! The class `Finding`.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use sealog_core::finding;

/// One thing that a check found, with a stable code.
#[pyclass(frozen, module = "sealog")]
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    inner: finding::Finding,
}

impl Finding {
    /// Findings as a Python tuple.
    pub(crate) fn list<'py>(
        py: Python<'py>,
        findings: &[finding::Finding],
    ) -> PyResult<Bound<'py, PyTuple>> {
        let made: Vec<_> = findings
            .iter()
            .map(|inner| Self {
                inner: inner.clone(),
            })
            .collect();
        PyTuple::new(py, made)
    }
}

#[pymethods]
impl Finding {
    /// What it is: a stable code in snake case.
    #[getter]
    fn code(&self) -> &'static str {
        self.inner.code.id()
    }

    /// What it does to a verdict: `refutes`, `undecided` or `note`.
    #[getter]
    fn weight(&self) -> &'static str {
        match self.inner.weight() {
            finding::Weight::Refutes => "refutes",
            finding::Weight::Undecided => "undecided",
            finding::Weight::Note => "note",
        }
    }

    /// What the code means, in words.
    #[getter]
    fn meaning(&self) -> &'static str {
        self.inner.code.meaning()
    }

    /// Index of the entry concerned.
    #[getter]
    fn index(&self) -> Option<u64> {
        self.inner.index
    }

    /// `record_id` of the entry concerned.
    #[getter]
    fn record_id(&self) -> Option<&str> {
        self.inner.record_id.as_deref()
    }

    /// What the rules lead one to expect.
    #[getter]
    fn expected(&self) -> Option<&str> {
        self.inner.expected.as_deref()
    }

    /// What stands there.
    #[getter]
    fn found(&self) -> Option<&str> {
        self.inner.found.as_deref()
    }

    /// Where it stands in the log's files: segment, line, first byte, byte after the last.
    #[getter]
    fn place(&self) -> Option<(u64, u64, u64, u64)> {
        self.inner
            .place
            .map(|place| (place.segment, place.line, place.start, place.end))
    }

    fn __str__(&self) -> String {
        self.inner.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<Finding {}>", self.inner)
    }
}
