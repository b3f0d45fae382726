//! What is known of a model, as JSON: the wrapper in Python makes its own values of that.

use sealog_core::json::{Number, Object, Value};
use sealog_core::time::Timestamp;
use sealog_model::manifest::Manifest;
use sealog_model::sign::{VerifiedManifest, Vouched, claims_json};
use sealog_model::walk::FileSet;

pub(super) fn number(value: u64) -> Value {
    Number::unsigned(value).map_or_else(|| Value::String(value.to_string()), Value::Number)
}

/// A manifest and what was walked.
pub(super) fn content(manifest: &Manifest, set: &FileSet) -> Object {
    let mut value = files(manifest);
    let ignored = set.ignored().iter().map(|found| {
        let mut object = Object::new();
        object.insert("files", number(found.files));
        object.insert("path", found.path.as_str());
        Value::Object(object)
    });
    value.insert("ignored", Value::Array(ignored.collect()));
    let linked = set.hard_linked().iter();
    let linked = linked.map(|path| Value::from(path.as_str()));
    value.insert("hard_links", Value::Array(linked.collect()));
    value
}

/// A manifest alone.
pub(super) fn files(manifest: &Manifest) -> Object {
    let mut value = Object::new();
    let files = manifest.files().iter().map(|file| {
        let mut object = Object::new();
        let mut digests = Object::new();
        for (algorithm, _) in file.digests().iter() {
            let hex = file.digests().hex(algorithm).unwrap_or_default();
            digests.insert(algorithm.name(), hex);
        }
        object.insert("digests", Value::Object(digests));
        object.insert("path", file.path().as_str());
        object.insert("size", number(file.size()));
        Value::Object(object)
    });
    value.insert("files", Value::Array(files.collect()));
    value.insert(
        "model_digest",
        format!("sha256:{}", manifest.model_digest()),
    );
    value
}

/// Who vouches, and what is signed besides the files.
pub(super) fn vouched(vouched: &Vouched) -> Object {
    let mut value = Object::new();
    let (scheme, key_id) = (vouched.voucher().scheme(), vouched.voucher().key_id());
    value.insert("claims", claims_json(vouched.claims()));
    let (identity, provider) = vouched.voucher().identity().unzip();
    value.insert("identity", Value::from(identity));
    value.insert("identity_provider", Value::from(provider));
    value.insert("key_id", Value::from(key_id));
    let index = vouched.voucher().log_index();
    // A string: it has 64 bits.
    let index = index.map(|index| index.to_string());
    value.insert("log_index", Value::from(index.as_deref()));
    let notes = vouched.notes().iter();
    let notes = notes.map(|note| Value::from(note.as_str()));
    value.insert("notes", Value::Array(notes.collect()));
    value.insert("scheme", scheme);
    value.insert("subject", Value::from(vouched.voucher().subject()));
    let at = vouched.voucher().verification_time();
    let at = at.map(Timestamp::format_micros);
    value.insert("verification_time", Value::from(at.as_deref()));
    let signed = vouched.authorship();
    let parts = [
        ("created_at", signed.map(|signed| &signed.created_at)),
        ("created_by", signed.map(|signed| &signed.created_by)),
        ("name", signed.map(|signed| &signed.name)),
        ("version", signed.map(|signed| &signed.version)),
    ];
    for (key, text) in parts {
        value.insert(key, Value::from(text.map(String::as_str)));
    }
    value
}

/// All of a verified model.
pub(super) fn verified(verified: &VerifiedManifest) -> Object {
    let mut value = content(verified.manifest(), verified.files());
    value.insert("vouched", Value::Object(vouched(verified.vouched())));
    value
}
