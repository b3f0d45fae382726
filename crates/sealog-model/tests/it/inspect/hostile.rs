//! Bytes that were cut or changed: an answer each time, the same twice, and never a panic.

use std::fs;

use proptest::prelude::*;
use sealog_model::inspect::{Answer, Fault};

use super::formats::{MLMODEL, keras, torch};
use super::{benign, inspect, safetensors};

/// Small files of each format.
fn samples() -> Vec<(String, Vec<u8>)> {
    let mut samples = vec![
        ("torch".to_owned(), torch()),
        ("keras".to_owned(), keras()),
        ("mlmodel".to_owned(), MLMODEL.as_bytes().to_vec()),
        (
            "empty tensors".to_owned(),
            safetensors(r#"{"__metadata__":{"k":"v"}}"#, 0),
        ),
    ];
    for name in [
        "w.safetensors",
        "w.gguf",
        "float.npy",
        "records.npy",
        "arrays.npz",
        "packed.npz",
        "add.onnx",
        "logistic.skops",
        "logistic.pkl",
        "logistic.joblib",
        "array5.pkl",
        "plain0.pkl",
        "svc.joblib.gz",
    ] {
        samples.push((name.to_owned(), fs::read(benign().join(name)).unwrap()));
    }
    samples
}

/// Kinds of which every byte counts: no beginning of one is one.
fn is_whole(name: &str) -> bool {
    !matches!(name, "add.onnx" | "mlmodel" | "plain0.pkl")
}

#[test]
fn every_cut_has_an_answer() {
    for (name, bytes) in samples() {
        for end in 0..bytes.len() {
            let found = inspect(&bytes[..end]);
            assert_eq!(found, inspect(&bytes[..end]), "{name} cut at {end}");
            let wrong = end > 8 && is_whole(&name) && found.answer() == Answer::Read;
            assert!(!wrong, "{name} cut at {end}: {found:?}");
        }
    }
}

#[test]
fn every_changed_byte_has_an_answer() {
    let mut changes = 0u32;
    for (_, bytes) in samples() {
        // Long files in steps; a prime, so that no field is left out each time.
        let step = if bytes.len() > 2000 { 7 } else { 1 };
        for at in (0..bytes.len()).step_by(step) {
            for flip in [0x01, 0x80, 0xff] {
                let mut other = bytes.clone();
                other[at] ^= flip;
                let found = inspect(&other);
                let len = u64::try_from(bytes.len()).unwrap();
                let place = found.fault().map(Fault::offset);
                assert!(place.is_none_or(|place| place <= len), "{found:?}");
                changes += 1;
            }
        }
    }
    assert!(changes > 10_000, "only {changes}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        prop_assert_eq!(inspect(&bytes), inspect(&bytes));
    }

    #[test]
    fn no_rest_is_too_strange(
        which in 0..17usize,
        keep in 0..200usize,
        rest in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let (_, bytes) = samples().swap_remove(which);
        let mixed = [&bytes[..keep.min(bytes.len())], &rest].concat();
        prop_assert_eq!(inspect(&mixed), inspect(&mixed));
    }
}
