//! What a user brings to verify with: keys, as text or as a file, and checkpoints.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sealog_core::Hash;
use sealog_core::receipt::Receipt;
use sealog_core::tlog::checkpoint::Checkpoint;
use sealog_core::tlog::note::Note;
use sealog_core::tlog::proof::TlogProof;
use sealog_core::tlog::vkey::{VerifierKey, parse_fingerprint};

use crate::context::Context;
use crate::error::Error;

/// Bytes of a file that holds a key, at most.
const KEY_FILE_BYTES_MAX: u64 = 4 * 1024;

/// What a user pins: a verifier key, or the fingerprint of one.
#[derive(Debug)]
pub enum Pin {
    /// The key.
    Key(VerifierKey),
    /// SHA-256 of its text; the key is then taken from what is verified.
    Fingerprint(Hash),
}

/// Reads a pin: a verifier key, a fingerprint, or a file that holds one of them.
pub fn read_pin(text: &str, context: &Context) -> Result<Pin, Error> {
    if let Some(fingerprint) = parse_fingerprint(text) {
        return Ok(Pin::Fingerprint(fingerprint));
    }
    if VerifierKey::parse(text).is_err() && !text.contains('+') {
        let path = context.settings.environment().directory().join(text);
        if !path.exists() {
            let problem = "it is neither a verifier key nor a fingerprint of 64 hex digits, and no file has this name";
            return Err(Error::VerifierKey {
                place: format!("`{text}`"),
                problem: problem.into(),
            });
        }
        let line = first_line(&path)?;
        if let Some(fingerprint) = parse_fingerprint(&line) {
            return Ok(Pin::Fingerprint(fingerprint));
        }
        return parse(&line, &path.display().to_string()).map(Pin::Key);
    }
    read(text, context).map(Pin::Key)
}

/// Reads a verifier key from its text.
pub fn parse(text: &str, place: &str) -> Result<VerifierKey, Error> {
    VerifierKey::parse(text).map_err(|error| Error::VerifierKey {
        place: place.into(),
        problem: error.to_string(),
    })
}

/// Reads a verifier key given as text, or as a file that holds it in its first line that is no comment.
pub fn read(text: &str, context: &Context) -> Result<VerifierKey, Error> {
    if let Ok(key) = VerifierKey::parse(text) {
        return Ok(key);
    }
    let path = context.settings.environment().directory().join(text);
    if !path.exists() && text.contains('+') {
        // It looks like a key and not like a file: say what is wrong with the key.
        return parse(text, "the key");
    }
    parse(&first_line(&path)?, &path.display().to_string())
}

/// The first line of a file of keys that is neither empty nor a comment.
fn first_line(path: &Path) -> Result<String, Error> {
    let io = |source| Error::Io {
        action: "read the key",
        path: path.to_owned(),
        source,
    };
    let mut lines_read = String::new();
    let file = File::open(path).map_err(io)?;
    file.take(KEY_FILE_BYTES_MAX)
        .read_to_string(&mut lines_read)
        .map_err(io)?;
    if lines_read.contains("PRIVATE+KEY+") {
        let problem =
            "it is a private key; give the verifier key, which `sealog key show` prints".into();
        return Err(Error::VerifierKey {
            place: path.display().to_string(),
            problem,
        });
    }
    let mut lines = lines_read.lines().map(str::trim);
    let line = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(line.unwrap_or_default().to_owned())
}

/// What a signed checkpoint states. Who signed it is not looked at.
pub fn checkpoint(note: &[u8], place: &Path) -> Result<Checkpoint, Error> {
    let refused = |error: &dyn ToString| Error::Input {
        place: place.display().to_string(),
        problem: format!("it is not a checkpoint: {}", error.to_string()),
    };
    let note = Note::parse(note).map_err(|error| refused(&error))?;
    Checkpoint::parse(note.text()).map_err(|error| refused(&error))
}

/// A receipt as the file that verifiers read.
pub fn receipt_text(receipt: &Receipt) -> Result<String, Error> {
    let (entry, proof) = (receipt.entry().to_vec(), receipt.proof().to_vec());
    let file = TlogProof::new(Some(entry), receipt.index(), proof, receipt.note().into());
    file.map(|file| file.to_string())
        .map_err(|error| Error::Input {
            place: format!("the receipt of entry {}", receipt.index()),
            problem: error.to_string(),
        })
}
