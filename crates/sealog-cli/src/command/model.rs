//! `sealog model`: what a model directory is, and whether it may be loaded.

pub mod scan;

use crate::context::Context;
use crate::error::Error;

/// Commands over model directories.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Say whether loading it could run code: clean, suspicious, malicious or undecided
    Scan(scan::Args),
}

/// Runs one of them.
pub fn model(command: Command, context: &mut Context) -> Result<u8, Error> {
    match command {
        Command::Scan(args) => scan::scan(&args, context),
    }
}
