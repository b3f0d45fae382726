//! Verification: the functions `verify` and `verify_receipt`, and what they are asked.

use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use sealog_core::receipt::Receipt;
use sealog_core::tlog::checkpoint::Checkpoint;
use sealog_core::tlog::note::Note;
use sealog_core::tlog::policy::Policy;
use sealog_core::tlog::vkey::{VerifierKey, parse_fingerprint};
use sealog_ledger::keys::{known_logs, user_config_dir};
use sealog_ledger::verify::{Against, PinnedBy, Progress, Request, verify_ledger};
use sealog_ledger::{Clock, SystemClock};

use crate::error::{exception, format_error};
use crate::ledger::LedgerCore;
use crate::report::{ReceiptReport, Report};

/// Verifies a ledger in a directory.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "what Python gives is owned")]
pub(crate) fn verify(
    py: Python<'_>,
    path: PathBuf,
    origin: Option<&str>,
    asked: &Bound<'_, PyDict>,
) -> PyResult<Report> {
    let request = request(asked, origin)?;
    let report = py.detach(|| verify_ledger(&path, &request, &mut |_: Progress| {}));
    Ok(report.into())
}

/// Verifies the log that a ledger has open.
#[pyfunction]
pub(crate) fn verify_open(
    py: Python<'_>,
    ledger: &LedgerCore,
    asked: &Bound<'_, PyDict>,
) -> PyResult<Report> {
    let request = request(asked, None)?;
    let report = ledger.detached(py, |live| Ok(live.ledger.verify(&request, &mut |_| {})))?;
    Ok(report.into())
}

/// Verifies a receipt.
#[pyfunction]
pub(crate) fn verify_receipt(
    py: Python<'_>,
    bytes: &[u8],
    asked: &Bound<'_, PyDict>,
) -> PyResult<ReceiptReport> {
    let origin = origin_of(bytes);
    let request = request(asked, origin.as_deref())?;
    let report = py.detach(|| sealog_ledger::verify::verify_receipt(bytes, &request));
    Ok(report.into())
}

/// What a receipt's checkpoint says of itself: it only selects among keys that are trusted already.
fn origin_of(bytes: &[u8]) -> Option<String> {
    let receipt = Receipt::parse(bytes).ok()?;
    let note = Note::parse(receipt.note().as_bytes()).ok()?;
    Checkpoint::parse(note.text())
        .ok()
        .map(|checkpoint| checkpoint.origin().to_owned())
}

/// Reads what is asked. Without a key, those of this user's `known_logs` that have the origin vouch.
pub(crate) fn request(asked: &Bound<'_, PyDict>, origin: Option<&str>) -> PyResult<Request> {
    let py = asked.py();
    let mut request = Request {
        now: Some(SystemClock.now()),
        ..Request::default()
    };
    let get = |name: &str| {
        asked
            .get_item(name)
            .map(|value| value.filter(|value| !value.is_none()))
    };
    for text in get("keys")?
        .map(|keys| keys.extract::<Vec<String>>())
        .transpose()?
        .unwrap_or_default()
    {
        take_pin(py, &mut request, &text)?;
    }
    if let Some(policy) = get("policy")? {
        let policy = Policy::parse(&policy.extract::<Vec<u8>>()?);
        request.policy =
            Some(policy.map_err(|error| format_error(py, "policy", &error.to_string()))?);
    }
    if let Some(against) = get("against")? {
        let kept = against.extract::<Vec<(String, Vec<u8>)>>()?;
        request.against = kept
            .into_iter()
            .map(|(name, bytes)| Against { name, bytes })
            .collect();
    }
    if let Some(seconds) = get("max_age")? {
        let age = Duration::try_from_secs_f64(seconds.extract()?);
        request.max_age =
            Some(age.map_err(|_| format_error(py, "max_age", "a number of seconds is needed"))?);
        if request.policy.is_none() {
            let why = "it needs a policy: only witnesses say when they saw a checkpoint";
            return Err(format_error(py, "max_age", why));
        }
    }
    if let Some(threads) = get("threads")? {
        let threads = NonZero::new(threads.extract::<usize>()?);
        request.threads =
            Some(threads.ok_or_else(|| format_error(py, "threads", "at least one is needed"))?);
    }
    request.all_signatures = get("all_signatures")?.map_or(Ok(false), |value| value.is_truthy())?;
    request.follow_rotation =
        get("follow_rotation")?.map_or(Ok(false), |value| value.is_truthy())?;
    let policy_pins = request
        .policy
        .as_ref()
        .is_some_and(|policy| !policy.logs().is_empty());
    if request.keys.is_empty() && request.fingerprints.is_empty() && !policy_pins {
        let given = get("config_dir")?
            .map(|directory| directory.extract::<PathBuf>())
            .transpose()?;
        if let Some(directory) = given.or_else(user_config_dir) {
            let known = known_logs(&directory).map_err(|error| exception(py, &error))?;
            let known = known.into_iter().map(|log| log.vkey);
            request
                .keys
                .extend(known.filter(|key| origin == Some(key.name())));
        }
        request.pinned_by = (!request.keys.is_empty()).then_some(PinnedBy::ThisMachine);
    }
    Ok(request)
}

/// A verifier key, or the fingerprint of one.
fn take_pin(py: Python<'_>, request: &mut Request, text: &str) -> PyResult<()> {
    if let Some(fingerprint) = parse_fingerprint(text) {
        request.fingerprints.push(fingerprint);
        return Ok(());
    }
    let key = VerifierKey::parse(text);
    request
        .keys
        .push(key.map_err(|error| format_error(py, "key", &error.to_string()))?);
    Ok(())
}
