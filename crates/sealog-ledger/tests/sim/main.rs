//! The real ledger over a disk that fails, by a seed: no receipt is lost, no two roots are signed for one size, no two
//! writers fork (`docs/testing.md`).
//!
//! `SEALOG_SIM_SEEDS=N` runs N seeds in place of 200; `SEALOG_SIM_SEED=n` runs one and prints what happened in it.
//! A seed that fails becomes a named test below, after its cause is mended.
#![allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use sealog_store::disk::sim::Fault;

mod crashes;
mod disposal;
mod machine;
mod model;
mod run;
mod sources;

use machine::Without;
use run::{Failure, Seen};

const SEEDS: u64 = 200;
/// How often each kind of fault must have struck.
const STRUCK_MIN: u64 = 10;
const FAULTS: [Fault; 17] = [
    Fault::PowerLoss,
    Fault::LostBytes,
    Fault::TornPage,
    Fault::ReorderedBytes,
    Fault::LostName,
    Fault::ReorderedNames,
    Fault::ReadFailed,
    Fault::WriteFailed,
    Fault::WriteFailedButApplied,
    Fault::FlushFailed,
    Fault::FlushFailedAndDropped,
    Fault::NameFailed,
    Fault::NameFailedButApplied,
    Fault::DiskFull,
    Fault::ProcessKilled,
    Fault::BitRot,
    Fault::BackupRestored,
];
/// What the processes must have come across as often.
const EVENTS: [&str; 14] = [
    "appended",
    "backup_refused",
    "configure",
    "crashed_in_recovery",
    "damage_refused",
    "doubtful",
    "flush_failed",
    "full",
    "poison_cleared",
    "refused",
    "repeated",
    "seal",
    "tail_cut",
    "undecided_before_recovery",
];

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}={text} is no number")),
    )
}

#[test]
fn no_receipt_is_lost_and_no_log_forks_whatever_fails() {
    if let Some(seed) = number("SEALOG_SIM_SEED") {
        match run::run(seed, Without::Nothing) {
            Ok((_, trace)) => println!("{}", trace.join("\n")),
            Err(failure) => panic!("{}\n{}", failure.trace.join("\n"), failure.broken),
        }
        return;
    }
    let seeds = number("SEALOG_SIM_SEEDS").unwrap_or(SEEDS);
    let mut faults: BTreeMap<Fault, u64> = BTreeMap::new();
    let mut events: BTreeMap<&str, u64> = BTreeMap::new();
    let mut broken = Vec::new();
    for (seed, outcome) in on_every_core(seeds) {
        match outcome {
            Ok(seen) => {
                for (fault, count) in seen.faults {
                    *faults.entry(fault).or_default() += count;
                }
                for (event, count) in seen.events {
                    *events.entry(event).or_default() += count;
                }
            }
            Err(failure) => broken.push(format!("SEALOG_SIM_SEED={seed}: {}", failure.broken)),
        }
    }
    println!("checked: {seeds} simulated runs; faults {faults:?}; events {events:?}");
    assert!(
        broken.is_empty(),
        "{} seeds\n{}",
        broken.len(),
        broken.join("\n")
    );
    if seeds < SEEDS {
        return;
    }
    for fault in FAULTS {
        let struck = faults.get(&fault).copied().unwrap_or(0);
        assert!(struck >= STRUCK_MIN, "{fault:?} struck {struck} times");
    }
    for event in EVENTS {
        let seen = events.get(event).copied().unwrap_or(0);
        assert!(seen >= STRUCK_MIN, "{event} was seen {seen} times");
    }
}

/// What came of each seed, in order; as many run at a time as there are cores, since a run depends on its seed alone.
fn on_every_core(seeds: u64) -> BTreeMap<u64, Result<Seen, Failure>> {
    let next = AtomicU64::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return done;
            }
            let outcome = run::run(seed, Without::Nothing);
            done.push((seed, outcome.map(|(seen, _)| seen)));
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let mut done = BTreeMap::new();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            match worker.join() {
                Ok(outcomes) => done.extend(outcomes),
                Err(panic) => resume_unwind(panic),
            }
        }
    });
    assert_eq!(u64::try_from(done.len()).unwrap(), seeds);
    done
}

/// Runs seeds until one breaks a promise; a run that leaves nothing out would be a test that cannot fail.
fn first_broken(without: Without, wanted: &[&str]) -> String {
    let broken = (0..SEEDS).find_map(|seed| run::run(seed, without).err());
    let broken = broken
        .unwrap_or_else(|| panic!("no seed noticed a run without {without:?}"))
        .broken;
    assert!(
        wanted.iter().any(|text| broken.contains(text)),
        "{without:?}: {broken}"
    );
    broken
}

#[test]
fn without_flushes_of_files_some_seed_loses_what_was_acknowledged() {
    first_broken(
        Without::FileFlushes,
        &["against_shrunk", "lost", "behind", "fork"],
    );
}

#[test]
fn without_flushes_of_directories_some_seed_loses_what_was_acknowledged() {
    first_broken(
        Without::DirectoryFlushes,
        &["against_shrunk", "lost", "behind", "not a ledger"],
    );
}

#[test]
fn without_head_copies_some_seed_signs_two_roots_for_one_size() {
    first_broken(Without::HeadCopies, &["fork: two", "against_mismatch"]);
}
