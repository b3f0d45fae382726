//! UTF-8 validity at an even speed, whatever the text is written in.
//!
//! The validator of `core` is quick on ASCII and slows down to a third on texts that mix scripts, since it branches
//! on every leading byte. This one is the shift automaton of Per Vognsen: each byte has a row that holds the next
//! state for each state, six bits apiece, so that a step is one load and one shift.

use core::str;

use super::scan::HIGH;

// The states, each as the place of its six bits in a row. `ACCEPT` stands between characters, `TAIL_n` before n free
// continuation bytes, and the others after the leading byte of that name, which narrows the byte after it.
const ACCEPT: u64 = 0;
const TAIL_1: u64 = 6;
const TAIL_2: u64 = 12;
const TAIL_3: u64 = 18;
const AFTER_E0: u64 = 24;
const AFTER_ED: u64 = 30;
const AFTER_F0: u64 = 36;
const AFTER_F4: u64 = 42;
const REJECT: u64 = 48;

const STATES: [u64; 9] = [
    ACCEPT, TAIL_1, TAIL_2, TAIL_3, AFTER_E0, AFTER_ED, AFTER_F0, AFTER_F4, REJECT,
];

/// The table 3-7 of the Unicode standard, "well-formed UTF-8 byte sequences".
const fn next(state: u64, byte: u8) -> u64 {
    match (state, byte) {
        (ACCEPT, 0x00..=0x7F) | (TAIL_1, 0x80..=0xBF) => ACCEPT,
        (ACCEPT, 0xC2..=0xDF)
        | (TAIL_2, 0x80..=0xBF)
        | (AFTER_E0, 0xA0..=0xBF)
        | (AFTER_ED, 0x80..=0x9F) => TAIL_1,
        (ACCEPT, 0xE1..=0xEC | 0xEE | 0xEF)
        | (TAIL_3, 0x80..=0xBF)
        | (AFTER_F0, 0x90..=0xBF)
        | (AFTER_F4, 0x80..=0x8F) => TAIL_2,
        (ACCEPT, 0xF1..=0xF3) => TAIL_3,
        (ACCEPT, 0xE0) => AFTER_E0,
        (ACCEPT, 0xED) => AFTER_ED,
        (ACCEPT, 0xF0) => AFTER_F0,
        (ACCEPT, 0xF4) => AFTER_F4,
        _ => REJECT,
    }
}

static ROWS: [u64; 256] = rows();

#[expect(
    clippy::indexing_slicing,
    reason = "loops over constants in a constant: a panic would not compile"
)]
const fn rows() -> [u64; 256] {
    let mut rows = [0; 256];
    let mut byte: u8 = 0;
    let mut index = 0;
    while index < rows.len() {
        let mut state = 0;
        while state < STATES.len() {
            rows[index] |= next(STATES[state], byte) << STATES[state];
            state += 1;
        }
        byte = byte.wrapping_add(1);
        index += 1;
    }
    rows
}

/// Where the first byte stands that belongs to no character; `None` if all is UTF-8.
pub(super) fn first_invalid(text: &[u8]) -> Option<usize> {
    let step = |state: u64, byte: &u8| {
        ROWS.get(usize::from(*byte)).copied().unwrap_or(REJECT) >> (state & 63)
    };
    let (words, rest) = text.as_chunks::<8>();
    let mut state = ACCEPT;
    for word in words {
        if (u64::from_le_bytes(*word) & HIGH) | (state & 63) != 0 {
            state = word.iter().fold(state, step);
        }
    }
    if rest.iter().fold(state, step) & 63 == ACCEPT {
        return None;
    }
    // The place is wanted once, so that it may take a second pass.
    str::from_utf8(text).err().map(|error| error.valid_up_to())
}
