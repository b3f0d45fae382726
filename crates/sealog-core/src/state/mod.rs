//! The rules that tie one line of a log to the lines before it (`docs/formats/log.md`).
//!
//! [`LogState`] is what a writer needs to go on and what a verifier compares with: the tree's frontier, stream
//! heads, producers' runs, configurations, labels and keys. [`LogState::push`] judges a line and takes it in; the
//! writer uses [`LogState::judge`] first and refuses a record that it would refute. One set of rules serves both.
//!
//! **What is absent**: reading lines ([`crate::entry`]) and checking signatures, which are handed back as
//! [`SignatureCheck`]s so that the caller can spread them over the cores.

mod config;
mod disposal;
mod epoch;
mod journal;
mod key;
mod run;
mod snapshot;
mod stream;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub use config::{ConfigVersion, Configs, Labels};
pub use disposal::Disposals;
pub use journal::Mark;
pub use key::{Keys, SignatureCheck, rotation_message};
pub use run::{DepartedRuns, Run};
pub use snapshot::{SNAPSHOT_VERSION, Snapshot, SnapshotError, SnapshotPlace, sign_snapshot};
pub use stream::Stream;

use crate::entry::{
    CheckpointFacts, Created, DisposedFacts, Effect, EntryFacts, Line, RecordFacts,
    record_signature_message,
};
use crate::finding::{Code, Finding};
use crate::hash::Hash;
use crate::limits::ANCHOR_ROOTS_KEPT;
use crate::map::Map;
use crate::time::Timestamp;
use crate::tlog::tree::Frontier;
use epoch::Changed;
use journal::{Journal, Undo};

/// Version of the line formats that this crate reads and writes.
pub const FORMAT_VERSION: u64 = 0;

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
    streams: BTreeMap<Hash, Stream>,
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
}

