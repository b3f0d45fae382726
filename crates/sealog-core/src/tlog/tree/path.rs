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
mod tests {
    use super::*;
    use crate::tlog::tree::{Frontier, GroupTree, leaf_hash, verify_inclusion};
    use proptest::prelude::*;

    fn tree(size: u8) -> (Vec<Hash>, GroupTree) {
        let leaves: Vec<Hash> = (0..size).map(|n| leaf_hash(&[n])).collect();
        let tree = GroupTree::new(&Frontier::new(), &leaves);
        (leaves, tree)
    }

    /// What both verifiers say to a call.
    fn agree(
        verifier: &mut InclusionVerifier,
        tree: &GroupTree,
        index: u64,
        leaf: &Hash,
        proof: &[Hash],
    ) -> Result<(), ProofError> {
        let one = verify_inclusion(index, tree.size(), leaf, proof, &tree.root());
        assert_eq!(verifier.verify(index, leaf, proof), one, "{index}");
        one
    }

    #[test]
    fn every_pair_of_proofs_of_small_trees_is_accepted() {
        for size in 1..=33 {
            let (leaves, tree) = tree(size);
            for first in 0..size {
                for second in 0..size {
                    let mut verifier = InclusionVerifier::new(tree.size(), tree.root());
                    for index in [first, second, first] {
                        let position = usize::from(index);
                        let proof = tree.proof(position).unwrap();
                        let leaf = &leaves[position];
                        let said = agree(&mut verifier, &tree, index.into(), leaf, &proof);
                        assert_eq!(said, Ok(()), "{index} of {size}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_changed_hash_is_refused_wherever_it_stands_and_whatever_was_accepted_before() {
        let (leaves, tree) = tree(29);
        for (before, index) in [(4, 5), (4, 4), (0, 15), (27, 28), (3, 28)] {
            let good = tree.proof(index).unwrap();
            for at in 0..=good.len() {
                let mut verifier = InclusionVerifier::new(tree.size(), tree.root());
                let other = tree.proof(before).unwrap();
                verifier
                    .verify(before as u64, &leaves[before], &other)
                    .unwrap();
                let (mut leaf, mut proof) = (leaves[index], good.clone());
                *proof.get_mut(at).unwrap_or(&mut leaf) = Hash::ZERO;
                let said = agree(&mut verifier, &tree, index as u64, &leaf, &proof);
                assert!(said.is_err(), "{at}");
                let said = agree(&mut verifier, &tree, index as u64, &leaves[index], &good);
                assert_eq!(said, Ok(()), "what was refused leaves no trace");
            }
        }
    }

    #[test]
    fn another_tree_is_begun_anew() {
        let (leaves, small) = tree(9);
        let (_, large) = tree(12);
        let mut verifier = InclusionVerifier::new(small.size(), small.root());
        verifier
            .verify(3, &leaves[3], &small.proof(3).unwrap())
            .unwrap();
        verifier.turn_to(large.size(), &large.root());
        agree(
            &mut verifier,
            &large,
            3,
            &leaves[3],
            &large.proof(3).unwrap(),
        )
        .unwrap();
        agree(
            &mut verifier,
            &large,
            3,
            &leaves[3],
            &small.proof(3).unwrap(),
        )
        .unwrap_err();
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn says_what_the_single_verifier_says(
            size in 1u8..80,
            calls in proptest::collection::vec((any::<u8>(), any::<u8>(), any::<u8>(), 0u8..4), 1..20),
        ) {
            let (leaves, tree) = tree(size);
            let mut verifier = InclusionVerifier::new(tree.size(), tree.root());
            for (of, at, changed, change) in calls {
                let of = usize::from(of % size);
                let mut proof = tree.proof(of).unwrap();
                let mut index = of as u64;
                match change {
                    1 => index = u64::from(at),
                    2 => drop(proof.pop()),
                    3 if !proof.is_empty() => {
                        let place = usize::from(changed) % proof.len();
                        proof[place] = leaves[0];
                    }
                    _ => {}
                }
                let _ = agree(&mut verifier, &tree, index, &leaves[of], &proof);
            }
        }
    }
}
