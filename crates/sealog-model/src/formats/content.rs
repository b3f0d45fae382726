//! What bytes are, by their content. No name decides.

use std::io::Read;

use super::packed::Packing;
use super::stream::{BUFFER_BYTES, Stream};
use super::{pickle, safetensors, tar};

/// Bytes looked at to tell a kind.
pub(crate) const HEAD_BYTES: usize = 1024;

/// A kind of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Empty,
    Zip,
    Tar,
    Packed(Packing),
    Unsupported(&'static str),
    Pickle,
    Npy,
    Hdf5,
    Gguf,
    Safetensors,
    Native,
    Unknown,
}

/// The kind of what begins like this and is `len` bytes long.
pub(crate) fn kind(head: &[u8], len: u64) -> Kind {
    match head {
        [] => Kind::Empty,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Kind::Zip,
        [0x1f, 0x8b, ..] => Kind::Packed(Packing::Gzip),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Kind::Packed(Packing::Bzip2),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Kind::Packed(Packing::Xz),
        [0x5d, 0, 0, _, _, ..] => Kind::Packed(Packing::Lzma),
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Kind::Unsupported("7z"),
        [b'R', b'a', b'r', b'!', ..] => Kind::Unsupported("rar"),
        [0x04, 0x22, 0x4d, 0x18, ..] => Kind::Packed(Packing::Lz4),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Kind::Unsupported("zstd"),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Kind::Npy,
        [0x89, b'H', b'D', b'F', b'\r', b'\n', 0x1a, b'\n', ..] => Kind::Hdf5,
        [b'G', b'G', b'U', b'F', ..] => Kind::Gguf,
        [0x7f, b'E', b'L', b'F', ..]
        | [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..]
        | [0xca, 0xfe, 0xba, 0xbe, ..] => Kind::Native,
        [b'M', b'Z', ..] if head.get(0x3c..0x40).is_some() && len > 512 => Kind::Native,
        head if safetensors::begins(head, len) => Kind::Safetensors,
        head if pickle::looks_like(head, false) => Kind::Pickle,
        head if tar::is_header(head) => Kind::Tar,
        // Without a dictionary that is set beforehand, which no loader has: `x ` begins a text.
        [0x78, second, ..] if (0x7800 + u16::from(*second)) % 31 == 0 && second & 0x20 == 0 => {
            Kind::Packed(Packing::Zlib)
        }
        _ => Kind::Unknown,
    }
}

/// Whether all of it is UTF-8 without control characters that no text has.
pub(crate) fn is_text(reader: &mut dyn Read) -> bool {
    let mut stream = Stream::new(reader);
    loop {
        let ahead = stream.peek(BUFFER_BYTES);
        if ahead.is_empty() {
            return true;
        }
        let valid = match str::from_utf8(ahead) {
            Ok(text) => text.len(),
            // A character may be cut by the buffer's end, not elsewhere.
            Err(error) if error.error_len().is_none() && ahead.len() == BUFFER_BYTES => {
                error.valid_up_to()
            }
            Err(_) => return false,
        };
        let odd = |byte: &u8| *byte < 9 || (14..27).contains(byte);
        if valid == 0 || ahead.iter().take(valid).any(odd) {
            return false;
        }
        if !stream.skip(u64::try_from(valid).unwrap_or(0)) {
            return true;
        }
    }
}
