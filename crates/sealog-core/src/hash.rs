//! SHA-256 and the 32-byte value that everything is named by.

use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use sha2::block_api::compress256;
use sha2::{Digest, Sha256};

/// The state that SHA-256 begins with (FIPS 180-4 section 5.3.3).
const SHA256_START: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];
/// Bits of a byte and two hashes, as the last block of SHA-256 states them.
const PAIR_BITS: u16 = 8 * 65;

/// A SHA-256 value: leaf hash, node, root, map key or digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; Hash::LEN]);

/// The order of the bytes: two hashes nearly always differ in the first eight.
impl Ord for Hash {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        let (own, others) = (self.first_word(), other.first_word());
        if own == others {
            return self.0.cmp(&other.0);
        }
        own.cmp(&others)
    }
}

impl PartialOrd for Hash {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash {
    /// Length in bytes.
    pub const LEN: usize = 32;
    /// Thirty-two zero bytes: the empty subtree of the state map.
    pub const ZERO: Self = Self([0; Self::LEN]);

    /// Takes the raw bytes.
    pub const fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// SHA-256 of the parts, one after the other.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    /// SHA-256 of one byte and two hashes: the node of a tree. The two blocks that it takes are laid out here, since
    /// a general hasher spends as long on filling its buffer as on hashing them.
    pub(crate) fn of_pair(prefix: u8, left: &Self, right: &Self) -> Self {
        let mut blocks = [[0_u8; 64]; 2];
        let [[first, rest @ ..], [last, end, .., high, low]] = &mut blocks;
        let (from_left, from_right) = rest.split_at_mut(Self::LEN);
        let [head @ .., tail] = &right.0;
        *first = prefix;
        from_left.copy_from_slice(&left.0);
        from_right.copy_from_slice(head);
        (*last, *end) = (*tail, 0x80);
        [*high, *low] = PAIR_BITS.to_be_bytes();
        let mut state = SHA256_START;
        compress256(&mut state, &blocks);
        let mut bytes = [0; Self::LEN];
        for (out, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(state) {
            *out = word.to_be_bytes();
        }
        Self(bytes)
    }

    /// The first eight bytes as a number that sorts as they do.
    #[inline]
    const fn first_word(&self) -> u64 {
        match self.0.first_chunk() {
            Some(bytes) => u64::from_be_bytes(*bytes),
            None => 0,
        }
    }

    /// The first eight bytes and the eight behind them, as numbers.
    pub(crate) const fn words(&self) -> (u64, u64) {
        let [first, second, _, _] = self.0.as_chunks::<8>().0 else {
            return (0, 0);
        };
        (u64::from_be_bytes(*first), u64::from_be_bytes(*second))
    }

    /// The raw bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// Sixty-four lowercase hex digits.
    pub fn to_hex(&self) -> String {
        let mut text = String::with_capacity(2 * Self::LEN);
        push_hex(&mut text, &self.0);
        text
    }

    /// The same from bytes.
    pub fn from_hex_bytes(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::LEN];
        decode_hex(text, &mut bytes)?;
        Some(Self(bytes))
    }

    /// Reads exactly sixty-four lowercase hex digits; upper case is refused, so that each value has one spelling.
    pub fn from_hex(text: &str) -> Option<Self> {
        Self::from_hex_bytes(text.as_bytes())
    }

