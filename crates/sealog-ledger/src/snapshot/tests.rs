//! A snapshot may make opening quicker and nothing else: whatever lies in `derived/`, the state is the log's.
#![allow(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::type_complexity,
    reason = "small numbers and tables of a test"
)]

mod forged;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sealog_core::config::Bands;
use sealog_core::json::Object;
use sealog_core::state::SnapshotError;
use sealog_core::tlog::sign::Ed25519Signer;
use sealog_core::tlog::vkey::{KeyType, VerifierKey};

use super::*;
use crate::ledger::Side;
use crate::queue::lock;
use crate::verify::{Request, verify_ledger};
use crate::{Access, ConfigSet, Creation, Draft, IndexMode, Ledger, Options, keys};

const ORIGIN: &str = "example.org/snapshots";
const EPOCH_ENTRIES: u64 = 8;

struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn ledger(&self) -> PathBuf {
        self.directory.path().join("test.sealog")
    }

    fn derived(&self) -> PathBuf {
        self.ledger().join("derived")
    }

    fn options(&self) -> Options {
        Options {
            state_dir: Some(self.directory.path().join("state")),
            config_dir: Some(self.directory.path().join("config")),
            epoch_entries: EPOCH_ENTRIES,
            segment_bytes: 20_000,
            index: IndexMode::Off,
            ..Options::default()
        }
    }

    fn create(&self) -> Ledger {
        let creation = Creation {
            origin: Some(ORIGIN.into()),
            ..Creation::default()
        };
        Ledger::create(&self.ledger(), &creation, self.options()).unwrap()
    }

    fn open(&self) -> Ledger {
        Ledger::open(&self.ledger(), self.options()).unwrap()
    }

    fn read(&self) -> Ledger {
        let options = Options {
            access: Access::Read,
            ..self.options()
        };
        Ledger::open(&self.ledger(), options).unwrap()
    }

    fn signer(&self) -> Ed25519Signer {
        let file = keys::secrets_of(&self.ledger()).join(keys::LOG_KEY_FILE);
        keys::read_log_key(&file).unwrap()
    }

    /// The snapshots that lie there, oldest first.
    fn snapshots(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.derived()) else {
            return Vec::new();
        };
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| size_of(path.file_name().unwrap().to_str().unwrap()).is_some());
        paths.sort();
        paths
    }

    fn newest(&self) -> PathBuf {
        self.snapshots().pop().expect("a snapshot")
    }
}

fn record(stream: &str, n: usize) -> Draft {
    let mut body = Object::new();
    body.insert("decision_id", format!("d{n}"));
    body.insert("model_state", "unverified");
    body.insert("model_reason", "a test");
    let mut draft = Draft::new("decision", body);
    draft.system_id = Some(stream.into());
    draft
}

fn config(ledger: &Ledger, id: &str, threshold: f64) {
    ledger
        .set_config(ConfigSet {
            config_id: id.into(),
            system_id: None,
            tenant_id: None,
            model_id: Some("m".into()),
            bands: Some(Bands::threshold(threshold, "L001", "L002")),
            changed_by: "ann".into(),
            reason: "a test".into(),
            approval_id: None,
            effective_at: None,
        })
        .unwrap();
}

/// Everything that a state holds: several streams, runs that are open, closed and with holes, configurations with
/// versions, labels, an actor's key, a retention policy, over several segments.
fn fill(ledger: &Ledger) {
    let (closed, open) = (ledger.producer().unwrap(), ledger.producer().unwrap());
    ledger
        .add_label(None, "yes \"\u{e9}\"\\", "ann", "a test")
        .unwrap();
    ledger.add_label(None, "no", "ann", "a test").unwrap();
    ledger
        .rename_label("L002", "never", "ann", "a test")
        .unwrap();
    for threshold in [0.25, 0.5, 0.75] {
        config(ledger, "a", threshold);
    }
    config(ledger, "b", 1e-7);
    let actor = Ed25519Signer::from_seed(KeyType::Ed25519, "agent", &[7; 32]).unwrap();
    let vkey = actor.verifier_key().to_string();
    ledger.trust_actor_key("agent-1", &vkey, None).unwrap();
    let mut body = Object::new();
    body.insert("policy_id", "p1");
    body.insert("record_class", "default");
    body.insert("min_days", sealog_core::json::Value::from(30));
    body.insert("legal_basis", "a test");
    body.insert("approved_by", "ann");
    ledger
        .append_own(crate::admin::own_draft("retention.policy", body))
        .unwrap();
    for n in 0..6 {
        closed.append(record("one", n)).unwrap();
        open.number();
        let drafts = (0..3).map(|m| record(&format!("s{m}"), 10 * n + m));
        open.append_many(drafts.collect()).unwrap();
    }
    closed.stop().unwrap();
    for n in 0..6 {
        open.append(record("two", 100 + n)).unwrap();
    }
}

