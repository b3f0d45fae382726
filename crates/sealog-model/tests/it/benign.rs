//! Files that real libraries wrote (`benign*.py` of `tests/python`): none is flagged.

use std::fs::File;
use std::path::Path;

use sealog_model::formats::source::Source;
use sealog_model::scan::{Limits, Verdict, scan_path, scan_source};

use super::assemble::{four, stack_global, text};

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

/// The answer for a pickle of protocol 4 with these parts.
fn answer(parts: &[&[u8]]) -> Verdict {
    super::scan(&four(parts)).verdict()
}

#[test]
fn functions_that_a_model_keeps_are_mentioned_and_never_called() {
    for (module, name) in [
        ("sklearn.cluster._kmeans", "_kmeans_single_lloyd"),
        ("sklearn.cluster._kmeans", "_kmeans_single_elkan"),
        ("scipy._lib.array_api_compat.numpy._aliases", "asarray"),
    ] {
        let function = stack_global(module, name);
        assert_eq!(answer(&[&function]), Verdict::Clean, "{name}");
        assert_eq!(answer(&[&function, b")R"]), Verdict::Suspicious, "{name}");
        assert_eq!(answer(&[&function, b")\x81"]), Verdict::Suspicious);
    }
}

#[test]
fn intervals_are_made_of_classes_and_numbers_alone() {
    let index = stack_global("pandas.core.indexes.interval", "_new_IntervalIndex");
    let mixin = stack_global("pandas._libs.interval", "__pyx_unpickle_IntervalMixin");
    let class = stack_global("pandas", "IntervalIndex");
    let kept = stack_global("sklearn.cluster._kmeans", "_kmeans_single_lloyd");
    // What an instance is asked for, the pickle may have put there.
    let instance = [stack_global("collections", "OrderedDict"), b")R".to_vec()].concat();
    for (call, rest) in [(&index, b"}\x86R".as_slice()), (&mixin, b"K\x00N\x87R")] {
        assert_eq!(answer(&[call, &class, rest]), Verdict::Clean);
        assert_eq!(answer(&[call, &instance, rest]), Verdict::Suspicious);
        assert_eq!(answer(&[call, b"N", rest]), Verdict::Suspicious);
        let unknown = stack_global("mymodel", "Class");
        assert_eq!(answer(&[call, &unknown, rest]), Verdict::Suspicious);
        assert_eq!(answer(&[call, &harm_itself(), rest]), Verdict::Malicious);
    }
    assert_eq!(
        answer(&[&index, &class, &kept, b"\x86R"]),
        Verdict::Suspicious
    );
    let interval = stack_global("pandas", "Interval");
    let right = text("right");
    let numbers = [&interval, b"K\x00K\x01".as_slice(), &right, b"\x87R"];
    assert_eq!(answer(&numbers), Verdict::Clean);
    let imported = [&interval, b"K\x00".as_slice(), &kept, &right, b"\x87R"];
    assert_eq!(answer(&imported), Verdict::Suspicious);
}

fn harm_itself() -> Vec<u8> {
    stack_global("os", "system")
}
