//! Secrets that are known by the name before them alone.

use super::kind::Shape::NamedSecret;
use super::{IdentifierType, Mask, identifier};

pub(super) const ENTRIES: &[IdentifierType] = &[identifier(
    "SECRET",
    "password, key or token by its name",
    NamedSecret,
    |_| true,
    &[],
)
.alone()
.anywhere()
.ranked(70)
.masked(Mask::Whole)];