/// The whole state as text, but for the count that only says whether it changed in this process.
fn state_of(ledger: &Ledger) -> String {
    let text = ledger.with_state(|state, place| format!("{place:?} {state:?}"));
    let (before, rest) = text.rsplit_once("changes: ").expect("the count");
    let rest = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
    format!("{before}{rest}")
}

/// Like `assert_eq`, but shows only where two long texts part.
fn same(found: &str, expected: &str) {
    let parts = found
        .bytes()
        .zip(expected.bytes())
        .position(|(a, b)| a != b);
    if let Some(at) = parts.or((found.len() != expected.len()).then_some(0)) {
        let around = |text: &str| {
            let (from, to) = (at.saturating_sub(300), (at + 300).min(text.len()));
            String::from_utf8_lossy(&text.as_bytes()[from..to]).into_owned()
        };
        panic!("found    {}\nexpected {}", around(found), around(expected));
    }
}

fn ids_since(ledger: &Ledger) -> u64 {
    match &ledger.0.side {
        Side::Append(writer) => lock(writer).ids.since(),
        Side::Read(_) => 0,
    }
}

/// Opens with what lies in `derived/` and without: the same state, and it goes on to a ledger that holds. Gives the
/// size of the snapshot that was used, or 0.
fn check_opening(place: &Place) -> u64 {
    let resumed = place.open();
    let (used, with) = (ids_since(&resumed), state_of(&resumed));
    let key = VerifierKey::parse(&resumed.vkey()).unwrap();
    drop(resumed);
    for path in place.snapshots() {
        fs::rename(&path, path.with_extension("away")).unwrap();
    }
    let scanned = place.open();
    assert_eq!(ids_since(&scanned), 0);
    same(&state_of(&scanned), &with);
    drop(scanned);
    for entry in fs::read_dir(place.derived()).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "away")
        {
            fs::rename(&path, path.with_extension("jsonl")).unwrap();
        }
    }
    let ledger = place.open();
    assert_eq!(ids_since(&ledger), used);
    let appended = ledger
        .producer()
        .unwrap()
        .append(record("one", 999))
        .unwrap();
    appended
        .receipt()
        .unwrap()
        .verify(std::slice::from_ref(&key))
        .unwrap();
    ledger.close().unwrap();
    holds(&place.ledger(), key);
    used
}

fn holds(path: &Path, key: VerifierKey) {
    let request = Request {
        keys: vec![key],
        follow_rotation: true,
        ..Request::default()
    };
    let report = verify_ledger(path, &request, &mut |_| ());
    assert_eq!(report.exit(), 0, "{:?}", report.findings());
}

#[test]
fn a_state_from_a_snapshot_is_the_state_from_the_log() {
    let place = Place::new();
    fill(&place.create());
    assert!(
        fs::read_dir(place.ledger().join("log")).unwrap().count() > 3,
        "several segments"
    );
    assert!(check_opening(&place) > 0);
}

#[test]
fn the_state_holds_the_log_s_earlier_keys() {
    let place = Place::new();
    let ledger = place.create();
    fill(&ledger);
    let seed = [9; 32];
    let new = Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &seed).unwrap();
    ledger.rotate_key(Arc::new(new)).unwrap();
    fill_more(&ledger, 30);
    drop(ledger);
    let options = |place: &Place| Options {
        signer: Some(Arc::new(
            Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &seed).unwrap(),
        )),
        ..place.options()
    };
    let resumed = Ledger::open(&place.ledger(), options(&place)).unwrap();
    assert!(ids_since(&resumed) > 60);
    let with = state_of(&resumed);
    assert!(with.contains("retired: [("), "{with}");
    drop(resumed);
    fs::remove_dir_all(place.derived()).unwrap();
    let scanned = Ledger::open(&place.ledger(), options(&place)).unwrap();
    assert_eq!(ids_since(&scanned), 0);
    same(&state_of(&scanned), &with);
}

