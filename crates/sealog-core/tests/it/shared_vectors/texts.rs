//! Texts: the C2SP examples, torchwood's witness requests, Sigsum's policies, azul's tile paths.

use std::fmt::Write as _;

use sealog_core::Hash;
use sealog_core::tlog::checkpoint::{self, Checkpoint};
use sealog_core::tlog::note::{self, Note, NoteError};
use sealog_core::tlog::policy::{Policy, PolicyError};
use sealog_core::tlog::tile::{Tile, TileError};
use sealog_core::tlog::tree;
use sealog_core::tlog::vkey::{KeyType, VerifierKey, VkeyError};
use sealog_core::tlog::{base64, decimal};

use super::{files, ran, read, read_json, read_text, source};

/// The body of a witness request: old size, proof, signed checkpoint. Only what the vectors need: the library has no
/// witness protocol.
fn parse_request(body: &str) -> Option<(u64, Vec<Hash>, &str)> {
    let (head, note) = body.split_once("\n\n")?;
    let mut lines = head.lines();
    let old = decimal::parse(lines.next()?.strip_prefix("old ")?.as_bytes())?;
    let proof: Option<Vec<Hash>> = lines.map(base64::decode_hash).collect();
    Some((old, proof?, note))
}

#[test]
fn c2sp_examples() {
    let Some(folder) = source("c2sp") else { return };
    let key = read_text(folder.join("signed-note-example.vkey"));
    let key = VerifierKey::parse(key.trim_end()).unwrap();
    let bytes = read(folder.join("signed-note-example.note"));
    let verified = note::verify(&bytes, [&key]).unwrap();
    assert_eq!(verified.text(), "This is an example message.\n");
    for bit in 0..bytes.len() * 8 {
        let mut altered = bytes.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(note::verify(&altered, [&key]).is_err(), "bit {bit}");
    }

    let bytes = read(folder.join("checkpoint-with-cosignature.note"));
    let cosigned = Note::parse(&bytes).unwrap();
    let names: Vec<&str> = cosigned
        .signatures()
        .iter()
        .map(note::NoteSignature::name)
        .collect();
    assert_eq!(
        names,
        ["example.com/behind-the-sofa", "witness.example.com/w1"]
    );
    assert_eq!(cosigned.signatures()[1].signature().len(), 72);
    let checkpoint = Checkpoint::parse(cosigned.text()).unwrap();
    assert_eq!(
        (checkpoint.origin(), checkpoint.size()),
        (names[0], 20_852_163)
    );
    assert_eq!(checkpoint.to_string(), cosigned.text());

    let body = read_text(folder.join("add-checkpoint-request-example.txt"));
    let (old, proof, note) = parse_request(&body).unwrap();
    assert_eq!((old, proof.len()), (20_852_014, 4));
    assert_eq!(
        Note::parse(note.as_bytes()).unwrap().text(),
        cosigned.text()
    );

    // The last example's signature is cut short by its authors, so as a note it has to be refused.
    let body = read_text(folder.join("sign-subtree-request-example.txt"));
    let (head, note) = body.split_once("\n\n").unwrap();
    let hashes: Vec<&str> = head.lines().skip(1).collect();
    assert!(
        hashes
            .iter()
            .all(|line| base64::decode_hash(line).is_some())
    );
    assert_eq!(
        Note::parse(note.as_bytes()),
        Err(NoteError::SignatureLine { number: 1 })
    );
    let (text, _) = note.split_once("\n\n").unwrap();
    let checkpoint = Checkpoint::parse(&format!("{text}\n")).unwrap();
    let proof: Vec<Hash> = hashes[1..].iter().filter_map(base64::decode_hash).collect();
    let subtree = base64::decode_hash(hashes[0]).unwrap();
    let (size, root) = (checkpoint.size(), checkpoint.root());
    let verdict = tree::verify_subtree_consistency(8, 13, &subtree, size, root, &proof);
    assert!(!matches!(
        verdict,
        Err(tree::ProofError::NotASubtree { .. })
    ));
    ran("c2sp", 4, 4);
}

