//! What kind of thing went wrong: the four answers that every error of every crate gives, and all that shells map.

/// The kind of an error; shells (exit status, HTTP status, Python exception) look at nothing else.
///
/// Complete on purpose: a fifth kind would change every table that maps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Well-formed, and a proof, hash, signature or rule fails.
    Refuted,
    /// The bytes do not follow the format or break a limit.
    Malformed,
    /// Right, but not now: full queue, read-only, no permission, wrong state.
    Refused,
    /// A disk, clock, key or peer failed.
    Unavailable,
}
