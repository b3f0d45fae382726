//! `sealog checkpoint`: the newest signed tree head. Kept elsewhere, it is what a later `verify --against` needs to
//! notice a deleted tail, a restored backup or a second history. Cosigned by witnesses and imported, it bounds the time
//! in which entries were written.

use std::path::{Path, PathBuf};

use sealog_core::limits::NOTE_BYTES_MAX;
use sealog_ledger::Access;

use super::read::write_out;
use super::verify::{read, read_policy};
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{number, object, plain};

/// Arguments of `checkpoint`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    /// Write it to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Commands over checkpoints.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Bring a checkpoint that witnesses cosigned into the log
    Import {
        /// The cosigned note
        #[arg(value_name = "FILE")]
        note: PathBuf,
        /// Policy file with the witnesses and the quorum that has to be met
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
}

/// Prints the newest checkpoint, or runs one of the commands.
pub fn checkpoint(args: &Args, context: &mut Context) -> Result<u8, Error> {
    if let Some(Command::Import { note, policy }) = &args.command {
        return import(note, policy.as_deref(), context);
    }
    let ledger = context.open(Access::Read)?;
    let note = ledger.checkpoint()?;
    if context.json() && args.out.is_none() {
        context.out.json(&object([
            ("checkpoint", note.into()),
            ("origin", ledger.origin().into()),
            ("size", number(ledger.size())),
        ]))?;
    } else {
        write_out(&note, args.out.as_ref(), context)?;
    }
    Ok(exit::HOLDS)
}

fn import(note: &Path, policy: Option<&Path>, context: &mut Context) -> Result<u8, Error> {
    let directory = context.settings.environment().directory().to_owned();
    let policy = policy.map(|path| directory.join(path));
    let policy = policy.or_else(|| context.settings.path("policy"));
    let policy = policy.ok_or_else(|| Error::Argument {
        argument: "--policy",
        problem: "a policy has to say which witnesses count, and how many it takes".into(),
    })?;
    let policy = read_policy(&policy)?;
    let note = read(&directory.join(note), NOTE_BYTES_MAX)?;
    let ledger = context.open(Access::Append)?;
    let anchored = ledger.import_checkpoint(&note, &policy)?;
    ledger.close()?;
    let (index, size) = (anchored.appended.index(), anchored.size);
    let time = anchored.existed_by.format_micros();
    if context.json() {
        context.out.json(&object([
            ("anchor", anchored.name.into()),
            ("existed_by", time.into()),
            ("index", number(index)),
            ("size", number(size)),
        ]))?;
        return Ok(exit::HOLDS);
    }
    let line = format!("recorded at {index}: size {size} existed by {time}");
    context.out.line(&plain(&line))?;
    Ok(exit::HOLDS)
}
