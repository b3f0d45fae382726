//! Bundles of `OpenSSF` Model Signing v1.0: by a key or a certificate written, by these and through Sigstore verified.
//!
//! A Sigstore bundle holds a DSSE envelope, which holds an in-toto statement, which holds the resources. The bytes of
//! the payload are verified as they were received and read once. **What is absent**: signing through Sigstore, which
//! needs its services, and writing what releases before 1.1.0 wrote.

mod bundle;
mod certificate;
mod historical;
mod payload;
mod pieces;
mod shards;
mod sigstore;

use std::num::NonZeroU64;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1,
    EcdsaVerificationAlgorithm, UnparsedPublicKey,
};
use sealog_core::json::Value;
use sealog_core::time::Timestamp;

pub use certificate::{CertificateRoots, SigningChain};
pub use sigstore::{SigstoreSigner, TrustedRoot, verify_oms_sigstore};

use self::bundle::{Envelope, Material, Signer};
use self::certificate::Certificate;
use self::payload::Signed;
use super::{Vouched, Voucher};
use crate::Error;
use crate::digest::Algorithm;
use crate::keys::{KeyKind, PrivateKey, PublicKey};
use crate::manifest::{Manifest, within_limit};
use crate::walk::{FileSet, IgnoreRules, LinkPolicy};

const WHAT: &str = "the OMS bundle";
/// The media type that the reference accepts.
const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

fn bad(why: impl Into<String>) -> Error {
    Error::malformed(WHAT, why)
}

/// Whether a text claims to be a Sigstore bundle; whether it is one, [`verify_oms`] says.
pub fn is_oms_claimed(value: &Value) -> bool {
    let media_type = value.member("mediaType").and_then(Value::as_str);
    media_type.is_some_and(|name| name.starts_with("application/vnd.dev.sigstore.bundle"))
}

/// By which of a manifest's digests it is signed: the one that was asked for besides SHA-256, if any.
pub fn oms_hash(manifest: &Manifest) -> Algorithm {
    let mut others = manifest.algorithms().iter().copied();
    let other = others.find(|algorithm| *algorithm != Algorithm::Sha256);
    other.unwrap_or(Algorithm::Sha256)
}

/// How a bundle is written.
#[derive(Debug, Clone, Copy)]
pub struct OmsOptions<'a> {
    /// SHA-256, `BLAKE2b` or BLAKE3; the manifest has to have it.
    pub hash: Algorithm,
    /// The signer's certificates: the certificate method. None: the key method.
    pub chain: Option<&'a SigningChain>,
    /// Bytes of a shard. None: files are hashed whole. Shards are read once more, and do not cover files without
    /// content.
    pub shard_size: Option<NonZeroU64>,
    /// How resources are named.
    pub names: Names,
}

/// How a bundle names resources and their hash. It matters for shards, and for a model that is one file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Names {
    /// As the specification says.
    #[default]
    Specification,
    /// As releases up to 1.1.1 of the reference write them, and without which they refuse the bundle: the one file of a
    /// model that is a file is `.`, and the hash of a shard of 1000 bytes is `sha256-sharded-1000`.
    Reference,
}

impl OmsOptions<'_> {
    /// The key method over whole files, by this hash.
    pub const fn new(hash: Algorithm) -> Self {
        Self {
            hash,
            chain: None,
            shard_size: None,
            names: Names::Specification,
        }
    }
}

/// Signs the files of a set as a bundle.
///
/// Resources stand in the order of their names, as the specification demands. `ignore` are the rules of the walk: a
/// verifier of another tool leaves out what they cover.
///
/// # Errors
/// [`Error::Malformed`] where the hash or the key is none of OMS or there is nothing that shards could cover,
/// [`Error::Limit`] for too many shards, [`Error::Changed`] if files changed since they were walked,
/// [`Error::Unsupported`] where the format cannot say how links were treated, and [`Error::Signature`] if the chain is
/// that of another key.
pub fn sign_oms(
    manifest: &Manifest,
    set: &FileSet,
    ignore: &IgnoreRules,
    key: &PrivateKey,
    options: &OmsOptions<'_>,
) -> Result<Vec<u8>, Error> {
    if set.links() == LinkPolicy::HubCache {
        return Err(Error::Unsupported {
            what: WHAT,
            why: "its format cannot say that links lead into a hub's cache; sign in our own format",
        });
    }
    let by = match options.chain {
        None => Signer::Key(key.public()),
        Some(chain) => {
            chain.hold_of(key.public())?;
            Signer::Chain(chain)
        }
    };
    let payload = payload::write(manifest, set, ignore, options)?;
    let signature = key.ecdsa_sign(&bundle::pre_authentication(&payload))?;
    let bundle = bundle::write(&payload, &signature, &by);
    within_limit(&bundle)?;
    Ok(bundle)
}

