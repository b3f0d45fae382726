//! Keys as their owners publish them: a primary key, what it says of itself, its users, and its subkeys.

use pgp::packet::{
    Packet, PacketParser, PublicKey, PublicSubkey, RevocationCode, Signature, SignatureType, UserId,
};
use pgp::types::{Fingerprint, KeyDetails, Tag};
use sealog_core::hash::push_hex;

use super::bad;
use super::policy::{hold_form, hold_strength};
use crate::Error;
use crate::limits::{OPENPGP_OWN_SIGNATURES_MAX, OPENPGP_PACKETS_MAX};

/// A primary key and all that stands under it. That it can be read says nothing about whose it is.
pub(super) struct Certificate {
    pub(super) primary: PublicKey,
    /// Before the first user or subkey.
    direct: Vec<Signature>,
    users: Vec<(UserId, Vec<Signature>)>,
    pub(super) subkeys: Vec<Subkey>,
}

/// A subkey, and the signatures that bind or revoke it.
pub(super) struct Subkey {
    pub(super) key: PublicSubkey,
    signatures: Vec<Signature>,
}

/// How long a key may be used: seconds since 1970.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Validity {
    pub(super) expires: Option<u64>,
    /// From when on it is revoked; 0 where its owner does not say that it was good before.
    pub(super) revoked: Option<u64>,
}

impl Validity {
    fn and(self, other: Self) -> Self {
        Self {
            expires: earlier(self.expires, other.expires),
            revoked: earlier(self.revoked, other.revoked),
        }
    }
}

