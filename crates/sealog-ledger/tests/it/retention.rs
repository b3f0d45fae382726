//! Policies, holds and disposal: what goes, what stays, and that everything else still verifies.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use sealog_core::json::Object;
use sealog_core::receipt::Receipt;
use sealog_core::state::format_uuid;

use sealog_core::tlog::vkey::VerifierKey;
use sealog_ledger::verify::{Against, Report, Request, verify_ledger};
use sealog_ledger::{
    Access, Clock, DISPOSAL_RUNS_MAX, Draft, HoldPlacing, HoldScope, IndexMode, Ledger, Options,
    Payload, Query, RETENTION_DAYS_MAX, RetentionSet, Swept,
};

use crate::ground::{Ground, decision};
use crate::sources::Ticks;

mod beside;
mod residue;
mod rules;

const DAY_MS: u64 = 86_400_000;

/// A ground with a clock that is put forward by hand.
struct Bench {
    ground: Ground,
    clock: Arc<Ticks>,
}

impl Bench {
    fn new() -> Self {
        Self {
            ground: Ground::new(),
            clock: Arc::default(),
        }
    }

    fn options(&self) -> Options {
        Options {
            clock: Arc::<Ticks>::clone(&self.clock),
            segment_bytes: 12_000,
            ..self.ground.options()
        }
    }

    fn create(&self) -> Ledger {
        let creation = sealog_ledger::Creation::default();
        Ledger::create(&self.ground.path(), &creation, self.options()).unwrap()
    }

    fn open(&self) -> Ledger {
        Ledger::open(&self.ground.path(), self.options()).unwrap()
    }

    fn reader(&self) -> Ledger {
        let options = Options {
            access: Access::Read,
            ..self.options()
        };
        Ledger::open(&self.ground.path(), options).unwrap()
    }

    fn pass_days(&self, days: u64) {
        self.clock.advance(days * DAY_MS);
    }

    fn verify(&self, ledger: &Ledger) -> Report {
        let request = Request {
            keys: vec![VerifierKey::parse(&ledger.vkey()).unwrap()],
            ..Request::default()
        };
        verify_ledger(&self.ground.path(), &request, &mut |_| ())
    }

    /// Verifies, and says how many entries were disposed of.
    fn holds(&self, ledger: &Ledger) -> u64 {
        let report = self.verify(ledger);
        assert_eq!(report.exit(), 0, "{:?}", report.findings());
        report.disposed()
    }
}

fn policy(class: &str, min_days: u64, max_days: Option<u64>) -> RetentionSet {
    RetentionSet {
        policy_id: None,
        class: class.into(),
        min_days,
        max_days,
        legal_basis: "Article 26(6)".into(),
        approved_by: "dpo".into(),
    }
}

fn hold(scope: &str) -> HoldPlacing {
    HoldPlacing {
        hold_id: None,
        scope: HoldScope::read(scope),
        reason: "a claim".into(),
        placed_by: "counsel".into(),
        incident_id: None,
        until: None,
    }
}

fn append(ledger: &Ledger, ids: std::ops::Range<usize>) -> Vec<Receipt> {
    let producer = ledger.producer().unwrap();
    ids.map(|n| {
        producer
            .append(decision(&format!("d{n}")))
            .unwrap()
            .receipt()
            .unwrap()
    })
    .collect()
}

