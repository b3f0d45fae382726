//! The ZIP form of a package: members that are stored, in one fixed layout (`docs/formats/evidence.md`).
//!
//! For each content there is one file. The reader builds each header anew from what it says and compares the bytes, so
//! that nothing can hide between the members or in a field that only some programs look at.

use std::io::{self, Read, Seek, SeekFrom, Write};

use sealog_core::hash::Hash;
use sha2::{Digest, Sha256};

use crate::error::Error;

/// Bytes of a package, at most: what the plain form of ZIP can tell.
pub const PACKAGE_BYTES_MAX: u64 = 0xffff_ffff;
/// Members of a package, at most.
const MEMBERS_MAX: usize = super::MEMBERS.len() + super::PAYLOADS_HELD_MAX + 1;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const END_BYTES: u64 = 22;
/// Version 1.0: stored members in no directories.
const VERSION: u16 = 10;
/// 1 January 1980, the first day that ZIP knows: a package holds no reading of a clock.
const DATE: u16 = 0x21;
/// Bytes that are copied at a time.
const PIECE: usize = 64 * 1024;

/// A member as its headers describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) crc: u32,
    pub(crate) size: u32,
    pub(crate) offset: u32,
}

impl Member {
    /// What both kinds of header have in common.
    fn fields(&self, out: &mut Vec<u8>) {
        for field in [VERSION, 0, 0, 0, DATE] {
            out.extend_from_slice(&field.to_le_bytes());
        }
        for field in [self.crc, self.size, self.size] {
            out.extend_from_slice(&field.to_le_bytes());
        }
        let length = u16::try_from(self.name.len()).unwrap_or(u16::MAX);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&0_u16.to_le_bytes());
    }

    fn local(&self) -> Vec<u8> {
        let mut out = LOCAL.to_le_bytes().to_vec();
        self.fields(&mut out);
        out.extend_from_slice(self.name.as_bytes());
        out
    }

    fn central(&self) -> Vec<u8> {
        let mut out = CENTRAL.to_le_bytes().to_vec();
        out.extend_from_slice(&VERSION.to_le_bytes());
        self.fields(&mut out);
        // Comment, disk and attributes: none.
        out.extend_from_slice(&[0; 10]);
        out.extend_from_slice(&self.offset.to_le_bytes());
        out.extend_from_slice(self.name.as_bytes());
        out
    }

    /// Where its bytes begin.
    pub(crate) fn begin(&self) -> u64 {
        let header = self.local().len();
        u64::from(self.offset).saturating_add(u64::try_from(header).unwrap_or(u64::MAX))
    }

    /// Where the next header begins.
    fn end(&self) -> u64 {
        self.begin().saturating_add(u64::from(self.size))
    }
}

fn end_record(members: usize, bytes: u64, offset: u64) -> Vec<u8> {
    let count = u16::try_from(members).unwrap_or(u16::MAX);
    let field = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let mut out = END.to_le_bytes().to_vec();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&field(bytes).to_le_bytes());
    out.extend_from_slice(&field(offset).to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    out
}

/// Writes a package, member by member.
#[derive(Debug)]
pub(super) struct Writer<W> {
    out: W,
    members: Vec<Member>,
    at: u64,
}

impl<W: Write + Seek> Writer<W> {
    pub(super) const fn new(out: W) -> Self {
        Self {
            out,
            members: Vec::new(),
            at: 0,
        }
    }

    /// Writes a member through `fill` and gives the SHA-256 of its bytes.
    pub(super) fn member(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
    ) -> Result<Hash, Error> {
        let mut member = Member {
            name: name.into(),
            crc: 0,
            size: 0,
            offset: u32::try_from(self.at).map_err(|_| failed(too_large()))?,
        };
        let begin = member.begin();
        self.out.write_all(&member.local()).map_err(failed)?;
        let mut sink = Sink {
            out: &mut self.out,
            crc: crc32fast::Hasher::new(),
            sha: Sha256::new(),
            left: PACKAGE_BYTES_MAX.saturating_sub(begin),
            size: 0,
        };
        fill(&mut sink)?;
        let (crc, sha, size) = (sink.crc.finalize(), sink.sha.finalize(), sink.size);
        member.crc = crc;
        member.size = u32::try_from(size).map_err(|_| failed(too_large()))?;
        self.patch(&member).map_err(failed)?;
        self.at = member.end();
        self.members.push(member);
        Ok(Hash::new(sha.into()))
    }

    /// Writes a header once more, now that it is known what it says.
    fn patch(&mut self, member: &Member) -> io::Result<()> {
        self.out.seek(SeekFrom::Start(u64::from(member.offset)))?;
        self.out.write_all(&member.local())?;
        self.out.seek(SeekFrom::Start(member.end()))?;
        Ok(())
    }

