//! The lock of whoever adopts an older log: one import at a time, so that none takes what another one is taking.
//!
//! Syscalls: open(IMPORT, create), flock; flock(unlock) when the guard is dropped, or the end of the process.

use std::time::Duration;

use super::{FileStore, open_lock};
use crate::disk::DiskFile;
use crate::layout;
use crate::{Error, Still};

/// The lock file of an import, locked.
#[derive(Debug)]
struct FileImport<'a> {
    store: &'a FileStore,
    file: Box<dyn DiskFile>,
}

impl Still for FileImport<'_> {}

impl Drop for FileImport<'_> {
    fn drop(&mut self) {
        // In a fork the lock is the parent's (see `FileStore::opened_in`).
        if self.store.check_process().is_ok() {
            let _ = self.file.unlock();
        }
    }
}

impl FileStore {
    /// See [`crate::Store::hold_import`]. The file is opened for each import, so that threads of one process, which
    /// would share the lock of one open file, keep each other out too.
    pub(super) fn hold_file_import(&self) -> Result<Box<dyn Still + '_>, Error> {
        self.check_process()?;
        self.writing()?;
        let file = open_lock(self.disk().as_ref(), self.root(), layout::IMPORT)?;
        let path = self.log_directory().join(layout::IMPORT);
        if !file.try_lock().map_err(Error::io("lock", path))? {
            return Err(self.busy(None, Duration::ZERO));
        }
        Ok(Box::new(FileImport { store: self, file }))
    }
}
