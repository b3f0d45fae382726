//! What append and enqueue share: jobs from arguments, groups of them, and what becomes of those that fail.

use std::ffi::CString;
use std::sync::Arc;
use std::time::Instant;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyDict, PyString};
use sealog_ledger::Error;

use super::LedgerCore;
use super::waiting::SIGNAL_INTERVAL;
use crate::error::{exception, refused_error};
use crate::live::Live;
use crate::process::Process;
use crate::queue::NotPushed;
use crate::receipt::Receipt;
use crate::record::{Job, Record};
use crate::worker::{self, Hear, Work};

impl LedgerCore {
    pub(super) fn job(
        first: &Bound<'_, PyAny>,
        body: Option<&Bound<'_, PyAny>>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Job> {
        if let Ok(kind) = first.cast::<PyString>() {
            let body = body.ok_or_else(|| PyTypeError::new_err("a kind needs a body"))?;
            return Job::read(kind, body, fields);
        }
        let record = first
            .cast::<Record>()
            .map_err(|_| PyTypeError::new_err("a record, or a kind and a body, is needed"))?;
        if body.is_some() || fields.is_some() {
            return Err(PyTypeError::new_err(
                "a Record has its body and fields already",
            ));
        }
        Ok(record.get().job())
    }

    /// Appends jobs as one group. `None` where it failed and gaps stand for them, by [`Hear::Gap`].
    pub(super) fn append_jobs(
        &self,
        py: Python<'_>,
        mut jobs: Vec<Job>,
        hear: Hear,
    ) -> PyResult<Option<Vec<Receipt>>> {
        let (live, process) = self.live(py)?;
        let appended = py.detach(|| {
            if live.is_closed() {
                return Err(Error::Closed);
            }
            live.start()?;
            for job in &mut jobs {
                live.complete(job, process)?;
            }
            let group: Vec<&Job> = jobs.iter().collect();
            let appended = live.append(&group);
            match &appended {
                Ok(appended) => live.release_repeats(&group, appended),
                Err(error) if error.outcome_unknown().is_none() && hear == Hear::Raise => {
                    for job in &group {
                        live.release(job);
                    }
                }
                Err(_) => {}
            }
            appended
        });
        match appended {
            Ok(appended) => Ok(Some(appended.into_iter().map(Receipt::appended).collect())),
            Err(error) if hear == Hear::Raise || live.is_closed() => Err(exception(py, &error)),
            Err(error) => {
                give_up(live, process, &mut jobs, &error);
                py.check_signals()?;
                warn_lost(py, &error)?;
                Ok(None)
            }
        }
    }

    /// Waits for room in the queue, looking at signals now and then.
    pub(super) fn push_waiting(
        &self,
        py: Python<'_>,
        live: &Live,
        mut work: Work,
        bytes: usize,
    ) -> PyResult<()> {
        let deadline = Instant::now() + self.queue_wait;
        loop {
            match live.queue.try_push(work, bytes) {
                Ok(()) => return Ok(()),
                Err(NotPushed::Ended(_)) => return Err(ended(py, live)),
                Err(NotPushed::Full(back)) if Instant::now() >= deadline => {
                    refuse(live, back);
                    return Err(full(py));
                }
                Err(NotPushed::Full(back)) => work = back,
            }
            let look = deadline.min(Instant::now() + SIGNAL_INTERVAL);
            py.detach(|| live.queue.wait_for_room(look));
            py.check_signals()?;
        }
    }
}

/// Has gaps stand for jobs that were not appended. Where that is not sure, their numbers stay as they are: holes, if
/// nothing is there.
fn give_up(live: &Arc<Live>, process: Process, jobs: &mut [Job], error: &Error) {
    if error.outcome_unknown().is_some() {
        return;
    }
    for job in jobs {
        // Where not even the run could begin, none has a number yet.
        if job.seq.is_some() || live.complete(job, process).is_ok() {
            live.miss(job.seq.unwrap_or_default(), worker::cause(error));
        }
    }
    if live.worker().is_ok() {
        // If there is no room, the worker is about to declare gaps anyway.
        let _ = live.queue.try_push(Work::Gaps, 0);
    }
}

fn warn_lost(py: Python<'_>, error: &Error) -> PyResult<()> {
    let category = py.import("sealog.errors")?.getattr("RecordLostWarning")?;
    let text = format!("a record was not appended ({error}); the log shows a gap or a hole");
    let text = CString::new(text.replace('\0', " ")).unwrap_or_default();
    PyErr::warn(py, &category, &text, 1)
}

/// The number of a job that was turned away before it was queued is free again, unless a call holds it.
pub(super) fn refuse(live: &Live, work: Work) {
    if let Work::Append(job, _) = work {
        live.release(&job);
    }
}

pub(super) fn full(py: Python<'_>) -> PyErr {
    refused_error(py, "the queue is full", "queue_full")
}

pub(super) fn ended(py: Python<'_>, live: &Live) -> PyErr {
    if live.is_closed() {
        exception(py, &Error::Closed)
    } else {
        refused_error(
            py,
            "the thread that appends queued records has ended",
            "worker_ended",
        )
    }
}
