//! The flush probe: what one `fdatasync` costs right now. Disks change their pace within seconds, so it runs before
//! every round, and latency goals are told in its terms.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::Result;

use crate::measure::median;

const BLOCK_BYTES: usize = 4096;
/// Blocks of the file, written in turn: like a log with filler, the file does not grow.
const BLOCKS: u64 = 64;

/// A file to flush.
#[derive(Debug)]
pub(crate) struct Probe {
    file: File,
    flushes: u64,
    /// All probes so far, in milliseconds.
    pub(crate) seen: Vec<f64>,
}

impl Probe {
    pub(crate) fn new(directory: &Path, flushes: u64) -> Result<Self> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .open(directory.join("probe"))?;
        for _ in 0..BLOCKS {
            file.write_all(&[b'\n'; BLOCK_BYTES])?;
        }
        file.sync_all()?;
        Ok(Self {
            file,
            flushes,
            seen: Vec::new(),
        })
    }

    /// The median time of a write of 4 KiB and its flush, in milliseconds.
    pub(crate) fn run(&mut self) -> Result<f64> {
        let mut times = Vec::new();
        for n in 0..self.flushes {
            let begun = Instant::now();
            let offset = (n % BLOCKS) * BLOCK_BYTES as u64;
            self.file.seek(SeekFrom::Start(offset))?;
            self.file.write_all(&[n.to_le_bytes()[0]; BLOCK_BYTES])?;
            self.file.sync_data()?;
            times.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        let middle = median(&times);
        self.seen.push(middle);
        Ok(middle)
    }
}
