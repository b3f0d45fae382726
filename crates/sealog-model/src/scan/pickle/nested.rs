//! Pickles inside of the strings of a pickle: raw, in base64, in hexadecimal digits.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::super::finding::{Finding, Severity};
use super::super::rule::{PICKLE_LIMIT, PICKLE_NESTED};
use super::machine::{Flavour, Halt, Line, Machine, broken};
use super::value::Value;
use crate::formats::pickle::looks_like;
use crate::formats::stream::{BUFFER_BYTES, Stream};

/// Bytes of a shortest pickle that does something.
const BYTES_MIN: u64 = 10;
/// Bytes that are looked at before a string counts as a pickle.
const HEAD_BYTES: usize = 64;

impl Machine<'_, '_, '_> {
    /// If the next `len` bytes look like a pickle, takes and runs them.
    pub(super) fn nested_payload(&mut self, len: u64) -> Result<Option<Value>, Halt> {
        if len < BYTES_MIN {
            return Ok(None);
        }
        let wanted = usize::try_from(len).unwrap_or(usize::MAX).min(BUFFER_BYTES);
        let whole = usize::try_from(len).is_ok_and(|len| len <= BUFFER_BYTES);
        let ahead = self.stream.peek(if whole { wanted } else { HEAD_BYTES });
        if looks_like(ahead, whole) {
            self.nested_raw(len)?;
            return Ok(Some(Value::Data));
        }
        if whole {
            let bytes = decoded(self.stream.peek(wanted));
            if let Some(bytes) = bytes {
                self.run_nested(&bytes);
            }
        } else if may_hold(ahead) {
            self.too_long();
        }
        Ok(None)
    }

    fn too_long(&mut self) {
        let detail = "the digits of a pickle that is too long to be held";
        self.scan.report(&PICKLE_LIMIT, self.at, detail);
    }

    /// A string that is already in hand.
    pub(super) fn nested_in(&mut self, line: &Line) {
        let inner = line.bytes.trim_ascii();
        if !line.whole {
            let quoted = |byte: &u8| matches!(byte, b'\'' | b'"');
            let begin = usize::from(inner.first().is_some_and(quoted));
            if may_hold(inner.get(begin..).unwrap_or_default()) {
                self.too_long();
            }
            return;
        }
        let inner = match inner {
            [b'\'' | b'"', inner @ .., b'\'' | b'"'] => inner,
            other => other,
        };
        if let Some(bytes) = decoded(inner) {
            self.run_nested(&bytes);
        }
    }

    /// Runs the next bytes where they stand, without holding them.
    fn nested_raw(&mut self, len: u64) -> Result<(), Halt> {
        let at = self.at;
        if self.depth >= self.scan.limits.depth {
            self.scan
                .report(&PICKLE_LIMIT, at, "pickles nested too deep");
            return if self.stream.skip(len) {
                Ok(())
            } else {
                Err(broken("ends in an argument"))
            };
        }
        let mark = self.scan.mark();
        let mut limited = self.stream.limited(len);
        {
            let mut stream = Stream::new(&mut limited);
            Machine::new(&mut stream, self.scan, Flavour::Plain, self.depth + 1).run();
        }
        let whole = limited.finish();
        self.judge(mark, at);
        if whole {
            Ok(())
        } else {
            Err(broken("ends in an argument"))
        }
    }

    fn run_nested(&mut self, bytes: &[u8]) {
        if self.depth >= self.scan.limits.depth {
            self.scan
                .report(&PICKLE_LIMIT, self.at, "pickles nested too deep");
            return;
        }
        let (mark, mut reader) = (self.scan.mark(), bytes);
        let mut stream = Stream::new(&mut reader);
        Machine::new(&mut stream, self.scan, Flavour::Plain, self.depth + 1).run();
        self.judge(mark, self.at);
    }

    /// A string that only looks like a pickle breaks off; one that does harm is a finding at the string's place.
    fn judge(&mut self, mark: usize, at: u64) {
        let found = self.scan.take_since(mark);
        let worst = found
            .iter()
            .find(|finding| finding.rule.severity() == Severity::Malicious);
        if let Some(worst) = worst {
            let detail = format!("{}: {}", worst.rule.id(), worst.detail);
            match worst.global.as_ref() {
                Some((module, name)) => {
                    self.scan
                        .report_global(&PICKLE_NESTED, at, (module, name), detail);
                }
                None => self.scan.report(&PICKLE_NESTED, at, detail),
            }
        }
        let too_deep = |finding: &Finding| finding.rule == &PICKLE_LIMIT;
        self.scan
            .put_back(found.into_iter().filter(too_deep).collect());
    }
}

/// The bytes behind base64 or hexadecimal digits, if they look like a pickle.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() < usize::try_from(BYTES_MIN).ok()? || !text.iter().all(|byte| is_digit(*byte)) {
        return None;
    }
    readings(text).find(|bytes| looks_like(bytes, true))
}

/// What these digits may stand for.
fn readings(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let hex = text.len().is_multiple_of(2).then(|| hex(text)).flatten();
    let readings = [hex, STANDARD.decode(text).ok(), URL_SAFE.decode(text).ok()];
    readings.into_iter().flatten()
}

/// Whether a text that is not in hand as a whole begins like the digits of a pickle.
fn may_hold(text: &[u8]) -> bool {
    let head = text.get(..HEAD_BYTES).unwrap_or(text);
    head.iter().all(|byte| is_digit(*byte)) && readings(head).any(|bytes| looks_like(&bytes, false))
}

const fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=')
}

fn hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let pairs = text.chunks_exact(2).map(|pair| match pair {
        [high, low] => Some(digit(high)? * 16 + digit(low)?),
        _ => None,
    });
    pairs.collect()
}
