//! Checkpoints: each covers the entries before it, and anchors name the newest of them.

use alloc::string::{String, ToString};

use super::epoch::Changed;
use super::journal::Undo;
use super::{LastCheckpoint, LogState, Step, key};
use crate::entry::CheckpointFacts;
use crate::finding::{Code, Finding};
use crate::hash::Hash;
use crate::limits::ANCHOR_ROOTS_KEPT;

impl LogState {
    pub(super) fn push_checkpoint(&mut self, facts: &CheckpointFacts, step: &mut Step) {
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

    pub(super) fn judge_anchor(&self, size: u64, root: Hash, step: &mut Step) {
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
}
