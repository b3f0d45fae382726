//! Sealed values: AES-256-GCM under a data key, bound to the place where they stand (`docs/formats/sealed.md`).
//!
//! A sealed value can be read by whoever holds the data key, and by nobody once that is destroyed. What it is bound to
//! (record, field, policy) is not in it: whoever opens it says where it was found, and another place does not open it.
//!
//! **What is absent**: where keys are kept, and randomness. The nonce is derived from the key, the place and the value,
//! so that the same value at the same place has the same bytes: a retried record is the same record.

use std::fmt;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealog_core::Hash;
use sealog_core::commitment::{DataKey, KeyId, derive};
use zeroize::Zeroizing;

use crate::Error;
use crate::limits::SEALED_VALUE_BYTES_MAX;

/// What every sealed value begins with.
const MAGIC: &[u8; 4] = b"SLG1";
/// How a sealed value that is written as text begins.
const TEXT_PREFIX: &str = "sealed:v1:";
/// What the derivation of the key that encrypts begins with.
const SEAL_KEY: &[u8] = b"sealog/seal-key/v1\0";
/// What the derivation of the key that makes nonces begins with.
const NONCE_KEY: &[u8] = b"sealog/seal-nonce/v1\0";
/// What the associated data begins with.
const PLACE: &[u8] = b"sealog/seal/v1\0";
/// Bytes of a nonce.
const NONCE_BYTES: usize = 12;
/// Bytes of an authentication tag.
const TAG_BYTES: usize = 16;
/// Bytes before the ciphertext.
const HEAD_BYTES: usize = MAGIC.len() + KeyId::LEN + NONCE_BYTES;

/// Where a sealed value stands. It opens nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedPlace<'a> {
    /// The record, a UUID; empty for a value that stands in none.
    pub record_id: &'a str,
    /// JSON Pointer from the record's body, or the name of a payload; empty for a value that stands in none.
    pub field: &'a str,
    /// Digest of the policy under which it was sealed; none if there was none.
    pub policy: Option<&'a Hash>,
}

impl SealedPlace<'_> {
    /// A value by itself, in no record.
    pub const NONE: SealedPlace<'static> = SealedPlace {
        record_id: "",
        field: "",
        policy: None,
    };

    fn bound(&self, key_id: KeyId) -> Vec<u8> {
        let mut out = PLACE.to_vec();
        let policy = self.policy.map(Hash::to_hex).unwrap_or_default();
        // A field may hold any character but NUL, which canonical JSON escapes; so it stands last, after parts of
        // which none holds a NUL.
        for part in [self.record_id, &key_id.to_string(), &policy, self.field] {
            out.extend_from_slice(part.as_bytes());
            out.push(0);
        }
        out
    }
}

/// A value that was sealed: its bytes, well-formed but not yet opened.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({}, {} bytes)", self.key_id(), self.0.len())
    }
}

impl Sealed {
    /// Seals a value.
    ///
    /// # Errors
    /// [`Error::Limit`] beyond [`SEALED_VALUE_BYTES_MAX`]; [`Error::Seal`] if the cipher refuses.
    pub fn new(
        key: &DataKey,
        key_id: KeyId,
        place: &SealedPlace<'_>,
        value: &[u8],
    ) -> Result<Self, Error> {
        if value.len() > SEALED_VALUE_BYTES_MAX {
            return Err(Error::Limit {
                what: "bytes of a sealed value",
                limit: SEALED_VALUE_BYTES_MAX,
            });
        }
        let bound = place.bound(key_id);
        let nonce = nonce(key, &bound, value);
        let payload = Payload {
            msg: value,
            aad: &bound,
        };
        let encrypted = cipher(key).encrypt(&Nonce::from(nonce), payload);
        let encrypted = encrypted.map_err(|_| Error::Seal)?;
        let mut out = Vec::with_capacity(HEAD_BYTES + encrypted.len());
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(key_id.as_bytes());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&encrypted);
        Ok(Self(out))
    }

    /// Takes stored bytes.
    ///
    /// # Errors
    /// [`Error::NotSealed`] for anything that no sealing can have made.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, Error> {
        let longest = HEAD_BYTES + SEALED_VALUE_BYTES_MAX + TAG_BYTES;
        let has_form =
            bytes.starts_with(MAGIC) && (HEAD_BYTES + TAG_BYTES..=longest).contains(&bytes.len());
        has_form.then_some(Self(bytes)).ok_or(Error::NotSealed)
    }

    /// Takes the text form: `sealed:v1:` and the bytes in base64.
    ///
    /// # Errors
    /// [`Error::NotSealed`], as [`Sealed::parse`].
    pub fn from_text(text: &str) -> Result<Self, Error> {
        let encoded = text.strip_prefix(TEXT_PREFIX).ok_or(Error::NotSealed)?;
        Self::parse(STANDARD.decode(encoded).map_err(|_| Error::NotSealed)?)
    }

    /// The text form.
    pub fn to_text(&self) -> String {
        format!("{TEXT_PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// The bytes as they are stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The data key that opens it. A claim until it was opened.
    pub fn key_id(&self) -> KeyId {
        let named = self
            .0
            .get(MAGIC.len()..)
            .and_then(|rest| rest.first_chunk());
        KeyId::new(named.copied().unwrap_or_default())
    }

    /// Opens it where it was found.
    ///
    /// # Errors
    /// [`Error::NotOpened`] under another key, at another place, and for changed bytes: which of them cannot be told.
    pub fn open(
        &self,
        key: &DataKey,
        place: &SealedPlace<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let nonce = self
            .0
            .get(MAGIC.len() + KeyId::LEN..)
            .and_then(|rest| rest.first_chunk::<NONCE_BYTES>())
            .ok_or(Error::NotOpened)?;
        let payload = Payload {
            msg: self.0.get(HEAD_BYTES..).unwrap_or_default(),
            aad: &place.bound(self.key_id()),
        };
        let opened = cipher(key).decrypt(&Nonce::from(*nonce), payload);
        opened.map(Zeroizing::new).map_err(|_| Error::NotOpened)
    }
}

fn cipher(key: &DataKey) -> Aes256Gcm {
    Aes256Gcm::new((&*derive(key.expose(), &[SEAL_KEY])).into())
}

/// The nonce of a value at its place: another for each place and value, the same for the same.
fn nonce(key: &DataKey, bound: &[u8], value: &[u8]) -> [u8; NONCE_BYTES] {
    let key = derive(key.expose(), &[NONCE_KEY]);
    let digest = Hash::of(&[bound]);
    let whole = derive(&key, &[digest.as_bytes(), value]);
    whole.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
