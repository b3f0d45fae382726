//! The manifest of a package: an in-toto statement that names every other member by its digest.

use sealog_core::hash::Hash;
use sealog_core::json::{Object, Value};

use super::anchors::ANCHORS_HELD_MAX;
use super::opening::OPENINGS_MAX;
use super::scope::{Sample, Scope, count};
use super::{EVIDENCE_FORMAT, MEMBERS, PAYLOAD_PREFIX, members};
use crate::index::{self, Query};

/// What the envelope calls its payload.
pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// A name, not an address: nothing is fetched.
const PREDICATE_TYPE: &str = "https://sealog.dev/evidence/v1";
const PREDICATE: [&str; 13] = [
    "anchors",
    "commitments",
    "covers",
    "disposed",
    "entries",
    "exporter",
    "format",
    "origin",
    "payloads",
    "query",
    "sample",
    "scope",
    "size",
];

/// Payload files of a package, at most.
pub const PAYLOADS_HELD_MAX: usize = 1_000;

/// What a manifest says.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    pub(crate) origin: String,
    /// Entries below the checkpoint.
    pub(crate) size: u64,
    /// Entries up to which the package is complete in its scope.
    pub(crate) covers: u64,
    pub(crate) query: Query,
    pub(crate) sample: Option<Sample>,
    pub(crate) entries: u64,
    pub(crate) disposed: u64,
    /// Anchors in it, and those that the log holds besides.
    pub(crate) anchors: Share,
    /// Commitments of its entries: opened, and closed.
    pub(crate) commitments: Share,
    /// Payload files that its entries name: how many members, and how often one that is no member is named.
    pub(crate) payloads_left_out: u64,
    /// The id under which the log knows the key of whoever exported.
    pub(crate) exporter: Option<String>,
    /// Digests of the members that every package has, in their order.
    pub(crate) digests: Vec<Hash>,
    /// The payloads, in the order of their names.
    pub(crate) payloads: Vec<NamedPayload>,
}

/// What of something is in a package, and what is not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) held: u64,
    pub(crate) left: u64,
}

impl Share {
    fn to_json(self, held: &str, left: &str) -> Value {
        let mut json = Object::new();
        json.insert(held, count(self.held));
        json.insert(left, count(self.left));
        Value::Object(json)
    }

    fn from_json(json: &Value, held: &str, left: &str) -> Option<Self> {
        let object = members(json, &[held, left])?;
        Some(Self {
            held: object.get(held)?.as_u64()?,
            left: object.get(left)?.as_u64()?,
        })
    }
}

/// A payload as the manifest names it. In a package that holds the two are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedPayload {
    /// The digest that its name is made of.
    pub(crate) name: Hash,
    /// The digest of its bytes.
    pub(crate) digest: Hash,
}

/// The name of a payload's member.
pub(crate) fn payload_name(digest: &Hash) -> String {
    format!("{PAYLOAD_PREFIX}{}", digest.to_hex())
}

/// The digest that a payload's name is made of.
pub(crate) fn payload_named(name: &str) -> Option<Hash> {
    Hash::from_hex(name.strip_prefix(PAYLOAD_PREFIX)?)
}

/// Why a text is no manifest.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ManifestError {
    Malformed,
    /// Another version, by its name.
    Newer(String),
}

impl Manifest {
    pub(crate) fn scope(&self) -> Scope {
        Scope::of(&self.query)
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut predicate = Object::new();
        predicate.insert("anchors", self.anchors_json());
        predicate.insert("commitments", self.commitments_json());
        predicate.insert("covers", count(self.covers));
        predicate.insert("disposed", count(self.disposed));
        predicate.insert("entries", count(self.entries));
        let exporter = self.exporter.as_deref();
        predicate.insert("exporter", exporter.map_or(Value::Null, Value::from));
        predicate.insert("format", EVIDENCE_FORMAT);
        predicate.insert("origin", self.origin.as_str());
        predicate.insert("payloads", self.payloads_json());
        predicate.insert("query", index::query_json(&self.query));
        let sample = self.sample.as_ref().map(Sample::to_json);
        predicate.insert("sample", sample.unwrap_or(Value::Null));
        predicate.insert("scope", self.scope().word());
        predicate.insert("size", count(self.size));
        let fixed = MEMBERS.iter().map(|name| (*name).to_owned());
        let payloads = self.payloads.iter();
        let files = fixed
            .zip(&self.digests)
            .chain(payloads.map(|payload| (payload_name(&payload.name), &payload.digest)));
        let subject = files.map(|(name, digest)| {
            let mut sha256 = Object::new();
            sha256.insert("sha256", digest.to_hex());
            let mut file = Object::new();
            file.insert("digest", Value::Object(sha256));
            file.insert("name", name);
            Value::Object(file)
        });
        let mut json = Object::new();
        json.insert("_type", STATEMENT_TYPE);
        json.insert("predicate", Value::Object(predicate));
        json.insert("predicateType", PREDICATE_TYPE);
        json.insert("subject", Value::Array(subject.collect()));
        Value::Object(json)
    }

