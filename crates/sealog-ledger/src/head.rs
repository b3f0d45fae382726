//! Head copies: the last checkpoint, kept outside the ledger's directory, so that a restored backup is noticed.

use std::path::Path;
use std::sync::Mutex;

use sealog_core::state::LogState;
use sealog_core::tlog::checkpoint::{self, Checkpoint};
use sealog_core::tlog::vkey::VerifierKey;
use sealog_store::{HeadCopy, HeadSlot};

use crate::Error;
use crate::options::HeadCopyPolicy;
use crate::queue::lock;

/// What the head copies say of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeadWord {
    /// They are where the log is.
    Equal,
    /// The log went on since.
    Behind,
    /// There is none.
    Absent,
}

impl HeadWord {
    /// As `ledger.recovered` writes it.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Behind => "behind",
            Self::Absent => "absent",
        }
    }
}

/// The head copies of one log.
#[derive(Debug)]
pub(crate) struct Head {
    slots: Option<HeadCopy>,
    policy: HeadCopyPolicy,
    /// Why the last one could not be written.
    failure: Mutex<Option<String>>,
}

impl Head {
    pub(crate) const fn new(slots: Option<HeadCopy>, policy: HeadCopyPolicy) -> Self {
        Self {
            slots,
            policy,
            failure: Mutex::new(None),
        }
    }

    /// Writes the newest checkpoint. A failure is remembered and told by `doctor`: what is durable stays durable.
    pub(crate) fn write(&self, note: &str) {
        let written = self
            .slots
            .as_ref()
            .map_or(Ok(()), |slots| slots.write(note.as_bytes()));
        *lock(&self.failure) = written.err().map(|error| error.to_string());
    }

    /// Why the last head copy could not be written.
    pub(crate) fn failure(&self) -> Option<String> {
        lock(&self.failure).clone()
    }

    /// Whether the log has to say that nothing could be compared: it is not empty, and somebody wanted to know.
    pub(crate) fn is_missed(&self, word: HeadWord, state: &LogState) -> bool {
        word == HeadWord::Absent && self.policy != HeadCopyPolicy::Off && state.size() > 0
    }

    /// What there being none means for this log.
    fn absent(&self, state: &LogState, path: &Path) -> Result<HeadWord, Error> {
        if self.policy == HeadCopyPolicy::Require && state.size() > 0 {
            return Err(Error::HeadCopyMissing { path: path.into() });
        }
        Ok(HeadWord::Absent)
    }

    /// Compares the log with the newest head copy that one of its keys signed.
    pub(crate) fn compare(&self, state: &LogState) -> Result<HeadWord, Error> {
        let Some(slots) = &self.slots else {
            return self.absent(
                state,
                Path::new("the state directory, of which there is none"),
            );
        };
        let keys: Vec<VerifierKey> = state
            .keys()
            .retired()
            .iter()
            .map(|(key, _)| key)
            .chain(state.keys().active())
            .chain(state.keys().successor())
            .cloned()
            .collect();
        let newest = slots
            .read()?
            .into_iter()
            .filter_map(|slot| match slot {
                HeadSlot::Note { note, .. } => checkpoint_of(&note, state.origin(), &keys),
                HeadSlot::Absent | HeadSlot::Torn => None,
            })
            .max_by_key(Checkpoint::size);
        let Some(seen) = newest else {
            return self.absent(state, &slots.paths()[0]);
        };
        let behind = || Error::BehindHeadCopy {
            size: state.size(),
            seen: seen.size(),
        };
        if seen.size() > state.size() {
            return Err(behind());
        }
        match state.root_at(seen.size()) {
            Some(root) if root == *seen.root() => {}
            // A head copy is never older than the roots that are remembered, but for one left from long ago.
            None if state
                .oldest_root()
                .is_none_or(|oldest| seen.size() < oldest) => {}
            _ => return Err(behind()),
        }
        Ok(if seen.size() == state.size() {
            HeadWord::Equal
        } else {
            HeadWord::Behind
        })
    }
}

/// The checkpoint in a slot, if it is signed by a key of the log.
fn checkpoint_of(note: &[u8], origin: &str, keys: &[VerifierKey]) -> Option<Checkpoint> {
    checkpoint::verify(note, origin, keys)
        .ok()
        .map(|verified| verified.checkpoint().clone())
}
