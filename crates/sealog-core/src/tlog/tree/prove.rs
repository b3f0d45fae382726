//! Proofs made from wherever the roots of complete subtrees are kept: tiles, a database, memory.
//!
//! A source is asked for `(level, index)`: the root of the leaves `index * 2^level .. (index + 1) * 2^level`, always
//! within the tree. It answers or fails with its own error, into which a refused question converts.

use alloc::vec::Vec;

use super::verify::refuse_size;
use super::{ProofError, bit, empty_root, node_hash, shift};
use crate::Hash;

/// The proof that the leaf at `index` is in the tree of `size`, the leaf's sibling first.
pub fn prove_inclusion<E: From<ProofError>>(
    index: u64,
    size: u64,
    mut source: impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    refuse_size(size)?;
    if index >= size {
        return Err(ProofError::IndexRange { index, size }.into());
    }
    let mut proof = Vec::new();
    push_path(&mut proof, 0, index, size, &mut source)?;
    Ok(proof)
}

/// The proof that the tree of `new_size` begins with the tree of `old_size`; refused from size 0, where there is
/// nothing to prove.
pub fn prove_consistency<E: From<ProofError>>(
    old_size: u64,
    new_size: u64,
    mut source: impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    refuse_size(new_size)?;
    if new_size < old_size {
        return Err(ProofError::Shrunk {
            expected: old_size,
            found: new_size,
        }
        .into());
    }
    if old_size == 0 {
        return Err(ProofError::OldSizeZero.into());
    }
    let mut proof = Vec::new();
    if old_size == new_size {
        return Ok(proof);
    }
    // The old tree's last complete subtree, which is the old tree itself where its size is a power of two: the
    // verifier knows that one.
    let level = old_size.trailing_zeros();
    let index = (old_size >> level) - 1;
    if index != 0 {
        proof.push(source(level, index)?);
    }
    push_path(&mut proof, level, index, new_size, &mut source)?;
    Ok(proof)
}

/// The root over the leaves `start..end`, taken for a tree of their own; `start` has to be a multiple of the smallest
/// power of two that is not below their number. Whole trees are `0..size`.
pub fn range_root<E: From<ProofError>>(
    start: u64,
    end: u64,
    mut source: impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Hash, E> {
    refuse_size(end)?;
    if !super::is_subtree(start, end) {
        let size = end;
        return Err(ProofError::NotASubtree { start, end, size }.into());
    }
    fold_range(start, end, &mut source)
}

/// Appends the siblings of the node at `(level, index)` on its way to the root.
fn push_path<E>(
    proof: &mut Vec<Hash>,
    level: u32,
    index: u64,
    size: u64,
    source: &mut impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<(), E> {
    let mut node = index;
    for level in level..super::bit_length(size - 1) {
        let sibling = node ^ 1;
        if sibling < shift(size, level) {
            proof.push(source(level, sibling)?);
        } else if let start = sibling << level
            && start < size
        {
            proof.push(fold_range(start, size, source)?);
        }
        node >>= 1;
    }
    Ok(())
}

/// The root of leaves that begin where a subtree of their size may begin: the complete ones, folded from the right.
fn fold_range<E>(
    start: u64,
    end: u64,
    source: &mut impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Hash, E> {
    let mut root = None;
    let length = end - start;
    for level in 0..u64::BITS {
        if !bit(length, level) {
            continue;
        }
        // Complete subtrees of higher levels lie left of this one, lower ones right of it.
        let index = shift(end, level) - 1;
        let left = source(level, index)?;
        root = Some(match root {
            None => left,
            Some(right) => node_hash(&left, &right),
        });
    }
    Ok(root.unwrap_or_else(empty_root))
}
