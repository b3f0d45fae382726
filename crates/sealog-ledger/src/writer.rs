//! The sequencer: turns waiting records into one commit group, signs it, and hands it to the store.
//!
//! One thread at a time is in here. The commit point is the store's flush; what comes after it (head copy, index,
//! snapshot) can fail without losing what was acknowledged.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use sealog_core::entry::{self, Line, LineReader};
use sealog_core::finding::{Code, Finding, Weight};
use sealog_core::limits::{CHECKPOINT_LINE_BYTES_MAX, GROUP_BYTES_MAX, GROUP_ENTRIES_MAX};
use sealog_core::state::{LastCheckpoint, LogState, Mark};
use sealog_core::tlog::checkpoint::{self, Checkpoint};
use sealog_core::tlog::sign::Signer;
use sealog_core::tlog::tree::GroupTree;
use sealog_store::{CommitError, Place, Store, Turn};

use crate::building::Building;
use sealog_privacy::policy::Policy;

use crate::clock::{Clock, Random, new_token};
use crate::draft::{Author, Draft};
use crate::error::chain;
use crate::head::Head;
use crate::ids::Ids;
use crate::queue::Ticket;
use crate::work::{Group, Work};
use crate::{Error, index, recover, rewritten, snapshot};

/// Ids that are kept in memory, about.
const IDS_REMEMBERED_MAX: usize = 524_288;
/// Entries whose ids are forgotten at once, at least.
const IDS_FORGOTTEN_MIN: u64 = 65_536;

/// What the writer is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) index: Arc<index::Shared>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) signer: Arc<dyn Signer>,
    /// What is done to the texts that the log itself writes.
    pub(crate) privacy: Option<Arc<Policy>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) head: Head,
    pub(crate) turn_wait: Duration,
    pub(crate) segment_bytes: u64,
    pub(crate) epoch_entries: u64,
    pub(crate) epoch_seconds: u64,
}

/// The state of the log as this process knows it, and the right to add to it.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) parts: Parts,
    pub(crate) state: LogState,
    /// End of the last existing group.
    pub(crate) place: Place,
    /// How often segments had been rewritten when `place`, and the places of `ids`, were true.
    rewrites: u64,
    /// Whether `state` may be trusted; not after a commit whose outcome is unknown.
    pub(crate) loaded: bool,
    pub(crate) ids: Ids,
    /// The segment beyond which the next group goes: entries in it are to be disposed of.
    roll_past: Option<u64>,
    /// One more than the index of the newest record seen that rules over what may be disposed of.
    rulings: Arc<AtomicU64>,
    /// What the next group has to say first: that a torn tail was cut.
    pub(crate) recovered: Option<Draft>,
    /// What it has to say too: that no head copy was there to compare the log with.
    pub(crate) head_missed: bool,
    /// The run of the log's own records, and the next number in it.
    pub(crate) run: String,
    pub(crate) run_seq: u64,
    pub(crate) own_author: Arc<Author>,
    reader: LineReader,
}

impl Writer {
    pub(crate) fn new(parts: Parts, origin: &str) -> Result<Self, Error> {
        let run = format!("log-{}", new_token(&*parts.random)?);
        Ok(Self {
            parts,
            state: LogState::new(origin),
            place: Place::START,
            rewrites: 0,
            loaded: false,
            ids: Ids::default(),
            roll_past: None,
            rulings: Arc::default(),
            recovered: None,
            head_missed: false,
            run,
            run_seq: 0,
            own_author: Arc::new(Author {
                producer_id: entry::LOG_PRODUCER.into(),
                assurance: "none".into(),
            }),
            reader: LineReader::new(),
        })
    }

    /// Commits what waits as one group and settles every ticket.
    pub(crate) fn commit(&mut self, tickets: &[Arc<Ticket>]) {
        if let Err(error) = self.try_commit(tickets) {
            // Before the write nothing is in the log; each ticket gets the same refusal.
            for ticket in tickets {
                ticket.settle(Err(copy(&error)));
            }
        }
    }

