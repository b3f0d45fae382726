//! Events of llm-audit-trail, schema 0.1 and 0.2: every hash anew, one chain in the order of the lines, and no event
//! below the key that was given.
//!
//! The algorithm of an event stands in the event itself, so the tool's own verifier lets a keyed log be replaced by one
//! without a key. Here an event without the key never stands behind one with it, and where a key is given there has
//! to be one at all. The tool reads what it hashes out of JSON, so a line that is spelt otherwise passes there; it is a
//! finding here.

use std::fs::File;

use sealog_core::hash::Hash;
use sealog_core::kinds::is_id;
use sealog_core::time::Timestamp;

use super::audit_trail::of_fault;
use super::chain::{Chains, Order};
use super::json::{self, Json, Style};
use super::secret::{Anchor, HmacKey};
use super::{Findings, ImportError, JSON, Original, Reader, Weakness, llm_kinds, source};

/// What the first event of a log follows.
const GENESIS: &str = "GENESIS";
/// All events of a file are one chain.
const CHAIN: &str = "";

/// Events as JSON Lines.
#[derive(Debug)]
pub(super) struct Events {
    file: File,
    key: Option<HmacKey>,
    anchor: Option<Anchor>,
    version: Option<String>,
    verified_with: Option<String>,
}

impl Events {
    pub(super) const fn new(file: File, key: Option<HmacKey>, anchor: Option<Anchor>) -> Self {
        Self {
            file,
            key,
            anchor,
            version: None,
            verified_with: None,
        }
    }
}

/// Whether a first line is one of this format: both members are in every event, and in no receipt. A line that cannot
/// be read is told by their names.
pub(super) fn is_claimed(line: &[u8]) -> bool {
    if let Ok(record) = json::parse_python(line) {
        return record.get("event_type").is_some() && record.get("prev_hash").is_some();
    }
    let has = |name: &[u8]| memchr::memmem::find(line, name).is_some();
    has(b"\"event_type\"") && has(b"\"prev_hash\"") && !has(b"\"receipt_id\"")
}

/// What an event says of itself.
struct Event {
    hash: Hash,
    /// None: it is the first of a chain.
    prev: Option<Hash>,
    /// None: by an algorithm that is not known here.
    keyed: Option<bool>,
    seq: Option<u64>,
}

impl Event {
    /// `None`: it has not the fields of an event.
    fn of(record: &Json) -> Option<Self> {
        record.text("event_type")?;
        record.text("event_id")?;
        let prev = match record.text("prev_hash")? {
            GENESIS => None,
            hash => Some(Hash::from_hex(hash)?),
        };
        let keyed = match record.get("hash_alg") {
            None => Some(false),
            Some(Json::Text(name)) => match &**name {
                "sha256" => Some(false),
                "hmac-sha256" => Some(true),
                _ => None,
            },
            Some(_) => return None,
        };
        let seq = match record.get("seq") {
            None => None,
            Some(Json::Number(number)) => Some(number.parse().ok()?),
            Some(_) => return None,
        };
        Some(Self {
            hash: Hash::from_hex(record.text("curr_hash")?)?,
            prev,
            keyed,
            seq,
        })
    }
}

/// The walk over the events.
#[derive(Default)]
struct Walk {
    chain: Chains,
    seq: Option<u64>,
    last: Option<Hash>,
    plain: bool,
    keyed: bool,
    anchored: Option<Hash>,
}

impl Walk {
    fn event(
        &mut self,
        record: &Json,
        key: Option<&HmacKey>,
        position: u64,
        findings: &mut Findings,
    ) -> Option<Event> {
        let event = Event::of(record)?;
        let mut add = |weakness| findings.add(weakness, Some(position));
        let prev = record.text("prev_hash").unwrap_or_default();
        let body = record.without(&["curr_hash"]).to_bytes(Style::Ascii);
        match (event.keyed, key) {
            (None, _) => add(Weakness::UnknownAlgorithm),
            (Some(false), _) if Hash::of(&[prev.as_bytes(), &body]) != event.hash => {
                add(Weakness::RecordHash);
            }
            (Some(true), None) => add(Weakness::KeyRequired),
            (Some(true), Some(key)) if !key.holds(&[prev.as_bytes(), &body], &event.hash) => {
                add(Weakness::RecordHash);
            }
            (Some(_), _) => {}
        }
        match event.keyed {
            Some(true) => self.keyed = true,
            // One with the key vouches for all before it, for none behind it.
            Some(false) if self.keyed => add(Weakness::HmacDowngraded),
            Some(false) => self.plain = true,
            None => {}
        }
        let expected = self.seq.map_or(0, |seq| seq.saturating_add(1));
        if event.seq.map_or(self.seq.is_some(), |seq| seq != expected) {
            add(Weakness::SequenceGap);
        }
        self.seq = event.seq;
        self.last = Some(event.hash);
        Some(event)
    }

