//! Compressed streams, and a meter that ends those that grow too large.

use std::cell::Cell;
use std::io::{self, Read};

use super::source::Source;

/// Memory that a dictionary of LZMA may take, in KiB.
const DICTIONARY_KIB_MAX: u32 = 128 * 1024;

/// A compressed stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Zlib,
    Bzip2,
    Xz,
    Lzma,
}

impl Packing {
    /// The name for people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zlib => "zlib",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Lzma => "lzma",
        }
    }

    /// What comes out of a compressed content, from its beginning.
    pub(crate) fn open(self, source: &Source) -> io::Result<Box<dyn Read + '_>> {
        let reader = source.reader();
        Ok(match self {
            Self::Gzip => Box::new(flate2::read::MultiGzDecoder::new(reader)),
            Self::Zlib => Box::new(flate2::read::ZlibDecoder::new(reader)),
            Self::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(reader)),
            Self::Xz => Box::new(lzma_rust2::XzReader::new(reader, true)),
            Self::Lzma => Box::new(lzma_rust2::LzmaReader::new_mem_limit(
                reader,
                DICTIONARY_KIB_MAX,
                None,
            )?),
        })
    }
}

/// Bytes that all compressed content of one file may inflate to, however small the file is.
pub(crate) const TOTAL_FREE_BYTES: u64 = 256 * 1024 * 1024;
/// Beyond that, inflated bytes for each byte of the file, over all archives inside of it. Without this a file of 14 kB
/// in which archives of zeros lie in each other kept a core busy for minutes.
pub(crate) const TOTAL_RATIO_MAX: u64 = 50;

/// A reader that ends where more comes out than is allowed, and says so.
pub(crate) struct Metered<'b, R> {
    pub(crate) inner: R,
    pub(crate) left: u64,
    pub(crate) bomb: &'b Cell<bool>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bomb.get() {
            return Ok(0);
        }
        let read = self.inner.read(buffer)?;
        if let Some(left) = self
            .left
            .checked_sub(u64::try_from(read).unwrap_or(u64::MAX))
        {
            self.left = left;
            Ok(read)
        } else {
            self.bomb.set(true);
            Ok(0)
        }
    }
}
