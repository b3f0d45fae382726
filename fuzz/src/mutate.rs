//! Small changes to byte strings, by a fixed pseudo-random sequence (`SplitMix64`).

/// Bytes of an input at most: enough for every shape, few enough for many runs a second.
pub(crate) const INPUT_BYTES_MAX: usize = 4096;
/// Changes made to one input at most.
const CHANGES_MAX: usize = 4;
/// Bytes that one change copies, repeats or cuts at most.
const SPAN_MAX: usize = 64;

/// Bytes that mean something to one parser or another.
const WORDS: &[&[u8]] = &[
    b"\n",
    b"\n\n",
    b" ",
    b"\0",
    b"\r\n",
    b"\t",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"\\u00e9",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"null",
    b"true",
    b"0",
    b"-0",
    b"1e400",
    b"9007199254740993",
    b"0.1",
    b"1E5",
    b"+",
    b"-",
    b"=",
    b"==",
    b"/",
    b"//",
    b"..",
    b".",
    b"x001/",
    b".p/256",
    b"\xe2\x80\x94 ",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\xc0\x80",
    b"\xf0\x9f\x98\x80",
    b"18446744073709551615",
    b"9223372036854775808",
    b"sha256:",
    b"hmac-sha256:",
    b"log ",
    b"witness ",
    b"group ",
    b"quorum ",
    b"none",
    b"all",
    b"any",
    b"index ",
    b"extra ",
];

/// The sequence, and the changes drawn from it.
pub(crate) struct Mutator {
    state: u64,
}

impl Mutator {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 if `end` is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        let drawn = self.next().checked_rem(end).unwrap_or(0);
        usize::try_from(drawn).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.next() >> 56).unwrap_or(0)
    }

    /// `input`, changed in one to four places; `other` is where spliced bytes come from.
    pub(crate) fn change(&mut self, input: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = input.to_vec();
        for _ in 0..=self.below(CHANGES_MAX) {
            self.change_once(&mut bytes, other);
        }
        bytes.truncate(INPUT_BYTES_MAX);
        bytes
    }

    fn change_once(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        match self.below(9) {
            0 => self.at_one(bytes, |mutator, byte| byte ^ (1 << mutator.below(8))),
            1 => self.at_one(bytes, |mutator, _| mutator.byte()),
            2 => self.at_one(bytes, |_, byte| byte.wrapping_add(1)),
            3 => {
                let (at, byte) = (self.below(bytes.len() + 1), self.byte());
                bytes.insert(at, byte);
            }
            4 => {
                let cut = self.span(bytes);
                bytes.drain(cut);
            }
            5 => {
                let word = WORDS
                    .get(self.below(WORDS.len()))
                    .copied()
                    .unwrap_or_default();
                self.insert(bytes, word);
            }
            6 => {
                let span = self.span(bytes);
                let copied = bytes.get(span).unwrap_or_default().to_vec();
                self.insert(bytes, &copied);
            }
            7 => {
                let span = self.span(other);
                self.insert(bytes, other.get(span).unwrap_or_default());
            }
            _ => bytes.truncate(self.below(bytes.len() + 1)),
        }
    }

    fn at_one(&mut self, bytes: &mut [u8], new: impl Fn(&mut Self, u8) -> u8) {
        let at = self.below(bytes.len());
        if let Some(byte) = bytes.get_mut(at) {
            *byte = new(self, *byte);
        }
    }

    /// A range inside `bytes`, perhaps empty.
    fn span(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let from = self.below(bytes.len() + 1);
        let length = self.below(SPAN_MAX.min(bytes.len() - from) + 1);
        from..from + length
    }

    fn insert(&mut self, bytes: &mut Vec<u8>, piece: &[u8]) {
        let at = self.below(bytes.len() + 1);
        bytes.splice(at..at, piece.iter().copied());
    }
}
