//! Bringing into the log what outsiders said of it: checkpoints that witnesses cosigned (`docs/formats/anchors.md`).
//!
//! The cosigned note is kept among the anchors and its digest appended, so that what follows was written after the
//! witnesses' time. **Absent**: asking witnesses, and RFC 3161 tokens.

use sealog_core::entry::Line;
use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::json::Value;
use sealog_core::time::Timestamp;
use sealog_core::tlog::checkpoint::{self, VerifiedCheckpoint};
use sealog_core::tlog::note::VerifiedSignature;
use sealog_core::tlog::policy::{Policy, PolicyError};
use sealog_core::tlog::vkey::VerifierKey;
use sealog_store::Shelf;

use crate::admin::{self, AnchorSaid};
use crate::appended::Appended;
use crate::chunk::{self, Chunks};
use crate::draft::Draft;
use crate::error::{Error, chain};
use crate::ledger::Ledger;
use crate::verify::anchors;

/// Bytes of the names of witnesses in a record, at most.
const AUTHORITY_BYTES_MAX: usize = 1024;

/// A cosigned checkpoint that was brought into the log.
#[derive(Debug)]
pub struct Anchored {
    /// The record that names it.
    pub appended: Appended,
    /// Size of the checkpoint.
    pub size: u64,
    /// The time by which the policy's quorum had seen it.
    pub existed_by: Timestamp,
    /// The name of the note among the anchors.
    pub name: String,
}

impl Ledger {
    /// Brings a checkpoint of this log that the policy's witnesses cosigned into the log.
    ///
    /// The note is verified first: signed by a key of this log, over a size and root that the log had, and cosigned by
    /// the policy's quorum. It is kept, durably, before its digest is appended.
    ///
    /// # Errors
    /// [`Error::Argument`] for what is no such note. [`Error::Anchor`] where a signature, the quorum or the root fails.
    pub fn import_checkpoint(&self, note: &[u8], policy: &Policy) -> Result<Anchored, Error> {
        self.refresh()?;
        if !policy.asks_for_witnesses() {
            return Err(Error::Argument {
                what: "the policy",
                why: "it asks for no witness, so no outside time can come of it".into(),
            });
        }
        let keys = self.own_keys();
        let seen = self.verified(note, policy, &keys)?;
        let outside = policy.outside_time(seen.cosignatures());
        let time = outside.and_then(|time| {
            let seconds = i64::try_from(time.existed_by).ok()?;
            Timestamp::from_unix(seconds, 0).ok()
        });
        let Some(existed_by) = time else {
            return Err(anchor("its cosignatures state no time that a calendar has"));
        };
        match self.checkpoint_root(seen.size(), &keys)? {
            Some(root) if root == *seen.root() => {}
            Some(_) => return Err(anchor("the log had another root at that size")),
            None => return Err(anchor("the log has no checkpoint of that size")),
        }
        let token = Hash::of(&[note]);
        let name = anchors::name(seen.size(), &token);
        self.store().put(Shelf::Anchors, &name, note)?;
        let (size, root) = (seen.size(), *seen.root());
        let names = seen.cosignatures().iter().map(VerifiedSignature::key);
        let authority = authority(names.map(VerifierKey::name));
        let appended = self.commit_own(
            move |_| {
                admin::anchor_draft(&AnchorSaid {
                    size,
                    root,
                    token,
                    time: existed_by,
                    authority: &authority,
                })
            },
            None,
        )?;
        Ok(Anchored {
            appended,
            size,
            existed_by,
            name,
        })
    }

    fn verified(
        &self,
        note: &[u8],
        policy: &Policy,
        keys: &[VerifierKey],
    ) -> Result<VerifiedCheckpoint, Error> {
        let seen = policy.verify(note, keys).map_err(|error| match &error {
            PolicyError::UnknownLog { .. } | PolicyError::QuorumMissed { .. } => {
                anchor(&chain(&error))
            }
            _ if error.kind() == sealog_core::ErrorKind::Malformed => Error::Argument {
                what: "the cosigned checkpoint",
                why: chain(&error),
            },
            _ => anchor(&chain(&error)),
        })?;
        // The policy may name other logs too.
        if seen.origin() != self.origin() || !seen.log_keys().iter().any(|key| keys.contains(key)) {
            return Err(anchor("it is not signed by a key of this log"));
        }
        Ok(seen)
    }

