//! What is published is read back by another hand: the client of the crate `tlog_tiles`, which trusts no tile and
//! proves every entry up to the root, and the notes of `signed_note`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sealog_core::entry::{DisposedFacts, Line, LineReader, disposed_line};
use sealog_ledger::{Access, Error, Ledger, Options};
use signed_note::{Note, StandardVerifier, VerifierList};
use tlog_tiles::{Checkpoint, Tile, TileHashReader, TileReader};

use crate::ground::{Ground, decision};

fn append(ledger: &Ledger, records: u64) {
    let drafts = (0..records).map(|n| decision(&format!("d{n}")));
    let producer = ledger.producer().unwrap();
    producer.append_many(drafts.collect()).unwrap();
}

fn site(ground: &Ground) -> PathBuf {
    ground.path().with_file_name("site")
}

/// Every file of the site, by its name.
fn files(site: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut ahead = vec![site.to_path_buf()];
    while let Some(directory) = ahead.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                ahead.push(path);
            } else {
                let name = path.strip_prefix(site).unwrap().to_str().unwrap();
                found.insert(name.to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// The site, as the other implementation asks for it.
struct Client(BTreeMap<String, Vec<u8>>);

/// Its names carry the height, which is fixed in tlog-tiles, and another word for bundles.
fn name(tile: &Tile) -> String {
    tile.path()
        .replacen("tile/8/data/", "tile/entries/", 1)
        .replacen("tile/8/", "tile/", 1)
}

impl TileReader for Client {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        let read = tiles.iter().map(|tile| self.0[&name(tile)].clone());
        Ok(read.collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

/// Reads the whole site and proves each of its entries; gives the entries.
fn check(directory: &Path, vkey: &str) -> Vec<Vec<u8>> {
    let client = Client(files(directory));
    let verifier = StandardVerifier::new(vkey).unwrap();
    let note = Note::from_bytes(&client.0["checkpoint"]).unwrap();
    let known = VerifierList::new(vec![Box::new(verifier)]);
    assert_eq!(note.verify(&known).unwrap().0.len(), 1);
    let checkpoint = Checkpoint::from_bytes(note.text()).unwrap();
    let (size, root) = (checkpoint.size(), *checkpoint.hash());
    let hashes = TileHashReader::new(size, root, &client);
    let mut entries = Vec::new();
    for number in 0..size.div_ceil(256) {
        let width = (size - number * 256).min(256) as u32;
        let mut bytes = client.0[&name(&Tile::new(8, 0, number, width, true))].as_slice();
        for _ in 0..width {
            let (length, rest) = bytes.split_first_chunk::<2>().unwrap();
            let (entry, rest) = rest.split_at(u16::from_be_bytes(*length).into());
            entries.push(entry.to_vec());
            bytes = rest;
        }
        assert!(bytes.is_empty());
    }
    for (index, entry) in (0..).zip(&entries) {
        let proof = tlog_tiles::prove_record(size, index, &hashes).unwrap();
        let leaf = tlog_tiles::record_hash(entry);
        tlog_tiles::check_record(&proof, size, root, index, leaf).unwrap();
    }
    // Every tile of that size is there, and only those.
    let mut expected: Vec<String> = Tile::new_tiles(8, 0, size).iter().map(name).collect();
    expected.extend((0..size.div_ceil(256)).map(|number| {
        let width = (size - number * 256).min(256) as u32;
        name(&Tile::new(8, 0, number, width, true))
    }));
    expected.push("checkpoint".into());
    for name in expected {
        assert!(client.0.contains_key(&name), "{name}");
    }
    entries
}

#[test]
fn a_stock_client_reads_every_entry_at_every_size() {
    let ground = Ground::new();
    let ledger = ground.create();
    let site = site(&ground);
    let mut before = 0;
    for size in [1, 2, 255, 256, 257, 600] {
        if size > ledger.size() {
            append(&ledger, size - ledger.size());
        }
        let published = ledger.publish_tiles(&site, &mut |_, _| ()).unwrap();
        assert_eq!((published.size, published.old_size), (size, before));
        before = size;
        let entries = check(&site, &ledger.vkey());
        assert_eq!(entries.len() as u64, size);
        let own = ledger.entries(0..size).unwrap();
        assert!(
            own.zip(&entries)
                .all(|(own, found)| own.unwrap().bytes() == found)
        );
    }
}

#[test]
fn what_is_published_does_not_change_and_is_not_written_again() {
    let ground = Ground::new();
    let ledger = ground.create();
    append(&ledger, 299);
    let site = site(&ground);
    ledger.publish_tiles(&site, &mut |_, _| ()).unwrap();
    let before = files(&site);
    let again = ledger.publish_tiles(&site, &mut |_, _| ()).unwrap();
    assert_eq!((again.written, again.old_size), (0, 300));
    assert_eq!(files(&site), before);
    append(&ledger, 10);
    let more = ledger.publish_tiles(&site, &mut |_, _| ()).unwrap();
    assert_eq!(more.written, 2, "one partial tile and bundle");
    let after = files(&site);
    for (name, bytes) in before.iter().filter(|(name, _)| *name != "checkpoint") {
        assert_eq!(after.get(name), Some(bytes), "{name}");
    }
}

#[test]
fn what_was_begun_and_not_finished_is_finished() {
    let ground = Ground::new();
    let ledger = ground.create();
    append(&ledger, 520);
    let site = site(&ground);
    ledger.publish_tiles(&site, &mut |_, _| ()).unwrap();
    let whole = files(&site);
    fs::remove_file(site.join("checkpoint")).unwrap();
    fs::remove_file(site.join("tile/0/001")).unwrap();
    fs::write(site.join("tile/0/001.new"), b"half").unwrap();
    let published = ledger.publish_tiles(&site, &mut |_, _| ()).unwrap();
    assert_eq!((published.written, published.old_size), (1, 0));
    assert_eq!(files(&site), whole);
}

#[test]
fn a_tile_with_other_content_is_an_error_and_stays() {
    let ground = Ground::new();
    let ledger = ground.create();
    append(&ledger, 299);
    let site = site(&ground);
    for name in [
        "tile/0/000",
        "tile/entries/000",
        "tile/1/000.p/1",
        "tile/0/001.p/44",
    ] {
        ledger.publish_tiles(&site, &mut |_, _| ()).unwrap();
        fs::remove_file(site.join("checkpoint")).unwrap();
        let path = site.join(name);
        let mut bytes = fs::read(&path).unwrap();
        bytes[5] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let error = ledger.publish_tiles(&site, &mut |_, _| ()).unwrap_err();
        assert!(matches!(error, Error::Argument { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
        assert!(!site.join("checkpoint").exists(), "nothing covers it");
        fs::remove_dir_all(&site).unwrap();
    }
}

#[test]
fn a_directory_of_another_log_or_history_is_refused() {
    let (ground, other) = (Ground::new(), Ground::new());
    let (ledger, stranger) = (ground.create(), other.create());
    append(&ledger, 10);
    append(&stranger, 5);
    let site = site(&ground);
    stranger.publish_tiles(&site, &mut |_, _| ()).unwrap();
    let before = files(&site);
    let refused = |ledger: &Ledger| {
        let error = ledger.publish_tiles(&site, &mut |_, _| ()).unwrap_err();
        assert_eq!(error.code(), "argument", "{error}");
        assert_eq!(files(&site), before);
    };
    refused(&ledger);
    // A log that is behind what was published: a restored backup.
    fs::remove_dir_all(&site).unwrap();
    ledger.publish_tiles(&site, &mut |_, _| ()).unwrap();
    let backup = ground.path().with_file_name("backup");
    fs::rename(&site, &backup).unwrap();
    fs::write(backup.join("checkpoint"), "no note\n").unwrap();
    let error = ledger.publish_tiles(&backup, &mut |_, _| ()).unwrap_err();
    assert_eq!(error.code(), "argument");
}

#[test]
fn a_bundle_with_a_disposed_entry_is_withdrawn_and_its_tiles_stay() {
    let ground = Ground::new();
    let ledger = ground.create();
    append(&ledger, 400);
    let site = site(&ground);
    ledger.publish_tiles(&site, &mut |_, _| ()).unwrap();
    append(&ledger, 200);
    ledger.publish_tiles(&site, &mut |_, _| ()).unwrap();
    let before = files(&site);
    drop(ledger);
    dispose(&ground.path().join("log/0000000000.jsonl"), 300);
    let options = Options {
        access: Access::Read,
        ..ground.options()
    };
    let ledger = Ledger::open(&ground.path(), options).unwrap();
    let published = ledger.publish_tiles(&site, &mut |_, _| ()).unwrap();
    assert_eq!((published.size, published.withdrawn), (601, 1));
    let mut expected = before.clone();
    for bundle in ["tile/entries/001", "tile/entries/001.p/145"] {
        expected.remove(bundle).expect("it was there");
    }
    assert_eq!(files(&site), expected);
    let new = ground.path().with_file_name("new");
    ledger.publish_tiles(&new, &mut |_, _| ()).unwrap();
    for (name, bytes) in files(&new) {
        assert_eq!(expected.get(&name), Some(&bytes), "{name}");
    }
    ledger.receipt(299).unwrap();
    assert_eq!(ledger.receipt(300).unwrap_err().code(), "disposed");
}

/// Puts in place of an entry what disposal leaves of it.
fn dispose(segment: &Path, wanted: u64) {
    let text = fs::read(segment).unwrap();
    let mut out = Vec::new();
    let mut reader = LineReader::new();
    for line in text.split(|byte| *byte == b'\n') {
        let left = match reader.read(line) {
            Ok(Line::Entry(entry)) if entry.log.index == wanted => disposed_line(&DisposedFacts {
                by: wanted + 1_000,
                index: wanted,
                leaf: entry.leaf,
                producer_seq: entry.record.producer_seq,
                recorded_at: entry.log.recorded_at,
                retention_class: "default".into(),
                run: entry.log.run.unwrap(),
                seq: entry.log.seq,
                stream: entry.record.stream,
            }),
            _ => line.to_vec(),
        };
        out.extend(left);
        out.push(b'\n');
    }
    fs::write(segment, out).unwrap();
}
