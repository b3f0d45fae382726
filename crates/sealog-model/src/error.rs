//! What can go wrong with a model directory, its manifest, its signature and its keys.

use std::io;
use std::path::PathBuf;

use sealog_core::ErrorKind;
use sealog_core::json::JsonError;

use crate::manifest::Change;
use crate::scan::Verdict;
use crate::walk::Unfit;

/// Everything that this crate reports. Each message says what happened and to which path.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused or failed an operation.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was being done, as a verb phrase.
        doing: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Something in the directory cannot be part of a manifest.
    #[error("{} cannot be part of a model: {reason}", path.display())]
    Unfit {
        /// What.
        path: PathBuf,
        /// Why not.
        reason: Unfit,
    },
    /// The directory holds no file that would be covered.
    #[error("{} holds no file of a model", path.display())]
    Empty {
        /// The directory.
        path: PathBuf,
    },
    /// A limit of this crate is exceeded.
    #[error("{what} exceed the limit of {limit}")]
    Limit {
        /// What is counted.
        what: &'static str,
        /// How much of it is allowed.
        limit: u64,
    },
    /// A file was written, replaced or cut while it was read.
    #[error("{} changed while it was read", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A blob of a hub cache has other content than its name says.
    #[error("the blob behind {path} has the digest {found}, its name says {expected}")]
    Blob {
        /// The path in the snapshot.
        path: String,
        /// The digest that is its name.
        expected: String,
        /// The digest of its content.
        found: String,
    },
    /// A text does not follow its format.
    #[error("{what} is malformed: {why}")]
    Malformed {
        /// Which text.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A text is not the JSON that its format asks for.
    #[error("{what} is malformed: {source}")]
    Json {
        /// Which text.
        what: &'static str,
        /// Why.
        source: JsonError,
    },
    /// A key cannot be used.
    #[error("the key {} cannot be used: {why}", path.display())]
    Key {
        /// Its file.
        path: PathBuf,
        /// Why not; never a secret.
        why: String,
    },
    /// What the caller trusts is of no use for this format.
    #[error("{why}")]
    Pin {
        /// Why.
        why: &'static str,
    },
    /// A key that was named is not among the trusted ones.
    #[error("no trusted key is called `{name}`")]
    UnknownKey {
        /// The name.
        name: String,
    },
    /// There is something already where a file was to be made.
    #[error("there is something already at {}", path.display())]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// Nothing vouches for the manifest: no signature was given, and its digest is not pinned.
    #[error("the manifest is unsigned, and its digest is not pinned")]
    Unsigned {
        /// The digest that a user could pin, in hex.
        model_digest: String,
    },
    /// A signature does not hold.
    #[error("the signature does not hold: {why}")]
    Signature {
        /// Why.
        why: String,
    },
    /// What is signed is not what was asked for.
    #[error("{what} is {found}, {expected} was asked for")]
    NotExpected {
        /// Which property.
        what: &'static str,
        /// What was asked for.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The directory is not what the manifest says.
    #[error("the directory differs from its manifest in {} {}", changes.len(), files(changes))]
    Differs {
        /// All differences, by path.
        changes: Vec<Change>,
    },
    /// A format cannot state what it would have to.
    #[error("{what} cannot be written: {why}")]
    Unsupported {
        /// Which format.
        what: &'static str,
        /// What it cannot state, and what to do instead.
        why: &'static str,
    },
    /// This build lacks the part that would be needed.
    #[error("this build cannot verify {what}: {instead}")]
    NotBuilt {
        /// What it cannot do.
        what: &'static str,
        /// What to do instead.
        instead: &'static str,
    },
    /// It cannot be said whether something holds, because this version or what it was given is not enough for that.
    #[error("{what} is undecided: {why}")]
    Undecided {
        /// Which text.
        what: &'static str,
        /// What is missing, and what to do.
        why: String,
    },
    /// An admitted model has no file of this path.
    #[error("the admitted model has no file `{path}`")]
    NoFile {
        /// The path.
        path: String,
    },
    /// Loading the model may run code, or it could not be said that it does not.
    #[error("the scan says {verdict}, because of {files} {}", if *files == 1 { "file" } else { "files" })]
    NotClean {
        /// Its answer.
        verdict: Verdict,
        /// How many files are not clean.
        files: usize,
    },
    /// What a model is could not be read from its files, so that nobody can say whether it is what was expected.
    #[error("{what} cannot be determined: {why}")]
    NotDetermined {
        /// Which property.
        what: &'static str,
        /// Why not.
        why: String,
    },
    /// Files are there that no signature covers, and none were to be accepted.
    #[error("what lies under ignored paths is not covered: {files} in number")]
    NotCovered {
        /// How many.
        files: u64,
    },
    /// A model cannot be had from where it is said to be.
    #[cfg(feature = "sources")]
    #[error("{place}: {trouble}")]
    Source {
        /// Which model, server or file of it.
        place: String,
        /// Why not.
        trouble: Box<crate::sources::Trouble>,
    },
}

fn files(changes: &[Change]) -> &'static str {
    if changes.len() == 1 { "file" } else { "files" }
}