    pub(crate) fn anchors_json(&self) -> Value {
        self.anchors.to_json("held", "left_out")
    }

    pub(crate) fn commitments_json(&self) -> Value {
        self.commitments.to_json("opened", "closed")
    }

    pub(crate) fn payloads_json(&self) -> Value {
        let share = Share {
            held: u64::try_from(self.payloads.len()).unwrap_or(u64::MAX),
            left: self.payloads_left_out,
        };
        share.to_json("files", "left_out")
    }

    pub(crate) fn parse(text: &[u8]) -> Result<Self, ManifestError> {
        let json = super::canonical(text).ok_or(ManifestError::Malformed)?;
        let format = json
            .member("predicate")
            .and_then(|predicate| predicate.member("format"))
            .and_then(Value::as_str);
        if let Some(other) = format.filter(|format| *format != EVIDENCE_FORMAT) {
            return Err(ManifestError::Newer(other.chars().take(64).collect()));
        }
        Self::read(&json).ok_or(ManifestError::Malformed)
    }

    fn read(json: &Value) -> Option<Self> {
        let statement = members(json, &["_type", "predicate", "predicateType", "subject"])?;
        let text = |name: &str| statement.get(name).and_then(Value::as_str);
        if text("_type") != Some(STATEMENT_TYPE) || text("predicateType") != Some(PREDICATE_TYPE) {
            return None;
        }
        let predicate = members(statement.get("predicate")?, &PREDICATE)?;
        if predicate.get("format")?.as_str() != Some(EVIDENCE_FORMAT) {
            return None;
        }
        let number = |name: &str| predicate.get(name).and_then(Value::as_u64);
        let share =
            |name: &str, held: &str, left: &str| Share::from_json(predicate.get(name)?, held, left);
        let files = share("payloads", "files", "left_out")?;
        let (digests, payloads) = subject(statement.get("subject")?)?;
        let manifest = Self {
            origin: predicate.get("origin")?.as_str()?.into(),
            size: number("size")?,
            covers: number("covers")?,
            query: index::query_from_json(predicate.get("query")?)?,
            sample: match predicate.get("sample")? {
                Value::Null => None,
                sample => Some(Sample::from_json(sample)?),
            },
            entries: number("entries")?,
            disposed: number("disposed")?,
            anchors: share("anchors", "held", "left_out")?,
            commitments: share("commitments", "opened", "closed")?,
            payloads_left_out: files.left,
            exporter: match predicate.get("exporter")? {
                Value::Null => None,
                exporter => Some(exporter.as_str()?.into()),
            },
            digests,
            payloads,
        };
        let scope = predicate.get("scope").and_then(Value::as_str);
        let selection = manifest.scope() == Scope::Selection;
        let sound = scope == Some(manifest.scope().word())
            && manifest.covers <= manifest.size
            && (manifest.covers == manifest.size
                || matches!(manifest.scope(), Scope::Stream { .. }))
            && !(selection && (manifest.sample.is_some() || manifest.disposed > 0))
            && u64::try_from(manifest.payloads.len()) == Ok(files.held)
            && manifest.keeps_to_limits();
        sound.then_some(manifest)
    }

    fn keeps_to_limits(&self) -> bool {
        let within = |number: u64, max: usize| usize::try_from(number).is_ok_and(|n| n <= max);
        // Only those are left out for which there is no room.
        let full = usize::try_from(self.anchors.held) == Ok(ANCHORS_HELD_MAX);
        within(self.anchors.held, ANCHORS_HELD_MAX)
            && (full || self.anchors.left == 0)
            && within(self.commitments.held, OPENINGS_MAX)
            && self.payloads.len() <= PAYLOADS_HELD_MAX
    }
}

