//! `sealog export`: an extract as JSON Lines, each entry with its proof; or a table.

mod evidence;

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sealog_ledger::keys::{LOG_KEY_FILE, secrets_of};
use sealog_ledger::{Access, ExportProgress, Exported, Ledger, NewFile, Query};

use super::filter::Filter;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{complain, count, number, object};

/// Arguments of `export`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The first line holds the signed checkpoint, each other line an entry, its index and its proof of
inclusion (docs/formats/export.md). Each line is proven; that none is left out is not.
A table (--format csv) is for spreadsheets and proves nothing: its index column names the entry,
whose receipt `sealog receipt get INDEX` gives.
Where the log's key is at hand an epoch is sealed first, so that streams show how far they go.")]
pub struct Args {
    #[command(flatten)]
    filter: Filter,
    /// Write to this file [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// What to write: lines with proofs, or a table; with --kind it has a column for each member of the body
    #[arg(long, value_enum, default_value_t = Form::Jsonl, conflicts_with_all = ["evidence", "checkpoint_only"])]
    format: Form,
    #[command(flatten)]
    package: evidence::PackageArgs,
}

/// What an export is written as.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Form {
    /// An extract: each entry with its proof
    Jsonl,
    /// A table for spreadsheets, without proofs
    Csv,
}

impl Form {
    fn write(
        self,
        ledger: &Ledger,
        query: &Query,
        out: &mut dyn Write,
        progress: &mut dyn FnMut(ExportProgress),
    ) -> Result<Exported, sealog_ledger::Error> {
        match self {
            Self::Jsonl => ledger.export_jsonl(query, out, progress),
            Self::Csv => ledger.export_csv(query, out, progress),
        }
    }
}

/// Exports.
pub fn export(args: &Args, context: &mut Context) -> Result<u8, Error> {
    let query = args.filter.query(1)?;
    if let Some(done) = args.package.run(&query, context) {
        return done;
    }
    seal_first(context)?;
    let ledger = context.open(Access::Read)?;
    let Some(out) = &args.out else {
        let mut sink = Sink {
            context,
            failed: None,
        };
        let exported = args.format.write(&ledger, &query, &mut sink, &mut |_| {});
        // What standard output itself failed with says more than that a write failed.
        return match (sink.failed, exported) {
            (Some(error), _) => Err(error),
            (None, exported) => exported.map(|_| exit::HOLDS).map_err(Into::into),
        };
    };
    let path = context.settings.environment().directory().join(out);
    let exported = to_file(&ledger, args.format, &query, &path, context)?;
    if context.json() {
        context.out.json(&object([
            ("disposed", number(exported.disposed)),
            ("entries", number(exported.entries)),
            ("file", path.display().to_string().into()),
            ("size", number(exported.size)),
        ]))?;
    } else {
        let entries = count(exported.entries, "entry", "entries");
        complain(&format!(
            "{entries} of {} exported to {}",
            exported.size,
            path.display()
        ));
        if exported.disposed > 0 {
            complain(&format!(
                "{} of the log were disposed of",
                exported.disposed
            ));
        }
    }
    Ok(exit::HOLDS)
}

/// Seals an epoch where this machine can and entries came since the last.
fn seal_first(context: &Context) -> Result<(), Error> {
    let path = context.ledger_path(None)?;
    let secrets = context
        .settings
        .path("secrets")
        .unwrap_or_else(|| secrets_of(&path));
    if !secrets.join(LOG_KEY_FILE).exists() {
        return Ok(());
    }
    let ledger = context.open(Access::Append)?;
    if !ledger.is_sealed() {
        ledger.seal_epoch()?;
    }
    Ok(ledger.close()?)
}

fn to_file(
    ledger: &Ledger,
    form: Form,
    query: &Query,
    path: &Path,
    context: &Context,
) -> Result<Exported, Error> {
    let mut out = BufWriter::new(NewFile::begin(path)?);
    let bar = context.progress(0)?;
    let exported = form.write(ledger, query, &mut out, &mut |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    });
    bar.finish_and_clear();
    let exported = exported?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error);
    let file = file.map_err(evidence::io(path))?;
    file.finish()?;
    Ok(exported)
}

/// Standard output as a writer; a closed pipe swallows the rest.
struct Sink<'a> {
    context: &'a mut Context,
    failed: Option<Error>,
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Err(error) = self.context.out.bytes(bytes) {
            self.failed = Some(error);
            return Err(io::ErrorKind::Other.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
