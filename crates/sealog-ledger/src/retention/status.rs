//! How each class of entries stands against its policy.

use std::collections::BTreeMap;

use sealog_core::entry::{EntryFacts, Line, LineReader};
use sealog_core::time::Timestamp;

use super::hold::{Hold, Holds};
use super::policy::PolicyView;
use super::{SECONDS_PER_DAY, records};
use crate::Error;
use crate::ledger::Ledger;
use crate::read::Leaf;
use crate::rewritten;

/// A class of entries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClassRetention {
    /// The policy in force, if one is.
    pub policy: Option<PolicyView>,
    /// Entries that stand in the log and may be disposed of one day.
    pub entries: u64,
    /// Entries that are never disposed of: what the log's own rules read.
    pub kept: u64,
    /// Entries that were disposed of.
    pub disposed: u64,
    /// When the oldest of `entries` was recorded.
    pub oldest: Option<Timestamp>,
    /// Of `entries`, those older than the policy's least age that no hold keeps.
    pub due: u64,
    /// Of `entries`, those older than the policy wants them to be, held ones included.
    pub overdue: u64,
    /// Of `entries`, those that a hold keeps, of whatever age.
    pub held: u64,
}

/// All classes of a log.
#[derive(Debug, Clone)]
pub struct RetentionStatus {
    /// As of when.
    pub at: Timestamp,
    /// By class: those that an entry or a policy names.
    pub classes: BTreeMap<String, ClassRetention>,
    /// Holds in force.
    pub holds: Vec<Hold>,
    /// Whether a disposal was begun and is not done.
    pub unfinished: bool,
}

impl Ledger {
    /// How each class stands against its policy, now. Reads the log.
    pub fn retention(&self) -> Result<RetentionStatus, Error> {
        rewritten::read_again(self.store(), || self.retention_once())
    }

    fn retention_once(&self) -> Result<RetentionStatus, Error> {
        let found = records::all(self, &[records::POLICY, records::HOLD])?;
        let at = self.now();
        let holds = Holds::of(&found, at);
        let mut status = RetentionStatus {
            at,
            classes: BTreeMap::new(),
            holds: holds.active().cloned().collect(),
            unfinished: self.is_disposal_unfinished()?,
        };
        for policy in PolicyView::newest(&found) {
            let class = status.classes.entry(policy.class.clone()).or_default();
            class.policy = Some(policy);
        }
        let mut reader = LineReader::new();
        let mut entries = self.entries(0..u64::MAX)?;
        while let Some((index, leaf)) = entries.next_leaf()? {
            match leaf {
                Leaf::Disposed { class, .. } => {
                    status.classes.entry(class).or_default().disposed += 1;
                }
                Leaf::Entry(line) => match reader.read(&line) {
                    Ok(Line::Entry(entry)) => status.add(&entry, &line, &holds),
                    Ok(_) => {}
                    Err(error) => {
                        return Err(Error::Damaged {
                            findings: vec![error.finding().at(index)],
                        });
                    }
                },
            }
        }
        Ok(status)
    }
}

impl RetentionStatus {
    fn add(&mut self, entry: &EntryFacts, line: &[u8], holds: &Holds) {
        let name = entry
            .record
            .retention_class
            .text(entry.record_span.of(line));
        if !self.classes.contains_key(name) {
            self.classes
                .insert(name.to_owned(), ClassRetention::default());
        }
        let (at, Some(class)) = (self.at, self.classes.get_mut(name)) else {
            return;
        };
        if !entry.record.is_disposable() || entry.log.run.is_none() {
            class.kept += 1;
            return;
        }
        let recorded = entry.log.recorded_at;
        class.entries += 1;
        class.oldest.get_or_insert(recorded);
        let held = holds.keep(entry, line);
        class.held += u64::from(held);
        let passed = |days: u64| recorded.plus_seconds(days.saturating_mul(SECONDS_PER_DAY)) <= at;
        if let Some(policy) = &class.policy {
            class.due += u64::from(!held && passed(policy.min_days));
            class.overdue += u64::from(policy.max_days.is_some_and(passed));
        }
    }
}