    fn try_commit(&mut self, tickets: &[Arc<Ticket>]) -> Result<(), Error> {
        let store = Arc::clone(&self.parts.store);
        let mut turn = store.turn(self.parts.turn_wait)?;
        self.catch_up(&mut *turn)?;
        self.check_key(tickets.iter().any(|ticket| ticket.work.hands_over()))?;
        let mut refused = vec![false; tickets.len()];
        loop {
            let mark = self.state.mark();
            let run_seq = self.run_seq;
            let building = match self.build(tickets, &refused) {
                Ok(building) => building,
                Err(error) => {
                    self.take_back(mark, run_seq);
                    return Err(error);
                }
            };
            let failed: Vec<usize> = building
                .done
                .iter()
                .enumerate()
                .filter(|(position, done)| done.is_err() && refused.get(*position) == Some(&false))
                .map(|(position, _)| position)
                .collect();
            if failed.is_empty() {
                return self.finish(&mut *turn, tickets, &refused, building, mark, run_seq);
            }
            // A refused call leaves no trace: the group is built again without it.
            self.take_back(mark, run_seq);
            for (position, done) in building.done.into_iter().enumerate() {
                if failed.contains(&position)
                    && let (Err(error), Some(ticket)) = (done, tickets.get(position))
                {
                    ticket.settle(Err(error));
                    if let Some(flag) = refused.get_mut(position) {
                        *flag = true;
                    }
                }
            }
        }
    }

    /// Commits what the log itself has to say, without waiting for anybody's record.
    pub(crate) fn commit_own_news(&mut self) -> Result<(), Error> {
        let ticket = Arc::new(Ticket::new(Work::News));
        self.commit(std::slice::from_ref(&ticket));
        ticket.take().unwrap_or(Err(Error::Closed)).map(|_| ())
    }

    fn take_back(&mut self, mark: Mark, run_seq: u64) {
        self.state.take_back(mark);
        self.ids.settle(false);
        self.run_seq = run_seq;
    }

    /// Reads what other writers added, recovers a torn tail, and makes durable what this process did not flush.
    pub(crate) fn catch_up(&mut self, turn: &mut dyn Turn) -> Result<(), Error> {
        self.follow_rewriting(turn.rewrites())?;
        if !self.loaded || turn.moved_since(self.place) {
            recover::catch_up(self, turn)?;
        }
        self.forget_old_ids();
        Ok(())
    }

    /// Finds the end of the last group again where another process rewrote segments. What was taken in holds: lines
    /// change, leaves do not. Ids find their entries themselves (`repeat::find`).
    fn follow_rewriting(&mut self, rewrites: u64) -> Result<(), Error> {
        if self.rewrites == rewrites {
            return Ok(());
        }
        if self.loaded {
            let last = self.state.last_checkpoint();
            match rewritten::relocate(&*self.parts.store, last, self.place)? {
                Some(place) => self.place = place,
                None => self.loaded = false,
            }
        }
        self.rewrites = rewrites;
        Ok(())
    }

    /// Leaves ids to the index once there are many that it holds.
    fn forget_old_ids(&mut self) {
        let index = &self.parts.index;
        if self.ids.len() > IDS_REMEMBERED_MAX {
            let held = index.indexed_to().min(self.state.size());
            // Each time at least a part of them, or every group would pay for walking through all.
            if held > self.ids.since() + IDS_FORGOTTEN_MIN {
                self.ids.forget_below(held);
            }
        }
        index.ids_remembered_since(self.ids.since());
    }

    /// Whether the signer holds the log's recovery key, with which the log's key can be revoked and nothing else done.
    pub(crate) fn recovers(&self) -> bool {
        self.state.keys().recovery() == Some(self.parts.signer.verifier_key())
    }

