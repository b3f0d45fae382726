//! The files beside the log: made whole, flushed, renamed, and never changed.
//!
//! A file: open(`O_EXCL`, unfinished name) · pwrite · fdatasync · rename · fsync(directory). On the shelf of derived
//! files the two flushes are left out.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use sealog_core::Hash;
use sealog_core::limits::{SHELF_FILE_BYTES_MAX, SHELF_NAME_BYTES_MAX};

use super::commit::length;
use super::{FileStore, kind_of, locked, regular_file, transfer};
use crate::disk::{FileKind, Open, Reach};
use crate::{Error, Shelf, ShelfFile, layout};

/// Directories whose own names were flushed.
pub(super) type FlushedDirectories = Mutex<BTreeSet<PathBuf>>;

/// Digits of a payload's name that name its directory.
const FAN_OUT_DIGITS: usize = 2;

impl Shelf {
    /// The name of its directory.
    const fn directory(self) -> &'static str {
        match self {
            Self::Payloads => layout::PAYLOADS,
            Self::Anchors => layout::ANCHORS,
            Self::Recovered => layout::RECOVERED,
            Self::Derived => layout::DERIVED,
        }
    }

    fn is_durable(self) -> bool {
        self != Self::Derived
    }

    /// The directory, below the ledger's, in which a file of this name stands.
    fn place(self, name: &str) -> Result<PathBuf, Error> {
        let expected = if self == Self::Payloads {
            if Hash::from_hex(name).is_some() {
                let digits = name.get(..FAN_OUT_DIGITS).unwrap_or_default();
                return Ok(Path::new(self.directory()).join(digits));
            }
            "64 lowercase hex digits"
        } else {
            let allowed = |byte: u8| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte)
            };
            if !name.is_empty()
                && name.len() <= SHELF_NAME_BYTES_MAX
                && !name.starts_with('.')
                && name.bytes().all(allowed)
            {
                return Ok(PathBuf::from(self.directory()));
            }
            "a short name of a-z, 0-9, `.`, `_` and `-` that does not begin with `.`"
        };
        Err(Error::Name {
            shelf: self.directory(),
            name: name.to_owned(),
            expected,
        })
    }
}

impl FileStore {
    /// See [`crate::Store::put`].
    pub(super) fn put_file(&self, on: Shelf, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.check_process()?;
        let writing = self.writing()?;
        let place = on.place(name)?;
        let directory = self.root.join(&place);
        let path = directory.join(name);
        if length(bytes.len()) > SHELF_FILE_BYTES_MAX {
            return Err(Error::TooLong {
                path,
                max: SHELF_FILE_BYTES_MAX,
                found: length(bytes.len()),
            });
        }
        self.make_directories(&place, on)?;
        if let Some(found) = self.fetch_file(on, name)? {
            if found == bytes {
                // Whoever made it may not have come to this flush yet.
                return self.flush_directory(&directory, on);
            }
            if on.is_durable() {
                return Err(Error::Exists { path });
            }
        }
        let number = self.unfinished.fetch_add(1, Ordering::Relaxed);
        let writer = u128::from_be_bytes(writing.writer);
        let prefix = layout::TEMPORARY_PREFIX;
        let unfinished = directory.join(format!("{prefix}{writer:032x}-{number}"));
        let made = self
            .disk
            .open(&unfinished, Open::CreateNew(Reach::Everyone))
            .and_then(|file| {
                transfer::write_whole(file.as_ref(), 0, bytes)?;
                if on.is_durable() {
                    file.sync_data()?;
                }
                self.disk.rename(&unfinished, &path)
            });
        if let Err(error) = made {
            let _ = self.disk.remove_file(&unfinished);
            return Err(Error::io("write", &path)(error));
        }
        self.flush_directory(&directory, on)
    }