/// The digests of a subject that names every member but the manifest, in their order.
fn subject(subject: &Value) -> Option<(Vec<Hash>, Vec<NamedPayload>)> {
    let files = subject.as_array()?;
    let (fixed, payloads) = files.split_at_checked(MEMBERS.len())?;
    let digest = |(file, name): (&Value, &&str)| {
        let (found, digest) = named(file)?;
        (found == *name).then_some(digest)
    };
    let digests = fixed.iter().zip(&MEMBERS).map(digest);
    let payload = |file: &Value| {
        let (name, digest) = named(file)?;
        let name = payload_named(name)?;
        Some(NamedPayload { name, digest })
    };
    let payloads: Vec<_> = payloads.iter().map(payload).collect::<Option<_>>()?;
    let ordered = payloads.is_sorted_by(|one, next| one.name < next.name);
    Some((digests.collect::<Option<_>>()?, payloads)).filter(|_| ordered)
}

/// The name and the digest of a file in a subject.
fn named(file: &Value) -> Option<(&str, Hash)> {
    let file = members(file, &["digest", "name"])?;
    let digest = members(file.get("digest")?, &["sha256"])?;
    let digest = Hash::from_hex(digest.get("sha256")?.as_str()?)?;
    Some((file.get("name")?.as_str()?, digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            origin: "example.org/log".into(),
            size: 9,
            covers: 9,
            query: Query::default(),
            sample: None,
            entries: 9,
            disposed: 0,
            anchors: Share { held: 2, left: 0 },
            commitments: Share { held: 1, left: 3 },
            payloads_left_out: 4,
            exporter: Some("jo".into()),
            digests: vec![Hash::of(&[b"member"]); MEMBERS.len()],
            payloads: vec![payload(1), payload(2)],
        }
    }

    fn payload(number: u32) -> NamedPayload {
        let mut name = [0; 32];
        name[..4].copy_from_slice(&number.to_be_bytes());
        NamedPayload {
            name: Hash::new(name),
            digest: Hash::new([7; 32]),
        }
    }

    fn reads(manifest: &Manifest) -> bool {
        Manifest::parse(&manifest.to_json().to_canonical()).is_ok()
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written() {
        let text = manifest().to_json().to_canonical();
        let read = Manifest::parse(&text).unwrap();
        assert_eq!(read.to_json().to_canonical(), text);
        assert_eq!(read.payloads, manifest().payloads);
        assert_eq!(read.exporter.as_deref(), Some("jo"));
    }

    #[test]
    fn every_limit_is_kept_and_one_more_is_no_manifest() {
        let with = |edit: &dyn Fn(&mut Manifest)| {
            let mut manifest = manifest();
            edit(&mut manifest);
            reads(&manifest)
        };
        let most = |max: usize| u64::try_from(max).unwrap();
        let (anchors, openings) = (most(ANCHORS_HELD_MAX), most(OPENINGS_MAX));
        assert!(with(&|m| m.anchors.held = anchors));
        assert!(!with(&|m| m.anchors.held = anchors + 1));
        assert!(with(&|m| m.anchors = Share {
            held: anchors,
            left: 1
        }));
        assert!(!with(&|m| m.anchors = Share {
            held: anchors - 1,
            left: 1
        }));
        assert!(with(&|m| m.commitments.held = openings));
        assert!(!with(&|m| m.commitments.held = openings + 1));
        let payloads = |count: usize| (0..u32::try_from(count).unwrap()).map(payload).collect();
        assert!(with(&|m| m.payloads = payloads(PAYLOADS_HELD_MAX)));
        assert!(!with(&|m| m.payloads = payloads(PAYLOADS_HELD_MAX + 1)));
    }

    #[test]
    fn another_order_count_or_member_is_no_manifest() {
        let text = String::from_utf8(manifest().to_json().to_canonical()).unwrap();
        let with = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            Manifest::parse(text.replacen(from, to, 1).as_bytes()).is_ok()
        };
        assert!(with("\"left_out\":4", "\"left_out\":5"), "the honest twin");
        assert!(!with("\"files\":2", "\"files\":1"));
        assert!(!with("\"left_out\":4", "\"left_out\":-4"));
        assert!(!with("\"exporter\":\"jo\"", "\"exporter\":7"));
        assert!(!with("\"exporter\":\"jo\",", ""));
        assert!(!with("\"closed\":3,", ""));
        assert!(!with("payloads/00000001", "payloads/00000003"), "order");
        assert!(!with("payloads/00000002", "payloads/00000001"), "twice");
        assert!(!with("payloads/00000001", "payloads/0000000"));
        assert!(!with("anchors.jsonl", "openings.jsonl"));
    }
}
