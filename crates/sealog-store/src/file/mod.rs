//! The file store: a ledger directory on a [`Disk`] (docs/formats/store.md).
//!
//! Under a commit stand, in this order: the hint in the lock file, one write of the group, one flush; where a segment
//! is made, also the flush of the directory. Everything else here serves the case that one of these fails.
//!
//! Absent: the head copies, which live outside the directory ([`crate::HeadCopy`]).

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sealog_core::limits::POISON_BYTES_MAX;

use crate::disk::{Disk, DiskFile, FileKind, Open, Reach};
use crate::layout;
use crate::{
    DisposalMark, Error, Place, Poison, Rewriting, SegmentInfo, Segments, Shelf, ShelfFile, Still,
    Store, Turn,
};

mod commit;
mod create;
mod cut;
mod disposal;
mod hint;
mod importing;
mod poison;
mod shelf;
mod still;
pub(crate) mod transfer;
mod turn;
mod unfinished;

use hint::{HINT_BYTES, Hint};
use shelf::FlushedDirectories;

/// The files of the segments' directory that are no segments.
const KNOWN: [&str; 5] = [
    layout::LOCK,
    layout::TURNSTILE,
    layout::POISONED,
    layout::DISPOSAL,
    layout::IMPORT,
];

/// What a store may do with its ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read only: no file is made or changed, no lock taken.
    Read,
    /// Read and write.
    Write {
        /// 16 random bytes that no other open store has: by them it knows its own writes.
        writer: [u8; 16],
    },
}

/// How a ledger directory is opened.
#[derive(Debug, Clone)]
pub struct FileOptions {
    /// Reading or writing.
    pub access: Access,
    /// Types of file systems that other hosts may mount and that may be written all the same (`nfs4`), because the
    /// user knows that one host writes.
    pub allowed_file_systems: Vec<String>,
}

impl FileOptions {
    /// Opens for reading.
    pub const fn reading() -> Self {
        Self {
            access: Access::Read,
            allowed_file_systems: Vec::new(),
        }
    }

    /// Opens for writing, with 16 random bytes.
    pub const fn writing(writer: [u8; 16]) -> Self {
        Self {
            access: Access::Write { writer },
            allowed_file_systems: Vec::new(),
        }
    }
}

/// A ledger directory.
#[derive(Debug)]
pub struct FileStore {
    disk: Arc<dyn Disk>,
    root: PathBuf,
    /// The process that opened the store. A fork shares the open files and with them the locks: an unlock in the
    /// child would free the parent's turn, and a lock that the child takes would not stop the parent. So nothing is
    /// written, unlocked or cut where the current process is another one, and no mutex is touched there either: it
    /// may have been held by a thread that the fork does not have. Dropping in the child closes its copies of the
    /// files, which leaves the parent's lock alone. If the parent dies *without* unlocking, a child that has not yet
    /// dropped its copy keeps the lock until it does or ends.
    opened_in: u32,
    /// Present when opened for writing.
    writing: Option<Writing>,
    /// Numbers the unfinished files of this store.
    unfinished: AtomicU64,
    /// Directories whose own name this store has flushed.
    flushed_directories: FlushedDirectories,
}

/// What only a store opened for writing has.
#[derive(Debug)]
struct Writing {
    writer: [u8; 16],
    lock: Box<dyn DiskFile>,
    turnstile: Box<dyn DiskFile>,
    /// Whether a thread of this process has the turn. Taken before the lock files, which know only open files.
    taken: Mutex<bool>,
    /// Signalled when `taken` becomes false.
    freed: Condvar,
    /// The segment of this store's last commit. Only touched by whoever has the turn.
    active: Mutex<Option<Active>>,
    /// Whether this store has flushed the log. Before that no hint is believed: the directory may be a copy, with the
    /// hint of the original, of which nothing has reached the disk.
    flushed_once: AtomicBool,
    /// Set when this store poisoned the log, in case neither the poison file nor the hint could be written.
    poison: Mutex<Option<Poison>>,
}

/// The segment that this store last wrote to. Exact as long as the hint says that nobody wrote since.
#[derive(Debug)]
struct Active {
    segment: u64,
    file: Box<dyn DiskFile>,
    /// Where the last group ends.
    end: u64,
    /// Where the filler after it ends: the length of the file.
    filler_end: u64,
}

