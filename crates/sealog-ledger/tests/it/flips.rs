//! Every single bit: of a log with all that a log may hold, no flipped copy holds.
//!
//! In the suite each byte has one of its bits flipped, the next byte the next bit. `SEALOG_FLIPS=all` flips every bit.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sealog_core::entry::{
    DisposedFacts, Line, LineReader, disposed_line, record_signature_message,
};
use sealog_core::json::{Number, Object, Value};
use sealog_core::time::Timestamp;
use sealog_core::tlog::sign::{Ed25519Signer, Signer};
use sealog_core::tlog::vkey::{KeyType, VerifierKey};
use sealog_ledger::verify::{Report, Request, verify_ledger_on};
use sealog_ledger::{Creation, Draft, IndexMode, Ledger, Options, Payload, RecordSignature};
use sealog_store::disk::{Disk, MemoryDisk, Open, Reach};

use crate::ground::{Ground, decision};
use crate::sources::{Seeded, Ticks};

const ORIGIN: &str = "example.org/flips";
/// Of the filler only so much is kept: all of it is the same.
const FILLER_BYTES: usize = 1_024;
const THREADS: usize = 2;

/// A copy of a ledger as bytes, and who vouches for it.
struct Fixture {
    files: BTreeMap<PathBuf, Vec<u8>>,
    request: Request,
}

fn integer(value: u64) -> Value {
    Value::Number(Number::unsigned(value).unwrap())
}

fn payload(name: &str, bytes: usize) -> Payload {
    Payload {
        name: name.into(),
        media_type: "text/plain".into(),
        bytes: (0..bytes).map(|n| (n % 251) as u8).collect(),
        key_id: None,
    }
}

fn signer(name: &str, seed: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyType::Ed25519, name, &[seed; 32]).unwrap()
}

/// Three segments, a disposed line, a rotation, epochs, filler, a signed record, payloads, groups of one and of many.
fn fixture() -> Fixture {
    let ground = Ground::new();
    let clock = Arc::new(Ticks::default());
    let options = Options {
        segment_bytes: 6_000,
        index: IndexMode::Off,
        // The same bytes in each run.
        clock: Arc::<Ticks>::clone(&clock),
        random: Arc::new(Seeded::new(1)),
        signer: Some(Arc::new(signer(ORIGIN, 1))),
        ..ground.options()
    };
    let creation = Creation {
        origin: Some(ORIGIN.into()),
        ..Creation::default()
    };
    let ledger = Ledger::create(&ground.path(), &creation, options).unwrap();
    let producer = ledger.producer().unwrap();
    clock.advance(1_500);
    let mut short = decision("short");
    short.retention_class = Some("short".into());
    let short = producer.append(short).unwrap().index();
    clock.advance(1_500);
    let mut inline = decision("inline");
    inline.payloads = vec![payload("inline", 100)];
    producer.append(inline).unwrap();
    ledger.seal_epoch().unwrap();
    let batch = (0..4).map(|n| decision(&format!("batch{n}"))).collect();
    producer.append_many(batch).unwrap();
    let actor = signer("example.org/actor", 3);
    ledger
        .trust_actor_key("actor", &actor.verifier_key().to_string(), None)
        .unwrap();
    let record = producer.prepare(decision("signed")).unwrap();
    let signature = RecordSignature {
        key_id: "actor".into(),
        value: actor
            .sign(&record_signature_message(ORIGIN, &record))
            .unwrap(),
    };
    producer.append_signed(record, signature).unwrap();
    ledger.rotate_key(Arc::new(signer(ORIGIN, 9))).unwrap();
    let mut large = decision("large");
    large.payloads = vec![payload("large", 33 * 1024)];
    producer.append(large).unwrap();
    let by = dispose(&ledger, short);
    for n in 0..4 {
        producer.append(decision(&format!("last{n}"))).unwrap();
    }
    ledger.seal_epoch().unwrap();
    producer.stop().unwrap();
    let request = Request {
        keys: vec![VerifierKey::parse(&ledger.vkey()).unwrap()],
        threads: NonZero::new(1),
        ..Request::default()
    };
    // Before it is closed, which would cut the filler.
    let mut files = BTreeMap::new();
    read_below(&ground.path(), &ground.path(), &mut files);
    let first = files.get_mut(Path::new("log/0000000000.jsonl")).unwrap();
    *first = without(first, short, by);
    let segments = files.keys().filter(|path| is_segment(path)).count();
    assert!(segments >= 3, "{segments} segments");
    let last = PathBuf::from(format!("log/{:010}.jsonl", segments - 1));
    let last = files.get_mut(&last).unwrap();
    let end = 1 + last.iter().rposition(|byte| *byte != b'\n').unwrap();
    assert!(last.len() > end + FILLER_BYTES, "there is filler");
    last.truncate(end + 1 + FILLER_BYTES);
    Fixture { files, request }
}

