//! Files that a verifier is handed: proof files, policies, tiles.

use std::sync::LazyLock;

use sealog_core::Hash;
use sealog_core::tlog::policy::Policy;
use sealog_core::tlog::proof::TlogProof;
use sealog_core::tlog::tile::{Tile, decode_bundle, decode_hashes, encode_bundle, encode_hashes};
use sealog_core::tlog::tree::{leaf_hash, node_hash};

use super::note::{self, ORIGIN, PARTIES};
use super::{owned, variant};
use crate::Answer;

/// The two entries of a small log.
const ENTRIES: [&[u8]; 2] = [b"first entry", b"second entry"];

static NOTE: LazyLock<String> = LazyLock::new(|| {
    let [left, right] = ENTRIES.map(leaf_hash);
    note::signed(2, node_hash(&left, &right)).unwrap_or_default()
});

/// A proof file has one spelling, and one that verifies is about an entry that is there.
pub(super) fn proof(bytes: &[u8]) -> Answer {
    let proof = match TlogProof::parse(bytes) {
        Ok(proof) => proof,
        Err(error) => return variant(&error),
    };
    assert_eq!(proof.to_string().as_bytes(), bytes, "a second spelling");
    let entry = proof.extra().unwrap_or_default();
    match proof.verify(&leaf_hash(entry), ORIGIN, [&PARTIES.log]) {
        Ok(_) => {
            let place = ENTRIES.iter().position(|known| *known == entry);
            let place = place.and_then(|place| u64::try_from(place).ok());
            assert_eq!(place, Some(proof.index()), "an entry that is not there");
            "accepted".to_owned()
        }
        Err(error) => format!("read, {}", variant(&error)),
    }
}

pub(super) fn proof_seeds() -> Vec<Vec<u8>> {
    let [left, right] = ENTRIES.map(leaf_hash);
    let file = |index, hash: Hash, entry: Option<&[u8]>| {
        let entry = entry.map(<[u8]>::to_vec);
        TlogProof::new(entry, index, vec![hash], NOTE.clone()).map(|proof| proof.to_string())
    };
    let [first, second] = ENTRIES;
    [
        file(0, right, Some(first)),
        file(1, left, Some(second)),
        file(1, left, None),
    ]
    .into_iter()
    .flatten()
    .map(String::into_bytes)
    .collect()
}

/// A policy that asks for witnesses is never fulfilled by a note without cosignatures.
pub(super) fn policy(bytes: &[u8]) -> Answer {
    let policy = match Policy::parse(bytes) {
        Ok(policy) => policy,
        Err(error) => return variant(&error),
    };
    let log = [PARTIES.log.clone()];
    let bare = policy.verify(PARTIES.note.as_bytes(), &log);
    let cosigned = policy.verify(PARTIES.cosigned.as_bytes(), &log);
    assert!(
        !(policy.asks_for_witnesses() && bare.is_ok()),
        "witnessed by nobody"
    );
    assert!(
        bare.is_err() || cosigned.is_ok(),
        "a cosignature takes something away"
    );
    format!(
        "accepted, holds bare {} cosigned {}",
        bare.is_ok(),
        cosigned.is_ok()
    )
}

pub(super) fn policy_seeds() -> Vec<Vec<u8>> {
    let (log, witness) = (PARTIES.log.to_string(), PARTIES.witness.to_string());
    let own = format!("witness w {witness} https://witness.example/\n");
    [
        format!("log {log}\n{own}quorum w\n"),
        format!("# a comment\n\nlog {log} https://log.example/\nquorum none\n"),
        format!("{own}group g any w\nquorum g\n"),
        format!("{own}group g 1 w\ngroup h all g w\nquorum h\n"),
        format!("{own}group g 2 w\nquorum g\n"),
        format!("log {log}\n{own}"),
    ]
    .map(String::into_bytes)
    .to_vec()
}

/// A tile's name has one spelling.
pub(super) fn tile_path(bytes: &[u8]) -> Answer {
    let Ok(path) = str::from_utf8(bytes) else {
        return "not UTF-8".to_owned();
    };
    match Tile::parse(path) {
        Ok(tile) => {
            assert_eq!(tile.to_string(), path);
            assert_eq!(Tile::new(tile.kind(), tile.index(), tile.width()), Ok(tile));
            format!("accepted, full {}", tile.is_full())
        }
        Err(error) => variant(&error),
    }
}

pub(super) fn tile_path_seeds() -> Vec<Vec<u8>> {
    owned([
        b"tile/0/000",
        b"tile/0/x001/x234/067",
        b"tile/63/000.p/1",
        b"tile/entries/x001/x234/067.p/255",
        b"tile/entries/999",
        b"tile/0/x000/067",
        b"tile/00/000",
    ])
}

/// Byte 0 is the width, less one; what is read as a tile or bundle is written back the same.
pub(super) fn tile_data(bytes: &[u8]) -> Answer {
    let Some((&width, bytes)) = bytes.split_first() else {
        return "too short".to_owned();
    };
    let width = u16::from(width) + 1;
    if let Ok(hashes) = decode_hashes(bytes, width) {
        assert_eq!(encode_hashes(&hashes).as_deref(), Ok(bytes));
        return "accepted hashes".to_owned();
    }
    match decode_bundle(bytes, width) {
        Ok(entries) => {
            assert_eq!(entries.len(), usize::from(width));
            assert_eq!(encode_bundle(entries).as_deref(), Ok(bytes));
            "accepted bundle".to_owned()
        }
        Err(error) => variant(&error),
    }
}

pub(super) fn tile_data_seeds() -> Vec<Vec<u8>> {
    let hashes = encode_hashes(&ENTRIES.map(leaf_hash)).unwrap_or_default();
    let bundle = encode_bundle(ENTRIES).unwrap_or_default();
    vec![
        [vec![1], hashes].concat(),
        [vec![1], bundle].concat(),
        vec![0, 0, 0],
    ]
}
