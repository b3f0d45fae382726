//! Whether a producer's record id stands in the log once: a sort that spills to disk, so that memory stays flat.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use sealog_core::hash::Hash;

use crate::error::Error;

/// Ids that are sorted in memory at once: 32 bytes each.
const RUN_IDS: usize = 1 << 20;
const ITEM_BYTES: usize = 32;

/// One record: its id, a hash of its producer, its index.
/// The id as a number: those are compared at once.
type Item = (u128, u64, u64);

/// Collects ids and finds those that stand twice.
#[derive(Debug)]
pub(super) struct Unique {
    run: Vec<Item>,
    spilled: Vec<File>,
    run_ids: usize,
    /// The last producer's name and what stands for it: one producer writes many records in a row.
    producer: (Vec<u8>, u64),
}

impl Unique {
    pub(super) fn new() -> Self {
        Self::with_run(RUN_IDS)
    }

    fn with_run(run_ids: usize) -> Self {
        Self {
            run: Vec::new(),
            spilled: Vec::new(),
            run_ids,
            producer: (Vec::new(), 0),
        }
    }

    /// Adds a record.
    pub(super) fn add(&mut self, id: [u8; 16], producer: &[u8], index: u64) -> Result<(), Error> {
        if self.producer.0 != producer {
            let hash = Hash::of(&[producer]);
            let name = hash
                .as_bytes()
                .first_chunk::<8>()
                .copied()
                .unwrap_or_default();
            self.producer = (producer.to_vec(), u64::from_be_bytes(name));
        }
        self.run
            .push((u128::from_be_bytes(id), self.producer.1, index));
        if self.run.len() >= self.run_ids {
            self.spill()?;
        }
        Ok(())
    }

    /// The records that repeat an earlier one: (index of the repeat, index of the first).
    pub(super) fn repeats(mut self, most: usize) -> Result<Vec<(u64, u64)>, Error> {
        self.run.sort_unstable();
        let mut sources: Vec<Box<dyn Iterator<Item = Result<Item, Error>>>> = Vec::new();
        for mut file in self.spilled {
            file.seek(SeekFrom::Start(0))
                .map_err(Error::io("read", "a temporary file"))?;
            sources.push(Box::new(Spilled(BufReader::with_capacity(1 << 16, file))));
        }
        sources.push(Box::new(self.run.into_iter().map(Ok)));
        let mut heads: Vec<Option<Item>> = Vec::new();
        for source in &mut sources {
            heads.push(source.next().transpose()?);
        }
        let mut repeats = Vec::new();
        let mut last: Option<Item> = None;
        loop {
            let smallest = heads
                .iter()
                .enumerate()
                .filter_map(|(n, head)| head.map(|head| (head, n)))
                .min();
            let Some((item, from)) = smallest else { break };
            if let (Some(head), Some(source)) = (heads.get_mut(from), sources.get_mut(from)) {
                *head = source.next().transpose()?;
            }
            match last {
                Some((id, producer, first)) if (id, producer) == (item.0, item.1) => {
                    if repeats.len() < most {
                        repeats.push((item.2, first));
                    }
                }
                _ => last = Some(item),
            }
        }
        Ok(repeats)
    }

    /// Writes the sorted run to a file that has no name and goes with the process.
    fn spill(&mut self) -> Result<(), Error> {
        self.run.sort_unstable();
        let failed = |error| Error::io("write", "a temporary file")(error);
        let file = tempfile::tempfile().map_err(failed)?;
        let mut out = BufWriter::with_capacity(1 << 16, file);
        for (id, producer, index) in self.run.drain(..) {
            let written = out
                .write_all(&id.to_be_bytes())
                .and_then(|()| out.write_all(&producer.to_be_bytes()))
                .and_then(|()| out.write_all(&index.to_be_bytes()));
            written.map_err(failed)?;
        }
        self.spilled.push(
            out.into_inner()
                .map_err(|error| failed(error.into_error()))?,
        );
        Ok(())
    }
}

/// Reads a spilled run back.
struct Spilled(BufReader<File>);

impl Iterator for Spilled {
    type Item = Result<Item, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut bytes = [0; ITEM_BYTES];
        match self.0.read_exact(&mut bytes) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return None,
            Err(error) => return Some(Err(Error::io("read", "a temporary file")(error))),
        }
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (producer, index) = rest.split_first_chunk::<8>()?;
        let index = index.try_into().ok()?;
        Some(Ok((
            u128::from_be_bytes(*id),
            u64::from_be_bytes(*producer),
            u64::from_be_bytes(index),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_found_within_and_across_spilled_runs() {
        let mut unique = Unique::with_run(4);
        let id = |n: u8| [n; 16];
        for (index, n) in (0..).zip([5, 1, 9, 5, 2, 7, 1, 3, 8]) {
            unique.add(id(n), b"p", index).unwrap();
        }
        unique.add(id(9), b"another producer", 99).unwrap();
        assert_eq!(unique.spilled.len(), 2);
        assert_eq!(unique.repeats(10).unwrap(), [(6, 1), (3, 0)]);
    }
}
