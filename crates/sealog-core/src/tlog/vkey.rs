//! Verifier keys and their text form (C2SP signed-note, `docs/formats/note.md`).
//!
//! The 4-byte id only tells keys apart; people compare the whole [`fingerprint`](VerifierKey::fingerprint).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use super::base64;
use super::sign::PublicKey;
use crate::hash::{decode_hex, push_hex};
use crate::limits::{KEY_NAME_BYTES_MAX, VKEY_BYTES_MAX};
use crate::{ErrorKind, Hash};

/// What a key signs, the type byte of signed notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KeyType {
    /// 0x01: Ed25519 over the note's text. A log's key, and an actor's.
    Ed25519,
    /// 0x04: timestamped Ed25519 cosignatures of checkpoints. A witness's key.
    CosignatureV1,
}

impl KeyType {
    /// The type byte.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::CosignatureV1 => 0x04,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x01 => Some(Self::Ed25519),
            0x04 => Some(Self::CosignatureV1),
            _ => None,
        }
    }
}

/// A public key with its name and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    key_type: KeyType,
    key: PublicKey,
}

impl VerifierKey {
    /// Names a public key. The name is not empty, at most [`KEY_NAME_BYTES_MAX`] bytes, without spaces, control
    /// characters and `+`.
    pub fn new(key_type: KeyType, name: &str, key: &[u8; 32]) -> Result<Self, VkeyError> {
        refuse_name(name)?;
        let key = PublicKey::from_bytes(key).ok_or(VkeyError::Point)?;
        Ok(Self {
            id: key_id(name, key_type.byte(), key.as_bytes()),
            name: name.into(),
            key_type,
            key,
        })
    }

    /// Reads `name+id+key`. Split at the first two `+` only: base64 has that character too.
    pub fn parse(text: &str) -> Result<Self, VkeyError> {
        if text.len() > VKEY_BYTES_MAX {
            return Err(VkeyError::TooLong {
                max: VKEY_BYTES_MAX,
                found: text.len(),
            });
        }
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id_text), Some(key_text)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(VkeyError::Shape);
        };
        refuse_name(name)?;
        let mut found = [0; 4];
        decode_hex(id_text.as_bytes(), &mut found).ok_or(VkeyError::Id)?;
        let bytes = base64::decode(key_text).ok_or(VkeyError::Base64)?;
        let Some((&type_byte, key)) = bytes.split_first() else {
            return Err(VkeyError::Base64);
        };
        let Some(key_type) = KeyType::from_byte(type_byte) else {
            return Err(VkeyError::UnknownType { found: type_byte });
        };
        let key: &[u8; 32] = key.try_into().map_err(|_| VkeyError::KeyLength {
            expected: 32,
            found: key.len(),
        })?;
        let parsed = Self::new(key_type, name, key)?;
        if parsed.id != found {
            return Err(VkeyError::IdMismatch {
                expected: parsed.id,
                found,
            });
        }
        Ok(parsed)
    }

    /// The key's name; a log's key is named by its origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of SHA-256(name || newline || type || key), by which signature lines name their key.
    pub const fn id(&self) -> [u8; 4] {
        self.id
    }

    /// What the key signs.
    pub const fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// The public key, decoded.
    pub const fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// SHA-256 of the whole text form, as 64 hex digits: what people compare.
    pub fn fingerprint(&self) -> String {
        Hash::of(&[alloc::format!("{self}").as_bytes()]).to_hex()
    }

    /// Whether this key signed exactly these bytes, whatever its type.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.key.verify(message, signature)
    }
}

#[cfg(test)]
impl VerifierKey {
    /// Takes over another key's id: what an attacker reaches by trying 2^32 keys.
    pub(super) fn take_id_of(&mut self, other: &Self) {
        self.id = other.id;
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(33);
        bytes.push(self.key_type.byte());
        bytes.extend_from_slice(self.key.as_bytes());
        let mut id = String::with_capacity(8);
        push_hex(&mut id, &self.id);
        write!(f, "{}+{id}+{}", self.name, base64::encode(&bytes))
    }
}

impl FromStr for VerifierKey {
    type Err = VkeyError;

    fn from_str(text: &str) -> Result<Self, VkeyError> {
        Self::parse(text)
    }
}

/// Reads a fingerprint as people give it: 64 hex digits of either case, and nothing between them.
pub fn parse_fingerprint(text: &str) -> Option<Hash> {
    Hash::from_hex(&text.to_ascii_lowercase())
}

/// The id of a key of any type whose public key stands as it is in its text form.
fn key_id(name: &str, type_byte: u8, key: &[u8]) -> [u8; 4] {
    let hash = Hash::of(&[name.as_bytes(), b"\n", &[type_byte], key]);
    let [a, b, c, d, ..] = *hash.as_bytes();
    [a, b, c, d]
}

/// Whether a text may name a key: not empty, no Unicode space, no control character, no `+`.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name
            .chars()
            .any(|char| char == '+' || char < ' ' || char.is_whitespace())
}

fn refuse_name(name: &str) -> Result<(), VkeyError> {
    if name.len() > KEY_NAME_BYTES_MAX {
        return Err(VkeyError::NameLength {
            max: KEY_NAME_BYTES_MAX,
            found: name.len(),
        });
    }
    if !is_name(name) {
        return Err(VkeyError::Name);
    }
    Ok(())
}

/// Why a text is no verifier key, or bytes are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VkeyError {
    /// Longer than any verifier key that is read.
    #[error("verifier key of {found} bytes, at most {max}")]
    TooLong {
        /// The limit in bytes.
        max: usize,
        /// Its length.
        found: usize,
    },
    /// Not three parts with `+` between them.
    #[error("a verifier key has three parts: name+id+key")]
    Shape,
    /// The name is longer than allowed.
    #[error("key name of {found} bytes, at most {max}")]
    NameLength {
        /// The limit in bytes.
        max: usize,
        /// Its length.
        found: usize,
    },
    /// The name is empty, or has a space, a control character or a `+`.
    #[error("a key name is not empty and has no space, control character or plus sign")]
    Name,
    /// The id is not eight lowercase hex digits.
    #[error("the id of a verifier key is eight lowercase hex digits")]
    Id,
    /// The key is not base64, or is empty.
    #[error("the key part of a verifier key is not canonical base64")]
    Base64,
    /// A type that this software does not verify.
    #[error("verifier key of type {found:#04x}, known are 0x01 and 0x04")]
    UnknownType {
        /// The type byte.
        found: u8,
    },
    /// The key has another length than its type asks for.
    #[error("public key of {found} bytes, expected {expected}")]
    KeyLength {
        /// Bytes of such a key.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
    /// The key is no point of the curve, another spelling of one, or one of small order.
    #[error("the public key is not a point that strict Ed25519 accepts")]
    Point,
    /// The id does not belong to this name and key.
    #[error("the id of the verifier key is {found:02x?}, its name and key give {expected:02x?}")]
    IdMismatch {
        /// The id that name, type and key give.
        expected: [u8; 4],
        /// The id in the text.
        found: [u8; 4],
    },
}

impl VkeyError {
    /// Malformed, but refused for a type that others verify.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownType { .. } => ErrorKind::Refused,
            _ => ErrorKind::Malformed,
        }
    }
}

#[cfg(test)]
mod tests;
