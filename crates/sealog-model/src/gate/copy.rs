//! A private copy of a model's files.
//!
//! A new directory with a random name that only this user may enter (0700), below it the files (0400) and their
//! directories (0500). Where the file system can share blocks between files, the operating system's copy does.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::Error;
use crate::digest::open_walked;
use crate::walk::{FileSet, WalkedFile};

/// A copy that is removed when it is dropped.
#[derive(Debug)]
pub struct SealedCopy {
    /// What was copied, in it: a directory of the model's name, or the one file.
    path: PathBuf,
    single: bool,
    /// Directories that have to be made writable again before they can be removed.
    directories: Vec<PathBuf>,
    /// None after it was removed.
    home: Option<TempDir>,
    /// The process that made it; a child of it has this value too, and must not take the copy away.
    maker: u32,
}

impl SealedCopy {
    /// Copies the files of a walk into a new directory inside `inside`.
    pub(super) fn make(set: &FileSet, inside: &Path) -> Result<Self, Error> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("sealog-gate-");
        let home = private_home(&mut builder)
            .tempdir_in(inside)
            .map_err(Error::io("make a private directory in", inside))?;
        let mut copy = Self {
            path: home.path().join(set.name()),
            single: set.is_single_file(),
            directories: Vec::new(),
            home: Some(home),
            maker: std::process::id(),
        };
        if copy.single {
            if let [file] = set.files() {
                copy_file(file, &copy.path)?;
            }
        } else {
            copy.fill(set)?;
        }
        copy.lock_directories()?;
        Ok(copy)
    }

    fn fill(&mut self, set: &FileSet) -> Result<(), Error> {
        self.directory(self.path.clone())?;
        for file in set.files() {
            let mut below = self.path.clone();
            let path = file.path().as_str();
            let (parents, name) = path.rsplit_once('/').unwrap_or(("", path));
            for parent in parents.split('/').filter(|parent| !parent.is_empty()) {
                below.push(parent);
                if !below.is_dir() {
                    self.directory(below.clone())?;
                }
            }
            copy_file(file, &below.join(name))?;
        }
        Ok(())
    }

    fn directory(&mut self, path: PathBuf) -> Result<(), Error> {
        let mut builder = DirBuilder::new();
        private(&mut builder);
        builder
            .create(&path)
            .map_err(Error::io("make a directory of the copy", &path))?;
        self.directories.push(path);
        Ok(())
    }

    fn lock_directories(&self) -> Result<(), Error> {
        for path in &self.directories {
            allow(path, 0o500).map_err(Error::io("lock", path))?;
        }
        Ok(())
    }

    /// The model in the copy.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a file of the model lies in the copy.
    pub(super) fn place(&self, path: &str) -> PathBuf {
        if self.single {
            self.path.clone()
        } else {
            self.path.join(path)
        }
    }

    pub(super) fn open(&self, path: &str) -> Result<File, Error> {
        let place = self.place(path);
        File::open(&place).map_err(Error::io("open", place))
    }

    pub(super) fn remove(mut self) -> Result<(), Error> {
        self.take_away()
    }

    fn take_away(&mut self) -> Result<(), Error> {
        let Some(home) = self.home.take() else {
            return Ok(());
        };
        if self.maker != std::process::id() {
            // A path that is kept is not removed.
            let _ = home.keep();
            return Ok(());
        }
        for path in &self.directories {
            // What cannot be unlocked shows when it cannot be removed.
            let _ = allow(path, 0o700);
        }
        let path = home.path().to_owned();
        home.close().map_err(Error::io("remove", path))
    }
}

impl Drop for SealedCopy {
    fn drop(&mut self) {
        let _ = self.take_away();
    }
}

/// Copies the file that the walk found, of the size that it had then.
fn copy_file(file: &WalkedFile, to: &Path) -> Result<(), Error> {
    let (mut source, _) = open_walked(file)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    read_only(&mut options);
    let mut target = options.open(to).map_err(Error::io("write", to))?;
    let copied = io::copy(&mut source, &mut target).map_err(Error::io("copy", file.source()))?;
    if copied == file.size() {
        return Ok(());
    }
    Err(Error::Changed {
        path: file.source().to_owned(),
    })
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
fn read_only(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o400);
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
fn read_only(_: &mut OpenOptions) {}

#[cfg(not(unix))]
fn allow(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}