    /// The signer must hold the key that is the log's now, as another process may have handed it over; for a hand-over
    /// the recovery key does too.
    pub(crate) fn check_key(&self, hands_over: bool) -> Result<(), Error> {
        let Some(active) = self.state.keys().active() else {
            return Ok(());
        };
        let own = self.parts.signer.verifier_key();
        if active == own || (hands_over && self.recovers()) {
            return Ok(());
        }
        Err(Error::KeyMismatch {
            expected: active.to_string(),
            found: own.to_string(),
        })
    }

    /// Signs the group, writes it, and settles its tickets.
    fn finish(
        &mut self,
        turn: &mut dyn Turn,
        tickets: &[Arc<Ticket>],
        refused: &[bool],
        mut building: Building,
        mark: Mark,
        run_seq: u64,
    ) -> Result<(), Error> {
        let group = if building.leaves.is_empty() {
            self.state.keep(mark);
            None
        } else {
            match self.write(turn, &mut building, &mark) {
                Ok(group) => {
                    self.state.keep(mark);
                    Some(Arc::new(group))
                }
                Err(Failure::NotWritten(error)) => {
                    self.take_back(mark, run_seq);
                    return Err(error);
                }
                Err(Failure::Unknown(reason)) => {
                    self.loaded = false;
                    self.take_back(mark, run_seq);
                    for ticket in tickets {
                        let record_ids = ticket.work.record_ids();
                        ticket.settle(Err(Error::OutcomeUnknown {
                            record_ids,
                            reason: reason.clone(),
                        }));
                    }
                    return Ok(());
                }
            }
        };
        // A recovery key signs no snapshot, so none is taken where the log is handed over.
        let keeps = group.is_some() && building.successor.is_none();
        let taken = building.snapshot.take().filter(|_| keeps);
        let signer = Arc::clone(&self.parts.signer);
        if let Some(successor) = building.successor.take() {
            self.parts.signer = successor;
        }
        for ((ticket, done), skip) in tickets.iter().zip(building.done).zip(refused) {
            if !*skip && let Ok(placed) = done {
                let group = group.as_ref();
                ticket.settle(Ok(placed
                    .into_iter()
                    .map(|placed| placed.done(group))
                    .collect()));
            }
        }
        // Nobody waits any more.
        if let Some(taken) = taken {
            snapshot::keep(&*self.parts.store, self.state.origin(), &*signer, taken);
        }
        Ok(())
    }

    fn write(
        &mut self,
        turn: &mut dyn Turn,
        building: &mut Building,
        mark: &Mark,
    ) -> Result<Group, Failure> {
        let tree = GroupTree::new(mark.frontier(), &building.leaves);
        debug_assert_eq!(tree.root(), self.state.frontier().root());
        let mut signers: Vec<&dyn Signer> = vec![&*self.parts.signer];
        if let (Some(_), Some(successor)) = (self.state.keys().successor(), &building.successor) {
            signers.push(&**successor);
        }
        let size = self.state.size();
        let note = checkpoint::sign_checkpoint(self.state.origin(), size, tree.root(), &signers)
            .map_err(|error| {
                Failure::NotWritten(Error::Signer {
                    reason: chain(&error),
                })
            })?;
        let line = entry::checkpoint_line(&note);
        if line.len() > CHECKPOINT_LINE_BYTES_MAX
            || building.leaves.len() > GROUP_ENTRIES_MAX
            || building.bytes.len() + line.len() > GROUP_BYTES_MAX
        {
            let why = format!(
                "{} entries in {} bytes",
                building.leaves.len(),
                building.bytes.len()
            );
            return Err(Failure::NotWritten(Error::Argument {
                what: "the group",
                why,
            }));
        }
        let checkpoint = self.check_own(&line)?;
        let carry = self.rolls().then(|| carry(mark.last_checkpoint()));
        building.bytes.extend_from_slice(&line);
        building.bytes.push(b'\n');
        let place = turn
            .commit(self.place, &building.bytes, carry.as_deref())
            .map_err(|error| match error {
                CommitError::NotWritten { source } => Failure::NotWritten(Error::Store(source)),
                error @ CommitError::OutcomeUnknown { .. } => Failure::Unknown(error.to_string()),
            })?;
        self.place = place;
        self.ids.settle(true);
        // The group is durable: nothing below may fail it.
        self.recovered = None;
        self.head_missed = false;
        self.parts.head.write(&note);
        let bytes = std::mem::take(&mut building.bytes);
        Ok(Group {
            base: building.base,
            bytes,
            tree,
            checkpoint,
            note,
        })
    }

