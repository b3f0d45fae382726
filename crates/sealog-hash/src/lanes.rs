//! Two lanes of the SHA instructions of x86-64 (Intel SDM, `SHA256RNDS2`, `SHA256MSG1`, `SHA256MSG2`).

#![allow(
    unsafe_code,
    reason = "the instructions are called only where they were found; loads read whole blocks"
)]

use core::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_loadu_si128, _mm_set_epi64x, _mm_sha256msg1_epu32,
    _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8, _mm_shuffle_epi32,
    _mm_storeu_si128,
};

use crate::Digest256;
use crate::stream::{BLOCK, START};

/// Messages that are under way at once.
const LANES: usize = 2;

/// The constants of the rounds (FIPS 180-4 section 4.2.2).
#[rustfmt::skip]
const ROUNDS: [[u32; 4]; 16] = [
    [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5],
    [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
    [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3],
    [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
    [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc],
    [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
    [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7],
    [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
    [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13],
    [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
    [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3],
    [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
    [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5],
    [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
    [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208],
    [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
];

/// All digests; `None` where the processor lacks the instructions.
pub(crate) fn sha256_all(prefix: &[u8], messages: &[&[u8]]) -> Option<Vec<Digest256>> {
    // A prefix stands whole in the first block.
    if !able() || prefix.len() >= BLOCK {
        return None;
    }
    // SAFETY: the processor has the instructions: they were looked for above.
    Some(unsafe { in_lanes(prefix, messages) })
}

/// Takes as many blocks into each state as both have; `false`, and nothing taken, where the processor lacks the
/// instructions.
pub(crate) fn compress_pairs(
    state: &mut [u32; 8],
    blocks: &[[u8; BLOCK]],
    other: &mut [u32; 8],
    other_blocks: &[[u8; BLOCK]],
) -> bool {
    if !able() {
        return false;
    }
    // SAFETY: the processor has the instructions: they were looked for above.
    unsafe { pairs(state, blocks, other, other_blocks) };
    true
}

/// Whether the processor has the instructions.
fn able() -> bool {
    is_x86_feature_detected!("sha")
        && is_x86_feature_detected!("ssse3")
        && is_x86_feature_detected!("sse4.1")
}

/// The state of one message, in the order that the instructions want: words A B E F, and C D G H.
#[derive(Clone, Copy)]
struct State {
    abef: __m128i,
    cdgh: __m128i,
}

/// A message under way: the blocks of its text that are left, and the blocks around them.
struct Lane<'m> {
    /// Place among the messages.
    number: usize,
    state: State,
    /// The first block, if the prefix makes one that is whole.
    head: Option<[u8; BLOCK]>,
    whole: core::slice::Iter<'m, [u8; BLOCK]>,
    /// The end of the text, the padding and the length: one block or two.
    tail: [[u8; BLOCK]; 2],
    tail_left: core::ops::Range<usize>,
}

impl<'m> Lane<'m> {
    #[target_feature(enable = "sha,ssse3,sse4.1")]
    fn new(number: usize, prefix: &[u8], message: &'m [u8]) -> Self {
        let mut first = [0; BLOCK];
        let (before, behind) = first.split_at_mut(prefix.len());
        before.copy_from_slice(prefix);
        let (head, rest) = match message.split_at_checked(behind.len()) {
            Some((start, rest)) if !prefix.is_empty() => {
                behind.copy_from_slice(start);
                (Some(first), rest)
            }
            _ => (None, message),
        };
        let (whole, end) = rest.as_chunks::<BLOCK>();
        let short = if head.is_some() { &[][..] } else { prefix };
        let (tail, blocks) = tail(short, end, prefix.len() + message.len());
        Self {
            number,
            state: State::of(&START),
            head,
            whole: whole.iter(),
            tail,
            tail_left: 0..blocks,
        }
    }

    /// The next block, if one is left.
    fn next(&mut self) -> Option<[u8; BLOCK]> {
        if let Some(head) = self.head.take() {
            return Some(head);
        }
        if let Some(block) = self.whole.next() {
            return Some(*block);
        }
        self.tail.get(self.tail_left.next()?).copied()
    }

    fn is_left(&self) -> bool {
        self.head.is_some() || self.whole.len() > 0 || !self.tail_left.is_empty()
    }
}

/// The last blocks: what is left of the text, a one bit, zeroes, and the length in bits.
fn tail(prefix: &[u8], end: &[u8], length: usize) -> ([[u8; BLOCK]; 2], usize) {
    let mut tail = [[0; BLOCK]; 2];
    let bytes = tail.as_flattened_mut();
    let text = prefix.iter().chain(end).chain(core::iter::once(&0x80));
    for (to, from) in bytes.iter_mut().zip(text) {
        *to = *from;
    }
    let used = prefix.len() + end.len() + 1;
    let blocks = if used + 8 <= BLOCK { 1 } else { 2 };
    let bits = u64::try_from(length).unwrap_or(u64::MAX).wrapping_mul(8);
    let at = blocks * BLOCK - 8;
    if let Some(place) = bytes.get_mut(at..at + 8) {
        place.copy_from_slice(&bits.to_be_bytes());
    }
    (tail, blocks)
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
fn in_lanes(prefix: &[u8], messages: &[&[u8]]) -> Vec<Digest256> {
    let mut digests = vec![[0; 32]; messages.len()];
    let mut waiting = messages.iter().enumerate();
    let mut next = || {
        let (number, message) = waiting.next()?;
        Some(Lane::new(number, prefix, message))
    };
    let mut lanes: [Option<Lane<'_>>; LANES] = [next(), next()];
    loop {
        let [first, second] = &mut lanes;
        match (first, second) {
            (Some(one), Some(other)) => {
                // Both have one: a lane leaves with its last.
                if let (Some(block), Some(other_block)) = (one.next(), other.next()) {
                    compress_both(&mut one.state, &mut other.state, &block, &other_block);
                }
            }
            (Some(lane), None) | (None, Some(lane)) => {
                while let Some(block) = lane.next() {
                    compress(&mut lane.state, &block);
                }
            }
            (None, None) => return digests,
        }
        for lane in &mut lanes {
            if lane.as_ref().is_some_and(|lane| !lane.is_left())
                && let Some(done) = lane.take()
            {
                if let Some(digest) = digests.get_mut(done.number) {
                    *digest = done.state.digest();
                }
                *lane = next();
            }
        }
    }
}

#[target_feature(enable = "sha,ssse3,sse4.1")]
fn pairs(
    state: &mut [u32; 8],
    blocks: &[[u8; BLOCK]],
    other: &mut [u32; 8],
    other_blocks: &[[u8; BLOCK]],
) {
    let mut one = State::of(state);
    let mut two = State::of(other);
    for (block, other_block) in blocks.iter().zip(other_blocks) {
        compress_both(&mut one, &mut two, block, other_block);
    }
    *state = one.words();
    *other = two.words();
}

/// The rounds of one block for each lane. The lanes stand side by side in each step, so that one fills the waits of
/// the other; written out by a macro, since iterators are not inlined into functions with instructions of their own.
macro_rules! rounds {
    ($($state:ident, $words:ident);+) => {
        let [first, second, third, fourth, rest @ ..] = &ROUNDS;
        $( four_rounds($state, $words.0, first); )+
        $( four_rounds($state, $words.1, second); )+
        $( four_rounds($state, $words.2, third); )+
        $( four_rounds($state, $words.3, fourth); )+
        let [r4, r5, r6, r7, r8, r9, r10, r11, r12, r13, r14, r15] = rest;
        $( extend($state, &mut $words, r4); )+
        $( extend($state, &mut $words, r5); )+
        $( extend($state, &mut $words, r6); )+
        $( extend($state, &mut $words, r7); )+
        $( extend($state, &mut $words, r8); )+
        $( extend($state, &mut $words, r9); )+
        $( extend($state, &mut $words, r10); )+
        $( extend($state, &mut $words, r11); )+
        $( extend($state, &mut $words, r12); )+
        $( extend($state, &mut $words, r13); )+
        $( extend($state, &mut $words, r14); )+
        $( extend($state, &mut $words, r15); )+
    };
}

/// The last sixteen words of the schedule, four in each, the oldest first.
struct Schedule(__m128i, __m128i, __m128i, __m128i);

/// One block into one state.
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn compress(state: &mut State, block: &[u8; BLOCK]) {
    let before = *state;
    let mut words = words(block);
    rounds!(state, words);
    add(state, before);
}

/// One block into each of two states.
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn compress_both(
    one: &mut State,
    other: &mut State,
    block: &[u8; BLOCK],
    other_block: &[u8; BLOCK],
) {
    let (before, other_before) = (*one, *other);
    let mut words_of_one = words(block);
    let mut words_of_other = words(other_block);
    rounds!(one, words_of_one; other, words_of_other);
    add(one, before);
    add(other, other_before);
}

#[inline]
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn add(state: &mut State, before: State) {
    state.abef = _mm_add_epi32(state.abef, before.abef);
    state.cdgh = _mm_add_epi32(state.cdgh, before.cdgh);
}

#[inline]
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn four_rounds(state: &mut State, words: __m128i, constants: &[u32; 4]) {
    let both = _mm_add_epi32(words, vector(constants));
    state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, both);
    let high = _mm_shuffle_epi32::<0x0e>(both);
    state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, high);
}

/// Four rounds with the next four words of the schedule; the oldest four leave it.
#[inline]
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn extend(state: &mut State, schedule: &mut Schedule, constants: &[u32; 4]) {
    let Schedule(oldest, second, third, newest) = *schedule;
    let sum = _mm_add_epi32(
        _mm_sha256msg1_epu32(oldest, second),
        _mm_alignr_epi8::<4>(newest, third),
    );
    let next = _mm_sha256msg2_epu32(sum, newest);
    *schedule = Schedule(second, third, newest, next);
    four_rounds(state, next, constants);
}

/// The sixteen words of a block, big-endian in memory.
#[inline]
#[target_feature(enable = "sha,ssse3,sse4.1")]
fn words(block: &[u8; BLOCK]) -> Schedule {
    let swap = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    let ([first, second, third, fourth], []) = block.as_chunks::<16>() else {
        return Schedule(swap, swap, swap, swap);
    };
    Schedule(
        _mm_shuffle_epi8(load(first), swap),
        _mm_shuffle_epi8(load(second), swap),
        _mm_shuffle_epi8(load(third), swap),
        _mm_shuffle_epi8(load(fourth), swap),
    )
}

#[inline]
#[target_feature(enable = "sse2")]
fn load(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: sixteen bytes are there to be read, and the instruction asks for no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "sse2")]
fn vector(words: &[u32; 4]) -> __m128i {
    // SAFETY: sixteen bytes are there to be read, and the instruction asks for no alignment.
    unsafe { _mm_loadu_si128(words.as_ptr().cast()) }
}

impl State {
    #[inline]
    #[target_feature(enable = "sha,ssse3,sse4.1")]
    #[expect(
        clippy::many_single_char_names,
        reason = "the words of the state have these names in the standard"
    )]
    fn of(words: &[u32; 8]) -> Self {
        let [a, b, c, d, e, f, g, h] = *words;
        Self {
            abef: vector(&[f, e, b, a]),
            cdgh: vector(&[h, g, d, c]),
        }
    }

    #[inline]
    #[target_feature(enable = "sha,ssse3,sse4.1")]
    #[expect(
        clippy::many_single_char_names,
        reason = "the words of the state have these names in the standard"
    )]
    fn words(self) -> [u32; 8] {
        let [f, e, b, a] = store(self.abef);
        let [h, g, d, c] = store(self.cdgh);
        [a, b, c, d, e, f, g, h]
    }

    #[inline]
    #[target_feature(enable = "sha,ssse3,sse4.1")]
    fn digest(self) -> Digest256 {
        let mut digest = [0; 32];
        for (to, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(self.words()) {
            *to = word.to_be_bytes();
        }
        digest
    }
}

#[inline]
#[target_feature(enable = "sse2")]
fn store(vector: __m128i) -> [u32; 4] {
    let mut bytes = [0_u8; 16];
    // SAFETY: sixteen bytes are there to be written, and the instruction asks for no alignment.
    unsafe { _mm_storeu_si128(bytes.as_mut_ptr().cast(), vector) };
    let mut words = [0; 4];
    for (word, from) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*from);
    }
    words
}
