//! The algorithms of timestamps: SHA-256, SHA-384 and SHA-512, by which ECDSA or RSA (PKCS #1 v1.5) signs.
//!
//! **What is absent**: RSA with PSS, and everything by SHA-1. A timestamp by these is undecided.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1, ECDSA_P384_SHA256_ASN1,
    ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA512_ASN1, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
    VerificationAlgorithm,
};
use x509_cert::der::Tag;
use x509_cert::der::asn1::{AnyRef, ObjectIdentifier};

use super::asn1::Fields;
use super::stamp::malformed;
use super::undecided;
use crate::Error;
use crate::keys::{KeyKind, PublicKey};

const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");

/// A hash that a timestamp may be made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hashing {
    Sha256,
    Sha384,
    Sha512,
}

impl Hashing {
    pub(super) fn read(identifier: AnyRef<'_>) -> Result<Self, Error> {
        let (id, parameters) = read(identifier)?;
        let found = match id {
            SHA256 => Self::Sha256,
            SHA384 => Self::Sha384,
            SHA512 => Self::Sha512,
            _ => {
                return Err(undecided(
                    "its timestamp is made by another hash than SHA-256, SHA-384 and SHA-512",
                ));
            }
        };
        if parameters.is_none_or(AnyRef::is_null) {
            Ok(found)
        } else {
            Err(malformed("a hash has parameters"))
        }
    }

    pub(super) fn of(self, bytes: &[u8]) -> digest::Digest {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, bytes)
    }
}

/// An identifier and its parameters.
fn read(identifier: AnyRef<'_>) -> Result<(ObjectIdentifier, Option<AnyRef<'_>>), Error> {
    let take = || {
        let mut fields = Fields::sequence(identifier)?;
        let id = fields.field(Tag::ObjectIdentifier)?.decode_as()?;
        Ok((id, fields.rest()?))
    };
    let (id, rest) = take().map_err(not_der)?;
    match rest.as_slice() {
        [] => Ok((id, None)),
        [parameters] => Ok((id, Some(*parameters))),
        _ => Err(malformed("an algorithm has more than its parameters")),
    }
}

fn not_der(_: x509_cert::der::Error) -> Error {
    malformed("an algorithm is no DER")
}

/// How a timestamp is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signing {
    Ecdsa,
    Rsa,
}

impl Signing {
    /// Reads an identifier that may name the hash again; it has to be this one.
    pub(super) fn read(identifier: AnyRef<'_>, hashing: Hashing) -> Result<Self, Error> {
        let (id, parameters) = read(identifier)?;
        let (found, named) = match id {
            ECDSA_SHA256 => (Self::Ecdsa, Some(Hashing::Sha256)),
            ECDSA_SHA384 => (Self::Ecdsa, Some(Hashing::Sha384)),
            ECDSA_SHA512 => (Self::Ecdsa, Some(Hashing::Sha512)),
            RSA_SHA256 => (Self::Rsa, Some(Hashing::Sha256)),
            RSA_SHA384 => (Self::Rsa, Some(Hashing::Sha384)),
            RSA_SHA512 => (Self::Rsa, Some(Hashing::Sha512)),
            RSA => (Self::Rsa, None),
            _ => {
                return Err(undecided(
                    "its timestamp is signed in another way than ECDSA and RSA of PKCS #1 v1.5",
                ));
            }
        };
        let expected = match found {
            Self::Ecdsa => None,
            Self::Rsa => Some(AnyRef::NULL),
        };
        if parameters != expected {
            return Err(malformed("its way of signing has other parameters"));
        }
        if named.is_some_and(|named| named != hashing) {
            return Err(malformed("it names two hashes"));
        }
        Ok(found)
    }

    /// Whether a key signed a message so.
    pub(super) fn is_by(
        self,
        key: &PublicKey,
        hashing: Hashing,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, Error> {
        use Hashing::{Sha256, Sha384, Sha512};
        let algorithm: &'static dyn VerificationAlgorithm = match (self, key.kind(), hashing) {
            (Self::Ecdsa, KeyKind::P256, Sha256) => &ECDSA_P256_SHA256_ASN1,
            (Self::Ecdsa, KeyKind::P256, Sha384) => &ECDSA_P256_SHA384_ASN1,
            (Self::Ecdsa, KeyKind::P256, Sha512) => &ECDSA_P256_SHA512_ASN1,
            (Self::Ecdsa, KeyKind::P384, Sha256) => &ECDSA_P384_SHA256_ASN1,
            (Self::Ecdsa, KeyKind::P384, Sha384) => &ECDSA_P384_SHA384_ASN1,
            (Self::Ecdsa, KeyKind::P384, Sha512) => &ECDSA_P384_SHA512_ASN1,
            (Self::Rsa, KeyKind::Rsa, Sha256) => &RSA_PKCS1_2048_8192_SHA256,
            (Self::Rsa, KeyKind::Rsa, Sha384) => &RSA_PKCS1_2048_8192_SHA384,
            (Self::Rsa, KeyKind::Rsa, Sha512) => &RSA_PKCS1_2048_8192_SHA512,
            (Self::Ecdsa, KeyKind::Rsa, _) | (Self::Rsa, KeyKind::P256 | KeyKind::P384, _) => {
                return Ok(false);
            }
            (_, KeyKind::Ed25519 | KeyKind::P521, _) => {
                return Err(undecided(
                    "the key of its timestamp's authority is none of P-256, P-384 and RSA",
                ));
            }
        };
        let key = UnparsedPublicKey::new(algorithm, key.raw());
        Ok(key.verify(message, signature).is_ok())
    }
}
