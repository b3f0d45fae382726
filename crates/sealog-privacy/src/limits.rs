//! Every limit of this crate, in one place. Each has a test at the limit and one beyond it.

/// Bytes of characters without a width, in a row, that the view leaves out; what follows in the same row stands in
/// the view as it is. So no byte of the view stands for an unbounded stretch of the original.
pub const INVISIBLE_RUN_BYTES_MAX: usize = 64;
/// Bytes of one terminal escape sequence that the view leaves out, at most.
pub const TERMINAL_ESCAPE_BYTES_MAX: usize = 32;
/// Signs of emphasis (`*`, backquote) in a row that the view leaves out, at most.
pub const EMPHASIS_RUN_MAX: usize = 3;
/// Characters that one character becomes in the view, at most; what would become more stays as it is.
pub const FOLDED_CHARACTERS_MAX: usize = 4;
/// Signs of a run of base64 that is decoded, at least: a short e-mail address.
pub const BASE64_RUN_MIN: usize = 12;
/// Signs of a line of base64 after which the run goes on in the next line, at least.
pub const BASE64_LINE_MIN: usize = 60;
/// Bytes of a run of base64 that are decoded; of a longer one the rest is not looked into.
pub const BASE64_RUN_BYTES_MAX: usize = 8 * 1024;

const _: () = assert!(TERMINAL_ESCAPE_BYTES_MAX <= INVISIBLE_RUN_BYTES_MAX);
