//! What release 0.2 of the reference wrote: the files as subjects, under the predicate `Digests/v0.1`, and by keys and
//! certificates a signature over other bytes than DSSE says. Verified, never written.

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P521_SHA256_ASN1, UnparsedPublicKey,
};
use sealog_core::json::Value;

use super::payload::{Resource, assumed_ignored, is_unnamed, whole};
use super::{PAYLOAD_TYPE, WHAT, bad};
use crate::Error;
use crate::digest::Algorithm;
use crate::keys::{KeyKind, PublicKey};
use crate::limits::FILES_MAX;
use crate::manifest::{ClosedSet, members};
use crate::walk::LinkPolicy;

pub(super) const PREDICATE_TYPE: &str = "https://model_signing/Digests/v0.1";
/// The one algorithm that its releases could name for whole files.
const FILE_SHA256: &str = "file-sha256";

/// The bytes that release 0.2 signed: its version is `DSSEV1`, and the payload is how Python shows bytes to a person.
/// They go to `taken` in parts, for they may be four times as many as the payload's.
pub(super) fn pre_authentication(payload: &[u8], taken: &mut impl FnMut(&[u8])) {
    let head = format!(
        "DSSEV1 {} {PAYLOAD_TYPE} {} ",
        PAYLOAD_TYPE.len(),
        payload.len()
    );
    taken(head.as_bytes());
    show(payload, taken);
}

/// Bytes as Python shows them: in double quotes only where that saves escapes.
fn show(bytes: &[u8], taken: &mut impl FnMut(&[u8])) {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        b'"'
    } else {
        b'\''
    };
    taken(&[b'b', quote]);
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && *byte != quote && *byte != b'\\';
    let mut rest = bytes;
    loop {
        let plain = rest.iter().take_while(|byte| is_plain(byte)).count();
        let (own, after) = rest.split_at_checked(plain).unwrap_or((rest, &[]));
        taken(own);
        let Some((byte, after)) = after.split_first() else {
            break;
        };
        match byte {
            b'\\' => taken(b"\\\\"),
            b'\t' => taken(b"\\t"),
            b'\n' => taken(b"\\n"),
            b'\r' => taken(b"\\r"),
            byte if *byte == quote => taken(&[b'\\', quote]),
            byte => taken(format!("\\x{byte:02x}").as_bytes()),
        }
        rest = after;
    }
    taken(&[quote]);
}

/// Whether release 0.2 made a signature with a key. It took SHA-256 for every curve.
pub(super) fn is_signed(payload: &[u8], signature: &[u8], key: &PublicKey) -> bool {
    let algorithm = match key.kind() {
        KeyKind::P256 => &ECDSA_P256_SHA256_ASN1,
        KeyKind::P384 => &ECDSA_P384_SHA256_ASN1,
        KeyKind::P521 => &ECDSA_P521_SHA256_ASN1,
        KeyKind::Ed25519 | KeyKind::Rsa => return false,
    };
    let mut hash = Context::new(&SHA256);
    pre_authentication(payload, &mut |part| hash.update(part));
    let key = UnparsedPublicKey::new(algorithm, key.raw());
    key.verify_digest(&hash.finish(), signature).is_ok()
}

/// Reads the subjects, each of which is a file. There is no root, and what was ignored is not recorded.
///
/// `predicate` says nothing, by its own word; it has to be that.
pub(super) fn read(subjects: &Value, predicate: &Value) -> Result<(ClosedSet, Vec<String>), Error> {
    let [unused] = members(WHAT, predicate, ["unused"])?;
    if unused.as_str().is_none() {
        return Err(bad(
            "its predicate says something, which release 0.2 did not",
        ));
    }
    let subjects = subjects.as_array();
    let subjects = subjects.ok_or_else(|| bad("its subjects are no array"))?;
    if subjects.is_empty() || subjects.len() > FILES_MAX {
        return Err(bad("it names no file, or too many"));
    }
    let resources = subjects.iter().map(file);
    let resources = resources.collect::<Result<Vec<Resource>, _>>()?;
    let unnamed_file = is_unnamed(&resources);
    let entries = whole(resources, Algorithm::Sha256)?;
    let (ignore, note) = assumed_ignored(&entries);
    let set = ClosedSet {
        unnamed_file,
        empty_unlisted: false,
        ignore,
        ignore_unstated: true,
        links: LinkPolicy::Refuse,
        entries,
    };
    let historical = "it is of release 0.2, whose form is historical: sign the model anew";
    Ok((set, vec![historical.into(), note]))
}

/// One file. Its digest stands under the name `sha256` whatever it is of; what it is of, the annotation says.
fn file(subject: &Value) -> Result<Resource, Error> {
    let with = members(WHAT, subject, ["annotations", "digest", "name"]);
    let [digest, name] = match with {
        Ok([annotations, digest, name]) => {
            let [algorithm] = members(WHAT, annotations, ["actual_hash_algorithm"])?;
            if algorithm.as_str() != Some(FILE_SHA256) {
                return Err(bad("a subject has another hash than SHA-256"));
            }
            [digest, name]
        }
        Err(_) => members(WHAT, subject, ["digest", "name"])?,
    };
    let [digest] = members(WHAT, digest, ["sha256"])?;
    let digest = digest
        .as_str()
        .and_then(|text| Algorithm::Sha256.parse_hex(text));
    match (name.as_str(), digest) {
        (Some(name), Some(digest)) => Ok(Resource {
            name: name.to_owned(),
            digest,
        }),
        _ => Err(bad("a subject has no name or no SHA-256")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_as_python_shows_them() {
        for (bytes, text) in [
            (&b""[..], "b''"),
            (b"{\"a\": 1}", "b'{\"a\": 1}'"),
            (b"it's", "b\"it's\""),
            (b"it's \"x\"", "b'it\\'s \"x\"'"),
            (b"\t\n\r\\\x00\x7f\xff", "b'\\t\\n\\r\\\\\\x00\\x7f\\xff'"),
        ] {
            let mut shown = Vec::new();
            show(bytes, &mut |part| shown.extend(part));
            assert_eq!(String::from_utf8(shown).unwrap(), text);
        }
        let mut whole: Vec<u8> = Vec::new();
        pre_authentication(b"{}", &mut |part| whole.extend(part));
        assert_eq!(whole, b"DSSEV1 28 application/vnd.in-toto+json 2 b'{}'");
    }

    #[test]
    fn a_statement_names_so_many_files() {
        let predicate = Value::parse(b"{\"unused\":\"\"}").unwrap();
        let why = |count: usize| {
            let list = Value::Array(vec![Value::Null; count]);
            read(&list, &predicate).map(|_| ()).unwrap_err().to_string()
        };
        assert!(!why(FILES_MAX).contains("too many"));
        assert!(why(FILES_MAX + 1).contains("too many"));
        assert!(why(0).contains("no file"));
    }
}
