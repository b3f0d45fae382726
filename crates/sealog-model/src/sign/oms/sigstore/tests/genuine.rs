//! What the public Sigstore signed, by the root of the public Sigstore: `tests/testdata/sigstore/README.md`.

use super::*;

const ROOT: &[u8] = include_bytes!("../../../../../tests/testdata/sigstore/trusted_root.json");
const PLAIN: &[u8] = include_bytes!("../../../../../tests/testdata/sigstore/v1.0.0.sig");
const STAMPED: &str = include_str!("../../../../../tests/testdata/sigstore/v1.1.0.sig");
const STAGING: &[u8] = include_bytes!("../../../../../tests/testdata/sigstore/staging_root.json");
const TILES_HASHED: &[u8] =
    include_bytes!("../../../../../tests/testdata/sigstore/rekor2-hashedrekord.sigstore.json");
const TILES_DSSE: &[u8] =
    include_bytes!("../../../../../tests/testdata/sigstore/rekor2-dsse.sigstore.json");
const GITHUB: &[u8] =
    include_bytes!("../../../../../tests/testdata/sigstore/github-timestamp.sigstore.json");
const GITHUB_ROOT: &[u8] =
    include_bytes!("../../../../../tests/testdata/sigstore/github_root.json");
const BEACON: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ACTIONS: &str = "https://token.actions.githubusercontent.com";
const SHARED: &str = "insecure-cloudtop-shared-user@cloudtop-prod-us-east.iam.gserviceaccount.com";
const GOOGLE: &str = "https://accounts.google.com";
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
fn one_with_a_timestamp_holds_from_when_the_authority_saw_it() {
    let vouched = verify(STAMPED.as_bytes()).unwrap();
    let by = vouched.voucher();
    assert_eq!(by.identity(), Some((SIGNER, KNOWN_BY)));
    assert_eq!(by.verification_time().unwrap().seconds(), 0);
    // By a root that does not know the authority, the timestamp is nobody's.
    let mut value = Value::parse(ROOT).unwrap();
    value
        .as_object_mut()
        .unwrap()
        .remove("timestampAuthorities");
    let root = TrustedRoot::parse(&value.to_canonical()).unwrap();
    let signer = SigstoreSigner::new(SIGNER, KNOWN_BY).unwrap();
    let error = verify_oms_sigstore(STAMPED.as_bytes(), &root, &signer).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refuted);
    assert!(
        error.to_string().contains("no authority of timestamps"),
        "{error}"
    );
}

/// What the staging instance took in with Rekor's second version. Nobody signed models there, so that everything holds
/// but what was signed.
fn tiles(text: &[u8], identity: &str, provider: &str) -> Result<Voucher, Error> {
    let root = TrustedRoot::parse(STAGING).unwrap();
    let signer = SigstoreSigner::new(identity, provider).unwrap();
    let value = parse(text).unwrap();
    let bundle = bundle::read(&value).unwrap();
    let (key, voucher) = hold(&value, &bundle, &root, &signer)?;
    let error = vouch(&bundle, &key, voucher.clone(), None).unwrap_err();
    assert!(
        error.to_string().contains("predicate is not OMS"),
        "{error}"
    );
    Ok(voucher)
}

#[test]
fn entries_of_the_second_version_of_the_log_hold_by_a_timestamp() {
    let by = tiles(TILES_HASHED, BEACON, ACTIONS).unwrap();
    assert_eq!(by.log_index(), Some(4_026_478));
    assert_eq!(by.verification_time().unwrap().seconds(), 1_778_700_213);
    let by = tiles(TILES_DSSE, SHARED, GOOGLE).unwrap();
    assert_eq!(by.log_index(), Some(689));
    assert_eq!(by.verification_time().unwrap().seconds(), 1_749_503_188);
}

#[test]
fn a_timestamp_by_sha384_below_two_authorities_holds_without_carrying_a_certificate() {
    let root = TrustedRoot::parse(GITHUB_ROOT).unwrap();
    let value = parse(GITHUB).unwrap();
    let bundle = bundle::read(&value).unwrap();
    let Material::Sigstore(_, material) = &bundle.material else {
        panic!()
    };
    let data = material.get("timestampVerificationData");
    let times = stamp::hold(data, &bundle.signature, &root).unwrap();
    assert_eq!(times.len(), 1);
    assert_eq!(times[0].seconds(), 1_772_445_135);
    assert!(stamp::hold(data, b"other", &root).is_err());
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
