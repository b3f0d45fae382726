//! The peer: `SQLite` in WAL mode with `synchronous = FULL`, rows of the same size, no proofs, no index but the row id.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rusqlite::Connection;

use crate::workload::RECORD_BYTES;

/// A database with one table.
#[derive(Debug)]
pub(crate) struct Peer {
    connection: Connection,
    row: Vec<u8>,
}

impl Peer {
    pub(crate) fn new(directory: &Path) -> Result<Self> {
        let connection = Connection::open(directory.join("peer.sqlite"))?;
        let mode: String =
            connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        ensure!(mode == "wal", "SQLite gave the journal mode {mode}");
        connection.execute_batch(
            "PRAGMA synchronous = FULL;
             CREATE TABLE log (id INTEGER PRIMARY KEY, record BLOB NOT NULL);",
        )?;
        let level: i64 = connection.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
        ensure!(level == 2, "SQLite gave the level {level} of synchronous");
        // The same text everywhere: SQLite does not compress, so that it makes no difference.
        Ok(Self {
            connection,
            row: vec![b'x'; RECORD_BYTES],
        })
    }

    /// Commits so many rows at a time for so long; gives the rows and the time of each commit in milliseconds.
    pub(crate) fn run(&mut self, rows: u64, time: Duration) -> Result<(u64, Vec<f64>)> {
        let begun = Instant::now();
        let (mut total, mut commits) = (0, Vec::new());
        while begun.elapsed() < time {
            let commit = Instant::now();
            let transaction = self.connection.transaction()?;
            {
                let mut insert =
                    transaction.prepare_cached("INSERT INTO log (record) VALUES (?1)")?;
                for _ in 0..rows {
                    insert.execute([&self.row])?;
                }
            }
            transaction.commit()?;
            commits.push(commit.elapsed().as_secs_f64() * 1e3);
            total += rows;
        }
        Ok((total, commits))
    }
}
