//! The function `verify`: a model is what somebody vouches for, or an error says why not.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use sealog_model::Error;
use sealog_model::digest::{Algorithm, DigestOptions};
use sealog_model::manifest::Statement;
use sealog_model::sign::{Uncovered, VerifiedManifest};

use super::answer;
use super::asked::Asked;
use super::envelope::Envelope;
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
    let envelope = Envelope::asked(path, &asked)?;
    let (name, version) = (asked.text("name")?, asked.text("version")?);
    let uncovered = asked.uncovered()?;
    let decided = py.detach(|| decide(&envelope, name.as_deref(), version.as_deref(), uncovered));
    let verified = decided.map_err(|error| model_error(py, &error))?;
    plain::object(py, &answer::verified(&verified))
}

fn decide(
    envelope: &Envelope,
    name: Option<&str>,
    version: Option<&str>,
    uncovered: Uncovered,
) -> Result<VerifiedManifest, Error> {
    let algorithms = [Algorithm::Sha256];
    let options = DigestOptions::new(&algorithms);
    let (text, own) = (envelope.text()?, envelope.own());
    let vouched = match envelope.vouch(&text) {
        Err(error @ Error::Unsigned { .. }) => {
            // Nobody vouches: what differs is still said, and is worse than that nobody does.
            let set = Statement::parse(&text)?.closed_set();
            set.check(&envelope.model, &own, &options)?;
            return Err(error);
        }
        vouched => vouched?,
    };
    vouched.expect(name, version)?;
    vouched.check(&envelope.model, &own, uncovered, &options)
}
