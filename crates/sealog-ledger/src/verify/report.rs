//! What a verification says, for people and machines. Nobody can pass a verdict in: it follows from the findings.

use std::collections::BTreeMap;

use sealog_core::finding::{Code, Finding, Weight};
use sealog_core::hash::Hash;
use sealog_core::json::{Object, Value};

use super::times::Times;
use crate::draft::integer;

/// Findings that are kept in full; all are counted.
pub const FINDINGS_KEPT: usize = 1_000;

/// What can be said of one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// What was asked was checked and holds.
    Holds,
    /// It could not be decided.
    Undecided,
    /// It does not hold.
    Refuted,
}

impl Verdict {
    /// Its id in JSON.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Undecided => "undecided",
            Self::Refuted => "refuted",
        }
    }
}

/// How far completeness reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing vouches for it.
    None,
    /// Nothing was removed or reordered, by the word of the log's key alone.
    SelfSigned,
    /// The log extends what the verifier kept from before.
    Remembered,
    /// The policy's witnesses cosigned it.
    Witnessed,
}

impl Level {
    /// Its id in JSON.
    pub const fn id(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SelfSigned => "self",
            Self::Remembered => "remembered",
            Self::Witnessed => "witnessed",
        }
    }
}

/// Where the pinned key came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinnedBy {
    /// The user gave it.
    User,
    /// It stands in this user's `known_logs`.
    ThisMachine,
    /// None was given.
    Nobody,
}

impl PinnedBy {
    /// Its id in JSON.
    pub const fn id(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::ThisMachine => "this_machine",
            Self::Nobody => "nobody",
        }
    }
}

/// Producers' runs, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Runs {
    /// Closed, with every number there.
    pub closed_whole: u64,
    /// Closed, with numbers missing.
    pub closed_with_holes: u64,
    /// Not closed: an unknown number of calls may be missing at the end.
    pub open: u64,
    /// Numbers known to be missing, in all runs.
    pub missing: u64,
}

/// How far the policy's witnesses saw the log, and what stands after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Entries that the largest cosigned checkpoint covers.
    pub size: u64,
    /// Records after it of the kinds that only the log writes.
    pub own_after: u64,
    /// Records after it of producers, and entries after it that were disposed of.
    pub producers_after: u64,
    /// Whether an entry was disposed of under a record after it: cut there, the log would not explain that.
    pub disposed_after: bool,
}

/// The result of verifying a ledger.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub(super) origin: Option<String>,
    pub(super) key: Option<String>,
    pub(super) pinned_by: Option<PinnedBy>,
    pub(super) size: u64,
    pub(super) root: Option<Hash>,
    pub(super) checkpoint: Option<String>,
    pub(super) level: Option<Level>,
    pub(super) witnessed: Option<Reach>,
    pub(super) findings: Vec<Finding>,
    pub(super) counts: BTreeMap<&'static str, u64>,
    pub(super) weight: Option<Weight>,
    pub(super) reason: Option<&'static str>,
    pub(super) kinds: BTreeMap<String, u64>,
    pub(super) runs: Runs,
    pub(super) streams: u64,
    pub(super) epochs: u64,
    pub(super) last_epoch: Option<u64>,
    pub(super) disposed: u64,
    pub(super) anchors: u64,
    pub(super) times: Times,
    pub(super) gaps: u64,
    pub(super) bytes: u64,
    pub(super) checkpoints: u64,
    pub(super) signatures_checked: u64,
    pub(super) all_signatures: bool,
}

impl Report {
    #[expect(clippy::field_reassign_with_default, reason = "one of many fields")]
    pub(super) fn new(all_signatures: bool) -> Self {
        let mut report = Self::default();
        report.all_signatures = all_signatures;
        report
    }

    /// Adds a finding; beyond [`FINDINGS_KEPT`] it is only counted.
    pub(super) fn add(&mut self, finding: Finding) {
        *self.counts.entry(finding.code.id()).or_default() += 1;
        let weight = finding.weight();
        if weight > Weight::Note && self.weight.is_none_or(|heaviest| weight > heaviest) {
            self.weight = Some(weight);
            self.reason = Some(finding.code.id());
        }
        if self.findings.len() < FINDINGS_KEPT {
            self.findings.push(finding);
        }
    }

