//! Four processes with eight threads each on one ledger: nobody starves.

use anyhow::Result;
use sealog_ledger::IndexMode;
use sealog_store::disk::OsDisk;

use crate::Plan;
use crate::child;
use crate::measure::{quantile, range};
use crate::probe::Probe;
use crate::report::{Goal, Row};
use crate::workload::Ground;

const PROCESSES: usize = 4;
const THREADS: &str = "8";

/// The row.
pub(crate) fn rows(ground: &Ground, plan: &Plan, probe: &mut Probe) -> Result<Vec<Row>> {
    ground
        .create(&OsDisk::new(), IndexMode::Off)?
        .ledger
        .close()?;
    let directory = ground.directory.to_string_lossy();
    let time = plan.run_time.as_millis().to_string();
    let (mut spread, mut p50s, mut shares, mut rates) = (vec![], vec![], vec![], vec![]);
    for _ in 0..plan.rounds {
        probe.run()?;
        let children: Vec<_> = (0..PROCESSES)
            .map(|_| child::start(&["append", &directory, THREADS, &time]))
            .collect::<Result<_>>()?;
        let (mut calls, mut served) = (Vec::new(), Vec::new());
        for child in children {
            let printed = child::finish(child)?;
            served.push(printed.number("records")?);
            calls.extend(printed.numbers("calls")?);
        }
        let total: f64 = served.iter().sum();
        let (p50, p99) = (quantile(&mut calls, 0.5), quantile(&mut calls, 0.99));
        spread.push(p99 / p50);
        p50s.push(p50);
        // One is a fair share, zero a process that got nothing.
        shares.push(quantile(&mut served, 0.0) * PROCESSES as f64 / total);
        rates.push(total / plan.run_time.as_secs_f64());
    }
    let note = format!(
        "p50 {} ms; {} records a second",
        range(&p50s, 1),
        range(&rates, 0)
    );
    Ok(vec![
        Row::new(
            "4 processes x 8 threads on one ledger, p99",
            Goal::AtMost(10.0, "x p50"),
            &spread,
        )
        .measured(format!("{} x p50", range(&spread, 1)))
        .note(note),
        Row::new(
            "the same, the process served least",
            Goal::AtLeast(0.01, "of a fair share"),
            &shares,
        )
        .measured(format!("{} of a fair share", range(&shares, 2))),
    ])
}