fn earlier(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// In uppercase hex, as people compare it.
pub(super) fn hex(fingerprint: &Fingerprint) -> String {
    let mut text = String::new();
    push_hex(&mut text, fingerprint.as_bytes());
    text.to_uppercase()
}

pub(super) fn seconds(time: pgp::types::Timestamp) -> u64 {
    u64::from(time.as_secs())
}

/// When a signature was made; 0 where it does not say, which is refused where it matters.
pub(super) fn made(signature: &Signature) -> u64 {
    signature.created().map_or(0, seconds)
}

/// When a signature stops to count by itself.
pub(super) fn ends(signature: &Signature) -> Option<u64> {
    let after = signature.signature_expiration_time()?.as_secs();
    (after > 0).then(|| made(signature).saturating_add(u64::from(after)))
}

/// Whether a signature says that it is by this key. That it is, only arithmetic shows.
pub(super) fn is_by(signature: &Signature, key: &impl KeyDetails) -> bool {
    let fingerprints = signature.issuer_fingerprint();
    if !fingerprints.is_empty() {
        return fingerprints
            .iter()
            .all(|found| **found == key.fingerprint());
    }
    let ids = signature.issuer_key_id();
    !ids.is_empty() && ids.iter().all(|found| **found == key.legacy_key_id())
}

/// Reads all keys of a ring. What is not understood refuses the ring: it could be a revocation.
pub(super) fn read(ring: &[u8]) -> Result<Vec<Certificate>, Error> {
    let mut found: Vec<Certificate> = Vec::new();
    // Whether signatures that follow are over a picture or the like, on which nothing rests.
    let mut passed_over = false;
    let mut packets = PacketParser::new(ring);
    for (count, packet) in packets.by_ref().enumerate() {
        if count >= OPENPGP_PACKETS_MAX {
            let limit = u64::try_from(OPENPGP_PACKETS_MAX).unwrap_or(u64::MAX);
            let what = "the packets of the keyring";
            return Err(Error::Limit { what, limit });
        }
        let packet = packet.map_err(|error| bad(format!("a packet cannot be read: {error}")))?;
        let outside = || bad("it does not begin with a key");
        match (packet, found.last_mut()) {
            (Packet::PublicKey(primary), _) => {
                passed_over = false;
                found.push(Certificate::new(primary));
            }
            (Packet::PublicSubkey(key), Some(last)) => {
                passed_over = false;
                let signatures = Vec::new();
                last.subkeys.push(Subkey { key, signatures });
            }
            (Packet::UserId(user), Some(last)) => {
                passed_over = false;
                last.users.push((user, Vec::new()));
            }
            (Packet::UserAttribute(_), Some(_)) => passed_over = true,
            (Packet::Signature(signature), Some(last)) => last.take(signature, passed_over)?,
            (Packet::Trust(_) | Packet::Marker(_) | Packet::Padding(_), _) => {}
            (Packet::SecretKey(_) | Packet::SecretSubkey(_), _) => {
                return Err(bad(
                    "it holds a private key; a verifier needs the public one",
                ));
            }
            (_, None) => return Err(outside()),
            (_, Some(_)) => return Err(bad("a packet in it is of no key")),
        }
    }
    if !packets.into_inner().is_empty() {
        return Err(bad("its last packet is cut"));
    }
    Ok(found)
}

impl Certificate {
    const fn new(primary: PublicKey) -> Self {
        Self {
            primary,
            direct: Vec::new(),
            users: Vec::new(),
            subkeys: Vec::new(),
        }
    }

    fn take(&mut self, signature: Signature, passed_over: bool) -> Result<(), Error> {
        match signature.typ() {
            // Wherever it stands: a revocation that lies in the wrong place must not be overlooked.
            Some(SignatureType::KeyRevocation) => self.direct.push(signature),
            Some(SignatureType::SubkeyRevocation) if self.subkeys.is_empty() => {
                return Err(bad("a revocation in it is of no subkey"));
            }
            None => return Err(bad("a signature in it is of a version that is not known")),
            Some(_) if passed_over => {}
            Some(_) => match (self.subkeys.last_mut(), self.users.last_mut()) {
                (Some(subkey), _) => subkey.signatures.push(signature),
                (None, Some((_, signatures))) => signatures.push(signature),
                (None, None) => self.direct.push(signature),
            },
        }
        Ok(())
    }

    /// What the primary key says of itself at a time, as far as it bears what stands under it. Also whether it signs
    /// data.
    pub(super) fn own(&self, at: u64) -> Result<(Validity, bool), String> {
        hold_strength(&self.primary)?;
        let certified = self.certified(at)?;
        let direct = self.direct.iter();
        let direct = newest(direct, at, |signature| {
            signature.typ() == Some(SignatureType::Key)
                && is_by(signature, &self.primary)
                && signature.verify_key(&self.primary).is_ok()
        })?;
        let speaks = certified.or(direct);
        let speaks = speaks.ok_or("no user and no signature of its own stands under it")?;
        let until = |signature: Option<&Signature>| {
            signature.and_then(|signature| until(&self.primary, signature))
        };
        let validity = Validity {
            expires: earlier(until(certified), until(direct)),
            revoked: revoked(&self.direct, SignatureType::KeyRevocation),
        };
        Ok((validity, speaks.key_flags().sign()))
    }

    /// The newest signature of the key over a user of its own that was not withdrawn.
    fn certified(&self, at: u64) -> Result<Option<&Signature>, String> {
        let withdrawn = |signatures: &[Signature]| {
            signatures.iter().any(|signature| {
                signature.typ() == Some(SignatureType::CertRevocation)
                    && is_by(signature, &self.primary)
            })
        };
        let mut latest: Option<&Signature> = None;
        for (user, signatures) in &self.users {
            if withdrawn(signatures) {
                continue;
            }
            let found = newest(signatures.iter(), at, |signature| {
                signature.is_certification()
                    && is_by(signature, &self.primary)
                    && signature
                        .verify_certification(&self.primary, Tag::UserId, user)
                        .is_ok()
            })?;
            latest = match (latest, found) {
                (Some(old), Some(new)) if made(new) < made(old) => Some(old),
                (old, new) => new.or(old),
            };
        }
        Ok(latest)
    }

    /// What primary key and subkey say of each other at a time.
    pub(super) fn bound(&self, subkey: &Subkey, at: u64) -> Result<Validity, String> {
        hold_strength(&subkey.key)?;
        let (own, _) = self.own(at)?;
        let binding = newest(subkey.signatures.iter(), at, |signature| {
            signature.typ() == Some(SignatureType::SubkeyBinding)
                && is_by(signature, &self.primary)
                && signature
                    .verify_subkey_binding(&self.primary, &subkey.key)
                    .is_ok()
        })?;
        let binding = binding.ok_or("its primary key does not vouch for it")?;
        if !binding.key_flags().sign() {
            return Err("its owner does not say that it signs data".into());
        }
        // A key that signs has to say itself that it belongs to the primary one, or another's could be claimed.
        let back = binding.embedded_signature();
        let back = back.ok_or("it does not vouch for its primary key")?;
        hold_form(back)?;
        if ends(back).is_some_and(|ends| ends <= at)
            || made(back) > at
            || back
                .verify_primary_key_binding(&subkey.key, &self.primary)
                .is_err()
        {
            return Err("it does not vouch for its primary key".into());
        }
        let validity = Validity {
            expires: until(&subkey.key, binding),
            revoked: revoked(&subkey.signatures, SignatureType::SubkeyRevocation),
        };
        Ok(validity.and(own))
    }
}

/// The newest signature that holds at a time. It has to be of an accepted form: what an older one says is outdated.
fn newest<'s>(
    signatures: impl Iterator<Item = &'s Signature>,
    at: u64,
    holds: impl Fn(&Signature) -> bool,
) -> Result<Option<&'s Signature>, String> {
    let mut sorted: Vec<_> = signatures
        .filter(|signature| made(signature) <= at)
        .collect();
    sorted.sort_by_key(|signature| std::cmp::Reverse(made(signature)));
    let tried = sorted.len().min(OPENPGP_OWN_SIGNATURES_MAX);
    let found = sorted.iter().take(tried).find(|signature| holds(signature));
    match found {
        Some(found) => {
            hold_form(found).map_err(|why| format!("of what it says of itself: {why}"))?;
            Ok(Some(found))
        }
        None if tried < sorted.len() => Err(format!(
            "none of the newest {OPENPGP_OWN_SIGNATURES_MAX} signatures under it holds"
        )),
        None => Ok(None),
    }
}

/// When a key stops to be valid, by the signature that says so, or when that itself does.
fn until(key: &impl KeyDetails, signature: &Signature) -> Option<u64> {
    let after = signature
        .key_expiration_time()
        .map_or(0, pgp::types::Duration::as_secs);
    let own = (after > 0).then(|| seconds(key.created_at()).saturating_add(u64::from(after)));
    earlier(own, ends(signature))
}

/// From when on a key is revoked. Whether the revocation holds is not asked: the ring is its user's own, and one that
/// cannot be verified must not keep a key alive. Only who says that a key was replaced or is out of use says that it
/// was good before.
fn revoked(signatures: &[Signature], class: SignatureType) -> Option<u64> {
    let of = signatures
        .iter()
        .filter(|signature| signature.typ() == Some(class));
    let from = |signature: &Signature| match signature.revocation_reason_code() {
        Some(RevocationCode::KeySuperseded | RevocationCode::KeyRetired) => made(signature),
        _ => 0,
    };
    of.map(from).min()
}
