//! What callers wait for, and what they get.

use std::fmt;
use std::sync::Arc;

use sealog_core::finding::Finding;
use sealog_core::state::LogState;
use sealog_core::tlog::checkpoint::Checkpoint;
use sealog_core::tlog::sign::Signer;
use sealog_core::tlog::tree::GroupTree;

use crate::Error;
use crate::draft::{Draft, Submission};

/// Makes records of the log's own from the state at the moment of their commit.
pub(crate) type Admin = Box<dyn Fn(&LogState) -> Result<Vec<Draft>, Error> + Send + Sync>;

/// What a ticket asks for.
pub(crate) enum Work {
    /// Records of producers, all or none.
    Records(Vec<Submission>),
    /// Records of the log's own; with a signer where the log's key is handed over to it.
    Admin(Admin, Option<Arc<dyn Signer>>),
    /// An epoch, which is always the first entry of its group.
    Epoch,
    /// Nothing but what the log itself has to say.
    News,
}

impl Work {
    /// Number of records and bytes, for the limits of queue and group.
    pub(crate) fn size(&self) -> (usize, usize) {
        match self {
            Self::Records(records) => (
                records.len(),
                records
                    .iter()
                    .map(|record| record.record.len() + LOG_BYTES)
                    .sum(),
            ),
            Self::Admin(..) | Self::Epoch | Self::News => (1, sealog_core::limits::ENTRY_BYTES_MAX),
        }
    }

    /// Whether the log's key is handed over.
    pub(crate) const fn hands_over(&self) -> bool {
        matches!(self, Self::Admin(_, Some(_)))
    }

    /// Whether a caller chose an id, so that it may be a retry.
    pub(crate) fn has_own_ids(&self) -> bool {
        matches!(self, Self::Records(records) if records.iter().any(|record| record.own_id))
    }

    pub(crate) fn record_ids(&self) -> Vec<String> {
        match self {
            Self::Records(records) => records.iter().map(|r| r.record_id.clone()).collect(),
            Self::Admin(..) | Self::Epoch | Self::News => Vec::new(),
        }
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records(records) => write!(f, "Records({})", records.len()),
            Self::Admin(..) => f.write_str("Admin"),
            Self::Epoch => f.write_str("Epoch"),
            Self::News => f.write_str("News"),
        }
    }
}

/// Bytes that the log adds to a record, about.
const LOG_BYTES: usize = 640;

/// A committed group: all that its members' receipts are made from.
pub(crate) struct Group {
    /// Tree size before it.
    pub(crate) base: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) tree: GroupTree,
    /// What the note says, read back from it and its signatures verified before the group was written.
    pub(crate) checkpoint: Checkpoint,
    pub(crate) note: String,
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Group({} + {} bytes)", self.base, self.bytes.len())
    }
}

/// One record of a settled ticket.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) index: u64,
    pub(crate) record_id: String,
    pub(crate) findings: Vec<Finding>,
    /// The group and the entry's line in it; none for a retry of a record that stands in the log already.
    pub(crate) fresh: Option<(Arc<Group>, std::ops::Range<usize>)>,
}
