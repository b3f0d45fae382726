//! HDF5: Keras configurations in its attributes, links to other files, and data that lie in other files.
//!
//! The tree of the file is not walked: configurations are found as the JSON texts they are, wherever they stand, which
//! also finds those that no attribute points to; links and lists of external files by the shape of their messages.
//! **What is absent**: chunked or compressed text data sets (Keras writes attributes); filters of plug-ins.

use std::collections::HashSet;

use super::context::Scan;
use super::keras;
use super::rule::{FILE_UNREADABLE, HDF5_EXTERNAL, HDF5_LIMIT, KERAS_BROKEN};
use crate::formats::hdf5::signature;
use crate::formats::members;
use crate::formats::source::Source;

/// How a configuration of Keras begins.
const BEGINNINGS: &[&[u8]] = &[
    b"{\"class_name\"",
    b"{\"module\"",
    b"{\"config\"",
    b"{\"name\"",
];
/// Bytes read at once, and how much each piece shares with the next.
const PIECE: u64 = 1024 * 1024;
const SHARED: u64 = 64;
/// Configurations in one file.
const DOCUMENTS_MAX: usize = 64;
/// Heaps of names, and places that look like lists of external files, in one file.
const PLACES_MAX: usize = 65_536;
/// Bytes of an address, as every library writes them unless it is asked for others.
const ADDRESS_BYTES: u8 = 8;
/// How a list of external files begins: version 1 and three bytes that are reserved.
const LIST: &[u8] = &[1, 0, 0, 0];
/// How a heap of names begins.
const HEAP: &[u8] = b"HEAP";

/// A signature may stand behind a block of the user's own, at 512 times a power of two.
pub(super) fn scan_with_user_block(source: &Source, scan: &mut Scan<'_>) -> Option<&'static str> {
    signature(source)?;
    self::scan(source, scan);
    Some("hdf5")
}

pub(super) fn scan(source: &Source, scan: &mut Scan<'_>) {
    let (mut at, mut documents, mut next) = (0, 0, 0);
    let base = signature(source).unwrap_or(0);
    let mut lists = Lists::new(base, source.len());
    if let Some(bytes) = other_width(source, base) {
        // A list of external files in such a file would not be found.
        let detail = format!("its addresses have {bytes} bytes, {ADDRESS_BYTES} are read");
        scan.report(&HDF5_LIMIT, base, detail);
    }
    while at < source.len() {
        let piece = match source.bytes(at, PIECE + SHARED) {
            Ok(piece) => piece,
            Err(error) => return scan.report(&FILE_UNREADABLE, at, error.to_string()),
        };
        for beginning in BEGINNINGS {
            for place in memchr::memmem::find_iter(&piece, beginning) {
                let place = at + u64::try_from(place).unwrap_or(0);
                if place < next {
                    continue;
                }
                documents += 1;
                if documents > DOCUMENTS_MAX {
                    return scan.report(&HDF5_LIMIT, place, "too many configurations");
                }
                next = document(source, place, scan);
            }
        }
        if let Some(place) = external(&piece) {
            let place = at + u64::try_from(place).unwrap_or(0);
            scan.report(&HDF5_EXTERNAL, place, "an external link names another file");
        }
        lists.look(&piece, at);
        at += PIECE;
    }
    lists.settle(scan);
}

/// How many bytes an address of this file has, where that are others than are read. A library takes no further numbers.
fn other_width(source: &Source, base: u64) -> Option<u8> {
    let head = source.bytes(base, 16).unwrap_or_default();
    let place = if head.get(8).is_some_and(|version| *version < 2) {
        13
    } else {
        9
    };
    let bytes = head.get(place).copied()?;
    matches!(bytes, 2 | 4 | 16 | 32).then_some(bytes)
}

/// Lists of external files, which data sets have instead of data of their own: a version, the slots allocated and used,
/// and the address of a heap that holds the names. One counts only where a heap does lie at that address.
struct Lists {
    base: u64,
    len: u64,
    heaps: HashSet<u64>,
    found: Vec<(u64, u64)>,
    full: bool,
}

impl Lists {
    fn new(base: u64, len: u64) -> Self {
        Self {
            base,
            len,
            heaps: HashSet::new(),
            found: Vec::new(),
            full: false,
        }
    }

    fn look(&mut self, piece: &[u8], start: u64) {
        let place = |at: usize| start.saturating_add(u64::try_from(at).unwrap_or(0));
        for at in memchr::memmem::find_iter(piece, HEAP) {
            self.full |= self.heaps.len() >= PLACES_MAX;
            if !self.full {
                self.heaps.insert(place(at));
            }
        }
        for at in memchr::memmem::find_iter(piece, LIST) {
            let body = piece.get(at + LIST.len()..).unwrap_or_default();
            let Some(heap) = self.heap(body) else {
                continue;
            };
            self.full |= self.found.len() >= PLACES_MAX;
            if !self.full {
                self.found.push((place(at), heap));
            }
        }
    }

    /// Where the heap of what may be a list lies in the file. Addresses have eight bytes: [`other_width`].
    fn heap(&self, body: &[u8]) -> Option<u64> {
        let (slots, rest) = body.split_first_chunk::<4>()?;
        let [a0, a1, u0, u1] = *slots;
        let (allocated, used) = (u16::from_le_bytes([a0, a1]), u16::from_le_bytes([u0, u1]));
        let heap = rest.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))?;
        let place = heap.checked_add(self.base)?;
        ((1..=allocated).contains(&used) && place < self.len).then_some(place)
    }

    fn settle(self, scan: &mut Scan<'_>) {
        if self.full {
            scan.report(&HDF5_LIMIT, 0, "more heaps or lists than are looked at");
        }
        for (at, heap) in self.found {
            if self.heaps.contains(&heap) {
                return scan.report(&HDF5_EXTERNAL, at, "a data set lies in another file");
            }
        }
    }
}

