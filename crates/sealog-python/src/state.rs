//! The class `QueueState`.

use std::sync::atomic::Ordering;

use pyo3::prelude::*;

use crate::live::Live;

/// What waits in the queue, and what became of the rest, in this process.
#[pyclass(frozen, module = "sealog")]
#[derive(Debug, Clone)]
pub(crate) struct QueueState {
    waiting: u64,
    appended: u64,
    lost: u64,
    gaps: u64,
    last_error: Option<String>,
}

impl QueueState {
    pub(crate) fn of(live: &Live) -> Self {
        Self {
            waiting: live.queue.waiting(),
            appended: live.tally.appended.load(Ordering::Relaxed),
            lost: live.tally.lost.load(Ordering::Relaxed),
            gaps: live.tally.gaps.load(Ordering::Relaxed),
            last_error: live.last_error(),
        }
    }
}

#[pymethods]
impl QueueState {
    /// Records queued and not finished.
    #[getter]
    const fn waiting(&self) -> u64 {
        self.waiting
    }

    /// Queued records that are durable.
    #[getter]
    const fn appended(&self) -> u64 {
        self.appended
    }

    /// Calls without a record: the log shows a gap or a hole for each.
    #[getter]
    const fn lost(&self) -> u64 {
        self.lost
    }

    /// Gap records that were appended.
    #[getter]
    const fn gaps(&self) -> u64 {
        self.gaps
    }

    /// What the last failure said.
    #[getter]
    fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    fn __repr__(&self) -> String {
        format!(
            "<QueueState: {} wait, {} appended, {} lost>",
            self.waiting, self.appended, self.lost
        )
    }
}
