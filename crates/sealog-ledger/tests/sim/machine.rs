//! The simulated machine with its processes, each with a handle on the one ledger.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sealog_core::tlog::sign::{Ed25519Signer, Signer};
use sealog_core::tlog::vkey::KeyType;
use sealog_ledger::verify::Request;
use sealog_ledger::{
    Access, Creation, Error, HeadCopyPolicy, IndexMode, Ledger, Options, Producer,
};
use sealog_store::disk::Disk;
use sealog_store::disk::sim::{FaultRates, Flushes, SimDisk, SimOptions, SimProcess};
use sealog_store::{FileOptions, FileStore, Store};

use crate::model::{Broken, Model};
use crate::sources::{Seeded, Ticks};

pub(crate) const ORIGIN: &str = "example.org/sim";
const LEDGER: &str = "/sim.sealog";
const STATE: &str = "/state";

/// Where the ledger lies.
pub(crate) fn ledger_path() -> &'static Path {
    Path::new(LEDGER)
}
/// Small, so that a run of some dozen appends makes several segments.
const SEGMENT_BYTES: u64 = 12 * 1024;
const EPOCH_ENTRIES: u64 = 24;
/// How long a process waits for its turn, on the simulated clock.
const WAIT: Duration = Duration::from_millis(50);

/// What a run leaves out, to show that it would be noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Without {
    Nothing,
    FileFlushes,
    DirectoryFlushes,
    HeadCopies,
}

/// One process: its disk, and its ledger if that is open.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) disk: SimProcess,
    pub(crate) open: Option<(Ledger, Producer)>,
}

/// The machine.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) disk: SimDisk,
    pub(crate) clock: Arc<Ticks>,
    random: Arc<Seeded>,
    signer: Arc<dyn Signer>,
    without: Without,
}

impl Process {
    /// Whether it still runs.
    pub(crate) fn runs(&self) -> bool {
        self.disk.metadata(Path::new("/")).is_ok()
    }
}

impl Machine {
    pub(crate) fn new(seed: u64, without: Without) -> Self {
        let flushes = match without {
            Without::FileFlushes => Flushes::FilesIgnored,
            Without::DirectoryFlushes => Flushes::DirectoriesIgnored,
            Without::Nothing | Without::HeadCopies => Flushes::Honoured,
        };
        let disk = SimDisk::new(SimOptions {
            flushes,
            ..SimOptions::calm(seed)
        });
        let signer = Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[7; 32]).unwrap();
        Self {
            disk,
            clock: Arc::default(),
            random: Arc::new(Seeded::new(!seed)),
            signer: Arc::new(signer),
            without,
        }
    }

    fn options(&self, access: Access) -> Options {
        Options {
            access,
            state_dir: Some(STATE.into()),
            signer: Some(Arc::clone(&self.signer)),
            turn_wait: WAIT,
            segment_bytes: SEGMENT_BYTES,
            epoch_entries: EPOCH_ENTRIES,
            head_copy: match self.without {
                Without::HeadCopies => HeadCopyPolicy::Off,
                _ => HeadCopyPolicy::Use,
            },
            index: IndexMode::Off,
            clock: Arc::<Ticks>::clone(&self.clock),
            random: Arc::<Seeded>::clone(&self.random),
            ..Options::default()
        }
    }

    /// What everybody who checks pins.
    pub(crate) fn model(&self) -> Model {
        Model::new(self.signer.verifier_key().clone())
    }

    pub(crate) fn create(&self, process: &SimProcess) -> Result<Ledger, Error> {
        Ledger::create_on(
            Arc::new(process.clone()),
            ledger_path(),
            ORIGIN,
            &Creation::default(),
            self.options(Access::Append),
            Arc::clone(&self.signer),
        )
    }

    /// Opens the ledger to write.
    pub(crate) fn open(&self, process: &SimProcess) -> Result<Ledger, Error> {
        let disk: Arc<dyn Disk> = Arc::new(process.clone());
        Ledger::open_on(disk, ledger_path(), self.options(Access::Append))
    }

    /// The same with another key.
    pub(crate) fn open_as(
        &self,
        process: &SimProcess,
        signer: Arc<dyn Signer>,
    ) -> Result<Ledger, Error> {
        let options = Options {
            signer: Some(signer),
            ..self.options(Access::Append)
        };
        Ledger::open_on(Arc::new(process.clone()), ledger_path(), options)
    }

    /// What a verifier asks who pinned the key.
    pub(crate) fn request(&self) -> Request {
        Request {
            keys: vec![self.signer.verifier_key().clone()],
            threads: std::num::NonZero::new(1),
            ..Request::default()
        }
    }

    /// Opens the ledger to read.
    pub(crate) fn open_reader(&self, process: &SimProcess) -> Result<Ledger, Error> {
        let disk: Arc<dyn Disk> = Arc::new(process.clone());
        Ledger::open_on(disk, ledger_path(), self.options(Access::Read))
    }

    /// Whether the log is closed for writing.
    pub(crate) fn is_poisoned(process: &SimProcess) -> Result<bool, Error> {
        Ok(Self::store(process, &FileOptions::reading())?
            .poisoned()?
            .is_some())
    }

    /// What `sealog doctor` does after a reboot: verify, then open a poisoned log again.
    pub(crate) fn doctor(process: &SimProcess) -> Result<bool, Error> {
        let store = Self::store(process, &FileOptions::reading())?;
        let Some(poison) = store.poisoned()? else {
            return Ok(false);
        };
        assert_ne!(
            poison.boot_id(),
            store.boot_id().as_deref(),
            "only after a reboot"
        );
        let store = Self::store(process, &FileOptions::writing([1; 16]))?;
        store.clear_poison(WAIT)?;
        Ok(true)
    }

    fn store(process: &SimProcess, options: &FileOptions) -> Result<FileStore, Error> {
        Ok(FileStore::open(
            Arc::new(process.clone()),
            ledger_path(),
            options,
        )?)
    }

    pub(crate) fn calm(&self) {
        self.disk.set_rates(FaultRates::CALM);
    }

    /// What stands in the log, checked by a process of its own while nothing fails.
    pub(crate) fn check(model: &mut Model, process: &SimProcess) -> Result<(), Broken> {
        let disk: Arc<dyn Disk> = Arc::new(process.clone());
        model.check(&disk, ledger_path(), Path::new(STATE))
    }
}
