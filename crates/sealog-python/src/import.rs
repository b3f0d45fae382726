//! Logs of older systems: the functions `import_check` and `import_adopt`, and the class `ImportReport`.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use sealog_core::hash::decode_hex;
use sealog_core::json::Value;
use sealog_ledger::import::{
    Adoption, Anchor, Format, HmacKey, ImportError, Pins, Source, SourceVerdict,
};

use crate::error::{format_error, import_error};
use crate::ledger::LedgerCore;
use crate::plain;
use crate::report::{ambiguous, require};

/// What a verification of an older log found, and what its adoption added.
#[pyclass(frozen, module = "sealog")]
#[derive(Debug)]
pub(crate) struct ImportReport {
    verdict: SourceVerdict,
    json: Value,
}

/// Verifies an older log under its own rules.
#[pyfunction]
pub(crate) fn import_check(
    py: Python<'_>,
    path: PathBuf,
    asked: &Bound<'_, PyDict>,
) -> PyResult<ImportReport> {
    let (format, pins) = pins(asked)?;
    let checked = py.detach(move || {
        let source = Source::open(&path, format, pins)?;
        Ok((source.verdict(), source.to_json(None)?))
    });
    report(py, checked)
}

/// Verifies an older log and adopts it.
#[pyfunction]
pub(crate) fn import_adopt(
    py: Python<'_>,
    ledger: &LedgerCore,
    path: PathBuf,
    asked: &Bound<'_, PyDict>,
) -> PyResult<ImportReport> {
    let (format, pins) = pins(asked)?;
    let how = Adoption {
        system_id: asked
            .get_item("system")?
            .map_or(Ok(String::new()), |id| id.extract())?,
        accept_findings: asked
            .get_item("accept_findings")?
            .map_or(Ok(false), |value| value.is_truthy())?,
    };
    let (live, _) = ledger.live(py)?;
    let adopted = py.detach(move || {
        let mut source = Source::open(&path, format, pins)?;
        let adopted = live.ledger.adopt(&mut source, &how)?;
        Ok((source.verdict(), source.to_json(Some(&adopted))?))
    });
    report(py, adopted)
}

fn report(
    py: Python<'_>,
    made: Result<(SourceVerdict, Value), ImportError>,
) -> PyResult<ImportReport> {
    made.map(|(verdict, json)| ImportReport { verdict, json })
        .map_err(|error| import_error(py, &error))
}

fn pins(asked: &Bound<'_, PyDict>) -> PyResult<(Option<Format>, Pins)> {
    let py = asked.py();
    let get = |name: &str| {
        asked
            .get_item(name)
            .map(|value| value.filter(|value| !value.is_none()))
    };
    let fail = |error: ImportError| import_error(py, &error);
    let format =
        match get("source")? {
            None => None,
            Some(id) => {
                let found = Format::from_id(&id.extract::<String>()?);
                Some(found.ok_or_else(|| {
                    format_error(py, "source", "it is no format that is imported")
                })?)
            }
        };
    let mut pins = Pins::default();
    if let Some(key) = get("key")? {
        let mut bytes = [0; 32];
        let decoded = decode_hex(key.extract::<String>()?.as_bytes(), &mut bytes);
        let why = "an Ed25519 key is 64 lowercase hex digits";
        pins.key = Some(bytes).filter(|_| decoded.is_some());
        if pins.key.is_none() {
            return Err(format_error(py, "key", why));
        }
    }
    if let Some(secret) = get("hmac_key")? {
        let secret = zeroize::Zeroizing::new(secret.extract::<Vec<u8>>()?);
        pins.secret = Some(HmacKey::new(&secret).map_err(fail)?);
    }
    if let Some(anchor) = get("anchor")? {
        pins.anchor = Some(Anchor::parse(&anchor.extract::<Vec<u8>>()?).map_err(fail)?);
    }
    Ok((format, pins))
}

impl ImportReport {
    fn text(&self, name: &str) -> Option<&str> {
        self.json.member(name).and_then(Value::as_str)
    }

    const fn exit(&self) -> u8 {
        match self.verdict {
            SourceVerdict::Holds => 0,
            SourceVerdict::Refuted => 1,
            SourceVerdict::Undecided => 2,
        }
    }

    /// The first code that speaks against it; `holds` where none does.
    fn first_code(&self) -> String {
        let code = self.text("reason").unwrap_or_default();
        code.to_owned()
    }
}

#[pymethods]
impl ImportReport {
    /// 0 it holds under its own rules, 1 refuted, 2 could not be decided. The same after an adoption that accepted it.
    #[getter]
    fn exit_code(&self) -> u8 {
        self.exit()
    }

    /// The code of what decided; `holds` where it holds.
    #[getter]
    fn reason(&self) -> String {
        self.first_code()
    }

    /// `holds`, `refuted` or `undecided`.
    #[getter]
    fn verdict(&self) -> &'static str {
        self.verdict.id()
    }

    /// Which older format it is of.
    #[getter]
    fn source(&self) -> Option<&str> {
        self.text("format")
    }

    /// SHA-256 of the file.
    #[getter]
    fn digest(&self) -> Option<&str> {
        self.text("digest")
    }

    /// Number of its records.
    #[getter]
    fn records(&self) -> Option<u64> {
        self.json.member("records").and_then(Value::as_u64)
    }

    /// How often each code was found.
    #[getter]
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain::value(py, self.json.member("counts").unwrap_or(&Value::Null))
    }

    /// The first findings: code and, of one record, its position.
    #[getter]
    fn findings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let findings = self.json.member("findings").and_then(Value::as_array);
        let list = PyList::empty(py);
        for finding in findings.into_iter().flatten() {
            list.append(plain::value(py, finding)?)?;
        }
        Ok(list)
    }

    /// The run under which its records stand in the log; None if it was only verified.
    #[getter]
    fn import_id(&self) -> Option<&str> {
        self.json.member("adopted")?.member("import_id")?.as_str()
    }

    /// Records that this adoption added; None if it was only verified.
    #[getter]
    fn adopted(&self) -> Option<u64> {
        self.json.member("adopted")?.member("records")?.as_u64()
    }

    /// The whole report as plain values, as the command prints it with `--json`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain::value(py, &self.json)
    }

    /// Gives itself back if it holds; raises `TamperError` if it is refuted, and `RefusedError` if it could not be
    /// decided.
    fn require(this: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        let report = this.get();
        require(this.py(), report.exit(), &report.first_code(), &[])?;
        Ok(this)
    }

    fn __bool__(&self) -> PyResult<bool> {
        Err(ambiguous(&self.first_code()))
    }

    fn __repr__(&self) -> String {
        format!(
            "<ImportReport: {}, {} records>",
            self.verdict.id(),
            self.records().unwrap_or_default()
        )
    }
}
