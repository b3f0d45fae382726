//! Power is lost at every single operation of what happens seldom: making a ledger, handing its key over, and beginning
//! a segment with an epoch whose snapshot is kept.

use std::sync::Arc;

use sealog_core::json::Object;
use sealog_core::tlog::sign::{Ed25519Signer, Signer};
use sealog_core::tlog::vkey::KeyType;
use sealog_ledger::verify::{Against, Report, Request, verify_ledger_on};
use sealog_ledger::{Draft, Error};
use sealog_store::disk::Disk;
use sealog_store::disk::sim::SimProcess;

use crate::machine::{Machine, ORIGIN, Without, ledger_path};

/// More operations than any of this takes.
const OPERATIONS_MAX: u64 = 400;
/// Other halves of a torn write, other orders of names.
const SEEDS: u64 = 2;

fn note(text: &str) -> Draft {
    let mut body = Object::new();
    body.insert("text", text);
    Draft::new("org.example.note", body)
}

fn verify(process: &SimProcess, request: &Request) -> Report {
    let disk = Arc::new(process.clone());
    verify_ledger_on(disk, ledger_path(), request, &mut |_| ())
}

#[test]
fn a_crash_while_a_ledger_is_made_leaves_one_that_goes_on_or_none_that_was_told_of() {
    let (mut none, mut some) = (0, 0);
    for seed in 0..SEEDS {
        for operation in 1.. {
            assert!(operation < OPERATIONS_MAX, "it never ends");
            let machine = Machine::new((seed << 32) | operation, Without::Nothing);
            machine
                .disk
                .lose_power_at(machine.disk.operations() + operation);
            let created = machine.create(&machine.disk.process());
            let whole = !machine.disk.is_down();
            let kept = created
                .ok()
                .filter(|_| whole)
                .and_then(|ledger| ledger.checkpoint().ok());
            machine.disk.lose_power_at(0);
            machine.disk.restart();
            let process = machine.disk.process();
            let model = machine.model();
            let before = model.verify(Arc::new(process.clone()), ledger_path());
            assert_ne!(before.exit(), 1, "{operation}: {:?}", before.findings());
            match machine.open(&process) {
                Ok(ledger) => {
                    some += 1;
                    ledger.producer().unwrap().append(note("first")).unwrap();
                    drop(ledger);
                    let after = model.verify(Arc::new(process), ledger_path());
                    assert_eq!(after.exit(), 0, "{operation}: {:?}", after.findings());
                }
                // Nothing was ever told of what is left, and the making is done again over it.
                Err(error) => {
                    none += 1;
                    assert_eq!(kept, None, "{operation}: {error}");
                    let codes = ["not_a_ledger", "empty_ledger"];
                    assert!(codes.contains(&error.code()), "{operation}: {error}");
                    let made = machine.create(&process);
                    let ledger = made.unwrap_or_else(|error| panic!("{operation}: {error}"));
                    ledger.producer().unwrap().append(note("first")).unwrap();
                    drop(ledger);
                    let again = machine.create(&process).unwrap_err();
                    assert_eq!(again.code(), "exists", "{operation}");
                    let after = model.verify(Arc::new(process), ledger_path());
                    assert_eq!(after.exit(), 0, "{operation}: {:?}", after.findings());
                    assert_eq!(after.size(), 2, "{operation}");
                }
            }
            if whole {
                break;
            }
        }
    }
    assert!(
        none > 5 && some > 5,
        "{none} without a ledger, {some} with one"
    );
}

/// Opens the ledger with the key that is the log's: it has to be one of the two, and the other is refused.
fn open_either(machine: &Machine, process: &SimProcess, successor: &Arc<dyn Signer>) -> bool {
    let old = machine.open(process);
    let new = machine.open_as(process, Arc::clone(successor));
    for refused in [&old, &new]
        .into_iter()
        .filter_map(|opened| opened.as_ref().err())
    {
        assert!(matches!(refused, Error::KeyMismatch { .. }), "{refused}");
    }
    assert_ne!(old.is_ok(), new.is_ok(), "exactly one key is the log's");
    let is_new = new.is_ok();
    let ledger = old.or(new).unwrap();
    ledger.producer().unwrap().append(note("after")).unwrap();
    is_new
}

#[test]
fn a_crash_while_a_key_is_handed_over_leaves_exactly_one_key_that_signs() {
    let successor = Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[8; 32]).unwrap();
    let successor: Arc<dyn Signer> = Arc::new(successor);
    let (mut kept_old, mut took_new) = (0, 0);
    for seed in 0..SEEDS {
        for operation in 1.. {
            assert!(operation < OPERATIONS_MAX, "it never ends");
            let machine = Machine::new((seed << 32) | operation, Without::Nothing);
            let ledger = machine.create(&machine.disk.process()).unwrap();
            let appended = ledger.producer().unwrap().append(note("before")).unwrap();
            let receipt = appended.receipt().unwrap().to_string();
            machine
                .disk
                .lose_power_at(machine.disk.operations() + operation);
            let handed = ledger.rotate_key(Arc::clone(&successor)).is_ok();
            let whole = !machine.disk.is_down();
            drop(ledger);
            machine.disk.lose_power_at(0);
            machine.disk.restart();
            let process = machine.disk.process();
            let request = Request {
                against: vec![Against {
                    name: "kept".into(),
                    bytes: receipt.into_bytes(),
                }],
                follow_rotation: true,
                ..machine.request()
            };
            let before = verify(&process, &request);
            assert_ne!(before.exit(), 1, "{operation}: {:?}", before.findings());
            let is_new = open_either(&machine, &process, &successor);
            assert!(
                is_new || !handed,
                "{operation}: a hand-over was told and is lost"
            );
            *(if is_new { &mut took_new } else { &mut kept_old }) += 1;
            let after = verify(&process, &request);
            assert_eq!(after.exit(), 0, "{operation}: {:?}", after.findings());
            let pinned = Request {
                keys: vec![successor.verifier_key().clone()],
                ..Request::default()
            };
            let expected = if is_new {
                (0, "holds")
            } else {
                (1, "key_not_pinned")
            };
            let report = verify(&process, &pinned);
            assert_eq!((report.exit(), report.reason()), expected, "{operation}");
            if whole {
                break;
            }
        }
    }
    assert!(
        kept_old > 5 && took_new > 5,
        "{kept_old} old, {took_new} new"
    );
}

