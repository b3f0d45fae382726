//! What is a ledger directory, and what is not.

use std::path::Path;
use std::sync::Arc;

use sealog_core::ErrorKind;
use sealog_store::disk::{Disk, MemoryDisk, Open, OsDisk, Reach};
use sealog_store::{Error, FileOptions, FileStore, Place, Store, layout};

use crate::kit::{Bench, WAIT, commit, on_each_disk, writing};

#[test]
fn create_makes_the_layout_and_open_finds_it() {
    on_each_disk(|bench| {
        drop(bench.create(1));
        for name in [
            layout::LOG,
            layout::PAYLOADS,
            layout::ANCHORS,
            layout::RECOVERED,
        ] {
            assert!(bench.exists(&bench.path(name)), "{name}");
        }
        assert_eq!(bench.content(&bench.path(layout::ABOUT)), b"format = 0\n");
        let store = bench.open(2);
        assert!(store.segments().unwrap().is_empty());
        assert_eq!(store.segments().unwrap().strangers(), [] as [&str; 0]);
        assert_eq!(store.poisoned().unwrap(), None);
    });
}

#[test]
fn create_refuses_whatever_exists() {
    on_each_disk(|bench| {
        let create = || {
            FileStore::create(Arc::clone(&bench.disk), &bench.root, "", &writing(1)).unwrap_err()
        };
        bench.disk.create_dir(&bench.root, Reach::Everyone).unwrap();
        assert!(matches!(create(), Error::Exists { .. }));
        assert_eq!(bench.disk.list(&bench.root).unwrap(), [] as [&str; 0]);
        bench.disk.remove_dir(&bench.root).unwrap();
        drop(
            bench
                .disk
                .open(&bench.root, Open::CreateNew(Reach::Everyone))
                .unwrap(),
        );
        assert!(matches!(create(), Error::Exists { .. }));
        bench.disk.remove_file(&bench.root).unwrap();
        let reading = FileOptions::reading();
        let error = FileStore::create(Arc::clone(&bench.disk), &bench.root, "", &reading);
        assert!(matches!(error.unwrap_err(), Error::OpenedForReading { .. }));
        assert!(!bench.exists(&bench.root));
        drop(bench.create(1));
        assert!(matches!(create(), Error::Exists { .. }));
    });
}

#[test]
fn create_needs_the_parent_directory() {
    on_each_disk(|bench| {
        let root = bench.root.join("absent/b.sealog");
        let error = FileStore::create(Arc::clone(&bench.disk), &root, "", &writing(1));
        assert!(matches!(error.unwrap_err(), Error::Io { .. }));
    });
}

#[test]
fn open_refuses_a_directory_that_is_not_a_ledger() {
    on_each_disk(|bench| {
        let open = |options: &FileOptions| {
            let error = FileStore::open(Arc::clone(&bench.disk), &bench.root, options).unwrap_err();
            assert!(matches!(error, Error::NotALedger { .. }), "{error}");
            assert_eq!(error.kind(), ErrorKind::Refused);
        };
        open(&writing(1));
        bench.disk.create_dir(&bench.root, Reach::Everyone).unwrap();
        open(&writing(1));
        open(&FileOptions::reading());
        bench
            .disk
            .create_dir(&bench.path(layout::LOG), Reach::Everyone)
            .unwrap();
        open(&writing(1));
        assert_eq!(
            bench.disk.list(&bench.path(layout::LOG)).unwrap(),
            [] as [&str; 0]
        );
    });
}

#[test]
fn a_copy_without_lock_files_and_empty_directories_opens() {
    on_each_disk(|bench| {
        let at = commit(&bench.create(1), Place::START, b"a\n");
        let log = bench.path(layout::LOG);
        bench.disk.remove_file(&log.join(layout::LOCK)).unwrap();
        bench
            .disk
            .remove_file(&log.join(layout::TURNSTILE))
            .unwrap();
        bench
            .disk
            .remove_dir(&bench.path(layout::RECOVERED))
            .unwrap();
        let reader = bench.reader();
        assert_eq!(reader.poisoned().unwrap(), None);
        assert!(!bench.exists(&log.join(layout::LOCK)));
        let store = bench.open(2);
        let at = commit(&store, at, b"b\n");
        assert_eq!(at, Place::new(0, 4));
        store.turn(WAIT).unwrap().cut(Place::new(0, 2)).unwrap();
        assert_eq!(store.list(sealog_store::Shelf::Recovered).unwrap().len(), 1);
    });
}

