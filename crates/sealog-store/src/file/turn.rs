//! Taking the turn, and what may be done with it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sealog_core::limits::POISON_BYTES_MAX;

use super::hint::Hint;
use super::{FileStore, Writing, locked, poison, transfer};
use crate::disk::{DiskFile, Open, Reach};
use crate::layout;
use crate::{CommitError, CutTail, Error, Place, Poison, Store, Turn};

/// The first pause between two tries of a lock.
const POLL_FIRST: Duration = Duration::from_micros(50);
/// The longest pause between two tries; a flush takes about as long.
pub(super) const POLL_LAST: Duration = Duration::from_millis(2);
/// What of the poison file its fixed part may take.
const POISON_FRAME_BYTES: usize = 512;

/// The turn of a [`FileStore`]. The fields are dropped in this order: the lock of all processes before that of the
/// threads of this one.
#[derive(Debug)]
pub(super) struct FileTurn<'a> {
    pub(super) store: &'a FileStore,
    pub(super) writing: &'a Writing,
    /// The hint as it stands in the lock file: only the holder of the turn writes there.
    pub(super) hint: Hint,
    /// Whether this turn has flushed what it found.
    pub(super) flushed: bool,
    _lock: HeldLock<'a>,
    _slot: Slot<'a>,
}

/// A lock file that is locked.
#[derive(Debug)]
struct HeldLock<'a> {
    store: &'a FileStore,
    file: &'a dyn DiskFile,
}

impl Drop for HeldLock<'_> {
    fn drop(&mut self) {
        // In a fork the lock is the parent's (see `FileStore::opened_in`).
        if self.store.check_process().is_ok() {
            let _ = self.file.unlock();
        }
    }
}

/// The right of one thread among those of this process.
#[derive(Debug)]
struct Slot<'a> {
    store: &'a FileStore,
    writing: &'a Writing,
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        if self.store.check_process().is_ok() {
            *locked(&self.writing.taken) = false;
            self.writing.freed.notify_one();
        }
    }
}

impl FileStore {
    /// Takes the turn of a log that is open for writing.
    pub(super) fn take_turn(&self, wait: Duration) -> Result<FileTurn<'_>, Error> {
        let turn = self.take_turn_though_poisoned(wait)?;
        match self.poison_now(&turn.hint)? {
            Some(poison) => Err(self.closed_by(&poison)),
            None => Ok(turn),
        }
    }

    /// Takes the turn even if the log is closed for writing.
    pub(super) fn take_turn_though_poisoned(&self, wait: Duration) -> Result<FileTurn<'_>, Error> {
        self.check_process()?;
        let writing = self.writing()?;
        let until = self.disk.monotonic().saturating_add(wait);
        let slot = self.slot(writing, wait)?;
        // Whoever has the turnstile is next: one who gives the turn back cannot take it again before them.
        let turnstile = self.poll(writing, writing.turnstile.as_ref(), until, wait)?;
        let lock = self.poll(writing, writing.lock.as_ref(), until, wait)?;
        drop(turnstile);
        self.check_linked(writing.lock.as_ref())?;
        let mut turn = FileTurn {
            store: self,
            writing,
            hint: self.read_hint()?,
            flushed: false,
            _lock: lock,
            _slot: slot,
        };
        if turn.hint.holder != self.opened_in {
            turn.hint.holder = self.opened_in;
            // Only a message of others depends on it.
            let _ = turn.write_hint();
        }
        Ok(turn)
    }

    /// A log whose files were removed while they were open takes writes all the same, and loses them at closing.
    pub(super) fn check_linked(&self, file: &dyn DiskFile) -> Result<(), Error> {
        let linked = file
            .is_linked()
            .map_err(Error::io("look for", self.log_directory()))?;
        if linked {
            return Ok(());
        }
        let path = self.root.clone();
        Err(Error::NotALedger { path })
    }

    /// Waits until no other thread of this process has the turn.
    fn slot<'a>(&'a self, writing: &'a Writing, wait: Duration) -> Result<Slot<'a>, Error> {
        let taken = locked(&writing.taken);
        let (mut taken, _) = writing
            .freed
            .wait_timeout_while(taken, wait, |taken| *taken)
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if *taken {
            return Err(self.busy(Some(self.opened_in), wait));
        }
        *taken = true;
        Ok(Slot {
            store: self,
            writing,
        })
    }

    /// Tries a lock with growing pauses until it is free or `until` has come.
    fn poll<'a>(
        &'a self,
        writing: &Writing,
        file: &'a dyn DiskFile,
        until: Duration,
        wait: Duration,
    ) -> Result<HeldLock<'a>, Error> {
        let mut pause = POLL_FIRST;
        let mut jitter = writing.writer.iter().cycle();
        loop {
            if file
                .try_lock()
                .map_err(Error::io("lock", self.log_directory()))?
            {
                return Ok(HeldLock { store: self, file });
            }
            let left = until.saturating_sub(self.disk.monotonic());
            if left.is_zero() {
                let holder = self.read_hint().ok().map(|hint| hint.holder);
                return Err(self.busy(holder.filter(|pid| *pid != 0), wait));
            }
            // The random bytes of the writer keep several of them from trying in step.
            let share = u32::from(jitter.next().copied().unwrap_or_default());
            self.disk.pause((pause + pause * share / 256).min(left));
            pause = (pause * 2).min(POLL_LAST);
        }
    }

    pub(super) fn busy(&self, holder: Option<u32>, waited: Duration) -> Error {
        Error::Busy {
            path: self.root.clone(),
            holder,
            waited,
        }
    }

    pub(super) fn closed_by(&self, poison: &Poison) -> Error {
        Error::Poisoned {
            path: self.root.clone(),
            reason: poison.error().to_owned(),
        }
    }
}

