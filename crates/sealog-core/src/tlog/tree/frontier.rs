//! The compact form of a tree: the roots of its complete subtrees, from which it can grow and its root be told.

use alloc::vec::Vec;

use super::{TreeError, empty_root, node_hash};
use crate::Hash;
use crate::limits::TREE_SIZE_MAX;

/// The roots of the complete subtrees of a tree, left to right, one for each set bit of its size.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    hashes: Vec<Hash>,
}

impl Frontier {
    /// The tree without leaves.
    pub const fn new() -> Self {
        Self {
            size: 0,
            hashes: Vec::new(),
        }
    }

    /// Takes a size and its hashes as [`hashes`](Self::hashes) gave them. Whether they belong to any tree shows only
    /// when [`root`](Self::root) is compared with a signed one.
    pub fn from_parts(size: u64, hashes: Vec<Hash>) -> Result<Self, TreeError> {
        if size > TREE_SIZE_MAX {
            return Err(TreeError::SizeRange {
                max: TREE_SIZE_MAX,
                found: size,
            });
        }
        let expected = usize::try_from(size.count_ones()).unwrap_or(usize::MAX);
        if hashes.len() != expected {
            return Err(TreeError::HashCount {
                expected,
                found: hashes.len(),
            });
        }
        Ok(Self { size, hashes })
    }

    /// Number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the complete subtrees, left to right: the largest first.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Adds a leaf, by its hash. A size beyond [`TREE_SIZE_MAX`] is not guarded against: no writer lives long enough
    /// to get there, and [`from_parts`](Self::from_parts) starts no tree near it.
    pub fn push(&mut self, leaf: Hash) {
        self.append(0, leaf);
    }

    /// Adds a complete subtree of 2^level leaves, by its root; the size has to be a multiple of that. So parts of a
    /// tree can be hashed apart from one another.
    pub fn push_subtree(&mut self, level: u32, root: Hash) -> Result<(), TreeError> {
        let misaligned = TreeError::Misaligned {
            level,
            size: self.size,
        };
        if level >= TREE_SIZE_MAX.count_ones() || self.size.trailing_zeros() < level {
            return Err(misaligned);
        }
        match self.size.checked_add(1 << level) {
            Some(size) if size <= TREE_SIZE_MAX => {
                self.append(level, root);
                Ok(())
            }
            _ => Err(misaligned),
        }
    }

    /// Merges what the new subtree completes. The caller has made sure that it stands at a multiple of its size.
    fn append(&mut self, level: u32, mut root: Hash) {
        for _ in 0..(self.size >> level).trailing_ones() {
            let Some(left) = self.hashes.pop() else { break };
            root = node_hash(&left, &root);
        }
        self.hashes.push(root);
        self.size = self.size.saturating_add(1 << level);
    }

    /// The tree's root.
    pub fn root(&self) -> Hash {
        let mut from_right = self.hashes.iter().rev();
        let Some(last) = from_right.next() else {
            return empty_root();
        };
        from_right.fold(*last, |right, left| node_hash(left, &right))
    }
}

impl Extend<Hash> for Frontier {
    fn extend<T: IntoIterator<Item = Hash>>(&mut self, leaves: T) {
        for leaf in leaves {
            self.push(leaf);
        }
    }
}
