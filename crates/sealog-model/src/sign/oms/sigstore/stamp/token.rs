//! A timestamp as an authority answers it: signed data of CMS (RFC 5652) around what it says.
//!
//! **What is absent**: attributes that are not signed and lists of revoked certificates; a timestamp with these is
//! undecided.

use x509_cert::der::asn1::{AnyRef, ObjectIdentifier};
use x509_cert::der::{Decode, Encode, Tag, TagNumber};

use super::super::super::certificate::{Certificate, refuted};
use super::super::algorithm::{Hashing, Signing};
use super::super::asn1::{Fields, numbered, octets};
use super::super::undecided;
use super::info::Info;
use super::named::{Hashed, Numbered};
use super::{Unreadable, malformed};
use crate::Error;
use crate::limits::{CHAIN_CERTIFICATES_MAX, TIMESTAMP_ATTRIBUTES_MAX};

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
/// The version of signed data whose content is none of CMS's own.
const VERSION: u8 = 3;

/// A timestamp. Nothing of it is verified by being read.
pub(super) struct Token<'a> {
    pub(super) info: Info<'a>,
    /// What `info` was read of.
    content: &'a [u8],
    pub(super) certificates: Vec<Certificate>,
    signature: Signature<'a>,
}

/// By which name a signer is known.
enum Signer<'a> {
    Numbered(Numbered<'a>),
    /// By the id of its key.
    Key(&'a [u8]),
}

struct Signature<'a> {
    signer: Signer<'a>,
    hashing: Hashing,
    attributes: Attributes<'a>,
    signing: Signing,
    bytes: &'a [u8],
}

/// What is signed beside the content.
struct Attributes<'a> {
    /// All of them, as they are signed.
    signed: Vec<u8>,
    digest: &'a [u8],
    /// What says whose signature it is: one or two, which have to agree.
    certificates: Vec<Hashed<'a>>,
}

impl<'a> Token<'a> {
    /// Reads an answer (`TimeStampResp`).
    pub(super) fn read(answer: &'a [u8]) -> Result<Self, Error> {
        Ok(read_answer(answer)?)
    }

    /// Whether the signer's name is that of a certificate.
    pub(super) fn is_by(&self, certificate: &Certificate) -> bool {
        match &self.signature.signer {
            Signer::Numbered(name) => name.is(certificate),
            Signer::Key(id) => certificate.key_identifier().as_deref() == Some(*id),
        }
    }

    /// Holds everything to be signed by a certificate's key, and to mean that certificate. Whose it is, is not said.
    pub(super) fn hold_signed(&self, signer: &Certificate) -> Result<(), Error> {
        let Signature {
            hashing,
            attributes,
            signing,
            bytes,
            ..
        } = &self.signature;
        if hashing.of(self.content).as_ref() != attributes.digest {
            return Err(refuted("its timestamp was changed after it was signed"));
        }
        if !attributes.certificates.iter().all(|named| named.is(signer)) {
            return Err(refuted(
                "its timestamp names another certificate than its signer's",
            ));
        }
        let own = self.info.authority.as_ref();
        if own.is_some_and(|name| !signer.is_called(name)) {
            return Err(refuted(
                "its timestamp names another authority than its signer",
            ));
        }
        let key = signer.public_key()?;
        if signing.is_by(&key, *hashing, &attributes.signed, bytes)? {
            Ok(())
        } else {
            Err(refuted("its timestamp was not signed by its authority"))
        }
    }
}

fn read_answer(answer: &[u8]) -> Result<Token<'_>, Unreadable> {
    let mut fields = Fields::sequence(AnyRef::from_der(answer)?)?;
    hold_granted(fields.field(Tag::Sequence)?)?;
    let Some(token) = fields.optional(Tag::Sequence)? else {
        return Err(malformed("it is none").into());
    };
    fields.end()?;
    let mut fields = Fields::sequence(token)?;
    if fields
        .field(Tag::ObjectIdentifier)?
        .decode_as::<ObjectIdentifier>()?
        != SIGNED_DATA
    {
        return Err(malformed("it is no signed data").into());
    }
    let signed = Fields::of(fields.field(numbered(0))?, numbered(0))?;
    fields.end()?;
    read_signed(signed.only(Tag::Sequence)?)
}

/// What an authority answers when it did what it was asked for. Nobody signs that.
fn hold_granted(status: AnyRef<'_>) -> Result<(), Unreadable> {
    let mut fields = Fields::sequence(status)?;
    let found: u8 = fields.field(Tag::Integer)?.decode_as()?;
    if !fields.rest()?.is_empty() {
        return Err(malformed("its answer says more than that it was granted").into());
    }
    match found {
        0 => Ok(()),
        1 => Err(undecided("its timestamp was granted, but not as it was asked for").into()),
        _ => Err(refuted("its timestamp was not granted").into()),
    }
}

