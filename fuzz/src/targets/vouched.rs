//! What vouches for a model: manifests, statements, their signatures, and OMS bundles.
#![expect(
    clippy::expect_used,
    reason = "the test data is the target's own: without it there is nothing to hold"
)]

use sealog_model::Error;
use sealog_model::keys::PublicKey;
use sealog_model::manifest::{Manifest, Statement};
use sealog_model::sign::{verify_oms, verify_statement};

use super::owned;
use crate::Answer;

/// The public half of a key that nobody kept.
const ED25519: &str = include_str!("../../testdata/ed25519.txt");
/// The same of P-256.
const P256: &str = include_str!("../../testdata/p256.txt");
/// A statement that the first key signed.
const STATEMENT: &[u8] = include_bytes!("../../testdata/statement.json");
/// Its signature.
const SIGNATURE: &[u8] = include_bytes!("../../testdata/statement-signature.json");
/// A bundle that the second key signed.
const BUNDLE: &[u8] = include_bytes!("../../testdata/bundle.json");

/// The code, and of the message those words that do not come from the input: no digit, no quotation.
pub(super) fn refused(error: &Error) -> Answer {
    let message = error.to_string();
    let plain = |word: &&str| {
        word.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b',')
    };
    let words: Vec<&str> = message.split(' ').filter(plain).take(10).collect();
    format!("{} {}", error.code(), words.join(" "))
}

/// A key that is taken is the same key when it is written and read again, in both forms.
pub(super) fn public_key(bytes: &[u8]) -> Answer {
    let text = str::from_utf8(bytes).ok();
    let by_text = text.and_then(PublicKey::from_pem);
    let kinds = [by_text, PublicKey::from_der(bytes)].map(|key| {
        let Some(key) = key else {
            return "refused".to_owned();
        };
        let again = [
            PublicKey::from_der(&key.to_der()),
            PublicKey::from_pem(&key.to_pem()),
        ];
        for again in again {
            let again = again.expect("what was written is read");
            assert_eq!(again.key_id(), key.key_id(), "another key");
            assert_eq!(again.raw(), key.raw(), "another key");
        }
        format!("accepted {:?}", key.kind())
    });
    let [by_text, by_bytes] = kinds;
    if by_text == "refused" {
        by_bytes
    } else {
        by_text
    }
}

pub(super) fn public_key_seeds() -> Vec<Vec<u8>> {
    let der = [ED25519, P256].map(|text| PublicKey::from_pem(text).expect("a key").to_der());
    let mut seeds = owned([ED25519.as_bytes(), P256.as_bytes()]);
    seeds.extend(der);
    seeds
}

/// What is read is written as it was read.
pub(super) fn manifest(bytes: &[u8]) -> Answer {
    match Manifest::parse(bytes) {
        Ok(manifest) => {
            assert_eq!(manifest.to_canonical(), bytes, "another text");
            assert!(!manifest.files().is_empty());
            "accepted".to_owned()
        }
        Err(error) => refused(&error),
    }
}

/// The same of a statement, whose set has its manifest's files.
pub(super) fn statement(bytes: &[u8]) -> Answer {
    match Statement::parse(bytes) {
        Ok(statement) => {
            assert_eq!(statement.to_canonical(), bytes, "another text");
            let files = statement.manifest().files().len();
            assert_eq!(statement.closed_set().entries().len(), files);
            "accepted".to_owned()
        }
        Err(error) => refused(&error),
    }
}

/// Over the fixed statement no other bytes are a signature than those that the key made.
pub(super) fn signature(bytes: &[u8]) -> Answer {
    let key = PublicKey::from_pem(ED25519).expect("the key of the test data");
    match verify_statement(STATEMENT, bytes, &key) {
        Ok(_) => {
            assert_eq!(bytes, SIGNATURE, "a signature that nobody made");
            "accepted".to_owned()
        }
        Err(error) => refused(&error),
    }
}

/// A bundle that the key did not make vouches for nothing: what is accepted names the files that were signed.
pub(super) fn bundle(bytes: &[u8]) -> Answer {
    let key = PublicKey::from_pem(P256).expect("the key of the test data");
    let files = |text: &[u8]| {
        verify_oms(text, &key).map(|vouched| {
            let entries = vouched.closed_set().entries();
            let paths = entries.map(|(path, content)| (path.to_string(), content.clone()));
            paths.collect::<Vec<_>>()
        })
    };
    match files(bytes) {
        Ok(found) => {
            let signed = files(BUNDLE).expect("the bundle of the test data");
            assert_eq!(found, signed, "other files than those that were signed");
            "accepted".to_owned()
        }
        Err(error) => refused(&error),
    }
}

pub(super) fn manifest_seeds() -> Vec<Vec<u8>> {
    let manifest = Statement::parse(STATEMENT).map(|statement| statement.manifest().clone());
    let manifest = manifest
        .expect("the statement of the test data")
        .to_canonical();
    let one = b"{\"algorithms\":[\"sha256\"],\"files\":[],\"format\":\"sealog/model-manifest/v1\"}";
    vec![manifest, one.to_vec()]
}

pub(super) fn statement_seeds() -> Vec<Vec<u8>> {
    owned([STATEMENT, b"{\"format\":\"sealog/model-statement/v1\"}"])
}

pub(super) fn signature_seeds() -> Vec<Vec<u8>> {
    let other = b"{\"alg\":\"ed25519\",\"format\":\"sealog/model-signature/v1\",\"key_id\":\"\",\"value\":\"\"}";
    owned([SIGNATURE, other])
}

pub(super) fn bundle_seeds() -> Vec<Vec<u8>> {
    let empty = b"{\"dsseEnvelope\":{},\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\",\"verificationMaterial\":{}}";
    owned([BUNDLE, empty])
}
