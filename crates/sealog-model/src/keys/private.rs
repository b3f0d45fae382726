//! Private keys: PKCS#8 in PEM, plain or under a password (PBES2), readable by their owner alone.

use std::fmt;
use std::path::Path;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _, RSA_PSS_SHA256, RsaKeyPair,
    RsaPssSaltLength,
};
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::pem::LineEnding;
use pkcs8::der::{Decode, Encode, SecretDocument};
use pkcs8::{AlgorithmIdentifierRef, EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef};
use zeroize::Zeroizing;

use super::public::ED25519;
use super::{KeyKind, PublicKey, Secrecy, create, read, unusable};
use crate::Error;

const PLAIN: &str = "PRIVATE KEY";
/// The older form of keys of curves (RFC 5915), as OpenSSL wrote it for long.
const SEC1: &str = "EC PRIVATE KEY";
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

enum Inner {
    Ed25519(ed25519_dalek::SigningKey),
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

/// A key that signs. Its text never shows it.
pub struct PrivateKey {
    inner: Inner,
    public: PublicKey,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PrivateKey")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

impl PrivateKey {
    /// Reads a PEM file. `password` opens an encrypted one and is refused for a plain one, where its owner is wrong
    /// about how the key is kept.
    pub fn read(path: &Path, password: Option<&[u8]>) -> Result<Self, Error> {
        check_mode(path)?;
        let text = read(path)?;
        let unusable = |why: &str| unusable(path, why);
        let (label, document) = SecretDocument::from_pem(&text)
            .map_err(|_| unusable("it is no PEM; `openssl pkcs8 -topk8` converts other forms"))?;
        let document = match (label, password) {
            (PLAIN, None) => document,
            (SEC1, None) => {
                return Self::from_sec1(document.as_bytes())
                    .ok_or_else(|| unusable("it is no P-256, P-384 or P-521 key"));
            }
            (PLAIN | SEC1, Some(_)) => {
                return Err(unusable(
                    "a password was given, and the key is not encrypted",
                ));
            }
            (ENCRYPTED, None) => {
                return Err(unusable(
                    "it is encrypted, and no password was given: use --password-file, SEALOG_MODEL_PASSWORD, or a terminal",
                ));
            }
            (ENCRYPTED, Some(password)) => {
                let info = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes());
                let info = info.map_err(|_| unusable("its encryption is not PBES2"))?;
                info.decrypt(password)
                    .map_err(|_| unusable("the password is wrong, or the encryption unknown"))?
            }
            _ => {
                return Err(unusable(
                    "it is not PKCS#8; `openssl pkcs8 -topk8` converts it",
                ));
            }
        };
        Self::from_pkcs8(document.as_bytes()).ok_or_else(|| {
            unusable("it is no Ed25519, P-256, P-384, P-521 or RSA key of 2,048 to 8,192 bits")
        })
    }

    /// Whether the PEM file of a key says that it is encrypted.
    pub fn is_encrypted(path: &Path) -> Result<bool, Error> {
        let text = read(path)?;
        let label = SecretDocument::from_pem(&text).map(|(label, _)| label);
        Ok(label.is_ok_and(|label| label == ENCRYPTED))
    }

    fn from_pkcs8(der: &[u8]) -> Option<Self> {
        let info = PrivateKeyInfoRef::try_from(der).ok()?;
        match KeyKind::of(info.algorithm.oid, info.algorithm.parameters)? {
            KeyKind::Ed25519 => {
                let seed = <&OctetStringRef>::from_der(info.private_key.as_bytes()).ok()?;
                let seed: Zeroizing<[u8; 32]> = Zeroizing::new(seed.as_bytes().try_into().ok()?);
                Self::from_seed(&seed)
            }
            KeyKind::Rsa => {
                let pair = RsaKeyPair::from_pkcs8(der).ok()?;
                let public = PublicKey::new(KeyKind::Rsa, pair.public_key().as_ref())?;
                Some(Self {
                    inner: Inner::Rsa(pair),
                    public,
                })
            }
            kind => {
                let pair = EcdsaKeyPair::from_pkcs8(signing(kind)?, der).ok()?;
                let public = PublicKey::new(kind, pair.public_key().as_ref())?;
                Some(Self {
                    inner: Inner::Ecdsa(pair),
                    public,
                })
            }
        }
    }

    fn from_sec1(der: &[u8]) -> Option<Self> {
        let kinds = [KeyKind::P256, KeyKind::P384, KeyKind::P521];
        kinds.into_iter().find_map(|kind| {
            let pair = EcdsaKeyPair::from_private_key_der(signing(kind)?, der).ok()?;
            let public = PublicKey::new(kind, pair.public_key().as_ref())?;
            Some(Self {
                inner: Inner::Ecdsa(pair),
                public,
            })
        })
    }

    fn from_seed(seed: &[u8; 32]) -> Option<Self> {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let public = PublicKey::new(KeyKind::Ed25519, key.verifying_key().as_bytes())?;
        Some(Self {
            inner: Inner::Ed25519(key),
            public,
        })
    }

