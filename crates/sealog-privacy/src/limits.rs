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
/// Levels of escapes and encodings within each other that are undone.
pub const LAYERS_MAX: usize = 3;
/// Bytes of the view before a candidate in which its words are looked for.
pub const CONTEXT_BEFORE_BYTES: usize = 64;
/// Bytes of the view after a candidate in which its words are looked for.
pub const CONTEXT_AFTER_BYTES: usize = 32;
/// Bytes of the original, before and after a candidate, beyond which nothing is looked at.
pub const CONTEXT_SOURCE_BYTES: usize = 1024;
/// Bytes of a candidate in the view, at most, but for private keys and tokens.
pub const CANDIDATE_BYTES_MAX: usize = 160;
/// Bytes of a token (JWT) or of the value of a named secret in the view, at most.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Bytes of a private key in the view, at most: RSA of 16,384 bits in PEM.
pub const PRIVATE_KEY_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a candidate in the original, at most: what hides behind more than that is not found.
pub const CANDIDATE_SOURCE_BYTES_MAX: usize = 32 * 1024;
/// Bytes within which findings that overlap are decided together.
pub const CLUSTER_BYTES_MAX: usize = 4 * 1024;
/// Bytes of a text that are searched at once.
pub const WINDOW_BYTES: usize = 256 * 1024;
/// Bytes before the place from which a window counts that are searched with it.
pub const LOOK_BEHIND_BYTES: usize = 16 * 1024;
/// Bytes after the place up to which a window counts that are searched with it.
pub const LOOK_AHEAD_BYTES: usize = CANDIDATE_SOURCE_BYTES_MAX + 2 * CONTEXT_SOURCE_BYTES;
/// Bytes of memory that a search keeps of one view for the next, at most: a window with what is searched around it.
pub const SPARE_BYTES_MAX: usize = 512 * 1024;
/// Views whose memory a search keeps, at most: those of all levels at once.
pub const SPARE_VIEWS_MAX: usize = 3 * (LAYERS_MAX + 1);
/// Bytes of the engine's cache of states, at most; beyond it states are made anew.
pub const STATE_CACHE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Approvals that a policy can ask for, at most.
pub const APPROVALS_MAX: usize = 10;
/// Bytes of a policy, at most.
pub const POLICY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Patterns, dictionaries and rules about fields of a policy, and words of a pattern, at most of each.
pub const POLICY_ITEMS_MAX: usize = 256;
/// Words of a dictionary, at most.
pub const DICTIONARY_WORDS_MAX: usize = 100_000;
/// Bytes of a pattern of a policy, at most.
pub const PATTERN_BYTES_MAX: usize = 1024;
/// Groups within groups of a pattern of a policy, at most.
pub const PATTERN_DEPTH_MAX: u32 = 32;
/// Bytes of the name of a function that a policy names, at most.
pub const FUNCTION_NAME_BYTES_MAX: usize = 64;
/// Bytes of the version of such a function, at most.
pub const FUNCTION_VERSION_BYTES_MAX: usize = 200;
/// Bytes of a path of a policy, at most.
pub const PATH_BYTES_MAX: usize = 1024;
/// Steps of a path of a policy, at most.
pub const PATH_STEPS_MAX: usize = 32;
/// Bytes of the id of a key-encryption key, at most.
pub const WRAPPER_ID_BYTES_MAX: usize = 200;
/// Bytes of a wrapped key, at least: fewer could be found anywhere by chance once it has to be gone.
pub const WRAPPED_KEY_BYTES_MIN: usize = 16;
/// Bytes of a wrapped key, at most.
pub const WRAPPED_KEY_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a value that is sealed, at most: the largest payload.
pub const SEALED_VALUE_BYTES_MAX: usize = 64 * 1024 * 1024;

const _: () = assert!(BASE64_RUN_BYTES_MAX + CONTEXT_SOURCE_BYTES < LOOK_BEHIND_BYTES);
const _: () = assert!(WINDOW_BYTES + LOOK_BEHIND_BYTES + LOOK_AHEAD_BYTES < SPARE_BYTES_MAX);
const _: () = assert!(TERMINAL_ESCAPE_BYTES_MAX <= INVISIBLE_RUN_BYTES_MAX);

#[cfg(test)]
mod tests {
    use super::*;

    /// Tests at a border follow the border; this one does not.
    #[test]
    fn the_limits_are_these() {
        assert_eq!(INVISIBLE_RUN_BYTES_MAX, 64);
        assert_eq!(TERMINAL_ESCAPE_BYTES_MAX, 32);
        assert_eq!(EMPHASIS_RUN_MAX, 3);
        assert_eq!(FOLDED_CHARACTERS_MAX, 4);
        assert_eq!(BASE64_RUN_MIN, 12);
        assert_eq!(BASE64_LINE_MIN, 60);
        assert_eq!(BASE64_RUN_BYTES_MAX, 8_192);
        assert_eq!(LAYERS_MAX, 3);
        assert_eq!(CONTEXT_BEFORE_BYTES, 64);
        assert_eq!(CONTEXT_AFTER_BYTES, 32);
        assert_eq!(CONTEXT_SOURCE_BYTES, 1_024);
        assert_eq!(CANDIDATE_BYTES_MAX, 160);
        assert_eq!(TOKEN_BYTES_MAX, 8_192);
        assert_eq!(PRIVATE_KEY_BYTES_MAX, 16_384);
        assert_eq!(CANDIDATE_SOURCE_BYTES_MAX, 32_768);
        assert_eq!(CLUSTER_BYTES_MAX, 4_096);
        assert_eq!(WINDOW_BYTES, 262_144);
        assert_eq!(LOOK_BEHIND_BYTES, 16_384);
        assert_eq!(LOOK_AHEAD_BYTES, 34_816);
        assert_eq!(SPARE_BYTES_MAX, 524_288);
        assert_eq!(SPARE_VIEWS_MAX, 12);
        assert_eq!(STATE_CACHE_BYTES_MAX, 16_777_216);
        assert_eq!(POLICY_BYTES_MAX, 4_194_304);
        assert_eq!(POLICY_ITEMS_MAX, 256);
        assert_eq!(DICTIONARY_WORDS_MAX, 100_000);
        assert_eq!(PATTERN_BYTES_MAX, 1_024);
        assert_eq!(PATTERN_DEPTH_MAX, 32);
        assert_eq!(PATH_BYTES_MAX, 1_024);
        assert_eq!(PATH_STEPS_MAX, 32);
        assert_eq!(SEALED_VALUE_BYTES_MAX, 67_108_864);
    }
}
