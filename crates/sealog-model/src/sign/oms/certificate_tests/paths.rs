//! What a chain has to fulfil on its way to a root.

use std::fs;

use rcgen::{
    BasicConstraints, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512,
};

use super::made::{NOW, Wish, Years};
use super::*;

#[test]
fn chains_of_every_curve_hold_and_say_who_signed_and_when_that_was_looked_at() {
    for algorithm in [
        &PKCS_ECDSA_P256_SHA256,
        &PKCS_ECDSA_P384_SHA384,
        &PKCS_ECDSA_P521_SHA512,
    ] {
        let wishes = [
            Wish::authority("root"),
            Wish::authority("between"),
            Wish::leaf(),
        ];
        let (model, chain) = (Model::new(), Chain::new(&wishes, algorithm));
        let bundle = model.sign(&chain);
        let voucher = model.verify(&bundle, &chain.roots()).unwrap();
        let Voucher::Certificate { subject, at, .. } = voucher else {
            panic!("{voucher:?}");
        };
        assert_eq!(subject, "CN=the signer");
        assert_eq!(at, Timestamp::parse(NOW.as_bytes()).unwrap());
        // The root may stand in the bundle too; it is still the one that was brought that counts.
        let whole = model.sign_showing(&chain, &chain.ders);
        model.verify(&whole, &chain.roots()).unwrap();
        model.verify(&whole, &Chain::usual().roots()).unwrap_err();
        fs::write(model.root.path().join("model/weights"), "0123456780").unwrap();
        let changed = model.verify(&bundle, &chain.roots());
        assert!(matches!(changed, Err(Error::Differs { .. })));
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of cases")]
fn what_a_chain_has_to_fulfil_has_a_chain_each_that_does_not() {
    let (root, between, leaf) = (
        Wish::authority("root"),
        Wish::authority("between"),
        Wish::leaf(),
    );
    let old: Years = (2020, 2021);
    let coming: Years = (2028, 2030);
    let with = |change: &dyn Fn(&mut Wish), wish: &Wish| {
        let mut wish = wish.clone();
        change(&mut wish);
        wish
    };
    let limited = with(
        &|wish| {
            // By another name than the root's: what issues itself does not count as being below.
            wish.name = "limited";
            wish.ca = IsCa::Ca(BasicConstraints::Constrained(0));
        },
        &root,
    );
    let no_extended = with(&|wish| wish.extended.clear(), &leaf);
    let server = with(
        &|wish| wish.extended = vec![ExtendedKeyUsagePurpose::ServerAuth],
        &leaf,
    );
    let agrees = with(
        &|wish| wish.usages = vec![KeyUsagePurpose::KeyAgreement],
        &leaf,
    );
    let no_authority = with(&|wish| wish.ca = IsCa::ExplicitNoCa, &between);
    let no_signer = with(
        &|wish| wish.usages = vec![KeyUsagePurpose::DigitalSignature],
        &between,
    );
    let serving = with(
        &|wish| wish.extended = vec![ExtendedKeyUsagePurpose::ServerAuth],
        &between,
    );
    let leaf_ca = with(
        &|wish| wish.ca = IsCa::Ca(BasicConstraints::Unconstrained),
        &leaf,
    );
    let mute_root = with(
        &|wish| wish.usages = vec![KeyUsagePurpose::DigitalSignature],
        &root,
    );
    let cases: Vec<(&str, &str, Vec<Wish>)> = vec![
        (
            "an expired leaf",
            "expired",
            vec![root.clone(), between.clone(), leaf.clone().years(old)],
        ),
        (
            "a coming leaf",
            "not valid yet",
            vec![root.clone(), between.clone(), leaf.clone().years(coming)],
        ),
        (
            "an expired authority between",
            "expired",
            vec![root.clone(), between.clone().years(old), leaf.clone()],
        ),
        (
            "a coming authority between",
            "not valid yet",
            vec![root.clone(), between.clone().years(coming), leaf.clone()],
        ),
        (
            "an expired root",
            "expired",
            vec![root.clone().years(old), between.clone(), leaf.clone()],
        ),
        (
            "a coming root",
            "not valid yet",
            vec![root.clone().years(coming), between.clone(), leaf.clone()],
        ),
        (
            "all expired",
            "expired",
            vec![
                root.clone().years(old),
                between.clone().years(old),
                leaf.clone().years(old),
            ],
        ),
        (
            "a leaf without extended uses",
            "signing code",
            vec![root.clone(), between.clone(), no_extended],
        ),
        (
            "a leaf for servers",
            "signing code",
            vec![root.clone(), between.clone(), server],
        ),
        (
            "a leaf that is not for signatures",
            "digital signatures",
            vec![root.clone(), between.clone(), agrees],
        ),
        (
            "a leaf that is an authority",
            "authority",
            vec![root.clone(), between.clone(), leaf_ca],
        ),
        (
            "a leaf above a leaf",
            "authority",
            vec![root.clone(), no_authority, leaf.clone()],
        ),
        (
            "an authority that may not certify",
            "may not sign",
            vec![root.clone(), no_signer, leaf.clone()],
        ),
        (
            "an authority for servers",
            "this use",
            vec![root.clone(), serving, leaf.clone()],
        ),
        (
            "a root with too many below",
            "so many",
            vec![limited.clone(), between.clone(), leaf.clone()],
        ),
        (
            "an authority with too many below",
            "so many",
            vec![root.clone(), limited.clone(), between.clone(), leaf.clone()],
        ),
        (
            "a root that may not certify",
            "may not sign",
            vec![mute_root, between.clone(), leaf.clone()],
        ),
    ];
    let model = Model::new();
    for (name, word, wishes) in cases {
        let chain = Chain::of(&wishes);
        let error = model
            .verify(&model.sign(&chain), &chain.roots())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refuted, "{name}: {error}");
        assert!(error.to_string().contains(word), "{name}: {error}");
    }
    // The limit itself is allowed.
    let chain = Chain::of(&[limited, leaf]);
    model.verify(&model.sign(&chain), &chain.roots()).unwrap();
}

#[test]
fn the_time_of_verification_decides_to_the_second() {
    let (model, chain) = (Model::new(), Chain::usual());
    let (bundle, roots) = (model.sign(&chain), chain.roots());
    for (at, holds) in [
        ("2023-12-31T23:59:59Z", false),
        ("2024-01-01T00:00:00Z", true),
        ("2030-01-01T00:00:00Z", true),
        ("2030-01-01T00:00:01Z", false),
        ("1969-12-31T23:59:59Z", false),
    ] {
        assert_eq!(model.verify_at(&bundle, &roots, at).is_ok(), holds, "{at}");
    }
}

#[test]
fn other_roots_other_orders_and_other_leaves_are_refused() {
    let (model, chain, other) = (Model::new(), Chain::usual(), Chain::usual());
    let good = model.sign(&chain);
    let kind =
        |bundle: &[u8], roots: &CertificateRoots| model.verify(bundle, roots).unwrap_err().kind();
    assert_eq!(kind(&good, &other.roots()), ErrorKind::Refuted);
    let swapped = [chain.ders[1].clone(), chain.ders[0].clone()];
    assert_eq!(
        kind(&model.sign_showing(&chain, &swapped), &chain.roots()),
        ErrorKind::Refuted
    );
    let alone = model.sign_showing(&chain, &chain.ders[..1]);
    assert_eq!(kind(&alone, &chain.roots()), ErrorKind::Refuted);
    // The chain of somebody else holds, and the signature is not by its key.
    let foreign = model.sign_showing(&chain, &other.ders);
    assert_eq!(kind(&foreign, &other.roots()), ErrorKind::Refuted);
    let key = verify_oms(&good, model.key(&chain).public());
    assert!(matches!(key, Err(Error::Pin { .. })));
}

#[test]
fn a_certificate_that_was_brought_itself_is_trusted_as_it_is_and_its_validity_and_uses_still_count()
{
    let model = Model::new();
    let ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let own = |wish: Wish| Chain::of(&[Wish { ca, ..wish }]);
    let chain = own(Wish::leaf());
    let bundle = model.sign_showing(&chain, &chain.ders);
    model.verify(&bundle, &chain.roots()).unwrap();
    assert!(model.verify(&bundle, &own(Wish::leaf()).roots()).is_err());
    let expired = own(Wish::leaf().years((2020, 2021)));
    let bundle = model.sign_showing(&expired, &expired.ders);
    assert!(model.verify(&bundle, &expired.roots()).is_err());
    let no_use = own(Wish {
        extended: vec![],
        ..Wish::leaf()
    });
    let bundle = model.sign_showing(&no_use, &no_use.ders);
    assert!(model.verify(&bundle, &no_use.roots()).is_err());
}
