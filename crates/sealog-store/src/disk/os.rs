//! The disk of the operating system, through the standard library alone.
//!
//! Locks are `flock` on Unix and `LockFileEx` on Windows: they belong to the open file, so two handles in one process
//! exclude each other, closing another handle gives nothing back, and a fork shares the lock.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::mounts;
use super::{Disk, DiskFile, FileKind, Metadata, Open, Reach};

/// Files of the operating system, with a count of the flushes made through this value and its clones.
#[derive(Debug, Clone)]
pub struct OsDisk {
    flushes: Arc<AtomicU64>,
    started: Instant,
}

impl OsDisk {
    /// A view of the disk whose count of flushes begins at 0.
    pub fn new() -> Self {
        Self {
            flushes: Arc::new(AtomicU64::new(0)),
            started: Instant::now(),
        }
    }

    /// How many files and directories were flushed so far.
    pub fn flushes(&self) -> u64 {
        self.flushes.load(Ordering::Relaxed)
    }
}

impl Default for OsDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl Disk for OsDisk {
    fn open(&self, path: &Path, how: Open) -> io::Result<Box<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.read(true);
        match how {
            Open::Read => {}
            Open::Write => {
                options.write(true);
            }
            Open::CreateNew(reach) => {
                options.write(true).create_new(true);
                set_file_mode(&mut options, reach);
            }
            Open::Create(reach) => {
                options.write(true).create(true).truncate(false);
                set_file_mode(&mut options, reach);
            }
        }
        Ok(Box::new(OsFile {
            file: options.open(path)?,
            flushes: Arc::clone(&self.flushes),
            #[cfg(not(unix))]
            cursor: std::sync::Mutex::new(()),
        }))
    }

    fn create_dir(&self, path: &Path, reach: Reach) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        set_directory_mode(&mut builder, reach);
        builder.create(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn age(&self, path: &Path) -> io::Result<Option<Duration>> {
        // Not every file system keeps the time; one that lies ahead is no age.
        let written = fs::symlink_metadata(path)?.modified();
        Ok(written.ok().and_then(|time| time.elapsed().ok()))
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        let found = fs::symlink_metadata(path)?;
        let kind = found.file_type();
        let kind = if kind.is_symlink() {
            FileKind::Symlink
        } else if kind.is_dir() {
            FileKind::Directory
        } else if kind.is_file() {
            FileKind::File
        } else {
            FileKind::Other
        };
        Ok(Metadata::new(kind, found.len(), mode_of(&found)))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        sync_directory(path)?;
        self.flushes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn process_id(&self) -> u32 {
        std::process::id()
    }

    fn boot_id(&self) -> Option<String> {
        let id = fs::read_to_string(mounts::BOOT_ID).ok()?;
        Some(id.trim().to_owned())
    }

    fn shared_file_system(&self, path: &Path) -> io::Result<Option<String>> {
        // Without mount information (other systems than Linux) this cannot be told.
        let Ok(table) = fs::read(mounts::MOUNT_INFO) else {
            return Ok(None);
        };
        let path = fs::canonicalize(path)?;
        let name = mounts::file_system_at(&table, &path);
        Ok(name.filter(|name| mounts::is_shared(name)))
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// An open file of the operating system.
#[derive(Debug)]
struct OsFile {
    file: File,
    flushes: Arc<AtomicU64>,
    /// Held from a seek to the read or write after it: elsewhere than on Unix the file has one cursor.
    #[cfg(not(unix))]
    cursor: std::sync::Mutex<()>,
}

impl DiskFile for OsFile {
    #[cfg(unix)]
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        use std::os::unix::fs::FileExt;
        self.file.read_at(buf, offset)
    }

    #[cfg(unix)]
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        use std::os::unix::fs::FileExt;
        self.file.write_at(bytes, offset)
    }

    #[cfg(not(unix))]
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        use std::io::{Read, Seek, SeekFrom};
        let _cursor = self
            .cursor
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        (&self.file).seek(SeekFrom::Start(offset))?;
        (&self.file).read(buf)
    }

    #[cfg(not(unix))]
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        use std::io::{Seek, SeekFrom, Write};
        let _cursor = self
            .cursor
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        (&self.file).seek(SeekFrom::Start(offset))?;
        (&self.file).write(bytes)
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn sync_data(&self) -> io::Result<()> {
        // fdatasync on Linux, F_FULLFSYNC on macOS, FlushFileBuffers on Windows.
        self.file.sync_data()?;
        self.flushes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn try_lock(&self) -> io::Result<bool> {
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn unlock(&self) -> io::Result<()> {
        self.file.unlock()
    }

    #[cfg(unix)]
    fn is_linked(&self) -> io::Result<bool> {
        use std::os::unix::fs::MetadataExt;
        Ok(self.file.metadata()?.nlink() > 0)
    }
}

#[cfg(unix)]
fn set_file_mode(options: &mut OpenOptions, reach: Reach) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(reach.file_mode());
}

#[cfg(unix)]
fn set_directory_mode(builder: &mut fs::DirBuilder, reach: Reach) {
    use std::os::unix::fs::DirBuilderExt;
    builder.mode(reach.directory_mode());
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other platforms have no mode")]
fn mode_of(found: &fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(found.permissions().mode() & 0o777)
}

#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn set_file_mode(_: &mut OpenOptions, _: Reach) {}

#[cfg(not(unix))]
fn set_directory_mode(_: &mut fs::DirBuilder, _: Reach) {}

#[cfg(not(unix))]
fn mode_of(_: &fs::Metadata) -> Option<u32> {
    None
}

// NTFS writes names through its own journal and offers no flush of a directory to ordinary programs.
#[cfg(not(unix))]
fn sync_directory(path: &Path) -> io::Result<()> {
    fs::metadata(path).map(|_| ())
}