/// Verifies a bundle of the key method by a key that the caller trusts.
///
/// # Errors
/// [`Error::Signature`] if the bundle is of another key, the signature does not hold, or the root is not that of the
/// resources; [`Error::Pin`] if it is of another method; [`Error::Malformed`] if it is no bundle, or holds more than
/// one signature.
pub fn verify_oms(text: &[u8], key: &PublicKey) -> Result<Vouched, Error> {
    verification(key.kind())?;
    let (envelope, note) = {
        let value = parse(text)?;
        let bundle = bundle::read(&value)?;
        let named = match bundle.material {
            Material::Key(named) => named,
            ref other => return Err(other_method(other)),
        };
        let note = bundle::check_key(named, key)?;
        (bundle.envelope, note)
    };
    let voucher = Voucher::Key {
        key_id: key.key_id(),
        scheme: "oms-key",
    };
    vouch(envelope, key, voucher, note)
}

/// Verifies a bundle of the certificate method by roots that the caller trusts.
///
/// `at` is when the chain has to be valid: now, or an earlier time at which the caller knows the signature to have
/// been there. The voucher states it.
///
/// # Errors
/// As [`verify_oms`]; [`Error::Signature`] too if the chain does not hold at that time.
pub fn verify_oms_certificate(
    text: &[u8],
    roots: &CertificateRoots,
    at: Timestamp,
) -> Result<Vouched, Error> {
    let (envelope, chain) = {
        let value = parse(text)?;
        let bundle = bundle::read(&value)?;
        let Material::Chain(ders) = &bundle.material else {
            return Err(other_method(&bundle.material));
        };
        let chain = ders.iter().map(|der| Certificate::from_der(der));
        (bundle.envelope, chain.collect::<Result<Vec<_>, _>>()?)
    };
    let key = roots.verify(&chain, at)?;
    let voucher = Voucher::Certificate {
        key_id: key.key_id(),
        subject: chain.first().map(Certificate::subject).unwrap_or_default(),
        at,
    };
    let note = "whether a certificate was revoked was not asked: a bundle does not say it";
    vouch(envelope, &key, voucher, Some(note.into()))
}

/// What is brought belongs to another method than the bundle's: what to bring.
const fn other_method(material: &Material<'_>) -> Error {
    Error::Pin {
        why: match material {
            Material::Key(_) => {
                "the bundle is signed by a key without a certificate: bring that key, and nothing else"
            }
            Material::Chain(_) => {
                "the bundle is signed by a certificate: bring the root that its chain leads to, and nothing else"
            }
            Material::Sigstore(..) => {
                "the bundle is signed through Sigstore: bring a trusted root, an identity and its provider"
            }
        },
    }
}

fn parse(text: &[u8]) -> Result<Value, Error> {
    Value::parse(text).map_err(|source| Error::Json { what: WHAT, source })
}

/// Verifies the signature by a key that is trusted by now, and then reads what is signed. Nothing else of the bundle is
/// held by then: of many files each of its parts is large.
fn vouch(
    envelope: Envelope,
    key: &PublicKey,
    voucher: Voucher,
    note: Option<String>,
) -> Result<Vouched, Error> {
    let Envelope { payload, signature } = envelope;
    let algorithm = verification(key.kind())?;
    let hash = bundle::hash_of_signed(&payload, hash_of(key.kind()));
    let public = UnparsedPublicKey::new(algorithm, key.raw());
    let signed = if public.verify_digest(&hash, &signature).is_ok() {
        Signed::Dsse
    } else if historical::is_signed(&payload, &signature, key) {
        Signed::Historical
    } else {
        return Err(Error::Signature {
            why: "the payload or the signature was changed, or the key is another".into(),
        });
    };
    let (set, mut notes) = payload::read(payload, signed)?;
    notes.extend(note);
    Ok(Vouched {
        notes,
        ..Vouched::new(set, voucher)
    })
}

/// The hash that goes with a curve.
const fn hash_of(kind: KeyKind) -> &'static digest::Algorithm {
    match kind {
        KeyKind::P384 => &digest::SHA384,
        KeyKind::P521 => &digest::SHA512,
        KeyKind::P256 | KeyKind::Ed25519 | KeyKind::Rsa => &digest::SHA256,
    }
}

fn verification(kind: KeyKind) -> Result<&'static EcdsaVerificationAlgorithm, Error> {
    match kind {
        KeyKind::P256 => Ok(&ECDSA_P256_SHA256_ASN1),
        KeyKind::P384 => Ok(&ECDSA_P384_SHA384_ASN1),
        KeyKind::P521 => Ok(&ECDSA_P521_SHA512_ASN1),
        KeyKind::Ed25519 | KeyKind::Rsa => Err(Error::malformed(
            "the key",
            "OMS bundles are signed with P-256, P-384 or P-521",
        )),
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests;

#[cfg(unix)]
#[cfg(test)]
mod certificate_tests;

#[cfg(unix)]
#[cfg(test)]
mod flip_tests;

#[cfg(unix)]
#[cfg(test)]
mod history_tests;
