//! The file store on a disk that fails. A small ledger stands in for the real one: numbered lines with a digest, so
//! that a line tells by itself whether it is whole and in its place.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use sealog_core::Hash;
use sealog_core::limits::FILLER_BYTES_MAX;
use sealog_store::disk::sim::{
    Fault, FaultRates, Flushes, Random, SimDisk, SimOptions, SimProcess,
};
use sealog_store::disk::{Disk, Open, Reach};
use sealog_store::{
    CommitError, Error, FileStore, HeadCopy, HeadSlot, Lines, Place, Shelf, Store, Tail, TailEnd,
    Turn, layout,
};

use crate::kit::{WAIT, writing};

const ROOT: &str = "/home/a.sealog";
const STATE: &str = "/home/state";
const SEEDS: u64 = 150;
const ROLL_BYTES: u64 = 6_000;

/// Line number `number`, with random content of up to several pages.
fn line(number: usize, random: &mut Random) -> String {
    let length = if random.below(4) == 0 { 9_000 } else { 700 };
    let noise: String = (0..random.index(length))
        .map(|_| char::from(b'a' + random.index(26) as u8))
        .collect();
    let text = format!("{number} {noise}");
    let digest = Hash::of(&[text.as_bytes()]);
    format!("{text} {digest}")
}

fn is_line(bytes: &[u8], number: usize) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((text, digest)) = text.rsplit_once(' ') else {
        return false;
    };
    text.starts_with(&format!("{number} ")) && Hash::of(&[text.as_bytes()]).to_hex() == digest
}

/// All sound lines and the place after the last.
fn replay(store: &FileStore) -> Result<(Vec<String>, Place), Error> {
    let mut found: Vec<String> = Vec::new();
    let mut end = Place::START;
    for (number, segment) in store.segments()?.iter().enumerate() {
        if segment.number() != number as u64 {
            break;
        }
        let mut lines = Lines::new(store, Place::new(segment.number(), 0));
        let mut carried = number == 0;
        loop {
            let line = match lines.next_line() {
                Ok(Some(line)) => String::from_utf8_lossy(line.bytes()).into_owned(),
                Ok(None) | Err(Error::LineTooLong { .. }) => break,
                Err(error) => return Err(error),
            };
            if !carried {
                if found.last() != Some(&line) {
                    return Ok((found, end));
                }
                carried = true;
            } else if is_line(line.as_bytes(), found.len()) {
                found.push(line);
                end = lines.place();
            } else {
                return Ok((found, end));
            }
        }
        if end.segment() != segment.number() {
            break;
        }
    }
    Ok((found, end))
}

/// Replays and cuts what is not sound, as a ledger does in its turn.
fn recover(store: &FileStore, turn: &mut dyn Turn) -> Result<(Vec<String>, Place), Error> {
    let (found, end) = replay(store)?;
    let segments = store.segments()?;
    let last = segments.last().map_or(0, |segment| segment.number());
    let clean = if segments.is_empty() {
        true
    } else if end.offset() == 0 || last > end.segment() {
        false
    } else {
        let tail = Tail::examine(store, end)?.end();
        matches!(tail, TailEnd::Nothing | TailEnd::Filler)
    };
    if !clean {
        turn.cut(end)?;
    }
    Ok((found, end))
}

/// What the world outside was told.
#[derive(Default)]
struct Told {
    committed: Vec<String>,
    /// The one line whose outcome is open.
    unknown: Option<String>,
    payloads: BTreeMap<String, Vec<u8>>,
    notes: Vec<Vec<u8>>,
}

impl Told {
    /// What is found must be what was committed, with or without the line whose outcome was unknown.
    fn check(&mut self, found: &[String], seed: u64) {
        if let Some(unknown) = self.unknown.take()
            && found.len() > self.committed.len()
        {
            self.committed.push(unknown);
        }
        assert!(
            found == self.committed,
            "seed {seed}: {} found, {} committed",
            found.len(),
            self.committed.len()
        );
    }
}

/// One process with its store.
struct Writer {
    process: SimProcess,
    store: FileStore,
    head: HeadCopy,
    last: Place,
    count: usize,
}

