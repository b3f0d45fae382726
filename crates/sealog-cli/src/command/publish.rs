//! `sealog publish`: the log as tiles that stock clients of transparency logs read.

use std::path::PathBuf;

use sealog_ledger::Access;

use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{count, number, object};

/// Arguments of `publish`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The directory can be served by any web server: `checkpoint` and `tile/...` (C2SP tlog-tiles). Full
tiles never change; the checkpoint is written last. Everything in the entries becomes readable for
whoever can read the directory.")]
pub struct Args {
    /// Directory to publish into; made if it is not there
    directory: PathBuf,
}

/// Publishes.
pub fn publish(args: &Args, context: &mut Context) -> Result<u8, Error> {
    let directory = context
        .settings
        .environment()
        .directory()
        .join(&args.directory);
    let ledger = context.open(Access::Read)?;
    let bar = context.progress(0)?;
    let published = ledger.publish_tiles(&directory, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let published = published?;
    if context.json() {
        context.out.json(&object([
            ("directory", directory.display().to_string().into()),
            ("old_size", number(published.old_size)),
            ("size", number(published.size)),
            ("withdrawn", number(published.withdrawn)),
            ("written", number(published.written)),
        ]))?;
        return Ok(exit::HOLDS);
    }
    let entries = count(published.size, "entry", "entries");
    let tiles = count(published.written, "tile was written", "tiles were written");
    context.out.line(&format!(
        "published {entries}; before: {}; {tiles}",
        published.old_size
    ))?;
    if published.withdrawn > 0 {
        let text = count(published.withdrawn, "bundle is", "bundles are");
        context.out.line(&format!(
            "{text} withheld: they hold entries that were disposed of"
        ))?;
    }
    Ok(exit::HOLDS)
}
