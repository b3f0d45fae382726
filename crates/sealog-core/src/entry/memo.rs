//! Map keys of names that come again and again: a hash for every entry's stream and run would cost a quarter of
//! the verification time.

use alloc::boxed::Box;
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
    /// Other names are mostly told apart by it.
    tag: u32,
    first: u32,
    name: Name,
    key: Hash,
}

/// Bytes of a name that stand in its slot: of a longer one each look-up waits once more for the memory.
const SHORT: usize = 46;

#[derive(Debug, Clone)]
enum Name {
    Short { length: u8, bytes: [u8; SHORT] },
    Long(Box<[u8]>),
}

impl Name {
    const EMPTY: Self = Self::Short {
        length: 0,
        bytes: [0; SHORT],
    };

    fn new(first: &[u8], second: &[u8]) -> Self {
        let whole = [first, second].concat();
        let mut bytes = [0; SHORT];
        match (bytes.get_mut(..whole.len()), u8::try_from(whole.len())) {
            (Some(place), Ok(length)) => {
                place.copy_from_slice(&whole);
                Self::Short { length, bytes }
            }
            _ => Self::Long(whole.into()),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Short { length, bytes } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Self::Long(bytes) => bytes,
        }
    }
}

impl Slot {
    const EMPTY: Self = Self {
        tag: 0,
        first: 0,
        name: Name::EMPTY,
        key: Hash::ZERO,
    };

    fn is_empty(&self) -> bool {
        self.name.bytes().is_empty()
    }

    fn parts(&self) -> (&[u8], &[u8]) {
        let first = usize::try_from(self.first).unwrap_or(usize::MAX);
        let parts = self.name.bytes().split_at_checked(first);
        parts.unwrap_or_default()
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
        let (start, tag) = place_of(first, second);
        for probe in 0..PROBES {
            match self.slots.get(self.place(start, probe)) {
                Some(slot) if slot.tag != tag => {}
                Some(slot) if slot.parts() == (first, second) => return slot.key,
                _ => {}
            }
        }
        let key = self.fresh(first, second);
        self.keep(Slot {
            tag,
            first: u32::try_from(first.len()).unwrap_or(u32::MAX),
            name: Name::new(first, second),
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
        let (first, second) = slot.parts();
        let (start, _) = place_of(first, second);
        let free = (0..PROBES)
            .map(|probe| self.place(start, probe))
            .find(|place| self.slots.get(*place).is_some_and(Slot::is_empty));
        if free.is_none() && self.slots.len() < self.most {
            let larger = alloc::vec![Slot::EMPTY; 2 * self.slots.len()];
            for old in core::mem::replace(&mut self.slots, larger) {
                if !old.is_empty() {
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

/// Where a name is looked for first, and what its slot is known by.
fn place_of(first: &[u8], second: &[u8]) -> (usize, u32) {
    let mixed = mixed(second, mixed(first, 0));
    let place = (mixed ^ (mixed >> 32)) & 0xffff_ffff;
    (
        usize::try_from(place).unwrap_or(0),
        u32::try_from(mixed >> 32).unwrap_or(0),
    )
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
            let long = "l".repeat(SHORT);
            for (first, second) in [
                ("a", "bc"),
                ("ab", "c"),
                ("abc", "d"),
                ("a", "bcd"),
                ("l", &long[1..]),
                ("l", &long),
                ("ll", &long[1..]),
                (&long, &long),
            ] {
                assert_eq!(
                    memo.stream(first.as_bytes(), second.as_bytes()),
                    map::key("stream", &[first, second])
                );
            }
        }
    }
}
