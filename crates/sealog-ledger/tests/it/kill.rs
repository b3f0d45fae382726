//! Real processes, killed while they write, and many at once.
//!
//! This tests recovery and acknowledgement. It does not test durability: the kernel keeps what a killed process wrote.
//! Durability is tested over the simulated disk (`tests/sim`).

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealog_core::receipt::Receipt;
use sealog_core::tlog::vkey::VerifierKey;
use sealog_ledger::verify::{Against, Request, verify_ledger};
use sealog_ledger::{Creation, IndexMode, Ledger, Options};

use crate::ground::decision;

/// Where a child process finds its ledger.
const PLACE: &str = "SEALOG_TEST_PLACE";
/// Kills in the suite; `SEALOG_KILLS=N` asks for others.
const KILLS: usize = 50;
/// How many times the log is verified in a run.
const CHECKS: usize = 5;
const PROCESSES: usize = 4;
const THREADS: usize = 8;
const RECORDS: usize = 6;

fn options(place: &Path) -> Options {
    Options {
        state_dir: Some(place.join("state")),
        config_dir: Some(place.join("config")),
        segment_bytes: 128 * 1024,
        index: IndexMode::Off,
        turn_wait: Duration::from_mins(2),
        ..Options::default()
    }
}

fn ledger_path(place: &Path) -> PathBuf {
    place.join("test.sealog")
}

/// Starts this program again, as one of the bodies below.
fn child(body: &str, place: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", body])
        .env(PLACE, place)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn place() -> Option<PathBuf> {
    std::env::var_os(PLACE).map(PathBuf::from)
}

/// Writes one receipt to the pipe, in one call.
fn hand_out(receipt: &Receipt) {
    let line = format!("receipt {}\n", STANDARD.encode(receipt.to_string()));
    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
}

/// The receipt of a whole line of a child's output.
fn receipt_of(line: &str) -> Option<Vec<u8>> {
    STANDARD
        .decode(line.strip_suffix('\n')?.strip_prefix("receipt ")?)
        .ok()
}

fn append(threads: usize, records: usize) {
    // Run by itself, it has nothing to do.
    let Some(place) = place() else { return };
    let ledger = Ledger::open(&ledger_path(&place), options(&place)).unwrap();
    let producer = ledger.producer().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let producer = &producer;
            scope.spawn(move || {
                for n in 0..records {
                    let draft = decision(&format!("d{}-{thread}-{n}", std::process::id()));
                    hand_out(&producer.append(draft).unwrap().receipt().unwrap());
                }
            });
        }
    });
}

#[test]
#[ignore = "the body of a child process"]
fn child_writes_until_it_is_killed() {
    append(3, usize::MAX);
}

#[test]
#[ignore = "the body of a child process"]
fn child_writes_among_many() {
    append(THREADS, RECORDS);
}

/// Everything that left stands in the log, and the log holds.
fn check(place: &Path, vkey: &str, receipts: &[Vec<u8>]) -> u64 {
    let ledger = Ledger::open(&ledger_path(place), options(place)).unwrap();
    let entries: BTreeMap<u64, Vec<u8>> = ledger
        .entries(0..u64::MAX)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.index(), entry.bytes().to_vec()))
        .collect();
    let size = ledger.size();
    assert!(entries.keys().copied().eq(0..size), "contiguous indices");
    drop(ledger);
    let key = VerifierKey::parse(vkey).unwrap();
    for bytes in receipts {
        let receipt = Receipt::parse(bytes).unwrap();
        receipt.verify(std::slice::from_ref(&key)).unwrap();
        assert_eq!(
            entries[&receipt.index()],
            receipt.entry(),
            "lost: {}",
            receipt.index()
        );
    }
    let against = (0..).zip(receipts).map(|(n, bytes): (u32, _)| Against {
        name: format!("receipt {n}"),
        bytes: bytes.clone(),
    });
    let request = Request {
        keys: vec![key],
        against: against.collect(),
        ..Request::default()
    };
    let report = verify_ledger(&ledger_path(place), &request, &mut |_| ());
    assert_eq!(
        report.exit(),
        0,
        "{} {:?}",
        report.reason(),
        report.findings()
    );
    size
}

fn create(place: &Path) -> String {
    let ledger = Ledger::create(&ledger_path(place), &Creation::default(), options(place)).unwrap();
    ledger.vkey()
}

