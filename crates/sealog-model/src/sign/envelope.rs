//! An envelope: the files that vouch for a model, told apart by their content, and held against what the caller trusts.

use std::path::{Path, PathBuf};

use sealog_core::Hash;
use sealog_core::json::Value;
use sealog_core::time::Timestamp;

use super::hashtrace::{Era, HashTrace, is_hashtrace_claimed};
use super::triple::{METADATA_FILE, Triple, hashed_file, is_triple_claimed};
use super::{
    CertificateRoots, OpenPgpKeys, SigstoreSigner, TrustedRoot, Vouched, is_oms_claimed,
    is_openpgp_claimed, pin_statement, verify_oms, verify_oms_certificate, verify_oms_sigstore,
    verify_statement, verify_statement_openpgp,
};
use crate::Error;
use crate::digest::{Algorithm, DigestOptions};
use crate::document::{inside, read, signature_path};
use crate::keys::PublicKey;
use crate::manifest::{ClosedSet, Statement};
use crate::walk::{ModelPath, WalkOptions};

/// What the caller trusts. It comes from elsewhere than the model.
#[derive(Debug, Clone)]
pub enum Pin {
    /// Nothing: the answer can be that something differs, or that nobody vouches.
    Nothing,
    /// A key.
    Key(PublicKey),
    /// Roots of certificates, and when a chain has to be valid.
    Roots {
        /// The roots.
        roots: CertificateRoots,
        /// Now, or an earlier time at which the caller knows the signature to have been there.
        at: Timestamp,
    },
    /// A Sigstore, and who has to have signed.
    Sigstore {
        /// Its authorities and logs.
        root: TrustedRoot,
        /// Whom they have to name.
        signer: SigstoreSigner,
    },
    /// The digest of the model.
    Digest(Hash),
    /// OpenPGP keys.
    OpenPgp(OpenPgpKeys),
}

/// How a model is walked where nobody's signature says it.
#[derive(Debug, Clone)]
pub struct Walks {
    /// Of a manifest of our own that a digest vouches for.
    pub own: WalkOptions,
    /// Of the formats of older tools, which leave nothing out by themselves. What it leaves out is left out beside an
    /// OMS bundle too, if that is of a release that did not record it.
    pub older: WalkOptions,
}

/// A manifest or bundle that was read, with the places of what belongs to it. Nothing is verified yet.
#[derive(Debug)]
pub struct Envelope {
    model: PathBuf,
    manifest: PathBuf,
    text: Vec<u8>,
    /// As it was named; else it is looked for beside the manifest.
    signature: Option<PathBuf>,
    /// Where it is looked for.
    beside: PathBuf,
    own: Vec<ModelPath>,
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

impl Envelope {
    /// Reads the manifest, bundle or hash file of a model. Without a signature's path it is looked for beside it.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Limit`].
    pub fn read(
        model: PathBuf,
        manifest: PathBuf,
        signature: Option<PathBuf>,
    ) -> Result<Self, Error> {
        let text = read(&manifest)?;
        let form = Form::of(&text);
        let signed = match form {
            Form::Triple => hashed_file(&text, &model)?,
            Form::Own | Form::Oms | Form::HashTrace => manifest.clone(),
        };
        let beside = signature_path(&signed);
        let mut about = vec![
            manifest.clone(),
            signature.clone().unwrap_or_else(|| beside.clone()),
        ];
        if form == Form::Triple {
            about.push(metadata_path(&manifest));
        }
        let own = about.iter().filter_map(|path| inside(&model, path));
        Ok(Self {
            own: own.collect(),
            model,
            manifest,
            text,
            signature,
            beside,
            form,
        })
    }

    /// Where the model is.
    pub fn model(&self) -> &Path {
        &self.model
    }

    /// The manifest or bundle, as it stands in its file.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// What lies in the model and is about it.
    pub fn own(&self) -> &[ModelPath] {
        &self.own
    }

    /// Who vouches for what stands in the text.
    ///
    /// # Errors
    /// [`Error::Unsigned`] where nobody does. An older tool's model is read for that, and what differs is said first.
    pub fn vouch(&self, pin: &Pin, walks: &Walks) -> Result<Vouched, Error> {
        if matches!(pin, Pin::Roots { .. }) && self.form != Form::Oms {
            return Err(Error::Pin {
                why: "roots of certificates vouch for OMS bundles alone, and this is none",
            });
        }
        if matches!(pin, Pin::Sigstore { .. }) && self.form != Form::Oms {
            return Err(Error::Pin {
                why: "a trusted root and an identity vouch for OMS bundles alone, and this is none",
            });
        }
        match self.form {
            Form::Own => self.vouch_own(pin, walks.own.clone()),
            Form::Oms => {
                let vouched = match pin {
                    Pin::Key(key) => verify_oms(&self.text, key),
                    Pin::Roots { roots, at } => verify_oms_certificate(&self.text, roots, *at),
                    Pin::Sigstore { root, signer } => verify_oms_sigstore(&self.text, root, signer),
                    Pin::Nothing | Pin::Digest(_) | Pin::OpenPgp(_) => Err(Error::Pin {
                        why: "an OMS bundle is verified by a key, a root or an identity that you bring",
                    }),
                };
                Ok(vouched?.ignoring(&walks.older.ignore))
            }
            Form::HashTrace => self.vouch_hashtrace(pin, walks.older.clone()),
            Form::Triple => self.vouch_triple(pin, walks.older.clone()),
        }
    }

