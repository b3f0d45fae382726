//! Threads and real processes on one ledger. A process is this test binary, started again for one test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use sealog_store::disk::OsDisk;
use sealog_store::{Error, FileStore, Place, Store};

use crate::kit::{Bench, WAIT, lines, on_each_disk, writing};

/// Set in a child: the ledger it works on.
const ROOT: &str = "STORE_TEST_ROOT";
/// Set in a child: the byte its writer id is made of.
const WRITER: &str = "STORE_TEST_WRITER";
const GROUPS: usize = 40;

/// Appends numbered lines, finding the end by itself whenever another wrote; returns the lines in order.
fn append_many(store: &FileStore, name: &str, groups: usize) {
    let mut last = Place::START;
    for number in 0..groups {
        let mut turn = store.turn(WAIT).unwrap();
        if turn.moved_since(last) {
            last = end_of(store);
            turn.flush().unwrap();
        }
        let line = format!("{name} {number}\n");
        let roll = (last.offset() > 2_000).then_some(&b"carried\n"[..]);
        last = turn.commit(last, line.as_bytes(), roll).unwrap();
    }
}

fn end_of(store: &FileStore) -> Place {
    let segments = store.segments().unwrap();
    let Some(segment) = segments.last() else {
        return Place::START;
    };
    let mut content = vec![0; usize::try_from(segment.bytes()).unwrap()];
    let read = store.read(segment.number(), 0, &mut content).unwrap();
    let end = lines(&content[..read]).len();
    Place::new(segment.number(), end as u64)
}

fn all_lines(bench: &Bench) -> Vec<String> {
    let store = bench.reader();
    let mut all = Vec::new();
    for segment in store.segments().unwrap().iter() {
        let content = String::from_utf8(lines(&bench.segment(segment.number()))).unwrap();
        all.extend(content.lines().map(str::to_owned));
    }
    all.retain(|line| line != "carried");
    all
}

fn assert_all_there(bench: &Bench, names: &[String], groups: usize) {
    let all = all_lines(bench);
    assert_eq!(all.len(), names.len() * groups);
    for name in names {
        let own: Vec<&String> = all
            .iter()
            .filter(|line| line.split(' ').next() == Some(name))
            .collect();
        let expected: Vec<String> = (0..groups)
            .map(|number| format!("{name} {number}"))
            .collect();
        assert_eq!(own, expected.iter().collect::<Vec<_>>());
    }
}

#[test]
fn two_stores_in_threads_lose_nothing_and_keep_order() {
    on_each_disk(|bench| {
        drop(bench.create(1));
        std::thread::scope(|scope| {
            for writer in [2, 3] {
                scope.spawn(move || append_many(&bench.open(writer), &writer.to_string(), GROUPS));
            }
        });
        assert_all_there(bench, &["2".to_owned(), "3".to_owned()], GROUPS);
    });
}

#[test]
fn child_processes_lose_nothing_and_keep_order() {
    let bench = Bench::os();
    drop(bench.create(1));
    let names = ["2", "3", "4"].map(str::to_owned);
    let children: Vec<Child> = names
        .iter()
        .map(|writer| child("child_appends", &bench.root, writer))
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_all_there(&bench, &names, GROUPS);
    assert_eq!(bench.reader().poisoned().unwrap(), None);
}

#[test]
fn the_lock_of_a_process_that_was_killed_is_free() {
    let bench = Bench::os();
    let store = bench.create(1);
    let mut holder = child("child_holds_the_turn", &bench.root, "2");
    let ready = bench.root.with_extension("ready");
    while !ready.exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let error = store
        .turn(std::time::Duration::from_millis(20))
        .unwrap_err();
    let Error::Busy { holder: pid, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(*pid, Some(holder.id()));
    assert!(
        error.to_string().contains(&holder.id().to_string()),
        "{error}"
    );
    holder.kill().unwrap();
    holder.wait().unwrap();
    drop(store.turn(WAIT).unwrap());
}

fn child(test: &str, root: &Path, writer: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            &format!("processes::{test}"),
            "--ignored",
            "--nocapture",
        ])
        .env(ROOT, root)
        .env(WRITER, writer)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// In a child: the store of the ledger it was given.
fn in_child() -> (FileStore, PathBuf, String) {
    let root = PathBuf::from(std::env::var_os(ROOT).expect("only started by another test"));
    let writer = std::env::var(WRITER).unwrap();
    let options = writing(writer.parse().unwrap());
    let store = FileStore::open(Arc::new(OsDisk::new()), &root, &options).unwrap();
    (store, root, writer)
}

#[test]
#[ignore = "the body of a child process"]
fn child_appends() {
    let (store, _, writer) = in_child();
    append_many(&store, &writer, GROUPS);
}

#[test]
#[ignore = "the body of a child process"]
fn child_holds_the_turn() {
    let (store, root, _) = in_child();
    let _turn = store.turn(WAIT).unwrap();
    std::fs::write(root.with_extension("ready"), b"").unwrap();
    std::thread::sleep(WAIT);
}
