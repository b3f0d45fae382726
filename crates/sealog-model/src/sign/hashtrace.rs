//! Manifests of `HashTraceAI`, in the three forms that it had (`docs/formats/older-models.md`, section 1): all are
//! verified, the first is written.
//!
//! Which form a text has is told by its shape. The set of files is closed, which it is not there, and what a form
//! leaves unsigned comes out as unsigned. **What is absent**: writing the second and third form, whose signatures
//! cover too little or were never checked by their own tool.

mod python;
mod read;
mod signature;

use sealog_core::Hash;
use sealog_core::json::{Object, Value};
use sealog_core::time::Timestamp;

use super::{Claim, Vouched, Voucher};
use crate::Error;
use crate::keys::{KeyKind, PrivateKey, PublicKey};
use crate::limits::{LABEL_BYTES_MAX, SIGNATURE_FILE_BYTES_MAX};
use crate::manifest::{Authorship, ClosedSet, Manifest};
use crate::walk::{FileSet, LinkPolicy, WalkOptions};

const WHAT: &str = "the HashTraceAI manifest";

pub(super) fn bad(why: impl Into<String>) -> Error {
    Error::malformed(WHAT, why)
}

/// Which form of the format a manifest has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// July 2025: the file's bytes are signed, in a file beside it.
    A,
    /// Later in July 2025: everything is signed, by PKCS#1 v1.5, inside of the file.
    B,
    /// From September 2025 on: the list of files alone is signed, inside of the file.
    C,
}

impl Era {
    /// How a verdict names the form and the scheme of its signature.
    pub const fn scheme(self) -> &'static str {
        match self {
            Self::A => "hashtrace-a-rsa-pss-sha256",
            Self::B => "hashtrace-b-rsa-pkcs1-sha256",
            Self::C => "hashtrace-c-rsa-pss-sha256",
        }
    }
}

/// A manifest that was read. That it can be read says nothing about who wrote it.
#[derive(Debug, Clone)]
pub struct HashTrace {
    era: Era,
    set: ClosedSet,
    claims: Vec<Claim>,
    authorship: Option<Authorship>,
    /// What the signature inside of the text covers, and that signature; of form A neither is there.
    inside: Option<Inside>,
}

#[derive(Debug, Clone)]
struct Inside {
    message: Vec<u8>,
    /// None where the text says `null`.
    signature: Option<Vec<u8>>,
    encoded: String,
}

/// Whether a text claims to be such a manifest; whether it is one, [`HashTrace::parse`] says.
pub fn is_hashtrace_claimed(value: &Value) -> bool {
    let has = |name| value.member(name).is_some();
    !has("format") && !has("mediaType") && (has("files") || has("signed_data"))
}

impl HashTrace {
    /// Reads a manifest of any form. `walk` says what is left out and how links are treated: no form states it.
    ///
    /// # Errors
    /// [`Error::Malformed`] or [`Error::Json`] if the text has none of the three shapes, exactly; [`Error::Unfit`] if a
    /// path is absolute, leads out of the model or has another spelling than one.
    pub fn parse(text: &[u8], walk: WalkOptions) -> Result<Self, Error> {
        let value = Value::parse(text).map_err(|source| Error::Json { what: WHAT, source })?;
        let object = value.as_object().ok_or_else(|| bad("it is no object"))?;
        if object.contains_key("signed_data") {
            read::era_b(object, walk)
        } else if object.contains_key("signature") {
            read::era_c(object, walk)
        } else {
            read::era_a(object, walk)
        }
    }

    /// Its form.
    pub const fn era(&self) -> Era {
        self.era
    }

    /// Whether a signature stands in it, where its form has one there; one that is `null` is none.
    pub(super) fn signed_inside(&self) -> Option<bool> {
        let inside = self.inside.as_ref()?;
        Some(inside.signature.is_some())
    }

    /// What it says besides its files.
    pub(super) fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// The files that it lists.
    pub const fn closed_set(&self) -> &ClosedSet {
        &self.set
    }

