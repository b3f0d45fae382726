//! What an authority says: of which hash, and when (`TSTInfo`, RFC 3161 section 2.4.2).

use sealog_core::time::Timestamp;
use x509_cert::der::asn1::{AnyRef, IntRef, ObjectIdentifier};
use x509_cert::der::{Decode, Result as DerResult, Tag};
use x509_cert::ext::Extensions;
use x509_cert::ext::pkix::name::GeneralName;

use super::super::algorithm::Hashing;
use super::super::asn1::{Fields, numbered};
use super::super::undecided;
use super::{Unreadable, malformed};
use crate::Error;

/// `YYYYMMDDHHMMSS`.
const SECONDS_DIGITS: usize = 14;
/// Digits of a part of a second, at most: what a time can hold.
const FRACTION_DIGITS_MAX: usize = 9;

/// What is signed.
pub(super) struct Info<'a> {
    pub(super) hashing: Hashing,
    /// The hash of what was stamped.
    pub(super) imprint: &'a [u8],
    pub(super) time: Timestamp,
    /// What the authority calls itself.
    pub(super) authority: Option<GeneralName>,
}

impl<'a> Info<'a> {
    pub(super) fn read(content: &'a [u8]) -> Result<Self, Unreadable> {
        let mut fields = Fields::sequence(AnyRef::from_der(content)?)?;
        if fields.field(Tag::Integer)?.decode_as::<u8>()? != 1 {
            return Err(undecided("its timestamp is of another version than 1").into());
        }
        let _policy: ObjectIdentifier = fields.field(Tag::ObjectIdentifier)?.decode_as()?;
        let mut imprint = Fields::sequence(fields.field(Tag::Sequence)?)?;
        let hashing = Hashing::read(imprint.field(Tag::Sequence)?)?;
        let hash = imprint.field(Tag::OctetString)?.value();
        imprint.end()?;
        let _serial: IntRef<'_> = fields.field(Tag::Integer)?.decode_as()?;
        let time = time(fields.field(Tag::GeneralizedTime)?.value())?;
        let _accuracy = fields.optional(Tag::Sequence)?;
        if let Some(ordering) = fields.optional(Tag::Boolean)? {
            ordering.decode_as::<bool>()?;
        }
        if let Some(nonce) = fields.optional(Tag::Integer)? {
            nonce.decode_as::<IntRef<'_>>()?;
        }
        let authority = fields.optional(numbered(0))?;
        let authority = authority.map(|name| GeneralName::from_der(name.value()));
        let authority = authority.transpose()?;
        if let Some(extensions) = fields.optional(numbered(1))? {
            hold_uncritical(extensions)?;
        }
        fields.end()?;
        Ok(Self {
            hashing,
            imprint: hash,
            time,
            authority,
        })
    }
}

/// What an authority demands to be understood would have to be.
fn hold_uncritical(extensions: AnyRef<'_>) -> Result<(), Unreadable> {
    let list: DerResult<Extensions> =
        AnyRef::new(Tag::Sequence, extensions.value()).and_then(AnyRef::decode_as);
    if list?.iter().any(|extension| extension.critical) {
        return Err(undecided("its timestamp has a critical extension").into());
    }
    Ok(())
}

/// A `GeneralizedTime` as RFC 3161 writes it: in UTC, with seconds, and no more digits of a second than it needs.
fn time(text: &[u8]) -> Result<Timestamp, Error> {
    let read = || {
        let (digits, fraction) = text.strip_suffix(b"Z")?.split_at_checked(SECONDS_DIGITS)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        if let Some((b'.', part)) = fraction.split_first() {
            let ends = part.last().is_some_and(|digit| *digit != b'0');
            if !ends || part.len() > FRACTION_DIGITS_MAX {
                return None;
            }
        } else if !fraction.is_empty() {
            return None;
        }
        let digits = std::str::from_utf8(digits).ok()?;
        let fraction = std::str::from_utf8(fraction).ok()?;
        let (date, clock) = digits.split_at_checked(8)?;
        let (year, day) = date.split_at_checked(4)?;
        let (month, day) = day.split_at_checked(2)?;
        let (hour, rest) = clock.split_at_checked(2)?;
        let (minute, second) = rest.split_at_checked(2)?;
        let text = format!("{year}-{month}-{day}T{hour}:{minute}:{second}{fraction}Z");
        Timestamp::parse(text.as_bytes()).ok()
    };
    read().ok_or_else(|| malformed("its time is none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_utc_with_seconds_and_no_more_digits_than_it_needs() {
        for (text, expected) in [
            ("20260601000500Z", "2026-06-01T00:05:00Z"),
            ("20260601000500.5Z", "2026-06-01T00:05:00.5Z"),
            (
                "20260601000500.000000001Z",
                "2026-06-01T00:05:00.000000001Z",
            ),
        ] {
            let expected = Timestamp::parse(expected.as_bytes()).unwrap();
            assert_eq!(time(text.as_bytes()).unwrap(), expected, "{text}");
        }
        for text in [
            "",
            "Z",
            "20260601000500",
            "202606010005Z",
            "2026060100050Z",
            "20260601000500.Z",
            "20260601000500.50Z",
            "20260601000500,5Z",
            "20260601000500.0000000001Z",
            "20260601000500.-5Z",
            "20260601000500+0100",
            "20260601000560Z",
            "20260601240000Z",
            "20260631000500Z",
            "2026060100 500Z",
            "20260601000500ZZ",
            "20260601000500\u{0}Z",
        ] {
            assert!(time(text.as_bytes()).is_err(), "{text}");
        }
    }
}
