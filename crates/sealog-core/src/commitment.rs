//! Commitments to personal data (design rule 8, `docs/formats/commitment.md`).
//!
//! A commitment binds a record to a value without showing it: HMAC-SHA-256 under a salt that is derived from a data
//! key, the record and the place of the value in it. Whoever is given the salt can open that one field; once the
//! data key is destroyed, so is every salt under it, and no guess at a value can be checked any more.
//!
//! **What is absent**: where data keys are kept and how they are destroyed (the ledger's part), how a value becomes
//! bytes ([`values`](crate::values)), and randomness: the caller brings the 32 random bytes of a key.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::hash::{decode_hex, push_hex};
use crate::{ErrorKind, Hash};

type HmacSha256 = Hmac<Sha256>;

/// What a commitment's text begins with.
const SCHEME: &str = "hmac-sha256:";
/// What the input of every salt begins with.
const SALT_PREFIX: &[u8] = b"sealog/salt/v1\0";
/// What the input of every commitment begins with.
const COMMIT_PREFIX: &[u8] = b"sealog/commit/v1\0";
/// Bytes of a block of SHA-256, to which HMAC pads a shorter key with zeros (RFC 2104 section 2).
const BLOCK: usize = 64;

/// The public name of a data key: 16 random bytes, written as 32 lowercase hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; KeyId::LEN]);

impl KeyId {
    /// Length in bytes.
    pub const LEN: usize = 16;

    /// Takes 16 random bytes.
    pub const fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The raw bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = CommitmentError;

    fn from_str(text: &str) -> Result<Self, CommitmentError> {
        let mut bytes = [0; Self::LEN];
        decode_hex(text.as_bytes(), &mut bytes).ok_or(CommitmentError::KeyId)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(2 * Self::LEN);
        push_hex(&mut text, &self.0);
        f.write_str(&text)
    }
}

/// How the field path of a commitment to a sealed payload begins; the payload's name follows. No JSON Pointer begins so
/// (`docs/formats/sealed.md`, "Its commitment").
pub const SEALED_FIELD: &str = "sealed:";

/// A data key: 32 random bytes from which the salts of a subject, tenant or ledger are derived.
///
/// Erased when dropped; what hashing leaves on the stack is not. It has neither text nor equality: it is compared by
/// its [`KeyId`].
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; DataKey::LEN]>);

impl DataKey {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// Takes 32 random bytes. The caller erases its own copy.
    pub fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The raw bytes, for whoever stores the key.
    pub fn expose(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// The salt of one field: HMAC-SHA-256(key, "sealog/salt/v1\0" || record id || "\0" || field path).
    ///
    /// The record id is a UUID and so holds no NUL. The field path is a JSON Pointer from the record's body.
    pub fn salt(&self, record_id: &str, field_path: &str) -> Salt {
        debug_assert!(!record_id.contains('\0'), "a record id is a UUID");
        let (record_id, field_path) = (record_id.as_bytes(), field_path.as_bytes());
        Salt(derive(
            &self.0,
            &[SALT_PREFIX, record_id, b"\0", field_path],
        ))
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(..)")
    }
}

/// The salt of one field of one record: shown to whoever may check that field's value. Erased when dropped.
#[derive(Clone)]
pub struct Salt(Zeroizing<[u8; Salt::LEN]>);

impl Salt {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// Takes the raw bytes of a salt that was disclosed.
    pub fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads exactly 64 lowercase hex digits.
    pub fn from_hex(text: &str) -> Result<Self, CommitmentError> {
        let mut bytes = Zeroizing::new([0; Self::LEN]);
        decode_hex(text.as_bytes(), &mut *bytes).ok_or(CommitmentError::Salt)?;
        Ok(Self(bytes))
    }

    /// The salt as 64 lowercase hex digits, for disclosure: whoever has it can test guesses at this one field.
    pub fn expose_hex(&self) -> String {
        let mut text = String::with_capacity(2 * Self::LEN);
        push_hex(&mut text, &*self.0);
        text
    }

    /// Commits to a value that is at hand as a whole, in its canonical bytes.
    pub fn commit(&self, key_id: KeyId, value: &[u8]) -> Commitment {
        let mut committing = self.committing();
        committing.update(value);
        committing.finish(key_id)
    }

