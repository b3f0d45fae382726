//! What the holder of the log's key could write past the ledger: a log by hand, properly signed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sealog_core::entry::{Line, LineReader, LogMember, checkpoint_line, write_entry};
use sealog_core::hash::Hash;
use sealog_core::json::Value;
use sealog_core::time::Timestamp;
use sealog_core::tlog::checkpoint::sign_checkpoint;
use sealog_core::tlog::sign::Signer;
use sealog_core::tlog::tree::{Frontier, leaf_hash};

/// Appends one group with this record to the only segment of a closed ledger, without asking anybody.
pub(crate) fn force(ledger: &Path, signer: &dyn Signer, producer_id: &str, record: &[u8]) {
    let path = ledger.join("log/0000000000.jsonl");
    let mut log = fs::read(&path).unwrap();
    let mut frontier = Frontier::new();
    let mut streams: BTreeMap<Hash, (u64, Hash)> = BTreeMap::new();
    let mut last: Option<(Timestamp, Hash)> = None;
    let mut reader = LineReader::new();
    let mut size = 0;
    for line in log
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        match reader.read(line).unwrap() {
            Line::Entry(entry) => {
                frontier.push(entry.leaf);
                streams.insert(entry.record.stream, (entry.log.seq + 1, entry.leaf));
                let before = last.map_or(Hash::of(&[]), |(_, checkpoint)| checkpoint);
                last = Some((entry.log.recorded_at, before));
                size += 1;
            }
            Line::Checkpoint(facts) => last = last.map(|(time, _)| (time, facts.line_hash)),
            Line::Disposed(_) => panic!("not in these logs"),
        }
    }
    let (recorded_at, checkpoint) = last.unwrap();
    let stream = stream_of(record).and_then(|stream| streams.get(&stream).copied());
    let log_member = LogMember {
        index: size,
        seq: stream.map_or(0, |(next, _)| next),
        prev_hash: stream.as_ref().map(|(_, head)| head),
        recorded_at,
        clock_source: "system",
        clock_uncertainty_ms: None,
        producer_id,
        producer_assurance: "none",
        nonce: &[7; 16],
        prev_checkpoint: Some(&checkpoint),
    };
    let start = log.len();
    write_entry(&mut log, &log_member, record, None);
    frontier.push(leaf_hash(&log[start..]));
    log.push(b'\n');
    let origin = signer.verifier_key().name();
    let note = sign_checkpoint(origin, size + 1, frontier.root(), &[signer]).unwrap();
    log.extend(checkpoint_line(&note));
    log.push(b'\n');
    fs::write(&path, log).unwrap();
}

/// The map's key of the stream that a record says it is in.
fn stream_of(record: &[u8]) -> Option<Hash> {
    let value = Value::parse(record).ok()?;
    let text = |name| value.member(name)?.as_str().map(ToOwned::to_owned);
    let (tenant, stream) = (text("tenant_id")?, text("stream_id")?);
    Some(sealog_core::map::key("stream", &[&tenant, &stream]))
}

/// Copies a ledger's directory.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
