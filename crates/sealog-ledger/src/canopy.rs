//! The upper part of the tree, and where its leaves stand: what proofs of old entries are made from
//! (`docs/formats/canopy.md`).
//!
//! For each full run of 256 leaves it holds the place of the first and the run's root, and all nodes above. A proof
//! then costs reading one run instead of the whole log. It is derived and kept in `derived/` without being trusted:
//! its root is compared with the checkpoint, and who makes a proof from it verifies the proof before it leaves.

use sealog_core::hash::Hash;
use sealog_core::tlog::tile::{FULL_WIDTH, full_root};
use sealog_core::tlog::tree::{self, ProofError, node_hash};
use sealog_store::{Place, Shelf, Store};

use crate::Error;
use crate::read::{Entries, Leaf};

/// Leaves of a run: as many as a tile has.
pub(crate) const RUN: u64 = 256;
const _: () = assert!(FULL_WIDTH == 256);
/// Level of a run's root in the tree.
const RUN_LEVEL: u32 = RUN.trailing_zeros();
/// Name of its file.
const NAME: &str = "canopy";
/// How the file begins; another version is thrown away.
const MAGIC: &[u8] = b"sealog/canopy/v1\n";
/// Entries after which it is written again.
const WRITE_ENTRIES: u64 = 65_536;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Canopy {
    /// Where each run begins, the last one included that is not full.
    runs: Vec<Place>,
    /// The complete nodes of each level, from the runs' roots up.
    levels: Vec<Vec<Hash>>,
    /// The leaves behind the last full run.
    rest: Vec<Hash>,
    size: u64,
    /// After the last leaf's line.
    end: Place,
    /// Size when it was last written or read.
    written: u64,
}

/// The leaves of one run.
#[derive(Debug)]
pub(crate) struct Run {
    number: u64,
    pub(crate) leaves: Vec<Leaf>,
    hashes: Vec<Hash>,
}

impl Canopy {
    pub(crate) const fn new() -> Self {
        Self {
            runs: Vec::new(),
            levels: Vec::new(),
            rest: Vec::new(),
            size: 0,
            end: Place::START,
            written: 0,
        }
    }

    /// The canopy of a log, from the log alone: nothing derived is read. `passed` is told how many leaves it has so
    /// far, run by run.
    pub(crate) fn of_log(
        store: &dyn Store,
        size: u64,
        root: &Hash,
        passed: &mut dyn FnMut(u64),
    ) -> Result<Self, Error> {
        let mut canopy = Self::new();
        canopy.take_up_to(store, size, passed)?;
        if canopy.root(size) == Some(*root) {
            return Ok(canopy);
        }
        Err(mismatch())
    }

    /// Brings it up to a tree of this size and root. What was read from `derived/` and does not fit is thrown away.
    pub(crate) fn grow(
        &mut self,
        store: &dyn Store,
        size: u64,
        root: &Hash,
        passed: &mut dyn FnMut(u64),
    ) -> Result<(), Error> {
        if self.size == 0
            && let Some(read) = read(store, size)
        {
            *self = read;
        }
        let begun = self.size;
        self.take_up_to(store, size, passed)?;
        if self.root(size) != Some(*root) && begun > 0 {
            self.discard(store);
            self.take_up_to(store, size, passed)?;
        }
        if self.root(size) != Some(*root) {
            self.discard(store);
            return Err(mismatch());
        }
        if self.size >= self.written.saturating_add(WRITE_ENTRIES) {
            // Without it the next process reads the log once more.
            let _ = store.put(Shelf::Derived, NAME, &self.to_bytes());
            self.written = self.size;
        }
        Ok(())
    }

    /// Forgets everything, here and in `derived/`.
    pub(crate) fn discard(&mut self, store: &dyn Store) {
        *self = Self::new();
        let _ = store.remove(Shelf::Derived, NAME);
    }

    fn take_up_to(
        &mut self,
        store: &dyn Store,
        size: u64,
        passed: &mut dyn FnMut(u64),
    ) -> Result<(), Error> {
        if self.size >= size {
            return Ok(());
        }
        let mut entries = Entries::starting(store, self.end, self.size, size)?;
        while let Some((_, leaf)) = entries.next_leaf()? {
            self.push(entries.place(), leaf.hash());
            self.end = entries.end();
            if self.rest.is_empty() {
                passed(self.size);
            }
        }
        if self.size < size {
            return Err(mismatch());
        }
        Ok(())
    }

