//! Every bit of a file, and a bit of every byte of what vouches for it: in this process, and a sample of them by the
//! command, which has to say the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sealog_core::json::Value;
use sealog_model::Error;

use super::world::{FORMS, Form, Signed};

/// Flips of one file that also go through the command.
const SAMPLES: usize = 6;

/// Which bits of a file are flipped, each by itself.
#[derive(Clone, Copy)]
enum Bits {
    All,
    /// One of every byte, each time another.
    OneOfEach,
}

/// What each flip of a file comes to: its code, empty where it holds.
fn flips(path: &Path, bits: Bits, mut decide: impl FnMut(bool, &[u8]) -> String) -> Vec<String> {
    let old = fs::read(path).unwrap();
    let chosen: Vec<usize> = match bits {
        Bits::All => (0..old.len() * 8).collect(),
        Bits::OneOfEach => (0..old.len()).map(|at| at * 8 + at % 8).collect(),
    };
    // Not always the same bit of a byte.
    let step = chosen.len() / SAMPLES;
    let is_sample = |count: usize| count % step == count / step;
    let samples = (0..chosen.len()).filter(|count| is_sample(*count)).count();
    assert!(samples >= SAMPLES, "{samples}");
    let mut decided = Vec::new();
    for (count, bit) in chosen.into_iter().enumerate() {
        let mut new = old.clone();
        new[bit / 8] ^= 1 << (bit % 8);
        fs::write(path, &new).unwrap();
        decided.push(decide(is_sample(count), &new));
    }
    fs::write(path, old).unwrap();
    decided
}

fn code<T>(decided: Result<T, Error>) -> String {
    decided.map_or_else(|error| error.code().to_owned(), |_| String::new())
}

/// Flips of one file by the library, and the sample by the command: how often which code. `holds` sees those that hold.
fn verified(
    signed: &Signed,
    path: &str,
    bits: Bits,
    holds: impl Fn(&[u8]),
) -> BTreeMap<String, usize> {
    let decided = flips(&signed.at(path), bits, |is_sample, new| {
        let here = code(signed.verify_here());
        if is_sample {
            for answer in [signed.verify(&[]), signed.gate(&[])] {
                assert_eq!(answer.reason, here, "{path}, {:?}", signed.form);
                assert_eq!(answer.status == 0, here.is_empty());
            }
        }
        if here.is_empty() {
            holds(new);
        }
        here
    });
    let mut counts = BTreeMap::new();
    for code in decided {
        *counts.entry(code).or_insert(0) += 1;
    }
    counts
}

fn never(text: &[u8]) {
    panic!("held: {}", String::from_utf8_lossy(text));
}

fn all(code: &str, flips: usize) -> BTreeMap<String, usize> {
    BTreeMap::from([(code.to_owned(), flips)])
}

fn length(signed: &Signed, path: &str) -> usize {
    fs::read(signed.at(path)).unwrap().len()
}

fn codes(counts: &BTreeMap<String, usize>) -> Vec<&str> {
    counts.keys().map(String::as_str).collect()
}

#[test]
fn every_flipped_bit_of_a_file_is_refuted_by_verify_and_gate() {
    for form in FORMS {
        let signed = Signed::new(form);
        let path = form.file();
        let expected = all("model_differs", length(&signed, path) * 8);
        let found = verified(&signed, path, Bits::All, never);
        assert_eq!(found, expected, "{form:?}");
        let gated = flips(&signed.at(path), Bits::All, |_, _| code(signed.gate_here()));
        assert!(gated.iter().all(|code| code == "model_differs"), "{form:?}");
        // The twin.
        signed.verify_here().unwrap();
        signed.gate_here().unwrap();
    }
}

#[test]
fn a_flip_in_any_byte_of_our_own_manifest_and_signature_is_refused() {
    let signed = Signed::new(Form::Own);
    let expected = all("model_signature", length(&signed, "e/e"));
    let found = verified(&signed, "e/e", Bits::OneOfEach, never);
    assert_eq!(found, expected);
    let found = verified(&signed, "e/e.sig", Bits::OneOfEach, never);
    assert_eq!(codes(&found), ["model_malformed", "model_signature"]);
}

/// What a bundle signs is its payload; of what stands around it, all that may be there is used.
#[test]
fn a_flip_in_any_byte_of_an_oms_bundle_is_refused() {
    let signed = Signed::new(Form::Oms);
    let text = fs::read(signed.at("e/e")).unwrap();
    let value = Value::parse(&text).unwrap();
    let envelope = value.member("dsseEnvelope").unwrap();
    let payload = envelope.member("payload").and_then(Value::as_str).unwrap();
    let found = verified(&signed, "e/e", Bits::OneOfEach, never);
    assert_eq!(codes(&found), ["model_malformed", "model_signature"]);
    assert!(found["model_signature"] > payload.len() / 2, "{found:?}");
}

#[test]
fn a_flip_in_any_byte_of_a_hashtrace_manifest_and_signature_is_refused() {
    let signed = Signed::new(Form::HashTrace);
    // A text that follows its form is refuted by the signature, another one is malformed.
    let found = verified(&signed, "e/e", Bits::OneOfEach, never);
    for code in codes(&found) {
        assert!(
            ["model_malformed", "model_signature", "model_unfit"].contains(&code),
            "{found:?}"
        );
    }
    let expected = all("model_signature", length(&signed, "e/e.sig"));
    let found = verified(&signed, "e/e.sig", Bits::OneOfEach, never);
    assert_eq!(found, expected);
}

/// Nobody signs the metadata. What the pickle says binds the class and the size; the time is anybody's word, and is
/// shown as not signed.
#[test]
fn a_flip_in_metadata_holds_only_in_what_nothing_binds() {
    let signed = Signed::new(Form::Triple);
    let found = verified(&signed, "e/e", Bits::OneOfEach, never);
    assert_eq!(codes(&found), ["model_differs", "model_malformed"]);
    let path = "e/model_metadata.json";
    let bound = |text: &[u8]| {
        let value = Value::parse(text).unwrap();
        ["model_type", "file_size_bytes"].map(|name| value.member(name).cloned().unwrap())
    };
    let before = bound(&fs::read(signed.at(path)).unwrap());
    let found = verified(&signed, path, Bits::OneOfEach, |new| {
        assert_eq!(bound(new), before);
    });
    assert_eq!(codes(&found), ["", "model_malformed", "model_not_expected"]);
}
