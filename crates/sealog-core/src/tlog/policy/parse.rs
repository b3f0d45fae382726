//! Reading a policy file, line by line.

use alloc::vec::Vec;

use super::{Group, Log, Member, Policy, PolicyError, Quorum, Witness};
use crate::limits::{POLICY_BYTES_MAX, POLICY_ITEMS_MAX};
use crate::tlog::decimal;
use crate::tlog::vkey::{KeyType, VerifierKey, VkeyError};

/// The name that stands for no quorum.
const NONE: &[u8] = b"none";

pub(super) fn parse(bytes: &[u8]) -> Result<Policy, PolicyError> {
    if bytes.len() > POLICY_BYTES_MAX {
        return Err(PolicyError::TooLong {
            max: POLICY_BYTES_MAX,
            found: bytes.len(),
        });
    }
    let mut reader = Reader::default();
    for (line, content) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
        let Some((b'\n', content)) = content.split_last() else {
            return Err(PolicyError::End);
        };
        reader.line = line;
        reader.read(content)?;
    }
    Ok(Policy {
        logs: reader.logs,
        witnesses: reader.witnesses,
        groups: reader.groups,
        quorum: reader.quorum.ok_or(PolicyError::NoQuorum)?,
    })
}

/// What the lines so far have defined.
#[derive(Default)]
struct Reader {
    line: usize,
    logs: Vec<Log>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    /// Members of the groups so far: each name may stand in one place only.
    taken: Vec<Member>,
    quorum: Option<Quorum>,
}

impl Reader {
    fn read(&mut self, content: &[u8]) -> Result<(), PolicyError> {
        let line = self.line;
        let refused = |byte: &u8| *byte != b'\t' && (*byte < b' ' || *byte == 0x7f);
        if let Some(&byte) = content.iter().find(|byte| refused(byte)) {
            return Err(PolicyError::Byte { line, byte });
        }
        let mut items = content
            .split(|byte| matches!(byte, b' ' | b'\t'))
            .filter(|item| !item.is_empty());
        let Some(word) = items.next() else {
            return Ok(());
        };
        if word.starts_with(b"#") {
            return Ok(());
        }
        let items: Vec<&[u8]> = items.collect();
        match (word, items.as_slice()) {
            (b"log", [key]) => self.log(key, None),
            (b"log", [key, url]) => self.log(key, Some(url)),
            (b"witness", [name, key]) => self.witness(name, key, None),
            (b"witness", [name, key, url]) => self.witness(name, key, Some(url)),
            (b"group", [name, threshold, members @ ..]) if !members.is_empty() => {
                self.group(name, threshold, members)
            }
            (b"quorum", [name]) => self.quorum(name),
            (b"log" | b"witness" | b"group" | b"quorum", _) => Err(PolicyError::Items { line }),
            _ => Err(PolicyError::Keyword { line }),
        }
    }

    fn log(&mut self, key: &[u8], url: Option<&[u8]>) -> Result<(), PolicyError> {
        let key = self.key(key, KeyType::Ed25519)?;
        let mut known = self.logs.iter().map(|log| log.key.public_key());
        if known.any(|other| other == key.public_key()) {
            return Err(PolicyError::DuplicateKey { line: self.line });
        }
        refuse_count("logs", self.logs.len())?;
        let url = url.map(<[u8]>::to_vec);
        self.logs.push(Log { key, url });
        Ok(())
    }

    fn witness(&mut self, name: &[u8], key: &[u8], url: Option<&[u8]>) -> Result<(), PolicyError> {
        self.refuse_taken(name)?;
        let key = self.key(key, KeyType::CosignatureV1)?;
        let mut known = self.witnesses.iter().map(|other| other.key.public_key());
        if known.any(|other| other == key.public_key()) {
            return Err(PolicyError::DuplicateKey { line: self.line });
        }
        refuse_count("witnesses", self.witnesses.len())?;
        self.witnesses.push(Witness {
            name: name.to_vec(),
            key,
            url: url.map(<[u8]>::to_vec),
        });
        Ok(())
    }

    fn group(&mut self, name: &[u8], threshold: &[u8], names: &[&[u8]]) -> Result<(), PolicyError> {
        let line = self.line;
        self.refuse_taken(name)?;
        let mut members = Vec::with_capacity(names.len());
        for name in names {
            let member = self.find(name).ok_or(PolicyError::Undefined { line })?;
            if self.taken.contains(&member) {
                return Err(PolicyError::MemberTwice { line });
            }
            self.taken.push(member);
            members.push(member);
        }
        let threshold = match threshold {
            b"any" => 1,
            b"all" => members.len(),
            number => decimal::parse(number)
                .and_then(|number| usize::try_from(number).ok())
                .filter(|number| (1..=members.len()).contains(number))
                .ok_or(PolicyError::Threshold {
                    line,
                    members: members.len(),
                })?,
        };
        refuse_count("groups", self.groups.len())?;
        self.groups.push(Group {
            name: name.to_vec(),
            threshold,
            members,
        });
        Ok(())
    }

    fn quorum(&mut self, name: &[u8]) -> Result<(), PolicyError> {
        let line = self.line;
        if self.quorum.is_some() {
            return Err(PolicyError::SecondQuorum { line });
        }
        self.quorum = Some(if name == NONE {
            Quorum::Nobody
        } else {
            Quorum::Member(self.find(name).ok_or(PolicyError::Undefined { line })?)
        });
        Ok(())
    }

    fn key(&self, text: &[u8], expected: KeyType) -> Result<VerifierKey, PolicyError> {
        let line = self.line;
        let key = core::str::from_utf8(text)
            .map_err(|_| VkeyError::Name)
            .and_then(VerifierKey::parse)
            .map_err(|source| PolicyError::Key { line, source })?;
        if key.key_type() != expected {
            return Err(PolicyError::KeyType {
                line,
                expected: expected.byte(),
                found: key.key_type().byte(),
            });
        }
        Ok(key)
    }

    /// What a name was defined as; witnesses and groups share one name space.
    fn find(&self, name: &[u8]) -> Option<Member> {
        let witness = self.witnesses.iter().position(|other| other.name == name);
        let group = || self.groups.iter().position(|other| other.name == name);
        witness
            .map(Member::Witness)
            .or_else(|| group().map(Member::Group))
    }

    fn refuse_taken(&self, name: &[u8]) -> Result<(), PolicyError> {
        if name == NONE || self.find(name).is_some() {
            return Err(PolicyError::NameTaken { line: self.line });
        }
        Ok(())
    }
}

fn refuse_count(what: &'static str, known: usize) -> Result<(), PolicyError> {
    if known >= POLICY_ITEMS_MAX {
        return Err(PolicyError::TooMany {
            what,
            max: POLICY_ITEMS_MAX,
        });
    }
    Ok(())
}
