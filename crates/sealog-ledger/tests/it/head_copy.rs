//! A ledger that is not empty and has no head copy: it is gone on with and that is recorded, or refused if asked.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use sealog_core::json::Value;
use sealog_ledger::verify::{Request, verify_ledger};
use sealog_ledger::{HEAD_MISSED, HeadCopyPolicy, Ledger, Options};

use crate::ground::{Ground, decision};

/// The kinds of all entries in order, with the state and reason of those that have one.
fn said(ledger: &Ledger) -> Vec<(String, Option<String>)> {
    ledger
        .entries(0..ledger.size())
        .unwrap()
        .map(|entry| {
            let value = entry.unwrap().value();
            let record = value.member("record").unwrap();
            let text = |value: Option<&Value>| value.and_then(Value::as_str).map(ToOwned::to_owned);
            let body = record.member("body").unwrap();
            let by = text(value.member("log").unwrap().member("producer_id")).unwrap();
            let state = text(body.member("state"));
            if state.is_some() {
                assert_eq!(by, "sealog");
                assert_eq!(text(body.member("reason")).as_deref(), Some(HEAD_MISSED));
            }
            (text(record.member("kind")).unwrap(), state)
        })
        .collect()
}

fn lose_head_copies(ground: &Ground) {
    for slot in slots(ground) {
        fs::remove_file(slot).unwrap();
    }
}

fn slots(ground: &Ground) -> Vec<PathBuf> {
    let names = fs::read_dir(ground.options().state_dir.unwrap()).unwrap();
    let slots: Vec<PathBuf> = names
        .map(|name| name.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    assert!(!slots.is_empty());
    slots
}

fn require(ground: &Ground) -> Options {
    Options {
        head_copy: HeadCopyPolicy::Require,
        ..ground.options()
    }
}

fn holds(ground: &Ground, ledger: &Ledger) {
    let request = Request {
        keys: vec![ledger.vkey().parse().unwrap()],
        ..Request::default()
    };
    let report = verify_ledger(&ground.path(), &request, &mut |_| ());
    assert_eq!(report.reason(), "holds");
}

#[test]
fn an_absent_head_copy_is_said_once_before_the_first_record_after_it() {
    let ground = Ground::new();
    let ledger = ground.create();
    ledger.producer().unwrap().append(decision("d0")).unwrap();
    drop(ledger);
    lose_head_copies(&ground);
    let ledger = ground.open();
    assert_eq!(ledger.size(), 2, "opening says nothing");
    let producer = ledger.producer().unwrap();
    assert_eq!(producer.append(decision("d1")).unwrap().index(), 3);
    producer.append(decision("d2")).unwrap();
    drop((producer, ledger));
    let ledger = ground.open();
    ledger.producer().unwrap().append(decision("d3")).unwrap();
    let plain = |kind: &str| (kind.to_owned(), None);
    let degraded = ("log.state".to_owned(), Some("degraded".to_owned()));
    let expected = [
        plain("ledger.created"),
        plain("decision"),
        degraded,
        plain("decision"),
        plain("decision"),
        plain("decision"),
    ];
    assert_eq!(said(&ledger), expected);
    holds(&ground, &ledger);
}

#[test]
fn of_two_writers_that_found_none_the_first_to_write_says_so() {
    let ground = Ground::new();
    drop(ground.create());
    lose_head_copies(&ground);
    let (one, other) = (ground.open(), ground.open());
    for ledger in [&one, &other, &one] {
        ledger.producer().unwrap().append(decision("d")).unwrap();
    }
    one.refresh().unwrap();
    let states = said(&one);
    let degraded = states.iter().filter(|(_, state)| state.is_some()).count();
    assert_eq!((degraded, states.len()), (1, 5));
    holds(&ground, &one);
}

#[test]
fn slots_that_hold_nothing_of_this_log_are_as_good_as_none() {
    let ground = Ground::new();
    drop(ground.create());
    for slot in slots(&ground) {
        fs::write(slot, b"sealog head v1\n").unwrap();
    }
    let ledger = ground.open();
    ledger.producer().unwrap().append(decision("d")).unwrap();
    assert_eq!(said(&ledger)[1].1.as_deref(), Some("degraded"));
}

#[test]
fn where_a_head_copy_is_required_nothing_is_written_without_one() {
    let ground = Ground::new();
    drop(Ledger::create(
        &ground.path(),
        &sealog_ledger::Creation::default(),
        require(&ground),
    ));
    // One is there: all is well.
    drop(Ledger::open(&ground.path(), require(&ground)).unwrap());
    lose_head_copies(&ground);
    let refused = Ledger::open(&ground.path(), require(&ground)).unwrap_err();
    assert_eq!(refused.code(), "head_copy_missing");
    assert_eq!(ground.open().size(), 1);
}

#[test]
fn a_recovery_says_in_its_own_record_that_there_was_none() {
    let ground = Ground::new();
    drop(ground.create());
    lose_head_copies(&ground);
    let segment = ground.path().join("log/0000000000.jsonl");
    let mut file = OpenOptions::new().append(true).open(segment).unwrap();
    file.write_all(b"{\"log\":{\"clock\"").unwrap();
    let ledger = ground.open();
    ledger.producer().unwrap().append(decision("d")).unwrap();
    let kinds: Vec<String> = said(&ledger).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["ledger.created", "ledger.recovered", "decision"]);
    holds(&ground, &ledger);
}

/// The bytes of all files of a directory and below it, by path.
fn files_below(directory: &std::path::Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
}

#[test]
fn a_head_copy_that_was_left_behind_is_brought_up_when_the_ledger_is_opened() {
    let ground = Ground::new();
    let ledger = ground.create();
    let producer = ledger.producer().unwrap();
    producer.append(decision("d0")).unwrap();
    drop((producer, ledger));
    let mut backup = Vec::new();
    files_below(&ground.path(), &mut backup);
    let older = slots(&ground).into_iter().map(|slot| {
        let bytes = fs::read(&slot).unwrap();
        (slot, bytes)
    });
    let older: Vec<_> = older.collect();
    let ledger = ground.open();
    ledger.producer().unwrap().append(decision("d1")).unwrap();
    drop(ledger);
    // As a power loss leaves it: the log is flushed, its head copy is not.
    for (slot, bytes) in &older {
        fs::write(slot, bytes).unwrap();
    }
    drop(ground.open());
    for (path, bytes) in &backup {
        fs::write(path, bytes).unwrap();
    }
    let refused = Ledger::open(&ground.path(), ground.options()).unwrap_err();
    assert_eq!(refused.code(), "behind_head_copy");
}
