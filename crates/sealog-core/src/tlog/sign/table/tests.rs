//! The table against `verify_strict`, over what both accept and what both refuse.

use std::format;
use std::vec;

use ed25519_dalek::{Signer, SigningKey};

use super::*;
use crate::tlog::sign::PublicKey;

/// A table of its own, whatever the process has room for.
fn table(key: &VerifyingKey) -> Table {
    TABLES.fetch_add(1, Ordering::Relaxed);
    Table::new(key, Room)
}

fn strict(key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> bool {
    let signature = ed25519_dalek::Signature::from_bytes(signature);
    key.verify_strict(message, &signature).is_ok()
}

/// The answer of the table, which must be that of the library.
fn agreed(table: &Table, key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> bool {
    let holds = table.verify(key, message, signature);
    assert_eq!(holds, strict(key, message, signature), "{signature:02x?}");
    holds
}

#[test]
fn signatures_of_many_keys_verify_and_none_with_a_flipped_bit() {
    for seed in 0..8 {
        let signing = SigningKey::from_bytes(&[seed; 32]);
        let key = signing.verifying_key();
        let table = table(&key);
        for length in [0, 1, 63, 64, 65, 200] {
            let message = vec![seed; length];
            let signature = signing.sign(&message).to_bytes();
            assert!(agreed(&table, &key, &message, &signature));
            for bit in (usize::from(seed)..512).step_by(8) {
                let mut altered = signature;
                altered[bit / 8] ^= 1 << (bit % 8);
                assert!(!agreed(&table, &key, &message, &altered), "bit {bit}");
            }
            let other = [&message[..], b"x"].concat();
            assert!(!agreed(&table, &key, &other, &signature));
        }
    }
}

#[test]
fn a_scalar_that_is_not_reduced_is_refused() {
    let signing = SigningKey::from_bytes(&[3; 32]);
    let key = signing.verifying_key();
    let mut signature = signing.sign(b"m").to_bytes();
    // S + L: the same scalar, another spelling.
    let order = Scalar::ZERO - Scalar::ONE;
    let mut carry = 1_u16;
    for (digit, more) in signature[32..].iter_mut().zip(order.as_bytes()) {
        carry += u16::from(*digit) + u16::from(*more);
        *digit = carry.to_le_bytes()[0];
        carry >>= 8;
    }
    assert!(!agreed(&table(&key), &key, b"m", &signature));
}

/// Keys and R values with a part of small order: where lenient, batched and strict verifiers are known to differ.
#[test]
fn parts_of_small_order_are_judged_as_by_the_library() {
    let a = Scalar::from(77_u64);
    let mut accepted = 0;
    for (n, torsion) in curve25519_dalek::constants::EIGHT_TORSION
        .iter()
        .enumerate()
    {
        let point = EdwardsPoint::mul_base(&a) + torsion;
        let key = VerifyingKey::from_bytes(point.compress().as_bytes()).unwrap();
        let table = table(&key);
        for (m, other) in curve25519_dalek::constants::EIGHT_TORSION
            .iter()
            .enumerate()
        {
            for nonce in [0_u64, 5] {
                let nonce = Scalar::from(nonce);
                let r = (EdwardsPoint::mul_base(&nonce) + other).compress();
                for message in 0..8_u8 {
                    let message = [message, u8::try_from(n * 8 + m).unwrap()];
                    let mut hasher = Sha512::new();
                    for part in [r.as_bytes(), key.as_bytes(), &message[..]] {
                        hasher.update(part);
                    }
                    let k = Scalar::from_bytes_mod_order_wide(&hasher.finalize().into());
                    let s = nonce + k * a;
                    let mut signature = [0; 64];
                    signature[..32].copy_from_slice(r.as_bytes());
                    signature[32..].copy_from_slice(s.as_bytes());
                    let holds = agreed(&table, &key, &message, &signature);
                    accepted += usize::from(holds);
                    assert!(!holds || nonce != Scalar::ZERO, "an R of small order");
                }
            }
        }
    }
    assert!(accepted >= 8, "some of them hold: {accepted}");
}

#[test]
fn digits_are_those_of_the_scalar() {
    let borders = [0_u32, 1, 63, 64, 65, 127, 128, 8191, 8192].map(Scalar::from);
    let largest = [-Scalar::ONE, -Scalar::from(2_u64)];
    let hashed = (0..64_u8).map(|n| Scalar::from_bytes_mod_order([n.wrapping_mul(37); 32]));
    for scalar in borders.into_iter().chain(largest).chain(hashed) {
        let digits = digits(&scalar);
        assert!(digits.iter().all(|digit| (-63..=64).contains(digit)));
        let sum = digits.iter().rev().fold(Scalar::ZERO, |sum, digit| {
            let distance = Scalar::from(digit.unsigned_abs());
            sum * Scalar::from(128_u8) + if *digit < 0 { -distance } else { distance }
        });
        assert_eq!(sum, scalar);
    }
}

#[test]
fn a_key_has_a_table_from_its_65th_use_on_and_its_copies_share_it() {
    let signing = SigningKey::from_bytes(&[9; 32]);
    let key = signing.verifying_key();
    let often = Often::default();
    for uses in 0..KEY_TABLE_USES_MIN {
        assert!(often.table(&key).is_none(), "use {uses}");
    }
    // Other tests have some of the room.
    if often.table(&key).is_some() {
        assert!(often.table.get().is_some());
    }
    let public = PublicKey::from_bytes(key.as_bytes()).unwrap();
    let signature = signing.sign(b"m").to_bytes();
    for uses in 0..2 * KEY_TABLE_USES_MIN {
        let copy = public.clone();
        assert!(copy.verify(b"m", &signature), "use {uses}");
        assert!(!copy.verify(b"n", &signature), "use {uses}");
    }
    assert!(public.often.uses.load(Ordering::Relaxed) >= KEY_TABLE_USES_MIN);
    assert_eq!(public, PublicKey::from_bytes(key.as_bytes()).unwrap());
}

#[test]
fn room_ends_at_the_limit_and_comes_back() {
    let mut held = vec![];
    while let Some(room) = Room::take() {
        held.push(room);
        assert!(
            held.len() <= KEY_TABLES_MAX,
            "{}",
            format!("{}", held.len())
        );
    }
    let before = TABLES.load(Ordering::Relaxed);
    assert!(before >= KEY_TABLES_MAX);
    drop(held);
    assert!(TABLES.load(Ordering::Relaxed) <= before);
}
