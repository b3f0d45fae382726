//! The hint: what the last writer was about to do, kept in the lock file (docs/formats/store.md, "Hint").
//!
//! It is written under the lock and never flushed. Within one run of the machine it is exact, because the processes
//! share the page cache; after a crash it may be old or torn, and then it only causes work that was not needed:
//! `flushed` is written after the flush it reports, so that an old one never claims too much.

use sealog_core::Hash;

use crate::Place;

/// Bytes of the record.
pub(super) const HINT_BYTES: usize = 128;
/// Bytes that the checksum covers: all before it.
const COVERED_BYTES: usize = HINT_BYTES - Hash::LEN;
const MAGIC: &[u8; 16] = b"sealog hint v1\n\0";
const STATE_OPEN: u32 = 0;
const STATE_POISONED: u32 = 1;
/// Stands for "no such place": no segment has this number.
const NOWHERE: u64 = u64::MAX;

/// The content of the lock file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Hint {
    /// The process that took the turn last; 0 if unknown.
    pub(super) holder: u32,
    /// Whether the log is closed for writing, in case the poison file could not be made.
    pub(super) poisoned: bool,
    /// The store that wrote last; all zero if unknown.
    pub(super) writer: [u8; 16],
    /// Where the log ends if the last write was carried out; written before it.
    pub(super) end: Option<Place>,
    /// Up to where the log is known to be flushed.
    pub(super) flushed: Option<Place>,
    /// Counts the rewritings of rolled segments, twice each: before one and after it.
    pub(super) rewrites: u64,
}

impl Hint {
    /// Reads a record; one that is short, torn or of another version is as good as none.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; HINT_BYTES] = bytes.try_into().ok()?;
        let (covered, checksum) = bytes.split_at_checked(COVERED_BYTES)?;
        if Hash::of(&[covered]).as_bytes() != checksum {
            return None;
        }
        let mut fields = Fields(covered);
        if &fields.take::<16>()? != MAGIC {
            return None;
        }
        Some(Self {
            holder: fields.u32()?,
            poisoned: fields.u32()? != STATE_OPEN,
            writer: fields.take()?,
            end: place(fields.u64()?, fields.u64()?),
            flushed: place(fields.u64()?, fields.u64()?),
            rewrites: fields.u64()?,
        })
    }

    /// The record of this hint.
    pub(super) fn encode(&self) -> [u8; HINT_BYTES] {
        let state = if self.poisoned {
            STATE_POISONED
        } else {
            STATE_OPEN
        };
        let mut record = Vec::with_capacity(HINT_BYTES);
        record.extend(MAGIC);
        record.extend(self.holder.to_be_bytes());
        record.extend(state.to_be_bytes());
        record.extend(self.writer);
        for place in [self.end, self.flushed] {
            let segment = place.map_or(NOWHERE, Place::segment);
            record.extend(segment.to_be_bytes());
            record.extend(place.map_or(0, Place::offset).to_be_bytes());
        }
        record.extend(self.rewrites.to_be_bytes());
        record.resize(COVERED_BYTES, 0);
        let checksum = Hash::of(&[&record]);
        record.extend(checksum.as_bytes());
        let mut bytes = [0; HINT_BYTES];
        bytes
            .iter_mut()
            .zip(record)
            .for_each(|(to, from)| *to = from);
        bytes
    }

    /// Whether all that was written is known to be flushed.
    pub(super) fn is_flushed(&self) -> bool {
        self.end.is_some() && self.end == self.flushed
    }
}

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }
}

fn place(segment: u64, offset: u64) -> Option<Place> {
    (segment != NOWHERE).then(|| Place::new(segment, offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint() -> Hint {
        Hint {
            holder: 0x0102_0304,
            poisoned: false,
            writer: *b"0123456789abcdef",
            end: Some(Place::new(7, 0x0a0b)),
            flushed: None,
            rewrites: 0x0c0d,
        }
    }

    #[test]
    fn the_record_stands_byte_by_byte_as_documented() {
        let record = hint().encode();
        assert_eq!(&record[..16], b"sealog hint v1\n\0");
        assert_eq!(record[16..20], [1, 2, 3, 4]);
        assert_eq!(record[20..24], [0; 4]);
        assert_eq!(&record[24..40], b"0123456789abcdef");
        assert_eq!(record[40..48], [0, 0, 0, 0, 0, 0, 0, 7]);
        assert_eq!(record[48..56], [0, 0, 0, 0, 0, 0, 0x0a, 0x0b]);
        assert_eq!(record[56..64], [0xff; 8]);
        assert_eq!(record[64..72], [0; 8]);
        assert_eq!(record[72..80], [0, 0, 0, 0, 0, 0, 0x0c, 0x0d]);
        assert_eq!(record[80..96], [0; 16]);
        assert_eq!(record[96..], *Hash::of(&[&record[..96]]).as_bytes());
        assert_eq!(Hint::decode(&record), Some(hint()));
    }

    #[test]
    fn the_example_of_the_page_is_what_is_written() {
        let example = Hint {
            holder: 4242,
            poisoned: false,
            writer: std::array::from_fn(|position| u8::try_from(position).unwrap()),
            end: Some(Place::new(3, 70_000)),
            flushed: Some(Place::new(3, 69_000)),
            rewrites: 0,
        };
        let mut hex = String::new();
        sealog_core::hash::push_hex(&mut hex, &example.encode());
        assert_eq!(
            crate::page::block("hint")
                .split_whitespace()
                .collect::<String>(),
            hex
        );
    }

    #[test]
    fn a_record_with_any_byte_changed_is_none() {
        let record = hint().encode();
        for position in 0..HINT_BYTES {
            let mut torn = record;
            torn[position] ^= 1;
            assert_eq!(Hint::decode(&torn), None, "byte {position}");
        }
        assert_eq!(Hint::decode(&record[..HINT_BYTES - 1]), None);
        assert_eq!(Hint::decode(&[0; HINT_BYTES]), None);
        assert_eq!(Hint::decode(&[]), None);
    }

    #[test]
    fn a_hint_without_an_end_is_not_flushed() {
        assert!(!Hint::default().is_flushed());
        let mut hint = hint();
        assert!(!hint.is_flushed());
        hint.flushed = hint.end;
        assert!(hint.is_flushed());
        assert_eq!(Hint::decode(&hint.encode()), Some(hint));
    }
}
