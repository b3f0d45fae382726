//! Reading a log's lines in pieces of whole lines.

use sealog_core::limits::LINE_BYTES_MAX;
use sealog_store::{SegmentInfo, Store};

use crate::Error;

/// Bytes that are read at once: large enough for sequential reading, small enough for flat memory.
pub(crate) const CHUNK_BYTES: usize = 1024 * 1024;

/// Part of a segment: whole lines, or what remains at its end.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// Number of the segment.
    pub(crate) segment: u64,
    /// Where the bytes begin in the segment.
    pub(crate) offset: u64,
    /// Whole lines with their newlines; without one only at the end of a segment.
    pub(crate) bytes: Vec<u8>,
}

/// Reads chunks from a place on, through all segments.
#[derive(Debug)]
pub(crate) struct Chunks<'a> {
    store: &'a dyn Store,
    segments: std::vec::IntoIter<SegmentInfo>,
    current: Option<SegmentInfo>,
    offset: u64,
    chunk_bytes: usize,
    /// How often segments had been rewritten when this began: pieces of an old file and a new one do not fit.
    rewrites: u64,
}

impl<'a> Chunks<'a> {
    /// From `offset` of `segment` on. Segments that appear later are not read,
    /// and of each no more than it holds now: a growing ledger is read up to its end at the start.
    pub(crate) fn new(store: &'a dyn Store, segment: u64, offset: u64) -> Result<Self, Error> {
        let rewrites = store.rewrites()?;
        let segments: Vec<SegmentInfo> = store
            .segments()?
            .iter()
            .filter(|info| info.number() >= segment)
            .copied()
            .collect();
        let mut segments = segments.into_iter();
        let current = segments.next();
        let here = current.is_some_and(|info| info.number() == segment);
        let offset = if here { offset } else { 0 };
        Ok(Self {
            store,
            segments,
            current,
            offset,
            chunk_bytes: CHUNK_BYTES,
            rewrites,
        })
    }

    /// The same in pieces of about so many bytes, for whoever knows how little is wanted.
    pub(crate) fn in_pieces_of(mut self, bytes: u64) -> Self {
        self.chunk_bytes = usize::try_from(bytes)
            .unwrap_or(CHUNK_BYTES)
            .min(CHUNK_BYTES);
        self
    }

    /// Refuses if entries were disposed of since this began.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.store.rewrites()? == self.rewrites {
            return Ok(());
        }
        Err(Error::Rewritten)
    }

    /// The next chunk, or `None` at the end of the log. [`Error::Rewritten`] if entries were disposed of meanwhile.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<Chunk>, Error> {
        loop {
            let Some(segment) = self.current else {
                return Ok(None);
            };
            if self.offset >= segment.bytes() {
                self.current = self.segments.next();
                self.offset = 0;
                continue;
            }
            let bytes = self.read(segment)?;
            self.check()?;
            if bytes.is_empty() {
                self.current = self.segments.next();
                self.offset = 0;
                continue;
            }
            let offset = self.offset;
            self.offset += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            return Ok(Some(Chunk {
                segment: segment.number(),
                offset,
                bytes,
            }));
        }
    }

    /// Reads up to the last newline within the chunk size, or to the end of the segment.
    fn read(&self, segment: SegmentInfo) -> Result<Vec<u8>, Error> {
        let left = usize::try_from(segment.bytes() - self.offset).unwrap_or(usize::MAX);
        let wanted = left.min(self.chunk_bytes.max(LINE_BYTES_MAX + 1));
        let mut bytes = vec![0; wanted];
        let mut filled = 0;
        while filled < wanted {
            let at = self.offset + u64::try_from(filled).unwrap_or(u64::MAX);
            let rest = bytes.get_mut(filled..).unwrap_or_default();
            let read = self.store.read(segment.number(), at, rest)?;
            if read == 0 {
                break;
            }
            filled += read;
        }
        bytes.truncate(filled);
        if filled == wanted && wanted < left {
            // A line longer than the limit has no newline here: it goes out as it is and is judged by its length.
            if let Some(end) = memchr::memrchr(b'\n', &bytes) {
                bytes.truncate(end + 1);
            }
        }
        Ok(bytes)
    }
}

/// The lines of a chunk, without newlines, each with its start in the chunk; the last may lack its newline.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = ChunkLine<'_>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr(b'\n', rest);
        let text = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let line = ChunkLine {
            start,
            text,
            complete: end.is_some(),
        };
        start += text.len() + usize::from(end.is_some());
        Some(line)
    })
}

/// One line of a chunk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChunkLine<'a> {
    /// Where it begins in the chunk.
    pub(crate) start: usize,
    /// Its bytes without newline.
    pub(crate) text: &'a [u8],
    /// Whether its newline is there.
    pub(crate) complete: bool,
}
