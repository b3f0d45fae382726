//! Checkpoints: what a log signs about its tree (C2SP tlog-checkpoint, `docs/formats/checkpoint.md`).
//!
//! A [`Checkpoint`] is only words; a [`VerifiedCheckpoint`] comes from [`verify`] alone and holds the keys that stand
//! behind it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::note::{self, Note, NoteError, VerifiedSignature};
use super::sign::Signer;
use super::tree::{self, ProofError};
use super::vkey::{KeyType, VerifierKey};
use super::{base64, decimal};
use crate::limits::{ORIGIN_BYTES_MAX, TREE_SIZE_MAX};
use crate::{ErrorKind, Hash};

/// The text of a checkpoint: who, how many leaves, and their root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    extensions: Vec<String>,
}

impl Checkpoint {
    /// The checkpoint of a log of `size` leaves, without extension lines: our logs write none.
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Self, CheckpointError> {
        refuse_origin(origin)?;
        refuse_size(size, &root)?;
        Ok(Self {
            origin: origin.into(),
            size,
            root,
            extensions: Vec::new(),
        })
    }

    /// Reads the text of a note.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let body = text.strip_suffix('\n').ok_or(CheckpointError::End)?;
        let mut lines = body.split('\n');
        let origin = lines.next().unwrap_or_default();
        refuse_origin(origin)?;
        let size = lines
            .next()
            .and_then(|line| decimal::parse(line.as_bytes()))
            .ok_or(CheckpointError::Size)?;
        let root = lines
            .next()
            .and_then(base64::decode_hash)
            .ok_or(CheckpointError::Root)?;
        refuse_size(size, &root)?;
        let extensions: Vec<String> = lines.map(String::from).collect();
        if extensions.iter().any(String::is_empty) {
            return Err(CheckpointError::EmptyExtension);
        }
        Ok(Self {
            origin: origin.into(),
            size,
            root,
            extensions,
        })
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Root of the tree over them.
    pub const fn root(&self) -> &Hash {
        &self.root
    }

    /// Further lines, which others may write and which mean nothing here.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// Signs it as a note, one line for each signer: one, or the old and the new key of a rotation. A log's key is
    /// of type 0x01 and named by its origin.
    ///
    /// A log never signs two checkpoints of which neither begins the other: that is for the caller to make sure of.
    pub fn sign(&self, signers: &[&dyn Signer]) -> Result<String, CheckpointError> {
        for signer in signers {
            refuse_name(self, signer.verifier_key().name())?;
        }
        Ok(note::sign(&alloc::format!("{self}"), signers)?)
    }
}

impl fmt::Display for Checkpoint {
    /// The text that is signed, with its last newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = base64::encode(self.root.as_bytes());
        write!(f, "{}\n{}\n{root}\n", self.origin, self.size)?;
        for line in &self.extensions {
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}

/// Signs the checkpoint of a log; see [`Checkpoint::sign`].
pub fn sign_checkpoint(
    origin: &str,
    size: u64,
    root: Hash,
    signers: &[&dyn Signer],
) -> Result<String, CheckpointError> {
    Checkpoint::new(origin, size, root)?.sign(signers)
}

/// A checkpoint of the log that was asked about, signed by at least one of the log keys that the caller brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedCheckpoint {
    checkpoint: Checkpoint,
    note: String,
    log_keys: Vec<VerifierKey>,
    cosignatures: Vec<VerifiedSignature>,
}

impl VerifiedCheckpoint {
    /// What was signed.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        &self.checkpoint.origin
    }

    /// Number of leaves.
    pub const fn size(&self) -> u64 {
        self.checkpoint.size
    }

    /// Root of the tree over them.
    pub const fn root(&self) -> &Hash {
        &self.checkpoint.root
    }

    /// The whole signed note, with the lines that nobody verified.
    pub fn note(&self) -> &str {
        &self.note
    }

    /// The log keys that signed, of those that were brought; at least one.
    pub fn log_keys(&self) -> &[VerifierKey] {
        &self.log_keys
    }

    /// The cosigners that signed, of those that were brought, each with its time.
    pub fn cosignatures(&self) -> &[VerifiedSignature] {
        &self.cosignatures
    }

    /// Checks that a leaf stands at `index` of this tree.
    pub fn verify_inclusion(
        &self,
        index: u64,
        leaf: &Hash,
        proof: &[Hash],
    ) -> Result<(), ProofError> {
        tree::verify_inclusion(index, self.size(), leaf, proof, self.root())
    }

    /// Checks that this tree begins with the tree of an earlier size and root; refused from size 0.
    pub fn verify_consistency(
        &self,
        old_size: u64,
        old_root: &Hash,
        proof: &[Hash],
    ) -> Result<(), ProofError> {
        tree::verify_consistency(old_size, old_root, self.size(), self.root(), proof)
    }
}

