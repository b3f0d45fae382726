//! A disk in memory, without faults: for tests and for ledgers that end with their process.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Disk, DiskFile, FileKind, Metadata, Open, Reach};

/// Files in memory, shared by all clones. The root directory `/` exists; nothing outlives the last clone.
#[derive(Debug, Clone)]
pub struct MemoryDisk {
    names: Arc<Mutex<BTreeMap<PathBuf, Node>>>,
    handles: Arc<AtomicU64>,
    started: Instant,
}

#[derive(Debug, Clone)]
enum Node {
    Directory {
        mode: u32,
    },
    File {
        content: Arc<Mutex<Content>>,
        mode: u32,
    },
}

#[derive(Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    /// The handle that has the lock.
    locked_by: Option<u64>,
}

impl MemoryDisk {
    /// An empty disk.
    pub fn new() -> Self {
        let root = Node::Directory {
            mode: Reach::Everyone.directory_mode(),
        };
        Self {
            names: Arc::new(Mutex::new(BTreeMap::from([(PathBuf::from("/"), root)]))),
            handles: Arc::new(AtomicU64::new(0)),
            started: Instant::now(),
        }
    }

    fn names(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Node>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl Disk for MemoryDisk {
    fn open(&self, path: &Path, how: Open) -> io::Result<Box<dyn DiskFile>> {
        let mut names = self.names();
        let found = match names.get(path) {
            Some(Node::Directory { .. }) => return Err(io::ErrorKind::IsADirectory.into()),
            Some(Node::File { content, .. }) => Some(Arc::clone(content)),
            None => None,
        };
        let content = match (how, found) {
            (Open::CreateNew(_), Some(_)) => return Err(io::ErrorKind::AlreadyExists.into()),
            (_, Some(content)) => content,
            (Open::Read | Open::Write, None) => return Err(io::ErrorKind::NotFound.into()),
            (Open::CreateNew(reach) | Open::Create(reach), None) => {
                parent_exists(&names, path)?;
                let content = Arc::<Mutex<Content>>::default();
                let node = Node::File {
                    content: Arc::clone(&content),
                    mode: reach.file_mode(),
                };
                names.insert(path.to_path_buf(), node);
                content
            }
        };
        Ok(Box::new(MemoryFile {
            content,
            id: self.handles.fetch_add(1, Ordering::Relaxed),
            writable: how != Open::Read,
        }))
    }

    fn create_dir(&self, path: &Path, reach: Reach) -> io::Result<()> {
        let mut names = self.names();
        if names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        parent_exists(&names, path)?;
        let mode = reach.directory_mode();
        names.insert(path.to_path_buf(), Node::Directory { mode });
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut names = self.names();
        parent_exists(&names, to)?;
        if !matches!(names.get(from), Some(Node::File { .. })) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if let Some(Node::Directory { .. }) = names.get(to) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if let Some(node) = names.remove(from) {
            names.insert(to.to_path_buf(), node);
        }
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut names = self.names();
        match names.get(path) {
            Some(Node::File { .. }) => names.remove(path),
            Some(Node::Directory { .. }) => return Err(io::ErrorKind::IsADirectory.into()),
            None => return Err(io::ErrorKind::NotFound.into()),
        };
        Ok(())
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        let mut names = self.names();
        if !matches!(names.get(path), Some(Node::Directory { .. })) {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        if names.keys().any(|name| name.parent() == Some(path)) {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        names.remove(path);
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let names = self.names();
        match names.get(path) {
            Some(Node::Directory { .. }) => {}
            Some(Node::File { .. }) => return Err(io::ErrorKind::NotADirectory.into()),
            None => return Err(io::ErrorKind::NotFound.into()),
        }
        let children = names.keys().filter(|name| name.parent() == Some(path));
        Ok(children
            .filter_map(|name| Some(name.file_name()?.to_string_lossy().into_owned()))
            .collect())
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        match self.names().get(path) {
            Some(Node::Directory { mode }) => {
                Ok(Metadata::new(FileKind::Directory, 0, Some(*mode)))
            }
            Some(Node::File { content, mode }) => {
                let bytes = length(&locked(content).bytes);
                Ok(Metadata::new(FileKind::File, bytes, Some(*mode)))
            }
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.list(path).map(|_| ())
    }

    fn process_id(&self) -> u32 {
        std::process::id()
    }

    fn boot_id(&self) -> Option<String> {
        None
    }

    fn shared_file_system(&self, _: &Path) -> io::Result<Option<String>> {
        Ok(None)
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// An open file in memory; a file that was removed lives until its last handle is dropped.
#[derive(Debug)]
struct MemoryFile {
    content: Arc<Mutex<Content>>,
    id: u64,
    writable: bool,
}

impl MemoryFile {
    fn for_writing(&self) -> io::Result<MutexGuard<'_, Content>> {
        if !self.writable {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(locked(&self.content))
    }
}

impl DiskFile for MemoryFile {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        Ok(copy_out(&locked(&self.content).bytes, offset, buf))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        copy_in(&mut self.for_writing()?.bytes, offset, bytes)?;
        Ok(bytes.len())
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.for_writing()?.bytes.resize(memory_size(bytes)?, 0);
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(length(&locked(&self.content).bytes))
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn try_lock(&self) -> io::Result<bool> {
        let mut content = locked(&self.content);
        let owner = *content.locked_by.get_or_insert(self.id);
        Ok(owner == self.id)
    }

    fn unlock(&self) -> io::Result<()> {
        let mut content = locked(&self.content);
        if content.locked_by == Some(self.id) {
            content.locked_by = None;
        }
        Ok(())
    }
}

impl Drop for MemoryFile {
    fn drop(&mut self) {
        let mut content = locked(&self.content);
        if content.locked_by == Some(self.id) {
            content.locked_by = None;
        }
    }
}

fn locked(content: &Mutex<Content>) -> MutexGuard<'_, Content> {
    content.lock().unwrap_or_else(PoisonError::into_inner)
}

fn parent_exists(names: &BTreeMap<PathBuf, Node>, path: &Path) -> io::Result<()> {
    match path.parent().and_then(|parent| names.get(parent)) {
        Some(Node::Directory { .. }) => Ok(()),
        Some(Node::File { .. }) => Err(io::ErrorKind::NotADirectory.into()),
        None => Err(io::ErrorKind::NotFound.into()),
    }
}

/// Copies what `bytes` holds from `offset` on into `buf`; returns how much.
pub(super) fn copy_out(bytes: &[u8], offset: u64, buf: &mut [u8]) -> usize {
    let rest = usize::try_from(offset)
        .ok()
        .and_then(|offset| bytes.get(offset..))
        .unwrap_or_default();
    let count = rest.len().min(buf.len());
    if let (Some(to), Some(from)) = (buf.get_mut(..count), rest.get(..count)) {
        to.copy_from_slice(from);
    }
    count
}

/// Writes `new` into `bytes` at `offset`, filling a gap with zero bytes.
pub(super) fn copy_in(bytes: &mut Vec<u8>, offset: u64, new: &[u8]) -> io::Result<()> {
    let start = memory_size(offset)?;
    let end = start
        .checked_add(new.len())
        .ok_or(io::ErrorKind::FileTooLarge)?;
    if bytes.len() < end {
        bytes.extend_from_slice(&vec![0; end - bytes.len()]);
    }
    if let Some(target) = bytes.get_mut(start..end) {
        target.copy_from_slice(new);
    }
    Ok(())
}

/// A length in memory as a length on disk.
pub(super) fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// A length on disk as a length in memory.
pub(super) fn memory_size(bytes: u64) -> io::Result<usize> {
    usize::try_from(bytes).map_err(|_| io::ErrorKind::FileTooLarge.into())
}
