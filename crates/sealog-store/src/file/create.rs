//! Making a ledger directory where nothing is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Access, FileOptions, FileStore, refuse_shared, transfer};
use crate::disk::{Disk, Open, Reach};
use crate::{Error, layout};

impl FileStore {
    /// Makes the ledger directory `root` and opens it for writing; `about` becomes its `sealog.toml`.
    ///
    /// The parent directory must exist and `root` must not, not even as an empty directory: making the directory is
    /// what decides between two that try at once. The lock file, by which a ledger is known, is made last; a failure
    /// before that removes what was made. All is durable on return; the first segment comes with the first commit.
    pub fn create(
        disk: Arc<dyn Disk>,
        root: &Path,
        about: &str,
        options: &FileOptions,
    ) -> Result<Self, Error> {
        if options.access == Access::Read {
            return Err(Error::OpenedForReading {
                path: root.to_path_buf(),
            });
        }
        let parent = parent_of(root);
        refuse_shared(disk.as_ref(), &parent, options)?;
        match disk.create_dir(root, Reach::Everyone) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(Error::Exists {
                    path: root.to_path_buf(),
                });
            }
            Err(error) => return Err(Error::io("make the directory", root)(error)),
        }
        if let Err(error) = fill(disk.as_ref(), root, about) {
            empty(disk.as_ref(), root);
            return Err(error);
        }
        disk.sync_dir(&parent)
            .map_err(Error::io("flush", &parent))?;
        Self::open(disk, root, options)
    }
}

/// The directories of the layout, those inside `log` apart.
pub(super) const DIRECTORIES: [&str; 4] = [
    layout::LOG,
    layout::PAYLOADS,
    layout::ANCHORS,
    layout::RECOVERED,
];

fn fill(disk: &dyn Disk, root: &Path, about: &str) -> Result<(), Error> {
    for name in DIRECTORIES {
        let path = root.join(name);
        disk.create_dir(&path, Reach::Everyone)
            .map_err(Error::io("make the directory", &path))?;
    }
    write_new(disk, &root.join(layout::ABOUT), about.as_bytes())?;
    let log = root.join(layout::LOG);
    write_new(disk, &log.join(layout::TURNSTILE), b"")?;
    write_new(disk, &log.join(layout::LOCK), b"")?;
    for path in [&log, root] {
        disk.sync_dir(path).map_err(Error::io("flush", path))?;
    }
    Ok(())
}

fn write_new(disk: &dyn Disk, path: &Path, content: &[u8]) -> Result<(), Error> {
    disk.open(path, Open::CreateNew(Reach::Everyone))
        .and_then(|file| {
            transfer::write_whole(file.as_ref(), 0, content)?;
            file.sync_data()
        })
        .map_err(Error::io("write", path))
}

/// Removes what [`fill`] may have made; what cannot be removed is left, and refused by the next attempt.
fn empty(disk: &dyn Disk, root: &Path) {
    let log = root.join(layout::LOG);
    for path in [
        log.join(layout::LOCK),
        log.join(layout::TURNSTILE),
        root.join(layout::ABOUT),
    ] {
        let _ = disk.remove_file(&path);
    }
    for name in DIRECTORIES {
        let _ = disk.remove_dir(&root.join(name));
    }
    let _ = disk.remove_dir(root);
}

/// The directory that holds `path`.
pub(super) fn parent_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}
