//! Every target, driven for a short while by the same inputs each time.
#![expect(
    clippy::print_stdout,
    reason = "what was covered is shown at the end of a run"
)]

use std::collections::BTreeSet;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use sealog_fuzz::{Run, TARGETS, Target, drive, target};

/// Inputs for each target in the ordinary suite: some seconds for all.
const ROUNDS: u64 = 50_000;
/// Inputs for each target in the long run.
const ROUNDS_LONG: u64 = 3_000_000;

/// Drives each target, as many at a time as there are cores: what a run gives depends on its seed alone.
fn run_all(seed: u64, rounds: u64) {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut runs = Vec::new();
        while let Some(target) = TARGETS.get(next.fetch_add(1, Ordering::Relaxed)) {
            runs.push((target, drive(target, seed, rounds)));
        }
        runs
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let mut runs = Vec::new();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            match worker.join() {
                Ok(done) => runs.extend(done),
                Err(panic) => resume_unwind(panic),
            }
        }
    });
    assert_eq!(runs.len(), TARGETS.len());
    runs.sort_by_key(|(target, _)| target.name);
    for (target, run) in runs {
        judge(target, &run, rounds);
    }
}

fn judge(target: &Target, run: &Run, rounds: u64) {
    assert!(run.inputs >= rounds, "{}: gave up", target.name);
    println!(
        "checked: fuzz {}: {} inputs, {} answers",
        target.name,
        run.inputs,
        run.answers.len()
    );
    let accepted = run
        .answers
        .keys()
        .any(|answer| answer.starts_with("accepted"));
    assert!(
        accepted,
        "{}: nothing was accepted: {:?}",
        target.name, run.answers
    );
    assert!(
        run.answers.len() > 2,
        "{}: too few answers: {:?}",
        target.name,
        run.answers
    );
}

#[test]
fn no_target_fails() {
    run_all(1, ROUNDS);
}

#[test]
#[ignore = "a long run of every fuzz target"]
fn no_target_fails_for_long() {
    run_all(2, ROUNDS_LONG);
}

#[test]
fn names_are_unique_and_lead_to_their_target() {
    let names: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names.len(), TARGETS.len());
    for name in names {
        assert_eq!(target(name).map(|target| target.name), Some(name));
    }
    assert!(target("no such target").is_none());
}

#[test]
fn a_run_is_the_same_each_time() {
    let json = target("any_json").unwrap();
    assert_eq!(drive(&json, 7, 500).answers, drive(&json, 7, 500).answers);
    assert_ne!(drive(&json, 7, 500).answers, drive(&json, 8, 500).answers);
}

#[test]
#[should_panic(expected = "fails on b\"")]
fn a_target_that_fails_is_reported_with_its_input() {
    let fails = |bytes: &[u8]| {
        assert!(!bytes.contains(&0x7f), "the fault");
        String::new()
    };
    let broken = Target {
        name: "broken",
        run: fails,
        seeds: || vec![vec![0x7e; 64]],
    };
    let _ = drive(&broken, 1, 1_000);
}
