//! Who vouches for a manifest: signatures made and verified, in our own format and in those of other tools.
//!
//! Every verifying function takes the key or digest that its user trusts; a key that lies beside a model is never
//! trusted. A [`VerifiedManifest`] comes out of [`Vouched::check`] alone, and a [`Vouched`] out of a verifying function
//! alone. **What is absent**: fetching keys.

mod envelope;
mod hashtrace;
mod older;
mod oms;
mod openpgp;
mod own;
mod registered;
mod triple;

use std::path::Path;

use sealog_core::Hash;
use sealog_core::json::{Object, Value};
use sealog_core::time::Timestamp;

pub use envelope::{Envelope, Pin, Walks, metadata_path};
pub use hashtrace::{Era, HashTrace, hashtrace_manifest, is_hashtrace_claimed, sign_hashtrace};
pub use older::{
    Examined, OLDER_NAMES_MAX, OlderAsked, OlderFile, OlderForm, OlderProblem, examine_older,
};
pub use oms::{
    CertificateRoots, Names, OmsOptions, SigningChain, SigstoreSigner, TrustedRoot, is_oms_claimed,
    oms_hash, sign_oms, verify_oms, verify_oms_certificate, verify_oms_sigstore,
};
pub use openpgp::{
    OPENPGP_BUILT, OpenPgpKeys, OpenPgpSigned, is_openpgp_claimed, verify_statement_openpgp,
};
pub use own::{pin_statement, sign_statement, verify_statement};
pub use registered::registered_body;
pub use triple::{
    HeldTriple, METADATA_FILE, TRIPLE_MODEL, Triple, is_triple_claimed, mlsecops_triple,
};

use crate::Error;
use crate::digest::{DigestCache, DigestOptions, Taken};
use crate::manifest::{Authorship, ClosedSet, Manifest};
use crate::walk::{FileSet, IgnoreRules, Ignored, ModelPath};

/// By what a manifest is vouched for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Voucher {
    /// A signature by a key that the verifier brought.
    Key {
        /// SHA-256 of the key's `SubjectPublicKeyInfo`, in hex; of an OpenPGP key, its fingerprint in uppercase hex.
        key_id: String,
        /// The scheme.
        scheme: &'static str,
    },
    /// A certificate whose chain led to a root that the verifier brought.
    Certificate {
        /// SHA-256 of its key's `SubjectPublicKeyInfo`, in hex.
        key_id: String,
        /// Whose it is, as RFC 4514 writes names. A chain says so; nobody else does.
        subject: String,
        /// The time at which its chain was held to be valid.
        at: Timestamp,
    },
    /// A short-lived certificate, whose authority and logs stand in a trusted root that the verifier brought.
    Sigstore {
        /// SHA-256 of its key's `SubjectPublicKeyInfo`, in hex.
        key_id: String,
        /// Who signed: the e-mail address or URI that the verifier asked for.
        identity: String,
        /// Who says so: the identity provider that the verifier asked for.
        identity_provider: String,
        /// When the signature was there: a log or a timestamp authority of the root says so.
        at: Timestamp,
        /// Where in the log its entry stands.
        log_index: u64,
    },
    /// A digest that the verifier brought.
    Digest,
}

impl Voucher {
    /// The key that signed, if one did: SHA-256 of its `SubjectPublicKeyInfo`, in hex.
    pub fn key_id(&self) -> Option<&str> {
        match self {
            Self::Key { key_id, .. }
            | Self::Certificate { key_id, .. }
            | Self::Sigstore { key_id, .. } => Some(key_id),
            Self::Digest => None,
        }
    }

    /// In which way it vouches: one word.
    pub const fn scheme(&self) -> &'static str {
        match self {
            Self::Key { scheme, .. } => scheme,
            Self::Certificate { .. } => "oms-certificate",
            Self::Sigstore { .. } => "oms-sigstore",
            Self::Digest => "digest",
        }
    }

    /// Whose certificate it is, as RFC 4514 writes names, where one decides.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Certificate { subject, .. } => Some(subject),
            Self::Key { .. } | Self::Sigstore { .. } | Self::Digest => None,
        }
    }

    /// Who signed and who says so, where an identity decides.
    pub fn identity(&self) -> Option<(&str, &str)> {
        match self {
            Self::Sigstore {
                identity,
                identity_provider,
                ..
            } => Some((identity, identity_provider)),
            Self::Key { .. } | Self::Certificate { .. } | Self::Digest => None,
        }
    }

    /// Where in a transparency log the signature stands, if it does.
    pub const fn log_index(&self) -> Option<u64> {
        match self {
            Self::Sigstore { log_index, .. } => Some(*log_index),
            Self::Key { .. } | Self::Certificate { .. } | Self::Digest => None,
        }
    }

    /// The time at which this was held to be so, where that decides.
    pub const fn verification_time(&self) -> Option<Timestamp> {
        match self {
            Self::Certificate { at, .. } | Self::Sigstore { at, .. } => Some(*at),
            Self::Key { .. } | Self::Digest => None,
        }
    }
}

/// Something that a text of an older format says besides its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Of what: the member's name.
    pub what: &'static str,
    /// What it says.
    pub value: String,
    /// Whether the signature covers it; if not, anybody can have written it.
    pub signed: bool,
}

/// Claims for machines: an array of `{name, signed, value}`.
pub fn claims_json(claims: &[Claim]) -> Value {
    let value = |claim: &Claim| {
        let mut object = Object::new();
        object.insert("name", claim.what);
        object.insert("signed", claim.signed);
        object.insert("value", claim.value.as_str());
        Value::Object(object)
    };
    Value::Array(claims.iter().map(value).collect())
}

