//! What `SEALOG_ENV=production` refuses (`docs/configuration.md`, section "Production").

use std::path::{Path, PathBuf};

use sealog_core::json::Value;
use sealog_ledger::{Ledger, UNSTATED};

use crate::error::Error;
use crate::settings::Settings;

/// What an audit failure does to the host's answer.
const AUDIT_FAILURE: &[(&str, ())] = &[("raise", ()), ("gap", ())];

/// Whether this is production.
pub(crate) fn is_on(settings: &Settings) -> Result<bool, Error> {
    let words = [("production", true), ("development", false)];
    Ok(settings.choice("env", &words)?.unwrap_or(false))
}

/// Checks what has to be set before anything is written to a ledger at this path.
pub(crate) fn check_append(settings: &Settings, ledger: &Path) -> Result<(), Error> {
    let policy = settings.choice("on_audit_failure", AUDIT_FAILURE)?;
    if !is_on(settings)? {
        return Ok(());
    }
    if policy.is_none() {
        return refused("`on_audit_failure` is not set: choose `raise` or `gap`");
    }
    let Some(secrets) = settings.path("secrets") else {
        return refused("`secrets` is not set, so the keys would lie beside the data");
    };
    let (secrets, ledger) = (resolved(&secrets), resolved(ledger));
    let beside = ledger
        .parent()
        .is_some_and(|parent| secrets.parent() == Some(parent));
    if beside || secrets.starts_with(&ledger) {
        return refused("`secrets` lies beside the data or in it");
    }
    Ok(())
}

/// Checks that a new ledger says whose it is and what for.
pub(crate) fn check_creation(
    settings: &Settings,
    operator: Option<&str>,
    purpose: Option<&str>,
) -> Result<(), Error> {
    if !is_on(settings)? {
        return Ok(());
    }
    let stated =
        |text: Option<&str>| text.is_some_and(|text| !text.trim().is_empty() && text != UNSTATED);
    match (stated(operator), stated(purpose)) {
        (true, true) => Ok(()),
        (false, _) => refused("no operator is stated: give --operator"),
        (_, false) => refused("no purpose is stated: give --purpose"),
    }
}

/// Refuses a key that `init` would make by itself.
pub(crate) fn check_key(settings: &Settings, key_file: &Path) -> Result<(), Error> {
    if is_on(settings)? && !key_file.exists() {
        let file = key_file.display();
        return refused(&format!(
            "a self-made log key: there is none at {file}; make it with `sealog key new`"
        ));
    }
    Ok(())
}

/// Checks that a ledger which exists says whose it is and what for.
pub(crate) fn check_stated(settings: &Settings, ledger: &Ledger) -> Result<(), Error> {
    if !is_on(settings)? {
        return Ok(());
    }
    let first = ledger.entry(0)?.value();
    let body = first
        .member("record")
        .and_then(|record| record.member("body"));
    for name in ["operator", "purpose"] {
        let stated = body
            .and_then(|body| body.member(name))
            .and_then(Value::as_str);
        if stated.is_none_or(|stated| stated == UNSTATED) {
            return refused(&format!("the ledger's {name} is \"{UNSTATED}\""));
        }
    }
    Ok(())
}

/// The path without links, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(path) = path.canonicalize() {
        return path;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if parent != Path::new("") => resolved(parent).join(name),
        _ => path.to_owned(),
    }
}

fn refused(problem: &str) -> Result<(), Error> {
    Err(Error::Production {
        problem: problem.into(),
    })
}
