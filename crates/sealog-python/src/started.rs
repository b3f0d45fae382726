//! The class `Started`: a call that took its number.

use pyo3::prelude::*;

use crate::process::Process;

/// A call that has begun: its number in the run and the id that its record will have.
#[pyclass(frozen, module = "sealog._sealog")]
#[derive(Debug, Clone)]
pub(crate) struct Started {
    process: Process,
    seq: u64,
    record_id: String,
}

impl Started {
    pub(crate) const fn new(process: Process, seq: u64, record_id: String) -> Self {
        Self {
            process,
            seq,
            record_id,
        }
    }

    /// The number, where this is still the process that took it: a forked child numbers its own.
    pub(crate) fn seq_in(&self, process: Process) -> Option<u64> {
        (self.process == process).then_some(self.seq)
    }

    /// The id, where this is still the process that took it.
    pub(crate) fn id_in(&self, process: Process) -> Option<&str> {
        (self.process == process).then_some(self.record_id.as_str())
    }
}

#[pymethods]
impl Started {
    /// The id that the record will have.
    #[getter]
    fn record_id(&self) -> &str {
        &self.record_id
    }

    /// Number of the call in the producer's run.
    #[getter]
    const fn seq(&self) -> u64 {
        self.seq
    }
}
