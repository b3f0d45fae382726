//! One large ledger: how fast it is verified, opened and indexed, and in how much memory.

use std::path::PathBuf;
use std::thread;

use anyhow::{Context, Result};
use sealog_ledger::IndexMode;
use sealog_store::disk::OsDisk;

use crate::Plan;
use crate::child::{self, Printed};
use crate::measure::range;
use crate::report::{Goal, Row};
use crate::verifying;
use crate::workload::{Bench, Ground};

const BATCH: usize = 1000;
const THREADS: u64 = 4;

/// All rows.
pub(crate) fn rows(ground: &Ground, plan: &Plan) -> Result<Vec<Row>> {
    let bench = ground.create(&OsDisk::new(), IndexMode::Off)?;
    fill(&bench, plan.entries, plan.streams)?;
    let receipt = bench.ledger.receipt(plan.entries / 2)?;
    bench.ledger.close()?;
    drop(bench);
    let key = verifying::key(ground)?;
    let mut rows = verifying::receipts(&receipt, &key, plan)?;
    rows.extend(verifying::whole(ground, plan)?);
    rows.extend(openings(ground, plan)?);
    rows.push(index(ground)?);
    Ok(rows)
}

/// Makes a ledger of so many entries that stays, and closes it.
pub(crate) fn fill_new(ground: &Ground, entries: u64, streams: u64) -> Result<()> {
    let bench = ground.create(&OsDisk::new(), IndexMode::Off)?;
    fill(&bench, entries, streams)?;
    Ok(bench.ledger.close()?)
}

fn fill(bench: &Bench, entries: u64, streams: u64) -> Result<()> {
    let batches = entries.div_ceil(THREADS * BATCH as u64);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    for _ in 0..batches {
                        bench.producer.append_many(bench.drafts(BATCH, streams))?;
                    }
                    Ok(())
                })
            })
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().ok().context("a writer panicked")?)
    })
}

/// Opening with what closing left in `derived/`, and without it.
fn openings(ground: &Ground, plan: &Plan) -> Result<Vec<Row>> {
    let derived = ground.path().join("derived");
    let aside: PathBuf = ground.directory.join("derived.aside");
    // Opening anew writes what is missing there: it is put back as it was.
    let with = rounds(ground, plan, || Ok(()))?;
    let kept = derived.exists();
    if kept {
        std::fs::rename(&derived, &aside)?;
    }
    let without = rounds(ground, plan, || match std::fs::remove_dir_all(&derived) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    })?;
    if kept {
        let _ = std::fs::remove_dir_all(&derived);
        std::fs::rename(&aside, &derived)?;
    }
    let size = with.entries;
    let note = format!("{size} entries in {} streams", plan.streams);
    Ok(vec![
        Row::new(
            "open with what `derived/` holds",
            Goal::AtMost(1.0, "s"),
            &with.wall,
        )
        .measured(format!("{} s", range(&with.wall, 3)))
        .note(note),
        Row::new(
            "the same, peak memory",
            Goal::AtMost(64.0, "MiB"),
            &with.memory,
        )
        .measured(format!("{} MiB", range(&with.memory, 0))),
        Row::new(
            "open without it: all lines are read",
            Goal::None,
            &without.wall,
        )
        .measured(format!(
            "{} s, {} MiB",
            range(&without.wall, 2),
            range(&without.memory, 0)
        )),
    ])
}

#[derive(Default)]
struct Opening {
    entries: f64,
    wall: Vec<f64>,
    memory: Vec<f64>,
}

fn rounds(ground: &Ground, plan: &Plan, before: impl Fn() -> Result<()>) -> Result<Opening> {
    let directory = ground.directory.to_string_lossy();
    let mut opening = Opening::default();
    for _ in 0..plan.rounds {
        before()?;
        let printed: Printed = child::run(&["open", &directory])?;
        opening.entries = printed.number("entries")?;
        opening.wall.push(printed.number("wall")?);
        opening.memory.push(printed.number("memory")? / 1_048_576.0);
    }
    Ok(opening)
}

/// How fast the query index takes in a log that it has not seen, by one process.
fn index(ground: &Ground) -> Result<Row> {
    let printed = child::run(&["index", &ground.directory.to_string_lossy()])?;
    let (entries, wall, cpu) = (
        printed.number("entries")?,
        printed.number("wall")?,
        printed.number("cpu")?,
    );
    let rate = entries / wall;
    let row = Row::new(
        "index follower",
        Goal::AtLeast(150_000.0, "entries/s"),
        &[rate],
    );
    let memory = printed.number("memory")? / 1_048_576.0;
    Ok(row.measured(format!("{rate:.0} entries/s")).note(format!(
        "{:.0} by CPU time; with the ledger's state {memory:.0} MiB",
        entries / cpu
    )))
}
