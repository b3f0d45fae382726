//! The tree of a commit group: what the sequencer needs to prove every entry that it has just added.

use alloc::vec::Vec;

use super::{Frontier, ProofError, bit, bit_length, count, node_hash, prove_consistency, shift};
use crate::Hash;

/// The nodes that a group of leaves adds to a tree, each hashed once, and the old nodes that their proofs need.
///
/// Building takes one hash for each node, and about two hashes of memory for each leaf; a proof is only copied out.
#[derive(Debug, Clone)]
pub struct GroupTree {
    old_size: u64,
    size: u64,
    /// Complete nodes of all levels, from the leaves up, each level left to right. A level begins with the old node
    /// that the group's first new one is paired with, where there is one.
    nodes: Vec<Hash>,
    levels: Vec<Level>,
    root: Hash,
}

/// One level of the tree, as far as the group's proofs need it.
#[derive(Debug, Clone, Copy)]
struct Level {
    /// Place in `nodes` of this level's first node.
    at: usize,
    /// That node's index in the level; always even.
    first: u64,
    /// Root of the leaves behind this level's last complete node, where there are any.
    edge: Option<Hash>,
}

impl GroupTree {
    /// Adds `leaves`, by their hashes and in order, to the tree that `before` stands for.
    pub fn new(before: &Frontier, leaves: &[Hash]) -> Self {
        let old_size = before.size();
        let size = old_size.saturating_add(count(leaves.len()));
        let mut old = before.hashes().iter().rev();
        let mut nodes = Vec::with_capacity(2 * leaves.len() + before.hashes().len() + 2);
        let mut levels: Vec<Level> = Vec::new();
        let mut edge = None;
        for level in 0..bit_length(size) {
            let at = nodes.len();
            if bit(old_size, level) {
                nodes.extend(old.next());
            }
            match levels.last() {
                None => nodes.extend_from_slice(leaves),
                Some(below) => push_parents(&mut nodes, below.at, at),
            }
            levels.push(Level {
                at,
                first: shift(old_size, level) & !1,
                edge,
            });
            // This level's last complete node has no sibling where its number is odd: with what lies behind it, it is
            // the next level's edge.
            if bit(size, level)
                && let Some(last) = nodes.last()
            {
                edge = Some(edge.map_or(*last, |right| node_hash(last, &right)));
            }
        }
        Self {
            old_size,
            size,
            nodes,
            levels,
            root: edge.unwrap_or_else(super::empty_root),
        }
    }

    /// The root with the group in the tree.
    pub const fn root(&self) -> Hash {
        self.root
    }

    /// Leaves of the tree with the group.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The tree with the group, in compact form.
    pub fn frontier_after(&self) -> Frontier {
        let mut hashes = Vec::new();
        for level in (0..bit_length(self.size)).rev() {
            if bit(self.size, level) {
                hashes.extend(self.node(level, shift(self.size, level) - 1));
            }
        }
        Frontier::from_parts(self.size, hashes).unwrap_or_default()
    }

    /// The inclusion proof, against [`root`](Self::root), of the group's leaf number `position`, counted from 0 within
    /// the group. `None` where the group has no such leaf.
    pub fn proof(&self, position: usize) -> Option<Vec<Hash>> {
        let mut index = self.old_size.checked_add(count(position))?;
        if index >= self.size {
            return None;
        }
        let height = usize::try_from(bit_length(self.size - 1)).ok()?;
        let mut proof = Vec::with_capacity(height);
        for (level, row) in (0_u32..).zip(self.levels.iter().take(height)) {
            let sibling = index ^ 1;
            let complete = shift(self.size, level);
            if sibling < complete {
                proof.push(self.node(level, sibling)?);
            } else if sibling == complete {
                proof.extend(row.edge);
            }
            index >>= 1;
        }
        Some(proof)
    }

    /// The proof that the tree with the group begins with the tree before it; refused where that was empty.
    pub fn consistency_proof(&self) -> Result<Vec<Hash>, ProofError> {
        prove_consistency(self.old_size, self.size, |level, index| {
            self.node(level, index).ok_or(ProofError::IndexRange {
                index,
                size: self.size,
            })
        })
    }

    /// A complete node, where the group knows it.
    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        let row = self.levels.get(usize::try_from(level).ok()?)?;
        let offset = usize::try_from(index.checked_sub(row.first)?).ok()?;
        self.nodes.get(row.at.checked_add(offset)?).copied()
    }
}

/// Appends the parents of the nodes `from..to`, which begin at an even index.
fn push_parents(nodes: &mut Vec<Hash>, from: usize, to: usize) {
    for left in (from..to).step_by(2) {
        if let Some([left, right]) = nodes.get(left..to).and_then(|pair| pair.first_chunk()) {
            let parent = node_hash(left, right);
            nodes.push(parent);
        }
    }
}
