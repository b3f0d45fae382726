//! Known answers, the naive tree of the definition, and one refusing case for each rule of a proof.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::limits::MAP_SIBLINGS_MAX;

/// The definition of the format page, word by word.
fn naive_root(entries: &[(Hash, Hash)], depth: usize) -> Hash {
    match entries {
        [] => Hash::ZERO,
        [(key, value_hash)] => Hash::of(&[&[2], key.as_bytes(), value_hash.as_bytes()]),
        _ => {
            let bit = |key: &Hash| (key.as_bytes()[depth / 8] >> (7 - depth % 8)) & 1;
            let (right, left): (Vec<_>, Vec<_>) =
                entries.iter().partition(|(key, _)| bit(key) == 1);
            let (left, right) = (naive_root(&left, depth + 1), naive_root(&right, depth + 1));
            Hash::of(&[&[3], left.as_bytes(), right.as_bytes()])
        }
    }
}

/// A key of the given first byte, else zeros.
fn at(first: u8) -> Hash {
    let mut bytes = [0; 32];
    bytes[0] = first;
    Hash::new(bytes)
}

fn last_bit_set() -> Hash {
    let mut bytes = [0; 32];
    bytes[31] = 1;
    Hash::new(bytes)
}

fn map_of(entries: &[(Hash, &[u8])]) -> Map {
    let mut map = Map::new();
    for (key, value) in entries {
        map.insert(*key, value);
    }
    map
}

/// Three keys: 0x00.., 0x40.., 0x80..
fn three() -> Map {
    map_of(&[(at(0x00), b"a"), (at(0x40), b"b"), (at(0x80), b"c")])
}

#[test]
fn key_is_the_hash_of_prefix_domain_and_names() {
    assert_eq!(
        key("stream", &["acme", "loans"]),
        Hash::of(&[b"sealog/map/v1\0stream\0acme\0loans"])
    );
    assert_eq!(
        key("key", &["log"]).to_hex(),
        "ecb67f87f74294c2959ce0afe21c704c3acf3f1bc7c76c4d05795cc2c8c4087d"
    );
}

#[test]
fn roots_of_none_one_and_two_keys() {
    assert_eq!(Map::new().root(), Hash::ZERO);
    assert_eq!(map_of(&[(at(0x80), b"c")]).root(), leaf(&at(0x80), b"c"));
    assert_eq!(
        leaf(&at(0x80), b"c"),
        Hash::of(&[&[2], at(0x80).as_bytes(), Hash::of(&[b"c"]).as_bytes()])
    );
    assert_eq!(
        map_of(&[(at(0x80), b"c"), (at(0), b"a")]).root(),
        inner(&leaf(&at(0), b"a"), &leaf(&at(0x80), b"c"))
    );
}

#[test]
fn keys_that_differ_in_the_last_bit_only_lie_at_depth_256() {
    let mut map = map_of(&[(at(0), b"a"), (last_bit_set(), b"b")]);
    let mut expected = inner(&leaf(&at(0), b"a"), &leaf(&last_bit_set(), b"b"));
    for _ in 0..255 {
        expected = inner(&expected, &Hash::ZERO);
    }
    let root = map.root();
    assert_eq!(root, expected);
    let proof = map.prove(&last_bit_set());
    assert_eq!(proof.siblings().len(), MAP_SIBLINGS_MAX);
    assert_eq!(
        verify_membership(&root, &last_bit_set(), b"b", &proof),
        Ok(())
    );
    assert_eq!(map.remove(&at(0)), Some(Hash::of(&[b"a"])));
    assert_eq!(
        map.root(),
        leaf(&last_bit_set(), b"b"),
        "a single key has no path"
    );
}

#[test]
fn setting_a_value_again_replaces_it_and_removing_what_is_absent_changes_nothing() {
    let mut map = three();
    let root = map.root();
    assert_eq!(map.insert(at(0x40), b"x"), Some(Hash::of(&[b"b"])));
    assert_eq!(map.len(), 3);
    assert_ne!(map.root(), root);
    assert_eq!(map.insert(at(0x40), b"b"), Some(Hash::of(&[b"x"])));
    assert_eq!(map.remove(&at(0x41)), None);
    assert_eq!(map.remove(&at(0xc0)), None);
    assert_eq!(map.root(), root);
    assert_eq!(map.len(), 3);
}

#[test]
fn absence_is_shown_by_nothing_or_by_another_leaf() {
    let mut map = three();
    let root = map.root();
    let other = map.prove(&at(0xc0));
    assert!(matches!(other.terminal(), Terminal::Other { key, .. } if key == at(0x80)));
    assert_eq!(verify_absence(&root, &at(0xc0), &other), Ok(()));

    let mut map = map_of(&[(at(0x80), b"a"), (at(0x81), b"b")]);
    let root = map.root();
    let nothing = map.prove(&at(0));
    assert_eq!(nothing.terminal(), Terminal::Empty);
    assert_eq!(verify_absence(&root, &at(0), &nothing), Ok(()));

    let empty = Map::new().prove(&at(0));
    assert_eq!(verify_absence(&Hash::ZERO, &at(0), &empty), Ok(()));
}

