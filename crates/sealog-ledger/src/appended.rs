//! What an append gives back.

use sealog_core::finding::Finding;
use sealog_core::receipt::Receipt;

use crate::Error;
use crate::ledger::Ledger;
use crate::work::Done;

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

    /// Its receipt: the entry, its proof of inclusion and the signed checkpoint, verified before it is handed out.
    /// Of a retry the receipt is made at the newest checkpoint.
    pub fn receipt(&self) -> Result<Receipt, Error> {
        let Some((group, line)) = &self.done.fresh else {
            return self.ledger.receipt(self.done.index);
        };
        let entry = group.bytes.get(line.clone()).unwrap_or_default();
        let position = usize::try_from(self.done.index - group.base).unwrap_or(usize::MAX);
        let proof = group.tree.proof(position).unwrap_or_default();
        let receipt = Receipt::new(self.done.index, entry.to_vec(), proof, group.note.clone());
        receipt
            .check_inclusion()
            .map_err(|finding| Error::Damaged {
                findings: vec![finding],
            })?;
        Ok(receipt)
    }
}
