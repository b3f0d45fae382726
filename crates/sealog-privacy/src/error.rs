//! What can go wrong with a policy, and with a text under it.

use sealog_core::ErrorKind;
use sealog_core::json::JsonError;

/// Everything that this crate reports. No message holds a value that was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The engine cannot be built of these patterns, or gave up.
    #[error("the search failed: {why}")]
    Engine {
        /// What it said.
        why: String,
    },
    /// A policy is not JSON.
    #[error("the policy is not JSON: {source}")]
    Json {
        /// Why.
        source: JsonError,
    },
    /// A policy says what it may not say.
    #[error("the policy cannot be used: {place}: {why}")]
    Policy {
        /// Which part of it.
        place: String,
        /// What is wrong.
        why: String,
    },
    /// A mode needs a store of keys, and there is none where the policy is used.
    #[error("the mode `{mode}` needs the key store of a ledger, and there is none here")]
    NeedsKeys {
        /// The mode.
        mode: String,
    },
    /// A policy names a function of the host that was not brought to it.
    #[error("the policy needs the function `{name}`, and there is none of that name here")]
    NeedsFunction {
        /// The function.
        name: String,
    },
    /// A function of the host that a policy names failed.
    #[error("the function `{name}` of the privacy policy failed: {source}")]
    Function {
        /// Which one.
        name: String,
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A value could not be encrypted.
    #[error("the value could not be sealed")]
    Seal,
    /// The bytes are no sealed value.
    #[error("this is no sealed value")]
    NotSealed,
    /// A sealed value does not open.
    #[error("the sealed value does not open: another key or place, or changed bytes")]
    NotOpened,
    /// A key cannot be wrapped or unwrapped.
    #[error("the key cannot be wrapped or unwrapped: {why}")]
    Wrapper {
        /// What the cipher or the service said.
        why: String,
    },
    /// What keeps keys for a policy failed.
    #[error("the key store failed: {source}")]
    Vault {
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A limit of this crate is exceeded.
    #[error("{what} exceed the limit of {limit}")]
    Limit {
        /// What is counted.
        what: &'static str,
        /// How much of it is allowed.
        limit: usize,
    },
}

impl Error {
    /// Which of the four kinds this is; the shells map only that.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Engine { .. } | Self::Seal | Self::Wrapper { .. } | Self::Vault { .. } => {
                ErrorKind::Unavailable
            }
            Self::NotOpened => ErrorKind::Refuted,
            Self::NeedsKeys { .. } | Self::NeedsFunction { .. } | Self::Function { .. } => {
                ErrorKind::Refused
            }
            Self::Json { .. } | Self::Policy { .. } | Self::Limit { .. } | Self::NotSealed => {
                ErrorKind::Malformed
            }
        }
    }

    /// A stable reason code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Engine { .. } => "privacy_engine",
            Self::NeedsKeys { .. } => "privacy_needs_keys",
            Self::NeedsFunction { .. } => "privacy_needs_function",
            Self::Function { .. } => "field_function",
            Self::Json { .. } | Self::Policy { .. } => "privacy_policy",
            Self::Limit { .. } => "privacy_limit",
            Self::Seal => "seal",
            Self::NotSealed => "not_sealed",
            Self::NotOpened => "not_opened",
            Self::Wrapper { .. } => "key_wrapper",
            Self::Vault { .. } => "key_store",
        }
    }
}
