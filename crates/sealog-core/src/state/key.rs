//! The log's key, its hand-overs, and the keys of those who sign records.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{LastCheckpoint, Step};
use crate::entry::{CheckpointFacts, Created, KeyEvent, KeyEventKind};
use crate::finding::{Code, Finding};
use crate::hash::Hash;
use crate::json::{write_integer, write_string};
use crate::map;
use crate::tlog::note::Note;
use crate::tlog::sign::PublicKey;
use crate::tlog::vkey::{KeyType, VerifierKey};

/// Name of the log's own key in the state map; no other key may have it as its id.
pub(super) const LOG_KEY: &str = "log";

/// The state map's key of a key.
pub(super) fn map_key(key_id: &str) -> Hash {
    map::key("key", &[key_id])
}

/// Whether a text is a key that may sign checkpoints of the log.
pub(super) fn is_log_key(vkey: &str, origin: &str) -> bool {
    VerifierKey::parse(vkey).is_ok_and(|key| is_of_log(&key, origin))
}

fn is_of_log(key: &VerifierKey, origin: &str) -> bool {
    key.name() == origin && key.key_type() == KeyType::Ed25519
}

/// What the new key signs when the log's key is handed over.
pub fn rotation_message(origin: &str, old_vkey: &str, new_vkey: &str) -> Vec<u8> {
    let mut message = Vec::from(*b"sealog/key/v1\n");
    for part in [origin, old_vkey, new_vkey] {
        message.extend_from_slice(part.as_bytes());
        message.push(b'\n');
    }
    message
}

/// A signature that must verify. Running it is all that is left to do.
#[derive(Debug, Clone)]
pub struct SignatureCheck {
    code: Code,
    index: Option<u64>,
    key: PublicKey,
    message: Vec<u8>,
    signature: [u8; 64],
}

impl SignatureCheck {
    pub(super) fn new(
        code: Code,
        key: &VerifierKey,
        message: Vec<u8>,
        signature: [u8; 64],
    ) -> Self {
        Self {
            code,
            index: None,
            key: key.public_key().clone(),
            message,
            signature,
        }
    }

    pub(super) fn at(mut self, index: u64) -> Self {
        self.index = Some(index);
        self
    }

    /// Verifies the signature.
    ///
    /// # Errors
    /// The finding that it does not verify.
    pub fn run(&self) -> Result<(), Finding> {
        if self.key.verify(&self.message, &self.signature) {
            return Ok(());
        }
        let mut finding = Finding::new(self.code);
        finding.index = self.index;
        Err(finding)
    }
}

/// The log's key and its predecessors, and the keys of actors.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    active: Option<VerifierKey>,
    active_index: u64,
    successor: Option<(VerifierKey, u64)>,
    /// Whether the active key was revoked in this group: the recovery key lets go of the log in its place.
    revoking: bool,
    recovery: Option<VerifierKey>,
    retired: Vec<(VerifierKey, u64)>,
    /// The sizes of `retired` at which the recovery key handed over.
    revoked: Vec<u64>,
    actors: BTreeMap<String, (VerifierKey, u64)>,
}

impl Keys {
    /// The key that signs the log now.
    pub const fn active(&self) -> Option<&VerifierKey> {
        self.active.as_ref()
    }

    /// Index of the record that made it so.
    pub const fn active_index(&self) -> u64 {
        self.active_index
    }

    /// The key that takes over with the next checkpoint.
    pub fn successor(&self) -> Option<&VerifierKey> {
        self.successor.as_ref().map(|(key, _)| key)
    }

    /// Earlier keys of the log, oldest first, each with the size up to which it signed.
    pub fn retired(&self) -> &[(VerifierKey, u64)] {
        &self.retired
    }

    /// The key, kept offline, that may revoke the log's key; entry 0 names it.
    pub const fn recovery(&self) -> Option<&VerifierKey> {
        self.recovery.as_ref()
    }

    /// The size up to which a key signed that the recovery key then revoked; none of a key that was not revoked.
    pub fn revoked_at(&self, key: &VerifierKey) -> Option<u64> {
        let mut retired = self.retired.iter();
        retired
            .find(|(old, size)| old == key && self.revoked.contains(size))
            .map(|(_, size)| *size)
    }

    /// The key of an actor.
    pub fn actor(&self, key_id: &str) -> Option<&VerifierKey> {
        self.actors.get(key_id).map(|(key, _)| key)
    }

