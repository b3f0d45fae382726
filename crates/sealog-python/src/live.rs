//! What one process has open of a ledger: the handle, the producer's run, the queue and its worker.
//!
//! A forked child never uses its parent's; it makes its own from the same settings. **No lock of this module but
//! `first` is held while the interpreter's lock is taken**, and whatever may wait is called with the interpreter
//! released.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use sealog_core::json::{Object, Value};
use sealog_core::values::Encoder;
use sealog_ledger::{Access, Appended, Creation, Draft, Error, Ledger, Options, Producer, Whose};

use crate::ids::new_record_id;
use crate::process::Process;
use crate::queue::Queue;
use crate::record::{Job, pointer};
use crate::started::Started;
use crate::worker::{self, Work};

/// How long calls go on without trying again to append the run's first record.
const START_RETRY: Duration = Duration::from_secs(1);

/// Cause of a gap that is no loss: the log refused the record and its caller was told, or had it already.
const UNUSED: &str = "sealog.unused";

/// How long closing waits at least for the closing record, whatever the deadline.
const CLOSE_WAIT_MIN: Duration = Duration::from_millis(100);

/// How a ledger is opened, again in each forked child.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// None: in memory.
    pub(crate) path: Option<PathBuf>,
    pub(crate) creation: Creation,
    pub(crate) options: Options,
    /// Whether a missing ledger is made.
    pub(crate) create: bool,
    pub(crate) tenant: Option<String>,
    pub(crate) system: Option<String>,
    pub(crate) queue_records: usize,
    pub(crate) queue_bytes: usize,
    pub(crate) runtime: Runtime,
}

/// What the producer runs on.
#[derive(Debug, Clone)]
pub(crate) struct Runtime {
    pub(crate) language: String,
    pub(crate) os: String,
    pub(crate) host: String,
}

/// What became of queued records.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) appended: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) gaps: AtomicU64,
}

