//! The rows against `SQLite`: one writer, 256 writers, bulk. Probe, ledger, probe, peer, and again.

use std::time::Duration;

use anyhow::Result;
use sealog_ledger::IndexMode;
use sealog_store::disk::OsDisk;

use crate::Plan;
use crate::appending;
use crate::measure::{Spent, median, quantile, range, spent};
use crate::peer::Peer;
use crate::probe::Probe;
use crate::report::{Goal, Row};
use crate::workload::{Bench, Ground};

/// One comparison.
struct Case {
    /// What `--only` calls it.
    part: &'static str,
    what: &'static str,
    threads: usize,
    batch: usize,
    peer_rows: u64,
    goal: f64,
}

/// What `--only` takes of this part.
pub(crate) const PARTS: [&str; 3] = ["one", "many", "bulk"];

const CASES: [Case; 3] = [
    Case {
        part: "one",
        what: "one writer",
        threads: 1,
        batch: 1,
        peer_rows: 1,
        goal: 1.0,
    },
    Case {
        part: "many",
        what: "256 writers",
        threads: 256,
        batch: 1,
        peer_rows: 256,
        goal: 1.0,
    },
    Case {
        part: "bulk",
        what: "bulk, 8 callers x 1,000",
        threads: 8,
        batch: 1000,
        peer_rows: 4096,
        goal: 3.0,
    },
];

/// What the rounds of a case gave, one value a round.
#[derive(Default)]
struct Rounds {
    ratio: Vec<f64>,
    cpu_ratio: Vec<f64>,
    own_cpu: Vec<f64>,
    own_rate: Vec<f64>,
    peer_rate: Vec<f64>,
    flushes_per_group: Vec<f64>,
    records_per_group: Vec<f64>,
    p50: Vec<f64>,
    p50_of_goal: Vec<f64>,
}

/// All rows.
pub(crate) fn rows(ground: &Ground, plan: &Plan, probe: &mut Probe) -> Result<Vec<Row>> {
    let disk = OsDisk::new();
    let bench = ground.create(&disk, IndexMode::Off)?;
    let mut peer = Peer::new(&ground.directory)?;
    let mut rows = Vec::new();
    for case in CASES.iter().filter(|case| plan.wants_case(case.part)) {
        let mut rounds = Rounds::default();
        for _ in 0..plan.rounds {
            round(
                case,
                &bench,
                &disk,
                &mut peer,
                plan.run_time,
                probe,
                &mut rounds,
            )?;
        }
        rows.extend(told(case, &rounds));
    }
    bench.ledger.close()?;
    Ok(rows)
}

fn round(
    case: &Case,
    bench: &Bench,
    disk: &OsDisk,
    peer: &mut Peer,
    time: Duration,
    probe: &mut Probe,
    rounds: &mut Rounds,
) -> Result<()> {
    let probed = probe.run()?;
    let before = disk.flushes();
    let (own, own_spent) = spent(|| appending::run(bench, case.threads, case.batch, time));
    let mut own = own?;
    let flushes = disk.flushes() - before;
    probe.run()?;
    let (theirs, peer_spent) = spent(|| peer.run(case.peer_rows, time));
    let (peer_records, _) = theirs?;
    let rate = |records: u64, spent: Spent| records as f64 / spent.wall.as_secs_f64();
    let cpu = |records: u64, spent: Spent| spent.cpu.as_secs_f64() * 1e6 / records as f64;
    let (own_rate, peer_rate) = (rate(own.records, own_spent), rate(peer_records, peer_spent));
    rounds.ratio.push(own_rate / peer_rate);
    rounds.own_rate.push(own_rate);
    rounds.peer_rate.push(peer_rate);
    let own_cpu = cpu(own.records, own_spent);
    rounds.own_cpu.push(own_cpu);
    rounds
        .cpu_ratio
        .push(own_cpu / cpu(peer_records, peer_spent));
    let groups = own.groups.len() as f64;
    rounds.flushes_per_group.push(flushes as f64 / groups);
    rounds.records_per_group.push(own.records as f64 / groups);
    let p50 = quantile(&mut own.calls, 0.5);
    rounds.p50.push(p50);
    rounds.p50_of_goal.push(p50 / (2.5 * probed + 1.0));
    Ok(())
}

fn told(case: &Case, rounds: &Rounds) -> Vec<Row> {
    let what = format!(
        "{}, against SQLite at {} rows a commit",
        case.what, case.peer_rows
    );
    let measured = format!("{} x", range(&rounds.ratio, 2));
    let note = format!(
        "{:.0} against {:.0} a second; CPU time a record {:.1} us, {} x; {:.2} flushes a group of {:.0} records",
        median(&rounds.own_rate),
        median(&rounds.peer_rate),
        median(&rounds.own_cpu),
        range(&rounds.cpu_ratio, 2),
        median(&rounds.flushes_per_group),
        median(&rounds.records_per_group),
    );
    let mut rows = vec![
        Row::new(&what, Goal::AtLeast(case.goal, "x"), &rounds.ratio)
            .measured(measured)
            .note(note),
    ];
    if case.threads == 1 {
        let flushes = &rounds.flushes_per_group;
        rows.push(
            Row::new(
                "one writer, flushes a group",
                Goal::AtMost(1.02, "(1, and more where a segment begins)"),
                flushes,
            )
            .measured(format!("{:.3}", median(flushes))),
        );
    }
    if case.batch == 1 && case.threads > 1 {
        let goal = Goal::AtMost(1.0, "x (2.5 flushes + 1 ms)");
        rows.push(
            Row::new("256 writers, p50 of a call", goal, &rounds.p50_of_goal)
                .measured(format!("{} x", range(&rounds.p50_of_goal, 2)))
                .note(format!("{} ms", range(&rounds.p50, 2))),
        );
    }
    rows
}
