//! Disposal: what stands in place of entries must be explained by a later record.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{LogState, Step, Stream};
use crate::entry::{Disposal, DisposedFacts, Retention};
use crate::finding::{Code, Finding};
use crate::hash::Hash;
use crate::json::{write_integer, write_string};
use crate::map;
use crate::time::Timestamp;

const SECONDS_PER_DAY: u64 = 86_400;

/// The state map's key of the retention policy of a class.
pub(super) fn policy_key(class: &str) -> Hash {
    map::key("retention", &[class])
}

/// Entries of one class that one later record has to explain.
#[derive(Debug, Clone)]
struct Expected {
    from: u64,
    to: u64,
    newest: Timestamp,
}

/// A retention policy in force.
#[derive(Debug, Clone)]
struct Policy {
    id: String,
    min_days: u64,
    index: u64,
}

/// Retention policies by class, and disposals that still wait for their record.
#[derive(Debug, Clone, Default)]
pub struct Disposals {
    policies: BTreeMap<String, Policy>,
    expected: BTreeMap<(u64, String), Expected>,
    holes: u64,
}

impl Disposals {
    /// Entries that were disposed of.
    pub const fn holes(&self) -> u64 {
        self.holes
    }

    /// Policy id, days kept at least and index of the policy of a class.
    pub fn policy(&self, class: &str) -> Option<(&str, u64, u64)> {
        self.policies
            .get(class)
            .map(|policy| (policy.id.as_str(), policy.min_days, policy.index))
    }

    /// All policies: class, policy id, days kept at least, index.
    pub fn policies(&self) -> impl Iterator<Item = (&str, &str, u64, u64)> {
        self.policies.iter().map(|(class, policy)| {
            (
                class.as_str(),
                policy.id.as_str(),
                policy.min_days,
                policy.index,
            )
        })
    }

    /// What later records have to explain: their index, class, first and last entry, and the newest one's time.
    pub(super) fn awaited(&self) -> impl Iterator<Item = (u64, &str, u64, u64, Timestamp)> {
        self.expected
            .iter()
            .map(|((by, class), held)| (*by, class.as_str(), held.from, held.to, held.newest))
    }

    /// Puts the count of a snapshot back.
    pub(super) const fn restore_holes(&mut self, holes: u64) {
        self.holes = holes;
    }

    /// Puts what a later record has to explain back; `None` if it stands there twice.
    pub(super) fn restore_awaited(
        &mut self,
        by: u64,
        class: String,
        from: u64,
        to: u64,
        newest: Timestamp,
    ) -> Option<()> {
        let held = Expected { from, to, newest };
        self.expected
            .insert((by, class), held)
            .is_none()
            .then_some(())
    }

    /// Puts a policy of a snapshot back; `None` if its class stands there twice.
    pub(super) fn restore_policy(
        &mut self,
        class: String,
        policy_id: String,
        min_days: u64,
        index: u64,
    ) -> Option<()> {
        let policy = Policy {
            id: policy_id,
            min_days,
            index,
        };
        self.policies.insert(class, policy).is_none().then_some(())
    }

    pub(super) fn take_policy(&mut self, policy: &Retention, index: u64) {
        let held = Policy {
            id: policy.policy_id.clone(),
            min_days: policy.min_days,
            index,
        };
        self.policies.insert(policy.class.clone(), held);
    }

    /// Remembers that a later record has to explain a disposed line.
    pub(super) fn expect(&mut self, facts: &DisposedFacts) {
        self.holes = self.holes.saturating_add(1);
        let new = Expected {
            from: facts.index,
            to: facts.index,
            newest: facts.recorded_at,
        };
        self.expected
            .entry((facts.by, facts.retention_class.clone()))
            .and_modify(|held| {
                held.to = facts.index;
                held.newest = held.newest.max(facts.recorded_at);
            })
            .or_insert(new);
    }

    /// Compares a record of disposal at `index` with the lines that name it, and settles them.
    pub(super) fn settle(&mut self, disposal: &Disposal, index: u64, findings: &mut Vec<Finding>) {
        let covers = |held: &Expected| disposal.from <= held.from && held.to <= disposal.to;
        for ((by, class), held) in &self.expected {
            let of_class = disposal
                .retention
                .as_ref()
                .is_none_or(|(_, scope)| scope == class);
            if *by > index && of_class && covers(held) {
                let finding = Finding::new(Code::DisposalUnexplained);
                findings.push(finding.because(index.to_string(), by.to_string()));
            }
            if *by == index && !(of_class && covers(held)) {
                let found = alloc::format!("entries {} to {} of class {class}", held.from, held.to);
                findings.push(Finding::new(Code::DisposalUnexplained).because("its scope", found));
            }
            if *by == index && disposal.retention.is_some() && self.too_early(class, held, disposal)
            {
                findings.push(Finding::new(Code::DisposalTooEarly).found(class.as_str()));
            }
        }
        self.expected.retain(|(by, _), _| *by != index);
    }

    fn too_early(&self, class: &str, held: &Expected, disposal: &Disposal) -> bool {
        let Some(policy) = self.policies.get(class) else {
            return true;
        };
        let named = disposal
            .retention
            .as_ref()
            .is_some_and(|(id, _)| *id == policy.id);
        let seconds = policy.min_days.saturating_mul(SECONDS_PER_DAY);
        !named || held.newest.plus_seconds(seconds) > disposal.at
    }

    /// Disposals that no record explained.
    pub(super) fn unexplained(&self) -> Vec<Finding> {
        self.expected
            .iter()
            .map(|((by, _), held)| {
                Finding::new(Code::DisposalUnexplained)
                    .at(held.from)
                    .because(alloc::format!("a record of disposal at {by}"), "none")
            })
            .collect()
    }

    /// A policy's value in the state map: `{"index":..,"min_days":..,"policy_id":".."}`.
    pub(super) fn map_value(&self, class: &str) -> Option<Vec<u8>> {
        let policy = self.policies.get(class)?;
        let mut out = Vec::from(*b"{\"index\":");
        write_integer(&mut out, policy.index);
        out.extend_from_slice(b",\"min_days\":");
        write_integer(&mut out, policy.min_days);
        out.extend_from_slice(b",\"policy_id\":");
        write_string(&mut out, &policy.id);
        out.push(b'}');
        Some(out)
    }
}

impl LogState {
    pub(super) fn push_disposed(&mut self, facts: &DisposedFacts, step: &mut Step) {
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
}
