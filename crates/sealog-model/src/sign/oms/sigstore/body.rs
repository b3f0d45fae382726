//! What an entry of a log is about: it has to be this envelope's payload, signature and certificate.
//!
//! **What is absent**: the `envelopeHash` of an entry, whose bytes nobody has any more: the payload and the signature
//! are what an envelope consists of, and both are compared.

use aws_lc_rs::digest::{Algorithm, Digest, SHA256, SHA384, SHA512, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sealog_core::hash::push_hex;
use sealog_core::json::Value;

use super::super::bundle::{decode, hash_of_signed};
use super::super::certificate::{Certificate, refuted};
use super::{Entry, Envelope, bad, undecided};
use crate::Error;
use crate::keys::KeyKind;

/// What an entry says that it took in.
struct Record {
    /// Whether it names the digest of the payload, or of the bytes that are signed, and that digest is right.
    is_payload: bool,
    signature: Option<Vec<u8>>,
    /// In DER.
    certificate: Option<Vec<u8>>,
}

/// Fails unless an entry is about this envelope and this certificate, whose key is of a kind.
pub(super) fn hold(
    entry: &Entry,
    signed: &Envelope,
    leaf: &Certificate,
    kind: KeyKind,
) -> Result<(), Error> {
    let value = Value::parse(&entry.body).map_err(|source| Error::Json {
        what: "the entry of a transparency log",
        source,
    })?;
    let text = |name| value.member(name).and_then(Value::as_str);
    if text("kind") != Some(&entry.kind) || text("apiVersion") != Some(&entry.version) {
        return Err(refuted(
            "its log entry is of another kind than the bundle says",
        ));
    }
    let spec = value
        .member("spec")
        .ok_or_else(|| bad("its log entry says nothing"))?;
    let record = match (entry.kind.as_str(), entry.version.as_str()) {
        ("dsse", "0.0.1") => envelope(spec, signed)?,
        ("intoto", "0.0.2") => statement(spec, signed)?,
        ("hashedrekord", "0.0.1") => hashed(spec, signed),
        ("dsse", "0.0.2") => envelope_of_tiles(spec, signed, kind)?,
        ("hashedrekord", "0.0.2") => hashed_of_tiles(spec, signed, kind)?,
        _ => {
            return Err(undecided(
                "its log entry is of a kind or version that this version cannot verify",
            ));
        }
    };
    if !record.is_payload {
        return Err(refuted("its log entry is about another payload"));
    }
    if record.signature.as_ref() != Some(&signed.signature) {
        return Err(refuted("its log entry is about another signature"));
    }
    if record.certificate.as_deref() != Some(leaf.der()) {
        return Err(refuted("its log entry is about another certificate"));
    }
    Ok(())
}

/// `dsse` 0.0.1.
fn envelope(spec: &Value, signed: &Envelope) -> Result<Record, Error> {
    let signature = only_signature(spec.member("signatures"))?;
    Ok(Record {
        is_payload: is_digest(spec.member("payloadHash"), of_payload(signed)),
        signature: decode(signature.member("signature")),
        certificate: pem(signature.member("verifier")),
    })
}

/// `intoto` 0.0.2, which encodes a signature twice.
fn statement(spec: &Value, signed: &Envelope) -> Result<Record, Error> {
    let content = spec.member("content");
    let member = |name| content.and_then(|content| content.member(name));
    let envelope = member("envelope");
    let signature = only_signature(envelope.and_then(|envelope| envelope.member("signatures")))?;
    let kind = envelope.and_then(|envelope| envelope.member("payloadType"));
    let is_kind = kind.and_then(Value::as_str) == Some(super::super::PAYLOAD_TYPE);
    let once = decode(signature.member("sig"));
    Ok(Record {
        is_payload: is_kind && is_digest(member("payloadHash"), of_payload(signed)),
        signature: once.and_then(|text| STANDARD.decode(text).ok()),
        certificate: pem(signature.member("publicKey")),
    })
}

/// `hashedrekord` 0.0.1, about the bytes that are signed.
fn hashed(spec: &Value, signed: &Envelope) -> Record {
    let signature = spec.member("signature");
    let member = |name| signature.and_then(|signature| signature.member(name));
    let data = spec.member("data").and_then(|data| data.member("hash"));
    Record {
        is_payload: is_digest(data, of_signed(signed)),
        signature: decode(member("content")),
        certificate: pem(member("publicKey").and_then(|key| key.member("content"))),
    }
}

/// `dsse` 0.0.2, of Rekor's second version.
fn envelope_of_tiles(spec: &Value, signed: &Envelope, kind: KeyKind) -> Result<Record, Error> {
    let spec = spec.member("dsseV002");
    let member = |name| spec.and_then(|spec| spec.member(name));
    let signature = only_signature(member("signatures"))?;
    let hash = member("payloadHash");
    let is_payload = is_digest_of_tiles(hash, of_payload(signed));
    of_tiles(is_payload, Some(signature), kind)
}

/// `hashedrekord` 0.0.2, about the bytes that are signed.
fn hashed_of_tiles(spec: &Value, signed: &Envelope, kind: KeyKind) -> Result<Record, Error> {
    let spec = spec.member("hashedRekordV002");
    let member = |name| spec.and_then(|spec| spec.member(name));
    let is_payload = is_digest_of_tiles(member("data"), of_signed(signed));
    of_tiles(is_payload, member("signature"), kind)
}

/// A signature as Rekor's second version takes it in: with its certificate, and by what kind of key it is.
fn of_tiles(is_payload: bool, signature: Option<&Value>, kind: KeyKind) -> Result<Record, Error> {
    let member = |name| signature.and_then(|signature| signature.member(name));
    let verifier = member("verifier");
    let inside = |name| verifier.and_then(|verifier| verifier.member(name));
    let expected = match kind {
        KeyKind::P256 => Some("PKIX_ECDSA_P256_SHA_256"),
        KeyKind::P384 => Some("PKIX_ECDSA_P384_SHA_384"),
        KeyKind::P521 => Some("PKIX_ECDSA_P521_SHA_512"),
        KeyKind::Ed25519 | KeyKind::Rsa => None,
    };
    if expected.is_none() || inside("keyDetails").and_then(Value::as_str) != expected {
        return Err(refuted("its log entry is about another kind of key"));
    }
    let certificate = inside("x509Certificate");
    Ok(Record {
        is_payload,
        signature: decode(member("content")),
        certificate: decode(certificate.and_then(|one| one.member("rawBytes"))),
    })
}

fn only_signature(list: Option<&Value>) -> Result<&Value, Error> {
    match list.and_then(Value::as_array) {
        Some([signature]) => Ok(signature),
        _ => Err(refuted("its log entry does not have exactly one signature")),
    }
}

/// The hashes of an envelope's payload.
fn of_payload(signed: &Envelope) -> impl Fn(&'static Algorithm) -> Digest {
    |algorithm| digest(algorithm, &signed.payload)
}

/// The hashes of the bytes that an envelope's signature is over.
fn of_signed(signed: &Envelope) -> impl Fn(&'static Algorithm) -> Digest {
    |algorithm| hash_of_signed(&signed.payload, algorithm)
}

/// Whether a digest is named that is the hash by its algorithm.
fn is_digest(named: Option<&Value>, hash: impl Fn(&'static Algorithm) -> Digest) -> bool {
    let member = |name| named.and_then(|named| named.member(name));
    let text = |name| member(name).and_then(Value::as_str);
    let algorithm = match text("algorithm") {
        Some("sha256") => &SHA256,
        Some("sha384") => &SHA384,
        Some("sha512") => &SHA512,
        _ => return false,
    };
    text("value") == Some(&hex(hash(algorithm).as_ref()))
}

/// The same as Rekor's second version names digests: in the words of protobuf and in base64.
fn is_digest_of_tiles(named: Option<&Value>, hash: impl Fn(&'static Algorithm) -> Digest) -> bool {
    let member = |name| named.and_then(|named| named.member(name));
    let algorithm = match member("algorithm").and_then(Value::as_str) {
        Some("SHA2_256") => &SHA256,
        Some("SHA2_384") => &SHA384,
        Some("SHA2_512") => &SHA512,
        _ => return false,
    };
    decode(member("digest")).as_deref() == Some(hash(algorithm).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    push_hex(&mut text, bytes);
    text
}

/// The one certificate of a PEM text in base64.
fn pem(value: Option<&Value>) -> Option<Vec<u8>> {
    let text = decode(value)?;
    let mut found = CertificateDer::pem_slice_iter(&text);
    let first = found.next()?.ok()?;
    found.next().is_none().then(|| first.to_vec())
}
