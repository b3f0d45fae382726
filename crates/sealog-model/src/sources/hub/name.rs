//! Names of models on a hub: `hf://org/name@revision`.

use std::fmt;

use crate::sources::limits::{NAME_BYTES_MAX, REVISION_BYTES_MAX};
use crate::sources::trouble::Trouble;

/// What names of this kind begin with.
pub(super) const SCHEME: &str = "hf://";

/// A name as its user wrote it: `org/name` or `name`, and a revision if one was given. It is not resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubName {
    id: String,
    revision: Option<String>,
}

impl HubName {
    /// Reads a name: `hf://org/name`, `hf://name`, each also with `@revision`; a revision is a branch, a tag, a
    /// reference or a commit.
    ///
    /// # Errors
    /// [`Trouble::Name`] for anything else, names of data sets and spaces among it.
    pub fn parse(text: &str) -> Result<Self, Trouble> {
        let bad = |why| Trouble::Name { why };
        let rest = text
            .strip_prefix(SCHEME)
            .ok_or(bad("it does not begin with hf://"))?;
        let (id, revision) = match rest.split_once('@') {
            Some((id, revision)) => (id, Some(revision)),
            None => (rest, None),
        };
        let mut name = Self::of_id(id)?;
        if let Some(revision) = revision {
            if revision.is_empty() || revision.len() > REVISION_BYTES_MAX {
                return Err(bad("its revision is empty or too long"));
            }
            if !is_reference(revision) {
                return Err(bad("its revision holds what no revision holds"));
            }
            name.revision = Some(revision.to_owned());
        }
        Ok(name)
    }

    /// The same without a revision, from `org/name` or `name`.
    pub(super) fn of_id(id: &str) -> Result<Self, Trouble> {
        let parts: Vec<&str> = id.split('/').collect();
        let why = match parts.as_slice() {
            ["datasets" | "spaces" | "buckets", _, ..] => {
                "only models are read, no data sets or spaces"
            }
            [name] if is_component(name) => return Ok(Self::bare(id)),
            [owner, name] if is_component(owner) && is_component(name) => {
                return Ok(Self::bare(id));
            }
            _ => "it is not hf://org/name, with @revision or without",
        };
        Err(Trouble::Name { why })
    }

    fn bare(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            revision: None,
        }
    }

    /// `org/name` or `name`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The revision, if one was given.
    pub fn revision(&self) -> Option<&str> {
        self.revision.as_deref()
    }
}

impl fmt::Display for HubName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{SCHEME}{}", self.id)?;
        match &self.revision {
            Some(revision) => write!(formatter, "@{revision}"),
            None => Ok(()),
        }
    }
}

/// What a hub allows: letters, digits, `_`, `.` and `-`, neither `.` nor `-` at an end, no `..` and no `--`.
fn is_component(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let edge = |char: char| matches!(char, '.' | '-');
    !text.is_empty()
        && text.len() <= NAME_BYTES_MAX
        && text.bytes().all(plain)
        && !text.starts_with(edge)
        && !text.ends_with(edge)
        && !text.contains("..")
        && !text.contains("--")
}

/// What git allows in the name of a reference, without what would be a path outside of a directory of references.
fn is_reference(text: &str) -> bool {
    let plain = |char: char| !char.is_control() && !" ~^:?*[\\@{}#%".contains(char);
    let component = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && part.strip_suffix(".lock").is_none()
    };
    text.chars().all(plain) && !text.contains("..") && text.split('/').all(component)
}

/// Whether a text is the name of a commit: 40 hex digits in lower case.
pub(super) fn is_commit(text: &str) -> bool {
    text.len() == 40
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_with_and_without_their_parts() {
        for (text, id, revision) in [
            ("hf://org/name", "org/name", None),
            ("hf://gpt2", "gpt2", None),
            ("hf://org/na.me_1-b@main", "org/na.me_1-b", Some("main")),
            ("hf://org/name@refs/pr/1", "org/name", Some("refs/pr/1")),
            ("hf://name@v1.0", "name", Some("v1.0")),
        ] {
            let name = HubName::parse(text).unwrap();
            assert_eq!((name.id(), name.revision()), (id, revision));
            assert_eq!(name.to_string(), text);
        }
        let fits = format!(
            "hf://{0}/{0}@{1}",
            "x".repeat(NAME_BYTES_MAX),
            "r".repeat(REVISION_BYTES_MAX)
        );
        assert!(HubName::parse(&fits).is_ok());
    }

    #[test]
    fn anything_else_is_refused() {
        let long = format!("hf://{}/n", "x".repeat(NAME_BYTES_MAX + 1));
        let long_revision = format!("hf://n@{}", "r".repeat(REVISION_BYTES_MAX + 1));
        for bad in [
            "",
            "hf://",
            "org/name",
            "https://hub/org/name",
            "hf:///name",
            "hf://org/",
            "hf://a/b/c",
            "hf://datasets/a/b",
            "hf://datasets/a",
            "hf://spaces/a/b",
            "hf://../x",
            "hf://a/..",
            "hf://a/.b",
            "hf://a/b-",
            "hf://a/b--c",
            "hf://a/b..c",
            "hf://a/b c",
            "hf://a/b?x=1",
            "hf://a/b#c",
            "hf://a/%2e",
            "hf://a/b@",
            "hf://a/b@../../x",
            "hf://a/b@x@y",
            "hf://a/b@a b",
            "hf://a/b@/x",
            "hf://a/b@x/",
            "hf://a/b@x//y",
            "hf://a/b@\n",
            "hf://a/b@.x",
            "hf://a/b@a/.git",
            &long,
            &long_revision,
        ] {
            let refused = HubName::parse(bad).unwrap_err();
            assert_eq!(refused.code(), "source_name", "{bad}");
        }
    }

    #[test]
    fn a_commit_is_forty_digits() {
        assert!(is_commit(&"0a".repeat(20)));
        for bad in [
            "",
            "0a0a",
            &"0A".repeat(20),
            &"0a".repeat(21),
            &"zz".repeat(20),
        ] {
            assert!(!is_commit(bad));
        }
    }
}
