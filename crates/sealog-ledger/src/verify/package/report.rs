//! What verifying a package gave.

use sealog_core::finding::{Code, Finding, Weight};
use sealog_core::json::{Object, Value};
use sealog_core::time::Timestamp;
use sealog_core::tlog::checkpoint::VerifiedCheckpoint;

use super::super::report::{Level, PinnedBy, finding_json};
use crate::draft::integer;
use crate::evidence::Scope;

/// What a verified package shows.
#[derive(Debug, Clone)]
pub struct PackageFacts {
    /// The checkpoint, with the keys that signed it.
    pub checkpoint: VerifiedCheckpoint,
    /// What was asked for.
    pub query: Value,
    /// What it is complete in.
    pub scope: Scope,
    /// Entries of the log up to which it is complete.
    pub covers: u64,
    /// Entries in it.
    pub entries: u64,
    /// Entries of its scope that were disposed of.
    pub disposed: u64,
    /// The sample, if the entries are one.
    pub sample: Option<Value>,
    /// Counts for each kind and day.
    pub population: Value,
    /// What is worth knowing and does not refute, by its code.
    pub notes: Vec<(Code, u64)>,
    /// Anchors in it, and those that it leaves out.
    pub anchors: Value,
    /// Commitments of its entries that it opens, and those that stay closed.
    pub commitments: Value,
    /// Payload files in it, and how often its entries name one that is not.
    pub payloads: Value,
    /// Who exported it and signed for that.
    pub exporter: Option<PackageExporter>,
    /// What the policy's witnesses say of it, if they were asked for.
    pub witnessed: Option<PackageWitnessed>,
}

/// Whoever exported a package, as the log knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageExporter {
    /// The id under which the log knows their key.
    pub actor: String,
    /// SHA-256 of the key's text, in hex.
    pub fingerprint: String,
}

/// What a quorum of witnesses saw of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackageWitnessed {
    /// The largest size that they cosigned.
    pub size: u64,
    /// When all producers' records of the package existed at the latest.
    pub existed_by: Option<Timestamp>,
}

/// The result of verifying a package.
#[derive(Debug, Clone)]
pub struct PackageReport {
    pub(super) facts: Option<PackageFacts>,
    pub(super) findings: Vec<Finding>,
    pub(super) pinned_by: PinnedBy,
    pub(super) level: Level,
}

impl PackageReport {
    /// The exit status: 0 all that was asked holds, 1 refuted, 2 could not decide.
    pub fn exit(&self) -> u8 {
        match self.findings.iter().map(Finding::weight).max() {
            Some(Weight::Refutes) => 1,
            Some(Weight::Undecided) => 2,
            _ => 0,
        }
    }

    /// A stable reason code.
    pub fn reason(&self) -> &'static str {
        self.findings
            .first()
            .map_or("holds", |finding| finding.code.id())
    }

    /// What it shows; nothing of a package that does not hold.
    pub const fn facts(&self) -> Option<&PackageFacts> {
        self.facts.as_ref()
    }

    /// The first check that failed, or none.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Where the pinned key came from.
    pub const fn pinned_by(&self) -> PinnedBy {
        self.pinned_by
    }

    /// How far it is vouched for that nothing was taken out of the log.
    pub const fn level(&self) -> Level {
        self.level
    }

    /// The report as JSON.
    pub fn to_json(&self) -> Value {
        let count = |number: u64| integer(number).unwrap_or(Value::Null);
        let mut json = Object::new();
        json.insert("exit", count(u64::from(self.exit())));
        let findings = self.findings.iter().map(finding_json);
        json.insert("findings", Value::Array(findings.collect()));
        json.insert("level", self.level.id());
        json.insert("pinned_by", self.pinned_by.id());
        json.insert("reason", self.reason());
        let Some(facts) = &self.facts else {
            return Value::Object(json);
        };
        json.insert("anchors", facts.anchors.clone());
        json.insert("commitments", facts.commitments.clone());
        json.insert("complete", facts.scope != Scope::Selection);
        json.insert("covers", count(facts.covers));
        json.insert("disposed", count(facts.disposed));
        json.insert("entries", count(facts.entries));
        json.insert("exporter", exporter_json(facts.exporter.as_ref()));
        if let Some(key) = facts.checkpoint.log_keys().first() {
            json.insert("fingerprint", key.fingerprint());
            json.insert("key", key.to_string());
        }
        let notes = facts.notes.iter();
        let notes = notes.map(|(code, number)| (code.id().to_owned(), count(*number)));
        json.insert("notes", Value::Object(notes.collect()));
        json.insert("origin", facts.checkpoint.origin());
        json.insert("payloads", facts.payloads.clone());
        json.insert("population", facts.population.clone());
        json.insert("query", facts.query.clone());
        json.insert("root", facts.checkpoint.root().to_hex());
        json.insert("sample", facts.sample.clone().unwrap_or(Value::Null));
        json.insert("scope", facts.scope.word());
        json.insert("size", count(facts.checkpoint.size()));
        json.insert("witnessed", witnessed_json(facts.witnessed));
        Value::Object(json)
    }
}

fn exporter_json(exporter: Option<&PackageExporter>) -> Value {
    exporter.map_or(Value::Null, |exporter| {
        let mut json = Object::new();
        json.insert("actor", exporter.actor.as_str());
        json.insert("fingerprint", exporter.fingerprint.as_str());
        Value::Object(json)
    })
}

fn witnessed_json(witnessed: Option<PackageWitnessed>) -> Value {
    witnessed.map_or(Value::Null, |witnessed| {
        let time = witnessed.existed_by.map(Timestamp::format_micros);
        let mut json = Object::new();
        json.insert("existed_by", time.map_or(Value::Null, Value::from));
        json.insert("size", integer(witnessed.size).unwrap_or(Value::Null));
        Value::Object(json)
    })
}
