//! The outer layers: Sigstore bundle and DSSE envelope.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealog_core::Hash;
use sealog_core::json::{Object, Value};

use super::{MEDIA_TYPE, PAYLOAD_TYPE, bad};
use crate::Error;
use crate::keys::PublicKey;

/// What an envelope holds. Nothing is verified yet.
pub(super) struct Envelope {
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) note: Option<String>,
}

/// The bytes that DSSE signs.
pub(super) fn pre_authentication(payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {PAYLOAD_TYPE} {} ",
        PAYLOAD_TYPE.len(),
        payload.len()
    );
    [head.as_bytes(), payload].concat()
}

/// What names a key in a bundle: SHA-256 of its PEM text.
fn hint(key: &PublicKey) -> String {
    Hash::of(&[key.to_pem().as_bytes()]).to_hex()
}

pub(super) fn read(value: &Value, key: &PublicKey) -> Result<Envelope, Error> {
    if value.member("mediaType").and_then(Value::as_str) != Some(MEDIA_TYPE) {
        return Err(bad("its media type is not that of a Sigstore bundle v0.3"));
    }
    if value.member("messageSignature").is_some() {
        return Err(bad("it signs a message and no statement"));
    }
    let material = value
        .member("verificationMaterial")
        .and_then(Value::as_object);
    let material = material.ok_or_else(|| bad("it has no verification material"))?;
    if material.contains_key("x509CertificateChain") || material.contains_key("certificate") {
        return Err(bad(
            "it is signed by a certificate, which this version cannot verify",
        ));
    }
    let named = material
        .get("publicKey")
        .ok_or_else(|| bad("it names no public key"))?;
    let note = check_key(named, key)?;
    let envelope = value.member("dsseEnvelope");
    let member = |name| envelope.and_then(|envelope| envelope.member(name));
    if member("payloadType").and_then(Value::as_str) != Some(PAYLOAD_TYPE) {
        return Err(bad("its payload is no in-toto statement"));
    }
    let payload = decode(member("payload")).ok_or_else(|| bad("its payload is no base64"))?;
    let signatures = member("signatures").and_then(Value::as_array);
    let Some([signature]) = signatures else {
        return Err(bad("it does not hold exactly one signature"));
    };
    let key_id = signature.member("keyid");
    if !key_id.is_none_or(|id| id.is_null() || id.as_str() == Some("")) {
        return Err(bad("its signature names a key of its own"));
    }
    let signature =
        decode(signature.member("sig")).ok_or_else(|| bad("its signature is no base64"))?;
    Ok(Envelope {
        payload,
        signature,
        note,
    })
}

/// The key that the bundle names has to be the one that the caller trusts. One that is not named is reported.
fn check_key(named: &Value, key: &PublicKey) -> Result<Option<String>, Error> {
    let other = || Error::Signature {
        why: "it is by another key than the one that was given".into(),
    };
    if let Some(raw) = named.member("rawBytes") {
        // Releases before 1.1.0 put the PEM itself here.
        let pem = decode(Some(raw)).ok_or_else(|| bad("its public key is no base64"))?;
        let pem = String::from_utf8(pem).map_err(|_| bad("its public key is no PEM"))?;
        let found = PublicKey::from_pem(&pem).ok_or_else(|| bad("its public key is no PEM"))?;
        return if found == *key {
            Ok(None)
        } else {
            Err(other())
        };
    }
    match named.member("hint").map(Value::as_str) {
        Some(Some(found)) if found == hint(key) => Ok(None),
        Some(_) => Err(other()),
        None => Ok(Some("the bundle does not say which key signed it".into())),
    }
}

fn decode(value: Option<&Value>) -> Option<Vec<u8>> {
    STANDARD.decode(value?.as_str()?).ok()
}

pub(super) fn write(payload: &[u8], signature: &[u8], key: &PublicKey) -> Vec<u8> {
    let mut signed = Object::new();
    signed.insert("keyid", "");
    signed.insert("sig", STANDARD.encode(signature));
    let mut envelope = Object::new();
    envelope.insert("payload", STANDARD.encode(payload));
    envelope.insert("payloadType", PAYLOAD_TYPE);
    envelope.insert("signatures", Value::Array(vec![Value::Object(signed)]));
    let mut public = Object::new();
    public.insert("hint", hint(key));
    let mut material = Object::new();
    material.insert("publicKey", public);
    material.insert("tlogEntries", Value::Array(Vec::new()));
    let mut bundle = Object::new();
    bundle.insert("dsseEnvelope", envelope);
    bundle.insert("mediaType", MEDIA_TYPE);
    bundle.insert("verificationMaterial", material);
    Value::Object(bundle).to_canonical()
}
