//! A process that was forked: the child has the parent's open files, and with them its locks.
//!
//! No test can fork without unsafe code; what the store sees of a fork is that the process id differs, and that is
//! what stands in for it here, on real files. The Python package's tests fork for real.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sealog_core::ErrorKind;
use sealog_store::disk::{Disk, DiskFile, Metadata, Open, OsDisk, Reach};
use sealog_store::{CommitError, Error, FileStore, Place, Shelf, Store};

use crate::kit::{Bench, WAIT, commit, writing};

/// The disk of a process whose id can be set.
#[derive(Debug)]
struct Forkable {
    disk: OsDisk,
    process: AtomicU32,
}

const PARENT: u32 = 1_000_001;
const CHILD: u32 = 1_000_002;

impl Disk for Forkable {
    fn open(&self, path: &Path, how: Open) -> io::Result<Box<dyn DiskFile>> {
        self.disk.open(path, how)
    }
    fn create_dir(&self, path: &Path, reach: Reach) -> io::Result<()> {
        self.disk.create_dir(path, reach)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }
    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.disk.remove_file(path)
    }
    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.disk.remove_dir(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.disk.list(path)
    }
    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        self.disk.metadata(path)
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.disk.sync_dir(path)
    }
    fn process_id(&self) -> u32 {
        self.process.load(Ordering::Relaxed)
    }
    fn boot_id(&self) -> Option<String> {
        self.disk.boot_id()
    }
    fn shared_file_system(&self, path: &Path) -> io::Result<Option<String>> {
        self.disk.shared_file_system(path)
    }
    fn monotonic(&self) -> Duration {
        self.disk.monotonic()
    }
    fn pause(&self, time: Duration) {
        self.disk.pause(time);
    }
}

fn parent(bench: &Bench) -> (Arc<Forkable>, FileStore) {
    let disk = Arc::new(Forkable {
        disk: OsDisk::new(),
        process: AtomicU32::new(PARENT),
    });
    let shared: Arc<dyn Disk> = Arc::<Forkable>::clone(&disk);
    let store = FileStore::create(shared, &bench.root, "", &writing(1)).unwrap();
    (disk, store)
}

fn assert_forked(error: &Error) {
    let Error::Forked { opened_in, used_in } = error else {
        panic!("{error}")
    };
    assert_eq!((*opened_in, *used_in), (PARENT, CHILD));
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(
        error.to_string().contains("open the ledger again"),
        "{error}"
    );
}

#[test]
fn a_fork_is_refused_everything_through_what_it_inherited() {
    let bench = Bench::os();
    let (disk, store) = parent(&bench);
    let at = commit(&store, Place::START, b"a\n");
    disk.process.store(CHILD, Ordering::Relaxed);
    assert_forked(&store.turn(WAIT).map(|_| ()).unwrap_err());
    assert_forked(&store.segments().unwrap_err());
    assert_forked(&store.read(0, 0, &mut [0; 1]).unwrap_err());
    assert_forked(&store.put(Shelf::Anchors, "a", b"").unwrap_err());
    assert_forked(&store.fetch(Shelf::Anchors, "a").unwrap_err());
    assert_forked(&store.remove(Shelf::Anchors, "a").unwrap_err());
    assert_forked(&store.poisoned().unwrap_err());
    assert_forked(&store.clear_poison(WAIT).unwrap_err());
    disk.process.store(PARENT, Ordering::Relaxed);
    commit(&store, at, b"b\n");
}

#[test]
fn a_fork_that_closes_or_drops_what_it_inherited_cuts_no_filler() {
    let bench = Bench::os();
    let (disk, store) = parent(&bench);
    commit(&store, Place::START, b"a\n");
    let before = bench.segment(0);
    disk.process.store(CHILD, Ordering::Relaxed);
    store.close(WAIT).unwrap();
    drop(store);
    assert_eq!(bench.segment(0), before);
}

#[test]
fn a_fork_that_drops_an_inherited_turn_does_not_unlock_it() {
    let bench = Bench::os();
    let (disk, store) = parent(&bench);
    let mut turn = store.turn(WAIT).unwrap();
    disk.process.store(CHILD, Ordering::Relaxed);
    let error = turn.commit(Place::START, b"a\n", None).unwrap_err();
    let CommitError::NotWritten { source } = &error else {
        panic!("{error}")
    };
    assert_forked(source);
    assert_forked(&turn.flush().unwrap_err());
    assert_forked(&turn.cut(Place::START).unwrap_err());
    assert_forked(&turn.poison(None, "no").unwrap_err());
    drop(turn);
    let error = bench.open(2).turn(Duration::from_millis(10)).map(|_| ());
    assert!(matches!(error.unwrap_err(), Error::Busy { .. }));
    // The files closed, the lock ends with the last of them.
    drop(store);
    drop(bench.open(3).turn(WAIT).unwrap());
}
