//! `sealog receipt`: of an entry that stands in the log already.

mod page;

use std::path::PathBuf;

use sealog_ledger::Access;

use super::read::{find, write_out};
use super::verify;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{number, object};
use crate::pins::receipt_text;

/// Commands over receipts.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print the receipt of an entry at the newest checkpoint
    Get {
        /// Index of the entry, or its record's id
        #[arg(value_name = "INDEX|RECORD_ID")]
        entry: String,
        /// Write it to this file
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Write a page for people to this file too, which carries the receipt
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
    },
    /// Verify a receipt, offline; the same as `sealog verify FILE`
    Verify(Box<verify::Args>),
}

/// Runs one of them.
pub fn receipt(command: Command, context: &mut Context) -> Result<u8, Error> {
    match command {
        Command::Get { entry, out, html } => {
            let ledger = context.open(Access::Read)?;
            let receipt = ledger.receipt(find(&ledger, &entry)?)?;
            let text = receipt_text(&receipt)?;
            if let Some(file) = html {
                let page =
                    page::of(&receipt, &text).map_err(|finding| sealog_ledger::Error::Damaged {
                        findings: vec![finding],
                    })?;
                write_out(&page, Some(&file), context)?;
                // The page was what was asked for.
                if out.is_none() && !context.json() {
                    return Ok(exit::HOLDS);
                }
            }
            if context.json() && out.is_none() {
                context.out.json(&object([
                    ("index", number(receipt.index())),
                    ("receipt", text.into()),
                ]))?;
            } else {
                write_out(&text, out.as_ref(), context)?;
            }
            Ok(exit::HOLDS)
        }
        Command::Verify(args) => verify::verify_receipt(&args, context),
    }
}