    fn push(&mut self, place: Place, leaf: Hash) {
        if self.rest.is_empty() {
            self.runs.push(place);
        }
        self.rest.push(leaf);
        self.size += 1;
        if self.size.is_multiple_of(RUN) {
            let root = full_root(&self.rest).unwrap_or(Hash::ZERO);
            self.rest.clear();
            self.push_root(root);
        }
    }

    /// Adds the root of a full run, and every node that it completes.
    fn push_root(&mut self, mut node: Hash) {
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(row) = self.levels.get_mut(level) else {
                return;
            };
            row.push(node);
            match row.as_slice() {
                [.., left, right] if row.len().is_multiple_of(2) => node = node_hash(left, right),
                _ => return,
            }
        }
    }

    /// A complete node of the tree; below the runs' roots only in the run given and behind the last full one.
    pub(crate) fn node(&self, level: u32, index: u64, run: Option<&Run>) -> Option<Hash> {
        if level >= RUN_LEVEL {
            let row = self.levels.get(usize::try_from(level - RUN_LEVEL).ok()?)?;
            return row.get(usize::try_from(index).ok()?).copied();
        }
        let first = index.checked_shl(level)?;
        let number = first / RUN;
        let leaves = match run {
            Some(run) if run.number == number => &run.hashes,
            _ if number == self.size / RUN => &self.rest,
            _ => return None,
        };
        let start = usize::try_from(first % RUN).ok()?;
        full_root(leaves.get(start..start + (1 << level))?)
    }

    /// The root of the first `size` leaves, as far as it can be told without reading: at its own size, or a multiple of
    /// a run.
    pub(crate) fn root(&self, size: u64) -> Option<Hash> {
        tree::range_root(0, size, |level, index| {
            self.node(level, index, None).ok_or(Unknown)
        })
        .ok()
    }

    /// The proof of an entry of the run, in the tree of `size` leaves.
    pub(crate) fn prove(&self, index: u64, size: u64, run: &Run) -> Result<Vec<Hash>, Error> {
        tree::prove_inclusion(index, size, |level, index| {
            self.node(level, index, Some(run)).ok_or(Unknown)
        })
        .map_err(|Unknown| mismatch())
    }

    /// Where a run begins.
    pub(crate) fn place(&self, number: u64) -> Option<Place> {
        self.runs.get(usize::try_from(number).ok()?).copied()
    }

    /// Reads a run, as far as a tree of `size` leaves has it. What is read is the tree's own: places may be of files
    /// that were rewritten since.
    pub(crate) fn run(&self, store: &dyn Store, number: u64, size: u64) -> Result<Run, Error> {
        let place = self.place(number).ok_or_else(mismatch)?;
        let first = number.saturating_mul(RUN);
        let end = first.saturating_add(RUN).min(self.size);
        let mut entries = Entries::starting(store, place, first, end)?;
        let next = self.place(number.saturating_add(1));
        if let Some(next) = next.filter(|next| next.segment() == place.segment()) {
            entries = entries.in_pieces_of(next.offset().saturating_sub(place.offset()));
        }
        let mut leaves = Vec::new();
        while let Some((_, leaf)) = entries.next_leaf()? {
            leaves.push(leaf);
        }
        let mut run = Run::new(number, leaves);
        if !self.covers(&run) {
            return Err(mismatch());
        }
        let wanted = usize::try_from(size.saturating_sub(first)).unwrap_or(usize::MAX);
        run.leaves.truncate(wanted);
        run.hashes.truncate(wanted);
        Ok(run)
    }

    /// Passes over the runs of a tree of `size` leaves, from one on. Each is what the tree covers, whatever the files
    /// have come to hold since.
    pub(crate) fn each_run(
        &self,
        store: &dyn Store,
        from: u64,
        size: u64,
        take: &mut dyn FnMut(&Run) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Some(place) = self.place(from) else {
            return Ok(());
        };
        let first = from.saturating_mul(RUN);
        let mut entries = Entries::starting(store, place, first, size)?;
        for number in from..size.div_ceil(RUN) {
            let count = size.saturating_sub(number.saturating_mul(RUN)).min(RUN);
            let mut leaves = Vec::new();
            for _ in 0..count {
                let (_, leaf) = entries.next_leaf()?.ok_or_else(mismatch)?;
                leaves.push(leaf);
            }
            let run = Run::new(number, leaves);
            if !self.covers(&run) {
                return Err(mismatch());
            }
            take(&run)?;
        }
        Ok(())
    }

    /// Whether a run's leaves are those of this tree.
    fn covers(&self, run: &Run) -> bool {
        if u64::try_from(run.hashes.len()) == Ok(RUN) {
            let root = full_root(&run.hashes);
            return root.is_some() && root == self.node(RUN_LEVEL, run.number, None);
        }
        run.number == self.size / RUN && self.rest.starts_with(&run.hashes)
    }

    /// The hashes of a tile above the leaves: `width` nodes of the tree's level from `first` on.
    pub(crate) fn row(&self, level: u32, first: u64, width: u16) -> Option<Vec<Hash>> {
        let nodes = first..first.saturating_add(width.into());
        nodes.map(|index| self.node(level, index, None)).collect()
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        let mut number = |value: u64| out.extend_from_slice(&value.to_be_bytes());
        number(self.size);
        for place in [self.end].iter().chain(&self.runs) {
            number(place.segment());
            number(place.offset());
        }
        for hash in self.levels.iter().take(1).flatten().chain(&self.rest) {
            out.extend_from_slice(hash.as_bytes());
        }
        let digest = Hash::of(&[&out]);
        out.extend_from_slice(digest.as_bytes());
        out
    }

    /// Reads its own file; `None` for a torn one or one of another form.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (body, digest) = bytes.split_last_chunk::<{ Hash::LEN }>()?;
        if Hash::of(&[body]).as_bytes() != digest {
            return None;
        }
        let mut rest = body.strip_prefix(MAGIC)?;
        let mut number = || {
            let (first, behind) = rest.split_first_chunk::<8>()?;
            rest = behind;
            Some(u64::from_be_bytes(*first))
        };
        let size = number()?;
        let mut place = || Some(Place::new(number()?, number()?));
        let end = place()?;
        let runs: Option<Vec<Place>> = (0..size.div_ceil(RUN)).map(|_| place()).collect();
        let runs = runs?;
        let hashes: Vec<Hash> = rest
            .chunks_exact(Hash::LEN)
            .filter_map(Hash::from_slice)
            .collect();
        let full = usize::try_from(size / RUN).ok()?;
        let whole = rest.len().is_multiple_of(Hash::LEN)
            && u64::try_from(hashes.len()) == Ok(size / RUN + size % RUN);
        let (roots, leaves) = hashes.split_at_checked(full).filter(|_| whole)?;
        let mut canopy = Self {
            runs,
            rest: leaves.to_vec(),
            size,
            end,
            written: size,
            ..Self::new()
        };
        for root in roots {
            canopy.push_root(*root);
        }
        Some(canopy)
    }
}

