//! How pickles begin. What they do is the business of the scanner's machine.

/// `torch.save` before version 1.6 begins with this number.
pub(crate) const TORCH_MAGIC: &[u8] = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.";
/// Whether bytes begin as such a file does.
pub(crate) fn is_torch(head: &[u8]) -> bool {
    head.starts_with(TORCH_MAGIC)
}

/// Whether bytes begin as a pickle does; `whole`: they are all there is.
pub(crate) fn looks_like(bytes: &[u8], whole: bool) -> bool {
    match bytes {
        [0x80, 0..=15, next, ..] => is_opcode(*next),
        [b'c' | b'(' | b'i' | b']' | b'}', .., b'.'] if whole => {
            memchr::memchr(b'\n', bytes).is_some()
        }
        _ => false,
    }
}

/// Whether a byte is an opcode.
pub(crate) const fn is_opcode(byte: u8) -> bool {
    matches!(
        byte,
        b'(' | b'.'
            | b'0'
            | b'1'
            | b'2'
            | b'F'
            | b'I'
            | b'J'
            | b'K'
            | b'L'
            | b'M'
            | b'N'
            | b'P'
            | b'Q'
            | b'R'
            | b'S'
            | b'T'
            | b'U'
            | b'V'
            | b'X'
            | b'a'
            | b'b'
            | b'c'
            | b'd'
            | b'}'
            | b'e'
            | b'g'
            | b'h'
            | b'i'
            | b'j'
            | b'l'
            | b']'
            | b'o'
            | b'p'
            | b'q'
            | b'r'
            | b's'
            | b't'
            | b')'
            | b'u'
            | b'G'
            | b'B'
            | b'C'
            | 0x80..=0x98
    )
}
