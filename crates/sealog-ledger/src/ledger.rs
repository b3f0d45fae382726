//! The handle on a ledger: opening it, adding to it, closing it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use sealog_core::commitment::{Commitment, Salt};
use sealog_core::config::Bands;
use sealog_core::entry::checkpoint_line;
use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::limits::{GROUP_BYTES_MAX, GROUP_ENTRIES_MAX};
use sealog_core::state::{Configs, Labels, LogState};
use sealog_core::tlog::sign::Signer;
use sealog_store::{Place, Store};

use crate::appended::Appended;
use crate::canopy::Canopy;
use crate::error::Error;
use crate::index::Index;
use crate::keys::{self, LedgerDataKey};
use crate::options::{Access, Options};
use crate::producer::Producer;
use crate::queue::{Queue, Room, Ticket, lock};
use crate::replay;
use crate::rewritten;
use crate::snapshot::{self, Resumed, Unfit};
use crate::work::Work;
use crate::writer::Writer;

/// A handle open for this long seals an epoch when it closes.
const LONG_LIVED: Duration = Duration::from_secs(10);
/// And so does one that leaves this many entries behind.
const LONG_LIVED_ENTRIES: u64 = 64;

/// A ledger. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Ledger(pub(crate) Arc<Inner>);

/// What all clones share.
pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) path: Option<PathBuf>,
    pub(crate) options: Options,
    pub(crate) origin: String,
    pub(crate) queue: Queue,
    pub(crate) side: Side,
    pub(crate) index: Index,
    /// Configurations and labels as of the last commit, for callers that must not wait for one.
    pub(crate) view: RwLock<Arc<View>>,
    pub(crate) data_key: OnceLock<LedgerDataKey>,
    /// Data keys of persons and tenants. Its transactions are never waited for under the writer's lock.
    pub(crate) keys: crate::privacy::Keys,
    pub(crate) closed: Mutex<bool>,
    /// For proofs of entries of earlier groups. Taken before the writer's lock, never after.
    pub(crate) canopy: Mutex<Canopy>,
    /// Entries of the log when this handle last looked, for whoever must not wait for a group under way.
    seen: AtomicU64,
    opened: Instant,
}

/// What a handle may do, and its state of the log.
pub(crate) enum Side {
    Append(Box<Mutex<Writer>>),
    Read(Box<Mutex<Reading>>),
}

/// The state of a log that is only read.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) state: LogState,
    pub(crate) place: Place,
    /// Why what stands behind the newest checkpoint could not be taken in, if whole lines stand there.
    pub(crate) refused: Option<Finding>,
    /// How often segments had been rewritten when `place` was true.
    pub(crate) rewrites: u64,
}

impl Reading {
    /// The state of a log of this origin before any line is read.
    pub(crate) fn new(origin: &str) -> Self {
        Self {
            state: LogState::new(origin),
            place: Place::START,
            refused: None,
            rewrites: 0,
        }
    }

    /// Reads a log from the newest snapshot that it vouches for, or else from its beginning. `vkey` is the key of
    /// its first entry: with no key at hand, only a snapshot by that one is as good as the log itself, which tells
    /// how its key was handed over.
    pub(crate) fn load(&mut self, store: &dyn Store, vkey: &str) -> Result<(), Error> {
        let own = |resumed: &Resumed| {
            let keys = resumed.state.keys();
            keys.retired().is_empty() && keys.active().is_some_and(|key| key.to_string() == vkey)
        };
        let rewrites = store.rewrites()?;
        let resumed = snapshot::newest(store, self.state.origin(), Unfit::Leave).filter(own);
        if let Some(Resumed { state, place }) = resumed {
            let size = state.size();
            let state = state.changed_after(&self.state);
            *self = Self {
                state,
                place,
                refused: None,
                rewrites,
            };
            match self.read_on(store) {
                Ok(()) if self.state.size() > size => return Ok(()),
                Ok(()) | Err(Error::Damaged { .. }) => *self = Self::new(self.state.origin()),
                Err(error) => return Err(error),
            }
        }
        self.read_on(store)
    }

