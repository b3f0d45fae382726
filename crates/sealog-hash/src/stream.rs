//! SHA-256 of messages that come in parts, of which two can be taken in step.

use sha2::block_api::compress256;

use crate::Digest256;

/// Bytes of a block.
pub(crate) const BLOCK: usize = 64;
/// Bytes of the length at the end of the last block.
const LENGTH: usize = 8;

/// The state that SHA-256 begins with (FIPS 180-4 section 5.3.3).
pub(crate) const START: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// A message that is being hashed.
///
/// By itself it is as quick as the crate `sha2`, whose code it calls. Two in step ([`Sha256Stream::update_both`]) are
/// quicker where the processor has the instructions. The digest never depends on how the message was cut.
#[derive(Debug, Clone)]
pub struct Sha256Stream {
    state: [u32; 8],
    /// The beginning of a block that is not full: `used` bytes, always fewer than a block.
    rest: [u8; BLOCK],
    used: usize,
    /// Bytes so far; the standard counts bits modulo 2^64.
    length: u64,
}

impl Default for Sha256Stream {
    fn default() -> Self {
        Self {
            state: START,
            rest: [0; BLOCK],
            used: 0,
            length: 0,
        }
    }
}

impl Sha256Stream {
    /// A message of which nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next part.
    pub fn update(&mut self, bytes: &[u8]) {
        let (blocks, end) = self.fill(bytes).as_chunks::<BLOCK>();
        compress256(&mut self.state, blocks);
        self.keep(end);
    }

    /// The next part of this message and the next part of another one, as far as both go in step.
    pub fn update_both(&mut self, bytes: &[u8], other: &mut Self, other_bytes: &[u8]) {
        let (blocks, end) = self.fill(bytes).as_chunks::<BLOCK>();
        let (other_blocks, other_end) = other.fill(other_bytes).as_chunks::<BLOCK>();
        let shared = blocks.len().min(other_blocks.len());
        let (pairs, left) = blocks.split_at(shared);
        let (other_pairs, other_left) = other_blocks.split_at(shared);
        compress_both(&mut self.state, pairs, &mut other.state, other_pairs);
        compress256(&mut self.state, left);
        compress256(&mut other.state, other_left);
        self.keep(end);
        other.keep(other_end);
    }

    /// The digest of all parts.
    pub fn finish(mut self) -> Digest256 {
        let bits = self.length.wrapping_mul(8);
        let mut last = [[0; BLOCK]; 2];
        let bytes = last.as_flattened_mut();
        let text = self.rest.iter().take(self.used);
        for (to, from) in bytes.iter_mut().zip(text.chain([&0x80])) {
            *to = *from;
        }
        let count = if self.used + 1 + LENGTH <= BLOCK {
            1
        } else {
            2
        };
        let end = count * BLOCK;
        if let Some(place) = bytes.get_mut(end - LENGTH..end) {
            place.copy_from_slice(&bits.to_be_bytes());
        }
        compress256(&mut self.state, last.get(..count).unwrap_or_default());
        let mut digest = [0; 32];
        for (to, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(self.state) {
            *to = word.to_be_bytes();
        }
        digest
    }

    /// Counts a part and completes the block that was begun; what is returned begins a block, or is empty.
    fn fill<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.length = self.length.wrapping_add(count);
        if self.used == 0 {
            return bytes;
        }
        let (start, left) = bytes.split_at(bytes.len().min(BLOCK - self.used));
        self.keep(start);
        left
    }

    /// Adds to the block that was begun; at most what it lacks.
    fn keep(&mut self, bytes: &[u8]) {
        for (to, from) in self.rest.iter_mut().skip(self.used).zip(bytes) {
            *to = *from;
        }
        self.used += bytes.len();
        if self.used == BLOCK {
            compress256(&mut self.state, &[self.rest]);
            self.used = 0;
        }
    }
}

/// As many blocks into the one state as into the other.
fn compress_both(
    state: &mut [u32; 8],
    blocks: &[[u8; BLOCK]],
    other: &mut [u32; 8],
    other_blocks: &[[u8; BLOCK]],
) {
    #[cfg(target_arch = "x86_64")]
    if crate::lanes::compress_pairs(state, blocks, other, other_blocks) {
        return;
    }
    compress256(state, blocks);
    compress256(other, other_blocks);
}
