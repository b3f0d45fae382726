//! Disposing of entries whose period has passed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sealog_core::config::digest_text;
use sealog_core::entry::{EntryFacts, Line, LineReader};
use sealog_core::hash::Hash;
use sealog_core::json::Object;
use sealog_core::state::LogState;
use sealog_core::time::Timestamp;
use sealog_store::{DisposalMark, Rewriting};

use super::hold::Holds;
use super::policy::PolicyView;
use super::records;
use super::residue;
use super::sweep::{Rule, Scopes};
use super::{SECONDS_PER_DAY, stated};
use crate::Error;
use crate::admin::own_draft;
use crate::draft::{Draft, integer};
use crate::ledger::{Ledger, Side};
use crate::options::Access;
use crate::queue::lock;
use crate::read::{Entries, Leaf};
use crate::rewritten;

/// Runs of entries that one disposal covers, each with a record of its own. A hold in the midst of entries makes two.
pub const DISPOSAL_RUNS_MAX: usize = 1_024;
/// How often a disposal is planned anew because a hold or a policy came meanwhile.
const PLANS_MAX: usize = 4;

/// What is due of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The policy in force.
    pub policy: PolicyView,
    /// Entries that may go now.
    pub entries: u64,
    /// Runs of entries that they are: a record each.
    pub runs: Vec<(u64, u64)>,
    /// Entries whose least age has passed and that a hold keeps.
    pub held: u64,
    /// Entries that are too young.
    pub young: u64,
    /// Entries of the class that are never disposed of, of whatever age.
    pub kept: u64,
    /// Payload files that would be without an entry, unless another names them.
    pub payloads: u64,
    /// Whether more is due than one disposal covers.
    pub more: bool,
}

/// What a disposal did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disposed {
    /// What was due when it began.
    pub due: Due,
    /// The first and the last of its records, if there are any.
    pub records: Option<(u64, u64)>,
    /// What was done, with what was left of earlier disposals.
    pub done: Swept,
}

/// What was taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Entries that were replaced by disposed lines.
    pub entries: u64,
    /// Segments that were rewritten.
    pub segments: u64,
    /// Payload files that were removed.
    pub payloads: u64,
    /// Torn tails that were removed.
    pub tails: u64,
}

/// A disposal as it is planned.
#[derive(Debug, Clone)]
struct Plan {
    due: Due,
    /// When, in the log's time.
    now: Timestamp,
    /// Entries of the log that the plan rests on.
    size: u64,
    /// The segment of the last entry that goes.
    last_segment: u64,
    payloads: BTreeSet<Hash>,
}

impl Plan {
    fn make(ledger: &Ledger, class: &str) -> Result<Self, Error> {
        ledger.refresh()?;
        let (size, now) = (ledger.size(), ledger.now());
        let kinds = [
            records::POLICY,
            records::HOLD,
            records::DISPOSED,
            records::ERASURE,
        ];
        let found = records::all(ledger, &kinds)?;
        let policy = PolicyView::newest(&found)
            .into_iter()
            .find(|policy| policy.class == class)
            .ok_or_else(|| Error::Argument {
                what: "the class",
                why: format!("no retention policy is in force for {class}"),
            })?;
        let mut plan = Self {
            due: Due {
                policy,
                entries: 0,
                runs: Vec::new(),
                held: 0,
                young: 0,
                kept: 0,
                payloads: 0,
                more: false,
            },
            now,
            size,
            last_segment: 0,
            payloads: BTreeSet::new(),
        };
        plan.fill(ledger, &Holds::of(&found, now), Scopes::of(&found))?;
        plan.due.payloads = u64::try_from(plan.payloads.len()).unwrap_or(u64::MAX);
        Ok(plan)
    }

    fn fill(&mut self, ledger: &Ledger, holds: &Holds, mut scopes: Scopes) -> Result<(), Error> {
        let mut reader = LineReader::new();
        let mut continues = false;
        let mut entries: Entries<'_> = ledger.entries(0..self.size)?;
        while let Some((index, leaf)) = entries.next_leaf()? {
            let Leaf::Entry(line) = leaf else { continue };
            let entry = match reader.read(&line) {
                Ok(Line::Entry(entry)) => entry,
                Ok(_) => continue,
                Err(error) => {
                    return Err(Error::Damaged {
                        findings: vec![error.finding().at(index)],
                    });
                }
            };
            let class = entry.record.retention_class.of(entry.record_span.of(&line));
            if class != self.due.policy.class.as_bytes() {
                continue;
            }
            scopes.go_to(index);
            if !entry.record.is_disposable() || entry.log.run.is_none() {
                self.due.kept += 1;
            } else if !self.is_old(&entry) {
                self.due.young += 1;
            } else if holds.keep(&entry, &line) {
                self.due.held += 1;
                continues = false;
            } else if scopes.is_disposed(index, class) {
                // It is for the record that covers it already: `sweep` takes it.
                continues = false;
            } else {
                let place = entries.place();
                self.take(index, &entry, place.segment(), &mut continues);
            }
        }
        Ok(())
    }