#[test]
fn a_missing_segment_and_a_stranger_are_told() {
    on_each_disk(|bench| {
        let store = bench.create(1);
        let mut at = commit(&store, Place::START, b"a\n");
        for _ in 0..4 {
            at = store
                .turn(WAIT)
                .unwrap()
                .commit(at, b"b\n", Some(b"k\n"))
                .unwrap();
        }
        for number in [0, 2, 3] {
            let path = layout::segment_path(&bench.root, number);
            bench.disk.remove_file(&path).unwrap();
        }
        let stranger = bench.path(layout::LOG).join("0000000009.jsonl.bak");
        drop(
            bench
                .disk
                .open(&stranger, Open::CreateNew(Reach::Everyone))
                .unwrap(),
        );
        let segments = store.segments().unwrap();
        assert_eq!(segments.missing(), [(0, 0), (2, 3)]);
        assert_eq!(segments.strangers(), ["0000000009.jsonl.bak"]);
        let error = store.read(2, 0, &mut [0; 4]).unwrap_err();
        assert!(matches!(error, Error::NoSuchPlace { .. }), "{error}");
    });
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_inside_the_ledger_is_refused() {
    use std::os::unix::fs::symlink;
    for name in ["log", "payloads", "log/LOCK", "log/TURNSTILE"] {
        let bench = Bench::os();
        drop(bench.create(1));
        let away = bench.root.with_extension("away");
        std::fs::rename(bench.path(name), &away).unwrap();
        symlink(&away, bench.path(name)).unwrap();
        let error = FileStore::open(Arc::clone(&bench.disk), &bench.root, &writing(2)).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, Error::WrongKind { .. }), "{text}");
        assert!(text.contains("a symbolic link"), "{text}");
    }
    let bench = Bench::os();
    let store = bench.create(1);
    let at = commit(&store, Place::START, b"a\n");
    let segment = layout::segment_path(&bench.root, 0);
    let away = bench.root.with_extension("away");
    std::fs::rename(&segment, &away).unwrap();
    symlink(&away, &segment).unwrap();
    for error in [
        store.segments().map(|_| ()).unwrap_err(),
        store.read(0, 0, &mut [0; 1]).map(|_| ()).unwrap_err(),
    ] {
        assert!(matches!(error, Error::WrongKind { .. }), "{error}");
    }
    assert!(
        bench
            .open(2)
            .turn(WAIT)
            .unwrap()
            .commit(at, b"b\n", None)
            .is_err()
    );
    assert!(std::fs::read(&away).unwrap().starts_with(b"a\n"));
}

#[cfg(unix)]
#[test]
fn a_ledger_may_be_reached_through_a_link() {
    let bench = Bench::os();
    drop(bench.create(1));
    let link = bench.root.with_extension("link");
    std::os::unix::fs::symlink(&bench.root, &link).unwrap();
    FileStore::open(Arc::clone(&bench.disk), &link, &writing(2)).unwrap();
}

/// A disk that lies on a file system of another host.
#[derive(Debug)]
struct Remote(MemoryDisk);

impl Disk for Remote {
    fn open(
        &self,
        path: &Path,
        how: Open,
    ) -> std::io::Result<Box<dyn sealog_store::disk::DiskFile>> {
        self.0.open(path, how)
    }
    fn create_dir(&self, path: &Path, reach: Reach) -> std::io::Result<()> {
        self.0.create_dir(path, reach)
    }
    fn rename(&self, from: &Path, to: &Path) -> std::io::Result<()> {
        self.0.rename(from, to)
    }
    fn remove_file(&self, path: &Path) -> std::io::Result<()> {
        self.0.remove_file(path)
    }
    fn remove_dir(&self, path: &Path) -> std::io::Result<()> {
        self.0.remove_dir(path)
    }
    fn list(&self, path: &Path) -> std::io::Result<Vec<String>> {
        self.0.list(path)
    }
    fn metadata(&self, path: &Path) -> std::io::Result<sealog_store::disk::Metadata> {
        self.0.metadata(path)
    }
    fn sync_dir(&self, path: &Path) -> std::io::Result<()> {
        self.0.sync_dir(path)
    }
    fn process_id(&self) -> u32 {
        self.0.process_id()
    }
    fn boot_id(&self) -> Option<String> {
        None
    }
    fn shared_file_system(&self, _: &Path) -> std::io::Result<Option<String>> {
        Ok(Some("nfs4".to_owned()))
    }
    fn monotonic(&self) -> std::time::Duration {
        self.0.monotonic()
    }
    fn pause(&self, time: std::time::Duration) {
        self.0.pause(time);
    }
}

#[test]
fn a_file_system_of_other_hosts_is_refused_for_writing_unless_allowed_by_name() {
    let disk: Arc<dyn Disk> = Arc::new(Remote(MemoryDisk::new()));
    let root = Path::new("/a.sealog");
    let refused = |result: Result<FileStore, Error>| {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::SharedFileSystem { .. }), "{error}");
        assert!(error.to_string().contains("nfs4"), "{error}");
    };
    refused(FileStore::create(Arc::clone(&disk), root, "", &writing(1)));
    let mut allowed = writing(1);
    allowed.allowed_file_systems = vec!["nfs4".to_owned()];
    drop(FileStore::create(Arc::clone(&disk), root, "", &allowed).unwrap());
    refused(FileStore::open(Arc::clone(&disk), root, &writing(1)));
    FileStore::open(Arc::clone(&disk), root, &allowed).unwrap();
    FileStore::open(disk, root, &FileOptions::reading()).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn the_mount_table_of_this_machine_can_be_read() {
    let disk = OsDisk::new();
    let proc = disk.shared_file_system(Path::new("/proc/self")).unwrap();
    assert_eq!(proc, None);
    assert!(disk.shared_file_system(Path::new("/no such path")).is_err());
    assert_eq!(disk.boot_id().map(|id| id.len()), Some(36));
}

#[cfg(unix)]
#[test]
fn a_read_only_directory_is_refused_with_advice() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::os();
    drop(bench.create(1));
    let log = bench.path(layout::LOG);
    std::fs::set_permissions(log.join(layout::LOCK), PermissionsExt::from_mode(0o444)).unwrap();
    match FileStore::open(Arc::clone(&bench.disk), &bench.root, &writing(2)) {
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Refused);
            assert!(error.to_string().contains("check the owner"), "{error}");
        }
        // The superuser is not held by permission bits.
        Ok(_) => assert!(std::fs::write(log.join(layout::LOCK), b"").is_ok()),
    }
}
