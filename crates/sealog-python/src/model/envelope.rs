//! What vouches for a model, as a call in Python says it: the files, and the key or digest that the caller trusts.

use std::path::PathBuf;

use pyo3::prelude::*;
use sealog_core::Hash;
use sealog_core::time::Timestamp;
use sealog_ledger::keys::user_config_dir;
use sealog_ledger::{Clock, SystemClock};
use sealog_model::Error;
use sealog_model::keys::{PublicKey, TRUSTED_KEYS_FILE, TrustedKeys};
use sealog_model::sign::{
    CertificateRoots, Envelope, OpenPgpKeys, Pin, SigstoreSigner, TrustedRoot, Walks,
};

use super::asked::Asked;
use crate::error::format_error;

/// How a text that is a key, and no path of one, begins.
pub(crate) const PEM: &str = "-----BEGIN";

/// What the caller names, before any of it is read.
enum Named {
    Nothing,
    Pem(String),
    File(PathBuf),
    Trusted {
        list: PathBuf,
        name: String,
    },
    Roots {
        files: Vec<PathBuf>,
        at: Option<Timestamp>,
    },
    Sigstore {
        root: PathBuf,
        identity: String,
        provider: String,
    },
    Digest(Hash),
    OpenPgp {
        ring: PathBuf,
        fingerprint: Option<String>,
    },
}

/// A model, what vouches for it and what is trusted. Nothing was read yet.
pub(super) struct EnvelopeAsked {
    model: PathBuf,
    manifest: PathBuf,
    signature: Option<PathBuf>,
    named: Named,
    walks: Walks,
}

impl EnvelopeAsked {
    pub(super) fn new(model: PathBuf, asked: &Asked<'_, '_>) -> PyResult<Self> {
        let manifest = asked.path("manifest")?;
        let missing = || format_error(asked.py(), "manifest", "the path of one is needed");
        Ok(Self {
            model,
            manifest: manifest.ok_or_else(missing)?,
            signature: asked.path("signature")?,
            named: named(asked)?,
            walks: asked.walks()?,
        })
    }

    /// Reads the envelope.
    pub(super) fn read(&self) -> Result<Envelope, Error> {
        let (model, manifest) = (self.model.clone(), self.manifest.clone());
        Envelope::read(model, manifest, self.signature.clone())
    }

    /// Reads what is trusted.
    pub(super) fn pin(&self) -> Result<Pin, Error> {
        Ok(match &self.named {
            Named::Nothing => Pin::Nothing,
            Named::Pem(text) => {
                let bad = || Error::Malformed {
                    what: "the key",
                    why: "it is no public key in PEM that signs models".into(),
                };
                Pin::Key(PublicKey::from_pem(text).ok_or_else(bad)?)
            }
            Named::File(path) => Pin::Key(PublicKey::read(path)?),
            Named::Trusted { list, name } => {
                Pin::Key(TrustedKeys::read(list)?.find(name)?.key.clone())
            }
            Named::Roots { files, at } => Pin::Roots {
                roots: CertificateRoots::read(files)?,
                at: at.unwrap_or_else(|| SystemClock.now()),
            },
            Named::Sigstore {
                root,
                identity,
                provider,
            } => Pin::Sigstore {
                signer: SigstoreSigner::new(identity, provider)?,
                root: TrustedRoot::read(root)?,
            },
            Named::Digest(digest) => Pin::Digest(*digest),
            Named::OpenPgp { ring, fingerprint } => {
                let now = SystemClock.now();
                Pin::OpenPgp(OpenPgpKeys::read(ring, fingerprint.as_deref(), now)?)
            }
        })
    }

    pub(super) const fn walks(&self) -> &Walks {
        &self.walks
    }
}

fn named(asked: &Asked<'_, '_>) -> PyResult<Named> {
    let key = asked.path("key")?;
    let trusted = asked.text("trusted")?;
    let digest = asked.digest("manifest_digest")?;
    let roots = asked.paths("roots")?;
    let at = asked.time("verification_time")?;
    if at.is_some() && roots.is_empty() {
        let why = "it is for the certificates under roots, and none are given";
        return Err(format_error(asked.py(), "verification_time", why));
    }
    let roots = (!roots.is_empty()).then_some(roots);
    if let Some(apart) = apart(asked)? {
        return match (key, trusted, digest, roots) {
            (None, None, None, None) => Ok(apart),
            _ => Err(several(asked)),
        };
    }
    match (key, trusted, digest, roots) {
        (None, None, None, None) => Ok(Named::Nothing),
        (None, None, None, Some(files)) => Ok(Named::Roots { files, at }),
        (Some(key), None, None, None) => Ok(match key.to_str() {
            Some(text) if text.starts_with(PEM) => Named::Pem(text.to_owned()),
            _ => Named::File(key),
        }),
        (None, Some(name), None, None) => {
            let directory = asked.path("config_dir")?.or_else(user_config_dir);
            let missing = || format_error(asked.py(), "config_dir", "there is none");
            let list = directory.ok_or_else(missing)?.join(TRUSTED_KEYS_FILE);
            Ok(Named::Trusted { list, name })
        }
        (None, None, Some(digest), None) => Ok(Named::Digest(digest)),
        _ => Err(several(asked)),
    }
}

fn several(asked: &Asked<'_, '_>) -> PyErr {
    let why = "only one of key, trusted, roots, trusted_root, openpgp_keyring and manifest_digest can be given";
    format_error(asked.py(), "key", why)
}

/// What is named in parts of its own: a Sigstore or a keyring, not both.
fn apart(asked: &Asked<'_, '_>) -> PyResult<Option<Named>> {
    match (sigstore(asked)?, openpgp(asked)?) {
        (Some(_), Some(_)) => Err(several(asked)),
        (sigstore, openpgp) => Ok(sigstore.or(openpgp)),
    }
}

/// A keyring, and perhaps which key of it counts.
fn openpgp(asked: &Asked<'_, '_>) -> PyResult<Option<Named>> {
    let fingerprint = asked.text("fingerprint")?;
    let Some(ring) = asked.path("openpgp_keyring")? else {
        let why = "it names a key of openpgp_keyring, which is not given";
        let alone = |_| Err(format_error(asked.py(), "fingerprint", why));
        return fingerprint.map_or(Ok(None), alone);
    };
    Ok(Some(Named::OpenPgp { ring, fingerprint }))
}

/// A Sigstore and who has to have signed: all three, or none.
fn sigstore(asked: &Asked<'_, '_>) -> PyResult<Option<Named>> {
    let root = asked.path("trusted_root")?;
    let identity = asked.text("identity")?;
    match (root, identity, asked.text("identity_provider")?) {
        (None, None, None) => Ok(None),
        (Some(root), Some(identity), Some(provider)) => Ok(Some(Named::Sigstore {
            root,
            identity,
            provider,
        })),
        _ => {
            let why =
                "trusted_root, identity and identity_provider are given together, or none of them";
            Err(format_error(asked.py(), "trusted_root", why))
        }
    }
}
