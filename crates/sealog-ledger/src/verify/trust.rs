//! Who vouches for the newest checkpoint, and how far completeness reaches.

use std::collections::BTreeMap;

use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::receipt::Receipt;
use sealog_core::state::{LogState, SignatureCheck};
use sealog_core::tlog::checkpoint::{self, Checkpoint, VerifiedCheckpoint};
use sealog_core::tlog::note::{Note, VerifiedSignature};
use sealog_core::tlog::policy::{OutsideTime, Policy};
use sealog_core::tlog::vkey::VerifierKey;

use super::anchors::Shelved;
use super::report::{Level, Reach, Report};
use super::times::Times;
use super::{Against, Request, pins};

/// The sizes at which the log's root is needed, from what the verifier brought.
pub(super) fn sizes(request: &Request) -> BTreeMap<u64, Option<Hash>> {
    let notes = request.against.iter().filter_map(note_of);
    notes
        .filter_map(|note| stated(&note))
        .map(|checkpoint| (checkpoint.size(), None))
        .collect()
}

/// The signed checkpoint in what the verifier brought.
pub(super) fn note_of(against: &Against) -> Option<String> {
    if let Ok(receipt) = Receipt::parse(&against.bytes) {
        receipt.check_inclusion().ok()?;
        return Some(receipt.note().to_owned());
    }
    String::from_utf8(against.bytes.clone()).ok()
}

fn stated(note: &str) -> Option<Checkpoint> {
    let parsed = Note::parse(note.as_bytes()).ok()?;
    Checkpoint::parse(parsed.text()).ok()
}

/// Judges the newest checkpoint by everything that the verifier brought.
pub(super) fn judge(
    report: &mut Report,
    request: &Request,
    state: &LogState,
    newest: &[SignatureCheck],
    roots: &BTreeMap<u64, Option<Hash>>,
    shelved: &mut Shelved<'_>,
) {
    report.pinned_by = Some(request.pinned_by());
    for check in newest {
        if let Err(finding) = check.run() {
            report.add(finding);
        }
    }
    let mut keys: Vec<VerifierKey> = request.keys.clone();
    if let Some(policy) = &request.policy {
        keys.extend(policy.logs().iter().map(|log| log.key().clone()));
    }
    let known = known_keys(state);
    let is_pinned = |key: &&VerifierKey| request.fingerprints.contains(&pins::hash_of(key));
    keys.extend(known.iter().filter(is_pinned).cloned());
    judge_key(report, request, state, &keys);
    let mut remembered = !request.against.is_empty();
    for against in &request.against {
        remembered &= judge_against(report, against, roots, &known);
    }
    let refuted = report.exit() != 0;
    if !refuted {
        report.level = Some(if remembered {
            Level::Remembered
        } else {
            Level::SelfSigned
        });
    }
    if request.policy.is_some() {
        judge_policy(report, request, state, shelved);
    }
}

/// All keys that the log has had.
pub(super) fn known_keys(state: &LogState) -> Vec<VerifierKey> {
    let keys = state.keys();
    keys.retired()
        .iter()
        .map(|(key, _)| key)
        .chain(keys.active())
        .cloned()
        .collect()
}

/// The pinned key has to be the one that signed the newest checkpoint.
fn judge_key(report: &mut Report, request: &Request, state: &LogState, pinned: &[VerifierKey]) {
    let origin = state.origin();
    let active = state.keys().active();
    if !pinned.iter().any(|key| key.name() == origin) {
        report.add(match (request.fingerprints.first(), pinned.first()) {
            // The log names all the keys that it ever had, and the pinned one is none of them.
            (Some(one), _) if active.is_some() => {
                let found = active.map_or_else(String::new, VerifierKey::fingerprint);
                Finding::new(Code::KeyNotPinned).because(one.to_hex(), found)
            }
            (Some(one), _) => Finding::new(Code::KeyNotInFile).because(one.to_hex(), "none"),
            (None, Some(first)) => Finding::new(Code::OriginOther).because(first.name(), origin),
            (None, None) => Finding::new(Code::Unpinned),
        });
        return;
    }
    if let Some(active) = active.filter(|active| pinned.contains(active)) {
        report.key = Some(active.to_string());
        return;
    }
    let retired = state
        .keys()
        .retired()
        .iter()
        .find(|(key, _)| pinned.contains(key));
    let revoked = retired.and_then(|(key, _)| state.keys().revoked_at(key));
    match (retired, request.follow_rotation && revoked.is_none()) {
        (Some((key, size)), true) => {
            report.key = Some(key.to_string());
            let found = format!("signed by its successor from size {size} on");
            report.add(Finding::new(Code::KeyRotated).found(found));
        }
        (Some((_, size)), false) => {
            // Not followed even if asked: a thief of that key could have made a log with a recovery key of their own.
            let then = revoked.map_or("", |_| "; the recovery key revoked it there");
            let found = format!("the pinned key signed up to size {size}{then}");
            report.add(Finding::new(Code::KeyRetired).found(found));
        }
        (None, _) => {
            let expected = pinned.iter().find(|key| key.name() == origin);
            let expected = expected.map_or_else(String::new, VerifierKey::fingerprint);
            let found = active.map_or_else(|| "none".to_owned(), VerifierKey::fingerprint);
            report.add(Finding::new(Code::KeyNotPinned).because(expected, found));
        }
    }
}

