//! The trusted root: the authorities and logs of a Sigstore, each with its key and the time in which it counts.
//!
//! A user gets it from whoever runs the Sigstore and pins it as a file. **What is absent**: TUF, by which the public
//! one is handed out and renewed.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sealog_core::json::{Object, Value};
use sealog_core::time::Timestamp;

use super::super::bundle::decode;
use super::super::certificate::{Certificate, CertificateRoots, unix};
use crate::Error;
use crate::keys::{KeyKind, PublicKey};
use crate::limits::{CHAIN_CERTIFICATES_MAX, TRUSTED_ROOT_BYTES_MAX, TRUSTED_ROOT_ITEMS_MAX};

const WHAT: &str = "the trusted root";
const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";
/// What a user may bring by mistake: it holds a root, and addresses to sign at.
const TRUST_CONFIG: &str = "application/vnd.dev.sigstore.clienttrustconfig";

fn bad(why: impl Into<String>) -> Error {
    Error::malformed(WHAT, why)
}

/// From when to when something counts, both inclusive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    from: Timestamp,
    to: Option<Timestamp>,
}

impl Window {
    fn read(value: Option<&Value>) -> Result<Self, Error> {
        let time = |name| {
            let time = value.and_then(|value| value.member(name));
            let time =
                time.map(|time| Timestamp::parse(time.as_str().unwrap_or_default().as_bytes()));
            time.transpose()
                .map_err(|_| bad("a time in which something is valid is no time"))
        };
        let from = time("start")?;
        Ok(Self {
            from: from.ok_or_else(|| bad("it does not say from when something is valid"))?,
            to: time("end")?,
        })
    }

    pub(super) fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && self.to.is_none_or(|to| at <= to)
    }
}

/// A log: of certificates, or of signatures.
#[derive(Debug, Clone)]
pub(super) struct Log {
    pub(super) id: Vec<u8>,
    /// By what its checkpoints are signed; of what else, `id` says.
    checkpoint_id: Option<Vec<u8>>,
    /// Where it is, without scheme and last slash: what a log of Rekor's second version calls itself.
    address: String,
    /// None: of a kind that is not verified here.
    pub(super) key: Option<PublicKey>,
    pub(super) valid: Window,
}

impl Log {
    fn read(value: &Value) -> Result<Self, Error> {
        if value.member("hashAlgorithm").and_then(Value::as_str) != Some("SHA2_256") {
            return Err(bad("a log hashes with something else than SHA-256"));
        }
        let key = value
            .member("publicKey")
            .ok_or_else(|| bad("a log has no key"))?;
        let read_id = |value: &Value| {
            let id = decode(value.member("keyId"));
            id.filter(|id| !id.is_empty())
                .ok_or_else(|| bad("a log has no id"))
        };
        let id = value
            .member("logId")
            .ok_or_else(|| bad("a log has no id"))?;
        let address = value.member("baseUrl").and_then(Value::as_str);
        let address = address.unwrap_or_default();
        let address = address.split_once("://").map_or(address, |(_, rest)| rest);
        Ok(Self {
            id: read_id(id)?,
            checkpoint_id: value.member("checkpointKeyId").map(read_id).transpose()?,
            address: address.trim_end_matches('/').to_owned(),
            key: read_key(key)?,
            valid: Window::read(key.member("validFor"))?,
        })
    }

    /// What the signatures of its checkpoints name their key by: the beginning of this.
    pub(super) fn checkpoint_id(&self) -> &[u8] {
        self.checkpoint_id.as_ref().unwrap_or(&self.id)
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }
}

/// A key of a kind that is verified here has to be one; a log by another kind of key is known and of no use.
fn read_key(value: &Value) -> Result<Option<PublicKey>, Error> {
    let details = value.member("keyDetails").and_then(Value::as_str);
    let kind = match details.ok_or_else(|| bad("a log's key does not say its kind"))? {
        "PKIX_ECDSA_P256_SHA_256" => KeyKind::P256,
        "PKIX_ECDSA_P384_SHA_384" => KeyKind::P384,
        "PKIX_ECDSA_P521_SHA_512" => KeyKind::P521,
        "PKIX_ED25519" => KeyKind::Ed25519,
        _ => return Ok(None),
    };
    let key = decode(value.member("rawBytes")).and_then(|der| PublicKey::from_der(&der));
    let key = key.filter(|key| key.kind() == kind);
    key.map(Some)
        .ok_or_else(|| bad("a log's key is not of the kind that it says"))
}

/// An authority: its certificates, the issuing one first.
#[derive(Debug, Clone)]
pub(super) struct Authority {
    above: Vec<Certificate>,
    anchor: CertificateRoots,
    pub(super) valid: Window,
}

impl Authority {
    fn read(value: &Value) -> Result<Self, Error> {
        let chain = value.member("certChain");
        let list = chain.and_then(|chain| chain.member("certificates"));
        let list = list.and_then(Value::as_array).unwrap_or_default();
        if list.len() > CHAIN_CERTIFICATES_MAX {
            return Err(bad(format!(
                "an authority has more than {CHAIN_CERTIFICATES_MAX} certificates"
            )));
        }
        let read = |value: &Value| {
            let der = decode(value.member("rawBytes"));
            Certificate::from_der(&der.ok_or_else(|| bad("a certificate is no base64"))?)
        };
        let mut above = list.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let anchor = above
            .pop()
            .ok_or_else(|| bad("an authority has no certificate"))?;
        Ok(Self {
            above,
            anchor: CertificateRoots::new(vec![anchor])?,
            valid: Window::read(value.member("validFor"))?,
        })
    }

