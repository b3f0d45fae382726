//! What vouches for a model, as `verify` and `gate` are told: the model, its manifest or bundle, and what is trusted.

use std::path::PathBuf;

use sealog_core::Hash;
use sealog_core::json::Value;
use sealog_model::digest::{Algorithm, DigestOptions};
use sealog_model::keys::{PublicKey, TrustedKeys};
use sealog_model::manifest::{ClosedSet, Statement};
use sealog_model::sign::{
    Era, HashTrace, Triple, Uncovered, Vouched, is_hashtrace_claimed, is_oms_claimed,
    is_triple_claimed, pin_statement, verify_oms, verify_statement,
};
use sealog_model::walk::ModelPath;

use super::files::{WalkArgs, inside, place, read};
use super::key::trusted_file;
use super::manifest::{metadata_path, signature_path};
use crate::context::Context;
use crate::error::Error;

/// A model, and what is trusted to vouch for it.
#[derive(Debug, clap::Args)]
pub(super) struct EnvelopeArgs {
    /// The model: a directory or a file
    pub(super) model: PathBuf,
    /// Its manifest, its OMS bundle, or the manifest or hash file of an older tool: which it is, its content tells
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    /// Its signature [default: the manifest's file with .sig behind its whole name]
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// The public key that you trust: PEM
    #[arg(long, value_name = "FILE", group = "pin")]
    key: Option<PathBuf>,
    /// The trusted key of this name: see `sealog model key trust`
    #[arg(long, value_name = "NAME", group = "pin")]
    trusted: Option<String>,
    /// Accept the manifest without a signature if its digest is this one
    #[arg(long, value_name = "SHA256", group = "pin")]
    manifest_digest: Option<String>,
    /// Demand that this name is signed
    #[arg(long)]
    pub(super) name: Option<String>,
    /// Demand that this version is signed
    #[arg(long, id = "model_version", value_name = "VERSION")]
    pub(super) version: Option<String>,
    /// Refuse a model with files under paths that are not covered
    #[arg(long)]
    strict: bool,
    /// With --manifest-digest, and for manifests of older tools: how the model is walked, which those do not say
    #[command(flatten)]
    walk: WalkArgs,
}

/// The same with the envelope's text read. Nothing is verified yet.
pub(super) struct Envelope<'a> {
    args: &'a EnvelopeArgs,
    /// Where the model is.
    pub(super) model: PathBuf,
    /// The manifest or bundle, as it stands in its file.
    pub(super) text: Vec<u8>,
    /// What lies in the model and is about it.
    pub(super) own: Vec<ModelPath>,
    signature: PathBuf,
    form: Form,
}

/// What a text claims to be; that it is, the reading of it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Own,
    Oms,
    HashTrace,
    Triple,
}

impl Form {
    fn of(text: &[u8]) -> Self {
        if is_triple_claimed(text) {
            return Self::Triple;
        }
        match Value::parse(text) {
            Ok(value) if is_oms_claimed(&value) => Self::Oms,
            Ok(value) if is_hashtrace_claimed(&value) => Self::HashTrace,
            _ => Self::Own,
        }
    }
}

impl EnvelopeArgs {
    pub(super) fn read(&self, context: &Context) -> Result<Envelope<'_>, Error> {
        let model = place(&self.model, context);
        let file = place(&self.manifest, context);
        let signature = match &self.signature {
            Some(path) => place(path, context),
            None => signature_path(&file),
        };
        let text = read(&file)?;
        let form = Form::of(&text);
        let mut about = vec![file, signature.clone()];
        if form == Form::Triple {
            about.push(metadata_path(&place(&self.manifest, context)));
        }
        let own = about.iter().filter_map(|path| inside(&model, path));
        Ok(Envelope {
            own: own.collect(),
            text,
            args: self,
            model,
            signature,
            form,
        })
    }

    pub(super) const fn uncovered(&self) -> Uncovered {
        if self.strict {
            Uncovered::Refuse
        } else {
            Uncovered::Report
        }
    }
}

