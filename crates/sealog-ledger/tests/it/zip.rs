//! ZIP archives as an attacker makes them: any members in the layout of a package, with right checksums.

pub(crate) type Members = Vec<(String, Vec<u8>)>;

/// The members of an archive without compression.
pub(crate) fn read(bytes: &[u8]) -> Members {
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let (mut at, mut members) = (0, Vec::new());
    while bytes[at..].starts_with(b"PK\x03\x04") {
        let size = number(at + 18);
        let length = usize::from(u16::from_le_bytes([bytes[at + 26], bytes[at + 27]]));
        let begin = at + 30 + length;
        let name = String::from_utf8(bytes[at + 30..begin].to_vec()).unwrap();
        members.push((name, bytes[begin..begin + size].to_vec()));
        at = begin + size;
    }
    members
}

/// An archive of these members.
pub(crate) fn write(members: &Members) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in members {
        let offset = u32::try_from(out.len()).unwrap();
        let size = u32::try_from(bytes.len()).unwrap();
        let mut fields = vec![10, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        for field in [crc32(bytes), size, size] {
            fields.extend_from_slice(&field.to_le_bytes());
        }
        fields.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
        fields.extend_from_slice(&[0, 0]);
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&fields);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(bytes);
        directory.extend_from_slice(b"PK\x01\x02\x0a\0");
        directory.extend_from_slice(&fields);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&offset.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let count = u16::try_from(members.len()).unwrap().to_le_bytes();
    let (size, offset) = (directory.len(), out.len());
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&[count, count].concat());
    out.extend_from_slice(&u32::try_from(size).unwrap().to_le_bytes());
    out.extend_from_slice(&u32::try_from(offset).unwrap().to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out
}

/// The checksum of ZIP, bit by bit: by other means than the library's.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
    !bytes
        .iter()
        .fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

pub(crate) fn text(members: &Members, name: &str) -> String {
    let (_, bytes) = members.iter().find(|(member, _)| member == name).unwrap();
    String::from_utf8(bytes.clone()).unwrap()
}

pub(crate) fn replace(members: &mut Members, name: &str, bytes: &[u8]) {
    let member = members
        .iter_mut()
        .find(|(member, _)| member == name)
        .unwrap();
    member.1 = bytes.to_vec();
}
