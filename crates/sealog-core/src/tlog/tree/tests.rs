//! Known answers, the refusing sentences of RFC 6962 and RFC 9162, and agreement with a naive recursive tree.
#![allow(clippy::as_conversions)]

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::super::base64;
use super::*;
use crate::ErrorKind;
use crate::limits::TREE_SIZE_MAX;

/// Sizes up to which every proof is tried.
const SIZES: usize = 130;

/// RFC 6962 2.1, word for word.
pub(super) fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

/// RFC 6962 2.1.1, word for word.
fn naive_path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(k);
    let (mut path, sibling) = if index < k {
        (naive_path(index, left), naive_root(right))
    } else {
        (naive_path(index - k, right), naive_root(left))
    };
    path.push(sibling);
    path
}

/// The subtree proof of draft-ietf-plants-merkle-tree-certs 4.4.2, which for `start` 0 is RFC 6962 2.1.2.
fn naive_subproof(start: usize, end: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
    if start == 0 && end == leaves.len() {
        return if known {
            vec![]
        } else {
            vec![naive_root(leaves)]
        };
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(k);
    let (mut proof, sibling) = if end <= k {
        (naive_subproof(start, end, left, known), naive_root(right))
    } else if k <= start {
        (
            naive_subproof(start - k, end - k, right, known),
            naive_root(left),
        )
    } else {
        (naive_subproof(0, end - k, right, false), naive_root(left))
    };
    proof.push(sibling);
    proof
}

fn leaves(number: usize) -> Vec<Hash> {
    (0..number as u64)
        .map(|n| leaf_hash(&n.to_be_bytes()))
        .collect()
}

/// A source that computes every node from the leaves.
fn source(leaves: &[Hash]) -> impl FnMut(u32, u64) -> Result<Hash, ProofError> + '_ {
    |level, index| {
        let width = 1_usize << level;
        let start = usize::try_from(index).unwrap() * width;
        Ok(naive_root(&leaves[start..start + width]))
    }
}

fn frontier(leaves: &[Hash]) -> Frontier {
    let mut frontier = Frontier::new();
    frontier.extend(leaves.iter().copied());
    frontier
}

#[test]
fn known_answers_of_the_empty_tree_and_of_one_empty_entry() {
    let text = |hash: Hash| base64::encode(hash.as_bytes());
    assert_eq!(
        text(empty_root()),
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    );
    assert_eq!(
        text(leaf_hash(b"")),
        "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0="
    );
    assert_eq!(Frontier::new().root(), empty_root());
    assert_eq!(frontier(&[leaf_hash(b"")]).root(), leaf_hash(b""));
}

#[test]
fn leaves_and_nodes_have_different_prefixes() {
    let (a, b) = (leaf_hash(b"a"), leaf_hash(b"b"));
    let forged = leaf_hash(&[*a.as_bytes(), *b.as_bytes()].concat());
    assert_ne!(node_hash(&a, &b), forged);
}

#[test]
fn the_frontier_agrees_with_the_naive_tree_at_every_size() {
    let leaves = leaves(SIZES);
    let mut grown = Frontier::new();
    for size in 0..=SIZES {
        assert_eq!(grown.size(), size as u64);
        assert_eq!(grown.root(), naive_root(&leaves[..size]));
        let again = Frontier::from_parts(grown.size(), grown.hashes().to_vec()).unwrap();
        assert_eq!(again, grown);
        grown.extend(leaves.get(size).copied());
    }
}

#[test]
fn subtrees_hashed_apart_give_the_same_frontier() {
    let leaves = leaves(23);
    let mut parts = Frontier::new();
    for (start, level) in [(0, 3), (8, 3), (16, 2), (20, 1), (22, 0)] {
        let root = naive_root(&leaves[start..start + (1 << level)]);
        parts.push_subtree(level, root).unwrap();
    }
    assert_eq!(parts, frontier(&leaves));
}

#[test]
fn a_subtree_that_does_not_stand_at_a_multiple_of_its_size_is_refused() {
    let mut tree = frontier(&leaves(6));
    let before = tree.clone();
    let error = tree.push_subtree(2, Hash::ZERO).unwrap_err();
    assert_eq!(error, TreeError::Misaligned { level: 2, size: 6 });
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(Frontier::new().push_subtree(63, Hash::ZERO).is_err());
    assert!(Frontier::new().push_subtree(62, Hash::ZERO).is_ok());
    assert_eq!(tree, before);
}

