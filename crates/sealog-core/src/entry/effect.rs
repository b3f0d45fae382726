//! What a record means to the log: the fields of those kinds that the log's own rules read.

use alloc::boxed::Box;
use alloc::string::String;

use super::Span;
use crate::commitment::KeyId;
use crate::config::{Bands, BandsError, parse_digest};
use crate::hash::Hash;
use crate::json::Ref;
use crate::kinds::{Found, Slot, Walked};
use crate::time::Timestamp;

/// What the log's rules read of a record's body.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Effect {
    /// Nothing: most kinds are of no concern to the log.
    None,
    /// `ledger.created`.
    Created(Box<Created>),
    /// `ledger.recovered`, with the size that was kept.
    Recovered(u64),
    /// `epoch.sealed`.
    Epoch {
        /// Entries that the map covers.
        size: u64,
        /// Root of the map.
        map_root: Hash,
        /// Index of the epoch before.
        prev_epoch: Option<u64>,
    },
    /// `config.changed`.
    Config(Box<ConfigChange>),
    /// `label.registered`.
    Label(Box<LabelChange>),
    /// `key.event`.
    Key(Box<KeyEvent>),
    /// `chain.anchored`.
    Anchored(Box<Anchor>),
    /// `retention.policy`.
    Retention(Box<Retention>),
    /// `retention.disposed`, or `erasure.executed` that disposes of entries.
    Disposal(Box<Disposal>),
    /// `erasure.executed` that leaves entries where they are.
    Erased(Box<Erased>),
    /// `decision`.
    Decision(DecisionFacts),
    /// `log.state` `stopped` about the run that writes it, with its count.
    Stopped(u64),
    /// `gap.declared`.
    Gap(Box<Gap>),
}

/// Body of `ledger.created`.
#[derive(Debug, Clone)]
pub struct Created {
    /// The log's origin.
    pub origin: String,
    /// Version of the line formats.
    pub format_version: u64,
    /// The log's first verifier key.
    pub vkey: String,
    /// The key that may revoke a stolen log key.
    pub recovery_vkey: Option<String>,
}

/// Body of `config.changed`.
#[derive(Debug, Clone)]
pub struct ConfigChange {
    /// The configuration.
    pub config_id: String,
    /// The model it is valid for.
    pub model_id: Option<String>,
    /// Its digest.
    pub digest: Hash,
    /// Digest of the version that it replaces.
    pub previous: Option<Hash>,
    /// Index of the record of that version.
    pub prev_index: Option<u64>,
    /// Its bands, if it has any.
    pub bands: Option<Result<Bands, BandsError>>,
}

/// Body of `label.registered`.
#[derive(Debug, Clone)]
pub struct LabelChange {
    /// The label's stable id.
    pub label_id: String,
    /// Its name for people.
    pub display: String,
    /// Index of the record whose name it replaces.
    pub renames_index: Option<u64>,
}

/// What happened to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyEventKind {
    /// It was made.
    Generated,
    /// The log takes signatures by it from here on.
    Activated,
    /// The log's key hands over to its successor.
    Rotated,
    /// It may no longer be used.
    Revoked,
    /// It was destroyed.
    Destroyed,
}

/// Body of `key.event`.
#[derive(Debug, Clone)]
pub struct KeyEvent {
    /// Which key.
    pub key_id: String,
    /// What happened.
    pub event: KeyEventKind,
    /// The verifier key.
    pub vkey: Option<String>,
    /// The key that takes over.
    pub successor_vkey: Option<String>,
    /// Base64 of the successor's signature.
    pub possession_signature: Option<String>,
}

/// Body of `chain.anchored`.
#[derive(Debug, Clone)]
pub struct Anchor {
    /// Size of the checkpoint.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// Digest of the proof kept in `anchors/`.
    pub token: Option<Hash>,
    /// Time that the outside states.
    pub time: Option<Timestamp>,
    /// Who stands behind it.
    pub authority: String,
}

