//! `sealog model`: what a model directory is, who vouches for it, and whether it may be loaded.

pub mod bill;
mod envelope;
mod files;
mod gate;
pub mod inspect;
mod key;
mod manifest;
pub mod scan;
mod sign;
mod verify;

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
}

/// Runs one of them.
pub fn model(command: Command, context: &mut Context) -> Result<u8, Error> {
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
    }
}
