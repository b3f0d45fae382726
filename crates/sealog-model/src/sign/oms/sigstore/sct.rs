//! The promise of a certificate log to show a certificate (RFC 6962 section 3), which stands in the certificate itself.
//!
//! The log signs the certificate as it was before its promise was put in, so that has to be put together again.
//! **What is absent**: promises by other keys than P-256, which no log of the public Sigstore has.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use sealog_core::time::Timestamp;
use x509_cert::der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use x509_cert::der::{self, Decode, Encode, Tag};

use super::super::certificate::{Certificate, refuted};
use super::asn1::{numbered, parts};
use super::root::{Log, TrustedRoot};
use super::{bad, undecided};
use crate::Error;
use crate::keys::KeyKind;
use crate::limits::SCTS_MAX;

const LIST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.4.2");
/// SHA-256 and ECDSA, as TLS numbers them.
const SHA256_ECDSA: [u8; 2] = [4, 3];

/// Fails unless a certificate log of the root promised to show the leaf. Promises by logs that the root does not name
/// count for nothing; a wrong one by a log that it names refutes.
pub(super) fn hold(
    leaf: &Certificate,
    issuer: &Certificate,
    root: &TrustedRoot,
) -> Result<(), Error> {
    let Some(list) = leaf.extension_bytes(&LIST.to_string())? else {
        return Err(refuted(
            "no certificate log promised to show its certificate",
        ));
    };
    let list = <&OctetStringRef>::from_der(list).ok();
    let promises = list.and_then(|list| read_list(list.as_bytes()));
    let promises = promises.ok_or_else(|| bad("the promises in its certificate are malformed"))?;
    if promises.len() > SCTS_MAX {
        let why = format!("its certificate has more than {SCTS_MAX} promises of logs");
        return Err(bad(why));
    }
    let before = before_promise(leaf.der());
    let before = before.map_err(|_| bad("its certificate cannot be taken apart"))?;
    let issuer = issuer.key_hash()?;
    let mut known = false;
    for promise in &promises {
        if let Some(log) = root.certificate_log(promise.log_id) {
            promise.hold(log, issuer.as_bytes(), &before)?;
            known = true;
        }
    }
    if known {
        Ok(())
    } else {
        Err(refuted(
            "no certificate log of the trusted root promised to show its certificate",
        ))
    }
}

/// One promise: a `SignedCertificateTimestamp` of version 1.
struct Promise<'a> {
    log_id: &'a [u8],
    /// Milliseconds since 1970.
    time: u64,
    extensions: &'a [u8],
    algorithm: [u8; 2],
    signature: &'a [u8],
}

impl<'a> Promise<'a> {
    fn read(mut bytes: &'a [u8]) -> Option<Self> {
        let [0] = take(&mut bytes, 1)? else {
            return None;
        };
        let promise = Self {
            log_id: take(&mut bytes, 32)?,
            time: u64::from_be_bytes(take(&mut bytes, 8)?.try_into().ok()?),
            extensions: take_sized(&mut bytes)?,
            algorithm: take(&mut bytes, 2)?.try_into().ok()?,
            signature: take_sized(&mut bytes)?,
        };
        bytes.is_empty().then_some(promise)
    }

    fn hold(&self, log: &Log, issuer: &[u8; 32], before: &[u8]) -> Result<(), Error> {
        let key = log.key.as_ref().filter(|key| key.kind() == KeyKind::P256);
        let key = key.ok_or_else(|| {
            undecided("its certificate log has another kind of key than P-256, which alone is read")
        })?;
        let seconds = i64::try_from(self.time / 1_000).ok();
        let at = seconds.and_then(|seconds| Timestamp::from_unix(seconds, 0).ok());
        if !at.is_some_and(|at| log.valid.holds(at)) {
            return Err(refuted(
                "its certificate log is not trusted for the time of its promise",
            ));
        }
        let message = self.message(issuer, before);
        let message = message.ok_or_else(|| bad("its certificate is too long for a log"))?;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.raw());
        let holds = self.algorithm == SHA256_ECDSA && key.verify(&message, self.signature).is_ok();
        if holds {
            Ok(())
        } else {
            Err(refuted(
                "the promise of a certificate log is not about its certificate",
            ))
        }
    }

    /// What the log signs: RFC 6962 section 3.2.
    fn message(&self, issuer: &[u8; 32], before: &[u8]) -> Option<Vec<u8>> {
        // Version 1, a promise about a certificate.
        let mut message = vec![0, 0];
        message.extend_from_slice(&self.time.to_be_bytes());
        // A certificate without its promises.
        message.extend_from_slice(&[0, 1]);
        message.extend_from_slice(issuer);
        let length = u32::try_from(before.len()).ok()?.to_be_bytes();
        let [0, length @ ..] = length else {
            return None;
        };
        message.extend_from_slice(&length);
        message.extend_from_slice(before);
        let length = u16::try_from(self.extensions.len()).ok()?;
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(self.extensions);
        Some(message)
    }
}

/// The promises of a list that is filled to its end.
fn read_list(mut bytes: &[u8]) -> Option<Vec<Promise<'_>>> {
    let mut list = take_sized(&mut bytes)?;
    if !bytes.is_empty() {
        return None;
    }
    let mut promises = Vec::new();
    while !list.is_empty() && promises.len() <= SCTS_MAX {
        promises.push(Promise::read(take_sized(&mut list)?)?);
    }
    Some(promises)
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

/// What stands behind its length of two bytes.
fn take_sized<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = take(bytes, 2)?.try_into().ok()?;
    take(bytes, usize::from(u16::from_be_bytes(length)))
}

/// The part of a certificate that is signed, without its promises. What stays, stays as it was written.
fn before_promise(certificate: &[u8]) -> der::Result<Vec<u8>> {
    let whole = parts(AnyRef::from_der(certificate)?)?;
    let signed = whole.first().ok_or(der::ErrorKind::Failed)?;
    let tag = numbered(3);
    let mut kept = Vec::new();
    for part in parts(*signed)? {
        if der::Tagged::tag(&part) == tag {
            let extensions = without_list(AnyRef::from_der(part.value())?)?;
            kept.extend(AnyRef::new(tag, &extensions)?.to_der()?);
        } else {
            kept.extend(part.to_der()?);
        }
    }
    AnyRef::new(Tag::Sequence, &kept)?.to_der()
}

fn without_list(extensions: AnyRef<'_>) -> der::Result<Vec<u8>> {
    let mut kept = Vec::new();
    for extension in parts(extensions)? {
        let fields = parts(extension)?;
        let id = fields.first().ok_or(der::ErrorKind::Failed)?;
        if id.decode_as::<ObjectIdentifier>()? != LIST {
            kept.extend(extension.to_der()?);
        }
    }
    AnyRef::new(Tag::Sequence, &kept)?.to_der()
}
