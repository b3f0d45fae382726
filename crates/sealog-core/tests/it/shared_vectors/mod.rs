//! Third-party vectors that lie beside the repository, not in it: Merkle proofs, a tiled log, cosignatures, witness
//! requests, Ed25519. Where they are absent each test says that it did not run.

mod ed25519;
mod logs;
mod merkle;
mod texts;

use std::fs;
use std::path::{Path, PathBuf};

/// Names the folder of the vectors; without it, `shared/vectors` beside the repository.
const VARIABLE: &str = "SEALOG_SHARED_VECTORS";

/// The folder of one source, or a line that says that its test does not run. A folder that was named has to be there.
fn source(name: &str) -> Option<PathBuf> {
    let named = std::env::var_os(VARIABLE);
    let root = named.as_ref().map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    );
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        named.is_none(),
        "{VARIABLE} is set, but there is no {}",
        folder.display()
    );
    println!(
        "skipped: shared vectors {name}: not beside this repository; {VARIABLE} names their folder"
    );
    None
}

/// Says how many cases ran, and fails where there are fewer or more than the source has.
fn ran(name: &str, number: usize, expected: usize) {
    println!("checked: {number} cases of the shared vectors {name}");
    assert_eq!(number, expected, "cases of {name}");
}

fn read(path: impl AsRef<Path>) -> Vec<u8> {
    let path = path.as_ref();
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read_text(path: impl AsRef<Path>) -> String {
    String::from_utf8(read(path)).unwrap()
}

fn read_json(path: impl AsRef<Path>) -> serde_json::Value {
    serde_json::from_slice(&read(path)).unwrap()
}

/// Every file below a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
