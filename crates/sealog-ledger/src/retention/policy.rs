//! Retention policies: how long the entries of a class are kept at least and at most, and why.

use sealog_core::json::Object;

use super::records::{self, OwnRecord};
use super::stated;
use crate::Error;
use crate::admin::own_draft;
use crate::appended::Appended;
use crate::draft::integer;
use crate::ledger::Ledger;

/// Days that a policy may name, at most: a hundred years.
pub const RETENTION_DAYS_MAX: u64 = 36_525;

/// A policy to be put in force.
#[derive(Debug, Clone)]
pub struct RetentionSet {
    /// Its id; none: the next of the form `P001`.
    pub policy_id: Option<String>,
    /// The class of entries that it governs.
    pub class: String,
    /// Days that an entry is kept at least.
    pub min_days: u64,
    /// Days after which an entry is kept longer than the policy wants; none: there is no such time.
    pub max_days: Option<u64>,
    /// The duty or purpose that the days come from.
    pub legal_basis: String,
    /// Who approved it.
    pub approved_by: String,
}

/// A policy as its record has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyView {
    /// Its id.
    pub policy_id: String,
    /// The class of entries that it governs.
    pub class: String,
    /// Days that an entry is kept at least.
    pub min_days: u64,
    /// Days that an entry is kept at most.
    pub max_days: Option<u64>,
    /// Why.
    pub legal_basis: String,
    /// Who approved it.
    pub approved_by: String,
    /// Index of its record.
    pub index: u64,
}

impl PolicyView {
    fn read(record: &OwnRecord) -> Option<Self> {
        let text = |name| record.text(name).map(ToOwned::to_owned);
        Some(Self {
            policy_id: text("policy_id")?,
            class: text("record_class")?,
            min_days: record.number("min_days")?,
            max_days: record.number("max_days"),
            legal_basis: text("legal_basis").unwrap_or_default(),
            approved_by: text("approved_by").unwrap_or_default(),
            index: record.index,
        })
    }

    /// The newest policy of each class, of records in the order of the log.
    pub(super) fn newest<'a>(records: impl IntoIterator<Item = &'a OwnRecord>) -> Vec<Self> {
        let mut policies: Vec<Self> = Vec::new();
        for record in records {
            if record.kind == records::POLICY
                && let Some(policy) = Self::read(record)
            {
                policies.retain(|held| held.class != policy.class);
                policies.push(policy);
            }
        }
        policies.sort_by(|a, b| a.class.cmp(&b.class));
        policies
    }
}

impl Ledger {
    /// Puts a policy in force for its class, in place of the one before. Returns its id.
    pub fn set_retention(&self, set: &RetentionSet) -> Result<(String, Appended), Error> {
        stated("the legal basis", &set.legal_basis)?;
        let refused = |why: String| Error::Argument {
            what: "the period",
            why,
        };
        let days = [Some(set.min_days), set.max_days];
        if days.iter().flatten().any(|days| *days > RETENTION_DAYS_MAX) {
            return Err(refused(format!(
                "it has more than {RETENTION_DAYS_MAX} days"
            )));
        }
        if let Some(max_days) = set.max_days.filter(|max_days| *max_days < set.min_days) {
            let why = format!(
                "at most {max_days} days is less than at least {}",
                set.min_days
            );
            return Err(refused(why));
        }
        let records = records::all(self, &[records::POLICY])?;
        let taken = |id: &str| {
            records
                .iter()
                .any(|record| record.text("policy_id") == Some(id))
        };
        let id = match &set.policy_id {
            Some(id) if taken(id) => {
                let why = format!("there is a policy {id} already; the log keeps both apart by id");
                return Err(Error::Argument {
                    what: "the policy's id",
                    why,
                });
            }
            Some(id) => id.clone(),
            None => (1..=u64::MAX)
                .map(|number| format!("P{number:03}"))
                .find(|id| !taken(id))
                .unwrap_or_default(),
        };
        let mut body = Object::new();
        body.insert("approved_by", set.approved_by.as_str());
        body.insert("legal_basis", set.legal_basis.as_str());
        if let Some(max_days) = set.max_days {
            body.insert("max_days", integer(max_days)?);
        }
        body.insert("min_days", integer(set.min_days)?);
        body.insert("policy_id", id.as_str());
        body.insert("record_class", set.class.as_str());
        let draft = own_draft(records::POLICY, body);
        let appended = self.commit_own(move |_| Ok(draft.clone()), None)?;
        Ok((id, appended))
    }

    /// The policy in force for each class, by class. Reads the log.
    pub fn retention_policies(&self) -> Result<Vec<PolicyView>, Error> {
        Ok(PolicyView::newest(&records::all(self, &[records::POLICY])?))
    }
}
