//! Members of a ZIP archive by other hands: stored or deflated, few, and none larger than it says.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use flate2::read::DeflateDecoder;

use super::ImportError;

/// Members of an archive, at most.
pub(super) const MEMBERS_MAX: usize = 64;
/// How many times larger than its packed form a member may be: no log packs so well, a bomb does.
pub(super) const RATIO_MAX: u64 = 200;
const DIRECTORY_BYTES_MAX: u64 = 64 * 1024;
const END_BYTES: u64 = 22;

/// A member, as the directory describes it.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    method: u16,
    crc: u32,
    packed: u64,
    size: u64,
    offset: u64,
}

fn malformed(why: &'static str) -> ImportError {
    ImportError::source("zip_layout", why)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let field = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(field.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let field = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(field.try_into().ok()?))
}

fn read_at(file: &mut File, at: u64, length: u64) -> Result<Vec<u8>, ImportError> {
    let cut = |_| malformed("it is cut off");
    file.seek(SeekFrom::Start(at)).map_err(cut)?;
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    file.read_exact(&mut bytes).map_err(cut)?;
    Ok(bytes)
}

/// The members of an archive without a comment, without ZIP64 and without encryption.
pub(super) fn members(file: &mut File) -> Result<Vec<Member>, ImportError> {
    let length = file
        .seek(SeekFrom::End(0))
        .map_err(|_| malformed("it is cut off"))?;
    let at = length
        .checked_sub(END_BYTES)
        .ok_or_else(|| malformed("it is shorter than an empty archive"))?;
    let end = read_at(file, at, END_BYTES)?;
    let (Some(0x0605_4b50), Some(bytes), Some(offset)) =
        (u32_at(&end, 0), u32_at(&end, 12), u32_at(&end, 16))
    else {
        return Err(malformed("it does not end as an archive without a comment"));
    };
    // One disk, and no comment, which another reader would look for behind.
    if [4, 6, 20].into_iter().any(|at| u16_at(&end, at) != Some(0)) {
        return Err(malformed("it does not end as an archive without a comment"));
    }
    let (bytes, offset) = (u64::from(bytes), u64::from(offset));
    if offset.saturating_add(bytes) != at || bytes > DIRECTORY_BYTES_MAX {
        return Err(malformed("its directory is not where it has to be"));
    }
    let directory = read_at(file, offset, bytes)?;
    let mut members: Vec<Member> = Vec::new();
    let (mut rest, mut next) = (&*directory, 0);
    while !rest.is_empty() {
        let (member, length) =
            central(rest).ok_or_else(|| malformed("its directory is malformed"))?;
        rest = rest.get(length..).unwrap_or_default();
        // In order and apart from each other: no member is read twice, which is how small bombs are made.
        if member.offset < next || member.offset.saturating_add(member.packed) > offset {
            return Err(malformed("its members overlap"));
        }
        next = member
            .offset
            .saturating_add(member.packed)
            .saturating_add(30);
        if members.iter().any(|other| other.name == member.name) {
            return Err(malformed("two members have one name"));
        }
        members.push(member);
        if members.len() > MEMBERS_MAX {
            return Err(malformed("it has too many members"));
        }
    }
    // Readers that believe the count would see other members.
    let count = u16::try_from(members.len()).ok();
    if u16_at(&end, 8) != count || u16_at(&end, 10) != count {
        return Err(malformed("its directory holds another number of members"));
    }
    Ok(members)
}

fn central(bytes: &[u8]) -> Option<(Member, usize)> {
    const FIXED: usize = 46;
    let (flags, method) = (u16_at(bytes, 8)?, u16_at(bytes, 10)?);
    let plain = flags & !0x0806 == 0 && matches!(method, 0 | 8);
    if u32_at(bytes, 0)? != 0x0201_4b50 || !plain {
        return None;
    }
    let lengths = [28, 30, 32].map(|at| u16_at(bytes, at).map(usize::from));
    let [Some(name), Some(extra), Some(comment)] = lengths else {
        return None;
    };
    let text = bytes.get(FIXED..FIXED.checked_add(name)?)?;
    let member = Member {
        name: std::str::from_utf8(text).ok()?.into(),
        method,
        crc: u32_at(bytes, 16)?,
        packed: u32_at(bytes, 20)?.into(),
        size: u32_at(bytes, 24)?.into(),
        offset: u32_at(bytes, 42)?.into(),
    };
    Some((member, FIXED + name + extra + comment))
}