/// Records a policy and a disposal under it; returns the index of the latter.
fn dispose(ledger: &Ledger, index: u64) -> u64 {
    let mut policy = Object::new();
    policy.insert("approved_by", "ann");
    policy.insert("legal_basis", "a test");
    policy.insert("min_days", integer(0));
    policy.insert("policy_id", "p1");
    policy.insert("record_class", "short");
    ledger
        .append_own(Draft::new("retention.policy", policy))
        .unwrap();
    let mut disposed = Object::new();
    disposed.insert("approved_by", "ann");
    let now = Timestamp::from_unix(1_900_000_000, 0).unwrap();
    disposed.insert("disposed_at", now.format_micros());
    disposed.insert("from_index", integer(index));
    disposed.insert("policy_id", "p1");
    disposed.insert("record_class", "short");
    disposed.insert("to_index", integer(index));
    let appended = ledger.append_own(Draft::new("retention.disposed", disposed));
    appended.unwrap().index()
}

/// A segment with what disposal leaves in place of an entry.
fn without(segment: &[u8], wanted: u64, by: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let mut reader = LineReader::new();
    for line in segment.split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap();
        match reader.read(text) {
            Ok(Line::Entry(entry)) if entry.log.index == wanted => {
                out.extend(disposed_line(&DisposedFacts {
                    by,
                    index: wanted,
                    leaf: entry.leaf,
                    producer_seq: entry.record.producer_seq,
                    recorded_at: entry.log.recorded_at,
                    retention_class: "short".into(),
                    run: entry.log.run.unwrap(),
                    seq: entry.log.seq,
                    stream: entry.record.stream,
                }));
                out.push(b'\n');
            }
            _ => out.extend_from_slice(line),
        }
    }
    out
}

fn read_below(root: &Path, directory: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_below(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_path_buf();
            files.insert(name, fs::read(&path).unwrap());
        }
    }
}

fn is_segment(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "jsonl")
        && path.starts_with("log")
}

const ROOT: &str = "/flips.sealog";

/// The copy on a disk of its own, in memory.
fn disk_of(fixture: &Fixture) -> Arc<MemoryDisk> {
    let disk = Arc::new(MemoryDisk::new());
    for (name, bytes) in &fixture.files {
        let path = Path::new(ROOT).join(name);
        let above: Vec<&Path> = path.ancestors().skip(1).collect();
        for directory in above.into_iter().rev().skip(1) {
            let _ = disk.create_dir(directory, Reach::Everyone);
        }
        let file = disk.open(&path, Open::CreateNew(Reach::Everyone)).unwrap();
        assert_eq!(file.write_at(0, bytes).unwrap(), bytes.len());
    }
    disk
}

fn verify(disk: &Arc<MemoryDisk>, request: &Request) -> Report {
    let disk: Arc<dyn Disk> = Arc::<MemoryDisk>::clone(disk);
    verify_ledger_on(disk, Path::new(ROOT), request, &mut |_| ())
}

