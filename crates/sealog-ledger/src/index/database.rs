//! The database file: its tables, and how it is opened.
//!
//! Journal and durability: write-ahead log with `synchronous=NORMAL`. A power loss may then lose the newest
//! transactions, which leaves an older mark and costs following again; it cannot tear the file, so that nothing has
//! to be checked at opening (`docs/index.md`).

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::fault::Fault;
use super::gate::{self, Counted};

/// Entries to a block: what a posting points to and a query scans.
pub(super) const BLOCK_ENTRIES: u64 = 1_024;
/// Blocks to an era: postings are kept by era, so that new ones touch few pages whatever the log's size.
pub(super) const ERA_BLOCKS: u64 = 256;
/// Statements that a connection keeps compiled.
const STATEMENTS: usize = 64;
/// Pages of the write-ahead log after which it is carried over into the file: 32 MiB, few flushes.
const CHECKPOINT_PAGES: i64 = 8_192;
/// Page cache of a connection, in KiB.
const CACHE_KIB: i64 = 16 * 1024;

/// The tables, exactly as `SQLite` keeps their text: a file whose text differs is of another version or edited.
///
/// `value` gives small numbers to repeated strings. `posting` says in which blocks of entries a value stands.
/// Traces and sessions are nearly all different: only 63 bits of their hash are kept, as negative numbers.
const SCHEMA: [(&str, &str); 5] = [
    (
        "entry",
        "CREATE TABLE entry(idx INTEGER PRIMARY KEY,segment INTEGER,offset INTEGER,length INTEGER,\
         record_id BLOB,producer INTEGER,run INTEGER,kind INTEGER,stream INTEGER,tenant INTEGER,\
         system INTEGER,recorded INTEGER,model INTEGER,label INTEGER,action INTEGER,config INTEGER,\
         score REAL,trace INTEGER,session INTEGER,checks BLOB,gap INTEGER)",
    ),
    (
        "entry_record",
        "CREATE INDEX entry_record ON entry(record_id)",
    ),
    (
        "mark",
        "CREATE TABLE mark(id INTEGER PRIMARY KEY,origin TEXT,size INTEGER,segment INTEGER,\
         offset INTEGER,length INTEGER,hash BLOB,rolled BLOB)",
    ),
    (
        "posting",
        "CREATE TABLE posting(era INTEGER,value INTEGER,block INTEGER,\
         PRIMARY KEY(era,value,block)) WITHOUT ROWID",
    ),
    (
        "value",
        "CREATE TABLE value(id INTEGER PRIMARY KEY,field INTEGER,text TEXT,UNIQUE(field,text))",
    ),
];

/// Where an index lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Home {
    /// In this file, for all processes.
    File(PathBuf),
    /// In a temporary file of `SQLite`'s, for this handle alone.
    Private,
}

/// May the file be made if it is not there?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Making {
    Allowed,
    Refused,
}

/// An open connection, which a forked child leaves alone. Used, opened and closed inside the gate.
pub(super) struct Database {
    connection: Option<Connection>,
    opened_in: u32,
    /// Counts it, unless it lies in a file of its own that a fork may hold open too.
    counted: Option<Counted>,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Database")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // SQLite must not touch in a fork what the parent opened, not even to close it.
        if self.opened_in != std::process::id() {
            std::mem::forget(self.connection.take());
            std::mem::forget(self.counted.take());
            return;
        }
        if let Ok(_inside) = gate::enter() {
            self.connection = None;
            self.counted = None;
        }
    }
}

impl Database {
    /// Opens the index for writing, with its tables. A file that is another version's, or that somebody edited the
    /// tables of, is emptied first.
    pub(super) fn for_writing(home: &Home, making: Making) -> Result<Self, Fault> {
        let database = Self::open(home, making)?;
        let connection = database.connection()?;
        if *home != Home::Private {
            let mode: String =
                connection
                    .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
            if mode != "wal" {
                return Err(Fault::Unfit(format!("its journal mode is {mode}")));
            }
            connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        }
        if !has_schema(connection)? {
            if !is_empty(connection)? {
                return Err(Fault::Unfit("it has the tables of another version".into()));
            }
            make_tables(connection)?;
        }
        Ok(database)
    }

    /// Opens the index of this file for asking only.
    pub(super) fn for_reading(home: &Home) -> Result<Self, Fault> {
        let database = Self::open(home, Making::Refused)?;
        database
            .connection()?
            .pragma_update(None, "query_only", true)?;
        if !has_schema(database.connection()?)? {
            return Err(Fault::Unfit("it has the tables of another version".into()));
        }
        Ok(database)
    }

