//! From offsets of a view to offsets of the text that it was made from.

use std::ops::Range;

use super::spare::Spare;

/// Where in the original the bytes of a view come from.
///
/// Pieces lie in order, in the view and in the original; what of the original lies between two pieces was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetMap {
    pieces: Vec<Piece>,
    len: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Where it begins in the view; it ends where the next one begins.
    view: usize,
    /// Where it begins in the original.
    source: usize,
    /// Bytes of the original that each of its bytes stands for; none: byte for byte.
    whole: Option<usize>,
}

impl OffsetMap {
    /// The map of a view that is its original, of so many bytes.
    #[must_use]
    pub fn identity(len: usize) -> Self {
        Self {
            pieces: vec![Piece {
                view: 0,
                source: 0,
                whole: None,
            }],
            len,
        }
    }

    /// The memory of the map.
    pub(super) fn into_pieces(self) -> Vec<Piece> {
        self.pieces
    }

    /// Bytes of the view.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether the view is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The shortest span of the original that holds all of a span of the view: whole characters if that one is of
    /// whole characters. Characters that were left out count where they lie between others. An empty span stays empty.
    #[must_use]
    pub fn source(&self, span: Range<usize>) -> Range<usize> {
        let start = self.low(span.start);
        if span.is_empty() {
            return start..start;
        }
        start..self.high(span.end.saturating_sub(1))
    }

    /// The first byte of the original behind a byte of the view.
    fn low(&self, at: usize) -> usize {
        let piece = self.piece(at);
        match piece.whole {
            None => piece.source + at.saturating_sub(piece.view),
            Some(_) => piece.source,
        }
    }

    /// One past the last byte of the original behind a byte of the view.
    fn high(&self, at: usize) -> usize {
        let piece = self.piece(at);
        match piece.whole {
            None => piece.source + at.saturating_sub(piece.view) + 1,
            Some(len) => piece.source + len,
        }
    }

    /// The first offset of the view whose byte begins at `source` or later in the original.
    #[must_use]
    pub fn first_at(&self, source: usize) -> usize {
        let after = self.pieces.partition_point(|piece| piece.source < source);
        let next = self.pieces.get(after).map_or(self.len, |next| next.view);
        let before = after
            .checked_sub(1)
            .and_then(|index| self.pieces.get(index));
        match before {
            // Byte for byte: it may lie within the piece.
            Some(Piece {
                view,
                source: begin,
                whole: None,
            }) => next.min(view + (source - begin)),
            _ => next,
        }
    }

    /// Where the view differs from the original, in the view and in the original: bytes that stand for others, and
    /// empty ranges of the view where something was left out, which may be so at its end too. In order.
    pub(crate) fn changes(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let first = self.pieces.first().map_or(0, |piece| piece.source);
        let begin = (first > 0).then_some((0..0, 0..first));
        let next = self.pieces.iter().skip(1).map(Some).chain([None]);
        let pieces = self.pieces.iter().zip(next).filter_map(|(piece, next)| {
            let end = next.map_or(self.len, |next| next.view);
            let follows = Self::source_end(piece, end);
            let next = next.map_or(follows, |next| next.source);
            match piece.whole {
                Some(_) => Some((piece.view..end, piece.source..next)),
                None => (next != follows).then_some((end..end, follows..next)),
            }
        });
        let last = self.pieces.last();
        let source_end = last.map_or(first, |last| Self::source_end(last, self.len));
        let end = (self.len..self.len, source_end..source_end);
        begin.into_iter().chain(pieces).chain([end])
    }

    /// Where a piece ends in the original that ends at `end` in the view.
    const fn source_end(piece: &Piece, end: usize) -> usize {
        match piece.whole {
            Some(len) => piece.source + len,
            None => piece.source + end.saturating_sub(piece.view),
        }
    }

