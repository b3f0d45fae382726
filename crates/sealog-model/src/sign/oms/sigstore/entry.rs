//! An entry of a transparency log, and what the log signed about it: that it is there, where, and since when.

use sealog_core::Hash;
use sealog_core::hash::push_hex;
use sealog_core::json::{Object, Value};
use sealog_core::time::Timestamp;
use sealog_core::tlog::checkpoint::Checkpoint;
use sealog_core::tlog::note::{Note, NoteSignature};
use sealog_core::tlog::tree::{leaf_hash, verify_inclusion};
use sealog_core::tlog::vkey::{KeyType, VerifierKey};

use super::super::bundle::decode;
use super::super::certificate::refuted;
use super::super::verification;
use super::root::{Log, TrustedRoot};
use super::{bad, only, undecided};
use crate::Error;
use crate::keys::{KeyKind, PublicKey};
use sealog_core::limits::PROOF_HASHES_MAX;

/// Where an entry stands in the tree of a checkpoint.
struct Proof {
    index: u64,
    size: u64,
    root: Hash,
    hashes: Vec<Hash>,
    checkpoint: String,
}

/// One entry, as a bundle brings it.
pub(super) struct Entry {
    log_id: Vec<u8>,
    index: u64,
    pub(super) kind: String,
    pub(super) version: String,
    /// Since when it is there, in seconds since 1970, and what the log signed about that.
    promise: Option<(u64, Vec<u8>)>,
    proof: Proof,
    pub(super) body: Vec<u8>,
}

impl Entry {
    /// Reads the list of entries, which has to have exactly one.
    pub(super) fn read(list: Option<&Value>) -> Result<Self, Error> {
        let Some([entry]) = list.and_then(Value::as_array) else {
            return Err(bad(
                "it does not have exactly one entry of a transparency log",
            ));
        };
        let names = [
            "logIndex",
            "logId",
            "kindVersion",
            "integratedTime",
            "inclusionPromise",
            "inclusionProof",
            "canonicalizedBody",
        ];
        let entry = only(entry.as_object(), &names)?;
        let log_id = only(entry.get("logId").and_then(Value::as_object), &["keyId"])?;
        let kind = only(
            entry.get("kindVersion").and_then(Value::as_object),
            &["kind", "version"],
        )?;
        let text = |name| kind.get(name).and_then(Value::as_str).map(str::to_owned);
        let (Some(kind), Some(version)) = (text("kind"), text("version")) else {
            return Err(bad("the entry of a log does not say of what kind it is"));
        };
        Ok(Self {
            log_id: decode(log_id.get("keyId")).ok_or_else(|| bad("a log's id is no base64"))?,
            index: number(entry, "logIndex")?,
            kind,
            version,
            promise: read_promise(entry)?,
            proof: read_proof(entry.get("inclusionProof"))?,
            body: decode(entry.get("canonicalizedBody"))
                .ok_or_else(|| bad("the entry of a log has no body"))?,
        })
    }

    /// Whether it is of a kind that only Rekor's second version has, which is a log of tiles.
    fn is_of_tiles(&self) -> bool {
        matches!(
            (self.kind.as_str(), self.version.as_str()),
            ("dsse" | "hashedrekord", "0.0.2")
        )
    }

    /// Where in its log it stands.
    pub(super) const fn index(&self) -> u64 {
        self.index
    }

    /// Holds everything that the log says against the root. Returns the times at which the signature was there: those
    /// that authorities of timestamps vouch for, and the log's own if it does.
    pub(super) fn hold(
        &self,
        root: &TrustedRoot,
        stamped: Vec<Timestamp>,
    ) -> Result<Vec<Timestamp>, Error> {
        let log = root.log(&self.log_id);
        let log = log.ok_or_else(|| refuted("its log is none of the trusted root's"))?;
        let key = log.key.as_ref().ok_or_else(|| {
            undecided("the key of its transparency log is of a kind that this version cannot use")
        })?;
        self.hold_included(log, key)?;
        let Some((seconds, signature)) = &self.promise else {
            self.hold_stamped(log, &stamped)?;
            return Ok(stamped);
        };
        if !signed_by(key, &self.promised(*seconds), signature)? {
            return Err(refuted("its log did not sign the entry's promise"));
        }
        let at = i64::try_from(*seconds).ok();
        let at = at.and_then(|seconds| Timestamp::from_unix(seconds, 0).ok());
        let at = at.ok_or_else(|| bad("the time of its entry is none"))?;
        if !log.valid.holds(at) {
            return Err(refuted("its log is not trusted for the time of its entry"));
        }
        let mut times = stamped;
        times.push(at);
        Ok(times)
    }

