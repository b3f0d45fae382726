//! One process of the simulated machine.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::file::FileState;
use super::names::Entry;
use super::world::{Handle, Kind, World};
use crate::disk::memory::{copy_out, length};
use crate::disk::{Disk, DiskFile, FileKind, Metadata, Open, Reach};

/// A simulated process: a [`Disk`] whose operations fail once the process or the machine has ended.
#[derive(Debug, Clone)]
pub struct SimProcess {
    world: Arc<Mutex<World>>,
    id: u32,
}

impl SimProcess {
    pub(super) fn new(world: Arc<Mutex<World>>, id: u32) -> Self {
        Self { world, id }
    }

    /// Its process id; no two processes of a machine have the same.
    pub const fn id(&self) -> u32 {
        self.id
    }

    fn operate<T>(
        &self,
        kind: Kind,
        action: impl FnOnce(&mut World) -> io::Result<T>,
    ) -> io::Result<T> {
        locked(&self.world).operate(self.id, kind, action)
    }
}

fn locked(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Disk for SimProcess {
    fn open(&self, path: &Path, how: Open) -> io::Result<Box<dyn DiskFile>> {
        let exists = locked(&self.world).names.find(path).is_some();
        let kind = match how {
            Open::CreateNew(_) | Open::Create(_) if !exists => Kind::Name,
            _ => Kind::Look,
        };
        let id = self.operate(kind, |world| world.open(self.id, path, how))?;
        Ok(Box::new(SimFile {
            world: Arc::clone(&self.world),
            process: self.id,
            id,
        }))
    }

    fn create_dir(&self, path: &Path, reach: Reach) -> io::Result<()> {
        self.operate(Kind::Name, |world| {
            world.parent_exists(path)?;
            if world.names.find(path).is_some() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            let mode = reach.directory_mode();
            world.names.set(path, Entry::Directory { mode });
            Ok(())
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operate(Kind::Name, |world| {
            world.parent_exists(to)?;
            let entry = world.file_entry(from)?;
            if let Some(Entry::Directory { .. }) = world.names.find(to) {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            world.names.rename(from, to, entry);
            Ok(())
        })
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.operate(Kind::Name, |world| {
            world.file_entry(path)?;
            world.names.remove(path);
            Ok(())
        })
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.operate(Kind::Name, |world| {
            world.directory(path)?;
            if !world.names.children(path).is_empty() {
                return Err(io::ErrorKind::DirectoryNotEmpty.into());
            }
            world.names.remove(path);
            Ok(())
        })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.operate(Kind::Look, |world| {
            world.directory(path)?;
            Ok(world.names.children(path))
        })
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        self.operate(Kind::Look, |world| match world.names.find(path) {
            None => Err(io::ErrorKind::NotFound.into()),
            Some(Entry::Directory { mode }) => {
                Ok(Metadata::new(FileKind::Directory, 0, Some(mode)))
            }
            Some(Entry::File { id, mode }) => {
                let content = world.files.get(&id).map(FileState::now).unwrap_or_default();
                Ok(Metadata::new(FileKind::File, length(content), Some(mode)))
            }
        })
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.operate(Kind::DirectoryFlush, |world| {
            world.directory(path)?;
            world.flush_directory(path);
            Ok(())
        })
    }

    fn process_id(&self) -> u32 {
        self.id
    }

    fn boot_id(&self) -> Option<String> {
        Some(format!("simulated-boot-{}", locked(&self.world).boot()))
    }

    fn shared_file_system(&self, _: &Path) -> io::Result<Option<String>> {
        Ok(None)
    }

    fn monotonic(&self) -> Duration {
        locked(&self.world).clock()
    }

    fn pause(&self, time: Duration) {
        locked(&self.world).pause(time);
    }
}

impl World {
    fn open(&mut self, process: u32, path: &Path, how: Open) -> io::Result<u64> {
        let file = match (self.names.find(path), how) {
            (Some(Entry::Directory { .. }), _) => return Err(io::ErrorKind::IsADirectory.into()),
            (Some(Entry::File { .. }), Open::CreateNew(_)) => {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            (Some(Entry::File { id, .. }), _) => id,
            (None, Open::Read | Open::Write) => return Err(io::ErrorKind::NotFound.into()),
            (None, Open::CreateNew(reach) | Open::Create(reach)) => {
                self.parent_exists(path)?;
                if self.is_full() {
                    return Err(io::ErrorKind::StorageFull.into());
                }
                let id = self.new_id();
                self.files.insert(id, FileState::default());
                let mode = reach.file_mode();
                self.names.set(path, Entry::File { id, mode });
                id
            }
        };
        let id = self.new_id();
        let handle = Handle {
            process,
            file,
            writable: how != Open::Read,
        };
        self.handles.insert(id, handle);
        Ok(id)
    }

    fn parent_exists(&self, path: &Path) -> io::Result<()> {
        path.parent()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
            .and_then(|parent| self.directory(parent))
    }

    fn directory(&self, path: &Path) -> io::Result<()> {
        match self.names.find(path) {
            Some(Entry::Directory { .. }) => Ok(()),
            Some(Entry::File { .. }) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn file_entry(&self, path: &Path) -> io::Result<Entry> {
        match self.names.find(path) {
            Some(entry @ Entry::File { .. }) => Ok(entry),
            Some(Entry::Directory { .. }) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// The file of a handle, for reading or, where `kind` is a write, for writing.
    fn file_of(&mut self, handle: u64, kind: Kind) -> io::Result<(u64, &mut FileState)> {
        let dead = || io::Error::other("the simulated handle is dead");
        let found = self.handles.get(&handle).ok_or_else(dead)?;
        if kind == Kind::Write && !found.writable {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let id = found.file;
        Ok((id, self.files.get_mut(&id).ok_or_else(dead)?))
    }
}

/// An open simulated file.
#[derive(Debug)]
struct SimFile {
    world: Arc<Mutex<World>>,
    process: u32,
    id: u64,
}

impl SimFile {
    fn operate<T>(
        &self,
        kind: Kind,
        action: impl FnOnce(&mut World) -> io::Result<T>,
    ) -> io::Result<T> {
        locked(&self.world).operate(self.process, kind, action)
    }
}

impl DiskFile for SimFile {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.operate(Kind::Read, |world| {
            let (_, file) = world.file_of(self.id, Kind::Read)?;
            Ok(copy_out(file.now(), offset, buf))
        })
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        self.operate(Kind::Write, |world| {
            let (_, file) = world.file_of(self.id, Kind::Write)?;
            let length = length(file.now());
            let room = world.room(offset, bytes.len(), length);
            let taken = bytes.get(..room).unwrap_or_default();
            if taken.is_empty() && !bytes.is_empty() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            world
                .file_of(self.id, Kind::Write)?
                .1
                .write(offset, taken)?;
            Ok(taken.len())
        })
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.operate(Kind::Write, |world| {
            world.file_of(self.id, Kind::Write)?.1.set_len(bytes)
        })
    }

    fn len(&self) -> io::Result<u64> {
        self.operate(Kind::Look, |world| {
            Ok(length(world.file_of(self.id, Kind::Look)?.1.now()))
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.operate(Kind::FileFlush, |world| {
            let (id, _) = world.file_of(self.id, Kind::FileFlush)?;
            world.flush_file(id)
        })
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.operate(Kind::Look, |world| {
            let (file, _) = world.file_of(self.id, Kind::Look)?;
            let owner = *world.locks.entry(file).or_insert(self.id);
            Ok(owner == self.id)
        })
    }

    fn unlock(&self) -> io::Result<()> {
        self.operate(Kind::Look, |world| {
            world.locks.retain(|_, owner| *owner != self.id);
            Ok(())
        })
    }
}

impl Drop for SimFile {
    fn drop(&mut self) {
        let mut world = locked(&self.world);
        world.handles.remove(&self.id);
        world.locks.retain(|_, owner| *owner != self.id);
    }
}
