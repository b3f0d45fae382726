//! Chains, made by other hands than those that verify them, and a model that is signed by them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SignatureAlgorithm, date_time_ymd,
};
use tempfile::TempDir;

use super::super::*;
use crate::digest::DigestOptions;
use crate::sign::Uncovered;
use crate::walk::WalkOptions;

/// From when to when, by year.
pub(super) type Years = (i32, i32);
pub(super) const NOW: &str = "2026-06-01T00:00:00Z";

pub(in super::super) fn now() -> Timestamp {
    Timestamp::parse(NOW.as_bytes()).unwrap()
}

pub(super) const VALID: Years = (2024, 2030);

/// What a certificate is to say.
#[derive(Clone)]
pub(super) struct Wish {
    pub(super) name: &'static str,
    pub(super) ca: IsCa,
    pub(super) usages: Vec<KeyUsagePurpose>,
    pub(super) extended: Vec<ExtendedKeyUsagePurpose>,
    pub(super) years: Years,
}

impl Wish {
    pub(super) fn authority(name: &'static str) -> Self {
        Self {
            name,
            ca: IsCa::Ca(BasicConstraints::Unconstrained),
            usages: vec![KeyUsagePurpose::KeyCertSign],
            extended: vec![],
            years: VALID,
        }
    }

    pub(super) fn leaf() -> Self {
        Self {
            name: "the signer",
            ca: IsCa::ExplicitNoCa,
            usages: vec![KeyUsagePurpose::DigitalSignature],
            extended: vec![ExtendedKeyUsagePurpose::CodeSigning],
            years: VALID,
        }
    }

    pub(super) fn years(mut self, years: Years) -> Self {
        self.years = years;
        self
    }

    pub(super) fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, self.name);
        params.is_ca = self.ca;
        params.key_usages.clone_from(&self.usages);
        params.extended_key_usages.clone_from(&self.extended);
        params.not_before = date_time_ymd(self.years.0, 1, 1);
        params.not_after = date_time_ymd(self.years.1, 1, 1);
        params
    }
}

/// A chain and the key of its leaf: leaf first, root last.
pub(in super::super) struct Chain {
    pub(in super::super) ders: Vec<Vec<u8>>,
    pub(super) key: KeyPair,
}

impl Chain {
    /// Made from the wishes, root first.
    pub(super) fn new(wishes: &[Wish], algorithm: &'static SignatureAlgorithm) -> Self {
        let mut above: Option<Issuer<'static, KeyPair>> = None;
        let mut ders = Vec::new();
        for (at, wish) in wishes.iter().enumerate() {
            let params = wish.params();
            let key = KeyPair::generate_for(algorithm).unwrap();
            let made = match &above {
                None => params.self_signed(&key).unwrap(),
                Some(issuer) => params.signed_by(&key, issuer).unwrap(),
            };
            ders.insert(0, made.der().to_vec());
            if at + 1 == wishes.len() {
                return Self { ders, key };
            }
            above = Some(Issuer::new(params, key));
        }
        panic!("no wishes");
    }

    pub(super) fn of(wishes: &[Wish]) -> Self {
        Self::new(wishes, &PKCS_ECDSA_P256_SHA256)
    }

    pub(in super::super) fn usual() -> Self {
        Self::of(&[
            Wish::authority("root"),
            Wish::authority("between"),
            Wish::leaf(),
        ])
    }

    pub(in super::super) fn roots(&self) -> CertificateRoots {
        let root = Certificate::from_der(self.ders.last().unwrap()).unwrap();
        CertificateRoots::new(vec![root]).unwrap()
    }
}

pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

pub(in super::super) struct Model {
    pub(super) root: TempDir,
}

impl Model {
    pub(in super::super) fn new() -> Self {
        let root = TempDir::new().unwrap();
        fs::create_dir(root.path().join("model")).unwrap();
        fs::write(root.path().join("model/weights"), "0123456789").unwrap();
        Self { root }
    }

    pub(super) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.root.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    pub(super) fn key(&self, chain: &Chain) -> PrivateKey {
        let text = pem("PRIVATE KEY", &chain.key.serialize_der());
        PrivateKey::read(&self.file("key", &text), None).unwrap()
    }

    /// Signs with the chain, its root left out, and the certificates in the bundle replaced by `shown`.
    pub(in super::super) fn sign_showing(&self, chain: &Chain, shown: &[Vec<u8>]) -> Vec<u8> {
        let walk = WalkOptions {
            ignore: IgnoreRules::oms(),
            ..WalkOptions::default()
        };
        let hashes = [Algorithm::Sha256];
        let options = DigestOptions::new(&hashes);
        let (manifest, set) =
            Manifest::of(&self.root.path().join("model"), &walk, &options).unwrap();
        let key = self.key(chain);
        // What is refused when it is read can still be signed with by others.
        let own = SigningChain {
            certificates: vec![Certificate::from_der(&chain.ders[0]).unwrap()],
        };
        let options = OmsOptions {
            chain: Some(&own),
            ..OmsOptions::new(Algorithm::Sha256)
        };
        let bundle = sign_oms(&manifest, &set, &walk.ignore, &key, &options);
        let text = String::from_utf8(bundle.unwrap()).unwrap();
        let raw = |der: &[u8]| format!("{{\"rawBytes\":\"{}\"}}", STANDARD.encode(der));
        let list: Vec<String> = shown.iter().map(|der| raw(der)).collect();
        text.replace(&raw(&chain.ders[0]), &list.join(","))
            .into_bytes()
    }

    pub(in super::super) fn sign(&self, chain: &Chain) -> Vec<u8> {
        self.sign_showing(chain, &chain.ders[..chain.ders.len() - 1])
    }

    pub(super) fn verify_at(
        &self,
        bundle: &[u8],
        roots: &CertificateRoots,
        at: &str,
    ) -> Result<Voucher, Error> {
        let at = Timestamp::parse(at.as_bytes()).unwrap();
        let vouched = verify_oms_certificate(bundle, roots, at)?;
        let options = DigestOptions::new(&[Algorithm::Sha256]);
        let path = self.root.path().join("model");
        let verified = vouched.check(&path, &[], Uncovered::Refuse, &options)?;
        Ok(verified.vouched().voucher().clone())
    }

    pub(super) fn verify(&self, bundle: &[u8], roots: &CertificateRoots) -> Result<Voucher, Error> {
        self.verify_at(bundle, roots, NOW)
    }
}
