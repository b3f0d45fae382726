//! The worked example of `docs/formats/log.md`, made anew and read back.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sealog_core::finding::{Code, Weight};
use sealog_core::time::Timestamp;
use sealog_core::tlog::sign::{Ed25519Signer, Signer};
use sealog_core::tlog::vkey::KeyType;
use sealog_ledger::verify::{Request, verify_ledger};
use sealog_ledger::{Clock, Creation, Error, HeadCopyPolicy, Ledger, Options, Random};

use crate::ground::decision;

const ORIGIN: &str = "example.org/log";

/// A clock that goes on by a second each time it is read.
#[derive(Debug, Default)]
struct Ticking(AtomicU64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        let ticks = self.0.fetch_add(1, Ordering::Relaxed);
        Timestamp::from_unix(1_780_000_000 + i64::try_from(ticks).unwrap(), 0).unwrap()
    }
}

/// Bytes that count up.
#[derive(Debug, Default)]
struct Counting(AtomicU64);

impl Random for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), Error> {
        for byte in out {
            *byte = self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes()[0];
        }
        Ok(())
    }
}

#[test]
fn the_example_log_is_what_is_written_and_holds() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("example.sealog");
    let signer = Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[7; 32]).unwrap();
    let vkey = signer.verifier_key().clone();
    let options = Options {
        clock: Arc::new(Ticking::default()),
        random: Arc::new(Counting::default()),
        signer: Some(Arc::new(signer)),
        head_copy: HeadCopyPolicy::Off,
        config_dir: Some(directory.path().join("config")),
        state_dir: Some(directory.path().join("state")),
        ..Options::default()
    };
    let creation = Creation {
        origin: Some(ORIGIN.into()),
        operator: Some("Example".into()),
        purpose: Some("worked example".into()),
        ..Creation::default()
    };
    let ledger = Ledger::create(&path, &creation, options).unwrap();
    ledger.producer().unwrap().append(decision("d-1")).unwrap();
    ledger.close().unwrap();
    let written = fs::read_to_string(path.join("log/0000000000.jsonl")).unwrap();
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats/log.md");
    let text = fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once("```text log\n").unwrap();
    let (shown, after) = rest.split_once("```").unwrap();
    if std::env::var_os("SEALOG_BLESS").is_some() {
        fs::write(&page, format!("{before}```text log\n{written}```{after}")).unwrap();
    } else {
        assert_eq!(
            shown, written,
            "run the tests with SEALOG_BLESS=1 to write the page anew"
        );
    }
    let request = Request {
        keys: vec![vkey],
        all_signatures: true,
        ..Request::default()
    };
    let report = verify_ledger(&path, &request, &mut |_| ());
    assert_eq!(
        (report.exit(), report.size()),
        (0, 2),
        "{:?}",
        report.findings()
    );
}

#[test]
fn every_code_is_listed_with_its_weight_and_meaning() {
    let mut table = String::from("| code | weight | meaning |\n|---|---|---|\n");
    for code in Code::ALL {
        let weight = match code.weight() {
            Weight::Note => "note",
            Weight::Undecided => "undecided",
            Weight::Refutes => "refutes",
        };
        writeln!(table, "| `{}` | {weight} | {} |", code.id(), code.meaning()).unwrap();
    }
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/verdicts.md");
    let text = fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once("SEALOG_BLESS=1 -->\n").unwrap();
    let (shown, after) = rest.split_once("<!-- end of codes -->").unwrap();
    if std::env::var_os("SEALOG_BLESS").is_some() {
        let new = format!("{before}SEALOG_BLESS=1 -->\n{table}<!-- end of codes -->{after}");
        fs::write(&page, new).unwrap();
    } else {
        assert_eq!(
            shown, table,
            "run the tests with SEALOG_BLESS=1 to write the page anew"
        );
    }
}
