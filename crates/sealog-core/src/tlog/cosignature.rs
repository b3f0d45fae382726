//! Timestamped Ed25519 cosignatures of checkpoints (C2SP tlog-cosignature, "cosignature/v1",
//! `docs/formats/cosignature.md`).
//!
//! A cosigner says: at this time I saw this checkpoint, and it is consistent with every other one that I have seen of
//! this log. The cosigner's name is not signed, so one key is one cosigner. **Absent**: ML-DSA cosignatures (0x06).

use alloc::string::String;
use alloc::vec::Vec;

use super::note::{self, Note, NoteError};
use super::sign::{SignError, Signer};
use super::vkey::{KeyType, VerifierKey};
use crate::ErrorKind;
use crate::limits::COSIGNATURE_TIME_MAX;

/// Bytes of a cosignature: eight of time, 64 of Ed25519.
const BYTES: usize = 8 + 64;

/// What is signed: a label, the time in POSIX seconds, and the note's text with its last newline.
pub fn message(time: u64, text: &str) -> Vec<u8> {
    let head = alloc::format!("cosignature/v1\ntime {time}\n");
    let mut message = Vec::with_capacity(head.len() + text.len());
    message.extend_from_slice(head.as_bytes());
    message.extend_from_slice(text.as_bytes());
    message
}

/// Verifies the bytes behind the key id of a signature line over a note's text; gives the stated time in POSIX
/// seconds. Whether that lies in the future is for a caller with a clock to say.
pub fn verify(key: &VerifierKey, text: &str, cosignature: &[u8]) -> Result<u64, CosignatureError> {
    refuse_type(key)?;
    let wrong_length = CosignatureError::Length {
        expected: BYTES,
        found: cosignature.len(),
    };
    let (time, signature) = cosignature
        .split_first_chunk::<8>()
        .ok_or(wrong_length.clone())?;
    let signature = signature.try_into().map_err(|_| wrong_length)?;
    let time = u64::from_be_bytes(*time);
    refuse_time(time)?;
    if key.verify(&message(time, text), signature) {
        Ok(time)
    } else {
        Err(CosignatureError::Wrong)
    }
}

/// Cosigns a note's text by a key of type 0x04; gives the signature line with its newline. The caller has made sure
/// of what it says by that: the log's signature, and consistency with all it has cosigned before.
pub fn sign(note: &Note<'_>, time: u64, signer: &dyn Signer) -> Result<String, CosignatureError> {
    let key = signer.verifier_key();
    refuse_type(key)?;
    refuse_time(time)?;
    let message = message(time, note.text());
    let signature = signer.sign(&message)?;
    if !key.verify(&message, &signature) {
        let name = key.name().into();
        return Err(SignError::Wrong { name }.into());
    }
    let mut bytes = Vec::with_capacity(BYTES);
    bytes.extend_from_slice(&time.to_be_bytes());
    bytes.extend_from_slice(&signature);
    let mut line = String::new();
    note::push_line(&mut line, key, &bytes);
    Ok(line)
}

/// Cosigns a note and appends the line to it.
pub fn cosign(note: &str, time: u64, signer: &dyn Signer) -> Result<String, NoteError> {
    let line = sign(&Note::parse(note.as_bytes())?, time, signer).map_err(|source| {
        NoteError::Cosignature {
            name: signer.verifier_key().name().into(),
            source,
        }
    })?;
    note::merge(note, [line.trim_end_matches('\n')])
}

fn refuse_type(key: &VerifierKey) -> Result<(), CosignatureError> {
    if key.key_type() != KeyType::CosignatureV1 {
        return Err(CosignatureError::KeyType {
            expected: KeyType::CosignatureV1.byte(),
            found: key.key_type().byte(),
        });
    }
    Ok(())
}

fn refuse_time(found: u64) -> Result<(), CosignatureError> {
    if found > COSIGNATURE_TIME_MAX {
        return Err(CosignatureError::Time {
            max: COSIGNATURE_TIME_MAX,
            found,
        });
    }
    Ok(())
}

/// Why bytes are no cosignature, or not one of this text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CosignatureError {
    /// A key of another type.
    #[error("key of type {found:#04x}, cosignatures need {expected:#04x}")]
    KeyType {
        /// The type byte of cosigners' keys.
        expected: u8,
        /// The key's type byte.
        found: u8,
    },
    /// Another number of bytes than time and signature have.
    #[error("cosignature of {found} bytes, expected {expected}")]
    Length {
        /// Bytes of a cosignature.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
    /// A time of 2^63 or later.
    #[error("cosignature time {found} is beyond {max}")]
    Time {
        /// The largest time, in POSIX seconds.
        max: u64,
        /// The time found.
        found: u64,
    },
    /// The signature does not verify.
    #[error("the cosignature does not verify")]
    Wrong,
    /// There is no signature.
    #[error("the checkpoint could not be cosigned")]
    Sign(#[from] SignError),
}

impl CosignatureError {
    /// Refuted for a wrong signature, else by what is wrong with key, bytes or signer.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Wrong => ErrorKind::Refuted,
            Self::KeyType { .. } => ErrorKind::Refused,
            Self::Length { .. } | Self::Time { .. } => ErrorKind::Malformed,
            Self::Sign(source) => source.kind(),
        }
    }
}

#[cfg(test)]
mod tests;
