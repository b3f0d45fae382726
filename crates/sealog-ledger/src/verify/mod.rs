//! Verifying a whole ledger, or one receipt, with nothing but what the verifier brought.
//!
//! Needs no open ledger and no key file, reads nothing derived and no head copy, and never fails: what cannot be
//! read is a finding. The rules are the core's; here lines are read on all cores and taken in strictly in order, so
//! that the result is the same for any number of threads. Memory is flat but for live streams and runs.

pub(crate) mod anchors;
mod asked;
mod extract;
mod package;
mod pass;
mod payloads;
mod pins;
mod pipeline;
mod receipt;
mod report;
mod roots;
mod times;
mod trust;
mod unique;

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::time::Timestamp;
use sealog_core::tlog::policy::Policy;
use sealog_core::tlog::vkey::VerifierKey;
use sealog_store::disk::{Disk, OsDisk};
use sealog_store::{FileOptions, FileStore, Store};

use crate::error::Error;
use crate::ledger::Ledger;
use crate::rewritten::{self, READINGS_MAX};

pub use asked::verify_extract_as_asked;
pub use extract::{VerifiedExtract, verify_extract};
pub use package::{
    PackageExporter, PackageFacts, PackageReport, PackageWitnessed, package_origin, verify_package,
};
pub use payloads::ORPHAN_AGE_MIN;
pub use receipt::{ReceiptReport, verify_receipt};
pub use times::{INTERVALS_LISTED, Interval, Times};

pub use report::{FINDINGS_KEPT, Level, PinnedBy, Reach, Report, Runs, Verdict, finding_json};

/// Something from before that the log has to extend.
#[derive(Debug, Clone)]
pub struct Against {
    /// What it is called in findings: a file's name.
    pub name: String,
    /// A signed checkpoint, or a receipt with one.
    pub bytes: Vec<u8>,
}

/// What is asked of a verification.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Keys that vouch: the log's.
    pub keys: Vec<VerifierKey>,
    /// Fingerprints of keys that vouch (SHA-256 of a verifier key's text): such a key is taken from what is verified.
    pub fingerprints: Vec<Hash>,
    /// Where they came from; none: from the user, if there are any.
    pub pinned_by: Option<PinnedBy>,
    /// Logs, witnesses and the quorum that is asked for.
    pub policy: Option<Policy>,
    /// Checkpoints and receipts from before.
    pub against: Vec<Against>,
    /// How old the newest cosignature may be.
    pub max_age: Option<Duration>,
    /// The time now, to compare it with.
    pub now: Option<Timestamp>,
    /// Whether every checkpoint's signature is checked, not only the newest.
    pub all_signatures: bool,
    /// Whether a retired key is good enough if the log handed it over properly.
    pub follow_rotation: bool,
    /// Threads that read lines; none: one for each core.
    pub threads: Option<NonZero<usize>>,
}

impl Request {
    /// Where the pinned keys come from; nobody's, if none is pinned.
    pub fn pinned_by(&self) -> PinnedBy {
        let logs = self.policy.as_ref().map(Policy::logs).unwrap_or_default();
        let none = self.keys.is_empty() && self.fingerprints.is_empty() && logs.is_empty();
        match self.pinned_by {
            Some(by) => by,
            None if none => PinnedBy::Nobody,
            None => PinnedBy::User,
        }
    }
}

/// How far a verification has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Bytes read.
    pub bytes: u64,
    /// Bytes in all.
    pub bytes_total: u64,
    /// Entries taken in.
    pub entries: u64,
}

/// Verifies the ledger in a directory.
pub fn verify_ledger(path: &Path, request: &Request, progress: &mut dyn FnMut(Progress)) -> Report {
    verify_ledger_on(Arc::new(OsDisk::new()), path, request, progress)
}

/// The same on a disk of the caller's. For tests.
pub fn verify_ledger_on(
    disk: Arc<dyn Disk>,
    path: &Path,
    request: &Request,
    progress: &mut dyn FnMut(Progress),
) -> Report {
    let mut report = Report::new(request.all_signatures);
    let has_label = FileStore::has_label(&*disk, path);
    let store = match FileStore::open(disk, path, &FileOptions::reading()) {
        Ok(store) => store,
        Err(error) => {
            let code = match error {
                sealog_store::Error::NotALedger { .. } => Code::NotALedger,
                _ => Code::Unreadable,
            };
            report.add(Finding::new(code).found(error.to_string()));
            // Its log is gone and the rest is there: any other directory is none of a ledger.
            if code == Code::NotALedger && has_label {
                trust::judge_emptied(&mut report, request);
            }
            return report;
        }
    };
    verify_store(&store, request, &report, progress)
}

/// Verifies once more what was disposed of or deleted meanwhile, so that no reading is of two states of the files.
fn verify_store(
    store: &dyn Store,
    request: &Request,
    begun: &Report,
    progress: &mut dyn FnMut(Progress),
) -> Report {
    let mut readings = 0;
    let mut missed_payloads = false;
    loop {
        readings += 1;
        let mut pass = pass::Pass::new(store, request, begun.clone());
        match pass.run(progress) {
            // What was read of two states of the files says nothing.
            Err(Error::Rewritten) if readings < READINGS_MAX => {
                rewritten::wait(store);
                continue;
            }
            Err(error @ Error::Rewritten) => {
                let mut report = begun.clone();
                report.add(Finding::new(Code::Unreadable).found(error.to_string()));
                return report;
            }
            Err(error) => pass
                .report
                .add(Finding::new(Code::Unreadable).found(error.to_string())),
            Ok(()) if !missed_payloads && pass.misses_payloads() => {
                missed_payloads = true;
                continue;
            }
            Ok(()) => {}
        }
        return pass.conclude();
    }
}

impl Ledger {
    /// Verifies the log that this handle has open, also one in memory, up to the last group that existed when this
    /// began. A log that vouches for itself proves less than one that is verified where its writer has no say.
    pub fn verify(&self, request: &Request, progress: &mut dyn FnMut(Progress)) -> Report {
        let report = Report::new(request.all_signatures);
        verify_store(self.store(), request, &report, progress)
    }
}
