//! What a user brings to verify with: keys, as text or as a file, and checkpoints.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sealog_core::receipt::Receipt;
use sealog_core::tlog::checkpoint::Checkpoint;
use sealog_core::tlog::note::Note;
use sealog_core::tlog::proof::TlogProof;
use sealog_core::tlog::vkey::VerifierKey;

use crate::context::Context;
use crate::error::Error;

/// Bytes of a file that holds a key, at most.
const KEY_FILE_BYTES_MAX: u64 = 4 * 1024;

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
    let io = |source| Error::Io {
        action: "read the key",
        path: path.clone(),
        source,
    };
    let mut lines_read = String::new();
    let file = File::open(&path).map_err(io)?;
    file.take(KEY_FILE_BYTES_MAX)
        .read_to_string(&mut lines_read)
        .map_err(io)?;
    let mut lines = lines_read.lines().map(str::trim);
    let line = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    let place = path.display().to_string();
    if lines_read.contains("PRIVATE+KEY+") {
        let problem =
            "it is a private key; give the verifier key, which `sealog key show` prints".into();
        return Err(Error::VerifierKey { place, problem });
    }
    parse(line.unwrap_or_default(), &place)
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
