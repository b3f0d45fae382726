//! Tar archives: member after member, in old, POSIX and GNU spelling.
//!
//! **What is absent**: sparse members (their content is passed over as it stands) and multi-volume archives.

use super::stream::Stream;

const BLOCK: usize = 512;
/// Bytes of a long name or of a member's extended header at most.
const EXTENDED_BYTES_MAX: u64 = 64 * 1024;

/// One member's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TarMember {
    /// Its name, with what long-name headers say.
    pub name: String,
    /// Where a link leads.
    pub link: String,
    /// Bytes of content that follow.
    pub size: u64,
    /// The type flag: `0` and NUL are files, `1` and `2` links, `3` `4` and `6` devices and pipes, `5` directories.
    pub kind: u8,
}

/// What comes next in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TarNext {
    /// A member, whose content follows in the stream.
    Member(TarMember),
    /// The end, as it should be.
    End,
    /// Something that is no header.
    Broken,
}

/// Whether a block is a tar header: its checksum fits.
pub fn is_header(block: &[u8]) -> bool {
    let Some(stated) = block.get(148..156).and_then(number) else {
        return false;
    };
    let sum = block.iter().take(BLOCK).enumerate().map(|(at, byte)| {
        let byte = if (148..156).contains(&at) {
            b' '
        } else {
            *byte
        };
        u64::from(byte)
    });
    block.len() >= BLOCK && block.first() != Some(&0) && sum.sum::<u64>() == stated
}

/// Reads headers up to the next member.
pub fn next(stream: &mut Stream<'_>) -> TarNext {
    let (mut long_name, mut long_link, mut size_override) = (None, None, None);
    loop {
        let block = stream.peek(BLOCK);
        if block.is_empty() || (block.len() == BLOCK && block.iter().all(|byte| *byte == 0)) {
            return TarNext::End;
        }
        if !is_header(block) {
            return TarNext::Broken;
        }
        let Some(block) = stream.take(BLOCK) else {
            return TarNext::Broken;
        };
        let Some(mut member) = header(&block) else {
            return TarNext::Broken;
        };
        if matches!(member.kind, b'L' | b'K' | b'x' | b'g') {
            let Some(body) = extended(stream, member.size) else {
                return TarNext::Broken;
            };
            match member.kind {
                b'L' => long_name = Some(text(&body)),
                b'K' => long_link = Some(text(&body)),
                b'x' => pax(&body, &mut long_name, &mut long_link, &mut size_override),
                _ => {}
            }
            continue;
        }
        member.name = long_name.take().unwrap_or(member.name);
        member.link = long_link.take().unwrap_or(member.link);
        member.size = size_override.take().unwrap_or(member.size);
        if matches!(member.kind, b'1'..=b'6') {
            member.size = 0;
        }
        return TarNext::Member(member);
    }
}

/// Bytes that fill the last block of a content.
pub const fn padding(size: u64) -> u64 {
    (512 - size % 512) % 512
}

fn extended(stream: &mut Stream<'_>, size: u64) -> Option<Vec<u8>> {
    if size > EXTENDED_BYTES_MAX {
        return None;
    }
    let body = stream.take(usize::try_from(size).ok()?)?;
    stream.skip(padding(size)).then_some(body)
}

fn header(block: &[u8]) -> Option<TarMember> {
    let name = text(block.get(..100)?);
    let prefix = text(block.get(345..500)?);
    let posix = block.get(257..262) == Some(b"ustar");
    let name = if posix && !prefix.is_empty() && block.get(262) == Some(&0) {
        format!("{prefix}/{name}")
    } else {
        name
    };
    Some(TarMember {
        name,
        link: text(block.get(157..257)?),
        size: number(block.get(124..136)?)?,
        kind: *block.get(156)?,
    })
}

fn pax(body: &[u8], name: &mut Option<String>, link: &mut Option<String>, size: &mut Option<u64>) {
    let mut rest = body;
    while let Some(space) = memchr::memchr(b' ', rest) {
        let digits = rest
            .get(..space)
            .and_then(|digits| str::from_utf8(digits).ok());
        let len = digits.and_then(|digits| digits.parse::<usize>().ok());
        let Some(record) = len.and_then(|len| rest.get(space + 1..len)) else {
            return;
        };
        let record = String::from_utf8_lossy(record);
        match record.trim_end_matches('\n').split_once('=') {
            Some(("path", value)) => *name = Some(value.to_owned()),
            Some(("linkpath", value)) => *link = Some(value.to_owned()),
            Some(("size", value)) => *size = value.parse().ok(),
            _ => {}
        }
        rest = len.and_then(|len| rest.get(len..)).unwrap_or_default();
    }
}

fn text(bytes: &[u8]) -> String {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
}

/// An octal number, or GNU's binary one.
fn number(field: &[u8]) -> Option<u64> {
    if let Some((&first, rest)) = field.split_first()
        && first & 0x80 != 0
    {
        let wide = rest.iter().try_fold(u64::from(first & 0x7f), |sum, byte| {
            sum.checked_mul(256)?.checked_add(u64::from(*byte))
        });
        return wide;
    }
    let text = str::from_utf8(field).ok()?;
    let digits = text.trim_matches(['\0', ' ']);
    if digits.is_empty() {
        return Some(0);
    }
    u64::from_str_radix(digits, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_two_spellings() {
        assert_eq!(number(b"0000644\0"), Some(0o644));
        assert_eq!(number(b"\x80\0\0\0\0\0\0\0\0\0\x01\0"), Some(256));
        assert_eq!(
            number(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
            None
        );
        assert_eq!(number(b"9"), None);
    }

    #[test]
    fn an_extended_header_has_a_limit() {
        let of = |size: u64| {
            let body = vec![b'x'; usize::try_from(size).unwrap()];
            let mut reader = body.as_slice();
            extended(&mut Stream::new(&mut reader), size).map(|body| body.len())
        };
        assert_eq!(of(EXTENDED_BYTES_MAX), Some(64 * 1024));
        assert_eq!(of(EXTENDED_BYTES_MAX + 1), None);
    }

    #[test]
    fn extended_headers_give_names() {
        let (mut name, mut link, mut size) = (None, None, None);
        pax(
            b"12 path=a/b\n11 size=10\n",
            &mut name,
            &mut link,
            &mut size,
        );
        assert_eq!(
            (name.as_deref(), link.as_deref(), size),
            (Some("a/b"), None, Some(10))
        );
        pax(b"99 path=a\n", &mut name, &mut link, &mut size);
        assert_eq!(name.as_deref(), Some("a/b"));
    }
}
