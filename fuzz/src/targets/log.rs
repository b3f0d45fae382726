//! A whole log and its receipts: nothing is ever vouched for but what the log's key signed.

use std::sync::LazyLock;

use sealog_core::Hash;
use sealog_core::entry::{Line, LineReader, LogMember, checkpoint_line, write_entry};
use sealog_core::finding::Weight;
use sealog_core::json::Value;
use sealog_core::receipt::Receipt;
use sealog_core::state::LogState;
use sealog_core::time::Timestamp;
use sealog_core::tlog::checkpoint;
use sealog_core::tlog::note::Note;
use sealog_core::tlog::tree::{ProofError, leaf_hash, node_hash, prove_inclusion, range_root};

use super::note::{self, ORIGIN, PARTIES};
use super::variant;
use crate::Answer;

/// Records of the log after its first, each in a group of its own.
const RECORDS: [&str; 2] = [
    r#"{"decision_id":"d-1","model_reason":"a test","model_state":"unverified"}"#,
    r#"{"decision_id":"d-2","model_reason":"a test","model_state":"unverified","score":0.25}"#,
];

/// All that the log of the fixed key holds and its key signed.
struct Honest {
    /// Without newlines: each entry is followed by a checkpoint.
    lines: Vec<Vec<u8>>,
    entries: Vec<Vec<u8>>,
    notes: Vec<String>,
}

static HONEST: LazyLock<Honest> = LazyLock::new(made);

#[expect(
    clippy::expect_used,
    reason = "a fixed log is made of fixed records: a failure is a failed target"
)]
fn made() -> Honest {
    let vkey = PARTIES.log.to_string();
    let created = format!(
        r#"{{"format_version":0,"operator":"a","origin":"{ORIGIN}","purpose":"b","vkey":"{vkey}"}}"#
    );
    let bodies = [created.as_str()].into_iter().chain(RECORDS);
    let mut honest = Honest {
        lines: Vec::new(),
        entries: Vec::new(),
        notes: Vec::new(),
    };
    let (mut leaves, mut before) = (Vec::new(), None);
    for (index, body) in (0..).zip(bodies) {
        // The first decision is the first of its stream.
        let entry = entry(index, body, leaves.last().filter(|_| index > 1), before);
        leaves.push(leaf_hash(&entry));
        let root = root(&leaves).expect("a tree has a root");
        let note = note::signed(index + 1, root).expect("a fixed key signs");
        let line = checkpoint_line(&note);
        before = Some(Hash::of(&[&line]));
        honest.lines.extend([entry.clone(), line]);
        honest.entries.push(entry);
        honest.notes.push(note);
    }
    honest
}

/// The entry of a number; its record is the log's own if that is 0.
fn entry(index: u64, body: &str, prev: Option<&Hash>, before: Option<Hash>) -> Vec<u8> {
    let own = index == 0;
    let (kind, run, stream) = if own {
        ("ledger.created", "log-1", "log")
    } else {
        ("decision", "1", "general")
    };
    let numbered = index.saturating_sub(1);
    let record = format!(
        r#"{{"body":{body},"capture_mode":"automatic","kind":"{kind}","occurred_at":"2026-05-28T20:26:42Z",
        "producer_run":"{run}","producer_seq":{numbered},"record_id":"019e7044-8be8-7627-a829-2a2b2c2d2e0{index}",
        "retention_class":"default","schema_version":"1.1.0","stream_id":"{stream}","system_id":null,"tenant_id":"default"}}"#
    );
    let record = Value::parse(record.as_bytes()).map(|record| record.to_canonical());
    let log = LogMember {
        index,
        seq: numbered,
        prev_hash: prev,
        recorded_at: Timestamp::from_unix(1_780_000_000, 0).unwrap_or(Timestamp::MIN),
        clock_source: "system",
        clock_uncertainty_ms: None,
        producer_id: if own { "sealog" } else { "local" },
        producer_assurance: "none",
        nonce: &[6; 16],
        prev_checkpoint: before.as_ref(),
    };
    let mut line = Vec::new();
    write_entry(&mut line, &log, &record.unwrap_or_default(), None);
    line
}

fn root(leaves: &[Hash]) -> Option<Hash> {
    let size = u64::try_from(leaves.len()).ok()?;
    range_root(0, size, |level, index| {
        Ok::<_, ProofError>(subtree(leaves, level, index))
    })
    .ok()
}

/// The root of a complete subtree; zeroes where there is none.
fn subtree(leaves: &[Hash], level: u32, index: u64) -> Hash {
    if level > 0 {
        let half = |at| subtree(leaves, level - 1, at);
        return node_hash(&half(2 * index), &half(2 * index + 1));
    }
    let leaf = usize::try_from(index).ok().and_then(|at| leaves.get(at));
    leaf.copied().unwrap_or(Hash::new([0; 32]))
}

