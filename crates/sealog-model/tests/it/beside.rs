//! Tensors of an ONNX model in a file beside it: clean where the model accounts for every byte of it, and only there.

use std::fs;
use std::path::Path;

use sealog_model::scan::{Limits, Verdict, scan_path};

use super::assemble::{field, harm};

/// Sixteen times 1.0: bytes that begin like nothing that is known.
const NUMBERS: [u8; 64] = {
    let mut numbers = [0; 64];
    let mut at = 0;
    while at < 64 {
        numbers[at + 2] = 0x80;
        numbers[at + 3] = 0x3f;
        at += 4;
    }
    numbers
};

/// A tensor in another file: pairs of names and values, and where the data are said to be (1: outside).
fn tensor(pairs: &[(&str, &str)], outside: u8) -> Vec<u8> {
    let pairs = pairs.iter().flat_map(|(name, value)| {
        let pair = [field(1, name.as_bytes()), field(2, value.as_bytes())].concat();
        field(13, &pair)
    });
    pairs.chain([0x70, outside]).collect()
}

fn model(tensors: &[Vec<u8>]) -> Vec<u8> {
    let graph: Vec<u8> = tensors.iter().flat_map(|tensor| field(5, tensor)).collect();
    [b"\x08\x08".as_slice(), &field(7, &graph)].concat()
}

/// The answer for the file `w.bin`, and its kind.
fn answer(model: &[u8], data: &[u8]) -> (Verdict, String) {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("m.onnx"), model).unwrap();
    fs::write(home.path().join("w.bin"), data).unwrap();
    of(home.path(), "w.bin")
}

fn of(path: &Path, name: &str) -> (Verdict, String) {
    let report = scan_path(path, &Limits::default()).unwrap();
    let file = report.files().iter().find(|file| file.path() == name);
    let file = file.unwrap();
    (file.verdict(), file.kind().to_owned())
}

fn at<'a>(offset: &'a str, length: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("location", "w.bin"),
        ("offset", offset),
        ("length", length),
    ]
}

#[test]
fn data_that_a_clean_model_accounts_for_are_tensors() {
    let whole = [("location", "w.bin")];
    let shared = [tensor(&at("0", "64"), 1), tensor(&at("16", "16"), 1)];
    let mut padded = [0; 192];
    padded[..64].copy_from_slice(&NUMBERS);
    padded[128..].copy_from_slice(&NUMBERS);
    let apart = [tensor(&at("128", "64"), 1), tensor(&at("0", "64"), 1)];
    for (model, data) in [
        (model(&[tensor(&at("0", "64"), 1)]), NUMBERS.as_slice()),
        (model(&[tensor(&whole, 1)]), &NUMBERS),
        (
            model(&[tensor(&at("0", "32"), 1), tensor(&at("32", "32"), 1)]),
            &NUMBERS,
        ),
        (model(&shared), &NUMBERS),
        (model(&apart), &padded),
    ] {
        assert_eq!(answer(&model, data), (Verdict::Clean, "tensor data".into()));
    }
}

#[test]
fn a_byte_that_no_tensor_accounts_for_is_undecided() {
    let mut more = NUMBERS.to_vec();
    more.push(1);
    let mut between = [0; 192];
    between[..64].copy_from_slice(&NUMBERS);
    between[100] = 1;
    between[128..].copy_from_slice(&NUMBERS);
    let apart = [tensor(&at("0", "64"), 1), tensor(&at("128", "64"), 1)];
    for (model, data) in [
        (model(&[tensor(&at("0", "63"), 1)]), NUMBERS.as_slice()),
        (model(&[tensor(&at("3", "61"), 1)]), &NUMBERS),
        (model(&[tensor(&at("0", "64"), 1)]), &more),
        (model(&apart), &between),
    ] {
        assert_eq!(answer(&model, data), (Verdict::Undecided, "unknown".into()));
    }
}

#[test]
fn what_a_model_does_not_say_plainly_is_undecided() {
    let twice = [("location", "w.bin"), ("length", "1"), ("length", "64")];
    for (pairs, outside) in [
        (at("0", "65").to_vec(), 1),
        (at("65", "0").to_vec(), 1),
        (at("18446744073709551615", "64").to_vec(), 1),
        (at("18446744073709551616", "64").to_vec(), 1),
        (at("+0", "64").to_vec(), 1),
        (at("0", "").to_vec(), 1),
        (at("0", "64").to_vec(), 0),
        (twice.to_vec(), 1),
        (vec![("location", "./w.bin")], 1),
        (vec![("location", "other.bin")], 1),
        (vec![("length", "64")], 1),
    ] {
        let answer = answer(&model(&[tensor(&pairs, outside)]), &NUMBERS);
        assert_eq!(answer.0, Verdict::Undecided, "{pairs:?}");
    }
    let broken = [model(&[tensor(&at("0", "64"), 1)]), vec![0x18; 1]].concat();
    assert_eq!(answer(&broken, &NUMBERS).0, Verdict::Undecided);
    // A model that is not clean vouches for nothing.
    let out = tensor(&[("location", "../x")], 1);
    let model = model(&[tensor(&at("0", "64"), 1), out]);
    assert_eq!(answer(&model, &NUMBERS).0, Verdict::Undecided);
}

#[test]
fn what_is_more_than_unknown_stays_what_it_is() {
    let all = model(&[tensor(&[("location", "w.bin")], 1)]);
    assert_eq!(answer(&all, &harm()).0, Verdict::Malicious);
    assert_eq!(
        answer(&all, b"7z\xbc\xaf\x27\x1c and more").0,
        Verdict::Undecided
    );
    let program = [b"\x7fELF".as_slice(), &[0; 60]].concat();
    assert_eq!(answer(&all, &program).0, Verdict::Suspicious);
}

#[test]
fn names_lead_from_the_models_own_directory() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name);
    fs::create_dir_all(path("a/data")).unwrap();
    let within = model(&[tensor(&[("location", "data/w.bin")], 1)]);
    fs::write(path("a/m.onnx"), within).unwrap();
    fs::write(path("a/data/w.bin"), NUMBERS).unwrap();
    fs::write(path("w.bin"), NUMBERS).unwrap();
    assert_eq!(of(home.path(), "a/data/w.bin").0, Verdict::Clean);
    assert_eq!(of(home.path(), "w.bin").0, Verdict::Undecided);
    // Alone, nobody says what it is.
    assert_eq!(of(&path("a/data"), "w.bin").0, Verdict::Undecided);
}

#[test]
fn tensors_beside_a_model_are_remembered_up_to_a_limit() {
    const MAX: usize = 65_536;
    let one = tensor(&at("0", "1"), 1);
    for (before, verdict) in [(MAX - 1, Verdict::Clean), (MAX, Verdict::Undecided)] {
        let mut tensors = vec![one.clone(); before];
        tensors.push(tensor(&at("0", "64"), 1));
        assert_eq!(answer(&model(&tensors), &NUMBERS).0, verdict);
    }
}
