//! The same trees, proofs, tiles, checkpoints and notes by other hands: the crates `tlog_tiles` and `signed_note`.

use sealog_core::Hash;
use sealog_core::tlog::checkpoint::{self, sign_checkpoint};
use sealog_core::tlog::note;
use sealog_core::tlog::sign::{Ed25519Signer, Signer as _};
use sealog_core::tlog::tile::{Kind, Tile, hash_tiles};
use sealog_core::tlog::tree::{self, Frontier, GroupTree};
use sealog_core::tlog::vkey::{KeyType, VerifierKey};
use signed_note::{StandardVerifier, VerifierList};
use tlog_tiles::{HashReader, stored_hash_index};

const ORIGIN: &str = "example.com/log";
const SIZES: u64 = 130;

/// The hashes that the other implementation stores, in its own order.
struct Stored(Vec<tlog_tiles::Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes
            .iter()
            .map(|&index| self.0[usize::try_from(index).unwrap()])
            .collect())
    }
}

fn theirs(hash: &Hash) -> tlog_tiles::Hash {
    tlog_tiles::Hash(*hash.as_bytes())
}

fn ours(hashes: &[tlog_tiles::Hash]) -> Vec<Hash> {
    hashes.iter().map(|hash| Hash::new(hash.0)).collect()
}

/// One tree of [`SIZES`] leaves in both forms.
fn both() -> (Vec<Hash>, Stored) {
    let mut stored = Stored(Vec::new());
    let mut leaves = Vec::new();
    for number in 0..SIZES {
        let entry = number.to_be_bytes();
        let more = tlog_tiles::stored_hashes(number, &entry, &stored).unwrap();
        stored.0.extend(more);
        leaves.push(tree::leaf_hash(&entry));
    }
    (leaves, stored)
}

#[test]
fn tlog_tiles_agrees_on_roots_and_proofs() {
    let (leaves, stored) = both();
    let source = |level: u32, index: u64| -> Result<Hash, tree::ProofError> {
        let at = stored_hash_index(u8::try_from(level).unwrap(), index);
        Ok(Hash::new(stored.0[usize::try_from(at).unwrap()].0))
    };
    let mut frontier = Frontier::new();
    let mut roots = vec![frontier.root()];
    for size in 1..=SIZES {
        frontier.push(leaves[usize::try_from(size - 1).unwrap()]);
        roots.push(frontier.root());
        let root = tlog_tiles::tree_hash(size, &stored).unwrap();
        assert_eq!(frontier.root(), Hash::new(root.0));
        let group = GroupTree::new(&Frontier::new(), &leaves[..usize::try_from(size).unwrap()]);
        for index in 0..size {
            let proof = tlog_tiles::prove_record(size, index, &stored).unwrap();
            assert_eq!(
                tree::prove_inclusion(index, size, source).unwrap(),
                ours(&proof)
            );
            assert_eq!(
                group.proof(usize::try_from(index).unwrap()).unwrap(),
                ours(&proof)
            );
            let leaf = theirs(&leaves[usize::try_from(index).unwrap()]);
            tlog_tiles::check_record(&proof, size, root, index, leaf).unwrap();
        }
        for old in 1..=size {
            let proof = tlog_tiles::prove_tree(size, old, &stored).unwrap();
            let own = tree::prove_consistency(old, size, source).unwrap();
            assert_eq!(own, ours(&proof), "{old} to {size}");
            let old_root = roots[usize::try_from(old).unwrap()];
            tree::verify_consistency(old, &old_root, size, &frontier.root(), &own).unwrap();
        }
    }
}

#[test]
fn tlog_tiles_agrees_on_the_tiles_of_a_size() {
    for (old, new) in [
        (0, 0),
        (0, 1),
        (0, 255),
        (0, 256),
        (0, 70_000),
        (255, 256),
        (256, 70_001),
        (70_000, 70_000),
    ] {
        let mut expected: Vec<String> = tlog_tiles::Tile::new_tiles(8, old, new)
            .iter()
            .map(|tile| tile.path().replacen("tile/8/", "tile/", 1))
            .collect();
        let mut found: Vec<String> = hash_tiles(old, new).map(|tile| tile.to_string()).collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{old} to {new}");
    }
    for (level, index, width) in [(0, 0, 1), (3, 1_234_067, 256), (63, 999_999_999, 255)] {
        let tile = Tile::new(Kind::Hashes { level }, index, width).unwrap();
        let other = tlog_tiles::Tile::new(8, level, index, width.into(), false);
        assert_eq!(
            other.path().replacen("tile/8/", "tile/", 1),
            tile.to_string()
        );
    }
}

fn log(seed: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[seed; 32]).unwrap()
}

#[test]
fn signed_note_and_tlog_tiles_read_our_checkpoints() {
    for seed in 0..32 {
        let root = tree::leaf_hash(&[seed]);
        let size = 1 + u64::from(seed) * 1_000_003;
        let note = sign_checkpoint(ORIGIN, size, root, &[&log(seed), &log(seed + 1)]).unwrap();
        let vkey = log(seed).verifier_key().to_string();
        let verifier = StandardVerifier::new(&vkey).unwrap();
        let other = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
        let known = VerifierList::new(vec![Box::new(verifier)]);
        let (good, unknown) = other.verify(&known).unwrap();
        assert_eq!((good.len(), unknown.len()), (1, 1));
        let read = tlog_tiles::Checkpoint::from_bytes(other.text()).unwrap();
        assert_eq!(
            (read.origin(), read.size(), read.hash().0),
            (ORIGIN, size, *root.as_bytes())
        );
    }
}

#[test]
fn our_verifier_reads_notes_that_signed_note_signs() {
    for seed in 0..32_u8 {
        let name = "example.com/other";
        let key = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
        let own = Ed25519Signer::from_seed(KeyType::Ed25519, name, &[seed; 32]).unwrap();
        let vkey = own.verifier_key().to_string();
        let id = vkey.split('+').nth(1).unwrap();
        let secret = [&[1_u8][..], &key.to_bytes()].concat();
        let skey = format!(
            "PRIVATE+KEY+{name}+{id}+{}",
            sealog_core::tlog::base64::encode(&secret)
        );
        let signer = signed_note::StandardSigner::new(&skey).unwrap();
        let mut other = signed_note::Note::new(b"a text\n", &[]).unwrap();
        other.add_sigs(&[&signer]).unwrap();
        let bytes = other.to_bytes();
        let verified = note::verify(&bytes, [own.verifier_key()]).unwrap();
        assert_eq!(verified.text(), "a text\n");
        assert_eq!(note::sign("a text\n", &[&own]).unwrap().as_bytes(), bytes);
    }
}

#[test]
fn both_refuse_the_same_altered_checkpoints() {
    let note = sign_checkpoint(ORIGIN, 3, tree::leaf_hash(b"x"), &[&log(1)]).unwrap();
    let key: VerifierKey = log(1).verifier_key().clone();
    for bit in 0..note.len() * 8 {
        let mut bytes = note.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let verifier = StandardVerifier::new(&key.to_string()).unwrap();
        let known = VerifierList::new(vec![Box::new(verifier)]);
        let other =
            signed_note::Note::from_bytes(&bytes).is_ok_and(|note| note.verify(&known).is_ok());
        assert!(
            !other && checkpoint::verify(&bytes, ORIGIN, [&key]).is_err(),
            "bit {bit}"
        );
    }
}
