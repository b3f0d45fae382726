//! What a bundle is put together from, and the tree that its entry stands in.

use rcgen::SigningKey;
use sealog_core::Hash;

use super::super::super::bundle::pre_authentication;
use super::miniature::{LogKey, Sigstore, b64, hex};
use super::stamper::{Stamp, carried};

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
    /// What its signature names the key by.
    pub(super) checkpoint_id: Option<Vec<u8>>,
    pub(super) promise_key: Option<LogKey>,
    pub(super) timestamps: Option<String>,
    /// Whether the log promises nothing but the tree.
    pub(super) is_of_tiles: bool,
}

impl Parts {
    /// Has the signature stamped once.
    pub(super) fn stamp(&mut self, sigstore: &Sigstore, change: impl FnOnce(&mut Stamp<'_>)) {
        let mut stamp = sigstore.stamper.stamp(&self.signature);
        change(&mut stamp);
        self.timestamps = Some(carried(&[stamp.der()]));
    }

    /// Makes the entry that is about the rest of the parts.
    pub(super) fn kind(&mut self, kind: &str, version: &str) {
        let pem = pem(&self.certificate);
        let signature = b64(&self.signature);
        let payload = Hash::of(&[&self.payload]).to_hex();
        let verifier = format!(
            r#"{{"keyDetails":"PKIX_ECDSA_P256_SHA_256","x509Certificate":{{"rawBytes":"{}"}}}}"#,
            b64(&self.certificate)
        );
        let spec = match kind {
            "dsse" if version == "0.0.2" => format!(
                r#"{{"dsseV002":{{"payloadHash":{{"algorithm":"SHA2_256","digest":"{}"}},"signatures":[{{"content":"{signature}","verifier":{verifier}}}]}}}}"#,
                b64(Hash::of(&[&self.payload]).as_bytes())
            ),
            "hashedrekord" if version == "0.0.2" => format!(
                r#"{{"hashedRekordV002":{{"data":{{"algorithm":"SHA2_256","digest":"{}"}},"signature":{{"content":"{signature}","verifier":{verifier}}}}}}}"#,
                b64(Hash::of(&[&pre_authentication(&self.payload)]).as_bytes())
            ),
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
        let id = self.checkpoint_id.as_ref().unwrap_or(&self.log_id);
        let line = [&id[..4], &by.key.sign(text.as_bytes()).unwrap()].concat();
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
        let promise = if self.is_of_tiles {
            String::new()
        } else {
            format!(
                r#""integratedTime":"{}","inclusionPromise":{{"signedEntryTimestamp":"{promise}"}},"#,
                self.integrated
            )
        };
        format!(
            r#"{{"logIndex":"{}","logId":{{"keyId":"{}"}},"kindVersion":{{"kind":"{}","version":"{}"}},{promise}"inclusionProof":{{"logIndex":"{}","rootHash":"{root}","treeSize":"{}","hashes":[{}],"checkpoint":{{"envelope":"{note}"}}}},"canonicalizedBody":"{body}"}}"#,
            self.index,
            b64(&self.log_id),
            self.kind.0,
            self.kind.1,
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
