//! Our own detached signature: Ed25519 over a statement (`docs/formats/manifest.md`, section 3).
//!
//! What is signed is `sealog/model-signature/v1`, a newline and the bytes of the statement as they stand in its file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer as _;
use sealog_core::Hash;
use sealog_core::json::{Object, Value};

use super::{Vouched, Voucher};
use crate::Error;
use crate::keys::{PrivateKey, PublicKey};
use crate::limits::SIGNATURE_FILE_BYTES_MAX;
use crate::manifest::{Statement, canonical, members, within_limit};
use crate::walk::WalkOptions;

const FORMAT: &str = "sealog/model-signature/v1";
const WHAT: &str = "the signature file";

fn message(statement: &[u8]) -> Vec<u8> {
    [FORMAT.as_bytes(), b"\n", statement].concat()
}

/// Signs a statement's bytes; the text is what the signature's file holds.
pub fn sign_statement(statement: &Statement, key: &PrivateKey) -> Result<Vec<u8>, Error> {
    let signer = key.ed25519()?;
    let text = statement.to_canonical();
    within_limit(&text)?;
    let signature = signer.sign(&message(&text));
    let mut object = Object::new();
    object.insert("alg", "ed25519");
    object.insert("format", FORMAT);
    object.insert("key_id", key.public().key_id());
    object.insert("value", STANDARD.encode(signature.to_bytes()));
    Ok(Value::Object(object).to_canonical())
}

/// Verifies a statement by its detached signature and a key that the caller trusts.
///
/// # Errors
/// [`Error::Signature`] if the signature is of another key or does not hold; [`Error::Malformed`] if a text is not of
/// its format.
pub fn verify_statement(
    statement: &[u8],
    signature: &[u8],
    key: &PublicKey,
) -> Result<Vouched, Error> {
    if signature.len() > SIGNATURE_FILE_BYTES_MAX {
        return Err(Error::malformed(WHAT, "it is too long"));
    }
    let value = canonical(WHAT, signature)?;
    let [alg, format, key_id, signed] =
        members(WHAT, &value, ["alg", "format", "key_id", "value"])?;
    if format.as_str() != Some(FORMAT) || alg.as_str() != Some("ed25519") {
        return Err(Error::malformed(WHAT, "its format or algorithm is unknown"));
    }
    let bytes = signed.as_str().and_then(|text| STANDARD.decode(text).ok());
    let bytes: Option<[u8; 64]> = bytes.and_then(|bytes| bytes.try_into().ok());
    let bytes = bytes.ok_or_else(|| Error::malformed(WHAT, "its value is no Ed25519 signature"))?;
    if key_id.as_str() != Some(key.key_id().as_str()) {
        return Err(Error::Signature {
            why: "it is by another key than the one that was given".into(),
        });
    }
    let signature = ed25519_dalek::Signature::from_bytes(&bytes);
    let holds = key
        .ed25519()?
        .verify_strict(&message(statement), &signature);
    holds.map_err(|_| Error::Signature {
        why: "the statement or the signature was changed".into(),
    })?;
    let voucher = Voucher::Key {
        key_id: key.key_id(),
        scheme: "ed25519",
    };
    Ok(vouched(&Statement::parse(statement)?, voucher))
}

/// Takes a statement without a signature whose manifest has the digest that the caller pins.
///
/// The pin covers the manifest alone, so what is left out and how links are treated is said by the caller.
///
/// # Errors
/// [`Error::Unsigned`] if no digest is pinned, [`Error::NotExpected`] if it is another.
pub fn pin_statement(
    statement: &[u8],
    pinned: Option<Hash>,
    walk: WalkOptions,
) -> Result<Vouched, Error> {
    let statement = Statement::parse(statement)?;
    let found = statement.manifest().model_digest();
    match pinned {
        None => Err(Error::Unsigned {
            model_digest: found.to_hex(),
        }),
        Some(pinned) if pinned != found => Err(Error::NotExpected {
            what: "the digest of the manifest",
            expected: pinned.to_hex(),
            found: found.to_hex(),
        }),
        Some(_) => {
            let mut vouched = vouched(&statement, Voucher::Digest);
            // The pin is of the manifest: what stands around it is anybody's word.
            vouched.authorship = None;
            let unsigned = "name, version, author and time are not covered by the pinned digest";
            vouched.notes.push(unsigned.into());
            vouched.set.ignore = walk.ignore;
            vouched.set.links = walk.links;
            Ok(vouched)
        }
    }
}

fn vouched(statement: &Statement, voucher: Voucher) -> Vouched {
    Vouched {
        authorship: Some(statement.authorship().clone()),
        ..Vouched::new(statement.closed_set(), voucher)
    }
}
