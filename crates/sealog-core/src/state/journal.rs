//! Taking back a group whose commit failed: the state before it, without copying all of it each time.

use alloc::vec::Vec;

use super::{
    Configs, DepartedRuns, Disposals, Keys, Labels, LastCheckpoint, LogState, Run, Stream,
};
use crate::hash::Hash;
use crate::time::Timestamp;
use crate::tlog::tree::Frontier;

/// What one change overwrote.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "the large ones are rare, the small ones come with each entry"
)]
pub(super) enum Undo {
    Stream(Hash, Option<Stream>),
    Run(Hash, Option<Run>),
    Configs(Configs),
    Labels(Labels),
    Keys(Keys),
    Disposals(Disposals),
}

/// Changes since [`LogState::mark`], oldest first; nothing is kept while no mark is set.
#[derive(Debug, Clone, Default)]
pub(super) struct Journal {
    active: bool,
    changes: Vec<Undo>,
}

impl Journal {
    /// Keeps what a change is about to overwrite, if a mark is set.
    pub(super) fn keep(&mut self, change: impl FnOnce() -> Undo) {
        if self.active {
            self.changes.push(change());
        }
    }
}

/// A state that can be returned to.
#[derive(Debug)]
pub struct Mark {
    frontier: Frontier,
    last_time: Option<Timestamp>,
    last_checkpoint: Option<LastCheckpoint>,
    last_epoch: Option<u64>,
    epoch_time: Option<Timestamp>,
    departed: DepartedRuns,
}

impl Mark {
    /// The tree's frontier at the mark.
    pub const fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// The last checkpoint at the mark.
    pub const fn last_checkpoint(&self) -> Option<&LastCheckpoint> {
        self.last_checkpoint.as_ref()
    }
}

impl LogState {
    /// From here on changes can be taken back, until [`LogState::keep`] or [`LogState::take_back`].
    pub fn mark(&mut self) -> Mark {
        self.journal.active = true;
        self.journal.changes.clear();
        Mark {
            frontier: self.frontier.clone(),
            last_time: self.last_time,
            last_checkpoint: self.last_checkpoint.clone(),
            last_epoch: self.last_epoch,
            epoch_time: self.epoch_time,
            departed: self.departed,
        }
    }

    /// The changes since the mark stand.
    pub fn keep(&mut self, _mark: Mark) {
        self.journal.active = false;
        self.journal.changes.clear();
    }

    /// Returns to the mark. The state map keeps what an epoch brought it up to, which was true at the mark.
    pub fn take_back(&mut self, mark: Mark) {
        self.journal.active = false;
        self.changes += 1;
        for change in core::mem::take(&mut self.journal.changes).into_iter().rev() {
            match change {
                Undo::Stream(key, Some(stream)) => {
                    self.streams.insert(key, stream.touched());
                }
                Undo::Stream(key, None) => {
                    self.streams.remove(&key);
                }
                Undo::Run(key, Some(run)) => {
                    self.runs.insert(key, run.touched());
                }
                Undo::Run(key, None) => {
                    self.runs.remove(&key);
                }
                Undo::Configs(configs) => self.configs = configs,
                Undo::Labels(labels) => self.labels = labels,
                Undo::Keys(keys) => self.keys = keys,
                Undo::Disposals(disposals) => self.disposals = disposals,
            }
        }
        while self
            .roots
            .back()
            .is_some_and(|(size, _)| *size > mark.frontier.size())
        {
            self.roots.pop_back();
        }
        self.erasures.take_back(mark.frontier.size());
        self.frontier = mark.frontier;
        self.last_time = mark.last_time;
        self.last_checkpoint = mark.last_checkpoint;
        self.last_epoch = mark.last_epoch;
        self.epoch_time = mark.epoch_time;
        self.departed = mark.departed;
    }
}
