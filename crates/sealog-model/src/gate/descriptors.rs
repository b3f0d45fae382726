//! A model as open descriptors: copies in memory that nobody can write to, or the original files, held.
//!
//! A private directory holds a link to each under its name in the model, so that a library which wants a path gets the
//! descriptor's file and nothing that was put in its place. The links end with this process.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use super::home::Home;
use crate::Error;
use crate::walk::FileSet;

/// The descriptors, by path in the model.
#[derive(Debug)]
pub(super) struct Descriptors {
    files: BTreeMap<String, File>,
    path: PathBuf,
    home: Home,
}

impl Descriptors {
    /// The model by its names.
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

    pub(super) fn remove(mut self) -> Result<(), Error> {
        self.home.remove()
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io::Seek;
    use std::os::fd::AsRawFd;

    use rustix::fs::{MemfdFlags, SealFlags};

    use super::{BTreeMap, Descriptors, Error, File, FileSet, Home, Path, PathBuf};
    use crate::digest::open_walked;
    use crate::gate::copy::copy_into;
    use crate::limits::{HELD_FILES_MAX, SEALED_MEMORY_BYTES_MAX};
    use crate::walk::WalkedFile;

    impl Descriptors {
        /// Copies the files of a walk into memory and seals that.
        pub(in crate::gate) fn in_memory(set: &FileSet, inside: &Path) -> Result<Self, Error> {
            if set.bytes() > SEALED_MEMORY_BYTES_MAX {
                return Err(Error::Limit {
                    what: "bytes of a model that is sealed in memory",
                    limit: SEALED_MEMORY_BYTES_MAX,
                });
            }
            Self::make(set, inside, sealed)
        }

        /// Opens the files of a walk.
        pub(in crate::gate) fn held(set: &FileSet, inside: &Path) -> Result<Self, Error> {
            Self::make(set, inside, |file| Ok(open_walked(file)?.0))
        }

        fn make(
            set: &FileSet,
            inside: &Path,
            open: impl Fn(&WalkedFile) -> Result<File, Error>,
        ) -> Result<Self, Error> {
            if set.files().len() > HELD_FILES_MAX {
                return Err(Error::Limit {
                    what: "files of a model that is held open",
                    limit: u64::try_from(HELD_FILES_MAX).unwrap_or(u64::MAX),
                });
            }
            let mut home = Home::make(inside)?;
            let path = home.join(set.name());
            if !set.is_single_file() {
                home.directory(path.clone())?;
            }
            let mut files = BTreeMap::new();
            for file in set.files() {
                let name = file.path().as_str();
                let descriptor = open(file)?;
                let link = if set.is_single_file() {
                    path.clone()
                } else {
                    home.parents(&path, name)?
                };
                let linked = std::os::unix::fs::symlink(behind(&descriptor), &link);
                linked.map_err(Error::io("link", link))?;
                files.insert(name.to_owned(), descriptor);
            }
            home.lock_directories()?;
            Ok(Self { files, path, home })
        }

        /// Opens a file again, by its descriptor: with an offset of its own.
        pub(in crate::gate) fn open(&self, path: &str) -> Result<File, Error> {
            let file = self.files.get(path).ok_or_else(|| Error::NoFile {
                path: path.to_owned(),
            })?;
            // This process's own name for it: a child of the one that made it has the descriptor too.
            let own = format!("/proc/self/fd/{}", file.as_raw_fd());
            File::open(own).map_err(Error::io("open", path))
        }
    }

    fn behind(file: &File) -> PathBuf {
        format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()).into()
    }

    fn sealed(file: &WalkedFile) -> Result<File, Error> {
        let failed = |error: rustix::io::Errno| {
            Error::io("seal a copy in memory of", file.source())(error.into())
        };
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let mut copy = File::from(rustix::fs::memfd_create("sealog-model", flags).map_err(failed)?);
        copy_into(file, &mut copy)?;
        let seals = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
        rustix::fs::fcntl_add_seals(&copy, seals).map_err(failed)?;
        copy.rewind().map_err(Error::io("read", file.source()))?;
        Ok(copy)
    }
}

#[cfg(not(target_os = "linux"))]
impl Descriptors {
    const UNSUPPORTED: Error = Error::Unsupported {
        what: "a model as open descriptors",
        why: "only Linux gives descriptors a path; use the means `sealed`",
    };

    pub(super) fn in_memory(_: &FileSet, _: &Path) -> Result<Self, Error> {
        Err(Self::UNSUPPORTED)
    }

    pub(super) fn held(_: &FileSet, _: &Path) -> Result<Self, Error> {
        Err(Self::UNSUPPORTED)
    }

    pub(super) fn open(&self, path: &str) -> Result<File, Error> {
        let _ = (&self.files, path);
        Err(Self::UNSUPPORTED)
    }
}
