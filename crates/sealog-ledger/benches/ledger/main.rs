//! `cargo xtask bench ledger`: the ledger's speed goals (design, "Speed"), against `SQLite` where there is a peer.
//!
//! Everything is told as a ratio: to the peer of the same run, in turn A B A B with a flush probe before each; or to
//! the goal. Nothing here is a test: a missed goal is printed, not failed. `docs/benchmarks.md` tells how to read it.
//!
//! `cargo xtask bench ledger [--quick] [--entries N] [--streams N] [--rounds N] [--dir DIR] [--only PART]
//! [--no-write]`
#![allow(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that counts and prints"
)]

mod appending;
mod child;
mod crowd;
mod durable;
mod large;
mod machine;
mod measure;
mod peer;
mod probe;
mod report;
mod verifying;
mod workload;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use probe::Probe;
use report::Row;
use workload::Ground;

/// How much is measured.
#[derive(Debug)]
pub(crate) struct Plan {
    rounds: u32,
    /// Of one side of one round.
    run_time: Duration,
    /// CPU time of a loop over something short.
    loop_time: Duration,
    entries: u64,
    streams: u64,
    signatures: u32,
    flushes: u64,
    quick: bool,
    write: bool,
    only: Option<String>,
    directory: PathBuf,
}

impl Plan {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut plan = Self {
            rounds: 5,
            run_time: Duration::from_secs(2),
            loop_time: Duration::from_millis(400),
            entries: 1_000_000,
            streams: 10_000,
            signatures: 20_000,
            flushes: 200,
            quick: false,
            write: true,
            only: None,
            directory: PathBuf::from(env!("CARGO_TARGET_TMPDIR")),
        };
        if arguments.iter().any(|argument| argument == "--quick") {
            plan.quick = true;
            plan.write = false;
            plan.rounds = 1;
            plan.run_time = Duration::from_millis(100);
            plan.loop_time = Duration::from_millis(30);
            plan.entries = 20_000;
            plan.streams = 100;
            plan.signatures = 500;
            plan.flushes = 20;
        }
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || {
                rest.next()
                    .with_context(|| format!("{argument} needs a value"))
            };
            match argument.as_str() {
                // The first is what `cargo bench` adds to every benchmark.
                "--bench" | "--quick" => {}
                "--no-write" => plan.write = false,
                "--entries" => plan.entries = value()?.parse()?,
                "--streams" => plan.streams = value()?.parse()?,
                "--rounds" => plan.rounds = value()?.parse()?,
                "--dir" => plan.directory = PathBuf::from(value()?),
                "--only" => plan.only = Some(value()?.clone()),
                other => bail!("unknown argument {other}"),
            }
        }
        // A part of the table must not replace the whole.
        plan.write &= plan.only.is_none();
        Ok(plan)
    }

    fn wants(&self, part: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == part)
    }

    /// Whether a case of the part `durable` is asked for, by itself or with all of them.
    fn wants_case(&self, case: &str) -> bool {
        self.wants("durable") || self.wants(case)
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["child", rest @ ..] => child::body(rest),
        _ => Plan::parse(&arguments).and_then(|plan| run(&plan)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench ledger: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(plan: &Plan) -> Result<()> {
    let root = tempfile::Builder::new()
        .prefix("bench-ledger-")
        .tempdir_in(&plan.directory)?;
    let ground = |name: &str| Ground {
        directory: root.path().join(name),
    };
    let machine = machine::about(root.path());
    println!("{machine}");
    let mut probe = Probe::new(root.path(), plan.flushes)?;
    let mut rows: Vec<Row> = Vec::new();
    if durable::PARTS.iter().any(|part| plan.wants_case(part)) {
        rows.extend(durable::rows(&ground("durable"), plan, &mut probe)?);
    }
    if plan.wants("crowd") {
        rows.extend(crowd::rows(&ground("crowd"), plan, &mut probe)?);
    }
    if plan.wants("large") {
        rows.extend(large::rows(&ground("large"), plan)?);
    }
    if plan.wants("cpu") {
        rows.push(verifying::signatures(plan)?);
        rows.push(verifying::root(plan));
    }
    if rows.is_empty() {
        bail!("--only takes durable or one, many, bulk of it, crowd, large or cpu");
    }
    probe.run()?;
    let probes = format!(
        "- flush probe (4 KiB written and flushed, median of {}), in ms over the run: {}\n\
         - {} rounds\n",
        plan.flushes,
        measure::range(&probe.seen, 2),
        plan.rounds
    );
    let table = report::table(&rows);
    println!("{probes}\n{table}");
    if plan.write {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/benchmarks.md");
        report::write(&page, &format!("{machine}{probes}\n{table}"))?;
        println!("written to docs/benchmarks.md");
    }
    if plan.quick {
        println!("a quick run: it shows that everything runs, its figures mean nothing");
    }
    Ok(())
}
