//! Chains that hold, and a refusing twin for each sentence that a chain has to fulfil.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512,
    SignatureAlgorithm, date_time_ymd,
};
use sealog_core::ErrorKind;
use tempfile::TempDir;

use super::*;
use crate::digest::DigestOptions;
use crate::limits::{CERTIFICATE_BYTES_MAX, CHAIN_CERTIFICATES_MAX, ROOTS_MAX};
use crate::manifest::{Authorship, Statement};
use crate::sign::{Envelope, Pin, Uncovered, Walks};
use crate::walk::WalkOptions;

/// From when to when, by year.
type Years = (i32, i32);
const NOW: &str = "2026-06-01T00:00:00Z";

pub(super) fn now() -> Timestamp {
    Timestamp::parse(NOW.as_bytes()).unwrap()
}

const VALID: Years = (2024, 2030);

/// What a certificate is to say.
#[derive(Clone)]
struct Wish {
    name: &'static str,
    ca: IsCa,
    usages: Vec<KeyUsagePurpose>,
    extended: Vec<ExtendedKeyUsagePurpose>,
    years: Years,
}

impl Wish {
    fn authority(name: &'static str) -> Self {
        Self {
            name,
            ca: IsCa::Ca(BasicConstraints::Unconstrained),
            usages: vec![KeyUsagePurpose::KeyCertSign],
            extended: vec![],
            years: VALID,
        }
    }

    fn leaf() -> Self {
        Self {
            name: "the signer",
            ca: IsCa::ExplicitNoCa,
            usages: vec![KeyUsagePurpose::DigitalSignature],
            extended: vec![ExtendedKeyUsagePurpose::CodeSigning],
            years: VALID,
        }
    }

    fn years(mut self, years: Years) -> Self {
        self.years = years;
        self
    }

