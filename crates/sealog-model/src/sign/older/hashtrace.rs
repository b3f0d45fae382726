//! A manifest of `HashTraceAI`: signature and files, each by itself.

use std::path::PathBuf;

use super::{Examined, OlderAsked, OlderFile, OlderProblem, of_text, read_file};
use crate::Error;
use crate::keys::PublicKey;
use crate::sign::hashtrace::{Era, HashTrace, bad};
use crate::sign::{Claim, Pin};

pub(super) fn examine(asked: &OlderAsked, pin: &Pin) -> Result<Examined, Error> {
    let text = read_file(&asked.document)?;
    let mut found = Examined::new(vec![OlderFile {
        kind: "manifest",
        bytes: text.clone(),
    }]);
    let key = match pin {
        Pin::Nothing => None,
        Pin::Key(key) => Some(key),
        _ => {
            return Err(Error::Pin {
                why: "a manifest of HashTraceAI is verified by an RSA key that you bring",
            });
        }
    };
    let parsed = match HashTrace::parse(&text, asked.walk.clone()) {
        Ok(parsed) => parsed,
        Err(error) => {
            found.problems.push(of_text(error)?);
            return Ok(found);
        }
    };
    let mut own = vec![asked.document.clone()];
    let beside = beside(&mut found, parsed.era(), asked, &mut own)?;
    vouch(&mut found, &parsed, &text, beside.as_deref(), key)?;
    let (root, is_named) = asked.root();
    let mut entries = parsed.closed_set().entries();
    let is_there = |path: &str| root.join(path).symlink_metadata().is_ok();
    if is_named || entries.any(|(path, _)| is_there(path.as_str())) {
        found.hold(parsed.closed_set(), &root, &own)?;
    } else {
        found.problems.push(OlderProblem::ModelAbsent);
    }
    Ok(found)
}

/// The signature beside the manifest, where its form has one there.
fn beside(
    found: &mut Examined,
    era: Era,
    asked: &OlderAsked,
    own: &mut Vec<PathBuf>,
) -> Result<Option<Vec<u8>>, Error> {
    let signature = match era {
        // Its signature stands in it. Whoever names another has to hear that there is none.
        Era::C if asked.signature.is_some() => {
            return Err(bad("its signature stands in it, none lies beside it"));
        }
        Era::C => None,
        Era::A | Era::B => asked.signature_of(&asked.document)?,
    };
    Ok(signature.map(|(path, bytes, elsewhere)| {
        own.push(path);
        if elsewhere {
            found.problems.push(OlderProblem::SignatureElsewhere);
        }
        found.files.push(OlderFile {
            kind: "signature",
            bytes: bytes.clone(),
        });
        bytes
    }))
}

/// Who vouches for the manifest, and what of it that leaves unsigned.
fn vouch(
    found: &mut Examined,
    parsed: &HashTrace,
    text: &[u8],
    beside: Option<&[u8]>,
    key: Option<&PublicKey>,
) -> Result<(), Error> {
    let is_signed = parsed.signed_inside().unwrap_or(beside.is_some());
    match key {
        _ if !is_signed => found.problems.push(OlderProblem::Unsigned),
        None => found.problems.push(OlderProblem::NotPinned),
        Some(key) => match parsed.clone().verify(text, beside, key) {
            Ok(vouched) => found.voucher = Some(vouched.voucher().clone()),
            Err(Error::Signature { why }) => found.problems.push(OlderProblem::Signature(why)),
            Err(error) => return Err(error),
        },
    }
    if parsed.era() == Era::C {
        found.problems.push(OlderProblem::NameNotSigned);
    }
    found.problems.push(OlderProblem::SizeNotStated);
    let is_held = found.voucher.is_some();
    let claims = parsed.claims().iter();
    let claims = claims.map(|claim| Claim {
        signed: claim.signed && is_held,
        ..claim.clone()
    });
    found.claims = claims.collect();
    found.era = Some(parsed.era());
    Ok(())
}