    /// Every key that signed this log.
    pub(crate) fn own_keys(&self) -> Vec<VerifierKey> {
        self.with_state(|state, _| {
            let keys = state.keys();
            let retired = keys.retired().iter().map(|(key, _)| key);
            retired.chain(keys.active()).cloned().collect()
        })
    }

    /// Refuses an anchor that names a root which the log never had. Those of the newest checkpoints the rules judge;
    /// here it is about older ones, of which a verifier knows all roots.
    pub(crate) fn check_anchor(&self, draft: &Draft) -> Result<(), Error> {
        if draft.kind != "chain.anchored" {
            return Ok(());
        }
        let size = draft.body.get("tree_size");
        let size = size.as_ref().and_then(Value::as_u64);
        let root = draft.body.text("root_hash");
        let root = root.and_then(|text| Hash::from_hex(&text));
        // What is malformed is refused as such.
        let (Some(size), Some(root)) = (size, root) else {
            return Ok(());
        };
        self.refresh()?;
        let found = self.checkpoint_root(size, &self.own_keys())?;
        if found == Some(root) {
            return Ok(());
        }
        let found = found.map_or_else(|| "no checkpoint".into(), |found| found.to_hex());
        let finding = Finding::new(Code::AnchorWrong).because(found, root.to_hex());
        Err(Error::Rules {
            findings: vec![finding],
        })
    }

    /// The root that the log had at a checkpoint of this size; read from the log where it is an old one.
    fn checkpoint_root(&self, size: u64, keys: &[VerifierKey]) -> Result<Option<Hash>, Error> {
        let (known, oldest) =
            self.with_state(|state, _| (state.root_at(size), state.oldest_root()));
        if known.is_some() || oldest.is_none_or(|oldest| size >= oldest) {
            return Ok(known);
        }
        let mut reader = sealog_core::entry::LineReader::new();
        let mut chunks = Chunks::new(self.store(), 0, 0)?;
        while let Some(chunk) = chunks.next_chunk()? {
            for line in chunk::lines(&chunk.bytes) {
                if !line.text.starts_with(b"{\"checkpoint\":") {
                    continue;
                }
                let Ok(Line::Checkpoint(facts)) = reader.read(line.text) else {
                    continue;
                };
                if facts.checkpoint.size() == size {
                    // What lies on the disk is believed by its signature alone.
                    let signed = checkpoint::verify(facts.note.as_bytes(), self.origin(), keys);
                    return Ok(signed.ok().map(|signed| *signed.root()));
                }
            }
        }
        Ok(None)
    }
}

fn anchor(why: &str) -> Error {
    Error::Anchor { reason: why.into() }
}

/// The names of the witnesses, as far as a record holds them.
fn authority<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const MORE: &str = ", ..";
    let mut text = String::new();
    let mut names = names.peekable();
    while let Some(name) = names.next() {
        let comma = if text.is_empty() { "" } else { ", " };
        let room = if names.peek().is_some() {
            MORE.len()
        } else {
            0
        };
        if text.len() + comma.len() + name.len() + room > AUTHORITY_BYTES_MAX {
            text.push_str(MORE);
            break;
        }
        text.push_str(comma);
        text.push_str(name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_witnesses_fill_a_record_to_its_limit_and_no_further() {
        let long = "w".repeat(254);
        let four = [&*long; 4];
        let fits = [&*long, &long, &long, &"w".repeat(256)];
        assert_eq!(authority(fits.into_iter()).len(), AUTHORITY_BYTES_MAX);
        let beyond = [&*long, &long, &long, &"w".repeat(257)];
        let cut = authority(beyond.into_iter());
        assert!(cut.ends_with("w, ..") && cut.len() <= AUTHORITY_BYTES_MAX);
        // One that is not the last leaves room to say that there are more.
        let five = authority(four.into_iter().chain(["w"]));
        assert!(
            five.ends_with("w, ..") && five.len() == 770,
            "{}",
            five.len()
        );
        for count in 1..64 {
            let text = authority(std::iter::repeat_n(&*long, count));
            assert!(text.len() <= AUTHORITY_BYTES_MAX, "{count}");
        }
        assert_eq!(authority(["a", "b"].into_iter()), "a, b");
    }
}