/// Many small groups, so that epochs come and go.
fn fill_more(ledger: &Ledger, records: usize) {
    let producer = ledger.producer().unwrap();
    for n in 0..records {
        producer.append(record("three", n)).unwrap();
    }
}

#[test]
fn a_reader_goes_on_from_a_snapshot_too_unless_the_key_was_handed_over() {
    let place = Place::new();
    fill(&place.create());
    let ledger = place.open();
    let expected = state_of(&ledger);
    let first = ledger.vkey();
    let reader = place.read();
    same(&state_of(&reader), &expected);
    assert_eq!(reader.configs().unwrap().len(), 2);
    assert_eq!(reader.labels().unwrap(), ledger.labels().unwrap());
    // With the first segment gone, only a snapshot can bring a reader up.
    let away = place.ledger().join("away");
    fs::rename(place.ledger().join("log/0000000000.jsonl"), &away).unwrap();
    let store = reader.store();
    assert!(newest(store, ORIGIN, Unfit::Leave).is_some());
    let mut reading = crate::ledger::Reading::new(ORIGIN);
    reading.load(store, &first).unwrap();
    assert_eq!(reading.state.size(), ledger.size());
    let mut reading = crate::ledger::Reading::new(ORIGIN);
    let other = reading.load(store, "another key");
    assert!(other.is_err() || reading.state.size() == 0);
}

#[test]
fn snapshots_come_no_more_often_than_epochs_are_due_and_two_are_kept() {
    let place = Place::new();
    let ledger = place.create();
    for _ in 0..3 {
        fill_more(&ledger, 1);
        ledger.seal_epoch().unwrap();
    }
    assert_eq!(place.snapshots(), [] as [PathBuf; 0], "only 7 entries yet");
    fill_more(&ledger, 60);
    let sizes: Vec<u64> = place
        .snapshots()
        .iter()
        .filter_map(|path| size_of(path.file_name()?.to_str()?))
        .collect();
    assert_eq!(sizes.len(), KEPT);
    assert!(sizes[1] - sizes[0] >= EPOCH_ENTRIES, "{sizes:?}");
}

#[test]
fn no_changed_byte_and_no_cut_of_a_snapshot_gives_a_state() {
    let place = Place::new();
    fill(&place.create());
    let bytes = fs::read(place.newest()).unwrap();
    assert!(Snapshot::read(&bytes, ORIGIN).is_ok());
    let mut changed = bytes.clone();
    for position in 0..bytes.len() {
        changed[position] ^= 1 << (position % 8);
        let read = Snapshot::read(&changed, ORIGIN);
        assert!(read.is_err(), "byte {position} was changed");
        changed[position] = bytes[position];
        let cut = Snapshot::read(&bytes[..position], ORIGIN);
        assert!(cut.is_err(), "cut after {position} bytes");
    }
    let longer = [&bytes[..], b"\n"].concat();
    assert!(Snapshot::read(&longer, ORIGIN).is_err());
}

#[test]
fn a_torn_snapshot_is_thrown_away_and_the_older_one_taken() {
    let place = Place::new();
    let ledger = place.create();
    fill(&ledger);
    drop(ledger);
    let paths = place.snapshots();
    let bytes = fs::read(&paths[1]).unwrap();
    for length in [0, 1, bytes.len() / 2, bytes.len() - 2, bytes.len() - 1] {
        fs::write(&paths[1], &bytes[..length]).unwrap();
        let ledger = place.open();
        assert_eq!(
            Some(ids_since(&ledger)),
            size_of(paths[0].file_name().unwrap().to_str().unwrap())
        );
        assert!(!paths[1].exists(), "it is removed");
        drop(ledger);
    }
    fs::write(&paths[1], &bytes[..bytes.len() / 2]).unwrap();
    assert!(check_opening(&place) > 0);
}

#[test]
fn an_older_snapshot_gives_the_same_state() {
    let place = Place::new();
    let ledger = place.create();
    fill(&ledger);
    drop(ledger);
    fs::remove_file(place.newest()).unwrap();
    assert!(check_opening(&place) > 0);
}

#[test]
fn a_snapshot_under_another_size_s_name_is_thrown_away() {
    let place = Place::new();
    let ledger = place.create();
    fill(&ledger);
    drop(ledger);
    let path = place.newest();
    for name in place.snapshots() {
        let _ = (name != path).then(|| fs::remove_file(&name));
    }
    fs::rename(&path, path.with_file_name(name_of(5))).unwrap();
    assert_eq!(check_opening(&place), 0);
}

