//! Anchors of a package: that they name the log's roots, and what a policy's witnesses say in them
//! (`docs/formats/anchors.md`).

use std::collections::BTreeMap;

use sealog_core::entry::Anchor;
use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::time::Timestamp;
use sealog_core::tlog::checkpoint::{Checkpoint, VerifiedCheckpoint};
use sealog_core::tlog::policy::Policy;
use sealog_core::tlog::tree;
use sealog_core::tlog::vkey::VerifierKey;

use super::complete::{Notes, Outside};
use super::members::lines;
use super::report::PackageWitnessed;
use super::{Checked, malformed};
use crate::evidence::anchors::HeldAnchor;
use crate::verify::times::timestamp;

/// `anchors.jsonl`, as many lines as the manifest says, which holds the limit.
pub(super) fn read(text: &[u8], held: u64) -> Checked<Vec<HeldAnchor>> {
    let malformed = || malformed("anchors.jsonl is not in its form");
    let mut found: Vec<HeldAnchor> = Vec::new();
    for line in lines(text).ok_or_else(malformed)? {
        let anchor = HeldAnchor::parse(line).ok_or_else(malformed)?;
        let ascends = found.last().is_none_or(|last| last.index < anchor.index);
        if !ascends || !u64::try_from(found.len()).is_ok_and(|count| count < held) {
            return Err(malformed());
        }
        found.push(anchor);
    }
    if u64::try_from(found.len()) != Ok(held) {
        return Err(malformed());
    }
    Ok(found)
}

/// An anchor whose root the log had, and what the outsider made, if it is what the entry names.
struct Judged {
    checkpoint: Checkpoint,
    token: Option<Vec<u8>>,
}

/// Anchors that name roots of the log.
pub(super) struct Anchors(Vec<Judged>);

/// Holds every anchor against the package's checkpoint.
pub(super) fn judge(
    lines: Vec<HeldAnchor>,
    known: &Outside,
    checkpoint: &VerifiedCheckpoint,
    notes: &mut Notes,
) -> Checked<Anchors> {
    let mut judged = Vec::new();
    for held in lines {
        let anchor = known.anchors.get(&held.index);
        let anchor =
            anchor.ok_or_else(|| malformed("an anchor's entry is not in context.jsonl"))?;
        let wrong = || Box::new(Finding::new(Code::AnchorWrong).at(held.index));
        if !is_extended(anchor, &held, checkpoint) {
            return Err(wrong());
        }
        let stated = Checkpoint::new(checkpoint.origin(), anchor.size, anchor.root);
        let digest = |token: &Vec<u8>| Some(Hash::of(&[token]));
        let token = held.token.filter(|token| digest(token) == anchor.token);
        if token.is_none() {
            *notes.entry(Code::AnchorMissing).or_default() += 1;
        }
        judged.push(Judged {
            checkpoint: stated.map_err(|_| wrong())?,
            token,
        });
    }
    Ok(Anchors(judged))
}

fn is_extended(anchor: &Anchor, held: &HeldAnchor, checkpoint: &VerifiedCheckpoint) -> bool {
    (1..=held.index).contains(&anchor.size)
        && tree::verify_consistency(
            anchor.size,
            &anchor.root,
            checkpoint.size(),
            checkpoint.root(),
            &held.proof,
        )
        .is_ok()
}

impl Anchors {
    /// The checkpoints that they are about.
    pub(super) fn checkpoints(&self) -> impl Iterator<Item = Checkpoint> {
        self.0.iter().map(|judged| judged.checkpoint.clone())
    }

    /// What the policy's witnesses saw of the log. `last` is the last entry of the package that they have to vouch for.
    pub(super) fn witnessed(
        &self,
        policy: &Policy,
        keys: &[VerifierKey],
        known: &Outside,
        checkpoint: &VerifiedCheckpoint,
        last: Option<u64>,
        notes: &mut Notes,
    ) -> Checked<PackageWitnessed> {
        let keys: Vec<_> = keys.iter().chain(&known.log_keys).cloned().collect();
        let mut seen: BTreeMap<u64, Option<Timestamp>> = BTreeMap::new();
        let mut add = |at: &VerifiedCheckpoint| {
            let time = policy.outside_time(at.cosignatures());
            let time = time.and_then(|time| timestamp(time.existed_by));
            let first = seen.entry(at.size()).or_insert(time);
            *first = first.iter().copied().chain(time).min();
        };
        for (judged, token) in self
            .0
            .iter()
            .filter_map(|judged| Some((judged, judged.token.as_ref()?)))
        {
            match policy.verify(token, &keys) {
                Ok(verified) if *verified.checkpoint() == judged.checkpoint => add(&verified),
                _ => *notes.entry(Code::AnchorUnproven).or_default() += 1,
            }
        }
        if policy.is_fulfilled_by(checkpoint.cosignatures()) {
            add(checkpoint);
        }
        let largest = seen.last_key_value().map(|(size, _)| *size);
        let Some(size) = largest.filter(|size| last.is_none_or(|last| last < *size)) else {
            let found = largest.map_or_else(
                || "no cosigned checkpoint that counts".to_owned(),
                |size| format!("{size} cosigned entries"),
            );
            return Err(Box::new(Finding::new(Code::WitnessQuorum).found(found)));
        };
        let above = seen
            .iter()
            .filter(|(size, _)| last.is_none_or(|last| last < **size));
        Ok(PackageWitnessed {
            size,
            existed_by: above.filter_map(|(_, time)| *time).min(),
        })
    }
}
