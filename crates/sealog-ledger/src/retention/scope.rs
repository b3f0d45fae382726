//! What a hold covers: its scope as text, read and judged.

use std::fmt;

use memchr::memmem;
use sealog_core::entry::EntryFacts;
use sealog_core::hash::Hash;
use sealog_core::json::{Ref, Tape};
use sealog_core::map;

use crate::Error;
use crate::index::is_identifier;

/// What a hold covers. Its text is one of `all`, `tenant:ID`, `class:ID`, `stream:TENANT/ID`, `subject:REF` and
/// `entries:FROM-TO`; any other text, as a later version may write, covers everything.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HoldScope {
    /// Every entry.
    All,
    /// Entries of a tenant.
    Tenant(String),
    /// Entries of a retention class.
    Class(String),
    /// Entries of a stream, as tenant and stream with a `/` between. Identifiers may hold one too: every way to
    /// divide the text counts.
    Stream(String),
    /// Entries whose record holds this pseudonym as a string.
    Subject(String),
    /// Entries of a range of indices, both ends included.
    Entries(u64, u64),
    /// A scope that cannot be read: it covers everything.
    Unknown(String),
}

impl HoldScope {
    /// Reads a scope as it stands in a record.
    pub fn read(text: &str) -> Self {
        Self::known(text).unwrap_or_else(|| Self::Unknown(text.to_owned()))
    }

    /// Reads a scope that somebody asks for. [`Error::Argument`] if it is none of those above.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::known(text).ok_or_else(|| Error::Argument {
            what: "the scope",
            why: "it is none of all, tenant:ID, class:ID, stream:TENANT/ID, subject:REF, entries:FROM-TO"
                .into(),
        })
    }

    fn known(text: &str) -> Option<Self> {
        if text == "all" {
            return Some(Self::All);
        }
        let (kind, rest) = text.split_once(':')?;
        let id = || Some(rest.to_owned()).filter(|rest| is_identifier(rest));
        match kind {
            "tenant" => id().map(Self::Tenant),
            "class" => id().map(Self::Class),
            "subject" => id().map(Self::Subject),
            "stream" => {
                let inner = rest.get(1..rest.len().checked_sub(1)?)?;
                let allowed = |part: &str| part.is_empty() || is_identifier(part);
                let two = inner.contains('/') && rest.split('/').all(allowed);
                two.then(|| Self::Stream(rest.to_owned()))
            }
            "entries" => {
                let (from, to) = rest.split_once('-')?;
                let (from, to) = (number(from)?, number(to)?);
                (from <= to).then_some(Self::Entries(from, to))
            }
            _ => None,
        }
    }

    /// Whether an entry is covered; `line` is its line.
    pub(super) fn covers(&self, entry: &EntryFacts, line: &[u8]) -> bool {
        let record = entry.record_span.of(line);
        match self {
            Self::All | Self::Unknown(_) => true,
            Self::Tenant(tenant) => {
                tenant_of(record).is_none_or(|found| found == tenant.as_bytes())
            }
            Self::Class(class) => entry.record.retention_class.of(record) == class.as_bytes(),
            Self::Stream(text) => streams(text).any(|stream| stream == entry.record.stream),
            Self::Subject(subject) => {
                memmem::find(record, format!("\"{subject}\"").as_bytes()).is_some()
            }
            Self::Entries(from, to) => (*from..=*to).contains(&entry.log.index),
        }
    }

    /// Whether something of a tenant's subject may be covered. Which classes and entries a subject is in is not
    /// known here: those scopes cover every subject.
    pub(super) fn may_cover(&self, tenant: &str, subject: &str) -> bool {
        match self {
            Self::All | Self::Unknown(_) | Self::Class(_) | Self::Entries(..) => true,
            Self::Tenant(held) => held == tenant,
            Self::Stream(text) => text
                .strip_prefix(tenant)
                .is_some_and(|rest| rest.starts_with('/')),
            Self::Subject(held) => held == subject,
        }
    }
}

impl fmt::Display for HoldScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Tenant(id) => write!(f, "tenant:{id}"),
            Self::Class(id) => write!(f, "class:{id}"),
            Self::Stream(text) => write!(f, "stream:{text}"),
            Self::Subject(id) => write!(f, "subject:{id}"),
            Self::Entries(from, to) => write!(f, "entries:{from}-{to}"),
            Self::Unknown(text) => f.write_str(text),
        }
    }
}

/// The state map's keys of the streams that a text may name.
fn streams(text: &str) -> impl Iterator<Item = Hash> {
    text.match_indices('/').map(|(at, _)| {
        let (tenant, stream) = text.split_at(at);
        map::key("stream", &[tenant, stream.get(1..).unwrap_or_default()])
    })
}

fn tenant_of(record: &[u8]) -> Option<Vec<u8>> {
    let mut tape = Tape::new();
    let record = tape.read(record).ok()?;
    let tenant = record.member("tenant_id").and_then(Ref::plain_bytes)?;
    Some(tenant.to_vec())
}

fn number(text: &str) -> Option<u64> {
    let plain = text == "0" || !text.starts_with(['0', '+']);
    plain.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_back_as_it_is_written_and_another_text_covers_everything() {
        let longest = format!("class:{}", "x".repeat(200));
        for text in [
            "all",
            "tenant:a",
            "class:a:b/c",
            "stream:t/s",
            "stream:a/b/c",
            "subject:s-1",
            "entries:0-0",
            "entries:7-19",
            &longest,
        ] {
            let scope = HoldScope::parse(text).unwrap();
            assert_eq!(scope.to_string(), text);
            assert_eq!(HoldScope::read(text), scope);
        }
        let longer = format!("{longest}x");
        for text in [
            "",
            "All",
            "all ",
            "tenant:",
            "tenant",
            "tenant:a b",
            "class:\u{e9}",
            "stream:t",
            "stream:/s",
            "stream:t/",
            "subject:\"",
            "entries:5",
            "entries:5-4",
            "entries:-5",
            "entries:05-6",
            "entries:+5-6",
            "entries:1-18446744073709551616",
            "region:eu",
            &longer,
        ] {
            assert_eq!(
                HoldScope::parse(text).unwrap_err().code(),
                "argument",
                "{text}"
            );
            assert_eq!(HoldScope::read(text), HoldScope::Unknown(text.to_owned()));
            assert!(HoldScope::read(text).may_cover("t", "s"), "{text}");
        }
    }

    #[test]
    fn a_subject_is_covered_where_it_may_be() {
        for (text, covered) in [
            ("all", true),
            ("tenant:t", true),
            ("tenant:u", false),
            ("class:any", true),
            ("entries:1-2", true),
            ("stream:t/x", true),
            ("stream:tt/x", false),
            ("stream:t/a/x", true),
            ("subject:s", true),
            ("subject:ss", false),
        ] {
            assert_eq!(HoldScope::read(text).may_cover("t", "s"), covered, "{text}");
        }
        // A tenant's name may hold the stroke.
        assert!(HoldScope::read("stream:t/a/x").may_cover("t/a", "s"));
        assert_eq!(streams("a/b/c").count(), 2);
    }
}
