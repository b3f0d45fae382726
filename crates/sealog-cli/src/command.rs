//! The commands, one file for each group.

pub mod shell;

use crate::cli::Command;
use crate::context::Context;
use crate::error::Error;

/// Runs a command and returns its exit status.
pub fn dispatch(command: Command, context: &mut Context) -> Result<u8, Error> {
    match command {
        Command::Completions(args) => shell::completions(&args, context),
        Command::Man(args) => shell::man(&args, context),
    }
}