    /// Takes a slice of exactly 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl From<[u8; Hash::LEN]> for Hash {
    fn from(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not through the formatting of numbers, byte by byte: every entry holds several.
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// Appends lowercase hex digits of `bytes` to `text`.
pub fn push_hex(text: &mut String, bytes: &[u8]) {
    text.reserve(2 * bytes.len());
    for chunk in bytes.chunks(Hash::LEN) {
        let mut digits = [0; 2 * Hash::LEN];
        encode_hex(chunk, &mut digits);
        let digits = digits.get(..2 * chunk.len()).unwrap_or_default();
        text.push_str(core::str::from_utf8(digits).unwrap_or_default());
    }
}

/// Appends lowercase hex digits of `bytes` to a text that is under construction as bytes.
pub(crate) fn push_hex_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + 2 * bytes.len(), 0);
    encode_hex(bytes, out.get_mut(start..).unwrap_or_default());
}

/// Fills `out`, twice as long, with the lowercase hex digits of `bytes`.
fn encode_hex(bytes: &[u8], out: &mut [u8]) {
    for (byte, pair) in bytes.iter().zip(out.as_chunks_mut::<2>().0) {
        *pair = PAIRS.get(usize::from(*byte)).copied().unwrap_or_default();
    }
}

/// The two lowercase digits of each byte.
static PAIRS: [[u8; 2]; 256] = {
    let mut table = [[0; 2]; 256];
    let mut byte = 0u8;
    loop {
        set(&mut table, byte, [digit(byte >> 4), digit(byte & 15)]);
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// The lowercase digit of a value below 16.
const fn digit(value: u8) -> u8 {
    if value < 10 {
        b'0' + value
    } else {
        b'a' + value - 10
    }
}

/// Fills `out` from exactly `2 * out.len()` lowercase hex digits.
pub fn decode_hex(text: &[u8], out: &mut [u8]) -> Option<()> {
    if text.len() != out.len().checked_mul(2)? {
        return None;
    }
    // Bad digits are gathered and looked at once: no branch for each of them.
    let mut bad = 0;
    for ([high, low], byte) in text.as_chunks::<2>().0.iter().zip(out) {
        let (high, low) = (nibble(*high), nibble(*low));
        bad |= high | low;
        *byte = (high << 4) | (low & 15);
    }
    (bad <= 15).then_some(())
}

/// The value of a hex digit; 0xff for any other byte.
const NIBBLE: [u8; 256] = {
    let mut table = [0xff; 256];
    let mut value = 0;
    while value < 16 {
        set(&mut table, digit(value), value);
        value += 1;
    }
    table
};

#[expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "evaluated at compile time, where neither traits nor failure exist"
)]
const fn set<T: Copy>(table: &mut [T; 256], byte: u8, value: T) {
    table[byte as usize] = value;
}

#[inline]
fn nibble(digit: u8) -> u8 {
    NIBBLE.get(usize::from(digit)).copied().unwrap_or(0xff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answer_and_hex_round_trip() {
        let empty = Hash::of(&[]);
        assert_eq!(
            empty.to_hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(Hash::from_hex(&empty.to_hex()), Some(empty));
        assert_eq!(Hash::of(&[b"a", b"", b"bc"]), Hash::of(&[b"abc"]));
    }

    #[test]
    fn a_pair_hashes_as_the_bytes_of_it_do() {
        let mut hash = Hash::ZERO;
        for prefix in [0, 1, 2, 3, 0xff] {
            let left = Hash::of(&[hash.as_bytes(), b"left"]);
            let right = Hash::of(&[hash.as_bytes(), b"right"]);
            hash = Hash::of(&[&[prefix], left.as_bytes(), right.as_bytes()]);
            assert_eq!(Hash::of_pair(prefix, &left, &right), hash);
        }
    }

    #[test]
    fn the_order_is_that_of_the_bytes() {
        let mut hashes: Vec<Hash> = (0..64_u8).map(|n| Hash::of(&[&[n]])).collect();
        for at in 0..Hash::LEN {
            let mut bytes = [7; Hash::LEN];
            for value in [0, 8, 0x80, 0xff] {
                bytes[at] = value;
                hashes.push(Hash::new(bytes));
            }
        }
        for left in &hashes {
            for right in &hashes {
                assert_eq!(left.cmp(right), left.as_bytes().cmp(right.as_bytes()));
            }
        }
    }

    #[test]
    fn hex_refuses_upper_case_other_lengths_and_other_characters() {
        let hex = Hash::ZERO.to_hex();
        assert_eq!(Hash::from_hex(&hex.replacen('0', "A", 1)), None);
        assert_eq!(Hash::from_hex(&hex.replacen('0', "g", 1)), None);
        assert_eq!(Hash::from_hex(hex.get(1..).unwrap_or_default()), None);
        assert_eq!(Hash::from_hex(&(hex + "0")), None);
    }
}