    /// The same for whoever reads the model anyway: where nobody vouches for it, what differs is said, which is worse.
    pub fn vouch_or_compare(&self, pin: &Pin, walks: &Walks) -> Result<Vouched, Error> {
        match self.vouch(pin, walks) {
            Err(error @ Error::Unsigned { .. }) if self.form == Form::Own => {
                let set = Statement::parse(&self.text)?.closed_set();
                set.check(&self.model, &self.own, &options())?;
                Err(error)
            }
            vouched => vouched,
        }
    }

    /// Where the signature is, if one is named or lies there.
    fn signature(&self) -> Option<PathBuf> {
        let beside = || Some(self.beside.clone()).filter(|path| path.exists());
        self.signature.clone().or_else(beside)
    }

    fn vouch_own(&self, pin: &Pin, walk: WalkOptions) -> Result<Vouched, Error> {
        match (pin, self.signature()) {
            (Pin::Key(key), Some(signature)) => {
                let signature = read(&signature)?;
                if is_openpgp_claimed(&signature) {
                    return Err(OTHER_KEYS);
                }
                verify_statement(&self.text, &signature, key)
            }
            (Pin::OpenPgp(keys), Some(signature)) => {
                verify_statement_openpgp(&self.text, &read(&signature)?, keys)
            }
            (Pin::Digest(digest), _) => pin_statement(&self.text, Some(*digest), walk),
            (
                Pin::Key(_)
                | Pin::Roots { .. }
                | Pin::Sigstore { .. }
                | Pin::OpenPgp(_)
                | Pin::Nothing,
                _,
            ) => pin_statement(&self.text, None, walk),
        }
    }

    fn vouch_hashtrace(&self, pin: &Pin, walk: WalkOptions) -> Result<Vouched, Error> {
        let parsed = HashTrace::parse(&self.text, walk)?;
        let key = match pin {
            Pin::Key(key) => key,
            Pin::Digest(digest) => return Ok(parsed.pin(*digest)),
            Pin::OpenPgp(_) => {
                return Err(Error::Pin {
                    why: "a manifest of HashTraceAI is not signed by OpenPGP",
                });
            }
            Pin::Roots { .. } | Pin::Sigstore { .. } | Pin::Nothing => {
                return Err(self.unsigned(parsed.closed_set()));
            }
        };
        let signature = match parsed.era() {
            // Its signature stands in it. Whoever names another has to hear that there is none.
            Era::C => self.signature.clone(),
            Era::A | Era::B => self.signature(),
        };
        if signature.is_none() && parsed.era() == Era::A {
            return Err(self.unsigned(parsed.closed_set()));
        }
        let signature = signature.map(|path| read(&path)).transpose()?;
        parsed.verify(&self.text, signature.as_deref(), key)
    }

    fn vouch_triple(&self, pin: &Pin, walk: WalkOptions) -> Result<Vouched, Error> {
        if let Pin::Key(_) = pin {
            return Err(OTHER_KEYS);
        }
        let metadata = read(&metadata_path(&self.manifest))?;
        let held = Triple::parse(&self.text, &metadata)?.hold(&self.model, walk)?;
        match (pin, self.signature()) {
            (Pin::Digest(digest), _) => Ok(held.pin(*digest)),
            (Pin::OpenPgp(keys), Some(signature)) => held.verify_openpgp(&read(&signature)?, keys),
            (
                Pin::Key(_)
                | Pin::Roots { .. }
                | Pin::Sigstore { .. }
                | Pin::OpenPgp(_)
                | Pin::Nothing,
                _,
            ) => Err(self.unsigned(held.closed_set())),
        }
    }

    /// Nobody vouches for a set: what differs is still said, and is worse than that nobody does.
    fn unsigned(&self, set: &ClosedSet) -> Error {
        match set.check(&self.model, &self.own, &options()) {
            Ok((found, _)) => Error::Unsigned {
                model_digest: found.model_digest().to_hex(),
            },
            Err(error) => error,
        }
    }
}

pub(super) const OTHER_KEYS: Error = Error::Pin {
    why: "an OpenPGP signature is verified by a keyring that you bring, not by a key of another kind",
};

/// Where the metadata of a hash file lie.
pub fn metadata_path(hash: &Path) -> PathBuf {
    hash.with_file_name(METADATA_FILE)
}

pub(super) fn options() -> DigestOptions<'static> {
    DigestOptions::new(&[Algorithm::Sha256])
}
