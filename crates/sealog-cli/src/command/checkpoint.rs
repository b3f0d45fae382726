//! `sealog checkpoint`: the newest signed tree head. Kept elsewhere, it is what a later `verify --against` needs to
//! notice a deleted tail, a restored backup or a second history.

use std::path::PathBuf;

use sealog_ledger::Access;

use super::read::write_out;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{number, object};

/// Arguments of `checkpoint`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write it to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Prints the newest checkpoint.
pub fn checkpoint(args: &Args, context: &mut Context) -> Result<u8, Error> {
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
