//! The map that a writer keeps: a binary trie with cached subtree hashes.
//!
//! A change marks the path above it; [`Map::root`] hashes the marked subtrees only, so an epoch costs in proportion
//! to what changed in it. Recursion ends at 256 levels, one for each bit of a key.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::proof::{MapProof, Terminal};
use super::{goes_right, inner, leaf_of_hash};
use crate::Hash;

/// A map from keys to the SHA-256 of their values, with its root and proofs.
#[derive(Debug, Clone, Default)]
pub struct Map {
    top: Subtree,
    len: usize,
}

type Subtree = Option<Node>;

#[derive(Debug, Clone)]
enum Node {
    /// The only key of its subtree.
    Leaf(Box<Leaf>),
    /// Two keys or more below.
    Inner(Box<Inner>),
}

#[derive(Debug, Clone)]
struct Leaf {
    key: Hash,
    value_hash: Hash,
    hash: Hash,
}

/// Holds at least two keys: never (empty, empty), never (empty, leaf).
#[derive(Debug, Clone, Default)]
struct Inner {
    /// Absent where something below has changed.
    hash: Option<Hash>,
    left: Subtree,
    right: Subtree,
}

impl Map {
    /// The empty map, whose root is [`Hash::ZERO`].
    pub const fn new() -> Self {
        Self { top: None, len: 0 }
    }

    /// Number of keys.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no key.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Sets the value of a key; gives the SHA-256 of the value it had.
    pub fn insert(&mut self, key: Hash, value: &[u8]) -> Option<Hash> {
        self.insert_value_hash(key, Hash::of(&[value]))
    }

    /// [`insert`](Self::insert) where only the value's SHA-256 is known, as in a snapshot.
    pub fn insert_value_hash(&mut self, key: Hash, value_hash: Hash) -> Option<Hash> {
        let hash = leaf_of_hash(&key, &value_hash);
        let leaf = Box::new(Leaf {
            key,
            value_hash,
            hash,
        });
        let before = insert(&mut self.top, 0, leaf);
        if before.is_none() {
            self.len += 1;
        }
        before
    }

    /// Takes a key out; gives the SHA-256 of the value it had.
    pub fn remove(&mut self, key: &Hash) -> Option<Hash> {
        let before = remove(&mut self.top, 0, key);
        if before.is_some() {
            self.len -= 1;
        }
        before
    }

    /// SHA-256 of the key's value, if the key is there.
    pub fn value_hash(&self, key: &Hash) -> Option<Hash> {
        let mut node = self.top.as_ref();
        let mut depth = 0;
        loop {
            match node? {
                Node::Leaf(leaf) => return (leaf.key == *key).then_some(leaf.value_hash),
                Node::Inner(inner) => node = inner.side(goes_right(key, depth)).as_ref(),
            }
            depth += 1;
        }
    }

    /// The root over all keys. Hashes what has changed since the last call and keeps the result.
    pub fn root(&mut self) -> Hash {
        settle(&mut self.top)
    }

    /// Keys and value hashes in ascending order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&Hash, &Hash)> {
        let mut ahead: Vec<&Node> = self.top.iter().collect();
        core::iter::from_fn(move || {
            loop {
                match ahead.pop()? {
                    Node::Leaf(leaf) => return Some((&leaf.key, &leaf.value_hash)),
                    Node::Inner(inner) => {
                        ahead.extend(inner.right.iter().chain(inner.left.iter()));
                    }
                }
            }
        })
    }

    /// The proof that the key has its value, or that it is absent.
    ///
    /// Quick after [`root`](Self::root); before, it hashes every changed subtree beside the path and keeps nothing.
    pub fn prove(&self, key: &Hash) -> MapProof {
        let mut siblings = Vec::new();
        let mut node = &self.top;
        loop {
            let terminal = match node {
                None => Terminal::Empty,
                Some(Node::Leaf(leaf)) if leaf.key == *key => Terminal::Present,
                Some(Node::Leaf(leaf)) => Terminal::Other {
                    key: leaf.key,
                    value_hash: leaf.value_hash,
                },
                Some(Node::Inner(inner)) => {
                    let right = goes_right(key, siblings.len());
                    siblings.push(hash_of(inner.side(!right)));
                    node = inner.side(right);
                    continue;
                }
            };
            return MapProof::new(siblings, terminal);
        }
    }
}

impl Inner {
    fn side(&self, right: bool) -> &Subtree {
        if right { &self.right } else { &self.left }
    }

    fn side_mut(&mut self, right: bool) -> &mut Subtree {
        if right {
            &mut self.right
        } else {
            &mut self.left
        }
    }
}

fn insert(slot: &mut Subtree, depth: usize, leaf: Box<Leaf>) -> Option<Hash> {
    match slot {
        None => *slot = Some(Node::Leaf(leaf)),
        Some(Node::Leaf(old)) if old.key == leaf.key => {
            let before = old.value_hash;
            *old = leaf;
            return Some(before);
        }
        Some(Node::Inner(inner)) => {
            inner.hash = None;
            return insert(
                inner.side_mut(goes_right(&leaf.key, depth)),
                depth + 1,
                leaf,
            );
        }
        Some(Node::Leaf(_)) => {
            let mut inner = Inner::default();
            if let Some(Node::Leaf(old)) = slot.take() {
                let right = goes_right(&old.key, depth);
                *inner.side_mut(right) = Some(Node::Leaf(old));
            }
            // The two keys differ somewhere below, so this ends where they part.
            insert(
                inner.side_mut(goes_right(&leaf.key, depth)),
                depth + 1,
                leaf,
            );
            *slot = Some(Node::Inner(Box::new(inner)));
        }
    }
    None
}

fn remove(slot: &mut Subtree, depth: usize, key: &Hash) -> Option<Hash> {
    match slot {
        None => None,
        Some(Node::Leaf(leaf)) => {
            let before = leaf.value_hash;
            if leaf.key != *key {
                return None;
            }
            *slot = None;
            Some(before)
        }
        Some(Node::Inner(inner)) => {
            let before = remove(inner.side_mut(goes_right(key, depth)), depth + 1, key)?;
            inner.hash = None;
            // A single key left below has no path: it moves up.
            let only = match (&mut inner.left, &mut inner.right) {
                (only @ Some(Node::Leaf(_)), None) | (None, only @ Some(Node::Leaf(_))) => {
                    only.take()
                }
                _ => return Some(before),
            };
            *slot = only;
            Some(before)
        }
    }
}

/// The subtree's hash; nothing is kept.
fn hash_of(slot: &Subtree) -> Hash {
    match slot {
        None => Hash::ZERO,
        Some(Node::Leaf(leaf)) => leaf.hash,
        Some(Node::Inner(node)) => node
            .hash
            .unwrap_or_else(|| inner(&hash_of(&node.left), &hash_of(&node.right))),
    }
}

/// The subtree's hash, kept in every inner node of it.
fn settle(slot: &mut Subtree) -> Hash {
    match slot {
        None => Hash::ZERO,
        Some(Node::Leaf(leaf)) => leaf.hash,
        Some(Node::Inner(node)) => {
            let node = &mut **node;
            *node
                .hash
                .get_or_insert_with(|| inner(&settle(&mut node.left), &settle(&mut node.right)))
        }
    }
}
