//! The rules that tie one line of a log to the lines before it (`docs/formats/log.md`).
//!
//! [`LogState`] is what a writer needs to go on and what a verifier compares with: the tree's frontier, stream
//! heads, producers' runs, configurations, labels and keys. [`LogState::push`] judges a line and takes it in; the
//! writer uses [`LogState::judge`] first and refuses a record that it would refute. One set of rules serves both.
//!
//! **What is absent**: reading lines ([`crate::entry`]) and checking signatures, which are handed back as
//! [`SignatureCheck`]s so that the caller can spread them over the cores.

mod checkpoint;
mod config;
mod disposal;
mod entry;
mod epoch;
mod erasure;
mod history;
mod journal;
mod key;
mod run;
mod snapshot;
mod stream;
mod streams;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

pub use config::{ConfigVersion, Configs, Labels};
pub use disposal::Disposals;
pub use erasure::{ERASURES_KEPT, Erasures};
pub use history::DecisionHistory;
pub use journal::Mark;
pub use key::{Keys, SignatureCheck, rotation_message};
pub use run::{DepartedRuns, Run};
pub use snapshot::{SNAPSHOT_VERSION, Snapshot, SnapshotError, SnapshotPlace, sign_snapshot};
pub use stream::Stream;

use crate::entry::Line;
use crate::finding::Finding;
use crate::hash::Hash;
use crate::map::Map;
use crate::time::Timestamp;
use crate::tlog::tree::Frontier;
use epoch::Changed;
use journal::Journal;
use streams::Streams;

/// Version of the line formats that this crate writes. It reads those of every version up to it.
pub const FORMAT_VERSION: u64 = 1;

/// What taking in a line gave.
#[derive(Debug, Default)]
pub struct Step {
    /// What is wrong with the line, or worth knowing.
    pub findings: Vec<Finding>,
    /// Signatures that must verify for the line to hold.
    pub checks: Vec<SignatureCheck>,
    /// Signatures that must verify only where all are asked for.
    pub optional_checks: Vec<SignatureCheck>,
}

/// The last checkpoint that was taken in.
#[derive(Debug, Clone)]
pub struct LastCheckpoint {
    /// SHA-256 of its line.
    pub line_hash: Hash,
    /// The signed note.
    pub note: String,
    /// Its size.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// State of a log after some number of lines.
#[derive(Debug, Clone)]
pub struct LogState {
    origin: String,
    frontier: Frontier,
    last_time: Option<Timestamp>,
    last_checkpoint: Option<LastCheckpoint>,
    streams: Streams,
    runs: BTreeMap<Hash, Run>,
    configs: Configs,
    labels: Labels,
    keys: Keys,
    disposals: Disposals,
    /// The state map as of the last epoch, and the keys that changed since.
    map: Map,
    changed: Vec<Changed>,
    last_epoch: Option<u64>,
    /// When it, or else the log's first entry, was recorded.
    epoch_time: Option<Timestamp>,
    /// Roots of the newest checkpoints, to compare anchors with.
    roots: VecDeque<(u64, Hash)>,
    journal: Journal,
    /// Grows with each change of configurations, labels or keys.
    changes: u64,
    departed: DepartedRuns,
    erasures: Erasures,
}

impl LogState {
    /// The state of an empty log of this origin.
    pub fn new(origin: &str) -> Self {
        Self {
            origin: origin.into(),
            frontier: Frontier::new(),
            last_time: None,
            last_checkpoint: None,
            streams: Streams::default(),
            runs: BTreeMap::new(),
            configs: Configs::default(),
            labels: Labels::default(),
            keys: Keys::default(),
            disposals: Disposals::default(),
            map: Map::new(),
            changed: Vec::new(),
            last_epoch: None,
            epoch_time: None,
            roots: VecDeque::new(),
            journal: Journal::default(),
            changes: 0,
            departed: DepartedRuns::default(),
            erasures: Erasures::default(),
        }
    }

