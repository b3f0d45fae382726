//! The catalogue as data.

use std::collections::BTreeSet;

use sealog_core::Hash;

use super::*;

/// The version of the catalogue, and the SHA-256 of all its data. Whoever changes an entry changes both: policies that
/// find other things have other digests.
const FROZEN: (&str, &str) = (
    "2",
    "3dccce7a622ce52abda3b5ae76961eb9df425f75a4164d8ded6c296421a22d22",
);

#[test]
fn the_version_changes_with_every_entry() {
    let data: String = identifiers().map(IdentifierType::data).collect();
    let digest = Hash::of(&[data.as_bytes()]).to_hex();
    assert_eq!(
        (CATALOGUE_VERSION, digest.as_str()),
        FROZEN,
        "the catalogue has changed: raise CATALOGUE_VERSION, and write both down here"
    );
}

#[test]
fn every_id_is_there_once_and_leads_to_its_type() {
    let ids: BTreeSet<&str> = identifiers().map(IdentifierType::id).collect();
    assert_eq!(ids.len(), identifiers().count());
    for id in ids {
        assert_eq!(identifier_type(id).map(IdentifierType::id), Some(id));
    }
    assert!(identifier_type("NO_SUCH_TYPE").is_none());
}

/// Numbers that python-stdnum refused and we took, each with a like one that both take.
const REFUSED_ELSEWHERE: &[(&str, &str, &str)] = &[
    // The number of the company within it has a check digit too.
    ("FR_SIRET", "53607531901526", "73282932000074"),
    ("FR_SIRET", "47656580099293", "35600000049837"),
    // The second and third way to count began with the numbers from 100 on.
    ("GB_VAT", "GB013368848", "GB980780684"),
    ("GB_VAT", "GB099966130", "GB980780684"),
    // The two signs before the check digit are none of these.
    ("MX_RFC", "YPUZ450410XZ2", "GODE561231GR8"),
    ("MX_RFC", "DSHT911215WB7", "GODE561231GR8"),
];

#[test]
fn what_another_hand_refuses_does_not_hold() {
    for (id, refused, taken) in REFUSED_ELSEWHERE {
        let identifier = identifier_type(id).unwrap();
        assert!(!identifier.holds(refused.as_bytes()), "{id} {refused}");
        assert!(identifier.holds(taken.as_bytes()), "{id} {taken}");
    }
}
