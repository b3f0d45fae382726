//! The state map: a compact sparse Merkle tree over 256-bit keys (design "Streams and the state map",
//! `docs/formats/state-map.md`).
//!
//! A key has exactly one place in the tree, so one root cannot show two values for a key, whoever built it. This
//! module holds the hashes ([`key`], [`leaf`], [`inner`]), the map that a writer keeps ([`Map`]) and proofs that a
//! key has a value or is absent ([`MapProof`]). It does not know what the values mean: the domains are laid down
//! where their records are.

mod proof;
mod text;
mod tree;

use crate::{ErrorKind, Hash};

pub use proof::{MapProof, Terminal, verify_absence, verify_membership};
pub use tree::Map;

/// What every key's preimage begins with.
const KEY_PREFIX: &[u8] = b"sealog/map/v1\0";

/// The key of a name in a domain: SHA-256("sealog/map/v1\0" || domain || "\0" || the names joined by "\0").
///
/// Neither the domain nor a name may hold a NUL: the identifiers of the log never do, and with one two names could
/// share a key. Each domain has a fixed number of names, at least one.
pub fn key(domain: &str, names: &[&str]) -> Hash {
    debug_assert!(!names.is_empty(), "a key needs a name");
    debug_assert!(
        core::iter::once(&domain)
            .chain(names)
            .all(|part| !part.contains('\0')),
        "a NUL in a name or domain makes keys ambiguous"
    );
    let mut parts = alloc::vec::Vec::with_capacity(2 + 2 * names.len());
    parts.extend([KEY_PREFIX, domain.as_bytes()]);
    for name in names {
        parts.extend([&b"\0"[..], name.as_bytes()]);
    }
    Hash::of(&parts)
}

/// The hash of a subtree that holds one key: SHA-256(0x02 || key || SHA-256(value)), at whatever depth.
pub fn leaf(key: &Hash, value: &[u8]) -> Hash {
    leaf_of_hash(key, &Hash::of(&[value]))
}

/// [`leaf`] where only the value's SHA-256 is known.
pub fn leaf_of_hash(key: &Hash, value_hash: &Hash) -> Hash {
    Hash::of_pair(0x02, key, value_hash)
}

/// The hash of a subtree that holds two keys or more: SHA-256(0x03 || left || right); an empty side is
/// [`Hash::ZERO`].
pub fn inner(left: &Hash, right: &Hash) -> Hash {
    Hash::of_pair(0x03, left, right)
}

/// Which way the key goes at a depth: its bit, most significant first. Beyond the last bit: left.
fn goes_right(key: &Hash, depth: usize) -> bool {
    key.as_bytes()
        .get(depth / 8)
        .is_some_and(|byte| byte & (0x80 >> (depth % 8)) != 0)
}

/// How many leading bits two keys share, 0 to 256.
fn shared_bits(a: &Hash, b: &Hash) -> usize {
    let mut shared = 0;
    for (x, y) in a.as_bytes().iter().zip(b.as_bytes()) {
        let same = (x ^ y).leading_zeros();
        shared += usize::try_from(same).unwrap_or(0);
        if same < 8 {
            break;
        }
    }
    shared
}

/// Why a proof does not show what it is said to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MapError {
    /// More siblings than a key has bits.
    #[error("the map proof has {found} siblings, more than {max}")]
    TooManySiblings {
        /// The most that a proof can have.
        max: usize,
        /// How many it has.
        found: usize,
    },
    /// The tree that the proof implies keeps a path below a single key, which the compact form does not.
    #[error("the map proof ends at depth {depth}, which a compact tree cannot do")]
    NotCompact {
        /// Siblings of the proof, which is the depth it ends at.
        depth: usize,
    },
    /// A proof of presence where absence is asked, or the other way round.
    #[error("the map proof shows {found}, asked is {expected}")]
    OtherStatement {
        /// What the caller asked for: `presence` or `absence`.
        expected: &'static str,
        /// What the proof ends with.
        found: &'static str,
    },
    /// The leaf that is to show absence belongs to the key itself.
    #[error("the map proof of absence ends at the key's own leaf")]
    OwnLeaf,
    /// The leaf that is to show absence lies on another path.
    #[error("the map proof's leaf shares {found} bits with the key, needed are {expected}")]
    OtherPath {
        /// Depth of the leaf.
        expected: usize,
        /// Leading bits that the two keys share.
        found: usize,
    },
    /// The JSON is not that of a proof.
    #[error("the JSON of a map proof lacks {expected}")]
    Text {
        /// What has to stand there.
        expected: &'static str,
    },
    /// The proof leads to another root.
    #[error("the map proof leads to root {found}, expected {expected}")]
    RootMismatch {
        /// The root that was asked about.
        expected: Hash,
        /// The root that key, value and siblings give.
        found: Hash,
    },
}

impl MapError {
    /// Malformed where no map at all has such a proof, else refuted.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::TooManySiblings { .. } | Self::NotCompact { .. } | Self::Text { .. } => {
                ErrorKind::Malformed
            }
            Self::OtherStatement { .. }
            | Self::OwnLeaf
            | Self::OtherPath { .. }
            | Self::RootMismatch { .. } => ErrorKind::Refuted,
        }
    }
}

#[cfg(test)]
mod page_tests;
#[cfg(test)]
mod tests;
