//! The members of a package: which there are, and that they are those that its manifest names.

use std::io::{Read, Seek, Take};

use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::json::Value;
use sealog_core::limits::{JSON_TEXT_BYTES_MAX, SHELF_FILE_BYTES_MAX};

use super::{Checked, malformed, unreadable};
use crate::evidence::archive::{Archive, ArchiveError, Member};
use crate::evidence::statement::{Manifest, payload_named};
use crate::evidence::{MANIFEST, MEMBERS};

/// Bytes of a member that is read at once: every one but the two extracts and the payloads.
const MEMBER_BYTES_MAX: u64 = 64 * 1024 * 1024;
const _: () = assert!(JSON_TEXT_BYTES_MAX == 64 * 1024 * 1024);

/// A file with the members of a package. Their bytes are not looked at yet.
pub(super) struct Package<R> {
    archive: Archive<R>,
    fixed: [Member; MEMBERS.len()],
    /// The digest in the name of each payload, and its member.
    payloads: Vec<(Hash, Member)>,
    manifest: Member,
}

impl<R: Read + Seek> Package<R> {
    /// The members have to be those of the format, in its order.
    pub(super) fn open(input: R) -> Checked<Self> {
        let archive = Archive::open(input).map_err(|error| match error {
            ArchiveError::Layout(why) => malformed(why),
            ArchiveError::Io(error) => unreadable(&error),
        })?;
        let named = named(archive.members());
        let (fixed, payloads, manifest) =
            named.ok_or_else(|| malformed("it has other members than a package"))?;
        Ok(Self {
            archive,
            fixed,
            payloads,
            manifest,
        })
    }

    /// Whether the manifest names the payloads that are there, and no other.
    pub(super) fn is_named_by(&self, manifest: &Manifest) -> bool {
        let there = self.payloads.iter().map(|(name, _)| name);
        there.eq(manifest.payloads.iter().map(|payload| &payload.name))
    }

    /// The digest in the name of each payload, and how long it is.
    pub(super) fn payloads(&self) -> impl Iterator<Item = (Hash, u64)> {
        let payloads = self.payloads.iter();
        payloads.map(|(name, member)| (*name, u64::from(member.size)))
    }

    /// Every other member is the one that the manifest names, and its checksum the one that ZIP keeps.
    pub(super) fn hold_to(&mut self, manifest: &Manifest) -> Checked<()> {
        let payloads = manifest.payloads.iter().map(|payload| &payload.digest);
        let expected = manifest.digests.iter().chain(payloads);
        let members = self.fixed.iter();
        let members = members.chain(self.payloads.iter().map(|(_, member)| member));
        let all = members.zip(expected.map(Some));
        for (member, expected) in all.chain([(&self.manifest, None)]) {
            let digest = self.archive.digest(member);
            let (found, sound) = digest.map_err(|error| unreadable(&error))?;
            if let Some(expected) = expected.filter(|expected| **expected != found) {
                let (expected, found) = (expected.to_hex(), found.to_hex());
                let finding = Finding::new(Code::PackageMember);
                return Err(Box::new(finding.because(
                    format!("{} sha256:{expected}", member.name),
                    format!("sha256:{found}"),
                )));
            }
            if !sound {
                return Err(malformed("a member's checksum is not that of its bytes"));
            }
        }
        Ok(())
    }

    pub(super) fn manifest(&mut self) -> Checked<Vec<u8>> {
        read(&mut self.archive, &self.manifest)
    }

    /// A member that is small enough to be read at once.
    pub(super) fn read(&mut self, place: usize) -> Checked<Vec<u8>> {
        read(&mut self.archive, member(&self.fixed, place)?)
    }

    /// The bytes of a member.
    pub(super) fn section(&mut self, place: usize) -> Checked<Take<&mut R>> {
        let section = self.archive.section(member(&self.fixed, place)?);
        section.map_err(|error| unreadable(&error))
    }
}

fn member(fixed: &[Member; MEMBERS.len()], place: usize) -> Checked<&Member> {
    let member = fixed.get(place);
    member.ok_or_else(|| malformed("it has other members than a package"))
}

