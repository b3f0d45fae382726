//! What is said about a manifest, and signed with it: name, version, author, time, and what was left out.

use sealog_core::json::{Object, Value};
use sealog_core::time::Timestamp;

use super::text::{canonical, members};
use super::{ClosedSet, Manifest};
use crate::Error;
use crate::limits::LABEL_BYTES_MAX;
use crate::walk::{FileSet, IgnoreRules, LinkPolicy};

/// The format's name and version.
const FORMAT: &str = "sealog/model-statement/v1";
const WHAT: &str = "the statement";

/// Who says what about a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorship {
    /// The model's name. Not a path, and never used as one.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Who made the statement.
    pub created_by: String,
    /// When, by the author's own clock (RFC 3339, UTC).
    pub created_at: String,
}

/// A manifest with its authorship. Reading one proves nothing about who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    authorship: Authorship,
    ignored: IgnoreRules,
    links: LinkPolicy,
    manifest: Manifest,
}

impl Statement {
    /// States a manifest that was made of a set. Of the ignore rules those are recorded that left something out, so
    /// that a path that was not there then is an added file later, whatever its name.
    pub fn new(authorship: Authorship, manifest: Manifest, set: &FileSet) -> Result<Self, Error> {
        check(&authorship)?;
        let mut ignored = IgnoreRules::none();
        for found in set.ignored() {
            let path = found.path.as_str();
            ignored.add(path).map_err(|reason| Error::Unfit {
                path: path.into(),
                reason,
            })?;
        }
        Ok(Self {
            authorship,
            ignored,
            links: set.links(),
            manifest,
        })
    }

    /// Who says what.
    pub const fn authorship(&self) -> &Authorship {
        &self.authorship
    }

    /// What was left out.
    pub const fn ignored(&self) -> &IgnoreRules {
        &self.ignored
    }

    /// How links were treated.
    pub const fn links(&self) -> LinkPolicy {
        self.links
    }

    /// The manifest.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The set of files that the statement closes.
    pub fn closed_set(&self) -> ClosedSet {
        ClosedSet::of_manifest(&self.manifest, self.ignored.clone(), self.links)
    }

    /// The canonical text: the bytes that are signed.
    pub fn to_canonical(&self) -> Vec<u8> {
        let mut object = Object::new();
        object.insert("created_at", self.authorship.created_at.as_str());
        object.insert("created_by", self.authorship.created_by.as_str());
        object.insert("format", FORMAT);
        let ignored = self.ignored.paths().map(|path| Value::from(path.as_str()));
        object.insert("ignored", Value::Array(ignored.collect()));
        object.insert("links", self.links.name());
        object.insert("manifest", self.manifest.to_value());
        object.insert("name", self.authorship.name.as_str());
        object.insert("version", self.authorship.version.as_str());
        Value::Object(object).to_canonical()
    }

    /// Whether a text claims to be a statement; whether it is one, [`Statement::parse`] says.
    pub fn is_claimed(value: &Value) -> bool {
        value.member("format").and_then(Value::as_str) == Some(FORMAT)
    }

    /// Reads a canonical text, and nothing else.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        let value = canonical(WHAT, text)?;
        let names = [
            "created_at",
            "created_by",
            "format",
            "ignored",
            "links",
            "manifest",
            "name",
            "version",
        ];
        let [
            created_at,
            created_by,
            format,
            ignored,
            links,
            manifest,
            name,
            version,
        ] = members(WHAT, &value, names)?;
        if format.as_str() != Some(FORMAT) {
            return Err(bad("its format is not sealog/model-statement/v1"));
        }
        let string = |value: &Value| value.as_str().map(str::to_owned);
        let authorship = (|| {
            Some(Authorship {
                name: string(name)?,
                version: string(version)?,
                created_by: string(created_by)?,
                created_at: string(created_at)?,
            })
        })();
        let authorship = authorship.ok_or_else(|| bad("a member is no string"))?;
        check(&authorship)?;
        let links = links.as_str().and_then(LinkPolicy::from_name);
        Ok(Self {
            authorship,
            ignored: read_ignored(ignored)?,
            links: links.ok_or_else(|| bad("its link policy is unknown"))?,
            manifest: Manifest::from_value(manifest)?,
        })
    }
}

fn bad(why: impl Into<String>) -> Error {
    Error::malformed(WHAT, why)
}

fn check(authorship: &Authorship) -> Result<(), Error> {
    let labels = [
        &authorship.name,
        &authorship.version,
        &authorship.created_by,
    ];
    for label in labels {
        if label.is_empty() || label.len() > LABEL_BYTES_MAX || label.chars().any(char::is_control)
        {
            return Err(bad(format!(
                "name, version and author have 1 to {LABEL_BYTES_MAX} bytes and no control character"
            )));
        }
    }
    Timestamp::parse(authorship.created_at.as_bytes())
        .map_err(|error| bad(format!("created_at: {error}")))?;
    Ok(())
}

fn read_ignored(value: &Value) -> Result<IgnoreRules, Error> {
    let mut rules = IgnoreRules::none();
    let mut last = "";
    for path in value
        .as_array()
        .ok_or_else(|| bad("`ignored` is no array"))?
    {
        let path = path
            .as_str()
            .ok_or_else(|| bad("an ignored path is no string"))?;
        if path <= last {
            return Err(bad("the ignored paths are out of order, or there twice"));
        }
        last = path;
        rules.add(path).map_err(|reason| Error::Unfit {
            path: path.into(),
            reason,
        })?;
    }
    Ok(rules)
}
