//! Entries: what the log's rules say of a record and its place, and what an entry changes.

use alloc::string::{String, ToString};

use super::epoch::Changed;
use super::journal::Undo;
use super::{FORMAT_VERSION, LogState, SignatureCheck, Step, config, format_uuid, key};
use crate::entry::{Created, Effect, EntryFacts, RecordFacts, record_signature_message};
use crate::finding::{Code, Finding};
use crate::hash::Hash;
use crate::time::Timestamp;

impl LogState {
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

    pub(super) fn push_entry(&mut self, entry: &EntryFacts, text: &[u8], step: &mut Step) {
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
            Effect::Erased(erased) => self.erasures.take(index, erased),
            _ => {}
        }
        self.frontier.push(leaf);
        self.last_time = Some(recorded_at);
    }
}