/// A log of which nothing is left is smaller than anything that was kept of it. What the log says of its own keys is
/// gone too: only what a pinned key signed was kept of the log that is asked about.
pub(super) fn judge_emptied(report: &mut Report, request: &Request) {
    let mut keys = request.keys.clone();
    if let Some(policy) = &request.policy {
        keys.extend(policy.logs().iter().map(|log| log.key().clone()));
    }
    let kept = request.against.iter().filter_map(|against| {
        let note = note_of(against)?;
        let signed = keys.iter().find_map(|key| {
            let name = VerifierKey::name(key);
            checkpoint::verify(note.as_bytes(), name, std::iter::once(key)).ok()
        });
        Some(signed?.size()).filter(|size| *size > 0)
    });
    if let Some(size) = kept.max() {
        let expected = format!("at least {size} entries");
        report.add(Finding::new(Code::AgainstShrunk).because(expected, "0"));
    }
}

/// The log has to extend what was kept from before.
fn judge_against(
    report: &mut Report,
    against: &Against,
    roots: &BTreeMap<u64, Option<Hash>>,
    known: &[VerifierKey],
) -> bool {
    let name = &against.name;
    let unusable = |why: &str| Finding::new(Code::AgainstUnusable).found(format!("{name}: {why}"));
    let Some(note) = note_of(against) else {
        report.add(unusable("neither a checkpoint nor a receipt that holds"));
        return false;
    };
    let Some(origin) = known.first().map(|key| key.name().to_owned()) else {
        report.add(unusable("the log has no key"));
        return false;
    };
    let kept = match checkpoint::verify(note.as_bytes(), &origin, known) {
        Ok(kept) => kept,
        Err(error) => {
            report.add(unusable(&error.to_string()));
            return false;
        }
    };
    let (size, root) = (kept.size(), *kept.root());
    if size > report.size {
        let (expected, found) = (format!("at least {size} entries"), report.size.to_string());
        report.add(Finding::new(Code::AgainstShrunk).because(expected, found));
        return false;
    }
    match roots.get(&size).copied().flatten() {
        Some(found) if found == root => true,
        _ if size == 0 => true,
        found => {
            let found = found.map_or_else(|| "none".to_owned(), |found| found.to_hex());
            let finding = Finding::new(Code::AgainstMismatch).because(root.to_hex(), found);
            report.add(finding.at(size.saturating_sub(1)));
            false
        }
    }
}

/// The policy's quorum has to have cosigned the log up to its last record of a producer, and recently enough. What it
/// says of the time of any checkpoint of the log goes into the report.
fn judge_policy(
    report: &mut Report,
    request: &Request,
    state: &LogState,
    shelved: &mut Shelved<'_>,
) {
    let Some(policy) = &request.policy else {
        return;
    };
    if !policy.asks_for_witnesses() {
        let found = "the policy asks for no witness";
        report.add(Finding::new(Code::WitnessQuorum).found(found));
        return;
    }
    let keys = known_keys(state);
    let mut seen = Vec::new();
    let mut take = |note: &[u8]| seen.extend(Seen::of(policy, note, &keys));
    for note in request.against.iter().filter_map(note_of) {
        take(note.as_bytes());
    }
    if let Some(note) = &report.checkpoint {
        take(note.as_bytes());
    }
    shelved.each(report.size, |note| take(&note));
    let mut witnessed = shelved.witnessed;
    for checkpoint in &seen {
        // Only what was said of this log says anything of its entries.
        match shelved.checkpoints.at(checkpoint.witnessed.size) {
            Ok(root) if root == Some(checkpoint.root) => {}
            Ok(_) => continue,
            Err(error) => {
                report.add(Finding::new(Code::Unreadable).found(error.to_string()));
                break;
            }
        }
        if let Some(time) = checkpoint.time {
            report.times.covers(checkpoint.witnessed.size, time);
        }
        witnessed = witnessed.max(Some(checkpoint.witnessed));
    }
    settle_times(report);
    let Some(witnessed) = witnessed else {
        let found = format!("no quorum over size {}", report.size);
        report.add(Finding::new(Code::WitnessQuorum).found(found));
        return;
    };
    judge_reach(report, request, witnessed, shelved);
}

