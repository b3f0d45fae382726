//! Writing one group, and taking it back where that is still possible.
//!
//! A group on the active segment: pwrite(LOCK, hint) · pread(segment, at - 1, 2) · pwrite(segment, group and filler) ·
//! fdatasync(segment) · pwrite(LOCK, hint).
//!
//! A group that opens a segment: ftruncate (old segment, if it has filler) · fdatasync (old segment) ·
//! pwrite(LOCK, hint) · open(`O_EXCL`) · pwrite(carry line, group and filler) · fdatasync(new segment) ·
//! fsync(directory) · pwrite(LOCK, hint).

use std::io;

use sealog_core::limits::{FILLER_BYTES_MAX, GROUP_BYTES_MAX, LINE_BYTES_MAX, SEGMENT_NUMBER_MAX};

use super::transfer::{Written, read_full, write_all};
use super::turn::FileTurn;
use super::{Active, locked, regular_file};
use crate::disk::{DiskFile, Open, Reach};
use crate::layout;
use crate::{CommitError, Error, Place};

/// Groups longer than this add no filler: it would be a large part of what is written and used up at once.
const FILLER_GROUP_BYTES_MAX: usize = 64 * 1024;
/// The byte that lines end in and filler is made of.
const NEWLINE: u8 = b'\n';

fn not_written(source: Error) -> CommitError {
    CommitError::NotWritten { source }
}