#[test]
fn whatever_a_killed_process_piped_out_is_in_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let vkey = create(directory.path());
    let wanted_kills = std::env::var("SEALOG_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    let (mut receipts, mut kills, mut torn) = (Vec::new(), 0, 0);
    for round in 0..wanted_kills {
        let mut child = child("kill::child_writes_until_it_is_killed", directory.path());
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        let wanted = receipts.len() + 1 + round % 5;
        while receipts.len() < wanted && output.read_line(&mut line).unwrap() > 0 {
            receipts.extend(receipt_of(&line));
            line.clear();
        }
        // Not always at the same point of the next commit.
        std::thread::sleep(Duration::from_micros(
            u64::try_from(round).unwrap() * 137 % 2_000,
        ));
        child.kill().unwrap();
        kills += usize::from(!child.wait().unwrap().success());
        while output.read_line(&mut line).unwrap() > 0 {
            receipts.extend(receipt_of(&line));
            line.clear();
        }
        if (round + 1) % wanted_kills.div_ceil(CHECKS) == 0 || round + 1 == wanted_kills {
            check(directory.path(), &vkey, &receipts);
        }
    }
    let recovered = ledger_path(directory.path()).join("recovered");
    torn += fs::read_dir(recovered).map_or(0, Iterator::count);
    assert_eq!(
        kills, wanted_kills,
        "each one was killed and did not end by itself"
    );
    assert!(receipts.len() >= wanted_kills);
    let text = format!(
        "checked: {} receipts over {kills} kills, {torn} torn tails recovered\n",
        receipts.len()
    );
    std::io::stdout().lock().write_all(text.as_bytes()).unwrap();
}

#[test]
fn four_processes_of_eight_threads_are_all_served() {
    let directory = tempfile::tempdir().unwrap();
    let vkey = create(directory.path());
    let children: Vec<Child> = (0..PROCESSES)
        .map(|_| child("kill::child_writes_among_many", directory.path()))
        .collect();
    let mut receipts = Vec::new();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "a process was not served");
        let text = String::from_utf8(output.stdout).unwrap();
        let own: Vec<Vec<u8>> = text.split_inclusive('\n').filter_map(receipt_of).collect();
        assert_eq!(own.len(), THREADS * RECORDS);
        receipts.extend(own);
    }
    let indices: std::collections::BTreeSet<u64> = receipts
        .iter()
        .map(|bytes| Receipt::parse(bytes).unwrap().index())
        .collect();
    assert_eq!(indices.len(), receipts.len(), "no index was given twice");
    let size = check(directory.path(), &vkey, &receipts);
    assert!(size > u64::try_from(receipts.len()).unwrap());
}

/// A file system of a few hundred kibibytes, unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Option<Self> {
        fs::create_dir(at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
            .arg(at)
            .stderr(Stdio::null())
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then(|| Self(at.to_path_buf()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("small");
    let Some(_disk) = SmallDisk::mount(&place) else {
        let text = "skipped: a full disk: no small file system can be mounted here\n";
        std::io::stdout().lock().write_all(text.as_bytes()).unwrap();
        return;
    };
    let ballast = place.join("ballast");
    fs::write(&ballast, vec![1; 256 * 1024]).unwrap();
    let options = Options {
        state_dir: Some(directory.path().join("state")),
        config_dir: Some(directory.path().join("config")),
        index: IndexMode::Off,
        ..Options::default()
    };
    let path = ledger_path(&place);
    let ledger = Ledger::create(&path, &Creation::default(), options).unwrap();
    let producer = ledger.producer().unwrap();
    let mut receipts = Vec::new();
    let refused = loop {
        assert!(receipts.len() < 2_000, "it is never full");
        let mut draft = decision(&format!("d{}", receipts.len()));
        draft.body.insert("model_reason", "x".repeat(1_000));
        match producer.append(draft) {
            Ok(appended) => receipts.push(appended.receipt().unwrap().to_string().into_bytes()),
            Err(error) => break error,
        }
    };
    assert_eq!(refused.outcome_unknown(), None, "{refused}");
    fs::remove_file(ballast).unwrap();
    let appended = producer.append(decision("later")).unwrap();
    receipts.push(appended.receipt().unwrap().to_string().into_bytes());
    let key = VerifierKey::parse(&ledger.vkey()).unwrap();
    let size = ledger.size();
    assert_eq!(
        size,
        1 + u64::try_from(receipts.len()).unwrap(),
        "what was refused is not there"
    );
    drop((producer, appended, ledger));
    let request = Request {
        keys: vec![key],
        against: vec![Against {
            name: "last".into(),
            bytes: receipts.pop().unwrap(),
        }],
        ..Request::default()
    };
    let report = verify_ledger(&path, &request, &mut |_| ());
    assert_eq!(
        report.exit(),
        0,
        "{} {:?}",
        report.reason(),
        report.findings()
    );
}
