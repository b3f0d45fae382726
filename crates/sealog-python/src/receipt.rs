//! The class `Receipt`.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use sealog_core::finding;
use sealog_core::receipt;
use sealog_core::tlog::proof::TlogProof;
use sealog_ledger::{Appended, Ledger};

use crate::error::{exception, format_error};
use crate::finding::Finding;

/// Proof that a record is durable and stands in the log: entry, index, path to the root, signed checkpoint.
#[pyclass(frozen, module = "sealog")]
#[derive(Debug)]
pub(crate) struct Receipt {
    index: u64,
    record_id: String,
    findings: Vec<finding::Finding>,
    is_repeat: bool,
    from: From,
}

/// Where the proof comes from; it is made when it is asked for.
#[derive(Debug)]
enum From {
    Appended(Appended),
    Made(Box<receipt::Receipt>),
}

impl Receipt {
    /// The receipt of a record just appended.
    pub(crate) fn appended(appended: Appended) -> Self {
        Self {
            index: appended.index(),
            record_id: appended.record_id().to_owned(),
            findings: appended.findings().to_vec(),
            is_repeat: appended.is_repeat(),
            from: From::Appended(appended),
        }
    }

    /// The receipt, at the newest checkpoint, of an entry that stands in the log.
    pub(crate) fn of_entry(ledger: &Ledger, index: u64) -> Result<Self, sealog_ledger::Error> {
        let receipt = ledger.receipt(index)?;
        let entry = ledger.entry(index)?.value();
        let record_id = entry
            .member("record")
            .and_then(|record| record.member("record_id"));
        Ok(Self {
            index,
            record_id: record_id
                .and_then(|id| id.as_str())
                .unwrap_or_default()
                .to_owned(),
            findings: Vec::new(),
            is_repeat: false,
            from: From::Made(Box::new(receipt)),
        })
    }

    fn with<T>(&self, py: Python<'_>, look: impl FnOnce(&receipt::Receipt) -> T) -> PyResult<T> {
        match &self.from {
            From::Made(receipt) => Ok(look(receipt)),
            From::Appended(appended) => {
                let made = py.detach(|| appended.receipt());
                made.map(|receipt| look(&receipt))
                    .map_err(|error| exception(py, &error))
            }
        }
    }
}

#[pymethods]
impl Receipt {
    /// Position of the entry in the log.
    #[getter]
    const fn index(&self) -> u64 {
        self.index
    }

    /// Id of the record.
    #[getter]
    fn record_id(&self) -> &str {
        &self.record_id
    }

    /// Notes on the record: a label that differs, a configuration that was replaced.
    #[getter]
    fn findings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        Finding::list(py, &self.findings)
    }

    /// Whether the record stood in the log already: the call was a retry.
    #[getter]
    const fn is_repeat(&self) -> bool {
        self.is_repeat
    }

    /// The receipt file: what anybody can verify offline with the log's key.
    #[getter]
    fn bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let file = self.with(py, |receipt| {
            let (entry, proof) = (receipt.entry().to_vec(), receipt.proof().to_vec());
            TlogProof::new(
                Some(entry),
                receipt.index(),
                proof,
                receipt.note().to_owned(),
            )
        })?;
        let file = file.map_err(|error| format_error(py, "receipt", &error.to_string()))?;
        Ok(PyBytes::new(py, file.to_string().as_bytes()))
    }

    /// The entry as it stands in the log, byte for byte.
    #[getter]
    fn entry<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.with(py, |receipt| receipt.entry().to_vec())?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The signed checkpoint.
    #[getter]
    fn checkpoint(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |receipt| receipt.note().to_owned())
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.bytes(py)
    }

    fn __repr__(&self) -> String {
        format!(
            "<Receipt of entry {}, record {}>",
            self.index, self.record_id
        )
    }
}
