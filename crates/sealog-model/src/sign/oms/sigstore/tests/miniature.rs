//! The authority, the certificate log and the transparency log, made by other hands than those that verify them.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519,
    PublicKeyData, SanType, SerialNumber, SigningKey, date_time_ymd,
};
use sealog_core::Hash;
use tempfile::TempDir;
use x509_cert::der::{Decode, Encode};

use super::super::super::bundle::pre_authentication;
use super::super::super::{OmsOptions, payload};
use super::stamper::Stamper;
use super::*;
use crate::digest::Algorithm;
use crate::walk::{IgnoreRules, WalkOptions};

pub(super) const IDENTITY: &str = "signer@models.example";
pub(super) const PROVIDER: &str = "https://accounts.example";
/// 2026-06-01T00:05:00Z: five minutes into the ten of a certificate.
pub(super) const SIGNED: i64 = 1_780_272_300;
pub(super) const LOG: &str = "log.example";
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
    details: &'static str,
    /// What a trusted root says besides.
    pub(super) more: String,
    pub(super) address: &'static str,
}

impl LogKey {
    pub(super) fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let id = Hash::of(&[&key.subject_public_key_info()]);
        Self {
            key,
            id: id.as_bytes().to_vec(),
            details: "PKIX_ECDSA_P256_SHA_256",
            more: String::new(),
            address: "https://log.example",
        }
    }

    /// As Rekor's second version has it: its id is that of a signed note's key (C2SP).
    pub(super) fn of_tiles(name: &str) -> Self {
        let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let id = Hash::of(&[name.as_bytes(), b"\n\x01", key.der_bytes()]);
        Self {
            key,
            id: id.as_bytes().to_vec(),
            details: "PKIX_ED25519",
            more: String::new(),
            address: "https://elsewhere.example",
        }
    }

    fn json(&self, from: &str, to: Option<&str>) -> String {
        let key = b64(self.key.subject_public_key_info());
        let to = to.map_or(String::new(), |to| format!(r#","end":"{to}""#));
        let id = b64(&self.id);
        format!(
            r#"{{"baseUrl":"{}","hashAlgorithm":"SHA2_256","publicKey":{{"rawBytes":"{key}","keyDetails":"{}","validFor":{{"start":"{from}"{to}}}}},"logId":{{"keyId":"{id}"}}{}}}"#,
            self.address, self.details, self.more
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
    pub(super) stamper: Stamper,
    /// Whether the root names the certificate that signs times.
    pub(super) shows_leaf: bool,
    place: TempDir,
}

/// From when to when each of the root's parts counts.
#[derive(Clone, Copy)]
pub(super) struct Windows {
    pub(super) authority: (&'static str, Option<&'static str>),
    pub(super) certificates: (&'static str, Option<&'static str>),
    pub(super) log: (&'static str, Option<&'static str>),
    pub(super) times: (&'static str, Option<&'static str>),
}

const ALWAYS: (&str, Option<&str>) = ("2025-01-01T00:00:00Z", None);

impl Default for Windows {
    fn default() -> Self {
        Self {
            authority: ALWAYS,
            certificates: ALWAYS,
            log: ALWAYS,
            times: ALWAYS,
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
            stamper: Stamper::new(),
            shows_leaf: true,
            place,
        }
    }

    /// One whose log is of Rekor's second version.
    pub(super) fn of_tiles() -> Self {
        Self {
            log: LogKey::of_tiles(LOG),
            ..Self::new()
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
            times,
        } = windows;
        format!(
            r#"{{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","tlogs":[{}],"certificateAuthorities":[{}],"ctlogs":[{}],"timestampAuthorities":[{}]}}"#,
            self.log.json(log.0, log.1),
            self.authority.json(authority.0, authority.1),
            self.certificates.json(certificates.0, certificates.1),
            self.stamper.json(times.0, times.1, self.shows_leaf),
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

    /// What a signer has of a log of Rekor's second version, and a timestamp.
    pub(super) fn tile_parts(&self, kind: &str) -> Parts {
        let mut parts = self.parts(&Wish::default());
        parts.is_of_tiles = true;
        parts.index = u64::try_from(parts.tree_index).unwrap();
        parts.origin = LOG.into();
        parts.kind(kind, "0.0.2");
        parts.stamp(self, |_| {});
        parts
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
            checkpoint_id: None,
            promise_key: None,
            timestamps: None,
            is_of_tiles: false,
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
