//! `record --commit`: a commitment to a file's bytes in place of the bytes (`docs/formats/commitment.md`).

use std::fs;
use std::path::Path;

use sealog_core::values::Encoder;
use sealog_ledger::{Draft, Ledger};

use crate::error::Error;

/// Puts commitments into a draft, each `NAME=FILE`. The salt is derived from the record's id, so the draft gets one.
pub(super) fn commit(
    draft: &mut Draft,
    files: &[String],
    directory: &Path,
    ledger: &Ledger,
    fresh_id: impl FnOnce() -> Result<String, sealog_ledger::Error>,
) -> Result<(), Error> {
    if files.is_empty() {
        return Ok(());
    }
    let refused = |problem: String| Error::Argument {
        argument: "--commit",
        problem,
    };
    let id = match &draft.record_id {
        Some(id) => id.clone(),
        None => draft.record_id.insert(fresh_id()?).clone(),
    };
    for text in files {
        let (name, file) = text
            .split_once('=')
            .ok_or_else(|| refused("expected NAME=FILE".into()))?;
        if draft.body.contains_key(name) {
            return Err(refused(format!("the body has {name} already")));
        }
        let path = directory.join(file);
        let bytes = fs::read(&path);
        let bytes = bytes.map_err(|source| Error::Io {
            action: "read",
            path,
            source,
        })?;
        let mut encoder = Encoder::new();
        let value = encoder.bytes(&bytes).and_then(|()| encoder.finish());
        let value = value.map_err(|error| refused(error.to_string()))?;
        // A JSON Pointer from the body; the two characters that it escapes.
        let field = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        draft
            .body
            .insert(name, ledger.commitment(&id, &field, &value)?);
    }
    Ok(())
}
