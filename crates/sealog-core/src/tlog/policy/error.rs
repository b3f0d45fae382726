//! What can be wrong with a policy, and with a checkpoint under it.

use alloc::string::String;

use crate::ErrorKind;
use crate::tlog::checkpoint::CheckpointError;
use crate::tlog::vkey::VkeyError;

/// Why a file is no policy, or a checkpoint does not fulfil one. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Longer than any policy that is read.
    #[error("policy of {found} bytes, at most {max}")]
    TooLong {
        /// The limit in bytes.
        max: usize,
        /// Its length.
        found: usize,
    },
    /// A control character other than tab and newline, or DEL.
    #[error("byte {byte:#04x} is not allowed in a policy (line {line})")]
    Byte {
        /// The line.
        line: usize,
        /// The byte.
        byte: u8,
    },
    /// The last line has no newline, so the file may be cut off.
    #[error("the policy does not end with a newline")]
    End,
    /// A line that begins with none of the four words.
    #[error("line {line} of the policy begins with none of log, witness, group, quorum")]
    Keyword {
        /// The line.
        line: usize,
    },
    /// A line with fewer or more items than its word asks for.
    #[error("line {line} of the policy has a wrong number of items")]
    Items {
        /// The line.
        line: usize,
    },
    /// A key that cannot be read.
    #[error("the key in line {line} of the policy cannot be read")]
    Key {
        /// The line.
        line: usize,
        /// What is wrong with it.
        source: VkeyError,
    },
    /// A log with a witness's key or the other way round.
    #[error(
        "the key in line {line} of the policy is of type {found:#04x}, expected {expected:#04x}"
    )]
    KeyType {
        /// The line.
        line: usize,
        /// The type byte that it needs.
        expected: u8,
        /// Its type byte.
        found: u8,
    },
    /// The same public key in two log lines or in two witness lines, whatever its names.
    #[error("the key in line {line} of the policy stands there twice")]
    DuplicateKey {
        /// The second line.
        line: usize,
    },
    /// A name that another witness or group has, or the word `none`.
    #[error("the name defined in line {line} of the policy is taken")]
    NameTaken {
        /// The second line.
        line: usize,
    },
    /// A name that no line before defines.
    #[error("line {line} of the policy names what no line before it defines")]
    Undefined {
        /// The line.
        line: usize,
    },
    /// A name that is a member of a group already.
    #[error("line {line} of the policy names a member that a group has already")]
    MemberTwice {
        /// The line.
        line: usize,
    },
    /// A threshold that is no number from 1 to the number of members.
    #[error("the threshold in line {line} of the policy is not 1 to {members}, any or all")]
    Threshold {
        /// The line.
        line: usize,
        /// Members of the group.
        members: usize,
    },
    /// A second quorum line.
    #[error("line {line} is a second quorum line of the policy")]
    SecondQuorum {
        /// The line.
        line: usize,
    },
    /// No quorum line.
    #[error("the policy has no quorum line")]
    NoQuorum,
    /// More logs, witnesses or groups than are read.
    #[error("more than {max} {what} in a policy")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// A checkpoint of a log that the policy does not name.
    #[error("the policy does not name the log {origin:?}")]
    UnknownLog {
        /// The checkpoint's origin.
        origin: String,
    },
    /// Good as far as it goes, but not cosigned by enough.
    #[error("{found} good cosignatures do not fulfil the quorum {quorum}")]
    QuorumMissed {
        /// Name of the quorum.
        quorum: String,
        /// Witnesses of the policy that cosigned.
        found: usize,
    },
    /// The checkpoint itself is not accepted.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl PolicyError {
    /// Refused for another log or a missed quorum, which refute nothing; what the checkpoint's error says; else
    /// malformed.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownLog { .. } | Self::QuorumMissed { .. } => ErrorKind::Refused,
            Self::Checkpoint(source) => source.kind(),
            Self::Key { source, .. } => source.kind(),
            _ => ErrorKind::Malformed,
        }
    }
}
