//! The class `LedgerCore`: what `sealog.Ledger` is built on.
//!
//! Every call that may wait releases the interpreter first.

mod appending;
mod waiting;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::types::{PyAny, PyDict, PyList, PyString};
use sealog_ledger::{Error, Whose};

use crate::encode::Encoded;
use crate::entry::{Entries, Entry};
use crate::error::{exception, refused_error, timeout};
use crate::inside;
use crate::live::{Live, Settings};
use crate::process::Process;
use crate::queue::NotPushed;
use crate::receipt::Receipt;
use crate::settings;
use crate::stage::Stage;
use crate::started::Started;
use crate::state::QueueState;
use crate::worker::{Hear, Work};
use appending::{ended, refuse};
pub(crate) use waiting::WhenFull;
use waiting::{deadline, hear, soon};

/// The part of a ledger that is written in Rust.
#[pyclass(frozen, subclass, weakref, module = "sealog._sealog")]
#[derive(Debug)]
pub(crate) struct LedgerCore {
    settings: Settings,
    when_full: WhenFull,
    queue_wait: Duration,
    on_unencodable: String,
    stage: Stage,
}

impl Drop for LedgerCore {
    fn drop(&mut self) {
        self.stage.forget_others();
        if let Some(live) = self.stage.peek() {
            // The worker empties the queue and ends; nobody waits for it.
            live.queue.close();
        }
    }
}

impl LedgerCore {
    /// What is open in this process. Refused to code that a ledger calls.
    pub(crate) fn live(&self, py: Python<'_>) -> PyResult<(&Arc<Live>, Process)> {
        inside::refuse(py)?;
        let (stage, process) = self.stage.current();
        if let Some(live) = stage.peek() {
            return Ok((live, process));
        }
        if self.settings.path.is_none() {
            let why = "a ledger in memory belongs to the process that made it";
            return Err(refused_error(py, why, "forked"));
        }
        let opened = py.detach(|| stage.live(&self.settings));
        opened
            .map(|live| (live, process))
            .map_err(|error| exception(py, &error))
    }

    /// Runs something on the ledger with the interpreter released.
    pub(crate) fn detached<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&Arc<Live>) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        let (live, _) = self.live(py)?;
        py.detach(|| work(live))
            .map_err(|error| exception(py, &error))
    }
}

#[pymethods]
impl LedgerCore {
    #[new]
    fn new(path: Option<PathBuf>, settings: &Bound<'_, PyDict>) -> PyResult<Self> {
        let py = settings.py();
        inside::refuse(py)?;
        let read = settings::read(path, settings)?;
        let stage = py
            .detach(|| Stage::open(&read.settings))
            .map_err(|error| exception(py, &error))?;
        Ok(Self {
            settings: read.settings,
            when_full: read.when_full,
            queue_wait: read.queue_wait,
            on_unencodable: read.on_unencodable,
            stage,
        })
    }

