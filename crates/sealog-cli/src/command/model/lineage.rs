//! `sealog model lineage`: the way of a model through a ledger, from its data to its decisions, and what is missing.

use sealog_ledger::Access;
use sealog_ledger::lineage::{Lineage, Link};
use sealog_ledger::verify::{self as verifier, Report};

use super::super::verify::{PinArgs, pinned_request};
use super::envelope::digest_argument;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{Tone, count, number, object, plain};

/// Columns before what is said of a step.
const LEAD: usize = 14;

/// Arguments of `lineage`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 the ledger verifies, every link is there and nothing speaks against the model; 1 the
ledger is refuted, or something does; 2 a link is missing, or it could not be decided.

The ledger is verified first, and the answer stands on every entry below the verified size.
The key: --key, else SEALOG_KEY, else this user's known_logs.")]
pub struct Args {
    /// Digest of the model, as `sealog model digest` prints it
    #[arg(value_name = "SHA256")]
    digest: String,
    #[command(flatten)]
    pins: PinArgs,
}

/// Follows a model.
pub(super) fn lineage(args: &Args, context: &mut Context) -> Result<u8, Error> {
    let digest = digest_argument("SHA256", &args.digest)?;
    let path = context.ledger_path(None)?;
    if !path.exists() {
        return Err(Error::Absent { path });
    }
    let request = pinned_request(&args.pins, &path, context)?;
    let bar = context.progress(0)?;
    let report = verifier::verify_ledger(&path, &request, &mut |progress| {
        bar.set_length(progress.bytes_total);
        bar.set_position(progress.bytes);
    });
    bar.finish_and_clear();
    let root = match report.root() {
        Some(root) if report.exit() == exit::HOLDS => root,
        _ => return not_verified(&report, context),
    };
    let ledger = context.open(Access::Read)?;
    let lineage = ledger.lineage(digest, report.size(), root)?;
    if context.json() {
        context.out.json(&lineage.to_json())?;
    } else {
        people(&lineage, &root.to_hex(), context)?;
    }
    Ok(lineage.exit())
}

/// Nothing is said about the model on the word of a ledger that does not verify.
fn not_verified(report: &Report, context: &mut Context) -> Result<u8, Error> {
    // A report that holds has a root; should one ever not, nothing was shown.
    let status = match report.exit() {
        exit::HOLDS => exit::UNDECIDED,
        status => status,
    };
    if context.json() {
        let members = [
            ("exit", number(status.into())),
            ("reason", report.reason().into()),
            ("size", number(report.size())),
        ];
        context.out.json(&object(members))?;
        return Ok(status);
    }
    let (tone, word) = verdict(status);
    let word = context.out.paint(tone, word);
    let reason = report.reason();
    let text =
        format!("{word}: the ledger does not verify ({reason}), so nothing is said of the model");
    context.out.line(&text)?;
    context
        .out
        .line("what to do: `sealog verify` says what is wrong with the ledger")?;
    Ok(status)
}

const fn verdict(status: u8) -> (Tone, &'static str) {
    match status {
        exit::HOLDS => (Tone::Good, "COMPLETE"),
        exit::REFUTED => (Tone::Bad, "REFUTED"),
        _ => (Tone::Open, "INCOMPLETE"),
    }
}

fn people(lineage: &Lineage, root: &str, context: &mut Context) -> Result<(), Error> {
    let (tone, word) = verdict(lineage.exit());
    let word = context.out.paint(tone, word);
    let reason = match lineage.exit() {
        exit::HOLDS => String::new(),
        _ => format!("  ({})", lineage.reason()),
    };
    let digest = lineage.digest();
    context
        .out
        .line(&format!("sha256:{digest}: {word}{reason}"))?;
    let entries = count(lineage.size(), "entry", "entries");
    let as_of = format!("as of {entries}, verified to the root {root}");
    context.out.wrapped("", 0, &as_of)?;
    if lineage.disposed() > 0 {
        let gone = count(lineage.disposed(), "entry", "entries");
        context
            .out
            .line(&format!("{gone} of them were disposed of"))?;
    }
    context.out.line("")?;
    for link in lineage.links() {
        step(link, context)?;
    }
    Ok(())
}

fn step(link: &Link, context: &mut Context) -> Result<(), Error> {
    let mut lead = format!("{:<LEAD$}", link.step.word());
    let mut say = |text: &str, context: &mut Context| {
        context.out.wrapped(&lead, LEAD, text)?;
        lead = " ".repeat(LEAD);
        Ok::<(), Error>(())
    };
    for fact in &link.facts {
        say(
            &plain(&format!("entry {}  {}", fact.index, fact.text)),
            context,
        )?;
    }
    if link.more > 0 {
        let more = count(link.more, "entry", "entries");
        say(&format!("and {more} more"), context)?;
    }
    for why in &link.missing {
        let word = context.out.paint(Tone::Open, "missing");
        say(&format!("{word}: {}", plain(why)), context)?;
    }
    for why in &link.against {
        let word = context.out.paint(Tone::Bad, "against");
        say(&format!("{word}: {}", plain(why)), context)?;
    }
    Ok(())
}
