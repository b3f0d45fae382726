//! Functions on a ledger on behalf of named people: configurations, labels, epochs.

use pyo3::prelude::*;
use pyo3::types::PyList;
use sealog_core::tlog::policy::Policy;
use sealog_ledger::ConfigSet;

use crate::config::{BandRow, ConfigView, LabelView, bands};
use crate::error::format_error;
use crate::ledger::{LedgerCore, listed};
use crate::receipt::Receipt;

/// Sets a configuration.
#[pyfunction]
#[pyo3(signature = (ledger, config_id, *, by, reason, bands, model, system, tenant, approval))]
#[expect(
    clippy::too_many_arguments,
    reason = "one for each member of the record"
)]
pub(crate) fn config_set(
    ledger: &LedgerCore,
    py: Python<'_>,
    config_id: String,
    by: String,
    reason: String,
    bands: Option<Vec<BandRow>>,
    model: Option<String>,
    system: Option<String>,
    tenant: Option<String>,
    approval: Option<String>,
) -> PyResult<Receipt> {
    let bands = bands.map(|rows| self::bands(py, rows)).transpose()?;
    let set = ConfigSet {
        config_id,
        system_id: system,
        tenant_id: tenant,
        model_id: model,
        bands,
        changed_by: by,
        reason,
        approval_id: approval,
        effective_at: None,
    };
    ledger
        .detached(py, |live| live.ledger.set_config(set))
        .map(Receipt::appended)
}

/// The active version of a configuration.
#[pyfunction]
pub(crate) fn config_active(
    ledger: &LedgerCore,
    py: Python<'_>,
    config_id: &str,
) -> PyResult<Option<ConfigView>> {
    let active = ledger.detached(py, |live| live.ledger.active_config(config_id))?;
    Ok(active.map(ConfigView::from))
}

/// All versions of a configuration.
#[pyfunction]
pub(crate) fn config_history<'py>(
    ledger: &LedgerCore,
    py: Python<'py>,
    config_id: &str,
) -> PyResult<Bound<'py, PyList>> {
    let views = ledger.detached(py, |live| live.ledger.config_history(config_id))?;
    listed::<_, ConfigView>(py, views)
}

/// The active version of each configuration.
#[pyfunction]
pub(crate) fn configs<'py>(ledger: &LedgerCore, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
    let views = ledger.detached(py, |live| live.ledger.configs())?;
    listed::<_, ConfigView>(py, views)
}

/// Adds a label and gives back its id.
#[pyfunction]
pub(crate) fn label_add(
    ledger: &LedgerCore,
    py: Python<'_>,
    label_id: Option<&str>,
    display: &str,
    by: &str,
    reason: &str,
) -> PyResult<String> {
    let added = ledger.detached(py, |live| {
        live.ledger.add_label(label_id, display, by, reason)
    });
    added.map(|(label_id, _)| label_id)
}

/// Gives a label another name for people.
#[pyfunction]
pub(crate) fn label_rename(
    ledger: &LedgerCore,
    py: Python<'_>,
    label_id: &str,
    display: &str,
    by: &str,
    reason: &str,
) -> PyResult<Receipt> {
    let renamed = ledger.detached(py, |live| {
        live.ledger.rename_label(label_id, display, by, reason)
    });
    renamed.map(Receipt::appended)
}

/// All labels.
#[pyfunction]
pub(crate) fn labels<'py>(ledger: &LedgerCore, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
    let views = ledger.detached(py, |live| live.ledger.labels())?;
    listed::<_, LabelView>(py, views)
}

/// Brings a checkpoint that the policy's witnesses cosigned into the log.
#[pyfunction]
pub(crate) fn import_checkpoint(
    ledger: &LedgerCore,
    py: Python<'_>,
    note: &[u8],
    policy: &[u8],
) -> PyResult<Receipt> {
    let policy =
        Policy::parse(policy).map_err(|error| format_error(py, "policy", &error.to_string()))?;
    ledger
        .detached(py, |live| live.ledger.import_checkpoint(note, &policy))
        .map(|anchored| Receipt::appended(anchored.appended))
}

/// Seals an epoch: what the log holds of streams, runs and configurations is fixed in one signed map.
#[pyfunction]
pub(crate) fn seal_epoch(ledger: &LedgerCore, py: Python<'_>) -> PyResult<Receipt> {
    ledger
        .detached(py, |live| live.ledger.seal_epoch())
        .map(Receipt::appended)
}