impl Writer {
    fn start(disk: &SimDisk, id: u8) -> Result<Self, Error> {
        let process = disk.process();
        let shared: Arc<dyn Disk> = Arc::new(process.clone());
        let store = FileStore::open(Arc::clone(&shared), Path::new(ROOT), &writing(id))?;
        Ok(Self {
            process,
            store,
            head: HeadCopy::new(shared, Path::new(STATE), "origin"),
            last: Place::START,
            count: 0,
        })
    }

    /// Appends one line; `false` if this process or the log cannot go on.
    fn append(&mut self, told: &mut Told, random: &mut Random, seed: u64) -> bool {
        let mut turn = match self.store.turn(WAIT) {
            Ok(turn) => turn,
            Err(Error::Poisoned { .. }) => return false,
            Err(_) => return true,
        };
        if turn.moved_since(self.last) {
            let Ok((found, end)) = recover(&self.store, turn.as_mut()) else {
                return true;
            };
            if turn.flush().is_err() {
                return true;
            }
            told.check(&found, seed);
            (self.last, self.count) = (end, found.len());
        }
        let line = line(self.count, random);
        let group = format!("{line}\n");
        let carry = told.committed.last().map(|last| format!("{last}\n"));
        let roll = carry.filter(|_| self.last.offset() > ROLL_BYTES);
        let roll = roll.as_ref().map(String::as_bytes);
        match turn.commit(self.last, group.as_bytes(), roll) {
            Ok(end) => {
                assert!(!turn.moved_since(end));
                told.committed.push(line.clone());
                told.notes.push(line.clone().into_bytes());
                (self.last, self.count) = (end, self.count + 1);
                let _ = self.head.write(line.as_bytes());
                true
            }
            Err(CommitError::NotWritten { source }) => {
                !matches!(source, Error::ForeignBytes { .. } | Error::Poisoned { .. })
            }
            Err(CommitError::OutcomeUnknown { .. }) => {
                told.unknown = Some(line);
                false
            }
        }
    }

    fn put(&self, told: &mut Told, random: &mut Random) {
        let bytes = vec![random.bits() as u8; random.index(6_000)];
        let name = Hash::of(&[&bytes]).to_hex();
        if self.store.put(Shelf::Payloads, &name, &bytes).is_ok() {
            told.payloads.insert(name, bytes);
        }
    }
}

fn new_ledger(disk: &SimDisk) {
    let process = Arc::new(disk.process());
    process
        .create_dir(Path::new("/home"), Reach::Everyone)
        .unwrap();
    process.sync_dir(Path::new("/")).unwrap();
    FileStore::create(process, Path::new(ROOT), "", &writing(255)).unwrap();
}

/// After a restart: everything that was told must be there.
fn check_after_restart(disk: &SimDisk, told: &mut Told, seed: u64) {
    disk.set_rates(FaultRates::CALM);
    let writer = Writer::start(disk, 200).unwrap();
    writer.store.clear_poison(WAIT).unwrap();
    let mut turn = writer.store.turn(WAIT).unwrap();
    let (found, _) = recover(&writer.store, turn.as_mut()).unwrap();
    told.check(&found, seed);
    drop(turn);
    for (name, bytes) in &told.payloads {
        let stored = writer.store.fetch(Shelf::Payloads, name).unwrap();
        assert!(
            stored.as_ref() == Some(bytes),
            "seed {seed}: payload {name}"
        );
    }
    for slot in writer.head.read().unwrap() {
        if let HeadSlot::Note { note, .. } = slot {
            assert!(told.notes.contains(&note), "seed {seed}: head copy");
        }
    }
}

/// Several lives of two processes between power losses; returns how often what struck, and how many lines and
/// payloads were committed.
fn storm(options: SimOptions) -> (BTreeMap<Fault, u64>, usize) {
    let seed = options.seed;
    let disk = SimDisk::new(SimOptions {
        rates: FaultRates::CALM,
        ..options
    });
    let mut random = Random::new(seed ^ 0xfeed);
    let mut told = Told::default();
    new_ledger(&disk);
    for _ in 0..3 {
        disk.set_rates(options.rates);
        let mut writers: Vec<Writer> = Vec::new();
        for number in 0..60 {
            if disk.is_down() {
                break;
            }
            if writers.len() < 2 {
                writers.extend(Writer::start(&disk, number));
                continue;
            }
            let chosen = random.index(writers.len());
            let writer = &mut writers[chosen];
            if random.below(25) == 0 {
                disk.kill_after(&writer.process, random.below(20));
            }
            if random.below(3) == 0 {
                writer.put(&mut told, &mut random);
            }
            if !writer.append(&mut told, &mut random, seed) {
                // Killed in a commit, or the log is closed until the machine starts anew.
                writers.remove(chosen);
            }
        }
        drop(writers);
        disk.restart();
        check_after_restart(&disk, &mut told, seed);
    }
    let committed = told.committed.len() + told.payloads.len();
    (disk.faults_struck(), committed)
}