    /// Ids and keys of all actors.
    pub fn actors(&self) -> impl Iterator<Item = (&str, &VerifierKey, u64)> {
        self.actors
            .iter()
            .map(|(id, (key, index))| (id.as_str(), key, *index))
    }

    /// Puts the log's key of a snapshot back.
    pub(super) fn restore(&mut self, active: VerifierKey, index: u64) {
        (self.active, self.active_index) = (Some(active), index);
    }

    /// Puts an earlier key of the log back, the oldest first.
    pub(super) fn restore_retired(&mut self, key: VerifierKey, size: u64, revoked: bool) {
        self.retired.push((key, size));
        self.revoked.extend(revoked.then_some(size));
    }

    /// Puts the recovery key back; `None` if it stands there twice.
    pub(super) fn restore_recovery(&mut self, key: VerifierKey) -> Option<()> {
        self.recovery.replace(key).is_none().then_some(())
    }

    /// Puts an actor's key back; `None` if it stands there twice.
    pub(super) fn restore_actor(&mut self, id: String, key: VerifierKey, index: u64) -> Option<()> {
        self.actors.insert(id, (key, index)).is_none().then_some(())
    }

    pub(super) fn create(&mut self, created: &Created, index: u64) {
        self.active = VerifierKey::parse(&created.vkey).ok();
        let recovery = created.recovery_vkey.as_deref();
        self.recovery = recovery.and_then(|text| VerifierKey::parse(text).ok());
        self.active_index = index;
    }

    /// Judges a key event: a rotation must be signed by its successor, an actor's key must be a key.
    pub(super) fn judge(&self, event: &KeyEvent, origin: &str, step: &mut Step) {
        let mut wrong = |expected: &str, found: &str| {
            step.findings
                .push(Finding::new(Code::KeyEventWrong).because(expected, found));
        };
        let vkey = event.vkey.as_deref();
        let of_log = vkey
            .and_then(|text| VerifierKey::parse(text).ok())
            .map(|key| key.name() == origin);
        match (event.event, of_log) {
            (KeyEventKind::Rotated, _) => match self.judge_hand_over(event, origin) {
                Ok(check) => step.checks.push(check),
                Err((expected, found)) => wrong(expected, found),
            },
            (KeyEventKind::Revoked, _) if event.key_id == LOG_KEY => {
                let active = self.active.as_ref().map(ToString::to_string);
                if self.recovery.is_none() {
                    wrong("a log with a recovery key", "one without");
                } else if active.as_deref() != vkey || self.revoking || self.successor.is_some() {
                    wrong("the active key", "another");
                } else {
                    step.findings.push(Finding::new(Code::KeyRevoked));
                }
            }
            (KeyEventKind::Activated, Some(true)) => wrong("an actor's key", "a key of the log"),
            (KeyEventKind::Activated, None) => wrong("a verifier key", "none"),
            (KeyEventKind::Activated, Some(false)) if event.key_id == LOG_KEY => {
                wrong("another key_id", LOG_KEY);
            }
            _ => {}
        }
    }

    /// A hand-over names the active key and another one of this log, which signs that it takes over. Who lets go of
    /// the log, the active key or the recovery key, shows in the checkpoint over it.
    fn judge_hand_over(
        &self,
        event: &KeyEvent,
        origin: &str,
    ) -> Result<SignatureCheck, (&'static str, &'static str)> {
        let active = self.active.as_ref().map(ToString::to_string);
        let (vkey, successor) = (event.vkey.as_deref(), event.successor_vkey.as_deref());
        let new = successor.and_then(|text| VerifierKey::parse(text).ok());
        let (Some(old), Some(new), true) = (vkey, new, active.as_deref() == vkey) else {
            return Err(("the active key and a successor", "other keys"));
        };
        if !is_of_log(&new, origin)
            || self.active.as_ref() == Some(&new)
            || self.recovery.as_ref() == Some(&new)
            || self.revoked_at(&new).is_some()
            || self.successor.is_some()
        {
            return Err(("a new key of this log", "another"));
        }
        let signature = event.possession_signature.as_deref();
        let Some(signature) = signature.and_then(decode_signature) else {
            return Err(("a proof of possession", "none"));
        };
        let message = rotation_message(origin, old, successor.unwrap_or_default());
        let code = Code::KeyEventWrong;
        Ok(SignatureCheck::new(code, &new, message, signature))
    }

