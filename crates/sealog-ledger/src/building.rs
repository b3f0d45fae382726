//! Sequencing: giving records their places in a group under construction.

use std::sync::Arc;

use memchr::memmem;
use sealog_core::entry::{self, LogMember};
use sealog_core::finding::{Code, Finding, Weight};
use sealog_core::hash::Hash;
use sealog_core::limits::{ENTRY_BYTES_MAX, GROUP_BYTES_MAX};
use sealog_core::state::Step;
use sealog_core::time::Timestamp;
use sealog_core::tlog::sign::Signer;
use sealog_core::tlog::tree;
use sealog_store::{Place, Shelf};

use crate::clock::{Random, new_uuid};
use crate::draft::{self, Draft, Filling, Submission};
use crate::ids::Known;
use crate::queue::Ticket;
use crate::repeat::{self, Found};
use crate::work::{Done, Group, Work};
use crate::writer::Writer;
use crate::{Error, admin, privacy, retention, snapshot};

/// Nonces that are drawn at once.
const NONCES_DRAWN_MAX: usize = 256;
/// Bits of a version 7 UUID behind its milliseconds.
const UUID_RANDOM_BITS: u32 = 80;
/// Bytes of an ordinary checkpoint line and some room, to reserve at once.
const CHECKPOINT_LINE_BYTES: usize = 1024;

/// A group under construction.
pub(crate) struct Building {
    pub(crate) base: u64,
    /// Where its first line will stand.
    pub(crate) start: Place,
    pub(crate) bytes: Vec<u8>,
    pub(crate) leaves: Vec<Hash>,
    pub(crate) done: Vec<Result<Vec<Placed>, Error>>,
    /// Entries that it will have, about.
    pub(crate) expected: usize,
    pub(crate) nonces: Vec<[u8; 16]>,
    pub(crate) now: Timestamp,
    pub(crate) successor: Option<Arc<dyn Signer>>,
    pub(crate) epoch: Option<Placed>,
    /// Waits for the group to be durable.
    pub(crate) snapshot: Option<snapshot::Taken>,
}

/// A record that has its place in the group.
#[derive(Clone)]
pub(crate) enum Placed {
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
    pub(crate) fn build(
        &mut self,
        tickets: &[Arc<Ticket>],
        refused: &[bool],
    ) -> Result<Building, Error> {
        let now = self
            .parts
            .clock
            .now()
            .max(self.state.last_time().unwrap_or(Timestamp::MIN));
        let mut building = Building {
            base: self.state.size(),
            start: self.group_start(),
            bytes: Vec::with_capacity(room_for(tickets)),
            leaves: Vec::new(),
            done: Vec::new(),
            expected: tickets.iter().map(|ticket| ticket.work.size().0).sum(),
            nonces: Vec::new(),
            now,
            successor: None,
            epoch: None,
            snapshot: None,
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
            building.snapshot = self.take_snapshot();
            let submission = self.own_record(draft)?;
            building.epoch = Some(self.place_record(&submission, &mut building)?);
        }
        // A recovery says it itself.
        if self.head_missed && self.recovered.is_none() {
            let submission = self.own_record(admin::head_missed_draft(now))?;
            self.place_record(&submission, &mut building)?;
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

    /// The state before the epoch that is about to be placed, if a snapshot is due.
    fn take_snapshot(&self) -> Option<snapshot::Taken> {
        let (store, entries) = (&*self.parts.store, self.parts.epoch_entries);
        snapshot::take(store, &self.state, self.place, entries)
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
                let mut placed = Vec::new();
                for draft in make(&self.state)? {
                    let submission = self.own_record(draft)?;
                    placed.push(self.place_record(&submission, building)?);
                }
                if successor.is_some() {
                    building.successor.clone_from(successor);
                }
                Ok(placed)
            }
        }
    }

