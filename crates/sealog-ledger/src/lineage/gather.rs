//! What a lineage may rest on, taken from the entries one by one.

use sealog_core::hash::Hash;
use sealog_core::json::Value;

use super::LINEAGE_RECORDS_MAX;

/// A record by the members that lineages join on.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) index: u64,
    body: Value,
}

impl Row {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.body.member(name).and_then(Value::as_str)
    }

    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        let list = self.body.member(name).and_then(Value::as_array);
        list.unwrap_or_default()
            .iter()
            .filter_map(Value::as_str)
            .collect()
    }
}

/// Decisions of the model: only counted.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    pub(super) count: u64,
    pub(super) verified: u64,
    pub(super) first: Option<u64>,
    pub(super) last: Option<u64>,
    /// The first one that says that a gate admitted the model.
    pub(super) first_verified: Option<u64>,
}

/// Everything that was gathered.
#[derive(Debug)]
pub(super) struct Gathered {
    /// The digest with its algorithm, as records spell it.
    pub(super) digest: String,
    pub(super) data_sets: Vec<Row>,
    pub(super) prepared: Vec<Row>,
    pub(super) runs: Vec<Row>,
    pub(super) registered: Vec<Row>,
    pub(super) approvals: Vec<Row>,
    pub(super) deployments: Vec<Row>,
    pub(super) gates: Vec<Row>,
    pub(super) decisions: Decisions,
    /// More records were there than are held.
    pub(super) full: bool,
    held: usize,
}

impl Gathered {
    pub(super) fn new(digest: &Hash) -> Self {
        Self {
            digest: format!("sha256:{digest}"),
            data_sets: Vec::new(),
            prepared: Vec::new(),
            runs: Vec::new(),
            registered: Vec::new(),
            approvals: Vec::new(),
            deployments: Vec::new(),
            gates: Vec::new(),
            decisions: Decisions::default(),
            full: false,
            held: 0,
        }
    }

    /// Takes an entry of the log, whatever it is about.
    pub(super) fn take(&mut self, index: u64, entry: &Value) {
        let Some(record) = entry.member("record") else {
            return;
        };
        let kind = record.member("kind").and_then(Value::as_str);
        let (Some(kind), Some(body)) = (kind, record.member("body")) else {
            return;
        };
        let text = |name: &str| body.member(name).and_then(Value::as_str);
        let ours = |name: &str| text(name) == Some(self.digest.as_str());
        let rows = match kind {
            "decision" if ours("model_digest") => {
                let verified = text("model_state") == Some("verified");
                return self.decision(index, verified);
            }
            // Epochs of a run that say nothing to join on are most of a training's records.
            "training.run" if ours("model_digest") || body.member("dataset_ids").is_some() => {
                &mut self.runs
            }
            "dataset.registered" => &mut self.data_sets,
            "dataset.prepared" => &mut self.prepared,
            "approval" => &mut self.approvals,
            "model.registered" if ours("model_digest") => &mut self.registered,
            "deployment" if ours("model_digest") => &mut self.deployments,
            "model.verified" if ours("model_digest") || ours("expected_digest") => &mut self.gates,
            _ => return,
        };
        if self.held >= LINEAGE_RECORDS_MAX {
            self.full = true;
            return;
        }
        self.held += 1;
        rows.push(Row {
            index,
            body: body.clone(),
        });
    }

    const fn decision(&mut self, index: u64, verified: bool) {
        let decisions = &mut self.decisions;
        decisions.count += 1;
        if decisions.first.is_none() {
            decisions.first = Some(index);
        }
        decisions.last = Some(index);
        if verified {
            decisions.verified += 1;
            if decisions.first_verified.is_none() {
                decisions.first_verified = Some(index);
            }
        }
    }
}
