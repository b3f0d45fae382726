//! An import that ends half-way: the next one neither loses a record nor takes one twice.

use std::path::Path;

use super::*;
use crate::import::{Findings, Format, JSON, Reader};
use crate::ledger::Side;
use crate::options::{Creation, Options};
use crate::queue::lock;

/// A source of so many records, every third of them no decision, which fails where it is told to.
#[derive(Debug)]
struct Failing {
    records: u64,
    fails_at: Option<u64>,
    bytes: usize,
}

impl Reader for Failing {
    fn review(&mut self, _: &mut Findings) -> Result<u64, ImportError> {
        Ok(self.records)
    }

    fn version(&self) -> Option<String> {
        None
    }

    fn each(
        &mut self,
        take: &mut dyn FnMut(Original) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        for position in 0..self.records {
            if self.fails_at == Some(position) {
                return Err(ImportError::source("killed", "the process ends here"));
            }
            let id = format!("r{position}");
            let entry = (position % 3 != 0).then(|| ("decision", decision_body(&id)));
            take(Original {
                media_type: JSON,
                position,
                kind: "event".into(),
                id: Some(id),
                time: None,
                bytes: vec![b'x'; self.bytes],
                entry,
            })?;
        }
        Ok(())
    }
}

fn source(records: u64, fails_at: Option<u64>, bytes: usize) -> Source {
    Source {
        format: Format::LlmAuditTrail,
        digest: Hash::of(&[b"a source"]),
        records,
        findings: Findings::default(),
        verified_with: None,
        reader: Box::new(Failing {
            records,
            fails_at,
            bytes,
        }),
    }
}

fn ledger(directory: &Path) -> Ledger {
    let options = Options {
        state_dir: Some(directory.join("state")),
        config_dir: Some(directory.join("config")),
        ..Options::default()
    };
    Ledger::create(&directory.join("log.sealog"), &Creation::default(), options).unwrap()
}

fn how() -> Adoption {
    Adoption {
        system_id: "credit".into(),
        accept_findings: false,
    }
}

/// Ids of the records that stand in the log, in its order.
fn adopted(ledger: &Ledger) -> Vec<String> {
    let mut ids = Vec::new();
    for entry in ledger.entries(0..ledger.size()).unwrap() {
        let value = entry.unwrap().value();
        let body = value
            .member("record")
            .and_then(|record| record.member("body"));
        let names = ["decision_id", "original_id"];
        let id = names.iter().find_map(|name| body?.member(name)?.as_str());
        ids.extend(id.map(str::to_owned));
    }
    ids
}

fn expected(records: u64) -> Vec<String> {
    (0..records)
        .map(|position| format!("r{position}"))
        .collect()
}

#[test]
fn an_import_that_ended_at_any_record_goes_on_there_and_takes_none_twice() {
    const RECORDS: u64 = 10;
    for at in 0..=RECORDS {
        let directory = tempfile::tempdir().unwrap();
        let ledger = ledger(directory.path());
        let error = ledger.adopt(&mut source(RECORDS + 1, Some(at), 10), &how());
        assert_eq!(error.unwrap_err().code(), "killed");
        let before = adopted(&ledger);
        assert_eq!(
            before,
            expected(u64::try_from(before.len()).unwrap()),
            "{at}"
        );
        let done = ledger
            .adopt(&mut source(RECORDS + 1, None, 10), &how())
            .unwrap();
        assert_eq!(done.before, u64::try_from(before.len()).unwrap());
        assert_eq!(done.before + done.records, RECORDS + 1);
        assert_eq!(adopted(&ledger), expected(RECORDS + 1), "{at}");
        let error = ledger.adopt(&mut source(RECORDS + 1, None, 10), &how());
        assert_eq!(error.unwrap_err().code(), "imported_before");
    }
}

#[test]
fn an_import_that_ended_twice_goes_on_behind_both() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = ledger(directory.path());
    for at in [5, 13] {
        let error = ledger.adopt(&mut source(20, Some(at), 10), &how());
        assert_eq!(error.unwrap_err().code(), "killed");
    }
    let done = ledger.adopt(&mut source(20, None, 10), &how()).unwrap();
    assert_eq!(done.before + done.records, 20);
    assert!(done.before > 5, "{done:?}");
    assert_eq!(adopted(&ledger), expected(20));
}

#[test]
fn only_what_a_producer_may_repeat_is_remembered() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = ledger(directory.path());
    let remembered = || match &ledger.0.side {
        Side::Append(writer) => lock(writer).ids.len(),
        Side::Read(_) => panic!("opened for reading"),
    };
    let before = remembered();
    let done = ledger.adopt(&mut source(900, None, 10), &how()).unwrap();
    assert_eq!(done.records, 900);
    // The decisions, and the begin and end of their run.
    assert!(remembered() - before <= 600 + 2, "{}", remembered());
    assert!(remembered() - before >= 600, "{}", remembered());
}

#[test]
fn a_group_ends_at_its_limits() {
    let count = |records: u64, bytes: usize| {
        let directory = tempfile::tempdir().unwrap();
        let ledger = ledger(directory.path());
        let producer = ledger.producer().unwrap();
        let mut batch = Batch {
            ledger: &ledger,
            producer: &producer,
            source_format: "other",
            source_digest: digest_text(&Hash::of(&[b"x"])),
            verdict: "holds",
            system: "credit",
            of_kinds: Vec::new(),
            others: Vec::new(),
            bytes: 0,
            records: 0,
        };
        for position in 0..records {
            let id = format!("r{position}");
            batch
                .take(Original {
                    media_type: JSON,
                    position,
                    kind: "event".into(),
                    id: None,
                    time: None,
                    bytes: vec![b'x'; bytes],
                    entry: Some(("decision", decision_body(&id))),
                })
                .unwrap();
        }
        batch.of_kinds.len()
    };
    let most = u64::try_from(GROUP_RECORDS).unwrap();
    assert_eq!(count(most, 1), GROUP_RECORDS);
    assert_eq!(count(most + 1, 1), 1);
    assert_eq!(count(4, GROUP_BYTES / 4), 4);
    assert_eq!(count(5, GROUP_BYTES / 4), 1);
}