    /// Completes one of the log's own records.
    fn own_record(&mut self, mut draft: Draft) -> Result<Submission, Error> {
        let record_id = new_uuid(&*self.parts.clock, &*self.parts.random)?;
        let now = self.parts.clock.now();
        let policy = self.parts.privacy.clone();
        let privacy = policy.map(|policy| privacy::clean_own(&policy, &mut draft));
        let filling = Filling {
            record_id: record_id.clone(),
            now,
            run: &self.run,
            seq: self.run_seq,
            privacy: privacy.transpose()?,
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
            keys_as_of: None,
            author: Arc::clone(&self.own_author),
            signature: None,
            signature_member: None,
        })
    }

    /// The index of the record that this one repeats; an error if the id is taken by another.
    fn repeat_of(&self, record: &Submission, building: &Building) -> Result<Option<u64>, Error> {
        for known in self.ids.find(&record.facts.record_id) {
            let line = match building.line_at(known.index) {
                Some(line) => line.to_vec(),
                None => match repeat::find(&*self.parts.store, known)? {
                    Some(Found::Entry(line)) => line,
                    // Whoever wrote it, nothing tells it from this record any more.
                    Some(Found::Disposed(by)) => {
                        let index = known.index;
                        return Err(Error::Disposed { index, by });
                    }
                    None => continue,
                },
            };
            if let Some(same) = repeat::compare(&line, record) {
                return judge_repeat(same, known, record);
            }
        }
        let since = self.ids.since();
        if !record.own_id {
            return Ok(None);
        }
        if since == 0 {
            return check_not_disposed(self.ids.disposed_until(), record);
        }
        // Older ones are in the index; without it nobody can tell a retry from a new record.
        let id = &record.facts.record_id;
        let older = self.parts.index.known_ids(id, since);
        let unknowable = || Error::IdUnknowable {
            record_id: record.record_id.clone(),
        };
        let older = older.ok_or_else(unknowable)?;
        for (known, line) in &older {
            if let Some(same) = repeat::compare(line, record) {
                return judge_repeat(same, known, record);
            }
        }
        let disposed = self.parts.index.disposed_until(since);
        let disposed = disposed.map_err(|_| unknowable())?;
        check_not_disposed(disposed.max(self.ids.disposed_until()), record)
    }

    /// What a verifier would say of a record at this place. What it would refute is refused.
    fn judge(&mut self, record: &Submission) -> Result<Vec<Finding>, Error> {
        if self.is_erased(record) {
            return Err(Error::SubjectErased);
        }
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
        step.findings.extend(self.payload_missing(record)?);
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

    /// Whether somebody was erased between the making of the record and now whose key or pseudonym it names.
    fn is_erased(&self, record: &Submission) -> bool {
        let Some(as_of) = record.keys_as_of else {
            return false;
        };
        let Some(mut erasures) = self.state.erasures().since(as_of) else {
            // So many that some were forgotten: the record can be made again.
            return true;
        };
        let text = &record.record;
        let names = |word: &str| memmem::find(text, word.as_bytes()).is_some();
        erasures.any(|erased| {
            let key = erased.key_id.map(|key| key.to_string());
            let words = [key.as_deref(), erased.subject_ref.as_deref()];
            let of_tenant = |tenant: &str| {
                names("\"key_id\":\"") && names(&format!("\"tenant_id\":\"{tenant}\""))
            };
            words.into_iter().flatten().any(names)
                || erased.tenant.as_deref().is_some_and(of_tenant)
        })
    }

    /// A payload file that the record names and that is not there: never put, or removed as one that nobody names.
    /// Asked under the log's lock, under which such files are removed.
    fn payload_missing(&self, record: &Submission) -> Result<Option<Finding>, Error> {
        for payload in &record.facts.payloads {
            let name = payload.digest.to_hex();
            if payload.inline.is_none() && self.parts.store.look(Shelf::Payloads, &name)?.is_none()
            {
                return Ok(Some(Finding::new(Code::PayloadMissing).found(name)));
            }
        }
        Ok(None)
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
            producer_id: &record.author.producer_id,
            producer_assurance: &record.author.assurance,
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
        if text.len() > ENTRY_BYTES_MAX {
            return Err(Error::Argument {
                what: "the record",
                why: format!(
                    "its entry has {} bytes, at most {} are allowed",
                    text.len(),
                    ENTRY_BYTES_MAX
                ),
            });
        }
        let leaf = tree::leaf_hash(text);
        retention::note_ruling(self.rulings(), &record.facts, index);
        self.state
            .take_entry(&record.facts, record.run.as_ref(), leaf, building.now);
        building.leaves.push(leaf);
        // The log's own records are made under the lock and repeated by nobody; an import can be made of little else.
        if record.run.is_some() {
            self.ids.add(
                record.facts.record_id,
                Known {
                    index,
                    place: building.place_of(start),
                    length: u32::try_from(text.len()).unwrap_or(u32::MAX),
                },
            );
        }
        Ok(Placed::Fresh {
            record_id: record.record_id.clone(),
            index,
            findings,
            line,
        })
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

/// Refuses a caller's id that is not newer than an entry that was disposed of: whether it repeats that entry nobody can
/// tell, because the id went with it. A version 7 UUID begins with the time of its making.
fn check_not_disposed(until: Option<Timestamp>, record: &Submission) -> Result<Option<u64>, Error> {
    let id = u128::from_be_bytes(record.facts.record_id) >> UUID_RANDOM_BITS;
    match until {
        Some(until) if id <= u128::from(until.unix_millis()) => Err(Error::IdBeforeDisposal {
            record_id: record.record_id.clone(),
            until: until.format_micros(),
        }),
        _ => Ok(None),
    }
}

/// Bytes that the entries of these tickets and a checkpoint line will take, about.
fn room_for(tickets: &[Arc<Ticket>]) -> usize {
    let entries: usize = tickets.iter().map(|ticket| ticket.work.size().1).sum();
    entries.min(GROUP_BYTES_MAX) + CHECKPOINT_LINE_BYTES
}

impl Building {
    /// The place in the log of a byte of the group.
    fn place_of(&self, start: usize) -> Place {
        let offset = u64::try_from(start).unwrap_or(u64::MAX);
        let offset = self.start.offset().saturating_add(offset);
        Place::new(self.start.segment(), offset)
    }

    /// Sixteen fresh random bytes; drawn for as many entries at once as are still to come.
    fn nonce(&mut self, random: &dyn Random) -> Result<[u8; 16], Error> {
        if self.nonces.is_empty() {
            let more = self.expected.saturating_sub(self.leaves.len());
            self.nonces.resize(more.clamp(1, NONCES_DRAWN_MAX), [0; 16]);
            random.fill(self.nonces.as_flattened_mut())?;
        }
        Ok(self.nonces.pop().unwrap_or_default())
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
    pub(crate) fn done(self, group: Option<&Arc<Group>>) -> Done {
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
