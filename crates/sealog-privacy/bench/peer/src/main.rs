//! How long it takes redact-core to find everything in a text, with all it looks for: `redact-core-speed FILE ROUNDS`.
//!
//! Prints what `scan_speed` prints, an example of the crate beside this folder.

use std::error::Error;
use std::hint::black_box;
use std::io::Write as _;
use std::time::Instant;
use std::{env, fs, io};

use redact_core::AnalyzerEngine;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let text = fs::read_to_string(arguments.next().ok_or("which file?")?)?;
    let rounds: u32 = arguments.next().ok_or("how many rounds?")?.parse()?;
    let engine = AnalyzerEngine::new();
    let found = engine.analyze(&text, None)?.detected_entities.len();
    let (clock, processor) = (Instant::now(), processor_nanoseconds()?);
    for _ in 0..rounds {
        black_box(engine.analyze(black_box(&text), None)?);
    }
    let spent = (processor_nanoseconds()? - processor) / u64::from(rounds);
    let passed = clock.elapsed().as_nanos() / u128::from(rounds);
    writeln!(io::stdout(), "{spent} {passed} {found}")?;
    Ok(())
}

/// What this process has used of a processor so far, as Linux counts it.
fn processor_nanoseconds() -> Result<u64, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/self/schedstat")?;
    let first = text.split_ascii_whitespace().next();
    Ok(first.ok_or("no time in /proc/self/schedstat")?.parse()?)
}
