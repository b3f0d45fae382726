//! The page of the tree.

use sealog_core::tlog::tree::{self, Frontier, ProofError};
use serde_json::Value;

use super::{cases, hash, hashes, kind, number, text, texts};

#[test]
fn roots_and_frontiers() {
    for case in cases("tree", "roots") {
        let mut frontier = Frontier::new();
        for entry in texts(&case, "entries") {
            frontier.push(tree::leaf_hash(entry.as_bytes()));
        }
        assert_eq!(frontier.root(), hash(text(&case, "root")));
        assert_eq!(frontier.hashes(), hashes(&case, "frontier"));
    }
}

fn run(good: &str, refused: &str, verify: impl Fn(&Value) -> Result<(), ProofError>) {
    let accepted = cases("tree", good);
    for case in &accepted {
        assert_eq!(verify(case), Ok(()), "{case}");
    }
    let refusals = cases("tree", refused);
    assert!(refusals.len() >= accepted.len());
    for case in refusals {
        let error = verify(&case).expect_err(text(&case, "why"));
        assert_eq!(error.kind(), kind(&case), "{}: {error}", text(&case, "why"));
    }
}

#[test]
fn inclusion() {
    run("inclusion", "inclusion-refused", |case| {
        let (index, size) = (number(case, "index"), number(case, "size"));
        let (leaf, root) = (hash(text(case, "leaf")), hash(text(case, "root")));
        tree::verify_inclusion(index, size, &leaf, &hashes(case, "proof"), &root)
    });
}

#[test]
fn consistency() {
    run("consistency", "consistency-refused", |case| {
        let (old, new) = (number(case, "old_size"), number(case, "new_size"));
        let (old_root, new_root) = (hash(text(case, "old_root")), hash(text(case, "new_root")));
        tree::verify_consistency(old, &old_root, new, &new_root, &hashes(case, "proof"))
    });
}

#[test]
fn subtrees() {
    run("subtrees", "subtrees-refused", |case| {
        let (start, end) = (number(case, "start"), number(case, "end"));
        let (subtree, root) = (hash(text(case, "subtree_root")), hash(text(case, "root")));
        let (size, proof) = (number(case, "size"), hashes(case, "proof"));
        tree::verify_subtree_consistency(start, end, &subtree, size, &root, &proof)
    });
}
