//! Keys, signed notes, checkpoints and cosignatures: what verifies must be what was signed.

use std::fmt::Write as _;
use std::sync::LazyLock;

use sealog_core::Hash;
use sealog_core::tlog::checkpoint::{self, Checkpoint};
use sealog_core::tlog::cosignature;
use sealog_core::tlog::note::Note;
use sealog_core::tlog::sign::{Ed25519Signer, Signer};
use sealog_core::tlog::vkey::{KeyType, VerifierKey};

use super::variant;
use crate::Answer;

pub(super) const ORIGIN: &str = "fuzz.example/log-a";
const WITNESS: &str = "witness.example";
const TIME: u64 = 1_763_700_000;

/// A log and a witness with fixed keys, and all that they ever signed.
pub(super) struct Parties {
    pub(super) log: VerifierKey,
    pub(super) witness: VerifierKey,
    pub(super) note: String,
    pub(super) cosigned: String,
}

#[expect(
    clippy::expect_used,
    reason = "fixed keys sign fixed texts: a failure is a failed target"
)]
pub(super) static PARTIES: LazyLock<Parties> =
    LazyLock::new(|| made().expect("fixed keys sign fixed texts"));

fn made() -> Option<Parties> {
    let witness = Ed25519Signer::from_seed(KeyType::CosignatureV1, WITNESS, &[9; 32]).ok()?;
    let note = signed(42, Hash::new([3; 32]))?;
    let cosigned = cosignature::cosign(&note, TIME, &witness).ok()?;
    let (log, witness) = (
        log()?.verifier_key().clone(),
        witness.verifier_key().clone(),
    );
    Some(Parties {
        log,
        witness,
        note,
        cosigned,
    })
}

fn log() -> Option<Ed25519Signer> {
    Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[7; 32]).ok()
}

/// A checkpoint that the log signed. Only the one of [`PARTIES`] is an input of the targets in this module.
pub(super) fn signed(size: u64, root: Hash) -> Option<String> {
    Checkpoint::new(ORIGIN, size, root)
        .ok()?
        .sign(&[&log()?])
        .ok()
}

/// A verifier key has one spelling.
pub(super) fn vkey(text: &[u8]) -> Answer {
    let Ok(text) = str::from_utf8(text) else {
        return "not UTF-8".to_owned();
    };
    match VerifierKey::parse(text) {
        Ok(key) => {
            assert_eq!(key.to_string(), text);
            "accepted".to_owned()
        }
        Err(error) => variant(&error),
    }
}

pub(super) fn vkey_seeds() -> Vec<Vec<u8>> {
    let keys = [&PARTIES.log, &PARTIES.witness].map(|key| key.to_string().into_bytes());
    keys.to_vec()
}

/// A note is its text and its lines, and nothing verifies but the text that was signed.
pub(super) fn note(bytes: &[u8]) -> Answer {
    let note = match Note::parse(bytes) {
        Ok(note) => note,
        Err(error) => return variant(&error),
    };
    let mut again = format!("{}\n", note.text());
    for signature in note.signatures() {
        let _ = writeln!(again, "{}", signature.line());
    }
    assert_eq!(
        again.as_bytes(),
        bytes,
        "bytes that belong neither to the text nor to a line"
    );
    let signed = Note::parse(PARTIES.note.as_bytes()).map(|note| note.text().to_owned());
    match note.verify([&PARTIES.log, &PARTIES.witness]) {
        Ok(verified) => {
            assert_eq!(
                Ok(verified.text()),
                signed.as_deref(),
                "a text that nobody signed"
            );
            for line in verified.signatures() {
                assert!(
                    line.time().is_none_or(|time| time == TIME),
                    "a time that nobody signed"
                );
            }
            format!("accepted by {}", verified.signatures().len())
        }
        Err(error) => format!("read, {}", variant(&error)),
    }
}

/// The body of a checkpoint has one spelling, and a verified one is the one that was signed.
pub(super) fn checkpoint(bytes: &[u8]) -> Answer {
    if let Ok(text) = str::from_utf8(bytes)
        && let Ok(checkpoint) = Checkpoint::parse(text)
    {
        assert_eq!(checkpoint.to_string(), text, "a second spelling");
        return format!(
            "accepted with {} extensions",
            checkpoint.extensions().len().min(3)
        );
    }
    match checkpoint::verify(bytes, ORIGIN, [&PARTIES.log, &PARTIES.witness]) {
        Ok(verified) => {
            assert_eq!(
                (verified.size(), verified.root()),
                (42, &Hash::new([3; 32]))
            );
            assert_eq!(verified.note().as_bytes(), bytes);
            format!("accepted, cosigned by {}", verified.cosignatures().len())
        }
        Err(error) => variant(&error),
    }
}

pub(super) fn note_seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![
        PARTIES.note.clone().into_bytes(),
        PARTIES.cosigned.clone().into_bytes(),
    ];
    if let Ok(note) = Note::parse(PARTIES.note.as_bytes()) {
        seeds.push(note.text().as_bytes().to_vec());
        seeds.push(format!("{}extension\n", note.text()).into_bytes());
    }
    seeds.push(b"fuzz.example/log-a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n".to_vec());
    seeds
}

/// The bytes behind the key id of a cosignature: only those that the witness made verify, with its own time.
pub(super) fn cosigned(bytes: &[u8]) -> Answer {
    let Ok(note) = Note::parse(PARTIES.note.as_bytes()) else {
        return "no note".to_owned();
    };
    match cosignature::verify(&PARTIES.witness, note.text(), bytes) {
        Ok(time) => {
            assert_eq!(time, TIME, "a time that nobody signed");
            "accepted".to_owned()
        }
        Err(error) => variant(&error),
    }
}

pub(super) fn cosigned_seeds() -> Vec<Vec<u8>> {
    let Ok(note) = Note::parse(PARTIES.cosigned.as_bytes()) else {
        return Vec::new();
    };
    note.signatures()
        .iter()
        .map(|signature| signature.signature().to_vec())
        .collect()
}
