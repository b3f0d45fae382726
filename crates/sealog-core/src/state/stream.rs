//! Streams: gap-free chains inside the tree, and their values in the state map.

use alloc::vec::Vec;

use super::LogState;
use super::journal::Undo;
use crate::hash::Hash;
use crate::json::{write_integer, write_string};

/// Head of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    first_index: u64,
    head_index: u64,
    head_leaf: Hash,
    next_seq: u64,
    /// Whether it changed since the state map last took it in.
    pub(super) dirty: bool,
}

impl Stream {
    /// A stream's head as a snapshot holds it.
    pub const fn from_parts(
        first_index: u64,
        head_index: u64,
        head_leaf: Hash,
        next_seq: u64,
    ) -> Self {
        Self {
            first_index,
            head_index,
            head_leaf,
            next_seq,
            dirty: true,
        }
    }

    /// Index of its first entry.
    pub const fn first_index(&self) -> u64 {
        self.first_index
    }

    /// Index of its last entry.
    pub const fn head_index(&self) -> u64 {
        self.head_index
    }

    /// Leaf hash of its last entry.
    pub const fn head_leaf(&self) -> Hash {
        self.head_leaf
    }

    /// Number that its next entry will have.
    pub const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// The same, to be taken into the state map again.
    #[must_use]
    pub(super) const fn touched(mut self) -> Self {
        self.dirty = true;
        self
    }

    /// Its value in the state map: `{"first_index":..,"head_index":..,"head_leaf":"..","next_seq":..}`.
    pub fn map_value(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(160);
        out.extend_from_slice(b"{\"first_index\":");
        write_integer(&mut out, self.first_index);
        out.extend_from_slice(b",\"head_index\":");
        write_integer(&mut out, self.head_index);
        out.extend_from_slice(b",\"head_leaf\":");
        write_string(&mut out, &self.head_leaf.to_hex());
        out.extend_from_slice(b",\"next_seq\":");
        write_integer(&mut out, self.next_seq);
        out.push(b'}');
        out
    }
}

impl LogState {
    /// Takes the next entry of a stream in.
    pub(super) fn advance_stream(&mut self, key: Hash, index: u64, leaf: Hash) {
        let held = self.streams.get_mut(&key);
        self.journal
            .keep(|| Undo::Stream(key, held.as_deref().copied()));
        match held {
            Some(stream) => {
                stream.head_index = index;
                stream.head_leaf = leaf;
                stream.next_seq = stream.next_seq.saturating_add(1);
                stream.dirty = true;
            }
            None => {
                self.streams
                    .insert(key, Stream::from_parts(index, index, leaf, 1));
            }
        }
    }
}
