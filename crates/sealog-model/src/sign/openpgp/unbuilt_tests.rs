//! A build without the feature says so.

use std::fs;

use sealog_core::ErrorKind;

use super::*;

#[test]
fn a_build_without_openpgp_says_so_and_refuses() {
    let home = tempfile::tempdir().unwrap();
    let ring = home.path().join("ring");
    fs::write(&ring, b"keys").unwrap();
    let error = OpenPgpKeys::read(&ring, None, Timestamp::EPOCH).unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Refused, "model_not_built")
    );
    assert!(error.to_string().contains("feature `openpgp`"), "{error}");
    let keys = OpenPgpKeys {
        ring: Vec::new(),
        fingerprint: None,
        at: Timestamp::EPOCH,
    };
    let error = keys.verify(&[0x88, 0], &mut io::empty()).unwrap_err();
    assert_eq!(error.code(), "model_not_built");
}
