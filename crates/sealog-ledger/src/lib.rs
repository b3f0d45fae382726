//! The only writer of a log: sequencing, group commit, recovery, receipts, keys, and verification of a whole ledger.
//!
//! A record is appended under an exclusive turn of the store, as part of one group that one signed checkpoint
//! covers and one flush makes durable; its receipt is handed out after that flush and not before.
//! `docs/architecture.md` follows an entry through this crate.
//!
//! **What is absent**: formats and rules (`sealog-core`), files and locks (`sealog-store`), and any runtime: callers'
//! own threads do the work.

mod admin;
mod anchoring;
mod appended;
mod building;
mod canopy;
mod chunk;
mod clock;
mod draft;
mod error;
pub mod evidence;
mod export;
mod head;
mod ids;
pub mod import;
mod index;
mod inside;
mod key_ring;
mod key_store;
pub mod keys;
mod ledger;
pub mod lineage;
mod new_file;
mod open;
mod options;
mod people;
mod prepared;
mod privacy;
mod producer;
mod publish;
mod queue;
mod read;
mod recover;
mod repeat;
mod replay;
mod retention;
mod rewritten;
mod runs;
mod signing;
mod snapshot;
pub mod verify;
mod work;
mod writer;

pub use admin::{ConfigSet, HEAD_MISSED, UNSTATED};
pub use anchoring::Anchored;
pub use appended::Appended;
pub use clock::{Clock, Random, SystemClock, SystemRandom};
pub use draft::{CaptureMode, Commit, Draft, Payload, PersonalCommitment, RecordSignature};
pub use error::Error;
pub use export::{EXPORT_FORMAT, ExportProgress, Exported};
pub use index::{
    CheckStats, GapStats, IndexStatus, Order, Page, Query, ScoreBin, ScoreStats, Stats, fork_done,
    prepare_fork,
};
pub use key_ring::{ActorKey, EarlierKey, KeyRing};
pub use key_store::{KEK_FILE, KEK_VARIABLE, KEY_STORE_FILE, KeyStoreFacts};
pub use ledger::Ledger;
pub use new_file::NewFile;
pub use open::forget_path;
pub use options::{Access, Continues, Creation, HeadCopyPolicy, IndexMode, Options};
pub use people::{ConfigView, LabelView};
pub use privacy::{
    Erased, Erasure, ErasureSubject, Reached, Residue, RevealAccess, Revealed, Whose,
};
pub use producer::Producer;
pub use publish::Published;
pub use read::{Entries, Entry};
pub use retention::{
    ClassRetention, DISPOSAL_RUNS_MAX, Disposed, Due, Hold, HoldPlacing, HoldScope, Holds,
    PolicyView, RETENTION_DAYS_MAX, RetentionSet, RetentionStatus, Swept,
};
pub use runs::{EpochView, RunView, RunsView};
