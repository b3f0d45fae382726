//! Timestamps: one that holds, and a refusing twin for each sentence that one has to fulfil.

use super::refusals::{expect, failure};
use super::stamper::{
    CERTIFICATE, CERTIFICATE_V2, CONTENT_TYPE, DIGEST, ECDSA_SHA256, ECDSA_SHA384, SHA1, SHA256,
    SIGNED_DATA, SIGNING_TIME, Stamp, Stamper, TST_INFO, attribute, carried, field, hashing,
    integer, name, numbered, object, octets, sequence, sha256,
};
use super::*;
use crate::limits::{TIMESTAMP_ATTRIBUTES_MAX, TIMESTAMP_BYTES_MAX};

pub(super) const REFUTED: ErrorKind = ErrorKind::Refuted;
pub(super) const MALFORMED: ErrorKind = ErrorKind::Malformed;
/// What this version does not decide.
const UNDECIDED: ErrorKind = ErrorKind::Refused;

pub(super) fn stamped(
    sigstore: &Sigstore,
    change: impl FnOnce(&mut Stamp<'_>),
) -> Result<Vouched, Error> {
    let mut parts = sigstore.tile_parts("dsse");
    parts.stamp(sigstore, change);
    sigstore.verify(&parts.bundle(sigstore))
}

/// A way of changing a timestamp, what comes of it, and why.
type Case = (fn(&mut Stamp<'_>), ErrorKind, &'static str);

fn all_refused(cases: &[Case]) {
    let sigstore = Sigstore::of_tiles();
    assert!(stamped(&sigstore, |_| {}).is_ok());
    for (at, (change, kind, why)) in cases.iter().enumerate() {
        let (found, text) = failure(stamped(&sigstore, *change));
        assert_eq!(found, *kind, "case {at}: {text}");
        assert!(text.contains(why), "case {at}: {text}");
    }
}

#[test]
fn an_authority_may_say_more_that_decides_nothing() {
    let sigstore = Sigstore::of_tiles();
    let uncritical = sequence(&[&object(&[0x2a, 3]), &octets([5, 0])]);
    let after = [
        sequence(&[&integer(1)]),
        field(1, [0xff]),
        integer(99),
        numbered(0, numbered(4, name("clock"))),
        numbered(1, uncritical),
    ]
    .concat();
    assert!(stamped(&sigstore, |stamp| stamp.after_time = after).is_ok());
    assert!(stamped(&sigstore, |stamp| stamp.after_time.clear()).is_ok());
    let signed = attribute(SIGNING_TIME, &field(0x17, "260601000500Z"));
    assert!(stamped(&sigstore, |stamp| stamp.more = vec![signed]).is_ok());
    assert!(
        stamped(&sigstore, |stamp| stamp.time =
            field(0x18, "20260601000500.123Z"))
        .is_ok()
    );
    let plain = sequence(&[&object(SHA256)]);
    assert!(stamped(&sigstore, |stamp| stamp.hashings = plain).is_ok());
}

#[test]
fn a_timestamp_is_granted_and_nothing_stands_around_it() {
    all_refused(&[
        (
            |stamp| stamp.status = integer(1),
            UNDECIDED,
            "not as it was asked",
        ),
        (|stamp| stamp.status = integer(2), REFUTED, "not granted"),
        (
            |stamp| stamp.status.extend(sequence(&[&field(0x0c, "fine")])),
            MALFORMED,
            "says more",
        ),
        (|stamp| stamp.status.clear(), MALFORMED, "no DER"),
        (|stamp| stamp.trailing = vec![0], MALFORMED, "no DER"),
        (|stamp| stamp.trailing = vec![5, 0], MALFORMED, "no DER"),
    ]);
    let sigstore = Sigstore::of_tiles();
    let mut parts = sigstore.tile_parts("dsse");
    for (answer, why) in [
        (sequence(&[&sequence(&[&integer(0)])]), "it is none"),
        (vec![], "no DER"),
        (vec![0x30, 0x80, 0, 0], "no DER"),
        (vec![0x30, 0x81, 0], "no DER"),
    ] {
        parts.timestamps = Some(carried(&[answer]));
        let found = failure(sigstore.verify(&parts.bundle(&sigstore)));
        expect(found, MALFORMED, why);
    }
}

#[test]
fn signed_data_is_of_its_version_and_has_one_signer() {
    all_refused(&[
        (
            |stamp| stamp.kind = object(TST_INFO),
            MALFORMED,
            "no signed data",
        ),
        (
            |stamp| stamp.version = integer(1),
            UNDECIDED,
            "version of CMS",
        ),
        (
            |stamp| stamp.content_kind = object(SIGNED_DATA),
            MALFORMED,
            "something else",
        ),
        (
            |stamp| stamp.revoked = numbered(1, []),
            UNDECIDED,
            "revoked",
        ),
        (|stamp| stamp.signers = 0, MALFORMED, "exactly one signer"),
        (|stamp| stamp.signers = 2, MALFORMED, "exactly one signer"),
        (
            |stamp| stamp.signer_version = integer(3),
            MALFORMED,
            "another version",
        ),
        (
            |stamp| stamp.unsigned = numbered(1, attribute(SIGNING_TIME, &[5, 0])),
            UNDECIDED,
            "not signed",
        ),
        (|stamp| stamp.unsigned = vec![5, 0], MALFORMED, "no DER"),
        (|stamp| stamp.hashings.clear(), MALFORMED, "no DER"),
        (
            |stamp| stamp.hashings.extend(hashing(SHA256)),
            MALFORMED,
            "no DER",
        ),
    ]);
}

#[test]
fn what_is_signed_is_a_time_of_this_signature() {
    let sigstore = Sigstore::of_tiles();
    // One that is whole, of another signature by the same signer.
    let (own, other) = (sigstore.tile_parts("dsse"), sigstore.tile_parts("dsse"));
    let mut swapped = own;
    swapped.timestamps = other.timestamps;
    let found = failure(sigstore.verify(&swapped.bundle(&sigstore)));
    expect(found, REFUTED, "about another signature");
    all_refused(&[
        (
            |stamp| stamp.info_version = integer(2),
            UNDECIDED,
            "another version",
        ),
        (
            |stamp| stamp.imprint = sequence(&[&hashing(SHA256), &octets([])]),
            REFUTED,
            "another signature",
        ),
        (
            |stamp| stamp.imprint = sequence(&[&hashing(SHA1), &octets([0; 20])]),
            UNDECIDED,
            "another hash",
        ),
        (
            |stamp| stamp.time = field(0x17, "260601000500Z"),
            MALFORMED,
            "no DER",
        ),
        (
            |stamp| stamp.time = field(0x18, "20260601000500"),
            MALFORMED,
            "time is none",
        ),
        (
            |stamp| stamp.after_time = [integer(1), vec![5, 0]].concat(),
            MALFORMED,
            "no DER",
        ),
        (
            |stamp| stamp.after_time = numbered(0, numbered(4, name("other"))),
            REFUTED,
            "another authority",
        ),
        (
            |stamp| {
                let critical = [object(&[0x2a, 3]), field(1, [0xff]), octets([5, 0])].concat();
                stamp.after_time = numbered(1, field(0x30, critical));
            },
            UNDECIDED,
            "critical extension",
        ),
    ]);
}

#[test]
fn attributes_are_signed_each_once_and_in_their_order() {
    all_refused(&[
        (|stamp| stamp.content_type = None, MALFORMED, "its type"),
        (|stamp| stamp.digest = Some(vec![]), MALFORMED, "its digest"),
        (
            |stamp| stamp.content_type = Some(attribute(CONTENT_TYPE, &object(SIGNED_DATA))),
            MALFORMED,
            "another type",
        ),
        (
            |stamp| stamp.digest = Some(attribute(DIGEST, &octets([7; 32]))),
            REFUTED,
            "changed after",
        ),
        (
            |stamp| stamp.more = vec![attribute(DIGEST, &octets([7; 32]))],
            MALFORMED,
            "twice",
        ),
        (
            |stamp| {
                let both = [object(TST_INFO), object(TST_INFO)].concat();
                stamp.content_type = Some(attribute(CONTENT_TYPE, &both));
            },
            MALFORMED,
            "exactly one value",
        ),
        (
            |stamp| stamp.more = vec![attribute(SIGNING_TIME, &[5, 0]); 2],
            MALFORMED,
            "in their order",
        ),
        (|stamp| stamp.is_sorted = false, MALFORMED, "in their order"),
        (
            |stamp| stamp.certificate = None,
            MALFORMED,
            "whose certificate",
        ),
        (
            |stamp| {
                stamp.content_type = None;
                stamp.certificate = None;
                stamp.digest = Some(vec![]);
            },
            MALFORMED,
            "no signed attributes",
        ),
    ]);
}

#[test]
fn the_certificate_that_is_meant_is_the_signers() {
    let sigstore = Sigstore::of_tiles();
    let stamper = &sigstore.stamper;
    let with = |value: Vec<u8>| {
        stamped(&sigstore, |stamp| {
            stamp.certificate = Some(attribute(CERTIFICATE_V2, &value));
        })
    };
    let of = |fields: &[&[u8]]| sequence(&[&sequence(&[&sequence(fields)])]);
    let hash = octets(sha256(&stamper.leaf));
    let issuer = |common: &str| sequence(&[&numbered(4, name(common))]);
    assert!(with(of(&[&hash])).is_ok());
    assert!(with(of(&[&hashing(SHA256), &hash])).is_ok());
    assert!(with(of(&[&hash, &sequence(&[&issuer("times"), &integer(9)])])).is_ok());
    for (value, kind, why) in [
        (of(&[&octets([7; 32])]), REFUTED, "another certificate"),
        (of(&[&octets([])]), REFUTED, "another certificate"),
        (
            of(&[&hash, &sequence(&[&issuer("other"), &integer(9)])]),
            REFUTED,
            "another certificate",
        ),
        (
            of(&[&hash, &sequence(&[&issuer("times"), &integer(8)])]),
            REFUTED,
            "another certificate",
        ),
        (
            of(&[&hashing(SHA1), &octets([0; 20])]),
            UNDECIDED,
            "another hash",
        ),
        (sequence(&[&sequence(&[])]), MALFORMED, "no DER"),
        (
            sequence(&[&sequence(&[&sequence(&[&hash]), &sequence(&[&hash])])]),
            UNDECIDED,
            "more certificates",
        ),
    ] {
        expect(failure(with(value)), kind, why);
    }
}

/// The first form of that attribute hashes by SHA-1: it has to be right, and decides nothing that nothing else does.
#[test]
fn the_first_form_of_what_is_meant_holds_too_and_both_have_to_agree() {
    let sigstore = Sigstore::of_tiles();
    let leaf = &sigstore.stamper.leaf;
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, leaf);
    let first = |hash: &[u8]| {
        let value = sequence(&[&sequence(&[&sequence(&[&octets(hash)])])]);
        attribute(CERTIFICATE, &value)
    };
    let good = first(hash.as_ref());
    assert!(stamped(&sigstore, |stamp| stamp.certificate = Some(good.clone())).is_ok());
    assert!(stamped(&sigstore, |stamp| stamp.more = vec![good]).is_ok());
    let found = failure(stamped(&sigstore, |stamp| {
        stamp.more = vec![first(&[0; 20])];
    }));
    expect(found, REFUTED, "another certificate");
}

#[test]
fn the_signature_is_by_the_authoritys_key_in_a_way_that_is_named() {
    all_refused(&[
        (
            |stamp| stamp.signed = Some(b"other".to_vec()),
            REFUTED,
            "not signed by its authority",
        ),
        (
            |stamp| stamp.signing = sequence(&[&object(ECDSA_SHA384)]),
            MALFORMED,
            "two hashes",
        ),
        (
            |stamp| stamp.signing = sequence(&[&object(ECDSA_SHA256), &[5, 0]]),
            MALFORMED,
            "other parameters",
        ),
        (
            |stamp| stamp.signing = sequence(&[&object(&[0x2b, 0x65, 0x70])]),
            UNDECIDED,
            "another way",
        ),
        (
            |stamp| {
                let rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
                stamp.signing = sequence(&[&object(&rsa), &[5, 0]]);
            },
            REFUTED,
            "not signed by its authority",
        ),
        (
            |stamp| stamp.signer_hashing = hashing(SHA1),
            UNDECIDED,
            "another hash",
        ),
        (
            |stamp| {
                let with = [object(SHA256), integer(1)].concat();
                stamp.signer_hashing = field(0x30, with);
            },
            MALFORMED,
            "has parameters",
        ),
        (
            |stamp| stamp.signer = sequence(&[&name("other"), &integer(9)]),
            REFUTED,
            "none of the trusted root's",
        ),
        (
            |stamp| stamp.signer = sequence(&[&Stamper::issuer(), &integer(8)]),
            REFUTED,
            "none of the trusted root's",
        ),
    ]);
}

#[test]
fn a_signer_may_be_known_by_the_id_of_its_key() {
    let sigstore = Sigstore::of_tiles();
    let leaf = Certificate::from_der(&sigstore.stamper.leaf).unwrap();
    let by = |id: Vec<u8>| {
        stamped(&sigstore, |stamp| {
            stamp.signer_version = integer(3);
            stamp.signer = field(0x80, id);
        })
    };
    let own = leaf.key_identifier();
    let found = failure(by(vec![1; 20]));
    expect(found, REFUTED, "none of the trusted root's");
    assert!(by(own.unwrap()).is_ok());
}

#[test]
fn a_timestamp_has_so_many_attributes_and_bytes() {
    let sigstore = Sigstore::of_tiles();
    let with = |count: usize| {
        stamped(&sigstore, |stamp| {
            let own = |at: usize| attribute(SIGNING_TIME, &octets([u8::try_from(at).unwrap()]));
            stamp.more = (0..count).map(own).collect();
        })
    };
    assert!(with(TIMESTAMP_ATTRIBUTES_MAX - 3).is_ok());
    expect(
        failure(with(TIMESTAMP_ATTRIBUTES_MAX - 2)),
        MALFORMED,
        "more than",
    );
    let mut parts = sigstore.tile_parts("dsse");
    for (length, why) in [
        (TIMESTAMP_BYTES_MAX, "no DER"),
        (TIMESTAMP_BYTES_MAX + 1, "more than"),
    ] {
        parts.timestamps = Some(carried(&[vec![0; length]]));
        let found = failure(sigstore.verify(&parts.bundle(&sigstore)));
        expect(found, MALFORMED, why);
    }
}

#[test]
fn timestamps_stand_in_a_bundle_in_one_form() {
    let sigstore = Sigstore::of_tiles();
    let mut parts = sigstore.tile_parts("dsse");
    for (data, why) in [
        ("5", "no object"),
        (r#"{"rfc3161Timestamps":{}}"#, "no array"),
        (r#"{"rfc3161Timestamps":[5]}"#, "no object"),
        (r#"{"rfc3161Timestamps":[{}]}"#, "no base64"),
        (
            r#"{"rfc3161Timestamps":[{"signedTimestamp":"!"}]}"#,
            "no base64",
        ),
        (r#"{"rfc3161Timestamps":[{"x":1}]}"#, "other members"),
        (r#"{"rfc3161Timestamps":[],"x":1}"#, "other members"),
    ] {
        parts.timestamps = Some(format!(r#","timestampVerificationData":{data}"#));
        let found = failure(sigstore.verify(&parts.bundle(&sigstore)));
        expect(found, MALFORMED, why);
    }
}
