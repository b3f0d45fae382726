//! What a call asks for, as its wrapper in Python hands it over: a dictionary of named values.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use sealog_core::Hash;
use sealog_core::time::Timestamp;
use sealog_ledger::{Clock, SystemClock};
use sealog_model::digest::Algorithm;
use sealog_model::gate::{Expectations, ExpectedShape, Means, Policy, Structure};
use sealog_model::scan::Limits;
use sealog_model::scan::baseline::{BASELINE_BYTES_MAX, Baseline};
use sealog_model::sign::{Uncovered, Walks};
use sealog_model::walk::{IgnoreRules, LinkPolicy, WalkOptions};

use crate::error::format_error;

/// The dictionary.
pub(super) struct Asked<'a, 'py>(pub(super) &'a Bound<'py, PyDict>);

impl<'py> Asked<'_, 'py> {
    pub(super) fn py(&self) -> Python<'py> {
        self.0.py()
    }

    /// A value; none where it is absent or None.
    fn value(&self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let value = self.0.get_item(name)?;
        Ok(value.filter(|value| !value.is_none()))
    }

    pub(super) fn text(&self, name: &str) -> PyResult<Option<String>> {
        self.value(name)?.map(|value| value.extract()).transpose()
    }

    pub(super) fn bytes(&self, name: &str) -> PyResult<Option<Vec<u8>>> {
        self.value(name)?.map(|value| value.extract()).transpose()
    }

    pub(super) fn path(&self, name: &str) -> PyResult<Option<PathBuf>> {
        self.value(name)?.map(|value| value.extract()).transpose()
    }

    pub(super) fn paths(&self, name: &str) -> PyResult<Vec<PathBuf>> {
        let value = self.value(name)?.map(|value| value.extract()).transpose()?;
        Ok(value.unwrap_or_default())
    }

    /// A time of RFC 3339 in UTC.
    pub(super) fn time(&self, name: &str) -> PyResult<Option<Timestamp>> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let time = Timestamp::parse(text.as_bytes());
        time.map(Some)
            .map_err(|error| self.refuse(name, &error.to_string()))
    }

    pub(super) fn number(&self, name: &str) -> PyResult<Option<u64>> {
        self.value(name)?.map(|value| value.extract()).transpose()
    }

    pub(super) fn texts(&self, name: &str) -> PyResult<Vec<String>> {
        let value = self.value(name)?.map(|value| value.extract()).transpose()?;
        Ok(value.unwrap_or_default())
    }

    pub(super) fn flag(&self, name: &str) -> PyResult<bool> {
        self.value(name)?
            .map_or(Ok(false), |value| value.is_truthy())
    }

    fn refuse(&self, name: &str, why: &str) -> PyErr {
        format_error(self.py(), name, why)
    }

    /// A digest, with or without `sha256:` before it.
    pub(super) fn digest(&self, name: &str) -> PyResult<Option<Hash>> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let hex = text.strip_prefix("sha256:").unwrap_or(&text);
        let hash = Hash::from_hex(hex);
        let hash = hash.ok_or_else(|| self.refuse(name, "it is not 64 lowercase hex digits"))?;
        Ok(Some(hash))
    }

    /// Which files make up a model.
    pub(super) fn walk(&self) -> PyResult<WalkOptions> {
        self.walk_from(if self.flag("no_default_ignores")? {
            IgnoreRules::none()
        } else {
            IgnoreRules::oms()
        })
    }

    /// The same for each kind of envelope.
    pub(super) fn walks(&self) -> PyResult<Walks> {
        Ok(Walks {
            own: self.walk()?,
            older: self.walk_from(IgnoreRules::none())?,
        })
    }

    fn walk_from(&self, mut ignore: IgnoreRules) -> PyResult<WalkOptions> {
        for path in self.texts("ignore")? {
            let added = ignore.add(&path);
            added.map_err(|reason| self.refuse("ignore", &format!("{path}: {reason}")))?;
        }
        let name = self.text("links")?;
        let links = name.map_or(Some(LinkPolicy::Refuse), |name| {
            LinkPolicy::from_name(&name)
        });
        let links =
            links.ok_or_else(|| self.refuse("links", "it is refuse, inside-root or hub-cache"))?;
        Ok(WalkOptions { ignore, links })
    }

    /// The digests that are made of each file.
    pub(super) fn algorithms(&self) -> PyResult<Vec<Algorithm>> {
        let names = self.texts("hashes")?;
        let mut algorithms = Vec::with_capacity(names.len().max(1));
        for name in names {
            let algorithm = Algorithm::from_name(&name);
            let why = format!("{name} is not sha256, sha512, blake2b, blake3 or git-sha1");
            algorithms.push(algorithm.ok_or_else(|| self.refuse("hashes", &why))?);
        }
        if algorithms.is_empty() {
            algorithms.push(Algorithm::Sha256);
        }
        Ok(algorithms)
    }

    /// Findings that somebody accepts, as of today.
    pub(super) fn baseline(&self) -> PyResult<Baseline> {
        let Some(text) = self.text("baseline")? else {
            return Ok(Baseline::default());
        };
        if text.len() > BASELINE_BYTES_MAX {
            let why = format!("it is larger than {BASELINE_BYTES_MAX} bytes");
            return Err(self.refuse("baseline", &why));
        }
        let now = SystemClock.now().format_micros();
        let today = now.get(..10).unwrap_or_default();
        Baseline::parse(&text, today).map_err(|error| self.refuse("baseline", &error.to_string()))
    }

    pub(super) fn uncovered(&self) -> PyResult<Uncovered> {
        Ok(if self.flag("strict")? {
            Uncovered::Refuse
        } else {
            Uncovered::Report
        })
    }

    /// What a gate asks for.
    pub(super) fn policy(&self) -> PyResult<Policy> {
        Ok(Policy {
            uncovered: self.uncovered()?,
            baseline: self.baseline()?,
            limits: Limits::default(),
            expectations: self.expectations()?,
            copies_in: self.path("copies_in")?,
            means: self.means()?,
        })
    }

    fn means(&self) -> PyResult<Means> {
        let means = self.text("means")?;
        let means = means.map_or(Some(Means::Sealed), |name| Means::from_name(&name));
        means.ok_or_else(|| self.refuse("means", "it is sealed, sealed-memory or held"))
    }

    fn shapes(&self) -> PyResult<Vec<ExpectedShape>> {
        type Given = Vec<(Option<String>, Vec<Option<u64>>)>;
        let given: Option<Given> = self
            .value("expect_shape")?
            .map(|value| value.extract())
            .transpose()?;
        let given = given.unwrap_or_default().into_iter();
        let shapes = given.map(|(name, shape)| {
            let made = ExpectedShape::new(name, shape);
            made.map_err(|why| self.refuse("expect_shape", why))
        });
        shapes.collect()
    }

    fn expectations(&self) -> PyResult<Expectations> {
        Ok(Expectations {
            name: self.text("name")?,
            version: self.text("version")?,
            model_digest: self.digest("model_digest")?,
            bytes_max: self.number("bytes_max")?,
            bytes: self.number("expect_bytes")?,
            structure: Structure {
                class: self.text("expect_type")?,
                framework: self.text("expect_framework")?,
                shapes: self.shapes()?,
                features: self.number("expect_features")?,
                parameters: self.number("expect_parameters")?,
            },
        })
    }
}
