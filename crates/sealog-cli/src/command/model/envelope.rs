//! What vouches for a model, as `verify` and `gate` are told: the model, its manifest or bundle, and what is trusted.

use std::path::PathBuf;

use sealog_core::Hash;
use sealog_core::time::Timestamp;
use sealog_ledger::{Clock, SystemClock};
use sealog_model::keys::{PublicKey, TrustedKeys};
use sealog_model::sign::{
    CertificateRoots, Envelope, OpenPgpKeys, Pin, SigstoreSigner, TrustedRoot, Uncovered, Walks,
};

use super::files::{WalkArgs, place};
use super::key::trusted_file;
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
    /// The exported OpenPGP keys that you trust, for a signature made by gpg
    #[arg(long, value_name = "FILE", group = "pin")]
    openpgp_keyring: Option<PathBuf>,
    /// Of the keyring, trust this key or subkey alone: all 40 or 64 digits
    // Where one of a group is given, clap no longer demands another of it: what the fingerprint is not for conflicts.
    #[arg(
        long,
        value_name = "HEX",
        requires = "openpgp_keyring",
        conflicts_with_all = ["key", "trusted", "manifest_digest", "root", "trusted_root"]
    )]
    fingerprint: Option<String>,
    /// Accept the manifest without a signature if its digest is this one
    #[arg(long, value_name = "SHA256", group = "pin")]
    manifest_digest: Option<String>,
    /// Accept an OMS bundle whose certificate leads to a root in this PEM file, or is in it; may be repeated
    #[arg(long, value_name = "FILE", group = "pin")]
    root: Vec<PathBuf>,
    /// With --root: when the certificates have to be valid, RFC 3339 in UTC [default: now]
    // As with the fingerprint: what the time is not for conflicts.
    #[arg(
        long,
        value_name = "TIME",
        requires = "root",
        conflicts_with_all = ["key", "trusted", "openpgp_keyring", "manifest_digest", "trusted_root"]
    )]
    verification_time: Option<String>,
    /// Accept an OMS bundle of the Sigstore whose `trusted_root.json` this is, by --identity; it is never fetched
    #[arg(
        long,
        value_name = "FILE",
        group = "pin",
        requires_all = ["identity", "identity_provider"]
    )]
    trusted_root: Option<PathBuf>,
    /// With --trusted-root: who has to have signed, an e-mail address or URI, compared byte by byte
    #[arg(
        long,
        value_name = "IDENTITY",
        requires = "trusted_root",
        conflicts_with_all = ["key", "trusted", "openpgp_keyring", "manifest_digest", "root"]
    )]
    identity: Option<String>,
    /// With --trusted-root: the URL of the provider that has to know the identity
    #[arg(
        long,
        value_name = "URL",
        requires = "trusted_root",
        conflicts_with_all = ["key", "trusted", "openpgp_keyring", "manifest_digest", "root"]
    )]
    identity_provider: Option<String>,
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

impl EnvelopeArgs {
    /// Reads the envelope. Nothing is verified yet.
    pub(super) fn read(&self, context: &Context) -> Result<Envelope, Error> {
        let signature = self.signature.as_ref();
        let envelope = Envelope::read(
            place(&self.model, context),
            place(&self.manifest, context),
            signature.map(|path| place(path, context)),
        );
        Ok(envelope?)
    }

    /// What vouches, as its user named it.
    pub(super) fn named(&self) -> String {
        self.manifest.to_string_lossy().into_owned()
    }

    /// What its user trusts.
    pub(super) fn pin(&self, context: &Context) -> Result<Pin, Error> {
        if let Some(path) = &self.key {
            return Ok(Pin::Key(PublicKey::read(&place(path, context))?));
        }
        if let Some(name) = &self.trusted {
            let keys = TrustedKeys::read(&trusted_file(context)?)?;
            return Ok(Pin::Key(keys.find(name)?.key.clone()));
        }
        if let Some(path) = &self.openpgp_keyring {
            let (ring, fingerprint) = (place(path, context), self.fingerprint.as_deref());
            let keys = OpenPgpKeys::read(&ring, fingerprint, SystemClock.now())?;
            return Ok(Pin::OpenPgp(keys));
        }
        if !self.root.is_empty() {
            let paths: Vec<PathBuf> = self.root.iter().map(|path| place(path, context)).collect();
            let roots = CertificateRoots::read(&paths)?;
            let at = self.verification_time()?;
            return Ok(Pin::Roots { roots, at });
        }
        if let Some(path) = &self.trusted_root {
            // That all three are there, the declaration above sees to; a signer is never empty.
            let identity = self.identity.as_deref().unwrap_or_default();
            let provider = self.identity_provider.as_deref().unwrap_or_default();
            return Ok(Pin::Sigstore {
                signer: SigstoreSigner::new(identity, provider)?,
                root: TrustedRoot::read(&place(path, context))?,
            });
        }
        let pinned = self.manifest_digest.as_deref();
        let pinned = pinned.map(|text| digest_argument("--manifest-digest", text));
        Ok(pinned.transpose()?.map_or(Pin::Nothing, Pin::Digest))
    }

    fn verification_time(&self) -> Result<Timestamp, Error> {
        let Some(text) = &self.verification_time else {
            return Ok(SystemClock.now());
        };
        Timestamp::parse(text.as_bytes()).map_err(|error| Error::Argument {
            argument: "--verification-time",
            problem: error.to_string(),
        })
    }

    pub(super) fn walks(&self) -> Result<Walks, Error> {
        Ok(Walks {
            own: self.walk.options()?,
            older: self.walk.named()?,
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

/// A digest that an argument states, with or without `sha256:` before it.
pub(super) fn digest_argument(argument: &'static str, text: &str) -> Result<Hash, Error> {
    let hex = text.strip_prefix("sha256:").unwrap_or(text);
    Hash::from_hex(hex).ok_or_else(|| Error::Argument {
        argument,
        problem: "it is not 64 lowercase hex digits".into(),
    })
}
