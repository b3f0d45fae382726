//! A whole Sigstore in miniature: bundles that hold, and a refusing twin for each sentence that one has to fulfil.

mod authorities;
mod genuine;
mod miniature;
mod parts;
mod refusals;
mod roots;
mod stamper;
mod stamps;
mod tiles;

use sealog_core::ErrorKind;

use self::miniature::{IDENTITY, PROVIDER, Sigstore, Wish};
use self::parts::Parts;
use super::*;
use crate::digest::DigestOptions;
use crate::manifest::Manifest;
use crate::sign::Uncovered;

#[test]
fn a_bundle_says_who_signed_and_since_when_its_log_has_it() {
    let sigstore = Sigstore::new();
    let bundle = sigstore.bundle();
    let vouched = sigstore.verify(&bundle).unwrap();
    let by = vouched.voucher();
    assert_eq!(by.scheme(), "oms-sigstore");
    assert_eq!(by.identity(), Some((IDENTITY, PROVIDER)));
    assert_eq!(by.log_index(), Some(1_003));
    let at = by.verification_time().unwrap();
    assert_eq!(at.seconds(), miniature::SIGNED);
    assert!(
        vouched
            .notes()
            .iter()
            .any(|note| note.contains("not asked"))
    );
    let options = DigestOptions::new(&[crate::digest::Algorithm::Sha256]);
    let verified = vouched.check(&sigstore.model(), &[], Uncovered::Refuse, &options);
    let manifest: &Manifest = verified.as_ref().unwrap().manifest();
    assert_eq!(manifest.files().len(), 1);
}

#[test]
fn entries_of_every_kind_hold() {
    let sigstore = Sigstore::new();
    for (kind, version) in [
        ("dsse", "0.0.1"),
        ("intoto", "0.0.2"),
        ("hashedrekord", "0.0.1"),
    ] {
        let mut parts = sigstore.parts(&Wish::default());
        parts.kind(kind, version);
        let held = sigstore.verify(&parts.bundle(&sigstore));
        assert!(held.is_ok(), "{kind} {version}: {:?}", held.err());
    }
}

#[test]
fn an_identity_is_an_address_or_a_uri_and_an_older_authority_names_its_provider_bare() {
    let sigstore = Sigstore::new();
    let job = "https://ci.example/org/models/release.yml@refs/heads/main";
    let wish = Wish {
        identity: rcgen::SanType::URI(job.try_into().unwrap()),
        provider: None,
        ..Wish::default()
    };
    let bundle = sigstore.parts(&wish).bundle(&sigstore);
    let signer = SigstoreSigner::new(job, PROVIDER).unwrap();
    let vouched = verify_oms_sigstore(&bundle, &sigstore.root(), &signer).unwrap();
    assert_eq!(vouched.voucher().identity(), Some((job, PROVIDER)));
    assert!(sigstore.verify(&bundle).is_err());
}

#[test]
fn a_model_that_was_changed_after_it_was_signed_differs() {
    let sigstore = Sigstore::new();
    let bundle = sigstore.bundle();
    std::fs::write(sigstore.model().join("weights"), "0123456780").unwrap();
    let vouched = sigstore.verify(&bundle).unwrap();
    let options = DigestOptions::new(&[crate::digest::Algorithm::Sha256]);
    let error = vouched.check(&sigstore.model(), &[], Uncovered::Refuse, &options);
    assert_eq!(error.unwrap_err().code(), "model_differs");
}

#[test]
fn no_bundle_with_a_flipped_bit_holds() {
    let sigstore = Sigstore::new();
    let (root, signer) = (sigstore.root(), miniature::signer());
    let bundle = sigstore.bundle();
    no_flipped_bit_holds(&bundle, &root, &signer);
}

/// One bit of each byte, the next byte the next bit.
fn no_flipped_bit_holds(bundle: &[u8], root: &TrustedRoot, signer: &SigstoreSigner) {
    assert!(verify_oms_sigstore(bundle, root, signer).is_ok());
    for at in 0..bundle.len() {
        let mut flipped = bundle.to_vec();
        flipped[at] ^= 1 << (at % 8);
        assert!(
            verify_oms_sigstore(&flipped, root, signer).is_err(),
            "byte {at} of {}",
            bundle.len()
        );
    }
}

#[test]
fn no_beginning_of_a_bundle_holds() {
    let sigstore = Sigstore::new();
    let bundle = sigstore.bundle();
    for length in 0..bundle.len() {
        assert!(sigstore.verify(&bundle[..length]).is_err(), "{length}");
    }
}