/// A refused proof, so that each case below reads as one line.
fn refused(result: Result<(), MapError>, kind: ErrorKind, holds: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(format!("{error}").contains(holds), "{error}");
}

#[test]
fn refuses_another_value_key_or_root() {
    let mut map = three();
    let root = map.root();
    let proof = map.prove(&at(0x40));
    assert_eq!(verify_membership(&root, &at(0x40), b"b", &proof), Ok(()));
    let refuted = |result| refused(result, ErrorKind::Refuted, "leads to root");
    refuted(verify_membership(&root, &at(0x40), b"B", &proof));
    refuted(verify_membership(&root, &at(0x41), b"b", &proof));
    refuted(verify_membership(&Hash::ZERO, &at(0x40), b"b", &proof));
}

#[test]
fn refuses_a_changed_dropped_added_or_swapped_sibling() {
    let mut map = three();
    let root = map.root();
    let good = map.prove(&at(0x40));
    let [first, second] = good.siblings() else {
        panic!("two siblings")
    };
    let mut changed = *second.as_bytes();
    changed[31] ^= 1;
    for siblings in [
        vec![*first, Hash::new(changed)],
        vec![*first],
        vec![*second],
        vec![],
        vec![*first, *second, at(1)],
        vec![*second, *first],
    ] {
        let proof = MapProof::new(siblings, Terminal::Present);
        let result = verify_membership(&root, &at(0x40), b"b", &proof);
        refused(result, ErrorKind::Refuted, "leads to root");
    }
}

#[test]
fn refuses_more_siblings_than_a_key_has_bits() {
    let max = MapProof::new(vec![at(1); MAP_SIBLINGS_MAX], Terminal::Present);
    let result = verify_membership(&at(0), &at(0), b"", &max);
    refused(result, ErrorKind::Refuted, "leads to root");
    let more = MapProof::new(vec![at(1); MAP_SIBLINGS_MAX + 1], Terminal::Present);
    let result = verify_membership(&at(0), &at(0), b"", &more);
    refused(result, ErrorKind::Malformed, "257 siblings, more than 256");
    let more = MapProof::new(vec![at(1); MAP_SIBLINGS_MAX + 1], Terminal::Empty);
    refused(
        verify_absence(&at(0), &at(0), &more),
        ErrorKind::Malformed,
        "257 siblings",
    );
}

#[test]
fn refuses_a_path_below_a_single_key_even_where_the_root_fits() {
    let (key, other) = (at(0), at(0x01));
    // A tree that is not compact: the only key at depth 1.
    let root = inner(&leaf(&key, b"a"), &Hash::ZERO);
    let proof = MapProof::new(vec![Hash::ZERO], Terminal::Present);
    let result = verify_membership(&root, &key, b"a", &proof);
    refused(result, ErrorKind::Malformed, "ends at depth 1");
    let terminal = Terminal::Other {
        key,
        value_hash: Hash::of(&[b"a"]),
    };
    let proof = MapProof::new(vec![Hash::ZERO], terminal);
    refused(
        verify_absence(&root, &other, &proof),
        ErrorKind::Malformed,
        "ends at depth 1",
    );
}

#[test]
fn refuses_an_inner_node_over_nothing_even_where_the_root_fits() {
    let root = inner(&Hash::ZERO, &Hash::ZERO);
    let proof = MapProof::new(vec![Hash::ZERO], Terminal::Empty);
    refused(
        verify_absence(&root, &at(0), &proof),
        ErrorKind::Malformed,
        "ends at depth 1",
    );
}

#[test]
fn refuses_absence_at_the_last_bit_even_where_the_root_fits() {
    let mut root = inner(&Hash::ZERO, &leaf(&last_bit_set(), b"a"));
    let mut siblings = vec![Hash::ZERO; 255];
    siblings.push(leaf(&last_bit_set(), b"a"));
    for _ in 0..255 {
        root = inner(&root, &Hash::ZERO);
    }
    let proof = MapProof::new(siblings, Terminal::Empty);
    refused(
        verify_absence(&root, &at(0), &proof),
        ErrorKind::Malformed,
        "ends at depth 256",
    );
}

#[test]
fn refuses_a_proof_of_the_other_statement() {
    let mut map = three();
    let root = map.root();
    let present = map.prove(&at(0x40));
    refused(
        verify_absence(&root, &at(0x40), &present),
        ErrorKind::Refuted,
        "shows presence",
    );
    let absent = map.prove(&at(0xc0));
    let result = verify_membership(&root, &at(0xc0), b"c", &absent);
    refused(result, ErrorKind::Refuted, "shows absence");
}

