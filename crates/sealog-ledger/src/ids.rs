//! Record ids that this process has seen, to tell a retry from a new record.

use std::collections::HashMap;

use sealog_store::Place;

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) index: u64,
    /// Where its line begins.
    pub(crate) place: Place,
    /// Length of its line.
    pub(crate) length: u32,
}

/// Ids of all entries from some index on.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    since: u64,
    /// The newest first: one id may stand in the log once for each producer.
    known: HashMap<[u8; 16], Vec<Known>>,
    fresh: Vec<[u8; 16]>,
}

impl Ids {
    /// Ids of entries from this index on will be added.
    pub(crate) fn starting_at(since: u64) -> Self {
        Self {
            since,
            ..Self::default()
        }
    }

    /// The index from which on every id is known.
    pub(crate) const fn since(&self) -> u64 {
        self.since
    }

    /// Adds an entry that may yet be taken back.
    pub(crate) fn add(&mut self, record_id: [u8; 16], known: Known) {
        self.known.entry(record_id).or_default().push(known);
        self.fresh.push(record_id);
    }

    /// The entries added since the last call exist, or do not.
    pub(crate) fn settle(&mut self, exist: bool) {
        for id in self.fresh.drain(..).rev() {
            if exist {
                continue;
            }
            if let Some(entries) = self.known.get_mut(&id) {
                entries.pop();
                if entries.is_empty() {
                    self.known.remove(&id);
                }
            }
        }
    }

    /// The entries added since the last call exist, in a group whose bytes begin at `start`: until now their places
    /// were counted from there.
    pub(crate) fn settle_at(&mut self, start: Place) {
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.sort_unstable();
        for id in fresh.chunk_by(|a, b| a == b) {
            let entries = id.first().and_then(|id| self.known.get_mut(id));
            for known in entries
                .into_iter()
                .flat_map(|entries| entries.iter_mut().rev().take(id.len()))
            {
                known.place = Place::new(start.segment(), start.offset() + known.place.offset());
            }
        }
    }

    /// The entries under an id.
    pub(crate) fn find(&self, record_id: &[u8; 16]) -> &[Known] {
        self.known.get(record_id).map_or(&[], Vec::as_slice)
    }

    /// Forgets ids below an index that the query index holds from now on.
    pub(crate) fn forget_below(&mut self, index: u64) {
        if index <= self.since {
            return;
        }
        self.known.retain(|_, entries| {
            entries.retain(|known| known.index >= index);
            !entries.is_empty()
        });
        self.since = index;
    }

    /// Number of ids held.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }
}
