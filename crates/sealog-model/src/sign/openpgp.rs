//! Detached OpenPGP signatures (RFC 9580): verified, never made (`docs/formats/older-models.md`, section 3).
//!
//! The keyring is the caller's; a key that lies with a signature is not looked at. Accepted are signatures over bytes
//! (class 0x00) of version 4 or 6, with a hash of at least 256 bits, by RSA, ECDSA on a NIST curve, or Ed25519. A key
//! that has expired or was revoked by the time of the verification is refused, whatever it was when it signed. Packets
//! and arithmetic are another's (decision 0010), under the feature `openpgp`; without it, all of this is there and
//! answers [`Error::NotBuilt`]. **What is absent**: the web of trust, key servers, designated revokers, text
//! signatures, and making anything.

#[cfg(feature = "openpgp")]
mod armor;
#[cfg(feature = "openpgp")]
mod certificate;
#[cfg(feature = "openpgp")]
mod policy;
#[cfg(feature = "openpgp")]
mod verify;

use std::fs::File;
use std::io::{self, Read};
use std::ops::RangeInclusive;
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};
use sealog_core::time::Timestamp;

use super::{HeldTriple, Vouched, Voucher};
use crate::Error;
use crate::limits::{KEY_FILE_BYTES_MAX, SIGNATURE_FILE_BYTES_MAX};
use crate::manifest::Statement;

const WHAT: &str = "the OpenPGP signature or keyring";
const ARMOR: &[u8] = b"-----BEGIN PGP ";

fn bad(why: impl Into<String>) -> Error {
    Error::malformed(WHAT, why)
}

/// Whether this build verifies OpenPGP signatures.
pub const OPENPGP_BUILT: bool = cfg!(feature = "openpgp");

/// Keys that the caller trusts: a keyring, the one key of it that alone counts if one is named, and the time at which
/// they have to be valid.
#[cfg_attr(
    not(feature = "openpgp"),
    allow(dead_code, reason = "without it there is nothing that reads them")
)]
#[derive(Debug, Clone)]
pub struct OpenPgpKeys {
    ring: Vec<u8>,
    fingerprint: Option<String>,
    at: Timestamp,
}

/// A signature that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPgpSigned {
    /// The primary key's fingerprint, in uppercase hex.
    pub fingerprint: String,
    /// That of the key or subkey that signed.
    pub signing_key: String,
    /// When it was made, by the signer's own clock (RFC 3339).
    pub signed_at: String,
    /// At which time the key was held to be valid (RFC 3339).
    pub verified_at: String,
}

/// Versions that a signature packet ever had.
const VERSIONS: RangeInclusive<u8> = 2..=6;

/// Whether bytes claim to be an OpenPGP signature: an armor, or the head of a signature packet and the version of a
/// signature behind it. Of signatures of other kinds, which are random bytes, one in 64 has the first byte of such a
/// head.
pub fn is_openpgp_claimed(bytes: &[u8]) -> bool {
    // A packet of type 2, in the older form with each length, or in the newer.
    let head = match bytes {
        [0x88, ..] | [0xc2, 0..=191, ..] => 2,
        [0x89, ..] | [0xc2, 192..=223, ..] => 3,
        [0x8a, ..] => 5,
        [0xc2, 255, ..] => 6,
        _ => return bytes.trim_ascii_start().starts_with(ARMOR),
    };
    bytes
        .get(head)
        .is_none_or(|version| VERSIONS.contains(version))
}

/// The fingerprint of a key, 40 or 64 hex digits that may have spaces between them; short ids are refused, for anybody
/// can make a key that has one.
fn full_fingerprint(text: &str) -> Result<String, Error> {
    let digits: String = text.chars().filter(|char| *char != ' ').collect();
    let fits =
        matches!(digits.len(), 40 | 64) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = fits.then(|| digits.to_uppercase());
    digits.ok_or_else(|| bad("a fingerprint has 40 or 64 hex digits, all of which count"))
}

impl OpenPgpKeys {
    /// Reads an exported keyring, binary or armored. `fingerprint` is that of a primary key or subkey. `at` is the time
    /// at which the key has to be valid: the present, but where an earlier one is asked about.
    ///
    /// # Errors
    /// [`Error::Malformed`] if it holds no such key, a private one, or what belongs to no key; [`Error::Limit`];
    /// [`Error::NotBuilt`] where the feature `openpgp` is off.
    pub fn read(path: &Path, fingerprint: Option<&str>, at: Timestamp) -> Result<Self, Error> {
        let file = File::open(path).map_err(Error::io("read", path))?;
        let limit = u64::try_from(KEY_FILE_BYTES_MAX).unwrap_or(u64::MAX);
        let mut ring = Vec::new();
        let read = file.take(limit.saturating_add(1)).read_to_end(&mut ring);
        read.map_err(Error::io("read", path))?;
        Self::of(ring, fingerprint, at)
    }

