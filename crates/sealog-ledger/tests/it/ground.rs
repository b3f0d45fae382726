//! What tests stand on: a directory of their own, and short ways to records.

use std::path::PathBuf;

use sealog_core::json::{Number, Object, Value};
use sealog_ledger::{Creation, Draft, Ledger, Options};

/// A ledger's place, with its secrets, head copies and known logs.
pub(crate) struct Ground {
    directory: tempfile::TempDir,
}

impl Ground {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("test.sealog")
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            state_dir: Some(self.directory.path().join("state")),
            config_dir: Some(self.directory.path().join("config")),
            ..Options::default()
        }
    }

    pub(crate) fn create(&self) -> Ledger {
        Ledger::create(&self.path(), &Creation::default(), self.options()).unwrap()
    }

    pub(crate) fn open(&self) -> Ledger {
        Ledger::open(&self.path(), self.options()).unwrap()
    }
}

/// A decision without a configuration.
pub(crate) fn decision(id: &str) -> Draft {
    let mut body = Object::new();
    body.insert("decision_id", id);
    body.insert("model_state", "unverified");
    body.insert("model_reason", "a test");
    let mut draft = Draft::new("decision", body);
    draft.system_id = Some("credit".into());
    draft
}

/// A decision under a configuration.
pub(crate) fn scored(id: &str, config: &str, score: f64, label: &str) -> Draft {
    let mut draft = decision(id);
    draft.body.insert("config_digest", config);
    draft
        .body
        .insert("score", Value::Number(Number::finite(score).unwrap()));
    draft.body.insert("label_id", label);
    draft.body.insert("label_source", "derived");
    draft
}
