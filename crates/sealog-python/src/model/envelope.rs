//! What vouches for a model: its manifest or bundle, and the key or digest that the caller trusts.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use sealog_core::Hash;
use sealog_core::json::Value;
use sealog_ledger::keys::user_config_dir;
use sealog_model::Error;
use sealog_model::keys::{PublicKey, TrustedKeys};
use sealog_model::limits::DOCUMENT_BYTES_MAX;
use sealog_model::sign::{
    SIGNATURE_SUFFIX, Vouched, is_oms_claimed, pin_statement, verify_oms, verify_statement,
};
use sealog_model::walk::{ModelPath, WalkOptions};

use super::asked::Asked;
use crate::error::format_error;

/// How a text that is a key, and no path of one, begins.
const PEM: &str = "-----BEGIN";
/// The file of trusted keys in this user's configuration, as the command line calls it.
const TRUSTED_FILE: &str = "trusted_model_keys";

/// What the caller trusts.
enum Pin {
    Nothing,
    Pem(String),
    File(PathBuf),
    Trusted { list: PathBuf, name: String },
    Digest(Hash),
}

/// A model, what vouches for it and what is trusted. Nothing was read yet.
pub(super) struct Envelope {
    pub(super) model: PathBuf,
    manifest: PathBuf,
    signature: Option<PathBuf>,
    pin: Pin,
    walk: WalkOptions,
}

impl Envelope {
    pub(super) fn asked(model: PathBuf, asked: &Asked<'_, '_>) -> PyResult<Self> {
        let manifest = asked.path("manifest")?;
        let missing = || format_error(asked.py(), "manifest", "the path of one is needed");
        Ok(Self {
            model,
            manifest: manifest.ok_or_else(missing)?,
            signature: asked.path("signature")?,
            pin: pin(asked)?,
            walk: asked.walk()?,
        })
    }

    fn signature(&self) -> PathBuf {
        let beside = || beside(&self.manifest);
        self.signature.clone().unwrap_or_else(beside)
    }

    /// What lies in the model and is about it.
    pub(super) fn own(&self) -> Vec<ModelPath> {
        let files = [self.manifest.clone(), self.signature()];
        let inside = files.iter().filter_map(|file| inside(&self.model, file));
        inside.collect()
    }

    /// The manifest or bundle, as it stands in its file.
    pub(super) fn text(&self) -> Result<Vec<u8>, Error> {
        read(&self.manifest)
    }

    /// Who vouches for what stands in the text.
    pub(super) fn vouch(&self, text: &[u8]) -> Result<Vouched, Error> {
        let key = self.key()?;
        if Value::parse(text).is_ok_and(|value| is_oms_claimed(&value)) {
            let key = key.ok_or_else(|| Error::Malformed {
                what: "the key",
                why: "none was given, and an OMS bundle is verified by a key that you bring".into(),
            })?;
            return verify_oms(text, &key);
        }
        let signature = self.signature();
        match key {
            Some(key) if self.signature.is_some() || signature.exists() => {
                verify_statement(text, &read(&signature)?, &key)
            }
            Some(_) => pin_statement(text, None, self.walk.clone()),
            None => pin_statement(text, self.digest(), self.walk.clone()),
        }
    }

    fn key(&self) -> Result<Option<PublicKey>, Error> {
        Ok(match &self.pin {
            Pin::Pem(text) => {
                let bad = || Error::Malformed {
                    what: "the key",
                    why: "it is no public key in PEM that signs models".into(),
                };
                Some(PublicKey::from_pem(text).ok_or_else(bad)?)
            }
            Pin::File(path) => Some(PublicKey::read(path)?),
            Pin::Trusted { list, name } => Some(TrustedKeys::read(list)?.find(name)?.key.clone()),
            Pin::Digest(_) | Pin::Nothing => None,
        })
    }

    const fn digest(&self) -> Option<Hash> {
        match self.pin {
            Pin::Digest(digest) => Some(digest),
            _ => None,
        }
    }
}

fn pin(asked: &Asked<'_, '_>) -> PyResult<Pin> {
    let key = asked.path("key")?;
    let trusted = asked.text("trusted")?;
    let digest = asked.digest("manifest_digest")?;
    match (key, trusted, digest) {
        (None, None, None) => Ok(Pin::Nothing),
        (Some(key), None, None) => Ok(match key.to_str() {
            Some(text) if text.starts_with(PEM) => Pin::Pem(text.to_owned()),
            _ => Pin::File(key),
        }),
        (None, Some(name), None) => {
            let directory = asked.path("config_dir")?.or_else(user_config_dir);
            let missing = || format_error(asked.py(), "config_dir", "there is none");
            let list = directory.ok_or_else(missing)?.join(TRUSTED_FILE);
            Ok(Pin::Trusted { list, name })
        }
        (None, None, Some(digest)) => Ok(Pin::Digest(digest)),
        _ => {
            let why = "only one of key, trusted and manifest_digest can be given";
            Err(format_error(asked.py(), "key", why))
        }
    }
}

/// Where the signature of a manifest lies.
pub(super) fn beside(manifest: &Path) -> PathBuf {
    let mut name = manifest.file_name().unwrap_or_default().to_os_string();
    name.push(SIGNATURE_SUFFIX);
    manifest.with_file_name(name)
}

/// Where a file lies in a model, if it does.
pub(super) fn inside(model: &Path, file: &Path) -> Option<ModelPath> {
    let model = fs::canonicalize(model).ok()?;
    let parent = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let directory = fs::canonicalize(parent.unwrap_or(Path::new("."))).ok()?;
    let relative = directory.join(file.file_name()?);
    ModelPath::parse(relative.strip_prefix(model).ok()?.to_str()?).ok()
}

/// Reads a document about a model, bounded.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::Io {
        doing: "read",
        path: path.to_owned(),
        source,
    };
    let limit = u64::try_from(DOCUMENT_BYTES_MAX).unwrap_or(u64::MAX);
    let mut text = Vec::new();
    let file = File::open(path).map_err(failed)?;
    let read = file.take(limit.saturating_add(1)).read_to_end(&mut text);
    if read.map_err(failed)? > DOCUMENT_BYTES_MAX {
        return Err(Error::Limit {
            what: "bytes of the document",
            limit,
        });
    }
    Ok(text)
}
