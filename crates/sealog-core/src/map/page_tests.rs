//! The examples of the format page, made by another implementation.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::json::Value;
use crate::limits::MAP_SIBLINGS_MAX;
use crate::worked::{examples, text};

const PAGE: &str = include_str!("../../../../docs/formats/state-map.md");

fn key_of(example: &Value) -> Hash {
    let names = example.member("names").and_then(Value::as_array).unwrap();
    let names: Vec<&str> = names.iter().map(|name| name.as_str().unwrap()).collect();
    key(text(example, "domain"), &names)
}

/// The last map of the page.
fn map() -> Map {
    let mut map = Map::new();
    let example = examples(PAGE, "maps").pop().unwrap();
    for entry in example.member("entries").and_then(Value::as_array).unwrap() {
        map.insert(key_of(entry), text(entry, "value").as_bytes());
    }
    map
}

fn check(root: &Hash, example: &Value) -> Result<(), MapError> {
    let proof = MapProof::from_json(example.member("proof").unwrap())?;
    match example.member("value").unwrap().as_str() {
        Some(value) => verify_membership(root, &key_of(example), value.as_bytes(), &proof),
        None => verify_absence(root, &key_of(example), &proof),
    }
}

#[test]
fn the_maps_of_the_page_have_their_roots() {
    for example in examples(PAGE, "maps") {
        let mut map = Map::new();
        for entry in example.member("entries").and_then(Value::as_array).unwrap() {
            let key = key_of(entry);
            assert_eq!(key.to_hex(), text(entry, "key"));
            let value = text(entry, "value").as_bytes();
            assert_eq!(Value::parse(value).unwrap().to_canonical(), value);
            map.insert(key, value);
        }
        assert_eq!(map.root().to_hex(), text(&example, "root"));
    }
}

#[test]
fn the_proofs_of_the_page_hold_and_are_made_alike() {
    let mut map = map();
    let root = map.root();
    let mut terminals = Vec::new();
    for example in examples(PAGE, "proofs") {
        assert_eq!(check(&root, &example), Ok(()), "{example:?}");
        let made = map.prove(&key_of(&example));
        assert_eq!(&made.to_json(), example.member("proof").unwrap());
        terminals.push(core::mem::discriminant(&made.terminal()));
    }
    terminals.dedup();
    assert_eq!(terminals.len(), 3, "one of each statement");
}

#[test]
fn the_proofs_that_the_page_refuses_are_refused() {
    for example in examples(PAGE, "refused") {
        let root = Hash::from_hex(text(&example, "root")).unwrap();
        let error = check(&root, &example).expect_err("refused");
        let shown = format!("{error:?}");
        let name = shown.split([' ', '{']).next().unwrap();
        assert_eq!(name, text(&example, "error"), "{}", text(&example, "why"));
    }
}

#[test]
fn json_that_is_no_proof_is_malformed() {
    for example in examples(PAGE, "malformed") {
        let error = MapProof::from_json(&example).expect_err("malformed");
        assert!(matches!(error, MapError::Text { .. }), "{error}");
        assert_eq!(error.kind(), ErrorKind::Malformed);
    }
}

#[test]
fn a_proof_may_have_as_many_siblings_as_a_key_has_bits_and_no_more() {
    let proof = |siblings| MapProof::new(vec![Hash::of(&[]); siblings], Terminal::Present);
    let max = proof(MAP_SIBLINGS_MAX);
    assert_eq!(MapProof::from_json(&max.to_json()), Ok(max));
    let (max, found) = (MAP_SIBLINGS_MAX, MAP_SIBLINGS_MAX + 1);
    assert_eq!(
        MapProof::from_json(&proof(found).to_json()),
        Err(MapError::TooManySiblings { max, found })
    );
}
