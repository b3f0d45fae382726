//! The class `Record`, and the job that every record becomes: all that is needed of the Python values, taken out
//! of them on the caller's thread.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyString};
use sealog_core::config::parse_digest;
use sealog_core::hash::Hash;
use sealog_core::json::{FlatObject, push_pointer};
use sealog_core::time::Timestamp;
use sealog_ledger::{CaptureMode, Commit, Draft, Payload};

use crate::body;
use crate::encode::Encoded;
use crate::error::format_error;
use crate::started::Started;

/// Bytes that the envelope of a record takes in about.
const ENVELOPE_BYTES: usize = 640;

/// A record to be appended: its values are taken when it is made, and later changes to them do not matter.
#[pyclass(frozen, module = "sealog")]
#[derive(Debug, Clone)]
pub(crate) struct Record {
    job: Job,
}

impl Record {
    /// The job to hand on.
    pub(crate) fn job(&self) -> Job {
        self.job.clone()
    }
}

#[pymethods]
impl Record {
    #[new]
    #[pyo3(signature = (kind, body, **fields))]
    fn new(
        kind: &Bound<'_, PyString>,
        body: &Bound<'_, PyAny>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        Ok(Self {
            job: Job::read(kind, body, fields)?,
        })
    }

    /// Kind of the record.
    #[getter]
    fn kind(&self) -> &str {
        &self.job.kind
    }

    /// The id that was given to it, if one was.
    #[getter]
    fn record_id(&self) -> Option<&str> {
        self.job.record_id.as_deref()
    }

    fn __repr__(&self) -> String {
        format!("<Record {}, {} bytes>", self.job.kind, self.job.bytes)
    }
}

/// A record on its way to the ledger. Holds no Python object.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) kind: String,
    body: FlatObject,
    /// Bytes that it will take in about.
    pub(crate) bytes: usize,
    pub(crate) record_id: Option<String>,
    pub(crate) started: Option<Started>,
    pub(crate) seq: Option<u64>,
    pub(crate) occurred_at: Option<Timestamp>,
    /// Members of the body that are commitments, with what they commit to.
    commits: Vec<Commit>,
    /// What few records have.
    rare: Option<Box<Rare>>,
}

/// Fields that are mostly left out.
#[derive(Debug, Clone, Default)]
struct Rare {
    stream: Option<String>,
    tenant: Option<String>,
    system: Option<String>,
    capture_mode: Option<CaptureMode>,
    retention_class: Option<String>,
    corrects: Option<(u64, Hash)>,
    payloads: Vec<Payload>,
    /// The person that it is about, by whatever name the host knows.
    subject: Option<String>,
}

impl Job {
    /// Takes a record out of Python values.
    pub(crate) fn read(
        kind: &Bound<'_, PyString>,
        body: &Bound<'_, PyAny>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let read = body::read(body)?;
        let mut job = Self {
            kind: kind.to_str()?.to_owned(),
            body: read.object,
            bytes: read.bytes + ENVELOPE_BYTES,
            record_id: None,
            started: None,
            seq: None,
            occurred_at: None,
            commits: Vec::new(),
            rare: None,
        };
        if let Some(fields) = fields {
            for (name, value) in fields.iter() {
                if !value.is_none() {
                    job.field(name.cast::<PyString>()?.to_str()?, &value)?;
                }
            }
        }
        Ok(job)
    }

