//! Fingerprints in place of verifier keys: the key is then taken from the file under test, which vouches for nothing by
//! that, since only the key of the pinned fingerprint is taken (`docs/formats/note.md`).

use std::io::BufRead;

use memchr::memmem;
use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::json::{Ref, Tape};
use sealog_core::limits::EXPORT_LINE_BYTES_MAX;
use sealog_core::tlog::checkpoint::Checkpoint;
use sealog_core::tlog::note::Note;
use sealog_core::tlog::vkey::VerifierKey;

use super::Request;

/// How the entries stand in canonical JSON in which a log names its keys.
const NAMING: [&[u8]; 2] = [b"\"kind\":\"ledger.created\"", b"\"kind\":\"key.event\""];
const KINDS: [&str; 2] = ["ledger.created", "key.event"];
/// Members of their bodies that hold a key that signs checkpoints.
const MEMBERS: [&str; 2] = ["vkey", "successor_vkey"];

/// What a file says of who signed it, and of their keys. Nothing of it is verified.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Keys that its entries name, as far as somebody asks for them.
    pub(super) keys: Vec<VerifierKey>,
    /// Fingerprints of all that signed as the log; none: the file does not tell them all.
    pub(super) signers: Option<Vec<Hash>>,
}

/// What a request pins, for one file.
#[derive(Debug)]
pub(super) struct Pins {
    /// Keys: those that were given, and those of the fingerprints that the file holds.
    pub(super) keys: Vec<VerifierKey>,
    /// Fingerprints of which the file does not hold the key.
    missing: Vec<Hash>,
    signers: Option<Vec<Hash>>,
}

impl Pins {
    /// `told` is asked only where a fingerprint is pinned.
    pub(super) fn of(request: &Request, told: impl FnOnce() -> Told) -> Self {
        let mut keys = request.keys.clone();
        let mut missing = request.fingerprints.clone();
        if missing.is_empty() {
            return Self {
                keys,
                missing,
                signers: None,
            };
        }
        let told = told();
        for key in told.keys {
            let fingerprint = hash_of(&key);
            if missing.contains(&fingerprint) {
                missing.retain(|one| *one != fingerprint);
                keys.push(key);
            }
        }
        Self {
            keys,
            missing,
            signers: told.signers,
        }
    }

    /// The same and the policy's: its logs' and its witnesses'.
    pub(super) fn with_policy(&self, request: &Request) -> Vec<VerifierKey> {
        let mut keys = self.keys.clone();
        if let Some(policy) = &request.policy {
            keys.extend(policy.logs().iter().map(|log| log.key().clone()));
            let witnesses = policy.witnesses().iter();
            keys.extend(witnesses.map(|witness| witness.key().clone()));
        }
        keys
    }

    /// What ended a verification, where it ended for want of a pinned key and a fingerprint's key is missing: then the
    /// file is signed by others, or it does not say by whom.
    pub(super) fn judged(&self, finding: Finding) -> Finding {
        let wanting = matches!(
            finding.code,
            Code::Unpinned | Code::OriginOther | Code::KeyNotPinned
        );
        let Some(first) = self.missing.first().filter(|_| wanting) else {
            return finding;
        };
        let others = self.signers.as_ref().filter(|signers| {
            !signers
                .iter()
                .any(|signer| self.missing.iter().any(|one| one == signer))
        });
        match others {
            Some(signers) => {
                let found: Vec<String> = signers.iter().map(Hash::to_hex).collect();
                Finding::new(Code::KeyNotPinned).because(first.to_hex(), found.join(", "))
            }
            None => Finding::new(Code::KeyNotInFile).because(first.to_hex(), "none"),
        }
    }
}

/// The fingerprint of a key.
pub(super) fn hash_of(key: &VerifierKey) -> Hash {
    Hash::of(&[key.to_string().as_bytes()])
}

/// The keys that an entry's line names, if it is of a kind that does.
pub(super) fn keys_of_entry(line: &[u8]) -> Vec<VerifierKey> {
    if !is_naming(line) {
        return Vec::new();
    }
    let mut tape = Tape::new();
    tape.read(line).map(named_in).unwrap_or_default()
}

fn is_naming(line: &[u8]) -> bool {
    NAMING.iter().any(|kind| memmem::find(line, kind).is_some())
}