/// What lies in `derived/`, unless it is of a larger tree.
fn read(store: &dyn Store, size: u64) -> Option<Canopy> {
    let bytes = store.fetch(Shelf::Derived, NAME).ok()??;
    Canopy::from_bytes(&bytes).filter(|canopy| canopy.size <= size)
}

impl Run {
    fn new(number: u64, leaves: Vec<Leaf>) -> Self {
        let hashes = leaves.iter().map(Leaf::hash).collect();
        Self {
            number,
            leaves,
            hashes,
        }
    }

    /// Its place among the runs, from 0.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// Index of its first leaf.
    pub(crate) const fn first(&self) -> u64 {
        self.number * RUN
    }

    /// The hashes of its leaves.
    pub(crate) fn hashes(&self) -> &[Hash] {
        &self.hashes
    }
}

/// A node that is not at hand, or a question that the tree refuses.
pub(crate) struct Unknown;

impl From<ProofError> for Unknown {
    fn from(_: ProofError) -> Self {
        Self
    }
}

/// The files do not give the tree that the log's key signed.
pub(crate) fn mismatch() -> Error {
    let code = sealog_core::finding::Code::RootMismatch;
    Error::Damaged {
        findings: vec![sealog_core::finding::Finding::new(code)],
    }
}

#[cfg(test)]
mod tests;
