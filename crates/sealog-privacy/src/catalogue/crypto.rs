//! Addresses and keys of crypto currencies.

use sealog_core::Hash;
use sha3::{Digest as _, Keccak256};

use super::kind::Shape::Pattern;
use super::{IdentifierType, Mask, identifier};

pub(super) const ENTRIES: &[IdentifierType] = &[
    identifier(
        "BITCOIN_ADDRESS",
        "Bitcoin address",
        Pattern(r"[13][1-9A-HJ-NP-Za-km-z]{25,34}|(bc1|tb1)[02-9ac-hj-np-z]{6,87}|(BC1|TB1)[02-9AC-HJ-NP-Z]{6,87}"),
        |text| base58_check(text, &[0x00, 0x05], 20) || segwit(text, &["bc", "tb"]),
        &[],
    )
    .alone()
    .anywhere()
    .ranked(75)
    .masked(Mask::KeepEnds(4, 4)),
    identifier(
        "LITECOIN_ADDRESS",
        "Litecoin address",
        Pattern(r"[LM][1-9A-HJ-NP-Za-km-z]{25,34}|ltc1[02-9ac-hj-np-z]{6,87}"),
        |text| base58_check(text, &[0x30, 0x32], 20) || segwit(text, &["ltc"]),
        &[],
    )
    .alone()
    .anywhere()
    .ranked(75)
    .masked(Mask::KeepEnds(4, 4)),
    identifier(
        "DOGECOIN_ADDRESS",
        "Dogecoin address",
        Pattern(r"[D9A][1-9A-HJ-NP-Za-km-z]{25,34}"),
        |text| base58_check(text, &[0x1e, 0x16], 20),
        &[],
    )
    .alone()
    .anywhere()
    .ranked(75)
    .masked(Mask::KeepEnds(4, 4)),
    identifier(
        "TRON_ADDRESS",
        "Tron address",
        Pattern(r"T[1-9A-HJ-NP-Za-km-z]{33}"),
        |text| base58_check(text, &[0x41], 20),
        &[],
    )
    .alone()
    .anywhere()
    .ranked(75)
    .masked(Mask::KeepEnds(4, 4)),
    identifier(
        "ETHEREUM_ADDRESS",
        "Ethereum address",
        Pattern(r"0x[0-9a-fA-F]{40}"),
        is_ethereum,
        &[],
    )
    .alone()
    .anywhere()
    .ranked(75)
    .masked(Mask::KeepEnds(6, 4)),
    identifier(
        "BITCOIN_PRIVATE_KEY",
        "Bitcoin private key (WIF)",
        Pattern(r"[5KL][1-9A-HJ-NP-Za-km-z]{50,51}"),
        |text| base58_check(text, &[0x80], 32) || base58_check(text, &[0x80], 33),
        &[],
    )
    .alone()
    .anywhere()
    .ranked(95)
    .masked(Mask::Whole),
];

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// Bytes of what base58 decodes to here, at most: version, private key, mark, check sum.
const BASE58_BYTES_MAX: usize = 38;

/// `Base58Check`: a version, so many bytes, and the first four of their double SHA-256.
fn base58_check(text: &[u8], versions: &[u8], len: usize) -> bool {
    let Some(bytes) = base58(text, len + 5) else {
        return false;
    };
    let Some((payload, sum)) = bytes.split_last_chunk::<4>() else {
        return false;
    };
    let hash = Hash::of(&[Hash::of(&[payload]).as_bytes()]);
    payload
        .first()
        .is_some_and(|version| versions.contains(version))
        && hash.as_bytes().starts_with(sum)
}

/// What base58 decodes to, if it is exactly so many bytes.
fn base58(text: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut bytes = [0_u8; BASE58_BYTES_MAX];
    for sign in text {
        let value = BASE58.iter().position(|known| known == sign)?;
        let mut carry = u32::try_from(value).ok()?;
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = u8::try_from(carry & 0xff).ok()?;
            carry >>= 8;
        }
        if carry > 0 {
            return None;
        }
    }
    let zeros = text.iter().take_while(|sign| **sign == b'1').count();
    let used = bytes
        .iter()
        .position(|byte| *byte != 0)
        .unwrap_or(bytes.len());
    let bytes = bytes.get(used.checked_sub(zeros)?..)?;
    (bytes.len() == len).then(|| bytes.to_vec())
}

const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// A segregated witness address (BIP 173, BIP 350) with one of these prefixes.
fn segwit(text: &[u8], prefixes: &[&str]) -> bool {
    let lower = text.to_ascii_lowercase();
    if lower != text && text.iter().any(u8::is_ascii_lowercase) {
        return false;
    }
    prefixes.iter().any(|prefix| {
        let rest = lower.strip_prefix(prefix.as_bytes());
        let data = rest.and_then(|rest| rest.strip_prefix(b"1"));
        data.is_some_and(|data| is_witness_program(prefix.as_bytes(), data))
    })
}

fn is_witness_program(prefix: &[u8], data: &[u8]) -> bool {
    let values: Option<Vec<u32>> = data
        .iter()
        .map(|sign| BECH32.iter().position(|known| known == sign))
        .map(|place| place.and_then(|place| u32::try_from(place).ok()))
        .collect();
    let Some(values) = values else {
        return false;
    };
    let high = prefix.iter().map(|byte| u32::from(byte >> 5));
    let low = prefix.iter().map(|byte| u32::from(byte & 31));
    let sum = high
        .chain([0])
        .chain(low)
        .chain(values.iter().copied())
        .fold(1, step);
    let Some((version, rest)) = values.split_first() else {
        return false;
    };
    let Some(program) = rest.len().checked_sub(6) else {
        return false;
    };
    let bytes = program * 5 / 8;
    let expected = if *version == 0 { 1 } else { 0x2bc8_30a3 };
    let lens = if *version == 0 {
        bytes == 20 || bytes == 32
    } else {
        (2..=40).contains(&bytes)
    };
    sum == expected && *version <= 16 && lens && program * 5 % 8 < 5
}

/// One step of the check sum of BIP 173.
fn step(sum: u32, value: u32) -> u32 {
    const GENERATORS: [u32; 5] = [
        0x3b6a_57b2,
        0x2650_8e6d,
        0x1ea1_19fa,
        0x3d42_33dd,
        0x2a14_62b3,
    ];
    let top = sum >> 25;
    let shifted = ((sum & 0x01ff_ffff) << 5) ^ value;
    GENERATORS
        .iter()
        .enumerate()
        .filter(|(bit, _)| (top >> bit) & 1 == 1)
        .fold(shifted, |sum, (_, generator)| sum ^ generator)
}

/// EIP-55: the case of the letters is a check sum; letters of one case alone have none.
fn is_ethereum(text: &[u8]) -> bool {
    let Some(digits) = text.strip_prefix(b"0x") else {
        return false;
    };
    let lower = digits.to_ascii_lowercase();
    if digits == lower || digits == digits.to_ascii_uppercase() {
        return digits.iter().any(|digit| *digit != b'0');
    }
    let hash = Keccak256::digest(&lower);
    let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.iter().zip(nibbles).all(|(digit, nibble)| {
        digit.is_ascii_digit() || digit.is_ascii_uppercase() == (nibble >= 8)
    })
}