    /// The exit status: 0 all that was asked holds, 1 refuted, 2 could not decide.
    pub fn exit(&self) -> u8 {
        match self.weight {
            Some(Weight::Refutes) => 1,
            Some(Weight::Undecided) => 2,
            _ => 0,
        }
    }

    /// A stable reason code: of the heaviest finding that came first, else `holds`.
    pub fn reason(&self) -> &'static str {
        self.reason.unwrap_or("holds")
    }

    /// Whether every leaf re-hashes to the signed root and all rules hold.
    pub fn integrity(&self) -> Verdict {
        self.verdict(is_integrity)
    }

    /// Whether the log is complete, at [`Report::level`].
    pub fn completeness(&self) -> Verdict {
        self.verdict(|_| true)
    }

    fn verdict(&self, concerns: impl Fn(&str) -> bool) -> Verdict {
        let heaviest = Code::ALL
            .iter()
            .filter(|code| self.counts.contains_key(code.id()) && concerns(code.id()))
            .map(|code| code.weight())
            .max();
        match heaviest {
            Some(Weight::Refutes) => Verdict::Refuted,
            Some(Weight::Undecided) => Verdict::Undecided,
            _ => Verdict::Holds,
        }
    }

    /// How far completeness reaches.
    pub fn level(&self) -> Level {
        self.level.unwrap_or(Level::None)
    }

    /// How far the policy's witnesses saw the log, if a quorum of them saw any of it.
    pub const fn witnessed(&self) -> Option<Reach> {
        self.witnessed
    }

    /// Findings, in the order of the log; at most [`FINDINGS_KEPT`] of them.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How often each code was found.
    pub const fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.counts
    }

    /// Entries that the newest checkpoint covers.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Root of the newest checkpoint.
    pub const fn root(&self) -> Option<Hash> {
        self.root
    }

    /// The newest checkpoint, as a note.
    pub fn checkpoint(&self) -> Option<&str> {
        self.checkpoint.as_deref()
    }

    /// The log's origin.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// The pinned key that vouches for the newest checkpoint.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Where that key came from.
    pub fn pinned_by(&self) -> PinnedBy {
        self.pinned_by.unwrap_or(PinnedBy::Nobody)
    }

    /// Entries by kind.
    pub const fn kinds(&self) -> &BTreeMap<String, u64> {
        &self.kinds
    }

    /// Producers' runs.
    pub const fn runs(&self) -> &Runs {
        &self.runs
    }

    /// Bytes that were read.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Epochs, and the index of the last: streams and runs are complete up to it.
    pub const fn epochs(&self) -> (u64, Option<u64>) {
        (self.epochs, self.last_epoch)
    }

    /// Entries that were disposed of.
    pub const fn disposed(&self) -> u64 {
        self.disposed
    }

    /// Outside times, by the word of the policy's witnesses; none without a policy that asks for some.
    pub const fn times(&self) -> &Times {
        &self.times
    }

    /// Anchors that the log names.
    pub const fn anchors(&self) -> u64 {
        self.anchors
    }

    /// The report as JSON.
    pub fn to_json(&self) -> Value {
        let count = |number: u64| integer(number).unwrap_or(Value::Null);
        let text = |text: Option<&str>| text.map_or(Value::Null, Value::from);
        let mut verdicts = Object::new();
        let mut part = Object::new();
        part.insert("verdict", self.integrity().id());
        verdicts.insert("integrity", Value::Object(part));
        verdicts.insert("completeness", self.completeness_json());
        verdicts.insert("time", self.times.to_json(self.size, self.anchors));
        let mut runs = Object::new();
        runs.insert("closed_whole", count(self.runs.closed_whole));
        runs.insert("closed_with_holes", count(self.runs.closed_with_holes));
        runs.insert("missing", count(self.runs.missing));
        runs.insert("open", count(self.runs.open));
        let counted = |counts: Vec<(&str, u64)>| {
            Value::Object(
                counts
                    .into_iter()
                    .map(|(name, n)| (name.to_owned(), count(n)))
                    .collect(),
            )
        };
        let mut json = Object::new();
        json.insert("bytes", count(self.bytes));
        json.insert("checkpoints", count(self.checkpoints));
        json.insert(
            "counts",
            counted(self.counts.iter().map(|(id, n)| (*id, *n)).collect()),
        );
        json.insert("disposed", count(self.disposed));
        json.insert("epochs", count(self.epochs));
        json.insert("exit", count(u64::from(self.exit())));
        json.insert(
            "findings",
            Value::Array(self.findings.iter().map(finding_json).collect()),
        );
        json.insert("gaps_declared", count(self.gaps));
        json.insert("key", text(self.key()));
        json.insert(
            "kinds",
            counted(self.kinds.iter().map(|(k, n)| (k.as_str(), *n)).collect()),
        );
        json.insert("last_epoch", self.last_epoch.map_or(Value::Null, count));
        json.insert("origin", text(self.origin()));
        json.insert("pinned_by", self.pinned_by().id());
        json.insert("reason", self.reason());
        json.insert(
            "root",
            self.root
                .map_or(Value::Null, |root| Value::from(root.to_hex())),
        );
        json.insert("runs", Value::Object(runs));
        json.insert(
            "signatures",
            if self.all_signatures { "all" } else { "newest" },
        );
        json.insert("size", count(self.size));
        json.insert("streams", count(self.streams));
        json.insert("verdicts", Value::Object(verdicts));
        Value::Object(json)
    }

    fn completeness_json(&self) -> Value {
        let mut part = Object::new();
        part.insert("level", self.level().id());
        part.insert("verdict", self.completeness().id());
        let count = |number: u64| integer(number).unwrap_or(Value::Null);
        let reach = self.witnessed;
        let reached =
            |part: fn(Reach) -> u64| reach.map_or(Value::Null, |reach| count(part(reach)));
        part.insert("witnessed_size", reached(|reach| reach.size));
        part.insert("after_witnessed_own", reached(|reach| reach.own_after));
        part.insert(
            "after_witnessed_producers",
            reached(|reach| reach.producers_after),
        );
        part.insert(
            "after_witnessed_disposed",
            reach.map_or(Value::Null, |reach| Value::Bool(reach.disposed_after)),
        );
        Value::Object(part)
    }
}

