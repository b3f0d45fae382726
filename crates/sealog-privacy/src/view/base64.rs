//! Runs of base64 (RFC 4648, sections 4 and 5) that decode to text.

use super::View;
use super::map::Writer;
use crate::limits::{BASE64_LINE_MIN, BASE64_RUN_BYTES_MAX, BASE64_RUN_MIN};

/// What the runs of a text decode to. A run that does not decode to text is none.
pub(super) fn runs(source: &[u8]) -> Vec<View<'static>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = source.get(at..) {
        let Some(start) = rest.iter().position(|byte| value(*byte).is_some()) else {
            break;
        };
        let rest = rest.get(start..).unwrap_or_default();
        let len = rest
            .iter()
            .take_while(|byte| value(**byte).is_some())
            .count();
        at += start;
        if len < BASE64_RUN_MIN {
            at += len;
            continue;
        }
        let run = Run::read(rest, at);
        // The whole run is passed over, decoded or not: a tail must not be read in another phase.
        at += run.len.max(len);
        found.extend(run.text());
    }
    found
}

/// The bits of a run with the place of each of its characters.
struct Run {
    /// Value and offset of each character.
    signs: Vec<(u8, usize)>,
    /// Bytes of the run, line ends among them.
    len: usize,
}

impl Run {
    fn read(rest: &[u8], offset: usize) -> Self {
        let mut signs = Vec::new();
        let mut at = 0;
        let mut line = 0;
        while at < BASE64_RUN_BYTES_MAX {
            match rest.get(at).and_then(|byte| value(*byte)) {
                Some(bits) => {
                    signs.push((bits, offset + at));
                    at += 1;
                    line += 1;
                }
                None => match line_end(rest.get(at..).unwrap_or_default()) {
                    Some(len) if line >= BASE64_LINE_MIN && line % 4 == 0 => {
                        at += len;
                        line = 0;
                    }
                    _ => break,
                },
            }
        }
        Self { signs, len: at }
    }

    fn text(&self) -> Option<View<'static>> {
        let mut bytes = Vec::with_capacity(self.signs.len());
        let mut groups = Vec::new();
        for group in self.signs.chunks(4) {
            let bits = group
                .iter()
                .fold(0_u32, |bits, (sign, _)| (bits << 6) | u32::from(*sign));
            let used = (group.len() * 6) / 8;
            if used == 0 {
                break;
            }
            let missing = u32::try_from(4_usize.saturating_sub(group.len())).ok()?;
            let [_, decoded @ ..] = (bits << (6 * missing)).to_be_bytes();
            let decoded = decoded.get(..used)?;
            if !decoded.iter().all(|byte| is_text(*byte)) {
                return None;
            }
            let (_, first) = *group.first()?;
            let (_, last) = *group.last()?;
            groups.push((bytes.len(), first, last + 1 - first));
            bytes.extend_from_slice(decoded);
        }
        let whole = match str::from_utf8(&bytes) {
            Ok(_) => true,
            // The run was cut at its limit, or its last character is incomplete.
            Err(error) => error.error_len().is_none(),
        };
        whole.then(|| Writer::of_groups(bytes, &groups))
    }
}

/// Bytes of the line end that base64 goes on after.
fn line_end(rest: &[u8]) -> Option<usize> {
    let len = match rest {
        [b'\n', ..] => 1,
        [b'\r', b'\n', ..] => 2,
        _ => return None,
    };
    rest.get(len).and_then(|byte| value(*byte)).map(|_| len)
}

const fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..=0xff)
}

/// The six bits of a sign of base64, in either alphabet.
const fn value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}