/// Body of `retention.policy`.
#[derive(Debug, Clone)]
pub struct Retention {
    /// The policy.
    pub policy_id: String,
    /// The class that it governs.
    pub class: String,
    /// Days that an entry is kept at least.
    pub min_days: u64,
}

/// Which entries a later record says were disposed of.
#[derive(Debug, Clone)]
pub struct Disposal {
    /// First index covered.
    pub from: u64,
    /// Last index covered.
    pub to: u64,
    /// Policy and class, for `retention.disposed`; none for an erasure.
    pub retention: Option<(String, String)>,
    /// When.
    pub at: Timestamp,
}

/// Body of an `erasure.executed` that disposes of no entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// Whether payload files were deleted; a verifier then misses none of them.
    pub deletes_payloads: bool,
    /// The data key of whom it erased; none for a whole tenant.
    pub key_id: Option<KeyId>,
    /// The pseudonym of whom it erased; none for a whole tenant.
    pub subject_ref: Option<String>,
    /// The tenant that it erased whole.
    pub tenant: Option<String>,
}

/// Body of `gap.declared`.
#[derive(Debug, Clone)]
pub struct Gap {
    /// Run whose calls are missing, if it is not the one that says so.
    pub run: Option<String>,
    /// First number missing.
    pub first: Option<u64>,
    /// Last number missing.
    pub last: Option<u64>,
    /// Calls missing.
    pub count: Option<u64>,
    /// Why.
    pub cause: String,
}

/// The score of a decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Score {
    /// The decision has none.
    Absent,
    /// It was no finite number.
    NotANumber,
    /// The double that the label is derived from.
    Number(f64),
}

/// Where a decision's label comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelSource {
    /// From the configuration's bands.
    Derived,
    /// From the host, which gave another than the bands.
    Host,
}

/// What the log's rules read of a `decision`; spans lie in the record.
#[derive(Debug, Clone, Copy)]
pub struct DecisionFacts {
    /// The score.
    pub score: Score,
    /// The label, if one is named.
    pub label: Option<Span>,
    /// Where the label comes from.
    pub source: Option<LabelSource>,
    /// Digest of the configuration, if one is named.
    pub config: Option<Hash>,
    /// The model, if one is named.
    pub model: Option<Span>,
    /// Whether it carries an error and the action `escalate`.
    pub escalated_error: bool,
}

/// A body that the schema lets pass and the log's rules cannot read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable(pub(super) &'static str);

/// Reads what the rules need of a record of a known kind whose walk is done. `record` is where it begins in the text.
pub(super) fn read(
    kind: &str,
    walked: &Walked<'_, '_>,
    record: usize,
) -> Result<Effect, Unreadable> {
    if kind == "decision" {
        return decision(&walked.body, record).map(Effect::Decision);
    }
    let body = walked.record.get(Slot::Body).ok_or(Unreadable("body"))?;
    let body = Body { body };
    Ok(match kind {
        "log.state" => match body.text("state")? {
            "stopped" if body.body.member("producer_run").is_none() => {
                Effect::Stopped(body.integer("count")?.ok_or(Unreadable("count"))?)
            }
            _ => Effect::None,
        },
        "gap.declared" => Effect::Gap(Box::new(body.gap()?)),
        "epoch.sealed" => Effect::Epoch {
            size: body.integer("size")?.ok_or(Unreadable("size"))?,
            map_root: body.hash("map_root")?.ok_or(Unreadable("map_root"))?,
            prev_epoch: body.integer("prev_epoch")?,
        },
        "ledger.created" => Effect::Created(Box::new(Created {
            origin: body.owned("origin")?,
            format_version: body
                .integer("format_version")?
                .ok_or(Unreadable("format_version"))?,
            vkey: body.owned("vkey")?,
            recovery_vkey: body.optional("recovery_vkey")?,
        })),
        "ledger.recovered" => {
            Effect::Recovered(body.integer("at_size")?.ok_or(Unreadable("at_size"))?)
        }
        "config.changed" => Effect::Config(Box::new(body.config()?)),
        "label.registered" => Effect::Label(Box::new(LabelChange {
            label_id: body.owned("label_id")?,
            display: body.owned("display")?,
            renames_index: body.integer("renames_index")?,
        })),
        "key.event" => Effect::Key(Box::new(body.key_event()?)),
        "chain.anchored" => Effect::Anchored(Box::new(Anchor {
            size: body.integer("tree_size")?.ok_or(Unreadable("tree_size"))?,
            root: body.hash("root_hash")?.ok_or(Unreadable("root_hash"))?,
            token: parse_digest(body.text("token_ref")?),
            time: body.time("anchor_time")?,
            authority: body.owned("authority")?,
        })),
        "retention.policy" => Effect::Retention(Box::new(Retention {
            policy_id: body.owned("policy_id")?,
            class: body.owned("record_class")?,
            min_days: body.integer("min_days")?.ok_or(Unreadable("min_days"))?,
        })),
        "retention.disposed" => Effect::Disposal(Box::new(Disposal {
            from: body
                .integer("from_index")?
                .ok_or(Unreadable("from_index"))?,
            to: body.integer("to_index")?.ok_or(Unreadable("to_index"))?,
            retention: Some((body.owned("policy_id")?, body.owned("record_class")?)),
            at: body.time("disposed_at")?.ok_or(Unreadable("disposed_at"))?,
        })),
        "erasure.executed" => body.erasure()?,
        _ => Effect::None,
    })
}