type Named = ([Member; MEMBERS.len()], Vec<(Hash, Member)>, Member);

fn named(members: &[Member]) -> Option<Named> {
    let (manifest, members) = members.split_last()?;
    let (fixed, payloads) = members.split_first_chunk::<{ MEMBERS.len() }>()?;
    let right = fixed
        .iter()
        .zip(MEMBERS)
        .all(|(one, name)| one.name == name);
    if !right || manifest.name != MANIFEST {
        return None;
    }
    let payload = |member: &Member| {
        let name = payload_named(&member.name)?;
        let short = u64::from(member.size) <= SHELF_FILE_BYTES_MAX;
        short.then(|| (name, member.clone()))
    };
    let payloads: Vec<_> = payloads.iter().map(payload).collect::<Option<_>>()?;
    let ordered = payloads.is_sorted_by(|(one, _), (next, _)| one < next);
    ordered.then(|| (fixed.clone(), payloads, manifest.clone()))
}

fn read<R: Read + Seek>(archive: &mut Archive<R>, member: &Member) -> Checked<Vec<u8>> {
    if u64::from(member.size) > MEMBER_BYTES_MAX {
        return Err(malformed(
            "a member is larger than this verifier reads at once",
        ));
    }
    let mut bytes = Vec::new();
    let section = archive.section(member);
    section
        .and_then(|mut section| section.read_to_end(&mut bytes))
        .map_err(|error| unreadable(&error))?;
    Ok(bytes)
}

/// One line of canonical JSON with its newline.
pub(super) fn json(text: &[u8]) -> Option<Value> {
    let line = text.strip_suffix(b"\n")?;
    let value = Value::parse(line).ok()?;
    (value.to_canonical() == line).then_some(value)
}

/// The lines of a member that may be empty, each without its newline; `None` if the last does not end.
pub(super) fn lines(text: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    let whole = text.is_empty() || text.ends_with(b"\n");
    let lines = text
        .strip_suffix(b"\n")
        .map(|text| text.split(|byte| *byte == b'\n'));
    whole.then(|| lines.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::statement::payload_name;

    fn member(name: &str, size: u64) -> Member {
        Member {
            name: name.into(),
            crc: 0,
            size: u32::try_from(size).unwrap(),
            offset: 0,
        }
    }

    fn with(payloads: Vec<Member>) -> bool {
        let fixed = MEMBERS.iter().map(|name| member(name, 0));
        let all = fixed.chain(payloads).chain([member(MANIFEST, 0)]);
        named(&all.collect::<Vec<_>>()).is_some()
    }

    #[test]
    fn a_payload_is_as_long_as_a_ledger_keeps_and_no_longer() {
        let name = payload_name(&Hash::of(&[b"a"]));
        assert!(with(vec![member(&name, SHELF_FILE_BYTES_MAX)]));
        assert!(!with(vec![member(&name, SHELF_FILE_BYTES_MAX + 1)]));
    }

    #[test]
    fn payloads_are_named_by_digests_in_their_order_and_once() {
        let name = |byte: u8| payload_name(&Hash::new([byte; 32]));
        let of = |names: &[&str]| with(names.iter().map(|name| member(name, 0)).collect());
        assert!(of(&[]));
        assert!(of(&[&name(1), &name(2)]));
        assert!(!of(&[&name(2), &name(1)]));
        assert!(!of(&[&name(1), &name(1)]));
        let long = name(1) + "0";
        let upper = name(0xab).to_uppercase().replace("PAYLOADS", "payloads");
        for other in ["payloads/", "payloads/x", "more.txt", &long, &upper] {
            assert!(!of(&[other]), "{other}");
        }
    }

    #[test]
    fn lines_end_each_and_none_is_a_member_too() {
        let count = |text: &[u8]| lines(text).map(Iterator::count);
        assert_eq!(count(b""), Some(0));
        assert_eq!(count(b"a\n"), Some(1));
        assert_eq!(
            count(b"a\n\n"),
            Some(2),
            "an empty line is one, and no JSON"
        );
        assert_eq!(count(b"a"), None);
        assert_eq!(count(b"a\nb"), None);
    }
}
