//! Public keys: one canonical encoding each, from which their id is made.

use std::path::Path;

use aws_lc_rs::signature::RsaParameters;
use pkcs8::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use pkcs8::der::pem::LineEnding;
use pkcs8::der::{Decode, Document, Encode};
use pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use sealog_core::Hash;

use super::{Secrecy, create, read, unusable};
use crate::Error;
use crate::limits::{RSA_BITS_MAX, RSA_BITS_MIN};

const LABEL: &str = "PUBLIC KEY";
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
pub(super) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(super) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// The kind of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyKind {
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ECDSA over P-256.
    P256,
    /// ECDSA over P-384.
    P384,
    /// ECDSA over P-521.
    P521,
    /// RSA with a modulus of 2,048 to 8,192 bits.
    Rsa,
}

impl KeyKind {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::P521 => "p521",
            Self::Rsa => "rsa",
        }
    }

    /// Reads the name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Ed25519, Self::P256, Self::P384, Self::P521, Self::Rsa]
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    /// The kind that an algorithm identifier names.
    pub(super) fn of(algorithm: ObjectIdentifier, parameters: Option<AnyRef<'_>>) -> Option<Self> {
        let curve = parameters.and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
        match (algorithm, curve) {
            (ED25519, None) => parameters.is_none().then_some(Self::Ed25519),
            (EC, Some(P256)) => Some(Self::P256),
            (EC, Some(P384)) => Some(Self::P384),
            (EC, Some(P521)) => Some(Self::P521),
            (RSA, None) => (parameters == Some(AnyRef::NULL)).then_some(Self::Rsa),
            _ => None,
        }
    }

    const fn curve(self) -> Option<ObjectIdentifier> {
        match self {
            Self::Ed25519 | Self::Rsa => None,
            Self::P256 => Some(P256),
            Self::P384 => Some(P384),
            Self::P521 => Some(P521),
        }
    }

    /// Whether bytes are a key itself: of a curve's, the uncompressed point; of RSA, the DER of `RSAPublicKey`.
    fn fits(self, raw: &[u8]) -> bool {
        let point = |length| raw.len() == length && raw.first() == Some(&4);
        match self {
            Self::Ed25519 => raw.len() == 32,
            Self::P256 => point(65),
            Self::P384 => point(97),
            Self::P521 => point(133),
            Self::Rsa => rsa_bits(raw).is_some(),
        }
    }
}

/// A public key that can be written in one way only. That one can be read says nothing about whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    kind: KeyKind,
    raw: Vec<u8>,
}

impl PublicKey {
    pub(super) fn new(kind: KeyKind, raw: &[u8]) -> Option<Self> {
        kind.fits(raw).then(|| Self {
            kind,
            raw: raw.to_vec(),
        })
    }

    /// Reads a PEM file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = read(path)?;
        if text.contains("PRIVATE KEY-----") {
            return Err(unusable(
                path,
                "it is a private key; a verifier needs the public one",
            ));
        }
        Self::from_pem(&text).ok_or_else(|| {
            unusable(
                path,
                "it is no PEM of an Ed25519, P-256, P-384, P-521 or RSA public key of 2,048 to 8,192 bits",
            )
        })
    }

    /// Reads PEM text.
    pub fn from_pem(text: &str) -> Option<Self> {
        let (label, document) = Document::from_pem(text).ok()?;
        if label != LABEL {
            return None;
        }
        Self::from_der(document.as_bytes())
    }

    /// Reads a DER `SubjectPublicKeyInfo`.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let info = SubjectPublicKeyInfoRef::from_der(der).ok()?;
        let kind = KeyKind::of(info.algorithm.oid, info.algorithm.parameters)?;
        Self::new(kind, info.subject_public_key.as_bytes()?)
    }

    /// Its kind.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The key itself: 32 bytes, the uncompressed point, or the DER of `RSAPublicKey`.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// DER of the `SubjectPublicKeyInfo`.
    pub fn to_der(&self) -> Vec<u8> {
        let curve = self.kind.curve();
        let algorithm = AlgorithmIdentifierRef {
            oid: match self.kind {
                KeyKind::Ed25519 => ED25519,
                KeyKind::Rsa => RSA,
                _ => EC,
            },
            parameters: match self.kind {
                KeyKind::Rsa => Some(AnyRef::NULL),
                _ => curve.as_ref().map(AnyRef::from),
            },
        };
        let key = BitStringRef::from_bytes(&self.raw);
        let der = key.and_then(|subject_public_key| {
            let info = SubjectPublicKeyInfoRef {
                algorithm,
                subject_public_key,
            };
            info.to_der()
        });
        // A key of some 1,040 bytes at most always has an encoding.
        der.unwrap_or_default()
    }

    /// PEM of the `SubjectPublicKeyInfo`: lines of 64 characters, each ended by a newline.
    pub fn to_pem(&self) -> String {
        let document = Document::try_from(self.to_der());
        let pem = document.and_then(|document| document.to_pem(LABEL, LineEnding::LF));
        pem.unwrap_or_default()
    }

    /// SHA-256 of the DER, in hex: the whole of it, which people compare.
    pub fn key_id(&self) -> String {
        Hash::of(&[&self.to_der()]).to_hex()
    }

    /// Writes the PEM into a file that was not there.
    pub fn create(&self, path: &Path) -> Result<(), Error> {
        create(path, Secrecy::Everyone, self.to_pem().as_bytes())
    }

    /// The key for Ed25519.
    pub(crate) fn ed25519(&self) -> Result<ed25519_dalek::VerifyingKey, Error> {
        let wrong = || Error::malformed("the key", "it is of another kind than Ed25519");
        let raw = self.raw.as_slice().try_into().map_err(|_| wrong())?;
        if self.kind != KeyKind::Ed25519 {
            return Err(wrong());
        }
        ed25519_dalek::VerifyingKey::from_bytes(raw)
            .map_err(|_| Error::malformed("the key", "it is no point of the curve"))
    }
}

/// Bits of an RSA key's modulus; none if the bytes are no such key, or one that is too short or too long.
pub(crate) fn rsa_bits(raw: &[u8]) -> Option<usize> {
    let bits = RsaParameters::public_modulus_len(raw).ok()?;
    let bits = usize::try_from(bits).ok()?;
    (RSA_BITS_MIN..=RSA_BITS_MAX)
        .contains(&bits)
        .then_some(bits)
}