/// Flips one bit, runs the check, and flips it back.
fn flipped(disk: &MemoryDisk, name: &Path, at: usize, mask: u8, byte: u8, check: impl FnOnce()) {
    let file = disk.open(&Path::new(ROOT).join(name), Open::Write).unwrap();
    let offset = u64::try_from(at).unwrap();
    file.write_at(offset, &[byte ^ mask]).unwrap();
    check();
    file.write_at(offset, &[byte]).unwrap();
}

#[test]
fn every_flipped_bit_of_log_and_payloads_is_seen() {
    let fixture = fixture();
    let disk = disk_of(&fixture);
    let report = verify(&disk, &fixture.request);
    assert_eq!(
        report.exit(),
        0,
        "{} {:?}",
        report.reason(),
        report.findings()
    );
    assert_eq!((report.disposed(), report.epochs().0), (1, 2));
    let all = std::env::var_os("SEALOG_FLIPS").is_some_and(|value| value == "all");
    let mut flips = Vec::new();
    let mut bits = 0;
    for (name, bytes) in &fixture.files {
        let payload = name.starts_with("payloads");
        if !is_segment(name) && !payload {
            continue;
        }
        bits += 8 * bytes.len();
        // Payloads are hashed as they are: no byte of one is different from the others.
        let step = if payload && !all { 61 } else { 1 };
        for (at, byte) in bytes.iter().enumerate().step_by(step) {
            let masks = if all { 0..8 } else { at % 8..at % 8 + 1 };
            flips.extend(masks.map(|bit| (name, at, 1_u8 << bit, *byte)));
        }
    }
    let unseen: Vec<(String, bool)> = std::thread::scope(|scope| {
        let parts = flips.chunks(flips.len().div_ceil(THREADS)).map(|part| {
            let fixture = &fixture;
            scope.spawn(move || unseen(fixture, part))
        });
        let parts: Vec<_> = parts.collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().unwrap())
            .collect()
    });
    // Nothing in the log binds the time that a disposed line states, but that times never decrease: its entry, which
    // the tree binds, is gone.
    let (times, unseen): (Vec<_>, Vec<_>) = unseen.into_iter().partition(|(_, in_time)| *in_time);
    let unseen: Vec<String> = unseen.into_iter().map(|(flip, _)| flip).collect();
    assert!(
        unseen.is_empty(),
        "{} flips:\n{}",
        unseen.len(),
        unseen.join("\n")
    );
    let text = format!(
        "checked: {} of {bits} bits of log and payloads, flipped one at a time (SEALOG_FLIPS=all for each); {} unseen, \
         all in the time of a disposed line\n",
        flips.len(),
        times.len()
    );
    std::io::stdout().lock().write_all(text.as_bytes()).unwrap();
}

/// One bit of one file: which, where, the bit, and the byte as it was.
type Flip<'a> = (&'a PathBuf, usize, u8, u8);

