//! What leaves a ledger: extracts with proofs, and tiles.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealog_core::hash::Hash;
use sealog_core::json::Value;
use sealog_core::receipt::Receipt;
use sealog_core::tlog::tile;
use sealog_core::tlog::tree::{self, Frontier};
use sealog_core::tlog::vkey::VerifierKey;
use sealog_ledger::{EXPORT_FORMAT, Error, Ledger, Query};

use crate::ground::{Ground, decision};

/// Appends so many decisions as groups.
fn fill(ledger: &Ledger, records: std::ops::Range<usize>) {
    let producer = ledger.producer().unwrap();
    let drafts: Vec<_> = records.map(|n| decision(&format!("d{n}"))).collect();
    for drafts in drafts.chunks(100) {
        producer.append_many(drafts.to_vec()).unwrap();
    }
}

fn export(ledger: &Ledger, query: &Query) -> (Value, Vec<Vec<u8>>) {
    let mut out = Vec::new();
    let exported = ledger.export_jsonl(query, &mut out, &mut |_| {}).unwrap();
    let mut lines: Vec<Vec<u8>> = out
        .strip_suffix(b"\n")
        .unwrap()
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    let head = Value::parse(&lines.remove(0)).unwrap();
    assert_eq!(exported.entries, lines.len() as u64);
    (head, lines)
}

#[test]
fn every_line_of_an_extract_makes_a_receipt_that_holds() {
    let ground = Ground::new();
    let ledger = ground.create();
    fill(&ledger, 0..600);
    let key = VerifierKey::parse(&ledger.vkey()).unwrap();
    let (head, lines) = export(&ledger, &Query::default());
    assert_eq!(
        head.member("format").and_then(Value::as_str),
        Some(EXPORT_FORMAT)
    );
    let note = head.member("checkpoint").and_then(Value::as_str).unwrap();
    assert_eq!(lines.len(), 602, "with the epoch that was sealed first");
    for (position, line) in lines.iter().enumerate() {
        let value = Value::parse(line).unwrap();
        assert_eq!(&value.to_canonical(), line, "a line is canonical");
        let index = value.member("index").and_then(Value::as_u64).unwrap();
        assert_eq!(index, position as u64);
        let entry = value.member("entry").unwrap().to_canonical();
        assert_eq!(entry, ledger.entry(index).unwrap().bytes());
        let proof = value.member("proof").and_then(Value::as_array).unwrap();
        let proof = proof.iter().map(|hash| {
            Hash::from_slice(&STANDARD.decode(hash.as_str().unwrap()).unwrap()).unwrap()
        });
        let receipt = Receipt::new(index, entry, proof.collect(), note.into());
        receipt.verify(std::slice::from_ref(&key)).unwrap();
    }
}

#[test]
fn an_extract_holds_what_was_asked_for_and_nothing_else() {
    let ground = Ground::new();
    let ledger = ground.create();
    fill(&ledger, 0..3);
    ledger.seal_epoch().unwrap();
    let of = |query: &Query| {
        let (_, lines) = export(&ledger, query);
        let index = |line: &Vec<u8>| Value::parse(line).unwrap().member("index")?.as_u64();
        lines
            .iter()
            .map(|line| index(line).unwrap())
            .collect::<Vec<_>>()
    };
    let kind = |kind: &str| Query {
        kind: Some(kind.into()),
        ..Query::default()
    };
    assert_eq!(of(&Query::default()), [0, 1, 2, 3, 4]);
    assert_eq!(of(&kind("decision")), [1, 2, 3]);
    assert_eq!(of(&kind("epoch.sealed")), [4]);
    assert_eq!(of(&kind("approval")), [0; 0]);
    assert_eq!(
        of(&Query {
            stream: Some("log".into()),
            ..Query::default()
        }),
        [0, 4]
    );
    assert_eq!(
        of(&Query {
            trace: Some("t1".into()),
            ..Query::default()
        }),
        [0; 0]
    );
    let refused = ledger.export_jsonl(&kind("two words"), &mut Vec::new(), &mut |_| {});
    assert!(matches!(refused, Err(Error::Argument { .. })));
}

#[test]
fn a_log_that_does_not_hash_to_its_signed_root_does_not_leave() {
    let ground = Ground::new();
    let ledger = ground.create();
    fill(&ledger, 0..3);
    let segment = ground.path().join("log/0000000000.jsonl");
    let text = fs::read_to_string(&segment).unwrap();
    fs::write(&segment, text.replacen("\"d1\"", "\"d9\"", 1)).unwrap();
    let mut out = Vec::new();
    let error = ledger
        .export_jsonl(&Query::default(), &mut out, &mut |_| {})
        .unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
    assert_eq!(out, b"", "nothing is written before the root is compared");
    let error = ledger
        .export_csv(&Query::default(), &mut out, &mut |_| {})
        .unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
    assert_eq!(out, b"", "nor of a table");
    let error = ledger
        .publish_tiles(&ground.path().join("../tiles"), &mut |_, _| {})
        .unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
}