/// Whether a code says something of integrity, not only of completeness.
fn is_integrity(id: &str) -> bool {
    const COMPLETENESS: [&str; 11] = [
        "against_mismatch",
        "against_shrunk",
        "against_unusable",
        "witness_quorum",
        "too_old",
        "run_holes",
        "run_open",
        "gap_declared",
        "anchor_missing",
        "anchor_unproven",
        "times_contradict",
    ];
    !COMPLETENESS.contains(&id)
}

/// A finding as JSON.
pub fn finding_json(finding: &Finding) -> Value {
    let mut json = Object::new();
    json.insert("code", finding.code.id());
    let optional = |text: &Option<String>| text.as_deref().map_or(Value::Null, Value::from);
    json.insert("expected", optional(&finding.expected));
    json.insert("found", optional(&finding.found));
    json.insert(
        "index",
        finding
            .index
            .map_or(Value::Null, |n| integer(n).unwrap_or(Value::Null)),
    );
    json.insert("meaning", finding.code.meaning());
    if let Some(place) = finding.place {
        let mut at = Object::new();
        for (name, number) in [
            ("end", place.end),
            ("line", place.line),
            ("segment", place.segment),
            ("start", place.start),
        ] {
            at.insert(name, integer(number).unwrap_or(Value::Null));
        }
        json.insert("place", Value::Object(at));
    }
    json.insert("record_id", optional(&finding.record_id));
    let weight = match finding.weight() {
        Weight::Note => "note",
        Weight::Undecided => "undecided",
        Weight::Refutes => "refutes",
    };
    json.insert("weight", weight);
    Value::Object(json)
}
