//! What a policy needs of a key store: tokens, commitments and sealed values, made for one record.

use std::error::Error as StdError;

use sealog_core::json::Value;

use crate::Error;

/// Makes, for one record, what the modes `token`, `commit` and `seal` put in the place of values.
///
/// Implemented where keys are kept. Whatever it makes has to be durable before the record is written.
pub trait Vault {
    /// The pseudonym of a value of a type: random, the same for the same value of the same tenant. Empty where none
    /// is to be made.
    ///
    /// # Errors
    /// Whatever the store says; the record is then not written.
    fn token(&mut self, kind: &str, value: &[u8]) -> Result<String, VaultError>;

    /// The text of a commitment to a value that stood at this path (a JSON Pointer from the record's body).
    ///
    /// # Errors
    /// As for [`Vault::token`].
    fn commit(&mut self, path: &str, value: &Value) -> Result<String, VaultError>;

    /// Keeps a value that stood at this path, sealed, beside the record.
    ///
    /// # Errors
    /// As for [`Vault::token`].
    fn seal(&mut self, path: &str, value: &Value) -> Result<(), VaultError>;
}

/// What a key store says when it fails.
pub type VaultError = Box<dyn StdError + Send + Sync>;

/// There is no key store: every mode that needs one is refused.
pub(super) struct NoVault;

impl NoVault {
    fn refused(mode: &str) -> VaultError {
        Box::new(Error::NeedsKeys {
            mode: mode.to_owned(),
        })
    }
}

impl Vault for NoVault {
    fn token(&mut self, _: &str, _: &[u8]) -> Result<String, VaultError> {
        Err(Self::refused("token"))
    }

    fn commit(&mut self, _: &str, _: &Value) -> Result<String, VaultError> {
        Err(Self::refused("commit"))
    }

    fn seal(&mut self, _: &str, _: &Value) -> Result<(), VaultError> {
        Err(Self::refused("seal"))
    }
}
