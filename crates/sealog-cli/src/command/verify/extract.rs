//! The report on an extract: every line of it, and what that does not say.

use std::fs::File;
use std::path::Path;

use sealog_core::json::Value;
use sealog_core::tlog::vkey::VerifierKey;
use sealog_ledger::keys::fingerprint;
use sealog_ledger::verify::{Level, PinnedBy, Request, VerifiedExtract, verify_extract_as_asked};

use super::show::{entries, head, key, row};
use crate::context::Context;
use crate::error::Error;
use crate::output::{number, object};
use crate::{exit, findings};

/// Verifies an extract and shows how it went; returns the exit status.
pub(super) fn verify(path: &Path, request: &Request, context: &mut Context) -> Result<u8, Error> {
    let io = |source| Error::Io {
        action: "read",
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(io)?;
    let by = request.pinned_by();
    match verify_extract_as_asked(file, request, &mut |_| {}) {
        Ok((extract, level)) => shown(path, &extract, level, by, context).map(|()| exit::HOLDS),
        Err(error @ sealog_ledger::Error::Extract { .. }) => failed(path, &error, context),
        Err(error) => Err(error.into()),
    }
}

fn shown(
    path: &Path,
    extract: &VerifiedExtract,
    level: Level,
    by: PinnedBy,
    context: &mut Context,
) -> Result<(), Error> {
    let checkpoint = extract.checkpoint();
    let signer = checkpoint.log_keys().first();
    let query = String::from_utf8(extract.query().to_canonical()).unwrap_or_default();
    if context.json() {
        return context.out.json(&object([
            ("entries", number(extract.entries())),
            ("exit", u32::from(exit::HOLDS).into()),
            ("file", path.display().to_string().into()),
            ("findings", Value::Array(Vec::new())),
            ("fingerprint", signer.map(fingerprint).into()),
            ("key", signer.map(VerifierKey::to_string).into()),
            ("level", level.id().into()),
            ("origin", checkpoint.origin().into()),
            ("pinned_by", by.id().into()),
            ("query", extract.query().clone()),
            ("reason", "holds".into()),
            ("root", checkpoint.root().to_hex().into()),
            ("size", number(checkpoint.size())),
        ]));
    }
    head(&path.display().to_string(), exit::HOLDS, "holds", context)?;
    row("log", checkpoint.origin(), context)?;
    let place = format!(
        "{} of the log's {}",
        entries(extract.entries()),
        checkpoint.size()
    );
    row("holds", &place, context)?;
    row("root", &checkpoint.root().to_hex(), context)?;
    key(signer.map(VerifierKey::to_string).as_deref(), by, context)?;
    row(
        "query",
        &format!("{query}, by the word of whoever wrote the extract"),
        context,
    )?;
    let level = match level {
        Level::Witnessed => "witnessed: the policy's witnesses cosigned the checkpoint",
        _ => "self: only the operator's own key vouches for the checkpoint",
    };
    row("level", level, context)?;
    row(
        "limit",
        "it does not show that nothing is left out, or that a record is true",
        context,
    )
}

fn failed(path: &Path, error: &sealog_ledger::Error, context: &mut Context) -> Result<u8, Error> {
    let status = exit::of_kind(error.kind());
    if context.json() {
        let found = error.findings().iter().map(findings::to_value).collect();
        context.out.json(&object([
            ("exit", u32::from(status).into()),
            ("file", path.display().to_string().into()),
            ("findings", Value::Array(found)),
            ("level", Level::None.id().into()),
            ("line", line_of(error).map_or(Value::Null, number)),
            ("reason", error.code().into()),
        ]))?;
        return Ok(status);
    }
    head(&path.display().to_string(), status, error.code(), context)?;
    if let Some(line) = line_of(error) {
        row("line", &line.to_string(), context)?;
    }
    for finding in error.findings() {
        findings::print(finding, context)?;
    }
    Ok(status)
}

const fn line_of(error: &sealog_ledger::Error) -> Option<u64> {
    match error {
        sealog_ledger::Error::Extract { line, .. } => Some(*line),
        _ => None,
    }
}
