//! The lineage of a model: what a log says of it from its data to its decisions, joined by digests, and what is absent.
//!
//! The answer claims that nothing else is there, so it stands on the log itself and not on the index: every leaf below
//! a verified size is read, and their root has to be the verified one.
//!
//! **What is absent**: any judgement whether a record is true, and records that correct others: both are shown.

mod gather;
mod judge;

use sealog_core::hash::Hash;
use sealog_core::json::{Number, Object, Value};
use sealog_core::tlog::tree::Frontier;

use self::gather::Gathered;
use crate::canopy::mismatch;
use crate::error::Error;
use crate::ledger::Ledger;
use crate::read::Leaf;

/// Records that are held while a lineage is gathered; decisions are only counted. Beyond it nothing is claimed.
pub const LINEAGE_RECORDS_MAX: usize = 1_000_000;
/// Entries that are named at one step; more are counted.
pub const LINEAGE_FACTS_MAX: usize = 100;

/// A step on the way of a model, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Step {
    /// The data sets that it learned from.
    DataSet,
    /// The training run that wrote it.
    Training,
    /// Who signed it.
    Signature,
    /// Its entry in the inventory.
    Registration,
    /// Who approved it.
    Approval,
    /// Where it went live.
    Deployment,
    /// The gate that admitted or refused it.
    Gate,
    /// The decisions that were made with it.
    Decisions,
}

impl Step {
    /// Its name, for people and machines.
    pub const fn word(self) -> &'static str {
        match self {
            Self::DataSet => "data set",
            Self::Training => "training",
            Self::Signature => "signature",
            Self::Registration => "registration",
            Self::Approval => "approval",
            Self::Deployment => "deployment",
            Self::Gate => "gate",
            Self::Decisions => "decisions",
        }
    }
}

/// An entry that a step rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Its index.
    pub index: u64,
    /// What it says, in words and ids.
    pub text: String,
}

/// What the log says of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Which step.
    pub step: Step,
    /// The entries it rests on, in their order, at most [`LINEAGE_FACTS_MAX`].
    pub facts: Vec<Fact>,
    /// How many more there are.
    pub more: u64,
    /// What should be there and is not.
    pub missing: Vec<String>,
    /// What is there and speaks against it.
    pub against: Vec<String>,
}

impl Link {
    pub(crate) const fn new(step: Step) -> Self {
        Self {
            step,
            facts: Vec::new(),
            more: 0,
            missing: Vec::new(),
            against: Vec::new(),
        }
    }

    pub(crate) fn fact(&mut self, index: u64, text: String) {
        if self.facts.len() < LINEAGE_FACTS_MAX {
            self.facts.push(Fact { index, text });
        } else {
            self.more += 1;
        }
    }
}

/// The lineage of a model as of a verified size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    digest: Hash,
    size: u64,
    disposed: u64,
    full: bool,
    links: Vec<Link>,
}

impl Lineage {
    /// The digest that was asked for.
    pub const fn digest(&self) -> Hash {
        self.digest
    }

    /// Entries that were read: all below this size.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Entries among them that were disposed of, so that nobody knows what they said.
    pub const fn disposed(&self) -> u64 {
        self.disposed
    }

    /// Each step, in their order.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// The exit status: 0 every link is there and nothing speaks against it, 1 something does, 2 a link is missing or
    /// may be among what was disposed of.
    pub fn exit(&self) -> u8 {
        match self.reason() {
            "holds" => 0,
            "lineage_contradicted" => 1,
            _ => 2,
        }
    }

    /// The stable code behind the exit status.
    pub fn reason(&self) -> &'static str {
        if self.links.iter().any(|link| !link.against.is_empty()) {
            "lineage_contradicted"
        } else if self.full {
            "lineage_limit"
        } else if self.links.iter().all(|link| link.facts.is_empty()) {
            "lineage_unknown"
        } else if self.links.iter().any(|link| !link.missing.is_empty()) {
            "lineage_incomplete"
        } else if self.disposed > 0 {
            "lineage_disposed"
        } else {
            "holds"
        }
    }

    /// The whole of it.
    pub fn to_json(&self) -> Value {
        let texts = |texts: &[String]| {
            Value::Array(texts.iter().map(|text| text.as_str().into()).collect())
        };
        let fact = |fact: &Fact| {
            let mut value = Object::new();
            value.insert("index", number(fact.index));
            value.insert("text", fact.text.as_str());
            Value::Object(value)
        };
        let link = |link: &Link| {
            let mut value = Object::new();
            value.insert("against", texts(&link.against));
            value.insert(
                "entries",
                Value::Array(link.facts.iter().map(fact).collect()),
            );
            value.insert("missing", texts(&link.missing));
            value.insert("more", number(link.more));
            value.insert("step", link.step.word());
            Value::Object(value)
        };
        let mut value = Object::new();
        value.insert("disposed", number(self.disposed));
        value.insert("exit", u32::from(self.exit()));
        value.insert("links", Value::Array(self.links.iter().map(link).collect()));
        value.insert("model_digest", format!("sha256:{}", self.digest));
        value.insert("reason", self.reason());
        value.insert("size", number(self.size));
        Value::Object(value)
    }
}

/// A count in JSON; beyond what a number holds exactly, as text.
fn number(count: u64) -> Value {
    Number::unsigned(count).map_or_else(|| count.to_string().into(), Value::Number)
}

impl Ledger {
    /// The lineage of the model of this digest in the entries below `size`, whose root was verified to be `root`.
    ///
    /// Reads the whole log. Fails with [`Error::Damaged`] if what it read is not what was verified.
    pub fn lineage(&self, digest: Hash, size: u64, root: Hash) -> Result<Lineage, Error> {
        let mut gathered = Gathered::new(&digest);
        let mut tree = Frontier::new();
        let mut disposed = 0;
        let mut entries = self.entries(0..size)?;
        while let Some((index, leaf)) = entries.next_leaf()? {
            tree.push(leaf.hash());
            match leaf {
                Leaf::Entry(bytes) => {
                    if let Ok(entry) = Value::parse(&bytes) {
                        gathered.take(index, &entry);
                    }
                }
                Leaf::Disposed { .. } => disposed += 1,
            }
        }
        if tree.size() != size || tree.root() != root {
            return Err(mismatch());
        }
        Ok(Lineage {
            digest,
            size,
            disposed,
            full: gathered.full,
            links: judge::links(&gathered),
        })
    }
}

#[cfg(test)]
mod tests;
