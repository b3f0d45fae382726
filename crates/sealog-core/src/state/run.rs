//! Producers' runs: which numbers arrived, which are missing, and whether the run closed.

use alloc::vec::Vec;

use super::LogState;
use super::journal::Undo;
use crate::finding::Code;
use crate::hash::Hash;
use crate::json::write_integer;
use crate::limits::RUN_HOLES_MAX;

/// Runs that left the state map, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DepartedRuns {
    /// Closed, with every number there.
    pub whole: u64,
    /// Closed, with numbers missing.
    pub with_holes: u64,
    /// Never closed, and silent for so long that they were given up.
    pub silent: u64,
    /// Numbers missing in all of them.
    pub missing: u64,
}

impl DepartedRuns {
    /// Counts a run that leaves.
    pub(super) fn add(&mut self, run: &Run) {
        self.missing = self.missing.saturating_add(run.missing());
        let count = match (run.closed, run.missing()) {
            (None, _) => &mut self.silent,
            (Some(_), 0) => &mut self.whole,
            (Some(_), _) => &mut self.with_holes,
        };
        *count = count.saturating_add(1);
    }
}

/// A producer's run as the log has seen it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    next: u64,
    received: u64,
    /// Missing ranges below `next`, first and last included, ascending and apart.
    holes: Vec<(u64, u64)>,
    closed: Option<u64>,
    last_index: u64,
    /// Whether it changed since the state map last took it in.
    pub(super) dirty: bool,
}

impl Run {
    /// A run of which nothing arrived yet.
    pub const fn new() -> Self {
        Self {
            next: 0,
            received: 0,
            holes: Vec::new(),
            closed: None,
            last_index: 0,
            dirty: true,
        }
    }

    /// A run as a snapshot holds it.
    pub const fn from_parts(
        next: u64,
        received: u64,
        holes: Vec<(u64, u64)>,
        closed: Option<u64>,
        last_index: u64,
    ) -> Self {
        Self {
            next,
            received,
            holes,
            closed,
            last_index,
            dirty: true,
        }
    }

    /// One more than the highest number that arrived.
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// How many numbers arrived.
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// Missing ranges below [`Run::next`], first and last included.
    pub fn holes(&self) -> &[(u64, u64)] {
        &self.holes
    }

    /// How many numbers are missing: in the holes, and between the last number and the closing record's count.
    pub fn missing(&self) -> u64 {
        let holes: u64 = self
            .holes
            .iter()
            .map(|(first, last)| last - first + 1)
            .sum();
        holes.saturating_add(
            self.closed
                .map_or(0, |count| count.saturating_sub(self.next)),
        )
    }

    /// The count of its closing record.
    pub const fn closed(&self) -> Option<u64> {
        self.closed
    }

    /// Index of its last record.
    pub const fn last_index(&self) -> u64 {
        self.last_index
    }

    /// Whether a record of this number may follow.
    pub fn accepts(&self, seq: u64) -> Result<(), Code> {
        if self.closed.is_some_and(|count| seq >= count) {
            return Err(Code::RunAfterClose);
        }
        if seq >= self.next {
            let sparse = seq > self.next && self.holes.len() >= RUN_HOLES_MAX;
            return if sparse { Err(Code::RunSparse) } else { Ok(()) };
        }
        let Some(&(first, last)) = self
            .hole_of(seq)
            .and_then(|position| self.holes.get(position))
        else {
            return Err(Code::RunSeqRepeated);
        };
        let splits = first < seq && seq < last;
        if splits && self.holes.len() >= RUN_HOLES_MAX {
            Err(Code::RunSparse)
        } else {
            Ok(())
        }
    }

    fn hole_of(&self, seq: u64) -> Option<usize> {
        let position = self.holes.partition_point(|(_, last)| *last < seq);
        self.holes
            .get(position)
            .is_some_and(|(first, _)| *first <= seq)
            .then_some(position)
    }

    /// Takes a number in, whether or not it was acceptable.
    fn take(&mut self, seq: u64, index: u64) {
        self.last_index = index;
        self.dirty = true;
        self.received = self.received.saturating_add(1);
        if seq >= self.next {
            if seq > self.next {
                self.holes.push((self.next, seq - 1));
            }
            self.next = seq.saturating_add(1);
            return;
        }
        let Some(position) = self.hole_of(seq) else {
            return;
        };
        let Some(hole) = self.holes.get_mut(position) else {
            return;
        };
        let (first, last) = *hole;
        if first == last {
            self.holes.remove(position);
        } else if seq == first {
            hole.0 = seq + 1;
        } else if seq == last {
            hole.1 = seq - 1;
        } else {
            hole.1 = seq - 1;
            self.holes.insert(position + 1, (seq + 1, last));
        }
    }

