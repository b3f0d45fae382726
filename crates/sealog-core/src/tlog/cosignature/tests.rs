//! Cosignatures: what is read back, and each way in which one is refused.

use alloc::format;
use alloc::string::ToString;

use super::super::sign::Ed25519Signer;
use super::*;

const NOTE_TEXT: &str = "example.com/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
const TIME: u64 = 1_767_139_200;

fn signer(key_type: KeyType, name: &str, seed: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed(key_type, name, &[seed; 32]).unwrap()
}

fn witness() -> Ed25519Signer {
    signer(KeyType::CosignatureV1, "witness.example", 3)
}

fn key(signer: &Ed25519Signer) -> VerifierKey {
    signer.verifier_key().clone()
}

fn signed() -> String {
    note::sign(
        NOTE_TEXT,
        &[&signer(KeyType::Ed25519, "example.com/log", 1)],
    )
    .unwrap()
}

/// The bytes of a cosignature that states `time` and signs `message`.
fn bytes(time: u64, message: &[u8]) -> Vec<u8> {
    let signature = witness().sign(message).unwrap();
    [&time.to_be_bytes()[..], &signature].concat()
}

#[test]
fn the_message_is_label_time_and_the_whole_text() {
    let text = format!("{NOTE_TEXT}extension\n");
    let expected = format!("cosignature/v1\ntime 1767139200\n{text}");
    assert_eq!(message(TIME, &text), expected.as_bytes());
}

#[test]
fn a_cosigned_note_verifies_with_its_time() {
    let cosigned = cosign(&signed(), TIME, &witness()).unwrap();
    assert!(cosigned.starts_with(&signed()));
    let verified = note::verify(cosigned.as_bytes(), &[key(&witness())]).unwrap();
    let [line] = verified.signatures() else {
        panic!("one cosignature")
    };
    assert_eq!((line.key(), line.time()), (&key(&witness()), Some(TIME)));
}

#[test]
fn the_earliest_of_several_times_counts_and_the_key_once() {
    let mut cosigned = signed();
    for time in [TIME + 5, TIME, TIME + 9] {
        cosigned = cosign(&cosigned, time, &witness()).unwrap();
    }
    let verified = note::verify(cosigned.as_bytes(), &[key(&witness())]).unwrap();
    let [line] = verified.signatures() else {
        panic!("one key, one signature")
    };
    assert_eq!(line.time(), Some(TIME));
}

#[test]
fn another_text_time_or_label_is_refuted() {
    let good = message(TIME, NOTE_TEXT);
    let key = key(&witness());
    assert_eq!(verify(&key, NOTE_TEXT, &bytes(TIME, &good)), Ok(TIME));
    let refuted = |found| assert_eq!(found, Err(CosignatureError::Wrong));
    refuted(verify(
        &key,
        &NOTE_TEXT.replace("log", "lag"),
        &bytes(TIME, &good),
    ));
    refuted(verify(
        &key,
        &format!("{NOTE_TEXT}x\n"),
        &bytes(TIME, &good),
    ));
    refuted(verify(&key, NOTE_TEXT, &bytes(TIME + 1, &good)));
    refuted(verify(&key, NOTE_TEXT, &bytes(TIME, NOTE_TEXT.as_bytes())));
    let unlabelled = format!("cosignature/v2\ntime {TIME}\n{NOTE_TEXT}");
    refuted(verify(&key, NOTE_TEXT, &bytes(TIME, unlabelled.as_bytes())));
    assert_eq!(CosignatureError::Wrong.kind(), ErrorKind::Refuted);
}

#[test]
fn a_cosignature_has_72_bytes() {
    let good = bytes(TIME, &message(TIME, NOTE_TEXT));
    for found in [0, 7, 8, 71] {
        let error = verify(&key(&witness()), NOTE_TEXT, &good[..found]).unwrap_err();
        assert_eq!(
            error,
            CosignatureError::Length {
                expected: 72,
                found
            }
        );
    }
    let long = [good.as_slice(), &[0]].concat();
    assert!(verify(&key(&witness()), NOTE_TEXT, &long).is_err());
}

#[test]
fn a_time_is_below_2_63() {
    let last = (1 << 63) - 1;
    let line = sign(&Note::parse(signed().as_bytes()).unwrap(), last, &witness());
    assert!(line.is_ok());
    let beyond = last + 1;
    let error = cosign(&signed(), beyond, &witness()).unwrap_err();
    let time = CosignatureError::Time {
        max: last,
        found: beyond,
    };
    assert!(matches!(error, NoteError::Cosignature { source, .. } if source == time));
    let signed_anyway = bytes(beyond, &message(beyond, NOTE_TEXT));
    assert_eq!(
        verify(&key(&witness()), NOTE_TEXT, &signed_anyway),
        Err(time)
    );
}

#[test]
fn a_logs_key_does_not_cosign() {
    let log = signer(KeyType::Ed25519, "example.com/log", 1);
    let found = KeyType::Ed25519.byte();
    let other_type = CosignatureError::KeyType { expected: 4, found };
    let note = signed();
    assert_eq!(
        sign(&Note::parse(note.as_bytes()).unwrap(), TIME, &log),
        Err(other_type.clone())
    );
    assert_eq!(verify(&key(&log), NOTE_TEXT, &[0; 72]), Err(other_type));
}

#[test]
fn a_bad_cosignature_by_a_known_key_refuses_the_note() {
    let cosigned = cosign(&signed(), TIME, &witness()).unwrap();
    let (_, lines) = cosigned.rsplit_once("\n\n").unwrap();
    let moved = format!("{}\n{lines}", NOTE_TEXT.replace("log", "lag"));
    let error = note::verify(moved.as_bytes(), &[key(&witness())]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refuted);
    assert!(error.to_string().contains("witness.example"));
}
