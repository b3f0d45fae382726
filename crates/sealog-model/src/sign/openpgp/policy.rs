//! Which signatures and keys are accepted at all, before anything is computed.

use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureConfig, SignatureVersion, Subpacket, SubpacketData};
use pgp::ser::Serialize;
use pgp::types::{EcdsaPublicParams, EddsaLegacyPublicParams, KeyDetails, PublicParams};

use crate::limits::{RSA_BITS_MAX, RSA_BITS_MIN};

/// What a signature has to be whatever it is over: understood, and with a hash of at least 256 bits.
pub(super) fn hold_form(signature: &Signature) -> Result<&SignatureConfig, String> {
    if !matches!(
        signature.version(),
        SignatureVersion::V4 | SignatureVersion::V6
    ) {
        return Err("its version is neither 4 nor 6".into());
    }
    let config = signature.config();
    let config = config.ok_or("its version is neither 4 nor 6")?;
    let hash = config.hash_alg;
    if !matches!(
        hash,
        HashAlgorithm::Sha256
            | HashAlgorithm::Sha384
            | HashAlgorithm::Sha512
            | HashAlgorithm::Sha3_256
            | HashAlgorithm::Sha3_512
    ) {
        return Err(format!("its hash is {hash}, which is not accepted"));
    }
    let mut all = config
        .hashed_subpackets()
        .chain(config.unhashed_subpackets());
    if let Some(unknown) = all.find(|part| part.is_critical && !is_understood(part)) {
        let kind = unknown.typ().as_u8(false);
        return Err(format!("its critical subpacket {kind} is not understood"));
    }
    let made = |part: &&Subpacket| matches!(part.data, SubpacketData::SignatureCreationTime(_));
    if config.hashed_subpackets().filter(made).count() != 1 {
        return Err("it does not say once when it was made".into());
    }
    let ends = |part: &&Subpacket| matches!(part.data, SubpacketData::SignatureExpirationTime(_));
    let key_ends = |part: &&Subpacket| matches!(part.data, SubpacketData::KeyExpirationTime(_));
    let flags = |part: &&Subpacket| matches!(part.data, SubpacketData::KeyFlags(_));
    let twice = config.hashed_subpackets().filter(ends).count() > 1
        || config.hashed_subpackets().filter(key_ends).count() > 1
        || config.hashed_subpackets().filter(flags).count() > 1;
    if twice {
        return Err("it says more than once until when or for what".into());
    }
    Ok(config)
}

/// Whether what a subpacket says is heeded, or is of no matter to whoever verifies. Notations are neither.
fn is_understood(part: &Subpacket) -> bool {
    matches!(
        part.data,
        SubpacketData::SignatureCreationTime(_)
            | SubpacketData::SignatureExpirationTime(_)
            | SubpacketData::KeyExpirationTime(_)
            | SubpacketData::IssuerKeyId(_)
            | SubpacketData::IssuerFingerprint(_)
            | SubpacketData::KeyFlags(_)
            | SubpacketData::RevocationReason(..)
            | SubpacketData::EmbeddedSignature(_)
            | SubpacketData::IsPrimary(_)
            | SubpacketData::SignersUserID(_)
            | SubpacketData::PreferredSymmetricAlgorithms(_)
            | SubpacketData::PreferredHashAlgorithms(_)
            | SubpacketData::PreferredCompressionAlgorithms(_)
            | SubpacketData::PreferredEncryptionModes(_)
            | SubpacketData::PreferredAeadAlgorithms(_)
            | SubpacketData::PreferredKeyServer(_)
            | SubpacketData::KeyServerPreferences(_)
            | SubpacketData::Features(_)
    )
}

/// Whether a key is of a kind and length that is accepted.
pub(super) fn hold_strength(key: &impl KeyDetails) -> Result<(), String> {
    match key.public_params() {
        PublicParams::RSA(parameters) => {
            let bits = parameters.to_bytes().ok();
            let bits = bits.and_then(|bytes| bytes.first_chunk::<2>().copied());
            let bits = usize::from(bits.map_or(0, u16::from_be_bytes));
            if (RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) {
                return Ok(());
            }
            Err(format!(
                "it is an RSA key of {bits} bits, at least {RSA_BITS_MIN} are wanted"
            ))
        }
        PublicParams::ECDSA(
            EcdsaPublicParams::P256 { .. }
            | EcdsaPublicParams::P384 { .. }
            | EcdsaPublicParams::P521 { .. },
        )
        | PublicParams::EdDSALegacy(EddsaLegacyPublicParams::Ed25519 { .. })
        | PublicParams::Ed25519(_) => Ok(()),
        _ => Err("it is neither RSA, nor ECDSA on a NIST curve, nor Ed25519".into()),
    }
}