/// Unpacks a member of at most `limit` bytes, and hands it over in pieces.
pub(super) fn unpack(
    file: &mut File,
    member: &Member,
    limit: u64,
    each: &mut dyn FnMut(&[u8]) -> Result<(), ImportError>,
) -> Result<(), ImportError> {
    if member.size > limit {
        return Err(ImportError::source(
            "zip_too_large",
            "a member is larger than the limit",
        ));
    }
    if member.size > member.packed.saturating_mul(RATIO_MAX) {
        return Err(ImportError::source(
            "zip_bomb",
            "a member is packed more than 200 times",
        ));
    }
    let header = read_at(file, member.offset, 30)?;
    let lengths = [26, 28].map(|at| u16_at(&header, at).map(u64::from));
    let ([Some(name), Some(extra)], Some(0x0403_4b50)) = (lengths, u32_at(&header, 0)) else {
        return Err(malformed("a header is malformed"));
    };
    let begin = member.offset.saturating_add(30);
    if read_at(file, begin, name)? != member.name.as_bytes() {
        return Err(malformed("a header differs from the directory"));
    }
    let at = begin.saturating_add(name).saturating_add(extra);
    let failed = |_| malformed("a member cannot be unpacked");
    file.seek(SeekFrom::Start(at)).map_err(failed)?;
    let packed = file.take(member.packed);
    let mut input: Box<dyn Read> = match member.method {
        0 => Box::new(packed),
        _ => Box::new(DeflateDecoder::new(packed)),
    };
    let (mut left, mut crc) = (member.size, crc32fast::Hasher::new());
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = input.read(&mut piece).map_err(failed)?;
        let bytes = piece.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        left = left
            .checked_sub(length)
            .ok_or_else(|| malformed("a member is larger than it says"))?;
        crc.update(bytes);
        each(bytes)?;
    }
    if left != 0 || crc.finalize() != member.crc {
        return Err(malformed("a member is not what the directory describes"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// An archive of these members by name, with nothing in them, and `extra` bytes in the directory's last entry.
    fn archive(names: usize, extra: usize) -> Vec<u8> {
        let (mut out, mut directory) = (Vec::new(), Vec::new());
        for n in 0..names {
            let name = format!("m{n:03}");
            let offset = u32::try_from(out.len()).unwrap().to_le_bytes();
            let extra = if n + 1 == names { extra } else { 0 };
            out.extend(b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0");
            out.extend([0; 12]);
            out.extend([4, 0, 0, 0]);
            out.extend(name.bytes());
            directory.extend(b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0");
            directory.extend([0; 12]);
            directory.extend([4, 0]);
            directory.extend(u16::try_from(extra).unwrap().to_le_bytes());
            directory.extend([0; 10]);
            directory.extend(offset);
            directory.extend(name.bytes());
            directory.extend(vec![0; extra]);
        }
        let count = u16::try_from(names).unwrap().to_le_bytes();
        let sizes = [directory.len(), out.len()].map(|size| u32::try_from(size).unwrap());
        out.extend(directory);
        out.extend(b"PK\x05\x06\0\0\0\0");
        out.extend([count, count].concat());
        out.extend(sizes.map(u32::to_le_bytes).concat());
        out.extend([0, 0]);
        out
    }

    fn read(bytes: &[u8]) -> Result<Vec<Member>, ImportError> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        members(&mut file)
    }

    #[test]
    fn members_are_as_many_as_the_limit_and_no_more() {
        assert_eq!(read(&archive(MEMBERS_MAX, 0)).unwrap().len(), MEMBERS_MAX);
        let error = read(&archive(MEMBERS_MAX + 1, 0)).unwrap_err();
        assert!(error.to_string().contains("too many members"), "{error}");
    }

    #[test]
    fn a_directory_is_as_long_as_the_limit_and_no_longer() {
        let fixed = 2 * (46 + 4);
        let most = usize::try_from(DIRECTORY_BYTES_MAX).unwrap() - fixed;
        assert_eq!(read(&archive(2, most)).unwrap().len(), 2);
        assert_eq!(
            read(&archive(2, most + 1)).unwrap_err().code(),
            "zip_layout"
        );
    }

    #[test]
    fn a_member_is_unpacked_up_to_the_limit_and_the_ratio_and_not_beyond() {
        let member = |packed, size| Member {
            name: "m".into(),
            method: 0,
            crc: 0,
            packed,
            size,
            offset: 0,
        };
        let code = |member: &Member, limit| {
            let mut file = tempfile::tempfile().unwrap();
            let error = unpack(&mut file, member, limit, &mut |_| Ok(()));
            error.unwrap_err().code()
        };
        // What is within both is cut off here, which is said behind the limits.
        assert_eq!(code(&member(10, 10), 10), "zip_layout");
        assert_eq!(code(&member(10, 11), 10), "zip_too_large");
        assert_eq!(code(&member(10, 10 * RATIO_MAX), u64::MAX), "zip_layout");
        assert_eq!(code(&member(10, 10 * RATIO_MAX + 1), u64::MAX), "zip_bomb");
    }

    #[test]
    fn an_end_of_another_archive_is_refused() {
        let empty = [b"PK\x05\x06".as_slice(), &[0; 18]].concat();
        assert!(read(&empty).unwrap().is_empty());
        for at in 0..empty.len() {
            let mut changed = empty.clone();
            if let Some(byte) = changed.get_mut(at) {
                *byte ^= 1;
            }
            assert!(read(&changed).is_err(), "byte {at}");
        }
    }
}
