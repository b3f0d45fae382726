//! Legal holds: what must stay whatever a policy says.

use std::collections::BTreeMap;

use sealog_core::entry::EntryFacts;
use sealog_core::json::Object;
use sealog_core::time::Timestamp;

use super::records::{self, OwnRecord};
use super::scope::HoldScope;
use super::stated;
use crate::Error;
use crate::admin::own_draft;
use crate::appended::Appended;
use crate::ledger::Ledger;

/// A hold to be placed.
#[derive(Debug, Clone)]
pub struct HoldPlacing {
    /// Its id; none: the next of the form `H001`.
    pub hold_id: Option<String>,
    /// What it covers.
    pub scope: HoldScope,
    /// Why.
    pub reason: String,
    /// Who places it.
    pub placed_by: String,
    /// The incident whose evidence it protects.
    pub incident_id: Option<String>,
    /// When it ends by itself, if it does.
    pub until: Option<Timestamp>,
}

/// A hold as its newest record has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its id.
    pub hold_id: String,
    /// What it covers.
    pub scope: HoldScope,
    /// Why; of a hold that was released, why that.
    pub reason: String,
    /// Who placed it; of a hold that was released, who did that.
    pub placed_by: String,
    /// Since when.
    pub placed_at: Option<Timestamp>,
    /// Until when, if an end is stated.
    pub released_at: Option<Timestamp>,
    /// The incident whose evidence it protects.
    pub incident_id: Option<String>,
    /// Index of its newest record.
    pub index: u64,
}

impl Hold {
    fn read(record: &OwnRecord) -> Self {
        let text = |name| record.text(name).map(ToOwned::to_owned);
        Self {
            hold_id: text("hold_id").unwrap_or_default(),
            scope: HoldScope::read(record.text("scope").unwrap_or_default()),
            reason: text("reason").unwrap_or_default(),
            placed_by: text("placed_by").unwrap_or_default(),
            placed_at: record.time("placed_at"),
            released_at: record.time("released_at"),
            incident_id: text("incident_id"),
            index: record.index,
        }
    }

    /// Whether it holds at this time.
    pub fn is_active(&self, at: Timestamp) -> bool {
        self.released_at.is_none_or(|released| released > at)
    }
}

/// The holds of a log, as far as it was read.
#[derive(Debug, Clone, Default)]
pub struct Holds {
    holds: Vec<Hold>,
    at: Option<Timestamp>,
}

impl Holds {
    /// Of records in the order of the log, as of a time.
    pub(super) fn of<'a>(records: impl IntoIterator<Item = &'a OwnRecord>, at: Timestamp) -> Self {
        let mut newest: BTreeMap<String, Hold> = BTreeMap::new();
        for record in records {
            if record.kind == records::HOLD {
                let hold = Hold::read(record);
                newest.insert(hold.hold_id.clone(), hold);
            }
        }
        let mut holds: Vec<Hold> = newest.into_values().collect();
        holds.sort_by_key(|hold| hold.index);
        let at = Some(at);
        Self { holds, at }
    }

    /// Every hold that was ever placed, in the order of their newest records.
    pub fn all(&self) -> &[Hold] {
        &self.holds
    }

    /// As of when they were asked for.
    pub const fn at(&self) -> Option<Timestamp> {
        self.at
    }

    /// Those that hold now.
    pub fn active(&self) -> impl Iterator<Item = &Hold> {
        let at = self.at;
        self.holds
            .iter()
            .filter(move |hold| at.is_none_or(|at| hold.is_active(at)))
    }

    /// The hold that blocks the erasure of a tenant's subject, if one does. A hold of a class, of a range of entries
    /// or of a scope that cannot be read blocks every subject: which entries a subject is in is not known here.
    pub fn blocks(&self, tenant: &str, subject: &str) -> Option<&Hold> {
        self.active()
            .find(|hold| hold.scope.may_cover(tenant, subject))
    }

    /// The hold that blocks the erasure of a whole tenant, if one does. Any hold of a person does: to which tenant a
    /// pseudonym belongs is not known here.
    pub fn blocks_tenant(&self, tenant: &str) -> Option<&Hold> {
        self.active().find(|hold| {
            matches!(hold.scope, HoldScope::Subject(_)) || hold.scope.may_cover(tenant, "")
        })
    }

    /// Whether an entry has to stay; `line` is its line.
    pub(super) fn keep(&self, entry: &EntryFacts, line: &[u8]) -> bool {
        self.active().any(|hold| hold.scope.covers(entry, line))
    }
}

