//! Proof files: everything that shows offline that an entry is in a log (C2SP tlog-proof, `docs/formats/proof.md`).
//!
//! The `extra` line is signed by nobody. Our receipts carry the entry's bytes in it, so whoever reads one hashes those
//! bytes into the leaf before anything is shown of them. **Absent**: Sigsum's proof format.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::checkpoint::{self, CheckpointError, VerifiedCheckpoint};
use super::tree::ProofError;
use super::vkey::VerifierKey;
use super::{base64, decimal};
use crate::limits::{
    NOTE_BYTES_MAX, PROOF_EXTRA_BYTES_MAX, PROOF_FILE_BYTES_MAX, PROOF_HASHES_MAX, TREE_SIZE_MAX,
};
use crate::{ErrorKind, Hash};

/// The first line.
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// A proof as it was read or made, unverified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    extra: Option<Vec<u8>>,
    index: u64,
    hashes: Vec<Hash>,
    checkpoint: String,
}

impl TlogProof {
    /// Puts a proof together: bytes for the `extra` line if any, the entry's index, its inclusion proof with the
    /// leaf's sibling first, and the signed checkpoint, which is taken as it is.
    pub fn new(
        extra: Option<Vec<u8>>,
        index: u64,
        hashes: Vec<Hash>,
        checkpoint: String,
    ) -> Result<Self, ProofFileError> {
        let refuse = |part, found, max| {
            if found > max {
                return Err(ProofFileError::TooLong { part, max, found });
            }
            Ok(())
        };
        let extra_bytes = extra.as_ref().map_or(0, Vec::len);
        refuse("extra data", extra_bytes, PROOF_EXTRA_BYTES_MAX)?;
        refuse("checkpoint", checkpoint.len(), NOTE_BYTES_MAX)?;
        if index >= TREE_SIZE_MAX {
            return Err(ProofFileError::Index);
        }
        if hashes.len() > PROOF_HASHES_MAX {
            return Err(ProofFileError::TooManyHashes {
                max: PROOF_HASHES_MAX,
            });
        }
        Ok(Self {
            extra,
            index,
            hashes,
            checkpoint,
        })
    }

    /// Reads a file of at most [`PROOF_FILE_BYTES_MAX`] bytes. The checkpoint is taken as it is;
    /// [`verify`](Self::verify) reads it.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofFileError> {
        if bytes.len() > PROOF_FILE_BYTES_MAX {
            return Err(ProofFileError::TooLong {
                part: "file",
                max: PROOF_FILE_BYTES_MAX,
                found: bytes.len(),
            });
        }
        let text = core::str::from_utf8(bytes).map_err(|error| ProofFileError::NotUtf8 {
            offset: error.valid_up_to(),
        })?;
        let mut rest = text;
        let mut line = || -> Option<&str> {
            let (line, behind) = rest.split_once('\n')?;
            rest = behind;
            Some(line)
        };
        if line() != Some(HEADER) {
            return Err(ProofFileError::Header);
        }
        let mut current = line().ok_or(ProofFileError::Index)?;
        let mut extra = None;
        if let Some(encoded) = current.strip_prefix("extra ") {
            extra = Some(base64::decode(encoded).ok_or(ProofFileError::Extra)?);
            current = line().ok_or(ProofFileError::Index)?;
        }
        let index = current
            .strip_prefix("index ")
            .and_then(|number| decimal::parse(number.as_bytes()))
            .ok_or(ProofFileError::Index)?;
        let mut hashes = Vec::new();
        loop {
            let current = line().ok_or(ProofFileError::NoCheckpoint)?;
            if current.is_empty() {
                break;
            }
            if hashes.len() == PROOF_HASHES_MAX {
                return Err(ProofFileError::TooManyHashes {
                    max: PROOF_HASHES_MAX,
                });
            }
            let number = hashes.len() + 1;
            hashes.push(base64::decode_hash(current).ok_or(ProofFileError::Hash { number })?);
        }
        if rest.is_empty() {
            return Err(ProofFileError::NoCheckpoint);
        }
        Self::new(extra, index, hashes, rest.into())
    }

    /// The bytes of the `extra` line, which nothing in the file vouches for.
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// Where in the log the entry is said to stand.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The inclusion proof, the leaf's sibling first.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// The signed checkpoint, unverified, as it stands in the file.
    pub fn checkpoint(&self) -> &str {
        &self.checkpoint
    }

    /// Checks that the entry with this leaf hash stands at the stated index of the log `origin`; the keys are read as
    /// [`checkpoint::verify`] reads them.
    pub fn verify<'k>(
        &self,
        leaf: &Hash,
        origin: &str,
        keys: impl IntoIterator<Item = &'k VerifierKey>,
    ) -> Result<VerifiedCheckpoint, ProofFileError> {
        let checkpoint = checkpoint::verify(self.checkpoint.as_bytes(), origin, keys)?;
        self.verify_inclusion(leaf, &checkpoint)?;
        Ok(checkpoint)
    }

    /// Checks the same against a checkpoint that was verified apart, for example under a policy.
    pub fn verify_inclusion(
        &self,
        leaf: &Hash,
        checkpoint: &VerifiedCheckpoint,
    ) -> Result<(), ProofFileError> {
        Ok(checkpoint.verify_inclusion(self.index, leaf, &self.hashes)?)
    }
}

impl fmt::Display for TlogProof {
    /// The file, byte for byte.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", base64::encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{}", base64::encode(hash.as_bytes()))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

/// Why a file is no proof, or does not show what it is said to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofFileError {
    /// The file or a part of it is longer than allowed.
    #[error("the proof's {part} has {found} bytes, at most {max}")]
    TooLong {
        /// Which part.
        part: &'static str,
        /// The limit in bytes.
        max: usize,
        /// Its length.
        found: usize,
    },
    /// Not UTF-8.
    #[error("the proof is not UTF-8 at byte {offset}")]
    NotUtf8 {
        /// The first byte that belongs to no character.
        offset: usize,
    },
    /// Another first line, so another format or version.
    #[error("the proof does not begin with the line {HEADER}")]
    Header,
    /// The extra line is not canonical base64.
    #[error("the extra line of the proof is malformed")]
    Extra,
    /// The index line is absent, no decimal number, or beyond every tree.
    #[error("the index line of the proof is malformed")]
    Index,
    /// A line before the empty line is not the base64 of 32 bytes.
    #[error("hash {number} of the proof is malformed")]
    Hash {
        /// Its number, from 1.
        number: usize,
    },
    /// More hashes than any tree needs.
    #[error("more than {max} hashes in a proof")]
    TooManyHashes {
        /// The limit.
        max: usize,
    },
    /// No empty line, or nothing behind it.
    #[error("the proof has no checkpoint")]
    NoCheckpoint,
    /// The checkpoint is not accepted.
    #[error("the proof's checkpoint is not accepted")]
    Checkpoint(#[from] CheckpointError),
    /// The hashes do not lead from the leaf to the checkpoint's root.
    #[error("the entry is not where the proof says")]
    Inclusion(#[from] ProofError),
}

impl ProofFileError {
    /// What the checkpoint's or the inclusion's error says, else malformed.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Checkpoint(source) => source.kind(),
            Self::Inclusion(source) => source.kind(),
            _ => ErrorKind::Malformed,
        }
    }
}

#[cfg(test)]
mod tests;
