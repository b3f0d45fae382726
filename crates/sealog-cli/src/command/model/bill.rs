//! `sealog model sbom` and `sealog model attest`: an inspection in the forms that other tools take.

use std::path::{Path, PathBuf};

use sealog_ledger::{Clock, SystemClock};
use sealog_model::inspect::{
    Answer, AttestOptions, Digests, Inspection, Report, SbomOptions, sbom, statement,
};

use super::inspect::read;
use crate::context::Context;
use crate::error::Error;
use crate::exit;

/// Arguments of `model sbom`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 written; 2 a file is malformed, or not there. Files of no known kind are listed with their digest.")]
pub struct SbomArgs {
    /// A file, or a directory of which every file is listed
    #[arg(value_name = "PATH")]
    pub(super) path: PathBuf,
    /// Name of the model [default: the name of PATH]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Version of the model
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
}

/// Arguments of `model attest`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The statement is not signed. Exit status: 0 written; 2 a file is malformed, or not there.")]
pub struct AttestArgs {
    /// A file, or a directory of which every file is a subject
    #[arg(value_name = "PATH")]
    pub(super) path: PathBuf,
    /// Who built the model
    #[arg(long, value_name = "URI")]
    builder: String,
    /// How it was built: where that is described
    #[arg(long, value_name = "URI")]
    build_type: String,
    /// When the build was finished, in RFC 3339
    #[arg(long, value_name = "TIME")]
    finished: Option<String>,
}

/// Prints a bill of materials.
pub fn print_sbom(args: &SbomArgs, context: &mut Context) -> Result<u8, Error> {
    let report = sound(&args.path, context)?;
    let own = args
        .path
        .canonicalize()
        .unwrap_or_else(|_| args.path.clone());
    let own = own
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let time = SystemClock.now().format_micros();
    let options = SbomOptions {
        name: args.name.as_deref().or(own.as_deref()).unwrap_or("model"),
        version: args.version.as_deref(),
        time: &time,
        tool: env!("CARGO_PKG_VERSION"),
    };
    context.out.json(&sbom(&report, &options))?;
    Ok(exit::HOLDS)
}

/// Prints a statement.
pub fn print_statement(args: &AttestArgs, context: &mut Context) -> Result<u8, Error> {
    for (argument, uri) in [
        ("--builder", &args.builder),
        ("--build-type", &args.build_type),
    ] {
        if !uri.contains(':') {
            let problem = "is no URI".to_owned();
            return Err(Error::Argument { argument, problem });
        }
    }
    let report = sound(&args.path, context)?;
    let options = AttestOptions {
        builder: &args.builder,
        build_type: &args.build_type,
        finished: args.finished.as_deref(),
    };
    context.out.json(&statement(&report, &options))?;
    Ok(exit::HOLDS)
}

/// A report in which no file is malformed, with digests.
fn sound(path: &Path, context: &Context) -> Result<Report, Error> {
    let report = read(path, Digests::Sha256, context)?;
    let malformed = |file: &&Inspection| file.answer() == Answer::Malformed;
    match report.files().iter().find(malformed) {
        Some(file) => Err(Error::Argument {
            argument: "PATH",
            problem: format!("{} is malformed; see `sealog model inspect`", file.path()),
        }),
        None => Ok(report),
    }
}