    /// Appends a record and returns its receipt: durable, covered by a signed checkpoint.
    ///
    /// With `on_error="record_gap"`, None where it cannot be appended: a gap stands for it, and a warning says so.
    #[pyo3(signature = (record, body=None, /, *, on_error=None, **fields))]
    fn append(
        &self,
        record: &Bound<'_, PyAny>,
        body: Option<&Bound<'_, PyAny>>,
        on_error: Option<&str>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Option<Receipt>> {
        let py = record.py();
        let hear = hear(py, Some(on_error.unwrap_or("raise")))?;
        let job = Self::job(record, body, fields)?;
        let appended = self.append_jobs(py, vec![job], hear)?;
        Ok(appended.and_then(|mut receipts| receipts.pop()))
    }

    /// Appends records as one group: all of them or none.
    fn append_many(&self, records: &Bound<'_, PyAny>) -> PyResult<Vec<Receipt>> {
        let mut jobs = Vec::new();
        for record in records.try_iter()? {
            jobs.push(Self::job(&record?, None, None)?);
        }
        let appended = self.append_jobs(records.py(), jobs, Hear::Raise)?;
        Ok(appended.unwrap_or_default())
    }

    /// Queues a record for the worker and returns its id.
    #[pyo3(signature = (record, body=None, /, *, full=None, on_error=None, **fields))]
    fn enqueue<'py>(
        &self,
        record: &Bound<'py, PyAny>,
        body: Option<&Bound<'py, PyAny>>,
        full: Option<&str>,
        on_error: Option<&str>,
        fields: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyString>> {
        let py = record.py();
        let when_full = full.map_or(Ok(self.when_full), |full| WhenFull::read(py, full))?;
        let hear = hear(py, on_error)?;
        let mut job = Self::job(record, body, fields)?;
        let (live, process) = self.live(py)?;
        if live.is_closed() {
            return Err(exception(py, &Error::Closed));
        }
        if !live.has_started() {
            py.detach(|| live.try_start());
        }
        live.complete(&mut job, process)
            .map_err(|error| exception(py, &error))?;
        live.worker().map_err(|error| exception(py, &error))?;
        let record_id = PyString::new(py, job.record_id.as_deref().unwrap_or_default());
        let (bytes, seq) = (job.bytes, job.seq);
        match live.queue.try_push(Work::Append(job, hear), bytes) {
            Ok(()) => {}
            Err(NotPushed::Ended(work)) => {
                refuse(live, work);
                return Err(ended(py, live));
            }
            Err(NotPushed::Full(work)) => match when_full {
                WhenFull::Block => self.push_waiting(py, live, work, bytes)?,
                WhenFull::Fail => {
                    refuse(live, work);
                    return Err(appending::full(py));
                }
                // The worker is busy, or the queue would not be full: it declares the gap after its batch.
                WhenFull::Gap => live.miss(seq.unwrap_or_default(), "queue_full"),
            },
        }
        Ok(record_id)
    }

    /// Waits until what was queued before is durable, refused, or shown as a gap.
    #[pyo3(signature = (timeout=None))]
    fn flush(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<QueueState> {
        let deadline = deadline(py, timeout)?;
        let (live, _) = self.live(py)?;
        loop {
            let look = deadline.map_or_else(soon, |deadline| deadline.min(soon()));
            if py.detach(|| live.queue.wait_finished(look)) {
                break;
            }
            py.check_signals()?;
            if live.queue.has_ended() && !live.is_closed() {
                return Err(ended(py, live));
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(self::timeout("the queue did not empty in time"));
            }
        }
        let declared = py.detach(|| live.declare_gaps());
        if let Some(error) = live.take_failure() {
            return Err(exception(py, &error));
        }
        declared.map_err(|error| exception(py, &error))?;
        Ok(QueueState::of(live))
    }

    /// What waits in the queue and what became of the rest.
    #[getter]
    fn queue(&self, py: Python<'_>) -> PyResult<QueueState> {
        self.live(py).map(|(live, _)| QueueState::of(live))
    }

    fn _queue_is_full(&self, py: Python<'_>) -> bool {
        self.live(py).is_ok_and(|(live, _)| live.queue.is_full())
    }

    /// Takes the number of a call that begins; the run's first record is appended before.
    fn _number(&self, py: Python<'_>) -> PyResult<Started> {
        let (live, process) = self.live(py)?;
        if !live.has_started() {
            py.detach(|| live.try_start());
        }
        live.number(process).map_err(|error| exception(py, &error))
    }

    /// Appends the run's first record, or raises what hinders it.
    fn _start(&self, py: Python<'_>) -> PyResult<()> {
        self.detached(py, |live| live.start())
    }

    /// Notes that a call that took a number has no record.
    fn _lost(&self, py: Python<'_>, started: &Started) -> PyResult<()> {
        let (live, process) = self.live(py)?;
        let Some(seq) = started.seq_in(process) else {
            return Ok(());
        };
        live.miss(seq, "append_failed");
        if live.worker().is_ok() {
            // If there is no room, the worker is about to declare gaps anyway.
            let _ = live.queue.try_push(Work::Gaps, 0);
        }
        Ok(())
    }

    /// A commitment to a value of a record's field, under the key of the person, else of the tenant, else of the
    /// ledger: what stands in the log if the record was made from the same value.
    #[pyo3(signature = (record_id, member, value, *, subject=None, tenant=None))]
    fn commitment(
        &self,
        record_id: &str,
        member: &str,
        value: &Bound<'_, PyAny>,
        subject: Option<String>,
        tenant: Option<String>,
    ) -> PyResult<String> {
        let encoded = Encoded::of(value)?.shared();
        let whose = Whose {
            tenant: tenant.or_else(|| self.settings.tenant.clone()),
            subject,
        };
        self.detached(value.py(), |live| {
            live.commitment(&whose, record_id, member, &encoded)
        })
    }

    /// The entry of an index.
    fn entry(&self, py: Python<'_>, index: u64) -> PyResult<Entry> {
        self.detached(py, |live| live.ledger.entry(index))
            .map(Entry::from)
    }

    /// Entries in order, from `start` up to, not including, `stop`.
    #[pyo3(signature = (start=0, stop=None))]
    fn entries(&self, py: Python<'_>, start: u64, stop: Option<u64>) -> PyResult<Entries> {
        let (live, _) = self.live(py)?;
        Entries::new(live.ledger.clone(), start..stop.unwrap_or(u64::MAX))
            .map_err(|error| exception(py, &error))
    }

    /// The receipt, at the newest checkpoint, of an entry in the log.
    fn receipt(&self, py: Python<'_>, index: u64) -> PyResult<Receipt> {
        self.detached(py, |live| Receipt::of_entry(&live.ledger, index))
    }

    /// The newest signed checkpoint.
    fn checkpoint(&self, py: Python<'_>) -> PyResult<String> {
        self.detached(py, |live| live.ledger.checkpoint())
    }

    /// Where the ledger lies; None in memory.
    #[getter]
    fn path(&self) -> Option<PathBuf> {
        self.settings.path.clone()
    }

    /// The log's origin.
    #[getter]
    fn origin(&self, py: Python<'_>) -> PyResult<String> {
        self.live(py)
            .map(|(live, _)| live.ledger.origin().to_owned())
    }

    /// The verifier key that signs the log now.
    #[getter]
    fn vkey(&self, py: Python<'_>) -> PyResult<String> {
        self.detached(py, |live| Ok(live.ledger.vkey()))
    }

    /// SHA-256 of the verifier key: what people compare.
    #[getter]
    fn fingerprint(&self, py: Python<'_>) -> PyResult<String> {
        self.detached(py, |live| Ok(live.ledger.fingerprint()))
    }

    /// Entries that a signed checkpoint covers.
    #[getter]
    fn size(&self, py: Python<'_>) -> PyResult<u64> {
        self.detached(py, |live| {
            live.ledger.refresh().map(|()| live.ledger.size())
        })
    }

    /// The producer's run in this process.
    #[getter]
    fn run(&self, py: Python<'_>) -> PyResult<String> {
        self.live(py)
            .map(|(live, _)| live.producer.run().to_owned())
    }

    #[getter]
    fn _on_unencodable(&self) -> &str {
        &self.on_unencodable
    }

    /// Whether something is open here that has not been closed.
    #[getter]
    fn _is_open(&self) -> bool {
        self.stage
            .current()
            .0
            .peek()
            .is_some_and(|live| !live.is_closed())
    }

    fn _close(&self, py: Python<'_>, timeout: f64) -> PyResult<()> {
        let deadline = deadline(py, Some(timeout))?.unwrap_or_else(soon);
        let Some(live) = self.stage.current().0.peek() else {
            return Ok(());
        };
        match py.detach(|| live.close(deadline)) {
            Ok(true) => match live.take_failure() {
                Some(error) => Err(exception(py, &error)),
                None => Ok(()),
            },
            Ok(false) => Err(self::timeout("the ledger could not be closed in time")),
            Err(error) => Err(exception(py, &error)),
        }
    }

    fn __repr__(&self) -> String {
        match &self.settings.path {
            Some(path) => format!("<sealog.Ledger at {}>", path.display()),
            None => "<sealog.Ledger in memory>".to_owned(),
        }
    }
}

/// Views of configurations and labels as Python lists.
pub(crate) fn listed<'py, T, U>(py: Python<'py>, views: Vec<T>) -> PyResult<Bound<'py, PyList>>
where
    U: From<T> + IntoPyObject<'py>,
{
    PyList::new(py, views.into_iter().map(U::from))
}
