//! Closed loops of writers on one ledger: each record comes back durable, with a receipt that its maker has checked.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use sealog_ledger::{Appended, Draft};

use crate::workload::Bench;

/// What a run of writers gave.
#[derive(Debug, Default)]
pub(crate) struct Appending {
    pub(crate) records: u64,
    /// Time of each call, receipts included, in milliseconds.
    pub(crate) calls: Vec<f64>,
    /// Sizes of the checkpoints: one for each group.
    pub(crate) groups: BTreeSet<u64>,
}

impl Appending {
    fn merge(&mut self, other: Self) {
        self.records += other.records;
        self.calls.extend(other.calls);
        self.groups.extend(other.groups);
    }
}

/// So many threads, each with one call after the other of so many records, for so long.
pub(crate) fn run(
    bench: &Bench,
    threads: usize,
    batch: usize,
    time: Duration,
) -> Result<Appending> {
    let all = Mutex::new(Appending::default());
    let begun = Instant::now();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    let own = work(bench, batch, begun, time)?;
                    all.lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .merge(own);
                    Ok(())
                })
            })
            .collect();
        for worker in workers {
            match worker.join() {
                Ok(result) => result?,
                Err(_) => anyhow::bail!("a writer panicked"),
            }
        }
        Ok(())
    })?;
    Ok(all
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner))
}

fn work(bench: &Bench, batch: usize, begun: Instant, time: Duration) -> Result<Appending> {
    let mut own = Appending::default();
    while begun.elapsed() < time {
        let drafts: Vec<Draft> = bench.drafts(batch, 1);
        let call = Instant::now();
        let appended = if batch == 1 {
            let draft = drafts.into_iter().next().context("a draft")?;
            vec![bench.producer.append(draft)?]
        } else {
            bench.producer.append_many(drafts)?
        };
        for one in &appended {
            own.groups.insert(prove(one)?);
        }
        own.calls.push(call.elapsed().as_secs_f64() * 1e3);
        own.records += batch as u64;
    }
    Ok(own)
}

/// Makes the receipt, which checks itself, and gives the size of its checkpoint.
fn prove(appended: &Appended) -> Result<u64> {
    let receipt = appended.receipt()?;
    let size = receipt
        .note()
        .lines()
        .nth(1)
        .context("a checkpoint's size")?;
    Ok(size.parse()?)
}
