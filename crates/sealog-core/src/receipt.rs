//! Receipts: an entry, its proof of inclusion and the signed checkpoint, in one `tlog-proof@v1` file
//! (`docs/formats/receipt.md`).
//!
//! The entry's bytes stand on the `extra` line, which nothing authenticates: they are hashed into the leaf before
//! anything of them is shown.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::entry::{EntryFacts, Line, LineReader};
use crate::error::ErrorKind;
use crate::finding::{Code, Finding};
use crate::hash::Hash;
use crate::tlog::checkpoint::{self, Checkpoint, CheckpointError, VerifiedCheckpoint};
use crate::tlog::note::{Note, NoteError};
use crate::tlog::proof::{ProofFileError, TlogProof};
use crate::tlog::tree;
use crate::tlog::vkey::VerifierKey;

/// Why bytes are not a receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// Not a `tlog-proof@v1` file.
    #[error("not a tlog-proof file")]
    Proof(#[source] ProofFileError),
    /// It has no `extra` line, so there is no entry to show.
    #[error("the proof carries no entry")]
    NoEntry,
}

impl ReceiptError {
    /// Always [`ErrorKind::Malformed`].
    pub const fn kind(&self) -> ErrorKind {
        ErrorKind::Malformed
    }
}

/// A receipt as it was read or made; nothing of it is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    index: u64,
    entry: Vec<u8>,
    proof: Vec<Hash>,
    note: String,
}

/// A receipt whose entry is in a tree that a pinned key signed.
#[derive(Debug, Clone)]
pub struct VerifiedReceipt {
    receipt: Receipt,
    facts: EntryFacts,
    checkpoint: VerifiedCheckpoint,
}

impl Receipt {
    /// Puts a receipt together. `note` is the signed checkpoint, with cosignatures where there are any.
    pub const fn new(index: u64, entry: Vec<u8>, proof: Vec<Hash>, note: String) -> Self {
        Self {
            index,
            entry,
            proof,
            note,
        }
    }

    /// Reads a `tlog-proof@v1` file whose `extra` line holds the entry.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        let file = TlogProof::parse(bytes).map_err(ReceiptError::Proof)?;
        let entry = file.extra().ok_or(ReceiptError::NoEntry)?.to_vec();
        Ok(Self {
            index: file.index(),
            entry,
            proof: file.hashes().to_vec(),
            note: file.checkpoint().into(),
        })
    }

    /// Index of the entry.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The exact bytes of the entry's line. Show nothing of them before [`Receipt::check_inclusion`] holds.
    pub fn entry(&self) -> &[u8] {
        &self.entry
    }

    /// The proof of inclusion, from the leaf up.
    pub fn proof(&self) -> &[Hash] {
        &self.proof
    }

    /// The signed checkpoint.
    pub fn note(&self) -> &str {
        &self.note
    }

    /// The same checkpoint with more cosignatures, once witnesses have given them.
    #[must_use]
    pub fn with_note(self, note: String) -> Self {
        Self { note, ..self }
    }

    /// Checks that the entry is in the tree whose root the checkpoint states, and that it is a well-formed entry of
    /// that index. Who signed the checkpoint is not looked at.
    ///
    /// # Errors
    /// The finding that says what fails.
    pub fn check_inclusion(&self) -> Result<(EntryFacts, Checkpoint), Finding> {
        let malformed =
            |error: &dyn ToString| Finding::new(Code::ReceiptMalformed).found(error.to_string());
        let note = Note::parse(self.note.as_bytes()).map_err(|error| malformed(&error))?;
        let checkpoint = Checkpoint::parse(note.text()).map_err(|error| malformed(&error))?;
        let leaf = tree::leaf_hash(&self.entry);
        tree::verify_inclusion(
            self.index,
            checkpoint.size(),
            &leaf,
            &self.proof,
            checkpoint.root(),
        )
        .map_err(|error| Finding::new(Code::ReceiptInclusion).found(error.to_string()))?;
        let facts = match LineReader::new().read(&self.entry) {
            Ok(Line::Entry(facts)) => facts,
            Ok(_) => return Err(Finding::new(Code::ReceiptEntry).found("another line of the log")),
            Err(error) => {
                return Err(Finding::new(Code::ReceiptEntry).found(error.finding().to_string()));
            }
        };
        if facts.log.index != self.index {
            let found = facts.log.index.to_string();
            return Err(Finding::new(Code::ReceiptEntry).because(self.index.to_string(), found));
        }
        Ok((facts, checkpoint))
    }

    /// Verifies the receipt with keys that the verifier brought: the log's, of which one must have signed, and any
    /// witnesses'. Whether their cosignatures suffice is the policy's business.
    ///
    /// # Errors
    /// The finding that says what fails; another log's receipt is [`Code::OriginOther`].
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<VerifiedReceipt, Finding> {
        if keys.is_empty() {
            return Err(Finding::new(Code::Unpinned));
        }
        let (facts, stated) = self.check_inclusion()?;
        let origin = stated.origin();
        if !keys.iter().any(|key| key.name() == origin) {
            let pinned = keys.first().map_or("", VerifierKey::name);
            return Err(Finding::new(Code::OriginOther).because(pinned, origin));
        }
        let checkpoint =
            checkpoint::verify(self.note.as_bytes(), origin, keys).map_err(|error| {
                let code = match &error {
                    CheckpointError::Note(NoteError::NoKnownKey)
                    | CheckpointError::NoLogKey { .. } => Code::KeyNotPinned,
                    _ => Code::CheckpointSignature,
                };
                Finding::new(code).found(error.to_string())
            })?;
        Ok(VerifiedReceipt {
            receipt: self.clone(),
            facts,
            checkpoint,
        })
    }
}

/// The `tlog-proof@v1` file.
impl core::fmt::Display for Receipt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (entry, proof) = (self.entry.clone(), self.proof.clone());
        let file = TlogProof::new(Some(entry), self.index, proof, self.note.clone());
        file.map_err(|_| core::fmt::Error)?.fmt(f)
    }
}

impl VerifiedReceipt {
    /// Index of the entry.
    pub const fn index(&self) -> u64 {
        self.receipt.index
    }

    /// The exact bytes of the entry's line.
    pub fn entry(&self) -> &[u8] {
        &self.receipt.entry
    }

    /// What the log's rules read of it.
    pub const fn facts(&self) -> &EntryFacts {
        &self.facts
    }

    /// The checkpoint, with the keys that signed it.
    pub const fn checkpoint(&self) -> &VerifiedCheckpoint {
        &self.checkpoint
    }
}
