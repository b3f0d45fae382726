//! `sealog epoch`: the points up to which streams and runs are shown to be complete.

use sealog_ledger::Access;

use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{number, object, plain};

/// Commands over epochs.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Seal the state map as of all entries so far
    Seal,
    /// List the epochs, oldest first
    List,
}

/// Runs one of them.
pub fn epoch(command: &Command, context: &mut Context) -> Result<u8, Error> {
    match command {
        Command::Seal => {
            let ledger = context.open(Access::Append)?;
            let appended = ledger.seal_epoch()?;
            ledger.close()?;
            if context.json() {
                context
                    .out
                    .json(&object([("index", number(appended.index()))]))?;
            } else {
                let line = format!("sealed at entry {}, over all before it", appended.index());
                context.out.line(&line)?;
            }
        }
        Command::List => {
            for epoch in context.open(Access::Read)?.epochs()? {
                if context.json() {
                    context.out.json(&object([
                        ("index", number(epoch.index)),
                        ("map_root", epoch.map_root.as_str().into()),
                        ("recorded_at", epoch.recorded_at.as_str().into()),
                    ]))?;
                } else {
                    let (time, root) = (plain(&epoch.recorded_at), plain(&epoch.map_root));
                    context
                        .out
                        .line(&format!("{:>8}  {time}  {root}", epoch.index))?;
                }
            }
        }
    }
    Ok(exit::HOLDS)
}
