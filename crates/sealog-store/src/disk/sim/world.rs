//! The state of the simulated machine, and when what fails.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sealog_core::limits::SECTOR_BYTES;

use super::file::FileState;
use super::names::{Entry, Names};
use super::options::{Fault, FaultRates, Flushes, SimOptions};
use super::random::Random;

/// How many writes find no room after one that did not.
const FULL_FOR_WRITES: u32 = 2;

/// What an operation does, as far as faults are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Look,
    Read,
    Write,
    Name,
    FileFlush,
    DirectoryFlush,
}

/// An open file of one process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Handle {
    pub(super) process: u32,
    pub(super) file: u64,
    pub(super) writable: bool,
}

#[derive(Debug)]
pub(super) struct World {
    random: Random,
    rates: FaultRates,
    flushes: Flushes,
    operations: u64,
    file_flushes: u64,
    directory_flushes: u64,
    lose_power_at: Option<u64>,
    /// By operation, the fault that was asked for.
    planned: BTreeMap<u64, Fault>,
    /// The fault that was asked for in the operation at hand.
    planned_now: Option<Fault>,
    down: bool,
    boot: u64,
    clock: Duration,
    full: bool,
    /// Whether the operation at hand is the one in which the power is lost or the process ends.
    midway: bool,
    /// Writes that will find no room, after one that did not.
    full_for: u32,
    pub(super) names: Names,
    pub(super) files: BTreeMap<u64, FileState>,
    pub(super) handles: BTreeMap<u64, Handle>,
    /// By file, the handle that has its lock.
    pub(super) locks: BTreeMap<u64, u64>,
    running: BTreeSet<u32>,
    /// By process, the number of the operation in which it ends, counted down.
    ending: BTreeMap<u32, u64>,
    last_process: u32,
    last_id: u64,
    struck: BTreeMap<Fault, u64>,
}

impl World {
    pub(super) fn new(options: SimOptions) -> Self {
        Self {
            random: Random::new(options.seed),
            rates: options.rates,
            flushes: options.flushes,
            operations: 0,
            file_flushes: 0,
            directory_flushes: 0,
            lose_power_at: None,
            planned: BTreeMap::new(),
            planned_now: None,
            down: false,
            boot: 1,
            clock: Duration::ZERO,
            full: false,
            midway: false,
            full_for: 0,
            names: Names::new(),
            files: BTreeMap::new(),
            handles: BTreeMap::new(),
            locks: BTreeMap::new(),
            running: BTreeSet::new(),
            ending: BTreeMap::new(),
            last_process: 100,
            last_id: 0,
            struck: BTreeMap::new(),
        }
    }

    pub(super) fn start(&mut self) -> u32 {
        self.last_process += 1;
        self.running.insert(self.last_process);
        self.last_process
    }

    pub(super) fn kill(&mut self, process: u32) {
        if self.running.contains(&process) {
            self.strike(Fault::ProcessKilled);
            self.end(process);
        }
    }

    pub(super) fn kill_after(&mut self, process: u32, operations: u64) {
        self.ending.insert(process, operations.max(1));
    }

    pub(super) fn lose_power_at(&mut self, operation: u64) {
        self.lose_power_at = Some(operation);
    }

    pub(super) fn fail_at(&mut self, operation: u64, fault: Fault) {
        self.planned.insert(operation, fault);
    }

    pub(super) fn is_down(&self) -> bool {
        self.down
    }

    pub(super) fn operations(&self) -> u64 {
        self.operations
    }

    pub(super) fn flushes(&self) -> (u64, u64) {
        (self.file_flushes, self.directory_flushes)
    }

    pub(super) fn boot(&self) -> u64 {
        self.boot
    }

    pub(super) fn clock(&self) -> Duration {
        self.clock
    }

    pub(super) fn pause(&mut self, time: Duration) {
        self.clock = self.clock.saturating_add(time);
    }

    pub(super) fn set_rates(&mut self, rates: FaultRates) {
        self.rates = rates;
        self.full_for = 0;
    }

    pub(super) fn set_full(&mut self, full: bool) {
        self.full = full;
    }

    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    pub(super) fn faults_struck(&self) -> &BTreeMap<Fault, u64> {
        &self.struck
    }

    pub(super) fn strike(&mut self, fault: Fault) {
        *self.struck.entry(fault).or_default() += 1;
    }