/// Verifies a note as a checkpoint of the log `origin`.
///
/// Of the keys, those of type 0x01 that are named by the origin are the log's, those of type 0x04 are cosigners';
/// others are passed over. One of the log's has to have signed, and no line by any of these keys may fail.
pub fn verify<'k>(
    note: &[u8],
    origin: &str,
    keys: impl IntoIterator<Item = &'k VerifierKey>,
) -> Result<VerifiedCheckpoint, CheckpointError> {
    let parsed = Note::parse(note)?;
    let checkpoint = Checkpoint::parse(parsed.text())?;
    if checkpoint.origin != origin {
        return Err(CheckpointError::OtherOrigin {
            expected: origin.into(),
            found: checkpoint.origin,
        });
    }
    let is_log_key = |key: &VerifierKey| key.key_type() == KeyType::Ed25519;
    let keys: Vec<&VerifierKey> = keys
        .into_iter()
        .filter(|key| !is_log_key(key) || key.name() == origin)
        .collect();
    if !keys.iter().any(|key| is_log_key(key)) {
        return Err(CheckpointError::NoLogKey {
            origin: origin.into(),
        });
    }
    let verified = parsed.verify(keys)?;
    let (log, cosignatures): (Vec<_>, Vec<_>) = verified
        .signatures()
        .iter()
        .cloned()
        .partition(|signature| is_log_key(signature.key()));
    if log.is_empty() {
        return Err(NoteError::NoKnownKey.into());
    }
    // The lines that follow the text are what the parser split off, so the note is UTF-8.
    let note = core::str::from_utf8(note).unwrap_or_default().into();
    Ok(VerifiedCheckpoint {
        checkpoint,
        note,
        log_keys: log.iter().map(|line| line.key().clone()).collect(),
        cosignatures,
    })
}

fn refuse_origin(origin: &str) -> Result<(), CheckpointError> {
    if origin.is_empty() || origin.len() > ORIGIN_BYTES_MAX || origin.chars().any(|char| char < ' ')
    {
        return Err(CheckpointError::Origin {
            max: ORIGIN_BYTES_MAX,
            found: origin.len(),
        });
    }
    Ok(())
}

fn refuse_size(size: u64, root: &Hash) -> Result<(), CheckpointError> {
    if size > TREE_SIZE_MAX {
        return Err(CheckpointError::Size);
    }
    if size == 0 && *root != tree::empty_root() {
        return Err(CheckpointError::EmptyTreeRoot { found: *root });
    }
    Ok(())
}

fn refuse_name(checkpoint: &Checkpoint, name: &str) -> Result<(), CheckpointError> {
    if checkpoint.origin != name {
        return Err(CheckpointError::KeyName {
            expected: checkpoint.origin.clone(),
            found: name.into(),
        });
    }
    Ok(())
}

/// Why a text is no checkpoint, or not one that counts for the log that was asked about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The text does not end with a newline.
    #[error("a checkpoint ends with a newline")]
    End,
    /// The origin line is empty, too long, or has a control character.
    #[error("an origin is 1 to {max} bytes without control characters, found {found} bytes")]
    Origin {
        /// The limit in bytes.
        max: usize,
        /// Its length.
        found: usize,
    },
    /// The size line is no decimal number below 2^63, or has a leading zero.
    #[error("the size line of the checkpoint is malformed")]
    Size,
    /// The root line is not the base64 of 32 bytes.
    #[error("the root line of the checkpoint is malformed")]
    Root,
    /// An extension line is empty.
    #[error("an extension line of the checkpoint is empty")]
    EmptyExtension,
    /// Size 0 with a root that is not the empty tree's.
    #[error("the checkpoint of an empty tree has root {found}")]
    EmptyTreeRoot {
        /// The root found.
        found: Hash,
    },
    /// A checkpoint of another log.
    #[error("checkpoint of {found:?}, expected {expected:?}")]
    OtherOrigin {
        /// The log that was asked about.
        expected: String,
        /// The origin found.
        found: String,
    },
    /// A log's key bears another name than its origin.
    #[error("key named {found:?} for the log {expected:?}")]
    KeyName {
        /// The origin.
        expected: String,
        /// The key's name.
        found: String,
    },
    /// None of the keys brought can be this log's.
    #[error("none of the keys given is a log key named {origin:?}")]
    NoLogKey {
        /// The log that was asked about.
        origin: String,
    },
    /// The note around it.
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl CheckpointError {
    /// Refuted for an impossible root and for signatures, refused where log or keys are others, else malformed.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::EmptyTreeRoot { .. } => ErrorKind::Refuted,
            Self::OtherOrigin { .. } | Self::KeyName { .. } | Self::NoLogKey { .. } => {
                ErrorKind::Refused
            }
            Self::Note(source) => source.kind(),
            Self::End | Self::Origin { .. } | Self::Size | Self::Root | Self::EmptyExtension => {
                ErrorKind::Malformed
            }
        }
    }
}

#[cfg(test)]
mod tests;
