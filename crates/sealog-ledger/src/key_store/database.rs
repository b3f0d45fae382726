//! The database of a key store: its tables, and how it is opened.
//!
//! What is deleted is gone: `secure_delete` overwrites freed pages with zeros, the rollback journal is removed at each
//! commit, and there is no write-ahead log in which an older page could stay. Each transaction opens the file and
//! closes it again, so that nothing is open when the process forks, and flushes before it returns.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::Error;
use crate::index::gate;
use crate::queue::lock;

/// How long a transaction waits for that of another process.
const BUSY_WAIT: Duration = Duration::from_secs(10);
/// Version of the tables.
const FORMAT: i64 = 1;

/// `holder`: data keys, wrapped; `subject` is empty for a tenant's own. `token`: pseudonyms, found by the code of the
/// value they stand for. `link`: in whose records a token was used. `pending`: erasures whose record is still to be
/// written. `mark`: up to where the log was searched for erasures.
const SCHEMA: &str = "
CREATE TABLE meta(id INTEGER PRIMARY KEY CHECK(id=1),origin TEXT NOT NULL,kek TEXT NOT NULL,
 lookup BLOB NOT NULL,mark INTEGER NOT NULL) STRICT;
CREATE TABLE holder(key_id BLOB PRIMARY KEY,tenant TEXT NOT NULL,subject TEXT NOT NULL,
 wrapped BLOB NOT NULL,UNIQUE(tenant,subject)) STRICT,WITHOUT ROWID;
CREATE TABLE token(code BLOB PRIMARY KEY,token BLOB NOT NULL UNIQUE,tenant TEXT NOT NULL)
 STRICT,WITHOUT ROWID;
CREATE TABLE link(tenant TEXT NOT NULL,subject TEXT NOT NULL,token BLOB NOT NULL,
 PRIMARY KEY(tenant,subject,token)) STRICT,WITHOUT ROWID;
CREATE TABLE pending(erasure_id TEXT PRIMARY KEY,drafts TEXT NOT NULL) STRICT,WITHOUT ROWID;
";

/// Who made a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    Here,
    Already,
}

/// Where a key store lies.
#[derive(Debug)]
pub(super) enum Home {
    /// In this file.
    File(PathBuf),
    /// In memory, for a ledger in memory.
    Memory(Mutex<Connection>),
}

impl Home {
    /// A new one in memory.
    pub(super) fn memory() -> Result<Self, Error> {
        let connection = Connection::open_in_memory().map_err(|error| failed(None, &error))?;
        Ok(Self::Memory(Mutex::new(connection)))
    }

    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Memory(_) => None,
        }
    }

    /// Runs something in a transaction that is durable when this returns; a failure takes all of it back.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let path = self.path();
        let run = |connection: &mut Connection| {
            let transaction = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(|error| failed(path, &error))?;
            let done = work(&transaction)?;
            transaction.commit().map_err(|error| failed(path, &error))?;
            Ok(done)
        };
        let _inside = gate::enter().map_err(|fault| Error::KeyStore {
            path: path.map(Path::to_path_buf),
            why: fault.to_string(),
        })?;
        match self {
            Self::Memory(connection) => run(&mut lock(connection)),
            Self::File(file) => {
                check_private(file)?;
                let mut connection = open(file).map_err(|error| failed(path, &error))?;
                run(&mut connection)
            }
        }
    }

    /// Makes the tables, unless they are there. The file must be there, empty and private.
    pub(super) fn create(
        &self,
        fill: impl FnOnce(&Transaction<'_>) -> Result<(), Error>,
    ) -> Result<Made, Error> {
        let path = self.path();
        self.with(|transaction| {
            let there = transaction.table_exists(None, "meta");
            if there.map_err(|error| failed(path, &error))? {
                return Ok(Made::Already);
            }
            transaction
                .execute_batch(SCHEMA)
                .and_then(|()| transaction.pragma_update(None, "user_version", FORMAT))
                .map_err(|error| failed(path, &error))?;
            fill(transaction)?;
            Ok(Made::Here)
        })
    }

    /// Refuses a store of a format that this program does not know.
    pub(super) fn check_format(&self, transaction: &Transaction<'_>) -> Result<(), Error> {
        let found: i64 = transaction
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(|error| failed(self.path(), &error))?;
        if found == FORMAT {
            return Ok(());
        }
        let why = format!("it has format {found}, and this program reads {FORMAT}");
        Err(Error::KeyStore {
            path: self.path().map(Path::to_path_buf),
            why,
        })
    }
}

fn open(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY_WAIT)?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.pragma_update(None, "synchronous", "EXTRA")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.pragma_update(None, "cell_size_check", "ON")?;
    Ok(connection)
}

/// Refused where others than its owner may read it.
fn check_private(path: &Path) -> Result<(), Error> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let metadata = std::fs::metadata(path).map_err(Error::io("read", path))?;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(Error::KeyStore {
                path: Some(path.into()),
                why: "others may read it: `chmod 600` it".into(),
            });
        }
    }
    Ok(())
}

/// What the database said, as an error of this crate. Its messages name tables and never values.
pub(super) fn failed(path: Option<&Path>, error: &rusqlite::Error) -> Error {
    Error::KeyStore {
        path: path.map(Path::to_path_buf),
        why: error.to_string(),
    }
}
