//! Bundles of `OpenSSF` Model Signing v1.0, key method: written, and verified as other tools write them.
//!
//! A Sigstore bundle holds a DSSE envelope, which holds an in-toto statement, which holds the resources. The bytes of
//! the payload are verified as they were received and read once. **What is absent**: the certificate and Sigstore
//! methods, whose bundles are refused as undecided, and predicates before v1.0.

mod bundle;
mod payload;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1,
    EcdsaVerificationAlgorithm, UnparsedPublicKey,
};
use sealog_core::json::Value;

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

/// Signs the files of a set as a bundle. `hash` is SHA-256, `BLAKE2b` or BLAKE3, and the manifest has to have it.
///
/// Resources stand in the order of their names, as the specification demands. `ignore` are the rules of the walk: a
/// verifier of another tool leaves out what they cover.
pub fn sign_oms(
    manifest: &Manifest,
    set: &FileSet,
    ignore: &IgnoreRules,
    hash: Algorithm,
    key: &PrivateKey,
) -> Result<Vec<u8>, Error> {
    if set.links() == LinkPolicy::HubCache {
        return Err(Error::Unsupported {
            what: WHAT,
            why: "its format cannot say that links lead into a hub's cache; sign in our own format",
        });
    }
    let payload = payload::write(manifest, set, ignore, hash)?;
    let signature = key.ecdsa_sign(&bundle::pre_authentication(&payload))?;
    let bundle = bundle::write(&payload, &signature, key.public());
    within_limit(&bundle)?;
    Ok(bundle)
}

/// Verifies a bundle of the key method by a key that the caller trusts.
///
/// # Errors
/// [`Error::Signature`] if the bundle is of another key, the signature does not hold, or the root is not that of the
/// resources; [`Error::Malformed`] if it is no bundle of this method, or holds more than one signature.
pub fn verify_oms(text: &[u8], key: &PublicKey) -> Result<Vouched, Error> {
    let algorithm = verification(key.kind())?;
    let value = Value::parse(text).map_err(|source| Error::Json { what: WHAT, source })?;
    let envelope = bundle::read(&value, key)?;
    let message = bundle::pre_authentication(&envelope.payload);
    let holds = UnparsedPublicKey::new(algorithm, key.raw()).verify(&message, &envelope.signature);
    holds.map_err(|_| Error::Signature {
        why: "the payload or the signature was changed, or the key is another".into(),
    })?;
    let (set, mut notes) = payload::read(&envelope.payload)?;
    notes.extend(envelope.note);
    let voucher = Voucher::Key {
        key_id: key.key_id(),
        scheme: "oms-key",
    };
    Ok(Vouched {
        notes,
        ..Vouched::new(set, voucher)
    })
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
