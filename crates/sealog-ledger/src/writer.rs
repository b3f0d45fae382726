//! The sequencer: turns waiting records into one commit group, signs it, and hands it to the store.
//!
//! One thread at a time is in here. The commit point is the store's flush; what comes after it (head copy, index,
//! snapshot) can fail without losing what was acknowledged.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sealog_core::entry::{self, LOG_PRODUCER, LineReader, LogMember};
use sealog_core::finding::{Finding, Weight};
use sealog_core::hash::Hash;
use sealog_core::limits::{CHECKPOINT_LINE_BYTES_MAX, GROUP_BYTES_MAX, GROUP_ENTRIES_MAX};
use sealog_core::state::{LastCheckpoint, LogState, Mark, Step};
use sealog_core::time::Timestamp;
use sealog_core::tlog::checkpoint;
use sealog_core::tlog::sign::Signer;
use sealog_core::tlog::tree::{self, GroupTree};
use sealog_store::{CommitError, Place, Store, Turn};

use crate::clock::{Clock, Random, new_token, new_uuid};
use crate::draft::{self, Draft, Filling, Submission};
use crate::head::Head;
use crate::ids::{Ids, Known};
use crate::queue::Ticket;
use crate::{Error, admin, index, recover, repeat};

/// Makes one of the log's own records from the state at the moment of its commit.
pub(crate) type Admin = Box<dyn Fn(&LogState) -> Result<Draft, Error> + Send + Sync>;

/// What a ticket asks for.
pub(crate) enum Work {
    /// Records of producers, all or none.
    Records(Vec<Submission>),
    /// One of the log's own records; with a signer where the log's key is handed over to it.
    Admin(Admin, Option<Arc<dyn Signer>>),
    /// An epoch, which is always the first entry of its group.
    Epoch,
    /// Nothing but what the log itself has to say.
    News,
}

impl Work {
    /// Number of records and bytes, for the limits of queue and group.
    pub(crate) fn size(&self) -> (usize, usize) {
        match self {
            Self::Records(records) => (
                records.len(),
                records
                    .iter()
                    .map(|record| record.record.len() + LOG_BYTES)
                    .sum(),
            ),
            Self::Admin(..) | Self::Epoch | Self::News => (1, sealog_core::limits::ENTRY_BYTES_MAX),
        }
    }

    /// Whether a caller chose an id, so that it may be a retry.
    pub(crate) fn has_own_ids(&self) -> bool {
        matches!(self, Self::Records(records) if records.iter().any(|record| record.own_id))
    }

    pub(crate) fn record_ids(&self) -> Vec<String> {
        match self {
            Self::Records(records) => records.iter().map(|r| r.record_id.clone()).collect(),
            Self::Admin(..) | Self::Epoch | Self::News => Vec::new(),
        }
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records(records) => write!(f, "Records({})", records.len()),
            Self::Admin(..) => f.write_str("Admin"),
            Self::Epoch => f.write_str("Epoch"),
            Self::News => f.write_str("News"),
        }
    }
}

/// Ids that are kept in memory, about.
const IDS_REMEMBERED_MAX: usize = 524_288;
/// Entries whose ids are forgotten at once, at least.
const IDS_FORGOTTEN_MIN: u64 = 65_536;

/// Bytes that the log adds to a record, about.
const LOG_BYTES: usize = 640;

/// A committed group: all that its members' receipts are made from.
pub(crate) struct Group {
    /// Tree size before it.
    pub(crate) base: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) tree: GroupTree,
    pub(crate) note: String,
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Group({} + {} bytes)", self.base, self.bytes.len())
    }
}

/// One record of a settled ticket.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) index: u64,
    pub(crate) record_id: String,
    pub(crate) findings: Vec<Finding>,
    /// The group and the entry's line in it; none for a retry of a record that stands in the log already.
    pub(crate) fresh: Option<(Arc<Group>, std::ops::Range<usize>)>,
}

/// What the writer is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) index: Arc<index::Shared>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) signer: Arc<dyn Signer>,
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
    /// Whether `state` may be trusted; not after a commit whose outcome is unknown.
    pub(crate) loaded: bool,
    pub(crate) ids: Ids,
    /// What the next group has to say first: that a torn tail was cut.
    pub(crate) recovered: Option<Draft>,
    run: String,
    run_seq: u64,
    reader: LineReader,
}