    fn anchor(&mut self, anchor: &Anchor, event: &Event, position: u64, findings: &mut Findings) {
        let same = match anchor.seq {
            Some(seq) => event.seq == Some(seq),
            None => event.hash == anchor.hash,
        };
        if same {
            self.anchored = Some(event.hash);
            if event.hash != anchor.hash {
                findings.add(Weakness::AnchorMismatch, Some(position));
            }
        }
    }

    /// What only the whole log shows; gives what vouches for it.
    fn finish(
        &self,
        key: Option<&HmacKey>,
        anchor: Option<&Anchor>,
        findings: &mut Findings,
    ) -> Option<String> {
        self.chain.finish(findings);
        if key.is_some() && !self.keyed {
            findings.add(Weakness::HmacDowngraded, None);
        }
        if self.keyed && self.plain {
            findings.add(Weakness::KeyedLater, None);
        }
        if anchor.is_some() && self.anchored.is_none() {
            findings.add(Weakness::AnchorMissing, None);
        }
        let ends_there = self.anchored.is_some() && self.anchored == self.last;
        if !ends_there {
            findings.add(Weakness::TailNotProvable, None);
        }
        if !ends_there && !self.keyed {
            findings.add(Weakness::Unkeyed, None);
        }
        let anchor = anchor.filter(|_| self.anchored.is_some());
        let by_anchor = anchor.map(|anchor| format!("anchor:sha256:{}", anchor.hash.to_hex()));
        // The secret itself is never told, and no digest of it: it may be one that can be guessed.
        let by_key = key.filter(|_| self.keyed).map(|_| "hmac-sha256".to_owned());
        let by: Vec<String> = by_key.into_iter().chain(by_anchor).collect();
        (!by.is_empty()).then(|| by.join(" "))
    }
}

impl Reader for Events {
    fn review(&mut self, findings: &mut Findings) -> Result<u64, ImportError> {
        let mut walk = Walk {
            chain: Chains::new(Order::Lines),
            ..Walk::default()
        };
        let (key, anchor) = (self.key.as_ref(), self.anchor.as_ref());
        let (mut records, mut version) = (0, None);
        source::lines(&mut self.file, &mut |position, line, ended| {
            if !ended {
                findings.add(Weakness::TornLine, Some(position));
            }
            if is_blank(line) {
                findings.add(Weakness::Rewritten, Some(position));
                return Ok(());
            }
            records += 1;
            let record = match json::parse_python(line) {
                Ok(record) => record,
                Err(fault) => {
                    findings.add(of_fault(fault), Some(position));
                    return Ok(());
                }
            };
            if record.has_bare() {
                findings.add(Weakness::BareNumber, Some(position));
            }
            if record.to_bytes(Style::Ascii) != line.strip_suffix(b"\r").unwrap_or(line) {
                findings.add(Weakness::Rewritten, Some(position));
            }
            version = version
                .take()
                .or_else(|| record.text("schema_version").map(str::to_owned));
            let Some(event) = walk.event(&record, key, position, findings) else {
                findings.add(Weakness::NotARecord, Some(position));
                return Ok(());
            };
            if let Some(anchor) = anchor {
                walk.anchor(anchor, &event, position, findings);
            }
            walk.chain
                .push(CHAIN, event.hash, event.prev, position, findings)
        })?;
        self.verified_with = walk.finish(key, anchor, findings);
        self.version = version;
        Ok(records)
    }

    fn version(&self) -> Option<String> {
        self.version.clone()
    }

    fn verified_with(&self) -> Option<String> {
        self.verified_with.clone()
    }

    fn each(
        &mut self,
        take: &mut dyn FnMut(Original) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        source::lines(&mut self.file, &mut |position, line, _| {
            if is_blank(line) {
                return Ok(());
            }
            take(original(line, position))
        })
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

fn original(line: &[u8], position: u64) -> Original {
    let record = json::parse_python(line).unwrap_or(Json::Null);
    let text = |name| record.text(name).filter(|text| is_id(text.as_bytes()));
    let time = record.text("timestamp");
    Original {
        media_type: JSON,
        position,
        kind: match record {
            Json::Null => "unreadable",
            _ => text("event_type").unwrap_or("event"),
        }
        .into(),
        id: text("event_id").map(str::to_owned),
        time: time.and_then(|time| Timestamp::parse(time.as_bytes()).ok()),
        bytes: line.to_vec(),
        entry: llm_kinds::entry_of(&record),
    }
}