    /// Writes the directory; without it the file is no package.
    pub(super) fn finish(mut self) -> Result<W, Error> {
        let mut directory: Vec<u8> = self.members.iter().flat_map(Member::central).collect();
        let bytes = u64::try_from(directory.len()).unwrap_or(u64::MAX);
        let total = self.at.saturating_add(bytes).saturating_add(END_BYTES);
        if total > PACKAGE_BYTES_MAX {
            return Err(failed(too_large()));
        }
        directory.extend(end_record(self.members.len(), bytes, self.at));
        self.out.write_all(&directory).map_err(failed)?;
        self.out.flush().map_err(failed)?;
        Ok(self.out)
    }
}

/// What writing a package failed with.
pub(super) fn failed(error: io::Error) -> Error {
    Error::io("write", "the evidence package")(error)
}

fn too_large() -> io::Error {
    io::Error::new(
        io::ErrorKind::FileTooLarge,
        "a package holds less than 4 GiB; ask for a shorter period, and name the package before with --previous",
    )
}

struct Sink<'a, W> {
    out: &'a mut W,
    crc: crc32fast::Hasher,
    sha: Sha256,
    left: u64,
    size: u64,
}

impl<W: Write> Write for Sink<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(length).ok_or_else(too_large)?;
        self.out.write_all(bytes)?;
        self.crc.update(bytes);
        self.sha.update(bytes);
        self.size += length;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A file whose layout is that of a package. The members' bytes are not looked at yet.
#[derive(Debug)]
pub(crate) struct Archive<R> {
    input: R,
    members: Vec<Member>,
}

/// Why a file is no package.
#[derive(Debug)]
pub(crate) enum ArchiveError {
    Io(io::Error),
    Layout(&'static str),
}

impl From<io::Error> for ArchiveError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl<R: Read + Seek> Archive<R> {
    /// Reads the directory and holds every header to the one that its content has.
    pub(crate) fn open(mut input: R) -> Result<Self, ArchiveError> {
        let length = input.seek(SeekFrom::End(0))?;
        if length > PACKAGE_BYTES_MAX {
            return Err(ArchiveError::Layout("it is larger than a package can be"));
        }
        let at = length
            .checked_sub(END_BYTES)
            .ok_or(ArchiveError::Layout("it is shorter than an empty archive"))?;
        let end = read_at(&mut input, at, END_BYTES)?;
        let field = |at: usize| end.get(at..at + 4).and_then(le_u32).map(u64::from);
        let (Some(bytes), Some(offset)) = (field(12), field(16)) else {
            return Err(ArchiveError::Layout("its end is cut off"));
        };
        // The directory lies between the members and the end, so its length is bounded before it is read.
        let limit = u64::try_from(MEMBERS_MAX * 512).unwrap_or(u64::MAX);
        if offset.saturating_add(bytes) != at || bytes > limit {
            return Err(ArchiveError::Layout(
                "its directory is not where it has to be",
            ));
        }
        let directory = read_at(&mut input, offset, bytes)?;
        let members = read_directory(&directory)?;
        if end != end_record(members.len(), bytes, offset) {
            return Err(ArchiveError::Layout(
                "its end is not in the form of a package",
            ));
        }
        let mut next = 0;
        for member in &members {
            if u64::from(member.offset) != next || member.end() > offset {
                return Err(ArchiveError::Layout("its members do not adjoin each other"));
            }
            let header = member.local();
            let length = u64::try_from(header.len()).unwrap_or(u64::MAX);
            if read_at(&mut input, next, length)? != header {
                return Err(ArchiveError::Layout("a header differs from the directory"));
            }
            next = member.end();
        }
        if next != offset {
            return Err(ArchiveError::Layout("bytes stand between its members"));
        }
        Ok(Self { input, members })
    }

    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    /// The bytes of a member, from its first to its last.
    pub(crate) fn section(&mut self, member: &Member) -> io::Result<io::Take<&mut R>> {
        self.input.seek(SeekFrom::Start(member.begin()))?;
        Ok((&mut self.input).take(u64::from(member.size)))
    }