fn named_in(entry: Ref<'_, '_>) -> Vec<VerifierKey> {
    let Some(record) = entry.member("record") else {
        return Vec::new();
    };
    let kind = record.member("kind");
    if !kind.is_some_and(|kind| KINDS.iter().any(|known| kind.is_text(known))) {
        return Vec::new();
    }
    let body = record.member("body");
    let texts = MEMBERS.iter().filter_map(|name| body?.member(name)?.text());
    texts
        .filter_map(|text| VerifierKey::parse(&text).ok())
        .collect()
}

/// What the lines of an extract tell. Reading ends with the first line that is not whole, and once every key is there.
pub(super) fn of_extract(input: &mut dyn BufRead, wanted: &[Hash]) -> Told {
    let mut gathered = Gathered::new(wanted);
    let Some(head) = next_line(input) else {
        return gathered.told;
    };
    let mut tape = Tape::new();
    let note = tape.read(&head).ok().and_then(|head| {
        let note = head.member("checkpoint")?.text()?;
        Some(note.into_owned())
    });
    gathered.begin(note.as_deref().unwrap_or_default());
    while !gathered.is_done() {
        let Some(line) = next_line(input) else { break };
        if is_naming(&line)
            && let Ok(line) = tape.read(&line)
            && let Some(entry) = line.member("entry")
        {
            gathered.take(named_in(entry));
        }
    }
    gathered.finish()
}

/// The same of a receipt: of its one entry.
pub(super) fn of_receipt(note: &str, entry: &[u8], wanted: &[Hash]) -> Told {
    let mut gathered = Gathered::new(wanted);
    gathered.begin(note);
    gathered.take(keys_of_entry(entry));
    gathered.finish()
}

fn next_line(input: &mut dyn BufRead) -> Option<Vec<u8>> {
    use std::io::Read;
    let most = u64::try_from(EXPORT_LINE_BYTES_MAX).ok()?;
    let mut line = Vec::new();
    let mut limited = input.take(most);
    limited.read_until(b'\n', &mut line).ok()?;
    (line.pop() == Some(b'\n')).then_some(line)
}

/// Keys as they are found: those that are asked for, and those whose name and id stand on the checkpoint. A file can
/// name any number of keys; of others none is kept.
struct Gathered<'a> {
    wanted: &'a [Hash],
    told: Told,
    /// The lines by which the log signed: name and id of the key.
    lines: Vec<(String, [u8; 4])>,
}

impl<'a> Gathered<'a> {
    fn new(wanted: &'a [Hash]) -> Self {
        Self {
            wanted,
            told: Told::default(),
            lines: Vec::new(),
        }
    }

    fn begin(&mut self, note: &str) {
        let Ok(note) = Note::parse(note.as_bytes()) else {
            return;
        };
        let Ok(checkpoint) = Checkpoint::parse(note.text()) else {
            return;
        };
        let lines = note.signatures().iter();
        let own = lines.filter(|line| line.name() == checkpoint.origin());
        self.lines = own.map(|line| (line.name().into(), line.id())).collect();
    }

    fn take(&mut self, keys: Vec<VerifierKey>) {
        for key in keys {
            let signed = self.signed(&key);
            if (signed || self.wanted.contains(&hash_of(&key))) && !self.told.keys.contains(&key) {
                self.told.keys.push(key);
            }
        }
    }

    fn signed(&self, key: &VerifierKey) -> bool {
        let mut lines = self.lines.iter();
        lines.any(|(name, id)| name == key.name() && *id == key.id())
    }

    fn is_done(&self) -> bool {
        let found: Vec<Hash> = self.told.keys.iter().map(hash_of).collect();
        self.wanted.iter().all(|wanted| found.contains(wanted))
    }

    /// Who signed is known where the file holds a key for each line of the log's.
    fn finish(mut self) -> Told {
        let keys = &self.told.keys;
        let has = |(name, id): &(String, [u8; 4])| {
            keys.iter().any(|key| key.name() == name && key.id() == *id)
        };
        if !self.lines.is_empty() && self.lines.iter().all(has) {
            let signed = keys.iter().filter(|key| self.signed(key));
            self.told.signers = Some(signed.map(hash_of).collect());
        }
        self.told
    }
}