impl Error {
    /// Which of the four kinds this is; the shells map only that.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            #[cfg(feature = "sources")]
            Self::Source { trouble, .. } => trouble.kind(),
            Self::Io { .. } | Self::Changed { .. } => ErrorKind::Unavailable,
            Self::Unfit { .. }
            | Self::Empty { .. }
            | Self::Limit { .. }
            | Self::Malformed { .. }
            | Self::Json { .. }
            | Self::Pin { .. } => ErrorKind::Malformed,
            Self::Key { .. }
            | Self::UnknownKey { .. }
            | Self::Exists { .. }
            | Self::NoFile { .. }
            | Self::NotDetermined { .. }
            | Self::NotBuilt { .. }
            | Self::Unsupported { .. }
            | Self::Undecided { .. }
            | Self::NotClean {
                verdict: Verdict::Undecided | Verdict::Clean,
                ..
            }
            | Self::Unsigned { .. } => ErrorKind::Refused,
            Self::Blob { .. }
            | Self::NotClean { .. }
            | Self::Signature { .. }
            | Self::NotExpected { .. }
            | Self::Differs { .. }
            | Self::NotCovered { .. } => ErrorKind::Refuted,
        }
    }

    /// A stable reason code.
    pub const fn code(&self) -> &'static str {
        match self {
            #[cfg(feature = "sources")]
            Self::Source { trouble, .. } => trouble.code(),
            Self::Io { .. } => "model_io",
            Self::Unfit { .. } => "model_unfit",
            Self::Empty { .. } => "model_empty",
            Self::Limit { .. } => "model_limit",
            Self::Changed { .. } => "model_changed",
            Self::Blob { .. } => "model_blob",
            Self::Malformed { .. } | Self::Json { .. } => "model_malformed",
            Self::Key { .. } => "model_key",
            Self::Pin { .. } => "model_pin",
            Self::UnknownKey { .. } => "model_unknown_key",
            Self::Exists { .. } => "model_exists",
            Self::Unsigned { .. } => "model_unsigned",
            Self::Signature { .. } => "model_signature",
            Self::NotExpected { .. } => "model_not_expected",
            Self::Differs { .. } => "model_differs",
            Self::NotCovered { .. } => "model_not_covered",
            Self::NoFile { .. } => "model_no_file",
            Self::NotBuilt { .. } => "model_not_built",
            Self::Unsupported { .. } => "model_unsupported",
            Self::Undecided { .. } => "model_undecided",
            Self::NotClean { .. } => "model_not_clean",
            Self::NotDetermined { .. } => "model_not_determined",
        }
    }

    /// The differences behind the error, if it has any.
    pub fn changes(&self) -> &[Change] {
        match self {
            Self::Differs { changes } => changes,
            _ => &[],
        }
    }

    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }

    pub(crate) fn malformed(what: &'static str, why: impl Into<String>) -> Self {
        Self::Malformed {
            what,
            why: why.into(),
        }
    }
}
