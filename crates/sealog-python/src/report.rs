//! The classes `Report` and `ReceiptReport`.
//!
//! Neither is true or false: a report that merely exists must not pass for success in an `if`.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};
use sealog_core::json::Value;
use sealog_core::receipt::VerifiedReceipt;
use sealog_core::time::Timestamp;
use sealog_ledger::verify::{self, Interval};

use crate::error::{not_verified, refused_error};
use crate::finding::Finding;
use crate::plain;

/// What a verification of a ledger found.
#[pyclass(frozen, module = "sealog")]
#[derive(Debug)]
pub(crate) struct Report {
    inner: verify::Report,
}

impl From<verify::Report> for Report {
    fn from(inner: verify::Report) -> Self {
        Self { inner }
    }
}

#[pymethods]
impl Report {
    /// 0 all that was asked holds, 1 refuted, 2 could not be decided.
    #[getter]
    fn exit_code(&self) -> u8 {
        self.inner.exit()
    }

    /// A stable reason code; `holds` where all holds.
    #[getter]
    fn reason(&self) -> &'static str {
        self.inner.reason()
    }

    /// Whether what is there is unchanged: `holds`, `refuted` or `undecided`.
    #[getter]
    fn integrity(&self) -> &'static str {
        self.inner.integrity().id()
    }

    /// Whether nothing is missing, at `level`: `holds`, `refuted` or `undecided`.
    #[getter]
    fn completeness(&self) -> &'static str {
        self.inner.completeness().id()
    }

    /// How far completeness reaches: `none`, `self`, `remembered` or `witnessed`.
    #[getter]
    fn level(&self) -> &'static str {
        self.inner.level().id()
    }

    /// What was found, in the order of the log; at most the first thousand.
    #[getter]
    fn findings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        Finding::list(py, self.inner.findings())
    }

    /// How often each code was found.
    #[getter]
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counts = PyDict::new(py);
        for (code, count) in self.inner.counts() {
            counts.set_item(code, count)?;
        }
        Ok(counts)
    }

    /// Entries that the newest checkpoint covers.
    #[getter]
    const fn size(&self) -> u64 {
        self.inner.size()
    }

    /// Root of the newest checkpoint, in hex.
    #[getter]
    fn root(&self) -> Option<String> {
        self.inner.root().map(|root| root.to_hex())
    }

    /// The newest checkpoint: keep it, and verify against it the next time.
    #[getter]
    fn checkpoint(&self) -> Option<&str> {
        self.inner.checkpoint()
    }

    /// The log's origin.
    #[getter]
    fn origin(&self) -> Option<&str> {
        self.inner.origin()
    }

    /// The key that vouches.
    #[getter]
    fn key(&self) -> Option<&str> {
        self.inner.key()
    }

    /// Who pinned it: `user`, `this_machine` or `nobody`.
    #[getter]
    fn pinned_by(&self) -> &'static str {
        self.inner.pinned_by().id()
    }

    /// Between which outside times an entry was written: not before, and not after. None where no witness of the policy
    /// says so.
    fn interval(&self, index: u64) -> (Option<String>, Option<String>) {
        texts(self.inner.times().interval(index))
    }

    /// The whole report as plain values, as the command prints it with `--json`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain::value(py, &self.inner.to_json())
    }

    /// Gives itself back if all that was asked holds; raises `TamperError` if it is refuted, and `RefusedError` if
    /// it could not be decided.
    fn require(this: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        let inner = &this.get().inner;
        require(this.py(), inner.exit(), inner.reason(), inner.findings())?;
        Ok(this)
    }

    fn __bool__(&self) -> PyResult<bool> {
        Err(ambiguous(self.inner.reason()))
    }

    fn __repr__(&self) -> String {
        let (exit, reason) = (self.inner.exit(), self.inner.reason());
        format!(
            "<Report: {reason}, exit {exit}, {} entries>",
            self.inner.size()
        )
    }
}

/// What a verification of a receipt found.
#[pyclass(frozen, module = "sealog")]
#[derive(Debug)]
pub(crate) struct ReceiptReport {
    inner: verify::ReceiptReport,
}

impl From<verify::ReceiptReport> for ReceiptReport {
    fn from(inner: verify::ReceiptReport) -> Self {
        Self { inner }
    }
}

#[pymethods]
impl ReceiptReport {
    /// 0 all that was asked holds, 1 refuted, 2 could not be decided.
    #[getter]
    fn exit_code(&self) -> u8 {
        self.inner.exit()
    }

    /// A stable reason code; `holds` where all holds.
    #[getter]
    fn reason(&self) -> &'static str {
        self.inner.reason()
    }

    /// How far completeness of the log up to the receipt reaches.
    #[getter]
    fn level(&self) -> &'static str {
        self.inner.level().id()
    }

    /// What was found.
    #[getter]
    fn findings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        Finding::list(py, self.inner.findings())
    }

    /// Who pinned the key: `user`, `this_machine` or `nobody`.
    #[getter]
    fn pinned_by(&self) -> &'static str {
        self.inner.pinned_by().id()
    }

    /// Index of the entry; None unless the receipt is verified.
    #[getter]
    fn index(&self) -> Option<u64> {
        self.inner.verified().map(VerifiedReceipt::index)
    }

    /// The exact bytes of the entry; None unless the receipt is verified.
    #[getter]
    fn entry<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.inner
            .verified()
            .map(|verified| PyBytes::new(py, verified.entry()))
    }

    /// The record in the entry; None unless the receipt is verified.
    #[getter]
    fn record<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(verified) = self.inner.verified() else {
            return Ok(None);
        };
        let entry = Value::parse(verified.entry()).unwrap_or_default();
        entry
            .member("record")
            .map(|record| plain::value(py, record))
            .transpose()
    }

    /// Between which outside times the entry was written: not before, which a receipt cannot say, and not after.
    #[getter]
    fn interval(&self) -> (Option<String>, Option<String>) {
        texts(self.inner.interval())
    }

    /// The whole report as plain values. The entry is only in it if it is verified.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain::value(py, &self.inner.to_json())
    }

    /// Gives itself back if all that was asked holds; raises `TamperError` if it is refuted, and `RefusedError` if
    /// it could not be decided.
    fn require(this: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        let inner = &this.get().inner;
        require(this.py(), inner.exit(), inner.reason(), inner.findings())?;
        Ok(this)
    }

    fn __bool__(&self) -> PyResult<bool> {
        Err(ambiguous(self.inner.reason()))
    }

    fn __repr__(&self) -> String {
        format!(
            "<ReceiptReport: {}, exit {}>",
            self.inner.reason(),
            self.inner.exit()
        )
    }
}

fn texts(interval: Interval) -> (Option<String>, Option<String>) {
    let text = |time: Timestamp| time.format_micros();
    (interval.not_before.map(text), interval.not_after.map(text))
}

pub(crate) fn ambiguous(reason: &str) -> PyErr {
    PyTypeError::new_err(format!(
        "a report ({reason}) is neither true nor false: compare its exit_code, or call require()"
    ))
}

pub(crate) fn require(
    py: Python<'_>,
    exit: u8,
    reason: &str,
    findings: &[sealog_core::finding::Finding],
) -> PyResult<()> {
    match exit {
        0 => Ok(()),
        1 => Err(not_verified(
            py,
            &format!("refuted: {reason}"),
            reason,
            findings,
        )),
        _ => Err(refused_error(
            py,
            &format!("could not be decided: {reason}"),
            reason,
        )),
    }
}
