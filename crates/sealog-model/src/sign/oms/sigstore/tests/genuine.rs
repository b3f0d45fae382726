//! What the public Sigstore signed, by the root of the public Sigstore: `tests/testdata/sigstore/README.md`.

use super::*;

const ROOT: &[u8] = include_bytes!("../../../../../tests/testdata/sigstore/trusted_root.json");
const PLAIN: &[u8] = include_bytes!("../../../../../tests/testdata/sigstore/v1.0.0.sig");
const STAMPED: &str = include_str!("../../../../../tests/testdata/sigstore/v1.1.0.sig");
const SIGNER: &str = "stefanb@us.ibm.com";
const KNOWN_BY: &str = "https://sigstore.verify.ibm.com/oauth2";

fn verify(bundle: &[u8]) -> Result<Vouched, Error> {
    let root = TrustedRoot::parse(ROOT).unwrap();
    let signer = SigstoreSigner::new(SIGNER, KNOWN_BY).unwrap();
    verify_oms_sigstore(bundle, &root, &signer)
}

#[test]
fn a_bundle_of_the_public_instance_holds_for_the_files_that_it_signed() {
    let vouched = verify(PLAIN).unwrap();
    let by = vouched.voucher();
    assert_eq!(by.identity(), Some((SIGNER, KNOWN_BY)));
    assert_eq!(by.log_index(), Some(206_344_181));
    assert_eq!(by.verification_time().unwrap().seconds(), 1_746_236_086);
    let model = tempfile::TempDir::new().unwrap();
    for name in ["signme-1", "signme-2"] {
        std::fs::write(model.path().join(name), name).unwrap();
    }
    let options = DigestOptions::new(&[crate::digest::Algorithm::Sha256]);
    let check = |vouched: Vouched| vouched.check(model.path(), &[], Uncovered::Refuse, &options);
    assert!(check(vouched.clone()).is_ok());
    std::fs::write(model.path().join("signme-2"), "signme-3").unwrap();
    assert_eq!(check(vouched).unwrap_err().code(), "model_differs");
}

#[test]
fn one_with_a_timestamp_is_undecided_and_its_log_entry_alone_would_hold() {
    let error = verify(STAMPED.as_bytes()).unwrap_err();
    assert_eq!(error.code(), "model_undecided");
    assert!(error.to_string().contains("RFC 3161"), "{error}");
    let (before, rest) = STAMPED
        .split_once(r#","timestampVerificationData":"#)
        .unwrap();
    let (_, after) = rest.split_once("]}").unwrap();
    assert!(verify(format!("{before}{after}").as_bytes()).is_ok());
}

#[test]
fn none_of_them_holds_with_a_flipped_bit_in_what_a_bundle_proves() {
    // Not the white space, and not the letters of base64 that no bit of a value is in: those change no value.
    let text = std::str::from_utf8(PLAIN).unwrap();
    let value = Value::parse(PLAIN).unwrap();
    for at in (0..text.len()).step_by(5) {
        let mut flipped = PLAIN.to_vec();
        flipped[at] ^= 2;
        if Value::parse(&flipped).is_ok_and(|other| other == value) {
            continue;
        }
        assert!(verify(&flipped).is_err(), "byte {at}");
    }
}

#[test]
fn another_root_does_not_know_them() {
    let error = verify_oms_sigstore(
        PLAIN,
        &Sigstore::new().root(),
        &SigstoreSigner::new(SIGNER, KNOWN_BY).unwrap(),
    );
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refuted);
    assert!(
        error.to_string().contains("none of the trusted root"),
        "{error}"
    );
}
