//! Searching by the index: the class `Page`.

use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use sealog_ledger::{Order, Query};

use crate::entry::Entry;
use crate::error::format_error;
use crate::ledger::LedgerCore;
use crate::plain;
use crate::record::time;

/// One page of the entries asked for, each read from the log.
#[pyclass(frozen, module = "sealog")]
#[derive(Debug)]
pub(crate) struct Page {
    inner: sealog_ledger::Page,
}

#[pymethods]
impl Page {
    /// The entries.
    #[getter]
    fn hits<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.inner.hits().iter().cloned().map(Entry::from))
    }

    /// The cursor of the next page; None after the last.
    #[getter]
    const fn next(&self) -> Option<u64> {
        self.inner.next()
    }

    /// Entries of the log that the index held: what came later is not in the answer.
    #[getter]
    const fn indexed_to(&self) -> u64 {
        self.inner.indexed_to()
    }

    /// Entries of the log.
    #[getter]
    const fn size(&self) -> u64 {
        self.inner.size()
    }

    fn __len__(&self) -> usize {
        self.inner.hits().len()
    }

    fn __repr__(&self) -> String {
        let (hits, indexed) = (self.inner.hits().len(), self.inner.indexed_to());
        format!(
            "<Page of {hits} entries, index at {indexed} of {}>",
            self.inner.size()
        )
    }
}

/// Entries that match.
#[pyfunction]
#[pyo3(signature = (ledger, /, **asked))]
pub(crate) fn search(
    py: Python<'_>,
    ledger: &LedgerCore,
    asked: Option<&Bound<'_, PyDict>>,
) -> PyResult<Page> {
    let query = query(asked)?;
    ledger
        .detached(py, |live| live.ledger.search(&query))
        .map(|inner| Page { inner })
}

/// How many entries match, by the index.
#[pyfunction]
#[pyo3(signature = (ledger, /, **asked))]
pub(crate) fn count(
    py: Python<'_>,
    ledger: &LedgerCore,
    asked: Option<&Bound<'_, PyDict>>,
) -> PyResult<u64> {
    let query = query(asked)?;
    ledger.detached(py, |live| live.ledger.count(&query))
}

/// Counts over the entries that match, by the index.
#[pyfunction]
#[pyo3(signature = (ledger, /, **asked))]
pub(crate) fn stats<'py>(
    py: Python<'py>,
    ledger: &LedgerCore,
    asked: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let query = query(asked)?;
    let stats = ledger.detached(py, |live| live.ledger.stats(&query))?;
    plain::value(py, &stats.to_json())
}

/// Waits until the index holds what this handle knows of the log; false if that took too long.
#[pyfunction]
pub(crate) fn wait_for_index(py: Python<'_>, ledger: &LedgerCore, timeout: f64) -> PyResult<bool> {
    let wait = Duration::try_from_secs_f64(timeout)
        .map_err(|_| format_error(py, "timeout", "a number of seconds is needed"))?;
    ledger.detached(py, |live| {
        live.ledger.refresh()?;
        Ok(live.ledger.wait_for_index(wait).lag() == 0)
    })
}

/// What is asked of the index, or of a package.
pub(crate) fn query(asked: Option<&Bound<'_, PyDict>>) -> PyResult<Query> {
    let mut query = Query::default();
    for (name, value) in asked.into_iter().flatten() {
        if value.is_none() {
            continue;
        }
        let text = || value.extract::<String>().map(Some);
        match name.cast::<PyString>()?.to_str()? {
            "record_id" => query.record_id = text()?,
            "kind" => query.kind = text()?,
            "stream" => query.stream = text()?,
            "tenant" => query.tenant = text()?,
            "system" => query.system = text()?,
            "model" => query.model = text()?,
            "label" => query.label = text()?,
            "action" => query.action = text()?,
            "trace" => query.trace = text()?,
            "session" => query.session = text()?,
            "config" => query.config = text()?,
            "producer" => query.producer = text()?,
            "run" => query.run = text()?,
            "from_time" => query.from_time = Some(time(&value)?),
            "to_time" => query.to_time = Some(time(&value)?),
            "limit" => query.limit = value.extract()?,
            "cursor" => query.cursor = Some(value.extract()?),
            "order" => query.order = order(&value)?,
            other => {
                let why = format!("unexpected keyword argument '{other}'");
                return Err(pyo3::exceptions::PyTypeError::new_err(why));
            }
        }
    }
    Ok(query)
}

fn order(value: &Bound<'_, PyAny>) -> PyResult<Order> {
    match value.extract::<String>()?.as_str() {
        "newest" => Ok(Order::NewestFirst),
        "oldest" => Ok(Order::OldestFirst),
        _ => Err(format_error(value.py(), "order", "it is newest or oldest")),
    }
}
