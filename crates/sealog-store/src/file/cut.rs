//! Recovery: a torn tail is saved under `recovered/`, then cut from the log.

use sealog_core::Hash;
use sealog_core::limits::SHELF_FILE_BYTES_MAX;

use super::transfer::read_rest;
use super::turn::FileTurn;
use super::{locked, regular_file};
use crate::disk::Open;
use crate::layout;
use crate::{CutPiece, CutTail, Error, Place, SegmentInfo, Shelf, Store};

impl FileTurn<'_> {
    /// See [`crate::Turn::cut`]. Syscalls, after the pieces are saved and flushed: pwrite(LOCK, hint) · for each later
    /// segment, the last first: unlink, fsync(directory) · ftruncate, fdatasync (segment of `at`).
    pub(super) fn cut_tail(&mut self, at: Place) -> Result<CutTail, Error> {
        self.check()?;
        let segments = self.store.segments()?;
        let affected: Vec<SegmentInfo> = segments
            .iter()
            .filter(|segment| segment.number() >= at.segment())
            .copied()
            .collect();
        let reached = match affected.first() {
            Some(first) if first.number() == at.segment() => first.bytes(),
            _ => 0,
        };
        if reached < at.offset() {
            return Err(Error::NoSuchPlace { at });
        }
        let mut pieces = Vec::new();
        for segment in &affected {
            pieces.extend(self.save(from(at, *segment))?);
        }
        *locked(&self.writing.active) = None;
        self.announce(at)?;
        let cut = affected
            .iter()
            .rev()
            .try_for_each(|segment| self.cut_segment(from(at, *segment)));
        if let Err(error) = cut {
            let _ = self.poison_log(None, &error.to_string());
            return Err(error);
        }
        self.announce_flushed();
        Ok(CutTail::new(pieces))
    }

    /// Saves what stands from `at` to the end of its segment, durably.
    fn save(&self, at: Place) -> Result<Option<CutPiece>, Error> {
        let path = layout::segment_path(&self.store.root, at.segment());
        let file = self
            .store
            .disk
            .open(&path, Open::Read)
            .map_err(Error::io("open", &path))?;
        let bytes = read_rest(file.as_ref(), at.offset(), SHELF_FILE_BYTES_MAX)
            .map_err(Error::io("read", &path))?;
        let Some(bytes) = bytes else {
            return Err(Error::TooLong {
                found: regular_file(self.store.disk.as_ref(), &path)?.unwrap_or_default(),
                path,
                max: SHELF_FILE_BYTES_MAX,
            });
        };
        if bytes.is_empty() {
            return Ok(None);
        }
        let digest = Hash::of(&[&bytes]);
        let name = layout::recovered_name(at, digest);
        self.store.put_file(Shelf::Recovered, &name, &bytes)?;
        let length = super::commit::length(bytes.len());
        Ok(Some(CutPiece::new(at, length, digest, name)))
    }

    /// Ends a segment at `at`; one of which nothing remains is removed.
    fn cut_segment(&self, at: Place) -> Result<(), Error> {
        let path = layout::segment_path(&self.store.root, at.segment());
        let disk = self.store.disk.as_ref();
        if at.offset() == 0 {
            return disk
                .remove_file(&path)
                .and_then(|()| disk.sync_dir(&self.store.log_directory()))
                .map_err(Error::io("remove", &path));
        }
        disk.open(&path, Open::Write)
            .and_then(|file| {
                file.set_len(at.offset())?;
                file.sync_data()
            })
            .map_err(Error::io("cut", &path))
    }
}

/// Where in `segment` the tail that begins at `at` begins.
fn from(at: Place, segment: SegmentInfo) -> Place {
    if segment.number() == at.segment() {
        at
    } else {
        Place::new(segment.number(), 0)
    }
}