    /// The SHA-256 of a member, and whether its checksum is right.
    pub(crate) fn digest(&mut self, member: &Member) -> io::Result<(Hash, bool)> {
        let mut crc = crc32fast::Hasher::new();
        let digest = digest_pieces(self.section(member)?, &mut |bytes| crc.update(bytes))?;
        Ok((digest, crc.finalize() == member.crc))
    }
}

/// The SHA-256 of a file, by which `export.created` names a package.
///
/// # Errors
/// What reading gave.
pub fn digest_of<R: Read>(input: R) -> io::Result<Hash> {
    digest_pieces(input, &mut |_| {})
}

fn digest_pieces<R: Read>(mut input: R, each: &mut dyn FnMut(&[u8])) -> io::Result<Hash> {
    let mut sha = Sha256::new();
    let mut piece = vec![0; PIECE];
    loop {
        let read = input.read(&mut piece)?;
        let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else {
            return Ok(Hash::new(sha.finalize().into()));
        };
        sha.update(bytes);
        each(bytes);
    }
}

fn read_directory(directory: &[u8]) -> Result<Vec<Member>, ArchiveError> {
    let mut rest = directory;
    let mut members = Vec::new();
    while !rest.is_empty() {
        let member = read_central(rest).filter(|_| members.len() < MEMBERS_MAX);
        let member = member.ok_or(ArchiveError::Layout("its directory is not a package's"))?;
        let central = member.central();
        rest = rest.strip_prefix(&*central).ok_or(ArchiveError::Layout(
            "its directory is not in the form of a package",
        ))?;
        members.push(member);
    }
    Ok(members)
}

/// What a header of the directory says, without looking at what it has to be.
fn read_central(bytes: &[u8]) -> Option<Member> {
    const FIXED: usize = 46;
    let field = |at: usize| le_u32(bytes.get(at..at + 4)?);
    let length = usize::from(u16::from_le_bytes(bytes.get(28..30)?.try_into().ok()?));
    let name = bytes.get(FIXED..FIXED.checked_add(length)?)?;
    Some(Member {
        name: std::str::from_utf8(name).ok()?.into(),
        crc: field(16)?,
        size: field(24)?,
        offset: field(42)?,
    })
}

fn le_u32(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

fn read_at<R: Read + Seek>(input: &mut R, at: u64, length: u64) -> io::Result<Vec<u8>> {
    input.seek(SeekFrom::Start(at))?;
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn package(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = Writer::new(Cursor::new(Vec::new()));
        for (name, bytes) in members {
            let fill = |out: &mut dyn Write| out.write_all(bytes).map_err(failed);
            let digest = writer.member(name, fill).unwrap();
            assert_eq!(digest, Hash::of(&[bytes]));
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn what_was_written_is_read() {
        let bytes = package(&[("a.txt", b"one"), ("b.json", b"{}\n")]);
        let mut archive = Archive::open(Cursor::new(bytes)).unwrap();
        let members = archive.members().to_vec();
        assert_eq!(
            members.iter().map(|m| &*m.name).collect::<Vec<_>>(),
            ["a.txt", "b.json"]
        );
        for (member, expected) in members.iter().zip([&b"one"[..], b"{}\n"]) {
            let mut read = Vec::new();
            archive
                .section(member)
                .unwrap()
                .read_to_end(&mut read)
                .unwrap();
            assert_eq!(read, expected);
            assert_eq!(
                archive.digest(member).unwrap(),
                (Hash::of(&[expected]), true)
            );
        }
    }

    #[test]
    fn every_flipped_bit_is_refused_by_the_layout_or_shows_in_a_digest() {
        let bytes = package(&[("a.txt", b"one"), ("b.json", b"{}\n")]);
        for at in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[at / 8] ^= 1 << (at % 8);
            let Ok(mut archive) = Archive::open(Cursor::new(changed)) else {
                continue;
            };
            let members = archive.members().to_vec();
            let same = members
                .iter()
                .zip(["a.txt", "b.json"])
                .all(|(member, name)| member.name == name && archive.digest(member).unwrap().1);
            assert!(!same, "bit {at}");
        }
    }

    #[test]
    fn members_up_to_the_limit_are_read_and_one_more_is_not() {
        let names: Vec<String> = (0..=MEMBERS_MAX).map(|n| format!("m{n}")).collect();
        let members: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &b""[..])).collect();
        assert!(Archive::open(Cursor::new(package(&members[..MEMBERS_MAX]))).is_ok());
        assert!(Archive::open(Cursor::new(package(&members))).is_err());
    }

    #[test]
    fn bytes_before_between_and_behind_are_refused() {
        let bytes = package(&[("a.txt", b"one")]);
        let mut before = b"x".to_vec();
        before.extend_from_slice(&bytes);
        let mut behind = bytes.clone();
        behind.push(0);
        let cut = bytes[..bytes.len() - 1].to_vec();
        for changed in [before, behind, cut, Vec::new(), b"PK".to_vec()] {
            assert!(Archive::open(Cursor::new(changed)).is_err());
        }
    }

    #[test]
    fn a_package_ends_below_what_zip_can_tell() {
        let mut sink = Sink {
            out: &mut io::sink(),
            crc: crc32fast::Hasher::new(),
            sha: Sha256::new(),
            left: 3,
            size: 0,
        };
        assert_eq!(sink.write(b"abc").unwrap(), 3);
        let error = sink.write(b"d").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
