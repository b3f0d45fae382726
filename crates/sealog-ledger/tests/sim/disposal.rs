//! Power is lost, and each kind of operation fails, at every single operation of a disposal.

use std::sync::Arc;

use sealog_core::json::Object;
use sealog_ledger::verify::{Against, Report, Request, verify_ledger_on};
use sealog_ledger::{Draft, Error, Ledger, Payload, RetentionSet};
use sealog_store::disk::sim::{Fault, SimProcess};

use crate::machine::{Machine, Without, ledger_path};

/// More operations than a disposal takes.
const OPERATIONS_MAX: u64 = 4_000;
/// Not every operation, most of which only look: each run is a ledger of its own.
const POWER_STRIDE: usize = 5;
const FAULT_STRIDE: usize = 3;
const DAY_MS: u64 = 86_400_000;
const OLD: usize = 12;

fn note(text: &str, payload: Option<u8>) -> Draft {
    let mut body = Object::new();
    body.insert("text", format!("{text}{}", "x".repeat(1_500)));
    let mut draft = Draft::new("org.example.note", body);
    draft.payloads = payload
        .map(|fill| Payload {
            name: "letter".into(),
            media_type: "text/plain".into(),
            bytes: vec![fill; 33_000],
            key_id: None,
        })
        .into_iter()
        .collect();
    draft
}

/// A ledger of two segments and a bit with twelve old entries and two young ones, and receipts of them.
fn old_ledger(machine: &Machine) -> (Ledger, Vec<Against>) {
    let ledger = machine.create(&machine.disk.process()).unwrap();
    let set = RetentionSet {
        policy_id: None,
        class: "default".into(),
        min_days: 1,
        max_days: None,
        legal_basis: "a test".into(),
        approved_by: "tester".into(),
    };
    ledger.set_retention(&set).unwrap();
    let producer = ledger.producer().unwrap();
    let mut receipts = Vec::new();
    let mut append = |draft| {
        let receipt = producer.append(draft).unwrap().receipt().unwrap();
        receipts.push(Against {
            name: "kept".into(),
            bytes: receipt.to_string().into_bytes(),
        });
    };
    for n in 0..OLD {
        append(note("old", (n == 3).then_some(7)));
    }
    machine.clock.advance(2 * DAY_MS);
    append(note("young", None));
    append(note("young", None));
    (ledger, receipts)
}

fn verify(machine: &Machine, process: &SimProcess, against: &[Against]) -> Report {
    let request = Request {
        against: against.to_vec(),
        ..machine.request()
    };
    verify_ledger_on(
        Arc::new(process.clone()),
        ledger_path(),
        &request,
        &mut |_| (),
    )
}

/// Opens the ledger after a crash and disposes again: all that is old is gone, and everything else holds.
fn finish(machine: &Machine, process: &SimProcess, against: &[Against], what: &str) {
    let before = verify(machine, process, against);
    assert_ne!(before.exit(), 1, "{what}: {:?}", before.findings());
    let ledger = machine
        .open(process)
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(
        !ledger.is_disposal_unfinished().unwrap(),
        "{what}: finished on opening"
    );
    let opened = verify(machine, process, against);
    assert_eq!(opened.exit(), 0, "{what}: {:?}", opened.findings());
    assert!(
        [0, OLD as u64].contains(&opened.disposed()),
        "{what}: what is recorded is done, {} of {OLD}",
        opened.disposed()
    );
    let disposed = ledger.dispose("default", "tester").unwrap();
    let left = OLD as u64 - opened.disposed();
    assert_eq!(disposed.done.entries, left, "{what}");
    ledger
        .producer()
        .unwrap()
        .append(note("after", None))
        .unwrap();
    drop(ledger);
    let after = verify(machine, process, against);
    assert_eq!(after.exit(), 0, "{what}: {:?}", after.findings());
    assert_eq!(after.disposed(), OLD as u64, "{what}");
    assert_eq!(after.counts().get("payload_orphan"), None, "{what}");
    let reader = machine.open_reader(process).unwrap();
    assert_eq!(payloads(process), 0, "{what}");
    assert!(reader.receipt(OLD as u64 + 2).is_ok(), "{what}");
}