impl FileStore {
    /// Opens the ledger at `root`.
    ///
    /// Refuses a directory that is not a ledger, a symbolic link where a directory or file of the layout belongs, and
    /// for writing also a file system that other hosts may mount and that is not allowed by name.
    pub fn open(disk: Arc<dyn Disk>, root: &Path, options: &FileOptions) -> Result<Self, Error> {
        if !is_ledger(disk.as_ref(), root)? {
            return Err(Error::NotALedger {
                path: root.to_path_buf(),
            });
        }
        for name in [
            layout::PAYLOADS,
            layout::ANCHORS,
            layout::RECOVERED,
            layout::DERIVED,
        ] {
            kind_of(disk.as_ref(), &root.join(name), FileKind::Directory)?;
        }
        let writing = match options.access {
            Access::Read => None,
            Access::Write { writer } => {
                refuse_shared(disk.as_ref(), root, options)?;
                Some(Writing {
                    writer,
                    lock: open_lock(disk.as_ref(), root, layout::LOCK)?,
                    turnstile: open_lock(disk.as_ref(), root, layout::TURNSTILE)?,
                    taken: Mutex::new(false),
                    freed: Condvar::new(),
                    active: Mutex::new(None),
                    flushed_once: AtomicBool::new(false),
                    poison: Mutex::new(None),
                })
            }
        };
        Ok(Self {
            opened_in: disk.process_id(),
            disk,
            root: root.to_path_buf(),
            writing,
            unfinished: AtomicU64::new(0),
            flushed_directories: FlushedDirectories::default(),
        })
    }

    /// Whether a directory says of itself that it is a ledger, by the file for people; whether it is one,
    /// [`Self::open`] finds out.
    pub fn has_label(disk: &dyn Disk, root: &Path) -> bool {
        matches!(
            kind_of(disk, &root.join(layout::ABOUT), FileKind::File),
            Ok(true)
        )
    }

    /// The ledger directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The disk under the store.
    pub fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    fn log_directory(&self) -> PathBuf {
        self.root.join(layout::LOG)
    }

    fn check_process(&self) -> Result<(), Error> {
        let used_in = self.disk.process_id();
        if used_in == self.opened_in {
            return Ok(());
        }
        Err(Error::Forked {
            opened_in: self.opened_in,
            used_in,
        })
    }

    fn writing(&self) -> Result<&Writing, Error> {
        self.writing
            .as_ref()
            .ok_or_else(|| Error::OpenedForReading {
                path: self.root.clone(),
            })
    }

    /// Reads the hint; a lock file that is absent or holds none gives the empty hint.
    fn read_hint(&self) -> Result<Hint, Error> {
        let path = self.log_directory().join(layout::LOCK);
        let mut record = [0; HINT_BYTES];
        let read = match &self.writing {
            Some(writing) => transfer::read_full(writing.lock.as_ref(), 0, &mut record),
            None => match self.disk.open(&path, Open::Read) {
                Ok(file) => transfer::read_full(file.as_ref(), 0, &mut record),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Hint::default()),
                Err(error) => Err(error),
            },
        };
        let read = read.map_err(Error::io("read", path))?;
        Ok(record
            .get(..read)
            .and_then(Hint::decode)
            .unwrap_or_default())
    }

    /// What the poison file says, without a look at the hint.
    fn poison_file(&self) -> Result<Option<Poison>, Error> {
        let path = self.log_directory().join(layout::POISONED);
        match self.disk.metadata(&path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("look at", path)(error)),
        }
        // It is there, so the log is closed, whatever reading it gives.
        let mut content = [0; POISON_BYTES_MAX];
        let read = self
            .disk
            .open(&path, Open::Read)
            .and_then(|file| transfer::read_full(file.as_ref(), 0, &mut content))
            .unwrap_or(0);
        Ok(Some(poison::parse(content.get(..read).unwrap_or_default())))
    }

    /// Why the log is closed for writing, from the poison file, this store's memory, or the hint.
    fn poison_now(&self, hint: &Hint) -> Result<Option<Poison>, Error> {
        if let Some(poison) = self.poison_file()? {
            return Ok(Some(poison));
        }
        let own = self.writing.as_ref().map(|writing| locked(&writing.poison));
        if let Some(poison) = own.and_then(|own| own.clone()) {
            return Ok(Some(poison));
        }
        Ok(hint.poisoned.then(|| Poison {
            boot_id: None,
            size: None,
            error: "a writer failed and could not write down why".to_owned(),
        }))
    }
}

