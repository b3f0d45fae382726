//! When records were made that their actors sign before they are appended: who was erased meanwhile is asked from
//! then on.

use std::collections::VecDeque;

use memchr::memmem;
use sealog_core::hash::Hash;

/// Records of one producer of which it is remembered when they were made; of the others only that it was in the run.
pub(crate) const PREPARED_KEPT: usize = 1_024;

/// The newest records that a producer prepared.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// Entries that the log had when the run began: no record of the run was made before.
    began: u64,
    /// Hash of the record's bytes, and as of how many entries its keys were taken; none if it took none.
    newest: VecDeque<(Hash, Option<u64>)>,
}

impl Prepared {
    pub(crate) const fn new(began: u64) -> Self {
        Self {
            began,
            newest: VecDeque::new(),
        }
    }

    pub(crate) fn add(&mut self, record: &[u8], keys_as_of: Option<u64>) {
        if self.newest.len() == PREPARED_KEPT {
            self.newest.pop_front();
        }
        self.newest.push_back((Hash::of(&[record]), keys_as_of));
    }

    /// As of how many entries the keys of a record were taken, or before; none if it can name none. A record of
    /// another run may be as old as the log.
    pub(crate) fn keys_as_of(&self, record: &[u8], is_of_run: bool) -> Option<u64> {
        let hash = Hash::of(&[record]);
        let known = self.newest.iter().rev().find(|(made, _)| *made == hash);
        if let Some((_, keys_as_of)) = known {
            return *keys_as_of;
        }
        // Canonical JSON spells a member's name in one way, and escapes the quotes of a text: no key's name is missed.
        let names = |member: &str| memmem::find(record, member.as_bytes()).is_some();
        let may_name = names("\"key_id\":\"") || names("\"subject_ref\":\"");
        may_name.then_some(if is_of_run { self.began } else { 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_remembered_and_others_are_as_old_as_their_run() {
        let mut prepared = Prepared::new(7);
        let record = |number: usize| format!("{{\"subject_ref\":\"{number}\"}}").into_bytes();
        for number in 0..PREPARED_KEPT {
            prepared.add(
                &record(number),
                u64::try_from(number).ok().map(|as_of| as_of + 100),
            );
        }
        assert_eq!(prepared.keys_as_of(&record(0), true), Some(100));
        prepared.add(b"{}", None);
        assert_eq!(prepared.keys_as_of(b"{}", true), None);
        assert_eq!(prepared.keys_as_of(&record(0), true), Some(7), "forgotten");
        assert_eq!(prepared.keys_as_of(&record(1), true), Some(101));
        assert_eq!(prepared.keys_as_of(&record(PREPARED_KEPT), false), Some(0));
        assert_eq!(prepared.keys_as_of(b"{\"text\":\"none\"}", false), None);
        assert_eq!(prepared.keys_as_of(b"{\"key_id\":\"01\"}", false), Some(0));
    }
}