impl FileTurn<'_> {
    /// See [`crate::Turn::commit`].
    pub(super) fn commit_group(
        &mut self,
        at: Place,
        group: &[u8],
        roll: Option<&[u8]>,
    ) -> Result<Place, CommitError> {
        check_lines("a group", group, GROUP_BYTES_MAX + LINE_BYTES_MAX).map_err(not_written)?;
        // Nothing is built on bytes that a crash may take away from under it.
        self.flush_log().map_err(not_written)?;
        match roll {
            None if at == Place::START => self.commit_in_new(at, 0, group),
            None => self.commit_on(at, group),
            Some(carry) => {
                check_lines("a carried line", carry, LINE_BYTES_MAX + 1).map_err(not_written)?;
                self.finish_segment(at)?;
                let content = [carry, group].concat();
                self.commit_in_new(at, at.segment() + 1, &content)
            }
        }
    }

    /// Whether the hint says that the log ends where this segment's last group does, by this store's own hand.
    pub(super) fn is_last(&self, active: &Active) -> bool {
        self.hint.writer == self.writing.writer
            && self.hint.end == Some(Place::new(active.segment, active.end))
    }

    fn commit_on(&mut self, at: Place, group: &[u8]) -> Result<Place, CommitError> {
        let active = self.active_at(at).map_err(not_written)?;
        let there = self.store.check_linked(active.file.as_ref());
        there.map_err(not_written)?;
        let end = after(at, group).map_err(not_written)?;
        self.announce(end).map_err(not_written)?;
        let content = with_filler(group, end.offset(), active.filler_end);
        let written = write_all(
            active.file.as_ref(),
            at.offset(),
            content.as_deref().unwrap_or(group),
        );
        self.finish(active, at, end, group.len(), written)
    }

    /// Flushes what was written, or takes it back if it is not all there.
    fn finish(
        &mut self,
        mut active: Active,
        at: Place,
        end: Place,
        needed: usize,
        written: Written,
    ) -> Result<Place, CommitError> {
        let path = layout::segment_path(&self.store.root, active.segment);
        // Filler that found no room is not missed.
        if written.bytes < needed {
            let error = written.error.unwrap_or(io::ErrorKind::WriteZero.into());
            return Err(self.take_back(active, at, Error::io("write to", &path)(error)));
        }
        if let Err(error) = active.file.sync_data() {
            return Err(self.unknown(Error::io("flush", &path)(error)));
        }
        let reached = at.offset().saturating_add(length(written.bytes));
        active.end = end.offset();
        active.filler_end = active.filler_end.max(reached);
        self.announce_flushed();
        *locked(&self.writing.active) = Some(active);
        Ok(end)
    }

    /// Cuts a part of a group. It must be gone for good before the caller hears "not written": a write that was
    /// reported as failed may have been carried out, and a crash may keep it.
    fn take_back(&mut self, mut active: Active, at: Place, error: Error) -> CommitError {
        let undone = active
            .file
            .set_len(at.offset())
            .and_then(|()| active.file.sync_data());
        if undone.is_err() {
            return self.unknown(error);
        }
        active.end = at.offset();
        active.filler_end = at.offset();
        self.hint.end = Some(at);
        self.announce_flushed();
        *locked(&self.writing.active) = Some(active);
        not_written(error)
    }

    fn unknown(&mut self, source: Error) -> CommitError {
        let _ = self.poison_log(None, &source.to_string());
        CommitError::OutcomeUnknown { source }
    }

    /// The segment of `at`, after a look that the log ends there. This store's own open file if nobody wrote since.
    fn active_at(&mut self, at: Place) -> Result<Active, Error> {
        let cached = locked(&self.writing.active).take();
        let active = match cached.filter(|active| self.is_last(active)) {
            Some(active) if active.segment == at.segment() => active,
            _ => self.open_active(at)?,
        };
        self.check_end(&active, at)?;
        Ok(active)
    }

    fn open_active(&mut self, at: Place) -> Result<Active, Error> {
        let path = layout::segment_path(&self.store.root, at.segment());
        let disk = self.store.disk.as_ref();
        let Some(filler_end) = regular_file(disk, &path)? else {
            return Err(Error::NoSuchPlace { at });
        };
        let next = layout::segment_path(&self.store.root, at.segment() + 1);
        match regular_file(disk, &next)? {
            None => {}
            // Left from an attempt to make it that failed.
            Some(0) => disk
                .remove_file(&next)
                .and_then(|()| disk.sync_dir(&self.store.log_directory()))
                .map_err(Error::io("remove", &next))?,
            Some(_) => return Err(self.foreign(at, "a later segment".to_owned())),
        }
        let file = self
            .store
            .disk
            .open(&path, Open::Write)
            .map_err(Error::io("open", &path))?;
        Ok(Active {
            segment: at.segment(),
            file,
            end: at.offset(),
            filler_end,
        })
    }

    /// Before `at` there must be a newline, and at it filler or the end of the file.
    fn check_end(&mut self, active: &Active, at: Place) -> Result<(), Error> {
        let mut around = [0; 2];
        let before = at
            .offset()
            .checked_sub(1)
            .ok_or(Error::NoSuchPlace { at })?;
        let read = read_full(active.file.as_ref(), before, &mut around).map_err(Error::io(
            "read",
            layout::segment_path(&self.store.root, active.segment),
        ))?;
        match around.get(..read).unwrap_or_default() {
            [NEWLINE] | [NEWLINE, NEWLINE | 0] => Ok(()),
            [] => Err(self.foreign(at, "a shorter file".to_owned())),
            [NEWLINE, byte, ..] => Err(self.foreign(at, format!("byte 0x{byte:02x} after it"))),
            [byte, ..] => Err(self.foreign(at, format!("byte 0x{byte:02x} before it"))),
        }
    }

    fn foreign(&mut self, at: Place, found: String) -> Error {
        let error = Error::ForeignBytes { at, found };
        let _ = self.poison_log(None, &error.to_string());
        error
    }

    /// Cuts the filler of the segment that ends at `at`, durably: filler may stand in the active segment only.
    fn finish_segment(&mut self, at: Place) -> Result<(), CommitError> {
        if at.segment() >= SEGMENT_NUMBER_MAX {
            let number = at.segment().saturating_add(1);
            return Err(not_written(Error::SegmentNumber { number }));
        }
        let active = self.active_at(at).map_err(not_written)?;
        let path = layout::segment_path(&self.store.root, active.segment);
        // From here on nobody may trust what they knew of the old segment.
        self.announce(at).map_err(not_written)?;
        if active.filler_end > at.offset()
            && let Err(error) = active.file.set_len(at.offset())
        {
            return Err(not_written(Error::io("cut the filler of", &path)(error)));
        }
        // Also where no filler is left: whoever cut it may not have flushed, and a crash would bring it back.
        if let Err(error) = active.file.sync_data() {
            let error = Error::io("flush", &path)(error);
            let _ = self.poison_log(None, &error.to_string());
            return Err(not_written(error));
        }
        Ok(())
    }

    /// Makes segment `number` with `content`, whole lines, where the log ended at `at` so far.
    fn commit_in_new(
        &mut self,
        at: Place,
        number: u64,
        content: &[u8],
    ) -> Result<Place, CommitError> {
        let path = layout::segment_path(&self.store.root, number);
        let end = after(Place::new(number, 0), content).map_err(not_written)?;
        self.announce(end).map_err(not_written)?;
        let file = self.new_segment(number)?;
        let filled = with_filler(content, end.offset(), 0);
        let written = write_all(file.as_ref(), 0, filled.as_deref().unwrap_or(content));
        if written.bytes < content.len() {
            let error = written.error.unwrap_or(io::ErrorKind::WriteZero.into());
            let error = Error::io("write to", &path)(error);
            // Emptied durably first: then the group is gone even if the name stays.
            if file.set_len(0).and_then(|()| file.sync_data()).is_err() {
                return Err(self.unknown(error));
            }
            let disk = self.store.disk.as_ref();
            let _ = disk
                .remove_file(&path)
                .and_then(|()| disk.sync_dir(&self.store.log_directory()));
            let _ = self.announce(at);
            return Err(not_written(error));
        }
        let flushed = file
            .sync_data()
            .and_then(|()| self.store.disk.sync_dir(&self.store.log_directory()));
        if let Err(error) = flushed {
            return Err(self.unknown(Error::io("flush", &path)(error)));
        }
        self.announce_flushed();
        *locked(&self.writing.active) = Some(Active {
            segment: number,
            file,
            end: end.offset(),
            filler_end: length(written.bytes),
        });
        Ok(end)
    }

    /// A new, empty segment. One that is there and empty is left from an attempt that failed, and used.
    fn new_segment(&mut self, number: u64) -> Result<Box<dyn DiskFile>, CommitError> {
        let path = layout::segment_path(&self.store.root, number);
        let disk = self.store.disk.as_ref();
        let failed = Error::io("make", &path);
        match regular_file(disk, &path).map_err(not_written)? {
            None => disk
                .open(&path, Open::CreateNew(Reach::Everyone))
                .map_err(|error| not_written(failed(error))),
            Some(0) => disk
                .open(&path, Open::Write)
                .map_err(|error| not_written(failed(error))),
            Some(bytes) => {
                let at = Place::new(number, 0);
                Err(not_written(
                    self.foreign(at, format!("a segment of {bytes} bytes")),
                ))
            }
        }
    }
}

