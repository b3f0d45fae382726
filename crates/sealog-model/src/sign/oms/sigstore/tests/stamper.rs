//! An authority of timestamps, and timestamps put together byte by byte as RFC 3161, RFC 5652 and RFC 5035 write them.

use super::miniature::b64;
use aws_lc_rs::digest;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, SerialNumber, SigningKey,
    date_time_ymd,
};

/// The second at which bundles of the miniature are signed.
pub(super) const STAMPED: &str = "20260601000500Z";
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const NULL: [u8; 2] = [0x05, 0];
const OBJECT: u8 = 0x06;
const TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// A field that is numbered 0, and holds others.
const ZERO: u8 = 0xa0;
pub(super) const SHA256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
pub(super) const SHA1: &[u8] = &[0x2b, 0x0e, 3, 2, 0x1a];
pub(super) const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
pub(super) const ECDSA_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3];
pub(super) const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
pub(super) const TST_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1, 4];
const ATTRIBUTE: [u8; 8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9];
pub(super) const CONTENT_TYPE: &[u8] = &[3];
pub(super) const DIGEST: &[u8] = &[4];
pub(super) const SIGNING_TIME: &[u8] = &[5];
pub(super) const CERTIFICATE: &[u8] = &[16, 2, 12];
pub(super) const CERTIFICATE_V2: &[u8] = &[16, 2, 47];

/// A field: tag, length and content.
pub(super) fn field(tag: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let length = content.len();
    let [.., high, low] = u32::try_from(length).unwrap().to_be_bytes();
    let head = match length {
        0..=127 => vec![tag, low],
        128..=255 => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [head, content.to_vec()].concat()
}

pub(super) fn sequence(fields: &[&[u8]]) -> Vec<u8> {
    field(SEQUENCE, fields.concat())
}

pub(super) fn object(id: &[u8]) -> Vec<u8> {
    field(OBJECT, id)
}

pub(super) fn integer(number: u8) -> Vec<u8> {
    field(INTEGER, [number])
}

pub(super) fn octets(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    field(OCTETS, bytes)
}

pub(super) fn numbered(number: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    field(ZERO + number, content)
}

pub(super) fn hashing(id: &[u8]) -> Vec<u8> {
    sequence(&[&object(id), &NULL])
}

pub(super) fn attribute(id: &[u8], value: &[u8]) -> Vec<u8> {
    let id = object(&[&ATTRIBUTE, id].concat());
    sequence(&[&id, &field(SET, value)])
}

pub(super) fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}

/// What the authority's certificate is to say.
pub(super) struct TimeWish {
    /// What it may be used for: the last number of each use.
    pub(super) uses: Vec<u8>,
    pub(super) is_critical: bool,
    pub(super) usages: Vec<KeyUsagePurpose>,
    pub(super) from: (i32, u8, u8),
    pub(super) to: (i32, u8, u8),
}

impl Default for TimeWish {
    fn default() -> Self {
        Self {
            uses: vec![8],
            is_critical: true,
            usages: vec![KeyUsagePurpose::DigitalSignature],
            from: (2025, 1, 1),
            to: (2035, 1, 1),
        }
    }
}

/// What signs times.
pub(super) struct Stamper {
    root: Vec<u8>,
    pub(super) leaf: Vec<u8>,
    pub(super) key: KeyPair,
}

impl Stamper {
    pub(super) fn new() -> Self {
        Self::of(&TimeWish::default())
    }

