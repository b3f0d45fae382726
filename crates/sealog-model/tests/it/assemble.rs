//! Bytes of files, put together by hand. Nothing here ever runs what it writes.

/// `GLOBAL`, in text.
pub(crate) fn global(module: &str, name: &str) -> Vec<u8> {
    format!("c{module}\n{name}\n").into_bytes()
}

/// A short text of protocol 4.
pub(crate) fn text(text: &str) -> Vec<u8> {
    [&[0x8c, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

/// `STACK_GLOBAL` behind two texts.
pub(crate) fn stack_global(module: &str, name: &str) -> Vec<u8> {
    [text(module), text(name), vec![0x93]].concat()
}

/// A pickle of protocol 4.
pub(crate) fn four(parts: &[&[u8]]) -> Vec<u8> {
    [b"\x80\x04", parts.concat().as_slice(), b"."].concat()
}

/// A pickle that calls something with a text, or with nothing.
pub(crate) fn call(module: &str, name: &str, argument: Option<&str>) -> Vec<u8> {
    let arguments = argument.map_or_else(
        || b")".to_vec(),
        |argument| [text(argument), vec![0x85]].concat(),
    );
    four(&[&stack_global(module, name), &arguments, b"R"])
}

/// The pickle that does harm, everywhere below.
pub(crate) fn harm() -> Vec<u8> {
    call("os", "system", Some("id"))
}

/// Its harmless twin.
pub(crate) fn harmless() -> Vec<u8> {
    call("collections", "OrderedDict", None)
}

/// An entry of a zip archive, with what may be wrong with it.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) local_name: &'static str,
    pub(crate) data: Vec<u8>,
    pub(crate) flags: u16,
    pub(crate) wrong_crc: bool,
    pub(crate) mode: u32,
    pub(crate) deflate: bool,
}

impl Entry {
    pub(crate) fn new(name: &'static str, data: impl Into<Vec<u8>>) -> Self {
        Self {
            name,
            local_name: name,
            data: data.into(),
            flags: 0,
            wrong_crc: false,
            mode: 0o100_644,
            deflate: false,
        }
    }
}

/// A zip archive; `gap` is written between the entries and the directory.
pub(crate) fn zip(entries: &[Entry], gap: &[u8]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let mut crc = flate2::Crc::new();
        crc.update(&entry.data);
        let crc = crc.sum() ^ u32::from(entry.wrong_crc);
        let stored = if entry.deflate {
            deflate(&entry.data)
        } else {
            entry.data.clone()
        };
        let sizes = [
            u32::try_from(stored.len()).unwrap(),
            u32::try_from(entry.data.len()).unwrap(),
        ];
        let start = u32::try_from(file.len()).unwrap();
        let method = if entry.deflate { 8u16 } else { 0 };
        let fixed = |version: &[u8]| {
            let mut bytes = version.to_vec();
            bytes.extend([20, 0]);
            bytes.extend(entry.flags.to_le_bytes());
            bytes.extend(method.to_le_bytes());
            bytes.extend([0; 4]);
            bytes.extend(crc.to_le_bytes());
            bytes.extend(sizes.iter().flat_map(|size| size.to_le_bytes()));
            bytes
        };
        let length = |name: &str| u16::try_from(name.len()).unwrap().to_le_bytes();
        file.extend(b"PK\x03\x04");
        file.extend(fixed(b""));
        file.extend(length(entry.local_name));
        file.extend([0; 2]);
        file.extend(entry.local_name.bytes());
        file.extend(&stored);
        directory.extend(b"PK\x01\x02");
        directory.extend(fixed(&[20, 3]));
        directory.extend(length(entry.name));
        directory.extend([0; 8]);
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(start.to_le_bytes());
        directory.extend(entry.name.bytes());
    }
    file.extend(gap);
    let start = u32::try_from(file.len()).unwrap();
    let count = u16::try_from(entries.len()).unwrap();
    file.extend(&directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    file.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0; 2]);
    file
}

/// A deflated stream.
pub(crate) fn deflate(data: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut out = Vec::new();
    let mut encoder = flate2::read::DeflateEncoder::new(data, flate2::Compression::best());
    encoder.read_to_end(&mut out).unwrap();
    out
}

/// A member of a tar archive.
pub(crate) fn tar_member(name: &str, link: &str, kind: u8, data: &[u8]) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[100..107].copy_from_slice(b"0000644");
    block[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
    block[148..156].copy_from_slice(b"        ");
    block[156] = kind;
    block[157..157 + link.len()].copy_from_slice(link.as_bytes());
    block[257..263].copy_from_slice(b"ustar\0");
    block[263..265].copy_from_slice(b"00");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block.extend(data);
    block.resize(block.len().next_multiple_of(512), 0);
    block
}

/// The end of a tar archive.
pub(crate) fn tar(members: &[Vec<u8>]) -> Vec<u8> {
    let mut file = members.concat();
    file.resize(file.len() + 1024, 0);
    file
}

/// A field of a protocol buffer that has a length.
pub(crate) fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    if number > 15 {
        out = vec![0x80 | (number & 15) << 3 | 2, number >> 4];
    }
    let mut len = bytes.len();
    while len > 127 {
        out.push(0x80 | u8::try_from(len & 127).unwrap());
        len >>= 7;
    }
    out.push(u8::try_from(len).unwrap());
    out.extend(bytes);
    out
}

/// A numpy file of version 1.
pub(crate) fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut file = b"\x93NUMPY\x01\0".to_vec();
    file.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    file.extend(header.bytes());
    file.extend(data);
    file
}