    /// Takes in what came since. After a failure it begins anew, and so it does where entries were disposed of
    /// meanwhile.
    fn read_on(&mut self, store: &dyn Store) -> Result<(), Error> {
        for _ in 0..rewritten::READINGS_MAX {
            let anew = self.anew();
            let rewrites = store.rewrites()?;
            if rewrites != self.rewrites {
                let place = rewritten::relocate(store, self.state.last_checkpoint(), self.place)?;
                match place {
                    Some(place) => self.place = place,
                    None => *self = self.anew(),
                }
                self.rewrites = rewrites;
            }
            let read = replay::replay(&mut self.state, store, self.place, &mut replay::Unobserved);
            if store.rewrites()? != rewrites {
                *self = anew;
                rewritten::wait(store);
                continue;
            }
            return match read {
                Ok(end) => {
                    self.place = end.place;
                    self.refused = end.finding;
                    Ok(())
                }
                Err(error) => {
                    *self = anew;
                    Err(error)
                }
            };
        }
        Err(Error::Rewritten)
    }

    /// The state of this log before any line is read, told apart from what this is now.
    fn anew(&self) -> Self {
        let state = LogState::new(self.state.origin()).changed_after(&self.state);
        Self {
            state,
            place: Place::START,
            refused: None,
            rewrites: self.rewrites,
        }
    }
}

/// What callers need to know of the state before they append.
#[derive(Debug, Default)]
pub(crate) struct View {
    changes: u64,
    pub(crate) configs: Configs,
    pub(crate) labels: Labels,
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ledger({})", self.0.origin)
    }
}

impl Ledger {
    pub(crate) fn assemble(
        store: Arc<dyn Store>,
        path: Option<PathBuf>,
        options: Options,
        origin: String,
        side: Side,
        index: Index,
    ) -> Self {
        let room = Room {
            records: options.queue_records_max,
            bytes: options.queue_bytes_max,
            wait: options.queue_wait,
            // Room for the entries that the log adds itself, and for the checkpoint line.
            group_records: GROUP_ENTRIES_MAX - 2,
            group_bytes: GROUP_BYTES_MAX - 256 * 1024,
        };
        let ledger = Self(Arc::new(Inner {
            store,
            path,
            options,
            origin,
            queue: Queue::new(room),
            side,
            index,
            view: RwLock::default(),
            data_key: OnceLock::new(),
            keys: crate::privacy::Keys::default(),
            closed: Mutex::new(false),
            canopy: Mutex::new(Canopy::new()),
            seen: AtomicU64::new(0),
            opened: Instant::now(),
        }));
        ledger.with_state(|state, place| ledger.show(state, place));
        ledger
    }