/// What stands after the checkpoint that the witnesses cosigned has to be the log's own: whoever holds the log could
/// cut it there, and would have a log whose newest checkpoint is witnessed (`docs/decisions/0009-witnessed-up-to.md`).
fn judge_reach(
    report: &mut Report,
    request: &Request,
    witnessed: Witnessed,
    shelved: &mut Shelved<'_>,
) {
    let mut producers_at = |size| {
        let seen = shelved.checkpoints.seen_at(size)?;
        Ok(seen.map_or(0, |seen| seen.of_producers))
    };
    let counts: Result<(u64, u64), crate::Error> =
        producers_at(witnessed.size).and_then(|then| Ok((then, producers_at(report.size)?)));
    let (then, now) = match counts {
        Ok(counts) => counts,
        Err(error) => {
            report.add(Finding::new(Code::Unreadable).found(error.to_string()));
            return;
        }
    };
    let reach = Reach {
        size: witnessed.size,
        own_after: (report.size - witnessed.size).saturating_sub(now.saturating_sub(then)),
        producers_after: now.saturating_sub(then),
        disposed_after: shelved.disposed_by.is_some_and(|by| by >= witnessed.size),
    };
    report.witnessed = Some(reach);
    if reach.producers_after > 0 {
        let expected = format!("a quorum over all records of producers of {}", report.size);
        let found = format!(
            "a quorum over size {}, and {} producers' records after it",
            reach.size, reach.producers_after
        );
        report.add(Finding::new(Code::WitnessQuorum).because(expected, found));
        return;
    }
    if reach.disposed_after {
        let found = format!(
            "entries disposed of under records after size {}, which no quorum saw",
            reach.size
        );
        report.add(Finding::new(Code::WitnessQuorum).found(found));
        return;
    }
    if let (Some(max_age), Some(now)) = (request.max_age, request.now) {
        let now = u64::try_from(now.seconds()).unwrap_or(0);
        let age = witnessed.newest.map(|time| now.saturating_sub(time));
        if age.is_none_or(|age| age > max_age.as_secs()) {
            let expected = format!("at most {} seconds", max_age.as_secs());
            let found = age.map_or_else(|| "no time".into(), |age| format!("{age} seconds"));
            report.add(Finding::new(Code::TooOld).because(expected, found));
        }
    }
    if report.exit() == 0 {
        report.level = Some(Level::Witnessed);
    }
}

/// A checkpoint of the log that a quorum cosigned. The larger one counts, of one size the one seen last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Witnessed {
    size: u64,
    /// The newest time on it, whether or not a quorum stands for it.
    newest: Option<u64>,
}

impl Witnessed {
    /// Of a checkpoint that fulfils the policy.
    pub(super) fn of(verified: &VerifiedCheckpoint) -> Self {
        let times = verified.cosignatures().iter();
        Self {
            size: verified.size(),
            newest: times.filter_map(VerifiedSignature::time).max(),
        }
    }
}

/// What a checkpoint that a quorum cosigned says.
struct Seen {
    witnessed: Witnessed,
    root: Hash,
    time: Option<OutsideTime>,
}

impl Seen {
    fn of(policy: &Policy, note: &[u8], keys: &[VerifierKey]) -> Option<Self> {
        let verified = policy.verify(note, keys).ok()?;
        Some(Self {
            witnessed: Witnessed::of(&verified),
            root: *verified.root(),
            time: policy.outside_time(verified.cosignatures()),
        })
    }
}

/// Brings the times into their final form. Those of a log that does not hold, or that nobody vouches for, are none.
fn settle_times(report: &mut Report) {
    if report.exit() != 0 {
        report.times = Times::default();
        return;
    }
    report.times.settle();
    let intervals = report.times.intervals(report.size);
    let empty = intervals.iter().find(|(_, interval)| interval.is_empty());
    if let Some((range, _)) = empty {
        report.add(Finding::new(Code::TimesContradict).at(range.start));
    }
}