/// Numbers of calls that have no record, and why: `first`, `last`, cause.
pub(crate) type Gap = (u64, u64, &'static str);

/// A ledger open in one process.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) ledger: Ledger,
    pub(crate) producer: Producer,
    pub(crate) queue: Queue<Work>,
    pub(crate) tally: Tally,
    settings: Settings,
    started: AtomicBool,
    /// The number of the run's first record, once taken; held while that record is appended, for which a policy may
    /// call Python code. So it is waited for with the interpreter released, and never by such code (`inside`).
    first: Mutex<Option<u64>>,
    /// When the first record last failed.
    start_failed: Mutex<Option<Instant>>,
    /// Numbers taken for records that the ledger refused: the next records take them.
    spare: Mutex<Vec<u64>>,
    /// Gaps to be declared.
    gaps: Mutex<Vec<Gap>>,
    /// The first error of a queued record whose caller asked to hear of it.
    failure: Mutex<Option<Error>>,
    /// What the last failure said.
    last_error: Mutex<Option<String>>,
    worker: OnceLock<()>,
    closed: AtomicBool,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Live {
    /// Opens, or makes, the ledger and begins a run.
    pub(crate) fn open(settings: &Settings) -> Result<Arc<Self>, Error> {
        let options = settings.options.clone();
        let ledger = match &settings.path {
            None => Ledger::memory(&settings.creation, options)?,
            Some(path) if settings.create => {
                Ledger::open_or_create(path, &settings.creation, options)?
            }
            Some(path) => Ledger::open(path, options)?,
        };
        let producer = ledger.producer()?;
        Ok(Arc::new(Self {
            ledger,
            producer,
            queue: Queue::new(settings.queue_records, settings.queue_bytes),
            tally: Tally::default(),
            settings: settings.clone(),
            started: AtomicBool::new(false),
            first: Mutex::default(),
            start_failed: Mutex::default(),
            spare: Mutex::default(),
            gaps: Mutex::default(),
            failure: Mutex::default(),
            last_error: Mutex::default(),
            worker: OnceLock::new(),
            closed: AtomicBool::new(false),
        }))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Whether the run's first record is in the log.
    pub(crate) fn has_started(&self) -> bool {
        self.started.load(Ordering::Acquire)
    }

    /// Appends the run's first record, once. May wait for a flush.
    pub(crate) fn start(&self) -> Result<(), Error> {
        if self.has_started() {
            return Ok(());
        }
        let mut first = lock(&self.first);
        if self.has_started() {
            return Ok(());
        }
        let seq = *first.get_or_insert_with(|| self.producer.number());
        let options = self.ledger.options();
        let record_id = new_record_id(options)?;
        let mut body = Object::new();
        body.insert("at", options.clock.now().format_micros());
        body.insert("runtime", Value::Object(self.runtime(&record_id)?));
        body.insert("state", "started");
        let mut draft = Draft::new("log.state", body);
        draft.record_id = Some(record_id);
        draft.producer_seq = Some(seq);
        draft.tenant_id.clone_from(&self.settings.tenant);
        draft.system_id.clone_from(&self.settings.system);
        self.producer.append(draft)?;
        self.started.store(true, Ordering::Release);
        Ok(())
    }

    /// Tries to start before a call, but not again and again while the ledger takes nothing: the call goes on and
    /// its number shows what is missing.
    pub(crate) fn try_start(&self) {
        if self.has_started()
            || lock(&self.start_failed).is_some_and(|failed| failed.elapsed() < START_RETRY)
        {
            return;
        }
        if let Err(error) = self.start() {
            *lock(&self.start_failed) = Some(Instant::now());
            self.failed(error, false);
        }
    }

    fn runtime(&self, record_id: &str) -> Result<Object, Error> {
        let runtime = &self.settings.runtime;
        let mut encoder = Encoder::new();
        let host = encoder
            .str(&runtime.host)
            .and_then(|()| encoder.finish())
            .unwrap_or_default();
        let commitment = self
            .ledger
            .commitment(record_id, "/runtime/host_digest", &host)?;
        let mut object = Object::new();
        object.insert("host_digest", commitment);
        object.insert("language", runtime.language.as_str());
        object.insert("os", runtime.os.as_str());
        object.insert("process", std::process::id());
        object.insert("sealog", env!("CARGO_PKG_VERSION"));
        Ok(object)
    }

    /// Takes the number of a call that begins.
    pub(crate) fn number(&self, process: Process) -> Result<Started, Error> {
        if self.is_closed() {
            return Err(Error::Closed);
        }
        let record_id = new_record_id(self.ledger.options())?;
        Ok(Started::new(process, self.next_number(), record_id))
    }

    /// Completes a job: its number, its id, its time.
    pub(crate) fn complete(&self, job: &mut Job, process: Process) -> Result<(), Error> {
        job.default_to(self.settings.tenant.as_ref(), self.settings.system.as_ref());
        if let Some(started) = &job.started {
            job.seq = started.seq_in(process);
            if job.record_id.is_none() {
                job.record_id = started.id_in(process).map(ToOwned::to_owned);
            }
        }
        let options = self.ledger.options();
        if job.record_id.is_none() {
            job.record_id = Some(new_record_id(options)?);
        }
        if job.occurred_at.is_none() {
            job.occurred_at = Some(options.clock.now());
        }
        if job.seq.is_none() {
            job.seq = Some(self.next_number());
        }
        Ok(())
    }

    fn next_number(&self) -> u64 {
        lock(&self.spare)
            .pop()
            .unwrap_or_else(|| self.producer.number())
    }

    /// Appends completed jobs as one group and waits until they are durable.
    pub(crate) fn append(&self, jobs: &[&Job]) -> Result<Vec<Appended>, Error> {
        self.start()?;
        let drafts = jobs.iter().map(|job| job.draft()).collect();
        self.producer.append_many(drafts)
    }

    /// A record that is certainly not in the log gives back its number, unless a call holds it: the call took place.
    pub(crate) fn release(&self, job: &Job) {
        if job.started.is_none() {
            lock(&self.spare).extend(job.seq);
        }
    }

    /// A record that stood in the log already stands there under another number.
    pub(crate) fn release_repeats(&self, jobs: &[&Job], appended: &[Appended]) {
        for (job, appended) in jobs.iter().zip(appended) {
            if appended.is_repeat() {
                self.release(job);
            }
        }
    }

    /// Notes that the call of this number has no record; it is declared when the log next takes something.
    pub(crate) fn miss(&self, seq: u64, cause: &'static str) {
        self.tally.lost.fetch_add(1, Ordering::Relaxed);
        let mut gaps = lock(&self.gaps);
        match gaps.last_mut() {
            Some((_, last, same)) if *last + 1 == seq && *same == cause => *last = seq,
            _ => gaps.push((seq, seq, cause)),
        }
    }

    /// Declares the gaps that were noted; what cannot be declared now stays noted.
    pub(crate) fn declare_gaps(&self) -> Result<(), Error> {
        loop {
            let Some((first, last, cause)) = lock(&self.gaps).pop() else {
                return Ok(());
            };
            let declared = self
                .start()
                .and_then(|()| self.producer.gap(first, last, cause));
            match declared {
                Ok(_) => self.tally.gaps.fetch_add(1, Ordering::Relaxed),
                Err(error) => {
                    lock(&self.gaps).push((first, last, cause));
                    return Err(error);
                }
            };
        }
    }

    /// Keeps what a failure said, and the failure itself where somebody asked to hear of it.
    pub(crate) fn failed(&self, error: Error, raise: bool) {
        *lock(&self.last_error) = Some(error.to_string());
        if raise {
            lock(&self.failure).get_or_insert(error);
        }
    }

    pub(crate) fn take_failure(&self) -> Option<Error> {
        lock(&self.failure).take()
    }

    pub(crate) fn last_error(&self) -> Option<String> {
        lock(&self.last_error).clone()
    }

    /// Starts the worker, once.
    pub(crate) fn worker(self: &Arc<Self>) -> Result<(), Error> {
        if self.worker.get().is_some() {
            return Ok(());
        }
        let mut outcome = Ok(());
        self.worker.get_or_init(|| outcome = worker::spawn(self));
        outcome
    }

    /// Ends the run: empties the queue, declares gaps, appends the closing record and closes the ledger, all by the
    /// deadline. False if that was too short: what is left shows as holes of the run, or as an open run.
    pub(crate) fn close(self: &Arc<Self>, deadline: Instant) -> Result<bool, Error> {
        if self.closed.swap(true, Ordering::AcqRel) {
            return Ok(true);
        }
        self.queue.close();
        if !self.queue.wait_finished(deadline) {
            return Ok(false);
        }
        // A thread of its own: the turn to write may be with another process for long.
        let (sender, ended) = sync_channel(1);
        let live = Arc::clone(self);
        let ending = thread::Builder::new().name("sealog-closer".into());
        let spawned = ending.spawn(move || {
            let outcome = live.end_run().and(live.ledger.close());
            // Nobody listens any more if the deadline has passed.
            let _ = sender.send(outcome);
        });
        spawned.map_err(|error| Error::Argument {
            what: "the closing thread",
            why: error.to_string(),
        })?;
        // A moment at least, so that a queue which emptied just in time still ends in a closed run.
        let left = deadline
            .saturating_duration_since(Instant::now())
            .max(CLOSE_WAIT_MIN);
        match ended.recv_timeout(left) {
            Ok(outcome) => outcome.map(|()| true),
            Err(_) => Ok(false),
        }
    }

    fn end_run(&self) -> Result<(), Error> {
        let silent = !self.has_started() && self.producer.count() == 0;
        if silent || self.ledger.access() == Access::Read {
            return Ok(());
        }
        let unused = std::mem::take(&mut *lock(&self.spare));
        lock(&self.gaps).extend(unused.into_iter().map(|seq| (seq, seq, UNUSED)));
        self.declare_gaps()?;
        self.producer.stop().map(drop)
    }

    /// A commitment to a value of a record's field.
    pub(crate) fn commitment(
        &self,
        whose: &Whose,
        record_id: &str,
        member: &str,
        value: &[u8],
    ) -> Result<String, Error> {
        let path = pointer_to(member);
        self.ledger.commitment_of(whose, record_id, &path, value)
    }
}

/// A field as a JSON Pointer: one already, or the name of a member of the body.
pub(crate) fn pointer_to(field: &str) -> String {
    if field.starts_with('/') {
        field.to_owned()
    } else {
        pointer(field)
    }
}
