//! `sealog completions` and `sealog man`: both from the tree of commands itself.

use std::path::PathBuf;

use clap_complete::Shell;

use crate::cli;
use crate::context::Context;
use crate::error::Error;
use crate::exit;

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// Directory to write the pages into; made if it is not there
    directory: PathBuf,
}

/// Prints the completions of a shell.
pub fn completions(args: &CompletionsArgs, context: &mut Context) -> Result<u8, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli::command(), "sealog", &mut script);
    context.out.bytes(&script)?;
    Ok(exit::HOLDS)
}

/// Writes one page for each command.
pub fn man(args: &ManArgs, context: &mut Context) -> Result<u8, Error> {
    let directory = context
        .settings
        .environment()
        .directory()
        .join(&args.directory);
    let io = |action| {
        let path = directory.clone();
        move |source| Error::Io {
            action,
            path,
            source,
        }
    };
    std::fs::create_dir_all(&directory).map_err(io("make"))?;
    clap_mangen::generate_to(cli::command(), &directory).map_err(io("write pages into"))?;
    Ok(exit::HOLDS)
}