#[test]
fn nothing_told_is_lost_in_a_storm() {
    let mut struck: BTreeMap<Fault, u64> = BTreeMap::new();
    let mut committed = 0;
    for seed in 0..SEEDS {
        let (counts, told) = storm(SimOptions::stormy(seed));
        committed += told;
        for (fault, count) in counts {
            *struck.entry(fault).or_default() += count;
        }
    }
    assert!(committed > 4_000, "only {committed}");
    for fault in [
        Fault::PowerLoss,
        Fault::LostBytes,
        Fault::TornPage,
        Fault::ReorderedBytes,
        Fault::LostName,
        Fault::ReorderedNames,
        Fault::ReadFailed,
        Fault::WriteFailed,
        Fault::WriteFailedButApplied,
        Fault::FlushFailed,
        Fault::FlushFailedAndDropped,
        Fault::NameFailed,
        Fault::NameFailedButApplied,
        Fault::DiskFull,
        Fault::ProcessKilled,
    ] {
        let count = struck.get(&fault).copied().unwrap_or_default();
        assert!(
            count >= 10,
            "{fault:?} struck only {count} times: {struck:?}"
        );
    }
}

fn some_seed_fails(flushes: Flushes) {
    let failed = (0..40).any(|seed| {
        let options = SimOptions {
            flushes,
            ..SimOptions::calm(seed)
        };
        std::panic::catch_unwind(|| storm(options)).is_err()
    });
    assert!(failed, "{flushes:?} goes unnoticed");
}

#[test]
fn without_the_flush_of_files_some_storm_loses_something() {
    some_seed_fails(Flushes::FilesIgnored);
}

#[test]
fn without_the_flush_of_directories_some_storm_loses_something() {
    some_seed_fails(Flushes::DirectoriesIgnored);
}

#[test]
fn with_all_flushes_a_calm_disk_loses_nothing() {
    for seed in 0..40 {
        let (_, committed) = storm(SimOptions::calm(seed));
        assert!(committed > 40, "seed {seed}: only {committed}");
    }
}

/// Creation, commits, a roll, payloads and a cut, until something fails.
fn script(disk: &SimDisk, told: &mut Told, seed: u64) -> Result<(), Error> {
    let mut random = Random::new(seed);
    let mut writer = Writer::start(disk, 1)?;
    for _ in 0..6 {
        writer.put(told, &mut random);
        if !writer.append(told, &mut random, seed) {
            break;
        }
    }
    writer.store.close(WAIT)
}

#[test]
fn a_power_loss_at_any_operation_keeps_what_was_committed() {
    for seed in 0..3 {
        let disk = SimDisk::new(SimOptions::calm(seed));
        new_ledger(&disk);
        let first = disk.operations() + 1;
        script(&disk, &mut Told::default(), seed).unwrap();
        let last = disk.operations();
        assert!(last - first > 100);
        for operation in first..=last {
            let disk = SimDisk::new(SimOptions::calm(seed * 100_000 + operation));
            new_ledger(&disk);
            disk.lose_power_at(operation);
            let mut told = Told::default();
            let _ = script(&disk, &mut told, seed);
            disk.restart();
            check_after_restart(&disk, &mut told, operation);
        }
    }
}

/// Runs the script with one fault at each of its operations and a power loss soon after the first refusal.
fn one_fault_anywhere(fault: Fault) {
    let mut struck = 0;
    for seed in 0..4 {
        let disk = SimDisk::new(SimOptions::calm(seed));
        new_ledger(&disk);
        let first = disk.operations() + 1;
        script(&disk, &mut Told::default(), seed).unwrap();
        for operation in first..=disk.operations() {
            let disk = SimDisk::new(SimOptions::calm(seed * 100_000 + operation));
            new_ledger(&disk);
            disk.fail_at(operation, fault);
            let mut told = Told::default();
            if let Ok(mut writer) = Writer::start(&disk, 1) {
                let mut random = Random::new(seed);
                for _ in 0..6 {
                    writer.put(&mut told, &mut random);
                    let before = told.committed.len();
                    writer.append(&mut told, &mut random, seed);
                    // Sometimes it goes on after a refusal, sometimes that was the last it heard.
                    if told.committed.len() == before && operation % 2 == 0 {
                        break;
                    }
                }
            }
            struck += disk
                .faults_struck()
                .get(&fault)
                .copied()
                .unwrap_or_default();
            disk.restart();
            check_after_restart(&disk, &mut told, operation);
        }
    }
    assert!(struck >= 10, "{fault:?} struck only {struck} times");
}

