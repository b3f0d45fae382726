//! What the public Sigstore signed, by the root of the public Sigstore: `tests/testdata/sigstore/README.md`.

use super::stamper::carried;
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
const OPENSSL_ROOT: &[u8] =
    include_bytes!("../../../../../tests/testdata/timestamps/trusted_root.json");
const OPENSSL_RSA: &[u8] =
    include_bytes!("../../../../../tests/testdata/timestamps/openssl-rsa.tsr");
const OPENSSL_FIRST_FORM: &[u8] =
    include_bytes!("../../../../../tests/testdata/timestamps/openssl-first-form.tsr");
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
    assert_eq!(by.verification_time().unwrap().seconds(), 1_760_062_340);
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
    let error = vouch(bundle.envelope, &key, voucher.clone(), None).unwrap_err();
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
    let times = stamp::hold(data, &bundle.envelope.signature, &root).unwrap();
    assert_eq!(times.len(), 1);
    assert_eq!(times[0].seconds(), 1_772_445_135);
    assert!(stamp::hold(data, b"other", &root).is_err());
}

/// What openssl stamped: `tests/testdata/timestamps/README.md`.
fn openssl(answer: &[u8], signature: &[u8]) -> Result<Timestamp, Error> {
    let root = TrustedRoot::parse(OPENSSL_ROOT).unwrap();
    let data = format!("{{{}}}", &carried(&[answer.to_vec()])[1..]);
    let data = Value::parse(data.as_bytes()).unwrap();
    let data = data.member("timestampVerificationData");
    stamp::hold(data, signature, &root).map(|times| times[0])
}

#[test]
fn timestamps_by_rsa_and_in_the_first_form_hold() {
    for (answer, time) in [
        (OPENSSL_RSA, "2026-11-29T17:33:26.248Z"),
        (OPENSSL_FIRST_FORM, "2026-11-29T17:33:43Z"),
    ] {
        let time = Timestamp::parse(time.as_bytes()).unwrap();
        assert_eq!(openssl(answer, b"a signature").unwrap(), time);
        let error = openssl(answer, b"another signature").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refuted);
    }
}

/// The certificates are those of the root, or lead to it: no bit of them is anybody's choice either.
#[test]
fn no_timestamp_with_a_flipped_bit_holds() {
    // Some bits of each byte, others each time.
    for (answer, step) in [(OPENSSL_RSA, 9), (OPENSSL_FIRST_FORM, 3)] {
        let mut flipped = answer.to_vec();
        for bit in (0..answer.len() * 8).step_by(step) {
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(openssl(&flipped, b"a signature").is_err(), "bit {bit}");
            flipped[bit / 8] ^= 1 << (bit % 8);
        }
        for length in 0..answer.len() {
            assert!(openssl(&answer[..length], b"a signature").is_err());
        }
    }
}

/// Where a flip holds that changes a value of the text.
fn flips(text: &[u8], holds: impl Fn(&[u8]) -> bool) -> Vec<usize> {
    let mut held = Vec::new();
    let value = Value::parse(text).unwrap();
    for at in (0..text.len()).step_by(5) {
        let mut flipped = text.to_vec();
        flipped[at] ^= 2;
        if Value::parse(&flipped).is_ok_and(|other| other == value) {
            continue;
        }
        if holds(&flipped) {
            held.push(at);
        }
    }
    held
}

#[test]
fn none_of_them_holds_with_a_flipped_bit_in_what_a_bundle_proves() {
    for text in [PLAIN, STAMPED.as_bytes()] {
        assert_eq!(flips(text, |text| verify(text).is_ok()), [0; 0]);
    }
}

/// A witness may cosign a checkpoint; its line is nobody's word here, and all that may change.
#[test]
fn none_of_the_second_version_holds_with_a_flipped_bit_but_in_the_line_of_a_witness() {
    let root = TrustedRoot::parse(STAGING).unwrap();
    for (text, identity, provider) in [
        (TILES_HASHED, BEACON, ACTIONS),
        (TILES_DSSE, SHARED, GOOGLE),
    ] {
        let signer = SigstoreSigner::new(identity, provider).unwrap();
        let holds = |text: &[u8]| {
            let verify = || -> Result<(), Error> {
                let value = parse(text)?;
                let bundle = bundle::read(&value)?;
                let (key, voucher) = hold(&value, &bundle, &root, &signer)?;
                match vouch(bundle.envelope, &key, voucher, None) {
                    // The last thing that fails of what is there: what was signed.
                    Err(Error::Malformed { why, .. }) if why.contains("predicate") => Ok(()),
                    other => other.map(|_| ()),
                }
            };
            verify().is_ok()
        };
        let held = flips(text, holds);
        let text = std::str::from_utf8(text).unwrap();
        let line = text.find("witness.").unwrap_or_default();
        let end = line + text[line..].find("\\n\"").unwrap_or_default();
        assert!(held.iter().all(|at| (line..end).contains(at)), "{held:?}");
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
