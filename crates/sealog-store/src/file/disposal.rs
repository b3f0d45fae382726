//! Putting rewritten segments in the place of rolled ones (docs/formats/store.md, "Disposal").
//!
//! A disposal: open(DISPOSAL), flock · pwrite(notes) · ftruncate · fdatasync, and fsync(directory) where it was made.
//! A segment: open(`O_EXCL`, unfinished name) · pwrite · fdatasync · then in a turn: pwrite(LOCK, hint) · rename ·
//! fsync(directory) · pwrite(LOCK, hint). The end: ftruncate(DISPOSAL) · fdatasync.
//!
//! The hint is counted up before the rename and after it, so that a reader who finds it unchanged read one file.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use sealog_core::limits::SHELF_FILE_BYTES_MAX;

use super::commit::length;
use super::turn::{FileTurn, POLL_LAST};
use super::{FileStore, regular_file, transfer};
use crate::disk::{DiskFile, Open, Reach};
use crate::layout;
use crate::{DisposalMark, Error, Place, Rewriting, Staged, Store};

/// The open file of disposals, locked.
#[derive(Debug)]
pub(super) struct FileRewriting<'a> {
    store: &'a FileStore,
    /// Closing it gives the lock back; in a fork the lock stays its parent's as well.
    file: Box<dyn DiskFile>,
    path: PathBuf,
}

impl FileStore {
    /// See [`Store::disposals`].
    pub(super) fn disposal_mark(&self) -> Result<DisposalMark, Error> {
        self.check_process()?;
        let path = self.log_directory().join(layout::DISPOSAL);
        Ok(match regular_file(self.disk.as_ref(), &path)? {
            None => DisposalMark::Never,
            Some(0) => DisposalMark::Done,
            Some(_) => DisposalMark::Unfinished,
        })
    }

    /// See [`Store::rewriting`].
    pub(super) fn begin_rewriting(&self, wait: Duration) -> Result<FileRewriting<'_>, Error> {
        self.check_process()?;
        self.writing()?;
        let path = self.log_directory().join(layout::DISPOSAL);
        let disk = self.disk.as_ref();
        let made = regular_file(disk, &path)?.is_none();
        let file = disk
            .open(&path, Open::Create(Reach::Everyone))
            .map_err(Error::io("open", &path))?;
        if made {
            disk.sync_dir(&self.log_directory())
                .map_err(Error::io("flush", &path))?;
        }
        let until = disk.monotonic().saturating_add(wait);
        while !file.try_lock().map_err(Error::io("lock", &path))? {
            if disk.monotonic() >= until {
                return Err(Error::Disposing {
                    path: self.root.clone(),
                    waited: wait,
                });
            }
            disk.pause(POLL_LAST);
        }
        Ok(FileRewriting {
            store: self,
            file,
            path,
        })
    }
}

impl Drop for FileRewriting<'_> {
    fn drop(&mut self) {
        if self.store.check_process().is_ok() {
            let _ = self.file.unlock();
        }
    }
}

impl Rewriting for FileRewriting<'_> {
    fn notes(&self) -> Result<Option<Vec<u8>>, Error> {
        self.store.check_process()?;
        let notes = transfer::read_rest(self.file.as_ref(), 0, SHELF_FILE_BYTES_MAX)
            .map_err(Error::io("read", &self.path))?;
        // Notes that are too long are somebody's else; what has to be done is found in the log.
        Ok(match notes {
            Some(notes) => Some(notes).filter(|notes| !notes.is_empty()),
            None => Some(Vec::new()),
        })
    }

    fn begin(&mut self, notes: &[u8]) -> Result<(), Error> {
        self.store.check_process()?;
        if length(notes.len()) > SHELF_FILE_BYTES_MAX {
            return Err(Error::TooLong {
                path: self.path.clone(),
                max: SHELF_FILE_BYTES_MAX,
                found: length(notes.len()),
            });
        }
        transfer::write_whole(self.file.as_ref(), 0, notes)
            .and_then(|()| self.file.set_len(length(notes.len())))
            .and_then(|()| self.file.sync_data())
            .map_err(Error::io("write", &self.path))
    }

    fn stage(&mut self, segment: u64) -> Result<Box<dyn Staged + '_>, Error> {
        self.store.check_process()?;
        let (disk, directory) = (self.store.disk.as_ref(), self.store.log_directory());
        // Nobody else makes such files here, and one that a crash left may hold what is disposed of by now.
        for name in disk
            .list(&directory)
            .map_err(Error::io("list", &directory))?
        {
            if name.starts_with(layout::TEMPORARY_PREFIX) {
                let path = directory.join(name);
                disk.remove_file(&path)
                    .map_err(Error::io("remove", &path))?;
            }
        }
        let name = layout::segment_name(segment);
        let path = directory.join(format!("{}{name}", layout::TEMPORARY_PREFIX));
        let file = disk
            .open(&path, Open::CreateNew(Reach::Everyone))
            .map_err(Error::io("make", &path))?;
        Ok(Box::new(StagedSegment {
            store: self.store,
            segment,
            path,
            file,
            end: 0,
            placed: false,
        }))
    }

    fn done(&mut self) -> Result<(), Error> {
        self.store.check_process()?;
        self.file
            .set_len(0)
            .and_then(|()| self.file.sync_data())
            .map_err(Error::io("cut", &self.path))
    }
}

/// A segment under an unfinished name.
#[derive(Debug)]
struct StagedSegment<'a> {
    store: &'a FileStore,
    segment: u64,
    path: PathBuf,
    file: Box<dyn DiskFile>,
    end: u64,
    placed: bool,
}

impl Staged for StagedSegment<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.store.check_process()?;
        transfer::write_whole(self.file.as_ref(), self.end, bytes)
            .map_err(Error::io("write", &self.path))?;
        self.end = self.end.saturating_add(length(bytes.len()));
        Ok(())
    }

    fn replace(mut self: Box<Self>, wait: Duration) -> Result<(), Error> {
        self.file
            .sync_data()
            .map_err(Error::io("flush", &self.path))?;
        let mut turn = self.store.take_turn(wait)?;
        turn.replace_segment(&mut self)
    }
}

impl Drop for StagedSegment<'_> {
    fn drop(&mut self) {
        if !self.placed && self.store.check_process().is_ok() {
            let _ = self.store.disk.remove_file(&self.path);
        }
    }
}

impl FileTurn<'_> {
    fn replace_segment(&mut self, staged: &mut StagedSegment<'_>) -> Result<(), Error> {
        self.check()?;
        let number = staged.segment;
        let segments = self.store.segments()?;
        let exists = segments.iter().any(|segment| segment.number() == number);
        let rolled = segments
            .iter()
            .any(|segment| segment.number() > number && segment.bytes() > 0);
        if !exists || !rolled {
            let at = Place::new(number.saturating_add(u64::from(exists)), 0);
            return Err(Error::NoSuchPlace { at });
        }
        let path = layout::segment_path(&self.store.root, number);
        let directory = self.store.log_directory();
        let disk = self.store.disk.as_ref();
        self.count_rewriting()?;
        let renamed = disk.rename(&staged.path, &path);
        staged.placed = renamed.is_ok();
        let flushed = renamed.and_then(|()| disk.sync_dir(&directory));
        let counted = self.count_rewriting();
        flushed.map_err(|error: io::Error| Error::io("replace", &path)(error))?;
        counted
    }

    fn count_rewriting(&mut self) -> Result<(), Error> {
        self.hint.rewrites = self.hint.rewrites.wrapping_add(1);
        self.write_hint()
    }
}
