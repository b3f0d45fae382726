//! Work in processes of its own: memory at its peak and CPU time are then that work's alone.
//!
//! A child is this same program with `child NAME ARGUMENTS`; it prints `name=value` lines for its parent. A profiler
//! starts it in the same way: `child fill DIR ENTRIES STREAMS` makes a ledger that stays.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use sealog_ledger::IndexMode;
use sealog_ledger::verify::{Request, verify_ledger};

use crate::measure::{peak_memory, spent};
use crate::workload::{Bench, Ground};
use crate::{appending, large, verifying};

/// What a child printed.
#[derive(Debug)]
pub(crate) struct Printed(BTreeMap<String, String>);

impl Printed {
    pub(crate) fn number(&self, name: &str) -> Result<f64> {
        let text = self.0.get(name).with_context(|| format!("no `{name}`"))?;
        Ok(text.parse()?)
    }

    pub(crate) fn numbers(&self, name: &str) -> Result<Vec<f64>> {
        let text = self.0.get(name).with_context(|| format!("no `{name}`"))?;
        text.split(' ').map(|number| Ok(number.parse()?)).collect()
    }
}

pub(crate) fn start(arguments: &[&str]) -> Result<Child> {
    let program = std::env::current_exe()?;
    let mut command = Command::new(program);
    command.arg("child").args(arguments).stdout(Stdio::piped());
    Ok(command.spawn()?)
}

pub(crate) fn finish(child: Child) -> Result<Printed> {
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "a child process failed");
    let text = String::from_utf8(output.stdout)?;
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    Ok(Printed(
        pairs
            .map(|(name, value)| (name.into(), value.into()))
            .collect(),
    ))
}

pub(crate) fn run(arguments: &[&str]) -> Result<Printed> {
    finish(start(arguments)?)
}

/// The body of a child.
pub(crate) fn body(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["append", directory, threads, milliseconds] => {
            append(&ground(directory), threads.parse()?, milliseconds.parse()?)
        }
        ["fill", directory, entries, streams] => {
            large::fill_new(&ground(directory), entries.parse()?, streams.parse()?)
        }
        ["verify", directory, threads] => verify(&ground(directory), threads.parse()?),
        ["open", directory] => open(&ground(directory)),
        ["index", directory] => index(&ground(directory)),
        _ => bail!("no such child: {arguments:?}"),
    }
}

fn ground(directory: &str) -> Ground {
    Ground {
        directory: PathBuf::from(directory),
    }
}

fn say(name: &str, value: f64) {
    println!("{name}={value}");
}

fn say_memory() {
    say("memory", peak_memory().unwrap_or(0) as f64);
}

fn append(ground: &Ground, threads: usize, milliseconds: u64) -> Result<()> {
    let bench = Bench::on(ground.open(IndexMode::Off)?)?;
    let time = Duration::from_millis(milliseconds);
    let appending = appending::run(&bench, threads, 1, time)?;
    say("records", appending.records as f64);
    let calls: Vec<String> = appending
        .calls
        .iter()
        .map(|ms| format!("{ms:.4}"))
        .collect();
    println!("calls={}", calls.join(" "));
    Ok(())
}

fn verify(ground: &Ground, threads: usize) -> Result<()> {
    let request = Request {
        keys: verifying::key(ground)?,
        threads: threads.try_into().ok(),
        ..Request::default()
    };
    let (report, spent) = spent(|| verify_ledger(&ground.path(), &request, &mut |_| {}));
    ensure!(
        report.exit() == 0,
        "the ledger does not verify: {}",
        report.reason()
    );
    say("bytes", report.bytes() as f64);
    say("entries", report.size() as f64);
    say("wall", spent.wall.as_secs_f64());
    say("cpu", spent.cpu.as_secs_f64());
    say_memory();
    Ok(())
}

fn open(ground: &Ground) -> Result<()> {
    let (ledger, spent) = spent(|| ground.open(IndexMode::Off));
    let ledger = ledger?;
    say("entries", ledger.size() as f64);
    say("wall", spent.wall.as_secs_f64());
    say("cpu", spent.cpu.as_secs_f64());
    say_memory();
    Ok(())
}

fn index(ground: &Ground) -> Result<()> {
    let ledger = ground.open(IndexMode::Manual)?;
    let size = ledger.size();
    let (result, spent) = spent(|| ledger.count(&sealog_ledger::Query::default()));
    let count = result?;
    let status = ledger.index_status();
    ensure!(status.lag() == 0, "the index stopped: {:?}", status.error());
    ensure!(count == size, "the index holds {count} of {size} entries");
    say("entries", size as f64);
    say("wall", spent.wall.as_secs_f64());
    say("cpu", spent.cpu.as_secs_f64());
    say_memory();
    Ok(())
}
