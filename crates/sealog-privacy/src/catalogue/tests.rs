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
