//! Receipts of ai-audit-trail: every hash and signature anew, the chain by its links, and the archive as a closed set.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use sealog_core::hash::{Hash, decode_hex};
use sealog_core::json::{Object, Value};
use sealog_core::kinds::is_id;
use sealog_core::time::Timestamp;
use sealog_core::tlog::sign::verify_ed25519;

use super::chain::Chains;
use super::json::{self, Fault, Json, Style};
use super::source::{self, SOURCE_BYTES_MAX};
use super::{Findings, ImportError, JSON, Original, Reader, Weakness, zip};

const RECEIPTS: &str = "receipts.jsonl";
const METADATA: &str = "chain_metadata.json";
const KEY: &str = "public_key.hex";
const MANIFEST: &str = "manifest.json";
/// Bytes of a member beside the receipts, at most.
const SMALL_BYTES_MAX: u64 = 1024 * 1024;
/// Reason codes that are carried over, at most: the original has all of them.
const REASONS_MAX: usize = 8;

/// Receipts as JSON Lines.
#[derive(Debug)]
pub(super) struct Receipts {
    file: File,
    key: Option<[u8; 32]>,
    /// What the archive says of its receipts: how many, and the id of the last.
    expected: Option<(u64, String)>,
    version: Option<String>,
}

impl Receipts {
    pub(super) const fn new(file: File, key: Option<[u8; 32]>) -> Self {
        Self {
            file,
            key,
            expected: None,
            version: None,
        }
    }
}

impl Reader for Receipts {
    fn review(&mut self, findings: &mut Findings) -> Result<u64, ImportError> {
        let (mut chains, mut records) = (Chains::default(), 0);
        let (mut last, mut version) = (String::new(), None);
        let key = self.key;
        source::lines(&mut self.file, &mut |position, line, ended| {
            records += 1;
            if !ended {
                findings.add(Weakness::TornLine, Some(position));
            }
            let receipt = match json::parse(line) {
                Ok(receipt) => receipt,
                Err(fault) => {
                    findings.add(of_fault(fault), Some(position));
                    return Ok(());
                }
            };
            last = receipt.text("receipt_id").unwrap_or_default().into();
            version = version
                .take()
                .or_else(|| receipt.text("receipt_version").map(str::to_owned));
            let Some((tenant, hash, prev)) = check(&receipt, key, position, findings) else {
                findings.add(Weakness::NotARecord, Some(position));
                return Ok(());
            };
            chains.push(tenant, hash, prev, position, findings)
        })?;
        chains.finish(findings);
        self.version = version;
        if records > 0 {
            match &self.expected {
                None => findings.add(Weakness::TailNotProvable, None),
                Some((count, id)) if *count != records || *id != last => {
                    findings.add(Weakness::MetadataMismatch, None);
                }
                Some(_) => {}
            }
        }
        Ok(records)
    }

    fn version(&self) -> Option<String> {
        self.version.clone()
    }

    fn each(
        &mut self,
        take: &mut dyn FnMut(Original) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        source::lines(&mut self.file, &mut |position, line, _| {
            take(original(line, position))
        })
    }
}

pub(super) const fn of_fault(fault: Fault) -> Weakness {
    match fault {
        Fault::Syntax | Fault::Depth => Weakness::NotJson,
        Fault::Duplicate => Weakness::DuplicateMember,
    }
}

/// Hash and signature of a receipt; gives its tenant, its hash and the hash that it follows. `None`: it is no receipt.
fn check<'a>(
    receipt: &'a Json,
    key: Option<[u8; 32]>,
    position: u64,
    findings: &mut Findings,
) -> Option<(&'a str, Hash, Option<Hash>)> {
    receipt.text("receipt_id").filter(|id| !id.is_empty())?;
    let tenant = receipt.text("tenant_id")?;
    let stated = Hash::from_hex(receipt.text("receipt_hash")?)?;
    let prev = match receipt.text("prev_receipt_hash")? {
        "" => None,
        hash => Some(Hash::from_hex(hash)?),
    };
    let sealed = receipt.without(&["receipt_hash", "signature"]);
    let sealed = sealed.to_bytes(Style::Plain);
    if Hash::of(&[&sealed]) != stated {
        findings.add(Weakness::RecordHash, Some(position));
    }
    if !signed(receipt, key, &sealed) {
        findings.add(Weakness::Signature, Some(position));
    }
    Some((tenant, stated, prev))
}

/// Without a key at all a signature only has to be there; that none was pinned is a finding of its own.
fn signed(document: &Json, key: Option<[u8; 32]>, bytes: &[u8]) -> bool {
    let mut signature = [0; 64];
    let text = document.text("signature").unwrap_or_default();
    decode_hex(text.as_bytes(), &mut signature).is_some()
        && key.is_none_or(|key| verify_ed25519(&key, bytes, &signature))
}

fn original(line: &[u8], position: u64) -> Original {
    let receipt = json::parse(line).unwrap_or(Json::Null);
    let id = receipt.text("receipt_id").map(str::to_owned);
    let time = receipt.text("timestamp");
    let time = time.and_then(|time| Timestamp::parse(time.as_bytes()).ok());
    let decision = id.as_deref().filter(|id| is_id(id.as_bytes())).map(|id| {
        let mut body = super::adopt::decision_body(id);
        let texts = [
            ("action", "action"),
            ("model_id", "model_id"),
            ("session_id", "session_id"),
            ("trace_id", "trace_id"),
        ];
        for (ours, theirs) in texts {
            let text = receipt.text(theirs).unwrap_or_default();
            if is_id(text.as_bytes()) {
                body.insert(ours, text);
            }
        }
        insert_reasons(&mut body, &receipt);
        body
    });
    Original {
        media_type: JSON,
        position,
        kind: if decision.is_some() {
            "receipt"
        } else {
            "unreadable"
        }
        .into(),
        id,
        time,
        bytes: line.to_vec(),
        entry: decision.map(|body| ("decision", body)),
    }
}

