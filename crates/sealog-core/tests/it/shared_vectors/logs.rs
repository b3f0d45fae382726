//! Whole logs: transparency-dev/tessera's test log, and sunlight's witnesses and mirror.

use sealog_core::Hash;
use sealog_core::tlog::checkpoint::{self, Checkpoint};
use sealog_core::tlog::note::{self, Note};
use sealog_core::tlog::tile::{self, Kind, Tile};
use sealog_core::tlog::tree::{self, Frontier, GroupTree};
use sealog_core::tlog::vkey::{KeyType, VerifierKey};

use super::{ran, read, read_json, source};

/// Key and entries as the README of the source states them.
const TESSERA_KEY: &str =
    "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
const TESSERA_ORIGIN: &str = "example.com/log/testdata";
const TESSERA_ENTRIES: &str =
    "one two three four five six seven eit nain ten ileven twelf threeten fourten fivten";

#[test]
fn tessera_checkpoints_tiles_and_bundles() {
    let Some(folder) = source("transparency-dev-tessera") else {
        return;
    };
    let key = VerifierKey::parse(TESSERA_KEY).unwrap();
    let entries: Vec<&[u8]> = TESSERA_ENTRIES.split(' ').map(str::as_bytes).collect();
    let leaves: Vec<Hash> = entries.iter().map(|entry| tree::leaf_hash(entry)).collect();
    let at = |path: String| read(folder.join("log").join(path));
    let mut cases = 0;
    let mut newest = None;
    let mut frontier = Frontier::new();
    for size in 0..=entries.len() {
        let note = at(format!("checkpoint.{size}"));
        let verified = checkpoint::verify(&note, TESSERA_ORIGIN, [&key]).unwrap();
        assert_eq!(verified.size(), size as u64);
        assert_eq!(*verified.root(), frontier.root());
        cases += 1;
        if size > 0 {
            let group = GroupTree::new(&Frontier::new(), &leaves[..size]);
            for (index, leaf) in leaves[..size].iter().enumerate() {
                let proof = group.proof(index).unwrap();
                verified
                    .verify_inclusion(index as u64, leaf, &proof)
                    .unwrap();
            }
            for tile in tile::hash_tiles(0, size as u64) {
                let hashes = tile::decode_hashes(&at(tile.to_string()), tile.width()).unwrap();
                assert_eq!(hashes, leaves[..size]);
                cases += 1;
            }
            for bundle in tile::bundles(0, size as u64) {
                let bytes = at(bundle.to_string());
                assert_eq!(
                    tile::decode_bundle(&bytes, bundle.width()).unwrap(),
                    entries[..size]
                );
                assert_eq!(
                    tile::encode_bundle(entries[..size].iter().copied()).unwrap(),
                    bytes
                );
                cases += 1;
            }
        }
        if let Some((old_size, old_root)) = newest
            && old_size > 0
        {
            let step = &leaves[usize::try_from(old_size).unwrap()..size];
            let mut before = Frontier::new();
            before.extend(leaves[..usize::try_from(old_size).unwrap()].iter().copied());
            let proof = GroupTree::new(&before, step).consistency_proof().unwrap();
            verified
                .verify_consistency(old_size, &old_root, &proof)
                .unwrap();
        }
        newest = Some((verified.size(), *verified.root()));
        frontier.extend(leaves.get(size).copied());
    }
    assert_eq!(at("checkpoint".into()), at("checkpoint.15".into()));
    ran(
        "transparency-dev-tessera (checkpoints, tiles, bundles)",
        cases,
        16 + 15 + 15,
    );
}

const ROME: &str = "000de184301123b9278c086a7d9f68c9577e83872224c197058fd90784ea9706";
const MILAN: &str = "88ad7a28caeb0b2aa890fdf0304c2fcaf59fca2ee140134ff8c1300bac493482";

#[test]
fn sunlight_cosignatures() {
    let Some(folder) = source("sunlight") else {
        return;
    };
    let cosigners = [
        ("witness", "witness.v0.json", ROME, 2),
        ("witness/mirror", "mirror.v0.json", ROME, 1),
        ("witness2", "witness.v0.json", MILAN, 1),
    ];
    for (place, description, origin_hash, lines) in cosigners {
        let description = read_json(folder.join(place).join(description));
        let key = VerifierKey::parse(description["verifier_keys"][0].as_str().unwrap()).unwrap();
        assert_eq!(key.key_type(), KeyType::CosignatureV1);
        let bytes = read(folder.join(place).join(origin_hash).join("checkpoint"));
        let parsed = Note::parse(&bytes).unwrap();
        assert_eq!(parsed.signatures().len(), lines);
        let checkpoint = Checkpoint::parse(parsed.text()).unwrap();
        assert_eq!(checkpoint.size(), 300);
        assert_eq!(
            Hash::of(&[checkpoint.origin().as_bytes()]).to_hex(),
            origin_hash
        );
        let verified = note::verify(&bytes, [&key]).unwrap();
        let [signature] = verified.signatures() else {
            panic!("one known key")
        };
        assert_eq!(signature.time(), Some(1_767_139_200));
        let moved = String::from_utf8(bytes)
            .unwrap()
            .replacen("\n300\n", "\n301\n", 1);
        assert!(note::verify(moved.as_bytes(), [&key]).is_err());
    }
    ran("sunlight (cosignatures)", cosigners.len(), 3);
}

#[test]
fn sunlight_mirror_tiles() {
    let Some(folder) = source("sunlight") else {
        return;
    };
    let mirror = folder.join("witness/mirror").join(ROME);
    let bytes = read(mirror.join("checkpoint"));
    let checkpoint = Checkpoint::parse(Note::parse(&bytes).unwrap().text()).unwrap();
    let tiles: Vec<Tile> = tile::hash_tiles(0, checkpoint.size()).collect();
    let mut leaves = Vec::new();
    for tile in &tiles {
        let bytes = read(mirror.join(tile.to_string()));
        let hashes = tile::decode_hashes(&bytes, tile.width()).unwrap();
        match tile.kind() {
            Kind::Hashes { level: 0 } => leaves.extend(hashes),
            _ => assert_eq!(hashes, [tile::full_root(&leaves[..256]).unwrap()]),
        }
    }
    let mut frontier = Frontier::new();
    frontier.extend(leaves.iter().copied());
    assert_eq!(
        (frontier.size(), frontier.root()),
        (300, *checkpoint.root())
    );
    ran("sunlight (mirror tiles)", tiles.len(), 3);
}
