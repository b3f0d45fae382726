//! How long entries are kept: policies, holds, and disposal, as dictionaries of which `sealog._retention` makes its
//! classes.
//!
//! Members are named as `sealog retention` and `sealog hold` name them in JSON.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyMapping};
use sealog_core::time::Timestamp;
use sealog_ledger::{
    ClassRetention, Disposed, Due, Error, Hold, HoldPlacing, HoldScope, PolicyView, RetentionSet,
    Swept,
};

use crate::error::{exception, format_error};
use crate::ledger::LedgerCore;
use crate::receipt::Receipt;
use crate::record;

/// Puts a policy in force for its class.
#[pyfunction]
pub(crate) fn retention_set<'py>(
    py: Python<'py>,
    ledger: &LedgerCore,
    asked: &Bound<'py, PyMapping>,
) -> PyResult<Bound<'py, PyDict>> {
    let get = |name: &str| asked.get_item(name);
    let days = |name: &str| {
        let given = get(name)?.extract::<Option<i64>>()?;
        let read = given.map(u64::try_from).transpose();
        read.map_err(|_| format_error(py, name, "a number of days is never negative"))
    };
    let min_days = days("min_days")?;
    let set = RetentionSet {
        policy_id: get("policy_id")?.extract()?,
        class: get("record_class")?.extract()?,
        min_days: min_days
            .ok_or_else(|| format_error(py, "min_days", "a number of days is needed"))?,
        max_days: days("max_days")?,
        legal_basis: get("legal_basis")?.extract()?,
        approved_by: get("approved_by")?.extract()?,
    };
    let (policy_id, appended) = ledger.detached(py, |live| live.ledger.set_retention(&set))?;
    let made = PolicyView {
        policy_id,
        class: set.class,
        min_days: set.min_days,
        max_days: set.max_days,
        legal_basis: set.legal_basis,
        approved_by: set.approved_by,
        index: appended.index(),
    };
    policy(py, &made)
}

/// The policy in force for each class.
#[pyfunction]
pub(crate) fn retention_policies<'py>(
    py: Python<'py>,
    ledger: &LedgerCore,
) -> PyResult<Bound<'py, PyList>> {
    let policies = ledger.detached(py, |live| live.ledger.retention_policies())?;
    let list = PyList::empty(py);
    for view in &policies {
        list.append(policy(py, view)?)?;
    }
    Ok(list)
}

/// How each class stands against its policy.
#[pyfunction]
pub(crate) fn retention_status<'py>(
    py: Python<'py>,
    ledger: &LedgerCore,
) -> PyResult<Bound<'py, PyDict>> {
    let status = ledger.detached(py, |live| live.ledger.retention())?;
    let classes = PyDict::new(py);
    for (name, class) in &status.classes {
        classes.set_item(name, self::class(py, class)?)?;
    }
    let made = PyDict::new(py);
    made.set_item("at", status.at.format_micros())?;
    made.set_item("classes", classes)?;
    made.set_item("holds", holds(py, status.holds.iter())?)?;
    made.set_item("disposal_unfinished", status.unfinished)?;
    Ok(made)
}

/// What of a class is due; changes nothing.
#[pyfunction]
pub(crate) fn retention_due<'py>(
    py: Python<'py>,
    ledger: &LedgerCore,
    record_class: &str,
) -> PyResult<Bound<'py, PyDict>> {
    let found = ledger.detached(py, |live| live.ledger.due(record_class))?;
    due(py, &found)
}

/// Disposes of what of a class is due.
#[pyfunction]
pub(crate) fn retention_dispose<'py>(
    py: Python<'py>,
    ledger: &LedgerCore,
    record_class: &str,
    approved_by: &str,
) -> PyResult<Bound<'py, PyDict>> {
    let disposed = ledger.detached(py, |live| live.ledger.dispose(record_class, approved_by))?;
    let Disposed {
        due: found,
        records,
        done,
    } = disposed;
    let Swept {
        entries,
        segments,
        payloads,
        tails,
    } = done;
    let made = PyDict::new(py);
    made.set_item("due", due(py, &found)?)?;
    made.set_item("records", records)?;
    made.set_item("entries_disposed", entries)?;
    made.set_item("segments_rewritten", segments)?;
    made.set_item("payloads_removed", payloads)?;
    made.set_item("tails_removed", tails)?;
    Ok(made)
}

