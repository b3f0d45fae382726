//! Trust policies: which logs, which witnesses, and how many of them it takes (C2SP tlog-policy,
//! `docs/formats/policy.md`).
//!
//! **Absent**: Sigsum's dialect, in which keys are bare hex: its keys have neither name nor type, so nothing that this
//! software verifies is signed by them.

mod error;
mod parse;

use alloc::string::String;
use alloc::vec::Vec;

use super::checkpoint::{self, VerifiedCheckpoint};
use super::note::{Note, VerifiedSignature};
use super::vkey::VerifierKey;

pub use error::PolicyError;

/// A policy: logs, witnesses, groups and a quorum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<Log>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    quorum: Quorum,
}

/// A log that the policy accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    key: VerifierKey,
    url: Option<Vec<u8>>,
}

/// A witness that the policy knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    name: Vec<u8>,
    key: VerifierKey,
    url: Option<Vec<u8>>,
}

/// So many of these members.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    name: Vec<u8>,
    threshold: usize,
    members: Vec<Member>,
}

/// What a quorum of witnesses says of the time of a cosigned checkpoint, in POSIX seconds. At least one witness of any
/// quorum is taken to be honest, so each bound is the one for which a whole quorum stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutsideTime {
    /// The checkpoint existed by then: the earliest time up to which a quorum had seen it.
    pub existed_by: u64,
    /// These cosignatures did not exist before: the latest time from which on a quorum made theirs.
    pub made_from: u64,
}

/// What the quorum line names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quorum {
    Nobody,
    Member(Member),
}

/// A place in the policy's witnesses or groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

impl Policy {
    /// Reads a policy file.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        parse::parse(bytes)
    }

    /// The logs, in the file's order.
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// The witnesses, in the file's order.
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Whether the quorum asks for any witness at all: false for `quorum none`, after which nothing may be called
    /// witnessed.
    pub const fn asks_for_witnesses(&self) -> bool {
        matches!(self.quorum, Quorum::Member(_))
    }

    /// Whether these verified cosignatures fulfil the quorum. Keys count, not names and not lines: one that signed
    /// under several names counts once.
    pub fn is_fulfilled_by(&self, cosignatures: &[VerifiedSignature]) -> bool {
        let Quorum::Member(quorum) = self.quorum else {
            return true;
        };
        let witnessed: Vec<bool> = self
            .witnesses
            .iter()
            .map(|witness| cosignatures.iter().any(|line| *line.key() == witness.key))
            .collect();
        let mut fulfilled: Vec<bool> = Vec::with_capacity(self.groups.len());
        let holds = |fulfilled: &[bool], member: &Member| match *member {
            Member::Witness(at) => witnessed.get(at).copied().unwrap_or(false),
            Member::Group(at) => fulfilled.get(at).copied().unwrap_or(false),
        };
        // A group names only what stands before it, so one pass in the file's order does it.
        for group in &self.groups {
            let members = group.members.iter();
            let number = members.filter(|member| holds(&fulfilled, member)).count();
            fulfilled.push(number >= group.threshold);
        }
        holds(&fulfilled, &quorum)
    }

    /// The times that verified cosignatures give; `None` where they do not fulfil the quorum, or nobody is asked for.
    pub fn outside_time(&self, cosignatures: &[VerifiedSignature]) -> Option<OutsideTime> {
        if !self.asks_for_witnesses() {
            return None;
        }
        let known = |line: &VerifiedSignature| {
            let own = |witness: &Witness| witness.key == *line.key();
            line.time().filter(|_| self.witnesses.iter().any(own))
        };
        let mut timed: Vec<(u64, VerifiedSignature)> = cosignatures
            .iter()
            .filter_map(|line| known(line).map(|time| (time, line.clone())))
            .collect();
        timed.sort_by_key(|(time, _)| *time);
        let existed_by = self.fulfilled_after(timed.iter())?;
        let made_from = self.fulfilled_after(timed.iter().rev())?;
        Some(OutsideTime {
            existed_by,
            made_from,
        })
    }

    /// The time of the cosignature, in this order, with which the quorum is fulfilled.
    fn fulfilled_after<'a>(
        &self,
        timed: impl Iterator<Item = &'a (u64, VerifiedSignature)>,
    ) -> Option<u64> {
        let mut lines = Vec::new();
        for (time, line) in timed {
            lines.push(line.clone());
            if self.is_fulfilled_by(&lines) {
                return Some(*time);
            }
        }
        None
    }

    /// Verifies a signed checkpoint: by one of the policy's logs or of the further log keys (for a policy without
    /// logs), and cosigned by a quorum of its witnesses.
    pub fn verify(
        &self,
        note: &[u8],
        further_log_keys: &[VerifierKey],
    ) -> Result<VerifiedCheckpoint, PolicyError> {
        let text = Note::parse(note).map_err(checkpoint::CheckpointError::from)?;
        let origin = checkpoint::Checkpoint::parse(text.text())?.origin().into();
        let logs = self.logs.iter().map(|log| &log.key).chain(further_log_keys);
        if !logs.clone().any(|key| key.name() == origin) {
            return Err(PolicyError::UnknownLog { origin });
        }
        let keys = logs.chain(self.witnesses.iter().map(|witness| &witness.key));
        let verified = checkpoint::verify(note, &origin, keys)?;
        if !self.is_fulfilled_by(verified.cosignatures()) {
            return Err(PolicyError::QuorumMissed {
                quorum: self.quorum_name(),
                found: verified.cosignatures().len(),
            });
        }
        Ok(verified)
    }

    /// The quorum's name as text that a terminal can show.
    fn quorum_name(&self) -> String {
        let name = match self.quorum {
            Quorum::Nobody => None,
            Quorum::Member(Member::Witness(at)) => {
                self.witnesses.get(at).map(|witness| &witness.name)
            }
            Quorum::Member(Member::Group(at)) => self.groups.get(at).map(|group| &group.name),
        };
        let shown = name.into_iter().flat_map(|name| name.escape_ascii());
        shown.map(char::from).collect()
    }
}

impl Log {
    /// The log's key; its name is the log's origin.
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Where to reach it, if the policy says: bytes that nothing here interprets.
    pub fn url(&self) -> Option<&[u8]> {
        self.url.as_deref()
    }
}

impl Witness {
    /// Its name within the policy: bytes that mean nothing outside of it.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// The witness's key.
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Where to reach it, if the policy says: bytes that nothing here interprets.
    pub fn url(&self) -> Option<&[u8]> {
        self.url.as_deref()
    }
}

#[cfg(test)]
mod tests;
