//! Map keys of names that come again and again: a hash for every entry's stream and run would cost a quarter of
//! the verification time.

use alloc::vec::Vec;

use crate::hash::Hash;
use crate::map;

/// Streams that are remembered; a power of two.
const STREAMS: usize = 16 * 1024;
/// Producers' runs that are remembered; a power of two.
const RUNS: usize = 1024;
/// Names of a domain that a small cache remembers; a power of two.
const SMALL: usize = 64;
/// Names that are hashed before the memory is made: whoever reads one receipt has no use for it.
const FORGOTTEN: u32 = 8;

/// A small cache from two names to the state map's key. Worker-local; a miss only costs time.
#[derive(Debug)]
pub struct KeyMemo {
    streams: Table,
    runs: Table,
}

impl Default for KeyMemo {
    fn default() -> Self {
        Self {
            streams: Table::new("stream", STREAMS),
            runs: Table::new("producer", RUNS),
        }
    }
}

impl KeyMemo {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty cache for whoever writes to few streams: of such there may be one for each thread of a host.
    pub(super) const fn small() -> Self {
        Self {
            streams: Table::new("stream", SMALL),
            runs: Table::new("producer", SMALL),
        }
    }

    /// The state map's key of a stream.
    pub fn stream(&mut self, tenant_id: &[u8], stream_id: &[u8]) -> Hash {
        self.streams.key(tenant_id, stream_id)
    }

    /// The state map's key of a producer's run.
    pub fn run(&mut self, producer_id: &[u8], run: &[u8]) -> Hash {
        self.runs.key(producer_id, run)
    }
}

/// The names of one domain of the state map.
#[derive(Debug)]
struct Table {
    domain: &'static str,
    count: usize,
    slots: Vec<Slot>,
    forgotten: u32,
}

/// A name, its two parts one behind the other, and its key.
#[derive(Debug, Clone)]
struct Slot {
    name: Vec<u8>,
    first: usize,
    key: Hash,
}

impl Table {
    const fn new(domain: &'static str, count: usize) -> Self {
        Self {
            domain,
            count,
            slots: Vec::new(),
            forgotten: 0,
        }
    }

    fn key(&mut self, first: &[u8], second: &[u8]) -> Hash {
        let (domain, count) = (self.domain, self.count);
        let fresh = || {
            let text = |bytes| str::from_utf8(bytes).unwrap_or_default();
            map::key(domain, &[text(first), text(second)])
        };
        if self.slots.is_empty() {
            if self.forgotten < FORGOTTEN {
                self.forgotten += 1;
                return fresh();
            }
            let empty = Slot {
                name: Vec::new(),
                first: 0,
                key: Hash::ZERO,
            };
            self.slots.resize(count, empty);
        }
        let place = place_of(mixed(second, mixed(first, 0))) & (count - 1);
        let Some(slot) = self.slots.get_mut(place) else {
            return fresh();
        };
        // No identifier is empty, so that an empty slot is nobody's.
        if !first.is_empty() && slot.name.split_at_checked(slot.first) == Some((first, second)) {
            return slot.key;
        }
        slot.key = fresh();
        slot.first = first.len();
        slot.name.clear();
        slot.name.extend_from_slice(first);
        slot.name.extend_from_slice(second);
        slot.key
    }
}

/// Mixes a name into a number, eight bytes at a time. Only to choose a slot: a collision is told apart by the name.
fn mixed(bytes: &[u8], start: u64) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let mut mixed = start ^ length;
    let mut rest = bytes;
    while let Some((word, behind)) = rest.split_first_chunk::<8>() {
        mixed = (mixed ^ u64::from_le_bytes(*word))
            .wrapping_mul(FACTOR)
            .rotate_left(29);
        rest = behind;
    }
    for byte in rest {
        mixed = (mixed ^ u64::from(*byte)).wrapping_mul(FACTOR);
    }
    mixed
}

fn place_of(mixed: u64) -> usize {
    usize::try_from((mixed ^ (mixed >> 32)) & 0xffff_ffff).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn a_remembered_key_is_the_key_whatever_shares_its_slot() {
        let mut memo = KeyMemo {
            streams: Table::new("stream", 64),
            runs: Table::new("producer", 64),
        };
        for _ in 0..2 {
            for n in 0..2_000 {
                let name = format!("system-{n}");
                assert_eq!(
                    memo.stream(b"t", name.as_bytes()),
                    map::key("stream", &["t", &name])
                );
                assert_eq!(
                    memo.run(b"t", name.as_bytes()),
                    map::key("producer", &["t", &name])
                );
            }
        }
    }

    #[test]
    fn names_that_are_one_text_together_are_told_apart() {
        let mut memo = KeyMemo {
            streams: Table::new("stream", 1),
            runs: Table::new("producer", 1),
        };
        for _ in 0..20 {
            for (first, second) in [("a", "bc"), ("ab", "c"), ("abc", "d"), ("a", "bcd")] {
                assert_eq!(
                    memo.stream(first.as_bytes(), second.as_bytes()),
                    map::key("stream", &[first, second])
                );
            }
        }
    }
}
