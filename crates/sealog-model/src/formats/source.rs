//! Bytes that can be read from any place: a file, a piece of memory, or a window of either.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

/// Bytes at rest, read by offset. Cheap to clone; a clone reads the same bytes.
#[derive(Clone)]
pub struct Source {
    from: From,
    start: u64,
    len: u64,
}

#[derive(Clone)]
enum From {
    Memory(Arc<[u8]>),
    File(Arc<File>),
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Source")
            .field("start", &self.start)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

impl Source {
    /// A piece of memory.
    pub fn memory(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        let len = length(bytes.len());
        Self {
            from: From::Memory(bytes),
            start: 0,
            len,
        }
    }

    /// An open file, as long as it is now.
    pub fn file(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self {
            from: From::File(Arc::new(file)),
            start: 0,
            len,
        })
    }

    /// How many bytes there are.
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The part from `start` on, at most `len` bytes; what is not there is left out.
    #[must_use]
    pub fn window(&self, start: u64, len: u64) -> Self {
        let start = start.min(self.len);
        Self {
            from: self.from.clone(),
            start: self.start + start,
            len: len.min(self.len - start),
        }
    }

    /// Fills a buffer from `offset` on, as far as there is something; says how far.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.len.saturating_sub(offset);
        let wanted = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let at = self.start.saturating_add(offset);
        let Some(buffer) = buffer.get_mut(..wanted) else {
            return Ok(0);
        };
        match &self.from {
            From::Memory(bytes) => {
                let at = usize::try_from(at).unwrap_or(usize::MAX);
                let bytes = bytes.get(at..).unwrap_or_default();
                let taken = bytes.get(..wanted).unwrap_or(bytes);
                if let Some(to) = buffer.get_mut(..taken.len()) {
                    to.copy_from_slice(taken);
                }
                Ok(taken.len())
            }
            From::File(file) => file_at(file, at, buffer),
        }
    }

    /// At most `len` bytes from `offset` on; fewer if there are fewer. The caller bounds `len`.
    pub fn bytes(&self, offset: u64, len: u64) -> io::Result<Vec<u8>> {
        let len = len.min(self.len.saturating_sub(offset));
        let mut bytes = vec![0; usize::try_from(len).map_err(io::Error::other)?];
        let read = self.read_at(offset, &mut bytes)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// Exactly `N` bytes from `offset` on, if they are there.
    pub fn array<const N: usize>(&self, offset: u64) -> io::Result<Option<[u8; N]>> {
        let mut bytes = [0; N];
        let read = self.read_at(offset, &mut bytes)?;
        Ok((read == N).then_some(bytes))
    }

    /// A reader from the beginning.
    pub const fn reader(&self) -> SourceReader<'_> {
        SourceReader {
            source: self,
            offset: 0,
        }
    }
}

fn length(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

#[cfg(unix)]
fn file_at(file: &File, mut at: u64, buffer: &mut [u8]) -> io::Result<usize> {
    use std::os::unix::fs::FileExt;
    fill(buffer, |rest| {
        let read = file.read_at(rest, at)?;
        at += length(read);
        Ok(read)
    })
}

#[cfg(windows)]
fn file_at(file: &File, mut at: u64, buffer: &mut [u8]) -> io::Result<usize> {
    use std::os::windows::fs::FileExt;
    fill(buffer, |rest| {
        let read = file.seek_read(rest, at)?;
        at += length(read);
        Ok(read)
    })
}

fn fill(
    buffer: &mut [u8],
    mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match read(rest) {
            Ok(0) => break,
            Ok(some) => filled += some,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Reads a [`Source`] from its beginning to its end.
#[derive(Debug)]
pub struct SourceReader<'a> {
    source: &'a Source,
    offset: u64,
}

impl Read for SourceReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read_at(self.offset, buffer)?;
        self.offset += length(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_where_it_ends() {
        let whole = Source::memory(&b"0123456789"[..]);
        let window = whole.window(2, 5);
        assert_eq!(window.len(), 5);
        assert_eq!(window.bytes(0, 99).unwrap(), b"23456");
        assert_eq!(window.bytes(4, 99).unwrap(), b"6");
        assert_eq!(window.bytes(5, 1).unwrap(), b"");
        assert_eq!(window.bytes(u64::MAX, u64::MAX).unwrap(), b"");
        assert_eq!(window.window(3, u64::MAX).bytes(0, 9).unwrap(), b"56");
        assert!(whole.window(11, 1).is_empty());
        assert_eq!(window.array::<2>(3).unwrap(), Some(*b"56"));
        assert_eq!(window.array::<2>(4).unwrap(), None);
    }

    #[test]
    fn a_file_reads_like_memory() {
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, b"0123456789").unwrap();
        let source = Source::file(file).unwrap();
        let mut all = Vec::new();
        source.window(1, 8).reader().read_to_end(&mut all).unwrap();
        assert_eq!(all, b"12345678");
    }
}
