//! Why the index cannot answer, inside this module.

use rusqlite::ErrorCode;
use sealog_store::Place;

use crate::Error;

/// Why the index cannot answer or go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// Another process or thread is writing it.
    #[error("another process is writing it")]
    Busy,
    /// What it holds cannot be right: it is made anew.
    #[error("{0}")]
    Unfit(String),
    /// The file is not a database, or a damaged one: it is made anew.
    #[error("the file is damaged: {0}")]
    Damaged(rusqlite::Error),
    /// The file cannot be opened or written.
    #[error("{0}")]
    Sqlite(rusqlite::Error),
    /// The log's files do not say what the ledger read in them before.
    #[error("the log changed at {0}")]
    Changed(Place),
    /// The log could not be read.
    #[error("the log: {0}")]
    Log(#[source] Box<Error>),
    /// It was asked to stop.
    #[error("it was stopped")]
    Stopped,
    /// There is none.
    #[error("the ledger was opened without an index")]
    Off,
    /// The process is a fork of the one that opened it.
    #[error("it was opened before the process forked")]
    Forked,
    /// The process was forked, by means that told nobody, while an index was in use.
    #[error(
        "this process was forked while its parent used the index, and nothing told it so before (Python's \
         os.fork and multiprocessing do); ask from a process that was started or forked so"
    )]
    Inherited,
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            // Somebody edited the file: a damaged page, a missing table (`Unknown`, for statements that are fixed), a
            // missing row, a value of another type than the table's (no code).
            Some(
                ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::SchemaChanged
                | ErrorCode::Unknown,
            )
            | None => Self::Damaged(error),
            Some(_) => Self::Sqlite(error),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Log(Box::new(error))
    }
}

impl From<sealog_store::Error> for Fault {
    fn from(error: sealog_store::Error) -> Self {
        Self::Log(Box::new(Error::Store(error)))
    }
}

impl Fault {
    /// Whether the index has to be made anew.
    pub(super) const fn is_unfit(&self) -> bool {
        matches!(self, Self::Unfit(_) | Self::Damaged(_))
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Log(error) => *error,
            other => Self::Index {
                reason: other.to_string(),
            },
        }
    }
}
