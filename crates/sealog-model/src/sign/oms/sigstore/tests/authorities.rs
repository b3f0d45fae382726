//! Who stamps, and when that counts: the authorities of the root, the certificates of their signers, and several times.

use rcgen::KeyUsagePurpose;

use super::miniature::{Windows, signer};
use super::refusals::{expect, failure};
use super::stamper::{
    CERTIFICATE_V2, Stamp, Stamper, TimeWish, attribute, carried, field, numbered,
};
use super::stamps::{MALFORMED, REFUTED, stamped};
use super::*;
use crate::limits::{CHAIN_CERTIFICATES_MAX, TIMESTAMPS_MAX};

#[test]
fn a_timestamp_holds_with_or_without_the_certificate_of_its_signer() {
    let mut sigstore = Sigstore::of_tiles();
    assert!(stamped(&sigstore, |stamp| stamp.certificates.clear()).is_ok());
    sigstore.shows_leaf = false;
    assert!(stamped(&sigstore, |_| {}).is_ok());
    let found = failure(stamped(&sigstore, |stamp| stamp.certificates.clear()));
    expect(found, REFUTED, "none of the trusted root's authorities");
}

#[test]
fn another_authority_is_none_of_the_roots() {
    for shows_leaf in [true, false] {
        let mut sigstore = Sigstore::of_tiles();
        sigstore.shows_leaf = shows_leaf;
        let mut parts = sigstore.tile_parts("dsse");
        let other = Stamper::new();
        parts.timestamps = Some(carried(&[other.stamp(&parts.signature).der()]));
        assert_eq!(
            failure(sigstore.verify(&parts.bundle(&sigstore))).0,
            REFUTED
        );
        // The other's key, under the certificate of the known one.
        let mut stamp = other.stamp(&parts.signature);
        stamp.certificates = numbered(0, &sigstore.stamper.leaf);
        stamp.certificate = Some(attribute(CERTIFICATE_V2, &sigstore.stamper.meant(&[])));
        parts.timestamps = Some(carried(&[stamp.der()]));
        let found = failure(sigstore.verify(&parts.bundle(&sigstore)));
        expect(found, REFUTED, "not signed by its authority");
    }
}

#[test]
fn the_authoritys_certificate_is_for_timestamps_alone_and_valid() {
    let usual = TimeWish::default;
    let wishes = [
        (
            TimeWish {
                uses: vec![],
                ..usual()
            },
            "for timestamps alone",
        ),
        (
            TimeWish {
                uses: vec![3],
                ..usual()
            },
            "for timestamps alone",
        ),
        (
            TimeWish {
                uses: vec![8, 3],
                ..usual()
            },
            "for timestamps alone",
        ),
        (
            TimeWish {
                is_critical: false,
                ..usual()
            },
            "is heeded",
        ),
        (
            TimeWish {
                usages: vec![KeyUsagePurpose::KeyEncipherment],
                ..usual()
            },
            "digital signatures",
        ),
        (
            TimeWish {
                to: (2026, 6, 1),
                ..usual()
            },
            "expired",
        ),
        (
            TimeWish {
                from: (2026, 6, 2),
                ..usual()
            },
            "not valid yet",
        ),
    ];
    for (wish, why) in wishes {
        for shows_leaf in [true, false] {
            let mut sigstore = Sigstore::of_tiles();
            sigstore.shows_leaf = shows_leaf;
            sigstore.stamper = Stamper::of(&wish);
            expect(failure(stamped(&sigstore, |_| {})), REFUTED, why);
        }
    }
    let mut sigstore = Sigstore::of_tiles();
    sigstore.stamper = Stamper::of(&TimeWish {
        usages: vec![KeyUsagePurpose::ContentCommitment],
        ..usual()
    });
    assert!(stamped(&sigstore, |_| {}).is_ok());
}

#[test]
fn an_authority_counts_in_its_time_alone() {
    let sigstore = Sigstore::of_tiles();
    let bundle = sigstore.tile_parts("dsse").bundle(&sigstore);
    let root = |from, to| {
        sigstore.root_json(Windows {
            times: (from, to),
            ..Windows::default()
        })
    };
    let verify = |root: &str| {
        let root = TrustedRoot::parse(root.as_bytes()).unwrap();
        verify_oms_sigstore(&bundle, &root, &signer())
    };
    assert!(verify(&root("2025-01-01T00:00:00Z", Some("2026-06-01T00:05:00Z"))).is_ok());
    assert!(verify(&root("2026-06-01T00:05:00Z", None)).is_ok());
    let ended = root("2025-01-01T00:00:00Z", Some("2026-06-01T00:04:59Z"));
    for root in [&ended, &root("2026-06-01T00:05:01Z", None)] {
        expect(failure(verify(root)), REFUTED, "no authority of timestamps");
    }
    // Another authority, which counts then, lends it nothing.
    let other = Stamper::new().json("2025-01-01T00:00:00Z", None, true);
    let list = r#""timestampAuthorities":["#;
    let both = ended.replace(list, &format!("{list}{other},"));
    assert_ne!(both, ended);
    expect(failure(verify(&both)), REFUTED, "none of its authority's");
    // And one that did not sign it takes nothing away.
    let good = root("2025-01-01T00:00:00Z", None);
    let own = sigstore.stamper.json("2025-01-01T00:00:00Z", None, true);
    for both in [format!("{other},{own}"), format!("{own},{other}")] {
        let with = good.replace(&own, &both);
        assert_ne!(with, good);
        assert!(verify(&with).is_ok());
    }
}