    pub(super) fn take(&mut self, event: &KeyEvent, origin: &str, index: u64) {
        let parse = |text: &Option<String>| {
            text.as_deref()
                .and_then(|text| VerifierKey::parse(text).ok())
        };
        match event.event {
            KeyEventKind::Rotated => {
                self.successor = parse(&event.successor_vkey).map(|key| (key, index));
            }
            KeyEventKind::Revoked if event.key_id == LOG_KEY => {
                self.revoking = self.recovery.is_some();
            }
            KeyEventKind::Activated => {
                if let Some(key) = parse(&event.vkey).filter(|key| key.name() != origin) {
                    self.actors.insert(event.key_id.clone(), (key, index));
                }
            }
            KeyEventKind::Revoked | KeyEventKind::Destroyed => {
                self.actors.remove(&event.key_id);
            }
            KeyEventKind::Generated => {}
        }
    }

    /// Judges who signed a checkpoint; the first over a hand-over is signed by two keys: the new one, and the one that
    /// lets go of the log, which is the old one or, where that was revoked, the recovery key.
    pub(super) fn sign_check(&mut self, facts: &CheckpointFacts, step: &mut Step) -> bool {
        let Ok(note) = Note::parse(facts.note.as_bytes()) else {
            step.findings.push(Finding::new(Code::CheckpointMalformed));
            return false;
        };
        let mut signed_by =
            |key: &VerifierKey, checks: &mut Vec<SignatureCheck>| match signature_of(&note, key) {
                Some(signature) => {
                    let message = note.text().as_bytes().to_vec();
                    let index = facts.checkpoint.size().saturating_sub(1);
                    checks.push(
                        SignatureCheck::new(Code::CheckpointSignature, key, message, signature)
                            .at(index),
                    );
                }
                None => step.findings.push(
                    Finding::new(Code::CheckpointKey).because(key.to_string(), "another key"),
                ),
            };
        let mut checks = Vec::new();
        let revoking = core::mem::take(&mut self.revoking);
        let Some((successor, index)) = self.successor.take() else {
            if revoking {
                let finding = Finding::new(Code::KeyEventWrong);
                let finding = finding.because("a successor of the revoked key", "none");
                step.findings.push(finding);
                return false;
            }
            if let Some(active) = &self.active {
                signed_by(active, &mut checks);
            }
            step.optional_checks.append(&mut checks);
            return false;
        };
        let size = facts.checkpoint.size();
        if let Some(active) = self.active.take() {
            match self.recovery.as_ref().filter(|_| revoking) {
                Some(recovery) => {
                    signed_by(recovery, &mut checks);
                    self.revoked.push(size);
                }
                None => signed_by(&active, &mut checks),
            }
            self.retired.push((active, size));
        }
        signed_by(&successor, &mut checks);
        step.checks.append(&mut checks);
        (self.active, self.active_index) = (Some(successor), index);
        true
    }

    /// The checks of the last checkpoint's own signature.
    pub(super) fn checks_of(&self, last: &LastCheckpoint) -> Vec<SignatureCheck> {
        let (Ok(note), Some(active)) = (Note::parse(last.note.as_bytes()), &self.active) else {
            return Vec::new();
        };
        let message = note.text().as_bytes().to_vec();
        signature_of(&note, active)
            .map(|signature| {
                SignatureCheck::new(Code::CheckpointSignature, active, message, signature)
            })
            .into_iter()
            .collect()
    }

    /// A key's value in the state map: `{"index":..,"vkey":".."}`.
    pub(super) fn map_value(&self, key_id: &str) -> Option<Vec<u8>> {
        let (key, index) = if key_id == LOG_KEY {
            (self.active.as_ref()?, self.active_index)
        } else {
            self.actors.get(key_id).map(|(key, index)| (key, *index))?
        };
        let mut out = Vec::from(*b"{\"index\":");
        write_integer(&mut out, index);
        out.extend_from_slice(b",\"vkey\":");
        write_string(&mut out, &key.to_string());
        out.push(b'}');
        Some(out)
    }
}

/// The signature of a key on a note.
fn signature_of(note: &Note<'_>, key: &VerifierKey) -> Option<[u8; 64]> {
    note.signatures()
        .iter()
        .find(|line| line.name() == key.name() && line.id() == key.id())
        .and_then(|line| line.signature().try_into().ok())
}

fn decode_signature(text: &str) -> Option<[u8; 64]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}