    /// Holds a leaf's path to this authority at a time, and returns the certificate that issued the leaf.
    pub(super) fn hold_issued(
        &self,
        leaf: &Certificate,
        at: Timestamp,
        purpose: &'static [u8],
    ) -> Result<&Certificate, Error> {
        self.anchor
            .verify_path(leaf, &self.above, unix(at)?, purpose)
    }
}

/// An authority of timestamps: what signs them, and what is above that.
#[derive(Debug, Clone)]
pub(super) struct TimeAuthority {
    /// None: the root names authorities alone, so that a timestamp has to bring the certificate that signs it.
    leaf: Option<Certificate>,
    above: Authority,
}

impl TimeAuthority {
    fn read(value: &Value) -> Result<Self, Error> {
        let mut above = Authority::read(value)?;
        let leaf = match above.above.first().map(Certificate::is_authority) {
            Some(Ok(false)) => Some(above.above.remove(0)),
            Some(Err(error)) => return Err(error),
            Some(Ok(true)) | None => None,
        };
        Ok(Self { leaf, above })
    }

    pub(super) fn leaf(&self) -> Option<&Certificate> {
        self.leaf.as_ref()
    }

    pub(super) fn counts_at(&self, at: Timestamp) -> bool {
        self.above.valid.holds(at)
    }

    /// Whether a certificate is one of those above the leaf.
    pub(super) fn is_above(&self, certificate: &Certificate) -> bool {
        self.above.above.contains(certificate) || self.above.anchor.contains(certificate)
    }

    /// Holds a leaf's path to this authority at a time.
    pub(super) fn hold_issued(
        &self,
        leaf: &Certificate,
        at: Timestamp,
        purpose: &'static [u8],
    ) -> Result<(), Error> {
        self.above.hold_issued(leaf, at, purpose).map(|_| ())
    }
}

/// What a user trusts of a Sigstore: who issues certificates, which logs show them and the signatures, and who says
/// when.
#[derive(Debug, Clone)]
pub struct TrustedRoot {
    authorities: Vec<Authority>,
    time_authorities: Vec<TimeAuthority>,
    certificate_logs: Vec<Log>,
    logs: Vec<Log>,
}

impl TrustedRoot {
    /// Reads a file of at most [`TRUSTED_ROOT_BYTES_MAX`] bytes.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Limit`] where there is more, else as [`Self::parse`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let limit = u64::try_from(TRUSTED_ROOT_BYTES_MAX).unwrap_or(u64::MAX);
        let mut text = Vec::new();
        let file = File::open(path).map_err(Error::io("read the trusted root", path))?;
        let read = file.take(limit.saturating_add(1)).read_to_end(&mut text);
        read.map_err(Error::io("read the trusted root", path))?;
        Self::parse(&text)
    }

    /// Reads `trusted_root.json` of version 0.1, of which at most [`TRUSTED_ROOT_ITEMS_MAX`] of a kind.
    ///
    /// # Errors
    /// [`Error::Malformed`] if it is none, or names a log twice.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        if text.len() > TRUSTED_ROOT_BYTES_MAX {
            return Err(Error::Limit {
                what: "the bytes of the trusted root",
                limit: u64::try_from(TRUSTED_ROOT_BYTES_MAX).unwrap_or(u64::MAX),
            });
        }
        let value = Value::parse(text).map_err(|source| Error::Json { what: WHAT, source })?;
        let object = value.as_object().ok_or_else(|| bad("it is no object"))?;
        match object.get("mediaType").and_then(Value::as_str) {
            Some(MEDIA_TYPE) => {}
            Some(name) if name.starts_with(TRUST_CONFIG) => {
                return Err(bad(
                    "it is a client's trust configuration: give what stands in its member `trustedRoot` as a file",
                ));
            }
            _ => return Err(bad(format!("its media type is not {MEDIA_TYPE}"))),
        }
        Ok(Self {
            authorities: items(object, "certificateAuthorities", Authority::read)?,
            time_authorities: items(object, "timestampAuthorities", TimeAuthority::read)?,
            certificate_logs: distinct(items(object, "ctlogs", Log::read)?)?,
            logs: distinct(items(object, "tlogs", Log::read)?)?,
        })
    }

    pub(super) fn authorities(&self) -> &[Authority] {
        &self.authorities
    }

    pub(super) fn time_authorities(&self) -> &[TimeAuthority] {
        &self.time_authorities
    }

    pub(super) fn certificate_log(&self, id: &[u8]) -> Option<&Log> {
        self.certificate_logs.iter().find(|log| log.id == id)
    }

    pub(super) fn log(&self, id: &[u8]) -> Option<&Log> {
        self.logs.iter().find(|log| log.id == id)
    }
}

fn items<T>(
    object: &Object,
    name: &str,
    read: impl Fn(&Value) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let Some(value) = object.get(name) else {
        return Ok(Vec::new());
    };
    let list = value.as_array();
    let list = list.ok_or_else(|| bad(format!("its `{name}` are no array")))?;
    if list.len() > TRUSTED_ROOT_ITEMS_MAX {
        return Err(bad(format!(
            "it has more than {TRUSTED_ROOT_ITEMS_MAX} `{name}`"
        )));
    }
    list.iter().map(read).collect()
}

/// A log's id has to say which log it is.
fn distinct(logs: Vec<Log>) -> Result<Vec<Log>, Error> {
    for (at, log) in logs.iter().enumerate() {
        if logs
            .iter()
            .skip(at.saturating_add(1))
            .any(|other| other.id == log.id)
        {
            return Err(bad("two of its logs have the same id"));
        }
    }
    Ok(logs)
}
