//! Verification of inclusion and consistency proofs (RFC 9162 sections 2.1.3.2 and 2.1.4.2, the same for RFC 6962).

use super::{ProofError, bit, bit_length, node_hash, shift};
use crate::Hash;
use crate::limits::TREE_SIZE_MAX;

/// Checks that the leaf stands at `index` of the tree with this size and root. The proof runs from the leaf's sibling
/// up.
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    let found = root_from_inclusion(index, size, leaf, proof)?;
    expect_root(root, &found)
}

/// The root that a leaf and its proof lead to, for a caller that has yet to learn the root. The proof does not bind
/// the size: take that from a signed checkpoint.
pub fn root_from_inclusion(
    index: u64,
    size: u64,
    leaf: &Hash,
    proof: &[Hash],
) -> Result<Hash, ProofError> {
    refuse_size(size)?;
    if index >= size {
        return Err(ProofError::IndexRange { index, size });
    }
    let inner = bit_length(index ^ (size - 1));
    let border = shift(index, inner).count_ones();
    let (inner_hashes, border_hashes) = split(proof, 0, inner, border)?;
    Ok(climb(*leaf, index, inner_hashes, border_hashes))
}

/// Checks that the tree of `new_size` begins with the leaves of the tree of `old_size`.
///
/// From size 0 every tree follows, so such a call is refused whatever it brings: where size 0 is a normal state (the
/// witness protocol) the caller decides without this function.
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    refuse_size(new_size)?;
    if new_size < old_size {
        return Err(ProofError::Shrunk {
            expected: old_size,
            found: new_size,
        });
    }
    if old_size == 0 {
        return Err(ProofError::OldSizeZero);
    }
    if old_size == new_size {
        split(proof, 0, 0, 0)?;
        return expect_root(old_root, new_root);
    }
    let zeros = old_size.trailing_zeros();
    let last = old_size - 1;
    let inner = bit_length(last ^ (new_size - 1));
    let border = shift(last, inner).count_ones();
    let starts_in_proof = !old_size.is_power_of_two();
    let (inner_hashes, border_hashes) =
        split(proof, u32::from(starts_in_proof), inner - zeros, border)?;
    let seed = match proof.first() {
        Some(first) if starts_in_proof => first,
        _ => old_root,
    };
    // The path of the old tree's last complete subtree: all of it leads to the new root, its left turns alone to the
    // old one.
    let path = shift(last, zeros);
    let left_turns = inner_hashes
        .iter()
        .zip(0..)
        .filter(|(_, level)| bit(path, *level))
        .map(|(hash, _)| hash)
        .chain(border_hashes);
    let old_found = left_turns.fold(*seed, |right, left| node_hash(left, &right));
    expect_root(old_root, &old_found)?;
    let new_found = climb(*seed, path, inner_hashes, border_hashes);
    expect_root(new_root, &new_found)
}

/// From a node up to the root: the inner hashes stand on the side that the path's bits tell, the border hashes left.
fn climb(node: Hash, path: u64, inner: &[Hash], border: &[Hash]) -> Hash {
    let node = inner
        .iter()
        .enumerate()
        .fold(node, |node, (level, hash)| step(&node, hash, path, level));
    border
        .iter()
        .fold(node, |right, left| node_hash(left, &right))
}

/// One step up inside the complete part: the path's bit tells on which side the sibling stands.
pub(super) fn step(node: &Hash, sibling: &Hash, path: u64, level: usize) -> Hash {
    if bit(path, u32::try_from(level).unwrap_or(u32::MAX)) {
        node_hash(sibling, node)
    } else {
        node_hash(node, sibling)
    }
}

/// Checks the proof's length and splits off its inner and border hashes.
pub(super) fn split(
    proof: &[Hash],
    start: u32,
    inner: u32,
    border: u32,
) -> Result<(&[Hash], &[Hash]), ProofError> {
    let size = |bits: u32| usize::try_from(bits).unwrap_or(usize::MAX);
    let expected = size(start + inner + border);
    let wrong_length = ProofError::Length {
        expected,
        found: proof.len(),
    };
    if proof.len() != expected {
        return Err(wrong_length);
    }
    let rest = proof.get(size(start)..).ok_or(wrong_length.clone())?;
    rest.split_at_checked(size(inner)).ok_or(wrong_length)
}

/// Plain equality: roots are public, so its timing tells nothing.
pub(super) fn expect_root(expected: &Hash, found: &Hash) -> Result<(), ProofError> {
    if expected == found {
        return Ok(());
    }
    Err(ProofError::RootMismatch {
        expected: *expected,
        found: *found,
    })
}

/// Refuses a size that the formats cannot hold.
pub(super) fn refuse_size(found: u64) -> Result<(), ProofError> {
    if found > TREE_SIZE_MAX {
        return Err(ProofError::SizeRange {
            max: TREE_SIZE_MAX,
            found,
        });
    }
    Ok(())
}