/// What the rules read of a decision, out of what its walk laid aside: decisions are most of a log.
fn decision(found: &Found<'_, '_>, record: usize) -> Result<DecisionFacts, Unreadable> {
    let config = found.get(Slot::ConfigDigest).map(|value| {
        let digest = value.plain_str().and_then(parse_digest);
        digest.ok_or(Unreadable("config_digest"))
    });
    let source = found.get(Slot::LabelSource).map(|value| {
        let source = match value.plain_bytes() {
            Some(b"derived") => Some(LabelSource::Derived),
            Some(b"host") => Some(LabelSource::Host),
            _ => None,
        };
        source.ok_or(Unreadable("label_source"))
    });
    let score = match found.get(Slot::Score) {
        None => Score::Absent,
        Some(value) if value.is_null() => Score::NotANumber,
        Some(value) => Score::Number(value.f64().ok_or(Unreadable("score"))?),
    };
    let action = found.get(Slot::Action).and_then(Ref::plain_bytes);
    let name = |slot| found.get(slot).map(|value| span(value, record)).transpose();
    Ok(DecisionFacts {
        score,
        label: name(Slot::LabelId)?,
        source: source.transpose()?,
        config: config.transpose()?,
        model: name(Slot::ModelId)?,
        escalated_error: action == Some(b"escalate") && found.get(Slot::Error).is_some(),
    })
}

/// Where the content of a string without escapes lies in the record that begins at `record`.
fn span(value: Ref<'_, '_>, record: usize) -> Result<Span, Unreadable> {
    let text = value.plain_bytes().ok_or(Unreadable("identifier"))?;
    let start = value
        .offset()
        .checked_sub(record)
        .ok_or(Unreadable("identifier"))?;
    Ok(Span::new(start + 1, text.len()))
}

/// A checked body with short ways to its members.
struct Body<'t, 'a> {
    body: Ref<'t, 'a>,
}

