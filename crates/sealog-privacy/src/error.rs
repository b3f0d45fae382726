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
    /// A mode needs a store of keys.
    #[error("the mode `{mode}` needs a key store, which is not built yet")]
    NeedsKeys {
        /// The mode.
        mode: String,
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
            Self::Engine { .. } => ErrorKind::Unavailable,
            Self::NeedsKeys { .. } => ErrorKind::Refused,
            Self::Json { .. } | Self::Policy { .. } | Self::Limit { .. } => ErrorKind::Malformed,
        }
    }

    /// A stable reason code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Engine { .. } => "privacy_engine",
            Self::NeedsKeys { .. } => "privacy_needs_keys",
            Self::Json { .. } | Self::Policy { .. } => "privacy_policy",
            Self::Limit { .. } => "privacy_limit",
        }
    }
}
