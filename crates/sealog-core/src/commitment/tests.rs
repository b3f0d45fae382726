//! The examples of the format page, RFC 4231, and one refusing case for each rule.

use alloc::format;
use alloc::string::ToString;

use super::*;
use crate::worked::{examples, text};

const PAGE: &str = include_str!("../../../../docs/formats/commitment.md");

fn key() -> DataKey {
    let mut bytes = [0; 32];
    for (byte, value) in bytes.iter_mut().zip(0..) {
        *byte = value;
    }
    DataKey::new(bytes)
}

const KEY_ID: &str = "000102030405060708090a0b0c0d0e0f";
const RECORD: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[test]
fn the_examples_of_the_page_hold() {
    for example in examples(PAGE, "commitments") {
        let mut bytes = [0; 32];
        decode_hex(text(&example, "data_key").as_bytes(), &mut bytes).unwrap();
        let salt = DataKey::new(bytes).salt(text(&example, "record_id"), text(&example, "path"));
        assert_eq!(salt.expose_hex(), text(&example, "salt"));
        let value = text(&example, "value").as_bytes();
        let made = salt.commit(text(&example, "key_id").parse().unwrap(), value);
        assert_eq!(made.to_string(), text(&example, "commitment"));
        let read: Commitment = text(&example, "commitment").parse().unwrap();
        assert_eq!(read, made);
        assert_eq!(read.key_id().to_string(), text(&example, "key_id"));
        let disclosed = Salt::from_hex(text(&example, "salt")).unwrap();
        assert_eq!(read.open(&disclosed, value), Ok(()));
    }
}

#[test]
fn the_examples_that_the_page_refuses_are_refused() {
    for example in examples(PAGE, "refused") {
        let found = text(&example, "commitment").parse::<Commitment>();
        let error = found.expect_err(text(&example, "why"));
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert_eq!(
            format!("{error:?}"),
            text(&example, "error"),
            "{}",
            text(&example, "why")
        );
    }
}

#[test]
fn the_code_is_hmac_sha256_of_rfc_4231() {
    // Test case 2 with its four-byte key, padded with zeros as RFC 2104 lays down.
    let mut padded = [0; 32];
    padded[..4].copy_from_slice(b"Jefe");
    let mut mac = keyed(&padded);
    mac.update(b"what do ya want for nothing?");
    let code = Hash::from_slice(&mac.finalize().into_bytes()).unwrap();
    assert_eq!(
        code.to_hex(),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}

#[test]
fn a_value_may_come_in_pieces() {
    let salt = key().salt(RECORD, "/input");
    let id = KEY_ID.parse().unwrap();
    let mut committing = salt.committing();
    committing.update(b"[1,");
    committing.update(b"");
    committing.update(b"2]");
    assert_eq!(committing.clone().finish(id), salt.commit(id, b"[1,2]"));
    assert_eq!(committing.verify(&salt.commit(id, b"[1,2]")), Ok(()));
}

#[test]
fn equal_values_in_other_fields_records_or_under_other_keys_do_not_look_equal() {
    let id = KEY_ID.parse().unwrap();
    let other = DataKey::new([7; 32]);
    let commitments = [
        key().salt(RECORD, "/a").commit(id, b"1"),
        key().salt(RECORD, "/b").commit(id, b"1"),
        key().salt(RECORD, "").commit(id, b"1"),
        key()
            .salt("01890a5d-ac96-774b-bcce-b302099a8058", "/a")
            .commit(id, b"1"),
        other.salt(RECORD, "/a").commit(id, b"1"),
    ];
    for (at, one) in commitments.iter().enumerate() {
        assert!(!commitments[at + 1..].contains(one));
    }
}

#[test]
fn refuses_another_value_salt_or_code() {
    let id = KEY_ID.parse().unwrap();
    let salt = key().salt(RECORD, "/a");
    let commitment = salt.commit(id, b"1");
    let refuted = |result: Result<(), CommitmentError>| {
        let error = result.unwrap_err();
        assert_eq!(
            (error, error.kind()),
            (CommitmentError::Mismatch, ErrorKind::Refuted)
        );
    };
    refuted(commitment.open(&salt, b"2"));
    refuted(commitment.open(&salt, b""));
    refuted(commitment.open(&salt, b"1 "));
    refuted(commitment.open(&key().salt(RECORD, "/b"), b"1"));
    for byte in 0..commitment.mac.len() {
        let mut changed = commitment;
        changed.mac[byte] ^= 1;
        refuted(changed.open(&salt, b"1"));
    }
}

#[test]
fn refuses_a_key_id_or_salt_of_another_form() {
    for text in [
        "",
        "0",
        &KEY_ID[1..],
        &format!("{KEY_ID}0"),
        &KEY_ID.to_uppercase(),
    ] {
        assert_eq!(text.parse::<KeyId>(), Err(CommitmentError::KeyId), "{text}");
    }
    let good = key().salt(RECORD, "").expose_hex();
    assert!(Salt::from_hex(&good).is_ok());
    for text in ["", &good[1..], &format!("{good}0"), &good.replace('a', "A")] {
        assert_eq!(
            Salt::from_hex(text).unwrap_err(),
            CommitmentError::Salt,
            "{text}"
        );
    }
    assert_eq!(CommitmentError::Salt.kind(), ErrorKind::Malformed);
}

#[test]
fn no_secret_shows_in_debug_output_or_errors() {
    let salt = key().salt(RECORD, "/a");
    let shown = format!("{:?} {:?} {:?}", key(), salt, salt.committing());
    assert_eq!(shown, "DataKey(..) Salt(..) Committing(..)");
    assert_eq!(key().expose(), key().clone().expose());
}

#[test]
fn every_text_has_the_same_length() {
    let commitment = key()
        .salt(RECORD, "")
        .commit(KEY_ID.parse().unwrap(), b"null");
    assert_eq!(commitment.to_string().len(), Commitment::TEXT_LEN);
    assert_eq!(Commitment::TEXT_LEN, 109);
}