/// What `ignored` files mean to whoever asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Uncovered {
    /// They are reported.
    #[default]
    Report,
    /// They refute the model.
    Refuse,
}

/// A closed set of files for which somebody vouches. No directory has been read yet.
#[derive(Debug, Clone)]
pub struct Vouched {
    set: ClosedSet,
    voucher: Voucher,
    authorship: Option<Authorship>,
    notes: Vec<String>,
    claims: Vec<Claim>,
    /// The digest that the model has to have besides, where that is all that vouches for it.
    pinned: Option<Hash>,
}

impl Vouched {
    const fn new(set: ClosedSet, voucher: Voucher) -> Self {
        Self {
            set,
            voucher,
            authorship: None,
            notes: Vec::new(),
            claims: Vec::new(),
            pinned: None,
        }
    }

    /// Leaves out what a verifier says besides, where the format does not say what was left out.
    fn ignoring(mut self, rules: &IgnoreRules) -> Self {
        if self.set.ignore_unstated {
            self.set.ignore.extend(rules);
        }
        self
    }

    /// The set.
    pub const fn closed_set(&self) -> &ClosedSet {
        &self.set
    }

    /// Who vouches.
    pub const fn voucher(&self) -> &Voucher {
        &self.voucher
    }

    /// Name, version, author and time, where they are signed.
    pub const fn authorship(&self) -> Option<&Authorship> {
        self.authorship.as_ref()
    }

    /// What a reader has to know about this format: what it leaves unsigned.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What a text of an older format says besides, signed or not.
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// Fails unless name and version are signed and are these.
    pub fn expect(&self, name: Option<&str>, version: Option<&str>) -> Result<(), Error> {
        let signed = self.authorship.as_ref();
        let pairs = [
            (
                "the signed name",
                name,
                signed.map(|signed| signed.name.as_str()),
            ),
            (
                "the signed version",
                version,
                signed.map(|signed| signed.version.as_str()),
            ),
        ];
        for (what, expected, found) in pairs {
            if let Some(expected) = expected.filter(|expected| found != Some(expected)) {
                return Err(Error::NotExpected {
                    what,
                    expected: expected.to_owned(),
                    found: found.unwrap_or("not signed").to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Reads a model and holds it against the set.
    pub fn check(
        self,
        path: &Path,
        own: &[ModelPath],
        uncovered: Uncovered,
        options: &DigestOptions<'_>,
    ) -> Result<VerifiedManifest, Error> {
        let (manifest, set) = self.set.check(path, own, options)?;
        self.held(manifest, set, Taken::default(), uncovered)
    }

    /// The same, but files that a cache knows are not read: [`VerifiedManifest::taken`] says how many. `began` as for
    /// [`Manifest::of_files_cached`]. The cache learns what was read, whatever the answer.
    pub fn check_cached(
        self,
        path: &Path,
        own: &[ModelPath],
        uncovered: Uncovered,
        options: &DigestOptions<'_>,
        cache: &mut DigestCache,
        began: i128,
    ) -> Result<VerifiedManifest, Error> {
        let checked = self.set.check_cached(path, own, options, cache, began);
        let (manifest, set, taken) = checked?;
        self.held(manifest, set, taken, uncovered)
    }

    /// What was read agrees with the set. The one place where a verified manifest is made: whatever else has to hold
    /// is held here, however the files were read.
    fn held(
        self,
        manifest: Manifest,
        set: FileSet,
        taken: Taken,
        uncovered: Uncovered,
    ) -> Result<VerifiedManifest, Error> {
        hold_covered(&set, uncovered)?;
        let found = manifest.model_digest();
        if let Some(pinned) = self.pinned.filter(|pinned| *pinned != found) {
            return Err(Error::NotExpected {
                what: "the digest of the model",
                expected: pinned.to_hex(),
                found: found.to_hex(),
            });
        }
        Ok(VerifiedManifest {
            vouched: self,
            manifest,
            set,
            taken,
        })
    }
}

/// Fails where files lie under ignored paths and none are to.
pub(crate) fn hold_covered(set: &FileSet, uncovered: Uncovered) -> Result<(), Error> {
    let files = set.ignored().iter();
    let files = files.fold(0, |sum: u64, found| sum.saturating_add(found.files));
    if uncovered == Uncovered::Refuse && files > 0 {
        return Err(Error::NotCovered { files });
    }
    Ok(())
}

/// A model that was read and is what somebody vouches for. It says what the bytes were when they were read, and what
/// was not read this time: [`VerifiedManifest::taken`].
#[derive(Debug, Clone)]
pub struct VerifiedManifest {
    vouched: Vouched,
    manifest: Manifest,
    set: FileSet,
    taken: Taken,
}

impl VerifiedManifest {
    /// What was taken from a cache and not read; nothing after [`Vouched::check`].
    pub const fn taken(&self) -> Taken {
        self.taken
    }

    /// Who vouches, and for what.
    pub const fn vouched(&self) -> &Vouched {
        &self.vouched
    }

    /// The manifest of what was found, by SHA-256.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The digest that names the model.
    pub fn model_digest(&self) -> Hash {
        self.manifest.model_digest()
    }

    /// What is there and not covered.
    pub fn ignored(&self) -> &[Ignored] {
        self.set.ignored()
    }

    /// The files that were read.
    pub const fn files(&self) -> &FileSet {
        &self.set
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
