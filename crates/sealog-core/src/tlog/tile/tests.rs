//! Tile names, the tiles of a size, and the contents of tiles and bundles.

use alloc::string::{String, ToString};
use alloc::vec;

use proptest::prelude::*;

use super::super::tree::{self, leaf_hash};
use super::*;

fn hashes(level: u8, index: u64, width: u16) -> Tile {
    Tile::new(Kind::Hashes { level }, index, width).unwrap()
}

fn entries(index: u64, width: u16) -> Tile {
    Tile::new(Kind::Entries, index, width).unwrap()
}

fn names(tiles: impl Iterator<Item = Tile>) -> Vec<String> {
    tiles.map(|tile| tile.to_string()).collect()
}

#[test]
fn known_names() {
    for (tile, name) in [
        (hashes(0, 0, 256), "tile/0/000"),
        (hashes(0, 1, 44), "tile/0/001.p/44"),
        (hashes(0, 999, 256), "tile/0/999"),
        (hashes(0, 1_000, 256), "tile/0/x001/000"),
        (hashes(5, 1_234_067, 256), "tile/5/x001/x234/067"),
        (hashes(63, 1_234_067, 1), "tile/63/x001/x234/067.p/1"),
        (hashes(1, 1_000_000, 255), "tile/1/x001/x000/000.p/255"),
        (entries(1_234_067, 256), "tile/entries/x001/x234/067"),
        (entries(0, 9), "tile/entries/000.p/9"),
        (
            hashes(0, TREE_SIZE_MAX / 256, 256),
            "tile/0/x036/x028/x797/x018/x963/967",
        ),
    ] {
        assert_eq!(tile.to_string(), name);
        assert_eq!(Tile::parse(name), Ok(tile));
    }
}

#[test]
fn a_name_has_one_spelling() {
    for name in [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "tile//000",
        "/tile/0/000",
        "tile/0/000/",
        "tiles/0/000",
        "tile/00/000",
        "tile/01/000",
        "tile/+1/000",
        "tile/-1/000",
        "tile/256/000",
        "tile/data/000",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/1234",
        "tile/0/abc",
        "tile/0/+01",
        "tile/0/x000",
        "tile/0/x001",
        "tile/0/x000/001",
        "tile/0/001/234",
        "tile/0/x1/234",
        "tile/0/X001/234",
        "tile/0/x001/x234",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/-1",
        "tile/0/000.p/1/2",
        "tile/0/000/1",
        "tile/0/.p/1",
        "tile/.p/1",
        "tile/0/000.q/1",
        "tile/entries",
        "tile/entries/000.p/256",
        "tile/8/0/000",
        "tile/0/000\n",
        " tile/0/000",
    ] {
        assert_eq!(Tile::parse(name), Err(TileError::Path), "{name:?}");
    }
}

#[test]
fn levels_end_at_63() {
    assert!(Tile::parse("tile/63/000").is_ok());
    assert_eq!(
        Tile::parse("tile/64/000"),
        Err(TileError::Level { max: 63 })
    );
}

#[test]
fn an_index_lies_within_the_largest_tree() {
    let last = TREE_SIZE_MAX / 256;
    assert!(Tile::new(Kind::Entries, last, 1).is_ok());
    assert_eq!(Tile::new(Kind::Entries, last + 1, 1), Err(TileError::Index));
    assert_eq!(
        Tile::parse("tile/0/x036/x028/x797/x018/x963/968"),
        Err(TileError::Index)
    );
    assert_eq!(
        Tile::parse("tile/0/x999/x999/x999/x999/x999/x999/x999/999"),
        Err(TileError::Path)
    );
}

#[test]
fn a_width_is_1_to_256() {
    for found in [0, 257] {
        assert_eq!(
            Tile::new(Kind::Entries, 0, found),
            Err(TileError::Width { found })
        );
    }
    assert!(hashes(0, 0, 256).is_full() && !hashes(0, 0, 255).is_full());
    assert_eq!(hashes(0, 0, 256).hash_bytes(), Some(8_192));
    assert_eq!(entries(3, 256).hash_bytes(), None);
    assert_eq!(entries(3, 256).first(), 768);
}

#[test]
fn size_70000_has_the_tiles_that_the_specification_counts() {
    let all: Vec<Tile> = hash_tiles(0, 70_000).collect();
    let full = |level| {
        let mut full = all
            .iter()
            .filter(|tile| tile.kind() == Kind::Hashes { level });
        full.by_ref().filter(|tile| tile.is_full()).count()
    };
    assert_eq!((full(0), full(1), full(2)), (273, 1, 0));
    let partial: Vec<String> = names(all.iter().copied().filter(|tile| !tile.is_full()));
    assert_eq!(
        partial,
        ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]
    );
    assert_eq!(all.len(), 277);
}