    fn is_old(&self, entry: &EntryFacts) -> bool {
        let seconds = self.due.policy.min_days.saturating_mul(SECONDS_PER_DAY);
        entry.log.recorded_at.plus_seconds(seconds) <= self.now
    }

    /// One more entry goes; `continues` says whether it goes on with the last run.
    fn take(&mut self, index: u64, entry: &EntryFacts, segment: u64, continues: &mut bool) {
        let full = self.due.runs.len() >= DISPOSAL_RUNS_MAX;
        match self.due.runs.last_mut().filter(|_| *continues) {
            Some((_, to)) => *to = index,
            None if full => {
                self.due.more = true;
                return;
            }
            None => {
                *continues = true;
                self.due.runs.push((index, index));
            }
        }
        self.due.entries += 1;
        self.last_segment = segment;
        let files = entry.record.payloads.iter();
        let files = files.filter(|payload| payload.inline.is_none());
        self.payloads.extend(files.map(|payload| payload.digest));
    }

    /// The records of the disposal, before any entry goes.
    fn drafts(&self, state: &LogState, approved_by: &str) -> Result<Vec<Draft>, Error> {
        let before = state.last_checkpoint().map(|last| last.line_hash);
        let draft = |(from, to): &(u64, u64)| {
            let mut body = Object::new();
            body.insert("approved_by", approved_by);
            if let Some(before) = &before {
                body.insert("checkpoint_ref", digest_text(before));
            }
            body.insert("disposed_at", self.now.format_micros());
            body.insert("from_index", integer(*from)?);
            body.insert("policy_id", self.due.policy.policy_id.as_str());
            body.insert("record_class", self.due.policy.class.as_str());
            body.insert("to_index", integer(*to)?);
            Ok(own_draft(records::DISPOSED, body))
        };
        self.due.runs.iter().map(draft).collect()
    }
}

impl Ledger {
    /// What of a class may be disposed of now. Reads the log and changes nothing.
    ///
    /// # Errors
    /// [`Error::Argument`] for a class without a policy.
    pub fn due(&self, class: &str) -> Result<Due, Error> {
        Ok(rewritten::read_again(self.store(), || Plan::make(self, class))?.due)
    }

    /// Disposes of the entries of a class whose least age has passed and that no hold keeps: says so in the log, then
    /// rewrites rolled segments, so that their lines hold no more than hashes and numbers, and removes what else the
    /// ledger holds of them. A segment of which an entry goes is rolled first.
    ///
    /// Others go on appending and reading meanwhile. Where it is broken off after its record, whoever opens the ledger
    /// next to write finishes it.
    ///
    /// # Errors
    /// [`Error::Argument`] for a class without a policy; [`Error::DisposalUnfinished`] where the log says that entries
    /// are disposed of and not all of it is done.
    pub fn dispose(&self, class: &str, approved_by: &str) -> Result<Disposed, Error> {
        stated("who approves it", approved_by)?;
        self.check_appends()?;
        let mut done = self.finish_disposals()?;
        for _ in 0..PLANS_MAX {
            let plan = rewritten::read_again(self.store(), || Plan::make(self, class))?;
            if plan.due.runs.is_empty() {
                let (due, records) = (plan.due, None);
                return Ok(Disposed { due, records, done });
            }
            let mut rewriting = self.0.store.rewriting(self.options().turn_wait)?;
            if rewriting.notes()?.is_some() {
                // Another broke off since: what it noted is not to be lost.
                done.add(&self.sweep(&mut *rewriting)?);
            }
            rewriting.begin(&residue::notes(&plan.payloads))?;
            let Some(last) = self.record(&plan, approved_by, &mut *rewriting)? else {
                continue;
            };
            let swept = self
                .sweep(&mut *rewriting)
                .map_err(|error| unfinished(last, &error))?;
            done.add(&swept);
            let count = u64::try_from(plan.due.runs.len()).unwrap_or(1);
            return Ok(Disposed {
                due: plan.due,
                records: Some((last.saturating_sub(count.saturating_sub(1)), last)),
                done,
            });
        }
        Err(outdated())
    }