    /// Takes it without a signature for the model whose digest the caller pins; the files are held against both.
    pub fn pin(self, pinned: Hash) -> Vouched {
        let claims = self.claims.into_iter().map(|claim| Claim {
            signed: false,
            ..claim
        });
        Vouched {
            claims: claims.collect(),
            pinned: Some(pinned),
            ..Vouched::new(self.set, Voucher::Digest)
        }
    }

    /// Verifies a manifest by a key that the caller trusts. `text` are the bytes that were parsed; `signature` is what
    /// lies beside it: that of form A, a copy of that of form B.
    ///
    /// # Errors
    /// [`Error::Signature`] if it does not hold; [`Error::Unsigned`] is for the caller to say of form A.
    pub fn verify(
        self,
        text: &[u8],
        signature: Option<&[u8]>,
        key: &PublicKey,
    ) -> Result<Vouched, Error> {
        if key.kind() != KeyKind::Rsa {
            return Err(Error::malformed(
                "the key",
                "HashTraceAI manifests are signed with RSA",
            ));
        }
        if signature.is_some_and(|signature| signature.len() > SIGNATURE_FILE_BYTES_MAX) {
            return Err(Error::malformed("the signature file", "it is too long"));
        }
        let salt = match (&self.inside, signature) {
            (None, Some(signature)) => Some(signature::hold_pss(key, text, signature)?),
            (None, None) => return Err(bad("its signature was not given")),
            (Some(inside), beside) => {
                let own = inside.signature.as_deref();
                let own = own.ok_or_else(|| bad("its signature is null: nobody signed it"))?;
                self.hold_beside(inside, beside)?;
                match self.era {
                    Era::B => {
                        signature::hold_pkcs1(key, &inside.message, own)?;
                        None
                    }
                    _ => Some(signature::hold_pss(key, &inside.message, own)?),
                }
            }
        };
        let voucher = Voucher::Key {
            key_id: key.key_id(),
            scheme: self.era.scheme(),
        };
        Ok(Vouched {
            claims: self.claims,
            authorship: self.authorship,
            notes: salt.map(signature::Salt::note).into_iter().collect(),
            ..Vouched::new(self.set, voucher)
        })
    }

    /// Form B was written with a copy of its signature beside it, which has to be one.
    fn hold_beside(&self, inside: &Inside, beside: Option<&[u8]>) -> Result<(), Error> {
        match (self.era, beside) {
            (_, None) => Ok(()),
            (Era::B, Some(beside)) if beside.trim_ascii() == inside.encoded.as_bytes() => Ok(()),
            (Era::B, Some(_)) => Err(Error::Signature {
                why: "the signature beside the manifest is another than the one in it".into(),
            }),
            (_, Some(_)) => Err(bad("its signature stands in it, none lies beside it")),
        }
    }
}

/// Writes a manifest of form A. `created_at` is RFC 3339 in UTC.
///
/// # Errors
/// [`Error::Unsupported`] where links were followed, which the format cannot say.
pub fn hashtrace_manifest(
    manifest: &Manifest,
    set: &FileSet,
    created_by: &str,
    created_at: &str,
) -> Result<Vec<u8>, Error> {
    if set.links() != LinkPolicy::Refuse {
        return Err(Error::Unsupported {
            what: WHAT,
            why: "its format cannot say how links are treated; write our own format",
        });
    }
    if !is_label(created_by) {
        let why = format!("its author has 1 to {LABEL_BYTES_MAX} bytes and no control character");
        return Err(bad(why));
    }
    Timestamp::parse(created_at.as_bytes()).map_err(|error| bad(format!("created: {error}")))?;
    Ok(python::indented(manifest, created_by, created_at))
}

/// Signs the bytes of such a manifest; what comes out is the file beside it.
pub fn sign_hashtrace(text: &[u8], key: &PrivateKey) -> Result<Vec<u8>, Error> {
    key.rsa_pss_sign(text)
}

fn is_label(text: &str) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// The members of an object as texts, none of which may be anything else.
fn text_of(object: &Object, name: &'static str) -> Result<String, Error> {
    let text = object.get(name).and_then(Value::as_str);
    let text = text.filter(|text| text.is_empty() || is_label(text));
    text.map(str::to_owned)
        .ok_or_else(|| bad(format!("`{name}` is no short text")))
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
