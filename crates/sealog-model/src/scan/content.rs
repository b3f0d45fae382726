//! What bytes are, by their content, and who looks at each kind. No name decides.

use std::cell::Cell;
use std::io::{self, Read};

use super::context::Scan;
use super::pickle::{self, Flavour};
use super::rule::{
    ARCHIVE_LIMIT, ARCHIVE_UNSUPPORTED, FILE_CODE, FILE_POLYGLOT, FILE_UNKNOWN, FILE_UNREADABLE,
    STREAM_BOMB, STREAM_BROKEN,
};
use super::{array, document, gguf, hdf5, onnx, safetensors, savedmodel, tarball, zipped};
use crate::formats::source::Source;
use crate::formats::stream::{BUFFER_BYTES, Stream};
use crate::formats::{gguf as gguf_format, tar, zip};

/// Bytes looked at to tell a kind.
const HEAD_BYTES: usize = 1024;

/// A kind of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
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

/// A compressed stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Zlib,
    Bzip2,
    Xz,
    Lzma,
}

/// What is expected of a piece that begins like nothing that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A file or member of its own: unknown content is a finding.
    Whole,
    /// Numbers of a tensor: any content will do, but for a pickle that does harm.
    Raw,
    /// The pickle of a torch archive.
    TorchPickle,
}

fn kind(head: &[u8], len: u64) -> Kind {
    match head {
        [] => Kind::Empty,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Kind::Zip,
        [0x1f, 0x8b, ..] => Kind::Packed(Packing::Gzip),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Kind::Packed(Packing::Bzip2),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Kind::Packed(Packing::Xz),
        [0x5d, 0, 0, _, _, ..] => Kind::Packed(Packing::Lzma),
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Kind::Unsupported("7z"),
        [b'R', b'a', b'r', b'!', ..] => Kind::Unsupported("rar"),
        [0x04, 0x22, 0x4d, 0x18, ..] => Kind::Unsupported("lz4"),
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
        [0x78, second, ..] if (0x7800 + u16::from(*second)) % 31 == 0 => {
            Kind::Packed(Packing::Zlib)
        }
        _ => Kind::Unknown,
    }
}