    pub(super) fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Runs one operation of a process, or lets it fail.
    pub(super) fn operate<T>(
        &mut self,
        process: u32,
        kind: Kind,
        action: impl FnOnce(&mut Self) -> io::Result<T>,
    ) -> io::Result<T> {
        if self.down {
            return Err(io::Error::other("the simulated machine has no power"));
        }
        if !self.running.contains(&process) {
            return Err(io::Error::other("the simulated process has ended"));
        }
        self.operations += 1;
        self.planned_now = self.planned.remove(&self.operations);
        match kind {
            Kind::FileFlush => self.file_flushes += 1,
            Kind::DirectoryFlush => self.directory_flushes += 1,
            _ => {}
        }
        let due = self.lose_power_at == Some(self.operations);
        if due || self.random.chance(self.rates.power_loss) {
            self.in_the_middle(action);
            self.down = true;
            self.strike(Fault::PowerLoss);
            return Err(io::Error::other("the simulated machine lost power"));
        }
        if self.is_last_operation(process) {
            self.in_the_middle(action);
            self.strike(Fault::ProcessKilled);
            self.end(process);
            return Err(io::Error::other("the simulated process was killed"));
        }
        match self.fault(kind) {
            None => action(self),
            Some(fault) => {
                self.strike(fault);
                if matches!(
                    fault,
                    Fault::WriteFailedButApplied | Fault::NameFailedButApplied
                ) {
                    let _ = action(self);
                }
                Err(io::Error::other("simulated input or output error"))
            }
        }
    }

    fn in_the_middle<T>(&mut self, action: impl FnOnce(&mut Self) -> io::Result<T>) {
        if self.random.coin() {
            self.midway = true;
            let _ = action(self);
            self.midway = false;
        }
    }

    fn is_last_operation(&mut self, process: u32) -> bool {
        match self.ending.get_mut(&process) {
            Some(left) => {
                *left -= 1;
                *left == 0
            }
            None => false,
        }
    }

    fn fault(&mut self, kind: Kind) -> Option<Fault> {
        let planned = self.planned_now.filter(|fault| {
            matches!(
                (kind, fault),
                (Kind::Read, Fault::ReadFailed)
                    | (
                        Kind::Write,
                        Fault::WriteFailed | Fault::WriteFailedButApplied
                    )
                    | (Kind::Name, Fault::NameFailed | Fault::NameFailedButApplied)
                    | (Kind::DirectoryFlush, Fault::FlushFailed)
            )
        });
        if planned.is_some() {
            return planned;
        }
        let rates = self.rates;
        let candidates = match kind {
            Kind::Look | Kind::FileFlush => return None,
            Kind::Read => [(rates.read_failed, Fault::ReadFailed); 2],
            Kind::Write => [
                (rates.write_failed, Fault::WriteFailed),
                (rates.write_failed_but_applied, Fault::WriteFailedButApplied),
            ],
            Kind::Name => [
                (rates.name_failed, Fault::NameFailed),
                (rates.name_failed_but_applied, Fault::NameFailedButApplied),
            ],
            Kind::DirectoryFlush => [(rates.flush_failed, Fault::FlushFailed); 2],
        };
        candidates
            .into_iter()
            .find(|(rate, _)| self.random.chance(*rate))
            .map(|(_, fault)| fault)
    }

    /// How many of `wanted` bytes are written; everything after `length` needs room.
    pub(super) fn room(&mut self, offset: u64, wanted: usize, length: u64) -> usize {
        if self.midway {
            let taken = self.random.index(wanted + 1);
            return whole_sectors(offset, taken, wanted);
        }
        if self.full_for > 0 {
            self.full_for -= 1;
            return 0;
        }
        if self.full {
            let inside = usize::try_from(length.saturating_sub(offset)).unwrap_or(usize::MAX);
            if inside < wanted {
                self.strike(Fault::DiskFull);
            }
            return inside.min(wanted);
        }
        let planned = self.planned_now == Some(Fault::DiskFull);
        if planned || self.random.chance(self.rates.disk_full) {
            self.strike(Fault::DiskFull);
            self.full_for = FULL_FOR_WRITES;
            let taken = self.random.index(wanted);
            return whole_sectors(offset, taken, wanted);
        }
        wanted
    }

