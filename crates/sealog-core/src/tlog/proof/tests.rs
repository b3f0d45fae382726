//! Proof files: what is read back, and each way in which one is refused.

use alloc::format;
use alloc::string::ToString;
use alloc::vec;

use super::super::checkpoint::sign_checkpoint;
use super::super::sign::{Ed25519Signer, Signer as _};
use super::super::tree::{empty_root, leaf_hash, node_hash};
use super::super::vkey::KeyType;
use super::*;

const ORIGIN: &str = "example.com/log";
const ENTRY: &[u8] = b"{\"an\":\"entry\"}";
const SIBLING: Hash = Hash::new([5; 32]);

fn log() -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[1; 32]).unwrap()
}

fn note() -> String {
    let root = node_hash(&SIBLING, &leaf_hash(ENTRY));
    sign_checkpoint(ORIGIN, 2, root, &[&log()]).unwrap()
}

fn proof() -> TlogProof {
    TlogProof::new(Some(ENTRY.to_vec()), 1, vec![SIBLING], note()).unwrap()
}

fn verify(proof: &TlogProof, entry: &[u8]) -> Result<VerifiedCheckpoint, ProofFileError> {
    proof.verify(&leaf_hash(entry), ORIGIN, [log().verifier_key()])
}

#[test]
fn a_proof_reads_back_and_verifies() {
    let text = proof().to_string();
    let expected = format!(
        "c2sp.org/tlog-proof@v1\nextra {}\nindex 1\n{}\n\n{}",
        base64::encode(ENTRY),
        base64::encode(SIBLING.as_bytes()),
        note()
    );
    assert_eq!(text, expected);
    let read = TlogProof::parse(text.as_bytes()).unwrap();
    assert_eq!(read, proof());
    assert_eq!((read.extra(), read.index()), (Some(ENTRY), 1));
    assert_eq!(
        (read.hashes(), read.checkpoint()),
        (&[SIBLING][..], note().as_str())
    );
    assert_eq!(verify(&read, ENTRY).unwrap().size(), 2);
}

#[test]
fn the_extra_line_and_the_hashes_may_be_absent() {
    let root = leaf_hash(ENTRY);
    let note = sign_checkpoint(ORIGIN, 1, root, &[&log()]).unwrap();
    let text = format!("c2sp.org/tlog-proof@v1\nindex 0\n\n{note}");
    let read = TlogProof::parse(text.as_bytes()).unwrap();
    assert_eq!((read.extra(), read.hashes()), (None, &[][..]));
    assert_eq!(read.to_string(), text);
    assert!(verify(&read, ENTRY).is_ok());
    let text = text.replace("index", "extra \nindex");
    let read = TlogProof::parse(text.as_bytes()).unwrap();
    assert_eq!(
        read.extra(),
        Some(&[][..]),
        "an empty extra line is not an absent one"
    );
    assert_eq!(read.to_string(), text);
}

#[test]
fn another_entry_index_or_hash_is_refuted() {
    let refuted = |proof: &TlogProof, entry| {
        assert_eq!(verify(proof, entry).unwrap_err().kind(), ErrorKind::Refuted);
    };
    refuted(&proof(), b"another entry");
    refuted(
        &TlogProof::new(None, 0, vec![SIBLING], note()).unwrap(),
        ENTRY,
    );
    refuted(
        &TlogProof::new(None, 1, vec![empty_root()], note()).unwrap(),
        ENTRY,
    );
}

#[test]
fn a_proof_of_the_wrong_length_or_place_is_refused() {
    for (index, hashes) in [(1, vec![]), (1, vec![SIBLING; 2]), (2, vec![SIBLING])] {
        let proof = TlogProof::new(None, index, hashes, note()).unwrap();
        assert_eq!(
            verify(&proof, ENTRY).unwrap_err().kind(),
            ErrorKind::Malformed
        );
    }
}

#[test]
fn a_checkpoint_by_another_key_or_of_another_log_is_refused() {
    let leaf = leaf_hash(ENTRY);
    let other = Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[2; 32]).unwrap();
    let error = proof()
        .verify(&leaf, ORIGIN, [other.verifier_key()])
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refuted);
    let error = proof()
        .verify(&leaf, "other", [log().verifier_key()])
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
}

#[test]
fn another_first_line_is_refused() {
    let text = proof().to_string();
    for bad in [
        text.replacen("@v1", "@v2", 1),
        text.replacen("c2sp", " c2sp", 1),
        text.replacen("@v1", "@v1 ", 1),
        text.replacen("@v1\n", "@v1\r\n", 1),
        String::new(),
        HEADER.into(),
    ] {
        assert_eq!(
            TlogProof::parse(bad.as_bytes()),
            Err(ProofFileError::Header)
        );
    }
}

#[test]
fn an_extra_line_that_is_not_base64_is_refused() {
    let text = proof().to_string();
    let encoded = base64::encode(ENTRY);
    for extra in [
        encoded.trim_end_matches('='),
        &format!("{encoded} "),
        "-_-_",
        "Zh==",
    ] {
        let bad = text.replacen(&encoded, extra, 1);
        assert_eq!(
            TlogProof::parse(bad.as_bytes()),
            Err(ProofFileError::Extra),
            "{extra}"
        );
    }
}

