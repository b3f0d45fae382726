//! The log's own records of some kinds, found by reading the log.

use memchr::memmem;
use sealog_core::entry::LOG_PRODUCER;
use sealog_core::json::Value;
use sealog_core::time::Timestamp;

use crate::Error;
use crate::ledger::Ledger;
use crate::read::Leaf;
use crate::rewritten;

pub(super) const POLICY: &str = "retention.policy";
pub(super) const DISPOSED: &str = "retention.disposed";
pub(super) const HOLD: &str = "legal.hold";
pub(super) const ERASURE: &str = "erasure.executed";

/// One record of the log's own.
#[derive(Debug)]
pub(super) struct OwnRecord {
    pub(super) index: u64,
    pub(super) kind: &'static str,
    body: Value,
}

impl OwnRecord {
    /// A string of the body.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.body.member(name)?.as_str()
    }

    /// An integer of the body.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.body.member(name)?.as_u64()
    }

    /// A time of the body.
    pub(super) fn time(&self, name: &str) -> Option<Timestamp> {
        Timestamp::parse(self.text(name)?.as_bytes()).ok()
    }
}

/// All records of these kinds in the entries that a signed checkpoint covers, in order.
pub(super) fn all(ledger: &Ledger, kinds: &[&'static str]) -> Result<Vec<OwnRecord>, Error> {
    rewritten::read_again(ledger.store(), || read(ledger, kinds))
}

fn read(ledger: &Ledger, kinds: &[&'static str]) -> Result<Vec<OwnRecord>, Error> {
    let members: Vec<(String, &'static str)> = kinds
        .iter()
        .map(|kind| (format!("\"kind\":\"{kind}\""), *kind))
        .collect();
    let finders: Vec<(memmem::Finder<'_>, &'static str)> = members
        .iter()
        .map(|(member, kind)| (memmem::Finder::new(member), *kind))
        .collect();
    let mut found = Vec::new();
    let mut entries = ledger.entries(0..u64::MAX)?;
    while let Some((index, leaf)) = entries.next_leaf()? {
        let Leaf::Entry(line) = leaf else { continue };
        for (finder, kind) in &finders {
            // Text of a producer may say the same: what is found is read.
            if finder.find(&line).is_some()
                && let Some(body) = body_of(&line, kind)
            {
                found.push(OwnRecord { index, kind, body });
            }
        }
    }
    Ok(found)
}

/// The body of a line that is the log's own record of this kind.
fn body_of(line: &[u8], kind: &str) -> Option<Value> {
    let entry = Value::parse(line).ok()?;
    let of_log = entry.member("log")?.member("producer_id")?.as_str() == Some(LOG_PRODUCER);
    let record = entry.member("record")?;
    let of_kind = record.member("kind")?.as_str() == Some(kind);
    (of_log && of_kind).then(|| record.member("body").cloned())?
}
