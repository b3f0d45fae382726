//! What is pinned for a source by another way than the source: its key, and where it ended.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sealog_core::hash::Hash;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::ImportError;
use super::json::{self, Json};

/// Bytes of a secret key, at most.
pub const HMAC_KEY_BYTES_MAX: usize = 4 * 1024;
/// Bytes of an anchor file, at most.
pub const ANCHOR_BYTES_MAX: usize = 64 * 1024;

/// The secret of a log that is chained by HMAC-SHA-256. It is erased when dropped, and shown by nothing.
#[derive(Clone)]
pub struct HmacKey(Zeroizing<Vec<u8>>);

impl HmacKey {
    /// Takes the bytes as they are. The caller erases its own copy.
    ///
    /// # Errors
    /// `hmac_key`: there are none, or more than [`HMAC_KEY_BYTES_MAX`].
    pub fn new(bytes: &[u8]) -> Result<Self, ImportError> {
        if bytes.is_empty() || bytes.len() > HMAC_KEY_BYTES_MAX {
            let why = "the secret key is empty, or longer than 4 KiB";
            return Err(ImportError::source("hmac_key", why));
        }
        Ok(Self(Zeroizing::new(bytes.to_vec())))
    }

    /// Whether this is the code of these parts, in time that does not depend on it.
    pub(super) fn holds(&self, parts: &[&[u8]], code: &Hash) -> bool {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return false;
        };
        for part in parts {
            mac.update(part);
        }
        mac.verify_slice(code.as_bytes()).is_ok()
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey(..)")
    }
}

/// Where a log of llm-audit-trail ended at some time, kept apart from it: its `.anchor` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Sequence number of the newest event then; none: of a log of the older schema, which has no numbers.
    pub(super) seq: Option<u64>,
    /// Its hash.
    pub(super) hash: Hash,
}

impl Anchor {
    /// Reads the file that the tool wrote.
    ///
    /// # Errors
    /// `import_anchor`: it is longer than [`ANCHOR_BYTES_MAX`], or no such file.
    pub fn parse(bytes: &[u8]) -> Result<Self, ImportError> {
        let bad = || {
            let why = "the anchor has not `hash` in 64 hex digits and `seq`, a number or null";
            ImportError::source("import_anchor", why)
        };
        if bytes.len() > ANCHOR_BYTES_MAX {
            return Err(bad());
        }
        let document = json::parse(bytes).map_err(|_| bad())?;
        let seq = match document.get("seq") {
            Some(Json::Null) => None,
            Some(Json::Number(number)) => Some(number.parse().map_err(|_| bad())?),
            _ => return Err(bad()),
        };
        let hash = document.text("hash").and_then(Hash::from_hex);
        Ok(Self {
            seq,
            hash: hash.ok_or_else(bad)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_so_many_bytes_and_is_shown_by_nothing() {
        let of = |length| HmacKey::new(&vec![b'k'; length]);
        assert_eq!(of(0).unwrap_err().code(), "hmac_key");
        assert_eq!(
            format!("{:?}", of(HMAC_KEY_BYTES_MAX).unwrap()),
            "HmacKey(..)"
        );
        let error = of(HMAC_KEY_BYTES_MAX + 1).unwrap_err();
        assert_eq!(error.code(), "hmac_key");
        assert!(!error.to_string().contains("kkk"));
    }

    #[test]
    fn a_code_is_that_of_rfc_4231() {
        let key = HmacKey::new(b"Jefe").unwrap();
        let code = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let code = Hash::from_hex(code).unwrap();
        assert!(key.holds(&[b"what do ya want ", b"for nothing?"], &code));
        assert!(!key.holds(&[b"what do ya want ", b"for nothing!"], &code));
        let other = HmacKey::new(b"Jefa").unwrap();
        assert!(!other.holds(&[b"what do ya want ", b"for nothing?"], &code));
    }

    #[test]
    fn an_anchor_is_one_exactly() {
        let hash = Hash::of(&[b"x"]).to_hex();
        let of = |text: &str| Anchor::parse(text.replace("HASH", &hash).as_bytes());
        let whole = r#"{"anchored_at":"now","hash":"HASH","path":"/x","seq":4,"timestamp":"t"}"#;
        assert_eq!(of(whole).unwrap().seq, Some(4));
        assert_eq!(of(r#"{"hash":"HASH","seq":null}"#).unwrap().seq, None);
        for text in [
            r#"{"hash":"HASH"}"#,
            r#"{"hash":"HASH","seq":-1}"#,
            r#"{"hash":"HASH","seq":"4"}"#,
            r#"{"hash":"HASH","seq":4,"seq":5}"#,
            r#"{"hash":"00","seq":4}"#,
            r#"{"seq":4}"#,
            "[]",
            "",
        ] {
            assert_eq!(of(text).unwrap_err().code(), "import_anchor", "{text}");
        }
        let padded = |bytes: usize| {
            let text = of_length(&whole.replace("HASH", &hash), bytes);
            Anchor::parse(text.as_bytes())
        };
        assert!(padded(ANCHOR_BYTES_MAX).is_ok());
        assert!(padded(ANCHOR_BYTES_MAX + 1).is_err());
    }

    fn of_length(text: &str, bytes: usize) -> String {
        format!("{text}{}", " ".repeat(bytes - text.len()))
    }
}
