//! Snapshots: the state as of the entries before an epoch, to go on from without reading those entries again
//! (`docs/formats/snapshot.md`).
//!
//! A snapshot is derived and trusted by nobody for where it lies. [`Snapshot::read`] takes one that the log's key
//! signed and whose tree has the root of a checkpoint that the same key signed; [`Snapshot::resume`] gives its state
//! out only against that checkpoint's line as it stands in the log and the epoch behind it, whose map root the state
//! must give. **Absent**: files, and when to write one.

mod lines;

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::LogState;
use crate::entry::{Effect, EntryFacts, checkpoint_line};
use crate::error::ErrorKind;
use crate::hash::Hash;
use crate::tlog::checkpoint::{self, CheckpointError};
use crate::tlog::sign::{SignError, Signer};
use lines::SIGNATURE;

/// Version of the snapshot's lines. Another version is thrown away, never converted.
pub const SNAPSHOT_VERSION: u64 = 2;

/// Where the log goes on behind a snapshot: just after the line of its checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotPlace {
    /// Number of the segment.
    pub segment: u64,
    /// Offset in it, in bytes.
    pub offset: u64,
}

/// A snapshot that the log's key signed; not yet the state of any log.
#[derive(Debug)]
pub struct Snapshot {
    state: LogState,
    place: SnapshotPlace,
}

impl LogState {
    /// The lines of a snapshot of this state, unsigned. `None` where none can be: some leaf is not covered by a
    /// checkpoint yet.
    ///
    /// Taken between [`LogState::epoch_root`] and taking in that epoch, or it does not fit the epoch.
    pub fn snapshot(&self, place: SnapshotPlace) -> Option<Vec<u8>> {
        if self.uncovered() != 0 || self.keys.successor().is_some() {
            return None;
        }
        let mut out = Vec::new();
        lines::write(self, place, &mut out)?;
        Some(out)
    }
}

/// Signs the lines of a snapshot with the log's key. The signature is checked before it is handed out.
pub fn sign_snapshot(
    mut lines: Vec<u8>,
    origin: &str,
    signer: &dyn Signer,
) -> Result<Vec<u8>, SignError> {
    let message = message(origin, &lines);
    let signature = signer.sign(&message)?;
    let key = signer.verifier_key();
    if !key.public_key().verify(&message, &signature) {
        return Err(SignError::Wrong {
            name: key.name().into(),
        });
    }
    lines.extend_from_slice(SIGNATURE);
    lines.extend_from_slice(STANDARD.encode(signature).as_bytes());
    lines.extend_from_slice(b"\"}\n");
    Ok(lines)
}

impl Snapshot {
    /// Reads a snapshot of the log `origin`: its signature first, then its lines, its checkpoint and the chains of its
    /// configurations.
    pub fn read(bytes: &[u8], origin: &str) -> Result<Self, SnapshotError> {
        let (body, signature) = split_signature(bytes).ok_or(SnapshotError::Unsigned)?;
        let key = lines::key_of(body).ok_or(SnapshotError::Malformed { line: 1 })?;
        if key.name() != origin {
            return Err(SnapshotError::OtherOrigin {
                expected: origin.into(),
                found: key.name().into(),
            });
        }
        if !key.public_key().verify(&message(origin, body), &signature) {
            return Err(SnapshotError::Signature);
        }
        let (state, place) = lines::read(body, origin, key)?;
        let snapshot = Self { state, place };
        snapshot.check_checkpoint()?;
        if !snapshot.state.configs.is_chained() {
            return Err(SnapshotError::ConfigChain);
        }
        Ok(snapshot)
    }

    /// Where the log goes on.
    pub const fn place(&self) -> SnapshotPlace {
        self.place
    }

    /// Entries before it.
    pub fn size(&self) -> u64 {
        self.state.size()
    }

    /// The line of its checkpoint, without newline, which must stand in the log right before [`Snapshot::place`].
    pub fn checkpoint_line(&self) -> Vec<u8> {
        checkpoint_line(
            self.state
                .last_checkpoint
                .as_ref()
                .map_or("", |last| &last.note),
        )
    }