/// Records in one group: they fill a segment, and an epoch is due after them.
const FULL: usize = 30;

fn names(process: &SimProcess, directory: &str, beginning: &str, end: &str) -> usize {
    let names = process.list(&ledger_path().join(directory));
    let names = names.unwrap_or_default().into_iter();
    names
        .filter(|name| name.starts_with(beginning) && name.ends_with(end))
        .count()
}

fn segments(process: &SimProcess) -> usize {
    names(process, "log", "0", ".jsonl")
}

fn snapshots(process: &SimProcess) -> usize {
    names(process, "derived", "snapshot-", ".jsonl")
}

/// After the crash, nothing that was told before it is lost, whoever opens the log.
fn goes_on(machine: &Machine, receipts: &[String], case: &str) {
    let process = machine.disk.process();
    let against = receipts.iter().map(|receipt| Against {
        name: "kept".into(),
        bytes: receipt.clone().into_bytes(),
    });
    let request = Request {
        against: against.collect(),
        ..machine.request()
    };
    let before = verify(&process, &request);
    assert_ne!(before.exit(), 1, "{case}: {:?}", before.findings());
    let reader = machine.open_reader(&process).unwrap();
    assert!(reader.size() > FULL as u64, "{case}");
    drop(reader);
    let ledger = machine.open(&process).unwrap();
    let producer = ledger.producer().unwrap();
    let appended = producer.append(note("after")).unwrap();
    let later = appended.receipt().unwrap();
    later.verify(&request.keys).unwrap();
    // An old entry is proven from the log as it is now.
    ledger.receipt(3).unwrap().verify(&request.keys).unwrap();
    drop((producer, ledger));
    let after = verify(&process, &request);
    assert_eq!(after.exit(), 0, "{case}: {:?}", after.findings());
    // The same from what is derived alone and without it.
    let again = machine.open(&process).unwrap();
    assert_eq!(again.size(), after.size(), "{case}");
    drop(again);
    let derived = ledger_path().join("derived");
    for name in process.list(&derived).unwrap_or_default() {
        process.remove_file(&derived.join(name)).unwrap();
    }
    let again = machine.open(&process).unwrap();
    assert_eq!(again.size(), after.size(), "{case}");
}

#[test]
fn a_crash_while_a_segment_begins_with_an_epoch_and_its_snapshot_loses_nothing_that_was_told() {
    let (mut lost, mut kept, mut with_snapshot) = (0, 0, 0);
    for seed in 0..SEEDS {
        for operation in 1.. {
            assert!(operation < OPERATIONS_MAX, "it never ends");
            let case = format!("{seed}, {operation}");
            let machine = Machine::new((seed << 32) | operation, Without::Nothing);
            let process = machine.disk.process();
            let ledger = machine.create(&process).unwrap();
            let producer = ledger.producer().unwrap();
            let text = "x".repeat(300);
            let drafts = (0..FULL).map(|_| note(&text)).collect();
            let appended = producer.append_many(drafts).unwrap();
            let mut receipts = vec![appended[FULL - 1].receipt().unwrap().to_string()];
            assert_eq!((segments(&process), snapshots(&process)), (1, 0), "{case}");
            let size = ledger.size();
            machine
                .disk
                .lose_power_at(machine.disk.operations() + operation);
            let rolled = producer.append(note("first of the next segment"));
            let whole = !machine.disk.is_down();
            if let Ok(appended) = &rolled {
                // The epoch has the place before it.
                assert_eq!(appended.index(), size + 1, "{case}");
                receipts.push(appended.receipt().unwrap().to_string());
            }
            drop((producer, ledger));
            machine.disk.lose_power_at(0);
            if whole {
                assert_eq!((segments(&process), snapshots(&process)), (2, 1), "{case}");
                assert!(rolled.is_ok(), "{case}");
            }
            machine.disk.restart();
            let process = machine.disk.process();
            // Snapshots are not flushed, so few outlast the power.
            with_snapshot += u32::from(snapshots(&process) > 0);
            *(if rolled.is_ok() { &mut kept } else { &mut lost }) += 1;
            goes_on(&machine, &receipts, &case);
            if whole {
                break;
            }
        }
    }
    assert!(
        lost > 5 && kept > 3 && with_snapshot > 0,
        "{lost} lost, {kept} kept, {with_snapshot} with a snapshot"
    );
}
