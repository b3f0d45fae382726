//! Runs the worked examples of the pages of the log's formats: tree, note, checkpoint, cosignature, proof, policy,
//! tiles. Made by an implementation in another language.

mod signed;
mod tiles;
mod tree;

use sealog_core::tlog::sign::Ed25519Signer;
use sealog_core::tlog::vkey::{KeyType, VerifierKey};
use sealog_core::{ErrorKind, Hash};
use serde_json::Value;

use crate::examples;

/// The cases of a block; an empty one fails the test.
fn cases(page: &str, name: &str) -> Vec<Value> {
    let cases = examples::json(page, name);
    let cases = cases
        .as_array()
        .unwrap_or_else(|| panic!("{page}.md, {name}: no array"));
    assert!(!cases.is_empty(), "{page}.md, {name}: no case");
    cases.clone()
}

fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {case}"))
}

fn number(case: &Value, name: &str) -> u64 {
    case[name]
        .as_u64()
        .unwrap_or_else(|| panic!("{name} in {case}"))
}

fn texts(case: &Value, name: &str) -> Vec<String> {
    let list = case[name]
        .as_array()
        .unwrap_or_else(|| panic!("{name} in {case}"));
    list.iter()
        .map(|item| item.as_str().unwrap().to_owned())
        .collect()
}

fn hash(hex: &str) -> Hash {
    Hash::from_hex(hex).unwrap_or_else(|| panic!("{hex}"))
}

fn hashes(case: &Value, name: &str) -> Vec<Hash> {
    texts(case, name).iter().map(|hex| hash(hex)).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let mut bytes = vec![0; hex.len() / 2];
    sealog_core::hash::decode_hex(hex.as_bytes(), &mut bytes).unwrap();
    bytes
}

fn keys(case: &Value) -> Vec<VerifierKey> {
    texts(case, "keys")
        .iter()
        .map(|key| key.parse().unwrap())
        .collect()
}

fn signer(key_type: KeyType, name: &str, seed: &str) -> Ed25519Signer {
    let seed: [u8; 32] = bytes(seed).try_into().unwrap();
    Ed25519Signer::from_seed(key_type, name, &seed).unwrap()
}

/// The kind that a refusing case states.
fn kind(case: &Value) -> ErrorKind {
    match text(case, "kind") {
        "malformed" => ErrorKind::Malformed,
        "refuted" => ErrorKind::Refuted,
        "refused" => ErrorKind::Refused,
        other => panic!("{other}"),
    }
}
