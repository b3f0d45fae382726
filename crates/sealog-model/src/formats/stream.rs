//! Bytes read in order, with a look ahead and the offset of each.

use std::fmt;
use std::io::{self, Read};

/// Bytes that are buffered, and the most that can be looked at ahead.
pub const BUFFER_BYTES: usize = 64 * 1024;

/// A reader that knows where it is. An I/O error is remembered and ends the stream.
pub struct Stream<'a> {
    inner: &'a mut dyn Read,
    /// All of its length at the first look, and cleared then only: it is filled again for each part of a file.
    buffer: Vec<u8>,
    /// Where in the buffer what is held begins and ends.
    start: usize,
    end: usize,
    offset: u64,
    ended: bool,
    error: Option<io::Error>,
}

impl fmt::Debug for Stream<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Stream")
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

impl<'a> Stream<'a> {
    /// A stream over a reader, at offset 0.
    pub fn new(inner: &'a mut dyn Read) -> Self {
        Self {
            inner,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            offset: 0,
            ended: false,
            error: None,
        }
    }

    /// Bytes taken so far.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The error that ended the stream, if one did.
    pub const fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    /// The next bytes without taking them: `wanted`, at most [`BUFFER_BYTES`], fewer only at the end.
    pub fn peek(&mut self, wanted: usize) -> &[u8] {
        let wanted = wanted.min(BUFFER_BYTES);
        if self.end - self.start < wanted {
            self.fill(wanted);
        }
        let rest = self.held();
        rest.get(..wanted).unwrap_or(rest)
    }

    /// Whether nothing follows.
    pub fn at_end(&mut self) -> bool {
        self.peek(1).is_empty()
    }

    fn held(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    fn fill(&mut self, wanted: usize) {
        if self.ended {
            return;
        }
        if self.buffer.is_empty() {
            self.buffer = vec![0; BUFFER_BYTES];
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        while self.end < wanted && !self.ended {
            let space = self.buffer.get_mut(self.end..).unwrap_or_default();
            let room = space.len();
            let read = match self.inner.read(space) {
                Ok(read) => read.min(room),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.error = Some(error);
                    0
                }
            };
            self.ended = read == 0;
            self.end += read;
        }
    }

    /// Takes one byte.
    pub fn byte(&mut self) -> Option<u8> {
        if self.start == self.end {
            self.fill(1);
        }
        let byte = self.held().first().copied()?;
        self.start += 1;
        self.offset += 1;
        Some(byte)
    }

    /// Takes exactly `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let bytes = self.peek(N).first_chunk().copied()?;
        self.advance(N);
        Some(bytes)
    }

    /// Takes exactly `len` bytes, at most [`BUFFER_BYTES`].
    pub fn take(&mut self, len: usize) -> Option<Vec<u8>> {
        let bytes = self.peek(len);
        if bytes.len() < len {
            return None;
        }
        let bytes = bytes.to_vec();
        self.advance(len);
        Some(bytes)
    }

    /// Takes a line without its newline; none if there is no newline within `max` bytes, at most [`BUFFER_BYTES`].
    pub fn line(&mut self, max: usize) -> Option<Vec<u8>> {
        for wanted in [256.min(max), max] {
            let ahead = self.peek(wanted);
            if let Some(end) = memchr::memchr(b'\n', ahead) {
                let line = ahead.get(..end).unwrap_or_default().to_vec();
                self.advance(end + 1);
                return Some(line);
            }
        }
        None
    }

    /// Passes over all up to and with the next newline; whether there was one.
    pub fn skip_line(&mut self) -> bool {
        loop {
            let ahead = self.peek(BUFFER_BYTES);
            let (held, end) = (ahead.len(), memchr::memchr(b'\n', ahead));
            self.advance(end.map_or(held, |end| end + 1));
            if end.is_some() || held == 0 {
                return end.is_some();
            }
        }
    }

    /// Passes over `len` bytes; whether they were all there.
    pub fn skip(&mut self, len: u64) -> bool {
        let mut left = len;
        while left > 0 {
            let held = self.peek(1).len().max(self.end - self.start);
            if held == 0 {
                return false;
            }
            let step = usize::try_from(left).unwrap_or(usize::MAX).min(held);
            self.advance(step);
            left -= u64::try_from(step).unwrap_or(left);
        }
        true
    }

