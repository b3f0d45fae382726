//! Emptying a file that others have open and do not use at the moment.

use rusqlite::Connection;

use super::*;

fn home(directory: &tempfile::TempDir) -> Home {
    Home::File(directory.path().join("index.sqlite"))
}

/// A row that is found again in the file's bytes.
fn write_canary(database: &Database) {
    let sql = "INSERT INTO value(field,text) VALUES(1,'canary-5c1e')";
    database.connection().unwrap().execute(sql, []).unwrap();
}

fn rows(connection: &Connection) -> i64 {
    let sql = "SELECT count(*) FROM sqlite_schema";
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_file_is_emptied_again_and_again_while_others_have_it_open() {
    type Emptying = fn(&Home) -> Result<(), Fault>;
    let ways: [Emptying; 2] = [Database::wipe, Database::empty];
    for emptying in ways {
        let directory = tempfile::tempdir().unwrap();
        let home = home(&directory);
        let idle = Database::for_writing(&home, Making::Allowed).unwrap();
        let asking = Database::for_reading(&home).unwrap();
        write_canary(&idle);
        assert_ne!(rows(asking.connection().unwrap()), 0);
        for _ in 0..3 {
            emptying(&home).unwrap();
            assert_eq!(rows(asking.connection().unwrap()), 0);
        }
        // Whoever has it open goes on in it.
        make_tables(idle.connection().unwrap()).unwrap();
        write_canary(&idle);
        assert!(has_schema(asking.connection().unwrap()).unwrap());
    }
}

#[test]
fn a_file_that_is_wiped_after_it_was_carried_over_holds_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let home = home(&directory);
    let idle = Database::for_writing(&home, Making::Allowed).unwrap();
    write_canary(&idle);
    Database::wipe(&home).unwrap();
    // Another process that begins anew, and is carried over into the file before the next wiping.
    let other = Database::for_writing(&home, Making::Allowed).unwrap();
    write_canary(&other);
    drop(other);
    let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
    let connection = idle.connection().unwrap();
    let busy: bool = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    assert!(!busy);
    Database::wipe(&home).unwrap();
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes.windows(6).any(|window| window == b"canary");
        assert!(!found, "{}", path.display());
    }
}