    /// The state of the same log without any line, for taking its lines in anew. Whoever copied something of this
    /// state sees by [`LogState::changes`] that the copy is stale.
    #[must_use]
    pub fn restarted(&self) -> Self {
        Self::new(&self.origin).changed_after(self)
    }

    /// The same, told apart by [`LogState::changes`] from a state that came before it.
    #[must_use]
    pub const fn changed_after(mut self, before: &Self) -> Self {
        self.changes = self
            .changes
            .saturating_add(before.changes)
            .saturating_add(1);
        self
    }

    /// The log's origin.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The tree's frontier.
    pub const fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// When the last entry was recorded.
    pub const fn last_time(&self) -> Option<Timestamp> {
        self.last_time
    }

    /// The last checkpoint taken in.
    pub const fn last_checkpoint(&self) -> Option<&LastCheckpoint> {
        self.last_checkpoint.as_ref()
    }

    /// Leaves that no checkpoint covers yet.
    pub fn uncovered(&self) -> u64 {
        self.size() - self.last_checkpoint.as_ref().map_or(0, |last| last.size)
    }

    /// The head of a stream, by the state map's key.
    pub fn stream(&self, key: &Hash) -> Option<&Stream> {
        self.streams.get(key)
    }

    /// Number of streams.
    pub const fn stream_count(&self) -> usize {
        self.streams.len()
    }

    /// The producers' runs that the map holds, by key.
    pub fn runs(&self) -> impl Iterator<Item = (&Hash, &Run)> {
        self.runs.iter()
    }

    /// Runs that the map no longer holds, counted.
    pub const fn departed_runs(&self) -> DepartedRuns {
        self.departed
    }

    /// Who was erased lately, by the lines taken in: a snapshot does not hold it.
    pub const fn erasures(&self) -> &Erasures {
        &self.erasures
    }

    /// Configurations.
    pub const fn configs(&self) -> &Configs {
        &self.configs
    }

    /// Labels.
    pub const fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Keys.
    pub const fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Index of the last epoch.
    pub const fn last_epoch(&self) -> Option<u64> {
        self.last_epoch
    }

    /// When the last epoch, or else the log's first entry, was recorded.
    pub const fn epoch_time(&self) -> Option<Timestamp> {
        self.epoch_time
    }

    /// Grows with each change of configurations, labels or keys: what was copied from them is stale then.
    pub const fn changes(&self) -> u64 {
        self.changes
    }

    /// Disposals and retention policies.
    pub const fn disposals(&self) -> &Disposals {
        &self.disposals
    }

    /// The root at the size of one of the newest checkpoints, if it is remembered.
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        let position = self
            .roots
            .binary_search_by_key(&size, |(size, _)| *size)
            .ok()?;
        self.roots.get(position).map(|(_, root)| *root)
    }

    /// The smallest size whose root is remembered.
    pub fn oldest_root(&self) -> Option<u64> {
        self.roots.front().map(|(size, _)| *size)
    }

    /// Takes in a line whatever is wrong with it, and says what is. `text` is the line's bytes without newline.
    pub fn push(&mut self, line: &Line, text: &[u8]) -> Step {
        let mut step = Step::default();
        match line {
            Line::Entry(entry) => self.push_entry(entry, text, &mut step),
            Line::Checkpoint(checkpoint) => self.push_checkpoint(checkpoint, &mut step),
            Line::Disposed(disposed) => self.push_disposed(disposed, &mut step),
        }
        step
    }

    /// What is left open when all lines were taken in: disposals that no record explained.
    pub fn finish(&self) -> Vec<Finding> {
        self.disposals.unexplained()
    }
}

/// A UUID in its usual lowercase form.
pub fn format_uuid(bytes: &[u8; 16]) -> String {
    let mut digits = String::with_capacity(36);
    crate::hash::push_hex(&mut digits, bytes);
    for dash in [20, 16, 12, 8] {
        digits.insert(dash, '-');
    }
    digits
}
