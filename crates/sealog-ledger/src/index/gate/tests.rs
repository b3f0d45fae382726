//! What is open and who waits while a process is about to fork. That children then work is tested from Python.

use std::path::Path;
use std::sync::mpsc;

use sealog_core::json::Object;

use super::*;
use crate::draft::Draft;
use crate::index::Query;
use crate::ledger::Ledger;
use crate::options::{Creation, Options};

/// Tests of this file take turns: they hold the one gate of the process.
static TURN: Mutex<()> = Mutex::new(());

fn ledger(directory: &Path) -> Ledger {
    let options = Options {
        state_dir: Some(directory.join("state")),
        config_dir: Some(directory.join("config")),
        ..Options::default()
    };
    let path = directory.join("log.sealog");
    let ledger = Ledger::create(&path, &Creation::default(), options).unwrap();
    append(&ledger);
    let status = ledger.wait_for_index(Duration::from_mins(1));
    assert_eq!(status.lag(), 0, "{status:?}");
    ledger
}

fn append(ledger: &Ledger) {
    let mut body = Object::new();
    body.insert("n", 1_u32);
    let producer = ledger.producer().unwrap();
    producer
        .append(Draft::new("org.example.note", body))
        .unwrap();
}

/// Descriptors of this process that lie in the directory and belong to an index.
#[cfg(target_os = "linux")]
fn open_files(directory: &Path) -> usize {
    let inside = directory.canonicalize().unwrap();
    std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter(|target| target.starts_with(&inside))
        .filter(|target| target.to_string_lossy().contains("index.sqlite"))
        .count()
}

#[test]
#[cfg(target_os = "linux")]
fn no_index_is_open_while_a_process_forks_and_all_go_on_after_it() {
    let _turn = lock(&TURN);
    let directory = tempfile::tempdir().unwrap();
    let ledger = ledger(directory.path());
    assert_eq!(ledger.count(&Query::default()).unwrap(), ledger.size());
    assert!(open_files(directory.path()) > 0);
    prepare();
    assert_eq!(open_files(directory.path()), 0);
    append(&ledger);
    let asked = thread::scope(|scope| {
        let (sender, asked) = mpsc::channel();
        scope.spawn({
            let ledger = &ledger;
            move || sender.send(ledger.count(&Query::default())).unwrap()
        });
        // Whoever asks waits for the fork, and the thread that follows opens nothing.
        asked
            .recv_timeout(Duration::from_millis(100))
            .expect_err("nobody is let in");
        assert_eq!(open_files(directory.path()), 0);
        done();
        asked.recv().unwrap().unwrap()
    });
    assert_eq!(asked, ledger.size());
}

#[test]
fn a_fork_waits_for_a_thread_inside_but_not_without_end() {
    let _turn = lock(&TURN);
    let (entered, is_inside) = mpsc::channel();
    let (leave, may_leave) = mpsc::channel::<()>();
    let inside = thread::spawn(move || {
        let outer = enter().unwrap();
        let inner = enter().unwrap();
        entered.send(()).unwrap();
        drop(inner);
        let _ = may_leave.recv();
        drop(outer);
    });
    is_inside.recv().unwrap();
    let begun = Instant::now();
    prepare();
    assert!(begun.elapsed() >= PREPARING);
    assert!(is_wanted(), "the thread inside is told to end its work");
    done();
    assert!(!is_wanted());
    leave.send(()).unwrap();
    inside.join().unwrap();
    prepare();
    done();
}

#[test]
fn done_without_a_fork_under_way_lets_nobody_in() {
    let _turn = lock(&TURN);
    prepare();
    thread::spawn(done).join().unwrap();
    assert!(is_wanted(), "only the thread that forks ends it");
    done();
    assert!(!is_wanted());
}
