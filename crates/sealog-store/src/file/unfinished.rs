//! What an interrupted making of a ledger leaves, and finishing it.
//!
//! Finishing makes what is missing and replaces nothing but a `sealog.toml` that was cut off, so two that finish at
//! once do the same. Whether the log holds a group is not looked at here: whoever writes the first one sees that under
//! the log's lock.

use std::io;
use std::path::Path;
use std::sync::Arc;

use sealog_core::limits::{ENTRY_BYTES_MAX, FILLER_BYTES_MAX};

use super::create::{DIRECTORIES, parent_of};
use super::{Access, FileOptions, FileStore, kind_of, refuse_shared, transfer};
use crate::disk::{Disk, FileKind, Open, Reach};
use crate::{Error, layout};

/// Bytes of the first segment, at most, if nothing but a part of the first group is in it: an entry, its checkpoint and
/// the filler.
const FIRST_GROUP_BYTES_MAX: u64 = 2 * FILLER_BYTES_MAX;
const _: () = assert!(2 * ENTRY_BYTES_MAX < 256 * 1024);

impl FileStore {
    /// Whether `root` is a directory with nothing in it but what [`FileStore::create`] and a first commit that was cut
    /// off leave: no other file, no evidence, no proof, nothing derived, and no more than one segment of one group.
    pub fn is_unfinished(disk: &dyn Disk, root: &Path) -> Result<bool, Error> {
        if !kind_of(disk, root, FileKind::Directory)? {
            return Ok(false);
        }
        let known = |name: &String| DIRECTORIES.contains(&&**name) || name == layout::ABOUT;
        if !names(disk, root)?.iter().all(known) {
            return Ok(false);
        }
        // Torn tails may lie in `recovered`: they are kept.
        for directory in [layout::PAYLOADS, layout::ANCHORS] {
            if !names(disk, &root.join(directory))?.is_empty() {
                return Ok(false);
            }
        }
        let log = root.join(layout::LOG);
        let segment = layout::segment_name(0);
        let known = |name: &String| {
            [layout::LOCK, layout::TURNSTILE].contains(&&**name) || *name == segment
        };
        if !names(disk, &log)?.iter().all(known) {
            return Ok(false);
        }
        let bytes = super::regular_file(disk, &log.join(segment))?;
        Ok(bytes.unwrap_or(0) <= FIRST_GROUP_BYTES_MAX)
    }

    /// Makes what is missing of an unfinished ledger directory and opens it for writing, as [`FileStore::create`] does.
    ///
    /// Refused with [`Error::Exists`] where it is not unfinished, or is that of a ledger with another `about`.
    pub fn finish(
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
        if !Self::is_unfinished(disk.as_ref(), root)? {
            return Err(Error::Exists {
                path: root.to_path_buf(),
            });
        }
        complete(disk.as_ref(), root, about)?;
        disk.sync_dir(&parent)
            .map_err(Error::io("flush", &parent))?;
        Self::open(disk, root, options)
    }
}

/// The names in a directory; one that is absent has none.
fn names(disk: &dyn Disk, directory: &Path) -> Result<Vec<String>, Error> {
    match disk.list(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        names => names.map_err(Error::io("list", directory)),
    }
}

/// In the order of the making: the lock file, by which a ledger is known, comes last.
fn complete(disk: &dyn Disk, root: &Path, about: &str) -> Result<(), Error> {
    for name in DIRECTORIES {
        let path = root.join(name);
        match disk.create_dir(&path, Reach::Everyone) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                kind_of(disk, &path, FileKind::Directory)?;
            }
            made => made.map_err(Error::io("make the directory", &path))?,
        }
    }
    complete_about(disk, root, about)?;
    let log = root.join(layout::LOG);
    for name in [layout::TURNSTILE, layout::LOCK] {
        let path = log.join(name);
        kind_of(disk, &path, FileKind::File)?;
        disk.open(&path, Open::Create(Reach::Everyone))
            .and_then(|file| file.sync_data())
            .map_err(Error::io("write", &path))?;
    }
    for path in [&log, root] {
        disk.sync_dir(path).map_err(Error::io("flush", path))?;
    }
    Ok(())
}

/// The bytes that are there have to be a part of what belongs there, or zeroes where a page never reached the disk.
fn complete_about(disk: &dyn Disk, root: &Path, about: &str) -> Result<(), Error> {
    let path = root.join(layout::ABOUT);
    kind_of(disk, &path, FileKind::File)?;
    let file = disk
        .open(&path, Open::Create(Reach::Everyone))
        .map_err(Error::io("open", &path))?;
    let most = u64::try_from(about.len()).unwrap_or(u64::MAX);
    let found = transfer::read_rest(file.as_ref(), 0, most).map_err(Error::io("read", &path))?;
    let part = found.is_some_and(|found| {
        let mut pairs = found.iter().zip(about.as_bytes());
        found.len() <= about.len() && pairs.all(|(found, due)| found == due || *found == 0)
    });
    if !part {
        return Err(Error::Exists {
            path: root.to_path_buf(),
        });
    }
    transfer::write_whole(file.as_ref(), 0, about.as_bytes())
        .and_then(|()| file.sync_data())
        .map_err(Error::io("write", path))
}
