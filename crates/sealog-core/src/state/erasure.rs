//! Who was erased lately: a record that was made before and comes after must not be written under a key that is gone.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use crate::entry::Erased;

/// Records of erasures that are remembered.
pub const ERASURES_KEPT: usize = 1_024;

/// The newest records of erasures among the lines taken in.
#[derive(Debug, Clone, Default)]
pub struct Erasures {
    newest: VecDeque<(u64, Box<Erased>)>,
    /// Index behind the last one that was forgotten.
    from: u64,
}

impl Erasures {
    pub(super) fn take(&mut self, index: u64, erased: &Erased) {
        if self.newest.len() == ERASURES_KEPT
            && let Some((oldest, _)) = self.newest.pop_front()
        {
            self.from = oldest + 1;
        }
        self.newest.push_back((index, Box::new(erased.clone())));
    }

    /// Entries from this size on are gone.
    pub(super) fn take_back(&mut self, size: u64) {
        while self.newest.back().is_some_and(|(index, _)| *index >= size) {
            self.newest.pop_back();
        }
    }

    /// The erasures recorded from `index` on; none where some may have been forgotten.
    pub fn since(&self, index: u64) -> Option<impl Iterator<Item = &Erased>> {
        let newest = self.newest.iter().rev();
        let since = newest.take_while(move |(at, _)| *at >= index);
        (index >= self.from).then(|| since.map(|(_, erased)| &**erased))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn erased(number: u64) -> Erased {
        Erased {
            deletes_payloads: false,
            key_id: None,
            subject_ref: Some(alloc::format!("{number}")),
            tenant: None,
        }
    }

    #[test]
    fn the_newest_are_told_and_forgotten_ones_make_it_unknown() {
        let mut erasures = Erasures::default();
        let kept = u64::try_from(ERASURES_KEPT).unwrap();
        for index in 0..kept {
            erasures.take(index, &erased(index));
        }
        assert_eq!(erasures.since(0).unwrap().count(), ERASURES_KEPT);
        assert_eq!(erasures.since(kept - 1).unwrap().count(), 1);
        assert_eq!(erasures.since(kept).unwrap().count(), 0);
        erasures.take(kept, &erased(kept));
        assert!(erasures.since(0).is_none(), "one was forgotten");
        assert_eq!(erasures.since(1).unwrap().count(), ERASURES_KEPT);
        erasures.take_back(kept - 1);
        let since: alloc::vec::Vec<_> = erasures.since(kept - 2).unwrap().collect();
        assert_eq!(since, [&erased(kept - 2)]);
    }
}
