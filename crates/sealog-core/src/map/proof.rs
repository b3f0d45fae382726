//! Proofs that a key of the state map has a value, or is absent, and their verification.

use alloc::vec::Vec;

use super::{MapError, goes_right, inner, leaf, leaf_of_hash, shared_bits};
use crate::Hash;
use crate::limits::MAP_SIBLINGS_MAX;

/// The path of one key, not yet verified: its siblings and what stands at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapProof {
    siblings: Vec<Hash>,
    terminal: Terminal,
}

/// What stands where a key's path ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminal {
    /// The key's own leaf; the value is brought by whoever verifies.
    Present,
    /// Nothing.
    Empty,
    /// The leaf of another key with the same prefix.
    Other {
        /// The other key.
        key: Hash,
        /// SHA-256 of the other key's value.
        value_hash: Hash,
    },
}

impl MapProof {
    /// Takes the siblings, the one below the root first, and what the path ends with. Verification, not this, looks
    /// at whether they make sense.
    pub const fn new(siblings: Vec<Hash>, terminal: Terminal) -> Self {
        Self { siblings, terminal }
    }

    /// The siblings of the path, the one below the root first.
    pub fn siblings(&self) -> &[Hash] {
        &self.siblings
    }

    /// What the path ends with.
    pub const fn terminal(&self) -> Terminal {
        self.terminal
    }

    /// Refuses what no compact tree has.
    ///
    /// The deepest sibling is never empty: its parent would then hold one key or none, and a compact tree has no
    /// inner node there. At depth 256 the parent holds two keys, so nothing but the key itself stands there.
    fn check_shape(&self) -> Result<(), MapError> {
        let depth = self.siblings.len();
        if depth > MAP_SIBLINGS_MAX {
            return Err(MapError::TooManySiblings {
                max: MAP_SIBLINGS_MAX,
                found: depth,
            });
        }
        let at_last_bit = depth == MAP_SIBLINGS_MAX && self.terminal != Terminal::Present;
        if at_last_bit || self.siblings.last() == Some(&Hash::ZERO) {
            return Err(MapError::NotCompact { depth });
        }
        Ok(())
    }

    fn check_root(&self, root: &Hash, key: &Hash, end: Hash) -> Result<(), MapError> {
        let mut found = end;
        for (depth, sibling) in self.siblings.iter().enumerate().rev() {
            found = if goes_right(key, depth) {
                inner(sibling, &found)
            } else {
                inner(&found, sibling)
            };
        }
        if found == *root {
            Ok(())
        } else {
            Err(MapError::RootMismatch {
                expected: *root,
                found,
            })
        }
    }
}

/// Checks that under `root` the key has exactly this value.
pub fn verify_membership(
    root: &Hash,
    key: &Hash,
    value: &[u8],
    proof: &MapProof,
) -> Result<(), MapError> {
    proof.check_shape()?;
    match proof.terminal {
        Terminal::Present => proof.check_root(root, key, leaf(key, value)),
        Terminal::Empty | Terminal::Other { .. } => Err(MapError::OtherStatement {
            expected: "presence",
            found: "absence",
        }),
    }
}

/// Checks that under `root` the key has no value.
pub fn verify_absence(root: &Hash, key: &Hash, proof: &MapProof) -> Result<(), MapError> {
    proof.check_shape()?;
    let end = match &proof.terminal {
        Terminal::Present => {
            return Err(MapError::OtherStatement {
                expected: "absence",
                found: "presence",
            });
        }
        Terminal::Empty => Hash::ZERO,
        Terminal::Other { key: other, .. } if other == key => return Err(MapError::OwnLeaf),
        Terminal::Other {
            key: other,
            value_hash,
        } => {
            let (expected, found) = (proof.siblings.len(), shared_bits(key, other));
            if found < expected {
                return Err(MapError::OtherPath { expected, found });
            }
            leaf_of_hash(other, value_hash)
        }
    };
    proof.check_root(root, key, end)
}
