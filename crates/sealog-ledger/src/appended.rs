//! What an append gives back.

use std::cell::RefCell;

use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::receipt::Receipt;
use sealog_core::tlog::tree::{self, InclusionVerifier};

use crate::Error;
use crate::ledger::Ledger;
use crate::work::Done;

thread_local! {
    /// The receipts of one call are mostly asked for one after the other: their paths share all but a few nodes.
    static VERIFIER: RefCell<InclusionVerifier> =
        const { RefCell::new(InclusionVerifier::new(0, Hash::ZERO)) };
}

/// A record that is durable and covered by a signed checkpoint.
#[derive(Debug)]
pub struct Appended {
    done: Done,
    ledger: Ledger,
}

impl Appended {
    pub(crate) const fn new(done: Done, ledger: Ledger) -> Self {
        Self { done, ledger }
    }

    /// Its position in the log.
    pub const fn index(&self) -> u64 {
        self.done.index
    }

    /// Its record's id.
    pub fn record_id(&self) -> &str {
        &self.done.record_id
    }

    /// Notes on it: a label that differs, a configuration that was replaced.
    pub fn findings(&self) -> &[Finding] {
        &self.done.findings
    }

    /// Whether it stood in the log already: the call was a retry.
    pub const fn is_repeat(&self) -> bool {
        self.done.fresh.is_none()
    }

    /// The exact line of the entry, where this call wrote it.
    pub fn entry_bytes(&self) -> Option<&[u8]> {
        let (group, line) = self.done.fresh.as_ref()?;
        group.bytes.get(line.clone())
    }

    /// Its receipt: the entry, its proof of inclusion and the signed checkpoint, verified before it is handed out. Of
    /// a retry the receipt is made at the newest checkpoint.
    ///
    /// Here the entry is hashed again from its bytes and led to the root that stands in the signed checkpoint. What
    /// else a verifier of the receipt looks at was checked before the group was written: the checkpoint's signatures,
    /// once for the group, by reading its line back; the record's form, when it was submitted.
    pub fn receipt(&self) -> Result<Receipt, Error> {
        let Some((group, line)) = &self.done.fresh else {
            return self.ledger.receipt(self.done.index);
        };
        let entry = group.bytes.get(line.clone()).unwrap_or_default();
        let position = usize::try_from(self.done.index - group.base).unwrap_or(usize::MAX);
        let proof = group.tree.proof(position).unwrap_or_default();
        VERIFIER
            .with_borrow_mut(|verifier| {
                verifier.turn_to(group.checkpoint.size(), group.checkpoint.root());
                verifier.verify(self.done.index, &tree::leaf_hash(entry), &proof)
            })
            .map_err(|error| Error::Damaged {
                findings: vec![Finding::new(Code::ReceiptInclusion).found(error.to_string())],
            })?;
        Ok(Receipt::new(
            self.done.index,
            entry.to_vec(),
            proof,
            group.note.clone(),
        ))
    }
}