#[test]
fn a_frontier_has_one_hash_for_each_set_bit_of_its_size() {
    for (size, number) in [(0, 1), (1, 0), (1, 2), (5, 1), (5, 3)] {
        let error = Frontier::from_parts(size, vec![Hash::ZERO; number]).unwrap_err();
        assert!(matches!(error, TreeError::HashCount { found, .. } if found == number));
    }
}

#[test]
fn a_tree_ends_at_the_largest_size() {
    let hashes = vec![Hash::ZERO; 63];
    let largest = Frontier::from_parts(TREE_SIZE_MAX, hashes).unwrap();
    assert_eq!(largest.size(), TREE_SIZE_MAX);
    let error = Frontier::from_parts(TREE_SIZE_MAX + 1, vec![Hash::ZERO]).unwrap_err();
    assert!(matches!(error, TreeError::SizeRange { .. }));
    let leaf = Hash::ZERO;
    let proof = vec![leaf; 63];
    assert!(root_from_inclusion(0, TREE_SIZE_MAX, &leaf, &proof).is_ok());
    let error = root_from_inclusion(0, TREE_SIZE_MAX + 1, &leaf, &proof).unwrap_err();
    assert!(matches!(error, ProofError::SizeRange { .. }));
    let error = verify_consistency(1, &leaf, TREE_SIZE_MAX + 1, &leaf, &proof).unwrap_err();
    assert!(matches!(error, ProofError::SizeRange { .. }));
    let full = |_, _| Ok::<_, ProofError>(leaf);
    assert_eq!(prove_inclusion(5, TREE_SIZE_MAX, full).unwrap().len(), 63);
    assert!(prove_inclusion(5, TREE_SIZE_MAX + 1, full).is_err());
}

#[test]
fn every_inclusion_proof_verifies_and_every_altered_one_is_refused() {
    let leaves = leaves(SIZES);
    for size in 1..=SIZES {
        let (tree, number) = (&leaves[..size], size as u64);
        let root = naive_root(tree);
        for (index, leaf) in tree.iter().enumerate() {
            let position = index as u64;
            let proof = prove_inclusion(position, number, source(tree)).unwrap();
            assert_eq!(proof, naive_path(index, tree));
            verify_inclusion(position, number, leaf, &proof, &root).unwrap();
            let refused = |position, size, leaf: &Hash, proof: &[Hash], root: &Hash| {
                assert!(verify_inclusion(position, size, leaf, proof, root).is_err());
            };
            refused(position, number, &Hash::ZERO, &proof, &root);
            refused(position, number, leaf, &proof, &Hash::ZERO);
            refused(number, number, leaf, &proof, &root);
            refused(position, 0, leaf, &proof, &root);
            refused(
                position,
                number,
                leaf,
                &[proof.as_slice(), &[root]].concat(),
                &root,
            );
            refused(
                position,
                number,
                leaf,
                &[&[root], proof.as_slice()].concat(),
                &root,
            );
            // The other leaves of the tree are all different, so no other position has this leaf.
            for other in (0..number).filter(|other| *other != position) {
                refused(other, number, leaf, &proof, &root);
            }
            for at in 0..proof.len() {
                let mut altered = proof.clone();
                altered[at] = Hash::ZERO;
                refused(position, number, leaf, &altered, &root);
                altered.remove(at);
                refused(position, number, leaf, &altered, &root);
            }
        }
    }
}

#[test]
fn every_consistency_proof_verifies_and_every_altered_one_is_refused() {
    let leaves = leaves(SIZES);
    let roots: Vec<Hash> = (0..=SIZES)
        .map(|size| naive_root(&leaves[..size]))
        .collect();
    for new in 1..=SIZES {
        for old in 1..=new {
            let (n1, n2) = (old as u64, new as u64);
            let (r1, r2) = (&roots[old], &roots[new]);
            let proof = prove_consistency(n1, n2, source(&leaves[..new])).unwrap();
            assert_eq!(proof, naive_subproof(0, old, &leaves[..new], true));
            verify_consistency(n1, r1, n2, r2, &proof).unwrap();
            let refused = |n1, r1: &Hash, n2, r2: &Hash, proof: &[Hash]| {
                assert!(verify_consistency(n1, r1, n2, r2, proof).is_err());
            };
            refused(n1, &Hash::ZERO, n2, r2, &proof);
            refused(n1, r1, n2, &Hash::ZERO, &proof);
            refused(0, r1, n2, r2, &proof);
            refused(n2 + 1, r1, n2, r2, &proof);
            refused(n1, r1, n2, r2, &[proof.as_slice(), &[*r1]].concat());
            if old < new {
                refused(n1, r2, n2, r1, &proof);
                for other in (1..=n2).filter(|other| *other != n1) {
                    refused(other, r1, n2, r2, &proof);
                }
            }
            for at in 0..proof.len() {
                let mut altered = proof.clone();
                altered[at] = Hash::ZERO;
                refused(n1, r1, n2, r2, &altered);
                altered.remove(at);
                refused(n1, r1, n2, r2, &altered);
            }
        }
    }
}

