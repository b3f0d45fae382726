//! RSA signatures as Python programs make them: PSS with a salt of any length, and PKCS#1 v1.5.

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPssSaltLength, UnparsedPublicKey,
    VerificationAlgorithm as _,
};

use crate::Error;
use crate::keys::{PublicKey, rsa_bits};

/// How long the salt of a signature is, and could have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Salt {
    pub(super) bytes: u16,
    longest: u16,
}

impl Salt {
    pub(super) fn note(self) -> String {
        let Self { bytes, longest } = self;
        let which = if bytes == longest {
            "the longest that fits, as its tool writes it".to_owned()
        } else {
            format!("not the {longest} that its tool writes, and checks")
        };
        format!("the salt of the RSA-PSS signature has {bytes} bytes: {which}")
    }
}

fn refuted() -> Error {
    Error::Signature {
        why: "the manifest or the signature was changed, or the key is another".into(),
    }
}

/// The longest salt that fits (RFC 8017, section 9.1.1): what is left of the encoded message beside the digest and two
/// bytes.
fn longest(key: &PublicKey) -> Option<u16> {
    let encoded = rsa_bits(key.raw())?.checked_sub(1)?.div_ceil(8);
    u16::try_from(encoded.checked_sub(SHA256_OUTPUT_LEN + 2)?).ok()
}

/// Holds a message against its signature, whatever the length of the salt. The library is told a length, so each is
/// tried, the usual ones first: at most some hundred verifications, each of them shorter than the reading of a file.
pub(super) fn hold_pss(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<Salt, Error> {
    let longest = longest(key).ok_or_else(refuted)?;
    let digest = digest(&SHA256, message);
    let usual = [longest, u16::try_from(SHA256_OUTPUT_LEN).unwrap_or(longest)];
    let mut lengths = usual.into_iter().chain(0..longest);
    let found = lengths.find(|bytes| {
        let salt = RsaPssSaltLength::Custom(*bytes);
        let scheme = RSA_PSS_2048_8192_SHA256.with_pss_salt_length(salt);
        let held = scheme.verify_digest_sig(key.raw(), &digest, signature);
        held.is_ok()
    });
    let bytes = found.ok_or_else(refuted)?;
    Ok(Salt { bytes, longest })
}

pub(super) fn hold_pkcs1(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), Error> {
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.raw());
    key.verify(message, signature).map_err(|_| refuted())
}