    /// The same of a keyring at hand.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn of(ring: Vec<u8>, fingerprint: Option<&str>, at: Timestamp) -> Result<Self, Error> {
        let fingerprint = fingerprint.map(full_fingerprint).transpose()?;
        if ring.len() > KEY_FILE_BYTES_MAX {
            let what = "the bytes of the keyring";
            let limit = u64::try_from(KEY_FILE_BYTES_MAX).unwrap_or(u64::MAX);
            return Err(Error::Limit { what, limit });
        }
        let keys = Self {
            ring,
            fingerprint,
            at,
        };
        keys.prepared()
    }

    /// Verifies a detached signature over what `content` gives. What `content` fails with is not told from a signature
    /// that does not hold: who reads a file keeps its error.
    ///
    /// # Errors
    /// [`Error::Signature`] if it does not hold, is by another key, or by one that has expired or was revoked;
    /// [`Error::Malformed`] if it is not one signature over bytes with an accepted hash.
    pub fn verify(&self, signature: &[u8], content: &mut dyn Read) -> Result<OpenPgpSigned, Error> {
        if signature.len() > SIGNATURE_FILE_BYTES_MAX {
            let limit = u64::try_from(SIGNATURE_FILE_BYTES_MAX).unwrap_or(u64::MAX);
            let what = "the bytes of the OpenPGP signature";
            return Err(Error::Limit { what, limit });
        }
        self.verify_bounded(signature, content)
    }
}

#[cfg(not(feature = "openpgp"))]
#[expect(clippy::unused_self, reason = "the same calls as with the feature")]
impl OpenPgpKeys {
    const NOT_BUILT: Error = Error::NotBuilt {
        what: "OpenPGP signatures",
        instead: "verify it with a build that has the feature `openpgp`, or pin the digest of the model",
    };

    fn prepared(self) -> Result<Self, Error> {
        Err(Self::NOT_BUILT)
    }

    fn verify_bounded(&self, _: &[u8], _: &mut dyn Read) -> Result<OpenPgpSigned, Error> {
        Err(Self::NOT_BUILT)
    }
}

impl OpenPgpSigned {
    fn vouch(self, vouched: Vouched) -> Vouched {
        let note = format!(
            "the OpenPGP key {} signed at {}, by its own clock; it was valid then, and is at {}",
            self.signing_key, self.signed_at, self.verified_at
        );
        let mut notes = vec![note];
        notes.extend(vouched.notes);
        Vouched {
            voucher: Voucher::Key {
                key_id: self.fingerprint,
                scheme: "openpgp",
            },
            notes,
            ..vouched
        }
    }
}

/// Verifies our own manifest by an OpenPGP signature over its bytes.
///
/// # Errors
/// As [`OpenPgpKeys::verify`], and [`Error::Malformed`] if it is no manifest.
pub fn verify_statement_openpgp(
    statement: &[u8],
    signature: &[u8],
    keys: &OpenPgpKeys,
) -> Result<Vouched, Error> {
    let signed = keys.verify(signature, &mut io::Cursor::new(statement))?;
    let parsed = Statement::parse(statement)?;
    let vouched = Vouched::new(parsed.closed_set(), Voucher::Digest);
    Ok(signed.vouch(Vouched {
        authorship: Some(parsed.authorship().clone()),
        ..vouched
    }))
}

impl HeldTriple {
    /// Verifies the pickle by an OpenPGP signature over its bytes, which have to be those that were held.
    ///
    /// # Errors
    /// As [`OpenPgpKeys::verify`], and [`Error::Changed`] if the pickle is another by now.
    pub fn verify_openpgp(self, signature: &[u8], keys: &OpenPgpKeys) -> Result<Vouched, Error> {
        let path = self.file().to_owned();
        let file = File::open(&path).map_err(Error::io("read", &path))?;
        let mut content = Hashed {
            inner: file,
            context: Context::new(&SHA256),
            failed: None,
        };
        let signed = keys.verify(signature, &mut content);
        if let Some(source) = content.failed {
            return Err(Error::io("read", &path)(source));
        }
        let signed = signed?;
        if content.context.finish().as_ref() != self.sha256() {
            return Err(Error::Changed { path });
        }
        Ok(signed.vouch(self.by(Voucher::Digest)))
    }
}

/// A file whose bytes are hashed as they are read, and whose error is kept.
struct Hashed {
    inner: File,
    context: Context,
    failed: Option<io::Error>,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer) {
            Ok(count) => {
                self.context.update(buffer.get(..count).unwrap_or_default());
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                self.failed = Some(error);
                Err(kind.into())
            }
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
#[cfg(feature = "openpgp")]
mod tests;

#[cfg(test)]
#[cfg(not(feature = "openpgp"))]
mod unbuilt_tests;
