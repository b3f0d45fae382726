//! What can go wrong with a policy, and with a text under it.

use sealog_core::ErrorKind;

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
}

impl Error {
    /// Which of the four kinds this is; the shells map only that.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Engine { .. } => ErrorKind::Unavailable,
        }
    }

    /// A stable reason code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Engine { .. } => "privacy_engine",
        }
    }
}