/// Places a hold.
#[pyfunction]
pub(crate) fn hold_place<'py>(
    py: Python<'py>,
    ledger: &LedgerCore,
    asked: &Bound<'py, PyMapping>,
) -> PyResult<Bound<'py, PyDict>> {
    let get = |name: &str| asked.get_item(name);
    let scope: String = get("scope")?.extract()?;
    let until = get("until")?;
    let placing = HoldPlacing {
        hold_id: get("hold_id")?.extract()?,
        scope: HoldScope::parse(&scope).map_err(|error| exception(py, &error))?,
        reason: get("reason")?.extract()?,
        placed_by: get("placed_by")?.extract()?,
        incident_id: get("incident_id")?.extract()?,
        until: (!until.is_none())
            .then(|| record::time(&until))
            .transpose()?,
    };
    // What the log says of it: its id and since when it counts are the log's.
    let placed = ledger.detached(py, |live| {
        let (id, _) = live.ledger.place_hold(&placing)?;
        let holds = live.ledger.holds()?;
        let placed = holds.all().iter().find(|hold| hold.hold_id == id);
        placed.cloned().ok_or_else(|| Error::Argument {
            what: "the hold",
            why: format!("{id} was placed and is not found"),
        })
    })?;
    hold(py, &placed)
}

/// Ends a hold.
#[pyfunction]
pub(crate) fn hold_release(
    py: Python<'_>,
    ledger: &LedgerCore,
    hold_id: &str,
    by: &str,
    reason: &str,
) -> PyResult<Receipt> {
    let released = ledger.detached(py, |live| live.ledger.release_hold(hold_id, by, reason));
    released.map(Receipt::appended)
}

/// The holds in force, or every hold that there was.
#[pyfunction]
pub(crate) fn hold_list<'py>(
    py: Python<'py>,
    ledger: &LedgerCore,
    ended: bool,
) -> PyResult<Bound<'py, PyList>> {
    let found = ledger.detached(py, |live| live.ledger.holds())?;
    if ended {
        return holds(py, found.all().iter());
    }
    holds(py, found.active())
}

fn policy<'py>(py: Python<'py>, view: &PolicyView) -> PyResult<Bound<'py, PyDict>> {
    let made = PyDict::new(py);
    made.set_item("policy_id", &view.policy_id)?;
    made.set_item("record_class", &view.class)?;
    made.set_item("min_days", view.min_days)?;
    made.set_item("max_days", view.max_days)?;
    made.set_item("legal_basis", &view.legal_basis)?;
    made.set_item("approved_by", &view.approved_by)?;
    made.set_item("index", view.index)?;
    Ok(made)
}

fn class<'py>(py: Python<'py>, class: &ClassRetention) -> PyResult<Bound<'py, PyDict>> {
    let in_force = class.policy.as_ref();
    let made = PyDict::new(py);
    made.set_item("policy", in_force.map(|view| policy(py, view)).transpose()?)?;
    made.set_item("entries", class.entries)?;
    made.set_item("oldest", class.oldest.map(Timestamp::format_micros))?;
    made.set_item("due", class.due)?;
    made.set_item("beyond_max", class.overdue)?;
    made.set_item("held", class.held)?;
    made.set_item("never_disposable", class.kept)?;
    made.set_item("disposed", class.disposed)?;
    Ok(made)
}

fn due<'py>(py: Python<'py>, due: &Due) -> PyResult<Bound<'py, PyDict>> {
    let made = PyDict::new(py);
    made.set_item("policy", policy(py, &due.policy)?)?;
    made.set_item("entries", due.entries)?;
    made.set_item("runs", &due.runs)?;
    made.set_item("held", due.held)?;
    made.set_item("too_young", due.young)?;
    made.set_item("never_disposable", due.kept)?;
    made.set_item("payloads", due.payloads)?;
    made.set_item("more", due.more)?;
    Ok(made)
}

fn holds<'py, 'a>(
    py: Python<'py>,
    holds: impl Iterator<Item = &'a Hold>,
) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for held in holds {
        list.append(hold(py, held)?)?;
    }
    Ok(list)
}

fn hold<'py>(py: Python<'py>, hold: &Hold) -> PyResult<Bound<'py, PyDict>> {
    let time = |time: Option<Timestamp>| time.map(Timestamp::format_micros);
    let made = PyDict::new(py);
    made.set_item("hold_id", &hold.hold_id)?;
    made.set_item("scope", hold.scope.to_string())?;
    made.set_item("reason", &hold.reason)?;
    made.set_item("placed_by", &hold.placed_by)?;
    made.set_item("placed_at", time(hold.placed_at))?;
    made.set_item("released_at", time(hold.released_at))?;
    made.set_item("incident_id", &hold.incident_id)?;
    made.set_item("index", hold.index)?;
    Ok(made)
}
