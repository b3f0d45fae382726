//! The authority, the certificate log and the transparency log, made by other hands than those that verify them.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    PublicKeyData, SanType, SerialNumber, SigningKey, date_time_ymd,
};
use sealog_core::Hash;
use tempfile::TempDir;
use x509_cert::der::{Decode, Encode};

use super::super::super::bundle::pre_authentication;
use super::super::super::{OmsOptions, payload};
use super::*;
use crate::digest::Algorithm;
use crate::walk::{IgnoreRules, WalkOptions};

pub(super) const IDENTITY: &str = "signer@models.example";
pub(super) const PROVIDER: &str = "https://accounts.example";
/// 2026-06-01T00:05:00Z: five minutes into the ten of a certificate.
pub(super) const SIGNED: i64 = 1_780_272_300;
const LOG: &str = "log.example";
const TREE: &str = "log.example - 3904496407287907110";
/// How many entries older trees of the log have.
const OLDER: u64 = 1_000;

pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    sealog_core::hash::push_hex(&mut text, bytes);
    text
}

pub(super) fn signer() -> SigstoreSigner {
    SigstoreSigner::new(IDENTITY, PROVIDER).unwrap()
}

pub(super) fn b64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

/// What a certificate is to say.
#[derive(Clone)]
pub(super) struct Wish {
    pub(super) identity: SanType,
    pub(super) more: Vec<SanType>,
    pub(super) provider: Option<&'static str>,
    pub(super) provider_bare: Option<&'static str>,
    pub(super) usages: Vec<KeyUsagePurpose>,
    pub(super) extended: Vec<ExtendedKeyUsagePurpose>,
    /// Minutes after the beginning of 2026-06-01.
    pub(super) from: u64,
    pub(super) promise: Promise,
}

/// How the certificate log promises.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Promise {
    Good,
    None,
    UnknownLog,
    /// Under the known log's id.
    ByOtherKey,
    /// About a certificate of another issuer.
    OtherIssuer,
    /// About another certificate.
    OtherCertificate,
    /// At a time at which the log does not count.
    TooEarly,
    /// So often.
    Times(usize),
    Cut,
    Version2,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            identity: SanType::Rfc822Name(IDENTITY.try_into().unwrap()),
            more: vec![],
            provider: Some(PROVIDER),
            provider_bare: Some(PROVIDER),
            usages: vec![KeyUsagePurpose::DigitalSignature],
            extended: vec![ExtendedKeyUsagePurpose::CodeSigning],
            from: 0,
            promise: Promise::Good,
        }
    }
}

impl Wish {
    fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.subject_alt_names.push(self.identity.clone());
        params.subject_alt_names.extend(self.more.clone());
        params.is_ca = IsCa::NoCa;
        params.serial_number = Some(SerialNumber::from(vec![7; 20]));
        params.use_authority_key_identifier_extension = true;
        params.key_usages.clone_from(&self.usages);
        params.extended_key_usages.clone_from(&self.extended);
        params.not_before = date_time_ymd(2026, 6, 1) + Duration::from_mins(self.from);
        params.not_after = params.not_before + Duration::from_mins(10);
        let id = |last| [1, 3, 6, 1, 4, 1, 57264, 1, last];
        if let Some(text) = self.provider_bare {
            let own = CustomExtension::from_oid_content(&id(1), text.as_bytes().to_vec());
            params.custom_extensions.push(own);
        }
        if let Some(text) = self.provider {
            let der = text.to_owned().to_der().unwrap();
            params
                .custom_extensions
                .push(CustomExtension::from_oid_content(&id(8), der));
        }
        params
    }
}

/// A key and what it is called by.
pub(super) struct LogKey {
    pub(super) key: KeyPair,
    pub(super) id: Vec<u8>,
}

