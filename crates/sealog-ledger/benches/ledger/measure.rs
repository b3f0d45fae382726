//! The timer: wall time, CPU time of the process from `/proc`, and order statistics.
//!
//! CPU time stands beside wall time in every row: other programs of the machine change the second, hardly the first.

use std::fs;
use std::time::{Duration, Instant};

/// Clock ticks a second in `/proc/PID/stat`: fixed at 100 for programs by every Linux on the usual processors.
const TICKS_PER_SECOND: u64 = 100;

/// What something took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spent {
    pub(crate) wall: Duration,
    /// Of all threads and of children that were waited for; zero where `/proc` is not to be had.
    pub(crate) cpu: Duration,
}

/// Runs something and says what it took.
pub(crate) fn spent<T>(work: impl FnOnce() -> T) -> (T, Spent) {
    let (begun, before) = (Instant::now(), process_cpu());
    let result = work();
    let spent = Spent {
        wall: begun.elapsed(),
        cpu: process_cpu().saturating_sub(before),
    };
    (result, spent)
}

/// Runs something on this thread alone until `least` of its CPU time went by; gives the CPU time of one call.
pub(crate) fn per_call(least: Duration, mut work: impl FnMut()) -> Duration {
    const BATCH: u32 = 64;
    let before = thread_cpu();
    let begun = Instant::now();
    let mut calls = 0_u32;
    loop {
        for _ in 0..BATCH {
            work();
        }
        calls += BATCH;
        let gone = match (thread_cpu(), before) {
            (Some(now), Some(before)) => now.saturating_sub(before),
            _ => begun.elapsed(),
        };
        if gone >= least {
            return gone / calls;
        }
    }
}

/// CPU time of this process and of the children it has waited for.
fn process_cpu() -> Duration {
    let ticks = || -> Option<u64> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        // The name of the program may hold anything, brackets too: the fields follow its last bracket.
        let (_, fields) = stat.rsplit_once(')')?;
        let times = fields.split_ascii_whitespace().skip(11).take(4);
        times.map(|field| field.parse::<u64>().ok()).sum()
    };
    Duration::from_millis(ticks().unwrap_or(0) * 1000 / TICKS_PER_SECOND)
}

/// CPU time of this thread, to the nanosecond as of the scheduler's last look.
fn thread_cpu() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = stat.split_ascii_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// The most memory that this process ever held, in bytes.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

/// The value below which this part of the values lies; values are put in order.
pub(crate) fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    let at = (last as f64 * part).round() as usize;
    values.get(at).copied().unwrap_or(f64::NAN)
}

/// The middle of the values.
pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(&mut values.to_vec(), 0.5)
}

/// `median (least to most)`.
pub(crate) fn range(values: &[f64], digits: usize) -> String {
    let mut values = values.to_vec();
    let (least, most) = (quantile(&mut values, 0.0), quantile(&mut values, 1.0));
    let middle = median(&values);
    if values.len() < 2 {
        return format!("{middle:.digits$}");
    }
    format!("{middle:.digits$} ({least:.digits$} to {most:.digits$})")
}
