//! The Merkle tree over SHA-256 (RFC 6962 section 2.1, `docs/formats/tree.md`).
//!
//! [`Frontier`] is all that a writer keeps of a tree, [`GroupTree`] makes the proofs of a commit group,
//! [`prove_inclusion`] and [`prove_consistency`] make proofs of older entries from wherever hashes are kept, and
//! [`verify_inclusion`], [`verify_consistency`] and the two subtree verifiers check them; [`InclusionVerifier`] checks
//! many of one tree.
//!
//! **What is absent**: storage of hashes.

mod error;
mod frontier;
mod group;
mod path;
mod prove;
mod subtree;
mod verify;

use crate::Hash;

pub use error::{ProofError, TreeError};
pub use frontier::Frontier;
pub use group::GroupTree;
pub use path::InclusionVerifier;
pub use prove::{prove_consistency, prove_inclusion, range_root};
pub use subtree::{is_subtree, verify_subtree_consistency, verify_subtree_inclusion};
pub use verify::{root_from_inclusion, verify_consistency, verify_inclusion};

/// What is hashed before an entry.
pub const LEAF_PREFIX: &[u8] = &[0x00];

/// The hash of an entry: SHA-256(0x00 || entry).
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash::of(&[LEAF_PREFIX, entry])
}

/// The hash of two neighbouring subtrees: SHA-256(0x01 || left || right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash::of_pair(0x01, left, right)
}

/// The root of the tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

/// Bits that a number needs: 0 for 0.
const fn bit_length(number: u64) -> u32 {
    u64::BITS - number.leading_zeros()
}

/// Whether a bit of a number is set; false beyond its end.
const fn bit(number: u64, position: u32) -> bool {
    position < u64::BITS && (number >> position) & 1 == 1
}

/// A number shifted right; 0 beyond its end.
const fn shift(number: u64, by: u32) -> u64 {
    if by < u64::BITS { number >> by } else { 0 }
}

/// A length as a number of leaves.
fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