#[test]
fn an_index_is_decimal_without_leading_zeros_below_the_largest_size() {
    let text = proof().to_string();
    let with = |index: &str| TlogProof::parse(text.replacen("index 1", index, 1).as_bytes());
    assert_eq!(
        with("index 9223372036854775806").unwrap().index(),
        TREE_SIZE_MAX - 1
    );
    for index in [
        "index 9223372036854775807",
        "index 01",
        "index +1",
        "index ",
        "index  1",
        "index 1 ",
        "index\t1",
        "Index 1",
        "1",
        "",
    ] {
        assert_eq!(with(index), Err(ProofFileError::Index), "{index:?}");
    }
}

#[test]
fn extra_stands_before_index_and_once() {
    let (extra, index) = (format!("extra {}\n", base64::encode(ENTRY)), "index 1\n");
    let text = proof().to_string();
    let swapped = text.replacen(&format!("{extra}{index}"), &format!("{index}{extra}"), 1);
    assert_eq!(
        TlogProof::parse(swapped.as_bytes()),
        Err(ProofFileError::Hash { number: 1 })
    );
    let twice = text.replacen(&extra, &extra.repeat(2), 1);
    assert_eq!(
        TlogProof::parse(twice.as_bytes()),
        Err(ProofFileError::Index)
    );
}

#[test]
fn a_hash_line_is_the_one_base64_of_32_bytes() {
    let text = proof().to_string();
    let good = base64::encode(SIBLING.as_bytes());
    for hash in [
        &good[1..],
        &format!("{good} "),
        &base64::encode(&[5; 33]),
        "hash",
    ] {
        let bad = text.replacen(&good, hash, 1);
        assert_eq!(
            TlogProof::parse(bad.as_bytes()),
            Err(ProofFileError::Hash { number: 1 })
        );
    }
}

#[test]
fn a_proof_has_at_most_63_hashes() {
    let most = TlogProof::new(None, 1, vec![SIBLING; PROOF_HASHES_MAX], note()).unwrap();
    let text = most.to_string();
    assert_eq!(TlogProof::parse(text.as_bytes()), Ok(most));
    let too_many = Err(ProofFileError::TooManyHashes {
        max: PROOF_HASHES_MAX,
    });
    let line = format!("{}\n", base64::encode(SIBLING.as_bytes()));
    let longer = text.replacen(&line, &line.repeat(2), 1);
    assert_eq!(TlogProof::parse(longer.as_bytes()), too_many);
    assert_eq!(
        TlogProof::new(None, 1, vec![SIBLING; PROOF_HASHES_MAX + 1], note()),
        too_many
    );
}

#[test]
fn an_empty_line_and_a_checkpoint_follow_the_hashes() {
    let text = proof().to_string();
    let (head, _) = text.split_once("\n\n").unwrap();
    for bad in [head.to_string(), format!("{head}\n"), format!("{head}\n\n")] {
        assert_eq!(
            TlogProof::parse(bad.as_bytes()),
            Err(ProofFileError::NoCheckpoint)
        );
    }
    let without_line = text.replacen("\n\n", "\n", 1);
    assert_eq!(
        TlogProof::parse(without_line.as_bytes()),
        Err(ProofFileError::Hash { number: 2 })
    );
}

#[test]
fn a_file_that_is_not_utf_8_is_refused() {
    let mut bytes = proof().to_string().into_bytes();
    bytes[0] = 0xff;
    assert_eq!(
        TlogProof::parse(&bytes),
        Err(ProofFileError::NotUtf8 { offset: 0 })
    );
}

#[test]
fn each_part_and_the_file_have_their_longest() {
    let with = |extra: usize, note: usize| {
        let extra = Some(vec![b'e'; extra]);
        TlogProof::new(extra, 1, vec![SIBLING; PROOF_HASHES_MAX], "n".repeat(note))
    };
    let largest = with(PROOF_EXTRA_BYTES_MAX, NOTE_BYTES_MAX)
        .unwrap()
        .to_string();
    assert!(largest.len() <= PROOF_FILE_BYTES_MAX);
    assert!(TlogProof::parse(largest.as_bytes()).is_ok());
    for (extra, note) in [(PROOF_EXTRA_BYTES_MAX + 1, 1), (1, NOTE_BYTES_MAX + 1)] {
        assert!(matches!(
            with(extra, note),
            Err(ProofFileError::TooLong { .. })
        ));
    }
    let longer = largest.replacen("extra ", "extra ZZZZ", 1);
    assert!(TlogProof::parse(longer.as_bytes()).is_err());
    let at = |length| TlogProof::parse(&vec![b' '; length]).unwrap_err();
    assert_eq!(at(PROOF_FILE_BYTES_MAX), ProofFileError::Header);
    let too_long = at(PROOF_FILE_BYTES_MAX + 1);
    assert!(matches!(
        too_long,
        ProofFileError::TooLong { part: "file", .. }
    ));
}