    /// Holds what the log itself does not promise: its place in the log, and that the log counts.
    fn hold_stamped(&self, log: &Log, times: &[Timestamp]) -> Result<(), Error> {
        if times.is_empty() {
            return Err(undecided(
                "neither its log nor an authority of timestamps vouches for a time",
            ));
        }
        match (self.index == self.proof.index, self.is_of_tiles()) {
            (true, _) => {}
            (false, true) => {
                return Err(refuted("its place in the log is not its place in the tree"));
            }
            // The first version counts older trees too, so that nobody but the promise says it.
            (false, false) => return Err(undecided("nobody signed its place in the log")),
        }
        if times.iter().all(|at| log.valid.holds(*at)) {
            Ok(())
        } else {
            Err(refuted(
                "its log is not trusted for the time of its timestamp",
            ))
        }
    }

    /// What the log signs when it takes an entry in: canonical JSON.
    fn promised(&self, seconds: u64) -> Vec<u8> {
        let body = sealog_core::tlog::base64::encode(&self.body);
        let mut log_id = String::new();
        push_hex(&mut log_id, &self.log_id);
        let index = self.index;
        // Base64, hex and decimal digits need no escapes, and the members stand in their order.
        format!(r#"{{"body":"{body}","integratedTime":{seconds},"logID":"{log_id}","logIndex":{index}}}"#)
            .into_bytes()
    }

    /// Holds the entry's place in a tree that the log signed. The log's own index counts older trees of it too, so it
    /// is not below that in the tree.
    fn hold_included(&self, log: &Log, key: &PublicKey) -> Result<(), Error> {
        let proof = &self.proof;
        let note = Note::parse(proof.checkpoint.as_bytes());
        let note = note.map_err(|error| bad(format!("its checkpoint: {error}")))?;
        let checkpoint = Checkpoint::parse(note.text());
        let checkpoint = checkpoint.map_err(|error| bad(format!("its checkpoint: {error}")))?;
        let mut signed = false;
        for line in note.signatures() {
            if !log.checkpoint_id().starts_with(&line.id()) {
                continue;
            }
            let is_own = if self.is_of_tiles() {
                is_origin_of_tiles(checkpoint.origin(), line, log, key)?
            } else {
                is_origin_of(checkpoint.origin(), line.name())
            };
            if !is_own {
                return Err(refuted(
                    "its checkpoint is of another log than its signature",
                ));
            }
            if !signed_by(key, note.text().as_bytes(), line.signature())? {
                return Err(refuted("its checkpoint was not signed by the log"));
            }
            signed = true;
        }
        if !signed {
            return Err(refuted("its checkpoint has no signature of the log"));
        }
        if checkpoint.size() != proof.size || *checkpoint.root() != proof.root {
            return Err(refuted("its proof is of another tree than its checkpoint"));
        }
        if self.index < proof.index {
            return Err(refuted(
                "its place in the log is before its place in the tree",
            ));
        }
        let leaf = leaf_hash(&self.body);
        verify_inclusion(proof.index, proof.size, &leaf, &proof.hashes, &proof.root)
            .map_err(|error| refuted(format!("its log does not hold its entry: {error}")))
    }
}

/// In Rekor's second version a log's origin is the name of its key. A key of Ed25519 is bound to it by its id, and any
/// other by where the root says that the log is.
fn is_origin_of_tiles(
    origin: &str,
    line: &NoteSignature<'_>,
    log: &Log,
    key: &PublicKey,
) -> Result<bool, Error> {
    if origin != line.name() {
        return Ok(false);
    }
    if key.kind() != KeyKind::Ed25519 {
        return Ok(origin == log.address());
    }
    let key = VerifierKey::new(KeyType::Ed25519, origin, &key.ed25519()?.to_bytes());
    Ok(key.is_ok_and(|key| key.id() == line.id()))
}

/// A log's origin is the name of its key, and in the first version of Rekor the number of the tree behind it.
fn is_origin_of(origin: &str, name: &str) -> bool {
    let Some(rest) = origin.strip_prefix(name) else {
        return false;
    };
    let tree = rest.strip_prefix(" - ");
    rest.is_empty()
        || tree
            .is_some_and(|tree| !tree.is_empty() && tree.bytes().all(|byte| byte.is_ascii_digit()))
}

fn signed_by(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<bool, Error> {
    if key.kind() == KeyKind::Ed25519 {
        let signature = ed25519_dalek::Signature::from_slice(signature);
        let key = key.ed25519()?;
        return Ok(signature.is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()));
    }
    let key = aws_lc_rs::signature::UnparsedPublicKey::new(verification(key.kind())?, key.raw());
    Ok(key.verify(message, signature).is_ok())
}

/// Numbers of 64 bits stand in strings.
fn number(object: &Object, name: &str) -> Result<u64, Error> {
    let text = object.get(name).and_then(Value::as_str);
    let number = text.and_then(|text| {
        let number: u64 = text.parse().ok()?;
        (number.to_string() == text).then_some(number)
    });
    number.ok_or_else(|| bad(format!("`{name}` of its log entry is no number")))
}

fn read_promise(entry: &Object) -> Result<Option<(u64, Vec<u8>)>, Error> {
    let time = match entry.get("integratedTime") {
        None => None,
        Some(_) => Some(number(entry, "integratedTime")?).filter(|seconds| *seconds > 0),
    };
    let Some(promise) = entry.get("inclusionPromise") else {
        return match time {
            None => Ok(None),
            // The proof does not cover a time, so one that nobody signed says nothing.
            Some(_) => Err(undecided("nobody signed the time of its log entry")),
        };
    };
    let promise = only(promise.as_object(), &["signedEntryTimestamp"])?;
    let signature = decode(promise.get("signedEntryTimestamp"));
    let signature = signature.ok_or_else(|| bad("the promise of its log is no base64"))?;
    let time = time.ok_or_else(|| bad("the promise of its log has no time"))?;
    Ok(Some((time, signature)))
}

fn read_proof(value: Option<&Value>) -> Result<Proof, Error> {
    let names = ["logIndex", "rootHash", "treeSize", "hashes", "checkpoint"];
    let proof = value.ok_or_else(|| bad("the entry of its log has no proof"))?;
    let proof = only(proof.as_object(), &names)?;
    let checkpoint = only(
        proof.get("checkpoint").and_then(Value::as_object),
        &["envelope"],
    )?;
    let checkpoint = checkpoint.get("envelope").and_then(Value::as_str);
    let hash = |value| decode(value).and_then(|bytes| Hash::from_slice(&bytes));
    let hashes = match proof.get("hashes") {
        // The only entry of a log needs none.
        None => &[],
        Some(list) => list.as_array().ok_or_else(|| bad("its proof is no list"))?,
    };
    if hashes.len() > PROOF_HASHES_MAX {
        return Err(bad(format!(
            "its proof has more than {PROOF_HASHES_MAX} hashes"
        )));
    }
    let hashes: Option<Vec<Hash>> = hashes.iter().map(|value| hash(Some(value))).collect();
    Ok(Proof {
        index: number(proof, "logIndex")?,
        size: number(proof, "treeSize")?,
        root: hash(proof.get("rootHash")).ok_or_else(|| bad("its proof has no root"))?,
        hashes: hashes.ok_or_else(|| bad("a hash of its proof is none"))?,
        checkpoint: checkpoint
            .ok_or_else(|| bad("its proof has no checkpoint"))?
            .to_owned(),
    })
}
