//! Map keys of names that come again and again: a hash for every entry's stream and run would cost a quarter of
//! the verification time.

use alloc::vec::Vec;

use crate::hash::Hash;
use crate::map;

/// Names of a domain that are remembered at most; a power of two.
const NAMES_MAX: usize = 64 * 1024;
/// Slots of a domain to begin with; a power of two.
const SLOTS_MIN: usize = 64;
/// Slots in which a name is looked for, from the one that its bytes give on.
const PROBES: usize = 4;
/// Names that are hashed before the memory is made: whoever reads one receipt has no use for it.
const FORGOTTEN: u32 = 8;

/// A small cache from two names to the state map's key, which grows with the names that it meets. Worker-local; a
/// miss only costs time.
#[derive(Debug)]
pub struct KeyMemo {
    streams: Table,
    runs: Table,
}

impl Default for KeyMemo {
    fn default() -> Self {
        Self {
            streams: Table::new("stream", NAMES_MAX),
            runs: Table::new("producer", NAMES_MAX),
        }
    }
}

impl KeyMemo {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
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
    most: usize,
    /// Their number is a power of two.
    slots: Vec<Slot>,
    forgotten: u32,
}

/// A name, its two parts one behind the other, and its key. No identifier is empty: an empty name is nobody's.
#[derive(Debug, Clone)]
struct Slot {
    name: Vec<u8>,
    first: usize,
    key: Hash,
}

impl Slot {
    const EMPTY: Self = Self {
        name: Vec::new(),
        first: 0,
        key: Hash::ZERO,
    };

    fn is(&self, first: &[u8], second: &[u8]) -> bool {
        self.name.split_at_checked(self.first) == Some((first, second))
    }
}

impl Table {
    const fn new(domain: &'static str, most: usize) -> Self {
        Self {
            domain,
            most,
            slots: Vec::new(),
            forgotten: 0,
        }
    }

    fn key(&mut self, first: &[u8], second: &[u8]) -> Hash {
        if first.is_empty() || (self.slots.is_empty() && self.forgotten < FORGOTTEN) {
            self.forgotten += 1;
            return self.fresh(first, second);
        }
        if self.slots.is_empty() {
            self.slots.resize(SLOTS_MIN, Slot::EMPTY);
        }
        let start = place_of(first, second);
        for probe in 0..PROBES {
            match self.slots.get(self.place(start, probe)) {
                Some(slot) if slot.is(first, second) => return slot.key,
                Some(slot) if slot.name.is_empty() => break,
                _ => {}
            }
        }
        let key = self.fresh(first, second);
        let name = [first, second].concat();
        self.keep(Slot {
            name,
            first: first.len(),
            key,
        });
        key
    }

    fn fresh(&self, first: &[u8], second: &[u8]) -> Hash {
        let text = |bytes| str::from_utf8(bytes).unwrap_or_default();
        map::key(self.domain, &[text(first), text(second)])
    }

    fn place(&self, start: usize, probe: usize) -> usize {
        start.wrapping_add(probe) & (self.slots.len().saturating_sub(1))
    }

    /// Takes a name in; where there is no room, the table grows, or else an older name leaves.
    fn keep(&mut self, slot: Slot) {
        let (first, second) = slot.name.split_at_checked(slot.first).unwrap_or_default();
        let start = place_of(first, second);
        let free = (0..PROBES)
            .map(|probe| self.place(start, probe))
            .find(|place| {
                self.slots
                    .get(*place)
                    .is_some_and(|slot| slot.name.is_empty())
            });
        if free.is_none() && self.slots.len() < self.most {
            let larger = alloc::vec![Slot::EMPTY; 2 * self.slots.len()];
            for old in core::mem::replace(&mut self.slots, larger) {
                if !old.name.is_empty() {
                    self.keep(old);
                }
            }
            return self.keep(slot);
        }
        let place = free.unwrap_or_else(|| self.place(start, 0));
        if let Some(to) = self.slots.get_mut(place) {
            *to = slot;
        }
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

/// Where a name is looked for first.
fn place_of(first: &[u8], second: &[u8]) -> usize {
    let mixed = mixed(second, mixed(first, 0));
    usize::try_from((mixed ^ (mixed >> 32)) & 0xffff_ffff).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn a_remembered_key_is_the_key_whatever_shares_its_slot() {
        let mut memo = KeyMemo {
            streams: Table::new("stream", 2 * SLOTS_MIN),
            runs: Table::new("producer", 64 * SLOTS_MIN),
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
            streams: Table::new("stream", SLOTS_MIN),
            runs: Table::new("producer", SLOTS_MIN),
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
