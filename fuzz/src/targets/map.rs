//! Proofs of the state map, built from bytes: whatever is accepted must be true of the map.

use sealog_core::Hash;
use sealog_core::json::Value;
use sealog_core::map::{self, Map, MapProof, Terminal};

use super::variant;
use crate::Answer;

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "absent"];

fn tree() -> Map {
    let mut tree = Map::new();
    for name in NAMES.iter().filter(|name| **name != "absent") {
        tree.insert(map::key("stream", &[name]), name.as_bytes());
    }
    tree
}

/// Byte 0 names the key, byte 1 the statement, byte 2 the terminal (with 64 bytes for another leaf), the rest are
/// siblings. A proof of a false statement may never hold, whatever its bytes are.
pub(super) fn proof(bytes: &[u8]) -> Answer {
    let (Some(&[which, statement, terminal]), Some(mut rest)) =
        (bytes.first_chunk(), bytes.get(3..))
    else {
        return "too short".to_owned();
    };
    let Some(name) = NAMES.get(usize::from(which) % NAMES.len()) else {
        return "no key".to_owned();
    };
    let terminal = match terminal % 3 {
        0 => Terminal::Present,
        1 => Terminal::Empty,
        _ => {
            let Some((other, after)) = rest.split_first_chunk::<64>() else {
                return "too short".to_owned();
            };
            rest = after;
            let (key, value_hash) = other.split_at(32);
            Terminal::Other {
                key: hash(key),
                value_hash: hash(value_hash),
            }
        }
    };
    let proof = MapProof::new(rest.chunks_exact(32).map(hash).collect(), terminal);
    let written = proof.to_json();
    assert_eq!(
        MapProof::from_json(&written).as_ref(),
        Ok(&proof),
        "changed by writing it"
    );
    let mut tree = tree();
    let (root, key) = (tree.root(), map::key("stream", &[name]));
    let holds = if statement % 2 == 0 {
        let wrong = map::verify_membership(&root, &key, b"another value", &proof);
        assert!(wrong.is_err(), "a value that the key does not have");
        map::verify_membership(&root, &key, name.as_bytes(), &proof)
    } else {
        map::verify_absence(&root, &key, &proof)
    };
    match holds {
        Ok(()) => {
            assert_eq!(
                statement % 2 == 0,
                tree.value_hash(&key).is_some(),
                "a false statement"
            );
            assert_eq!(proof, tree.prove(&key), "a second proof of one statement");
            "accepted".to_owned()
        }
        Err(error) => variant(&error),
    }
}

fn hash(bytes: &[u8]) -> Hash {
    Hash::new(bytes.first_chunk().copied().unwrap_or_default())
}

pub(super) fn proof_seeds() -> Vec<Vec<u8>> {
    let tree = tree();
    let encode = |(which, name): (u8, &&str)| {
        let proof = tree.prove(&map::key("stream", &[name]));
        let statement = u8::from(*name == "absent");
        let mut bytes = vec![which, statement];
        match proof.terminal() {
            Terminal::Present => bytes.push(0),
            Terminal::Empty => bytes.push(1),
            Terminal::Other { key, value_hash } => {
                bytes.push(2);
                bytes.extend(key.as_bytes());
                bytes.extend(value_hash.as_bytes());
            }
        }
        bytes.extend(proof.siblings().iter().flat_map(Hash::as_bytes));
        bytes
    };
    (0..).zip(&NAMES).map(encode).collect()
}

/// The text of a proof has one spelling.
pub(super) fn text(bytes: &[u8]) -> Answer {
    let value = match Value::parse(bytes) {
        Ok(value) => value,
        Err(error) => return variant(&error),
    };
    match MapProof::from_json(&value) {
        Ok(proof) => {
            assert_eq!(proof.to_json(), value);
            format!("accepted {}", variant(&proof.terminal()))
        }
        Err(error) => variant(&error),
    }
}

pub(super) fn text_seeds() -> Vec<Vec<u8>> {
    let tree = tree();
    let other = Terminal::Other {
        key: Hash::new([1; 32]),
        value_hash: Hash::new([2; 32]),
    };
    let mut proofs: Vec<MapProof> = NAMES
        .iter()
        .map(|name| tree.prove(&map::key("stream", &[name])))
        .collect();
    proofs.push(MapProof::new(Vec::new(), other));
    proofs
        .iter()
        .map(|proof| proof.to_json().to_canonical())
        .collect()
}
