//! What stood at the size of every checkpoint, for anchors of any age: kept in memory for the newest ones and spilled
//! to disk for the rest, so that memory stays flat.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use sealog_core::hash::Hash;

use crate::error::Error;

/// Sizes that are kept in memory: 48 bytes each.
const TAIL: usize = 1 << 16;
const ITEM_BYTES: usize = 48;
const ITEM_BYTES_IN_FILE: u64 = 48;

type Item = (u64, Seen);

/// The log at a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) root: Hash,
    /// How many of its entries are records of producers, or disposed of.
    pub(super) of_producers: u64,
}

/// Roots by size, ascending.
#[derive(Debug)]
pub(super) struct Roots {
    tail: Vec<Item>,
    tail_max: usize,
    spilled: Option<File>,
    spilled_items: u64,
}

impl Roots {
    pub(super) const fn new() -> Self {
        Self::with_tail(TAIL)
    }

    const fn with_tail(tail_max: usize) -> Self {
        Self {
            tail: Vec::new(),
            tail_max,
            spilled: None,
            spilled_items: 0,
        }
    }

    /// Adds what stands at a size beyond all before.
    pub(super) fn add(&mut self, size: u64, seen: Seen) -> Result<(), Error> {
        if self.tail.len() >= self.tail_max {
            self.spill()?;
        }
        self.tail.push((size, seen));
        Ok(())
    }

    /// The root at a size, if that is the size of a checkpoint.
    pub(super) fn at(&mut self, size: u64) -> Result<Option<Hash>, Error> {
        Ok(self.seen_at(size)?.map(|seen| seen.root))
    }

    /// What stands at a size, if that is the size of a checkpoint.
    pub(super) fn seen_at(&mut self, size: u64) -> Result<Option<Seen>, Error> {
        if self.tail.first().is_some_and(|(first, _)| *first <= size) {
            let position = self.tail.binary_search_by_key(&size, |(size, _)| *size);
            let found = position.ok().and_then(|position| self.tail.get(position));
            return Ok(found.map(|(_, seen)| *seen));
        }
        let (mut low, mut high) = (0, self.spilled_items);
        while low < high {
            let middle = low + (high - low) / 2;
            let (found, seen) = self.read(middle)?;
            match found.cmp(&size) {
                std::cmp::Ordering::Equal => return Ok(Some(seen)),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Ok(None)
    }

    /// Writes the tail to a file that has no name and goes with the process.
    fn spill(&mut self) -> Result<(), Error> {
        let failed = |error| Error::io("write", "a temporary file")(error);
        let mut bytes = Vec::with_capacity(self.tail.len() * ITEM_BYTES);
        for (size, seen) in &self.tail {
            bytes.extend_from_slice(&size.to_be_bytes());
            bytes.extend_from_slice(&seen.of_producers.to_be_bytes());
            bytes.extend_from_slice(seen.root.as_bytes());
        }
        let mut file = match self.spilled.take() {
            Some(file) => file,
            None => tempfile::tempfile().map_err(failed)?,
        };
        let written = file
            .seek(SeekFrom::End(0))
            .and_then(|_| file.write_all(&bytes));
        written.map_err(failed)?;
        self.spilled = Some(file);
        self.spilled_items += u64::try_from(self.tail.len()).unwrap_or(0);
        self.tail.clear();
        Ok(())
    }

    fn read(&mut self, item: u64) -> Result<Item, Error> {
        let failed = |error| Error::io("read", "a temporary file")(error);
        let mut bytes = [0; ITEM_BYTES];
        if let Some(file) = &mut self.spilled {
            let read = file
                .seek(SeekFrom::Start(item * ITEM_BYTES_IN_FILE))
                .and_then(|_| file.read_exact(&mut bytes));
            read.map_err(failed)?;
        }
        let (size, rest) = bytes.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        let (count, root) = rest.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        let seen = Seen {
            root: Hash::from_slice(root).unwrap_or_else(|| Hash::of(&[])),
            of_producers: u64::from_be_bytes(*count),
        };
        Ok((u64::from_be_bytes(*size), seen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_is_found_in_memory_and_spilled_and_no_other_is() {
        for count in [0, 1, 3, 4, 5, 8, 9, 23] {
            let mut roots = Roots::with_tail(4);
            let seen = |size: u64| Seen {
                root: Hash::of(&[&size.to_be_bytes()]),
                of_producers: size / 2,
            };
            for n in 1..=count {
                roots.add(3 * n, seen(3 * n)).unwrap();
            }
            assert_eq!(roots.spilled.is_some(), count > 4);
            for size in 0..=3 * count + 4 {
                let there = size > 0 && size % 3 == 0 && size <= 3 * count;
                let expected = there.then(|| seen(size));
                assert_eq!(roots.seen_at(size).unwrap(), expected, "{size}");
                assert_eq!(roots.at(size).unwrap(), expected.map(|seen| seen.root));
            }
        }
    }
}