impl Ledger {
    /// Holds of this log, by their records, as of now. Reads the log.
    pub fn holds(&self) -> Result<Holds, Error> {
        let records = records::all(self, &[records::HOLD])?;
        Ok(Holds::of(&records, self.now()))
    }

    /// Places a hold: nothing that it covers is disposed of until it ends. Returns its id.
    pub fn place_hold(&self, placing: &HoldPlacing) -> Result<(String, Appended), Error> {
        stated("the reason of the hold", &placing.reason)?;
        let now = self.now();
        if placing.until.is_some_and(|until| until <= now) {
            let why = format!("it is not after {}", now.format_micros());
            return Err(Error::Argument {
                what: "the end of the hold",
                why,
            });
        }
        let scope = HoldScope::parse(&placing.scope.to_string())?;
        let holds = self.holds()?;
        let id = match &placing.hold_id {
            Some(id) if holds.all().iter().any(|hold| hold.hold_id == *id) => {
                let why = format!("there is a hold {id} already");
                return Err(Error::Argument {
                    what: "the hold's id",
                    why,
                });
            }
            Some(id) => id.clone(),
            None => next_id(&holds),
        };
        let mut body = Object::new();
        body.insert("hold_id", id.as_str());
        if let Some(incident) = &placing.incident_id {
            body.insert("incident_id", incident.as_str());
        }
        body.insert("placed_at", now.format_micros());
        body.insert("placed_by", placing.placed_by.as_str());
        body.insert("reason", placing.reason.as_str());
        if let Some(until) = placing.until {
            body.insert("released_at", until.format_micros());
        }
        body.insert("scope", scope.to_string());
        let draft = own_draft(records::HOLD, body);
        let appended = self.commit_own(move |_| Ok(draft.clone()), None)?;
        Ok((id, appended))
    }

    /// Ends a hold now. What it kept may be disposed of from here on.
    pub fn release_hold(
        &self,
        hold_id: &str,
        released_by: &str,
        reason: &str,
    ) -> Result<Appended, Error> {
        stated("the reason of the release", reason)?;
        let (holds, now) = (self.holds()?, self.now());
        let hold = holds.active().find(|hold| hold.hold_id == hold_id);
        let hold = hold.ok_or_else(|| Error::Argument {
            what: "the hold's id",
            why: format!("no hold {hold_id} is in force"),
        })?;
        let mut body = Object::new();
        body.insert("hold_id", hold_id);
        if let Some(incident) = &hold.incident_id {
            body.insert("incident_id", incident.as_str());
        }
        let placed = hold.placed_at.unwrap_or(now);
        body.insert("placed_at", placed.format_micros());
        body.insert("placed_by", released_by);
        body.insert("reason", reason);
        body.insert("released_at", now.format_micros());
        body.insert("scope", hold.scope.to_string());
        let draft = own_draft(records::HOLD, body);
        self.commit_own(move |_| Ok(draft.clone()), None)
    }

    /// The log's time: its clock, and never before its last entry.
    pub(super) fn now(&self) -> Timestamp {
        let now = self.options().clock.now();
        let last = self.with_state(|state, _| state.last_time());
        last.map_or(now, |last| last.max(now))
    }
}

/// The first id of the form `H001` that is free.
fn next_id(holds: &Holds) -> String {
    let taken = |id: &String| holds.all().iter().any(|hold| hold.hold_id == *id);
    (1..=u64::MAX)
        .map(|number| format!("H{number:03}"))
        .find(|id| !taken(id))
        .unwrap_or_default()
}
