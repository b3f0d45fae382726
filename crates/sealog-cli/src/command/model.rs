//! `sealog model`: what a model directory is, who vouches for it, and whether it may be loaded.

pub mod bill;
mod child;
mod envelope;
mod expected;
mod fetch;
mod files;
mod gate;
pub mod inspect;
mod key;
mod lineage;
mod manifest;
mod password;
mod report;
pub mod scan;
mod sign;
mod source;
mod verify;

use std::path::PathBuf;

use source::{Held, Origin};

use crate::context::Context;
use crate::error::Error;

/// Commands over models.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print the digest that names a model
    Digest(manifest::DigestArgs),
    /// Write the manifest of a model, unsigned
    Manifest(manifest::ManifestArgs),
    /// Show how two manifests differ, or a model and its manifest
    Diff(manifest::DiffArgs),
    /// Write the manifest of a model and sign it
    Sign(sign::Args),
    /// Verify that a model is what its manifest says, and who vouches for it
    Verify(Box<verify::Args>),
    /// Keys that sign models: make, trust
    #[command(subcommand)]
    Key(key::Command),
    /// Read type, tensors, signature and metadata without loading anything
    Inspect(inspect::Args),
    /// Print what it is as a bill of materials, in the ML-BOM form of `CycloneDX` 1.6
    Sbom(bill::SbomArgs),
    /// Print an in-toto statement with SLSA provenance over its files, unsigned
    Attest(bill::AttestArgs),
    /// Run a command on a private copy of a model, only if it is signed, unchanged and clean
    Gate(Box<gate::Args>),
    /// Say whether loading it could run code: clean, suspicious, malicious or undecided
    Scan(scan::Args),
    /// Fetch a model from a hub or an `MLflow` server, checked before it appears
    Fetch(fetch::FetchArgs),
    /// Hold a model against what a hub lists, without a download
    Compare(fetch::CompareArgs),
    /// Follow a model through a ledger, from its data to its decisions, and name every missing link
    Lineage(lineage::Args),
}

/// The models among the arguments of a command, each a path or a name of one that lies elsewhere.
fn models(command: &mut Command) -> Vec<&mut PathBuf> {
    match command {
        Command::Digest(args) => vec![&mut args.model],
        Command::Manifest(args) => vec![&mut args.statement.model],
        Command::Sign(args) => vec![&mut args.statement.model],
        Command::Verify(args) => vec![&mut args.envelope.model],
        Command::Gate(args) => vec![&mut args.envelope.model],
        Command::Inspect(args) => vec![&mut args.path],
        Command::Sbom(args) => vec![&mut args.path],
        Command::Attest(args) => vec![&mut args.path],
        Command::Scan(args) => args.paths.iter_mut().collect(),
        Command::Diff(_)
        | Command::Key(_)
        | Command::Fetch(_)
        | Command::Compare(_)
        | Command::Lineage(_) => Vec::new(),
    }
}

/// What is signed of a model from elsewhere, unless its user says otherwise: the name and the state that it had there.
fn state_origin(command: &mut Command, origin: &Origin) {
    let statement = match command {
        Command::Manifest(args) => &mut args.statement,
        Command::Sign(args) => &mut args.statement,
        _ => return,
    };
    statement.name.get_or_insert_with(|| origin.name.clone());
    if statement.version == manifest::UNSTATED {
        statement.version.clone_from(&origin.version);
    }
}

/// Fetches the models that lie elsewhere; they are there until the result is dropped.
fn hold(command: &mut Command, context: &mut Context) -> Result<Vec<Held>, Error> {
    let foreign = match &*command {
        Command::Scan(args) => args.report.takes_output() || args.paths.len() > 1,
        Command::Verify(args) => args.report.takes_output(),
        Command::Gate(args) => args.report.takes_output(),
        Command::Sbom(_) | Command::Attest(_) => true,
        _ => false,
    };
    let mut held = Vec::new();
    let mut origins = Vec::new();
    for model in models(command) {
        if let Some((place, origin)) = source::hold(model, context)? {
            source::tell(&origin, foreign, context)?;
            held.push(place);
            origins.push(origin);
        }
    }
    for origin in &origins {
        state_origin(command, origin);
    }
    Ok(held)
}

/// Runs one of them.
pub fn model(mut command: Command, context: &mut Context) -> Result<u8, Error> {
    // Dropped, and so removed, only when the command has ended.
    let _held = hold(&mut command, context)?;
    match command {
        Command::Digest(args) => manifest::digest(&args, context),
        Command::Manifest(args) => manifest::manifest(&args, context),
        Command::Diff(args) => manifest::diff(&args, context),
        Command::Sign(args) => sign::sign(&args, context),
        Command::Verify(args) => verify::verify(&args, context),
        Command::Key(command) => key::key(command, context),
        Command::Inspect(args) => inspect::inspect(&args, context),
        Command::Sbom(args) => bill::print_sbom(&args, context),
        Command::Attest(args) => bill::print_statement(&args, context),
        Command::Gate(args) => gate::gate(&args, context),
        Command::Scan(args) => scan::scan(&args, context),
        Command::Fetch(args) => fetch::fetch(&args, context),
        Command::Compare(args) => fetch::compare(&args, context),
        Command::Lineage(args) => lineage::lineage(&args, context),
    }
}
