//! Notes, proofs, roots and tile names against golang.org/x/mod, where Go and Debian's package of it are installed.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use sealog_core::Hash;
use sealog_core::tlog::base64;
use sealog_core::tlog::checkpoint::Checkpoint;
use sealog_core::tlog::note;
use sealog_core::tlog::sign::{Ed25519Signer, Signer as _};
use sealog_core::tlog::tile::{Kind, hash_tiles};
use sealog_core::tlog::tree::{self, Frontier, GroupTree};
use sealog_core::tlog::vkey::KeyType;
use serde_json::{Value, json};

const ORIGIN: &str = "example.com/log";
const SEED: [u8; 32] = [7; 32];
/// Where Debian's golang-golang-x-mod-dev puts its sources.
const GOPATH: &str = "/usr/share/gocode";

fn signer() -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &SEED).unwrap()
}

/// Our notes, and each with a changed byte; a change that makes it no note at all is as good a refusal.
fn notes() -> Vec<Value> {
    let mut cases = Vec::new();
    for size in [1, 255, 256, 1 << 40] {
        let checkpoint = Checkpoint::new(ORIGIN, size, tree::leaf_hash(&size.to_be_bytes()));
        let checkpoint = checkpoint.unwrap();
        let note = checkpoint.sign(&[&signer()]).unwrap();
        cases.push(json!({"Note": note, "Text": checkpoint.to_string(), "Good": true}));
        let moved = note.replacen(&format!("\n{size}\n"), &format!("\n{}\n", size + 1), 1);
        cases.push(json!({"Note": moved, "Good": false}));
        cases.push(json!({"Note": note.replace('\u{2014}', "-"), "Good": false}));
        cases.push(json!({"Note": note.trim_end(), "Good": false}));
        cases.push(json!({"Note": note.replacen("example", "exempla", 1), "Good": false}));
    }
    cases
}

fn encoded(hash: &Hash) -> String {
    base64::encode(hash.as_bytes())
}

fn encoded_list(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(encoded).collect()
}

/// Proofs of every leaf and every earlier size of some trees, each once as it is and once with a changed root.
fn proofs(leaves: &[Hash]) -> (Vec<Value>, Vec<Value>) {
    let (mut inclusion, mut consistency) = (Vec::new(), Vec::new());
    for size in [1, 2, 3, 7, 8, 21, 64] {
        let group = GroupTree::new(&Frontier::new(), &leaves[..size]);
        let root = group.root();
        for (good, root) in [(true, root), (false, Hash::of(&[root.as_bytes()]))] {
            for (index, leaf) in leaves[..size].iter().enumerate() {
                inclusion.push(json!({
                    "Size": size, "Index": index, "Root": encoded(&root), "Leaf": encoded(leaf),
                    "Proof": encoded_list(&group.proof(index).unwrap()), "Good": good,
                }));
            }
            let mut before = Frontier::new();
            for old in 1..size {
                before.push(leaves[old - 1]);
                let group = GroupTree::new(&before, &leaves[old..size]);
                consistency.push(json!({
                    "Old": old, "OldRoot": encoded(&before.root()), "New": size, "NewRoot": encoded(&root),
                    "Proof": encoded_list(&group.consistency_proof().unwrap()), "Good": good,
                }));
            }
        }
    }
    (inclusion, consistency)
}

fn tiles() -> Vec<Value> {
    let tiles = hash_tiles(0, 70_000).chain(hash_tiles(1_234_567_890, 1_234_568_000));
    tiles
        .map(|tile| {
            let Kind::Hashes { level } = tile.kind() else { panic!("a tile of hashes") };
            json!({"Level": level, "Index": tile.index(), "Width": tile.width(), "Path": tile.to_string()})
        })
        .collect()
}

fn trees(leaves: &[Hash]) -> Vec<Value> {
    let mut frontier = Frontier::new();
    // From one entry on: Debian's version of the package gives the empty tree a root of zeros.
    let mut cases = Vec::new();
    for (number, leaf) in (1..).zip(leaves) {
        frontier.push(*leaf);
        cases.push(json!({"Entries": number, "Root": encoded(&frontier.root())}));
    }
    cases
}

/// Runs the Go program; `None` where it cannot run here.
fn run(input: &Value) -> Option<Value> {
    let package = Path::new(GOPATH).join("src/golang.org/x/mod/sumdb/note");
    let has_go = Command::new("go")
        .arg("version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !has_go || !package.is_dir() {
        println!(
            "skipped: cross-check with Go: needs go and golang.org/x/mod (Debian: golang-go, golang-golang-x-mod-dev)"
        );
        return None;
    }
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop-go/check.go");
    let mut child = Command::new("go")
        .arg("run")
        .arg(program)
        .env("GO111MODULE", "off")
        .env("GOPATH", GOPATH)
        .env("GOFLAGS", "")
        .env("CGO_ENABLED", "0")
        .env(
            "GOCACHE",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-cache"),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A program that has stopped early says why on its error output, so a broken pipe is no failure of its own.
    let _ = stdin.write_all(input.to_string().as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn go_agrees_on_notes_proofs_roots_and_tile_names() {
    let leaves: Vec<Hash> = (0..64)
        .map(|n: u32| tree::leaf_hash(n.to_string().as_bytes()))
        .collect();
    let (inclusion, consistency) = proofs(&leaves);
    let vkey = signer().verifier_key().to_string();
    let id = vkey.split('+').nth(1).unwrap();
    let secret = base64::encode(&[&[1_u8][..], &SEED].concat());
    let text = "a text\n\nof two parts\n";
    let input = json!({
        "Vkey": vkey, "Skey": format!("PRIVATE+KEY+{ORIGIN}+{id}+{secret}"), "Text": text, "Notes": notes(),
        "Inclusion": inclusion, "Consistency": consistency, "Tiles": tiles(), "Trees": trees(&leaves),
    });
    let Some(answer) = run(&input) else { return };
    let lists = ["Notes", "Inclusion", "Consistency", "Tiles", "Trees"];
    let cases: usize = lists
        .iter()
        .map(|list| input[list].as_array().unwrap().len())
        .sum();
    assert_eq!(answer["cases"].as_u64().unwrap(), cases as u64);
    println!("checked: {cases} cases by golang.org/x/mod");
    let signed = answer["note"].as_str().unwrap();
    let verified = note::verify(signed.as_bytes(), [signer().verifier_key()]).unwrap();
    assert_eq!(verified.text(), text);
    assert_eq!(note::sign(text, &[&signer()]).unwrap(), signed);
}
