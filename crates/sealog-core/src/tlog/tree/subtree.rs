//! Proofs about a range of leaves that is a tree of its own (draft-ietf-plants-merkle-tree-certs section 4).

use super::verify::{expect_root, refuse_size};
use super::{ProofError, bit, empty_root, node_hash, shift, verify_inclusion};
use crate::Hash;

/// Whether the leaves `start..end` may be taken for a tree of their own: not reversed, and `start` a multiple of the
/// smallest power of two that is not below their number.
pub fn is_subtree(start: u64, end: u64) -> bool {
    let Some(length) = end.checked_sub(start) else {
        return false;
    };
    length
        .checked_next_power_of_two()
        .is_some_and(|width| start.is_multiple_of(width))
}

/// Checks that the leaf stands at `index` (counted in the whole tree) of the subtree `start..end` with this root.
pub fn verify_subtree_inclusion(
    index: u64,
    start: u64,
    end: u64,
    leaf: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    refuse_size(end)?;
    if !is_subtree(start, end) {
        let size = end;
        return Err(ProofError::NotASubtree { start, end, size });
    }
    match index.checked_sub(start) {
        Some(offset) => verify_inclusion(offset, end - start, leaf, proof, root),
        None => Err(ProofError::IndexRange { index, size: end }),
    }
}

/// Checks that the leaves `start..end` of the tree of `size` make the subtree with this root.
///
/// An empty range is consistent with every tree; its root has to be the empty one and its proof empty.
pub fn verify_subtree_consistency(
    start: u64,
    end: u64,
    subtree_root: &Hash,
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    refuse_size(size)?;
    if end > size || !is_subtree(start, end) {
        return Err(ProofError::NotASubtree { start, end, size });
    }
    let wrong_length = |expected| ProofError::Length {
        expected,
        found: proof.len(),
    };
    if start == end {
        if !proof.is_empty() {
            return Err(wrong_length(0));
        }
        return expect_root(&empty_root(), subtree_root);
    }
    let mut walk = Walk {
        first: start,
        last: end - 1,
        tree: size - 1,
    };
    walk.climb_to_seed();
    let from_proof = usize::from(walk.first != walk.last);
    let seed = match proof.first() {
        _ if from_proof == 0 => *subtree_root,
        Some(first) => *first,
        None => return Err(wrong_length(1)),
    };
    let (mut subtree_found, mut root_found) = (seed, seed);
    for (used, hash) in proof.iter().enumerate().skip(from_proof) {
        if walk.tree == 0 {
            return Err(wrong_length(used));
        }
        if bit(walk.last, 0) || walk.last == walk.tree {
            if walk.first < walk.last {
                subtree_found = node_hash(hash, &subtree_found);
            }
            root_found = node_hash(hash, &root_found);
            while !bit(walk.last, 0) && walk.tree != 0 {
                walk.up();
            }
        } else {
            root_found = node_hash(&root_found, hash);
        }
        walk.up();
    }
    if walk.tree != 0 {
        return Err(wrong_length(proof.len() + 1));
    }
    expect_root(subtree_root, &subtree_found)?;
    expect_root(root, &root_found)
}

/// The subtree's first and last node and the tree's last node, on one level.
struct Walk {
    first: u64,
    last: u64,
    tree: u64,
}

impl Walk {
    /// To the level of the largest complete subtree that ends where the subtree ends.
    fn climb_to_seed(&mut self) {
        let ends_with_tree = self.last == self.tree;
        while self.first != self.last && (ends_with_tree || bit(self.last, 0)) {
            self.up();
        }
    }

    fn up(&mut self) {
        self.first = shift(self.first, 1);
        self.last = shift(self.last, 1);
        self.tree = shift(self.tree, 1);
    }
}
