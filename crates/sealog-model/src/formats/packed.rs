//! Compressed streams, and a meter that ends those that grow too large.

use std::cell::Cell;
use std::io::{self, Read};

use super::source::{Source, SourceReader};

/// Memory that a dictionary of LZMA or xz may take, in KiB: a stream of a hundred bytes may ask for 4 GiB. `xz -9` asks
/// for half of this.
const DICTIONARY_KIB_MAX: u32 = 128 * 1024;

/// A compressed stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Zlib,
    Bzip2,
    Xz,
    Lzma,
    Lz4,
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
            Self::Lz4 => "lz4",
        }
    }

    /// What comes out of a compressed content, from its beginning.
    pub(crate) fn open(self, source: &Source) -> io::Result<Box<dyn Read + '_>> {
        let reader = source.reader();
        Ok(match self {
            Self::Gzip => Box::new(flate2::read::MultiGzDecoder::new(reader)),
            Self::Zlib => Box::new(flate2::read::ZlibDecoder::new(reader)),
            Self::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(reader)),
            Self::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(
                reader,
                true,
                DICTIONARY_KIB_MAX,
            )),
            Self::Lzma => Box::new(lzma_rust2::LzmaReader::new_mem_limit(
                reader,
                DICTIONARY_KIB_MAX,
                None,
            )?),
            Self::Lz4 => Box::new(Lz4Frames::new(source)),
        })
    }
}

/// Bytes that all compressed content of one file may inflate to, however small the file is.
pub(crate) const TOTAL_FREE_BYTES: u64 = 256 * 1024 * 1024;
/// Beyond that, inflated bytes for each byte of the file, over all archives inside of it. Without this a file of 14 kB
/// in which archives of zeros lie in each other kept a core busy for minutes.
pub(crate) const TOTAL_RATIO_MAX: u64 = 50;
/// An empty frame of lz4, as the format spells it: magic, flags, block size, the header's checksum, the end mark.
const LZ4_EMPTY: [u8; 11] = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 0, 0, 0, 0];

/// Frames of lz4 in a row, to the last byte. A block is 8 MiB at most, which bounds what is held.
///
/// The decoder ends quietly where a stream is cut between two blocks, and at an empty block in the middle, where other
/// readers go on. So an empty frame is put behind the source: inside of a frame its magic is a block that is too large,
/// and only when it was read too is this the end.
///
/// Each frame has a decoder of its own: one that goes on to a frame whose blocks are otherwise keeps a buffer of the
/// wrong size, which it asserts against where assertions are compiled in.
struct Lz4Frames<'s> {
    decoder: Option<Lz4Decoder<'s>>,
}

type Lz4Decoder<'s> = lz4_flex::frame::FrameDecoder<io::Chain<SourceReader<'s>, &'static [u8]>>;

impl<'s> Lz4Frames<'s> {
    fn new(source: &'s Source) -> Self {
        let input = source.reader().chain(LZ4_EMPTY.as_slice());
        let decoder = Some(Lz4Decoder::new(input));
        Self { decoder }
    }
}

impl Read for Lz4Frames<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.decoder {
            let read = decoder.read(buffer)?;
            let (_, behind) = decoder.get_ref().get_ref();
            if read > 0 || buffer.is_empty() || behind.is_empty() {
                return Ok(read);
            }
            let input = self.decoder.take().map(Lz4Decoder::into_inner);
            self.decoder = input.map(Lz4Decoder::new);
        }
        Ok(0)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    /// `words`, by the liblzma of Python with a dictionary of 4 KiB and CRC-32.
    const XZ: &[u8] = &[
        0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x01, 0x69, 0x22, 0xde, 0x36, 0x02, 0x00, 0x21,
        0x01, 0x00, 0x00, 0x00, 0x00, 0x37, 0x27, 0x97, 0xd6, 0x01, 0x00, 0x04, 0x77, 0x6f, 0x72,
        0x64, 0x73, 0x00, 0x00, 0x00, 0x00, 0x8c, 0x1e, 0x7d, 0x71, 0x00, 0x01, 0x19, 0x05, 0xbc,
        0xe8, 0xec, 0xcb, 0x90, 0x42, 0x99, 0x0d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x01, 0x59, 0x5a,
    ];
    /// The same in the older form.
    const LZMA: &[u8] = &[
        0x5d, 0x00, 0x10, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x3b,
        0x9b, 0xca, 0xaa, 0xd4, 0xb6, 0xa7, 0xc0, 0x9f, 0xff, 0xfc, 0xb6, 0xd0, 0x00,
    ];

    fn read(packing: Packing, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let source = Source::memory(bytes);
        let mut all = Vec::new();
        packing.open(&source)?.read_to_end(&mut all)?;
        Ok(all)
    }

    /// The header of the first block begins at byte 12 and says the dictionary at byte 16.
    fn xz(dictionary: u8) -> Vec<u8> {
        let mut bytes = XZ.to_vec();
        bytes[16] = dictionary;
        let mut crc = flate2::Crc::new();
        crc.update(&bytes[12..20]);
        bytes[20..24].copy_from_slice(&crc.sum().to_le_bytes());
        bytes
    }

    #[test]
    fn frames_of_lz4_follow_each_other_whatever_their_blocks_are() {
        use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
        use std::io::Write as _;
        let frame = |mode, size, data: &[u8]| {
            let info = FrameInfo::new().block_mode(mode).block_size(size);
            let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
            encoder.write_all(data).unwrap();
            encoder.finish().unwrap()
        };
        let data: Vec<u8> = (0..200_000u32)
            .flat_map(|at| (at / 7).to_le_bytes())
            .collect();
        let kinds = [
            (BlockMode::Linked, BlockSize::Max64KB),
            (BlockMode::Independent, BlockSize::Max64KB),
            (BlockMode::Linked, BlockSize::Max1MB),
            (BlockMode::Independent, BlockSize::Max4MB),
        ];
        for (mode, size) in kinds {
            for (next_mode, next_size) in kinds {
                let two = [frame(mode, size, &data), frame(next_mode, next_size, &data)].concat();
                let found = read(Packing::Lz4, &two).unwrap();
                assert!(
                    found == [data.as_slice(), &data].concat(),
                    "{mode:?} {next_mode:?}"
                );
                let cut = &two[..two.len() - 3];
                assert!(read(Packing::Lz4, cut).is_err(), "{mode:?} {next_mode:?}");
            }
        }
    }

    #[test]
    fn a_dictionary_of_xz_has_a_limit() {
        // 96 MiB, 128 MiB and what stands beside it, 4 GiB.
        assert_eq!(read(Packing::Xz, XZ).unwrap(), b"words");
        assert_eq!(read(Packing::Xz, &xz(29)).unwrap(), b"words");
        for beyond in [30, 40] {
            let error = read(Packing::Xz, &xz(beyond)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::OutOfMemory, "{error}");
        }
    }

    #[test]
    fn a_dictionary_of_lzma_has_a_limit() {
        let with = |dictionary: u32| {
            let mut bytes = LZMA.to_vec();
            bytes[1..5].copy_from_slice(&dictionary.to_le_bytes());
            read(Packing::Lzma, &bytes)
        };
        assert_eq!(with(4096).unwrap(), b"words");
        assert_eq!(with(96 * 1024 * 1024).unwrap(), b"words");
        let error = with(DICTIONARY_KIB_MAX * 1024).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::OutOfMemory, "{error}");
        assert!(with(u32::MAX).is_err());
    }
}
