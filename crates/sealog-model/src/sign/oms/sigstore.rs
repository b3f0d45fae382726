//! Bundles of the Sigstore method, verified offline by a trusted root, an identity and its provider that a user brings.
//!
//! A certificate lives for minutes and names a person or a job; an authority of the root issued it, a certificate log
//! of the root promised to show it, and a transparency log of the root took the signature in. That it did so while the
//! certificate was valid, the log itself says or an authority of timestamps. All of that stands in the bundle and is
//! held here. **What is absent**: fetching or building in a root, asking a log (whether it shows others the same, a
//! monitor says), and signing.

mod algorithm;
mod asn1;
mod body;
mod entry;
mod identity;
mod root;
mod sct;
mod stamp;

use sealog_core::json::{Object, Value};
use sealog_core::time::Timestamp;

pub use identity::SigstoreSigner;
pub use root::TrustedRoot;

use self::entry::Entry;
use super::bundle::{Bundle, Envelope, Material};
use super::certificate::{CODE_SIGNING_DER, Certificate, refuted, unix};
use super::{bad, bundle, other_method, parse, vouch};
use crate::Error;
use crate::keys::PublicKey;
use crate::sign::{Vouched, Voucher};

/// Verifies a bundle of the Sigstore method: who signed, and that its log or authorities of timestamps vouch for when.
///
/// # Errors
/// [`Error::Signature`] if the signature, the certificate, the identity, its provider or what the logs say does not
/// hold, [`Error::NotExpected`] if somebody else signed; [`Error::Undecided`] if the bundle brings something that this
/// version cannot verify; [`Error::Pin`] if it is of another method; [`Error::Malformed`] if it is no bundle, or one
/// with more than one signature or entry.
pub fn verify_oms_sigstore(
    text: &[u8],
    root: &TrustedRoot,
    signer: &SigstoreSigner,
) -> Result<Vouched, Error> {
    let (envelope, key, voucher) = {
        let value = parse(text)?;
        let bundle = bundle::read(&value)?;
        let (key, voucher) = hold(&value, &bundle, root, signer)?;
        (bundle.envelope, key, voucher)
    };
    let note = "the transparency log was not asked: what it signed stands in the bundle";
    vouch(envelope, &key, voucher, Some(note.into()))
}

/// Holds everything but the signature itself, and returns by whose key that has to be.
fn hold(
    value: &Value,
    bundle: &Bundle<'_>,
    root: &TrustedRoot,
    signer: &SigstoreSigner,
) -> Result<(PublicKey, Voucher), Error> {
    let Material::Sigstore(der, material) = &bundle.material else {
        return Err(other_method(&bundle.material));
    };
    hold_members(value, material)?;
    let leaf = Certificate::from_der(der)?;
    let key = leaf.public_key()?;
    signer.hold(&leaf)?;
    let entry = Entry::read(material.get("tlogEntries"))?;
    body::hold(&entry, &bundle.envelope, &leaf, key.kind())?;
    let stamped = stamp::hold(
        material.get("timestampVerificationData"),
        &bundle.envelope.signature,
        root,
    )?;
    let times = entry.hold(root, stamped)?;
    let at = hold_at(&leaf, root, &times)?;
    let voucher = Voucher::Sigstore {
        key_id: key.key_id(),
        identity: signer.identity().to_owned(),
        identity_provider: signer.provider().to_owned(),
        at,
        log_index: entry.index(),
    };
    Ok((key, voucher))
}

/// Fails where something stands in a bundle that has no meaning here: no part of it is passed over.
fn hold_members(value: &Value, material: &Object) -> Result<(), Error> {
    let names = ["mediaType", "verificationMaterial", "dsseEnvelope"];
    only(value.as_object(), &names)?;
    let names = ["certificate", "tlogEntries", "timestampVerificationData"];
    only(Some(material), &names)?;
    only(
        material.get("certificate").and_then(Value::as_object),
        &["rawBytes"],
    )?;
    let envelope = value.member("dsseEnvelope");
    let names = ["payload", "payloadType", "signatures"];
    only(envelope.and_then(Value::as_object), &names)?;
    let signatures = envelope.and_then(|envelope| envelope.member("signatures"));
    for signature in signatures.and_then(Value::as_array).unwrap_or_default() {
        only(signature.as_object(), &["sig", "keyid"])?;
    }
    Ok(())
}

/// An object, if it is one and has no other members than these.
fn only<'v>(object: Option<&'v Object>, names: &[&str]) -> Result<&'v Object, Error> {
    let object = object.ok_or_else(|| bad("a part of it is no object"))?;
    match object.iter().find(|(name, _)| !names.contains(name)) {
        None => Ok(object),
        Some(_) => Err(bad(format!(
            "an object has other members than {}",
            names.join(", ")
        ))),
    }
}

fn undecided(why: impl Into<String>) -> Error {
    Error::Undecided {
        what: super::WHAT,
        why: why.into(),
    }
}

/// Holds a leaf at each of the times that somebody vouches for, and returns the first of them: from then on the
/// signature was there.
fn hold_at(
    leaf: &Certificate,
    root: &TrustedRoot,
    times: &[Timestamp],
) -> Result<Timestamp, Error> {
    for at in times {
        leaf.hold_valid(
            "at the time that is vouched for, its certificate",
            unix(*at)?,
        )?;
        let issuer = hold_issued(leaf, root, *at)?;
        sct::hold(leaf, issuer, root)?;
    }
    let first = times.iter().min().copied();
    first.ok_or_else(|| undecided("nobody vouches for a time"))
}

/// Holds a leaf against the authorities that the root names for the time, and returns the certificate that issued it.
fn hold_issued<'r>(
    leaf: &Certificate,
    root: &'r TrustedRoot,
    at: Timestamp,
) -> Result<&'r Certificate, Error> {
    leaf.hold_signs_code()?;
    let mut last = refuted("the trusted root names no authority of certificates for its time");
    for authority in root.authorities() {
        if !authority.valid.holds(at) {
            continue;
        }
        match authority.hold_issued(leaf, at, CODE_SIGNING_DER) {
            Ok(issuer) => return Ok(issuer),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
