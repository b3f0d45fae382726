//! One signature held against the keys that are trusted.

use std::io::Read;

use pgp::packet::{Packet, PacketParser, Signature, SignatureType};
use pgp::types::KeyDetails;
use sealog_core::time::Timestamp;

use super::armor::unarmored;
use super::certificate::{self, Certificate, Subkey, Validity, ends, hex, is_by, made, seconds};
use super::policy::hold_form;
use super::{OpenPgpKeys, OpenPgpSigned, bad};
use crate::Error;

fn refuted(why: impl Into<String>) -> Error {
    Error::Signature { why: why.into() }
}

/// A key of the ring, primary or not.
#[derive(Clone, Copy)]
struct Member<'r> {
    of: &'r Certificate,
    subkey: Option<&'r Subkey>,
}

impl<'r> Member<'r> {
    fn all(ring: &'r [Certificate]) -> impl Iterator<Item = Self> {
        ring.iter().flat_map(|of| {
            let subkeys = of.subkeys.iter().map(Some);
            let each = std::iter::once(None).chain(subkeys);
            each.map(move |subkey| Self { of, subkey })
        })
    }

    fn fingerprint(&self) -> String {
        match self.subkey {
            Some(subkey) => hex(&subkey.key.fingerprint()),
            None => self.primary(),
        }
    }

    fn primary(&self) -> String {
        hex(&self.of.primary.fingerprint())
    }

    fn has_made(&self, signature: &Signature) -> bool {
        match self.subkey {
            Some(subkey) => is_by(signature, &subkey.key),
            None => is_by(signature, &self.of.primary),
        }
    }

    fn created(&self) -> u64 {
        let primary = seconds(self.of.primary.created_at());
        let subkey = self.subkey.map(|subkey| seconds(subkey.key.created_at()));
        subkey.map_or(primary, |subkey| subkey.max(primary))
    }

    fn validity(&self, at: u64) -> Result<Validity, String> {
        if let Some(subkey) = self.subkey {
            return self.of.bound(subkey, at);
        }
        let (validity, signs) = self.of.own(at)?;
        let why = "its owner does not say that it signs data";
        signs.then_some(validity).ok_or_else(|| why.into())
    }

    fn holds(&self, signature: &Signature, content: &mut dyn Read) -> bool {
        let holds = match self.subkey {
            Some(subkey) => signature.verify(&subkey.key, content),
            None => signature.verify(&self.of.primary, content),
        };
        holds.is_ok()
    }
}

impl OpenPgpKeys {
    /// Without its armor, and with the key that is asked for in it.
    pub(super) fn prepared(mut self) -> Result<Self, Error> {
        self.ring = unarmored(&self.ring, "PUBLIC KEY BLOCK")?;
        let ring = certificate::read(&self.ring)?;
        if !Member::all(&ring).any(|member| self.counts(&member)) {
            return Err(bad("the keyring has no such key"));
        }
        Ok(self)
    }

    fn counts(&self, member: &Member<'_>) -> bool {
        let wanted = self.fingerprint.as_ref();
        wanted.is_none_or(|one| *one == member.primary() || *one == member.fingerprint())
    }

    pub(super) fn verify_bounded(
        &self,
        signature: &[u8],
        content: &mut dyn Read,
    ) -> Result<OpenPgpSigned, Error> {
        let signature = only(&unarmored(signature, "SIGNATURE")?)?;
        hold_over_bytes(&signature)?;
        let ring = certificate::read(&self.ring)?;
        let mut makers =
            Member::all(&ring).filter(|member| self.counts(member) && member.has_made(&signature));
        let member = makers.next();
        let member = member.ok_or_else(|| refuted("it is by no key that is trusted"))?;
        if makers.next().is_some() {
            return Err(bad(
                "the key stands in the keyring more than once: which one counts is open",
            ));
        }
        let at = u64::try_from(self.at.seconds()).unwrap_or(0);
        hold_times(&signature, member, at)?;
        if !member.holds(&signature, content) {
            return Err(refuted("what is signed or the signature was changed"));
        }
        Ok(OpenPgpSigned {
            fingerprint: member.primary(),
            signing_key: member.fingerprint(),
            signed_at: shown(made(&signature)),
            verified_at: shown(at),
        })
    }
}

/// The one signature, and nothing behind it.
fn only(bytes: &[u8]) -> Result<Signature, Error> {
    let mut packets = PacketParser::new(bytes);
    let packet = packets.next();
    let Some(Ok(Packet::Signature(signature))) = packet else {
        return Err(bad("it is no signature"));
    };
    if !packets.into_inner().is_empty() {
        return Err(bad("it is more than one signature"));
    }
    Ok(signature)
}

/// What a signature has to be before a key is looked for.
fn hold_over_bytes(signature: &Signature) -> Result<(), Error> {
    match signature.typ() {
        Some(SignatureType::Binary) => {}
        Some(SignatureType::Text) => {
            return Err(bad(
                "it is a text signature, which does not cover every byte",
            ));
        }
        _ => return Err(bad("it is a signature over something else than bytes")),
    }
    hold_form(signature).map_err(bad)?;
    Ok(())
}

/// Times: of the signature, of the key when it signed, and at the time of the verification.
fn hold_times(signature: &Signature, member: Member<'_>, at: u64) -> Result<(), Error> {
    let signed = made(signature);
    if signed > at {
        let signed = shown(signed);
        return Err(refuted(format!(
            "it was made at {signed}, which is to come"
        )));
    }
    if signed < member.created() {
        return Err(refuted("it is older than its key"));
    }
    if let Some(ended) = ends(signature).filter(|ends| *ends <= at) {
        return Err(refuted(format!("it expired at {}", shown(ended))));
    }
    let validity = member.validity(at);
    let validity = validity.map_err(|why| refuted(format!("the key may not sign: {why}")))?;
    if validity.revoked == Some(0) {
        let why = "the key was revoked, and its owner does not say that it was good before";
        return Err(refuted(why));
    }
    for (what, ended) in [
        ("was revoked", validity.revoked),
        ("expired", validity.expires),
    ] {
        if let Some(ended) = ended.filter(|ended| *ended <= at) {
            let then = if ended <= signed { "before" } else { "after" };
            let (ended, signed) = (shown(ended), shown(signed));
            let why = format!("the key {what} at {ended}, {then} it signed at {signed}");
            return Err(refuted(why));
        }
    }
    Ok(())
}

fn shown(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok();
    let time = time.and_then(|time| Timestamp::from_unix(time, 0).ok());
    time.map_or_else(|| seconds.to_string(), Timestamp::format_micros)
}