impl FileTurn<'_> {
    /// Refuses in a fork, and after this very turn poisoned the log.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.store.check_process()?;
        match &*locked(&self.writing.poison) {
            Some(poison) => Err(self.store.closed_by(poison)),
            None => Ok(()),
        }
    }

    pub(super) fn write_hint(&self) -> Result<(), Error> {
        transfer::write_whole(self.writing.lock.as_ref(), 0, &self.hint.encode()).map_err(
            Error::io("write", self.store.log_directory().join(layout::LOCK)),
        )
    }

    /// Says in the lock file that this store is about to make the log end at `end`.
    pub(super) fn announce(&mut self, end: Place) -> Result<(), Error> {
        self.hint.writer = self.writing.writer;
        self.hint.end = Some(end);
        self.write_hint()
    }

    /// Says that all of the log is flushed. If it cannot be said, others flush once more than they need.
    pub(super) fn announce_flushed(&mut self) {
        self.flushed = true;
        self.writing.flushed_once.store(true, Ordering::Relaxed);
        self.hint.flushed = self.hint.end;
        let _ = self.write_hint();
    }

    /// Flushes what others wrote, unless it is known to be flushed.
    pub(super) fn flush_log(&mut self) -> Result<(), Error> {
        self.check()?;
        let told = self.hint.is_flushed() && self.writing.flushed_once.load(Ordering::Relaxed);
        if self.flushed || told {
            return Ok(());
        }
        let directory = self.store.log_directory();
        let flushed = self.flush_segments();
        let flushed = flushed.and_then(|()| {
            let synced = self.store.disk.sync_dir(&directory);
            synced.map_err(Error::io("flush", &directory))
        });
        if let Err(error) = &flushed {
            let _ = self.poison_log(None, &error.to_string());
        } else {
            self.announce_flushed();
        }
        flushed
    }

    /// Flushes the last segment that holds anything: those before it were flushed before the next was made.
    fn flush_segments(&self) -> Result<(), Error> {
        for segment in self.store.segments()?.iter().rev() {
            let path = layout::segment_path(&self.store.root, segment.number());
            self.store
                .disk
                .open(&path, Open::Write)
                .and_then(|file| file.sync_data())
                .map_err(Error::io("flush", path))?;
            if segment.bytes() > 0 {
                break;
            }
        }
        Ok(())
    }

    /// Closes the log for writing: in this store's memory, in the hint, and in a file. The first reason is kept.
    pub(super) fn poison_log(&mut self, size: Option<u64>, error: &str) -> Result<(), Error> {
        self.store.check_process()?;
        let poison = Poison {
            boot_id: self.store.disk.boot_id(),
            size,
            error: poison::one_line(error, POISON_BYTES_MAX - POISON_FRAME_BYTES),
        };
        locked(&self.writing.poison).get_or_insert_with(|| poison.clone());
        *locked(&self.writing.active) = None;
        self.hint.poisoned = true;
        let hinted = self.write_hint();
        if self.store.poison_file()?.is_some() {
            return Ok(());
        }
        let directory = self.store.log_directory();
        let path = directory.join(layout::POISONED);
        let disk = &self.store.disk;
        disk.open(&path, Open::Create(Reach::Everyone))
            .and_then(|file| {
                transfer::write_whole(file.as_ref(), 0, poison::format(&poison).as_bytes())?;
                file.sync_data()?;
                disk.sync_dir(&directory)
            })
            .map_err(Error::io("write", path))
            .and(hinted)
    }

    /// Opens the log for writing again.
    pub(super) fn clear_poison(&mut self) -> Result<(), Error> {
        let directory = self.store.log_directory();
        let path = directory.join(layout::POISONED);
        if self.store.poison_file()?.is_some() {
            let disk = &self.store.disk;
            disk.remove_file(&path)
                .and_then(|()| disk.sync_dir(&directory))
                .map_err(Error::io("remove", &path))?;
        }
        self.hint.poisoned = false;
        // What is on disk is not known to be flushed, and nobody's own any more.
        self.hint.writer = [0; 16];
        self.hint.flushed = None;
        self.write_hint()?;
        *locked(&self.writing.poison) = None;
        Ok(())
    }

    /// Cuts the filler after this store's last commit, if nobody wrote since. Not flushed: filler that a crash brings
    /// back is allowed.
    pub(super) fn cut_filler(&mut self) -> Result<(), Error> {
        let mut active = locked(&self.writing.active);
        let Some(active) = active.as_mut().filter(|active| self.is_last(active)) else {
            return Ok(());
        };
        if active.filler_end > active.end {
            let path = layout::segment_path(&self.store.root, active.segment);
            active
                .file
                .set_len(active.end)
                .map_err(Error::io("cut the filler of", path))?;
            active.filler_end = active.end;
        }
        Ok(())
    }
}

impl Turn for FileTurn<'_> {
    fn moved_since(&self, last: Place) -> bool {
        self.hint.writer != self.writing.writer || self.hint.end != Some(last)
    }

    fn rewrites(&self) -> u64 {
        self.hint.rewrites
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.flush_log()
    }

    fn commit(
        &mut self,
        at: Place,
        group: &[u8],
        roll: Option<&[u8]>,
    ) -> Result<Place, CommitError> {
        self.commit_group(at, group, roll)
    }

    fn cut(&mut self, at: Place) -> Result<CutTail, Error> {
        self.cut_tail(at)
    }

    fn poison(&mut self, size: Option<u64>, error: &str) -> Result<(), Error> {
        self.poison_log(size, error)
    }
}
