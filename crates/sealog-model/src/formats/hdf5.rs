//! HDF5: where its signature stands.

use super::source::Source;

const SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";

/// Where the signature stands: at the beginning, or behind a block of the user's own, at 512 times a power of two.
pub(crate) fn signature(source: &Source) -> Option<u64> {
    let is_at = |at: u64| source.array::<8>(at).ok().flatten().as_ref() == Some(SIGNATURE);
    if is_at(0) {
        return Some(0);
    }
    let mut at = 512u64;
    while at < source.len() {
        if is_at(at) {
            return Some(at);
        }
        at = at.checked_mul(2)?;
    }
    None
}