#[test]
fn refuses_absence_by_the_keys_own_leaf() {
    let mut map = three();
    let root = map.root();
    let terminal = Terminal::Other {
        key: at(0x40),
        value_hash: Hash::of(&[b"b"]),
    };
    let proof = MapProof::new(map.prove(&at(0x40)).siblings().to_vec(), terminal);
    refused(
        verify_absence(&root, &at(0x40), &proof),
        ErrorKind::Refuted,
        "own leaf",
    );
}

#[test]
fn refuses_absence_by_a_leaf_on_another_path() {
    let mut map = three();
    let root = map.root();
    // The path and leaf of 0x40.., offered for 0x20.., which belongs beside 0x00...
    let terminal = Terminal::Other {
        key: at(0x40),
        value_hash: Hash::of(&[b"b"]),
    };
    let proof = MapProof::new(map.prove(&at(0x40)).siblings().to_vec(), terminal);
    refused(
        verify_absence(&root, &at(0x20), &proof),
        ErrorKind::Refuted,
        "shares 1 bits",
    );
}

#[test]
fn refuses_absence_under_another_root() {
    let map = three();
    let proof = map.prove(&at(0xc0));
    refused(
        verify_absence(&at(9), &at(0xc0), &proof),
        ErrorKind::Refuted,
        "leads to root",
    );
    let nothing = MapProof::new(vec![], Terminal::Empty);
    let result = verify_absence(&three().root(), &at(0xc0), &nothing);
    refused(result, ErrorKind::Refuted, "leads to root");
}

/// Keys with short, long and full common prefixes.
fn keys() -> impl Strategy<Value = Hash> {
    (0_u8..8, 0_u8..3, any::<bool>()).prop_map(|(first, last, spread)| {
        let mut bytes = [0; 32];
        bytes[0] = if spread { first.wrapping_mul(37) } else { 0 };
        bytes[17] = first;
        bytes[31] = last;
        Hash::new(bytes)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_naive_tree_through_any_changes(
        changes in proptest::collection::vec((keys(), proptest::option::weighted(0.7, 0_u8..3)), 0..60),
        asked in keys(),
    ) {
        let (mut map, mut naive) = (Map::new(), BTreeMap::new());
        for (key, value) in changes {
            let (before, expected) = if let Some(value) = value {
                (map.insert(key, &[value]), naive.insert(key, Hash::of(&[&[value]])))
            } else {
                (map.remove(&key), naive.remove(&key))
            };
            prop_assert_eq!(before, expected);
            prop_assert_eq!(map.len(), naive.len());
            let entries: Vec<_> = naive.iter().map(|(key, value)| (*key, *value)).collect();
            let listed: Vec<_> = map.iter().map(|(key, value)| (*key, *value)).collect();
            prop_assert_eq!(&listed, &entries);
            let unsettled = map.prove(&asked);
            prop_assert_eq!(map.root(), naive_root(&entries, 0));
            prop_assert_eq!(&map.prove(&asked), &unsettled);
        }
    }

    #[test]
    fn every_key_has_one_proof_that_holds_and_no_flipped_bit_of_it_does(
        entries in proptest::collection::btree_map(keys(), 0_u8..3, 0..40),
        asked in keys(),
        flip in any::<proptest::sample::Index>(),
    ) {
        let mut map = Map::new();
        for (key, value) in &entries {
            map.insert(*key, &[*value]);
        }
        let root = map.root();
        let proof = map.prove(&asked);
        if let Some(value) = entries.get(&asked) {
            prop_assert_eq!(verify_membership(&root, &asked, &[*value], &proof), Ok(()));
            prop_assert!(verify_membership(&root, &asked, &[*value ^ 4], &proof).is_err());
            prop_assert!(verify_absence(&root, &asked, &proof).is_err());
        } else {
            prop_assert_eq!(verify_absence(&root, &asked, &proof), Ok(()));
            prop_assert!(verify_membership(&root, &asked, &[0], &proof).is_err());
        }
        if !proof.siblings().is_empty() {
            let bit = flip.index(proof.siblings().len() * 256);
            let mut siblings = proof.siblings().to_vec();
            let mut bytes = *siblings[bit / 256].as_bytes();
            bytes[bit % 256 / 8] ^= 1 << (bit % 8);
            siblings[bit / 256] = Hash::new(bytes);
            let flipped = MapProof::new(siblings, proof.terminal());
            let value = entries.get(&asked).copied().unwrap_or(0);
            prop_assert!(verify_membership(&root, &asked, &[value], &flipped).is_err());
            prop_assert!(verify_absence(&root, &asked, &flipped).is_err());
        }
    }
}
