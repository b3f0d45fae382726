//! The outer layers: Sigstore bundle and DSSE envelope.
//!
//! Nothing of them but the payload is signed, so a member that nobody reads would be anybody's word: as in the JSON
//! form of protobuf, which bundles are defined by, only members that are known may be there.

use aws_lc_rs::digest::{Algorithm, Context, Digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealog_core::Hash;
use sealog_core::json::{Object, Value};

use super::certificate::SigningChain;
use super::{MEDIA_TYPE, PAYLOAD_TYPE, bad};
use crate::Error;
use crate::keys::PublicKey;
use crate::limits::CHAIN_CERTIFICATES_MAX;

/// What releases before 1.1.0 said of their keys.
const KEY_DETAILS: [&str; 3] = [
    "PKIX_ECDSA_P256_SHA_256",
    "PKIX_ECDSA_P384_SHA_384",
    "PKIX_ECDSA_P521_SHA_512",
];

/// What a bundle holds. Nothing is verified yet.
pub(super) struct Bundle<'v> {
    pub(super) envelope: Envelope,
    pub(super) material: Material<'v>,
}

/// What is signed, and its one signature.
#[derive(Debug, Clone)]
pub(super) struct Envelope {
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

/// By what a bundle says that it can be verified.
pub(super) enum Material<'v> {
    /// The key method: what names the key.
    Key(&'v Value),
    /// The certificate method: DER, leaf first.
    Chain(Vec<Vec<u8>>),
    /// The Sigstore method: DER of the one certificate, and what stands beside it.
    Sigstore(Vec<u8>, &'v Object),
}

/// The bytes that DSSE signs.
pub(super) fn pre_authentication(payload: &[u8]) -> Vec<u8> {
    [before(payload).as_bytes(), payload].concat()
}

/// What stands before the payload in the bytes that DSSE signs.
fn before(payload: &[u8]) -> String {
    format!(
        "DSSEv1 {} {PAYLOAD_TYPE} {} ",
        PAYLOAD_TYPE.len(),
        payload.len()
    )
}

/// The hash of the bytes that DSSE signs, without a second copy of a payload that may be long.
pub(super) fn hash_of_signed(payload: &[u8], algorithm: &'static Algorithm) -> Digest {
    let mut hash = Context::new(algorithm);
    hash.update(before(payload).as_bytes());
    hash.update(payload);
    hash.finish()
}

/// What names a key in a bundle: SHA-256 of its PEM text.
fn hint(key: &PublicKey) -> String {
    Hash::of(&[key.to_pem().as_bytes()]).to_hex()
}

/// Fails where a value is no object or has members besides those that are known.
fn known<'v>(what: &str, value: Option<&'v Value>, names: &[&str]) -> Result<&'v Object, Error> {
    let object = value.and_then(Value::as_object);
    let object = object.ok_or_else(|| bad(format!("{what} is no object")))?;
    match object.iter().find(|(name, _)| !names.contains(name)) {
        None => Ok(object),
        Some(_) => Err(bad(format!(
            "{what} has a member besides {}",
            names.join(", ")
        ))),
    }
}

pub(super) fn read(value: &Value) -> Result<Bundle<'_>, Error> {
    if value.member("mediaType").and_then(Value::as_str) != Some(MEDIA_TYPE) {
        return Err(bad("its media type is not that of a Sigstore bundle v0.3"));
    }
    if value.member("messageSignature").is_some() {
        return Err(bad("it signs a message and no statement"));
    }
    known(
        "it",
        Some(value),
        &["dsseEnvelope", "mediaType", "verificationMaterial"],
    )?;
    let material = known(
        "its verification material",
        value.member("verificationMaterial"),
        &[
            "certificate",
            "publicKey",
            "timestampVerificationData",
            "tlogEntries",
            "x509CertificateChain",
        ],
    )?;
    let material = read_material(material)?;
    Ok(Bundle {
        envelope: read_envelope(value.member("dsseEnvelope"))?,
        material,
    })
}

fn read_envelope(value: Option<&Value>) -> Result<Envelope, Error> {
    let envelope = known(
        "its envelope",
        value,
        &["payload", "payloadType", "signatures"],
    )?;
    if envelope.get("payloadType").and_then(Value::as_str) != Some(PAYLOAD_TYPE) {
        return Err(bad("its payload is no in-toto statement"));
    }
    let payload = decode(envelope.get("payload")).ok_or_else(|| bad("its payload is no base64"))?;
    let signatures = envelope.get("signatures").and_then(Value::as_array);
    let Some([signature]) = signatures else {
        return Err(bad("it does not hold exactly one signature"));
    };
    let signature = known("its signature", Some(signature), &["keyid", "sig"])?;
    let key_id = signature.get("keyid");
    if !key_id.is_none_or(|id| id.is_null() || id.as_str() == Some("")) {
        return Err(bad("its signature names a key of its own"));
    }
    let signature =
        decode(signature.get("sig")).ok_or_else(|| bad("its signature is no base64"))?;
    Ok(Envelope { payload, signature })
}

