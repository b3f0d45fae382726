//! Where an unfinished fetch lies: beside the place of the model, closed to everybody else, for one process at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::sources::listing::RemoteFile;
use crate::sources::trouble::Trouble;

/// Behind the name of the model's directory.
const SUFFIX: &str = ".sealog-fetch";

/// An unfinished fetch.
///
/// In its directory: `lock`; `parts/`, with unfinished files by their digests; and the model's directory, by what
/// names its files, so that what is left of another revision does not come into this one.
pub(super) struct Staging {
    to: PathBuf,
    root: PathBuf,
    model: PathBuf,
    parts: PathBuf,
    /// Held until the end; dropping it gives the place free.
    _lock: File,
}

impl Staging {
    /// Opens the place beside `to`, where nothing may be yet. Without a key everything that lies there is removed.
    pub(super) fn open(to: &Path, key: Option<&str>) -> Result<Self, Error> {
        if fs::symlink_metadata(to).is_ok() {
            let path = to.to_owned();
            return Err(Error::Exists { path });
        }
        let name = to
            .file_name()
            .ok_or_else(|| Error::Exists { path: to.into() })?;
        let mut own = name.to_os_string();
        own.push(SUFFIX);
        let root = to.with_file_name(own);
        closed_directory(&root)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(root.join("lock"))
            .map_err(Error::io("open", root.join("lock")))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Trouble::Busy.at(root.display().to_string()));
            }
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &root)(error)),
        }
        let staging = Self {
            to: to.to_owned(),
            model: root.join(format!("model-{}", key.unwrap_or("once"))),
            parts: root.join("parts"),
            root,
            _lock: lock,
        };
        if key.is_none() {
            staging.clear();
            empty(&staging.parts)?;
        }
        directory(&staging.model)?;
        directory(&staging.parts)?;
        Ok(staging)
    }

    /// The directory that becomes the model.
    pub(super) fn model(&self) -> &Path {
        &self.model
    }

    /// Where the unfinished bytes of a file lie.
    pub(super) fn part(&self, file: &RemoteFile) -> PathBuf {
        let name = file.hex().unwrap_or_else(|| "part".into());
        self.parts.join(name)
    }

    /// Whether a file of this size stands under its name already. It was checked before it got there, and is once more
    /// at the end.
    pub(super) fn holds(&self, file: &RemoteFile) -> Result<bool, Error> {
        let place = self.model.join(file.path.as_str());
        match fs::symlink_metadata(&place) {
            Ok(found) if found.is_file() && found.len() == file.size => Ok(true),
            Ok(found) if found.is_dir() => Err(Error::Exists { path: place }),
            Ok(_) => Self::remove(&place).map(|()| false),
            Err(_) => Ok(false),
        }
    }

    /// Bytes of an unfinished file.
    pub(super) fn size(part: &Path) -> Result<u64, Error> {
        match fs::symlink_metadata(part) {
            Ok(found) if found.is_file() => Ok(found.len()),
            Ok(_) => Self::remove(part).map(|()| 0),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(Error::io("look at", part)(error)),
        }
    }

    /// Opens an unfinished file to write behind its first `keep` bytes.
    pub(super) fn append(part: &Path, keep: u64) -> Result<File, Error> {
        let open = || -> io::Result<File> {
            if keep == 0 {
                match fs::remove_file(part) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => return OpenOptions::new().write(true).create_new(true).open(part),
                }
            }
            let file = OpenOptions::new().append(true).open(part)?;
            file.set_len(keep)?;
            Ok(file)
        };
        open().map_err(Error::io("write", part))
    }

    /// Puts a checked file under its name.
    pub(super) fn place(&self, file: &RemoteFile) -> Result<(), Error> {
        let place = self.model.join(file.path.as_str());
        let mut above = self.model.clone();
        let names: Vec<&str> = file.path.as_str().split('/').collect();
        for name in names.iter().take(names.len().saturating_sub(1)) {
            above.push(name);
            directory(&above)?;
        }
        let part = self.part(file);
        fs::rename(&part, &place).map_err(Error::io("write", place))
    }

    /// Removes a file, if it is there.
    pub(super) fn remove(path: &Path) -> Result<(), Error> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("remove", path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Removes what stands under its name already, as far as that can be done.
    pub(super) fn clear(&self) {
        let _ = fs::remove_dir_all(&self.model);
    }

    /// Gives the model its place, and removes everything else.
    pub(super) fn finish(self) -> Result<PathBuf, Error> {
        // A rename puts a directory in the place of an empty one: look again.
        if fs::symlink_metadata(&self.to).is_ok() {
            let path = self.to;
            return Err(Error::Exists { path });
        }
        fs::rename(&self.model, &self.to).map_err(Error::io("write", &self.to))?;
        fs::remove_dir_all(&self.root).map_err(Error::io("remove", &self.root))?;
        Ok(self.to)
    }
}

/// A directory that nobody else may enter: made, or found so.
fn closed_directory(path: &Path) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    match builder.create(path) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(Error::io("make", path)(error)),
    }
    let found = fs::symlink_metadata(path).map_err(Error::io("look at", path))?;
    if found.is_dir() && is_closed(path, &found)? {
        return Ok(());
    }
    Err(Error::Exists { path: path.into() })
}

/// Whether a directory belongs to whoever runs this, and to nobody else. Who that is, a file of its own tells.
#[cfg(unix)]
fn is_closed(path: &Path, found: &fs::Metadata) -> Result<bool, Error> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    if found.permissions().mode() & 0o077 != 0 {
        return Ok(false);
    }
    let own = tempfile::tempfile_in(path).and_then(|file| file.metadata());
    let own = own.map_err(Error::io("write in", path))?;
    Ok(own.uid() == found.uid())
}

#[cfg(not(unix))]
fn is_closed(_: &Path, _: &fs::Metadata) -> Result<bool, Error> {
    Ok(true)
}

fn directory(path: &Path) -> Result<(), Error> {
    match fs::create_dir(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let found = fs::symlink_metadata(path).map_err(Error::io("look at", path))?;
            if found.is_dir() {
                return Ok(());
            }
            Err(Error::Exists { path: path.into() })
        }
        Err(error) => Err(Error::io("make", path)(error)),
    }
}

fn empty(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}