    pub(super) fn of(wish: &TimeWish) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "times");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.not_before = date_time_ymd(2024, 1, 1);
        params.not_after = date_time_ymd(2040, 1, 1);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        let root = params.self_signed(&key).unwrap().der().to_vec();
        let above = Issuer::new(params, key);
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "clock");
        params.is_ca = IsCa::ExplicitNoCa;
        params.serial_number = Some(SerialNumber::from(vec![9]));
        params.key_usages.clone_from(&wish.usages);
        let day = |(year, month, day)| date_time_ymd(year, month, day);
        params.not_before = day(wish.from);
        params.not_after = day(wish.to);
        if !wish.uses.is_empty() {
            let uses: Vec<u8> = wish
                .uses
                .iter()
                .flat_map(|last| object(&[0x2b, 6, 1, 5, 5, 7, 3, *last]))
                .collect();
            let mut own = CustomExtension::from_oid_content(&[2, 5, 29, 37], field(SEQUENCE, uses));
            own.set_criticality(wish.is_critical);
            params.custom_extensions.push(own);
        }
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let leaf = params.signed_by(&key, &above).unwrap().der().to_vec();
        Self { root, leaf, key }
    }

    /// As a trusted root names it: with the certificate that signs, or without.
    pub(super) fn json(&self, from: &str, to: Option<&str>, shows_leaf: bool) -> String {
        let to = to.map_or(String::new(), |to| format!(r#","end":"{to}""#));
        let leaf = if shows_leaf {
            format!(r#"{{"rawBytes":"{}"}},"#, b64(&self.leaf))
        } else {
            String::new()
        };
        format!(
            r#"{{"uri":"https://times.example","certChain":{{"certificates":[{leaf}{{"rawBytes":"{}"}}]}},"validFor":{{"start":"{from}"{to}}}}}"#,
            b64(&self.root)
        )
    }

    /// The name of what issued the certificate: a common name.
    pub(super) fn issuer() -> Vec<u8> {
        name("times")
    }

    /// A timestamp over a signature, as it should be.
    pub(super) fn stamp(&self, signature: &[u8]) -> Stamp<'_> {
        Stamp {
            by: self,
            status: integer(0),
            kind: object(SIGNED_DATA),
            version: integer(3),
            hashings: hashing(SHA256),
            content_kind: object(TST_INFO),
            info_version: integer(1),
            imprint: sequence(&[&hashing(SHA256), &octets(sha256(signature))]),
            time: field(TIME, STAMPED),
            after_time: numbered(0, numbered(4, name("clock"))),
            certificates: numbered(0, &self.leaf),
            revoked: vec![],
            signers: 1,
            signer_version: integer(1),
            signer: sequence(&[&Self::issuer(), &integer(9)]),
            signer_hashing: hashing(SHA256),
            content_type: Some(attribute(CONTENT_TYPE, &object(TST_INFO))),
            digest: None,
            certificate: Some(attribute(CERTIFICATE_V2, &self.meant(&[]))),
            more: vec![],
            is_sorted: true,
            signing: sequence(&[&object(ECDSA_SHA256)]),
            signed: None,
            unsigned: vec![],
            trailing: vec![],
        }
    }

    /// Which certificate is meant, with these fields before its hash.
    pub(super) fn meant(&self, before: &[u8]) -> Vec<u8> {
        let hash = octets(sha256(&self.leaf));
        let issuer = sequence(&[&numbered(4, Self::issuer())]);
        let numbered = sequence(&[&issuer, &integer(9)]);
        sequence(&[&sequence(&[&sequence(&[before, &hash, &numbered])])])
    }
}

pub(super) fn name(common: &str) -> Vec<u8> {
    let text = field(0x0c, common);
    let id = object(&[0x55, 4, 3]);
    sequence(&[&field(SET, sequence(&[&id, &text]))])
}

/// What a timestamp is put together from: fields as they are written.
pub(super) struct Stamp<'a> {
    by: &'a Stamper,
    pub(super) status: Vec<u8>,
    pub(super) kind: Vec<u8>,
    pub(super) version: Vec<u8>,
    pub(super) hashings: Vec<u8>,
    pub(super) content_kind: Vec<u8>,
    pub(super) info_version: Vec<u8>,
    pub(super) imprint: Vec<u8>,
    pub(super) time: Vec<u8>,
    /// What follows the time in what is signed.
    pub(super) after_time: Vec<u8>,
    pub(super) certificates: Vec<u8>,
    pub(super) revoked: Vec<u8>,
    /// How often the signer stands there.
    pub(super) signers: usize,
    pub(super) signer_version: Vec<u8>,
    pub(super) signer: Vec<u8>,
    pub(super) signer_hashing: Vec<u8>,
    pub(super) content_type: Option<Vec<u8>>,
    /// The digest that is signed, if it is another.
    pub(super) digest: Option<Vec<u8>>,
    pub(super) certificate: Option<Vec<u8>>,
    /// Attributes besides.
    pub(super) more: Vec<Vec<u8>>,
    pub(super) is_sorted: bool,
    pub(super) signing: Vec<u8>,
    /// What is signed, if it is something else than the attributes.
    pub(super) signed: Option<Vec<u8>>,
    pub(super) unsigned: Vec<u8>,
    pub(super) trailing: Vec<u8>,
}

impl Stamp<'_> {
    fn info(&self) -> Vec<u8> {
        let policy = object(&[0x2b, 6, 1, 4, 1]);
        sequence(&[
            &self.info_version,
            &policy,
            &self.imprint,
            &integer(7),
            &self.time,
            &self.after_time,
        ])
    }

    fn attributes(&self, info: &[u8]) -> Vec<u8> {
        let hash = self.digest.clone();
        let hash = hash.unwrap_or_else(|| attribute(DIGEST, &octets(sha256(info))));
        let mut list = self.more.clone();
        list.extend(self.content_type.clone());
        list.extend(self.certificate.clone());
        list.push(hash);
        list.retain(|one| !one.is_empty());
        list.sort();
        if !self.is_sorted {
            list.reverse();
        }
        list.concat()
    }

    pub(super) fn der(&self) -> Vec<u8> {
        let info = self.info();
        let attributes = self.attributes(&info);
        let signed = self.signed.clone();
        let signed = signed.unwrap_or_else(|| field(SET, &attributes));
        let signature = self.by.key.sign(&signed).unwrap();
        let attributes = if attributes.is_empty() {
            vec![]
        } else {
            numbered(0, attributes)
        };
        let by = sequence(&[
            &self.signer_version,
            &self.signer,
            &self.signer_hashing,
            &attributes,
            &self.signing,
            &octets(signature),
            &self.unsigned,
        ]);
        let content = sequence(&[&self.content_kind, &numbered(0, octets(info))]);
        let data = sequence(&[
            &self.version,
            &field(SET, &self.hashings),
            &content,
            &self.certificates,
            &self.revoked,
            &field(SET, by.repeat(self.signers)),
        ]);
        let token = sequence(&[&self.kind, &numbered(0, data)]);
        [
            sequence(&[&sequence(&[&self.status]), &token]),
            self.trailing.clone(),
        ]
        .concat()
    }
}

/// How a bundle carries timestamps.
pub(super) fn carried(stamps: &[Vec<u8>]) -> String {
    let list: Vec<String> = stamps
        .iter()
        .map(|stamp| format!(r#"{{"signedTimestamp":"{}"}}"#, b64(stamp)))
        .collect();
    format!(
        r#","timestampVerificationData":{{"rfc3161Timestamps":[{}]}}"#,
        list.join(",")
    )
}
