//! The history of configurations and labels without the rest of a log: what judges single decisions that left it.

use alloc::vec::Vec;

use super::Step;
use super::config::{self, Configs, Labels};
use crate::entry::{Effect, EntryFacts};
use crate::finding::Finding;

/// Configurations and labels as some of a log's entries give them, taken in the order of the log.
///
/// Whether every change of a configuration is among them is not known here: one that is missing shows as a chain that
/// breaks or a digest that nobody made.
#[derive(Debug, Clone, Default)]
pub struct DecisionHistory {
    configs: Configs,
    labels: Labels,
}

impl DecisionHistory {
    /// A history of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes an entry in, by its facts and the bytes of its line, and judges it by what came before. Entries of other
    /// kinds than configurations, labels and decisions say nothing here.
    pub fn push(&mut self, facts: &EntryFacts, line: &[u8]) -> Vec<Finding> {
        let index = facts.log.index;
        let mut step = Step::default();
        match &facts.record.effect {
            Effect::Config(change) => {
                self.configs.judge(change, &mut step.findings);
                self.configs.take(change, index);
            }
            Effect::Label(change) => {
                self.labels.judge(change, &mut step.findings);
                self.labels.take(change, index);
            }
            Effect::Decision(decision) => {
                let record = facts.record_span.of(line);
                let (configs, labels) = (&self.configs, &self.labels);
                config::judge_decision(configs, labels, decision, record, index, &mut step);
            }
            _ => {}
        }
        let at = |finding: Finding| finding.at(index);
        step.findings.into_iter().map(at).collect()
    }
}