impl LogState {
    /// The state of an empty log of this origin.
    pub fn new(origin: &str) -> Self {
        Self {
            origin: origin.into(),
            frontier: Frontier::new(),
            last_time: None,
            last_checkpoint: None,
            streams: BTreeMap::new(),
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
    pub fn stream_count(&self) -> usize {
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

    /// Judges a record that is about to be appended, before its place is known. Findings that refute mean that it
    /// must be refused. `run` is the state map's key of the producer's run, none for the log's own records.
    pub fn judge(
        &mut self,
        record: &RecordFacts,
        run: Option<&Hash>,
        text: &[u8],
        step: &mut Step,
    ) {
        if record.newer_schema {
            let weight = if record.is_read_by_log() {
                Code::LogKind
            } else {
                Code::NewerSchema
            };
            step.findings.push(Finding::new(weight));
        }
        if record.is_log_kind() && run.is_some() {
            step.findings.push(Finding::new(Code::LogKind));
        }
        if let Some(held) = run.and_then(|run| self.runs.get(run))
            && let Err(code) = held.accepts(record.producer_seq)
        {
            step.findings
                .push(Finding::new(code).found(record.producer_seq.to_string()));
        }
        match &record.effect {
            Effect::Created(created) => self.judge_created(created, step),
            _ if self.size() == 0 => step.findings.push(Finding::new(Code::FirstEntry)),
            Effect::Recovered(size) if *size != self.size() => {
                let (expected, found) = (self.size().to_string(), size.to_string());
                step.findings
                    .push(Finding::new(Code::RecoveredWrong).because(expected, found));
            }
            Effect::Config(change) => self.configs.judge(change, &mut step.findings),
            Effect::Label(change) => self.labels.judge(change, &mut step.findings),
            Effect::Decision(facts) => {
                config::judge_decision(&self.configs, &self.labels, facts, text, self.size(), step);
            }
            Effect::Stopped(count) if *count != record.producer_seq.saturating_add(1) => {
                let expected = record.producer_seq.saturating_add(1).to_string();
                step.findings
                    .push(Finding::new(Code::RunCount).because(expected, count.to_string()));
            }
            Effect::Anchored(anchor) => self.judge_anchor(anchor.size, anchor.root, step),
            Effect::Key(event) => self.keys.judge(event, &self.origin, step),
            Effect::Disposal(disposal) => {
                self.journal
                    .keep(|| Undo::Disposals(self.disposals.clone()));
                self.disposals
                    .settle(disposal, self.frontier.size(), &mut step.findings);
            }
            Effect::Epoch {
                size,
                map_root,
                prev_epoch,
            } => {
                self.judge_epoch(*size, *map_root, *prev_epoch, step);
            }
            _ => {}
        }
    }

    /// Entry 0 says which log this is; it stands first, once, and names a key of the log.
    fn judge_created(&self, created: &Created, step: &mut Step) {
        if self.size() > 0 {
            step.findings.push(Finding::new(Code::FirstEntry));
        }
        if created.origin != self.origin {
            step.findings
                .push(Finding::new(Code::OriginMismatch).because(&*self.origin, &*created.origin));
        }
        if !key::is_log_key(&created.vkey, &self.origin) {
            let finding = Finding::new(Code::KeyEventWrong);
            step.findings
                .push(finding.because("a key of the log", "another"));
        }
        if let Some(recovery) = &created.recovery_vkey
            && (!key::is_log_key(recovery, &self.origin) || *recovery == created.vkey)
        {
            let finding = Finding::new(Code::KeyEventWrong);
            step.findings
                .push(finding.because("a recovery key of the log", "another"));
        }
        if created.format_version > FORMAT_VERSION {
            let found = created.format_version.to_string();
            step.findings
                .push(Finding::new(Code::NewerFormat).found(found));
        }
    }

    /// Whether a record of this key may be signed by it now; the check to run if so.
    pub fn judge_signature(
        &self,
        key_id: &str,
        value: &[u8; 64],
        record: &[u8],
    ) -> Result<SignatureCheck, Finding> {
        let Some(key) = self.keys.actor(key_id) else {
            return Err(Finding::new(Code::SignatureKeyUnknown).found(key_id));
        };
        Ok(SignatureCheck::new(
            Code::SignatureInvalid,
            key,
            record_signature_message(&self.origin, record),
            *value,
        ))
    }

    fn push_entry(&mut self, entry: &EntryFacts, text: &[u8], step: &mut Step) {
        let begin = step.findings.len();
        let record = entry.record_span.of(text);
        self.check_order(entry, step);
        self.judge(&entry.record, entry.log.run.as_ref(), record, step);
        if let Some(signature) = &entry.signature {
            match self.judge_signature(signature.key_id.text(text), &signature.value, record) {
                Ok(check) => step.checks.push(check.at(entry.log.index)),
                Err(finding) => step.findings.push(finding),
            }
        }
        for finding in step.findings.get_mut(begin..).unwrap_or_default() {
            finding.index = Some(entry.log.index);
            finding.record_id = Some(format_uuid(&entry.record.record_id));
        }
        self.take_entry(
            &entry.record,
            entry.log.run.as_ref(),
            entry.leaf,
            entry.log.recorded_at,
        );
    }

    /// What the log itself writes must continue what it wrote before.
    fn check_order(&self, entry: &EntryFacts, step: &mut Step) {
        let log = &entry.log;
        let mut wrong = |code, expected: String, found: String| {
            step.findings
                .push(Finding::new(code).because(expected, found));
        };
        if log.index != self.size() {
            wrong(
                Code::IndexWrong,
                self.size().to_string(),
                log.index.to_string(),
            );
        }
        if self.last_time.is_some_and(|last| log.recorded_at < last) {
            let last = self
                .last_time
                .map_or_else(String::new, Timestamp::format_micros);
            wrong(Code::TimeDecreases, last, log.recorded_at.format_micros());
        }
        let stream = self.streams.get(&entry.record.stream);
        let (seq, head) = stream.map_or((0, None), |stream| {
            (stream.next_seq(), Some(stream.head_leaf()))
        });
        if log.seq != seq {
            wrong(Code::SeqWrong, seq.to_string(), log.seq.to_string());
        }
        let name = |hash: Option<Hash>| hash.map_or_else(|| "null".into(), |hash| hash.to_hex());
        if log.prev_hash != head {
            wrong(Code::PrevHashWrong, name(head), name(log.prev_hash));
        }
        let first = self.uncovered() == 0;
        let expected = self
            .last_checkpoint
            .as_ref()
            .filter(|_| first)
            .map(|last| last.line_hash);
        if log.prev_checkpoint != expected {
            wrong(
                Code::PrevCheckpointWrong,
                name(expected),
                name(log.prev_checkpoint),
            );
        }
    }

    /// Takes in an entry that was judged.
    pub fn take_entry(
        &mut self,
        record: &RecordFacts,
        run: Option<&Hash>,
        leaf: Hash,
        recorded_at: Timestamp,
    ) {
        let index = self.size();
        self.advance_stream(record.stream, index, leaf);
        if let Some(run) = run {
            self.advance_run(*run, record.producer_seq, index);
            if let Effect::Stopped(count) = record.effect {
                self.close_run(run, count);
            }
        }
        if matches!(
            record.effect,
            Effect::Created(_) | Effect::Config(_) | Effect::Label(_) | Effect::Key(_)
        ) {
            self.changes += 1;
        }
        match &record.effect {
            Effect::Created(created) => {
                self.journal.keep(|| Undo::Keys(self.keys.clone()));
                self.keys.create(created, index);
                self.epoch_time = Some(recorded_at);
                self.changed.push(Changed::Key(key::LOG_KEY.into()));
            }
            Effect::Config(change) => {
                self.journal.keep(|| Undo::Configs(self.configs.clone()));
                self.changed.push(Changed::Config(change.config_id.clone()));
                self.configs.take(change, index);
            }
            Effect::Label(change) => {
                self.journal.keep(|| Undo::Labels(self.labels.clone()));
                self.changed.push(Changed::Label(change.label_id.clone()));
                self.labels.take(change, index);
            }
            Effect::Key(event) => {
                self.journal.keep(|| Undo::Keys(self.keys.clone()));
                self.changed.push(Changed::Key(event.key_id.clone()));
                self.changed.push(Changed::Key(key::LOG_KEY.into()));
                self.keys.take(event, &self.origin, index);
            }
            Effect::Retention(policy) => {
                self.journal
                    .keep(|| Undo::Disposals(self.disposals.clone()));
                self.changed.push(Changed::Retention(policy.class.clone()));
                self.disposals.take_policy(policy, index);
            }
            Effect::Epoch { .. } => self.take_epoch(index, recorded_at),
            _ => {}
        }
        self.frontier.push(leaf);
        self.last_time = Some(recorded_at);
    }

    fn push_checkpoint(&mut self, facts: &CheckpointFacts, step: &mut Step) {
        let begin = step.findings.len();
        let checkpoint = &facts.checkpoint;
        let mut wrong = |code, expected: String, found: String| {
            step.findings
                .push(Finding::new(code).because(expected, found));
        };
        if self.uncovered() == 0 {
            wrong(
                Code::CheckpointEmptyGroup,
                "an entry before it".into(),
                "none".into(),
            );
        }
        if checkpoint.origin() != self.origin {
            wrong(
                Code::OriginMismatch,
                self.origin.clone(),
                checkpoint.origin().into(),
            );
        }
        if checkpoint.size() != self.size() {
            wrong(
                Code::SizeMismatch,
                self.size().to_string(),
                checkpoint.size().to_string(),
            );
        } else if *checkpoint.root() != self.frontier.root() {
            wrong(
                Code::RootMismatch,
                self.frontier.root().to_hex(),
                checkpoint.root().to_hex(),
            );
        }
        self.journal.keep(|| Undo::Keys(self.keys.clone()));
        let handed_over = self.keys.sign_check(facts, step);
        if handed_over {
            self.changed.push(Changed::Key(key::LOG_KEY.into()));
        }
        for finding in step.findings.get_mut(begin..).unwrap_or_default() {
            finding.index = self.size().checked_sub(1);
        }
        self.take_checkpoint(LastCheckpoint {
            line_hash: facts.line_hash,
            note: facts.note.clone(),
            size: self.size(),
            root: *checkpoint.root(),
        });
    }

    /// Takes in the checkpoint of the group that was just taken in.
    fn take_checkpoint(&mut self, checkpoint: LastCheckpoint) {
        if self.roots.len() >= ANCHOR_ROOTS_KEPT {
            self.roots.pop_front();
        }
        self.roots.push_back((checkpoint.size, checkpoint.root));
        self.last_checkpoint = Some(checkpoint);
    }

    fn judge_anchor(&self, size: u64, root: Hash, step: &mut Step) {
        let known = self
            .roots
            .binary_search_by_key(&size, |(size, _)| *size)
            .ok();
        match known.and_then(|position| self.roots.get(position)) {
            Some((_, expected)) if *expected == root => {}
            Some((_, expected)) => step
                .findings
                .push(Finding::new(Code::AnchorWrong).because(expected.to_hex(), root.to_hex())),
            None if self.roots.front().is_some_and(|(oldest, _)| size < *oldest) => {
                step.findings
                    .push(Finding::new(Code::AnchorUnchecked).found(size.to_string()));
            }
            None => step.findings.push(
                Finding::new(Code::AnchorWrong)
                    .because("the size of a checkpoint", size.to_string()),
            ),
        }
    }

    fn push_disposed(&mut self, facts: &DisposedFacts, step: &mut Step) {
        let begin = step.findings.len();
        let index = self.size();
        let mut wrong = |code, expected: String, found: String| {
            step.findings
                .push(Finding::new(code).because(expected, found));
        };
        if facts.index != index {
            wrong(Code::IndexWrong, index.to_string(), facts.index.to_string());
        }
        if facts.by <= index {
            wrong(
                Code::DisposalUnexplained,
                "a later record".into(),
                facts.by.to_string(),
            );
        }
        if index == 0 {
            wrong(
                Code::DisposalForbidden,
                "ledger.created".into(),
                "a disposed line".into(),
            );
        }
        let seq = self.streams.get(&facts.stream).map_or(0, Stream::next_seq);
        if facts.seq != seq {
            wrong(Code::SeqWrong, seq.to_string(), facts.seq.to_string());
        }
        if self.last_time.is_some_and(|last| facts.recorded_at < last) {
            wrong(
                Code::TimeDecreases,
                String::new(),
                facts.recorded_at.format_micros(),
            );
        }
        if let Err(code) = self
            .runs
            .get(&facts.run)
            .map_or(Ok(()), |run| run.accepts(facts.producer_seq))
        {
            wrong(code, String::new(), facts.producer_seq.to_string());
        }
        // The entry that would bind the checkpoint before it is gone, so that checkpoint is checked by itself.
        if self.uncovered() == 0
            && let Some(last) = &self.last_checkpoint
        {
            step.checks.extend(self.keys.checks_of(last));
        }
        for finding in step.findings.get_mut(begin..).unwrap_or_default() {
            finding.index = Some(index);
        }
        self.disposals.expect(facts);
        self.advance_stream(facts.stream, index, facts.leaf);
        self.advance_run(facts.run, facts.producer_seq, index);
        self.frontier.push(facts.leaf);
        self.last_time = Some(facts.recorded_at);
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
