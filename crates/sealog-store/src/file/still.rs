//! Keeping the log still under a reader that lets something leave: a receipt is only given for what is durable.
//!
//! Syscalls: open(LOCK, read), flock · read(LOCK, hint) · fdatasync(last segment, opened to read), fsync(directory).

use std::io;
use std::time::Duration;

use super::FileStore;
use crate::disk::{DiskFile, Open};
use crate::layout;
use crate::{Error, Still, Store};

/// The pause between two tries of the lock.
const POLL: Duration = Duration::from_millis(1);

/// The lock file of a reader, locked. Closing it gives the lock back.
#[derive(Debug)]
struct FileStill {
    /// Absent where the ledger has no lock file: then nobody has ever written here.
    _lock: Option<Box<dyn DiskFile>>,
}

impl Still for FileStill {}

impl FileStore {
    /// See [`Store::hold_still`]. Nothing is written: where the log is poisoned or a flush fails, that is the answer.
    pub(super) fn hold_file_still(&self, wait: Duration) -> Result<Box<dyn Still + '_>, Error> {
        self.check_process()?;
        let lock = self.lock_to_read(wait)?;
        if let Some(poison) = self.poisoned()? {
            return Err(self.closed_by(&poison));
        }
        for segment in self.segments()?.iter().rev() {
            let path = layout::segment_path(self.root(), segment.number());
            let file = self.disk().open(&path, Open::Read);
            file.and_then(|file| file.sync_data())
                .map_err(Error::io("flush", path))?;
            if segment.bytes() > 0 {
                break;
            }
        }
        let directory = self.log_directory();
        self.disk()
            .sync_dir(&directory)
            .map_err(Error::io("flush", directory))?;
        Ok(Box::new(FileStill { _lock: lock }))
    }

    fn lock_to_read(&self, wait: Duration) -> Result<Option<Box<dyn DiskFile>>, Error> {
        let path = self.log_directory().join(layout::LOCK);
        let file = match self.disk().open(&path, Open::Read) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("open", path)(error)),
        };
        let until = self.disk().monotonic().saturating_add(wait);
        while !file.try_lock().map_err(Error::io("lock", &path))? {
            if self.disk().monotonic() >= until {
                return Err(self.busy(None, wait));
            }
            self.disk().pause(POLL);
        }
        Ok(Some(file))
    }
}