/// Lines of a segment, taken in by the log's rules. What the newest checkpoint that the pinned key signed covers is,
/// line for line, what the honest log holds.
pub(super) fn segment(bytes: &[u8]) -> Answer {
    let mut state = LogState::new(ORIGIN);
    let mut reader = LineReader::new();
    let mut lines: Vec<&[u8]> = Vec::new();
    // Lines up to the newest checkpoint that fits, and its note: the state also takes in what does not fit.
    let mut newest: Option<(usize, String)> = None;
    let mut ended = String::from("at the end");
    for text in bytes.split_inclusive(|byte| *byte == b'\n') {
        let Some(text) = text.strip_suffix(b"\n") else {
            ended = String::from("in a line");
            break;
        };
        let line = match reader.read(text) {
            Ok(line) => line,
            Err(error) => {
                ended = variant(&error);
                break;
            }
        };
        let step = state.push(&line, text);
        let failed = step.checks.iter().filter_map(|check| check.run().err());
        let refuted = step
            .findings
            .into_iter()
            .chain(failed)
            .find(|finding| finding.weight() == Weight::Refutes);
        if let Some(finding) = refuted {
            ended = String::from(finding.code.id());
            break;
        }
        lines.push(text);
        if let Line::Checkpoint(facts) = line {
            newest = Some((lines.len(), facts.note));
        }
    }
    let Some((covered, note)) = newest else {
        return format!("nothing is covered, ended {ended}");
    };
    let Ok(verified) = checkpoint::verify(note.as_bytes(), ORIGIN, [&PARTIES.log]) else {
        return format!("nobody vouches, ended {ended}");
    };
    let lines = lines.get(..covered).unwrap_or_default();
    let honest = HONEST.lines.get(..covered).unwrap_or_default();
    // The newest checkpoint line itself may carry signatures of others.
    assert_eq!(lines.len(), honest.len(), "a log that nobody signed");
    let both = lines.iter().zip(honest).take(covered.saturating_sub(1));
    for (line, honest) in both {
        assert_eq!(line, honest, "a line that nobody signed");
    }
    let signed = HONEST.notes.get((covered / 2).saturating_sub(1));
    assert_eq!(
        Some(text_of(&note)),
        signed.map(|note| text_of(note)),
        "a size or root that nobody signed"
    );
    format!("accepted {}, ended {ended}", verified.size())
}

fn text_of(note: &str) -> Option<String> {
    let note = Note::parse(note.as_bytes()).ok()?;
    Some(note.text().to_owned())
}

pub(super) fn segment_seeds() -> Vec<Vec<u8>> {
    let joined = |lines: &[Vec<u8>]| {
        let ended = lines.iter().flat_map(|line| [line.as_slice(), b"\n"]);
        ended.collect::<Vec<_>>().concat()
    };
    let lines = &HONEST.lines;
    let mut seeds: Vec<Vec<u8>> = [2, 4, 6]
        .into_iter()
        .filter_map(|count| lines.get(..count))
        .map(joined)
        .collect();
    // Two lines in another order, one left out, one twice.
    for order in [[0, 1, 4, 5, 2, 3], [0, 1, 2, 4, 3, 5], [0, 1, 2, 2, 3, 4]] {
        let moved: Option<Vec<_>> = order.iter().map(|at| lines.get(*at).cloned()).collect();
        seeds.extend(moved.as_deref().map(joined));
    }
    seeds
}

/// A receipt that verifies holds an entry of the honest log under a checkpoint that its key signed; one that is only
/// included says the index of its own entry.
pub(super) fn receipt(bytes: &[u8]) -> Answer {
    let receipt = match Receipt::parse(bytes) {
        Ok(receipt) => receipt,
        Err(error) => return variant(&error),
    };
    assert_eq!(receipt.to_string().as_bytes(), bytes, "a second spelling");
    assert!(receipt.verify(&[]).is_err(), "verified without a key");
    let stranger = receipt.verify(std::slice::from_ref(&PARTIES.witness));
    assert!(stranger.is_err(), "verified by a stranger's key");
    let included = receipt.check_inclusion();
    if let Ok((facts, checkpoint)) = &included {
        assert_eq!(facts.log.index, receipt.index());
        assert_eq!(facts.leaf, leaf_hash(receipt.entry()));
        assert!(receipt.index() < checkpoint.size(), "outside of the tree");
    }
    match receipt.verify(std::slice::from_ref(&PARTIES.log)) {
        Ok(verified) => {
            assert!(included.is_ok(), "verified, but not included");
            let place = HONEST
                .entries
                .iter()
                .position(|entry| entry == verified.entry());
            let place = place.and_then(|place| u64::try_from(place).ok());
            assert_eq!(place, Some(verified.index()), "an entry that is not there");
            let text = text_of(receipt.note());
            let signed = HONEST.notes.iter().any(|note| text_of(note) == text);
            assert!(signed, "a checkpoint that nobody signed");
            format!("accepted, size {}", verified.checkpoint().size())
        }
        Err(finding) => format!("included {}, {}", included.is_ok(), finding.code.id()),
    }
}

pub(super) fn receipt_seeds() -> Vec<Vec<u8>> {
    let leaves: Vec<Hash> = HONEST
        .entries
        .iter()
        .map(|entry| leaf_hash(entry))
        .collect();
    let mut seeds = Vec::new();
    for (size, note) in (1..).zip(&HONEST.notes) {
        for (index, entry) in (0..size).zip(&HONEST.entries) {
            let node = |level, at| Ok::<_, ProofError>(subtree(&leaves, level, at));
            let proof = prove_inclusion(index, size, node).unwrap_or_default();
            let receipt = Receipt::new(index, entry.clone(), proof, note.clone());
            seeds.push(receipt.to_string().into_bytes());
        }
    }
    // A checkpoint where an entry should be.
    if let (Some(line), Some(note)) = (HONEST.lines.get(1), HONEST.notes.first()) {
        let receipt = Receipt::new(0, line.clone(), Vec::new(), note.clone());
        seeds.push(receipt.to_string().into_bytes());
    }
    seeds
}