    /// The public half.
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs by ECDSA with the hash of the curve; the value is ASN.1 DER.
    pub(crate) fn ecdsa_sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let Inner::Ecdsa(pair) = &self.inner else {
            return Err(Error::malformed(
                "the key",
                "OMS bundles are signed with P-256, P-384 or P-521",
            ));
        };
        let signature = pair.sign(&SystemRandom::new(), message);
        let signature = signature.map_err(|_| Error::malformed("the key", "it cannot sign"))?;
        Ok(signature.as_ref().to_vec())
    }

    /// Signs by RSA-PSS with SHA-256 in both places and the longest salt that fits.
    pub(crate) fn rsa_pss_sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let Inner::Rsa(pair) = &self.inner else {
            return Err(Error::malformed(
                "the key",
                "HashTraceAI manifests are signed with RSA",
            ));
        };
        let scheme = &const { RSA_PSS_SHA256.with_pss_salt_length(RsaPssSaltLength::Max) };
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(scheme, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| Error::malformed("the key", "it cannot sign"))?;
        Ok(signature)
    }

    /// The key for Ed25519.
    pub(crate) fn ed25519(&self) -> Result<&ed25519_dalek::SigningKey, Error> {
        match &self.inner {
            Inner::Ed25519(key) => Ok(key),
            Inner::Ecdsa(_) | Inner::Rsa(_) => Err(Error::malformed(
                "the key",
                "it is of another kind than Ed25519",
            )),
        }
    }
}

const fn signing(kind: KeyKind) -> Option<&'static EcdsaSigningAlgorithm> {
    match kind {
        KeyKind::Ed25519 | KeyKind::Rsa => None,
        KeyKind::P256 => Some(&ECDSA_P256_SHA256_ASN1_SIGNING),
        KeyKind::P384 => Some(&ECDSA_P384_SHA384_ASN1_SIGNING),
        KeyKind::P521 => Some(&ECDSA_P521_SHA512_ASN1_SIGNING),
    }
}

/// Makes an Ed25519 key from 32 random bytes and writes it as PKCS#8 into a file of mode 0600 that was not there; under
/// a password if one is given.
pub fn new_private_key(
    path: &Path,
    seed: &[u8; 32],
    password: Option<&[u8]>,
) -> Result<PrivateKey, Error> {
    let encode = |_| unusable(path, "it cannot be encoded");
    let seed_der = OctetStringRef::new(seed)
        .and_then(|text| text.to_der())
        .map_err(encode)?;
    let seed_der = Zeroizing::new(seed_der);
    let algorithm = AlgorithmIdentifierRef {
        oid: ED25519,
        parameters: None,
    };
    let private_key = OctetStringRef::new(&seed_der).map_err(encode)?;
    write(
        path,
        &PrivateKeyInfoRef::new(algorithm, private_key),
        password,
    )?;
    PrivateKey::from_seed(seed).ok_or_else(|| unusable(path, "it cannot be used"))
}

/// The same for a key of a curve that OMS bundles use. Its random bytes are the library's own: it takes none.
pub fn new_ecdsa_key(
    path: &Path,
    kind: KeyKind,
    password: Option<&[u8]>,
) -> Result<PrivateKey, Error> {
    let failed = || unusable(path, "no such key can be made");
    let algorithm = signing(kind).ok_or_else(failed)?;
    let der = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new());
    let der = der.map_err(|_| failed())?;
    let info = PrivateKeyInfoRef::try_from(der.as_ref()).map_err(|_| failed())?;
    write(path, &info, password)?;
    PrivateKey::from_pkcs8(der.as_ref()).ok_or_else(failed)
}

/// The same for RSA with 3,072 bits, which `HashTraceAI`'s manifests are signed with.
pub fn new_rsa_key(path: &Path, password: Option<&[u8]>) -> Result<PrivateKey, Error> {
    let failed = || unusable(path, "no such key can be made");
    let pair = RsaKeyPair::generate(KeySize::Rsa3072).map_err(|_| failed())?;
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| failed())?;
    let info = PrivateKeyInfoRef::try_from(der.as_ref()).map_err(|_| failed())?;
    write(path, &info, password)?;
    PrivateKey::from_pkcs8(der.as_ref()).ok_or_else(failed)
}

fn write(path: &Path, info: &PrivateKeyInfoRef<'_>, password: Option<&[u8]>) -> Result<(), Error> {
    let encode = |_| unusable(path, "it cannot be encoded");
    let (label, document) = match password {
        None => (PLAIN, SecretDocument::encode_msg(info).map_err(encode)?),
        Some([]) => return Err(unusable(path, "an empty password protects nothing")),
        Some(password) => {
            let failed = |_| unusable(path, "it cannot be encrypted");
            (ENCRYPTED, info.encrypt(password).map_err(failed)?)
        }
    };
    let text = document.to_pem(label, LineEnding::LF).map_err(encode)?;
    create(path, Secrecy::Owner, text.as_bytes())
}

#[cfg(unix)]
fn check_mode(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = std::fs::metadata(path).map_err(Error::io("read the key", path))?;
    match metadata.permissions().mode() & 0o077 {
        0 => Ok(()),
        _ => Err(unusable(path, "others may read it: `chmod 600` it")),
    }
}

#[cfg(not(unix))]
fn check_mode(_: &Path) -> Result<(), Error> {
    Ok(())
}