    /// Whether the next group begins a segment.
    fn rolls(&self) -> bool {
        let past = |segment| self.place.segment() <= segment;
        self.place.offset() >= self.parts.segment_bytes || self.roll_past.is_some_and(past)
    }

    /// Has the next group stand in a segment after this one. Returns where the writer tells of holds, policies and
    /// disposals as it takes them in.
    pub(crate) fn roll_past(&mut self, segment: u64) -> Arc<AtomicU64> {
        self.roll_past = Some(segment);
        Arc::clone(&self.rulings)
    }

    /// Where [`Self::roll_past`] is told of rulings.
    pub(crate) const fn rulings(&self) -> &Arc<AtomicU64> {
        &self.rulings
    }

    /// Where the first line of the next group will stand.
    pub(crate) fn group_start(&self) -> Place {
        if !self.rolls() {
            return self.place;
        }
        let carried = carry(self.state.last_checkpoint()).len();
        let offset = u64::try_from(carried).unwrap_or(u64::MAX);
        Place::new(self.place.segment().saturating_add(1), offset)
    }

    /// Reads the checkpoint line as a verifier would and takes it in.
    ///
    /// Signing verified each signature under its signer's own key. Where that is the log's one key, nothing is left
    /// to verify; in a hand-over the state says which keys must have signed, and their signatures are checked by it.
    fn check_own(&mut self, line: &[u8]) -> Result<Checkpoint, Failure> {
        let refused = |findings| Failure::NotWritten(Error::Rules { findings });
        let read = self
            .reader
            .read(line)
            .map_err(|error| refused(vec![error.finding()]))?;
        let keys = self.state.keys();
        let by_the_one_key =
            keys.successor().is_none() && keys.active() == Some(self.parts.signer.verifier_key());
        let mut step = self.state.push(&read, line);
        if by_the_one_key {
            step.optional_checks.clear();
        }
        if step
            .findings
            .iter()
            .any(|finding| finding.weight() == Weight::Refutes)
        {
            return Err(refused(step.findings));
        }
        for check in step.checks.iter().chain(&step.optional_checks) {
            check.run().map_err(|finding| refused(vec![finding]))?;
        }
        match read {
            Line::Checkpoint(read) => Ok(read.checkpoint),
            _ => Err(refused(vec![Finding::new(Code::CheckpointMalformed)])),
        }
    }
}

/// The line with which a new segment begins: a copy of the last checkpoint line.
fn carry(last: Option<&LastCheckpoint>) -> Vec<u8> {
    let mut line = entry::checkpoint_line(last.map_or("", |last| &last.note));
    line.push(b'\n');
    line
}

/// How a write failed.
enum Failure {
    NotWritten(Error),
    Unknown(String),
}

/// The same refusal for each ticket of a group that was not written.
fn copy(error: &Error) -> Error {
    match error {
        Error::Rules { findings } => Error::Rules {
            findings: findings.clone(),
        },
        Error::Damaged { findings } => Error::Damaged {
            findings: findings.clone(),
        },
        Error::KeyMismatch { expected, found } => Error::KeyMismatch {
            expected: expected.clone(),
            found: found.clone(),
        },
        Error::BehindHeadCopy { size, seen } => Error::BehindHeadCopy {
            size: *size,
            seen: *seen,
        },
        Error::Signer { reason } => Error::Signer {
            reason: reason.clone(),
        },
        Error::Argument { what, why } => Error::Argument {
            what,
            why: why.clone(),
        },
        Error::Random { reason } => Error::Random {
            reason: reason.clone(),
        },
        other => Error::NotWritten {
            kind: other.kind(),
            code: other.code(),
            reason: other.to_string(),
        },
    }
}