    /// The same, to be taken into the state map again.
    #[must_use]
    pub(super) const fn touched(mut self) -> Self {
        self.dirty = true;
        self
    }

    /// Its value in the state map:
    /// `{"closed":n|null,"holes":[[first,last],..],"last_index":..,"next":..,"received":..}`.
    pub fn map_value(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(96);
        out.extend_from_slice(b"{\"closed\":");
        match self.closed {
            Some(count) => write_integer(&mut out, count),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"holes\":[");
        for (position, (first, last)) in self.holes.iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            out.push(b'[');
            write_integer(&mut out, *first);
            out.push(b',');
            write_integer(&mut out, *last);
            out.push(b']');
        }
        out.extend_from_slice(b"],\"last_index\":");
        write_integer(&mut out, self.last_index);
        out.extend_from_slice(b",\"next\":");
        write_integer(&mut out, self.next);
        out.extend_from_slice(b",\"received\":");
        write_integer(&mut out, self.received);
        out.push(b'}');
        out
    }
}

impl Default for Run {
    fn default() -> Self {
        Self::new()
    }
}

impl LogState {
    /// Takes the number of a record of a run in.
    pub(super) fn advance_run(&mut self, key: Hash, seq: u64, index: u64) {
        let held = self.runs.get_mut(&key);
        self.journal
            .keep(|| Undo::Run(key, held.as_deref().cloned()));
        match held {
            Some(run) => run.take(seq, index),
            None => self.runs.entry(key).or_default().take(seq, index),
        }
    }

    /// Closes a run with its count.
    pub(super) fn close_run(&mut self, key: &Hash, count: u64) {
        if let Some(run) = self.runs.get_mut(key) {
            run.closed = Some(count);
        }
    }
}

#[cfg(test)]
#[allow(clippy::as_conversions, reason = "small numbers of a test")]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn numbers_out_of_order_leave_exactly_the_missing_ones() {
        let mut run = Run::new();
        let mut seen = BTreeSet::new();
        for (index, seq) in [3, 0, 9, 5, 4, 1, 7].into_iter().enumerate() {
            assert_eq!(run.accepts(seq), Ok(()));
            run.take(seq, index as u64);
            seen.insert(seq);
            assert_eq!(run.accepts(seq), Err(Code::RunSeqRepeated));
            let missing: BTreeSet<u64> = (0..run.next()).filter(|n| !seen.contains(n)).collect();
            let listed = run
                .holes()
                .iter()
                .flat_map(|(first, last)| *first..=*last)
                .collect();
            assert_eq!(missing, listed);
            assert_eq!(run.received(), seen.len() as u64);
        }
        assert_eq!(run.holes(), [(2, 2), (6, 6), (8, 8)]);
    }

    #[test]
    fn holes_end_at_their_limit() {
        let mut run = Run::new();
        for n in 0..RUN_HOLES_MAX as u64 {
            run.take(2 * n + 1, 0);
        }
        assert_eq!(run.holes().len(), RUN_HOLES_MAX);
        assert_eq!(run.accepts(run.next() + 1), Err(Code::RunSparse));
        assert_eq!(run.accepts(run.next()), Ok(()));
        assert_eq!(run.accepts(0), Ok(()));
    }

    #[test]
    fn splitting_a_hole_ends_at_the_limit_too() {
        let mut run = Run::new();
        run.take(100, 0);
        for n in 1..RUN_HOLES_MAX as u64 {
            run.take(100 + 2 * n, 0);
        }
        assert_eq!(run.holes().len(), RUN_HOLES_MAX);
        assert_eq!(run.accepts(50), Err(Code::RunSparse));
        assert_eq!(run.accepts(0), Ok(()));
        assert_eq!(run.accepts(99), Ok(()));
    }

    #[test]
    fn after_closing_only_missing_numbers_may_come() {
        let mut run = Run::new();
        run.take(0, 0);
        run.take(2, 1);
        run.closed = Some(3);
        assert_eq!(run.accepts(1), Ok(()));
        assert_eq!(run.accepts(3), Err(Code::RunAfterClose));
    }
}