/// Keys and certificates are held to be good without a log or a stamped time: one that stands there would be read by
/// nobody.
fn hold_unlogged(material: &Object) -> Result<(), Error> {
    let entries = material.get("tlogEntries");
    if !entries.is_none_or(|entries| entries.as_array().is_some_and(<[Value]>::is_empty)) {
        return Err(bad(
            "it holds entries of a log, which this method does not verify",
        ));
    }
    if material.contains_key("timestampVerificationData") {
        return Err(bad(
            "it holds stamped times, which this method does not verify",
        ));
    }
    Ok(())
}

fn read_material(material: &Object) -> Result<Material<'_>, Error> {
    let names = ["publicKey", "x509CertificateChain", "certificate"];
    match names.map(|name| material.get(name)) {
        [Some(key), None, None] => {
            hold_unlogged(material)?;
            Ok(Material::Key(key))
        }
        [None, Some(chain), None] => {
            hold_unlogged(material)?;
            let chain = known("its chain", Some(chain), &["certificates"])?;
            let list = chain.get("certificates").and_then(Value::as_array);
            let list = list.ok_or_else(|| bad("its chain is no list of certificates"))?;
            if list.is_empty() || list.len() > CHAIN_CERTIFICATES_MAX {
                return Err(bad(format!(
                    "its chain does not have 1 to {CHAIN_CERTIFICATES_MAX} certificates"
                )));
            }
            let ders = list.iter().map(raw_bytes);
            Ok(Material::Chain(ders.collect::<Result<_, _>>()?))
        }
        [None, None, Some(leaf)] => Ok(Material::Sigstore(raw_bytes(leaf)?, material)),
        [None, None, None] => Err(bad("it names no public key and no certificate")),
        _ => Err(bad("it can be verified by more than one thing")),
    }
}

fn raw_bytes(value: &Value) -> Result<Vec<u8>, Error> {
    let certificate = known("a certificate of it", Some(value), &["rawBytes"])?;
    decode(certificate.get("rawBytes")).ok_or_else(|| bad("a certificate of it is no base64"))
}

/// The key that the bundle names has to be the one that the caller trusts. One that is not named is reported.
pub(super) fn check_key(named: &Value, key: &PublicKey) -> Result<Option<String>, Error> {
    let other = || Error::Signature {
        why: "it is by another key than the one that was given".into(),
    };
    if let Some(raw) = named.member("rawBytes") {
        // Releases before 1.1.0 put the PEM itself here, and 0.2 named the same curve for all.
        let given = known("its public key", Some(named), &["keyDetails", "rawBytes"])?;
        let details = given.get("keyDetails").map(Value::as_str);
        if !details.is_none_or(|name| name.is_some_and(|name| KEY_DETAILS.contains(&name))) {
            return Err(bad("its public key is of no curve of OMS"));
        }
        let pem = decode(Some(raw)).ok_or_else(|| bad("its public key is no base64"))?;
        let pem = String::from_utf8(pem).map_err(|_| bad("its public key is no PEM"))?;
        let found = PublicKey::from_pem(&pem).ok_or_else(|| bad("its public key is no PEM"))?;
        if found != *key {
            return Err(other());
        }
        // They wrote it in one way, and whoever verifies compares texts.
        if pem != key.to_pem() {
            return Err(bad(
                "its public key is written in another way than releases before 1.1.0 did",
            ));
        }
        return Ok(None);
    }
    let named = known("its public key", Some(named), &["hint"])?;
    match named.get("hint").map(Value::as_str) {
        Some(Some(found)) if found == hint(key) => Ok(None),
        Some(_) => Err(other()),
        None => Ok(Some("the bundle does not say which key signed it".into())),
    }
}

pub(super) fn decode(value: Option<&Value>) -> Option<Vec<u8>> {
    STANDARD.decode(value?.as_str()?).ok()
}

/// What a written bundle can be verified by.
pub(super) enum Signer<'a> {
    Key(&'a PublicKey),
    Chain(&'a SigningChain),
}

pub(super) fn write(payload: &[u8], signature: &[u8], by: &Signer<'_>) -> Vec<u8> {
    let mut signed = Object::new();
    signed.insert("keyid", "");
    signed.insert("sig", STANDARD.encode(signature));
    let mut envelope = Object::new();
    envelope.insert("payload", STANDARD.encode(payload));
    envelope.insert("payloadType", PAYLOAD_TYPE);
    envelope.insert("signatures", Value::Array(vec![Value::Object(signed)]));
    let mut material = Object::new();
    match by {
        Signer::Key(key) => {
            let mut public = Object::new();
            public.insert("hint", hint(key));
            material.insert("publicKey", public);
        }
        Signer::Chain(chain) => {
            let certificates = chain.ders().map(|der| {
                let mut certificate = Object::new();
                certificate.insert("rawBytes", STANDARD.encode(der));
                Value::Object(certificate)
            });
            let mut list = Object::new();
            list.insert("certificates", Value::Array(certificates.collect()));
            material.insert("x509CertificateChain", list);
        }
    }
    material.insert("tlogEntries", Value::Array(Vec::new()));
    let mut bundle = Object::new();
    bundle.insert("dsseEnvelope", envelope);
    bundle.insert("mediaType", MEDIA_TYPE);
    bundle.insert("verificationMaterial", material);
    Value::Object(bundle).to_canonical()
}
