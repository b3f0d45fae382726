//! Checkpoints: what is read back, and each way in which one is refused.

use alloc::format;
use alloc::string::ToString;
use alloc::vec;

use super::super::cosignature;
use super::super::sign::Ed25519Signer;
use super::*;

const ORIGIN: &str = "example.com/log";
const ROOT: Hash = Hash::new([5; 32]);

fn signer(key_type: KeyType, name: &str, seed: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed(key_type, name, &[seed; 32]).unwrap()
}

fn log(seed: u8) -> Ed25519Signer {
    signer(KeyType::Ed25519, ORIGIN, seed)
}

fn key(signer: &Ed25519Signer) -> VerifierKey {
    signer.verifier_key().clone()
}

fn root_line() -> String {
    base64::encode(ROOT.as_bytes())
}

#[test]
fn a_checkpoint_reads_back_from_its_text() {
    let checkpoint = Checkpoint::new(ORIGIN, 7, ROOT).unwrap();
    assert_eq!(
        checkpoint.to_string(),
        format!("{ORIGIN}\n7\n{}\n", root_line())
    );
    assert_eq!(Checkpoint::parse(&checkpoint.to_string()), Ok(checkpoint));
}

#[test]
fn extension_lines_are_kept_as_they_are() {
    let text = format!("{ORIGIN}\n7\n{}\nx y\n\u{fc}\n", root_line());
    let read = Checkpoint::parse(&text).unwrap();
    assert_eq!(read.extensions(), ["x y", "\u{fc}"]);
    assert_eq!(read.to_string(), text);
}

#[test]
fn an_empty_extension_line_is_refused() {
    for tail in ["\n", "x\n\n", "\nx\n"] {
        let text = format!("{ORIGIN}\n7\n{}\n{tail}", root_line());
        assert_eq!(
            Checkpoint::parse(&text),
            Err(CheckpointError::EmptyExtension)
        );
    }
}

#[test]
fn a_text_without_its_last_newline_is_refused() {
    let text = format!("{ORIGIN}\n7\n{}", root_line());
    assert_eq!(Checkpoint::parse(&text), Err(CheckpointError::End));
    assert_eq!(Checkpoint::parse(""), Err(CheckpointError::End));
}

#[test]
fn an_origin_is_1_to_255_bytes() {
    let with = |origin: &str| Checkpoint::parse(&format!("{origin}\n7\n{}\n", root_line()));
    assert!(with(&"o".repeat(ORIGIN_BYTES_MAX)).is_ok());
    for origin in [
        String::new(),
        "o".repeat(ORIGIN_BYTES_MAX + 1),
        "a\tb".into(),
    ] {
        assert!(matches!(with(&origin), Err(CheckpointError::Origin { .. })));
        assert!(Checkpoint::new(&origin, 7, ROOT).is_err());
    }
    assert!(Checkpoint::new("a\nb", 7, ROOT).is_err());
}

