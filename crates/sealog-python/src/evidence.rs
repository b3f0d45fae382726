//! Evidence packages: making one and verifying one; the class `PackageReport`.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::sync::Arc;

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use sealog_core::json::{Number, Object, Value};
use sealog_ledger::RevealAccess;
use sealog_ledger::evidence::{Asked, EvidenceOptions, Exporter, HandedOver, Opening, Sample};
use sealog_ledger::keys::read_log_key;
use sealog_ledger::verify::{self, package_origin, verify_package as verify_open_package};

use crate::encode::Encoded;
use crate::error::format_error;
use crate::finding::Finding;
use crate::ledger::LedgerCore;
use crate::live::pointer_to;
use crate::plain;
use crate::report::{ambiguous, require};
use crate::search::query;
use crate::verify::request;

/// Writes an evidence package of a query, and records in the log that it left.
#[pyfunction]
pub(crate) fn export_evidence<'py>(
    py: Python<'py>,
    ledger: &LedgerCore,
    path: PathBuf,
    asked: &Bound<'py, PyDict>,
    wanted: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    let query = query(Some(wanted))?;
    let get = |name: &str| {
        asked
            .get_item(name)
            .map(|value| value.filter(|value| !value.is_none()))
    };
    let text = |name| {
        get(name)?
            .map(|value| value.extract::<String>())
            .transpose()
    };
    let number = |name| get(name)?.map(|value| value.extract::<u64>()).transpose();
    let asked_by = Asked {
        by: text("by")?.unwrap_or_default(),
        recipient: text("recipient")?,
    };
    let (at, seed) = (number("at")?, text("seed")?);
    let sample = number("sample")?;
    if seed.is_some() && sample.is_none() {
        return Err(format_error(py, "seed", "it is of a sample: name its size"));
    }
    let mut options = EvidenceOptions::default();
    options = with_sample(options, sample, seed, at);
    if let Some(previous) = get("previous")? {
        let bytes = previous.extract::<Vec<u8>>()?;
        let note = String::from_utf8(bytes);
        let note = note.map_err(|_| format_error(py, "previous", "it is no checkpoint"))?;
        options.previous = Some(note);
    }
    options.payloads = get("payloads")?.is_some_and(|value| value.is_truthy().unwrap_or(false));
    if let Some(list) = get("openings")? {
        options.openings = openings(&list)?;
    }
    let sealed: Vec<(String, String)> = match get("sealed")? {
        Some(list) => list.extract()?,
        None => Vec::new(),
    };
    let actor = text("signed_by")?;
    let file = get("signing_key")?;
    let file = file.map(|file| file.extract::<PathBuf>()).transpose()?;
    let handed = ledger.detached(py, move |live| {
        let ledger = &live.ledger;
        if let Some((actor, file)) = actor.zip(file) {
            options.exporter = Some(Exporter {
                actor,
                signer: Arc::new(read_log_key(&file)?),
            });
        }
        if !sealed.is_empty() {
            let access = RevealAccess {
                actor_id: asked_by.by.clone(),
                auth_method: None,
                purpose: None,
            };
            let shown = ledger.openings_of_sealed(&sealed, &access)?;
            options.openings.extend(shown);
        }
        ledger.hand_over_evidence(&path, &query, &options, &asked_by, &mut |_| {})
    })?;
    plain::object(py, &handed_json(&handed)).map(Bound::into_any)
}

/// Triples of a record's id, a field and the value that was committed to there.
fn openings(list: &Bound<'_, PyAny>) -> PyResult<Vec<Opening>> {
    let read = |item: PyResult<Bound<'_, PyAny>>| {
        let (record_id, field, value) = item?.extract::<(String, String, Bound<'_, PyAny>)>()?;
        let encoded = Encoded::of(&value)?.shared();
        Ok(Opening {
            record_id,
            field: pointer_to(&field),
            value: String::from_utf8_lossy(&encoded).into_owned(),
        })
    };
    list.try_iter()?.map(read).collect()
}

fn with_sample(
    mut options: EvidenceOptions,
    sample: Option<u64>,
    seed: Option<String>,
    at: Option<u64>,
) -> EvidenceOptions {
    options.at = at;
    options.sample = sample.map(|count| Sample {
        count,
        // Of an auditor only where the size was fixed before the seed was said.
        by_auditor: seed.is_some() && at.is_some(),
        seed: seed.unwrap_or_default(),
    });
    options
}