fn read_signed(data: AnyRef<'_>) -> Result<Token<'_>, Unreadable> {
    let mut fields = Fields::sequence(data)?;
    if fields.field(Tag::Integer)?.decode_as::<u8>()? != VERSION {
        return Err(undecided("its timestamp is of another version of CMS").into());
    }
    let hashings = Fields::of(fields.field(Tag::Set)?, Tag::Set)?;
    let hashing = Hashing::read(hashings.only(Tag::Sequence)?)?;
    let content = read_content(fields.field(Tag::Sequence)?)?;
    let certificates = match fields.optional(numbered(0))? {
        None => Vec::new(),
        Some(list) => read_certificates(list)?,
    };
    if fields.optional(numbered(1))?.is_some() {
        return Err(undecided("its timestamp carries lists of revoked certificates").into());
    }
    let signers = Fields::of(fields.field(Tag::Set)?, Tag::Set)?.rest()?;
    fields.end()?;
    let [signer] = signers.as_slice() else {
        return Err(malformed("it does not have exactly one signer").into());
    };
    let signature = read_signature(*signer)?;
    if signature.hashing != hashing {
        return Err(malformed("it names two hashes").into());
    }
    Ok(Token {
        info: Info::read(content)?,
        content,
        certificates,
        signature,
    })
}

fn read_content(content: AnyRef<'_>) -> Result<&[u8], Unreadable> {
    let mut fields = Fields::sequence(content)?;
    if fields
        .field(Tag::ObjectIdentifier)?
        .decode_as::<ObjectIdentifier>()?
        != TST_INFO
    {
        return Err(malformed("it is signed data about something else").into());
    }
    let bytes = Fields::of(fields.field(numbered(0))?, numbered(0))?;
    fields.end()?;
    Ok(bytes.only(Tag::OctetString)?.value())
}

fn read_certificates(list: AnyRef<'_>) -> Result<Vec<Certificate>, Unreadable> {
    let list = Fields::of(list, numbered(0))?.rest()?;
    if list.len() > CHAIN_CERTIFICATES_MAX {
        let why = format!("it carries more than {CHAIN_CERTIFICATES_MAX} certificates");
        return Err(malformed(&why).into());
    }
    let read = |one: &AnyRef<'_>| Ok(Certificate::from_der(&one.to_der()?)?);
    list.iter().map(read).collect()
}

fn read_signature(info: AnyRef<'_>) -> Result<Signature<'_>, Unreadable> {
    let mut fields = Fields::sequence(info)?;
    let version: u8 = fields.field(Tag::Integer)?.decode_as()?;
    let key_id = Tag::ContextSpecific {
        constructed: false,
        number: TagNumber(0),
    };
    let (expected, signer) = match fields.optional(Tag::Sequence)? {
        Some(name) => (1, Signer::Numbered(Numbered::read(name)?)),
        None => (3, Signer::Key(fields.field(key_id)?.value())),
    };
    if version != expected {
        return Err(malformed("its signer is of another version").into());
    }
    let hashing = Hashing::read(fields.field(Tag::Sequence)?)?;
    let Some(attributes) = fields.optional(numbered(0))? else {
        return Err(malformed("it has no signed attributes").into());
    };
    let attributes = read_attributes(attributes)?;
    let signing = Signing::read(fields.field(Tag::Sequence)?, hashing)?;
    let bytes = fields.field(Tag::OctetString)?.value();
    if fields.optional(numbered(1))?.is_some() {
        return Err(undecided("its timestamp has attributes that are not signed").into());
    }
    fields.end()?;
    Ok(Signature {
        signer,
        hashing,
        attributes,
        signing,
        bytes,
    })
}

fn read_attributes(list: AnyRef<'_>) -> Result<Attributes<'_>, Unreadable> {
    let (mut kind, mut digest) = (None, None);
    let (mut first_form, mut second_form) = (None, None);
    let mut before = Vec::new();
    let found = Fields::of(list, numbered(0))?.rest()?;
    if found.len() > TIMESTAMP_ATTRIBUTES_MAX {
        let why = format!("it has more than {TIMESTAMP_ATTRIBUTES_MAX} signed attributes");
        return Err(malformed(&why).into());
    }
    for attribute in found {
        // What is signed is a set in DER: in its order, and nothing twice.
        let der = attribute.to_der()?;
        if der <= before {
            return Err(malformed("its signed attributes are not in their order").into());
        }
        before = der;
        let mut fields = Fields::sequence(attribute)?;
        let place = match fields.field(Tag::ObjectIdentifier)?.decode_as()? {
            CONTENT_TYPE => &mut kind,
            MESSAGE_DIGEST => &mut digest,
            SIGNING_CERTIFICATE => &mut first_form,
            SIGNING_CERTIFICATE_V2 => &mut second_form,
            // A time of signing, or what else an authority signs about itself.
            _ => continue,
        };
        let values = Fields::of(fields.field(Tag::Set)?, Tag::Set)?.rest()?;
        fields.end()?;
        let [value] = values.as_slice() else {
            return Err(malformed("a signed attribute does not have exactly one value").into());
        };
        if place.replace(*value).is_some() {
            return Err(malformed("a signed attribute is there twice").into());
        }
    }
    let (Some(kind), Some(digest)) = (kind, digest) else {
        return Err(malformed("it does not sign its type and its digest").into());
    };
    if kind.decode_as::<ObjectIdentifier>()? != TST_INFO {
        return Err(malformed("it signs another type").into());
    }
    let first_form = first_form.map(Hashed::read_first_form).transpose()?;
    let second_form = second_form.map(Hashed::read).transpose()?;
    let certificates: Vec<Hashed<'_>> = first_form.into_iter().chain(second_form).collect();
    if certificates.is_empty() {
        return Err(malformed("it does not sign whose certificate it is by").into());
    }
    Ok(Attributes {
        signed: AnyRef::new(Tag::Set, list.value())?.to_der()?,
        digest: octets(digest)?,
        certificates,
    })
}