/// What a witness would answer, as far as formats and proofs decide it.
fn answer(body: &str, key: &VerifierKey, stored: &mut Option<(u64, Hash)>) -> u16 {
    let (old, proof, note) = parse_request(body).unwrap();
    // One of them has a signature whose base64 has bits beyond its last byte: to its authors a signature that does not
    // verify, to us no signature line at all. Neither is a trusted signature.
    let parsed = match Note::parse(note.as_bytes()) {
        Ok(parsed) => parsed,
        Err(NoteError::SignatureLine { .. }) => return 403,
        Err(error) => panic!("{error}"),
    };
    let origin = Checkpoint::parse(parsed.text())
        .unwrap()
        .origin()
        .to_owned();
    // The sequence comes from a witness of 2025, which answered 403 for a log that it does not know.
    if origin != key.name() {
        return 403;
    }
    let Ok(verified) = checkpoint::verify(note.as_bytes(), &origin, [key]) else {
        return 403;
    };
    let (known_size, known_root) = stored.unwrap_or((0, tree::empty_root()));
    if old != known_size {
        return 409;
    }
    let follows = if old == 0 {
        proof.is_empty()
    } else {
        verified
            .verify_consistency(old, &known_root, &proof)
            .is_ok()
    };
    if !follows {
        return 422;
    }
    *stored = Some((verified.size(), *verified.root()));
    200
}

#[test]
fn torchwood_witness_requests() {
    let Some(folder) = source("torchwood") else {
        return;
    };
    let file = read_json(folder.join("add-checkpoint.json"));
    let mut public = [0; 32];
    let hex = file["log_ed25519_public_key_hex"].as_str().unwrap();
    sealog_core::hash::decode_hex(hex.as_bytes(), &mut public).unwrap();
    let origin = file["origin"].as_str().unwrap();
    let key = VerifierKey::new(KeyType::Ed25519, origin, &public).unwrap();
    let mut stored = None;
    let requests = file["requests_in_order"].as_array().unwrap();
    for (number, request) in requests.iter().enumerate() {
        let status = answer(request["body"].as_str().unwrap(), &key, &mut stored);
        assert_eq!(
            u64::from(status),
            request["status"].as_u64().unwrap(),
            "request {number}"
        );
    }
    ran("torchwood (witness requests)", requests.len(), 9);
}

/// Sigsum's files as C2SP policies: the same lines with the bare hex keys written as verifier keys.
fn with_vkeys(text: &str) -> String {
    let mut written = String::new();
    for line in text.lines() {
        let items: Vec<&str> = line.split_whitespace().collect();
        let (key_at, key_type) = match items.first() {
            Some(&"log") => (1, KeyType::Ed25519),
            Some(&"witness") => (2, KeyType::CosignatureV1),
            _ => {
                writeln!(written, "{line}").unwrap();
                continue;
            }
        };
        let mut public = [0; 32];
        sealog_core::hash::decode_hex(items[key_at].as_bytes(), &mut public).unwrap();
        let key = VerifierKey::new(key_type, "name.example", &public).unwrap();
        let line = line.replacen(items[key_at], &key.to_string(), 1);
        writeln!(written, "{line}").unwrap();
    }
    written
}

#[test]
fn sigsum_policies() {
    let Some(folder) = source("sigsum-go") else {
        return;
    };
    let files = files(&folder.join("builtin-policies"));
    for path in &files {
        let text = read_text(path);
        // As they are they have keys that our format does not know; nothing else in them is refused.
        let error = Policy::parse(text.as_bytes()).unwrap_err();
        let key_refused =
            matches!(&error, PolicyError::Key { source, .. } if *source == VkeyError::Shape);
        assert!(key_refused, "{}: {error}", path.display());
        let policy = Policy::parse(with_vkeys(&text).as_bytes()).unwrap();
        let lines = |word: &str| text.lines().filter(|line| line.starts_with(word)).count();
        assert_eq!(policy.logs().len(), lines("log "));
        assert_eq!(policy.witnesses().len(), lines("witness "));
        assert!(policy.asks_for_witnesses() && !policy.is_fulfilled_by(&[]));
    }
    ran(
        "sigsum-go (policies, bare hex keys rewritten as verifier keys)",
        files.len(),
        4,
    );
}

#[test]
fn azul_tile_paths() {
    let Some(folder) = source("azul") else { return };
    let files = files(&folder.join("fuzz-corpus/fuzz_parse_tile_path"));
    for path in &files {
        let text = read_text(path);
        let with_height = text.trim_end();
        // With the height of tiles in it a path is no path of ours: its level stands where an index group would.
        assert_eq!(
            Tile::parse(with_height),
            Err(TileError::Path),
            "{with_height}"
        );
        let (_, rest) = with_height
            .strip_prefix("tile/")
            .unwrap()
            .split_once('/')
            .unwrap();
        let ours = format!("tile/{rest}");
        let good = ["seed1", "seed2", "seed3", "seed4", "seed5"];
        let expected = path
            .file_name()
            .is_some_and(|name| good.iter().any(|seed| name == *seed));
        match Tile::parse(&ours) {
            Ok(tile) => assert!(expected && tile.to_string() == ours, "{ours}"),
            Err(error) => assert!(!expected, "{ours}: {error}"),
        }
    }
    ran("azul (tile paths, their height taken out)", files.len(), 8);
}
