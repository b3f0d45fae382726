//! How a ledger is opened.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sealog_core::entry::{self, LogMember};
use sealog_core::json::Tape;
use sealog_core::kinds;
use sealog_core::limits::EPOCH_ENTRIES;
use sealog_core::time::Timestamp;
use sealog_core::tlog::sign::Signer;
use sealog_privacy::policy::Policy;
use sealog_privacy::wrap::KeyWrapper;

use crate::clock::{Clock, Random, SystemClock, SystemRandom};
use crate::error::Error;

/// Reading only, or appending too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// No key is needed and nothing is changed, but for a query index that is there already.
    Read,
    /// Needs the log's key.
    Append,
}

/// What is done with head copies, the last checkpoints that this machine saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadCopyPolicy {
    /// Compare where one is there; go on where none is, and say so in the log.
    Use,
    /// Refuse a ledger that is not empty and has none.
    Require,
    /// Neither read nor write them. Only for ledgers in memory and for tests.
    Off,
}

/// Who keeps the query index up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexMode {
    /// A thread of this process that follows the log.
    Follow,
    /// Whoever searches: the index is brought up to date first. Closing a handle that appends makes up for a large lag.
    Manual,
    /// There is none; ids of callers cannot be compared with old ones.
    Off,
}

/// Options of a ledger. Named fields; [`Options::default`] is right for a service.
#[derive(Debug, Clone)]
pub struct Options {
    /// Reading only, or appending too.
    pub access: Access,
    /// Directory of the keys; none: beside the ledger, under its name and `.secrets`.
    pub secrets: Option<PathBuf>,
    /// Directory of head copies; none: the user's state directory.
    pub state_dir: Option<PathBuf>,
    /// Directory of `known_logs`; none: the user's configuration directory.
    pub config_dir: Option<PathBuf>,
    /// Signs in place of the key file. A new ledger without an origin gets that of its key.
    pub signer: Option<Arc<dyn Signer>>,
    /// How long the signer may take over one signature, under the log's lock, if it does not answer at once.
    pub signer_wait: Duration,
    /// How long to wait for the turn to write.
    pub turn_wait: Duration,
    /// Records that may wait to be written.
    pub queue_records_max: usize,
    /// Bytes of records that may wait to be written.
    pub queue_bytes_max: usize,
    /// How long a caller waits for room in the queue.
    pub queue_wait: Duration,
    /// Bytes of a segment after which the next group begins a new one.
    pub segment_bytes: u64,
    /// Entries after which an epoch is due.
    pub epoch_entries: u64,
    /// Seconds after which an epoch is due.
    pub epoch_seconds: u64,
    /// What is done with head copies.
    pub head_copy: HeadCopyPolicy,
    /// Who keeps the query index up to date.
    pub index: IndexMode,
    /// File systems that other hosts mount and that are written to all the same, by name.
    pub allow_file_systems: Vec<String>,
    /// Who submits records through this handle, as an identifier.
    pub producer_id: String,
    /// How that was authenticated, an identifier of `kinds.json`.
    pub producer_assurance: String,
    /// What is done with personal data in records before they are written; none: nothing.
    pub privacy: Option<Arc<Policy>>,
    /// Wraps data keys in place of the key file of the key store.
    pub key_wrapper: Option<Arc<dyn KeyWrapper>>,
    /// The log's clock.
    pub clock: Arc<dyn Clock>,
    /// The log's random source.
    pub random: Arc<dyn Random>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            access: Access::Append,
            secrets: None,
            state_dir: None,
            config_dir: None,
            signer: None,
            signer_wait: Duration::from_secs(10),
            turn_wait: Duration::from_secs(10),
            queue_records_max: 65_536,
            queue_bytes_max: 64 * 1024 * 1024,
            queue_wait: Duration::from_secs(10),
            segment_bytes: 256 * 1024 * 1024,
            epoch_entries: EPOCH_ENTRIES,
            epoch_seconds: 600,
            head_copy: HeadCopyPolicy::Use,
            index: IndexMode::Follow,
            allow_file_systems: Vec::new(),
            producer_id: "local".into(),
            producer_assurance: "none".into(),
            privacy: None,
            key_wrapper: None,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        }
    }
}

impl Options {
    /// Whether what the log would write of its clock and of the producer can be read again, by the rule of the entries
    /// themselves: a record is checked when it comes, this is said once and stands in every entry.
    ///
    /// # Errors
    /// [`Error::Argument`], which names the member; never for readers, who write nothing of it.
    pub(crate) fn check_what_is_written(&self) -> Result<(), Error> {
        if self.access == Access::Read {
            return Ok(());
        }
        let log = LogMember {
            index: 0,
            seq: 0,
            prev_hash: None,
            recorded_at: Timestamp::EPOCH,
            clock_source: self.clock.source(),
            clock_uncertainty_ms: self.clock.uncertainty_ms(),
            producer_id: &self.producer_id,
            producer_assurance: &self.producer_assurance,
            nonce: &[0; 16],
            prev_checkpoint: None,
        };
        let mut line = Vec::new();
        entry::write_entry(&mut line, &log, b"{}", None);
        let refused = |why: String| Error::Argument {
            what: "what is said of the producer or the clock",
            why,
        };
        let mut tape = Tape::new();
        let read = tape
            .read(&line)
            .map_err(|error| refused(error.to_string()))?;
        let log = read.member("log");
        let log = log.ok_or_else(|| refused("it cannot be written".into()))?;
        kinds::check_log(log).map_err(|error| refused(error.to_string()))
    }
}

/// What entry 0 of a new ledger says.
#[derive(Debug, Clone, Default)]
pub struct Creation {
    /// The origin; none: `sealog.local/` and the path's name and 16 random hex digits.
    pub origin: Option<String>,
    /// Organisation that runs the log.
    pub operator: Option<String>,
    /// What the log is for.
    pub purpose: Option<String>,
    /// Why it was created now.
    pub reason: Option<String>,
    /// Key, kept offline, that may revoke a stolen log key.
    pub recovery_vkey: Option<String>,
    /// The ledger that this one goes on from.
    pub continues: Option<Continues>,
}

/// The ledger that a new one goes on from, when that one may not be continued.
#[derive(Debug, Clone)]
pub struct Continues {
    /// Its origin.
    pub origin: String,
    /// Size of the last checkpoint still held.
    pub held_size: u64,
    /// Its root, 64 lowercase hex digits.
    pub held_root: String,
    /// Size and root of the last checkpoint known from elsewhere.
    pub known: Option<(u64, String)>,
    /// What happened.
    pub because: String,
}
