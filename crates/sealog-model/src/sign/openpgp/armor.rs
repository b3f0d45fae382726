//! The armor around packets (RFC 9580, section 6): one block of the wanted kind and nothing else, or no armor at all.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::bad;
use crate::Error;

/// The bytes inside of an armor of this kind, or the bytes as they are where they begin like a packet. A text around
/// the armor, or a second one, is refused: a reader would see more than what is verified.
pub(super) fn unarmored(bytes: &[u8], kind: &str) -> Result<Vec<u8>, Error> {
    if bytes.first().is_some_and(|first| first & 0x80 != 0) {
        return Ok(bytes.to_vec());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| bad("it is neither packets nor text"))?;
    let begin = format!("-----BEGIN PGP {kind}-----");
    let end = format!("-----END PGP {kind}-----");
    let mut lines = text.trim().lines().map(str::trim_end);
    if lines.next() != Some(begin.as_str()) {
        return Err(bad(format!("it does not begin with {begin}")));
    }
    // Headers are the text of whoever made it, and nothing rests on them.
    let mut lines = lines.skip_while(|line| !line.is_empty()).skip(1);
    let mut encoded = String::new();
    let mut closed = false;
    for line in lines.by_ref() {
        if line == end {
            closed = true;
            break;
        }
        // The checksum does not protect: the signature does.
        if !line.starts_with('=') {
            encoded.push_str(line);
        }
    }
    if !closed || lines.next().is_some() {
        return Err(bad(format!("its armor does not end with {end}")));
    }
    STANDARD
        .decode(encoded)
        .map_err(|_| bad("its armor is no Base64"))
}