impl<'a> Body<'_, 'a> {
    /// A required string without escapes; identifiers and digests have none.
    fn text(&self, name: &'static str) -> Result<&'a str, Unreadable> {
        self.body
            .member(name)
            .and_then(Ref::plain_str)
            .ok_or(Unreadable(name))
    }

    /// A required string, unescaped.
    fn owned(&self, name: &'static str) -> Result<String, Unreadable> {
        self.optional(name)?.ok_or(Unreadable(name))
    }

    fn optional(&self, name: &'static str) -> Result<Option<String>, Unreadable> {
        match self.body.member(name) {
            None => Ok(None),
            Some(value) if value.is_null() => Ok(None),
            Some(value) => value
                .text()
                .map(|text| Some(text.into_owned()))
                .ok_or(Unreadable(name)),
        }
    }

    fn integer(&self, name: &'static str) -> Result<Option<u64>, Unreadable> {
        match self.body.member(name) {
            None => Ok(None),
            Some(value) if value.is_null() => Ok(None),
            Some(value) => value.u64().map(Some).ok_or(Unreadable(name)),
        }
    }

    fn hash(&self, name: &'static str) -> Result<Option<Hash>, Unreadable> {
        match self.body.member(name) {
            None => Ok(None),
            Some(value) => value
                .plain_str()
                .and_then(Hash::from_hex)
                .map(Some)
                .ok_or(Unreadable(name)),
        }
    }

    fn time(&self, name: &'static str) -> Result<Option<Timestamp>, Unreadable> {
        match self.body.member(name) {
            None => Ok(None),
            Some(value) if value.is_null() => Ok(None),
            Some(value) => {
                let text = value.plain_str().ok_or(Unreadable(name))?;
                Timestamp::parse(text.as_bytes())
                    .map(Some)
                    .map_err(|_| Unreadable(name))
            }
        }
    }

    fn digest(&self, name: &'static str) -> Result<Option<Hash>, Unreadable> {
        match self.body.member(name) {
            None => Ok(None),
            Some(value) if value.is_null() => Ok(None),
            Some(value) => value
                .plain_str()
                .and_then(parse_digest)
                .map(Some)
                .ok_or(Unreadable(name)),
        }
    }

    fn config(&self) -> Result<ConfigChange, Unreadable> {
        Ok(ConfigChange {
            config_id: self.owned("config_id")?,
            model_id: self.optional("model_id")?,
            digest: self
                .digest("config_digest")?
                .ok_or(Unreadable("config_digest"))?,
            previous: self.digest("prev_config_digest")?,
            prev_index: self.integer("prev_index")?,
            bands: self.body.member("bands").map(Bands::read),
        })
    }

    fn key_event(&self) -> Result<KeyEvent, Unreadable> {
        Ok(KeyEvent {
            key_id: self.owned("key_id")?,
            event: match self.text("event")? {
                "generated" => KeyEventKind::Generated,
                "activated" => KeyEventKind::Activated,
                "rotated" => KeyEventKind::Rotated,
                "revoked" => KeyEventKind::Revoked,
                "destroyed" => KeyEventKind::Destroyed,
                _ => return Err(Unreadable("event")),
            },
            vkey: self.optional("vkey")?,
            successor_vkey: self.optional("successor_vkey")?,
            possession_signature: self.optional("possession_signature")?,
        })
    }

    fn gap(&self) -> Result<Gap, Unreadable> {
        Ok(Gap {
            run: self.optional("producer_run")?,
            first: self.integer("first_seq")?,
            last: self.integer("last_seq")?,
            count: self.integer("count")?,
            cause: self.owned("cause")?,
        })
    }

    /// An erasure disposes of entries only where it names a range and says so.
    fn erasure(&self) -> Result<Effect, Unreadable> {
        let (from, to) = (self.integer("from_index")?, self.integer("to_index")?);
        let method = self.text("method")?;
        let (Some(from), Some(to), "entry_disposed") = (from, to, method) else {
            let key_id = self.optional("key_id")?;
            let scope = self.owned("scope")?;
            return Ok(Effect::Erased(Box::new(Erased {
                deletes_payloads: method == "payload_deleted",
                key_id: key_id.and_then(|id| id.parse().ok()),
                subject_ref: self.optional("subject_ref")?,
                tenant: scope.strip_prefix("tenant:").map(Into::into),
            })));
        };
        let at = self.time("executed_at")?.ok_or(Unreadable("executed_at"))?;
        Ok(Effect::Disposal(Box::new(Disposal {
            from,
            to,
            retention: None,
            at,
        })))
    }
}