    pub(super) fn flush_file(&mut self, id: u64) -> io::Result<()> {
        if self.flushes == Flushes::FilesIgnored {
            return Ok(());
        }
        let chance = self.random.chance(self.rates.flush_failed);
        let (fails, drops) = match self.planned_now {
            Some(Fault::FlushFailed) => (true, false),
            Some(Fault::FlushFailedAndDropped) => (true, true),
            _ => (chance, chance && self.random.coin()),
        };
        let Some(file) = self.files.get_mut(&id) else {
            return Ok(());
        };
        if !fails {
            file.flush();
            return Ok(());
        }
        if drops {
            file.drop_dirty(&mut self.random);
            self.strike(Fault::FlushFailedAndDropped);
        } else {
            self.strike(Fault::FlushFailed);
        }
        Err(io::Error::other("simulated error of a flush"))
    }

    pub(super) fn flush_directory(&mut self, path: &Path) {
        if self.flushes != Flushes::DirectoriesIgnored {
            self.names.flush(path);
        }
    }

    fn end(&mut self, process: u32) {
        self.running.remove(&process);
        self.ending.remove(&process);
        self.handles.retain(|_, handle| handle.process != process);
        self.locks
            .retain(|_, handle| self.handles.contains_key(handle));
    }

    pub(super) fn restart(&mut self) {
        if !self.down {
            self.strike(Fault::PowerLoss);
        }
        let losses = self.names.lose_power(&mut self.random);
        if losses.lost > 0 {
            self.strike(Fault::LostName);
        }
        if losses.reordered {
            self.strike(Fault::ReorderedNames);
        }
        let named: BTreeSet<u64> = self.names.files().collect();
        self.files.retain(|id, _| named.contains(id));
        let mut found = Vec::new();
        for file in self.files.values_mut() {
            let losses = file.lose_power(&mut self.random);
            found.extend(losses.lost.then_some(Fault::LostBytes));
            found.extend(losses.torn.then_some(Fault::TornPage));
            found.extend(losses.reordered.then_some(Fault::ReorderedBytes));
        }
        for fault in found {
            self.strike(fault);
        }
        self.handles.clear();
        self.locks.clear();
        self.running.clear();
        self.ending.clear();
        self.lose_power_at = None;
        self.planned.clear();
        self.full_for = 0;
        self.down = false;
        self.boot += 1;
    }

    pub(super) fn names_below(&self, directory: &Path) -> Vec<(PathBuf, u32, Option<Vec<u8>>)> {
        let copy = |(path, entry): (&PathBuf, Entry)| match entry {
            Entry::Directory { mode } => (path.clone(), mode, None),
            Entry::File { id, mode } => {
                let content = self.files.get(&id).map(FileState::now).unwrap_or_default();
                (path.clone(), mode, Some(content.to_vec()))
            }
        };
        let root = self
            .names
            .find(directory)
            .map(|entry| (directory.to_path_buf(), entry));
        let root = root.iter().map(|(path, entry)| (path, *entry));
        root.chain(self.names.below(directory)).map(copy).collect()
    }

    pub(super) fn restore(&mut self, directory: &Path, names: &[(PathBuf, u32, Option<Vec<u8>>)]) {
        let mut entries = Vec::new();
        for (path, mode, content) in names {
            let mode = *mode;
            let entry = match content {
                None => Entry::Directory { mode },
                Some(content) => {
                    let id = self.new_id();
                    self.files.insert(id, FileState::durable(content.clone()));
                    Entry::File { id, mode }
                }
            };
            entries.push((path.clone(), entry));
        }
        self.names.replace_below(directory, &entries);
        self.strike(Fault::BackupRestored);
    }

    pub(super) fn rot(&mut self, directory: &Path) -> Option<(PathBuf, u64)> {
        let candidates: Vec<(PathBuf, u64)> = self
            .names
            .below(directory)
            .filter_map(|(path, entry)| match entry {
                Entry::File { id, .. } => Some((path.clone(), id)),
                Entry::Directory { .. } => None,
            })
            .filter(|(_, id)| {
                self.files
                    .get(id)
                    .is_some_and(|file| !file.now().is_empty())
            })
            .collect();
        let (path, id) = candidates.get(self.random.index(candidates.len()))?.clone();
        let position = self.files.get_mut(&id)?.rot(&mut self.random)?;
        self.strike(Fault::BitRot);
        Some((path, position))
    }
}

/// How much of a write of `wanted` bytes that stops after about `taken` was done: systems take whole blocks and pages,
/// which are made of whole sectors.
fn whole_sectors(offset: u64, taken: usize, wanted: usize) -> usize {
    if taken >= wanted {
        return wanted;
    }
    let end = offset.saturating_add(u64::try_from(taken).unwrap_or(u64::MAX)) / SECTOR_BYTES
        * SECTOR_BYTES;
    usize::try_from(end.saturating_sub(offset)).unwrap_or(0)
}