#[test]
fn a_failed_write_anywhere_loses_nothing_and_leaves_nothing() {
    one_fault_anywhere(Fault::WriteFailed);
    one_fault_anywhere(Fault::WriteFailedButApplied);
}

#[test]
fn a_full_disk_anywhere_loses_nothing_and_leaves_nothing() {
    one_fault_anywhere(Fault::DiskFull);
}

#[test]
fn a_failed_flush_anywhere_loses_nothing_and_leaves_nothing() {
    one_fault_anywhere(Fault::FlushFailed);
    one_fault_anywhere(Fault::FlushFailedAndDropped);
}

#[test]
fn a_failed_change_of_names_anywhere_loses_nothing_and_leaves_nothing() {
    one_fault_anywhere(Fault::NameFailed);
    one_fault_anywhere(Fault::NameFailedButApplied);
}

#[test]
fn a_failed_read_anywhere_loses_nothing_and_leaves_nothing() {
    one_fault_anywhere(Fault::ReadFailed);
}

#[test]
fn a_segment_that_was_left_empty_does_not_stand_in_the_way() {
    let mut unflushed = 0;
    for seed in 0..240 {
        let operation = 16 + seed % 24;
        let disk = SimDisk::new(SimOptions::calm(seed));
        new_ledger(&disk);
        let mut told = Told::default();
        let mut random = Random::new(seed);
        let mut one = Writer::start(&disk, 1).unwrap();
        assert!(one.append(&mut told, &mut random, seed));
        if one.last.offset() > ROLL_BYTES {
            continue;
        }
        // Another process dies, sometimes with its group written and not flushed.
        let mut victim = Writer::start(&disk, 2).unwrap();
        disk.kill_after(&victim.process, operation);
        victim.append(&mut told, &mut random, seed);
        let path = layout::segment_path(Path::new(ROOT), 1);
        drop(
            one.process
                .open(&path, Open::CreateNew(Reach::Everyone))
                .unwrap(),
        );
        let mut turn = one.store.turn(WAIT).unwrap();
        let moved = turn.moved_since(one.last);
        let (found, end) = replay(&one.store).unwrap();
        if Tail::examine(&one.store, end).unwrap().end() != TailEnd::Filler {
            // A part of a group: recovery cuts it, and the empty segment with it.
            continue;
        }
        turn.flush().unwrap();
        unflushed += usize::from(told.unknown.is_some() && found.len() == 2);
        told.check(&found, seed);
        if random.coin() {
            let line = line(found.len(), &mut random);
            turn.commit(end, format!("{line}\n").as_bytes(), None)
                .unwrap();
            told.committed.push(line);
            // Whoever looks because another wrote removes it; until then it is no harm.
            assert!(!moved || one.process.metadata(&path).is_err());
        }
        drop(turn);
        disk.restart();
        check_after_restart(&disk, &mut told, seed);
    }
    assert!(unflushed > 4, "only {unflushed}");
}

#[test]
fn a_cut_is_durable_when_it_returns() {
    for seed in 0..40 {
        let disk = SimDisk::new(SimOptions::calm(seed));
        new_ledger(&disk);
        let writer = Writer::start(&disk, 1).unwrap();
        let mut turn = writer.store.turn(WAIT).unwrap();
        let at = turn.commit(Place::START, b"a\n", None).unwrap();
        let next = turn.commit(at, b"b\n", None).unwrap();
        turn.commit(next, b"c\n", Some(b"k\n")).unwrap();
        let tail = turn.cut(at).unwrap();
        drop(turn);
        disk.restart();
        let after = Writer::start(&disk, 2).unwrap().store;
        let segments = after.segments().unwrap();
        let lengths: Vec<u64> = segments.iter().map(|segment| segment.bytes()).collect();
        assert_eq!(lengths, [at.offset()], "seed {seed}");
        for piece in tail.pieces() {
            let saved = after.fetch(Shelf::Recovered, piece.name()).unwrap();
            assert_eq!(saved.map(|saved| Hash::of(&[&saved])), Some(piece.digest()));
        }
    }
}