/// A group under construction.
struct Building {
    base: u64,
    bytes: Vec<u8>,
    leaves: Vec<Hash>,
    done: Vec<Result<Vec<Placed>, Error>>,
    nonces: Vec<u8>,
    now: Timestamp,
    successor: Option<Arc<dyn Signer>>,
    epoch: Option<Placed>,
}

/// A record that has its place in the group.
#[derive(Clone)]
enum Placed {
    Fresh {
        record_id: String,
        index: u64,
        findings: Vec<Finding>,
        line: std::ops::Range<usize>,
    },
    Repeat {
        record_id: String,
        index: u64,
    },
}

impl Writer {
    pub(crate) fn new(parts: Parts, origin: &str) -> Result<Self, Error> {
        let run = format!("log-{}", new_token(&*parts.random)?);
        Ok(Self {
            parts,
            state: LogState::new(origin),
            place: Place::START,
            loaded: false,
            ids: Ids::default(),
            recovered: None,
            run,
            run_seq: 0,
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
        self.check_key()?;
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
        if !self.loaded || turn.moved_since(self.place) {
            recover::catch_up(self, turn)?;
        }
        self.forget_old_ids();
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

    /// The signer must hold the key that is the log's now: another process may have handed it over.
    pub(crate) fn check_key(&self) -> Result<(), Error> {
        let Some(active) = self.state.keys().active() else {
            return Ok(());
        };
        let own = self.parts.signer.verifier_key();
        if active == own {
            return Ok(());
        }
        Err(Error::KeyMismatch {
            expected: active.to_string(),
            found: own.to_string(),
        })
    }

    fn build(&mut self, tickets: &[Arc<Ticket>], refused: &[bool]) -> Result<Building, Error> {
        let now = self
            .parts
            .clock
            .now()
            .max(self.state.last_time().unwrap_or(Timestamp::MIN));
        let mut building = Building {
            base: self.state.size(),
            bytes: Vec::new(),
            leaves: Vec::new(),
            done: Vec::new(),
            nonces: Vec::new(),
            now,
            successor: None,
            epoch: None,
        };
        let asked = tickets
            .iter()
            .zip(refused)
            .any(|(ticket, skip)| !skip && matches!(ticket.work, Work::Epoch));
        if let Some(recovered) = &self.recovered {
            let draft = recovered.clone();
            let submission = self.own_record(draft)?;
            self.place_record(&submission, &mut building)?;
        } else if asked || self.epoch_due(now) {
            let draft = admin::epoch_draft(&mut self.state)?;
            let submission = self.own_record(draft)?;
            building.epoch = Some(self.place_record(&submission, &mut building)?);
        }
        for (ticket, skip) in tickets.iter().zip(refused) {
            let done = if *skip {
                Ok(Vec::new())
            } else {
                self.place_work(&ticket.work, &mut building)
            };
            building.done.push(done);
        }
        Ok(building)
    }

    /// An epoch is due after so many entries or so much time, if anything came since.
    fn epoch_due(&self, now: Timestamp) -> bool {
        let since = self.state.entries_since_epoch();
        let age = self
            .state
            .epoch_time()
            .map_or(0, |time| now.seconds().saturating_sub(time.seconds()));
        let old = u64::try_from(age).unwrap_or(0) >= self.parts.epoch_seconds;
        self.state.size() > 0 && (since >= self.parts.epoch_entries || (since > 1 && old))
    }

    fn place_work(&mut self, work: &Work, building: &mut Building) -> Result<Vec<Placed>, Error> {
        match work {
            Work::Records(records) => {
                let mut placed = Vec::with_capacity(records.len());
                for record in records {
                    placed.push(match self.repeat_of(record, building)? {
                        Some(index) => Placed::Repeat {
                            record_id: record.record_id.clone(),
                            index,
                        },
                        None => self.place_record(record, building)?,
                    });
                }
                Ok(placed)
            }
            Work::News => Ok(Vec::new()),
            Work::Epoch => match &building.epoch {
                Some(epoch) => Ok(vec![epoch.clone()]),
                // A recovery has the first place; the epoch can be asked for again.
                None => Err(Error::Argument {
                    what: "an epoch",
                    why: "the log is recovering".into(),
                }),
            },
            Work::Admin(make, successor) => {
                let draft = make(&self.state)?;
                let submission = self.own_record(draft)?;
                let placed = self.place_record(&submission, building)?;
                if successor.is_some() {
                    building.successor.clone_from(successor);
                }
                Ok(vec![placed])
            }
        }
    }

    /// Completes one of the log's own records.
    fn own_record(&mut self, draft: Draft) -> Result<Submission, Error> {
        let record_id = new_uuid(&*self.parts.clock, &*self.parts.random)?;
        let now = self.parts.clock.now();
        let filling = Filling {
            record_id: record_id.clone(),
            now,
            run: &self.run,
            seq: self.run_seq,
        };
        self.run_seq += 1;
        let (record, _) = draft::record_of(draft, &filling)?;
        let facts = draft::check(&record)?;
        Ok(Submission {
            run: None,
            record,
            record_id,
            own_id: false,
            facts,
            producer_id: LOG_PRODUCER.into(),
            producer_assurance: "none".into(),
            signature: None,
            signature_member: None,
        })
    }

    /// The index of the record that this one repeats; an error if the id is taken by another.
    fn repeat_of(&self, record: &Submission, building: &Building) -> Result<Option<u64>, Error> {
        for known in self.ids.find(&record.facts.record_id) {
            let line = match building.line_at(known.index) {
                Some(line) => line.to_vec(),
                None => repeat::read_line(&*self.parts.store, known)?,
            };
            if let Some(same) = repeat::compare(&line, record) {
                return judge_repeat(same, known, record);
            }
        }
        let since = self.ids.since();
        if !record.own_id || since == 0 {
            return Ok(None);
        }
        // Older ones are in the index; without it nobody can tell a retry from a new record.
        let id = &record.facts.record_id;
        let older = self.parts.index.known_ids(id, since);
        let older = older.ok_or_else(|| Error::IdUnknowable {
            record_id: record.record_id.clone(),
        })?;
        for (known, line) in &older {
            if let Some(same) = repeat::compare(line, record) {
                return judge_repeat(same, known, record);
            }
        }
        Ok(None)
    }

    /// What a verifier would say of a record at this place. What it would refute is refused.
    fn judge(&mut self, record: &Submission) -> Result<Vec<Finding>, Error> {
        let mut step = Step::default();
        self.state.judge(
            &record.facts,
            record.run.as_ref(),
            &record.record,
            &mut step,
        );
        if let Some(signature) = &record.signature {
            match self
                .state
                .judge_signature(&signature.key_id, &signature.value, &record.record)
            {
                Ok(check) => step.checks.push(check),
                Err(finding) => step.findings.push(finding),
            }
        }
        for check in &step.checks {
            if let Err(finding) = check.run() {
                step.findings.push(finding);
            }
        }
        if step
            .findings
            .iter()
            .any(|finding| finding.weight() == Weight::Refutes)
        {
            return Err(Error::Rules {
                findings: step.findings,
            });
        }
        Ok(step.findings)
    }

    /// Gives a judged record its place, builds its line and takes it in.
    fn place_record(
        &mut self,
        record: &Submission,
        building: &mut Building,
    ) -> Result<Placed, Error> {
        let findings = self.judge(record)?;
        let index = self.state.size();
        let stream = self.state.stream(&record.facts.stream).copied();
        let head = stream.map(|stream| stream.head_leaf());
        let first = building.leaves.is_empty();
        let before = self
            .state
            .last_checkpoint()
            .filter(|_| first)
            .map(|last| last.line_hash);
        let log = LogMember {
            index,
            seq: stream.map_or(0, |stream| stream.next_seq()),
            prev_hash: head.as_ref(),
            recorded_at: building.now,
            clock_source: self.parts.clock.source(),
            clock_uncertainty_ms: self.parts.clock.uncertainty_ms(),
            producer_id: &record.producer_id,
            producer_assurance: &record.producer_assurance,
            nonce: &building.nonce(&*self.parts.random)?,
            prev_checkpoint: before.as_ref(),
        };
        let start = building.bytes.len();
        entry::write_entry(
            &mut building.bytes,
            &log,
            &record.record,
            record.signature_member.as_deref(),
        );
        let line = start..building.bytes.len();
        building.bytes.push(b'\n');
        let text = building.bytes.get(line.clone()).unwrap_or_default();
        if text.len() > sealog_core::limits::ENTRY_BYTES_MAX {
            return Err(Error::Argument {
                what: "the record",
                why: format!(
                    "its entry has {} bytes, at most {} are allowed",
                    text.len(),
                    sealog_core::limits::ENTRY_BYTES_MAX
                ),
            });
        }
        let leaf = tree::leaf_hash(text);
        self.state
            .take_entry(&record.facts, record.run.as_ref(), leaf, building.now);
        building.leaves.push(leaf);
        self.ids.add(
            record.facts.record_id,
            Known {
                index,
                place: Place::new(
                    self.place.segment(),
                    u64::try_from(start).unwrap_or(u64::MAX),
                ),
                length: u32::try_from(text.len()).unwrap_or(u32::MAX),
            },
        );
        Ok(Placed::Fresh {
            record_id: record.record_id.clone(),
            index,
            findings,
            line,
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
                    reason: error.to_string(),
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
        self.check_own(&line)?;
        let carry = carry(mark.last_checkpoint());
        building.bytes.extend_from_slice(&line);
        building.bytes.push(b'\n');
        let roll = self.place.offset() >= self.parts.segment_bytes;
        let place = turn
            .commit(self.place, &building.bytes, roll.then_some(&*carry))
            .map_err(|error| match error {
                CommitError::NotWritten { source } => Failure::NotWritten(Error::Store(source)),
                error @ CommitError::OutcomeUnknown { .. } => Failure::Unknown(error.to_string()),
            })?;
        self.settle_places(place, building.bytes.len());
        self.place = place;
        // The group is durable: nothing below may fail it.
        self.recovered = None;
        self.parts.head.write(&note);
        let bytes = std::mem::take(&mut building.bytes);
        Ok(Group {
            base: building.base,
            bytes,
            tree,
            note,
        })
    }

    /// Reads the checkpoint line as a verifier would and takes it in; a signer that signs wrongly is found here.
    fn check_own(&mut self, line: &[u8]) -> Result<(), Failure> {
        let refused = |findings| Failure::NotWritten(Error::Rules { findings });
        let read = self
            .reader
            .read(line)
            .map_err(|error| refused(vec![error.finding()]))?;
        let step = self.state.push(&read, line);
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
        Ok(())
    }

    /// Ids were added with their place in the group; now its place in the log is known.
    fn settle_places(&mut self, end: Place, group: usize) {
        let start = end
            .offset()
            .saturating_sub(u64::try_from(group).unwrap_or(u64::MAX));
        self.ids.settle_at(Place::new(end.segment(), start));
    }
}

/// What becomes of a record whose id the same producer used before.
fn judge_repeat(same: bool, known: &Known, record: &Submission) -> Result<Option<u64>, Error> {
    if same {
        return Ok(Some(known.index));
    }
    Err(Error::IdTaken {
        record_id: record.record_id.clone(),
        index: known.index,
    })
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

impl Building {
    /// Sixteen fresh random bytes; drawn for many entries at once.
    fn nonce(&mut self, random: &dyn Random) -> Result<[u8; 16], Error> {
        const DRAWN: usize = 16 * 256;
        if self.nonces.is_empty() {
            self.nonces.resize(DRAWN, 0);
            random.fill(&mut self.nonces)?;
        }
        let rest = self.nonces.len().saturating_sub(16);
        let nonce = self
            .nonces
            .get(rest..)
            .and_then(|bytes| bytes.try_into().ok())
            .unwrap_or_default();
        self.nonces.truncate(rest);
        Ok(nonce)
    }

    /// The line of an entry of this group.
    fn line_at(&self, index: u64) -> Option<&[u8]> {
        let position = usize::try_from(index.checked_sub(self.base)?).ok()?;
        self.bytes
            .split(|byte| *byte == b'\n')
            .nth(position)
            .filter(|line| !line.is_empty())
    }
}

impl Placed {
    fn done(self, group: Option<&Arc<Group>>) -> Done {
        match self {
            Self::Fresh {
                record_id,
                index,
                findings,
                line,
            } => {
                let fresh = group.map(|group| (Arc::clone(group), line));
                Done {
                    index,
                    record_id,
                    findings,
                    fresh,
                }
            }
            Self::Repeat { record_id, index } => Done {
                index,
                record_id,
                findings: Vec::new(),
                fresh: None,
            },
        }
    }
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
