//! Checkpoints from before: those that a package brings, and those that its verifier kept.

use sealog_core::finding::{Code, Finding};
use sealog_core::limits::NOTE_BYTES_MAX;
use sealog_core::tlog::checkpoint::{self, Checkpoint, VerifiedCheckpoint};
use sealog_core::tlog::note::Note;
use sealog_core::tlog::tree;
use sealog_core::tlog::vkey::VerifierKey;

use super::{Checked, malformed};
use crate::evidence::claim::Earlier;
use crate::verify::Against;
use crate::verify::report::Level;
use crate::verify::trust::note_of;

/// Earlier checkpoints of a package that are looked at, at most.
const EARLIER_MAX: usize = 1_000;

/// `consistency.jsonl`: each checkpoint in it is one that the package's extends.
pub(super) fn read(text: &[u8], checkpoint: &VerifiedCheckpoint) -> Checked<Vec<Checkpoint>> {
    let wrong = || malformed("consistency.jsonl is not in its form");
    let mut found = Vec::new();
    let lines = match text.strip_suffix(b"\n") {
        Some(lines) => lines.split(|byte| *byte == b'\n'),
        None if text.is_empty() => return Ok(found),
        None => return Err(wrong()),
    };
    for line in lines {
        let earlier = Earlier::parse(line).filter(|_| found.len() < EARLIER_MAX);
        let earlier = earlier.ok_or_else(wrong)?;
        let stated = stated(&earlier.note).ok_or_else(wrong)?;
        let extends = stated.origin() == checkpoint.origin()
            && tree::verify_consistency(
                stated.size(),
                stated.root(),
                checkpoint.size(),
                checkpoint.root(),
                &earlier.proof,
            )
            .is_ok();
        if !extends {
            let found = format!("{} entries of {}", stated.size(), stated.origin());
            return Err(Box::new(
                Finding::new(Code::PackageConsistency).found(found),
            ));
        }
        found.push(stated);
    }
    Ok(found)
}

/// What the verifier kept from before: of this size, or one that the package proves to come before it.
pub(super) fn held_against(
    checkpoint: &VerifiedCheckpoint,
    earlier: &[Checkpoint],
    keys: &[VerifierKey],
    against: &[Against],
) -> Checked<Level> {
    let own = checkpoint.checkpoint();
    for kept in against {
        let unusable = |why: &str| {
            let finding = Finding::new(Code::AgainstUnusable);
            Box::new(finding.found(format!("{}: {why}", kept.name)))
        };
        // Only what the log itself signed can speak against it.
        let note =
            note_of(kept).ok_or_else(|| unusable("no checkpoint and no receipt that holds"))?;
        let kept = checkpoint::verify(note.as_bytes(), own.origin(), keys)
            .map_err(|error| unusable(&error.to_string()))?;
        let mut known = earlier.iter().chain([own]);
        match known.find(|known| known.size() == kept.size()) {
            Some(known) if known.root() == kept.root() => {}
            Some(known) => {
                let finding = Finding::new(Code::AgainstMismatch);
                let (expected, found) = (kept.root().to_hex(), known.root().to_hex());
                return Err(Box::new(finding.because(expected, found)));
            }
            None => {
                return Err(unusable(&format!(
                    "the package has no proof from its size, {}; ask for one made with it as the checkpoint from before",
                    kept.size()
                )));
            }
        }
    }
    Ok(if against.is_empty() {
        Level::SelfSigned
    } else {
        Level::Remembered
    })
}

fn stated(note: &str) -> Option<Checkpoint> {
    if note.len() > NOTE_BYTES_MAX {
        return None;
    }
    Checkpoint::parse(Note::parse(note.as_bytes()).ok()?.text()).ok()
}
