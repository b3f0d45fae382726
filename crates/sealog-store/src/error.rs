//! What can go wrong with the bytes of a log.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sealog_core::ErrorKind;

use crate::Place;

/// Everything that this crate reports. Each message says what happened, to which path, and what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused or failed an operation.
    #[error("cannot {doing} {}: {source}{}", path.display(), advice(source))]
    Io {
        /// What was being done, as a verb phrase.
        doing: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The directory is absent or holds no log.
    #[error("{} is not a ledger: it holds no `log` directory with a segment or a lock file; is the volume mounted, is the path right?", path.display())]
    NotALedger {
        /// The directory.
        path: PathBuf,
    },
    /// Something is already there, and nothing is ever created over it.
    #[error("{} exists already; name a path where nothing is, or open what is there", path.display())]
    Exists {
        /// What exists.
        path: PathBuf,
    },
    /// The store was opened for reading.
    #[error("the ledger at {} was opened for reading; open it for writing to append", path.display())]
    OpenedForReading {
        /// The ledger.
        path: PathBuf,
    },
    /// Another process or thread kept the turn for the whole wait.
    #[error("the ledger at {} is in use by {} and did not become free within {waited:?}; wait longer or look at what that process does", path.display(), holder_name(*holder))]
    Busy {
        /// The ledger.
        path: PathBuf,
        /// The process that last took the turn, if it could be read.
        holder: Option<u32>,
        /// How long was waited.
        waited: Duration,
    },
    /// Another process or thread disposes of entries.
    #[error("entries of the ledger at {} are being disposed of by another process, which did not end within {waited:?}; try again when it is done", path.display())]
    Disposing {
        /// The ledger.
        path: PathBuf,
        /// How long was waited.
        waited: Duration,
    },
    /// The log must not be written until it has been examined.
    #[error("the ledger at {} is closed for writing: {reason}; run `sealog doctor`", path.display())]
    Poisoned {
        /// The ledger.
        path: PathBuf,
        /// What poisoned it.
        reason: String,
    },
    /// The process was forked after the store was opened.
    #[error(
        "the store was opened in process {opened_in} and is used in its fork {used_in}; drop it and open the ledger again"
    )]
    Forked {
        /// The process that opened the store.
        opened_in: u32,
        /// The process that uses it now.
        used_in: u32,
    },
    /// The directory lies on a file system that other hosts may mount, where locks of one host do not stop another.
    #[error("{} lies on a file system of type {name}, which other hosts may mount; use a local disk, or allow `{name}` by name if only this host writes", path.display())]
    SharedFileSystem {
        /// The directory.
        path: PathBuf,
        /// The name of the file system's type.
        name: String,
    },
    /// A name inside the ledger is a symbolic link, or not the kind of file that belongs there.
    #[error("{} is {found}, expected {expected}; remove it or restore what belongs there", path.display())]
    WrongKind {
        /// The name.
        path: PathBuf,
        /// What belongs there.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// The log does not end where the caller says: a writer that the lock did not stop was there.
    #[error(
        "the log does not end at {at}: found {found}; another writer was not stopped by the lock, run `sealog doctor`"
    )]
    ForeignBytes {
        /// Where the caller expected the end.
        at: Place,
        /// What is there.
        found: String,
    },
    /// A place that the log does not have.
    #[error("the log has no {at}; it has changed, open the ledger again")]
    NoSuchPlace {
        /// The place asked for.
        at: Place,
    },
    /// A line without a newline within the limit.
    #[error("the line at {at} is longer than {max} bytes")]
    LineTooLong {
        /// Where the line begins.
        at: Place,
        /// The limit.
        max: usize,
    },
    /// The caller handed in a group that no log may hold.
    #[error("cannot write {what} of {found} bytes, expected {expected}")]
    Group {
        /// Which part.
        what: &'static str,
        /// What is allowed.
        expected: &'static str,
        /// The bytes handed in.
        found: usize,
    },
    /// A name for a file beside the log that is not allowed there.
    #[error("{name:?} cannot be the name of a file in `{shelf}`, expected {expected}")]
    Name {
        /// The directory.
        shelf: &'static str,
        /// The name.
        name: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// A file longer than what is read.
    #[error("{} holds {found} bytes, more than the {max} that are read", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        max: u64,
        /// The length in bytes.
        found: u64,
    },
    /// A name of ten digits is used up.
    #[error(
        "segment {number} is beyond the last number a segment can have; start a new ledger that continues this one"
    )]
    SegmentNumber {
        /// The number.
        number: u64,
    },
}

impl Error {
    /// Which of the four kinds of error this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied
                | io::ErrorKind::ReadOnlyFilesystem
                | io::ErrorKind::StorageFull
                | io::ErrorKind::QuotaExceeded => ErrorKind::Refused,
                _ => ErrorKind::Unavailable,
            },
            Self::NotALedger { .. }
            | Self::Exists { .. }
            | Self::OpenedForReading { .. }
            | Self::Busy { .. }
            | Self::Disposing { .. }
            | Self::Poisoned { .. }
            | Self::Forked { .. }
            | Self::SharedFileSystem { .. }
            | Self::SegmentNumber { .. } => ErrorKind::Refused,
            Self::WrongKind { .. }
            | Self::LineTooLong { .. }
            | Self::Group { .. }
            | Self::Name { .. }
            | Self::TooLong { .. } => ErrorKind::Malformed,
            Self::ForeignBytes { .. } | Self::NoSuchPlace { .. } => ErrorKind::Unavailable,
        }
    }

    /// Wraps what the operating system said about `path`.
    pub(crate) fn io(
        doing: &'static str,
        path: impl AsRef<Path>,
    ) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            doing,
            path: path.as_ref().to_path_buf(),
            source,
        }
    }
}

/// How a commit failed. The two are never mixed: a caller may write again after the first only.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The group is certainly not in the log, and will not be after any crash.
    #[error("the group was not written: {source}")]
    NotWritten {
        /// Why.
        source: Error,
    },
    /// The group may or may not be in the log; the log is poisoned.
    #[error("whether the group was written is unknown: {source}")]
    OutcomeUnknown {
        /// What failed.
        source: Error,
    },
}

impl CommitError {
    /// Which of the four kinds of error this is; an unknown outcome is always [`ErrorKind::Unavailable`].
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotWritten { source } => source.kind(),
            Self::OutcomeUnknown { .. } => ErrorKind::Unavailable,
        }
    }

    /// What failed.
    pub fn source_error(&self) -> &Error {
        match self {
            Self::NotWritten { source } | Self::OutcomeUnknown { source } => source,
        }
    }
}

fn holder_name(holder: Option<u32>) -> String {
    holder.map_or_else(
        || "another process".to_owned(),
        |pid| format!("process {pid}"),
    )
}

fn advice(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; free some space",
        io::ErrorKind::ReadOnlyFilesystem => "; mount it for writing",
        io::ErrorKind::PermissionDenied => "; check the owner and the permissions",
        io::ErrorKind::NotFound => "; is the volume mounted?",
        _ => "",
    }
}