fn insert_reasons(body: &mut Object, receipt: &Json) {
    let Some(Json::List(reasons)) = receipt.get("reason_codes") else {
        return;
    };
    let texts = reasons.iter().filter_map(|reason| match reason {
        Json::Text(text) if is_id(text.as_bytes()) => Some(Value::from(text.as_str())),
        _ => None,
    });
    let texts: Vec<Value> = texts.take(REASONS_MAX).collect();
    if !texts.is_empty() {
        body.insert("reason_codes", Value::Array(texts));
    }
}

/// Reads an evidence package. Its own key is used where none is pinned, which is a finding and never enough.
pub(super) fn open_zip(
    mut file: File,
    pinned: Option<[u8; 32]>,
    findings: &mut Findings,
) -> Result<Box<dyn Reader>, ImportError> {
    let members = zip::members(&mut file)?;
    let mut small = |name: &str| -> Result<Option<Vec<u8>>, ImportError> {
        let Some(member) = members.iter().find(|member| member.name == name) else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        zip::unpack(&mut file, member, SMALL_BYTES_MAX, &mut |piece| {
            bytes.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(Some(bytes))
    };
    let manifest = small(MANIFEST)?.and_then(|bytes| json::parse(&bytes).ok());
    let metadata = small(METADATA)?.and_then(|bytes| json::parse(&bytes).ok());
    let own_key = small(KEY)?.and_then(|text| {
        let mut key = [0; 32];
        decode_hex(&text, &mut key).map(|()| key)
    });
    let key = pinned.or(own_key);
    let manifest = manifest
        .filter(|manifest| manifest.text("format") == Some("ai-audit-evidence-package"))
        .unwrap_or_else(|| {
            findings.add(Weakness::ZipManifest, None);
            Json::Null
        });
    let bytes = manifest
        .without(&["signature"])
        .to_bytes(Style::AsciiSpaced);
    if !signed(&manifest, key, &bytes) || key.is_none() {
        findings.add(Weakness::Signature, None);
    }
    let receipts = check_members(&mut file, &members, &manifest, findings)?;
    let expected = metadata.as_ref().and_then(|metadata| {
        let Some(Json::Number(count)) = metadata.get("total_receipts") else {
            return None;
        };
        let last = metadata.text("last_receipt_id")?;
        Some((count.parse().ok()?, last.to_owned()))
    });
    if expected.is_none() {
        findings.add(Weakness::MetadataMismatch, None);
    }
    Ok(Box::new(Receipts {
        expected,
        ..Receipts::new(receipts, key)
    }))
}

/// Holds the members to the manifest's digests, as a closed set; gives the receipts, unpacked.
fn check_members(
    file: &mut File,
    members: &[zip::Member],
    manifest: &Json,
    findings: &mut Findings,
) -> Result<File, ImportError> {
    let io = source::failed("copy", Path::new(RECEIPTS));
    let mut receipts = tempfile::tempfile().map_err(&io)?;
    let checksums = manifest.get("checksums").cloned().unwrap_or(Json::Null);
    for member in members.iter().filter(|member| member.name != MANIFEST) {
        let Some(stated) = checksums.text(&member.name) else {
            // Nobody vouches for it, so nothing of it is read.
            findings.add(Weakness::ZipMember, None);
            continue;
        };
        let is_receipts = member.name == RECEIPTS;
        let limit = if is_receipts {
            SOURCE_BYTES_MAX
        } else {
            SMALL_BYTES_MAX
        };
        let mut sha = <sha2::Sha256 as sha2::Digest>::new();
        zip::unpack(file, member, limit, &mut |piece| {
            sha2::Digest::update(&mut sha, piece);
            if is_receipts {
                receipts.write_all(piece).map_err(&io)?;
            }
            Ok(())
        })?;
        if Hash::new(sha2::Digest::finalize(sha).into()).to_hex() != stated {
            findings.add(Weakness::ZipDigest, None);
        }
    }
    if let Json::Map(listed) = &checksums {
        for (name, _) in listed {
            if !members.iter().any(|member| member.name == *name) {
                findings.add(Weakness::ZipMember, None);
            }
        }
    }
    Ok(receipts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_carried_over_up_to_the_limit() {
        let of = |count: usize| {
            let reasons: Vec<String> = (0..count).map(|n| format!("\"R{n}\"")).collect();
            let line = format!(
                "{{\"receipt_id\":\"r\",\"reason_codes\":[\"not an id\",{}]}}",
                reasons.join(",")
            );
            let (_, body) = original(line.as_bytes(), 0).entry.unwrap();
            let reasons = body.get("reason_codes").and_then(Value::as_array);
            reasons.unwrap().len()
        };
        assert_eq!(of(REASONS_MAX), REASONS_MAX);
        assert_eq!(of(REASONS_MAX + 1), REASONS_MAX);
    }
}