    fn params(&self) -> CertificateParams {
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
pub(super) struct Chain {
    pub(super) ders: Vec<Vec<u8>>,
    key: KeyPair,
}

impl Chain {
    /// Made from the wishes, root first.
    fn new(wishes: &[Wish], algorithm: &'static SignatureAlgorithm) -> Self {
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

    fn of(wishes: &[Wish]) -> Self {
        Self::new(wishes, &PKCS_ECDSA_P256_SHA256)
    }

    pub(super) fn usual() -> Self {
        Self::of(&[
            Wish::authority("root"),
            Wish::authority("between"),
            Wish::leaf(),
        ])
    }

    pub(super) fn roots(&self) -> CertificateRoots {
        let root = Certificate::from_der(self.ders.last().unwrap()).unwrap();
        CertificateRoots::new(vec![root]).unwrap()
    }
}

fn pem(label: &str, der: &[u8]) -> String {
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

pub(super) struct Model {
    root: TempDir,
}

impl Model {
    pub(super) fn new() -> Self {
        let root = TempDir::new().unwrap();
        fs::create_dir(root.path().join("model")).unwrap();
        fs::write(root.path().join("model/weights"), "0123456789").unwrap();
        Self { root }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.root.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    fn key(&self, chain: &Chain) -> PrivateKey {
        let text = pem("PRIVATE KEY", &chain.key.serialize_der());
        PrivateKey::read(&self.file("key", &text), None).unwrap()
    }

    /// Signs with the chain, its root left out, and the certificates in the bundle replaced by `shown`.
    pub(super) fn sign_showing(&self, chain: &Chain, shown: &[Vec<u8>]) -> Vec<u8> {
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

    pub(super) fn sign(&self, chain: &Chain) -> Vec<u8> {
        self.sign_showing(chain, &chain.ders[..chain.ders.len() - 1])
    }

    fn verify_at(
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

    fn verify(&self, bundle: &[u8], roots: &CertificateRoots) -> Result<Voucher, Error> {
        self.verify_at(bundle, roots, NOW)
    }
}

#[test]
fn chains_of_every_curve_hold_and_say_who_signed_and_when_that_was_looked_at() {
    for algorithm in [
        &PKCS_ECDSA_P256_SHA256,
        &PKCS_ECDSA_P384_SHA384,
        &PKCS_ECDSA_P521_SHA512,
    ] {
        let wishes = [
            Wish::authority("root"),
            Wish::authority("between"),
            Wish::leaf(),
        ];
        let (model, chain) = (Model::new(), Chain::new(&wishes, algorithm));
        let bundle = model.sign(&chain);
        let voucher = model.verify(&bundle, &chain.roots()).unwrap();
        let Voucher::Certificate { subject, at, .. } = voucher else {
            panic!("{voucher:?}");
        };
        assert_eq!(subject, "CN=the signer");
        assert_eq!(at, Timestamp::parse(NOW.as_bytes()).unwrap());
        // The root may stand in the bundle too; it is still the one that was brought that counts.
        let whole = model.sign_showing(&chain, &chain.ders);
        model.verify(&whole, &chain.roots()).unwrap();
        model.verify(&whole, &Chain::usual().roots()).unwrap_err();
        fs::write(model.root.path().join("model/weights"), "0123456780").unwrap();
        let changed = model.verify(&bundle, &chain.roots());
        assert!(matches!(changed, Err(Error::Differs { .. })));
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of cases")]
fn what_a_chain_has_to_fulfil_has_a_chain_each_that_does_not() {
    let (root, between, leaf) = (
        Wish::authority("root"),
        Wish::authority("between"),
        Wish::leaf(),
    );
    let old: Years = (2020, 2021);
    let coming: Years = (2028, 2030);
    let with = |change: &dyn Fn(&mut Wish), wish: &Wish| {
        let mut wish = wish.clone();
        change(&mut wish);
        wish
    };
    let limited = with(
        &|wish| {
            // By another name than the root's: what issues itself does not count as being below.
            wish.name = "limited";
            wish.ca = IsCa::Ca(BasicConstraints::Constrained(0));
        },
        &root,
    );
    let no_extended = with(&|wish| wish.extended.clear(), &leaf);
    let server = with(
        &|wish| wish.extended = vec![ExtendedKeyUsagePurpose::ServerAuth],
        &leaf,
    );
    let agrees = with(
        &|wish| wish.usages = vec![KeyUsagePurpose::KeyAgreement],
        &leaf,
    );
    let no_authority = with(&|wish| wish.ca = IsCa::ExplicitNoCa, &between);
    let no_signer = with(
        &|wish| wish.usages = vec![KeyUsagePurpose::DigitalSignature],
        &between,
    );
    let serving = with(
        &|wish| wish.extended = vec![ExtendedKeyUsagePurpose::ServerAuth],
        &between,
    );
    let leaf_ca = with(
        &|wish| wish.ca = IsCa::Ca(BasicConstraints::Unconstrained),
        &leaf,
    );
    let mute_root = with(
        &|wish| wish.usages = vec![KeyUsagePurpose::DigitalSignature],
        &root,
    );
    let cases: Vec<(&str, &str, Vec<Wish>)> = vec![
        (
            "an expired leaf",
            "expired",
            vec![root.clone(), between.clone(), leaf.clone().years(old)],
        ),
        (
            "a coming leaf",
            "not valid yet",
            vec![root.clone(), between.clone(), leaf.clone().years(coming)],
        ),
        (
            "an expired authority between",
            "expired",
            vec![root.clone(), between.clone().years(old), leaf.clone()],
        ),
        (
            "a coming authority between",
            "not valid yet",
            vec![root.clone(), between.clone().years(coming), leaf.clone()],
        ),
        (
            "an expired root",
            "expired",
            vec![root.clone().years(old), between.clone(), leaf.clone()],
        ),
        (
            "a coming root",
            "not valid yet",
            vec![root.clone().years(coming), between.clone(), leaf.clone()],
        ),
        (
            "all expired",
            "expired",
            vec![
                root.clone().years(old),
                between.clone().years(old),
                leaf.clone().years(old),
            ],
        ),
        (
            "a leaf without extended uses",
            "signing code",
            vec![root.clone(), between.clone(), no_extended],
        ),
        (
            "a leaf for servers",
            "signing code",
            vec![root.clone(), between.clone(), server],
        ),
        (
            "a leaf that is not for signatures",
            "digital signatures",
            vec![root.clone(), between.clone(), agrees],
        ),
        (
            "a leaf that is an authority",
            "authority",
            vec![root.clone(), between.clone(), leaf_ca],
        ),
        (
            "a leaf above a leaf",
            "authority",
            vec![root.clone(), no_authority, leaf.clone()],
        ),
        (
            "an authority that may not certify",
            "may not sign",
            vec![root.clone(), no_signer, leaf.clone()],
        ),
        (
            "an authority for servers",
            "signing code",
            vec![root.clone(), serving, leaf.clone()],
        ),
        (
            "a root with too many below",
            "so many",
            vec![limited.clone(), between.clone(), leaf.clone()],
        ),
        (
            "an authority with too many below",
            "so many",
            vec![root.clone(), limited.clone(), between.clone(), leaf.clone()],
        ),
        (
            "a root that may not certify",
            "may not sign",
            vec![mute_root, between.clone(), leaf.clone()],
        ),
    ];
    let model = Model::new();
    for (name, word, wishes) in cases {
        let chain = Chain::of(&wishes);
        let error = model
            .verify(&model.sign(&chain), &chain.roots())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refuted, "{name}: {error}");
        assert!(error.to_string().contains(word), "{name}: {error}");
    }
    // The limit itself is allowed.
    let chain = Chain::of(&[limited, leaf]);
    model.verify(&model.sign(&chain), &chain.roots()).unwrap();
}

#[test]
fn the_time_of_verification_decides_to_the_second() {
    let (model, chain) = (Model::new(), Chain::usual());
    let (bundle, roots) = (model.sign(&chain), chain.roots());
    for (at, holds) in [
        ("2023-12-31T23:59:59Z", false),
        ("2024-01-01T00:00:00Z", true),
        ("2030-01-01T00:00:00Z", true),
        ("2030-01-01T00:00:01Z", false),
        ("1969-12-31T23:59:59Z", false),
    ] {
        assert_eq!(model.verify_at(&bundle, &roots, at).is_ok(), holds, "{at}");
    }
}

#[test]
fn other_roots_other_orders_and_other_leaves_are_refused() {
    let (model, chain, other) = (Model::new(), Chain::usual(), Chain::usual());
    let good = model.sign(&chain);
    let kind =
        |bundle: &[u8], roots: &CertificateRoots| model.verify(bundle, roots).unwrap_err().kind();
    assert_eq!(kind(&good, &other.roots()), ErrorKind::Refuted);
    let swapped = [chain.ders[1].clone(), chain.ders[0].clone()];
    assert_eq!(
        kind(&model.sign_showing(&chain, &swapped), &chain.roots()),
        ErrorKind::Refuted
    );
    let alone = model.sign_showing(&chain, &chain.ders[..1]);
    assert_eq!(kind(&alone, &chain.roots()), ErrorKind::Refuted);
    // The chain of somebody else holds, and the signature is not by its key.
    let foreign = model.sign_showing(&chain, &other.ders);
    assert_eq!(kind(&foreign, &other.roots()), ErrorKind::Refuted);
    let key = verify_oms(&good, model.key(&chain).public());
    assert!(matches!(key, Err(Error::Pin { .. })));
}

#[test]
fn a_certificate_that_was_brought_itself_is_trusted_as_it_is_and_its_validity_and_uses_still_count()
{
    let model = Model::new();
    let ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let own = |wish: Wish| Chain::of(&[Wish { ca, ..wish }]);
    let chain = own(Wish::leaf());
    let bundle = model.sign_showing(&chain, &chain.ders);
    model.verify(&bundle, &chain.roots()).unwrap();
    assert!(model.verify(&bundle, &own(Wish::leaf()).roots()).is_err());
    let expired = own(Wish::leaf().years((2020, 2021)));
    let bundle = model.sign_showing(&expired, &expired.ders);
    assert!(model.verify(&bundle, &expired.roots()).is_err());
    let no_use = own(Wish {
        extended: vec![],
        ..Wish::leaf()
    });
    let bundle = model.sign_showing(&no_use, &no_use.ders);
    assert!(model.verify(&bundle, &no_use.roots()).is_err());
}

#[test]
fn bytes_that_are_no_certificate_and_chains_that_are_too_long_are_malformed() {
    let (model, chain) = (Model::new(), Chain::usual());
    let roots = chain.roots();
    let der = &chain.ders[0];
    for cut in (0..der.len()).step_by(7) {
        let shown = [der[..cut].to_vec(), chain.ders[1].clone()];
        let error = model
            .verify(&model.sign_showing(&chain, &shown), &roots)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{cut}: {error}");
    }
    for at in (0..der.len()).step_by(3) {
        let mut flipped = der.clone();
        flipped[at] ^= 1;
        let shown = [flipped, chain.ders[1].clone()];
        model
            .verify(&model.sign_showing(&chain, &shown), &roots)
            .unwrap_err();
    }
    let trailing = [[der.as_slice(), &[0]].concat(), chain.ders[1].clone()];
    let error = model
        .verify(&model.sign_showing(&chain, &trailing), &roots)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    for (count, holds) in [
        (CHAIN_CERTIFICATES_MAX, true),
        (CHAIN_CERTIFICATES_MAX + 1, false),
    ] {
        let mut shown = vec![der.clone(), chain.ders[1].clone()];
        shown.resize(count, Chain::of(&[Wish::authority("idle")]).ders[0].clone());
        let verified = model.verify(&model.sign_showing(&chain, &shown), &roots);
        assert_eq!(verified.is_ok(), holds, "{count}");
    }
    assert!(
        model
            .verify(&model.sign_showing(&chain, &[]), &roots)
            .is_err()
    );
    for (length, word) in [
        (CERTIFICATE_BYTES_MAX, "DER"),
        (CERTIFICATE_BYTES_MAX + 1, "too long"),
    ] {
        let error = Certificate::from_der(&vec![0x30; length]).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn files_of_roots_and_chains_that_are_refused() {
    let (model, chain) = (Model::new(), Chain::usual());
    let key = model.key(&chain);
    let certificate = |der: &[u8]| pem("CERTIFICATE", der);
    let leaf = model.file("leaf.pem", &certificate(&chain.ders[0]));
    let between = model.file("between.pem", &certificate(&chain.ders[1]));
    let root = model.file(
        "root.pem",
        &format!("a remark\n{}", certificate(&chain.ders[2])),
    );
    CertificateRoots::read(std::slice::from_ref(&root)).unwrap();
    let full =
        SigningChain::read(&leaf, &[between.clone(), root.clone()], key.public(), now()).unwrap();
    assert_eq!(full.ders().count(), 3);
    let secret = pem("PRIVATE KEY", &chain.key.serialize_der());
    for (name, text) in [
        ("nothing", String::new()),
        ("no PEM", "x".into()),
        ("a key", secret),
        ("no certificate", pem("CERTIFICATE", b"x")),
        (
            "one and a half",
            certificate(&chain.ders[2]) + "-----BEGIN CERTIFICATE-----\nAA",
        ),
    ] {
        let path = model.file("bad.pem", &text);
        let error = CertificateRoots::read(std::slice::from_ref(&path)).unwrap_err();
        assert!(matches!(error, Error::Key { .. }), "{name}: {error}");
        assert!(
            SigningChain::read(&path, &[], key.public(), now()).is_err(),
            "{name}"
        );
    }
    assert!(CertificateRoots::read(&[]).is_err());
    let why = |leaf: &PathBuf, above: &[PathBuf], key: &PublicKey, at: Timestamp| {
        SigningChain::read(leaf, above, key, at)
            .unwrap_err()
            .to_string()
    };
    let own = key.public();
    let first = why(&between, std::slice::from_ref(&leaf), own, now());
    assert!(first.contains("another key"), "{first}");
    let swapped = why(&leaf, &[root, between], own, now());
    assert!(swapped.contains("in order"), "{swapped}");
    let after = Timestamp::parse(b"2031-01-01T00:00:00Z").unwrap();
    let expired = why(&leaf, &[], own, after);
    assert!(expired.contains("expired"), "{expired}");
    let mut silent = Wish::leaf();
    silent.extended.clear();
    let silent = Chain::of(&[Wish::authority("root"), silent]);
    let file = model.file("silent.pem", &certificate(&silent.ders[0]));
    let silent = why(&file, &[], model.key(&silent).public(), now());
    assert!(silent.contains("signing code"), "{silent}");
}

/// A leaf under a root with so many authorities between them.
fn deep(between: usize) -> Chain {
    let names = ["one", "two", "three", "four", "five", "six", "seven"];
    let mut wishes = vec![Wish::authority("root")];
    wishes.extend(names[..between].iter().map(|name| Wish::authority(name)));
    wishes.push(Wish::leaf());
    Chain::of(&wishes)
}

#[test]
fn the_longest_chain_is_signed_with_and_holds_and_one_more_is_refused() {
    let model = Model::new();
    let read = |chain: &Chain| {
        let text: String = chain.ders[1..]
            .iter()
            .map(|der| pem("CERTIFICATE", der))
            .collect();
        let above = model.file("above.pem", &text);
        let leaf = model.file("leaf.pem", &pem("CERTIFICATE", &chain.ders[0]));
        SigningChain::read(&leaf, &[above], model.key(chain).public(), now())
    };
    let longest = deep(CHAIN_CERTIFICATES_MAX - 2);
    assert_eq!(longest.ders.len(), CHAIN_CERTIFICATES_MAX);
    assert_eq!(
        read(&longest).unwrap().ders().count(),
        CHAIN_CERTIFICATES_MAX
    );
    let whole = model.sign_showing(&longest, &longest.ders);
    model.verify(&whole, &longest.roots()).unwrap();
    let longer = deep(CHAIN_CERTIFICATES_MAX - 1);
    let error = read(&longer).unwrap_err();
    assert!(error.to_string().contains("longer than"), "{error}");
    let whole = model.sign_showing(&longer, &longer.ders);
    let error = model.verify(&whole, &longer.roots()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    // Without its root it is short enough to be shown, and too deep a path to be followed.
    let error = model
        .verify(&model.sign(&longer), &longer.roots())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
}

#[test]
fn roots_vouch_for_bundles_with_certificates_and_for_nothing_else() {
    let (model, chain) = (Model::new(), Chain::usual());
    let path = model.root.path().join("model");
    let hashes = [Algorithm::Sha256];
    let options = DigestOptions::new(&hashes);
    let walk = WalkOptions::default();
    let (manifest, set) = Manifest::of(&path, &walk, &options).unwrap();
    let key = model.key(&chain);
    let by_key = sign_oms(
        &manifest,
        &set,
        &walk.ignore,
        &key,
        &OmsOptions::new(Algorithm::Sha256),
    );
    let authorship = Authorship {
        name: "iris".into(),
        version: "1.0".into(),
        created_by: "jo".into(),
        created_at: NOW.into(),
    };
    let own = Statement::new(authorship, manifest, &set).unwrap();
    let roots = Pin::Roots {
        roots: chain.roots(),
        at: now(),
    };
    let walks = Walks {
        own: walk.clone(),
        older: walk,
    };
    let vouch = |text: &[u8], pin: &Pin| {
        let file = model.file("model.sig", std::str::from_utf8(text).unwrap());
        let envelope = Envelope::read(path.clone(), file, None).unwrap();
        envelope.vouch(pin, &walks)
    };
    let by_certificate = model.sign(&chain);
    vouch(&by_certificate, &roots).unwrap();
    let by_key = by_key.unwrap();
    vouch(&by_key, &Pin::Key(key.public().clone())).unwrap();
    for (text, pin) in [
        (&own.to_canonical(), &roots),
        (&by_key, &roots),
        (&by_certificate, &Pin::Key(key.public().clone())),
        (&by_certificate, &Pin::Nothing),
    ] {
        let error = vouch(text, pin).unwrap_err();
        assert!(matches!(error, Error::Pin { .. }), "{error}");
        assert_eq!(error.code(), "model_pin");
    }
}

#[test]
fn so_many_roots_can_be_brought_and_no_more() {
    let (model, chain) = (Model::new(), Chain::usual());
    let one = pem("CERTIFICATE", chain.ders.last().unwrap());
    let (most, single) = (
        model.file("most.pem", &one.repeat(ROOTS_MAX)),
        model.file("single.pem", &one),
    );
    let roots = CertificateRoots::read(std::slice::from_ref(&most)).unwrap();
    model.verify(&model.sign(&chain), &roots).unwrap();
    for paths in [
        vec![most, single],
        vec![model.file("more.pem", &one.repeat(ROOTS_MAX + 1))],
    ] {
        let error = CertificateRoots::read(&paths).unwrap_err();
        assert!(matches!(error, Error::Key { .. }), "{error}");
    }
}
