//! Runs of base64 (RFC 4648, sections 4 and 5) that decode to text.

use std::ops::Range;

use super::View;
use super::map::Writer;
use crate::limits::{BASE64_LINE_MIN, BASE64_RUN_BYTES_MAX, BASE64_RUN_MIN};

/// Bytes that are looked at together.
const STRETCH: usize = 64;
const _: () = assert!(BASE64_RUN_MIN == 12, "the search for runs counts to twelve");

/// What the runs decode to that touch these ranges of a text, which are in order. A run that does not decode to text is
/// none.
pub(super) fn runs(
    source: &[u8],
    ranges: impl IntoIterator<Item = Range<usize>>,
) -> Vec<View<'static>> {
    let mut found = Vec::new();
    let mut done = 0;
    for range in ranges {
        // From and to where no run goes on, so that each is read from its beginning.
        let before = source.get(done..range.start).unwrap_or_default();
        let gap = before.iter().rposition(|byte| ends_runs(*byte));
        let start = done + gap.map_or(0, |gap| gap + 1);
        let from = range.end.max(done);
        let after = source.get(from..).unwrap_or_default();
        let len = after.iter().position(|byte| ends_runs(*byte));
        done = from + len.unwrap_or(after.len());
        between(source, start..done, &mut found);
    }
    found
}

/// Whether no run goes on at this byte, in no next line either.
fn ends_runs(byte: u8) -> bool {
    value(byte).is_none() && !matches!(byte, b'\r' | b'\n')
}

/// The runs of a stretch that begins and ends where none goes on.
fn between(source: &[u8], stretch: Range<usize>, found: &mut Vec<View<'static>>) {
    let source = source.get(..stretch.end).unwrap_or_default();
    let mut at = stretch.start;
    while let Some(start) = next_run(source, at) {
        let rest = source.get(start..).unwrap_or_default();
        let len = if begins_text(rest) {
            let run = Run::read(rest, start);
            found.extend(run.text());
            run.len
        } else {
            each_sign(rest, |_, _| {})
        };
        // The whole run is passed over, decoded or not: a tail must not be read in another phase.
        at = start + len.max(signs_of(rest));
    }
}

/// Where the next run that is long enough begins.
fn next_run(source: &[u8], from: usize) -> Option<usize> {
    let (stretches, rest) = source.get(from..)?.as_chunks::<STRETCH>();
    // Signs before the stretch that the run at its start begins with.
    let mut before = 0;
    for (number, stretch) in stretches.iter().enumerate() {
        let mask = mask_of(stretch);
        let at = from + number * STRETCH;
        let ones = count(mask.trailing_ones());
        if before + ones >= BASE64_RUN_MIN {
            return Some(at - before);
        }
        // A bit stays where so many follow it: 2, 4, 8, 12.
        let two = mask & (mask >> 1);
        let four = two & (two >> 2);
        let long = four & (four >> 4) & (four >> 8);
        if long != 0 {
            return Some(at + count(long.trailing_zeros()));
        }
        before = if ones == STRETCH {
            before + ones
        } else {
            count(mask.leading_ones())
        };
    }
    let mut at = source.len() - rest.len() - before;
    loop {
        let rest = source.get(at..)?;
        at += rest.iter().position(|byte| value(*byte).is_some())?;
        let len = signs_of(source.get(at..)?);
        if len >= BASE64_RUN_MIN {
            return Some(at);
        }
        at += len;
    }
}

fn count(bits: u32) -> usize {
    usize::try_from(bits).unwrap_or(0)
}

/// Which bytes are signs, the first in the lowest bit.
fn mask_of(stretch: &[u8; STRETCH]) -> u64 {
    /// Gathers the lowest bits of eight bytes in the highest byte, the first in its lowest bit.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut flags = [0; STRETCH];
    for (flag, byte) in flags.iter_mut().zip(stretch) {
        *flag = is_sign(*byte);
    }
    let (groups, _) = flags.as_chunks::<8>();
    groups.iter().rev().fold(0, |mask, group| {
        let bits = u64::from_le_bytes(*group).wrapping_mul(GATHER) >> 56;
        (mask << 8) | bits
    })
}

/// One for a sign. Without a table and without branches: the compiler makes one comparison of many bytes of each.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "a branch for each byte is what is avoided here"
)]
fn is_sign(byte: u8) -> u8 {
    let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let is_digit = byte.wrapping_sub(b'/') < 11;
    let is_other = (byte == b'+') | (byte == b'-') | (byte == b'_');
    u8::from(is_letter | is_digit | is_other)
}

/// Signs of base64 at the start of `rest`.
fn signs_of(rest: &[u8]) -> usize {
    rest.iter()
        .take_while(|byte| value(**byte).is_some())
        .count()
}

/// Whether the first signs decode to text: most long words and numbers do not.
fn begins_text(rest: &[u8]) -> bool {
    let mut bytes = [0; BASE64_RUN_MIN / 4 * 3];
    let groups = rest.chunks_exact(4).zip(bytes.chunks_exact_mut(3));
    for (group, decoded) in groups {
        let bits = group.iter().fold(0, |bits: u32, byte| {
            (bits << 6) | u32::from(value(*byte).unwrap_or(0))
        });
        let [_, whole @ ..] = bits.to_be_bytes();
        decoded.copy_from_slice(&whole);
    }
    let is_cut = |error: std::str::Utf8Error| error.error_len().is_none();
    bytes.iter().all(|byte| is_text(*byte)) && str::from_utf8(&bytes).map_or_else(is_cut, |_| true)
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
        let len = each_sign(rest, |bits, at| signs.push((bits, offset + at)));
        Self { signs, len }
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

/// Gives out value and offset of each sign of the run at the start of `rest`; returns the bytes of the run, line ends
/// among them.
fn each_sign(rest: &[u8], mut sign: impl FnMut(u8, usize)) -> usize {
    let mut at = 0;
    let mut line = 0;
    while at < BASE64_RUN_BYTES_MAX {
        match rest.get(at).and_then(|byte| value(*byte)) {
            Some(bits) => {
                sign(bits, at);
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
    at
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
fn value(byte: u8) -> Option<u8> {
    let bits = VALUES.get(usize::from(byte)).copied();
    bits.filter(|bits| *bits != NO_SIGN)
}

const NO_SIGN: u8 = 0xff;

const VALUES: [u8; 256] = {
    let mut values = [NO_SIGN; 256];
    let mut rest: &mut [u8] = &mut values;
    let mut byte = 0_u8;
    while let Some((value, after)) = rest.split_first_mut() {
        *value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => NO_SIGN,
        };
        byte = byte.wrapping_add(1);
        rest = after;
    }
    values
};
