//! The inner nodes of a log's tree, as far as proofs and tiles need them: one hash for each 256 leaves, and above.
//!
//! Memory is 33 bytes for each 256 entries. The nodes below that height come from the block of leaves at hand.

use sealog_core::hash::Hash;
use sealog_core::tlog::tile::{FULL_WIDTH, full_root, place_of_node};
use sealog_core::tlog::tree::{self, Frontier, ProofError};

use crate::error::Error;
use crate::ledger::Ledger;
use crate::read::Leaf;

/// Leaves of one block: those under one tile of the lowest level.
pub(crate) const BLOCK: usize = 256;
/// Levels of the tree within one block.
const HEIGHT: u32 = 8;

const _: () = assert!(1 << HEIGHT == BLOCK && FULL_WIDTH == 256);

/// The nodes of a log at a size.
#[derive(Debug, Default)]
pub(crate) struct Nodes {
    size: u64,
    /// At position `t`: all complete subtrees of height `HEIGHT * (t + 1)`, left to right.
    levels: Vec<Vec<Hash>>,
    /// The leaves after the last whole block.
    rest: Vec<Hash>,
    frontier: Frontier,
    /// The frontier before the last block began, and the size there.
    block_start: (u64, Frontier),
}

impl Nodes {
    /// Takes the next leaf.
    pub(crate) fn push(&mut self, leaf: Hash) {
        if self.rest.is_empty() {
            self.block_start = (self.size, self.frontier.clone());
        }
        self.size += 1;
        self.frontier.push(leaf);
        self.rest.push(leaf);
        if self.rest.len() == BLOCK {
            let root = full_root(&self.rest);
            self.rest.clear();
            self.raise(0, root);
        }
    }

    fn raise(&mut self, level: usize, node: Option<Hash>) {
        let Some(node) = node else { return };
        if self.levels.len() == level {
            self.levels.push(Vec::new());
        }
        let Some(row) = self.levels.get_mut(level) else {
            return;
        };
        row.push(node);
        if row.len().is_multiple_of(BLOCK) {
            let root = full_root(row.rchunks(BLOCK).next().unwrap_or_default());
            self.raise(level + 1, root);
        }
    }

    /// Leaves so far.
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// The root over them.
    pub(crate) fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// The frontier at the beginning of the block that was taken in last.
    pub(crate) fn frontier_at(&self, first: u64) -> Option<Frontier> {
        let (size, frontier) = &self.block_start;
        (*size == first).then(|| frontier.clone())
    }

    /// Hashes of a tile above the lowest level, first and number counted in nodes of the tile's level.
    pub(crate) fn tile(&self, level: u8, first: u64, number: usize) -> Option<&[Hash]> {
        let row = self.levels.get(usize::from(level.checked_sub(1)?))?;
        let first = usize::try_from(first).ok()?;
        row.get(first..first.checked_add(number)?)
    }

    /// The proof of the leaf at `index`, which is in `block`, the leaves of its own block.
    pub(crate) fn prove(&self, index: u64, block: &[Hash]) -> Result<Vec<Hash>, ProofError> {
        let own = index >> HEIGHT;
        tree::prove_inclusion(index, self.size, |level, at| {
            let node = self.node(level, at, own, block);
            node.ok_or(ProofError::IndexRange {
                index,
                size: self.size,
            })
        })
    }

    fn node(&self, level: u32, at: u64, own: u64, block: &[Hash]) -> Option<Hash> {
        let (tile_level, tile, first, number) = place_of_node(level, at)?;
        let (first, number) = (usize::from(first), usize::from(number));
        if tile_level > 0 {
            let start = (tile << HEIGHT).checked_add(u64::try_from(first).ok()?)?;
            return full_root(self.tile(tile_level, start, number)?);
        }
        let leaves = if tile == own { block } else { &self.rest };
        full_root(leaves.get(first..first.checked_add(number)?)?)
    }
}

/// A block of leaves, in order.
pub(crate) struct Block {
    /// Index of the first.
    pub(crate) first: u64,
    /// The leaves.
    pub(crate) leaves: Vec<Leaf>,
    /// Their hashes.
    pub(crate) hashes: Vec<Hash>,
}

/// Passes over the leaves of a log below `size`, block by block; the last may be smaller.
pub(crate) fn blocks(
    ledger: &Ledger,
    size: u64,
    mut take: impl FnMut(Block) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut entries = ledger.entries(0..size)?;
    let mut leaves = Vec::with_capacity(BLOCK);
    let mut first = 0;
    loop {
        let leaf = entries.next_leaf()?;
        let ended = leaf.is_none();
        if let Some((index, leaf)) = leaf {
            if leaves.is_empty() {
                first = index;
            }
            leaves.push(leaf);
        }
        if leaves.len() == BLOCK || (ended && !leaves.is_empty()) {
            let hashes = leaves.iter().map(Leaf::hash).collect();
            take(Block {
                first,
                leaves: std::mem::take(&mut leaves),
                hashes,
            })?;
        }
        if ended {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_from_blocks_hold_at_every_place_of_small_and_uneven_trees() {
        for size in [1_u64, 2, 255, 256, 257, 511, 512, 700, 1025] {
            let hashes: Vec<Hash> = (0..size)
                .map(|n| tree::leaf_hash(&n.to_be_bytes()))
                .collect();
            let mut nodes = Nodes::default();
            for hash in &hashes {
                nodes.push(*hash);
            }
            assert_eq!(nodes.size(), size);
            for (number, block) in hashes.chunks(BLOCK).enumerate() {
                for (place, leaf) in block.iter().enumerate() {
                    let index = u64::try_from(number * BLOCK + place).unwrap();
                    let proof = nodes.prove(index, block).unwrap();
                    tree::verify_inclusion(index, size, leaf, &proof, &nodes.root()).unwrap();
                }
            }
        }
    }

    #[test]
    fn upper_levels_hold_the_roots_of_whole_tiles() {
        let mut nodes = Nodes::default();
        let hashes: Vec<Hash> = (0..65_536_u64 + 300)
            .map(|n| tree::leaf_hash(&n.to_be_bytes()))
            .collect();
        for hash in &hashes {
            nodes.push(*hash);
        }
        assert_eq!(nodes.tile(1, 0, 257).map(<[Hash]>::len), Some(257));
        assert_eq!(nodes.tile(1, 0, 258), None);
        let below = nodes.tile(1, 0, BLOCK).unwrap().to_vec();
        assert_eq!(
            nodes.tile(2, 0, 1),
            full_root(&below).as_ref().map(std::slice::from_ref)
        );
        let last = u64::try_from(hashes.len()).unwrap() - 1;
        let block = hashes.chunks(BLOCK).next_back().unwrap();
        let proof = nodes.prove(last, block).unwrap();
        let leaf = hashes.last().unwrap();
        tree::verify_inclusion(last, nodes.size(), leaf, &proof, &nodes.root()).unwrap();
    }
}