    /// Where the ledger lies; none in memory.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The log's origin.
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// How it was opened.
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.0.store
    }

    /// The verifier key that signs the log now.
    pub fn vkey(&self) -> String {
        self.with_state(|state, _| state.keys().active().map(ToString::to_string))
            .unwrap_or_default()
    }

    /// SHA-256 of the verifier key in hex: what people compare.
    pub fn fingerprint(&self) -> String {
        self.with_state(|state, _| state.keys().active().map(keys::fingerprint))
            .unwrap_or_default()
    }

    /// Entries that a signed checkpoint covers, as this handle last saw it; see [`Ledger::refresh`].
    pub fn size(&self) -> u64 {
        // Entries behind the newest checkpoint are a group under way, or a tail that nothing vouches for.
        self.with_state(|state, _| state.size() - state.uncovered())
    }

    /// Entries that this handle has seen, without waiting for a group under way: it may be behind.
    pub(crate) fn seen(&self) -> u64 {
        self.0.seen.load(Ordering::Acquire)
    }

    /// Why the lines behind the newest checkpoint cannot be part of the log, if whole ones stand there. None for a
    /// group that is being written. Only a handle for reading gets that far: one for appending is not opened.
    pub fn refused_tail(&self) -> Option<Finding> {
        match &self.0.side {
            Side::Append(_) => None,
            Side::Read(reading) => lock(reading).refused.clone(),
        }
    }

    /// The newest signed checkpoint, as a note.
    pub fn checkpoint(&self) -> Result<String, Error> {
        self.refresh_to_leave()?;
        let note =
            self.with_state(|state, _| state.last_checkpoint().map(|last| last.note.clone()));
        note.ok_or(Error::Damaged {
            findings: vec![Finding::new(Code::EmptyLedger)],
        })
    }

    /// Runs something over the state of the log and the place where it ends.
    pub(crate) fn with_state<T>(&self, look: impl FnOnce(&LogState, Place) -> T) -> T {
        match &self.0.side {
            Side::Append(writer) => {
                let writer = lock(writer);
                look(&writer.state, writer.place)
            }
            Side::Read(reading) => {
                let reading = lock(reading);
                look(&reading.state, reading.place)
            }
        }
    }

    /// Takes in what other processes added since. Cheap where nothing came.
    pub fn refresh(&self) -> Result<(), Error> {
        match &self.0.side {
            Side::Append(writer) => {
                let mut writer = lock(writer);
                let store = Arc::clone(&self.0.store);
                let mut turn = store.turn(self.0.options.turn_wait)?;
                writer.catch_up(&mut *turn)?;
                self.show(&writer.state, writer.place);
            }
            Side::Read(reading) => {
                let mut reading = lock(reading);
                reading.read_on(self.store())?;
                self.show(&reading.state, reading.place);
            }
        }
        Ok(())
    }

    /// The same, so that what is read afterwards may leave this process: a writer flushed what it takes in; a reader
    /// looks again while the log is flushed and no writer is about to take a group back.
    pub(crate) fn refresh_to_leave(&self) -> Result<(), Error> {
        self.refresh()?;
        let Side::Read(reading) = &self.0.side else {
            return Ok(());
        };
        let _still = self.0.store.hold_still(self.0.options.turn_wait)?;
        if !ends_in_checkpoint(self.store(), &lock(reading))? {
            // What this reader saw was taken back since.
            let anew = lock(reading).anew();
            *lock(reading) = anew;
        }
        self.refresh()
    }

    /// Shows callers the configurations and labels of a state, if they changed, and the index how far the log goes.
    fn show(&self, state: &LogState, place: Place) {
        self.0.index.head_moved(state, place);
        let size = state.size() - state.uncovered();
        self.0.seen.store(size, Ordering::Release);
        let shown = self.view().changes;
        if shown == state.changes() {
            return;
        }
        let view = View {
            changes: state.changes(),
            configs: state.configs().clone(),
            labels: state.labels().clone(),
        };
        *self.0.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
    }

    pub(crate) fn view(&self) -> Arc<View> {
        Arc::clone(&self.0.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A new run of a producer.
    pub fn producer(&self) -> Result<Producer, Error> {
        Producer::new(self.clone())
    }

    /// Commits work with whatever else waits.
    pub(crate) fn commit(&self, work: Work) -> Result<Vec<Appended>, Error> {
        let Side::Append(writer) = &self.0.side else {
            return Err(Error::ReadOnly {
                path: self.0.path.clone().unwrap_or_default(),
            });
        };
        if *lock(&self.0.closed) {
            return Err(Error::Closed);
        }
        if work.has_own_ids() {
            self.0.index.prepare_ids();
        }
        let done = self.0.queue.run(work, |tickets: &[Arc<Ticket>]| {
            let mut writer = lock(writer);
            writer.commit(tickets);
            self.show(&writer.state, writer.place);
        })?;
        Ok(done
            .into_iter()
            .map(|done| Appended::new(done, self.clone()))
            .collect())
    }

    /// What signs for this log; none where the ledger is only read.
    pub(crate) fn signer(&self) -> Option<Arc<dyn Signer>> {
        match &self.0.side {
            Side::Append(writer) => Some(Arc::clone(&lock(writer).parts.signer)),
            Side::Read(_) => None,
        }
    }

    pub(crate) fn commit_own(
        &self,
        make: impl Fn(&LogState) -> Result<crate::draft::Draft, Error> + Send + Sync + 'static,
        successor: Option<Arc<dyn Signer>>,
    ) -> Result<Appended, Error> {
        self.commit_own_all(move |state| Ok(vec![make(state)?]), successor)
    }

    /// The same of several records, which stand one behind the other; returns the last.
    pub(crate) fn commit_own_all(
        &self,
        make: impl Fn(&LogState) -> Result<Vec<crate::draft::Draft>, Error> + Send + Sync + 'static,
        successor: Option<Arc<dyn Signer>>,
    ) -> Result<Appended, Error> {
        let mut appended = self.commit(Work::Admin(Box::new(make), successor))?;
        appended.pop().ok_or(Error::Closed)
    }

    /// The label that a configuration gives a score: none if it has no bands.
    pub fn derive_label(&self, config_digest: &Hash, score: f64) -> Result<Option<String>, Error> {
        let label = |view: &View| {
            let version = view.configs.version(config_digest)?;
            Some(
                version
                    .bands()
                    .map(|bands: &Bands| bands.label_of(score).to_owned()),
            )
        };
        if let Some(label) = label(&self.view()) {
            return Ok(label);
        }
        self.refresh()?;
        label(&self.view()).ok_or_else(|| Error::Rules {
            findings: vec![Finding::new(Code::ConfigNeverActive).found(config_digest.to_hex())],
        })
    }

    /// A commitment to a value, under the ledger's data key (design rule 8).
    pub fn commitment(
        &self,
        record_id: &str,
        field: &str,
        canonical_value: &[u8],
    ) -> Result<String, Error> {
        let key = self.data_key()?;
        Ok(key
            .key
            .salt(record_id, field)
            .commit(key.id, canonical_value)
            .to_string())
    }

    /// The salt of a commitment at this field of this record; `None` if its data key is not here or not any more.
    pub(crate) fn salt_of(
        &self,
        commitment: &Commitment,
        record_id: &str,
        field: &str,
    ) -> Result<Option<Salt>, Error> {
        match self.key_named(commitment.key_id()) {
            Ok((_, key)) => Ok(Some(key.key.salt(record_id, field))),
            Err(Error::DataKey { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn data_key(&self) -> Result<&LedgerDataKey, Error> {
        if let Some(key) = self.0.data_key.get() {
            return Ok(key);
        }
        let key = match self.secrets() {
            Some(directory) => keys::data_key(
                &directory.join(keys::DATA_KEY_FILE),
                &*self.0.options.random,
            )?,
            None => keys::new_data_key(&*self.0.options.random)?,
        };
        Ok(self.0.data_key.get_or_init(|| key))
    }

    /// The directory of the ledger's secrets; none in memory.
    pub fn secrets(&self) -> Option<PathBuf> {
        let path = self.0.path.as_ref()?;
        Some(
            self.0
                .options
                .secrets
                .clone()
                .unwrap_or_else(|| keys::secrets_of(path)),
        )
    }

    /// Seals an epoch if a long-lived handle leaves entries behind that none covers, cuts the filler, and takes no
    /// more records.
    pub fn close(&self) -> Result<(), Error> {
        if let Side::Append(writer) = &self.0.side {
            let since = lock(writer).state.entries_since_epoch();
            // One call of the command line is no reason to seal an epoch.
            let long_lived = self.0.opened.elapsed() >= LONG_LIVED || since >= LONG_LIVED_ENTRIES;
            if !*lock(&self.0.closed) && since > 1 && long_lived {
                self.seal_epoch()?;
            }
            *lock(&self.0.closed) = true;
            self.0.index.close();
            self.0.store.close(self.0.options.turn_wait)?;
        }
        Ok(())
    }

    /// Why the last head copy could not be written, if it could not. The log itself is not concerned, but a restored
    /// backup would go unnoticed.
    pub fn head_copy_failure(&self) -> Option<String> {
        match &self.0.side {
            Side::Append(writer) => lock(writer).parts.head.failure(),
            Side::Read(_) => None,
        }
    }

    /// Whether this handle may append.
    pub fn access(&self) -> Access {
        match self.0.side {
            Side::Append(_) => Access::Append,
            Side::Read(_) => Access::Read,
        }
    }
}

/// Whether the last checkpoint that was read still stands where it stood.
fn ends_in_checkpoint(store: &dyn Store, reading: &Reading) -> Result<bool, Error> {
    let Some(last) = reading.state.last_checkpoint() else {
        return Ok(true);
    };
    let mut line = checkpoint_line(&last.note);
    line.push(b'\n');
    let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
    let Some(start) = reading.place.offset().checked_sub(length) else {
        return Ok(false);
    };
    let mut found = vec![0; line.len()];
    match store.read(reading.place.segment(), start, &mut found) {
        Ok(read) => Ok(read == line.len() && found == line),
        Err(sealog_store::Error::NoSuchPlace { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
