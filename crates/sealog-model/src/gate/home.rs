//! The directory of a gate: private, removed with its value, and swept by a later gate where its process was killed.
//!
//! A directory is locked for as long as its process lives, or a child that was given the lock. What is not locked any
//! more belongs to nobody: the next gate of the same user in the same place removes it. **What is absent**: removal at
//! the moment in which a process is killed, which nothing of that process can do.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use crate::Error;
use crate::limits::DEPTH_MAX;

/// How the names of these directories begin.
pub(super) const PREFIX: &str = "sealog-gate-";
/// A younger directory is left alone: its process may be about to lock it.
const SWEPT_AGE_MIN: Duration = Duration::from_mins(1);

/// The directory.
#[derive(Debug)]
pub(super) struct Home {
    /// None after it was removed.
    directory: Option<TempDir>,
    /// Directories in it, which have to be made writable again before they can be removed.
    inner: Vec<PathBuf>,
    /// Holds the lock.
    lock: File,
    /// The process that made it; a child of it has this value too, and must not take the directory away.
    maker: u32,
}

impl Home {
    /// Makes a directory that only this user may enter (0700), after sweeping what killed gates left.
    pub(super) fn make(inside: &Path) -> Result<Self, Error> {
        sweep(inside, SystemTime::now());
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX);
        let home = private_home(&mut builder)
            .tempdir_in(inside)
            .map_err(Error::io("make a private directory in", inside))?;
        let lock = File::open(home.path()).map_err(Error::io("open", home.path()))?;
        // Some file systems have no locks for directories: there nobody gets one, so nothing is swept.
        let _ = lock.try_lock();
        Ok(Self {
            directory: Some(home),
            inner: Vec::new(),
            lock,
            maker: std::process::id(),
        })
    }

    /// Where something of this name lies in it.
    pub(super) fn join(&self, name: &str) -> PathBuf {
        let home = self.directory.as_ref().map(TempDir::path);
        home.unwrap_or(Path::new("")).join(name)
    }

    /// Makes one more directory in it.
    pub(super) fn directory(&mut self, path: PathBuf) -> Result<(), Error> {
        let mut builder = DirBuilder::new();
        private(&mut builder);
        builder
            .create(&path)
            .map_err(Error::io("make a directory of the copy", &path))?;
        self.inner.push(path);
        Ok(())
    }

    /// Makes the directories of a path that lies below `root`, and says where its last part is to go.
    pub(super) fn parents(&mut self, root: &Path, path: &str) -> Result<PathBuf, Error> {
        let mut below = root.to_owned();
        let (parents, name) = path.rsplit_once('/').unwrap_or(("", path));
        for parent in parents.split('/').filter(|parent| !parent.is_empty()) {
            below.push(parent);
            if !below.is_dir() {
                self.directory(below.clone())?;
            }
        }
        Ok(below.join(name))
    }

    /// Takes the right to write from every directory in it.
    pub(super) fn lock_directories(&self) -> Result<(), Error> {
        for path in &self.inner {
            allow(path, 0o500).map_err(Error::io("lock", path))?;
        }
        Ok(())
    }

    /// Has the programs that this process starts from now on hold the lock as well: a killed gate's command keeps what
    /// it runs on.
    #[cfg(unix)]
    pub(super) fn keep_with_children(&self) -> Result<(), Error> {
        let kept = rustix::io::fcntl_setfd(&self.lock, rustix::io::FdFlags::empty());
        kept.map_err(|error| Error::io("keep the lock of", self.join(""))(error.into()))
    }

    #[cfg(not(unix))]
    pub(super) fn keep_with_children(&self) -> Result<(), Error> {
        let _ = &self.lock;
        Ok(())
    }

    pub(super) fn remove(&mut self) -> Result<(), Error> {
        let Some(home) = self.directory.take() else {
            return Ok(());
        };
        if self.maker != std::process::id() {
            // A path that is kept is not removed.
            let _ = home.keep();
            return Ok(());
        }
        for path in &self.inner {
            // What cannot be unlocked shows when it cannot be removed.
            let _ = allow(path, 0o700);
        }
        let path = home.path().to_owned();
        home.close().map_err(Error::io("remove", path))
    }
}

#[cfg(test)]
impl Home {
    /// Leaves the directory as a killed process does: not removed, and not locked by this process.
    pub(super) fn abandon(mut self) {
        if let Some(home) = self.directory.take() {
            let _ = home.keep();
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = self.remove();
    }
}

/// Removes what killed gates of this user left. What cannot be looked at or removed is left to the next one.
pub(super) fn sweep(inside: &Path, now: SystemTime) {
    let Ok(entries) = fs::read_dir(inside) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(PREFIX)) {
            let _ = sweep_one(&entry.path(), now);
        }
    }
}

#[cfg(unix)]
fn sweep_one(path: &Path, now: SystemTime) -> io::Result<()> {
    use rustix::fs::{Mode, OFlags};
    use std::os::unix::fs::MetadataExt;
    // A link of that name, or a directory that another user put there, is nothing of ours.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let found = file.metadata()?;
    if found.uid() != rustix::process::geteuid().as_raw() || found.mode() & 0o077 != 0 {
        return Ok(());
    }
    let age = now.duration_since(found.modified()?).unwrap_or_default();
    if age < SWEPT_AGE_MIN || file.try_lock().is_err() {
        return Ok(());
    }
    unlock(path, 0);
    fs::remove_dir_all(path)
}

#[cfg(not(unix))]
fn sweep_one(_: &Path, _: SystemTime) -> io::Result<()> {
    Ok(())
}

/// Makes directories writable again, following no link.
#[cfg(unix)]
fn unlock(path: &Path, depth: usize) {
    let _ = allow(path, 0o700);
    let Ok(entries) = fs::read_dir(path) else {
        return;
    };
    for entry in entries.flatten() {
        if depth <= DEPTH_MAX && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            unlock(&entry.path(), depth.saturating_add(1));
        }
    }
}

/// At once, not after it was made: nobody enters in between.
#[cfg(unix)]
fn private_home<'a, 'p, 's>(
    builder: &'a mut tempfile::Builder<'p, 's>,
) -> &'a mut tempfile::Builder<'p, 's> {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(fs::Permissions::from_mode(0o700))
}

#[cfg(unix)]
fn private(builder: &mut DirBuilder) {
    use std::os::unix::fs::DirBuilderExt;
    builder.mode(0o700);
}

#[cfg(unix)]
fn allow(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// Elsewhere what a new directory of the user's own temporary directory allows is taken as it is.
#[cfg(not(unix))]
fn private_home<'a, 'p, 's>(
    builder: &'a mut tempfile::Builder<'p, 's>,
) -> &'a mut tempfile::Builder<'p, 's> {
    builder
}

#[cfg(not(unix))]
fn private(_: &mut DirBuilder) {}

#[cfg(not(unix))]
fn allow(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}
