//! The heads of all streams, by the state map's key.
//!
//! Every entry looks its stream up, so that a search through a tree of ten thousand streams is a good part of what an
//! entry costs. The keys are hashes, so most find their stream by a few of their own bits. Whoever picks names until
//! their keys share those bits gains nothing but that search: what finds no room is kept in a tree.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use super::Stream;
use crate::hash::Hash;

/// Shortcuts of one set.
const WAYS: usize = 4;
/// Sets to begin with; a power of two.
const SETS_MIN: usize = 64;

/// Streams by key.
#[derive(Clone, Default)]
pub(super) struct Streams {
    all: Vec<(Hash, Stream)>,
    /// Places in `all`. Their number is a power of two, and no less than there are streams.
    sets: Vec<[Shortcut; WAYS]>,
    /// The places of those that found no room in their set.
    rest: BTreeMap<Hash, u32>,
}

/// Where a stream stands whose key has these bits; or nothing.
#[derive(Debug, Clone, Copy)]
struct Shortcut {
    tag: u32,
    place: u32,
}

impl Shortcut {
    const NONE: Self = Self {
        tag: 0,
        place: u32::MAX,
    };
}

/// Without what leads to the streams: the same ones look the same, in whatever order they came.
impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.in_order()).finish()
    }
}

impl Streams {
    /// The head of a stream.
    pub(super) fn get(&self, key: &Hash) -> Option<&Stream> {
        let (_, stream) = self.all.get(self.find(key)?)?;
        Some(stream)
    }

    /// The same, to be changed.
    pub(super) fn get_mut(&mut self, key: &Hash) -> Option<&mut Stream> {
        let place = self.find(key)?;
        let (_, stream) = self.all.get_mut(place)?;
        Some(stream)
    }

    /// Sets the head of a stream; gives the one that it had.
    pub(super) fn insert(&mut self, key: Hash, stream: Stream) -> Option<Stream> {
        if let Some(held) = self.get_mut(&key) {
            return Some(core::mem::replace(held, stream));
        }
        self.all.push((key, stream));
        if self.all.len() > self.sets.len() {
            self.spread();
        } else {
            self.note(&key, self.all.len() - 1);
        }
        None
    }

    /// Takes a stream out.
    pub(super) fn remove(&mut self, key: &Hash) -> Option<Stream> {
        let place = self.find(key)?;
        self.forget(key, place);
        let (_, removed) = self.all.swap_remove(place);
        // The last one stands in its place now.
        if let Some(moved) = self.all.get(place).map(|(key, _)| *key) {
            self.forget(&moved, self.all.len());
            self.note(&moved, place);
        }
        Some(removed)
    }

    /// Number of streams.
    pub(super) const fn len(&self) -> usize {
        self.all.len()
    }

    /// All streams in the order of their keys.
    pub(super) fn in_order(&self) -> Vec<(&Hash, &Stream)> {
        let mut all: Vec<_> = self.all.iter().map(|(key, stream)| (key, stream)).collect();
        all.sort_unstable_by_key(|(key, _)| **key);
        all
    }

    /// The streams that a predicate chooses, in the order of their keys.
    pub(super) fn chosen(&mut self, choose: impl Fn(&Stream) -> bool) -> Vec<(Hash, &mut Stream)> {
        let chosen = self.all.iter_mut().filter(|(_, stream)| choose(stream));
        let mut chosen: Vec<_> = chosen.map(|(key, stream)| (*key, stream)).collect();
        chosen.sort_unstable_by_key(|(key, _)| *key);
        chosen
    }

    fn find(&self, key: &Hash) -> Option<usize> {
        let (tag, set) = self.of(key);
        for shortcut in self.sets.get(set)? {
            if shortcut.tag != tag || shortcut.place == u32::MAX {
                continue;
            }
            let place = usize::try_from(shortcut.place).ok()?;
            if self.all.get(place).is_some_and(|(held, _)| held == key) {
                return Some(place);
            }
        }
        if self.rest.is_empty() {
            return None;
        }
        self.rest
            .get(key)
            .and_then(|place| usize::try_from(*place).ok())
    }

    /// Bits of a key: those that a shortcut holds, and the number of its set.
    fn of(&self, key: &Hash) -> (u32, usize) {
        let (set, tag) = key.words();
        let set = usize::try_from(set & 0xffff_ffff).unwrap_or(0);
        let tag = u32::try_from(tag & 0xffff_ffff).unwrap_or(0);
        (tag, set & self.sets.len().saturating_sub(1))
    }

    /// Notes where a stream stands that nothing leads to.
    fn note(&mut self, key: &Hash, place: usize) {
        // A log has no room for as many.
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        let (tag, set) = self.of(key);
        let free = self
            .sets
            .get_mut(set)
            .and_then(|set| set.iter_mut().find(|shortcut| shortcut.place == u32::MAX));
        match free {
            Some(free) => *free = Shortcut { tag, place },
            None => {
                self.rest.insert(*key, place);
            }
        }
    }

    /// Takes away what leads to the stream of this key at this place.
    fn forget(&mut self, key: &Hash, place: usize) {
        if self.rest.remove(key).is_some() {
            return;
        }
        let (_, set) = self.of(key);
        let leads_there = |shortcut: &&mut Shortcut| usize::try_from(shortcut.place) == Ok(place);
        if let Some(set) = self.sets.get_mut(set)
            && let Some(shortcut) = set.iter_mut().find(leads_there)
        {
            *shortcut = Shortcut::NONE;
        }
    }

    /// Twice as many sets.
    fn spread(&mut self) {
        let sets = (2 * self.sets.len()).max(SETS_MIN);
        self.sets = alloc::vec![[Shortcut::NONE; WAYS]; sets];
        self.rest.clear();
        for place in 0..self.all.len() {
            if let Some(key) = self.all.get(place).map(|(key, _)| *key) {
                self.note(&key, place);
            }
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "small numbers of a test"
)]
mod tests {
    use super::*;

    /// A key of which the bits that choose its set and its shortcut are few.
    fn key(number: u64, alike: bool) -> Hash {
        let mut bytes = [0; Hash::LEN];
        let start = if alike { 24 } else { 0 };
        bytes[start..start + 8].copy_from_slice(&(number % 500).to_be_bytes());
        bytes[8..16].copy_from_slice(&(number % 2).to_be_bytes());
        Hash::new(bytes)
    }

    #[test]
    fn streams_are_those_of_a_tree_whatever_bits_their_keys_share() {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        for alike in [false, true] {
            let (mut quick, mut plain) = (Streams::default(), BTreeMap::new());
            for step in 0..20_000 {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                let key = key(random >> 20, alike);
                let stream = Stream::from_parts(step, step, key, step);
                match random % 5 {
                    0 | 1 => assert_eq!(quick.insert(key, stream), plain.insert(key, stream)),
                    2 | 3 => assert_eq!(quick.get(&key), plain.get(&key)),
                    _ => assert_eq!(quick.remove(&key), plain.remove(&key)),
                }
                assert_eq!(quick.len(), plain.len());
            }
            assert_eq!(quick.rest.is_empty(), !alike);
            assert!(quick.in_order().into_iter().eq(plain.iter()));
            for (key, stream) in &plain {
                assert_eq!(quick.get_mut(key).copied(), Some(*stream));
            }
        }
    }
}
