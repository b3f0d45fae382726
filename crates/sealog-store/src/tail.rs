//! What follows a place in a segment, byte by byte, for whoever has to tell a torn tail from damage.
//!
//! A crash loses whole sectors of an unflushed write, in any order: they still hold what was there before, which is
//! filler (0x0A) or, where the file grew, zero bytes. A changed byte leaves no such trace. This module reports the
//! traces; what is torn is the ledger's judgement (design, "Tail"), because it takes knowing which lines are sound.

use sealog_core::limits::{FILLER_BYTES_MAX, SECTOR_BYTES};

use crate::{Error, Place, Store};

/// Bytes read at once: whole sectors.
const CHUNK_SECTORS: u64 = 512;
/// [`SECTOR_BYTES`] as a length in memory.
const SECTOR: usize = 512;
#[expect(clippy::as_conversions, reason = "a constant of three digits")]
const _: () = assert!(SECTOR as u64 == SECTOR_BYTES);

/// What follows a place, to the end of its segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    at: Place,
    bytes: u64,
    data_end: u64,
    lost_sector: Option<u64>,
    zero_filler: bool,
    newline_after_data: bool,
}

/// How a tail ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TailEnd {
    /// Nothing follows.
    Nothing,
    /// Only filler as a writer leaves it: at most 256 KiB of 0x0A.
    Filler,
    /// Nothing but 0x0A and zero bytes, but not as a writer leaves it: a write of which nothing reached the disk.
    Blank,
    /// Bytes that end in a newline, perhaps with filler after it.
    AfterNewline,
    /// Bytes that end at the end of the file, without a newline.
    InsideLine,
    /// Bytes that end at the border of a sector, with only filler after it. The newline may be the line's own: then
    /// the last line is whole.
    AtSectorBorder,
    /// Bytes that end in a zero byte elsewhere than at the border of a sector.
    InZero,
}

impl Tail {
    /// Reads what follows `at`. A segment that does not exist is [`Error::NoSuchPlace`], as is an offset beyond its
    /// end. Later segments are not looked at.
    pub fn examine(store: &dyn Store, at: Place) -> Result<Self, Error> {
        let mut scan = Scan::new(at.offset());
        let size = usize::try_from(CHUNK_SECTORS * SECTOR_BYTES).unwrap_or(usize::MAX);
        let mut chunk = vec![0; size];
        loop {
            // Up to the next border first, so that all further chunks begin at one.
            let into = usize::try_from(scan.offset % SECTOR_BYTES).unwrap_or_default();
            let target = chunk.get_mut(into..).unwrap_or_default();
            let wanted = target.len();
            let read = store.read(at.segment(), scan.offset, target)?;
            scan.take(target.get(..read).unwrap_or_default());
            if read < wanted {
                break;
            }
        }
        if scan.offset == at.offset() && !reaches(store, at)? {
            return Err(Error::NoSuchPlace { at });
        }
        Ok(scan.finish(at))
    }

    /// The place that was looked at.
    pub const fn at(&self) -> Place {
        self.at
    }

    /// Bytes from there to the end of the segment.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The offset in the segment just after the last byte that is neither 0x0A nor zero; that of the place itself if
    /// there is none.
    pub const fn data_end(&self) -> u64 {
        self.data_end
    }

    /// The offset of the first sector, or of the rest of the place's own sector, that holds only 0x0A and zero bytes
    /// although other bytes follow: the trace of a write that reached the disk in part.
    pub const fn lost_sector(&self) -> Option<u64> {
        self.lost_sector
    }

    /// How it ends.
    pub fn end(&self) -> TailEnd {
        let end = self.at.offset().saturating_add(self.bytes);
        if self.bytes == 0 {
            TailEnd::Nothing
        } else if self.data_end == self.at.offset() {
            if self.zero_filler || self.bytes > FILLER_BYTES_MAX {
                TailEnd::Blank
            } else {
                TailEnd::Filler
            }
        } else if self.data_end == end {
            TailEnd::InsideLine
        } else if self.data_end.is_multiple_of(SECTOR_BYTES) {
            TailEnd::AtSectorBorder
        } else if self.newline_after_data {
            TailEnd::AfterNewline
        } else {
            TailEnd::InZero
        }
    }
}

/// Whether the segment reaches to `at`.
fn reaches(store: &dyn Store, at: Place) -> Result<bool, Error> {
    let segments = store.segments()?;
    Ok(segments
        .iter()
        .any(|segment| segment.number() == at.segment() && segment.bytes() >= at.offset()))
}

struct Scan {
    /// The offset of the next byte.
    offset: u64,
    data_end: u64,
    /// The first sector without data since the last data.
    blank_sector: Option<u64>,
    lost_sector: Option<u64>,
    zero_since_data: bool,
    newline_after_data: bool,
    /// Whether the current sector has held data so far, and where the part of it that is looked at begins.
    sector_has_data: bool,
    sector_start: u64,
}

impl Scan {
    fn new(offset: u64) -> Self {
        Self {
            offset,
            data_end: offset,
            blank_sector: None,
            lost_sector: None,
            zero_since_data: false,
            newline_after_data: false,
            sector_has_data: false,
            sector_start: offset,
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.offset.is_multiple_of(SECTOR_BYTES)
                && let Some((sector, after)) = rest.split_first_chunk::<SECTOR>()
                && (sector == &[b'\n'; SECTOR] || sector == &[0; SECTOR])
            {
                self.push_blank(sector);
                rest = after;
            } else if let Some((byte, after)) = rest.split_first() {
                self.push(*byte);
                rest = after;
            }
        }
    }

    /// A whole sector of one kind of filler: most of a long tail.
    fn push_blank(&mut self, sector: &[u8; SECTOR]) {
        if sector.first() == Some(&0) {
            self.zero_since_data = true;
        } else if self.offset == self.data_end {
            self.newline_after_data = true;
        }
        self.blank_sector.get_or_insert(self.offset);
        self.offset += SECTOR_BYTES;
        self.sector_start = self.offset;
    }

    fn push(&mut self, byte: u8) {
        match byte {
            b'\n' => {
                if self.offset == self.data_end {
                    self.newline_after_data = true;
                }
            }
            0 => self.zero_since_data = true,
            _ => {
                if self.lost_sector.is_none() {
                    self.lost_sector = self.blank_sector;
                }
                self.data_end = self.offset + 1;
                self.blank_sector = None;
                self.zero_since_data = false;
                self.newline_after_data = false;
                self.sector_has_data = true;
            }
        }
        self.offset += 1;
        if self.offset.is_multiple_of(SECTOR_BYTES) {
            if !self.sector_has_data {
                self.blank_sector.get_or_insert(self.sector_start);
            }
            self.sector_has_data = false;
            self.sector_start = self.offset;
        }
    }

    fn finish(self, at: Place) -> Tail {
        Tail {
            at,
            bytes: self.offset - at.offset(),
            data_end: self.data_end,
            lost_sector: self.lost_sector,
            zero_filler: self.zero_since_data,
            newline_after_data: self.newline_after_data,
        }
    }
}
