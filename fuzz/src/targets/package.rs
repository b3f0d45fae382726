//! Packages and extracts, as a stranger sends them: of everything made from a genuine package only that one holds, and
//! of an extract only lines of the genuine one, each once and in their order.
#![expect(
    clippy::expect_used,
    reason = "the key of the kept ledger is the target's own: without it there is nothing to hold"
)]

use std::io::Cursor;
use std::sync::OnceLock;

use sealog_core::tlog::vkey::VerifierKey;
use sealog_ledger::verify::{Request, verify_extract, verify_package};

use super::owned;
use crate::Answer;

const PACKAGE: &[u8] = include_bytes!("../../../crates/sealog-ledger/tests/kept/1/package.zip");
const EXTRACT: &[u8] = include_bytes!("../../../crates/sealog-ledger/tests/kept/1/extract.jsonl");
const VKEY: &str = include_str!("../../../crates/sealog-ledger/tests/kept/1/log.vkey");
/// Bytes of the package's end, which the directory of the archive is in.
const DIRECTORY: usize = 1_024;

fn key() -> &'static VerifierKey {
    static KEY: OnceLock<VerifierKey> = OnceLock::new();
    KEY.get_or_init(|| VerifierKey::parse(VKEY.trim_end()).expect("the kept key"))
}

pub(super) fn package(bytes: &[u8]) -> Answer {
    let request = Request {
        keys: vec![key().clone()],
        ..Request::default()
    };
    let report = verify_package(Cursor::new(bytes), &request);
    if report.exit() == 0 {
        assert!(bytes == PACKAGE, "a package holds that nobody exported");
        return "accepted".into();
    }
    // The code is one for all that is wrong with an archive.
    let why = report
        .findings()
        .first()
        .and_then(|first| first.found.clone());
    format!("{} {}", report.reason(), why.unwrap_or_default())
}

pub(super) fn extract(bytes: &[u8]) -> Answer {
    let keys = [key().clone()];
    match verify_extract(&mut &*bytes, &keys, &mut |_| ()) {
        Ok(_) => {
            // It claims no completeness, so that lines may be missing.
            let mut genuine = lines(EXTRACT);
            let all = lines(bytes).all(|line| genuine.any(|own| own == line));
            assert!(all, "an extract holds that nobody exported");
            "accepted".into()
        }
        Err(error) => error.code().into(),
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n')
}

pub(super) fn package_seeds() -> Vec<Vec<u8>> {
    let end = PACKAGE.len().saturating_sub(DIRECTORY);
    owned([
        PACKAGE,
        PACKAGE.get(end..).unwrap_or_default(),
        PACKAGE.get(..DIRECTORY).unwrap_or_default(),
        b"PK\x05\x06",
        b"",
    ])
}

pub(super) fn extract_seeds() -> Vec<Vec<u8>> {
    let of = |count: usize| lines(EXTRACT).take(count).flatten().copied().collect();
    vec![of(4), of(2), of(1), b"{}\n".to_vec(), Vec::new()]
}
