//! The types of identifiers that are looked for, as data: one entry each, in a file for each family.
//!
//! An entry says which texts are candidates (a pattern over the view), which of them hold (its check digits), which
//! words stand around it, and whether one of them has to. [`identifiers`] names them all.

mod contact;
mod crypto;
mod kind;
mod named;
mod national;
mod network;
mod payment;
mod phone;
mod secrets;
mod vat;

pub use kind::{IdentifierType, Mask, Need};
pub(crate) use kind::{Shape, identifier};

/// The version of this table; it enters the digest of a policy, and changes with every entry.
pub const CATALOGUE_VERSION: &str = "2";

const FAMILIES: &[&[IdentifierType]] = &[
    contact::ENTRIES,
    network::ENTRIES,
    payment::ENTRIES,
    crypto::ENTRIES,
    secrets::ENTRIES,
    named::ENTRIES,
    national::america::ENTRIES,
    national::asia::ENTRIES,
    national::central::ENTRIES,
    national::north::ENTRIES,
    national::south::ENTRIES,
    national::west::ENTRIES,
    vat::ENTRIES,
];

/// Every identifier type, in the order of the families.
pub fn identifiers() -> impl Iterator<Item = &'static IdentifierType> {
    FAMILIES.iter().copied().flatten()
}

/// The identifier type of this id.
pub fn identifier_type(id: &str) -> Option<&'static IdentifierType> {
    identifiers().find(|identifier| identifier.id() == id)
}

#[cfg(test)]
mod tests;
