//! Ed25519 (RFC 8032), strict: the signer seam and the one verification rule of the whole system.
//!
//! Strict means that of the verifiers' known disagreements each is decided towards refusal: keys and R values of small
//! order, non-canonical encodings of either, and S beyond the group's order. **Absent**: key generation and storage.

mod table;

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use ed25519_dalek::Signer as _;

use super::vkey::{KeyType, VerifierKey, VkeyError};
use crate::ErrorKind;
use table::Often;

/// Whatever signs for a key: a key file, a remote service, a hardware module, a caller's function.
///
/// Signing may be slow and may fail; nothing assumes otherwise. Whoever publishes a signature checks it first
/// ([`super::note::sign`] does), because a remote signer may answer wrongly.
pub trait Signer: Send + Sync + fmt::Debug {
    /// The key that verifies what [`sign`](Self::sign) makes.
    fn verifier_key(&self) -> &VerifierKey;

    /// The Ed25519 signature over exactly these bytes.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError>;

    /// Whether signing waits for nothing outside this process and runs nobody else's code, so that it may be called
    /// under a lock without a deadline.
    fn answers_at_once(&self) -> bool {
        false
    }
}

/// Why there is no signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The signer could not be reached or failed.
    #[error("the signer for {name} failed: {reason}")]
    Unavailable {
        /// Name of the key.
        name: String,
        /// What it said; never a secret.
        reason: String,
    },
    /// The signer did not answer in time.
    #[error("the signer for {name} did not answer within {milliseconds} ms")]
    TimedOut {
        /// Name of the key.
        name: String,
        /// How long it was waited for.
        milliseconds: u64,
    },
    /// The signer declined.
    #[error("the signer for {name} refused: {reason}")]
    Refused {
        /// Name of the key.
        name: String,
        /// What it said; never a secret.
        reason: String,
    },
    /// The signer's answer does not verify under its own key.
    #[error("the signer for {name} gave a signature that does not verify under its key")]
    Wrong {
        /// Name of the key.
        name: String,
    },
}

impl SignError {
    /// Refused where the signer declined, else unavailable.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused { .. } => ErrorKind::Refused,
            Self::Unavailable { .. } | Self::TimedOut { .. } | Self::Wrong { .. } => {
                ErrorKind::Unavailable
            }
        }
    }
}

/// A signer that holds its key in memory; the secret half is wiped when it is dropped.
pub struct Ed25519Signer {
    key: ed25519_dalek::SigningKey,
    verifier: VerifierKey,
}

impl Ed25519Signer {
    /// The signer of a key type under a name, from the 32 secret bytes of RFC 8032. The caller wipes its own copy.
    pub fn from_seed(key_type: KeyType, name: &str, seed: &[u8; 32]) -> Result<Self, VkeyError> {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let verifier = VerifierKey::new(key_type, name, &key.verifying_key().to_bytes())?;
        Ok(Self { key, verifier })
    }
}

impl Signer for Ed25519Signer {
    fn verifier_key(&self) -> &VerifierKey {
        &self.verifier
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(self.key.sign(message).to_bytes())
    }

    fn answers_at_once(&self) -> bool {
        true
    }
}

impl fmt::Debug for Ed25519Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ed25519Signer")
            .field("verifier", &self.verifier)
            .finish_non_exhaustive()
    }
}

/// A public key, decoded once for many verifications; the more of them, the less each costs. Copies share what was
/// laid out for that.
#[derive(Clone)]
pub struct PublicKey {
    key: ed25519_dalek::VerifyingKey,
    often: Arc<Often>,
}

impl PublicKey {
    /// Takes a key; `None` if its bytes are no point of the curve, another spelling of one, or one of small order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        if !is_canonical(bytes) {
            return None;
        }
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).ok()?;
        (!key.is_weak()).then(|| Self {
            key,
            often: Arc::default(),
        })
    }

    /// The 32 bytes of RFC 8032.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Whether this key signed exactly these bytes.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let Some(table) = self.often.table(&self.key) else {
            return self.verify_plainly(message, signature);
        };
        let holds = table.verify(&self.key, message, signature);
        debug_assert_eq!(holds, self.verify_plainly(message, signature));
        holds
    }

    fn verify_plainly(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.key.verify_strict(message, &signature).is_ok()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(")?;
        for byte in self.as_bytes() {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}

/// Whether the key signed exactly these bytes; [`PublicKey`] saves the decoding where a key verifies more than once.
#[must_use]
pub fn verify_ed25519(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    PublicKey::from_bytes(public).is_some_and(|key| key.verify(message, signature))
}

/// Whether the y coordinate is below the field's prime, 2^255 - 19. The only points whose sign bit has two spellings,
/// x = 0, are of small order.
fn is_canonical(bytes: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = bytes;
    *low < 0xed || high & 0x7f != 0x7f || middle.iter().any(|byte| *byte != 0xff)
}

#[cfg(test)]
mod tests;