    fn open(home: &Home, making: Making) -> Result<Self, Fault> {
        let counted = (*home != Home::Private).then(Counted::new);
        let connection = connect(home, making)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // The file may be anybody's: no function of a schema is run, and its own tables cannot be broken by SQL.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        Ok(Self {
            connection: Some(connection),
            opened_in: std::process::id(),
            counted,
        })
    }

    /// Closes it without carrying the write-ahead log over into the file, which takes long.
    pub(super) fn close_soon(self) {
        if let Ok(connection) = self.connection() {
            let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        }
    }

    /// Empties the file in place, however damaged it is: other processes may have it open, so that it is never
    /// removed or replaced.
    pub(super) fn empty(home: &Home) -> Result<(), Fault> {
        reset(home).map(drop)
    }

    /// The same, and cuts off the write-ahead log too, so that no page of what was there is left in either file.
    pub(super) fn wipe(home: &Home) -> Result<(), Fault> {
        let connection = reset(home)?;
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy: bool = connection.query_row(sql, [], |row| row.get(0))?;
        if busy { Err(Fault::Busy) } else { Ok(()) }
    }

    pub(super) fn connection(&self) -> Result<&Connection, Fault> {
        self.connection
            .as_ref()
            .filter(|_| self.opened_in == std::process::id())
            .ok_or(Fault::Forked)
    }

    pub(super) fn connection_mut(&mut self) -> Result<&mut Connection, Fault> {
        let here = self.opened_in == std::process::id();
        self.connection
            .as_mut()
            .filter(|_| here)
            .ok_or(Fault::Forked)
    }
}

fn connect(home: &Home, making: Making) -> Result<Connection, Fault> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    if making == Making::Allowed || *home == Home::Private {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let connection = match home {
        Home::Private => Connection::open_with_flags("", flags)?,
        Home::File(path) => Connection::open_with_flags(path_to(path)?, flags)?,
    };
    connection.busy_timeout(BUSY_WAIT)?;
    Ok(connection)
}

/// Empties the file through a connection of its own, which it returns.
fn reset(home: &Home) -> Result<Connection, Fault> {
    let connection = connect(home, Making::Refused)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // A connection that is to reset the file does not read its header, and takes an empty write-ahead log for none:
    // it would then want the file for itself, which no other that has it open, however idle, gives up. Where the
    // header is damaged this fails, and it has to be tried without.
    let _ = connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()));
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_RESET_DATABASE, true)?;
    let emptied = connection.execute_batch("VACUUM");
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_RESET_DATABASE, false)?;
    emptied?;
    Ok(connection)
}

/// How long a statement waits for another process.
const BUSY_WAIT: Duration = Duration::from_millis(250);

/// The directory may be reached through links; the file itself may not be one.
fn path_to(path: &Path) -> Result<PathBuf, Fault> {
    let unopenable = |error: std::io::Error| {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
        Fault::Sqlite(rusqlite::Error::SqliteFailure(
            code,
            Some(error.to_string()),
        ))
    };
    let parent = path.parent().unwrap_or(Path::new("."));
    let parent = parent.canonicalize().map_err(unopenable)?;
    Ok(parent.join(path.file_name().unwrap_or_default()))
}

fn schema_of(connection: &Connection) -> Result<Vec<(String, Option<String>)>, Fault> {
    let mut statement = connection
        .prepare("SELECT name,sql FROM sqlite_schema WHERE sql NOT NULL ORDER BY name")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn has_schema(connection: &Connection) -> Result<bool, Fault> {
    let found = schema_of(connection)?;
    let found = found
        .iter()
        .map(|(name, sql)| (name.as_str(), sql.as_deref().unwrap_or_default()));
    Ok(found.eq(SCHEMA))
}

fn is_empty(connection: &Connection) -> Result<bool, Fault> {
    Ok(schema_of(connection)?.is_empty())
}

fn make_tables(connection: &Connection) -> Result<(), Fault> {
    // Two processes may do so at once: the second finds them made.
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let made = (|| {
        if is_empty(connection)? {
            for (_, sql) in SCHEMA {
                connection.execute_batch(sql)?;
            }
        }
        Ok(())
    })();
    connection.execute_batch(if made.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    made
}

/// Removes all rows, inside the transaction under way.
pub(super) fn clear(connection: &Connection) -> Result<(), Fault> {
    for table in ["entry", "mark", "posting", "value"] {
        connection.execute(&format!("DELETE FROM {table}"), [])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
