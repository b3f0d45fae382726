//! What stands around the payload of a bundle is read or refused: each bit, and each kind of member.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealog_core::Hash;

use super::certificate_tests::{Chain, Model as Certified, now};
use super::tests::{ALL, FILES, Model};
use super::*;

/// Where the flips lie that hold, as byte offsets.
fn held(bundle: &str, verify: impl Fn(&[u8]) -> Result<Vouched, Error>) -> Vec<usize> {
    let bits = 0..bundle.len() * 8;
    held_of(bundle, bits, verify)
}

fn held_of(
    bundle: &str,
    bits: impl Iterator<Item = usize>,
    verify: impl Fn(&[u8]) -> Result<Vouched, Error>,
) -> Vec<usize> {
    verify(bundle.as_bytes()).unwrap();
    let mut bytes = bundle.as_bytes().to_vec();
    let mut held = Vec::new();
    for bit in bits {
        bytes[bit / 8] ^= 1 << (bit % 8);
        if verify(&bytes).is_ok() {
            held.push(bit / 8);
        }
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    held
}

/// The two forms in which a key is named, each with all that may be left out; the older one as Python spaces it.
#[test]
fn each_bit_of_a_bundle_by_a_key_matters_but_what_only_turns_one_space_into_another() {
    let model = Model::new(KeyKind::P256);
    let current = model.around(&Model::payload(FILES, "sha256", ALL));
    for member in ["hint", "keyid", "tlogEntries"] {
        assert!(current.contains(member), "{member}");
    }
    let verify = |text: &[u8]| verify_oms(text, model.key.public());
    assert_eq!(held(&current, verify), [0; 0]);

    let text = model.key.public().to_pem();
    let hint = format!("\"hint\":\"{}\"", Hash::of(&[text.as_bytes()]).to_hex());
    let pem = STANDARD.encode(&text);
    let details = format!("\"keyDetails\": \"PKIX_ECDSA_P256_SHA_256\", \"rawBytes\": \"{pem}\"");
    let older = current
        .replace(&hint, &details)
        .replace("\"keyid\":\"\"", "\"keyid\":null");
    let older = older.replace("\":{", "\": {").replacen('{', "{\t", 1);
    assert_ne!(older, current);
    // A tab and a carriage return are a bit apart, and the same to JSON.
    assert_eq!(held(&older, verify), [1]);
}

#[test]
fn each_bit_of_a_bundle_by_certificates_matters() {
    let model = Certified::new();
    let chain = Chain::usual();
    let roots = chain.roots();
    let bundle = String::from_utf8(model.sign(&chain)).unwrap();
    let verify = |text: &[u8]| verify_oms_certificate(text, &roots, now());
    assert_eq!(held(&bundle, verify), [0; 0]);
}

/// A root in a bundle is nothing that anybody goes by: the verifier brings that. It has to be a certificate all the
/// same.
#[test]
fn what_holds_beside_a_root_in_the_bundle_lies_in_that_root() {
    let model = Certified::new();
    let chain = Chain::usual();
    let roots = chain.roots();
    let bundle = String::from_utf8(model.sign_showing(&chain, &chain.ders)).unwrap();
    let root = STANDARD.encode(chain.ders.last().unwrap());
    let start = bundle.find(&root).unwrap();
    let verify = |text: &[u8]| verify_oms_certificate(text, &roots, now());
    // One of each byte: another each time.
    let bits = (0..bundle.len()).map(|at| at * 8 + at % 8);
    let held = held_of(&bundle, bits, verify);
    assert!(!held.is_empty());
    let inside = start..start + root.len();
    assert!(held.iter().all(|at| inside.contains(at)), "{held:?}");
}

fn malformed(model: &Model, good: &str, cases: &[(&str, String)]) {
    for (name, text) in cases {
        assert_ne!(text, good, "{name} changes nothing");
        let error = verify_oms(text.as_bytes(), model.key.public()).unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{name}: {error}");
    }
}

#[test]
fn members_that_nobody_reads_are_refused() {
    let model = Model::new(KeyKind::P256);
    let good = model.around(&Model::payload(FILES, "sha256", ALL));
    model.verify(&good).unwrap();
    let cases = [
        ("a member nobody knows", good.replacen('{', "{\"x\":1,", 1)),
        (
            "a member of the envelope that nobody knows",
            good.replace("\"payloadType\":", "\"x\":1,\"payloadType\":"),
        ),
        (
            "a member of the signature that nobody knows",
            good.replace("\"keyid\":", "\"cert\":\"\",\"keyid\":"),
        ),
        (
            "a member of the material that nobody knows",
            good.replace("\"tlogEntries\":", "\"x\":"),
        ),
        (
            "an entry of a log",
            good.replace("\"tlogEntries\":[]", "\"tlogEntries\":[{}]"),
        ),
        (
            "entries of a log that are no array",
            good.replace("\"tlogEntries\":[]", "\"tlogEntries\":{}"),
        ),
        (
            "stamped times",
            good.replace(
                "\"tlogEntries\":",
                "\"timestampVerificationData\":{},\"tlogEntries\":",
            ),
        ),
        (
            "names in the other spelling of protobuf",
            good.replace("\"payloadType\":", "\"payload_type\":"),
        ),
    ];
    malformed(&model, &good, &cases);
    // Older spellings, which no release wrote and the reference refuses too.
    let older = ["0.1", "0.2", "0.3"].map(|version| {
        let spelling = format!("bundle+json;version={version}");
        (version, good.replace("bundle.v0.3+json", &spelling))
    });
    malformed(&model, &good, &older);
}

#[test]
fn a_key_is_named_in_one_way_or_the_bundle_is_refused() {
    let model = Model::new(KeyKind::P256);
    let good = model.around(&Model::payload(FILES, "sha256", ALL));
    let text = model.key.public().to_pem();
    let hint = Hash::of(&[text.as_bytes()]).to_hex();
    let pem = STANDARD.encode(&text);
    let spaced = STANDARD.encode(text.replace('\n', "\r\n"));
    let older = good
        .replace("\"hint\":", "\"rawBytes\":")
        .replace(&hint, &pem);
    model.verify(&older).unwrap();
    let cases = [
        (
            "a member of the key that nobody knows",
            good.replace("\"hint\":", "\"x\":1,\"hint\":"),
        ),
        (
            "a key named in two ways",
            good.replace("\"hint\":", "\"rawBytes\":\"\",\"hint\":"),
        ),
        (
            "a key of an unknown kind",
            good.replace("\"hint\":", "\"keyDetails\":\"PKIX_ED25519\",\"rawBytes\":")
                .replace(&hint, &pem),
        ),
        (
            "a key whose kind is a number",
            good.replace("\"hint\":", "\"keyDetails\":5,\"rawBytes\":")
                .replace(&hint, &pem),
        ),
        (
            "a key in PEM with other line ends",
            good.replace("\"hint\":", "\"rawBytes\":")
                .replace(&hint, &spaced),
        ),
        (
            "a key that is no object",
            good.replace(&format!("{{\"hint\":\"{hint}\"}}"), "1"),
        ),
    ];
    malformed(&model, &good, &cases);
}
