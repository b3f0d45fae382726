//! What vouches for a model, as `verify` and `gate` are told: the model, its manifest or bundle, and what is trusted.

use std::path::PathBuf;

use sealog_core::Hash;
use sealog_core::json::Value;
use sealog_model::keys::{PublicKey, TrustedKeys};
use sealog_model::sign::{
    Uncovered, Vouched, is_oms_claimed, pin_statement, verify_oms, verify_statement,
};
use sealog_model::walk::ModelPath;

use super::files::{WalkArgs, inside, place, read};
use super::key::trusted_file;
use super::manifest::signature_path;
use crate::context::Context;
use crate::error::Error;

/// A model, and what is trusted to vouch for it.
#[derive(Debug, clap::Args)]
pub(super) struct EnvelopeArgs {
    /// The model: a directory or a file
    pub(super) model: PathBuf,
    /// Its manifest, or its OMS bundle
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
    /// With --manifest-digest: how the model is walked, which a pinned digest does not say
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
}

impl EnvelopeArgs {
    pub(super) fn read(&self, context: &Context) -> Result<Envelope<'_>, Error> {
        let model = place(&self.model, context);
        let file = place(&self.manifest, context);
        let signature = match &self.signature {
            Some(path) => place(path, context),
            None => signature_path(&file),
        };
        let own = [&file, &signature];
        let own = own.into_iter().filter_map(|path| inside(&model, path));
        Ok(Envelope {
            own: own.collect(),
            text: read(&file)?,
            args: self,
            model,
            signature,
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
        let walk = args.walk.options()?;
        let claims = Value::parse(text).is_ok_and(|value| is_oms_claimed(&value));
        if claims {
            let key = key.ok_or_else(|| Error::Argument {
                argument: "--key",
                problem: "an OMS bundle is verified by a key that you bring".into(),
            })?;
            return Ok(verify_oms(text, &key)?);
        }
        if let Some(key) = key {
            if args.signature.is_none() && !self.signature.exists() {
                return Ok(pin_statement(text, None, walk)?);
            }
            return Ok(verify_statement(text, &read(&self.signature)?, &key)?);
        }
        let pinned = args.manifest_digest.as_deref();
        let pinned = pinned.map(|text| digest_argument("--manifest-digest", text));
        Ok(pin_statement(text, pinned.transpose()?, walk)?)
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
