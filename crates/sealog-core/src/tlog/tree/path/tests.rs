//! Against the verifier of single proofs, over small trees.

#![allow(clippy::as_conversions, reason = "small numbers of a test")]

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
