//! The function `verify`: a model is what somebody vouches for, or an error says why not.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use sealog_model::Error;
use sealog_model::digest::{Algorithm, DigestOptions};
use sealog_model::sign::{Uncovered, VerifiedManifest};

use super::answer;
use super::asked::Asked;
use super::envelope::EnvelopeAsked;
use crate::error::model_error;
use crate::plain;

/// Verifies a model.
#[pyfunction]
pub(crate) fn model_verify<'py>(
    py: Python<'py>,
    path: PathBuf,
    asked: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyDict>> {
    let asked = Asked(asked);
    let envelope = EnvelopeAsked::new(path, &asked)?;
    let (name, version) = (asked.text("name")?, asked.text("version")?);
    let uncovered = asked.uncovered()?;
    let decided = py.detach(|| decide(&envelope, name.as_deref(), version.as_deref(), uncovered));
    let verified = decided.map_err(|error| model_error(py, &error))?;
    plain::object(py, &answer::verified(&verified))
}

fn decide(
    asked: &EnvelopeAsked,
    name: Option<&str>,
    version: Option<&str>,
    uncovered: Uncovered,
) -> Result<VerifiedManifest, Error> {
    let algorithms = [Algorithm::Sha256];
    let options = DigestOptions::new(&algorithms);
    let envelope = asked.read()?;
    let vouched = envelope.vouch_or_compare(&asked.pin()?, asked.walks())?;
    vouched.expect(name, version)?;
    let (model, own) = (envelope.model().to_owned(), envelope.own().to_owned());
    // Its text is not needed any more, and of many files it is a large part of what is held.
    drop(envelope);
    vouched.check(&model, &own, uncovered, &options)
}
