//! DSSE envelopes: a signature that covers a payload together with what kind of payload it is
//! (`docs/formats/evidence.md`).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::json::{Object, Value};

/// Signatures of an envelope that are read, at most.
pub const DSSE_SIGNATURES_MAX: usize = 16;

/// The bytes that are signed: the pre-authentication encoding of DSSE 1.0. They hold no newline where the payload holds
/// none, so that no signed note can be taken for one.
pub fn pre_authentication(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let (kind, length) = (payload_type.len(), payload.len());
    let mut out = Vec::from(format!("DSSEv1 {kind} {payload_type} {length} "));
    out.extend_from_slice(payload);
    out
}

/// A signature and who is said to have made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DsseSignature {
    /// Which key; trusted by nothing.
    pub key_id: String,
    /// The signature.
    pub value: [u8; 64],
}

/// A payload with its signatures. Nothing of it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dsse {
    /// What kind of payload it is.
    pub payload_type: String,
    /// The payload.
    pub payload: Vec<u8>,
    /// One signature or several.
    pub signatures: Vec<DsseSignature>,
}

impl Dsse {
    /// What the signatures cover.
    pub fn signed_bytes(&self) -> Vec<u8> {
        pre_authentication(&self.payload_type, &self.payload)
    }

    /// The canonical JSON of the envelope.
    pub fn to_json(&self) -> Value {
        let signatures = self.signatures.iter().map(|signature| {
            let mut json = Object::new();
            json.insert("keyid", signature.key_id.as_str());
            json.insert("sig", STANDARD.encode(signature.value));
            Value::Object(json)
        });
        let mut json = Object::new();
        json.insert("payload", STANDARD.encode(&self.payload));
        json.insert("payloadType", self.payload_type.as_str());
        json.insert("signatures", Value::Array(signatures.collect()));
        Value::Object(json)
    }

    /// Reads an envelope: exactly these members, padded base64, Ed25519 signatures alone. `None` for anything else.
    pub fn from_json(json: &Value) -> Option<Self> {
        let object = members(json, 3)?;
        let signatures = object.get("signatures")?.as_array()?;
        if !(1..=DSSE_SIGNATURES_MAX).contains(&signatures.len()) {
            return None;
        }
        let signature = |json: &Value| {
            let object = members(json, 2)?;
            let value = STANDARD.decode(object.get("sig")?.as_str()?).ok()?;
            Some(DsseSignature {
                key_id: object.get("keyid")?.as_str()?.into(),
                value: value.try_into().ok()?,
            })
        };
        Some(Self {
            payload_type: object.get("payloadType")?.as_str()?.into(),
            payload: STANDARD.decode(object.get("payload")?.as_str()?).ok()?,
            signatures: signatures.iter().map(signature).collect::<Option<_>>()?,
        })
    }
}

fn members(json: &Value, count: usize) -> Option<&Object> {
    match json {
        Value::Object(object) if object.iter().len() == count => Some(object),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn envelope(signatures: usize) -> Dsse {
        let signature = DsseSignature {
            key_id: "k".into(),
            value: [7; 64],
        };
        Dsse {
            payload_type: "application/vnd.in-toto+json".into(),
            payload: b"{}".to_vec(),
            signatures: vec![signature; signatures],
        }
    }

    #[test]
    fn the_encoding_is_that_of_the_specification() {
        // The example of the DSSE specification, version 1.0.
        let bytes = pre_authentication("http://example.com/HelloWorld", b"hello world");
        assert_eq!(
            bytes,
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn an_envelope_is_read_as_it_was_written() {
        let written = envelope(2);
        assert_eq!(Dsse::from_json(&written.to_json()), Some(written));
    }

    #[test]
    fn no_signature_and_too_many_are_no_envelope() {
        assert!(Dsse::from_json(&envelope(0).to_json()).is_none());
        let most = envelope(DSSE_SIGNATURES_MAX);
        assert_eq!(Dsse::from_json(&most.to_json()), Some(most));
        assert!(Dsse::from_json(&envelope(DSSE_SIGNATURES_MAX + 1).to_json()).is_none());
    }

    #[test]
    fn another_member_or_a_short_signature_is_no_envelope() {
        let text = String::from_utf8(envelope(1).to_json().to_canonical()).unwrap();
        let more = text.replace("\"payload\"", "\"a\":1,\"payload\"");
        assert!(Dsse::from_json(&Value::parse(more.as_bytes()).unwrap()).is_none());
        let short = text.replace("BwcHBw==\"}", "Bw==\"}");
        assert_ne!(short, text);
        assert!(Dsse::from_json(&Value::parse(short.as_bytes()).unwrap()).is_none());
    }
}
