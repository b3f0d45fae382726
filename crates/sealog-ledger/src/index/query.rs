//! What can be asked, and what comes back.

use sealog_core::limits::SEARCH_ENTRIES_MAX;
use sealog_core::time::Timestamp;

use crate::Error;
use crate::read::Entry;

/// In which direction a search goes through the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// From the newest entry back.
    #[default]
    NewestFirst,
    /// From the oldest entry on.
    OldestFirst,
}

/// Entries that are asked for: those that have every value named. Named fields; [`Query::default`] asks for all.
///
/// Values are compared as they stand, case and all. Names of a body's members (model, label, action, trace, session,
/// configuration) mean the same in every kind that has them.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// `record_id`.
    pub record_id: Option<String>,
    /// `kind`.
    pub kind: Option<String>,
    /// `stream_id`.
    pub stream: Option<String>,
    /// `tenant_id`.
    pub tenant: Option<String>,
    /// `system_id`.
    pub system: Option<String>,
    /// `model_id` of the body.
    pub model: Option<String>,
    /// `label_id` of the body.
    pub label: Option<String>,
    /// `action` of the body.
    pub action: Option<String>,
    /// `trace_id` of the body.
    pub trace: Option<String>,
    /// `session_id` of the body.
    pub session: Option<String>,
    /// `config_digest` of the body.
    pub config: Option<String>,
    /// Who submitted it.
    pub producer: Option<String>,
    /// `producer_run`.
    pub run: Option<String>,
    /// Recorded by the log at this time or later. Times are compared in whole microseconds.
    pub from_time: Option<Timestamp>,
    /// Recorded by the log before this time.
    pub to_time: Option<Timestamp>,
    /// At most so many entries in one page, at most [`SEARCH_ENTRIES_MAX`].
    pub limit: usize,
    /// Where to go on: [`Page::next`] of the page before, of the same query.
    pub cursor: Option<u64>,
    /// In which direction.
    pub order: Order,
}

/// Entries of a page where nothing else is asked for.
const LIMIT: usize = 100;

impl Default for Query {
    fn default() -> Self {
        Self {
            record_id: None,
            kind: None,
            stream: None,
            tenant: None,
            system: None,
            model: None,
            label: None,
            action: None,
            trace: None,
            session: None,
            config: None,
            producer: None,
            run: None,
            from_time: None,
            to_time: None,
            limit: LIMIT,
            cursor: None,
            order: Order::NewestFirst,
        }
    }
}

impl Query {
    /// Refuses what can match nothing because it is written wrongly.
    pub(super) fn check(&self) -> Result<(), Error> {
        if !(1..=SEARCH_ENTRIES_MAX).contains(&self.limit) {
            return Err(Error::Argument {
                what: "the limit",
                why: format!("{} is not from 1 to {SEARCH_ENTRIES_MAX}", self.limit),
            });
        }
        if let Some(id) = &self.record_id
            && super::row::uuid(id.as_bytes()).is_none()
        {
            return Err(Error::Argument {
                what: "the record_id",
                why: "it is no lowercase UUID".into(),
            });
        }
        for (what, value) in self.values() {
            if value.is_some_and(|text| !super::row::is_identifier(text)) {
                return Err(Error::Argument {
                    what,
                    why: "it is no identifier".into(),
                });
            }
        }
        Ok(())
    }

    /// What is asked for, as a JSON object of names and strings.
    pub fn to_json(&self) -> sealog_core::json::Value {
        super::query_json(self)
    }

    /// Whether an entry that the log took in at this time comes before the period that is asked for.
    pub(crate) fn is_before_period(&self, recorded_at: Timestamp) -> bool {
        let from = self.from_time.map(super::row::to_micros);
        from.is_some_and(|from| super::row::to_micros(recorded_at) < from)
    }

    /// Whether it comes after it.
    pub(crate) fn is_after_period(&self, recorded_at: Timestamp) -> bool {
        let to = self.to_time.map(super::row::to_micros);
        to.is_some_and(|to| super::row::to_micros(recorded_at) >= to)
    }

    fn values(&self) -> [(&'static str, Option<&str>); 12] {
        [
            ("the kind", self.kind.as_deref()),
            ("the stream", self.stream.as_deref()),
            ("the tenant", self.tenant.as_deref()),
            ("the system", self.system.as_deref()),
            ("the model", self.model.as_deref()),
            ("the label", self.label.as_deref()),
            ("the action", self.action.as_deref()),
            ("the trace", self.trace.as_deref()),
            ("the session", self.session.as_deref()),
            ("the configuration", self.config.as_deref()),
            ("the producer", self.producer.as_deref()),
            ("the run", self.run.as_deref()),
        ]
    }
}

/// One page of the entries asked for.
#[derive(Debug, Clone)]
pub struct Page {
    pub(super) hits: Vec<Entry>,
    pub(super) next: Option<u64>,
    pub(super) indexed_to: u64,
    pub(super) size: u64,
}

impl Page {
    /// The entries, each read from the log.
    pub fn hits(&self) -> &[Entry] {
        &self.hits
    }

    /// The cursor of the next page; none after the last.
    pub const fn next(&self) -> Option<u64> {
        self.next
    }

    /// Entries of the log that the index held: what came later is not in the answer.
    pub const fn indexed_to(&self) -> u64 {
        self.indexed_to
    }

    /// Entries of the log, as this handle last saw it.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Gives out the entries.
    pub fn into_hits(self) -> Vec<Entry> {
        self.hits
    }
}
