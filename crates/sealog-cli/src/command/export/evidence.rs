//! `sealog export --evidence`: one file for somebody who is to check entries without the ledger.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use sealog_core::limits::PROOF_FILE_BYTES_MAX;
use sealog_ledger::evidence::{Asked, EvidenceOptions, HandedOver, Sample, Scope};
use sealog_ledger::{Access, Query};

use crate::command::verify;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{complain, count, number, object};

/// Flags of an evidence package.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Evidence packages")]
pub(super) struct PackageArgs {
    /// Write an evidence package, a ZIP file (docs/formats/evidence.md), and record that it left
    #[arg(long, value_name = "FILE", conflicts_with = "out", requires = "by")]
    evidence: Option<PathBuf>,
    /// Who asked for the package
    #[arg(long, value_name = "ID", requires = "evidence")]
    by: Option<String>,
    /// For whom it is
    #[arg(long, value_name = "ID", requires = "evidence")]
    recipient: Option<String>,
    /// Stand on the checkpoint of this many entries [default: the newest]
    #[arg(long, value_name = "SIZE", requires = "evidence")]
    at: Option<u64>,
    /// Checkpoint that the recipient holds from before, so that the package extends it
    #[arg(long, value_name = "FILE", requires = "evidence")]
    previous: Option<PathBuf>,
    /// Only a sample of so many entries, drawn by the log's root and a seed
    #[arg(long, value_name = "COUNT", requires = "evidence")]
    sample: Option<u64>,
    /// Seed of the sample: the auditor's, said after they received the checkpoint that --at names
    #[arg(long, value_name = "TEXT", requires = "sample")]
    seed: Option<String>,
    /// Seal an epoch and write the checkpoint alone, for an auditor who is to say a seed
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out", "evidence"])]
    checkpoint_only: Option<PathBuf>,
}

impl PackageArgs {
    /// Does what these flags ask for; `None` where they ask for nothing.
    pub(super) fn run(&self, query: &Query, context: &mut Context) -> Option<Result<u8, Error>> {
        if let Some(out) = &self.checkpoint_only {
            return Some(checkpoint(out, context));
        }
        let out = self.evidence.as_ref()?;
        Some(self.package(query, out, context))
    }

    fn package(&self, query: &Query, out: &Path, context: &mut Context) -> Result<u8, Error> {
        let options = self.options(context)?;
        let asked = Asked {
            by: self.by.clone().unwrap_or_default(),
            recipient: self.recipient.clone(),
        };
        let path = context.settings.environment().directory().join(out);
        let ledger = context.open(Access::Append)?;
        let bar = context.progress(0)?;
        let handed = ledger.hand_over_evidence(&path, query, &options, &asked, &mut |progress| {
            bar.set_length(progress.total);
            bar.set_position(progress.done);
        });
        bar.finish_and_clear();
        ledger.close()?;
        show(&path, &handed?, context)?;
        Ok(exit::HOLDS)
    }

    fn options(&self, context: &Context) -> Result<EvidenceOptions, Error> {
        let directory = context.settings.environment().directory();
        let previous = match &self.previous {
            None => None,
            Some(path) => {
                let path = directory.join(path);
                let bytes = verify::read(&path, PROOF_FILE_BYTES_MAX)?;
                Some(String::from_utf8(bytes).map_err(|_| Error::Input {
                    place: path.display().to_string(),
                    problem: "it is no checkpoint".into(),
                })?)
            }
        };
        Ok(EvidenceOptions {
            at: self.at,
            previous,
            sample: self.sample.map(|count| Sample {
                count,
                seed: self.seed.clone().unwrap_or_default(),
                by_auditor: self.seed.is_some() && self.at.is_some(),
            }),
        })
    }
}

fn checkpoint(out: &Path, context: &mut Context) -> Result<u8, Error> {
    let path = context.settings.environment().directory().join(out);
    let ledger = context.open(Access::Append)?;
    if !ledger.is_sealed() {
        ledger.seal_epoch()?;
    }
    let note = ledger.checkpoint()?;
    let size = ledger.size();
    ledger.close()?;
    let written = File::create_new(&path).and_then(|mut file| {
        file.write_all(note.as_bytes())?;
        file.sync_all()
    });
    written.map_err(io(&path))?;
    if context.json() {
        context.out.json(&object([
            ("file", path.display().to_string().into()),
            ("size", number(size)),
        ]))?;
    } else {
        complain(&format!(
            "{} of {size} entries; with the auditor's seed: sealog export --evidence FILE --by ID --at {size} --sample COUNT --seed TEXT",
            path.display()
        ));
    }
    Ok(exit::HOLDS)
}

fn show(path: &Path, handed: &HandedOver, context: &mut Context) -> Result<(), Error> {
    let (made, digest) = (&handed.evidence, handed.digest.to_hex());
    if context.json() {
        return context.out.json(&object([
            ("digest", format!("sha256:{digest}").into()),
            ("disposed", number(made.disposed)),
            ("entries", number(made.entries)),
            ("file", path.display().to_string().into()),
            ("population", number(made.population)),
            ("scope", made.scope.word().into()),
            ("size", number(made.size)),
        ]));
    }
    let entries = count(made.entries, "entry", "entries");
    complain(&format!("{entries} of {} in {}", made.size, path.display()));
    complain(&match &made.scope {
        Scope::Selection => "a selection: that nothing of it is left out is not shown".to_owned(),
        scope => format!("complete: the whole {}, or its period", scope.word()),
    });
    complain(&format!("sha256 {digest}"));
    Ok(())
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    |source| Error::Io {
        action: "write",
        path: path.to_owned(),
        source,
    }
}
