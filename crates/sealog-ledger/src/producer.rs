//! Producers: who numbers its calls, so that a missing one shows.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use sealog_core::entry::LOG_PRODUCER;
use sealog_core::hash::Hash;
use sealog_core::json::{Object, Value};
use sealog_core::map;

use crate::Error;
use crate::appended::Appended;
use crate::clock::{NewIds, new_token, new_uuid};
use crate::draft::{self, Author, Draft, Filling, RecordSignature, Submission, integer};
use crate::ledger::Ledger;
use crate::prepared::Prepared;
use crate::queue::lock;
use crate::work::Work;

/// One run of a producer: random, new at each start of a process and in each forked child. Cheap to clone; clones
/// share the numbering.
#[derive(Debug, Clone)]
pub struct Producer {
    ledger: Ledger,
    author: Arc<Author>,
    run: Arc<str>,
    /// The state map's key of the run.
    run_key: Hash,
    next: Arc<AtomicU64>,
    prepared: Arc<Mutex<Prepared>>,
}

impl Producer {
    pub(crate) fn new(ledger: Ledger) -> Result<Self, Error> {
        if ledger.options().producer_id == LOG_PRODUCER {
            let why = format!("{LOG_PRODUCER} is the log's own");
            return Err(Error::Argument {
                what: "the producer id",
                why,
            });
        }
        let run = new_token(&*ledger.options().random)?;
        let options = ledger.options();
        let author = Author {
            producer_id: options.producer_id.clone(),
            assurance: options.producer_assurance.clone(),
        };
        Ok(Self {
            run_key: run_key(&author, &run),
            author: Arc::new(author),
            prepared: Arc::new(Mutex::new(Prepared::new(ledger.seen()))),
            ledger,
            run: run.into(),
            next: Arc::new(AtomicU64::new(0)),
        })
    }

