//! The classes `Entry` and `Entries`.

use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use sealog_core::json::Value;
use sealog_ledger::{Error, Ledger};

use crate::error::{exception, refused_error};
use crate::plain;
use crate::process::Process;

/// Entries that are read ahead, at most.
const READ_AHEAD: usize = 256;

/// An entry as it stands in the log.
#[pyclass(frozen, module = "sealog")]
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    inner: sealog_ledger::Entry,
}

impl From<sealog_ledger::Entry> for Entry {
    fn from(inner: sealog_ledger::Entry) -> Self {
        Self { inner }
    }
}

impl Entry {
    fn member<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyDict>> {
        match self.inner.value().member(name).and_then(Value::as_object) {
            Some(object) => plain::object(py, object),
            None => Ok(PyDict::new(py)),
        }
    }
}

#[pymethods]
impl Entry {
    /// Position in the log.
    #[getter]
    const fn index(&self) -> u64 {
        self.inner.index()
    }

    /// The exact bytes of its line, without the newline: what was hashed.
    #[getter]
    fn bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.inner.bytes())
    }

    /// Its leaf hash in hex.
    #[getter]
    fn leaf(&self) -> String {
        self.inner.leaf().to_hex()
    }

    /// What the producer submitted.
    #[getter]
    fn record<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.member(py, "record")
    }

    /// What the log added.
    #[getter]
    fn log<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.member(py, "log")
    }

    /// The fields of the record's kind.
    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let value = self.inner.value();
        match value
            .member("record")
            .and_then(|record| record.member("body")?.as_object())
        {
            Some(object) => plain::object(py, object),
            None => Ok(PyDict::new(py)),
        }
    }

    /// Kind of the record.
    #[getter]
    fn kind(&self) -> Option<String> {
        let value = self.inner.value();
        value
            .member("record")?
            .member("kind")?
            .as_str()
            .map(ToOwned::to_owned)
    }

    fn __repr__(&self) -> String {
        format!(
            "<Entry {} {}>",
            self.inner.index(),
            self.kind().unwrap_or_default()
        )
    }
}

/// Entries in order, read ahead by a thread of their own as they are asked for.
#[pyclass(frozen, module = "sealog._sealog")]
#[derive(Debug)]
pub(crate) struct Entries {
    process: Process,
    ready: Mutex<Receiver<Result<sealog_ledger::Entry, Error>>>,
}

impl Entries {
    pub(crate) fn new(ledger: Ledger, range: Range<u64>) -> Result<Self, Error> {
        let (sender, ready) = sync_channel(READ_AHEAD);
        let reader = thread::Builder::new().name("sealog-reader".into());
        // It ends with the range, or when nobody listens any more.
        let spawned = reader.spawn(move || read(&ledger, range, &sender));
        spawned.map_err(|error| Error::Argument {
            what: "the reader's thread",
            why: error.to_string(),
        })?;
        Ok(Self {
            process: Process::current(),
            ready: Mutex::new(ready),
        })
    }
}

fn read(
    ledger: &Ledger,
    range: Range<u64>,
    sender: &SyncSender<Result<sealog_ledger::Entry, Error>>,
) {
    match ledger.entries(range) {
        Ok(entries) => {
            for entry in entries {
                if sender.send(entry).is_err() {
                    return;
                }
            }
        }
        Err(error) => {
            // Nobody may be listening; then nobody misses it.
            let _ = sender.send(Err(error));
        }
    }
}

#[pymethods]
impl Entries {
    const fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Entry>> {
        if self.process != Process::current() {
            return Err(refused_error(
                py,
                "these entries were being read by the parent process",
                "forked",
            ));
        }
        // The lock is only ever taken with the interpreter released.
        let next = py.detach(|| {
            self.ready
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .recv()
        });
        match next {
            Ok(Ok(entry)) => Ok(Some(entry.into())),
            Ok(Err(error)) => Err(exception(py, &error)),
            Err(_) => Ok(None),
        }
    }
}