#[test]
fn a_size_is_decimal_without_leading_zeros_below_2_63() {
    let with = |size: &str| Checkpoint::parse(&format!("{ORIGIN}\n{size}\n{}\n", root_line()));
    assert_eq!(with("9223372036854775807").unwrap().size(), TREE_SIZE_MAX);
    for size in [
        "9223372036854775808",
        "07",
        "+7",
        "-7",
        " 7",
        "7 ",
        "0x7",
        "",
        "seven",
    ] {
        assert_eq!(with(size), Err(CheckpointError::Size), "{size:?}");
    }
    let error = Checkpoint::new(ORIGIN, TREE_SIZE_MAX + 1, ROOT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert_eq!(
        Checkpoint::parse(&format!("{ORIGIN}\n")),
        Err(CheckpointError::Size)
    );
}

#[test]
fn a_root_is_the_one_base64_of_32_bytes() {
    let good = root_line();
    for root in [
        "",
        good.trim_end_matches('='),
        &good.replacen('=', "==", 1),
        &base64::encode(&[5; 31]),
        &base64::encode(&[5; 33]),
        &good.replace("U=", "V="),
    ] {
        let text = format!("{ORIGIN}\n7\n{root}\n");
        assert_eq!(
            Checkpoint::parse(&text),
            Err(CheckpointError::Root),
            "{root}"
        );
    }
    assert_eq!(
        Checkpoint::parse(&format!("{ORIGIN}\n7\n")),
        Err(CheckpointError::Root)
    );
}

#[test]
fn the_empty_tree_has_the_empty_root() {
    assert!(Checkpoint::new(ORIGIN, 0, tree::empty_root()).is_ok());
    let text = format!("{ORIGIN}\n0\n{}\n", root_line());
    let error = Checkpoint::parse(&text).unwrap_err();
    assert_eq!(error, CheckpointError::EmptyTreeRoot { found: ROOT });
    assert_eq!(error.kind(), ErrorKind::Refuted);
}

#[test]
fn a_signed_checkpoint_verifies_under_its_logs_key() {
    let note = sign_checkpoint(ORIGIN, 7, ROOT, &[&log(1)]).unwrap();
    let verified = verify(note.as_bytes(), ORIGIN, &[key(&log(1))]).unwrap();
    assert_eq!((verified.size(), *verified.root()), (7, ROOT));
    assert_eq!(
        (verified.origin(), verified.note()),
        (ORIGIN, note.as_str())
    );
    assert_eq!(verified.log_keys(), [key(&log(1))]);
    assert!(verified.cosignatures().is_empty());
}

#[test]
fn at_a_rotation_both_keys_stand_behind_it() {
    let note = sign_checkpoint(ORIGIN, 7, ROOT, &[&log(1), &log(2)]).unwrap();
    let both = [key(&log(1)), key(&log(2))];
    assert_eq!(
        verify(note.as_bytes(), ORIGIN, &both).unwrap().log_keys(),
        both
    );
    let old = verify(note.as_bytes(), ORIGIN, &both[..1]).unwrap();
    assert_eq!(old.log_keys(), &both[..1]);
}

#[test]
fn a_checkpoint_of_another_log_is_refused_before_its_signatures() {
    let note = sign_checkpoint(ORIGIN, 7, ROOT, &[&log(1)]).unwrap();
    let other = signer(KeyType::Ed25519, "example.com/other", 1);
    let error = verify(note.as_bytes(), "example.com/other", &[key(&other)]).unwrap_err();
    assert!(matches!(&error, CheckpointError::OtherOrigin { found, .. } if found == ORIGIN));
    assert_eq!(error.kind(), ErrorKind::Refused);
}

#[test]
fn a_log_signs_only_under_its_own_name() {
    let other = signer(KeyType::Ed25519, "example.com/other", 1);
    let error = sign_checkpoint(ORIGIN, 7, ROOT, &[&log(1), &other]).unwrap_err();
    assert!(matches!(error, CheckpointError::KeyName { .. }));
}

#[test]
fn a_key_of_another_name_or_type_is_no_log_key() {
    let note = sign_checkpoint(ORIGIN, 7, ROOT, &[&log(1)]).unwrap();
    for stranger in [
        signer(KeyType::Ed25519, "example.com/other", 1),
        signer(KeyType::CosignatureV1, ORIGIN, 1),
    ] {
        let error = verify(note.as_bytes(), ORIGIN, &[key(&stranger)]).unwrap_err();
        assert!(matches!(error, CheckpointError::NoLogKey { .. }));
        assert_eq!(error.kind(), ErrorKind::Refused);
    }
}

#[test]
fn the_pinned_origin_without_the_pinned_keys_signature_is_refuted() {
    let note = sign_checkpoint(ORIGIN, 7, ROOT, &[&log(1)]).unwrap();
    let error = verify(note.as_bytes(), ORIGIN, &[key(&log(9))]).unwrap_err();
    assert_eq!(error, NoteError::NoKnownKey.into());
    assert_eq!(error.kind(), ErrorKind::Refuted);
}

#[test]
fn cosignatures_alone_do_not_make_a_logs_checkpoint() {
    let witness = signer(KeyType::CosignatureV1, "witness.example", 3);
    let stranger = sign_checkpoint(ORIGIN, 7, ROOT, &[&log(9)]).unwrap();
    let note = cosignature::cosign(&stranger, 1_700_000_000, &witness).unwrap();
    let keys = [key(&log(1)), key(&witness)];
    let error = verify(note.as_bytes(), ORIGIN, &keys).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refuted);
    let keys = [key(&log(9)), key(&witness)];
    let verified = verify(note.as_bytes(), ORIGIN, &keys).unwrap();
    let cosigned: Vec<_> = verified
        .cosignatures()
        .iter()
        .map(VerifiedSignature::time)
        .collect();
    assert_eq!(cosigned, vec![Some(1_700_000_000)]);
}

#[test]
fn a_verified_checkpoint_checks_proofs_against_its_own_tree() {
    let leaf = tree::leaf_hash(b"one");
    let both = tree::node_hash(&leaf, &ROOT);
    let note = sign_checkpoint(ORIGIN, 2, both, &[&log(1)]).unwrap();
    let verified = verify(note.as_bytes(), ORIGIN, &[key(&log(1))]).unwrap();
    verified.verify_inclusion(0, &leaf, &[ROOT]).unwrap();
    verified.verify_consistency(1, &leaf, &[ROOT]).unwrap();
    assert!(verified.verify_inclusion(1, &leaf, &[ROOT]).is_err());
    assert!(verified.verify_consistency(1, &ROOT, &[ROOT]).is_err());
}
