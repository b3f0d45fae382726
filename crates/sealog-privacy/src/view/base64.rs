//! Runs of base64 (RFC 4648, sections 4 and 5) that decode to text.

use std::ops::Range;

use super::View;
use super::map::of_groups;
use crate::blocks::{BLOCK, block_at, from, index, mask_where};
use crate::limits::{BASE64_LINE_MIN, BASE64_RUN_BYTES_MAX, BASE64_RUN_MIN};

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
    if stretch.len() < BASE64_RUN_MIN {
        return;
    }
    let mut lines = Lines::of(source.get(..stretch.end).unwrap_or_default(), stretch.start);
    let mut at = stretch.start;
    while let Some(line) = lines.next_from(at) {
        let rest = lines.source.get(line.start..).unwrap_or_default();
        let len = if begins_text(rest) {
            let run = Run::read(rest, line.start);
            found.extend(run.text());
            run.len
        } else if line.len() < BASE64_LINE_MIN {
            line.len()
        } else {
            each_sign(rest, |_, _| {})
        };
        // The whole run is passed over, decoded or not: a tail must not be read in another phase.
        at = line.end.max(line.start + len);
    }
}

/// Rows of signs that are long enough to be a run, or the first line of one.
struct Lines<'s> {
    source: &'s [u8],
    /// Where a block of it begins, and which of its bytes are signs.
    block: usize,
    signs: u64,
}

impl<'s> Lines<'s> {
    fn of(source: &'s [u8], block: usize) -> Self {
        let signs = signs_at(source, block);
        Self {
            source,
            block,
            signs,
        }
    }

    /// The first that does not begin before `at`, where no sign stands before it.
    fn next_from(&mut self, at: usize) -> Option<Range<usize>> {
        if at >= self.block + BLOCK {
            *self = Self::of(self.source, at);
        }
        // Signs before the block that the row at its start begins with.
        let mut before = 0;
        loop {
            let signs = self.signs & from(self.block, at);
            let ones = index(signs.trailing_ones());
            // A bit stays where so many follow it: 2, 4, 8, 12.
            let two = signs & (signs >> 1);
            let four = two & (two >> 2);
            let long = four & (four >> 4) & (four >> 8);
            let start = if before + ones >= BASE64_RUN_MIN {
                Some(self.block - before)
            } else {
                (long != 0).then(|| self.block + index(long.trailing_zeros()))
            };
            if let Some(start) = start {
                return Some(start..self.end_of(start));
            }
            before = match index(signs.leading_ones()) {
                BLOCK => before + BLOCK,
                ones => ones,
            };
            let next = self.block + BLOCK;
            if next >= self.source.len() {
                return None;
            }
            *self = Self::of(self.source, next);
        }
    }

    /// Where the row ends that begins in this block or goes on in it.
    fn end_of(&self, start: usize) -> usize {
        let from = start.max(self.block);
        let bits = u32::try_from(from - self.block).unwrap_or(0);
        let ones = self.signs.checked_shr(bits).map_or(0, u64::trailing_ones);
        let end = from + index(ones);
        if end < self.block + BLOCK {
            return end;
        }
        end + signs_of(self.source.get(end..).unwrap_or_default())
    }
}

fn signs_at(source: &[u8], at: usize) -> u64 {
    mask_where(block_at(source, at, &mut [0; BLOCK]), is_sign)
}

/// Whether a byte is a sign. Without a table and without branches: the compiler makes one comparison of many bytes.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "a branch for each byte is what is avoided here"
)]
fn is_sign(byte: u8) -> bool {
    let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let is_digit = byte.wrapping_sub(b'/') < 11;
    let is_other = (byte == b'+') | (byte == b'-') | (byte == b'_');
    is_letter | is_digit | is_other
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
        whole.then(|| of_groups(bytes, &groups))
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