    /// Begins a commitment to a value whose canonical bytes come piece by piece.
    pub fn committing(&self) -> Committing {
        let mut mac = keyed(&self.0);
        mac.update(COMMIT_PREFIX);
        Committing { mac }
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(..)")
    }
}

/// A commitment under way: HMAC-SHA-256(salt, "sealog/commit/v1\0" || the bytes so far).
#[derive(Clone)]
pub struct Committing {
    mac: HmacSha256,
}

impl Committing {
    /// Adds the next bytes of the value.
    pub fn update(&mut self, bytes: &[u8]) {
        self.mac.update(bytes);
    }

    /// The commitment to all bytes given; `key_id` names the data key that the salt came from.
    pub fn finish(self, key_id: KeyId) -> Commitment {
        Commitment {
            key_id,
            mac: self.mac.finalize().into_bytes().into(),
        }
    }

    /// Checks, in constant time, that the bytes given are those that were committed to.
    pub fn verify(self, commitment: &Commitment) -> Result<(), CommitmentError> {
        let expected = commitment.mac.into();
        self.mac
            .verify(&expected)
            .map_err(|_| CommitmentError::Mismatch)
    }
}

impl fmt::Debug for Committing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Committing(..)")
    }
}

/// A commitment as it stands in a record: `hmac-sha256:<key id>:<64 lowercase hex digits>`.
///
/// Two of them never match by content, so equality says only that they are the same commitment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Commitment {
    key_id: KeyId,
    mac: [u8; Hash::LEN],
}

impl Commitment {
    /// Bytes of every commitment's text.
    pub const TEXT_LEN: usize = SCHEME.len() + 2 * KeyId::LEN + 1 + 2 * Hash::LEN;

    /// The data key that the salt was derived from.
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// Checks, in constant time, that `value` in its canonical bytes is what was committed to under `salt`.
    pub fn open(&self, salt: &Salt, value: &[u8]) -> Result<(), CommitmentError> {
        let mut committing = salt.committing();
        committing.update(value);
        committing.verify(self)
    }
}

impl FromStr for Commitment {
    type Err = CommitmentError;

    fn from_str(text: &str) -> Result<Self, CommitmentError> {
        let (key_id, hex) = text
            .strip_prefix(SCHEME)
            .ok_or(CommitmentError::Scheme)?
            .split_once(':')
            .ok_or(CommitmentError::KeyId)?;
        let key_id = key_id.parse()?;
        let mac = Hash::from_hex(hex).ok_or(CommitmentError::Code)?;
        Ok(Self {
            key_id,
            mac: *mac.as_bytes(),
        })
    }
}

impl fmt::Display for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}:{}", self.key_id, Hash::new(self.mac))
    }
}

/// HMAC-SHA-256 of parts, one behind the other, under a key of 32 bytes: how every key, salt and code is derived from
/// another. The first part says what for, so that what one purpose gives away says nothing about another.
pub fn derive(key: &[u8; 32], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut mac = keyed(key);
    for part in parts {
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// HMAC-SHA-256 under a key of 32 bytes. Built from the padded block, because that cannot fail.
fn keyed(key: &[u8; 32]) -> HmacSha256 {
    let mut block = Zeroizing::new([0; BLOCK]);
    if let Some(head) = block.first_chunk_mut() {
        *head = *key;
    }
    HmacSha256::new((&*block).into())
}

/// Why a text is no commitment, or a value not the one committed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommitmentError {
    /// The text does not begin with the one scheme that there is.
    #[error("a commitment begins with {SCHEME}")]
    Scheme,
    /// A key id is not 32 lowercase hex digits.
    #[error("the key id of a commitment is 32 lowercase hex digits")]
    KeyId,
    /// The code is not 64 lowercase hex digits.
    #[error("the code of a commitment is 64 lowercase hex digits")]
    Code,
    /// A salt is not 64 lowercase hex digits.
    #[error("a salt is 64 lowercase hex digits")]
    Salt,
    /// Another value, another salt, or another commitment.
    #[error("the value is not the one committed to under this salt")]
    Mismatch,
}

impl CommitmentError {
    /// Refuted where a value does not fit, else malformed.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Mismatch => ErrorKind::Refuted,
            Self::Scheme | Self::KeyId | Self::Code | Self::Salt => ErrorKind::Malformed,
        }
    }
}

#[cfg(test)]
mod tests;
