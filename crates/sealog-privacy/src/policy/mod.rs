//! What is looked for, and what is done with what is found: a versioned file.
//!
//! A policy is one JSON object, which `docs/formats/privacy-policy.md` describes. Its digest stands for all that
//! decides about the outcome: the policy in canonical form, the version of the catalogue, and name and version of each
//! recogniser and of each function that it names.

mod apply;
mod file;
mod function;
mod mask;
mod path;
mod pattern;
mod vault;
mod walk;

pub use apply::{Counts, Redacted, Redactor};
pub use file::{FORMAT, Plugins, Policy};
pub use function::{FieldFunction, FunctionError};
pub use vault::{Vault, VaultError};
pub use walk::{Everything, Reported, Search};

use std::fmt;
use std::sync::Arc;

use function::Function;

/// What is done with a value that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is taken out; nothing stands in its place.
    Drop,
    /// The id of its type stands in its place, in brackets: `[EMAIL]`.
    Redact,
    /// What the mask of its type leaves of it stands in its place.
    Mask,
    /// A random pseudonym stands in its place, the same for the same value of a tenant: `[EMAIL:0123...]`.
    Token,
    /// A salted commitment to the whole field stands in the field's place.
    Commit,
    /// The id of its type stands in its place, and the whole field is kept sealed beside the record.
    Seal,
    /// It is not looked for.
    Keep,
}

impl Mode {
    /// Its name in a policy.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Redact => "redact",
            Self::Mask => "mask",
            Self::Token => "token",
            Self::Commit => "commit",
            Self::Seal => "seal",
            Self::Keep => "keep",
        }
    }

    /// Whether it needs a store of keys beside a ledger.
    pub const fn needs_keys(self) -> bool {
        matches!(self, Self::Token | Self::Commit | Self::Seal)
    }
}

/// What a policy says of a whole field.
#[derive(Debug, Clone)]
enum Rule {
    Mode(Mode),
    /// The function of the host decides.
    Call(Arc<Function>),
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests;
