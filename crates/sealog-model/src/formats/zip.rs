//! Zip archives: both directories, as they stand, with every disagreement between them.
//!
//! Follows APPNOTE 6.3.10. **What is absent**: encryption, archives over several disks, and any choice between the two
//! headers of an entry: the reader says where they differ, and hands out the bytes that the local header leads to.

use std::io;

use super::source::Source;

/// Bytes of a comment at the end at most.
const COMMENT_BYTES_MAX: u64 = 65_535;
const END_BYTES: u64 = 22;
const LOCATOR_BYTES: u64 = 20;
const LOCAL_BYTES: u64 = 30;
const CENTRAL_BYTES: usize = 46;

/// What makes an archive unreadable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ZipError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// There is no end record.
    #[error("has no end record")]
    NoEnd,
    /// The directory does not lie where the end record says.
    #[error("has no directory where its end says")]
    Directory,
    /// The directory breaks off, or holds something else, at an offset.
    #[error("has a directory that breaks off")]
    Entry {
        /// Where.
        offset: u64,
    },
    /// More entries than the caller allows.
    #[error("has more than {max} entries, or a directory that is too large")]
    TooMany {
        /// The limit.
        max: usize,
    },
}

/// An archive's directory.
#[derive(Debug)]
pub struct Zip {
    entries: Vec<ZipEntry>,
    directory_start: u64,
    end: u64,
    base: u64,
}

/// One entry, as the central directory has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZipEntry {
    /// The bytes of its name.
    pub name: Vec<u8>,
    /// Compression method: 0 stored, 8 deflated.
    pub method: u16,
    /// General purpose flags.
    pub flags: u16,
    /// CRC-32 of the content.
    pub crc: u32,
    /// Bytes in the archive.
    pub compressed: u64,
    /// Bytes of the content.
    pub size: u64,
    /// Unix mode in the external attributes; 0 where there is none.
    pub mode: u32,
    /// Where the local header is.
    pub header: u64,
}

/// The local header of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalHeader {
    /// The bytes of its name.
    pub name: Vec<u8>,
    /// Compression method.
    pub method: u16,
    /// General purpose flags.
    pub flags: u16,
    /// Bytes in the archive; 0 where they follow behind the content.
    pub compressed: u64,
    /// Bytes of the content; likewise.
    pub size: u64,
    /// Where the content begins.
    pub data: u64,
}

impl ZipEntry {
    /// Its name for people, and to compare.
    pub fn display(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }
}

impl Zip {
    /// Reads the directory. `entries_max` and `listing_max` bound what is held.
    pub fn read(source: &Source, entries_max: usize, listing_max: u64) -> Result<Self, ZipError> {
        let end = end_record(source)?;
        let (count, size, offset, directory_end) = directory_place(source, end)?;
        let too_many = ZipError::TooMany { max: entries_max };
        if size > listing_max || count > u64::try_from(entries_max).unwrap_or(u64::MAX) {
            return Err(too_many);
        }
        let directory_start = directory_end.checked_sub(size).ok_or(ZipError::Directory)?;
        // What stands before the archive shifts every offset by the same number.
        let base = directory_start
            .checked_sub(offset)
            .ok_or(ZipError::Directory)?;
        let listing = source.bytes(directory_start, size)?;
        let mut rest = listing.as_slice();
        let mut entries = Vec::new();
        while !rest.is_empty() {
            let left = u64::try_from(rest.len()).unwrap_or(u64::MAX);
            let broken = ZipError::Entry {
                offset: directory_end - left,
            };
            if entries.len() >= entries_max {
                return Err(too_many);
            }
            let (entry, after) = central(rest, base).ok_or(broken)?;
            entries.push(entry);
            rest = after;
        }
        if u64::try_from(entries.len()).unwrap_or(u64::MAX) != count {
            return Err(ZipError::Entry {
                offset: directory_end,
            });
        }
        Ok(Self {
            entries,
            directory_start,
            end,
            base,
        })
    }

    /// Every entry, in the order of the directory.
    pub fn entries(&self) -> &[ZipEntry] {
        &self.entries
    }

    /// Where the directory begins.
    pub const fn directory_start(&self) -> u64 {
        self.directory_start
    }

    /// Where the end record begins.
    pub const fn end(&self) -> u64 {
        self.end
    }

    /// How many bytes stand before the archive, by its own offsets.
    pub const fn base(&self) -> u64 {
        self.base
    }
}

/// Whether there is an end record: Python's reader looks for one whatever the file begins with.
pub fn has_end(source: &Source) -> io::Result<bool> {
    match end_record(source) {
        Ok(end) => Ok(
            directory_place(source, end).is_ok_and(|(_, size, offset, end)| {
                end.checked_sub(size).is_some_and(|start| start >= offset)
            }),
        ),
        Err(ZipError::Io(error)) => Err(error),
        Err(_) => Ok(false),
    }
}

/// The last end record that has room for itself and its comment.
fn end_record(source: &Source) -> Result<u64, ZipError> {
    let window = (END_BYTES + COMMENT_BYTES_MAX).min(source.len());
    let start = source.len() - window;
    let tail = source.bytes(start, window)?;
    let found = memchr::memmem::rfind_iter(&tail, b"PK\x05\x06")
        .find(|at| at.checked_add(22).is_some_and(|end| end <= tail.len()));
    let at = found.ok_or(ZipError::NoEnd)?;
    Ok(start + u64::try_from(at).unwrap_or(0))
}