    /// A reader over the next `len` bytes, which takes them.
    pub const fn limited(&mut self, len: u64) -> Limited<'_, 'a> {
        Limited {
            stream: self,
            left: len,
        }
    }

    fn advance(&mut self, len: usize) {
        self.start += len;
        self.offset += u64::try_from(len).unwrap_or(0);
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ahead = self.peek(buffer.len().clamp(1, BUFFER_BYTES));
        let taken = ahead.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..taken), ahead.get(..taken)) {
            to.copy_from_slice(from);
        }
        self.advance(taken);
        if taken == 0
            && let Some(error) = &self.error
        {
            return Err(io::Error::new(error.kind(), error.to_string()));
        }
        Ok(taken)
    }
}

/// The next bytes of a stream, and no more.
#[derive(Debug)]
pub struct Limited<'s, 'a> {
    stream: &'s mut Stream<'a>,
    left: u64,
}

impl Limited<'_, '_> {
    /// Passes over what was not read; whether all of it was there.
    pub fn finish(self) -> bool {
        self.stream.skip(self.left)
    }
}

impl Read for Limited<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let buffer = buffer.get_mut(..wanted).unwrap_or_default();
        if buffer.is_empty() {
            return Ok(0);
        }
        let read = self.stream.read(buffer)?;
        self.left -= u64::try_from(read).unwrap_or(self.left);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_follow_what_is_taken() {
        let bytes: Vec<u8> = (0..200_000u32).map(|at| at.to_le_bytes()[0]).collect();
        let mut reader = bytes.as_slice();
        let mut stream = Stream::new(&mut reader);
        assert_eq!(stream.byte(), Some(0));
        assert_eq!(stream.peek(3), [1, 2, 3]);
        assert_eq!(stream.line(64), Some((1..10).collect()));
        assert_eq!(stream.offset(), 11);
        assert!(stream.skip(100_000));
        assert_eq!(stream.array::<1>(), Some([bytes[100_011]]));
        let mut limited = stream.limited(5);
        let mut two = [0; 2];
        limited.read_exact(&mut two).unwrap();
        assert!(limited.finish());
        assert_eq!(stream.offset(), 100_017);
        assert!(!stream.skip(100_000));
        assert!(stream.at_end());
        assert_eq!(Stream::take(&mut stream, 1), None);
    }

    #[test]
    fn a_line_has_a_limit() {
        for (max, found) in [(4, Some(b"abc".to_vec())), (3, None)] {
            let mut reader = &b"abc\n"[..];
            assert_eq!(Stream::new(&mut reader).line(max), found);
        }
    }

    #[test]
    fn a_line_is_passed_over_to_its_end_or_that_of_the_stream() {
        let bytes = [vec![b'x'; 3 * BUFFER_BYTES], b"\nyz".to_vec()].concat();
        let mut reader = bytes.as_slice();
        let mut stream = Stream::new(&mut reader);
        assert!(stream.skip_line());
        assert_eq!(stream.peek(3), b"yz");
        assert!(!stream.skip_line());
        assert!(stream.at_end());
    }

    /// Gives a byte at a time, each behind an interruption, and must not be asked again once it ended.
    struct Slow {
        left: Vec<u8>,
        interrupted: bool,
        ended: bool,
    }

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            assert!(!self.ended);
            self.interrupted = !self.interrupted;
            if self.interrupted {
                return Err(io::ErrorKind::Interrupted.into());
            }
            self.ended = self.left.is_empty();
            if self.ended {
                return Ok(0);
            }
            buffer[0] = self.left.remove(0);
            Ok(1)
        }
    }

    #[test]
    fn a_slow_reader_is_asked_until_its_end_and_not_beyond() {
        let mut reader = Slow {
            left: b"abcdef".to_vec(),
            interrupted: false,
            ended: false,
        };
        let mut stream = Stream::new(&mut reader);
        assert_eq!(stream.peek(2), b"ab");
        assert_eq!(stream.byte(), Some(b'a'));
        assert_eq!(stream.peek(4), b"bcde");
        assert_eq!(Stream::take(&mut stream, 2), Some(b"bc".to_vec()));
        assert_eq!(stream.peek(9), b"def");
        assert_eq!(stream.array::<4>(), None);
        assert_eq!(stream.array(), Some(*b"def"));
        assert_eq!((stream.byte(), stream.offset()), (None, 6));
        assert!(stream.at_end() && stream.take_error().is_none());
    }
}