    /// Gives the state out, if the first entry behind the snapshot is the epoch that commits to it.
    ///
    /// The caller has found [`Snapshot::checkpoint_line`] at its place and goes on from there. Until a signed
    /// checkpoint covers that epoch nothing may be built on the state.
    pub fn resume(mut self, epoch: &EntryFacts) -> Result<LogState, SnapshotError> {
        let Effect::Epoch {
            size,
            map_root,
            prev_epoch,
        } = epoch.record.effect
        else {
            return Err(SnapshotError::NoEpoch);
        };
        let last = self.state.last_checkpoint.as_ref();
        if size != self.state.size()
            || epoch.log.index != size
            || prev_epoch != self.state.last_epoch
            || epoch.log.prev_checkpoint != last.map(|last| last.line_hash)
        {
            return Err(SnapshotError::NoEpoch);
        }
        let found = self.state.epoch_root();
        if found != map_root {
            return Err(SnapshotError::Map {
                expected: map_root,
                found,
            });
        }
        Ok(self.state)
    }

    fn check_checkpoint(&self) -> Result<(), SnapshotError> {
        let (Some(last), Some(key)) = (&self.state.last_checkpoint, self.state.keys.active())
        else {
            return Err(SnapshotError::Malformed { line: 1 });
        };
        let verified = checkpoint::verify(last.note.as_bytes(), &self.state.origin, [key])?;
        let root = self.state.frontier.root();
        if verified.size() != self.state.size() || *verified.root() != root {
            return Err(SnapshotError::Root {
                expected: *verified.root(),
                found: root,
            });
        }
        Ok(())
    }
}

/// What the log's key signs. No checkpoint has this form: its second line would be a number and its third base64.
fn message(origin: &str, body: &[u8]) -> Vec<u8> {
    let mut message = Vec::from(*b"sealog/snapshot/v1\n");
    for part in [origin, &Hash::of(&[body]).to_hex()] {
        message.extend_from_slice(part.as_bytes());
        message.push(b'\n');
    }
    message
}

/// The lines before the last, and the signature that the last one holds.
fn split_signature(bytes: &[u8]) -> Option<(&[u8], [u8; 64])> {
    let text = bytes.strip_suffix(b"\"}\n")?;
    let start = text.iter().rposition(|byte| *byte == b'\n')? + 1;
    let (body, line) = text.split_at_checked(start)?;
    let signature = STANDARD.decode(line.strip_prefix(SIGNATURE)?).ok()?;
    Some((body, signature.try_into().ok()?))
}

/// Why a snapshot is thrown away.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// It does not end in a signature line: torn, or not written to its end.
    #[error("the snapshot does not end in a signature")]
    Unsigned,
    /// A line is not of a known form, or another version's.
    #[error("line {line} of the snapshot is malformed")]
    Malformed {
        /// Its number, from 1.
        line: usize,
    },
    /// It is another log's.
    #[error("snapshot of {found:?}, expected {expected:?}")]
    OtherOrigin {
        /// The log that is opened.
        expected: String,
        /// The log that it names.
        found: String,
    },
    /// The signature does not verify.
    #[error("the snapshot's signature does not verify")]
    Signature,
    /// Its checkpoint is none, or not by the log's key.
    #[error("the snapshot's checkpoint is not the log's: {source}")]
    Checkpoint {
        /// Why.
        #[from]
        source: CheckpointError,
    },
    /// Its tree is not the one that its checkpoint signs.
    #[error("the snapshot's tree has root {found}, its checkpoint {expected}")]
    Root {
        /// The checkpoint's root.
        expected: Hash,
        /// The tree's.
        found: Hash,
    },
    /// Its versions of configurations do not follow from one another.
    #[error("the snapshot's configurations are no chains")]
    ConfigChain,
    /// The log does not go on with the epoch that commits to it.
    #[error("the log does not go on with the snapshot's epoch")]
    NoEpoch,
    /// The epoch commits to another map.
    #[error("the snapshot's map has root {found}, its epoch {expected}")]
    Map {
        /// The epoch's root.
        expected: Hash,
        /// The state's.
        found: Hash,
    },
}

impl SnapshotError {
    /// Refuted where a signature, root or chain fails, refused for another log's, else malformed.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Unsigned | Self::Malformed { .. } => ErrorKind::Malformed,
            Self::OtherOrigin { .. } => ErrorKind::Refused,
            Self::Checkpoint { source } => source.kind(),
            Self::Signature
            | Self::Root { .. }
            | Self::ConfigChain
            | Self::NoEpoch
            | Self::Map { .. } => ErrorKind::Refuted,
        }
    }
}