#[test]
fn a_log_is_closed_even_if_the_poison_file_cannot_be_made() {
    let disk = SimDisk::new(SimOptions::calm(1));
    new_ledger(&disk);
    let (one, two) = (
        Writer::start(&disk, 1).unwrap(),
        Writer::start(&disk, 2).unwrap(),
    );
    disk.set_rates(FaultRates {
        name_failed: 10_000,
        ..FaultRates::CALM
    });
    assert!(one.store.turn(WAIT).unwrap().poison(None, "lost").is_err());
    disk.set_rates(FaultRates::CALM);
    for store in [&one.store, &two.store] {
        assert!(matches!(
            store.turn(WAIT).unwrap_err(),
            Error::Poisoned { .. }
        ));
        assert!(store.poisoned().unwrap().is_some());
    }
    two.store.clear_poison(WAIT).unwrap();
    drop(two.store.turn(WAIT).unwrap());
}

#[test]
fn after_poison_was_cleared_nothing_is_taken_for_flushed() {
    let disk = SimDisk::new(SimOptions::calm(1));
    new_ledger(&disk);
    let writer = Writer::start(&disk, 1).unwrap();
    let at = writer
        .store
        .turn(WAIT)
        .unwrap()
        .commit(Place::START, b"a\n", None)
        .unwrap();
    let flushed_by = |store: &FileStore| {
        let before = disk.flushes();
        store.turn(WAIT).unwrap().flush().unwrap();
        disk.flushes() != before
    };
    assert!(!flushed_by(&writer.store));
    writer
        .store
        .turn(WAIT)
        .unwrap()
        .poison(None, "doubt")
        .unwrap();
    writer.store.clear_poison(WAIT).unwrap();
    assert!(writer.store.turn(WAIT).unwrap().moved_since(at));
    assert!(flushed_by(&writer.store));
    assert!(!flushed_by(&writer.store));
}

#[test]
fn a_power_loss_while_a_ledger_is_made_leaves_one_or_none() {
    for seed in 0..400 {
        let disk = SimDisk::new(SimOptions::calm(seed));
        let process = Arc::new(disk.process());
        process
            .create_dir(Path::new("/home"), Reach::Everyone)
            .unwrap();
        process.sync_dir(Path::new("/")).unwrap();
        disk.lose_power_at(disk.operations() + 1 + seed % 25);
        let created = FileStore::create(process, Path::new(ROOT), "", &writing(1)).is_ok();
        disk.restart();
        match Writer::start(&disk, 2) {
            Ok(writer) => drop(writer.store.turn(WAIT).unwrap()),
            Err(error) => {
                assert!(matches!(error, Error::NotALedger { .. }), "{error}");
                assert!(!created, "seed {seed}");
            }
        }
    }
}

#[test]
fn a_full_disk_refuses_and_the_log_stays_usable() {
    let disk = SimDisk::new(SimOptions::calm(1));
    new_ledger(&disk);
    let writer = Writer::start(&disk, 1).unwrap();
    let mut turn = writer.store.turn(WAIT).unwrap();
    disk.fill_up();
    let error = turn.commit(Place::START, b"a\n", None).unwrap_err();
    assert!(matches!(error, CommitError::NotWritten { .. }), "{error}");
    assert_eq!(error.kind(), sealog_core::ErrorKind::Refused);
    assert!(error.to_string().contains("free some space"), "{error}");
    disk.free_up();
    let at = turn.commit(Place::START, b"a\n", None).unwrap();
    disk.fill_up();
    // The filler is room that is left.
    let at = turn.commit(at, b"b\n", None).unwrap();
    let large = [vec![b'x'; 300_000], vec![b'\n']].concat();
    let error = turn.commit(at, &large, None).unwrap_err();
    assert!(matches!(error, CommitError::NotWritten { .. }), "{error}");
    let length = || writer.store.segments().unwrap().last().unwrap().bytes();
    assert_eq!(length(), at.offset());
    disk.free_up();
    // The filler went with what was taken back, and comes again.
    let at = turn.commit(at, b"c\n", None).unwrap();
    assert_eq!(length(), at.offset() + FILLER_BYTES_MAX);
    disk.fill_up();
    let error = turn.commit(at, b"d\n", Some(b"c\n")).unwrap_err();
    assert!(matches!(error, CommitError::NotWritten { .. }), "{error}");
    disk.free_up();
    assert_eq!(length(), at.offset());
    turn.commit(at, &large, None).unwrap();
    assert_eq!(writer.store.poisoned().unwrap(), None);
}

