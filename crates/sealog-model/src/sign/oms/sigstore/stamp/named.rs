//! Which certificate a signer means: by issuer and number, by the id of its key, and by its hash (RFC 5035).

use aws_lc_rs::digest;
use x509_cert::der::asn1::AnyRef;
use x509_cert::der::{Decode, Encode, Tag};

use super::super::super::certificate::Certificate;
use super::super::algorithm::Hashing;
use super::super::asn1::{Fields, numbered};
use super::super::undecided;
use super::Unreadable;

/// A certificate by what its issuer calls it.
pub(super) struct Numbered<'a> {
    issuer: AnyRef<'a>,
    serial: AnyRef<'a>,
}

impl<'a> Numbered<'a> {
    /// `IssuerAndSerialNumber` of CMS.
    pub(super) fn read(structure: AnyRef<'a>) -> Result<Self, Unreadable> {
        let mut fields = Fields::sequence(structure)?;
        let issuer = fields.field(Tag::Sequence)?;
        let serial = fields.field(Tag::Integer)?;
        fields.end()?;
        Ok(Self { issuer, serial })
    }

    /// `IssuerSerial` of RFC 5035, whose issuer is a list of names; one, as a certificate has one.
    fn read_listed(structure: AnyRef<'a>) -> Result<Self, Unreadable> {
        let mut fields = Fields::sequence(structure)?;
        let names = Fields::sequence(fields.field(Tag::Sequence)?)?;
        let name = names.only(numbered(4))?;
        let issuer = AnyRef::from_der(name.value())?;
        let serial = fields.field(Tag::Integer)?;
        fields.end()?;
        Ok(Self { issuer, serial })
    }

    pub(super) fn is(&self, certificate: &Certificate) -> bool {
        let Some((issuer, serial)) = certificate.issuer_and_serial() else {
            return false;
        };
        let same = |own: AnyRef<'_>, other: Vec<u8>| own.to_der().is_ok_and(|own| own == other);
        same(self.issuer, issuer) && same(self.serial, serial)
    }
}

/// A certificate by its hash.
pub(super) struct Hashed<'a> {
    /// None: SHA-1, of the first form. It never stands alone: path, issuer and number say which certificate it is.
    hashing: Option<Hashing>,
    hash: &'a [u8],
    numbered: Option<Numbered<'a>>,
}

impl<'a> Hashed<'a> {
    /// `SigningCertificate`.
    pub(super) fn read_first_form(structure: AnyRef<'a>) -> Result<Self, Unreadable> {
        Self::read_fields(only_certificate(structure)?, None)
    }

    /// `SigningCertificateV2`.
    pub(super) fn read(structure: AnyRef<'a>) -> Result<Self, Unreadable> {
        let mut fields = only_certificate(structure)?;
        let hashing = match fields.optional(Tag::Sequence)? {
            None => Hashing::Sha256,
            Some(identifier) => Hashing::read(identifier)?,
        };
        Self::read_fields(fields, Some(hashing))
    }

    fn read_fields(mut fields: Fields<'a>, hashing: Option<Hashing>) -> Result<Self, Unreadable> {
        let hash = fields.field(Tag::OctetString)?.value();
        let numbered = fields.optional(Tag::Sequence)?;
        fields.end()?;
        Ok(Self {
            hashing,
            hash,
            numbered: numbered.map(Numbered::read_listed).transpose()?,
        })
    }

    pub(super) fn is(&self, certificate: &Certificate) -> bool {
        let der = certificate.der();
        let found = match self.hashing {
            Some(hashing) => hashing.of(der),
            None => digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, der),
        };
        let is_numbered = |numbered: &Numbered<'_>| numbered.is(certificate);
        found.as_ref() == self.hash && self.numbered.as_ref().is_none_or(is_numbered)
    }
}

/// The fields of the certificate that is named: the signer's, and no other. Policies are read by nobody.
fn only_certificate(structure: AnyRef<'_>) -> Result<Fields<'_>, Unreadable> {
    let mut fields = Fields::sequence(structure)?;
    let certificates = Fields::sequence(fields.field(Tag::Sequence)?)?.rest()?;
    fields.optional(Tag::Sequence)?;
    fields.end()?;
    match certificates.as_slice() {
        [] => Err(Unreadable::Form),
        [only] => Ok(Fields::sequence(*only)?),
        _ => Err(undecided("its timestamp names more certificates than its signer's").into()),
    }
}
