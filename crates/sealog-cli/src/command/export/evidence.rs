//! `sealog export --evidence`: one file for somebody who is to check entries without the ledger.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sealog_core::limits::PROOF_FILE_BYTES_MAX;
use sealog_core::values::Encoder;
use sealog_ledger::evidence::{
    Asked, EvidenceOptions, Exporter, HandedOver, Opening, Sample, Scope,
};
use sealog_ledger::{Access, NewFile, Query, RevealAccess, keys};

use crate::command::verify;
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{complain, count, number, object};

/// Bytes of a file whose content is opened, at most: what is longer than a few of them is committed to by its digest.
const OPENED_FILE_BYTES_MAX: usize = 256 * 1024 * 1024;

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
    /// Add the payload files that the entries name, as they are stored
    #[arg(long, requires = "evidence")]
    payloads: bool,
    /// Open a commitment: the file holds the bytes that `record --commit` took; whoever has the package sees them
    #[arg(long, value_name = "RECORD_ID/FIELD=FILE", requires = "evidence")]
    open: Vec<String>,
    /// Open a commitment to another value: the file holds its encoding (docs/formats/values.md)
    #[arg(long, value_name = "RECORD_ID/FIELD=FILE", requires = "evidence")]
    open_encoded: Vec<String>,
    /// Open a sealed payload by its name, as `reveal RECORD` lists it: the log says first that it was looked at
    #[arg(long, value_name = "RECORD_ID=NAME", requires = "evidence")]
    open_sealed: Vec<String>,
    /// Sign as an actor too, by an id that `key trust --actor` made known and the key in --signing-key
    #[arg(long, value_name = "KEY_ID", requires_all = ["evidence", "signing_key"])]
    signed_by: Option<String>,
    /// File with the actor's private key
    #[arg(long, value_name = "FILE", requires = "signed_by")]
    signing_key: Option<PathBuf>,
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
        let mut options = self.options(context)?;
        let sealed = self.sealed()?;
        let asked = Asked {
            by: self.by.clone().unwrap_or_default(),
            recipient: self.recipient.clone(),
        };
        let path = context.settings.environment().directory().join(out);
        let ledger = context.open(Access::Append)?;
        if !sealed.is_empty() {
            let access = RevealAccess {
                actor_id: asked.by.clone(),
                auth_method: None,
                purpose: None,
            };
            let openings = ledger.openings_of_sealed(&sealed, &access)?;
            options.openings.extend(openings);
        }
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
        let directory = context.settings.environment().directory().to_owned();
        let previous = match &self.previous {
            None => None,
            Some(path) => {
                let path = directory.join(path);
                let bytes = verify::read(&path, PROOF_FILE_BYTES_MAX)?;
                Some(String::from_utf8(bytes).map_err(|_| Error::Argument {
                    argument: "--previous",
                    problem: format!("{} is no checkpoint", path.display()),
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
            payloads: self.payloads,
            openings: self.openings(&directory)?,
            exporter: self.exporter(&directory)?,
        })
    }

    fn openings(&self, directory: &Path) -> Result<Vec<Opening>, Error> {
        let plain = self.open.iter().map(|text| (text, false));
        let encoded = self.open_encoded.iter().map(|text| (text, true));
        plain
            .chain(encoded)
            .map(|(text, encoded)| opening(text, encoded, directory))
            .collect()
    }

    /// Records and names of the sealed payloads that are to be opened.
    fn sealed(&self) -> Result<Vec<(String, String)>, Error> {
        let pair = |text: &String| {
            let pair = text.split_once('=').ok_or_else(|| Error::Argument {
                argument: "--open-sealed",
                problem: "expected RECORD_ID=NAME".into(),
            })?;
            Ok((pair.0.to_owned(), pair.1.to_owned()))
        };
        self.open_sealed.iter().map(pair).collect()
    }

    fn exporter(&self, directory: &Path) -> Result<Option<Exporter>, Error> {
        let Some((actor, file)) = self.signed_by.as_ref().zip(self.signing_key.as_ref()) else {
            return Ok(None);
        };
        let signer = keys::read_log_key(&directory.join(file))?;
        Ok(Some(Exporter {
            actor: actor.clone(),
            signer: Arc::new(signer),
        }))
    }
}

/// A commitment that is named, with the value in its file.
fn opening(text: &str, is_encoded: bool, directory: &Path) -> Result<Opening, Error> {
    let refused = |problem: String| Error::Argument {
        argument: if is_encoded {
            "--open-encoded"
        } else {
            "--open"
        },
        problem,
    };
    let expected =
        || refused("expected RECORD_ID/FIELD=FILE, FIELD a JSON Pointer in the body".into());
    let (place, file) = text.split_once('=').ok_or_else(expected)?;
    let (record_id, _) = place.split_once('/').ok_or_else(expected)?;
    let field = place.strip_prefix(record_id).unwrap_or_default();
    let content = verify::read(&directory.join(file), OPENED_FILE_BYTES_MAX)?;
    let value = if is_encoded {
        content
    } else {
        let mut encoder = Encoder::new();
        let value = encoder.bytes(&content).and_then(|()| encoder.finish());
        value.map_err(|error| refused(error.to_string()))?
    };
    let value = String::from_utf8(value).map_err(|_| {
        refused(format!(
            "{file} holds no encoding of a value, which is text"
        ))
    })?;
    Ok(Opening {
        record_id: record_id.into(),
        field: field.into(),
        value,
    })
}

fn checkpoint(out: &Path, context: &mut Context) -> Result<u8, Error> {
    let path = context.settings.environment().directory().join(out);
    let mut file = NewFile::begin(&path)?;
    let ledger = context.open(Access::Append)?;
    if !ledger.is_sealed() {
        ledger.seal_epoch()?;
    }
    let note = ledger.checkpoint()?;
    let size = ledger.size();
    ledger.close()?;
    file.write_all(note.as_bytes()).map_err(io(&path))?;
    file.finish()?;
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
            ("anchors", number(made.anchors)),
            ("commitments_closed", number(made.closed)),
            ("commitments_opened", number(made.opened)),
            ("digest", format!("sha256:{digest}").into()),
            ("disposed", number(made.disposed)),
            ("entries", number(made.entries)),
            ("file", path.display().to_string().into()),
            ("payloads", number(made.payloads)),
            ("payloads_left_out", number(made.payloads_left_out)),
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
    if made.payloads + made.payloads_left_out > 0 {
        complain(&format!(
            "payload files: {} in it, {} named and not in it",
            made.payloads, made.payloads_left_out
        ));
    }
    if made.opened + made.closed > 0 {
        complain(&format!(
            "commitments: {} opened, {} stay closed",
            made.opened, made.closed
        ));
    }
    complain(&format!("sha256 {digest}"));
    Ok(())
}

pub(super) fn io(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    |source| Error::Io {
        action: "write",
        path: path.to_owned(),
        source,
    }
}