/// Files of evidence that lie there.
fn payloads(process: &SimProcess) -> usize {
    use sealog_store::{FileOptions, FileStore, Shelf, Store};
    let disk = Arc::new(process.clone());
    let store = FileStore::open(disk, ledger_path(), &FileOptions::reading()).unwrap();
    store.list(Shelf::Payloads).unwrap().len()
}

#[test]
fn a_power_loss_at_any_operation_of_a_disposal_is_finished_by_the_next_writer() {
    let (mut none, mut some, mut done) = (0, 0, 0);
    for operation in (1..).step_by(POWER_STRIDE) {
        assert!(operation < OPERATIONS_MAX, "it never ends");
        let machine = Machine::new(operation, Without::Nothing);
        let (ledger, receipts) = old_ledger(&machine);
        machine
            .disk
            .lose_power_at(machine.disk.operations() + operation);
        let disposed = ledger.dispose("default", "tester").is_ok();
        let whole = !machine.disk.is_down();
        drop(ledger);
        machine.disk.lose_power_at(0);
        machine.disk.restart();
        let process = machine.disk.process();
        let before = verify(&machine, &process, &[]).disposed();
        assert!(
            !disposed || before == OLD as u64,
            "{operation}: done is durable"
        );
        match before {
            0 => none += 1,
            n if n < OLD as u64 => some += 1,
            _ => done += 1,
        }
        finish(
            &machine,
            &process,
            &receipts,
            &format!("operation {operation}"),
        );
        if whole {
            break;
        }
    }
    assert!(none > 3 && some > 0 && done > 3, "{none} {some} {done}");
}

#[test]
fn a_failure_at_any_operation_of_a_disposal_leaves_a_log_that_holds_and_is_finished() {
    const FAULTS: [Fault; 6] = [
        Fault::WriteFailed,
        Fault::WriteFailedButApplied,
        Fault::FlushFailed,
        Fault::FlushFailedAndDropped,
        Fault::NameFailed,
        Fault::NameFailedButApplied,
    ];
    let (mut refused, mut struck_by) = (0, 0);
    for (first, fault) in (1..).zip(FAULTS) {
        for operation in (first..).step_by(FAULT_STRIDE) {
            assert!(operation < OPERATIONS_MAX, "it never ends");
            let machine = Machine::new(operation, Without::Nothing);
            let (ledger, receipts) = old_ledger(&machine);
            let begun = machine.disk.operations();
            machine.disk.fail_at(begun + operation, fault);
            let disposed = ledger.dispose("default", "tester");
            let struck = machine.disk.faults_struck().contains_key(&fault);
            refused += u32::from(disposed.is_err());
            if let Err(error) = &disposed {
                let codes = ["disposal_unfinished", "outcome_unknown", "io", "poisoned"];
                assert!(
                    codes.contains(&error.code()),
                    "{fault:?} {operation}: {error}"
                );
            }
            let ended = machine.disk.operations() - begun < operation;
            drop(ledger);
            if !struck && ended {
                break;
            }
            if !struck {
                // It was an operation of another kind.
                continue;
            }
            // A failed flush closes the log until the machine was started anew.
            machine.disk.restart();
            let process = machine.disk.process();
            let what = format!("{fault:?} at operation {operation}, {struck}");
            let doctored: Result<bool, Error> = Machine::doctor(&process);
            doctored.unwrap_or_else(|error| panic!("{what}: {error}"));
            finish(&machine, &process, &receipts, &what);
            struck_by += 1;
        }
    }
    assert!(refused > 10 && struck_by > 12, "{refused} of {struck_by}");
}
