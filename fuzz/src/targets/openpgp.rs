//! Detached OpenPGP signatures, and the keyrings that they are held against.
#![expect(
    clippy::expect_used,
    reason = "the test data is the target's own: without it there is nothing to hold"
)]

use std::io::Cursor;

use sealog_core::time::Timestamp;
use sealog_model::Error;
use sealog_model::sign::{OpenPgpKeys, OpenPgpSigned};

use super::owned;
use super::vouched::refused;
use crate::Answer;

/// A key that nobody kept.
const RING: &[u8] = include_bytes!("../../testdata/openpgp-ring.txt");
/// What it signed.
const CONTENT: &[u8] = include_bytes!("../../testdata/openpgp-content.bin");
/// Its signature.
const SIGNATURE: &[u8] = include_bytes!("../../testdata/openpgp-signature.txt");
/// The same signature and key without their armor: bytes that are changed get further.
const SIGNATURE_BINARY: &[u8] = include_bytes!("../../testdata/openpgp-signature.bin");
/// As the line above.
const RING_BINARY: &[u8] = include_bytes!("../../testdata/openpgp-ring.bin");
/// Of the year 2030: the key does not expire.
const NOW: i64 = 1_900_000_000;

fn verify(ring: &[u8], signature: &[u8], content: &[u8]) -> Result<OpenPgpSigned, Error> {
    let now = Timestamp::from_unix(NOW, 0).expect("a time");
    let keys = OpenPgpKeys::of(ring.to_vec(), None, now)?;
    keys.verify(signature, &mut Cursor::new(content))
}

/// What is accepted says what the key signed and nothing else; over other content it never is.
fn held(ring: &[u8], signature: &[u8]) -> Answer {
    match verify(ring, signature, CONTENT) {
        Ok(found) => {
            let signed = verify(RING, SIGNATURE, CONTENT).expect("the test data");
            assert_eq!(found, signed, "a signature that nobody made");
            assert!(verify(ring, signature, b"other").is_err(), "other content");
            "accepted".to_owned()
        }
        Err(error) => refused(&error),
    }
}

/// Any bytes as a signature.
pub(super) fn signature(bytes: &[u8]) -> Answer {
    held(RING_BINARY, bytes)
}

/// Any bytes as the keyring. It is its user's own, but a file that is broken must not pass for another.
pub(super) fn keyring(bytes: &[u8]) -> Answer {
    held(bytes, SIGNATURE_BINARY)
}

pub(super) fn signature_seeds() -> Vec<Vec<u8>> {
    owned([SIGNATURE_BINARY, SIGNATURE, b"\xc2\x03\x04\x00\x16"])
}

pub(super) fn keyring_seeds() -> Vec<Vec<u8>> {
    owned([RING_BINARY, RING, b"\xc6\x03\x04\x00\x00"])
}
