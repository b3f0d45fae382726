//! transparency-dev/merkle: inclusion, consistency and subtree proofs, good and altered.

use std::path::Path;

use sealog_core::Hash;
use sealog_core::tlog::{base64, tree};
use serde_json::Value;

use super::{files, ran, read_json, read_text, source};

const SOURCE: &str = "transparency-dev-merkle";

/// Some cases have "hashes" of 0 or 12 bytes, which our types cannot hold; other bytes stand for each of them, equal
/// where those are equal and of one role, and never a real hash.
fn hash(role: &str, value: &Value) -> Hash {
    let bytes = base64::decode(value.as_str().unwrap_or_default()).unwrap();
    Hash::from_slice(&bytes)
        .unwrap_or_else(|| Hash::of(&[b"stands for a ", role.as_bytes(), &bytes]))
}

fn root(value: &Value) -> Hash {
    hash("root", value)
}

fn proof(case: &Value) -> Vec<Hash> {
    case["proof"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|value| hash("node", value))
        .collect()
}

fn number(case: &Value, name: &str) -> u64 {
    case[name]
        .as_u64()
        .unwrap_or_else(|| panic!("{name} in {case}"))
}

/// Runs every case of a folder; tells how many there were.
fn run(folder: &Path, verify: impl Fn(&Value) -> Result<(), tree::ProofError>) -> usize {
    let files = files(folder);
    for path in &files {
        let case = read_json(path);
        let refused = case["wantErr"].as_bool().unwrap();
        let verdict = verify(&case);
        assert_eq!(verdict.is_err(), refused, "{}: {verdict:?}", path.display());
    }
    files.len()
}

#[test]
fn inclusion_proofs() {
    let Some(folder) = source(SOURCE) else { return };
    let number_run = run(&folder.join("inclusion"), |case| {
        let (index, size) = (number(case, "leafIdx"), number(case, "treeSize"));
        tree::verify_inclusion(
            index,
            size,
            &hash("leaf", &case["leafHash"]),
            &proof(case),
            &root(&case["root"]),
        )
    });
    ran("transparency-dev-merkle/inclusion", number_run, 98);
}

#[test]
fn consistency_proofs() {
    let Some(folder) = source(SOURCE) else { return };
    let number_run = run(&folder.join("consistency"), |case| {
        let (old, new) = (number(case, "size1"), number(case, "size2"));
        tree::verify_consistency(
            old,
            &root(&case["root1"]),
            new,
            &root(&case["root2"]),
            &proof(case),
        )
    });
    ran("transparency-dev-merkle/consistency", number_run, 98);
}

#[test]
fn subtree_inclusion_proofs() {
    let Some(folder) = source(SOURCE) else { return };
    let number_run = run(&folder.join("subtreeinclusion"), |case| {
        let (start, end) = (number(case, "start"), number(case, "end"));
        let (leaf, tree_root) = (hash("leaf", &case["leafHash"]), root(&case["root"]));
        tree::verify_subtree_inclusion(
            number(case, "leafIdx"),
            start,
            end,
            &leaf,
            &proof(case),
            &tree_root,
        )
    });
    ran("transparency-dev-merkle/subtreeinclusion", number_run, 204);
}

#[test]
fn subtree_consistency_proofs() {
    let Some(folder) = source(SOURCE) else { return };
    let number_run = run(&folder.join("subtreeconsistency"), |case| {
        let (start, end, size) = (
            number(case, "start"),
            number(case, "end"),
            number(case, "size"),
        );
        let (subtree, tree_root) = (root(&case["root1"]), root(&case["root2"]));
        tree::verify_subtree_consistency(start, end, &subtree, size, &tree_root, &proof(case))
    });
    ran(
        "transparency-dev-merkle/subtreeconsistency",
        number_run,
        118,
    );
}

/// The corpus is for another function (the nodes of any range); its numbers serve as sizes of an old and a new tree.
#[test]
fn consistency_between_the_sizes_of_the_compact_range_corpus() {
    let Some(folder) = source(SOURCE) else { return };
    let mut pairs = Vec::new();
    for path in files(&folder.join("compact-fuzz-corpus")) {
        let text = read_text(&path);
        let numbers: Vec<u64> = text
            .lines()
            .skip(1)
            .map(|line| {
                let digits = line
                    .strip_prefix("uint64(")
                    .and_then(|rest| rest.strip_suffix(')'));
                digits.unwrap().parse().unwrap()
            })
            .collect();
        pairs.push((numbers[0], numbers[1]));
    }
    for &(begin, end) in &pairs {
        let (old, new) = (begin.min(end), begin.max(end));
        let proof = tree::prove_consistency(old, new, |level, index| {
            Ok::<_, tree::ProofError>(Hash::of(&[&level.to_be_bytes(), &index.to_be_bytes()]))
        });
        if old == 0 || new > sealog_core::limits::TREE_SIZE_MAX {
            assert!(proof.is_err(), "{old} to {new}");
            continue;
        }
        // The nodes are no tree, so the roots differ; the verifier gets as far as comparing them.
        let error = tree::verify_consistency(old, &Hash::ZERO, new, &Hash::ZERO, &proof.unwrap());
        let shape_holds = matches!(error, Ok(()) | Err(tree::ProofError::RootMismatch { .. }));
        assert!(shape_holds, "{old} to {new}: {error:?}");
    }
    ran(
        "transparency-dev-merkle/compact-fuzz-corpus",
        pairs.len(),
        19,
    );
}