#[test]
fn a_failed_flush_leaves_the_outcome_open_and_poisons_for_all() {
    let disk = SimDisk::new(SimOptions::calm(1));
    new_ledger(&disk);
    let (one, two) = (
        Writer::start(&disk, 1).unwrap(),
        Writer::start(&disk, 2).unwrap(),
    );
    let mut turn = one.store.turn(WAIT).unwrap();
    let at = turn.commit(Place::START, b"a\n", None).unwrap();
    disk.set_rates(FaultRates {
        flush_failed: 10_000,
        ..FaultRates::CALM
    });
    let error = turn.commit(at, b"b\n", None).unwrap_err();
    assert!(
        matches!(error, CommitError::OutcomeUnknown { .. }),
        "{error}"
    );
    assert_eq!(error.kind(), sealog_core::ErrorKind::Unavailable);
    disk.set_rates(FaultRates::CALM);
    assert!(matches!(
        turn.commit(at, b"c\n", None).unwrap_err(),
        CommitError::NotWritten {
            source: Error::Poisoned { .. }
        }
    ));
    drop(turn);
    for store in [&one.store, &two.store] {
        assert!(matches!(
            store.turn(WAIT).unwrap_err(),
            Error::Poisoned { .. }
        ));
    }
    // The poison file could not be flushed either; the hint closes the log for those who run now.
    disk.restart();
    let after = Writer::start(&disk, 3).unwrap();
    after.store.clear_poison(WAIT).unwrap();
    drop(after.store.turn(WAIT).unwrap());
}

#[test]
fn a_group_costs_one_flush_and_a_new_segment_one_of_its_directory_more() {
    let disk = SimDisk::new(SimOptions::calm(1));
    new_ledger(&disk);
    let writer = Writer::start(&disk, 1).unwrap();
    let mut at = Place::START;
    let mut commit = |roll: Option<&[u8]>| {
        let (files, directories) = disk.flushes();
        at = writer
            .store
            .turn(WAIT)
            .unwrap()
            .commit(at, b"a\n", roll)
            .unwrap();
        let now = disk.flushes();
        (now.0 - files, now.1 - directories)
    };
    // The first turn of a store also flushes the directory as it found it.
    assert_eq!(commit(None), (1, 2));
    assert_eq!(commit(None), (1, 0));
    assert_eq!(commit(None), (1, 0));
    // The old segment is cut, the new one made.
    assert_eq!(commit(Some(b"k\n")), (2, 1));
    assert_eq!(commit(None), (1, 0));
}

#[test]
fn a_writer_flushes_what_another_may_not_have_flushed_and_only_that() {
    let disk = SimDisk::new(SimOptions::calm(1));
    new_ledger(&disk);
    let mut told = Told::default();
    let mut random = Random::new(1);
    let mut one = Writer::start(&disk, 1).unwrap();
    let mut two = Writer::start(&disk, 2).unwrap();
    assert!(one.append(&mut told, &mut random, 1));
    assert!(two.append(&mut told, &mut random, 1));
    let before = disk.flushes();
    assert!(one.append(&mut told, &mut random, 1));
    assert!(two.append(&mut told, &mut random, 1));
    // Each knows from the hint that the other has flushed.
    assert_eq!(disk.flushes(), (before.0 + 2, before.1));
    // Killed between the write and the flush: whoever comes next flushes.
    let mut found = false;
    for operation in 1..30 {
        let mut victim = Writer::start(&disk, 3).unwrap();
        disk.kill_after(&victim.process, operation);
        victim.append(&mut told, &mut random, 1);
        let before = disk.flushes();
        assert!(one.append(&mut told, &mut random, 1));
        found |= disk.flushes().0 > before.0 + 1;
    }
    assert!(found);
    disk.restart();
    check_after_restart(&disk, &mut told, 1);
}