/// `lines` followed by filler, if it ends at `end` beyond the filler that is there and is short enough to be worth it.
fn with_filler(lines: &[u8], end: u64, filler_end: u64) -> Option<Vec<u8>> {
    if end <= filler_end || lines.len() > FILLER_GROUP_BYTES_MAX {
        return None;
    }
    let filler = usize::try_from(FILLER_BYTES_MAX).ok()?;
    let mut content = vec![NEWLINE; lines.len() + filler];
    content.get_mut(..lines.len())?.copy_from_slice(lines);
    Some(content)
}

/// The place after `lines` written at `at`.
fn after(at: Place, lines: &[u8]) -> Result<Place, Error> {
    let end = at.offset().checked_add(length(lines.len()));
    end.map(|end| Place::new(at.segment(), end))
        .ok_or(Error::NoSuchPlace { at })
}

/// A length in memory as a length on disk.
pub(super) fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Whole lines within the limit: the judgement of each is the caller's.
fn check_lines(what: &'static str, lines: &[u8], max: usize) -> Result<(), Error> {
    let expected = match lines {
        [] | [NEWLINE, ..] => "lines that are not empty",
        [.., last] if *last != NEWLINE => "lines that end in a newline",
        _ if lines.len() > max => "at most the bytes of the limit",
        _ => return Ok(()),
    };
    Err(Error::Group {
        what,
        expected,
        found: lines.len(),
    })
}