/// Looks at bytes at rest; the kind for people.
pub(super) fn examine(source: &Source, role: Role, scan: &mut Scan<'_>) -> &'static str {
    let head = match source.bytes(0, u64::try_from(HEAD_BYTES).unwrap_or(0)) {
        Ok(head) => head,
        Err(error) => {
            scan.report(&FILE_UNREADABLE, 0, error.to_string());
            return "unreadable";
        }
    };
    let kind = kind(&head, source.len());
    let name = examine_kind(kind, source, role, scan);
    // A pickle reader does not ask what a file begins with: `GGUF` is a float to it, `PK` a persistent id.
    if !matches!(kind, Kind::Pickle | Kind::Unknown | Kind::Empty) {
        raw(source, scan);
    }
    // Loaders that look for a zip archive at the end would see another file than the one that begins here.
    if !matches!(kind, Kind::Zip | Kind::Tar | Kind::Empty) && role != Role::Raw {
        match zip::has_end(source) {
            Ok(true) => {
                scan.report(&FILE_POLYGLOT, 0, format!("begins as {name}, ends as zip"));
                zipped::scan(source, scan);
            }
            Ok(false) => {}
            Err(error) => scan.report(&FILE_UNREADABLE, 0, error.to_string()),
        }
    }
    name
}

fn examine_kind(kind: Kind, source: &Source, role: Role, scan: &mut Scan<'_>) -> &'static str {
    match kind {
        Kind::Empty => "empty",
        Kind::Zip => zipped::scan(source, scan),
        Kind::Tar => {
            tarball::scan(source, scan);
            "tar"
        }
        Kind::Packed(packing) => packed(source, packing, role, scan),
        Kind::Unsupported(name) => {
            if role != Role::Raw {
                scan.report(&ARCHIVE_UNSUPPORTED, 0, format!("{name} is not read"));
            }
            name
        }
        Kind::Pickle | Kind::Unknown if role == Role::Raw => raw(source, scan),
        Kind::Pickle => {
            pickle::scan(&mut source.reader(), scan, flavour(role));
            "pickle"
        }
        Kind::Npy => {
            array::scan(&mut source.reader(), scan);
            "npy"
        }
        Kind::Hdf5 => {
            hdf5::scan(source, scan);
            "hdf5"
        }
        Kind::Gguf => {
            gguf::scan(source, scan);
            gguf_format::NAME
        }
        Kind::Safetensors => {
            safetensors::scan(source, scan);
            "safetensors"
        }
        Kind::Native => {
            if role != Role::Raw {
                scan.report(&FILE_CODE, 0, "a native program or library");
            }
            "native code"
        }
        Kind::Unknown => unknown(source, role, scan),
    }
}

const fn flavour(role: Role) -> Flavour {
    match role {
        Role::TorchPickle => Flavour::Torch,
        Role::Whole | Role::Raw => Flavour::Plain,
    }
}

/// Numbers may begin like anything; only what does harm is a finding.
fn raw(source: &Source, scan: &mut Scan<'_>) -> &'static str {
    let mark = scan.mark();
    if !pickle::scan_text(&mut source.reader(), scan)
        || scan.worst_since(mark) != Some(super::finding::Severity::Malicious)
    {
        scan.take_since(mark);
    }
    "raw data"
}

/// Without a known beginning: a pickle of protocol 0, a protocol buffer, a text, or nothing that is known.
fn unknown(source: &Source, role: Role, scan: &mut Scan<'_>) -> &'static str {
    if role == Role::TorchPickle {
        pickle::scan(&mut source.reader(), scan, Flavour::Torch);
        return "pickle";
    }
    if pickle::scan_text(&mut source.reader(), scan) {
        return "pickle";
    }
    if let Some(name) = hdf5::scan_with_user_block(source, scan) {
        return name;
    }
    if is_text(&mut source.reader()) {
        return document::scan(source, scan);
    }
    if let Some(name) = onnx::scan(source, scan) {
        return name;
    }
    if let Some(name) = savedmodel::scan(source, scan) {
        return name;
    }
    scan.report(
        &FILE_UNKNOWN,
        0,
        format!("{} bytes of unknown content", source.len()),
    );
    "unknown"
}

/// Whether all of it is UTF-8 without control characters that no text has.
fn is_text(reader: &mut dyn Read) -> bool {
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

/// Opens a compressed content anew from its beginning.
pub(super) type Open<'a> = &'a dyn Fn() -> io::Result<Box<dyn Read + 'a>>;

fn packed(source: &Source, packing: Packing, role: Role, scan: &mut Scan<'_>) -> &'static str {
    let name = match packing {
        Packing::Gzip => "gzip",
        Packing::Zlib => "zlib",
        Packing::Bzip2 => "bzip2",
        Packing::Xz => "xz",
        Packing::Lzma => "lzma",
    };
    // Numbers of a tensor may begin like a compressed stream.
    if role == Role::Raw {
        return "raw data";
    }
    if !scan.may_enter(0) {
        return name;
    }
    let open = || -> io::Result<Box<dyn Read + '_>> {
        let reader = source.reader();
        Ok(match packing {
            Packing::Gzip => Box::new(flate2::read::MultiGzDecoder::new(reader)),
            Packing::Zlib => Box::new(flate2::read::ZlibDecoder::new(reader)),
            Packing::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(reader)),
            Packing::Xz => Box::new(lzma_rust2::XzReader::new(reader, true)),
            Packing::Lzma => {
                let memory_kib = u32::try_from(scan_memory_kib()).unwrap_or(u32::MAX);
                Box::new(lzma_rust2::LzmaReader::new_mem_limit(
                    reader, memory_kib, None,
                )?)
            }
        })
    };
    scan.inside(name, |scan| {
        inflated(&open, source.len(), Role::Whole, scan);
    });
    name
}

/// Memory that a dictionary of LZMA may take, in KiB.
const fn scan_memory_kib() -> u64 {
    128 * 1024
}

/// Looks at a compressed content: in memory if it fits, else in its order.
pub(super) fn inflated(open: Open<'_>, compressed: u64, role: Role, scan: &mut Scan<'_>) {
    let bomb = Cell::new(false);
    let limits = *scan.limits;
    let allowed = compressed
        .saturating_mul(limits.ratio)
        .max(limits.ratio_free);
    let allowed = allowed.min(limits.inflated.saturating_sub(scan.inflated));
    let result = open().and_then(|inner| {
        let mut reader = Metered {
            inner,
            left: allowed,
            bomb: &bomb,
        };
        let mut bytes = Vec::new();
        reader
            .by_ref()
            .take(limits.spool.saturating_add(1))
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    let length = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    match result {
        Ok(bytes) if length(&bytes) <= limits.spool => {
            scan.inflated = scan.inflated.saturating_add(length(&bytes));
            if bomb.get() {
                scan.report(
                    &STREAM_BOMB,
                    0,
                    format!("more than {allowed} bytes come out"),
                );
            }
            examine(&Source::memory(bytes), role, scan);
        }
        Ok(bytes) => {
            let head: Vec<u8> = bytes.into_iter().take(HEAD_BYTES).collect();
            in_order(open, &head, allowed, role, scan);
        }
        Err(error) => {
            scan.report(&STREAM_BROKEN, 0, error.to_string());
        }
    }
}

fn in_order(open: Open<'_>, head: &[u8], allowed: u64, role: Role, scan: &mut Scan<'_>) {
    let bomb = Cell::new(false);
    let inner = match open() {
        Ok(inner) => inner,
        Err(error) => return scan.report(&STREAM_BROKEN, 0, error.to_string()),
    };
    let mut reader = Metered {
        inner,
        left: allowed,
        bomb: &bomb,
    };
    match kind(head, u64::MAX) {
        Kind::Pickle if role != Role::Raw => pickle::scan(&mut reader, scan, flavour(role)),
        Kind::Npy => array::scan(&mut reader, scan),
        _ if role == Role::Raw => {}
        _ => {
            let detail = format!(
                "more than {} bytes, and not of a kind read in order",
                scan.limits.spool
            );
            scan.report(&ARCHIVE_LIMIT, 0, detail);
        }
    }
    // What no one asked for counts too: a bomb is one even behind a short pickle.
    if let Err(error) = io::copy(&mut reader, &mut io::sink()) {
        scan.report(&STREAM_BROKEN, 0, error.to_string());
    }
    scan.inflated = scan.inflated.saturating_add(allowed - reader.left);
    if bomb.get() {
        scan.report(
            &STREAM_BOMB,
            0,
            format!("more than {allowed} bytes come out"),
        );
    }
}

/// A reader that ends where more comes out than is allowed, and says so.
struct Metered<'b, R> {
    inner: R,
    left: u64,
    bomb: &'b Cell<bool>,
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