impl Envelope<'_> {
    /// Who vouches for what: by the key that was brought, or by the pinned digest.
    pub(super) fn vouch(&self, context: &Context) -> Result<Vouched, Error> {
        let (args, text) = (self.args, self.text.as_slice());
        let key = match (&args.key, &args.trusted) {
            (Some(path), _) => Some(PublicKey::read(&place(path, context))?),
            (None, Some(name)) => {
                let keys = TrustedKeys::read(&trusted_file(context)?)?;
                Some(keys.find(name)?.key.clone())
            }
            (None, None) => None,
        };
        match self.form {
            Form::Own => {}
            Form::Oms => {
                let key = key.ok_or_else(|| Error::Argument {
                    argument: "--key",
                    problem: "an OMS bundle is verified by a key that you bring".into(),
                })?;
                return Ok(verify_oms(text, &key)?);
            }
            Form::HashTrace => return self.hashtrace(key.as_ref()),
            Form::Triple => return self.triple(key.as_ref(), context),
        }
        let walk = args.walk.options()?;
        if let Some(key) = key {
            if args.signature.is_none() && !self.signature.exists() {
                return Ok(pin_statement(text, None, walk)?);
            }
            return Ok(verify_statement(text, &read(&self.signature)?, &key)?);
        }
        Ok(pin_statement(text, self.pinned()?, walk)?)
    }

    fn pinned(&self) -> Result<Option<Hash>, Error> {
        let pinned = self.args.manifest_digest.as_deref();
        let pinned = pinned.map(|text| digest_argument("--manifest-digest", text));
        pinned.transpose()
    }

    fn hashtrace(&self, key: Option<&PublicKey>) -> Result<Vouched, Error> {
        let parsed = HashTrace::parse(&self.text, self.args.walk.named()?)?;
        let Some(key) = key else {
            return match self.pinned()? {
                Some(pinned) => Ok(parsed.pin(pinned)),
                None => Err(self.unsigned(parsed.closed_set())),
            };
        };
        let named = self.args.signature.is_some();
        let beside = match parsed.era() {
            // Its signature stands in it. Whoever names another has to hear that there is none.
            Era::C => named,
            Era::A | Era::B => named || self.signature.exists(),
        };
        if !beside && parsed.era() == Era::A {
            return Err(self.unsigned(parsed.closed_set()));
        }
        let signature = beside.then(|| read(&self.signature)).transpose()?;
        Ok(parsed.verify(&self.text, signature.as_deref(), key)?)
    }

    fn triple(&self, key: Option<&PublicKey>, context: &Context) -> Result<Vouched, Error> {
        if key.is_some() {
            return Err(Error::Argument {
                argument: "--key",
                problem: "a hash file is not signed by a key of this kind".into(),
            });
        }
        let metadata = read(&metadata_path(&place(&self.args.manifest, context)))?;
        let triple = Triple::parse(&self.text, &metadata)?;
        let held = triple.hold(&self.model, self.args.walk.named()?)?;
        match self.pinned()? {
            Some(pinned) => Ok(held.pin(pinned)),
            None => Err(self.unsigned(held.closed_set())),
        }
    }

    /// Nobody vouches for a set: what differs is still said, and is worse than that nobody does.
    fn unsigned(&self, set: &ClosedSet) -> Error {
        let options = DigestOptions::new(&[Algorithm::Sha256]);
        match set.check(&self.model, &self.own, &options) {
            Ok((found, _)) => sealog_model::Error::Unsigned {
                model_digest: found.model_digest().to_hex(),
            }
            .into(),
            Err(error) => error.into(),
        }
    }

    /// The same of our own manifest, whose digest is known before the model is read: what differs, if anything does.
    pub(super) fn hold_unsigned(&self) -> Result<(), Error> {
        if self.form == Form::Own {
            let set = Statement::parse(&self.text)?.closed_set();
            let options = DigestOptions::new(&[Algorithm::Sha256]);
            set.check(&self.model, &self.own, &options)?;
        }
        Ok(())
    }
}

/// A digest that an argument states, with or without `sha256:` before it.
pub(super) fn digest_argument(argument: &'static str, text: &str) -> Result<Hash, Error> {
    let hex = text.strip_prefix("sha256:").unwrap_or(text);
    Hash::from_hex(hex).ok_or_else(|| Error::Argument {
        argument,
        problem: "it is not 64 lowercase hex digits".into(),
    })
}
