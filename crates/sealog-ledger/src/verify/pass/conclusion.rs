//! What the lines give in all, once the last of them was taken.

use sealog_core::finding::{Code, Finding, Weight};

use super::super::report::Report;
use super::super::unique::Unique;
use super::super::{anchors, trust};
use super::Pass;
use crate::recover;

/// Repeated ids that are told.
const REPEATS_TOLD: usize = 100;

impl Pass<'_> {
    /// What the lines give in all, and who vouches for it.
    pub(in super::super) fn conclude(mut self) -> Report {
        self.judge_tail();
        match std::mem::replace(&mut self.unique, Unique::new()).repeats(REPEATS_TOLD) {
            Ok(repeats) => {
                let size = self.report.size;
                for (index, first) in repeats.into_iter().filter(|(at, _)| *at < size) {
                    let finding = Finding::new(Code::RecordIdRepeated).at(index);
                    self.report
                        .add(finding.found(format!("first at entry {first}")));
                }
            }
            Err(error) => self
                .report
                .add(Finding::new(Code::Unreadable).found(error.to_string())),
        }
        for finding in self.payloads.absent(self.report.size) {
            self.report.add(finding);
        }
        for finding in self.applier.state.finish() {
            self.report.add(finding);
        }
        self.describe_state();
        self.find_orphans();
        if self.report.size == 0 {
            if self.report.weight != Some(Weight::Refutes) {
                self.report.add(Finding::new(Code::EmptyLedger));
            }
            trust::judge_emptied(&mut self.report, self.request);
            return self.report;
        }
        trust::judge(
            &mut self.report,
            self.request,
            &self.applier.state,
            &self.newest,
            &self.roots,
            &mut anchors::Shelved {
                store: self.store,
                checkpoints: &mut self.checkpoints,
                named: &self.named,
                witnessed: self.witnessed,
                disposed_by: self.disposed_by,
            },
        );
        self.report
    }

    /// Of a log that was not read whole nobody knows which files its entries name.
    fn find_orphans(&mut self) {
        if self.report.weight.is_none() {
            for finding in std::mem::take(&mut self.payloads).orphans() {
                self.report.add(finding);
            }
        }
    }

    /// What follows the last good checkpoint: refuted if the log's key signed more than can be re-hashed and no crash
    /// explains it, else a tail that nothing covers.
    fn judge_tail(&mut self) {
        let refuting = !self.pending_is_harmless();
        let uncovered = self.applier.state.uncovered() > 0;
        if let Some((segment, at)) = self.filler.take()
            && segment != self.last_segment
        {
            self.find(Finding::new(Code::Filler), at);
        }
        if refuting && self.later_checkpoint && !self.is_torn() {
            for finding in self.pending.drain(..) {
                self.report.add(finding);
            }
            return;
        }
        if refuting || uncovered {
            let first = self.pending.first();
            let mut finding = Finding::new(Code::UncoveredTail);
            finding.place = first.and_then(|finding| finding.place);
            finding.found = first.map(ToString::to_string);
            self.report.add(finding);
            self.pending.clear();
        }
        for finding in self.pending.drain(..) {
            self.report.add(finding);
        }
    }

    /// Whether the tail has the traces of an interrupted write: the pages of one reach the disk in any order, and that
    /// of the checkpoint line may be among the first. What a writer would set aside decides nothing here either.
    fn is_torn(&self) -> bool {
        matches!(
            recover::classify(self.store, self.covered, false),
            Ok(Some(_))
        )
    }

    fn describe_state(&mut self) {
        let state = &self.applier.state;
        self.report.streams = u64::try_from(state.stream_count()).unwrap_or(u64::MAX);
        self.report.last_epoch = state.last_epoch();
        self.report.disposed = state.disposals().holes();
        let departed = state.departed_runs();
        let runs = &mut self.report.runs;
        runs.closed_whole = departed.whole;
        runs.closed_with_holes = departed.with_holes;
        runs.open = departed.silent;
        runs.missing = departed.missing;
        for (_, run) in state.runs() {
            runs.missing += run.missing();
            match (run.closed(), run.missing()) {
                (None, _) => runs.open += 1,
                (Some(_), 0) => runs.closed_whole += 1,
                (Some(_), _) => runs.closed_with_holes += 1,
            }
        }
        let (open, holes, missing) = (runs.open, runs.closed_with_holes, runs.missing);
        if open > 0 {
            let found = format!("{open} runs");
            self.report.add(Finding::new(Code::RunOpen).found(found));
        }
        if missing > 0 {
            let found = format!("{missing} numbers, {holes} closed runs with holes");
            self.report.add(Finding::new(Code::RunHoles).found(found));
        }
    }
}