#[test]
fn a_tree_without_leaves_has_no_inclusion_proof() {
    let error = verify_inclusion(0, 0, &leaf_hash(b""), &[], &empty_root()).unwrap_err();
    assert_eq!(error, ProofError::IndexRange { index: 0, size: 0 });
    assert_eq!(error.kind(), ErrorKind::Malformed);
}

#[test]
fn an_index_at_the_size_is_refused() {
    let leaf = leaf_hash(b"");
    let error = verify_inclusion(1, 1, &leaf, &[], &leaf).unwrap_err();
    assert_eq!(error, ProofError::IndexRange { index: 1, size: 1 });
    let error = prove_inclusion(1, 1, source(&[leaf])).unwrap_err();
    assert_eq!(error, ProofError::IndexRange { index: 1, size: 1 });
}

#[test]
fn an_inclusion_proof_has_exactly_the_hashes_of_its_place() {
    let leaves = leaves(5);
    let error = verify_inclusion(4, 5, &leaves[4], &leaves[..2], &Hash::ZERO).unwrap_err();
    assert_eq!(
        error,
        ProofError::Length {
            expected: 1,
            found: 2
        }
    );
    assert_eq!(error.kind(), ErrorKind::Malformed);
}

#[test]
fn another_root_is_refuted() {
    let leaf = leaf_hash(b"");
    let error = verify_inclusion(0, 1, &leaf, &[], &Hash::ZERO).unwrap_err();
    let expected = Hash::ZERO;
    assert_eq!(
        error,
        ProofError::RootMismatch {
            expected,
            found: leaf
        }
    );
    assert_eq!(error.kind(), ErrorKind::Refuted);
}

#[test]
fn a_smaller_later_tree_is_refuted() {
    let error = verify_consistency(2, &Hash::ZERO, 1, &Hash::ZERO, &[]).unwrap_err();
    assert_eq!(
        error,
        ProofError::Shrunk {
            expected: 2,
            found: 1
        }
    );
    assert_eq!(error.kind(), ErrorKind::Refuted);
    assert!(prove_consistency(2, 1, source(&[])).is_err());
}

#[test]
fn equal_sizes_need_equal_roots_and_an_empty_proof() {
    let root = leaf_hash(b"");
    verify_consistency(1, &root, 1, &root, &[]).unwrap();
    let error = verify_consistency(1, &root, 1, &Hash::ZERO, &[]).unwrap_err();
    assert!(matches!(error, ProofError::RootMismatch { .. }));
    let error = verify_consistency(1, &root, 1, &root, &[root]).unwrap_err();
    assert_eq!(
        error,
        ProofError::Length {
            expected: 0,
            found: 1
        }
    );
    assert_eq!(prove_consistency(1, 1, source(&[root])), Ok(vec![]));
}

#[test]
fn from_size_zero_every_consistency_proof_is_refused() {
    let empty = empty_root();
    let error = verify_consistency(0, &empty, 0, &empty, &[]).unwrap_err();
    assert_eq!(error, ProofError::OldSizeZero);
    let error = verify_consistency(0, &empty, 1, &leaf_hash(b""), &[]).unwrap_err();
    assert_eq!(error, ProofError::OldSizeZero);
    assert!(prove_consistency(0, 1, source(&[])).is_err());
}

#[test]
fn different_sizes_need_a_proof() {
    let leaves = leaves(2);
    let error = verify_consistency(1, &leaves[0], 2, &naive_root(&leaves), &[]).unwrap_err();
    assert_eq!(
        error,
        ProofError::Length {
            expected: 1,
            found: 0
        }
    );
}