/// All files below a directory.
fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![directory.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(directory).unwrap().to_path_buf();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn published_tiles_hold_the_log_and_its_tree() {
    let ground = Ground::new();
    let ledger = ground.create();
    fill(&ledger, 0..599);
    let directory = ground.path().join("../tiles");
    let published = ledger.publish_tiles(&directory, &mut |_, _| {}).unwrap();
    assert_eq!(
        (published.size, published.old_size, published.withdrawn),
        (600, 0, 0)
    );
    let found = files(&directory);
    assert_eq!(
        found[Path::new("checkpoint")],
        ledger.checkpoint().unwrap().as_bytes()
    );
    let expected: Vec<String> = tile::hash_tiles(0, 600)
        .chain(tile::bundles(0, 600))
        .map(|tile| tile.to_string())
        .collect();
    assert_eq!(found.len(), expected.len() + 1, "{:?}", found.keys());
    assert_eq!(published.written, expected.len() as u64);
    let mut frontier = Frontier::new();
    let mut leaves = Vec::new();
    for bundle in tile::bundles(0, 600) {
        let bytes = &found[Path::new(&bundle.to_string())];
        for entry in tile::decode_bundle(bytes, bundle.width()).unwrap() {
            leaves.push(tree::leaf_hash(entry));
            frontier.push(tree::leaf_hash(entry));
        }
    }
    let report_root = frontier.root();
    let (_, lines) = export(&ledger, &Query::default());
    assert_eq!(
        lines.len(),
        leaves.len() + 1,
        "with the epoch before the extract"
    );
    for tile in tile::hash_tiles(0, 600) {
        let bytes = &found[Path::new(&tile.to_string())];
        let hashes = tile::decode_hashes(bytes, tile.width()).unwrap();
        let expected: Vec<Hash> = match tile.kind() {
            tile::Kind::Hashes { level: 0 } => {
                let first = usize::try_from(tile.first()).unwrap();
                leaves[first..first + usize::from(tile.width())].to_vec()
            }
            _ => leaves
                .chunks_exact(256)
                .map(|block| tile::full_root(block).unwrap())
                .collect(),
        };
        assert_eq!(hashes, expected, "{tile}");
    }
    let note = String::from_utf8(found[Path::new("checkpoint")].clone()).unwrap();
    assert!(note.contains(&STANDARD.encode(report_root.as_bytes())));
}

#[test]
fn publishing_step_by_step_writes_what_publishing_at_once_does_and_rewrites_nothing() {
    let ground = Ground::new();
    let ledger = ground.create();
    let (steps, once) = (
        ground.path().join("../steps"),
        ground.path().join("../once"),
    );
    let mut written: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
    for (from, to) in [(0, 1), (1, 255), (255, 256), (256, 600)] {
        fill(&ledger, from..to);
        ledger.publish_tiles(&steps, &mut |_, _| {}).unwrap();
        let now = files(&steps);
        for (name, bytes) in &written {
            if name != Path::new("checkpoint") {
                assert_eq!(&now[name], bytes, "{} changed", name.display());
            }
        }
        written = now;
    }
    let again = ledger.publish_tiles(&steps, &mut |_, _| {}).unwrap();
    assert_eq!(again.written, 0);
    ledger.publish_tiles(&once, &mut |_, _| {}).unwrap();
    for (name, bytes) in files(&once) {
        assert_eq!(written[&name], bytes, "{}", name.display());
    }
}

#[test]
fn a_directory_of_something_else_is_not_published_into() {
    let ground = Ground::new();
    let ledger = ground.create();
    fill(&ledger, 0..10);
    let directory = ground.path().join("../tiles");
    ledger.publish_tiles(&directory, &mut |_, _| {}).unwrap();
    let refused = |expected: &str| {
        let error = ledger
            .publish_tiles(&directory, &mut |_, _| {})
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
    };
    let note = fs::read_to_string(directory.join("checkpoint")).unwrap();
    let other = note.replacen(ledger.origin(), "other.example/log", 1);
    fs::write(directory.join("checkpoint"), other).unwrap();
    refused("it holds the log other.example/log");
    let root = note.lines().nth(2).unwrap();
    let forked = note.replacen(root, &STANDARD.encode([7; 32]), 1);
    fs::write(directory.join("checkpoint"), forked).unwrap();
    refused("another history");
    let larger = note.replacen("\n11\n", "\n12\n", 1);
    fs::write(directory.join("checkpoint"), larger).unwrap();
    refused("it holds 12 entries");
    fs::write(directory.join("checkpoint"), "nonsense").unwrap();
    refused("holds no checkpoint");
    fs::remove_file(directory.join("checkpoint")).unwrap();
    fs::write(directory.join("letters.txt"), "mine").unwrap();
    refused("is not empty");
    fs::remove_file(directory.join("letters.txt")).unwrap();
    fs::write(directory.join("tile/0/000.p/11"), [0; 352]).unwrap();
    refused("is there with other content");
}