fn handed_json(handed: &HandedOver) -> Object {
    let evidence = &handed.evidence;
    let mut json = Object::new();
    json.insert("digest", format!("sha256:{}", handed.digest.to_hex()));
    for (name, number) in [
        ("closed", evidence.closed),
        ("disposed", evidence.disposed),
        ("entries", evidence.entries),
        ("opened", evidence.opened),
        ("payloads", evidence.payloads),
        ("payloads_left_out", evidence.payloads_left_out),
        ("population", evidence.population),
        ("size", evidence.size),
    ] {
        let number = Number::unsigned(number).map(Value::Number);
        json.insert(name, number.unwrap_or(Value::Null));
    }
    json.insert("scope", evidence.scope.word());
    json
}

/// What a verification of an evidence package found.
#[pyclass(frozen, module = "sealog")]
#[derive(Debug)]
pub(crate) struct PackageReport {
    inner: verify::PackageReport,
}

/// Verifies an evidence package, with nothing but the file and the keys that are brought.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "what Python gives is owned")]
pub(crate) fn verify_package(
    py: Python<'_>,
    path: PathBuf,
    asked: &Bound<'_, PyDict>,
) -> PyResult<PackageReport> {
    let open = || {
        let opened = File::open(&path);
        opened.map_err(|error| match error.raw_os_error() {
            Some(number) => PyOSError::new_err((number, error.to_string(), path.clone())),
            None => error.into(),
        })
    };
    // It only selects among keys that are trusted already.
    let claimed = open()?;
    let origin = py.detach(|| package_origin(claimed));
    let request = request(asked, origin.as_deref())?;
    let input = BufReader::new(open()?);
    let inner = py.detach(|| verify_open_package(input, &request));
    Ok(PackageReport { inner })
}

impl PackageReport {
    fn fact(&self, name: &str) -> Value {
        self.inner
            .to_json()
            .member(name)
            .cloned()
            .unwrap_or(Value::Null)
    }
}

#[pymethods]
impl PackageReport {
    /// 0 all that was asked holds, 1 refuted, 2 could not be decided.
    #[getter]
    fn exit_code(&self) -> u8 {
        self.inner.exit()
    }

    /// A stable reason code; `holds` where all holds.
    #[getter]
    fn reason(&self) -> &'static str {
        self.inner.reason()
    }

    /// How far it is vouched for that nothing was taken out of the log.
    #[getter]
    fn level(&self) -> &'static str {
        self.inner.level().id()
    }

    /// The first check that failed, or none.
    #[getter]
    fn findings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        Finding::list(py, self.inner.findings())
    }

    /// Who pinned the key: `user`, `this_machine` or `nobody`.
    #[getter]
    fn pinned_by(&self) -> &'static str {
        self.inner.pinned_by().id()
    }

    /// Entries in it; None of a package that does not hold.
    #[getter]
    fn entries(&self) -> Option<u64> {
        self.inner.facts().map(|facts| facts.entries)
    }

    /// Entries of the log that its checkpoint covers; None of a package that does not hold.
    #[getter]
    fn size(&self) -> Option<u64> {
        self.inner.facts().map(|facts| facts.checkpoint.size())
    }

    /// Root of its checkpoint, in hex; None of a package that does not hold.
    #[getter]
    fn root(&self) -> Option<String> {
        self.inner
            .facts()
            .map(|facts| facts.checkpoint.root().to_hex())
    }

    /// The log's origin; None of a package that does not hold.
    #[getter]
    fn origin(&self) -> Option<String> {
        self.inner
            .facts()
            .map(|facts| facts.checkpoint.origin().to_owned())
    }

    /// The key that vouches; None of a package that does not hold.
    #[getter]
    fn key(&self) -> Option<String> {
        self.fact("key").as_str().map(str::to_owned)
    }

    /// What it is complete in; None of a package that does not hold.
    #[getter]
    fn scope(&self) -> Option<&'static str> {
        self.inner.facts().map(|facts| facts.scope.word())
    }

    /// The whole report as plain values, as the command prints it with `--json`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain::value(py, &self.inner.to_json())
    }

    /// Gives itself back if all that was asked holds; raises `TamperError` if it is refuted, and `RefusedError` if
    /// it could not be decided.
    fn require(this: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        let inner = &this.get().inner;
        require(this.py(), inner.exit(), inner.reason(), inner.findings())?;
        Ok(this)
    }

    fn __bool__(&self) -> PyResult<bool> {
        Err(ambiguous(self.inner.reason()))
    }

    fn __repr__(&self) -> String {
        format!(
            "<PackageReport: {}, exit {}>",
            self.inner.reason(),
            self.inner.exit()
        )
    }
}