    fn field(&mut self, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        match name {
            "record_id" => self.record_id = Some(value.str()?.to_str()?.to_owned()),
            "started" => self.started = Some(value.cast::<Started>()?.get().clone()),
            "occurred_at" => self.occurred_at = Some(time(value)?),
            "commit" => self.commit(value.cast::<PyMapping>()?)?,
            "stream" => self.rare().stream = Some(value.extract()?),
            "tenant" => self.rare().tenant = Some(value.extract()?),
            "subject" => self.rare().subject = Some(value.extract()?),
            "system" => self.rare().system = Some(value.extract()?),
            "retention_class" => self.rare().retention_class = Some(value.extract()?),
            "capture_mode" => self.rare().capture_mode = Some(capture_mode(value)?),
            "corrects" => self.rare().corrects = Some(corrects(value)?),
            "payloads" => self.payloads(value)?,
            _ => {
                let why = format!("unexpected keyword argument '{name}'");
                return Err(pyo3::exceptions::PyTypeError::new_err(why));
            }
        }
        Ok(())
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    fn commit(&mut self, values: &Bound<'_, PyMapping>) -> PyResult<()> {
        for item in values.items()?.iter() {
            let (member, value): (String, Bound<'_, PyAny>) = item.extract()?;
            let encoded = Encoded::of(&value)?;
            // The commitment stands in the entry; its value does not, but waits in memory.
            let waits = encoded.shared();
            self.bytes += member.len() + 128 + waits.len();
            self.commits.push(Commit {
                member,
                encoding: waits,
            });
        }
        Ok(())
    }

    fn payloads(&mut self, list: &Bound<'_, PyAny>) -> PyResult<()> {
        for item in list.try_iter()? {
            let (name, media_type, bytes): (String, String, Vec<u8>) = item?.extract()?;
            self.bytes += bytes.len();
            self.rare().payloads.push(Payload {
                name,
                media_type,
                bytes,
                key_id: None,
            });
        }
        Ok(())
    }

    /// Fills in what the ledger has a default of its own for.
    pub(crate) fn default_to(&mut self, tenant: Option<&String>, system: Option<&String>) {
        if tenant.is_none() && system.is_none() {
            return;
        }
        let names_system = self.body.contains_key("system_id");
        let rare = self.rare();
        if rare.tenant.is_none() {
            rare.tenant = tenant.cloned();
        }
        if rare.system.is_none() && !names_system {
            rare.system = system.cloned();
        }
    }

    /// The draft that the ledger takes.
    pub(crate) fn draft(&self) -> Draft {
        let mut draft = Draft::new(&self.kind, self.body.clone());
        draft.record_id.clone_from(&self.record_id);
        draft.producer_seq = self.seq;
        draft.occurred_at = self.occurred_at;
        if let Some(rare) = &self.rare {
            draft.stream_id.clone_from(&rare.stream);
            draft.tenant_id.clone_from(&rare.tenant);
            draft.system_id.clone_from(&rare.system);
            draft.capture_mode = rare.capture_mode;
            draft.retention_class.clone_from(&rare.retention_class);
            draft.corrects = rare.corrects;
            draft.payloads.clone_from(&rare.payloads);
            draft.subject.clone_from(&rare.subject);
        }
        draft.commits.clone_from(&self.commits);
        draft
    }
}

/// The JSON Pointer (RFC 6901) from a body to a member of it.
pub(crate) fn pointer(member: &str) -> String {
    let mut text = String::with_capacity(member.len() + 1);
    push_pointer(&mut text, member);
    text
}

/// A time given as an aware datetime or as RFC 3339 text in UTC.
pub(crate) fn time(value: &Bound<'_, PyAny>) -> PyResult<Timestamp> {
    let py = value.py();
    let refuse = || {
        format_error(
            py,
            "time",
            "an aware datetime, or RFC 3339 in UTC ending in Z, is needed",
        )
    };
    let text = match value.cast::<PyString>() {
        Ok(text) => text.clone(),
        Err(_) => py
            .import(intern!(py, "sealog._plain"))?
            .getattr(intern!(py, "time_text"))?
            .call1((value,))
            .map_err(|_| refuse())?
            .cast_into::<PyString>()?,
    };
    Timestamp::parse(text.to_str()?.as_bytes()).map_err(|_| refuse())
}

fn capture_mode(value: &Bound<'_, PyAny>) -> PyResult<CaptureMode> {
    match value.extract::<String>()?.as_str() {
        "automatic" => Ok(CaptureMode::Automatic),
        "manual" => Ok(CaptureMode::Manual),
        "imported" => Ok(CaptureMode::Imported),
        _ => Err(format_error(
            value.py(),
            "capture_mode",
            "it is automatic, manual or imported",
        )),
    }
}

fn corrects(value: &Bound<'_, PyAny>) -> PyResult<(u64, Hash)> {
    let (index, leaf): (u64, String) = value.extract()?;
    let hash = Hash::from_hex(&leaf).or_else(|| parse_digest(&leaf));
    let why = "the index and the leaf hash in hex of the entry are needed";
    Ok((
        index,
        hash.ok_or_else(|| format_error(value.py(), "corrects", why))?,
    ))
}
