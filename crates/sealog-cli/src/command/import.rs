//! `sealog import`: logs of older systems and their documents about models, verified under their own rules and then
//! adopted.

mod model;
mod pins;

use std::path::PathBuf;

use sealog_ledger::Access;
use sealog_ledger::import::{Adopted, Adoption, Findings, Format, Source, SourceVerdict};

use self::model::ModelArgs;
use self::pins::PinArgs;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::older;
use crate::output::{complain, count, plain};

/// Positions that are shown of one finding, at most.
const POSITIONS_SHOWN: usize = 5;

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The source is verified whole before anything is added: every hash and signature, not only those
that its own tool looks at. One that does not hold is refused (1), one that cannot be decided too
(2), for example without its key; --accept-findings adopts either, with the findings on record. What
is adopted says `imported` and keeps the original bytes (docs/import.md).")]
pub struct Args {
    /// The file: an evidence ZIP, receipts or events as JSON Lines, a database, a manifest or hash file of a model, or
    /// a directory in which one of the last two lies
    file: PathBuf,
    /// Its format: ai-audit-trail, decision-provenance, llm-audit-trail, hashtraceai, mlsecops-integrity or auto
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    from: String,
    /// The AI system that its records are about
    #[arg(long, value_name = "ID", required_unless_present = "check")]
    system: Option<String>,
    #[command(flatten)]
    pins: PinArgs,
    #[command(flatten)]
    model: ModelArgs,
    /// Adopt it although it does not hold, with the findings on record
    #[arg(long)]
    accept_findings: bool,
    /// Only verify it and say what was found
    #[arg(long, conflicts_with_all = ["accept_findings", "system"])]
    check: bool,
}

/// Imports.
pub fn import(args: &Args, context: &mut Context) -> Result<u8, Error> {
    let format = match &*args.from {
        "auto" => None,
        id => Some(Format::from_id(id).ok_or_else(|| Error::Argument {
            argument: "--from",
            problem: format!("it is {} or auto", formats()),
        })?),
    };
    let mut source = open(args, format, context)?;
    let holds = source.verdict() == SourceVerdict::Holds || args.accept_findings;
    let (Some(system_id), true) = (args.system.clone(), holds) else {
        show(&source, None, context)?;
        if !args.check && !context.json() {
            complain(
                "nothing was adopted; --accept-findings adopts it with these findings on record",
            );
        }
        return Ok(status(source.verdict()));
    };
    let how = Adoption {
        system_id,
        accept_findings: args.accept_findings,
    };
    let ledger = context.open(Access::Append)?;
    let adopted = ledger.adopt(&mut source, &how);
    ledger.close()?;
    show(&source, Some(&adopted?), context)?;
    Ok(exit::HOLDS)
}

/// Reads and verifies the source.
fn open(args: &Args, format: Option<Format>, context: &Context) -> Result<Source, Error> {
    let path = context.settings.environment().directory().join(&args.file);
    if let Some((document, form)) = older::find(&path, format)? {
        return args.model.open(document, form, &args.pins, context);
    }
    let source = Source::open(&path, format, args.pins.read(context)?)?;
    args.model.refuse_unused(&source)?;
    Ok(source)
}

const fn status(verdict: SourceVerdict) -> u8 {
    match verdict {
        SourceVerdict::Holds => exit::HOLDS,
        SourceVerdict::Refuted => exit::REFUTED,
        SourceVerdict::Undecided => exit::UNDECIDED,
    }
}

/// The formats, as a sentence lists them.
fn formats() -> String {
    let ids: Vec<&str> = Format::ALL.iter().map(|format| format.id()).collect();
    ids.join(", ")
}

fn show(source: &Source, adopted: Option<&Adopted>, context: &mut Context) -> Result<(), Error> {
    if context.json() {
        return context.out.json(&source.to_json(adopted)?);
    }
    let records = if source.format().is_of_models() {
        count(source.records(), "file", "files")
    } else {
        count(source.records(), "record", "records")
    };
    let version = source.version().unwrap_or_default();
    let version = plain(&version).into_owned();
    let head = format!("{} {version}", source.format().id());
    let verdict = source.verdict().id();
    let line = format!("{}: {records}, {verdict}", head.trim());
    context.out.line(&line)?;
    context
        .out
        .line(&format!("sha256 {}", source.digest().to_hex()))?;
    for (weakness, times) in source.findings().counts() {
        let id = weakness.id();
        let text = format!(
            "{}{}",
            weakness.meaning(),
            places(source.findings(), id, times)
        );
        context
            .out
            .wrapped(&format!("  {id}  "), id.len() + 4, &text)?;
    }
    if let Some(adopted) = adopted {
        let records = count(adopted.records, "record", "records");
        let line = format!(
            "{records} adopted as import {}, from entry {} on",
            adopted.import_id, adopted.index
        );
        context.out.line(&line)?;
        if adopted.before > 0 {
            let before = count(adopted.before, "record", "records");
            complain(&format!(
                "{before} of this file had been adopted by an earlier import"
            ));
        }
    }
    Ok(())
}

/// Where a finding stands, or what it is in particular: the first ones, and how many there are.
fn places(findings: &Findings, id: &str, times: u64) -> String {
    let of_id = || {
        let kept = findings.kept().iter();
        kept.filter(|finding| finding.weakness.id() == id)
    };
    let details = of_id().filter_map(|finding| finding.detail.as_deref());
    let details = details.map(|detail| plain(detail).into_owned());
    let details: Vec<String> = details.take(POSITIONS_SHOWN).collect();
    let shown = of_id().filter_map(|finding| finding.position.map(|at| at.to_string()));
    let shown: Vec<String> = shown.take(POSITIONS_SHOWN).collect();
    let is_all = |shown: &[String]| u64::try_from(shown.len()).ok() == Some(times);
    match (details.is_empty(), shown.is_empty(), times) {
        (false, _, _) if is_all(&details) => format!(": {}", details.join("; ")),
        (false, _, _) => format!(" ({times} times): {}; ...", details.join("; ")),
        (_, true, 1) => String::new(),
        (_, true, _) => format!(" ({times} times)"),
        _ if is_all(&shown) => format!(" (record {})", shown.join(", ")),
        _ => format!(" ({times} times, first in record {})", shown.join(", ")),
    }
}
