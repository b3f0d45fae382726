//! The page of tiles and bundles.

use sealog_core::Hash;
use sealog_core::tlog::tile::{self, Kind, Tile};
use sealog_core::tlog::tree::leaf_hash;
use serde_json::Value;

use super::{bytes, cases, number, text, texts};

fn width(case: &Value) -> u16 {
    u16::try_from(number(case, "width")).unwrap()
}

#[test]
fn paths() {
    for case in cases("tiles", "paths") {
        let kind = match case["kind"].as_u64() {
            Some(level) => Kind::Hashes {
                level: u8::try_from(level).unwrap(),
            },
            None => Kind::Entries,
        };
        let tile = Tile::new(kind, number(&case, "index"), width(&case)).unwrap();
        assert_eq!(tile.to_string(), text(&case, "path"));
        assert_eq!(Tile::parse(text(&case, "path")), Ok(tile));
    }
    for path in cases("tiles", "paths-refused") {
        let path = path.as_str().unwrap();
        assert!(Tile::parse(path).is_err(), "{path}");
    }
}

#[test]
fn tiles_of_a_size() {
    for case in cases("tiles", "sizes") {
        let (old, size) = (number(&case, "old"), number(&case, "size"));
        let found: Vec<String> = tile::hash_tiles(old, size)
            .map(|tile| tile.to_string())
            .collect();
        assert_eq!(found, texts(&case, "tiles"), "{old} to {size}");
    }
}

#[test]
fn contents_of_tiles() {
    for case in cases("tiles", "tiles") {
        let mut level: Vec<Hash> = (0..number(&case, "size"))
            .map(|number| leaf_hash(&number.to_be_bytes()))
            .collect();
        let tile = Tile::parse(text(&case, "path")).unwrap();
        if tile.kind() != (Kind::Hashes { level: 0 }) {
            level = level
                .chunks_exact(256)
                .filter_map(tile::full_root)
                .collect();
        }
        let first = usize::try_from(tile.first()).unwrap();
        let hashes = &level[first..first + usize::from(tile.width())];
        let content = tile::encode_hashes(hashes).unwrap();
        assert_eq!(Hash::of(&[&content]).to_hex(), text(&case, "sha256"));
        assert_eq!(tile::decode_hashes(&content, tile.width()).unwrap(), hashes);
    }
}

#[test]
fn bundles() {
    for case in cases("tiles", "bundles") {
        let entries = texts(&case, "entries");
        let entries: Vec<&[u8]> = entries.iter().map(String::as_bytes).collect();
        let bundle = bytes(text(&case, "bytes"));
        assert_eq!(
            tile::encode_bundle(entries.iter().copied()).unwrap(),
            bundle
        );
        let width = u16::try_from(entries.len()).unwrap();
        assert_eq!(tile::decode_bundle(&bundle, width).unwrap(), entries);
    }
    for case in cases("tiles", "bundles-refused") {
        let verdict = tile::decode_bundle(&bytes(text(&case, "bytes")), width(&case)).is_err();
        assert!(verdict, "{}", text(&case, "why"));
    }
}
