//! RFC 8032 known answers and the strict refusals.

use alloc::format;
use alloc::vec::Vec;

use super::*;

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    let mut out = [0; N];
    crate::hash::decode_hex(hex.as_bytes(), &mut out).unwrap();
    out
}

/// RFC 8032 section 7.1, test 2.
const SEED: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
const PUBLIC: &str = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
const SIGNATURE: &str = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

fn signer() -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyType::Ed25519, "example.com/log", &bytes(SEED)).unwrap()
}

#[test]
fn known_answer_of_rfc_8032() {
    let signature: [u8; 64] = bytes(SIGNATURE);
    assert_eq!(signer().sign(&[0x72]), Ok(signature));
    assert_eq!(
        signer().verifier_key().public_key().as_bytes(),
        &bytes::<32>(PUBLIC)
    );
    assert!(verify_ed25519(&bytes(PUBLIC), &[0x72], &signature));
}

#[test]
fn every_flipped_bit_is_refused() {
    let (public, signature) = (bytes::<32>(PUBLIC), bytes::<64>(SIGNATURE));
    for bit in 0..256 {
        let mut altered = public;
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(!verify_ed25519(&altered, &[0x72], &signature));
    }
    for bit in 0..512 {
        let mut altered = signature;
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(!verify_ed25519(&public, &[0x72], &altered));
    }
    assert!(!verify_ed25519(&public, &[0x73], &signature));
    assert!(!verify_ed25519(&public, &[], &signature));
}

#[test]
fn a_scalar_beyond_the_order_is_refused() {
    // S + L, where L = 2^252 + 27742317777372353535851937790883648493: the same scalar, another spelling.
    let order: [u8; 32] = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut signature: [u8; 64] = bytes(SIGNATURE);
    let mut carry = 0_u16;
    for (digit, more) in signature[32..].iter_mut().zip(order) {
        carry += u16::from(*digit) + u16::from(more);
        *digit = carry.to_le_bytes()[0];
        carry >>= 8;
    }
    assert_eq!(carry, 0);
    assert!(!verify_ed25519(&bytes(PUBLIC), &[0x72], &signature));
}

#[test]
fn a_key_of_small_order_is_refused() {
    let points = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    ];
    for point in points {
        assert_eq!(PublicKey::from_bytes(&bytes(point)), None, "{point}");
        // With such a key, R = that point and S = 0, a lenient verifier accepts some message.
        let signature: [u8; 64] = bytes(&format!("{point}{:064}", 0));
        for message in 0..16 {
            assert!(!verify_ed25519(&bytes(point), &[message], &signature));
        }
    }
}

#[test]
fn a_key_with_another_spelling_is_refused() {
    // y + p for each y below 19: at least one of them decodes for a decoder that reduces.
    let reducible: Vec<[u8; 32]> = (0xed..=0xff)
        .flat_map(|low| {
            [0x7f, 0xff].map(|high| {
                let mut bytes = [0xff; 32];
                bytes[0] = low;
                bytes[31] = high;
                bytes
            })
        })
        .collect();
    let decoded = |key: &&[u8; 32]| ed25519_dalek::VerifyingKey::from_bytes(key).is_ok();
    assert!(
        reducible.iter().any(|key| decoded(&key)),
        "the check below would be idle"
    );
    for key in &reducible {
        assert_eq!(PublicKey::from_bytes(key), None);
    }
    let mut largest = [0xff; 32];
    (largest[0], largest[31]) = (0xeb, 0x7f);
    assert!(is_canonical(&largest), "p - 2 is a canonical coordinate");
}

#[test]
fn a_key_that_is_no_point_is_refused() {
    let mut key = [0; 32];
    key[0] = 2;
    assert_eq!(PublicKey::from_bytes(&key), None);
}

#[test]
fn the_signer_shows_no_secret() {
    let shown = format!("{:?}", signer());
    assert!(shown.contains("example.com/log"), "{shown}");
    assert!(
        !shown.contains("4ccd") && !shown.contains("76, 205"),
        "{shown}"
    );
}
