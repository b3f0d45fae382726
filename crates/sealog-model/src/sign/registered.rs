//! What a ledger is told of a signed model: the body of a `model.registered` record.

use sealog_core::Hash;
use sealog_core::json::Object;

use crate::manifest::Statement;

/// The body, of what was stated, the text that carries it (manifest or bundle) and the key that signed it, if one did.
///
/// `model_id` is the stated name: a ledger refuses one that is no identifier.
pub fn registered_body(statement: &Statement, envelope: &[u8], key_id: Option<&str>) -> Object {
    let authorship = statement.authorship();
    let mut body = Object::new();
    body.insert(
        "envelope_digest",
        format!("sha256:{}", Hash::of(&[envelope])),
    );
    body.insert(
        "model_digest",
        format!("sha256:{}", statement.manifest().model_digest()),
    );
    body.insert("model_id", authorship.name.as_str());
    body.insert("model_version", authorship.version.as_str());
    if let Some(key_id) = key_id {
        body.insert("signer", key_id);
    }
    body
}
