//! The class `AdmittedCore`: a model that the gate admitted, and what it gives out.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyDict;
use sealog_core::json::{Object, Value};
use sealog_ledger::{Clock, SystemClock};
use sealog_model::Error;
use sealog_model::digest::{Algorithm, DigestOptions};
use sealog_model::gate::{Outcome, Policy, Refusal, VerifiedModel, admit, verified_body};
use sealog_model::scan::output;

use super::answer;
use super::asked::Asked;
use super::envelope::EnvelopeAsked;
use crate::error::{model_error, refusal_error, refused_error};
use crate::plain;

/// A model that the gate admitted.
#[pyclass(frozen, module = "sealog")]
pub(crate) struct AdmittedCore {
    /// None once it was closed.
    model: Mutex<Option<VerifiedModel>>,
    /// What is known of it, which outlives it.
    known: Object,
    record: Object,
}

/// Admits a model, or raises what was found.
#[pyfunction]
pub(crate) fn model_admit<'py>(
    py: Python<'py>,
    path: PathBuf,
    asked: &Bound<'py, PyDict>,
) -> PyResult<AdmittedCore> {
    let asked = Asked(asked);
    let envelope = EnvelopeAsked::new(path, &asked)?;
    let policy = asked.policy()?;
    let (outcome, text) = py.detach(|| decide(&envelope, &policy));
    let at = SystemClock.now().format_micros();
    match outcome {
        Ok(model) => {
            let record = verified_body(Outcome::Admitted(&model), &policy, &text, &at);
            Ok(AdmittedCore {
                known: known(&model, &policy),
                model: Mutex::new(Some(model)),
                record: record.unwrap_or_default(),
            })
        }
        Err(refusal) => {
            let record = verified_body(Outcome::Refused(&refusal), &policy, &text, &at);
            Err(refusal_error(
                py,
                &refusal,
                &policy.baseline,
                record.as_ref(),
            ))
        }
    }
}

fn decide(asked: &EnvelopeAsked, policy: &Policy) -> (Result<VerifiedModel, Refusal>, Vec<u8>) {
    let envelope = match asked.read() {
        Ok(envelope) => envelope,
        Err(error) => return (Err(Refusal::early(error)), Vec::new()),
    };
    let algorithms = [Algorithm::Sha256];
    let options = DigestOptions::new(&algorithms);
    let pin = asked.pin();
    let outcome = match pin.and_then(|pin| envelope.vouch(&pin, asked.walks())) {
        Ok(vouched) => admit(envelope.model(), envelope.own(), vouched, policy, &options),
        Err(error) => Err(Refusal::early(error)),
    };
    (outcome, envelope.text().to_vec())
}

fn known(model: &VerifiedModel, policy: &Policy) -> Object {
    let mut value = answer::files(model.manifest());
    value.insert("policy_digest", format!("sha256:{}", model.policy_digest()));
    value.insert("means", model.means().name());
    value.insert("protection", model.means().protection());
    value.insert("scan", output::json(model.scan(), &policy.baseline));
    value.insert("vouched", Value::Object(answer::vouched(model.vouched())));
    value
}

impl AdmittedCore {
    fn with<T>(
        &self,
        py: Python<'_>,
        act: impl FnOnce(&VerifiedModel) -> Result<T, Error> + Send,
    ) -> PyResult<T>
    where
        T: Send,
    {
        let done = py.detach(|| {
            let model = self.model.lock().unwrap_or_else(PoisonError::into_inner);
            model.as_ref().map(act)
        });
        match done {
            Some(done) => done.map_err(|error| model_error(py, &error)),
            None => Err(refused_error(
                py,
                "the admitted model was closed, and its copy is removed",
                "model_closed",
            )),
        }
    }
}

#[pymethods]
impl AdmittedCore {
    /// What was found out: files, digest, who vouches, the scan.
    fn known<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        plain::object(py, &self.known)
    }

    /// The body of a `model.verified` record.
    fn record<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        plain::object(py, &self.record)
    }

    /// Where the model that was checked lies.
    fn path(&self, py: Python<'_>) -> PyResult<PathBuf> {
        self.with(py, |model| Ok(model.path().to_owned()))
    }

    /// A descriptor of one of its files, which its caller closes.
    #[cfg(unix)]
    fn descriptor(&self, py: Python<'_>, path: &str) -> PyResult<i32> {
        use std::os::fd::IntoRawFd;
        self.with(py, |model| Ok(model.open(path)?.into_raw_fd()))
    }

    /// Looks at what is held once more.
    fn recheck(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, VerifiedModel::recheck)
    }

    /// Gives the copy up. A second time does nothing.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let closed = py.detach(|| {
            let mut model = self.model.lock().unwrap_or_else(PoisonError::into_inner);
            model.take().map_or(Ok(()), VerifiedModel::close)
        });
        closed.map_err(|error| model_error(py, &error))
    }
}
