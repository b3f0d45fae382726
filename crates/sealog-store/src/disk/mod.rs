//! A small virtual file system: only what the file store needs, so that a test can imitate all of it.
//!
//! Errors are [`io::Error`]: this is the operating system's side of the crate, and the store adds the path and what
//! was being done. No method follows a symbolic link in the last part of a path silently: the store looks with
//! [`Disk::metadata`] first.

use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

mod memory;
mod mounts;
mod os;
pub mod sim;

pub use memory::MemoryDisk;
pub use os::OsDisk;

/// Files and directories, as one process sees them.
///
/// Consistency: what one handle wrote, every handle on the same disk reads at once. Durability: nothing is durable
/// before [`DiskFile::sync_data`] (content and length of a file) and [`Disk::sync_dir`] (the names in a directory).
pub trait Disk: Send + Sync + fmt::Debug {
    /// Opens a regular file.
    fn open(&self, path: &Path, how: Open) -> io::Result<Box<dyn DiskFile>>;
    /// Makes one directory; its parent must exist, the directory must not.
    fn create_dir(&self, path: &Path, reach: Reach) -> io::Result<()>;
    /// Gives a file another name, replacing what has that name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Removes an empty directory.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;
    /// The names in a directory, sorted; a name that is not UTF-8 is given with replacement characters.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;
    /// What a name stands for; a symbolic link is not followed.
    fn metadata(&self, path: &Path) -> io::Result<Metadata>;
    /// How long ago a file was last written, by the file system's clock and now; `None` if that cannot be told.
    fn age(&self, _path: &Path) -> io::Result<Option<Duration>> {
        Ok(None)
    }
    /// Makes the names in a directory durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// The id of the process in which this is called: differs in a fork.
    fn process_id(&self) -> u32;
    /// Names the running kernel instance, if the platform can tell.
    fn boot_id(&self) -> Option<String>;
    /// The type of the file system at `path` if other hosts may mount it; `None` if it is local or cannot be told.
    fn shared_file_system(&self, path: &Path) -> io::Result<Option<String>>;
    /// Time since some fixed moment, for bounded waits only.
    fn monotonic(&self) -> Duration;
    /// Lets time pass.
    fn pause(&self, time: Duration);
}

/// An open file. Closing is dropping.
pub trait DiskFile: Send + Sync + fmt::Debug {
    /// Reads at most `buf.len()` bytes at `offset`; 0 at the end of the file.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize>;
    /// Writes at `offset` in one call to the operating system; returns how many bytes were taken, which may be fewer.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize>;
    /// Cuts the file, or extends it with zero bytes.
    fn set_len(&self, bytes: u64) -> io::Result<()>;
    /// The length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Makes the content and the length durable. After a failure the content of the file is unknown.
    fn sync_data(&self) -> io::Result<()>;
    /// Takes the exclusive lock of the file without waiting; `false` if another open file has it.
    ///
    /// The lock belongs to this open file: another handle on the same file in the same process is refused too, and a
    /// fork shares it.
    fn try_lock(&self) -> io::Result<bool>;
    /// Gives the lock back, for every process that shares this open file.
    fn unlock(&self) -> io::Result<()>;

    /// Whether a name still leads to the file. Where that is not known it is taken to.
    fn is_linked(&self) -> io::Result<bool> {
        Ok(true)
    }

    /// Whether the file holds no byte.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
}

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// An existing file, for reading.
    Read,
    /// An existing file, for reading and writing.
    Write,
    /// A file that must not exist yet, for reading and writing.
    CreateNew(Reach),
    /// A file that is made if it is absent, for reading and writing.
    Create(Reach),
}

/// Who may reach what is created, where the platform knows permission bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The owner only: 0600, or 0700 for a directory.
    Owner,
    /// Whoever the process's mask lets: 0644, or 0755 for a directory.
    Everyone,
}

impl Reach {
    /// The permission bits of a new file, before the process's mask.
    pub const fn file_mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Everyone => 0o644,
        }
    }

    /// The permission bits of a new directory, before the process's mask.
    pub const fn directory_mode(self) -> u32 {
        match self {
            Self::Owner => 0o700,
            Self::Everyone => 0o755,
        }
    }
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    kind: FileKind,
    bytes: u64,
    mode: Option<u32>,
}

impl Metadata {
    /// A file of `kind` and `bytes` bytes, with the permission bits `mode` where the platform has them.
    pub const fn new(kind: FileKind, bytes: u64, mode: Option<u32>) -> Self {
        Self { kind, bytes, mode }
    }

    /// The kind of file.
    pub const fn kind(&self) -> FileKind {
        self.kind
    }

    /// Its length in bytes; of no meaning for directories.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The nine permission bits, where the platform has them.
    pub const fn mode(&self) -> Option<u32> {
        self.mode
    }
}

/// The kinds of file that the store tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, whatever it leads to.
    Symlink,
    /// A device, pipe or socket.
    Other,
}

impl FileKind {
    /// The kind in words, for messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "a regular file",
            Self::Directory => "a directory",
            Self::Symlink => "a symbolic link",
            Self::Other => "a device, pipe or socket",
        }
    }
}
