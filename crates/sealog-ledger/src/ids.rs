//! Record ids that this process has seen, to tell a retry from a new record.

use std::collections::HashMap;

use sealog_core::time::Timestamp;
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
    newest: HashMap<[u8; 16], Known>,
    /// Entries whose id stands again in a newer one, oldest first: one id may be in the log once for each producer.
    older: HashMap<[u8; 16], Vec<Known>>,
    fresh: Vec<[u8; 16]>,
    /// When the newest entry was recorded that was disposed of before this read its line: its id is not known.
    disposed_until: Option<Timestamp>,
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

    /// An entry that was recorded then is gone, and its id with it.
    pub(crate) fn note_disposed(&mut self, recorded_at: Timestamp) {
        self.disposed_until = self.disposed_until.max(Some(recorded_at));
    }

    /// The newest time of which entries are gone whose ids are not known, as far as was read.
    pub(crate) const fn disposed_until(&self) -> Option<Timestamp> {
        self.disposed_until
    }

    /// Adds an entry that may yet be taken back.
    pub(crate) fn add(&mut self, record_id: [u8; 16], known: Known) {
        if let Some(before) = self.newest.insert(record_id, known) {
            self.older.entry(record_id).or_default().push(before);
        }
        self.fresh.push(record_id);
    }

    /// The entries added since the last call exist, or do not.
    pub(crate) fn settle(&mut self, exist: bool) {
        if exist {
            self.fresh.clear();
        }
        for id in std::mem::take(&mut self.fresh).into_iter().rev() {
            match self.pop_older(&id) {
                Some(before) => self.newest.insert(id, before),
                None => self.newest.remove(&id),
            };
        }
    }

    fn pop_older(&mut self, id: &[u8; 16]) -> Option<Known> {
        let entries = self.older.get_mut(id)?;
        let last = entries.pop();
        if entries.is_empty() {
            self.older.remove(id);
        }
        last
    }

    /// The entries under an id, the newest first.
    pub(crate) fn find(&self, record_id: &[u8; 16]) -> impl Iterator<Item = &Known> {
        let older = self.older.get(record_id).map_or(&[][..], Vec::as_slice);
        let newest = self.newest.get(record_id);
        newest.into_iter().chain(older.iter().rev())
    }

    /// Forgets ids below an index that the query index holds from now on.
    pub(crate) fn forget_below(&mut self, index: u64) {
        if index <= self.since {
            return;
        }
        self.newest.retain(|_, known| known.index >= index);
        self.older.retain(|_, entries| {
            entries.retain(|known| known.index >= index);
            !entries.is_empty()
        });
        self.since = index;
    }

    /// Number of ids held.
    pub(crate) fn len(&self) -> usize {
        self.newest.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(index: u64) -> Known {
        Known {
            index,
            place: Place::new(0, index * 10),
            length: 9,
        }
    }

    fn indices(ids: &Ids, id: u8) -> Vec<u64> {
        ids.find(&[id; 16]).map(|known| known.index).collect()
    }

    #[test]
    fn an_id_is_found_under_each_of_its_entries_newest_first() {
        let mut ids = Ids::default();
        for (id, index) in [(1, 0), (2, 1), (1, 2), (1, 3)] {
            ids.add([id; 16], known(index));
        }
        ids.settle(true);
        assert_eq!(indices(&ids, 1), [3, 2, 0]);
        assert_eq!(indices(&ids, 2), [1]);
        assert_eq!(indices(&ids, 3), []);
    }

    #[test]
    fn what_is_taken_back_leaves_what_was_there_before() {
        let mut ids = Ids::default();
        ids.add([1; 16], known(0));
        ids.settle(true);
        for (id, index) in [(1, 1), (2, 2), (1, 3)] {
            ids.add([id; 16], known(index));
        }
        ids.settle(false);
        assert_eq!(indices(&ids, 1), [0]);
        assert_eq!(indices(&ids, 2), []);
        ids.settle(false);
        assert_eq!(indices(&ids, 1), [0], "settled once");
    }

    #[test]
    fn forgetting_keeps_what_the_index_does_not_hold() {
        let mut ids = Ids::default();
        for (id, index) in [(1, 0), (1, 1), (2, 1), (1, 2)] {
            ids.add([id; 16], known(index));
        }
        ids.settle(true);
        ids.forget_below(2);
        assert_eq!((indices(&ids, 1), indices(&ids, 2)), (vec![2], vec![]));
        assert_eq!((ids.since(), ids.len()), (2, 1));
    }
}