#[test]
fn a_snapshot_of_another_log_is_thrown_away() {
    let (place, other) = (Place::new(), Place::new());
    // The same origin, under another key.
    for place in [&place, &other] {
        fill(&place.create());
    }
    for path in place.snapshots() {
        fs::remove_file(path).unwrap();
    }
    for path in other.snapshots() {
        fs::copy(&path, place.derived().join(path.file_name().unwrap())).unwrap();
    }
    assert_eq!(check_opening(&place), 0);
}

#[test]
fn a_snapshot_from_before_a_cut_is_thrown_away() {
    let place = Place::new();
    let ledger = place.create();
    fill_more(&ledger, 12);
    let snapshot = fs::read(place.newest()).unwrap();
    drop(ledger);
    let at = Snapshot::read(&snapshot, ORIGIN).unwrap().place();
    let log = place.ledger().join("log/0000000000.jsonl");
    let bytes = fs::read(&log).unwrap();
    // As if the epoch's group had never reached the disk; the head copy goes with it.
    fs::write(&log, &bytes[..at.offset as usize]).unwrap();
    fs::remove_dir_all(place.directory.path().join("state")).unwrap();
    let ledger = place.open();
    assert_eq!(ids_since(&ledger) as usize, size_before(&place, &snapshot));
    fill_more(&ledger, 3);
    drop(ledger);
    fs::write(
        place
            .derived()
            .join(name_of(Snapshot::read(&snapshot, ORIGIN).unwrap().size())),
        &snapshot,
    )
    .unwrap();
    check_opening(&place);
}

/// The size of the snapshot that is left beside the one given, or 0.
fn size_before(place: &Place, snapshot: &[u8]) -> usize {
    let size = Snapshot::read(snapshot, ORIGIN).unwrap().size();
    let sizes = place.snapshots();
    let sizes = sizes
        .iter()
        .filter_map(|path| size_of(path.file_name()?.to_str()?));
    sizes.filter(|other| *other < size).max().unwrap_or(0) as usize
}

#[test]
fn an_epoch_that_no_checkpoint_covers_vouches_for_nothing() {
    let place = Place::new();
    let ledger = place.create();
    fill_more(&ledger, 12);
    drop(ledger);
    let path = place.newest();
    for other in place.snapshots() {
        let _ = (other != path).then(|| fs::remove_file(&other));
    }
    let at = Snapshot::read(&fs::read(&path).unwrap(), ORIGIN)
        .unwrap()
        .place();
    let log = place.ledger().join("log/0000000000.jsonl");
    let bytes = fs::read(&log).unwrap();
    let begin = at.offset as usize;
    let epoch = bytes[begin..]
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap();
    fs::write(&log, &bytes[..=begin + epoch]).unwrap();
    fs::remove_dir_all(place.directory.path().join("state")).unwrap();
    let store = place.read();
    assert!(
        newest(store.store(), ORIGIN, Unfit::Leave).is_some(),
        "the line alone is there"
    );
    assert!(
        store.with_state(|state, _| state.oldest_root()) == Some(1),
        "it was read whole"
    );
    drop(store);
    let ledger = place.open();
    assert_eq!(ids_since(&ledger), 0);
    assert!(!path.exists());
}

#[test]
fn an_id_of_a_caller_s_own_is_refused_where_older_ones_are_not_known() {
    let place = Place::new();
    let ledger = place.create();
    let id = |n: usize| Some(format!("018f0000-0000-7000-8000-{n:012}"));
    let producer = ledger.producer().unwrap();
    for n in 0..30 {
        let draft = Draft {
            record_id: id(n),
            ..record("one", n)
        };
        producer.append(draft).unwrap();
    }
    drop((producer, ledger));
    let ledger = place.open();
    assert!(ids_since(&ledger) > 1);
    let producer = ledger.producer().unwrap();
    let retry = |n: usize| Draft {
        record_id: id(n),
        ..record("one", n)
    };
    assert!(producer.append(retry(29)).unwrap().is_repeat());
    assert_eq!(
        producer.append(retry(0)).unwrap_err().code(),
        "id_unknowable"
    );
    producer.append(record("one", 31)).unwrap();
}
