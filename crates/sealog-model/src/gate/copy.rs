//! A private copy of a model's files.
//!
//! A new directory with a random name that only this user may enter (0700), below it the files (0400) and their
//! directories (0500). Where the file system can share blocks between files, the operating system's copy does.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::home::Home;
use crate::Error;
use crate::digest::open_walked;
use crate::walk::{FileSet, WalkedFile};

/// A copy that is removed when it is dropped.
#[derive(Debug)]
pub(super) struct SealedCopy {
    /// What was copied, in it: a directory of the model's name, or the one file.
    path: PathBuf,
    single: bool,
    home: Home,
}

impl SealedCopy {
    /// Copies the files of a walk into a new directory inside `inside`.
    pub(super) fn make(set: &FileSet, inside: &Path) -> Result<Self, Error> {
        let home = Home::make(inside)?;
        let mut copy = Self {
            path: home.join(set.name()),
            single: set.is_single_file(),
            home,
        };
        if copy.single {
            if let [file] = set.files() {
                copy_file(file, &copy.path)?;
            }
        } else {
            copy.home.directory(copy.path.clone())?;
            for file in set.files() {
                let to = copy.home.parents(&copy.path, file.path().as_str())?;
                copy_file(file, &to)?;
            }
        }
        copy.home.lock_directories()?;
        Ok(copy)
    }

    /// The model in the copy.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn home(&self) -> &Home {
        &self.home
    }

    #[cfg(test)]
    pub(super) fn into_home(self) -> Home {
        self.home
    }

    /// Where a file of the model lies in the copy.
    fn place(&self, path: &str) -> PathBuf {
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
        self.home.remove()
    }
}

/// Copies the file that the walk found, of the size that it had then.
fn copy_file(file: &WalkedFile, to: &Path) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    read_only(&mut options);
    let mut target = options.open(to).map_err(Error::io("write", to))?;
    copy_into(file, &mut target)
}

/// The same into an open file.
pub(super) fn copy_into(file: &WalkedFile, target: &mut File) -> Result<(), Error> {
    let (mut source, _) = open_walked(file)?;
    let copied = io::copy(&mut source, target).map_err(Error::io("copy", file.source()))?;
    if copied == file.size() {
        return Ok(());
    }
    Err(Error::Changed {
        path: file.source().to_owned(),
    })
}

#[cfg(unix)]
fn read_only(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o400);
}

#[cfg(not(unix))]
fn read_only(_: &mut OpenOptions) {}
