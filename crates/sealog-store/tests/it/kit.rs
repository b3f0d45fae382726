//! A ledger directory on each disk, and what tests look up in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sealog_store::disk::{Disk, MemoryDisk, Open, OsDisk};
use sealog_store::{FileOptions, FileStore, Place, Store, layout};

/// Long enough for any turn in a test, short enough to notice one that never comes.
pub const WAIT: Duration = Duration::from_secs(20);

/// A directory on a disk, removed at the end where it is a real one.
pub struct Bench {
    pub disk: Arc<dyn Disk>,
    pub root: PathBuf,
    scratch: Option<PathBuf>,
}

impl Bench {
    pub fn memory() -> Self {
        Self {
            disk: Arc::new(MemoryDisk::new()),
            root: PathBuf::from("/a.sealog"),
            scratch: None,
        }
    }

    pub fn os() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("sealog-store-{}-{number}", std::process::id());
        let scratch = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&scratch).unwrap();
        Self {
            disk: Arc::new(OsDisk::new()),
            root: scratch.join("a.sealog"),
            scratch: Some(scratch),
        }
    }

    pub fn create(&self, writer: u8) -> FileStore {
        FileStore::create(
            Arc::clone(&self.disk),
            &self.root,
            "format = 0\n",
            &writing(writer),
        )
        .unwrap()
    }

    pub fn open(&self, writer: u8) -> FileStore {
        FileStore::open(Arc::clone(&self.disk), &self.root, &writing(writer)).unwrap()
    }

    pub fn reader(&self) -> FileStore {
        FileStore::open(Arc::clone(&self.disk), &self.root, &FileOptions::reading()).unwrap()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub fn segment(&self, number: u64) -> Vec<u8> {
        self.content(&layout::segment_path(&self.root, number))
    }

    pub fn content(&self, path: &Path) -> Vec<u8> {
        let file = self.disk.open(path, Open::Read).unwrap();
        let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
        let mut filled = 0;
        while filled < bytes.len() {
            filled += file.read_at(filled as u64, &mut bytes[filled..]).unwrap();
        }
        bytes
    }

    /// Writes behind the store's back.
    pub fn scribble(&self, path: &Path, offset: u64, bytes: &[u8]) {
        let file = self.disk.open(path, Open::Write).unwrap();
        assert_eq!(file.write_at(offset, bytes).unwrap(), bytes.len());
    }

    pub fn exists(&self, path: &Path) -> bool {
        self.disk.metadata(path).is_ok()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Some(scratch) = &self.scratch {
            let _ = std::fs::remove_dir_all(scratch);
        }
    }
}

/// Runs a test on every disk without faults.
pub fn on_each_disk(test: impl Fn(&Bench)) {
    test(&Bench::memory());
    test(&Bench::os());
}

pub fn writing(writer: u8) -> FileOptions {
    FileOptions::writing([writer; 16])
}

/// Commits one group in a turn of its own.
pub fn commit(store: &FileStore, at: Place, group: &[u8]) -> Place {
    store.turn(WAIT).unwrap().commit(at, group, None).unwrap()
}

/// The lines of a segment without its filler.
pub fn lines(content: &[u8]) -> Vec<u8> {
    let end = content.iter().rposition(|byte| *byte != b'\n');
    let mut kept = content[..end.map_or(0, |end| end + 1)].to_vec();
    if !kept.is_empty() {
        kept.push(b'\n');
    }
    kept
}
