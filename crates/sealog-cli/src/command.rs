//! The commands, one file for each group.

pub mod checkpoint;
pub mod config;
pub mod doctor;
pub mod epoch;
pub mod erase;
pub mod export;
mod filter;
pub mod hold;
pub mod import;
pub mod init;
pub mod key;
pub mod label;
pub mod model;
pub mod producers;
pub mod publish;
pub mod read;
pub mod receipt;
pub mod record;
pub mod redact;
pub mod retention;
pub mod reveal;
pub mod search;
pub mod shell;
pub mod stats;
pub mod verify;

use crate::cli::Command;
use crate::context::Context;
use crate::error::Error;

/// Runs a command and returns its exit status.
pub fn dispatch(command: Command, context: &mut Context) -> Result<u8, Error> {
    match command {
        Command::Init(args) => init::init(&args, context),
        Command::Record(args) => record::record(&args, context),
        Command::Log(args) => read::log(&args, context),
        Command::Show(args) => read::show(&args, context),
        Command::Search(args) => search::search(&args, context),
        Command::Stats(args) => stats::stats(&args, context),
        Command::Tail(args) => read::tail(&args, context),
        Command::Verify(args) => verify::verify(&args, context),
        Command::Receipt(command) => receipt::receipt(command, context),
        Command::Checkpoint(args) => checkpoint::checkpoint(&args, context),
        Command::Export(args) => export::export(&args, context),
        Command::Import(args) => import::import(&args, context),
        Command::Publish(args) => publish::publish(&args, context),
        Command::Config(command) => config::config(command, context),
        Command::Label(command) => label::label(command, context),
        Command::Model(command) => model::model(command, context),
        Command::Redact(args) => redact::redact(&args, context),
        Command::Reveal(args) => reveal::reveal(&args, context),
        Command::Erase(args) => erase::erase(&args, context),
        Command::Policy(command) => redact::policy(&command, context),
        Command::Retention(command) => retention::retention(command, context),
        Command::Hold(command) => hold::hold(command, context),
        Command::Key(command) => key::key(command, context),
        Command::Epoch(command) => epoch::epoch(&command, context),
        Command::Producers(args) => producers::producers(&args, context),
        Command::Doctor(args) => doctor::doctor(&args, context),
        Command::Completions(args) => shell::completions(&args, context),
        Command::Man(args) => shell::man(&args, context),
    }
}