#[test]
fn a_time_is_one_at_which_the_signers_certificate_is_valid() {
    let sigstore = Sigstore::of_tiles();
    let at = |time: &str| stamped(&sigstore, |stamp| stamp.time = field(0x18, time));
    assert!(at("20260601000000Z").is_ok());
    assert!(at("20260601001000Z").is_ok());
    expect(failure(at("20260531235959Z")), REFUTED, "not valid yet");
    expect(failure(at("20260601001001Z")), REFUTED, "expired");
}

#[test]
fn each_of_several_timestamps_has_to_hold_and_the_first_time_counts() {
    let sigstore = Sigstore::of_tiles();
    let mut parts = sigstore.tile_parts("dsse");
    let signature = parts.signature.clone();
    let at = |time: &str| {
        let mut stamp = sigstore.stamper.stamp(&signature);
        stamp.time = field(0x18, time);
        stamp.der()
    };
    let mut with = |stamps: &[Vec<u8>]| {
        parts.timestamps = Some(carried(stamps));
        sigstore.verify(&parts.bundle(&sigstore))
    };
    let (first, second) = (at("20260601000400Z"), at("20260601000500Z"));
    for both in [
        [first.clone(), second.clone()],
        [second.clone(), first.clone()],
    ] {
        let vouched = with(&both).unwrap();
        let found = vouched.voucher().verification_time().unwrap();
        assert_eq!(found.seconds(), miniature::SIGNED - 60);
    }
    let foreign = Stamper::new().stamp(&signature).der();
    let other = sigstore.stamper.stamp(b"other").der();
    for bad in [at("20260601001001Z"), foreign, other] {
        for both in [[first.clone(), bad.clone()], [bad.clone(), first.clone()]] {
            assert_eq!(failure(with(&both)).0, REFUTED);
        }
    }
    expect(
        failure(with(&[first.clone(), first.clone()])),
        MALFORMED,
        "twice",
    );
    let many = |count: usize| -> Vec<Vec<u8>> {
        let second = |at| format!("202606010004{at:02}Z");
        (0..count).map(|count| at(&second(count))).collect()
    };
    assert!(with(&many(TIMESTAMPS_MAX)).is_ok());
    expect(
        failure(with(&many(TIMESTAMPS_MAX + 1))),
        MALFORMED,
        "more than",
    );
}

#[test]
fn a_timestamp_beside_a_promise_has_to_hold_too() {
    let sigstore = Sigstore::new();
    let with = |change: fn(&mut Stamp<'_>)| {
        let mut parts = sigstore.parts(&Wish::default());
        parts.stamp(&sigstore, change);
        sigstore.verify(&parts.bundle(&sigstore))
    };
    let vouched = with(|stamp| stamp.time = field(0x18, "20260601000430Z")).unwrap();
    let at = vouched.voucher().verification_time().unwrap();
    assert_eq!(at.seconds(), miniature::SIGNED - 30);
    let vouched = with(|stamp| stamp.time = field(0x18, "20260601000530Z")).unwrap();
    let at = vouched.voucher().verification_time().unwrap();
    assert_eq!(at.seconds(), miniature::SIGNED);
    expect(
        failure(with(|stamp| stamp.time = field(0x18, "20260601001001Z"))),
        REFUTED,
        "expired",
    );
    expect(
        failure(with(|stamp| stamp.signed = Some(vec![]))),
        REFUTED,
        "not signed",
    );
}

#[test]
fn certificates_that_are_carried_are_the_authoritys_and_so_many() {
    let sigstore = Sigstore::of_tiles();
    let leaf = &sigstore.stamper.leaf;
    let with = |list: &[&[u8]]| {
        stamped(&sigstore, |stamp| {
            stamp.certificates = numbered(0, list.concat());
        })
    };
    assert!(with(&[leaf, leaf]).is_ok());
    let foreign = Stamper::new().leaf;
    for list in [[&leaf[..], &foreign], [&foreign, leaf]] {
        expect(failure(with(&list)), REFUTED, "none of its authority's");
    }
    assert!(with(&[leaf; CHAIN_CERTIFICATES_MAX].map(Vec::as_slice)).is_ok());
    let found = failure(with(&[leaf; CHAIN_CERTIFICATES_MAX + 1].map(Vec::as_slice)));
    expect(found, MALFORMED, "more than");
    expect(failure(with(&[&[5, 0]])), MALFORMED, "no DER");
}