impl LogKey {
    pub(super) fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let id = Hash::of(&[&key.subject_public_key_info()]);
        Self {
            key,
            id: id.as_bytes().to_vec(),
        }
    }

    fn json(&self, from: &str, to: Option<&str>) -> String {
        let key = b64(self.key.subject_public_key_info());
        let to = to.map_or(String::new(), |to| format!(r#","end":"{to}""#));
        let id = b64(&self.id);
        format!(
            r#"{{"baseUrl":"https://log.example","hashAlgorithm":"SHA2_256","publicKey":{{"rawBytes":"{key}","keyDetails":"PKIX_ECDSA_P256_SHA_256","validFor":{{"start":"{from}"{to}}}}},"logId":{{"keyId":"{id}"}}}}"#
        )
    }
}

/// An authority: a root, and one below it that issues.
pub(super) struct Authority {
    root: Vec<u8>,
    between: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(super) fn new() -> Self {
        let ca = |name, constraint, extended: &[ExtendedKeyUsagePurpose]| {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.distinguished_name.push(DnType::CommonName, name);
            params.is_ca = IsCa::Ca(constraint);
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
            params.extended_key_usages = extended.to_vec();
            params.not_before = date_time_ymd(2024, 1, 1);
            params.not_after = date_time_ymd(2034, 1, 1);
            params
        };
        let generate = || KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        let params = ca("root", BasicConstraints::Unconstrained, &[]);
        let key = generate();
        let root = params.self_signed(&key).unwrap();
        let above = Issuer::new(params, key);
        let signing = [ExtendedKeyUsagePurpose::CodeSigning];
        let params = ca("between", BasicConstraints::Constrained(0), &signing);
        let key = generate();
        let between = params.signed_by(&key, &above).unwrap();
        Self {
            root: root.der().to_vec(),
            between: between.der().to_vec(),
            issuer: Issuer::new(params, key),
        }
    }

    pub(super) fn json(&self, from: &str, to: Option<&str>) -> String {
        let to = to.map_or(String::new(), |to| format!(r#","end":"{to}""#));
        format!(
            r#"{{"uri":"https://ca.example","certChain":{{"certificates":[{{"rawBytes":"{}"}},{{"rawBytes":"{}"}}]}},"validFor":{{"start":"{from}"{to}}}}}"#,
            b64(&self.between),
            b64(&self.root)
        )
    }
}

/// Everything that signs, and a model.
pub(super) struct Sigstore {
    pub(super) authority: Authority,
    pub(super) certificates: LogKey,
    pub(super) log: LogKey,
    place: TempDir,
}

/// From when to when each of the root's parts counts.
#[derive(Clone, Copy)]
pub(super) struct Windows {
    pub(super) authority: (&'static str, Option<&'static str>),
    pub(super) certificates: (&'static str, Option<&'static str>),
    pub(super) log: (&'static str, Option<&'static str>),
}

const ALWAYS: (&str, Option<&str>) = ("2025-01-01T00:00:00Z", None);

impl Default for Windows {
    fn default() -> Self {
        Self {
            authority: ALWAYS,
            certificates: ALWAYS,
            log: ALWAYS,
        }
    }
}

impl Sigstore {
    pub(super) fn new() -> Self {
        let place = TempDir::new().unwrap();
        fs::create_dir(place.path().join("model")).unwrap();
        fs::write(place.path().join("model/weights"), "0123456789").unwrap();
        Self {
            authority: Authority::new(),
            certificates: LogKey::new(),
            log: LogKey::new(),
            place,
        }
    }

    pub(super) fn model(&self) -> PathBuf {
        self.place.path().join("model")
    }

    pub(super) fn root_json(&self, windows: Windows) -> String {
        let Windows {
            authority,
            certificates,
            log,
        } = windows;
        format!(
            r#"{{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","tlogs":[{}],"certificateAuthorities":[{}],"ctlogs":[{}],"timestampAuthorities":[]}}"#,
            self.log.json(log.0, log.1),
            self.authority.json(authority.0, authority.1),
            self.certificates.json(certificates.0, certificates.1),
        )
    }

    pub(super) fn root(&self) -> TrustedRoot {
        TrustedRoot::parse(self.root_json(Windows::default()).as_bytes()).unwrap()
    }

    pub(super) fn verify(&self, bundle: &[u8]) -> Result<Vouched, Error> {
        verify_oms_sigstore(bundle, &self.root(), &signer())
    }

    pub(super) fn bundle(&self) -> Vec<u8> {
        self.parts(&Wish::default()).bundle(self)
    }

    /// A certificate, with what its log promises about it.
    fn certificate(&self, wish: &Wish, key: &KeyPair) -> Vec<u8> {
        let mut params = wish.params();
        let before = params.signed_by(key, &self.authority.issuer).unwrap();
        let before = x509_cert::Certificate::from_der(before.der()).unwrap();
        let mut before = before.tbs_certificate().to_der().unwrap();
        let issuer = self.authority.issuer.key().subject_public_key_info();
        let mut issuer = Hash::of(&[&issuer]).as_bytes().to_vec();
        let mut time: u64 = 1_780_272_000_123;
        let other = LogKey::new();
        let (mut id, mut by) = (&self.certificates.id, &self.certificates.key);
        let mut times = 1;
        match wish.promise {
            Promise::Good | Promise::Cut | Promise::Version2 => {}
            Promise::None => times = 0,
            Promise::UnknownLog => (id, by) = (&other.id, &other.key),
            Promise::ByOtherKey => by = &other.key,
            Promise::OtherIssuer => issuer[0] ^= 1,
            Promise::OtherCertificate => *before.last_mut().unwrap() ^= 1,
            Promise::TooEarly => time = 1_700_000_000_000,
            Promise::Times(count) => times = count,
        }
        if times == 0 {
            return params
                .signed_by(key, &self.authority.issuer)
                .unwrap()
                .der()
                .to_vec();
        }
        let length = u32::try_from(before.len()).unwrap().to_be_bytes();
        let message = [
            &[0, 0],
            &time.to_be_bytes()[..],
            &[0, 1],
            &issuer,
            &length[1..],
            &before,
            &[0, 0],
        ]
        .concat();
        let signature = by.sign(&message).unwrap();
        let version = u8::from(wish.promise == Promise::Version2);
        let mut one = [&[version], &id[..], &time.to_be_bytes(), &[0, 0, 4, 3]].concat();
        one.extend(sized(&signature));
        if wish.promise == Promise::Cut {
            one.pop();
        }
        let list = sized(&sized(&one).repeat(times));
        let list = x509_cert::der::asn1::OctetString::new(list).unwrap();
        let id = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
        let promise = CustomExtension::from_oid_content(&id, list.to_der().unwrap());
        params.custom_extensions.push(promise);
        let made = params.signed_by(key, &self.authority.issuer).unwrap();
        made.der().to_vec()
    }

    /// What a signer has when everything is done.
    pub(super) fn parts(&self, wish: &Wish) -> Parts {
        let walk = WalkOptions {
            ignore: IgnoreRules::oms(),
            ..WalkOptions::default()
        };
        let hashes = [Algorithm::Sha256];
        let options = DigestOptions::new(&hashes);
        let (manifest, set) = Manifest::of(&self.model(), &walk, &options).unwrap();
        let payload = payload::write(
            &manifest,
            &set,
            &walk.ignore,
            &OmsOptions::new(Algorithm::Sha256),
        )
        .unwrap();
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let certificate = self.certificate(wish, &key);
        let signature = key.sign(&pre_authentication(&payload)).unwrap();
        let mut parts = Parts {
            body: String::new(),
            kind: (String::new(), String::new()),
            payload,
            certificate,
            signature,
            log_id: self.log.id.clone(),
            integrated: SIGNED,
            promised: None,
            index: OLDER + 3,
            tree_index: 3,
            tree_size: None,
            others: 7,
            origin: TREE.into(),
            name: LOG.into(),
            leaf: None,
            root: None,
            checkpoint_key: None,
            promise_key: None,
            timestamps: None,
        };
        parts.kind("dsse", "0.0.1");
        parts
    }
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [
        &u16::try_from(bytes.len()).unwrap().to_be_bytes()[..],
        bytes,
    ]
    .concat()
}

/// What a bundle is put together from. What is `None` is as it should be.
pub(super) struct Parts {
    pub(super) payload: Vec<u8>,
    pub(super) certificate: Vec<u8>,
    pub(super) signature: Vec<u8>,
    /// What stands in the log.
    pub(super) body: String,
    pub(super) kind: (String, String),
    pub(super) log_id: Vec<u8>,
    pub(super) integrated: i64,
    /// What the promise is about, if it is about something else.
    pub(super) promised: Option<String>,
    pub(super) index: u64,
    pub(super) tree_index: usize,
    /// What the proof says.
    pub(super) tree_size: Option<u64>,
    /// Leaves of the tree.
    pub(super) others: usize,
    pub(super) origin: String,
    pub(super) name: String,
    /// What stands in the tree, if it is something else.
    pub(super) leaf: Option<Vec<u8>>,
    /// What the checkpoint says.
    pub(super) root: Option<Hash>,
    pub(super) checkpoint_key: Option<LogKey>,
    pub(super) promise_key: Option<LogKey>,
    pub(super) timestamps: Option<String>,
}

impl Parts {
    /// Makes the entry that is about the rest of the parts.
    pub(super) fn kind(&mut self, kind: &str, version: &str) {
        let pem = pem(&self.certificate);
        let signature = b64(&self.signature);
        let payload = Hash::of(&[&self.payload]).to_hex();
        let spec = match kind {
            "dsse" => format!(
                r#"{{"envelopeHash":{{"algorithm":"sha256","value":"{payload}"}},"payloadHash":{{"algorithm":"sha256","value":"{payload}"}},"signatures":[{{"signature":"{signature}","verifier":"{pem}"}}]}}"#
            ),
            "intoto" => format!(
                r#"{{"content":{{"envelope":{{"payloadType":"application/vnd.in-toto+json","signatures":[{{"publicKey":"{pem}","sig":"{}"}}]}},"hash":{{"algorithm":"sha256","value":"{payload}"}},"payloadHash":{{"algorithm":"sha256","value":"{payload}"}}}}}}"#,
                b64(&signature)
            ),
            "hashedrekord" => format!(
                r#"{{"data":{{"hash":{{"algorithm":"sha256","value":"{}"}}}},"signature":{{"content":"{signature}","publicKey":{{"content":"{pem}"}}}}}}"#,
                Hash::of(&[&pre_authentication(&self.payload)]).to_hex()
            ),
            _ => "{}".into(),
        };
        self.body = format!(r#"{{"apiVersion":"{version}","kind":"{kind}","spec":{spec}}}"#);
        self.kind = (kind.into(), version.into());
    }

    fn leaves(&self) -> Vec<Hash> {
        let leaf = self.leaf.clone();
        let leaf = leaf.unwrap_or_else(|| self.body.clone().into_bytes());
        (0..self.others)
            .map(|at| {
                let text = at.to_string();
                let bytes = if at == self.tree_index {
                    leaf.as_slice()
                } else {
                    text.as_bytes()
                };
                Hash::of(&[&[0], bytes])
            })
            .collect()
    }

    pub(super) fn entry(&self, sigstore: &Sigstore) -> String {
        let leaves = self.leaves();
        let root = self.root.unwrap_or_else(|| root_of(&leaves));
        let root = b64(root.as_bytes());
        let size = leaves.len();
        let text = format!("{}\n{size}\n{root}\n", self.origin);
        let by = self.checkpoint_key.as_ref().unwrap_or(&sigstore.log);
        let line = [&self.log_id[..4], &by.key.sign(text.as_bytes()).unwrap()].concat();
        let note = format!("{text}\n\u{2014} {} {}\n", self.name, b64(line)).replace('\n', "\\n");
        let body = b64(&self.body);
        let hex = hex(&self.log_id);
        let promised = self.promised.clone().unwrap_or_else(|| {
            format!(
                r#"{{"body":"{body}","integratedTime":{},"logID":"{hex}","logIndex":{}}}"#,
                self.integrated, self.index
            )
        });
        let by = self.promise_key.as_ref().unwrap_or(&sigstore.log);
        let promise = b64(by.key.sign(promised.as_bytes()).unwrap());
        let hashes: Vec<String> = path_of(&leaves, self.tree_index)
            .iter()
            .map(|hash| format!("\"{}\"", b64(hash.as_bytes())))
            .collect();
        format!(
            r#"{{"logIndex":"{}","logId":{{"keyId":"{}"}},"kindVersion":{{"kind":"{}","version":"{}"}},"integratedTime":"{}","inclusionPromise":{{"signedEntryTimestamp":"{promise}"}},"inclusionProof":{{"logIndex":"{}","rootHash":"{root}","treeSize":"{}","hashes":[{}],"checkpoint":{{"envelope":"{note}"}}}},"canonicalizedBody":"{body}"}}"#,
            self.index,
            b64(&self.log_id),
            self.kind.0,
            self.kind.1,
            self.integrated,
            self.tree_index,
            self.tree_size.unwrap_or(u64::try_from(size).unwrap()),
            hashes.join(",")
        )
    }

    pub(super) fn with_entries(&self, entries: &str) -> Vec<u8> {
        let timestamps = self.timestamps.clone().unwrap_or_default();
        format!(
            r#"{{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{{"certificate":{{"rawBytes":"{}"}},"tlogEntries":[{entries}]{timestamps}}},"dsseEnvelope":{{"payload":"{}","payloadType":"application/vnd.in-toto+json","signatures":[{{"sig":"{}"}}]}}}}"#,
            b64(&self.certificate),
            b64(&self.payload),
            b64(&self.signature)
        )
        .into_bytes()
    }

    pub(super) fn bundle(&self, sigstore: &Sigstore) -> Vec<u8> {
        self.with_entries(&self.entry(sigstore))
    }
}

/// Base64 of a certificate's PEM.
fn pem(der: &[u8]) -> String {
    let text = b64(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    b64(format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    ))
}

/// RFC 6962 section 2.1, as it stands there.
pub(super) fn root_of(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of(&[]),
        [only] => *only,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            let (left, right) = (root_of(left), root_of(right));
            Hash::of(&[&[1], left.as_bytes(), right.as_bytes()])
        }
    }
}

/// RFC 6962 section 2.1.1.
fn path_of(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut path, other) = if index < left.len() {
        (path_of(left, index), root_of(right))
    } else {
        (path_of(right, index - left.len()), root_of(left))
    };
    path.push(other);
    path
}
