//! The one thread that appends what is queued. It never takes the interpreter's lock.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use sealog_core::ErrorKind;
use sealog_ledger::Error;

use crate::live::Live;
use crate::record::Job;

/// Times that a refusal which may pass is tried again.
const RETRIES: u32 = 1;

/// What the worker is given.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all of it is records, and a box for each is what the queue would wait for"
)]
pub(crate) enum Work {
    /// A completed record; `Raise` says that its caller wants to hear of a failure.
    Append(Job, Hear),
    /// Gaps were noted and should be declared.
    Gaps,
}

/// Whether a caller wants to hear of a failure at the next flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hear {
    Raise,
    Gap,
}

/// What is known of an earlier attempt at the same records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    /// There was none, or it certainly wrote nothing.
    Sure,
    /// It may have written them, under the numbers that they have.
    AfterUnknown,
}

/// Starts the worker of a ledger.
pub(crate) fn spawn(live: &Arc<Live>) -> Result<(), Error> {
    let live = Arc::clone(live);
    let named = thread::Builder::new().name("sealog-worker".into());
    named
        .spawn(move || run(&live))
        .map(drop)
        .map_err(|source| Error::Argument {
            what: "the worker's thread",
            why: source.to_string(),
        })
}

/// Says that the worker ended, also if it panicked.
struct Ending<'a>(&'a Live);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.queue.worker_ended();
    }
}

fn run(live: &Live) {
    let _ending = Ending(live);
    while let Some(batch) = live.queue.take() {
        let count = batch.len();
        let jobs: Vec<_> = batch
            .into_iter()
            .filter_map(|work| match work {
                Work::Append(job, hear) => Some((job, hear)),
                Work::Gaps => None,
            })
            .collect();
        append(live, &jobs, RETRIES, Attempt::Sure);
        // What cannot be declared now is tried after the next batch, and on close.
        let _ = live.declare_gaps();
        live.queue.finished(count);
    }
}

/// Appends jobs as one group. Where one of them spoils it for the others, halves are tried: only bad ones are lost.
fn append(live: &Live, jobs: &[(Job, Hear)], retries: u32, attempt: Attempt) {
    if jobs.is_empty() {
        return;
    }
    let group: Vec<&Job> = jobs.iter().map(|(job, _)| job).collect();
    let error = match live.append(&group) {
        Ok(appended) => {
            if attempt == Attempt::Sure {
                live.release_repeats(&group, &appended);
            }
            let count = u64::try_from(appended.len()).unwrap_or(u64::MAX);
            live.tally.appended.fetch_add(count, Ordering::Relaxed);
            return;
        }
        Err(error) => error,
    };
    if error.outcome_unknown().is_some() {
        unknown(live, jobs, error, retries);
    } else if retries > 0 && may_pass(&error) {
        append(live, jobs, retries - 1, attempt);
    } else if jobs.len() > 1 && is_of_one_record(&error) {
        let (first, second) = jobs.split_at(jobs.len() / 2);
        append(live, first, retries, attempt);
        append(live, second, retries, attempt);
    } else {
        lose(live, jobs, error);
    }
}

/// A retry with the same ids tells; if it cannot, the numbers stay as they are: holes, if nothing is there.
fn unknown(live: &Live, jobs: &[(Job, Hear)], error: Error, retries: u32) {
    if retries > 0 {
        append(live, jobs, retries - 1, Attempt::AfterUnknown);
        return;
    }
    let count = u64::try_from(jobs.len()).unwrap_or(u64::MAX);
    live.tally.lost.fetch_add(count, Ordering::Relaxed);
    live.failed(error, jobs.iter().any(|(_, hear)| *hear == Hear::Raise));
}

fn lose(live: &Live, jobs: &[(Job, Hear)], error: Error) {
    let cause = cause(&error);
    for seq in jobs.iter().filter_map(|(job, _)| job.seq) {
        live.miss(seq, cause);
    }
    live.failed(error, jobs.iter().any(|(_, hear)| *hear == Hear::Raise));
}

/// Why a call has no record, as `gap.declared` says it.
pub(crate) fn cause(error: &Error) -> &'static str {
    if matches!(error, Error::QueueFull { .. }) {
        "queue_full"
    } else if is_disk_full(error) {
        "disk_full"
    } else {
        "append_failed"
    }
}

fn is_disk_full(error: &Error) -> bool {
    use std::error::Error as _;
    let mut source = error.source();
    while let Some(below) = source {
        if let Some(system) = below.downcast_ref::<std::io::Error>() {
            return matches!(
                system.kind(),
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
            );
        }
        source = below.source();
    }
    false
}

/// Whether the same append may go through a moment later.
fn may_pass(error: &Error) -> bool {
    error.code() == "busy" || matches!(error, Error::QueueFull { .. })
}

/// Whether one record of the group is at fault rather than the ledger.
fn is_of_one_record(error: &Error) -> bool {
    error.kind() == ErrorKind::Malformed
        || matches!(
            error,
            Error::Rules { .. }
                | Error::IdTaken { .. }
                | Error::IdUnknowable { .. }
                | Error::Privacy(sealog_privacy::Error::Function { .. })
        )
}
