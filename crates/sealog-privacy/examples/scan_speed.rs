//! How long it takes to find everything in a text, every type on: `scan_speed FILE ROUNDS`.
//!
//! Prints processor time and time by the clock of one round in nanoseconds, and how much was found. The scanner is
//! made, and its cache of states filled, before the time begins. `cargo xtask bench privacy` starts it.
#![expect(
    clippy::print_stdout,
    reason = "printing the figures is what this program is for"
)]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;
use std::{env, fs};

use sealog_privacy::catalogue::{IdentifierType, identifiers};
use sealog_privacy::scan::Scanner;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let text = fs::read(arguments.next().ok_or("which file?")?)?;
    let rounds: u32 = arguments.next().ok_or("how many rounds?")?.parse()?;
    let types: Vec<&IdentifierType> = identifiers().collect();
    let scanner = Scanner::of(&types)?;
    let mut session = scanner.session();
    let found = session.scan(&text)?.len();
    let (clock, processor) = (Instant::now(), processor_nanoseconds()?);
    for _ in 0..rounds {
        black_box(session.scan(black_box(&text))?.len());
    }
    let spent = (processor_nanoseconds()? - processor) / u64::from(rounds);
    let passed = clock.elapsed().as_nanos() / u128::from(rounds);
    println!("{spent} {passed} {found}");
    Ok(())
}

/// What this process has used of a processor so far, as Linux counts it.
fn processor_nanoseconds() -> Result<u64, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/self/schedstat")?;
    let first = text.split_ascii_whitespace().next();
    Ok(first.ok_or("no time in /proc/self/schedstat")?.parse()?)
}
