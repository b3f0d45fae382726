//! The proofs of outsiders in the shelf of anchors, as verification reads them.

use std::collections::BTreeSet;

use sealog_core::hash::Hash;
use sealog_store::{Shelf, Store};

use super::roots::Roots;
use super::trust::Witnessed;

/// Digits of the size in a name: names sort as sizes do.
const SIZE_DIGITS: usize = 16;

/// The name of a proof: the size of its checkpoint and the digest of its bytes.
pub(crate) fn name(size: u64, digest: &Hash) -> String {
    format!("{size:0SIZE_DIGITS$}-{}", digest.to_hex())
}

/// The size and digest that a name states.
fn stated(name: &str) -> Option<(u64, Hash)> {
    let (size, digest) = name.split_once('-')?;
    Some((size.parse().ok()?, Hash::from_hex(digest)?))
}

/// What lies on the shelf, and what the pass over the log knows of it.
pub(super) struct Shelved<'a> {
    pub(super) store: &'a dyn Store,
    /// The roots of the log's checkpoints.
    pub(super) checkpoints: &'a mut Roots,
    /// Proofs that were read where the log names them.
    pub(super) named: &'a BTreeSet<Hash>,
    /// The largest checkpoint that the policy's quorum cosigned, by those proofs.
    pub(super) witnessed: Option<Witnessed>,
    /// The last record under which an entry was disposed of.
    pub(super) disposed_by: Option<u64>,
}

impl Shelved<'_> {
    /// Hands out each note that is not read yet, and those over the newest checkpoint in any case.
    pub(super) fn each(&self, newest: u64, mut take: impl FnMut(Vec<u8>)) {
        for name in self.store.list(Shelf::Anchors).unwrap_or_default() {
            let known = stated(&name)
                .is_some_and(|(size, digest)| size != newest && self.named.contains(&digest));
            if !known && let Ok(Some(bytes)) = self.store.fetch(Shelf::Anchors, &name) {
                take(bytes);
            }
        }
    }
}
