//! The report on an evidence package.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use sealog_core::json::Value;
use sealog_core::time::Timestamp;
use sealog_core::tlog::vkey::VerifierKey;
use sealog_ledger::evidence::Scope;
use sealog_ledger::verify::{self as verifier, Level, PackageFacts, PinnedBy, Request};

use super::show::{entries, head, key, row};
use crate::context::Context;
use crate::error::Error;
use crate::findings;

/// How a package begins.
const MAGIC: &[u8] = b"PK\x03\x04";

/// Whether a file claims to be a package.
pub(super) fn is_claimed(path: &Path) -> Result<bool, Error> {
    use std::io::Read;
    let mut begin = Vec::new();
    let file = open(path)?;
    file.take(4).read_to_end(&mut begin).map_err(io(path))?;
    Ok(begin == MAGIC)
}

/// The origin that a package claims.
pub(super) fn origin(path: &Path) -> Option<String> {
    verifier::package_origin(open(path).ok()?)
}

/// Verifies a package and shows how it went; returns the exit status.
pub(super) fn verify(path: &Path, request: &Request, context: &mut Context) -> Result<u8, Error> {
    let by = request.pinned_by();
    let input = BufReader::new(open(path)?);
    let report = verifier::verify_package(input, request);
    let name = path.display().to_string();
    if context.json() {
        let mut json = report.to_json();
        if let Value::Object(object) = &mut json {
            object.insert("file", name);
        }
        context.out.json(&json)?;
        return Ok(report.exit());
    }
    head(&name, report.exit(), report.reason(), context)?;
    if let Some(facts) = report.facts() {
        shown(facts, report.level(), by, context)?;
    }
    for finding in report.findings() {
        findings::print(finding, context)?;
    }
    Ok(report.exit())
}

fn shown(
    facts: &PackageFacts,
    level: Level,
    by: PinnedBy,
    context: &mut Context,
) -> Result<(), Error> {
    let checkpoint = &facts.checkpoint;
    row("log", checkpoint.origin(), context)?;
    let place = format!(
        "{} of the log's {}",
        entries(facts.entries),
        checkpoint.size()
    );
    row("holds", &place, context)?;
    row("root", &checkpoint.root().to_hex(), context)?;
    let signer = checkpoint.log_keys().first();
    key(signer.map(VerifierKey::to_string).as_deref(), by, context)?;
    let query = String::from_utf8(facts.query.to_canonical()).unwrap_or_default();
    row("query", &query, context)?;
    let complete = match &facts.scope {
        Scope::Log => format!("the whole log, up to entry {}, or its period", facts.covers),
        Scope::Stream { .. } => format!(
            "the whole stream, as the log committed to it at entry {}, or its period",
            facts.covers
        ),
        _ => "not shown: of a selection nobody can tell what was left out".into(),
    };
    let of = if facts.sample.is_some() {
        "a sample of "
    } else {
        ""
    };
    row("complete", &format!("{of}{complete}"), context)?;
    if let Some(sample) = &facts.sample {
        let sample = String::from_utf8(sample.to_canonical()).unwrap_or_default();
        row("sample", &sample, context)?;
        row(
            "",
            "the counts are of all that it was drawn from, by the exporter's word",
            context,
        )?;
    }
    if facts.disposed > 0 {
        let disposed = format!("{} of these, by the log's own rules", facts.disposed);
        row("disposed", &disposed, context)?;
    }
    beside(facts, context)?;
    for (code, number) in &facts.notes {
        row(
            "note",
            &format!("{number} x {code}: {}", code.meaning()),
            context,
        )?;
    }
    let level = match level {
        Level::Witnessed => {
            "witnessed: the policy's witnesses saw this log up to the package's records"
        }
        Level::Remembered => "remembered: it extends what you kept from before",
        _ => "self: only the operator's own key vouches for the log",
    };
    row("level", level, context)?;
    row(
        "limit",
        "it does not show that a record is true, or who signed it for an actor",
        context,
    )
}

/// What stands beside the entries, as far as there is any.
fn beside(facts: &PackageFacts, context: &mut Context) -> Result<(), Error> {
    let number = |of: &Value, name: &str| of.member(name).and_then(Value::as_u64).unwrap_or(0);
    let rows = [
        (
            "payloads",
            &facts.payloads,
            "files",
            "left_out",
            "in it",
            "named and not in it",
        ),
        (
            "values",
            &facts.commitments,
            "opened",
            "closed",
            "opened",
            "stay closed",
        ),
        (
            "anchors",
            &facts.anchors,
            "held",
            "left_out",
            "in it",
            "older ones not in it",
        ),
    ];
    for (name, of, held, left, here, elsewhere) in rows {
        let (held, left) = (number(of, held), number(of, left));
        if held + left > 0 {
            row(name, &format!("{held} {here}, {left} {elsewhere}"), context)?;
        }
    }
    if let Some(exporter) = &facts.exporter {
        let signed = format!("{}, by the key {}", exporter.actor, exporter.fingerprint);
        row("exporter", &signed, context)?;
    }
    if let Some(witnessed) = &facts.witnessed {
        let time = witnessed.existed_by.map(Timestamp::format_micros);
        let seen = format!(
            "up to {} entries; the package's records existed by {}",
            witnessed.size,
            time.as_deref().unwrap_or("no time that a calendar has")
        );
        row("witnessed", &seen, context)?;
    }
    Ok(())
}

fn open(path: &Path) -> Result<File, Error> {
    File::open(path).map_err(io(path))
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    |source| Error::Io {
        action: "read",
        path: path.to_owned(),
        source,
    }
}