#[test]
fn what_is_old_enough_goes_and_everything_else_still_verifies() {
    let bench = Bench::new();
    let ledger = bench.create();
    ledger
        .set_retention(&policy("default", 180, Some(365)))
        .unwrap();
    let old = append(&ledger, 0..40);
    ledger.seal_epoch().unwrap();
    bench.pass_days(180);
    let young = append(&ledger, 40..60);
    let disposed = ledger.dispose("default", "dpo").unwrap();
    assert_eq!((disposed.due.entries, disposed.done.entries), (40, 40));
    assert_eq!((disposed.due.young, disposed.due.held), (20, 0));
    assert!(disposed.done.segments > 1, "{disposed:?}");
    assert_eq!(bench.holds(&ledger), 40);
    // A receipt that somebody kept holds; the log gives none any more, and says by which record.
    let (by, _) = disposed.records.unwrap();
    let key = VerifierKey::parse(&ledger.vkey()).unwrap();
    for receipt in old.iter().chain(&young) {
        receipt.clone().verify(std::slice::from_ref(&key)).unwrap();
    }
    for receipt in &old {
        let error = ledger.receipt(receipt.index()).unwrap_err();
        assert_eq!(error.code(), "disposed");
        assert!(error.to_string().contains(&by.to_string()), "{error}");
        assert_eq!(
            ledger.entry(receipt.index()).unwrap_err().code(),
            "disposed"
        );
    }
    for receipt in &young {
        ledger.receipt(receipt.index()).unwrap();
        assert!(ledger.entry(receipt.index()).is_ok());
    }
    // The log goes on, in this handle and in the next, and what was kept of it before is a part of it.
    append(&ledger, 60..70);
    ledger.seal_epoch().unwrap();
    drop(ledger);
    let ledger = bench.open();
    append(&ledger, 70..80);
    assert_eq!(bench.holds(&ledger), 40);
    let request = Request {
        keys: vec![key],
        against: old
            .iter()
            .map(|receipt| Against {
                name: "kept".into(),
                bytes: receipt.to_string().into_bytes(),
            })
            .collect(),
        all_signatures: true,
        ..Request::default()
    };
    let report = verify_ledger(&bench.ground.path(), &request, &mut |_| ());
    assert_eq!(report.exit(), 0, "{:?}", report.findings());
    // Nothing is due twice.
    let again = ledger.dispose("default", "dpo").unwrap();
    assert_eq!((again.records, again.done), (None, Swept::default()));
}

#[test]
fn kinds_that_the_log_reads_stay_of_whatever_age() {
    let bench = Bench::new();
    let ledger = bench.create();
    ledger.set_retention(&policy("default", 1, None)).unwrap();
    append(&ledger, 0..3);
    let producer = ledger.producer().unwrap();
    producer.append(decision("x")).unwrap();
    producer.gap(5, 6, "queue_full").unwrap();
    producer.stop().unwrap();
    bench.pass_days(400);
    let before: Vec<String> = kinds(&ledger);
    let disposed = ledger.dispose("default", "dpo").unwrap();
    assert_eq!(disposed.done.entries, 4);
    assert!(disposed.due.kept >= 4, "{disposed:?}");
    assert_eq!(disposed.due.runs.len(), 1);
    let mut left = before;
    left.retain(|kind| kind != "decision");
    left.push("retention.disposed".into());
    let mut now = kinds(&ledger);
    now.retain(|kind| kind != "epoch.sealed");
    assert_eq!(now, left);
    assert_eq!(bench.holds(&ledger), 4);
}

fn kinds(ledger: &Ledger) -> Vec<String> {
    let kind = |entry: sealog_ledger::Entry| {
        let value = entry.value();
        let kind = value.member("record").unwrap().member("kind").unwrap();
        kind.as_str().unwrap().to_owned()
    };
    ledger
        .entries(0..u64::MAX)
        .unwrap()
        .map(|entry| kind(entry.unwrap()))
        .collect()
}

#[test]
fn classes_go_apart_and_a_second_disposal_goes_on_behind_the_first() {
    let bench = Bench::new();
    let ledger = bench.create();
    ledger.set_retention(&policy("default", 30, None)).unwrap();
    ledger.set_retention(&policy("short", 1, Some(2))).unwrap();
    let producer = ledger.producer().unwrap();
    for n in 0..20 {
        let mut draft = decision(&format!("d{n}"));
        draft.retention_class = (n % 2 == 0).then(|| "short".into());
        producer.append(draft).unwrap();
    }
    bench.pass_days(3);
    let status = ledger.retention().unwrap();
    let short = &status.classes["short"];
    assert_eq!((short.entries, short.due, short.overdue), (10, 10, 10));
    assert_eq!(
        (
            status.classes["default"].entries,
            status.classes["default"].due
        ),
        (10, 0)
    );
    assert_eq!(ledger.dispose("short", "dpo").unwrap().done.entries, 10);
    for n in 20..30 {
        let mut draft = decision(&format!("d{n}"));
        draft.retention_class = Some("short".into());
        producer.append(draft).unwrap();
    }
    bench.pass_days(30);
    assert_eq!(ledger.dispose("short", "dpo").unwrap().done.entries, 10);
    assert_eq!(ledger.dispose("default", "dpo").unwrap().done.entries, 10);
    assert_eq!(bench.holds(&ledger), 30);
    let status = ledger.retention().unwrap();
    let short = &status.classes["short"];
    assert_eq!((short.entries, short.disposed, short.oldest), (0, 20, None));
    assert!(!status.unfinished);
}