#[test]
fn size_256_has_a_full_tile_and_one_hash_above_it() {
    assert_eq!(names(hash_tiles(0, 256)), ["tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(names(hash_tiles(0, 255)), ["tile/0/000.p/255"]);
    assert_eq!(names(hash_tiles(0, 0)), [""; 0]);
    assert_eq!(
        names(bundles(0, 257)),
        ["tile/entries/000", "tile/entries/001.p/1"]
    );
}

#[test]
fn growth_brings_only_what_changed() {
    assert_eq!(
        names(hash_tiles(255, 256)),
        ["tile/0/000", "tile/1/000.p/1"]
    );
    assert_eq!(names(hash_tiles(256, 257)), ["tile/0/001.p/1"]);
    assert_eq!(names(hash_tiles(257, 257)), [""; 0]);
    assert_eq!(
        names(hash_tiles(300, 600)),
        ["tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2"]
    );
    let top: Vec<String> = names(tiles_of_level(Kind::Hashes { level: 7 }, 0, TREE_SIZE_MAX));
    assert_eq!(top, ["tile/7/000.p/127"]);
    let beyond = tiles_of_level(Kind::Hashes { level: 8 }, 0, TREE_SIZE_MAX);
    assert_eq!(beyond.count(), 0);
}

#[test]
fn a_full_tile_is_hashed_to_the_root_of_its_leaves() {
    let leaves: Vec<Hash> = (0..=255_u8).map(|n| leaf_hash(&[n])).collect();
    let mut frontier = tree::Frontier::new();
    frontier.extend(leaves.iter().copied());
    assert_eq!(full_root(&leaves), Some(frontier.root()));
    assert_eq!(full_root(&leaves[..1]), Some(leaves[0]));
    assert_eq!(full_root(&leaves[..3]), None);
    assert_eq!(full_root(&[]), None);
}

#[test]
fn a_node_is_found_in_the_tile_of_its_level() {
    assert_eq!(place_of_node(0, 700), Some((0, 2, 188, 1)));
    assert_eq!(place_of_node(7, 3), Some((0, 1, 128, 128)));
    assert_eq!(place_of_node(8, 3), Some((1, 0, 3, 1)));
    assert_eq!(place_of_node(17, 300), Some((2, 2, 88, 2)));
    assert_eq!(place_of_node(7, u64::MAX), None);
}

#[test]
fn a_tile_reads_back_and_another_length_is_refused() {
    let some = vec![Hash::new([1; 32]), Hash::new([2; 32])];
    let bytes = encode_hashes(&some).unwrap();
    assert_eq!(decode_hashes(&bytes, 2), Ok(some));
    for (bytes, width) in [
        (&bytes[..], 1),
        (&bytes[..], 3),
        (&bytes[..63], 2),
        (&[], 1),
    ] {
        assert!(matches!(
            decode_hashes(bytes, width),
            Err(TileError::Length { .. })
        ));
    }
    assert_eq!(encode_hashes(&[]), Err(TileError::Width { found: 0 }));
    assert!(encode_hashes(&[Hash::ZERO; 256]).is_ok());
    assert_eq!(
        encode_hashes(&[Hash::ZERO; 257]),
        Err(TileError::Width { found: 257 })
    );
}

#[test]
fn a_bundle_reads_back() {
    let some: [&[u8]; 3] = [b"one", b"", b"three"];
    let bytes = encode_bundle(some).unwrap();
    assert_eq!(bytes, b"\0\x03one\0\0\0\x05three");
    assert_eq!(decode_bundle(&bytes, 3), Ok(some.to_vec()));
}

#[test]
fn a_bundle_that_is_cut_off_or_has_another_number_of_entries_is_refused() {
    let bytes = encode_bundle([&b"one"[..], b"two"]).unwrap();
    for end in 6..bytes.len() {
        assert_eq!(
            decode_bundle(&bytes[..end], 2),
            Err(TileError::CutOff),
            "{end}"
        );
    }
    assert_eq!(
        decode_bundle(&bytes[..5], 2),
        Err(TileError::EntryCount { expected: 2 })
    );
    for expected in [0, 1, 3, 256] {
        assert_eq!(
            decode_bundle(&bytes, expected),
            Err(TileError::EntryCount { expected })
        );
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(decode_bundle(&longer, 2).is_err());
    assert_eq!(encode_bundle([]), Err(TileError::Width { found: 0 }));
    assert!(encode_bundle([&b""[..]; 256]).is_ok());
    assert_eq!(
        encode_bundle([&b""[..]; 257]),
        Err(TileError::Width { found: 257 })
    );
}

#[test]
fn a_bundles_entry_has_at_most_65535_bytes() {
    let longest = vec![b'e'; BUNDLE_ENTRY_BYTES_MAX];
    let bytes = encode_bundle([longest.as_slice()]).unwrap();
    assert_eq!(decode_bundle(&bytes, 1), Ok(vec![longest.as_slice()]));
    let found = BUNDLE_ENTRY_BYTES_MAX + 1;
    let error = encode_bundle([vec![b'e'; found].as_slice()]).unwrap_err();
    assert_eq!(
        error,
        TileError::EntryLength {
            max: BUNDLE_ENTRY_BYTES_MAX,
            found
        }
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_name_reads_back(
        level in prop::option::of(0..=TILE_LEVEL_MAX),
        index in 0..=TREE_SIZE_MAX / 256,
        shift in 0..55_u32,
        width in 1..=256_u16,
    ) {
        let kind = level.map_or(Kind::Entries, |level| Kind::Hashes { level });
        let tile = Tile::new(kind, index >> shift, width).unwrap();
        prop_assert_eq!(Tile::parse(&tile.to_string()), Ok(tile));
    }
}