    /// See [`crate::Store::fetch`].
    pub(super) fn fetch_file(&self, on: Shelf, name: &str) -> Result<Option<Vec<u8>>, Error> {
        self.check_process()?;
        let path = self.root.join(on.place(name)?).join(name);
        let Some(found) = regular_file(self.disk.as_ref(), &path)? else {
            return Ok(None);
        };
        let content = self
            .disk
            .open(&path, Open::Read)
            .and_then(|file| transfer::read_rest(file.as_ref(), 0, SHELF_FILE_BYTES_MAX))
            .map_err(Error::io("read", &path))?;
        content.map(Some).ok_or(Error::TooLong {
            path,
            max: SHELF_FILE_BYTES_MAX,
            found,
        })
    }

    /// See [`crate::Store::look`].
    pub(super) fn look_at_file(&self, on: Shelf, name: &str) -> Result<Option<ShelfFile>, Error> {
        self.check_process()?;
        let path = self.root.join(on.place(name)?).join(name);
        let Some(bytes) = regular_file(self.disk.as_ref(), &path)? else {
            return Ok(None);
        };
        match self.disk.age(&path) {
            Ok(age) => Ok(Some(ShelfFile::new(bytes, age))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("look at", path)(error)),
        }
    }

    /// See [`crate::Store::list`].
    pub(super) fn list_files(&self, on: Shelf) -> Result<Vec<String>, Error> {
        self.check_process()?;
        let directory = self.root.join(on.directory());
        let mut names = self.names_in(&directory)?;
        if on == Shelf::Payloads {
            let mut all = Vec::new();
            for part in names {
                if kind_of(
                    self.disk.as_ref(),
                    &directory.join(&part),
                    FileKind::Directory,
                )? {
                    all.extend(self.names_in(&directory.join(&part))?);
                }
            }
            names = all;
        }
        names.retain(|name| !name.starts_with(layout::TEMPORARY_PREFIX));
        names.sort();
        Ok(names)
    }

    /// See [`crate::Store::remove`].
    pub(super) fn remove_file(&self, on: Shelf, name: &str) -> Result<(), Error> {
        self.check_process()?;
        self.writing()?;
        let directory = self.root.join(on.place(name)?);
        let path = directory.join(name);
        match self.disk.remove_file(&path) {
            Ok(()) => self.flush_directory(&directory, on),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(Error::io("remove", &path)(error)),
        }
    }

    /// The names in a directory; one that is absent has none.
    fn names_in(&self, directory: &Path) -> Result<Vec<String>, Error> {
        match self.disk.list(directory) {
            Ok(names) => Ok(names),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(Error::io("list", directory)(error)),
        }
    }

    fn flush_directory(&self, directory: &Path, on: Shelf) -> Result<(), Error> {
        if !on.is_durable() {
            return Ok(());
        }
        self.disk
            .sync_dir(directory)
            .map_err(Error::io("flush", directory))
    }

    /// Makes each directory on the way to `place` that is absent, and flushes each name once.
    fn make_directories(&self, place: &Path, on: Shelf) -> Result<(), Error> {
        let mut parent = self.root.clone();
        for part in place.components() {
            let directory = parent.join(part);
            if !locked(&self.flushed_directories).contains(&directory) {
                self.make_directory(&directory)?;
                self.flush_directory(&parent, on)?;
                locked(&self.flushed_directories).insert(directory.clone());
            } else if !kind_of(self.disk.as_ref(), &directory, FileKind::Directory)? {
                self.make_directory(&directory)?;
                self.flush_directory(&parent, on)?;
            }
            parent = directory;
        }
        Ok(())
    }

    fn make_directory(&self, directory: &Path) -> Result<(), Error> {
        match self.disk.create_dir(directory, Reach::Everyone) {
            Ok(()) => Ok(()),
            // Made by another thread or process, or long ago; it must be a directory and no link.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                kind_of(self.disk.as_ref(), directory, FileKind::Directory).map(|_| ())
            }
            Err(error) => Err(Error::io("make the directory", directory)(error)),
        }
    }
}
