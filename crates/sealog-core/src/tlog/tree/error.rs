//! What can be wrong with a proof, and with the parts of a frontier.

use crate::{ErrorKind, Hash};

/// Why a proof does not show what it is said to show, or cannot be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The index is not below the tree's size; a tree without leaves has no inclusion proof at all.
    #[error("index {index} is not in a tree of size {size}")]
    IndexRange {
        /// The index asked about.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// A size beyond the format's largest.
    #[error("tree size {found} is beyond {max}")]
    SizeRange {
        /// The largest size.
        max: u64,
        /// The size given.
        found: u64,
    },
    /// A consistency proof from the empty tree, which would say nothing.
    #[error("a consistency proof from size 0 says nothing")]
    OldSizeZero,
    /// The later tree is smaller than the earlier one.
    #[error("tree size {found} is below the earlier size {expected}")]
    Shrunk {
        /// The earlier size, which the later one may not be below.
        expected: u64,
        /// The later size.
        found: u64,
    },
    /// A range of leaves that is no subtree of the tree.
    #[error("leaves {start} to {end} are no subtree of a tree of size {size}")]
    NotASubtree {
        /// First leaf.
        start: u64,
        /// One past the last leaf.
        end: u64,
        /// The tree's size.
        size: u64,
    },
    /// Another number of hashes than a proof for these numbers has.
    #[error("the proof has {found} hashes, expected {expected}")]
    Length {
        /// How many such a proof has.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// The proof leads to another root.
    #[error("the proof leads to root {found}, expected {expected}")]
    RootMismatch {
        /// The root that was asked about.
        expected: Hash,
        /// The root that the proof gives.
        found: Hash,
    },
}

impl ProofError {
    /// Refuted where a proof of the right shape leads elsewhere or the tree shrank, else malformed.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Shrunk { .. } | Self::RootMismatch { .. } => ErrorKind::Refuted,
            Self::IndexRange { .. }
            | Self::SizeRange { .. }
            | Self::OldSizeZero
            | Self::NotASubtree { .. }
            | Self::Length { .. } => ErrorKind::Malformed,
        }
    }
}

/// Why parts do not make a frontier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// A size beyond the format's largest.
    #[error("tree size {found} is beyond {max}")]
    SizeRange {
        /// The largest size.
        max: u64,
        /// The size given.
        found: u64,
    },
    /// Another number of hashes than the size has complete subtrees.
    #[error("a frontier of this size has {expected} hashes, found {found}")]
    HashCount {
        /// Complete subtrees of a tree of this size.
        expected: usize,
        /// Hashes given.
        found: usize,
    },
    /// A subtree cannot stand at this place.
    #[error("a subtree of level {level} cannot follow a tree of size {size}")]
    Misaligned {
        /// Level of the subtree: it has 2^level leaves.
        level: u32,
        /// Size of the tree that it was to follow.
        size: u64,
    },
}

impl TreeError {
    /// Always [`ErrorKind::Malformed`].
    pub const fn kind(&self) -> ErrorKind {
        ErrorKind::Malformed
    }
}
