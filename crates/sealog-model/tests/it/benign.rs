//! Files that real libraries wrote (`tests/python/benign.py`): none is flagged.

use std::fs::File;
use std::path::Path;

use sealog_model::formats::source::Source;
use sealog_model::scan::{Limits, Verdict, scan_path, scan_source};

#[test]
fn no_file_of_a_real_library_is_flagged() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata/benign");
    let report = scan_path(&directory, &Limits::default()).unwrap();
    assert!(
        report.files().len() >= 40,
        "only {} files",
        report.files().len()
    );
    let flagged: Vec<String> = report
        .files()
        .iter()
        .filter(|file| file.verdict() != Verdict::Clean)
        .map(|file| format!("{}: {:#?}", file.path(), file.findings()))
        .collect();
    assert!(
        flagged.is_empty(),
        "{} flagged:\n{}",
        flagged.len(),
        flagged.join("\n")
    );
    let kinds: std::collections::BTreeSet<_> = report
        .files()
        .iter()
        .map(sealog_model::scan::FileReport::kind)
        .collect();
    for kind in [
        "pickle",
        "npy",
        "npz",
        "hdf5",
        "onnx",
        "gguf",
        "safetensors",
        "skops",
        "gzip",
    ] {
        assert!(
            kinds.contains(kind),
            "no file of the kind {kind}: {kinds:?}"
        );
    }
}

#[test]
fn a_bit_flip_in_a_real_file_never_panics() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata/benign");
    let mut flipped = 0u32;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if File::open(&path).unwrap().metadata().unwrap().len() > 8_000 {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for at in (0..bytes.len()).step_by(37) {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            scan_source("file", &Source::memory(changed), &Limits::default());
            flipped += 1;
        }
    }
    assert!(flipped > 500, "only {flipped} flips");
}