#[test]
fn the_group_tree_agrees_with_the_naive_tree_from_every_size() {
    let leaves = leaves(70);
    for old in 0..=33 {
        let before = frontier(&leaves[..old]);
        for new in old..=leaves.len() {
            let tree = &leaves[..new];
            let group = GroupTree::new(&before, &leaves[old..new]);
            assert_eq!(group.root(), naive_root(tree));
            assert_eq!(group.size(), new as u64);
            assert_eq!(group.frontier_after(), frontier(tree));
            for index in old..new {
                assert_eq!(group.proof(index - old), Some(naive_path(index, tree)));
            }
            assert_eq!(group.proof(new - old), None);
            assert_eq!(group.proof(usize::MAX), None);
            if old > 0 {
                let proof = group.consistency_proof().unwrap();
                assert_eq!(proof, naive_subproof(0, old, tree, true));
            } else {
                assert_eq!(group.consistency_proof(), Err(ProofError::OldSizeZero));
            }
        }
    }
}

#[test]
fn every_subtree_proof_verifies_and_every_altered_one_is_refused() {
    let leaves = leaves(40);
    for size in 1..=leaves.len() {
        let tree = &leaves[..size];
        let root = naive_root(tree);
        for start in 0..size {
            for end in start + 1..=size {
                let (from, to, number) = (start as u64, end as u64, size as u64);
                let sub = naive_root(&tree[start..end]);
                if !is_subtree(from, to) {
                    let proof = prove_inclusion(from, number, source(tree)).unwrap();
                    assert!(
                        verify_subtree_consistency(from, to, &sub, number, &root, &proof).is_err()
                    );
                    assert!(range_root(from, to, source(tree)).is_err());
                    continue;
                }
                assert_eq!(range_root(from, to, source(tree)), Ok(sub));
                let proof = naive_subproof(start, end, tree, true);
                verify_subtree_consistency(from, to, &sub, number, &root, &proof).unwrap();
                let refused = |sub: &Hash, root: &Hash, proof: &[Hash]| {
                    let verdict = verify_subtree_consistency(from, to, sub, number, root, proof);
                    assert!(verdict.is_err());
                };
                refused(&Hash::ZERO, &root, &proof);
                refused(&sub, &Hash::ZERO, &proof);
                refused(&sub, &root, &[proof.as_slice(), &[root]].concat());
                for at in 0..proof.len() {
                    let mut altered = proof.clone();
                    altered[at] = Hash::ZERO;
                    refused(&sub, &root, &altered);
                    altered.remove(at);
                    refused(&sub, &root, &altered);
                }
                let path = naive_path(0, &tree[start..end]);
                verify_subtree_inclusion(from, from, to, &tree[start], &path, &sub).unwrap();
                let outside = verify_subtree_inclusion(to, from, to, &tree[start], &path, &sub);
                assert!(outside.is_err());
            }
        }
    }
}

#[test]
fn an_empty_range_is_consistent_with_every_tree() {
    let (empty, root) = (empty_root(), leaf_hash(b""));
    verify_subtree_consistency(1, 1, &empty, 1, &root, &[]).unwrap();
    assert!(verify_subtree_consistency(1, 1, &root, 1, &root, &[]).is_err());
    assert!(verify_subtree_consistency(1, 1, &empty, 1, &root, &[root]).is_err());
    assert!(verify_subtree_consistency(2, 2, &empty, 1, &root, &[]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_group_on_any_frontier_proves_its_leaves(
        old in 0..TREE_SIZE_MAX - 1_000,
        number in 1..300_usize,
        position in any::<prop::sample::Index>(),
    ) {
        // The old tree's nodes need not have leaves that anybody knows: any hashes do.
        let hashes = (0..u64::from(old.count_ones())).map(|n| leaf_hash(&n.to_le_bytes())).collect();
        let before = Frontier::from_parts(old, hashes).unwrap();
        let leaves = leaves(number);
        let group = GroupTree::new(&before, &leaves);
        let mut grown = before.clone();
        grown.extend(leaves.iter().copied());
        prop_assert_eq!(group.root(), grown.root());
        prop_assert_eq!(group.frontier_after(), grown);
        let position = position.index(number);
        let proof = group.proof(position).unwrap();
        let index = old + position as u64;
        let root = group.root();
        prop_assert!(verify_inclusion(index, group.size(), &leaves[position], &proof, &root).is_ok());
        if old > 0 {
            let proof = group.consistency_proof().unwrap();
            let size = group.size();
            prop_assert!(verify_consistency(old, &before.root(), size, &root, &proof).is_ok());
        }
    }
}