/// Count, size and stated offset of the directory, and where it really ends.
fn directory_place(source: &Source, end: u64) -> Result<(u64, u64, u64, u64), ZipError> {
    let record: [u8; 22] = source.array(end)?.ok_or(ZipError::NoEnd)?;
    let count = short(&record, 10).ok_or(ZipError::NoEnd)?;
    let size = long(&record, 12).ok_or(ZipError::NoEnd)?;
    let offset = long(&record, 16).ok_or(ZipError::NoEnd)?;
    let wide = count == 0xffff || size == 0xffff_ffff || offset == 0xffff_ffff;
    let locator = end.checked_sub(LOCATOR_BYTES);
    if let Some(locator) = locator
        && let Some(bytes) = source.array::<20>(locator)?
        && bytes.starts_with(b"PK\x06\x07")
    {
        let stated = wide_number(&bytes, 8).ok_or(ZipError::Directory)?;
        // The record stands right before its locator, 56 bytes without extensions; what stands before shifts it.
        let near = locator.checked_sub(56).unwrap_or(stated);
        for place in [stated, near] {
            if let Some(record) = source.array::<56>(place)?
                && record.starts_with(b"PK\x06\x06")
            {
                let number = |at| wide_number(&record, at).ok_or(ZipError::Directory);
                return Ok((number(32)?, number(40)?, number(48)?, place));
            }
        }
        return Err(ZipError::Directory);
    }
    if wide && size == 0xffff_ffff {
        return Err(ZipError::Directory);
    }
    Ok((count.into(), size.into(), offset.into(), end))
}

fn central(bytes: &[u8], base: u64) -> Option<(ZipEntry, &[u8])> {
    if !bytes.starts_with(b"PK\x01\x02") {
        return None;
    }
    let (name_len, extra_len, comment_len) =
        (short(bytes, 28)?, short(bytes, 30)?, short(bytes, 32)?);
    let name_end = CENTRAL_BYTES + usize::from(name_len);
    let extra_end = name_end + usize::from(extra_len);
    let extra = bytes.get(name_end..extra_end)?;
    let mut size = u64::from(long(bytes, 24)?);
    let mut compressed = u64::from(long(bytes, 20)?);
    let mut header = u64::from(long(bytes, 42)?);
    let mut wide = zip64(extra);
    for field in [&mut size, &mut compressed, &mut header] {
        if *field == 0xffff_ffff
            && let Some(value) = wide.as_mut().and_then(Iterator::next)
        {
            *field = value;
        }
    }
    let made_by_unix = bytes.get(5) == Some(&3);
    let mode = long(bytes, 38)? >> 16;
    let entry = ZipEntry {
        name: bytes.get(CENTRAL_BYTES..name_end)?.to_vec(),
        method: short(bytes, 10)?,
        flags: short(bytes, 8)?,
        crc: long(bytes, 16)?,
        compressed,
        size,
        mode: if made_by_unix { mode } else { 0 },
        header: header.checked_add(base)?,
    };
    Some((entry, bytes.get(extra_end + usize::from(comment_len)..)?))
}

/// The numbers of a ZIP64 extra field, in order.
fn zip64(extra: &[u8]) -> Option<impl Iterator<Item = u64> + '_> {
    let mut rest = extra;
    loop {
        let (id, len) = (short(rest, 0)?, usize::from(short(rest, 2)?));
        let body = rest.get(4..4 + len)?;
        if id == 1 {
            let numbers = body
                .chunks_exact(8)
                .filter_map(|chunk| wide_number(chunk, 0));
            return Some(numbers);
        }
        rest = rest.get(4 + len..)?;
    }
}

/// Reads the local header of an entry; none where there is no such header.
pub fn local_header(source: &Source, entry: &ZipEntry) -> io::Result<Option<LocalHeader>> {
    let Some(fixed) = source.array::<30>(entry.header)? else {
        return Ok(None);
    };
    Ok(read_local(source, entry, &fixed)?.filter(|_| fixed.starts_with(b"PK\x03\x04")))
}

fn read_local(
    source: &Source,
    entry: &ZipEntry,
    fixed: &[u8; 30],
) -> io::Result<Option<LocalHeader>> {
    let (Some(name_len), Some(extra_len)) = (short(fixed, 26), short(fixed, 28)) else {
        return Ok(None);
    };
    let name = source.bytes(entry.header + LOCAL_BYTES, name_len.into())?;
    let extra_at = entry.header + LOCAL_BYTES + u64::from(name_len);
    let extra = source.bytes(extra_at, extra_len.into())?;
    if name.len() != usize::from(name_len) || extra.len() != usize::from(extra_len) {
        return Ok(None);
    }
    let (Some(method), Some(flags)) = (short(fixed, 8), short(fixed, 6)) else {
        return Ok(None);
    };
    let (Some(compressed), Some(size)) = (long(fixed, 18), long(fixed, 22)) else {
        return Ok(None);
    };
    let mut wide = zip64(&extra);
    let mut widened = |value: u32| match value {
        0xffff_ffff => wide
            .as_mut()
            .and_then(Iterator::next)
            .unwrap_or(value.into()),
        value => value.into(),
    };
    let size = widened(size);
    let compressed = widened(compressed);
    Ok(Some(LocalHeader {
        name,
        method,
        flags,
        compressed,
        size,
        data: extra_at + u64::from(extra_len),
    }))
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_le_bytes(*bytes))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

fn wide_number(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u64::from_le_bytes(*bytes))
}