/// The flips after which the copy still holds: each with the bytes around it, and whether it is in the time of a
/// disposed line.
fn unseen(fixture: &Fixture, flips: &[Flip<'_>]) -> Vec<(String, bool)> {
    let disk = disk_of(fixture);
    let mut unseen = Vec::new();
    for (name, at, mask, byte) in flips {
        flipped(&disk, name, *at, *mask, *byte, || {
            if !matches!(verify(&disk, &fixture.request).exit(), 1 | 2) {
                let bytes = &fixture.files[*name];
                let around = at.saturating_sub(30)..(at + 30).min(bytes.len());
                let around = String::from_utf8_lossy(&bytes[around]);
                let flip = format!("{} {at} {mask:#04x}: {around}", name.display());
                unseen.push((flip, time_of_disposed(bytes).contains(at)));
            }
        });
    }
    assert_eq!(verify(&disk, &fixture.request).exit(), 0);
    unseen
}

/// Where the time of the disposed line stands in a segment; nowhere if it has none.
fn time_of_disposed(segment: &[u8]) -> std::ops::Range<usize> {
    let text = String::from_utf8_lossy(segment);
    let Some(line) = text.find("{\"disposed\":") else {
        return 0..0;
    };
    let member = "\"recorded_at\":\"";
    let start = line + text[line..].find(member).unwrap() + member.len();
    start..start + text[start..].find('"').unwrap()
}

#[test]
fn what_nothing_trusts_changes_no_verdict() {
    let mut fixture = fixture();
    let derived = PathBuf::from("derived/anything");
    fixture
        .files
        .insert(derived, b"derived from the log".to_vec());
    let disk = disk_of(&fixture);
    let expected = verify(&disk, &fixture.request).to_json();
    let untrusted = |name: &Path| name.starts_with("derived") || name == Path::new("sealog.toml");
    let mut tried = 0;
    for (name, bytes) in fixture.files.iter().filter(|(name, _)| untrusted(name)) {
        for (at, byte) in bytes.iter().enumerate().step_by(7) {
            flipped(&disk, name, at, 1 << (at % 8), *byte, || {
                assert_eq!(
                    verify(&disk, &fixture.request).to_json(),
                    expected,
                    "{}",
                    name.display()
                );
            });
            tried += 1;
        }
    }
    assert!(tried > 20);
}

/// The checkpoint of a log's files that has so many entries, or the last one below.
fn checkpoint_at(fixture: &Fixture, size: u64) -> String {
    let mut reader = LineReader::new();
    let segments = fixture.files.iter().filter(|(path, _)| is_segment(path));
    let lines = segments.flat_map(|(_, bytes)| bytes.split(|byte| *byte == b'\n'));
    let mut notes = lines.filter_map(|line| match reader.read(line) {
        Ok(Line::Checkpoint(facts)) => Some((facts.checkpoint.size(), facts.note)),
        _ => None,
    });
    let mut newest = notes.next().unwrap();
    for note in notes.filter(|(found, _)| *found <= size) {
        newest = newest.max(note);
    }
    newest.1
}

#[test]
fn an_entry_disposed_of_after_what_the_witnesses_saw_is_said_not_to_be_witnessed() {
    let fixture = fixture();
    let disk = disk_of(&fixture);
    let mut by = None;
    let mut reader = LineReader::new();
    for (_, bytes) in fixture.files.iter().filter(|(path, _)| is_segment(path)) {
        for line in bytes.split(|byte| *byte == b'\n') {
            if let Ok(Line::Disposed(facts)) = reader.read(line) {
                by = Some(facts.by);
            }
        }
    }
    let by = by.unwrap();
    let witness = Ed25519Signer::from_seed(KeyType::CosignatureV1, "w.example", &[9; 32]).unwrap();
    let text = format!("witness W {}\nquorum W\n", witness.verifier_key());
    let policy = sealog_core::tlog::policy::Policy::parse(text.as_bytes()).unwrap();
    for (size, disposed_after) in [(by, true), (by + 1, false), (u64::MAX, false)] {
        let note = checkpoint_at(&fixture, size);
        let note = sealog_core::tlog::cosignature::cosign(&note, 1_780_000_000, &witness).unwrap();
        let request = Request {
            policy: Some(policy.clone()),
            against: vec![sealog_ledger::verify::Against {
                name: "kept".into(),
                bytes: note.into_bytes(),
            }],
            ..fixture.request.clone()
        };
        let report = verify(&disk, &request);
        let reach = report.witnessed().unwrap();
        assert_eq!(reach.disposed_after, disposed_after, "{size}: {reach:?}");
        let exit = if size == u64::MAX { 0 } else { 2 };
        assert_eq!(report.exit(), exit, "{size}: {:?}", report.findings());
    }
}
