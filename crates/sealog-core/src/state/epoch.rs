//! Epochs: the state map as of all entries before one.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::journal::Undo;
use super::{LogState, Step, config, disposal, key};
use crate::finding::{Code, Finding};
use crate::hash::Hash;
use crate::limits::RUN_SILENT_ENTRIES;
use crate::map::Map;
use crate::time::Timestamp;

/// A name in the state map that changed since the last epoch; streams and runs carry a mark of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Changed {
    Config(String),
    Label(String),
    Key(String),
    Retention(String),
}

impl LogState {
    /// Brings the state map up to all entries so far and gives its root: what an epoch at this place commits to.
    pub fn epoch_root(&mut self) -> Hash {
        self.drop_silent_runs();
        for (key, stream) in self.streams.chosen(|stream| stream.dirty) {
            self.map.insert(key, &stream.map_value());
            stream.dirty = false;
        }
        for (key, run) in &mut self.runs {
            if run.dirty {
                self.map.insert(*key, &run.map_value());
                run.dirty = false;
            }
        }
        for changed in core::mem::take(&mut self.changed) {
            let (key, value) = match &changed {
                Changed::Config(id) => (config::config_key(id), self.configs.map_value(id)),
                Changed::Label(id) => (config::label_key(id), self.labels.map_value(id)),
                Changed::Key(id) => (key::map_key(id), self.keys.map_value(id)),
                Changed::Retention(class) => {
                    (disposal::policy_key(class), self.disposals.map_value(class))
                }
            };
            match value {
                Some(value) => self.map.insert(key, &value),
                None => self.map.remove(&key),
            };
        }
        self.map.root()
    }

    /// Every name that the map holds, streams and runs apart.
    pub(super) fn names(&self) -> Vec<Changed> {
        let configs = self
            .configs
            .all_active()
            .map(config::ConfigVersion::config_id);
        let labels = self.labels.iter().map(|(id, ..)| id);
        let actors = self.keys.actors().map(|(id, ..)| id);
        let classes = self.disposals.policies().map(|(class, ..)| class);
        configs
            .map(|id| Changed::Config(id.into()))
            .chain(labels.map(|id| Changed::Label(id.into())))
            .chain(actors.map(|id| Changed::Key(id.into())))
            .chain([Changed::Key(key::LOG_KEY.into())])
            .chain(classes.map(|class| Changed::Retention(class.into())))
            .collect()
    }

    /// The state map as of the last epoch that was taken in, or the last call of [`LogState::epoch_root`].
    pub const fn map(&self) -> &Map {
        &self.map
    }

    /// Entries since the last epoch, or since the beginning.
    pub fn entries_since_epoch(&self) -> u64 {
        self.size() - self.last_epoch.unwrap_or(0)
    }

    pub(super) fn judge_epoch(
        &mut self,
        size: u64,
        map_root: Hash,
        prev_epoch: Option<u64>,
        step: &mut Step,
    ) {
        let mut wrong = |code, expected: String, found: String| {
            step.findings
                .push(Finding::new(code).because(expected, found));
        };
        let name =
            |index: Option<u64>| index.map_or_else(|| "null".into(), |index| index.to_string());
        if size != self.size() || self.uncovered() != 0 {
            wrong(Code::EpochPlace, self.size().to_string(), size.to_string());
        }
        if prev_epoch != self.last_epoch {
            wrong(Code::EpochPlace, name(self.last_epoch), name(prev_epoch));
        }
        let root = self.epoch_root();
        if root != map_root {
            wrong(Code::MapMismatch, root.to_hex(), map_root.to_hex());
        }
    }

    /// After an epoch: closed runs, which it has shown closed, leave the map.
    pub(super) fn take_epoch(&mut self, index: u64, recorded_at: Timestamp) {
        let closed: Vec<Hash> = self
            .runs
            .iter()
            .filter(|(_, run)| run.closed().is_some())
            .map(|(key, _)| *key)
            .collect();
        self.drop_runs(&closed);
        self.last_epoch = Some(index);
        self.epoch_time = Some(recorded_at);
    }

    fn drop_silent_runs(&mut self) {
        let size = self.size();
        let silent = |last: u64| size.saturating_sub(last) > RUN_SILENT_ENTRIES;
        let silent: Vec<Hash> = self
            .runs
            .iter()
            .filter(|(_, run)| silent(run.last_index()))
            .map(|(key, _)| *key)
            .collect();
        self.drop_runs(&silent);
    }

    fn drop_runs(&mut self, keys: &[Hash]) {
        for key in keys {
            let run = self.runs.remove(key);
            if let Some(run) = &run {
                self.departed.add(run);
            }
            self.map.remove(key);
            self.journal.keep(|| Undo::Run(*key, run));
        }
    }
}
