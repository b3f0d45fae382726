//! What an entry names and does not hold: payload files, and the values of commitments.

use sealog_core::commitment::{Commitment, SEALED_FIELD};
use sealog_core::config::parse_digest;
use sealog_core::hash::Hash;
use sealog_core::json::{Kind, Ref};

/// How every commitment begins in canonical JSON.
const COMMITMENT: &[u8] = b"\"hmac-sha256:";

/// How many commitments an entry has: in its body, and to sealed payloads. Most have none, which a search through their
/// bytes tells.
pub(crate) fn commitments_in(line: &[u8], entry: Ref<'_, '_>) -> u64 {
    if memchr::memmem::find(line, COMMITMENT).is_none() {
        return 0;
    }
    let record = entry.member("record");
    let body = record.and_then(|record| record.member("body"));
    body.map_or(0, commitments) + record.map_or(0, sealed)
}

/// Those to sealed payloads; the other personal ones stand in the body.
fn sealed(record: Ref<'_, '_>) -> u64 {
    let list = record.member("personal_commitments");
    let is_sealed = |item: &Ref<'_, '_>| {
        let field = item.member("field").and_then(Ref::text);
        let named = field.is_some_and(|field| field.starts_with(SEALED_FIELD));
        named
            && item
                .member("commitment")
                .is_some_and(|text| commitments(text) > 0)
    };
    let count = list.into_iter().flat_map(Ref::elements).filter(is_sealed);
    u64::try_from(count.count()).unwrap_or(u64::MAX)
}

/// JSON nests to a limit that the reader holds, so this does too.
fn commitments(value: Ref<'_, '_>) -> u64 {
    match value.kind() {
        Kind::Object => value.members().map(|(_, value)| commitments(value)).sum(),
        Kind::Array => value.elements().map(commitments).sum(),
        Kind::String => {
            let text = value.plain_str();
            u64::from(text.is_some_and(|text| text.parse::<Commitment>().is_ok()))
        }
        _ => 0,
    }
}

/// Digest and size of each payload file that an entry names; none of one that stands inline.
pub(super) fn payload_files<'t, 'a>(
    entry: Ref<'t, 'a>,
) -> impl Iterator<Item = (Hash, u64)> + use<'t, 'a> {
    let payloads = entry
        .member("record")
        .and_then(|record| record.member("payloads"));
    let elements = payloads.into_iter().flat_map(Ref::elements);
    elements
        .filter(|item| item.member("inline").is_none())
        .filter_map(|item| {
            let digest = item.member("digest").and_then(Ref::plain_str);
            Some((
                digest.and_then(parse_digest)?,
                item.member("size").and_then(Ref::u64)?,
            ))
        })
}

#[cfg(test)]
mod tests {
    use sealog_core::json::Tape;

    use super::*;

    const TEXT: &str = "hmac-sha256:00112233445566778899aabbccddeeff:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    #[test]
    fn commitments_are_counted_wherever_they_stand_in_the_body_and_nowhere_else() {
        let count = |body: &str, beside: &str| {
            let text = format!("{{\"record\":{{\"body\":{body},\"more\":{beside}}}}}");
            let mut tape = Tape::new();
            let entry = tape.read(text.as_bytes()).unwrap();
            commitments_in(text.as_bytes(), entry)
        };
        let quoted = format!("\"{TEXT}\"");
        assert_eq!(count("{\"a\":1}", "1"), 0);
        assert_eq!(count("{\"a\":1}", &quoted), 0, "beside the body");
        let nested = format!("{{\"a\":{quoted},\"b\":[{{\"c\":{quoted}}},{quoted},\"x\"]}}");
        assert_eq!(count(&nested, &quoted), 3);
        let named = format!("{{{quoted}:1}}");
        assert_eq!(count(&named, "1"), 0, "the name of a member");
        let personal = |fields: &[&str]| {
            let item = |field: &&str| format!("{{\"commitment\":{quoted},\"field\":\"{field}\"}}");
            let list: Vec<_> = fields.iter().map(item).collect();
            format!("1,\"personal_commitments\":[{}]", list.join(","))
        };
        assert_eq!(count("{\"a\":1}", &personal(&["/a", "", "seal:x"])), 0);
        assert_eq!(count("{\"a\":1}", &personal(&["sealed:/a", "sealed:"])), 2);
        let both = format!("{{\"a\":{quoted}}}");
        assert_eq!(count(&both, &personal(&["/a", "sealed:/a"])), 2);
        for near in [
            format!("\"{TEXT}0\""),
            format!("\"{}\"", &TEXT[..TEXT.len() - 1]),
            format!("\"x\\\"{TEXT}\""),
            format!("\"{}\"", TEXT.replace("9f86", "9F86")),
        ] {
            assert_eq!(count(&format!("{{\"a\":{near}}}"), "1"), 0, "{near}");
        }
    }

    #[test]
    fn a_payload_is_a_file_where_it_does_not_stand_inline() {
        let digest = "ab".repeat(32);
        let text = format!(
            "{{\"record\":{{\"payloads\":[{{\"digest\":\"sha256:{digest}\",\"inline\":\"AA==\",\"size\":1}},{{\"digest\":\"sha256:{digest}\",\"size\":9}}]}}}}"
        );
        let mut tape = Tape::new();
        let entry = tape.read(text.as_bytes()).unwrap();
        let digest = Hash::from_hex(&digest).unwrap();
        assert_eq!(payload_files(entry).collect::<Vec<_>>(), [(digest, 9)]);
        let mut tape = Tape::new();
        assert_eq!(
            payload_files(tape.read(b"{\"record\":{}}").unwrap()).count(),
            0
        );
    }
}