/// A link message of class 64 (external): version 1, flags with the class bit, class, name, then two texts.
fn external(piece: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(piece, &[64u8]).find(|place| {
        let before = place
            .checked_sub(2)
            .and_then(|start| piece.get(start..*place));
        let Some([1, flags]) = before else {
            return false;
        };
        if flags & 0x08 == 0 || flags & 0xe0 != 0 {
            return false;
        }
        link_value(piece, *place + 1, *flags).is_some()
    })
}

fn link_value(piece: &[u8], mut at: usize, flags: u8) -> Option<()> {
    if flags & 0x04 != 0 {
        at += 8;
    }
    if flags & 0x10 != 0 {
        at += 1;
    }
    let name_width = 1usize << (flags & 3);
    let length = piece.get(at..at + name_width)?;
    let length = length.iter().rev().fold(0usize, |sum, byte| {
        sum.saturating_mul(256).saturating_add((*byte).into())
    });
    let name = piece.get(at + name_width..at.checked_add(name_width)?.checked_add(length)?)?;
    let after = at + name_width + length;
    let value_len = piece
        .get(after..)?
        .first_chunk()
        .map(|bytes| u16::from_le_bytes(*bytes))?;
    let value = piece.get(after + 2..after + 2 + usize::from(value_len))?;
    let printable =
        |bytes: &[u8]| !bytes.is_empty() && bytes.iter().all(|byte| (32..127).contains(byte));
    let (version, texts) = value.split_first()?;
    let mut texts = texts.split(|byte| *byte == 0);
    let (file, object) = (texts.next()?, texts.next()?);
    (*version == 0 && printable(name) && printable(file) && printable(object)).then_some(())
}

/// Reads one configuration; where it ends.
fn document(source: &Source, at: u64, scan: &mut Scan<'_>) -> u64 {
    let bytes = source.bytes(at, scan.limits.document).unwrap_or_default();
    let Some(end) = object_end(&bytes) else {
        scan.report(&HDF5_LIMIT, at, "a configuration without an end");
        return at.saturating_add(1);
    };
    let text = bytes.get(..end).unwrap_or_default();
    match members::document(text) {
        Ok(value) => keras::scan_value(&value, scan),
        Err(error) => scan.report(&KERAS_BROKEN, at, error.0),
    }
    at.saturating_add(u64::try_from(end).unwrap_or(1))
}

/// Where the object that begins here ends, by its braces outside of strings.
fn object_end(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut inside, mut escaped) = (0usize, false, false);
    for (at, byte) in bytes.iter().enumerate() {
        match (inside, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => inside = !inside,
            (false, b'{') => depth += 1,
            (false, b'}') => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
