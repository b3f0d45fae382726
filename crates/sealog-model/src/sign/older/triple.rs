//! The hash file and the metadata of mlsecops-integrity: pickle, metadata and signature, each by itself.

use std::path::{Path, PathBuf};

use super::{Examined, OlderAsked, OlderFile, OlderProblem, of_text, read_file};
use crate::Error;
use crate::sign::envelope::{OTHER_KEYS, metadata_path};
use crate::sign::triple::{HeldTriple, Triple, hashed_file};
use crate::sign::{OpenPgpKeys, Pin};

pub(super) fn examine(asked: &OlderAsked, pin: &Pin) -> Result<Examined, Error> {
    let hash = read_file(&asked.document)?;
    let metadata_file = metadata_path(&asked.document);
    let metadata = read_file(&metadata_file)?;
    let keys = match pin {
        Pin::Nothing => None,
        Pin::OpenPgp(keys) => Some(keys),
        _ => return Err(OTHER_KEYS),
    };
    let file = |kind, bytes: &[u8]| OlderFile {
        kind,
        bytes: bytes.to_vec(),
    };
    let mut found = Examined::new(vec![
        file("model_hash", &hash),
        file("model_metadata", &metadata),
    ]);
    let parsed = match Triple::parse(&hash, &metadata) {
        Ok(parsed) => parsed,
        Err(error) => {
            found.problems.push(of_text(error)?);
            return Ok(found);
        }
    };
    found.claims = parsed.claims().to_vec();
    found.problems.push(OlderProblem::NameNotSigned);
    let (root, is_named) = asked.root();
    let model = hashed_file(&hash, &root)?;
    let signature = asked.signature_of(&model)?;
    let mut own = vec![asked.document.clone(), metadata_file];
    let signature = signature.map(|(path, bytes, elsewhere)| {
        own.push(path);
        if elsewhere {
            found.problems.push(OlderProblem::SignatureElsewhere);
        }
        found.files.push(file("signature", &bytes));
        bytes
    });
    let held = if is_named || model.symlink_metadata().is_ok() {
        hold(&mut found, parsed, asked, &root, &own)?
    } else {
        found.problems.push(OlderProblem::ModelAbsent);
        None
    };
    vouch(&mut found, held, signature.as_deref(), keys)?;
    Ok(found)
}

/// Holds the pickle against both texts, and what lies beside it against the set.
fn hold(
    found: &mut Examined,
    parsed: Triple,
    asked: &OlderAsked,
    root: &Path,
    own: &[PathBuf],
) -> Result<Option<HeldTriple>, Error> {
    match parsed.hold(root, asked.walk.clone()) {
        Ok(held) => {
            if !held.notes().is_empty() {
                found.problems.push(OlderProblem::ShapeNotChecked);
            }
            found.hold(held.closed_set(), root, own)?;
            Ok(Some(held))
        }
        Err(Error::Differs { changes }) => {
            found.problems.push(OlderProblem::Differs(changes));
            Ok(None)
        }
        Err(error @ Error::NotExpected { .. }) => {
            let why = error.to_string();
            found.problems.push(OlderProblem::NotAsStated(why));
            Ok(None)
        }
        Err(error @ Error::Malformed { .. }) => {
            let why = error.to_string();
            found.problems.push(OlderProblem::NotDetermined(why));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Who vouches for the pickle. One that is not what the texts say is refuted or undecided whoever signed it.
fn vouch(
    found: &mut Examined,
    held: Option<HeldTriple>,
    signature: Option<&[u8]>,
    keys: Option<&OpenPgpKeys>,
) -> Result<(), Error> {
    let problem = match (signature, keys, held) {
        (None, _, _) => OlderProblem::Unsigned,
        (Some(_), None, _) => OlderProblem::NotPinned,
        (Some(_), Some(_), None) => {
            OlderProblem::SignatureUndecided("what it is over is not there to be held to it".into())
        }
        (Some(signature), Some(keys), Some(held)) => match held.verify_openpgp(signature, keys) {
            Ok(vouched) => {
                found.voucher = Some(vouched.voucher().clone());
                return Ok(());
            }
            Err(Error::Signature { why }) => OlderProblem::Signature(why),
            Err(
                error
                @ (Error::Malformed { .. } | Error::Undecided { .. } | Error::NotBuilt { .. }),
            ) => OlderProblem::SignatureUndecided(error.to_string()),
            Err(error) => return Err(error),
        },
    };
    found.problems.push(problem);
    Ok(())
}
