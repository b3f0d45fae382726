//! Logs of older systems and their documents about models: the functions `import_check` and `import_adopt`, and the
//! class `ImportReport`.

use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use sealog_cli::error::Error;
use sealog_cli::older::{self, OlderModel};
use sealog_core::hash::decode_hex;
use sealog_core::json::Value;
use sealog_ledger::import::{
    Adoption, Anchor, Format, HmacKey, ImportError, Pins, Source, SourceVerdict,
};
use sealog_ledger::{Clock, SystemClock};
use sealog_model::keys::PublicKey;
use sealog_model::sign::{OlderAsked, OlderForm, OpenPgpKeys, Pin};
use sealog_model::walk::{IgnoreRules, WalkOptions};

use crate::error::{format_error, import_error, model_error};
use crate::ledger::LedgerCore;
use crate::model::PEM;
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
    let asked = Asked::new(path, asked)?;
    let checked = py.detach(move || {
        let source = asked.open()?;
        let json = source.to_json(None).map_err(ImportError::from)?;
        Ok((source.verdict(), json))
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
    let how = Adoption {
        system_id: asked
            .get_item("system")?
            .map_or(Ok(String::new()), |id| id.extract())?,
        accept_findings: asked
            .get_item("accept_findings")?
            .map_or(Ok(false), |value| value.is_truthy())?,
    };
    let asked = Asked::new(path, asked)?;
    let (live, _) = ledger.live(py)?;
    let adopted = py.detach(move || {
        let mut source = asked.open()?;
        let adopted = live.ledger.adopt(&mut source, &how)?;
        let json = source.to_json(Some(&adopted)).map_err(ImportError::from)?;
        Ok((source.verdict(), json))
    });
    report(py, adopted)
}

fn report(py: Python<'_>, made: Result<(SourceVerdict, Value), Error>) -> PyResult<ImportReport> {
    made.map(|(verdict, json)| ImportReport { verdict, json })
        .map_err(|error| match error {
            Error::Import(error) => import_error(py, &error),
            Error::Model(error) => model_error(py, &error),
            Error::Argument { argument, problem } => format_error(py, argument, &problem),
            error => format_error(py, "import", &error.to_string()),
        })
}

/// What a call asks for. Nothing was read yet.
struct Asked {
    path: PathBuf,
    format: Option<Format>,
    /// All that is pinned but the key.
    pins: Pins,
    /// In hex, or in PEM, or a file of that.
    key: Option<PathBuf>,
    model: Option<PathBuf>,
    signature: Option<PathBuf>,
    keyring: Option<PathBuf>,
    fingerprint: Option<String>,
    ignore: Vec<String>,
    model_id: Option<String>,
    model_version: Option<String>,
}

impl Asked {
    fn new(path: PathBuf, asked: &Bound<'_, PyDict>) -> PyResult<Self> {
        let py = asked.py();
        let get = |name: &str| {
            let value = asked.get_item(name)?;
            Ok::<_, PyErr>(value.filter(|value| !value.is_none()))
        };
        let path_of = |name: &str| -> PyResult<Option<PathBuf>> {
            get(name)?.map(|value| value.extract()).transpose()
        };
        let text_of = |name: &str| -> PyResult<Option<String>> {
            get(name)?.map(|value| value.extract()).transpose()
        };
        let fail = |error: ImportError| import_error(py, &error);
        let mut pins = Pins::default();
        if let Some(secret) = get("hmac_key")? {
            let secret = zeroize::Zeroizing::new(secret.extract::<Vec<u8>>()?);
            pins.secret = Some(HmacKey::new(&secret).map_err(fail)?);
        }
        if let Some(anchor) = get("anchor")? {
            pins.anchor = Some(Anchor::parse(&anchor.extract::<Vec<u8>>()?).map_err(fail)?);
        }
        let source = text_of("source")?;
        let format = source.map(|id| {
            let why = "it is no format that is imported";
            Format::from_id(&id).ok_or_else(|| format_error(py, "source", why))
        });
        let ignore: Option<Vec<String>> =
            get("ignore")?.map(|value| value.extract()).transpose()?;
        Ok(Self {
            path,
            format: format.transpose()?,
            pins,
            key: path_of("key")?,
            model: path_of("model")?,
            signature: path_of("signature")?,
            keyring: path_of("openpgp_keyring")?,
            fingerprint: text_of("fingerprint")?,
            ignore: ignore.unwrap_or_default(),
            model_id: text_of("model_id")?,
            model_version: text_of("model_version")?,
        })
    }

    /// Reads and verifies the source.
    fn open(self) -> Result<Source, Error> {
        if self.fingerprint.is_some() && self.keyring.is_none() {
            let why = "it names a key of openpgp_keyring, which is not given";
            return Err(bad("fingerprint", why));
        }
        match older::find(&self.path, self.format)? {
            Some((document, form)) => self.open_model(document, form),
            None => self.open_log(),
        }
    }

    fn open_log(mut self) -> Result<Source, Error> {
        if let Some(key) = &self.key {
            let mut bytes = [0; 32];
            let text = key.to_str().unwrap_or_default();
            decode_hex(text.as_bytes(), &mut bytes)
                .ok_or_else(|| bad("key", "an Ed25519 key is 64 lowercase hex digits"))?;
            self.pins.key = Some(bytes);
        }
        let source = Source::open(&self.path, self.format, self.pins)?;
        let brought = [
            (self.model.is_some(), "model"),
            (self.signature.is_some(), "signature"),
            (self.keyring.is_some(), "openpgp_keyring"),
            (!self.ignore.is_empty(), "ignore"),
            (self.model_id.is_some(), "model_id"),
            (self.model_version.is_some(), "model_version"),
        ];
        older::refuse_unused(&source, &brought)?;
        Ok(source)
    }

    fn open_model(self, document: PathBuf, form: OlderForm) -> Result<Source, Error> {
        let pin = match (self.key, self.keyring) {
            (Some(_), Some(_)) => {
                let why = "only one of key and openpgp_keyring can be given";
                return Err(bad("key", why));
            }
            (Some(key), None) => Pin::Key(model_key(&key)?),
            (None, Some(ring)) => {
                let now = SystemClock.now();
                Pin::OpenPgp(OpenPgpKeys::read(&ring, self.fingerprint.as_deref(), now)?)
            }
            (None, None) => Pin::Nothing,
        };
        let mut ignore = IgnoreRules::none();
        for path in &self.ignore {
            let wrong = |reason| bad("ignore", &format!("{path}: {reason}"));
            ignore.add(path).map_err(wrong)?;
        }
        let source = older::source(&OlderModel {
            asked: OlderAsked {
                document,
                form,
                signature: self.signature,
                model: self.model,
                walk: WalkOptions {
                    ignore,
                    ..WalkOptions::default()
                },
            },
            pin,
            name: self.model_id,
            version: self.model_version,
        })?;
        self.pins.refuse_unused(source.format())?;
        Ok(source)
    }
}

fn bad(argument: &'static str, problem: &str) -> Error {
    Error::Argument {
        argument,
        problem: problem.into(),
    }
}

/// A key that signs models: in PEM, or a file of that.
fn model_key(key: &Path) -> Result<PublicKey, Error> {
    let text = key.to_str().filter(|text| text.starts_with(PEM));
    let Some(text) = text else {
        return Ok(PublicKey::read(key)?);
    };
    PublicKey::from_pem(text)
        .ok_or_else(|| bad("key", "it is no public key in PEM that signs models"))
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
