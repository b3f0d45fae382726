//! How a ledger is opened, read from Python's keyword arguments.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use sealog_core::tlog::sign::Signer;
use sealog_ledger::{Access, Creation, HeadCopyPolicy, IndexMode, Options};

use crate::error::format_error;
use crate::ledger::WhenFull;
use crate::live::{Runtime, Settings};
use crate::signer::CallableSigner;
use crate::wrapper::PythonWrapper;

/// Records that the queue holds, if nothing else is said.
const QUEUE_RECORDS: usize = 65_536;
/// Bytes that the queue holds, if nothing else is said.
const QUEUE_BYTES: usize = 64 * 1024 * 1024;
/// Seconds that a caller waits for room, if nothing else is said.
const QUEUE_WAIT: f64 = 10.0;

/// Settings with what only the callers' side needs.
pub(crate) struct Read {
    pub(crate) settings: Settings,
    pub(crate) when_full: WhenFull,
    pub(crate) queue_wait: Duration,
    pub(crate) on_unencodable: String,
}

/// Reads the settings; a name that is not known is an error.
pub(crate) fn read(path: Option<PathBuf>, given: &Bound<'_, PyDict>) -> PyResult<Read> {
    let py = given.py();
    let mut read = Read {
        settings: Settings {
            path,
            creation: Creation::default(),
            options: Options::default(),
            create: true,
            tenant: None,
            system: None,
            queue_records: QUEUE_RECORDS,
            queue_bytes: QUEUE_BYTES,
            runtime: Runtime {
                language: String::new(),
                os: String::new(),
                host: String::new(),
            },
        },
        when_full: WhenFull::Block,
        queue_wait: Duration::from_secs_f64(QUEUE_WAIT),
        on_unencodable: "record".into(),
    };
    for (name, value) in given.iter() {
        let name = name.cast::<PyString>()?.to_str()?.to_owned();
        if value.is_none() || name == "signer" || name == "vkey" {
            continue;
        }
        let known = creation(&mut read.settings.creation, &name, &value)?
            || option(&mut read.settings.options, &name, &value)?
            || own(&mut read, &name, &value)?;
        if !known {
            return Err(format_error(
                py,
                "settings",
                &format!("{name} is not known"),
            ));
        }
    }
    read.settings.options.signer = signer(given)?;
    Ok(read)
}

/// The callable that signs, with the key that it signs by.
fn signer(given: &Bound<'_, PyDict>) -> PyResult<Option<Arc<dyn Signer>>> {
    let set = |name| Ok::<_, PyErr>(given.get_item(name)?.filter(|value| !value.is_none()));
    match (set("signer")?, set("vkey")?) {
        (None, None) => Ok(None),
        (Some(signer), Some(vkey)) => {
            let signer = CallableSigner::new(&signer, vkey.extract()?)?;
            Ok(Some(Arc::new(signer)))
        }
        _ => {
            let why = "signer and vkey, the verifier key that it signs by, go together";
            Err(format_error(given.py(), "signer", why))
        }
    }
}

fn creation(creation: &mut Creation, name: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let member = match name {
        "origin" => &mut creation.origin,
        "operator" => &mut creation.operator,
        "purpose" => &mut creation.purpose,
        "reason" => &mut creation.reason,
        "recovery_vkey" => &mut creation.recovery_vkey,
        _ => return Ok(false),
    };
    *member = Some(value.extract()?);
    Ok(true)
}

fn option(options: &mut Options, name: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    match name {
        "access" => {
            options.access = chosen(
                value,
                "access",
                &[("append", Access::Append), ("read", Access::Read)],
            )?;
        }
        "secrets" => options.secrets = Some(value.extract()?),
        "state_dir" => options.state_dir = Some(value.extract()?),
        "config_dir" => options.config_dir = Some(value.extract()?),
        "turn_wait" => options.turn_wait = seconds(value, name)?,
        "signer_wait" => options.signer_wait = seconds(value, name)?,
        "segment_bytes" => options.segment_bytes = value.extract()?,
        "epoch_entries" => options.epoch_entries = value.extract()?,
        "epoch_seconds" => options.epoch_seconds = value.extract()?,
        "allow_file_systems" => options.allow_file_systems = value.extract()?,
        "key_wrapper" => options.key_wrapper = Some(PythonWrapper::of(value)?),
        "privacy" => options.privacy = Some(crate::privacy::policy(value)?),
        "producer_id" => options.producer_id = value.extract()?,
        "head_copy" => {
            let policies = [
                ("use", HeadCopyPolicy::Use),
                ("require", HeadCopyPolicy::Require),
                ("off", HeadCopyPolicy::Off),
            ];
            options.head_copy = chosen(value, "head_copy", &policies)?;
        }
        "index" => {
            let modes = [
                ("follow", IndexMode::Follow),
                ("manual", IndexMode::Manual),
                ("off", IndexMode::Off),
            ];
            options.index = chosen(value, "index", &modes)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn own(read: &mut Read, name: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let settings = &mut read.settings;
    match name {
        "create" => settings.create = value.is_truthy()?,
        "tenant" => settings.tenant = Some(value.extract()?),
        "system" => settings.system = Some(value.extract()?),
        "queue_records" => settings.queue_records = value.extract()?,
        "queue_bytes" => settings.queue_bytes = value.extract()?,
        "queue_wait" => read.queue_wait = seconds(value, name)?,
        "full" => read.when_full = WhenFull::read(value.py(), &value.extract::<String>()?)?,
        "on_unencodable" => {
            let modes = [("record", "record"), ("raise", "raise")];
            chosen(value, name, &modes)?.clone_into(&mut read.on_unencodable);
        }
        "runtime" => {
            let (language, os, host) = value.extract()?;
            settings.runtime = Runtime { language, os, host };
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn seconds(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Duration> {
    Duration::try_from_secs_f64(value.extract()?)
        .map_err(|_| format_error(value.py(), name, "a number of seconds is needed"))
}

fn chosen<T: Copy>(value: &Bound<'_, PyAny>, name: &str, known: &[(&str, T)]) -> PyResult<T> {
    let text = value.extract::<String>()?;
    if let Some((_, chosen)) = known.iter().find(|(known, _)| *known == text) {
        return Ok(*chosen);
    }
    let names: Vec<_> = known.iter().map(|(known, _)| *known).collect();
    Err(format_error(
        value.py(),
        name,
        &format!("it is one of {}", names.join(", ")),
    ))
}
