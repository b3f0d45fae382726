//! A disk that fails, for tests only: files, processes and power losses chosen from a seed.
//!
//! What it does to unflushed changes is what POSIX allows, not what one file system happens to do: at a power loss each
//! sector of a file has seen any number of the changes to it, the length likewise, and each creation, renaming or
//! removal is kept or lost by itself. A flushed change is never lost. A flush that failed leaves pages that reads still
//! show and that no later flush writes. Writes may be short by whole sectors, or reported as failed and carried out all
//! the same.
//!
//! One simulated machine runs several processes ([`SimDisk::process`]), each a [`Disk`](super::Disk); their locks end
//! with them. Time is simulated too: a pause only moves the clock, so a wait for a lock that another process of the
//! same thread holds is over at once. The same options and the same calls, from one thread, give the same run.
//!
//! Absent: directories of more than a few hundred names, links, permission checks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

mod file;
mod names;
mod options;
mod process;
mod random;
mod world;

pub use options::{Fault, FaultRates, Flushes, SimOptions};
pub use process::SimProcess;
pub use random::{PER, Random};

use world::World;

/// The simulated machine: starts processes, fails, and tells what happened. Clones are the same machine.
#[derive(Debug, Clone)]
pub struct SimDisk {
    world: Arc<Mutex<World>>,
}

/// A directory as it was: every name and byte below it.
#[derive(Debug, Clone)]
pub struct SimSnapshot {
    directory: PathBuf,
    /// Content of files; `None` for a directory.
    names: Vec<(PathBuf, u32, Option<Vec<u8>>)>,
}

impl SimDisk {
    /// A machine with an empty disk: only the directory `/`.
    pub fn new(options: SimOptions) -> Self {
        Self {
            world: Arc::new(Mutex::new(World::new(options))),
        }
    }

    /// Starts a process.
    pub fn process(&self) -> SimProcess {
        let id = self.world().start();
        SimProcess::new(Arc::clone(&self.world), id)
    }

    /// Ends a process: its locks are free, its handles dead, its writes as unflushed as before.
    pub fn kill(&self, process: &SimProcess) {
        self.world().kill(process.id());
    }

    /// Ends a process in the middle of its operation number `operations` from now, counted from 1: that operation may
    /// or may not have been carried out.
    pub fn kill_after(&self, process: &SimProcess, operations: u64) {
        self.world().kill_after(process.id(), operations);
    }

    /// Loses power in the middle of operation number `operation` of the machine, counted from 1: that operation may or
    /// may not have been carried out, and all later ones fail until [`SimDisk::restart`].
    pub fn lose_power_at(&self, operation: u64) {
        self.world().lose_power_at(operation);
    }

    /// Lets operation number `operation` of the machine, counted from 1, fail in the given way, if it is of a kind that
    /// can: a read, write, flush, or change of names. Power losses and kills have their own methods.
    pub fn fail_at(&self, operation: u64, fault: Fault) {
        self.world().fail_at(operation, fault);
    }

    /// Loses power, if that has not happened yet, and starts the machine again: what survived is on the disk, every
    /// process and handle is dead.
    pub fn restart(&self) {
        self.world().restart();
    }

    /// Whether the machine has lost power and was not started again.
    pub fn is_down(&self) -> bool {
        self.world().is_down()
    }

    /// Operations so far, by all processes.
    pub fn operations(&self) -> u64 {
        self.world().operations()
    }

    /// Flushes of files and of directories that were asked for so far.
    pub fn flushes(&self) -> (u64, u64) {
        self.world().flushes()
    }

    /// Changes how often faults strike by themselves.
    pub fn set_rates(&self, rates: FaultRates) {
        self.world().set_rates(rates);
    }

    /// Leaves no room: whatever would make a file longer, and every creation, fails.
    pub fn fill_up(&self) {
        self.world().set_full(true);
    }

    /// Makes room again.
    pub fn free_up(&self) {
        self.world().set_full(false);
    }

    /// How often each kind of fault struck so far; kinds that never did are absent.
    pub fn faults_struck(&self) -> BTreeMap<Fault, u64> {
        self.world().faults_struck().clone()
    }

    /// Remembers everything below `directory` as processes see it now.
    pub fn snapshot(&self, directory: &Path) -> SimSnapshot {
        SimSnapshot {
            directory: directory.to_path_buf(),
            names: self.world().names_below(directory),
        }
    }

    /// Puts a remembered directory back, durably, in place of what is there. Open handles keep the files they had.
    pub fn restore(&self, snapshot: &SimSnapshot) {
        self.world().restore(&snapshot.directory, &snapshot.names);
    }

    /// Flips one bit of one file below `directory` that is not empty; returns which file and byte.
    pub fn rot(&self, directory: &Path) -> Option<(PathBuf, u64)> {
        self.world().rot(directory)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