/// A decision with an id of the caller's, made at this millisecond.
fn named(n: u8, millis: u64, class: &str) -> Draft {
    let mut draft = decision(&format!("d{n}"));
    let mut id = [n; 16];
    id[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    (id[6], id[8]) = (0x70, 0x80);
    draft.record_id = Some(format_uuid(&id));
    draft.retention_class = Some(class.into());
    draft
}

#[test]
fn a_retry_of_what_was_disposed_of_is_refused_and_of_what_moved_is_found() {
    let bench = Bench::new();
    let options = Options {
        epoch_entries: 16,
        ..bench.options()
    };
    let creation = sealog_ledger::Creation::default();
    let ledger = Ledger::create(&bench.ground.path(), &creation, options.clone()).unwrap();
    ledger.set_retention(&policy("short", 1, None)).unwrap();
    let producer = ledger.producer().unwrap();
    let made = bench.clock.now().unix_millis();
    let draft = |n: u8| named(n, made, if n.is_multiple_of(2) { "short" } else { "long" });
    for n in 0..10 {
        producer.append(draft(n)).unwrap();
    }
    bench.pass_days(2);
    assert_eq!(ledger.dispose("short", "dpo").unwrap().done.entries, 5);
    let size = ledger.size();
    for n in 0..10 {
        if n % 2 == 0 {
            let error = producer.append(draft(n)).unwrap_err();
            assert_eq!(error.code(), "disposed", "{n}: {error}");
        } else {
            assert!(producer.append(draft(n)).unwrap().index() < size);
            let mut other = draft(n);
            other.body.insert("decision_id", "other");
            assert_eq!(producer.append(other).unwrap_err().code(), "id_taken");
        }
    }
    assert_eq!(ledger.size(), size);
    drop((producer, ledger));
    // A handle that read disposed lines, and one that went on from a snapshot behind them and asks the index.
    for (round, code) in [(0, "read whole"), (1, "from a snapshot")] {
        let ledger = Ledger::open(&bench.ground.path(), options.clone()).unwrap();
        let producer = ledger.producer().unwrap();
        let size = ledger.size();
        for n in 0..10 {
            if n % 2 == 0 {
                let error = producer.append(draft(n)).unwrap_err();
                assert_eq!(error.code(), "id_before_disposal", "{code}, {n}: {error}");
            } else {
                assert!(
                    producer.append(draft(n)).unwrap().index() < size,
                    "{code}, {n}"
                );
            }
        }
        // What is newer than all that is gone was never there.
        let fresh = named(100 + round, made + DAY_MS, "long");
        assert_eq!(producer.append(fresh).unwrap().index(), size, "{code}");
        append(&ledger, 0..40);
        ledger.seal_epoch().unwrap();
        drop((producer, ledger));
        let derived = fs::read_dir(bench.ground.path().join("derived")).unwrap();
        let snapshots = derived.filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with("snapshot-")
        });
        assert!(snapshots.count() > 0);
    }
    assert_eq!(bench.holds(&bench.open()), 5);
}

#[test]
fn published_bundles_of_what_was_disposed_of_are_withdrawn_by_any_handle() {
    let bench = Bench::new();
    let ledger = bench.create();
    let other = bench.open();
    ledger.set_retention(&policy("default", 1, None)).unwrap();
    append(&ledger, 0..300);
    let site = bench.ground.path().with_file_name("site");
    other.publish_tiles(&site, &mut |_, _| ()).unwrap();
    bench.pass_days(2);
    append(&ledger, 300..320);
    ledger.dispose("default", "dpo").unwrap();
    // It had read the log when nothing was disposed of.
    let published = other.publish_tiles(&site, &mut |_, _| ()).unwrap();
    assert_eq!(published.withdrawn, 2);
    assert!(!site.join("tile/entries/000").exists());
    assert!(site.join("tile/0/000").exists());
    other.receipt(310).unwrap();
    assert_eq!(other.receipt(10).unwrap_err().code(), "disposed");
}
