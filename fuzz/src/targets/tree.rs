//! Proofs of the tree, built from bytes: whatever is accepted must be true of the tree.

use sealog_core::Hash;
use sealog_core::tlog::tree::{
    ProofError, leaf_hash, prove_consistency, prove_inclusion, range_root, verify_consistency,
    verify_inclusion,
};

use super::variant;
use crate::Answer;

/// Leaves of the largest tree: sizes that are powers of two, one more, one less, and others.
const SIZE_MAX: u64 = 37;

fn leaf(index: u64) -> Hash {
    leaf_hash(&index.to_be_bytes())
}

/// The roots of complete subtrees, made anew from the leaves.
fn subtree(level: u32, index: u64) -> Result<Hash, ProofError> {
    if level == 0 {
        return Ok(leaf(index));
    }
    let (left, right) = (
        subtree(level - 1, 2 * index)?,
        subtree(level - 1, 2 * index + 1)?,
    );
    Ok(sealog_core::tlog::tree::node_hash(&left, &right))
}

#[expect(
    clippy::expect_used,
    reason = "every size has a root: a failure is a failed target"
)]
fn root(size: u64) -> Hash {
    range_root(0, size, subtree).expect("every size has a root")
}

/// Byte 0 is the index, byte 1 the size, byte 2 the leaf that is claimed, the rest is the proof.
pub(super) fn inclusion(bytes: &[u8]) -> Answer {
    let Some((&[index, size, claimed], proof)) = bytes.split_first_chunk() else {
        return "too short".to_owned();
    };
    let (index, size, claimed) = (
        u64::from(index),
        u64::from(size) % (SIZE_MAX + 1),
        u64::from(claimed),
    );
    let proof = hashes(proof);
    match verify_inclusion(index, size, &leaf(claimed), &proof, &root(size)) {
        Ok(()) => {
            assert_eq!(index, claimed, "a leaf in another one's place");
            assert_eq!(
                prove_inclusion(index, size, subtree),
                Ok(proof),
                "a second proof"
            );
            "accepted".to_owned()
        }
        Err(error) => variant(&error),
    }
}

pub(super) fn inclusion_seeds() -> Vec<Vec<u8>> {
    let cases = [(0, 1), (0, 2), (4, 7), (7, 8), (8, 9), (31, 37), (36, 37)];
    let encode = |(index, size): (u8, u8)| {
        let proof = prove_inclusion(u64::from(index), u64::from(size), subtree);
        [vec![index, size, index], joined(&proof.unwrap_or_default())].concat()
    };
    cases.into_iter().map(encode).collect()
}

/// Bytes 0 and 1 are the sizes, byte 2 the size whose root is claimed for the old one, the rest is the proof.
pub(super) fn consistency(bytes: &[u8]) -> Answer {
    let Some((&[old, new, claimed], proof)) = bytes.split_first_chunk() else {
        return "too short".to_owned();
    };
    let [old, new, claimed] = [old, new, claimed].map(|size| u64::from(size) % (SIZE_MAX + 1));
    let proof = hashes(proof);
    match verify_consistency(old, &root(claimed), new, &root(new), &proof) {
        Ok(()) => {
            assert_eq!(old, claimed, "a root of another size");
            assert_eq!(
                prove_consistency(old, new, subtree),
                Ok(proof),
                "a second proof"
            );
            "accepted".to_owned()
        }
        Err(error) => variant(&error),
    }
}

pub(super) fn consistency_seeds() -> Vec<Vec<u8>> {
    let cases = [
        (1, 1),
        (1, 2),
        (2, 7),
        (4, 8),
        (6, 8),
        (7, 37),
        (32, 37),
        (36, 37),
    ];
    let encode = |(old, new): (u8, u8)| {
        let proof = prove_consistency(u64::from(old), u64::from(new), subtree);
        [vec![old, new, old], joined(&proof.unwrap_or_default())].concat()
    };
    cases.into_iter().map(encode).collect()
}

fn hashes(bytes: &[u8]) -> Vec<Hash> {
    let hash = |bytes: &[u8]| Hash::new(bytes.first_chunk().copied().unwrap_or_default());
    bytes.chunks_exact(32).map(hash).collect()
}

fn joined(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(Hash::as_bytes).copied().collect()
}
