//! Disposal beside others who append, read and verify.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;

#[test]
fn others_append_read_and_verify_while_entries_go() {
    let bench = Bench::new();
    let ledger = bench.create();
    ledger.set_retention(&policy("default", 1, None)).unwrap();
    append(&ledger, 0..150);
    bench.pass_days(2);
    let (other, reader) = (bench.open(), bench.reader());
    let stop = AtomicBool::new(false);
    let appended = thread::scope(|scope| {
        let writers: Vec<_> = [&ledger, &other]
            .into_iter()
            .map(|handle| {
                let stop = &stop;
                scope.spawn(move || {
                    let producer = handle.producer().unwrap();
                    let mut receipts = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        let draft = decision(&format!("n{}", receipts.len()));
                        receipts.push(producer.append(draft).unwrap().receipt().unwrap());
                    }
                    receipts
                })
            })
            .collect();
        let looks = scope.spawn(|| {
            let mut looks = 0_u32;
            while !stop.load(Ordering::Relaxed) {
                // Undecided at most: where a reading was overtaken each time.
                let report = bench.verify(&reader);
                assert_ne!(report.exit(), 1, "{:?}", report.findings());
                match reader.refresh() {
                    Ok(()) => {}
                    Err(error) => assert_eq!(error.code(), "rewritten", "{error}"),
                }
                looks += 1;
            }
            looks
        });
        let mut gone = 0;
        for _ in 0..5 {
            gone += ledger.dispose("default", "dpo").unwrap().done.entries;
            bench.pass_days(2);
        }
        assert!(gone >= 150, "{gone}");
        stop.store(true, Ordering::Relaxed);
        assert!(looks.join().unwrap() > 0);
        let receipts = writers.into_iter().map(|writer| writer.join().unwrap());
        receipts.flatten().collect::<Vec<Receipt>>()
    });
    assert!(appended.len() > 10, "{}", appended.len());
    let gone = bench.holds(&ledger);
    assert!(gone >= 150);
    // Every receipt that was given out is one of this log.
    let request = Request {
        keys: vec![VerifierKey::parse(&ledger.vkey()).unwrap()],
        against: appended
            .iter()
            .map(|receipt| Against {
                name: "kept".into(),
                bytes: receipt.to_string().into_bytes(),
            })
            .collect(),
        ..Request::default()
    };
    let report = verify_ledger(&bench.ground.path(), &request, &mut |_| ());
    assert_eq!(report.exit(), 0, "{:?}", report.findings());
    for handle in [&ledger, &other, &reader] {
        handle.refresh().unwrap();
        assert_eq!(handle.size(), ledger.size());
    }
}

#[test]
fn two_that_dispose_at_once_leave_one_record_of_it() {
    let bench = Bench::new();
    let ledger = bench.create();
    ledger.set_retention(&policy("default", 1, None)).unwrap();
    append(&ledger, 0..50);
    bench.pass_days(2);
    let other = bench.open();
    let both = thread::scope(|scope| {
        let runs = [&ledger, &other].map(|handle| scope.spawn(|| handle.dispose("default", "dpo")));
        runs.map(|run| run.join().unwrap().unwrap())
    });
    let entries: u64 = both.iter().map(|disposed| disposed.done.entries).sum();
    assert_eq!(entries, 50, "{both:?}");
    let records = kinds(&ledger);
    let records = records.iter().filter(|kind| *kind == "retention.disposed");
    assert_eq!(records.count(), 1);
    assert_eq!(bench.holds(&ledger), 50);
}

#[test]
fn a_handle_that_was_behind_goes_on_where_its_segment_was_rewritten() {
    let bench = Bench::new();
    let ledger = bench.create();
    ledger.set_retention(&policy("default", 1, None)).unwrap();
    append(&ledger, 0..3);
    let (writer, reader) = (bench.open(), bench.reader());
    let run = writer.producer().unwrap();
    run.append(decision("mine")).unwrap();
    reader.refresh().unwrap();
    bench.pass_days(2);
    // All stood in the active segment, of which both know the end.
    assert_eq!(ledger.dispose("default", "dpo").unwrap().done.entries, 4);
    reader.refresh().unwrap();
    assert_eq!(reader.size(), ledger.size());
    let appended = run.append(decision("next")).unwrap();
    assert_eq!(appended.index(), ledger.size());
    appended.receipt().unwrap();
    assert_eq!(bench.holds(&ledger), 4);
}

#[test]
fn a_disposal_that_broke_off_is_finished_by_whoever_opens_to_write() {
    let bench = Bench::new();
    let ledger = bench.create();
    ledger.set_retention(&policy("default", 1, None)).unwrap();
    append(&ledger, 0..30);
    bench.pass_days(2);
    // The file that is to take a segment's place cannot be made: the log says it and nothing is gone yet.
    let log = bench.ground.path().join("log");
    fs::create_dir_all(log.join(".new-0000000000.jsonl")).unwrap();
    let error = ledger.dispose("default", "dpo").unwrap_err();
    assert_eq!(error.code(), "disposal_unfinished", "{error}");
    assert!(ledger.is_disposal_unfinished().unwrap() && ledger.retention().unwrap().unfinished);
    assert_eq!(bench.holds(&ledger), 0);
    drop(ledger);
    // Whoever cannot finish it goes on appending.
    append(&bench.open(), 30..31);
    fs::remove_dir_all(log.join(".new-0000000000.jsonl")).unwrap();
    let reader = bench.reader();
    assert!(
        reader.is_disposal_unfinished().unwrap(),
        "a reader finishes nothing"
    );
    let ledger = bench.open();
    assert!(!ledger.is_disposal_unfinished().unwrap());
    assert_eq!(bench.holds(&ledger), 30);
    assert_eq!(ledger.finish_disposals().unwrap(), Swept::default());
}