    /// The run's name.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The ledger that it writes to.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Takes the next number. Take it when the call starts and give it to the draft: a call that never ends leaves
    /// a hole.
    pub fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Numbers taken so far.
    pub fn count(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// A fresh `record_id`, for whoever has to know it before the append: a commitment's salt is derived from it.
    pub fn new_record_id(&self) -> Result<String, Error> {
        let options = self.ledger.options();
        new_uuid(&*options.clock, &*options.random)
    }

    /// Appends one record; returns when it is durable and covered by a signed checkpoint.
    pub fn append(&self, draft: Draft) -> Result<Appended, Error> {
        let mut appended = self.append_many(vec![draft])?;
        appended.pop().ok_or(Error::Closed)
    }

    /// Appends one record with its actor's signature over exactly the bytes that [`Producer::prepare`] gave.
    ///
    /// # Errors
    /// [`Error::SubjectErased`] if somebody was erased since it was prepared whose key or pseudonym it names: prepare
    /// it again. When it was prepared is remembered of the newest 1,024 records of a producer. Another one is taken to
    /// be as old as its run, and one of another run as old as the log, so that it is refused if it names anybody who
    /// was ever erased, or whom a log with more than 1,024 erasures may have forgotten.
    pub fn append_signed(
        &self,
        record: Vec<u8>,
        signature: RecordSignature,
    ) -> Result<Appended, Error> {
        let mut submission = self.submission(record, true, None, Some(signature))?;
        let is_of_run = submission.run == Some(self.run_key);
        submission.keys_as_of = lock(&self.prepared).keys_as_of(&submission.record, is_of_run);
        let mut appended = self.ledger.commit(Work::Records(vec![submission]))?;
        appended.pop().ok_or(Error::Closed)
    }

    /// Appends records as one group: all of them or none.
    pub fn append_many(&self, drafts: Vec<Draft>) -> Result<Vec<Appended>, Error> {
        if drafts.is_empty() {
            return Err(Error::Argument {
                what: "the batch",
                why: "it is empty".into(),
            });
        }
        let mut submissions = Vec::with_capacity(drafts.len());
        // One block of numbers: taken one by one, those of calls that run at once would interleave, and until all
        // of them are written each number of the other calls is a hole of its own.
        let unnumbered = drafts.iter().filter(|draft| draft.producer_seq.is_none());
        let unnumbered = u64::try_from(unnumbered.count()).unwrap_or(u64::MAX);
        let mut numbers = self.next.fetch_add(unnumbered, Ordering::Relaxed)..;
        let options = self.ledger.options();
        let mut ids = NewIds::new(&*options.clock, &*options.random, drafts.len());
        for mut draft in drafts {
            draft.producer_seq = draft.producer_seq.or_else(|| numbers.next());
            let own_id = draft.record_id.is_some();
            let keys_as_of = self.keys_as_of(&draft);
            let record = self.prepare_under(draft, &mut ids)?;
            submissions.push(self.submission(record, own_id, keys_as_of, None)?);
        }
        self.ledger.commit(Work::Records(submissions))
    }

    /// Completes a draft to the canonical bytes of its record, and stores payloads that need a file.
    pub fn prepare(&self, draft: Draft) -> Result<Vec<u8>, Error> {
        let options = self.ledger.options();
        let mut ids = NewIds::new(&*options.clock, &*options.random, 1);
        let keys_as_of = self.keys_as_of(&draft);
        let record = self.prepare_under(draft, &mut ids)?;
        lock(&self.prepared).add(&record, keys_as_of);
        Ok(record)
    }

    /// Entries that were seen before the keys of a record are taken; none if it takes none that can be destroyed.
    fn keys_as_of(&self, draft: &Draft) -> Option<u64> {
        let takes = draft.subject.is_some() || self.ledger.options().privacy.is_some();
        takes.then(|| self.ledger.seen())
    }

    fn prepare_under(&self, mut draft: Draft, ids: &mut NewIds<'_>) -> Result<Vec<u8>, Error> {
        let options = self.ledger.options();
        let record_id = match draft.record_id.take() {
            Some(id) => id,
            None => ids.next()?,
        };
        let privacy = crate::privacy::protect(&self.ledger, &mut draft, &record_id)?;
        let seq = draft.producer_seq.unwrap_or_else(|| self.number());
        let filling = Filling {
            record_id,
            now: options.clock.now(),
            run: &self.run,
            seq,
            privacy,
        };
        let (record, files) = draft::record_of(draft, &filling)?;
        for (name, bytes) in files {
            self.ledger
                .store()
                .put(sealog_store::Shelf::Payloads, &name, &bytes)?;
        }
        Ok(record)
    }

    fn submission(
        &self,
        record: Vec<u8>,
        own_id: bool,
        keys_as_of: Option<u64>,
        signature: Option<RecordSignature>,
    ) -> Result<Submission, Error> {
        let facts = draft::check(&record)?;
        let run = facts.run.text(&record);
        Ok(Submission {
            run: Some(if *run == *self.run {
                self.run_key
            } else {
                run_key(&self.author, run)
            }),
            record_id: sealog_core::state::format_uuid(&facts.record_id),
            own_id,
            facts,
            keys_as_of,
            record,
            author: Arc::clone(&self.author),
            signature_member: signature.as_ref().map(draft::signature_member),
            signature,
        })
    }

    /// Appends `log.state` `started`: the run's first record, durable before the first call returns. `runtime` is
    /// what the producer runs on.
    pub fn start(
        &self,
        runtime: Option<Object>,
        heartbeat_s: Option<u64>,
    ) -> Result<Appended, Error> {
        let mut body = self.state_body("started");
        if let Some(seconds) = heartbeat_s {
            body.insert("heartbeat_s", integer(seconds)?);
        }
        if let Some(runtime) = runtime {
            body.insert("runtime", Value::Object(runtime));
        }
        self.append(Draft::new("log.state", body))
    }

    /// Appends `log.state` `stopped` with the count of numbers taken, its own included: the run's last record.
    pub fn stop(&self) -> Result<Appended, Error> {
        let seq = self.number();
        let mut body = self.state_body("stopped");
        body.insert("count", integer(seq + 1)?);
        let mut draft = Draft::new("log.state", body);
        draft.producer_seq = Some(seq);
        self.append(draft)
    }

    /// Declares that the calls of these numbers of this run are missing.
    pub fn gap(&self, first: u64, last: u64, cause: &str) -> Result<Appended, Error> {
        let mut body = Object::new();
        body.insert("cause", cause);
        body.insert("count", integer(last.saturating_sub(first) + 1)?);
        body.insert("declared_by", self.ledger.options().producer_id.as_str());
        body.insert("first_seq", integer(first)?);
        body.insert("last_seq", integer(last)?);
        self.append(Draft::new("gap.declared", body))
    }

    fn state_body(&self, state: &str) -> Object {
        let mut body = Object::new();
        body.insert("at", self.ledger.options().clock.now().format_micros());
        body.insert("state", state);
        body
    }
}

fn run_key(author: &Author, run: &str) -> Hash {
    map::key("producer", &[&author.producer_id, run])
}
