//! Verification of many inclusion proofs of one tree.

use alloc::vec::Vec;

use super::verify::{expect_root, refuse_size, split, step};
use super::{ProofError, bit_length, node_hash, shift};
use crate::Hash;

/// Verifies inclusion proofs of one tree one after the other. Where a proof meets the path of the one before it, the
/// node and the rest of the proof are compared with what led to the root then: for neighbours about two hashes are
/// left of a whole path. Accepts and refuses exactly what [`verify_inclusion`](super::verify_inclusion) does.
#[derive(Debug, Clone)]
pub struct InclusionVerifier {
    size: u64,
    root: Hash,
    /// The last proof that was accepted, and the nodes that it led over, from the leaf to below the root.
    last: Option<u64>,
    proof: Vec<Hash>,
    nodes: Vec<Hash>,
}

impl InclusionVerifier {
    /// A verifier of proofs for the tree of this size and root.
    pub const fn new(size: u64, root: Hash) -> Self {
        Self {
            size,
            root,
            last: None,
            proof: Vec::new(),
            nodes: Vec::new(),
        }
    }

    /// Goes on with another tree, if it is another.
    pub fn turn_to(&mut self, size: u64, root: &Hash) {
        if (self.size, &self.root) != (size, root) {
            self.size = size;
            self.root = *root;
            self.last = None;
        }
    }

    /// Checks that the leaf stands at `index` of the tree; see [`verify_inclusion`](super::verify_inclusion).
    pub fn verify(&mut self, index: u64, leaf: &Hash, proof: &[Hash]) -> Result<(), ProofError> {
        refuse_size(self.size)?;
        if index >= self.size {
            return Err(ProofError::IndexRange {
                index,
                size: self.size,
            });
        }
        let inner = self.inner(index);
        let border = shift(index, inner).count_ones();
        let (inner_hashes, border_hashes) = split(proof, 0, inner, border)?;
        let meets = self.meeting(index, inner);
        let mut node = *leaf;
        let mut met = None;
        // The nodes from the leaf on are noted behind those of the last path until it is sure that they are right.
        let begin = self.nodes.len();
        for (level, hash) in inner_hashes.iter().enumerate() {
            if meets == Some(level) && self.leads_on(level, &node, proof) {
                met = Some(level);
                break;
            }
            self.nodes.push(node);
            node = step(&node, hash, index, level);
        }
        if met.is_none() {
            for hash in border_hashes {
                self.nodes.push(node);
                node = node_hash(hash, &node);
            }
            if let Err(error) = expect_root(&self.root, &node) {
                self.nodes.truncate(begin);
                return Err(error);
            }
        }
        self.keep(index, proof, begin, met);
        Ok(())
    }

    /// Height at which a leaf's path joins that of the last leaf of the tree.
    const fn inner(&self, index: u64) -> u32 {
        bit_length(index ^ (self.size - 1))
    }

    /// The level at which the path joins that of the last proof, if both are still inside the complete part.
    fn meeting(&self, index: u64, inner: u32) -> Option<usize> {
        let last = self.last?;
        let level = bit_length(index ^ last);
        (self.inner(last) == inner && level < inner)
            .then(|| usize::try_from(level).ok())
            .flatten()
    }

    /// Whether from this level on the proof is the last one, and the node the one that it led over.
    fn leads_on(&self, level: usize, node: &Hash, proof: &[Hash]) -> bool {
        self.nodes.get(level) == Some(node) && self.proof.get(level..) == proof.get(level..)
    }

    /// Keeps the path of an accepted proof: its new nodes stand from `begin` on, up to where it met the last one.
    fn keep(&mut self, index: u64, proof: &[Hash], begin: usize, met: Option<usize>) {
        self.last = Some(index);
        let Some(level) = met else {
            self.nodes.drain(..begin);
            self.proof.clear();
            self.proof.extend_from_slice(proof);
            return;
        };
        self.nodes.copy_within(begin.., 0);
        self.nodes.truncate(begin);
        if let (Some(own), Some(new)) = (self.proof.get_mut(..level), proof.get(..level)) {
            own.copy_from_slice(new);
        }
    }
}

#[cfg(test)]
mod tests;