impl Store for FileStore {
    fn turn(&self, wait: Duration) -> Result<Box<dyn Turn + '_>, Error> {
        Ok(Box::new(self.take_turn(wait)?))
    }

    fn hold_still(&self, wait: Duration) -> Result<Box<dyn Still + '_>, Error> {
        self.hold_file_still(wait)
    }

    fn hold_import(&self) -> Result<Box<dyn Still + '_>, Error> {
        self.hold_file_import()
    }

    fn segments(&self) -> Result<Segments, Error> {
        self.check_process()?;
        let directory = self.log_directory();
        let names = self
            .disk
            .list(&directory)
            .map_err(Error::io("list", &directory))?;
        let mut found = Vec::new();
        let mut strangers = Vec::new();
        for name in names {
            if let Some(number) = layout::segment_number(&name) {
                let path = directory.join(&name);
                // One that was removed since it was listed is left out.
                let bytes = regular_file(self.disk.as_ref(), &path)?;
                found.extend(bytes.map(|bytes| SegmentInfo::new(number, bytes)));
            } else if !KNOWN.contains(&&*name) && !name.starts_with(layout::TEMPORARY_PREFIX) {
                strangers.push(name);
            }
        }
        Ok(Segments::new(found, strangers))
    }

    fn read(&self, segment: u64, offset: u64, buf: &mut [u8]) -> Result<usize, Error> {
        self.check_process()?;
        let path = layout::segment_path(&self.root, segment);
        // Opened anew each time: a file kept open would go on showing a segment that was cut and made again, or
        // disposed of.
        if regular_file(self.disk.as_ref(), &path)?.is_none() {
            return Err(Error::NoSuchPlace {
                at: Place::new(segment, offset),
            });
        }
        let file = self
            .disk
            .open(&path, Open::Read)
            .map_err(Error::io("open", &path))?;
        transfer::read_full(file.as_ref(), offset, buf).map_err(Error::io("read", &path))
    }

    fn put(&self, on: Shelf, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.put_file(on, name, bytes)
    }

    fn fetch(&self, on: Shelf, name: &str) -> Result<Option<Vec<u8>>, Error> {
        self.fetch_file(on, name)
    }

    fn look(&self, on: Shelf, name: &str) -> Result<Option<ShelfFile>, Error> {
        self.look_at_file(on, name)
    }

    fn list(&self, on: Shelf) -> Result<Vec<String>, Error> {
        self.list_files(on)
    }

    fn remove(&self, on: Shelf, name: &str) -> Result<(), Error> {
        self.remove_file(on, name)
    }

    fn poisoned(&self) -> Result<Option<Poison>, Error> {
        self.check_process()?;
        let hint = self.read_hint()?;
        self.poison_now(&hint)
    }

    fn clear_poison(&self, wait: Duration) -> Result<(), Error> {
        self.take_turn_though_poisoned(wait)?.clear_poison()
    }

    fn rewrites(&self) -> Result<u64, Error> {
        self.check_process()?;
        Ok(self.read_hint()?.rewrites)
    }

    fn disposals(&self) -> Result<DisposalMark, Error> {
        self.disposal_mark()
    }

    fn rewriting(&self, wait: Duration) -> Result<Box<dyn Rewriting + '_>, Error> {
        Ok(Box::new(self.begin_rewriting(wait)?))
    }

    fn boot_id(&self) -> Option<String> {
        self.disk.boot_id()
    }

    fn close(&self, wait: Duration) -> Result<(), Error> {
        let Some(writing) = &self.writing else {
            return Ok(());
        };
        // A fork has nothing to close: the filler is its parent's.
        if self.check_process().is_err() || locked(&writing.active).is_none() {
            return Ok(());
        }
        self.take_turn(wait)?.cut_filler()
    }
}

impl Drop for FileStore {
    fn drop(&mut self) {
        // Filler that stays is allowed: the next writer uses it up.
        let _ = self.close(Duration::ZERO);
    }
}

/// Whether `root` holds a `log` directory with a lock file or a first segment.
fn is_ledger(disk: &dyn Disk, root: &Path) -> Result<bool, Error> {
    let log = root.join(layout::LOG);
    if !kind_of(disk, &log, FileKind::Directory)? {
        return Ok(false);
    }
    for name in [layout::LOCK.to_owned(), layout::segment_name(0)] {
        if kind_of(disk, &log.join(name), FileKind::File)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether `path` exists; what exists must be of the given kind.
fn kind_of(disk: &dyn Disk, path: &Path, expected: FileKind) -> Result<bool, Error> {
    let found = match disk.metadata(path) {
        Ok(metadata) => metadata.kind(),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(false);
        }
        Err(error) => return Err(Error::io("look at", path)(error)),
    };
    if found == expected {
        return Ok(true);
    }
    Err(Error::WrongKind {
        path: path.to_path_buf(),
        expected: expected.name(),
        found: found.name(),
    })
}

/// The length of a regular file, or `None` if there is none.
fn regular_file(disk: &dyn Disk, path: &Path) -> Result<Option<u64>, Error> {
    let metadata = match disk.metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("look at", path)(error)),
    };
    if metadata.kind() == FileKind::File {
        return Ok(Some(metadata.bytes()));
    }
    Err(Error::WrongKind {
        path: path.to_path_buf(),
        expected: FileKind::File.name(),
        found: metadata.kind().name(),
    })
}

fn refuse_shared(disk: &dyn Disk, path: &Path, options: &FileOptions) -> Result<(), Error> {
    let name = disk
        .shared_file_system(path)
        .map_err(Error::io("look up the file system of", path))?;
    match name {
        Some(name) if !options.allowed_file_systems.contains(&name) => {
            Err(Error::SharedFileSystem {
                path: path.to_path_buf(),
                name,
            })
        }
        _ => Ok(()),
    }
}

fn open_lock(disk: &dyn Disk, root: &Path, name: &str) -> Result<Box<dyn DiskFile>, Error> {
    let path = root.join(layout::LOG).join(name);
    kind_of(disk, &path, FileKind::File)?;
    disk.open(&path, Open::Create(Reach::Everyone))
        .map_err(Error::io("open", &path))
}

/// Locks a mutex whose data stays good when a thread panics with it: each is replaced as a whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