    fn piece(&self, at: usize) -> Piece {
        let after = self.pieces.partition_point(|piece| piece.view <= at);
        let found = after
            .checked_sub(1)
            .and_then(|index| self.pieces.get(index));
        found.copied().unwrap_or(Piece {
            view: 0,
            source: 0,
            whole: None,
        })
    }
}

/// Writes a view and its map, from the first byte to the last.
#[derive(Debug)]
pub(super) struct Writer<'s, 'm> {
    source: &'s [u8],
    /// Where memory comes from.
    spare: &'m mut Spare,
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
    /// Up to where the original is written.
    done: usize,
}

impl<'s, 'm> Writer<'s, 'm> {
    pub(super) fn new(source: &'s [u8], spare: &'m mut Spare) -> Self {
        Self {
            source,
            spare,
            bytes: Vec::new(),
            pieces: Vec::new(),
            done: 0,
        }
    }

    /// Whether nothing but whole stretches was written so far.
    pub(super) fn is_untouched(&self) -> bool {
        self.pieces.is_empty() && self.done == 0
    }

    /// Writes what stands before `until` as it is.
    pub(super) fn copy(&mut self, until: usize) {
        let stretch = self.source.get(self.done..until).unwrap_or_default();
        self.make_room();
        if !stretch.is_empty() {
            self.pieces.push(Piece {
                view: self.bytes.len(),
                source: self.done,
                whole: None,
            });
            self.bytes.extend_from_slice(stretch);
        }
        self.done = until.max(self.done);
    }

    /// Room for all that is left, before the first byte: most texts stay as they are, and need none.
    fn make_room(&mut self) {
        if self.bytes.capacity() == 0 {
            self.bytes = self.spare.bytes();
            self.pieces = self.spare.pieces();
            self.bytes.reserve(self.source.len());
        }
    }

    /// Writes `with` for the next `len` bytes of the original.
    pub(super) fn replace(&mut self, len: usize, with: &[u8]) {
        self.make_room();
        if !with.is_empty() {
            self.pieces.push(Piece {
                view: self.bytes.len(),
                source: self.done,
                whole: Some(len),
            });
            self.bytes.extend_from_slice(with);
        }
        self.done += len;
    }

    /// Bytes of the space right before `until`, however it is written, and of what was left out behind it; if it was
    /// written already, it is taken back.
    pub(super) fn space_before(&mut self, until: usize) -> usize {
        if self.done < until {
            let last = until.checked_sub(1).and_then(|last| self.source.get(last));
            return usize::from(last == Some(&b' '));
        }
        let (Some(piece), Some(b' ')) = (self.pieces.last().copied(), self.bytes.last()) else {
            return 0;
        };
        let last = self.bytes.len() - 1;
        match piece.whole {
            None => self.done = piece.source + last - piece.view,
            Some(_) if last == piece.view => self.done = piece.source,
            // One character that became several, a space at their end.
            Some(_) => return 0,
        }
        self.bytes.truncate(last);
        if last == piece.view {
            self.pieces.pop();
        }
        until - self.done
    }

    /// The view, with the rest of the original as it is.
    pub(super) fn finish(mut self) -> super::View<'s> {
        if self.is_untouched() {
            return super::View::borrowed(self.source);
        }
        self.copy(self.source.len());
        let len = self.bytes.len();
        super::View {
            bytes: self.bytes.into(),
            map: OffsetMap {
                pieces: self.pieces,
                len,
            },
        }
    }
}

/// A view of its own bytes, each group of which stands for a stretch of the original.
pub(super) fn of_groups(bytes: Vec<u8>, groups: &[(usize, usize, usize)]) -> super::View<'static> {
    let pieces = groups.iter().map(|&(view, source, len)| Piece {
        view,
        source,
        whole: Some(len),
    });
    let len = bytes.len();
    super::View {
        map: OffsetMap {
            pieces: pieces.collect(),
            len,
        },
        bytes: bytes.into(),
    }
}
