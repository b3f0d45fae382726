//! What is brought for a manifest or hash file of a model: the model, a signature, and keys of the kinds that sign one.

use std::path::{Path, PathBuf};

use sealog_ledger::import::Source;
use sealog_ledger::{Clock, SystemClock};
use sealog_model::keys::PublicKey;
use sealog_model::sign::{OlderAsked, OlderForm, OpenPgpKeys, Pin};
use sealog_model::walk::{IgnoreRules, WalkOptions};

use super::pins::PinArgs;
use crate::context::Context;
use crate::error::Error;
use crate::older::{self, OlderModel};

/// Arguments of `import` that are about models.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Manifests and hash files of models")]
pub(super) struct ModelArgs {
    /// The model that it is about [default: its directory, if a file of the model is there]
    #[arg(long, value_name = "PATH")]
    model: Option<PathBuf>,
    /// Its signature [default: beside what it signs, with .sig behind the name]
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// The exported OpenPGP keys that you trust, for model.pkl.sig
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    openpgp_keyring: Option<PathBuf>,
    /// Of the keyring, trust this key or subkey alone: all 40 or 64 digits
    #[arg(long, value_name = "HEX", requires = "openpgp_keyring")]
    fingerprint: Option<String>,
    /// Leave out this path of the model and all below it; it is counted
    #[arg(long, value_name = "PATH")]
    ignore: Vec<String>,
    /// Name under which the model is registered, where the document has none
    #[arg(long, value_name = "ID")]
    model_id: Option<String>,
    /// Version of the model, where the document has none
    #[arg(long, value_name = "VERSION")]
    model_version: Option<String>,
}

impl ModelArgs {
    /// Examines the document.
    pub(super) fn open(
        &self,
        document: PathBuf,
        form: OlderForm,
        pins: &PinArgs,
        context: &Context,
    ) -> Result<Source, Error> {
        let place = |path: &Path| context.settings.environment().directory().join(path);
        let mut ignore = IgnoreRules::none();
        for path in &self.ignore {
            ignore.add(path).map_err(|reason| Error::Argument {
                argument: "--ignore",
                problem: format!("{path}: {reason}"),
            })?;
        }
        let pin = match (pins.model_key(), &self.openpgp_keyring) {
            (Some(key), _) => Pin::Key(PublicKey::read(&place(key))?),
            (None, Some(ring)) => {
                let (ring, fingerprint) = (place(ring), self.fingerprint.as_deref());
                Pin::OpenPgp(OpenPgpKeys::read(&ring, fingerprint, SystemClock.now())?)
            }
            (None, None) => Pin::Nothing,
        };
        let source = older::source(&OlderModel {
            asked: OlderAsked {
                document,
                form,
                signature: self.signature.as_deref().map(place),
                model: self.model.as_deref().map(place),
                walk: WalkOptions {
                    ignore,
                    ..WalkOptions::default()
                },
            },
            pin,
            name: self.model_id.clone(),
            version: self.model_version.clone(),
        })?;
        pins.read_beside_key(context)?
            .refuse_unused(source.format())?;
        Ok(source)
    }

    /// Refuses what is brought for a model where there is none: an answer must not pass over it.
    pub(super) fn refuse_unused(&self, source: &Source) -> Result<(), Error> {
        let brought = [
            (self.model.is_some(), "--model"),
            (self.signature.is_some(), "--signature"),
            (self.openpgp_keyring.is_some(), "--openpgp-keyring"),
            (!self.ignore.is_empty(), "--ignore"),
            (self.model_id.is_some(), "--model-id"),
            (self.model_version.is_some(), "--model-version"),
        ];
        older::refuse_unused(source, &brought)
    }
}
