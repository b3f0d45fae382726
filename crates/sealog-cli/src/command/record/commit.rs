//! `record --commit`: a commitment to a file's bytes in place of the bytes (`docs/formats/commitment.md`).

use std::fs;
use std::path::Path;

use sealog_core::values::Encoder;
use sealog_ledger::{Commit, Draft};

use crate::error::Error;

/// Has a draft commit to files, each `NAME=FILE`.
pub(super) fn commit(draft: &mut Draft, files: &[String], directory: &Path) -> Result<(), Error> {
    let refused = |problem: String| Error::Argument {
        argument: "--commit",
        problem,
    };
    for text in files {
        let (name, file) = text
            .split_once('=')
            .ok_or_else(|| refused("expected NAME=FILE".into()))?;
        let is_taken = draft.commits.iter().any(|commit| commit.member == name);
        if draft.body.contains_key(name) || is_taken {
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
        draft.commits.push(Commit {
            member: name.into(),
            encoding: value.into(),
        });
    }
    Ok(())
}
