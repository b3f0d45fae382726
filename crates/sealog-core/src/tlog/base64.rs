//! Base64 as notes, keys and proofs write it: standard alphabet, padded, and exactly one spelling for each value
//! (RFC 4648 section 4).

use alloc::string::String;
use alloc::vec::Vec;

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;

use crate::Hash;

/// Characters of a 32-byte value.
pub const HASH_CHARS: usize = 44;

/// Writes bytes.
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Appends bytes to a text.
pub fn encode_to(bytes: &[u8], text: &mut String) {
    STANDARD.encode_string(bytes, text);
}

/// Reads bytes; `None` for missing or wrong padding, other characters, and set bits beyond the last byte.
pub fn decode(text: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Reads exactly 32 bytes.
pub fn decode_hash(text: impl AsRef<[u8]>) -> Option<Hash> {
    let text = text.as_ref();
    if text.len() != HASH_CHARS {
        return None;
    }
    Hash::from_slice(&decode(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers_of_rfc_4648() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(bytes), text);
            assert_eq!(decode(text).as_deref(), Some(bytes));
        }
    }

    #[test]
    fn every_other_spelling_is_refused() {
        for text in [
            "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v\n", " Zm9v", "Zm 9v", "-_-_", "Zg==Zg==",
            "=",
        ] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_hash_is_forty_four_characters() {
        let text = encode(Hash::ZERO.as_bytes());
        assert_eq!(decode_hash(&text), Some(Hash::ZERO));
        assert_eq!(decode_hash(encode(&[0; 31])), None);
        assert_eq!(decode_hash(encode(&[0; 33])), None);
        assert_eq!(decode_hash(text.trim_end_matches('=')), None);
    }
}