    /// Finishes what a crash, or a hold that has ended since, left of earlier disposals.
    pub fn finish_disposals(&self) -> Result<Swept, Error> {
        self.check_appends()?;
        if self.0.store.disposals()? == DisposalMark::Never {
            return Ok(Swept::default());
        }
        let mut rewriting = self.0.store.rewriting(self.options().turn_wait)?;
        self.sweep(&mut *rewriting)
    }

    /// Finishes a disposal that a crash broke off, when the ledger is opened to write. Another process may be at it,
    /// and a failure is no reason not to append: what is left stays noted, and `sealog doctor` tells.
    pub(crate) fn finish_broken_off(&self) {
        let Side::Append(writer) = &self.0.side else {
            return;
        };
        // A recovery key is here to hand the log over, and for nothing else.
        let unfinished = matches!(self.0.store.disposals(), Ok(DisposalMark::Unfinished));
        if !unfinished || lock(writer).recovers() {
            return;
        }
        if let Ok(mut rewriting) = self.0.store.rewriting(Duration::ZERO) {
            let _ = self.sweep(&mut *rewriting);
        }
    }

    /// Whether a disposal was begun and is not done, by this process, another one, or one that broke off.
    pub fn is_disposal_unfinished(&self) -> Result<bool, Error> {
        Ok(self.0.store.disposals()? == DisposalMark::Unfinished)
    }

    fn check_appends(&self) -> Result<(), Error> {
        if self.access() == Access::Append {
            return Ok(());
        }
        Err(Error::ReadOnly {
            path: self.path().unwrap_or(std::path::Path::new("")).to_owned(),
        })
    }

    /// Appends the records of a plan; the index of the last. `None` if a hold or a policy came since it was made.
    fn record(
        &self,
        plan: &Plan,
        approved_by: &str,
        rewriting: &mut dyn Rewriting,
    ) -> Result<Option<u64>, Error> {
        let Side::Append(writer) = &self.0.side else {
            return Ok(None);
        };
        let rulings = lock(writer).roll_past(plan.last_segment);
        let is_outdated = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&is_outdated);
        let (planned, approved_by) = (plan.clone(), approved_by.to_owned());
        let appended = self.commit_own_all(
            move |state| {
                if rulings.load(Ordering::Acquire) > planned.size {
                    told.store(true, Ordering::Release);
                    return Err(outdated());
                }
                planned.drafts(state, &approved_by)
            },
            None,
        );
        match appended {
            Ok(appended) => Ok(Some(appended.index())),
            Err(error @ Error::OutcomeUnknown { .. }) => Err(error),
            Err(error) => {
                // Nothing was said, so nothing is left to do.
                rewriting.done()?;
                let is_outdated = is_outdated.load(Ordering::Acquire);
                if is_outdated { Ok(None) } else { Err(error) }
            }
        }
    }

    /// Takes away what records of disposal cover and no hold keeps, with all that is left of it elsewhere.
    fn sweep(&self, rewriting: &mut dyn Rewriting) -> Result<Swept, Error> {
        self.refresh()?;
        let store = Arc::clone(&self.0.store);
        let notes = rewriting.notes()?;
        let kinds = [records::HOLD, records::DISPOSED, records::ERASURE];
        let found = records::all(self, &kinds)?;
        let holds = Holds::of(&found, self.now());
        let is_held = holds.active().next().is_some();
        let rule = Rule::new(Scopes::of(&found), holds);
        let active = self.with_state(|_, place| place.segment());
        let look = rule.look(&*store, active)?;
        let mut swept = Swept::default();
        if look.affected.is_empty() && notes.is_none() {
            return Ok(swept);
        }
        if notes.is_none() {
            rewriting.begin(&residue::notes(&BTreeSet::new()))?;
        }
        for affected in &look.affected {
            rule.rewrite(&*store, rewriting, affected, self.options().turn_wait)?;
            swept.entries += affected.entries;
            swept.segments += 1;
        }
        let files = notes.as_deref().map(residue::noted).unwrap_or_default();
        swept.payloads = self.remove_payloads(files, &|_, _| false)?;
        // Whose records are in a tail is not told apart: while anything is held, all stay.
        if let Some(last) = look.last.filter(|_| !is_held) {
            swept.tails = self.remove_tails(last)?;
        }
        self.clear_derived()?;
        rewriting.done()?;
        Ok(swept)
    }
}

impl Swept {
    fn add(&mut self, more: &Self) {
        self.entries += more.entries;
        self.segments += more.segments;
        self.payloads += more.payloads;
        self.tails += more.tails;
    }
}

fn outdated() -> Error {
    Error::Argument {
        what: "the disposal",
        why: "holds or policies changed while it was planned; ask again".into(),
    }
}

fn unfinished(index: u64, error: &Error) -> Error {
    Error::DisposalUnfinished {
        index,
        reason: crate::error::chain(error),
    }
}
